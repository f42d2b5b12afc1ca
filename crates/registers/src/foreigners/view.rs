//! A record as its kind sees it: when it happened, what it is about, by what it is found.
//!
//! The record has passed its schema; whatever is missing here is optional there.

use serde_json::{Map, Value};

use super::calendar;
use super::kind::RecordKind;

use RecordKind as K;

/// A record of a kind.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// Its kind.
    pub kind: RecordKind,
    /// Its members, as sent.
    pub members: &'a Map<String, Value>,
}

/// A criterion by which records are found; the byte is part of the index's keyed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Criterion {
    /// Every record of the kind: searches by period alone.
    Any = b'a',
    /// Number of the identity document.
    Document = b'd',
    /// Surname, given names and birth date, Latin, exact.
    Name = b'n',
    /// Number of a vehicle.
    Vehicle = b'v',
    /// Number of a flight or train.
    Flight = b'f',
    /// Number of a visa.
    Visa = b'w',
    /// Number of a permit.
    Permit = b'p',
    /// Number of a registration.
    Registration = b'r',
    /// Number of an event document.
    Event = b'e',
    /// Checkpoint.
    Checkpoint = b'c',
}

/// What was done to an object; the number is what rows keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Deed {
    /// A newer version of the record exists.
    Corrected = 1,
    /// Annulled.
    Annulled = 2,
    /// Recognised invalid.
    Invalid = 3,
    /// Withdrawn.
    Withdrawn = 4,
    /// The stay ends on another day.
    Moved = 5,
}

impl Deed {
    /// The deed with this number.
    pub(crate) fn from_code(code: i64) -> Option<Self> {
        [Self::Corrected, Self::Annulled, Self::Invalid, Self::Withdrawn, Self::Moved]
            .into_iter()
            .find(|deed| i64::from(*deed as u8) == code)
    }

    /// The deed of an `annul_kind` or `status`; none for `issued`.
    fn named(word: &str) -> Option<Self> {
        match word {
            "annulled" => Some(Self::Annulled),
            "invalid" => Some(Self::Invalid),
            "withdrawn" => Some(Self::Withdrawn),
            _ => None,
        }
    }

    /// The state of an object after it.
    pub(crate) const fn state(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Annulled => "annulled",
            Self::Invalid => "invalid",
            Self::Withdrawn => "withdrawn",
            Self::Moved => "valid",
        }
    }
}

