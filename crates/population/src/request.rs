//! A ready request about a golden family, for stands.

use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

/// The person asked for: spouse and two children (`domain.md` §4.7).
const SUBJECT: &str = "3010190A001PB9";

/// The body of `common/register` for a consumer of this name, taxpayer number and source code.
pub fn request(now: Timestamp, message: Uuid, (name, unp, source): (&str, &str, &str)) -> Value {
    let minsk = |at: Timestamp, form: &str| at.to_zoned(TimeZone::fixed(offset(3))).strftime(form).to_string();
    let until = now.checked_add(SignedDuration::from_hours(24 * 30)).unwrap_or(now);
    let dataset = [1, 3, 4, 9, 21, 22, 23, 24];
    json!({
        "cover": {
            "message_id": message.to_string(),
            "message_type": {"code": "88", "type": -2},
            "message_time": minsk(now, "%Y-%m-%dT%H:%M:%S%.3f%:z"),
            "message_source": {"code": source, "type": 80},
            "system_code": "NOTARIAT",
            "transaction_number": "2026-0001",
            "agreement": {
                "consent_id": message.to_string(),
                "operator_info": format!("{name}, г. Минск"),
                "operator_unp": unp,
                "target": "Оформление наследства",
                "rights": dataset,
                "actions": ["provision"],
                "issue_date": minsk(now, "%Y-%m-%dT%H:%M:%S%:z"),
                "expiry_date": minsk(until, "%Y-%m-%dT%H:%M:%S%:z"),
                "assignee_persons": ["нотариус Гриневич Т. Л."],
            },
            "dataset": dataset,
        },
        "request": {"person_request": [{"request_id": "1", "identif_number": SUBJECT}]},
    })
}
