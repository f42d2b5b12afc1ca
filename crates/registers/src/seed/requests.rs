//! Ready requests of a stand: one for each method, about data that the seed made.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Record, Seed};
use crate::foreigners::RecordKind;

/// A request that succeeds on a freshly filled stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Name of its file, without extension: `crossings-submit`.
    pub name: String,
    /// The consumer that may send it.
    pub consumer: &'static str,
    /// Code of the service.
    pub service: &'static str,
    /// The service's context.
    pub context: &'static str,
    /// `GET` or `POST`.
    pub verb: &'static str,
    /// Below the context, with the query.
    pub path: String,
    /// The body; none for GET.
    pub body: Option<Value>,
}

/// One request for each method of 3.88.01 and 3.11.01.
///
/// `now` dates what is sent; `fresh` makes message identifiers; `package` is the package whose status is asked, which
/// must have been sent before.
pub fn requests(seed: Seed, now: Timestamp, mut fresh: impl FnMut() -> Uuid, package: Uuid) -> Vec<Request> {
    let mut out = Vec::new();
    for kind in RecordKind::ALL {
        let (consumer, source) = sender(kind);
        let Some(record) = new_record(seed, kind, now) else {
            continue;
        };
        let body = json!({
            "message_id": fresh().to_string(),
            "message_time": minsk(now),
            "message_source": source,
            "record_kind": kind.path(),
            "records": [record],
        });
        out.push(isos(format!("{}-submit", kind.path()), consumer, format!("{}/submit", kind.path()), Some(body)));
        let Some(search) = search(seed, kind) else { continue };
        out.push(isos(format!("{}-search", kind.path()), consumer, format!("{}/search", kind.path()), Some(search)));
    }
    let history = json!({"doc_number": "C01X00T47", "issuing_state": "DEU"});
    out.push(isos("persons-history".into(), "border-committee", "persons/history".into(), Some(history)));
    out.push(isos("packages-status".into(), "mia", format!("packages/status?package_id={package}"), None));
    let search = json!({
        "message_id": fresh().to_string(),
        "court_code": "10101",
        "proceeding_number": "12345/25/7-М",
    });
    out.push(court("proceedings-search", "proceedings/search".into(), Some(search)));
    out.push(court("proceedings-changes", "proceedings/changes?since=2021-01-01T00:00:00Z".into(), None));
    out.push(court("classifiers-list", "classifiers/list?type=status".into(), None));
    out
}

fn isos(name: String, consumer: &'static str, path: String, body: Option<Value>) -> Request {
    let verb = if body.is_some() { "POST" } else { "GET" };
    Request { name, consumer, service: "3.88.01", context: "mvd-38801/v1", verb, path, body }
}

fn court(name: &str, path: String, body: Option<Value>) -> Request {
    let verb = if body.is_some() { "POST" } else { "GET" };
    let (service, context) = ("3.11.01", "minjust-31101/v1");
    Request { name: name.to_owned(), consumer: "supreme-court", service, context, verb, path, body }
}

/// Who sends a kind and as which source.
fn sender(kind: RecordKind) -> (&'static str, &'static str) {
    match kind {
        RecordKind::Crossings => ("border-committee", super::records::BORDER),
        RecordKind::Visas | RecordKind::VisaAnnulments => ("mfa", super::records::FOREIGN),
        RecordKind::EventDocuments | RecordKind::EventDocumentAnnulments => {
            ("ticket-operator", super::records::TICKETS)
        }
        _ => ("mia", super::records::INTERIOR),
    }
}