impl<'a> View<'a> {
    /// The text of a member.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.members.get(name)?.as_str()
    }

    /// The text of a member of a block, such as `doc`.
    pub(crate) fn inner(&self, block: &str, name: &str) -> Option<&'a str> {
        self.members.get(block)?.get(name)?.as_str()
    }

    /// When it happened, in microseconds since 1970: crossed, issued, annulled, in force from.
    pub(crate) fn at(&self, received_at: i64) -> i64 {
        let day = |name| self.text(name).and_then(calendar::day_start);
        let found = match self.kind {
            K::Crossings => self.text("crossing_time").and_then(calendar::moment),
            K::Visas => day("issue_date"),
            K::VisaAnnulments
            | K::ResidencePermitAnnulments
            | K::TemporaryResidencePermitAnnulments
            | K::EventDocumentAnnulments => day("annul_date"),
            K::IdentityDocuments | K::IdentityDocumentAnnulments => day("status_date"),
            K::ResidencePermits | K::TemporaryResidencePermits | K::EventDocuments => day("valid_from"),
            K::StayRegistrations => day("from"),
            K::StayChanges => day("order_date"),
            K::MigrationRecords => day("date"),
        };
        found.unwrap_or(received_at)
    }

    /// What makes it the same record as another: a second one of the kind with the same key is a duplicate.
    pub(crate) fn natural(&self, source: &str) -> String {
        let own = |name| self.text(name).unwrap_or_default();
        match self.kind {
            K::Crossings => join(self.kind, &[source, own("crossing_id")]),
            K::IdentityDocuments => issued_document(&self.document(), own("status")),
            K::IdentityDocumentAnnulments => join(self.kind, &[&self.document(), own("status")]),
            K::StayChanges => join(self.kind, &[&self.number(), own("change_kind"), own("new_to")]),
            K::MigrationRecords => {
                join(self.kind, &[&self.document(), &self.name_key(), own("action"), own("date"), own("authority_ru")])
            }
            K::VisaAnnulments
            | K::ResidencePermitAnnulments
            | K::TemporaryResidencePermitAnnulments
            | K::EventDocumentAnnulments => join(self.kind, &[&self.number(), own("annul_kind"), own("annul_date")]),
            K::Visas
            | K::ResidencePermits
            | K::TemporaryResidencePermits
            | K::StayRegistrations
            | K::EventDocuments => join(self.kind, &[&self.number()]),
        }
    }

    /// The natural key of the object that this record annuls or changes.
    pub(crate) fn concerned(&self) -> Option<String> {
        let kind = self.kind.concerns()?;
        Some(match kind {
            K::IdentityDocuments => issued_document(&self.document(), "issued"),
            _ => join(kind, &[&self.number()]),
        })
    }

    /// What a record of an object is about, under the kind that issues it; crossings are about nothing else.
    pub(crate) fn object(&self) -> Option<String> {
        let kind = self.kind.concerns().unwrap_or(self.kind);
        match kind {
            K::Crossings | K::MigrationRecords => None,
            K::IdentityDocuments => Some(object_of_document(&self.document())),
            _ => Some(join(kind, &[&self.number()])),
        }
    }

    /// What this record does to its object, and on which day that counts.
    pub(crate) fn deed(&self) -> Option<(Deed, i64)> {
        let (word, day) = match self.kind {
            K::IdentityDocuments | K::IdentityDocumentAnnulments => ("status", "status_date"),
            K::StayChanges => {
                return Some((Deed::Moved, self.text("new_to").and_then(calendar::until)?));
            }
            _ => ("annul_kind", "annul_date"),
        };
        Some((Deed::named(self.text(word)?)?, self.text(day).and_then(calendar::day_start)?))
    }

    /// The visa it was crossed with, as an object.
    pub(crate) fn crossed_with_visa(&self) -> Option<String> {
        (self.kind == K::Crossings).then(|| self.text("visa_number")).flatten().map(object_of_visa)
    }

    /// The identity document it was crossed with, as an object.
    pub(crate) fn crossed_with_document(&self) -> Option<String> {
        (self.kind == K::Crossings).then(|| object_of_document(&self.document()))
    }

    /// The last moment at which the object is in force by its own words.
    pub(crate) fn ends(&self) -> Option<i64> {
        let last = match self.kind {
            K::Visas | K::ResidencePermits | K::TemporaryResidencePermits | K::EventDocuments => self.text("valid_to"),
            K::StayRegistrations => self.text("to"),
            K::IdentityDocuments => self.inner("doc", "expire_date"),
            _ => None,
        };
        last.and_then(calendar::until)
    }

    /// The number the kind is known by.
    fn number(&self) -> String {
        let name = match self.kind {
            K::Visas | K::VisaAnnulments => "visa_number",
            K::StayRegistrations | K::StayChanges => "registration_number",
            K::EventDocuments | K::EventDocumentAnnulments => "event_document_number",
            _ => "permit_number",
        };
        fold_number(self.text(name).unwrap_or_default())
    }

    /// State, series and number of the identity document.
    fn document(&self) -> String {
        let part = |name| self.inner("doc", name).unwrap_or_default();
        format!("{}|{}{}", part("issuing_state"), fold_number(part("doc_series")), fold_number(part("doc_number")))
    }

    /// Surname, given names and birth date; empty when the record names nobody.
    pub(crate) fn name_key(&self) -> String {
        let part = |name| self.inner("foreigner", name).unwrap_or_default();
        match self.members.get("foreigner") {
            Some(_) => name_key(part("surname_lat"), part("given_names_lat"), part("birth_date")),
            None => String::new(),
        }
    }

    /// Every criterion by which the record is found.
    pub(crate) fn criteria(&self) -> Vec<(Criterion, String)> {
        let mut out = Vec::with_capacity(8);
        out.push((Criterion::Any, String::new()));
        if let Some(number) = self.inner("doc", "doc_number") {
            let number = fold_number(number);
            if let Some(series) = self.inner("doc", "doc_series") {
                out.push((Criterion::Document, fold_number(series) + &number));
            }
            out.push((Criterion::Document, number));
        }
        let name = self.name_key();
        if !name.is_empty() {
            out.push((Criterion::Name, name));
        }
        for (criterion, member) in Criterion::NUMBERS {
            if let Some(number) = self.text(member) {
                out.push((criterion, fold_number(number)));
            }
        }
        if let Some(checkpoint) = self.text("checkpoint_code") {
            out.push((Criterion::Checkpoint, checkpoint.to_owned()));
        }
        out
    }
}

