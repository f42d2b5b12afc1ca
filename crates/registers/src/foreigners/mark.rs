//! What was done to objects and records: annulled, changed, corrected; and what follows for those found.

use std::collections::HashMap;

use store::{Error, Tx, Vault};

use super::among::{Among, among};
use super::kind::RecordKind;
use super::prepare::Notice;
use super::view::{Deed, View};
use super::{calendar, sql};

/// Something a crossing was made with.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// The keyed object.
    pub subject: i64,
    /// A visa; otherwise the identity document.
    pub visa: Option<String>,
}

/// One deed upon an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// What was done.
    pub deed: Deed,
    /// From when it counts; for [`Deed::Moved`] the new end.
    pub from: i64,
}

/// The keyed subject of an object.
pub(crate) fn object(vault: &Vault, object: &str) -> i64 {
    vault.blind("isos.object", object.as_bytes())
}

/// The keyed subject of a record: its corrections.
pub(crate) fn record(vault: &Vault, seq: i64) -> i64 {
    vault.blind("isos.corrected", &seq.to_be_bytes())
}

/// What a crossing was made with.
pub(crate) fn watched(vault: &Vault, view: &View<'_>) -> Vec<Watched> {
    let visa = view
        .crossed_with_visa()
        .map(|key| Watched { subject: object(vault, &key), visa: view.text("visa_number").map(str::to_owned) });
    let document = view.crossed_with_document().map(|key| Watched { subject: object(vault, &key), visa: None });
    visa.into_iter().chain(document).collect()
}

/// The last moment of validity of the document that a crossing was made with.
pub(crate) fn document_ends(view: &View<'_>) -> Option<i64> {
    if view.kind != RecordKind::Crossings {
        return None;
    }
    view.inner("doc", "expire_date").and_then(calendar::until)
}

/// Marks read in one transaction, each subject once.
pub(crate) struct Marks<'a> {
    vault: &'a Vault,
    until: i64,
    read: HashMap<i64, Vec<Mark>>,
}

impl<'a> Marks<'a> {
    /// Marks received until `until`.
    pub(crate) fn new(vault: &'a Vault, until: i64) -> Self {
        Self { vault, until, read: HashMap::new() }
    }

    /// What was done to a subject, in the order of receipt, corrected annulments left out.
    pub(crate) fn of(&mut self, tx: &mut Tx<'_>, subject: i64) -> Result<&[Mark], Error> {
        if !self.read.contains_key(&subject) {
            let found = tx.query(&sql::MARKS, &[subject.into(), self.until.into()], |row| {
                let deed = Deed::from_code(row.int(0)?).ok_or_else(|| Error::broken("isos_mark.deed"))?;
                Ok((Mark { deed, from: row.int(1)? }, row.int(2)?))
            })?;
            let mut marks = Vec::with_capacity(found.len());
            for (mark, seq) in found {
                let corrected = mark.deed != Deed::Corrected && self.is_corrected(tx, seq)?;
                if !corrected {
                    marks.push(mark);
                }
            }
            self.read.insert(subject, marks);
        }
        Ok(self.read.get(&subject).map_or(&[], Vec::as_slice))
    }

    /// Whether a newer version of the record had come until then.
    pub(crate) fn is_corrected(&mut self, tx: &mut Tx<'_>, seq: i64) -> Result<bool, Error> {
        let subject = record(self.vault, seq);
        Ok(!self.of(tx, subject)?.is_empty())
    }

    /// Reads at once which of these subjects have marks at all: few have.
    pub(crate) fn foresee(&mut self, tx: &mut Tx<'_>, subjects: &[i64]) -> Result<(), Error> {
        let marked = among(tx, &Among { one: &sql::MARKED_ONE, many: &sql::MARKED }, subjects.iter().copied())?;
        for subject in subjects.iter().filter(|subject| !marked.contains(subject)) {
            self.read.insert(*subject, Vec::new());
        }
        Ok(())
    }

    /// The subjects that the state and the alerts of a record depend on.
    pub(crate) fn subjects(&self, view: &View<'_>, seq: i64) -> Vec<i64> {
        let own = view.object().map(|key| object(self.vault, &key));
        let watched = watched(self.vault, view).into_iter().map(|watched| watched.subject);
        own.into_iter().chain(watched).chain([record(self.vault, seq)]).collect()
    }

    /// Alerts of a crossing at `at`: what it was made with was annulled by then, or had ended.
    pub(crate) fn alerts(
        &mut self,
        tx: &mut Tx<'_>,
        watched: &[Watched],
        document_ends: Option<i64>,
        at: i64,
    ) -> Result<Vec<Notice>, Error> {
        let mut alerts = Vec::new();
        for watched in watched {
            let earlier =
                self.of(tx, watched.subject)?.iter().rev().find(|mark| {
                    mark.from <= at && matches!(mark.deed, Deed::Annulled | Deed::Invalid | Deed::Withdrawn)
                });
            if let Some(mark) = earlier {
                alerts.push(annulled(watched, *mark));
            }
        }
        if let Some(ended) = document_ends.filter(|ended| *ended < at) {
            let params = vec![("date", day(ended))];
            alerts.push(Notice { code: "expired-document", text: "isos.notice.expired-document", params });
        }
        Ok(alerts)
    }

    /// The state of a record at `now`: `valid`, `corrected`, `annulled`, `invalid`, `withdrawn` or `expired`.
    pub(crate) fn state(
        &mut self,
        tx: &mut Tx<'_>,
        view: &View<'_>,
        seq: i64,
        now: i64,
    ) -> Result<&'static str, Error> {
        if self.is_corrected(tx, seq)? {
            return Ok(Deed::Corrected.state());
        }
        // Annulments and changes are facts of their own: they stay in force.
        if view.kind.concerns().is_some() {
            return Ok("valid");
        }
        let mut ends = view.ends();
        if let Some(object) = view.object() {
            let subject = self::object(self.vault, &object);
            for mark in self.of(tx, subject)?.iter().rev() {
                match mark.deed {
                    Deed::Annulled | Deed::Invalid | Deed::Withdrawn => return Ok(mark.deed.state()),
                    Deed::Moved | Deed::Corrected => {}
                }
            }
            let moved = self.of(tx, subject)?.iter().rev().find(|mark| mark.deed == Deed::Moved);
            ends = moved.map(|mark| mark.from).or(ends);
        }
        Ok(if ends.is_some_and(|ends| ends < now) { "expired" } else { "valid" })
    }
}

fn annulled(watched: &Watched, mark: Mark) -> Notice {
    let (code, text) = match (&watched.visa, mark.deed) {
        (Some(_), Deed::Invalid) => ("annulled-visa", "isos.visa.invalid"),
        (Some(_), Deed::Withdrawn) => ("annulled-visa", "isos.visa.withdrawn"),
        (Some(_), _) => ("annulled-visa", "isos.visa.annulled"),
        (None, Deed::Invalid) => ("annulled-document", "isos.document.invalid"),
        (None, Deed::Withdrawn) => ("annulled-document", "isos.document.withdrawn"),
        (None, _) => ("annulled-document", "isos.document.annulled"),
    };
    let mut params = vec![("date", day(mark.from))];
    if let Some(number) = &watched.visa {
        params.push(("number", number.clone()));
    }
    Notice { code, text, params }
}

fn day(at: i64) -> String {
    calendar::date_of(at).map_or_else(String::new, |date| date.to_string())
}
