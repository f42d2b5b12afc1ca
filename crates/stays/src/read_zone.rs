//! `documents/read`: the machine-readable zone of a document as fields of the form, or where it is mistyped.

use gateway::{Answer, Ask};
use model::Refusal;
use serde_json::{Map, Value, json};

use crate::Stays;
use crate::mrz;
use crate::told::put;
use crate::weigh::ready;

impl Stays {
    pub(crate) fn read_zone(&self, ask: &Ask) -> Result<Answer, Refusal> {
        let text = ask.json.get("mrz").and_then(Value::as_str).unwrap_or_default();
        let texts = &self.core.service.texts;
        let mut out = Map::new();
        put(&mut out, "status", 200);
        let mut subjects = Vec::new();
        match mrz::parse(text, model::calendar::minsk_day(ask.at)) {
            Ok(zone) => {
                subjects.push(format!("{}:{}", zone.issuing_state.code(), zone.number));
                put(&mut out, "fields", fields(&zone));
                put(&mut out, "errors", Vec::<Value>::new());
            }
            Err(mistakes) => {
                let told = mistakes.iter().map(|one| {
                    json!({
                        "line": one.line, "position": one.position, "field": one.field, "code": one.problem.code(),
                        "message": one.text(texts, ask.lang),
                    })
                });
                put(&mut out, "fields", Map::new());
                put(&mut out, "errors", told.collect::<Vec<_>>());
            }
        }
        ready(out, subjects)
    }
}

/// Values by the JSON pointers of the application.
fn fields(zone: &mrz::Mrz) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "/foreigner/surname_lat", &*zone.surname);
    put(&mut out, "/foreigner/given_names_lat", &*zone.given_names);
    put(&mut out, "/foreigner/birth_date", &*zone.birth_date);
    out.extend(zone.sex.map(|sex| ("/foreigner/sex".to_owned(), json!(sex.to_string()))));
    put(&mut out, "/foreigner/citizenship", zone.citizenship.code());
    put(&mut out, "/document/type", zone.kind);
    put(&mut out, "/document/number", &*zone.number);
    put(&mut out, "/document/issuing_state", zone.issuing_state.code());
    put(&mut out, "/document/expires_on", zone.expires_on.to_string());
    out
}
