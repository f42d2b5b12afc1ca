//! Fields that take files: which ones, known by their content and never by their name, and what is kept of them as answers.

use model::media::Media;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Field, Form, Kind, Page};

/// What files a field takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Of which types.
    pub types: Vec<Media>,
    /// How large each may be.
    pub megabytes: usize,
    /// How many.
    pub most: usize,
}

impl Files {
    /// Bytes of the largest file.
    pub(crate) fn largest(&self) -> usize {
        self.megabytes.saturating_mul(1024 * 1024)
    }
}

/// A file as an answer, and as the owner is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attached {
    /// The portal's name of it.
    pub id: Uuid,
    /// What its person calls it.
    pub name: String,
    /// Its type, by its content.
    pub media_type: String,
    /// Bytes.
    pub size: usize,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl Attached {
    /// What its type is called.
    pub(crate) fn title(&self) -> &'static str {
        Media::ALL.into_iter().find(|one| one.name() == self.media_type).map_or("", Media::title)
    }
}

/// The files that an answer lists.
pub(crate) fn attached(answer: Option<&Value>) -> Vec<Attached> {
    answer.and_then(|answer| serde_json::from_value(answer.clone()).ok()).unwrap_or_default()
}

impl Page {
    /// The fields that take files, each with what it takes.
    pub(crate) fn file_fields(&self) -> impl Iterator<Item = (&Field, &Files)> {
        self.fields.iter().filter_map(|field| Some((field, field.files.as_ref()?)))
    }
}

impl Form {
    /// The fields that take files, on all pages.
    pub(crate) fn file_fields(&self) -> impl Iterator<Item = (&Field, &Files)> {
        self.pages.iter().flat_map(Page::file_fields)
    }

    /// All files in these answers.
    pub(crate) fn all_attached(&self, answers: &Value) -> Vec<Attached> {
        self.file_fields().flat_map(|(field, _)| attached(answers.pointer(&field.pointer))).collect()
    }

    /// Bytes of the files of one application at most.
    pub(super) fn largest_files(&self) -> usize {
        self.file_fields().map(|(_, files)| files.largest().saturating_mul(files.most)).sum()
    }

    /// A guest who has own answers beside a file, such as an own policy, has no part in the first person's file.
    pub(super) fn drop_files_of_others(&self, whole: &mut Value, own: &Value) {
        for (field, _) in self.file_fields() {
            let beside = field.pointer.rsplit_once('/').map_or("", |(above, _)| above);
            if own.pointer(beside).is_some_and(|own| own.as_object().is_some_and(|own| !own.is_empty())) {
                super::answers::set(whole, &field.pointer, None);
            }
        }
    }
}

impl Field {
    /// Whether files are chosen in it.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == Kind::File
    }
}