fn minsk(at: Timestamp) -> String {
    let offset = jiff::tz::offset(3);
    at.to_zoned(TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn today(at: Timestamp) -> String {
    minsk(at).chars().take(10).collect()
}

/// A record that the stand does not have yet, made from one it has.
fn new_record(seed: Seed, kind: RecordKind, now: Timestamp) -> Option<Value> {
    if let Some(object) = kind.concerns() {
        return change(&untouched(seed, object, kind)?, kind, now).map(Value::Object);
    }
    let mut record = first(seed, kind)?;
    let mut set = |name: &str, value: &str| record.insert(name.to_owned(), value.into());
    match kind {
        RecordKind::Crossings => {
            let at = now - jiff::SignedDuration::from_mins(3);
            set("crossing_id", &format!("C-{}-STAND-1", today(now)));
            set("crossing_time", &minsk(at));
            set("direction", "entry");
        }
        RecordKind::Visas => drop(set("visa_number", "BY9000001")),
        RecordKind::ResidencePermits => drop(set("permit_number", "VP9000001")),
        RecordKind::TemporaryResidencePermits => drop(set("permit_number", "RV9000001")),
        RecordKind::StayRegistrations => drop(set("registration_number", "R2026-9000001")),
        RecordKind::EventDocuments => drop(set("event_document_number", "ED90000001")),
        RecordKind::MigrationRecords => drop(set("date", &today(now))),
        _ => {
            let doc = record.get_mut("doc")?.as_object_mut()?;
            doc.insert("doc_number".to_owned(), "TD9000001".into());
        }
    }
    Some(Value::Object(record))
}

/// What `kind` says about the object of `record`.
fn change(record: &Map<String, Value>, kind: RecordKind, now: Timestamp) -> Option<Map<String, Value>> {
    let keep: &[&str] = match kind {
        RecordKind::VisaAnnulments => &["visa_number", "foreigner", "doc"],
        RecordKind::StayChanges => &["registration_number", "foreigner", "doc"],
        RecordKind::EventDocumentAnnulments => &["event_document_number", "foreigner", "doc"],
        RecordKind::IdentityDocumentAnnulments => &["foreigner", "doc", "authority"],
        _ => &["permit_number", "foreigner", "doc", "authority"],
    };
    let mut out: Map<String, Value> =
        record.iter().filter(|(name, _)| keep.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect();
    let mut set = |name: &str, value: &str| drop(out.insert(name.to_owned(), value.into()));
    match kind {
        RecordKind::StayChanges => {
            let until: jiff::civil::Date = record.get("to")?.as_str()?.parse().ok()?;
            set("change_kind", "extended");
            set("new_to", &super::numbers::after(until, 20).to_string());
            set("order_number", "17/1");
            set("order_date", &today(now));
        }
        RecordKind::IdentityDocumentAnnulments => {
            set("status", "invalid");
            set("status_date", &today(now));
        }
        _ => {
            set("annul_kind", "annulled");
            set("annul_date", &today(now));
            if !record.contains_key("authority") {
                set("authority", "Министерство иностранных дел");
            }
        }
    }
    Some(out)
}

/// The body of a search that finds a record of this kind.
fn search(seed: Seed, kind: RecordKind) -> Option<Value> {
    let record = first(seed, kind)?;
    if let Some(number) = record.get("event_document_number") {
        return Some(json!({"event_document_number": number}));
    }
    let doc = record.get("doc")?;
    Some(json!({"doc_number": doc.get("doc_number")?, "issuing_state": doc.get("issuing_state")?, "limit": 20}))
}

/// The first record of this kind.
fn first(seed: Seed, kind: RecordKind) -> Option<Map<String, Value>> {
    (0..super::FOREIGNERS).find_map(|index| {
        let records = seed.records_of(index);
        records.iter().find(|record| record.kind == kind).and_then(parsed)
    })
}

/// The first record of `object` whose person has no record of `kind`: not annulled or changed yet.
fn untouched(seed: Seed, object: RecordKind, kind: RecordKind) -> Option<Map<String, Value>> {
    (0..super::FOREIGNERS).find_map(|index| {
        let records = seed.records_of(index);
        if records.iter().any(|record| record.kind == kind) {
            return None;
        }
        records.iter().find(|record| record.kind == object).and_then(parsed)
    })
}

fn parsed(record: &Record) -> Option<Map<String, Value>> {
    serde_json::from_slice(&record.body).ok()
}