impl Criterion {
    /// Criteria that are numbers, under the names they have in records and in searches.
    pub(crate) const NUMBERS: [(Self, &'static str); 6] = [
        (Self::Vehicle, "vehicle_number"),
        (Self::Flight, "flight_number"),
        (Self::Visa, "visa_number"),
        (Self::Permit, "permit_number"),
        (Self::Registration, "registration_number"),
        (Self::Event, "event_document_number"),
    ];
}

fn join(kind: RecordKind, parts: &[&str]) -> String {
    let mut out = String::with_capacity(64);
    out.push_str(kind.path());
    for part in parts {
        out.push('\u{1f}');
        out.push_str(part);
    }
    out
}

fn issued_document(document: &str, status: &str) -> String {
    join(K::IdentityDocuments, &[document, status])
}

fn object_of_document(document: &str) -> String {
    join(K::IdentityDocuments, &[document])
}

fn object_of_visa(number: &str) -> String {
    join(K::Visas, &[&fold_number(number)])
}

/// The exact key of a name: equal for the same letters in any case and spacing.
pub(crate) fn name_key(surname: &str, given: &str, birth_date: &str) -> String {
    format!("{}|{}|{}", fold_name(surname), fold_name(given), birth_date.trim())
}

/// A name in upper case with single spaces.
pub(crate) fn fold_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_uppercase));
    }
    out
}

/// A number as it is compared: upper case, Cyrillic look-alikes as Latin letters, without spaces and marks.
pub(crate) fn fold_number(number: &str) -> String {
    let mut out = String::with_capacity(number.len());
    for c in number.chars() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_uppercase());
            }
        } else {
            out.extend(c.to_uppercase().filter(|c| c.is_alphanumeric()).map(latin));
        }
    }
    if out.is_empty() { number.to_owned() } else { out }
}

/// The Latin letter that looks like this Cyrillic one: number plates use only such.
const fn latin(c: char) -> char {
    match c {
        'А' => 'A',
        'В' => 'B',
        'Е' => 'E',
        'І' => 'I',
        'К' => 'K',
        'М' => 'M',
        'Н' => 'H',
        'О' => 'O',
        'Р' => 'P',
        'С' => 'C',
        'Т' => 'T',
        'У' => 'Y',
        'Х' => 'X',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_meet_however_they_are_written() {
        assert_eq!(fold_number("b2-872"), fold_number("B2 872"));
        assert_eq!(fold_number("1234 АВ-7"), "1234AB7");
        assert_eq!(fold_number("--"), "--");
        assert_eq!(name_key(" Van  der Berg", "jan", "19700320"), "VAN DER BERG|JAN|19700320");
    }
}
