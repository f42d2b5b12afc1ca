//! Ready requests about the registration of a stay, for stands: of whoever has just crossed the border.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

/// The code of this service.
pub const SERVICE: &str = "200.12.14.1";

/// The machine-readable zone of a passport (ICAO 9303's own letters, with another number).
pub const READY_ZONE: &str =
    "P<D<<TESTER<<OTTO<<<<<<<<<<<<<<<<<<<<<<<<<<<\nC01X00T478D<<7003206M3105010<<<<<<<<<<<<<<<2";

/// The application of the person in this record of ISOS (`crossings`), for twenty days from the entry on.
pub fn ready(crossing: &Value, id: Uuid) -> Option<Value> {
    let text = |pointer: &str| crossing.pointer(pointer).and_then(Value::as_str);
    let entry: Date = text("/crossing_time")?.get(..10)?.parse().ok()?;
    let day = |days: i32| entry.checked_add(days.days()).ok().map(|day| day.to_string());
    Some(json!({
        "application_id": id,
        "foreigner": {
            "surname_lat": text("/foreigner/surname_lat")?,
            "given_names_lat": text("/foreigner/given_names_lat")?,
            "birth_date": text("/foreigner/birth_date")?,
            "sex": text("/foreigner/sex")?,
            "citizenship": text("/foreigner/citizenship")?,
        },
        "document": {
            "type": "passport",
            "number": text("/doc/doc_number")?,
            "issuing_state": text("/doc/issuing_state")?,
            "issued_on": day(-400)?,
            "expires_on": day(2000)?,
        },
        "insurance": {
            "insurer": "Belgosstrakh",
            "policy_number": "BGS-0001",
            "valid_from": day(-30)?,
            "valid_to": day(60)?,
            "sum": 10000,
        },
        "visa": {
            "regime": "visa",
            "number": "BY1234567",
            "type": "C",
            "multiplicity": "1",
            "valid_from": day(-30)?,
            "valid_to": day(60)?,
            "stay_days": 30,
        },
        "entry": {
            "route": "state-border",
            "date": entry.to_string(),
            "checkpoint": text("/checkpoint_code")?,
            "purpose": "01",
        },
        "stay": {
            "to": day(20)?,
            "address": {"region": "minsk", "city_district": "centralny", "street": "vulica Niamiha", "house": "5", "flat": "12"},
        },
        "applicant": {"kind": "self"},
    }))
}

/// The same person as having come from Russia: has to apply in person, so that nothing is registered.
pub fn ready_visit(crossing: &Value, id: Uuid) -> Option<Value> {
    let mut application = ready(crossing, id)?;
    let entry = application.pointer_mut("/entry")?.as_object_mut()?;
    entry.insert("route".to_owned(), "from-russia".into());
    entry.remove("checkpoint");
    Some(application)
}
