//! People and their documents in the Register's published shape (`domain.md` §4.5).

use jiff::civil::Date;
use model::Sex;
use serde_json::{Map, Value, json};

use crate::around::Made;
use crate::codes::{Codes, List};
use crate::record::{ActKind, Document, DocumentStatus, Identity, Office, Spelled};

/// An object of the answer; absent values are left out, as the Register does.
pub(crate) type Object = Map<String, Value>;

/// Which groups of data (classifier −16) may be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups<'a>(pub(crate) &'a [u16]);

impl Groups<'_> {
    /// 1: identity.
    pub(crate) const IDENTITY: u16 = 1;
    /// 3: identity documents.
    pub(crate) const DOCUMENTS: u16 = 3;
    /// 4: family.
    pub(crate) const FAMILY: u16 = 4;
    /// 9: documents of civil acts.
    pub(crate) const ACTS: u16 = 9;
    /// 21: divorces.
    pub(crate) const DIVORCE: u16 = 21;
    /// 22: invalid marriages.
    pub(crate) const INVALID: u16 = 22;
    /// 23: deprivation of parental rights.
    pub(crate) const DEPRIVATION: u16 = 23;
    /// 24: their restoration.
    pub(crate) const RESTORATION: u16 = 24;

    pub(crate) fn has(self, group: u16) -> bool {
        self.0.contains(&group)
    }
}

/// As whom somebody is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    /// Whom the question is about.
    Subject,
    /// Wife or husband, now or before.
    Spouse,
    /// A child.
    Child,
}

/// Adds a member, unless there is nothing to say.
pub(crate) fn put(out: &mut Object, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let empty = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if !empty {
        out.insert(name.to_owned(), value);
    }
}

/// Somebody's data. Of relatives group 4 shows what the service is for: number, Russian names, sex, standing, the birth
/// date of a child; group 1 adds the rest.
pub(crate) fn person(codes: &Codes, groups: Groups<'_>, who: &Identity, shown: As, documents: &[Document]) -> Object {
    let mut out = Object::new();
    let whole = groups.has(Groups::IDENTITY);
    put(&mut out, "identif", who.number.clone());
    if whole || shown != As::Subject {
        name(&mut out, "last_name", &who.last_name, whole);
        name(&mut out, "name", &who.name, whole);
        name(&mut out, "patronymic", &who.patronymic, whole);
        put(&mut out, "sex", codes.value(List::Sex, if who.sex == Sex::Female { "F" } else { "M" }));
        if whole || shown == As::Child {
            put(&mut out, "birth_day", who.birth_day.as_str());
        }
        if whole {
            put(&mut out, "citizenship", codes.value(List::Country, &who.citizenship));
        }
        put(&mut out, "status", codes.value(List::Status, &who.status));
    }
    if groups.has(Groups::DOCUMENTS) {
        let documents: Vec<Value> = documents.iter().map(|document| identity_document(codes, document)).collect();
        put(&mut out, "document", documents);
    }
    out
}

fn name(out: &mut Object, member: &str, spelled: &Spelled, whole: bool) {
    put(out, member, spelled.ru.as_str());
    if whole {
        put(out, &format!("{member}_bel"), spelled.be.as_str());
        put(out, &format!("{member}_lat"), spelled.lat.as_str());
    }
}

pub(crate) fn office(codes: &Codes, office: &Office) -> Value {
    codes.value(List::of_offices(office.list), &office.code)
}

pub(crate) fn day(day: Date) -> Value {
    Value::String(day.to_string())
}

fn standing(out: &mut Object, codes: &Codes, status: DocumentStatus) {
    let code = match status {
        DocumentStatus::Valid => "1",
        DocumentStatus::Replaced => "2",
        DocumentStatus::Annulled => "3",
    };
    put(out, "active", status == DocumentStatus::Valid);
    put(out, "status", codes.value(List::Standing, code));
}

fn identity_document(codes: &Codes, document: &Document) -> Value {
    let mut out = Object::new();
    put(&mut out, "document_type", codes.value(List::Document, &document.kind));
    put(&mut out, "authority", office(codes, &document.office));
    put(&mut out, "date_of_issue", day(document.issued));
    put(&mut out, "expire_date", document.expires.map(day));
    put(&mut out, "series", document.series.as_str());
    put(&mut out, "number", document.number.as_str());
    standing(&mut out, codes, document.status);
    Value::Object(out)
}

/// The document of an act: a certificate with its record, or a court's decision.
///
/// An adoption shows the birth certificate that was issued anew after it: that the child is adopted is a secret (Code
/// on Marriage and Family).
pub(crate) fn act_document(codes: &Codes, made: &Made, status: DocumentStatus) -> Value {
    let mut out = Object::new();
    let (certificate, record) = match made.kind {
        ActKind::Birth | ActKind::Adoption => ("54100005", "0100"),
        ActKind::Marriage => ("54100006", "0300"),
        ActKind::Divorce => ("54100007", "0500"),
        ActKind::Death => ("54100009", "0400"),
        ActKind::CourtDivorce | ActKind::InvalidMarriage | ActKind::Deprivation | ActKind::Restoration => ("", ""),
    };
    let court = made.kind.by_court();
    let kind = if court { codes.value(List::Decision, "1") } else { codes.value(List::Document, certificate) };
    put(&mut out, "document_type", kind);
    put(&mut out, "authority", office(codes, &made.act.office));
    put(&mut out, "date_of_issue", day(made.day));
    put(&mut out, "series", made.act.series.as_str());
    put(&mut out, "number", if court { made.act.number.as_str() } else { made.act.certificate.as_str() });
    if !court {
        let data = json!({
            "act_type": codes.value(List::Act, record),
            "authority": office(codes, &made.act.office),
            "date": day(made.day),
            "number": made.act.number,
        });
        put(&mut out, "act_data", data);
    }
    standing(&mut out, codes, status);
    Value::Object(out)
}
