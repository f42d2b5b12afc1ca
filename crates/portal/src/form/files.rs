//! Fields that take files: which ones, known by their content and never by their name, and what is kept of them as answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Field, Form, Kind, Page};

/// What files a field takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Of which types.
    pub types: Vec<Type>,
    /// How large each may be.
    pub megabytes: usize,
    /// How many.
    pub most: usize,
}

/// A type of files.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// ISO 32000.
    Pdf,
    /// ITU-T T.81, in whatever container.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

impl Type {
    /// The type of a file that begins with these bytes.
    pub(crate) fn of(content: &[u8]) -> Option<Self> {
        let begins = |magic: &[u8]| content.starts_with(magic);
        match () {
            () if begins(b"%PDF-") => Some(Self::Pdf),
            () if begins(b"\xff\xd8\xff") => Some(Self::Jpeg),
            () if begins(b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            () => None,
        }
    }

    /// As people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        }
    }

    /// As headers call it.
    pub(crate) fn media(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The ends that names of such files have; the first is given to a name without one.
    pub(crate) fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
        }
    }
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
        let mut all = [Type::Pdf, Type::Jpeg, Type::Png].into_iter();
        all.find(|one| one.media() == self.media_type).map_or("", Type::title)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_by_content() {
        assert_eq!(Type::of(b"%PDF-1.7\n"), Some(Type::Pdf));
        assert_eq!(Type::of(b"\xff\xd8\xff\xe0\0\x10JFIF"), Some(Type::Jpeg));
        assert_eq!(Type::of(b"\x89PNG\r\n\x1a\n\0"), Some(Type::Png));
        for other in [b"".as_slice(), b"MZ", b"<html>%PDF-", b"GIF89a", b"\x89PNG", b"PK\x03\x04"] {
            assert_eq!(Type::of(other), None);
        }
    }
}
