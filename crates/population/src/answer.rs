//! `common/register`: questions about persons, answered in the Register's message shape.
//!
//! What is wrong is told in `error_list` under status 200, as the Register does; one faulty question harms no other.

use std::collections::BTreeSet;

use gateway::{Ask, Reply};
use jiff::tz::{TimeZone, offset};
use model::agreement::{ANSWER, Asked, Envelope};
use model::{Agreement, Fault, IdentificationNumber, Kind, Lang, Refusal};
use serde_json::{Map, Value, json};
use store::Error;

use crate::Population;
use crate::around::Around;
use crate::codes::List;
use crate::kin::Telling;
use crate::person::{Groups, Object, put};

impl Population {
    pub(crate) async fn register(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let envelope = match Envelope::read(&ask.json) {
            Ok(envelope) => envelope,
            Err(faults) => return self.refused(ask, None, &faults),
        };
        if envelope.source != ask.asker.source_code {
            return Err(Refusal::new(Kind::Forbidden, "message-source-foreign"));
        }
        let closed = self.closed(&envelope, &ask.json);
        if !closed.is_empty() {
            return self.refused(ask, Some(&envelope), &closed);
        }
        let found = self.found(&envelope).await.map_err(Error::refusal)?;
        let today = ask.at.to_zoned(TimeZone::fixed(offset(3))).date();
        let (mut data, mut errors, mut subjects) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (asked, around) in envelope.asked.iter().zip(&found) {
            match (around, &asked.number) {
                (_, Err(fault)) => errors.push(self.error(ask, fault, Some(asked))),
                (None, Ok(_)) => {
                    let fault = Fault::new(asked.request_id.as_str(), "05", "no-person");
                    errors.push(self.error(ask, &fault, Some(asked)));
                }
                (Some(around), Ok(_)) => {
                    let telling = Telling { codes: &self.codes, groups: Groups(&envelope.dataset), around };
                    let (person, named) = telling.data(today);
                    data.push(json!({"request_id": asked.request_id, "data": person}));
                    subjects.extend(named);
                }
            }
        }
        let mut body = Object::new();
        put(&mut body, "cover", self.cover(ask, Some(&envelope)));
        if !data.is_empty() {
            put(&mut body, "response", json!({ "personal_data": data }));
        }
        put(&mut body, "error_list", errors);
        reply(&body, subjects.into_iter().collect())
    }

    /// Everybody asked for, in order; one read for all, from one moment.
    async fn found(&self, envelope: &Envelope) -> Result<Vec<Option<Around>>, Error> {
        let numbers: Vec<Option<IdentificationNumber>> =
            envelope.asked.iter().map(|asked| asked.number.as_ref().ok().cloned()).collect();
        let vault = self.vault.clone();
        let read = self.db.read(move |tx| {
            let one = |number: Option<IdentificationNumber>| match number {
                None => Ok(None),
                Some(number) => Around::read(tx, &vault, &number),
            };
            numbers.into_iter().map(one).collect()
        });
        read.await
    }

    /// Groups of data that this service does not furnish.
    fn closed(&self, envelope: &Envelope, sent: &Value) -> Vec<Fault> {
        let known = |group: &u16| self.codes.has(List::Dataset, &group.to_string());
        let at = |group: u16| {
            let sent = sent.pointer("/cover/dataset").and_then(Value::as_array);
            sent.and_then(|sent| sent.iter().position(|one| one.as_u64() == Some(group.into()))).unwrap_or_default()
        };
        let closed = envelope.dataset.iter().copied().filter(|group| !known(group));
        closed.map(|group| Fault::new(format!("/cover/dataset/{}", at(group)), "04", "dataset-closed")).collect()
    }

    fn refused(&self, ask: &Ask, envelope: Option<&Envelope>, faults: &[Fault]) -> Result<Reply, Refusal> {
        let errors: Vec<Value> = faults.iter().map(|fault| self.error(ask, fault, None)).collect();
        let mut body = Object::new();
        put(&mut body, "cover", self.cover(ask, envelope));
        put(&mut body, "error_list", errors);
        reply(&body, Vec::new())
    }

    /// One entry of `error_list` (`domain.md` §4.3).
    fn error(&self, ask: &Ask, fault: &Fault, asked: Option<&Asked>) -> Value {
        let mut out = Object::new();
        put(&mut out, "error_code", self.codes.value(List::Error, &fault.code));
        put(&mut out, "error_place", asked.map_or(fault.pointer.as_str(), |asked| asked.request_id.as_str()));
        let sent = ask.json.pointer(&fault.pointer).and_then(plain);
        let number = asked.filter(|_| !fault.pointer.ends_with("/request_id")).map(|asked| asked.sent.clone());
        put(&mut out, "wrong_value", number.or(sent));
        if fault.text == "check-digit" {
            put(&mut out, "correct_value", fault.params.first().map(|(_, digit)| digit.as_str()));
        }
        put(&mut out, "check_name", fault.text);
        put(&mut out, "description", self.texts.fault(ask.lang, fault));
        put(&mut out, "identif", asked.map(|asked| asked.sent.as_str()));
        Value::Object(out)
    }

    /// The request's cover as that of the answer: its own identifier, type 89, the request as parent.
    fn cover(&self, ask: &Ask, envelope: Option<&Envelope>) -> Object {
        let sent = ask.json.get("cover").and_then(Value::as_object).cloned().unwrap_or_default();
        let now = self.clock.now();
        let id = model::clock::uuid_at(now, store::random());
        let time = now.to_zoned(TimeZone::fixed(offset(3))).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string();
        let mut out = Object::new();
        put(&mut out, "message_id", id.to_string());
        put(&mut out, "message_type", self.codes.value(List::Message, ANSWER));
        put(&mut out, "message_time", time);
        put(&mut out, "parent_message_id", sent.get("message_id").cloned().unwrap_or_default());
        let kept = sent
            .into_iter()
            .filter(|(name, _)| !matches!(name.as_str(), "message_id" | "message_type" | "message_time"));
        for (name, value) in kept {
            let agreement = envelope.and_then(|envelope| envelope.agreement.as_ref()).filter(|_| name == "agreement");
            put(&mut out, &name, agreement.map_or(value, |agreement| Value::Object(written(agreement))));
        }
        out
    }
}

/// The agreement in the one spelling that NAIS writes.
fn written(agreement: &Agreement) -> Map<String, Value> {
    let mut out = Object::new();
    let minsk =
        |at: jiff::Timestamp| at.to_zoned(TimeZone::fixed(offset(3))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    put(&mut out, "consent_id", agreement.consent_id.to_string());
    put(&mut out, "operator_info", agreement.operator_info.as_str());
    put(&mut out, "operator_unp", agreement.operator_unp.as_str());
    put(&mut out, "target", agreement.target.as_str());
    put(&mut out, "rights", agreement.rights.clone());
    put(&mut out, "actions", agreement.actions.clone());
    put(&mut out, "issue_date", minsk(agreement.issue_date));
    put(&mut out, "expiry_date", minsk(agreement.expiry_date));
    put(&mut out, "assignee_persons", agreement.assignee_persons.clone());
    put(&mut out, "authorised_persons", agreement.authorised_persons.clone());
    put(&mut out, "uses", agreement.uses);
    put(&mut out, "language", agreement.language.map(Lang::code));
    let digest =
        agreement.text_digest.map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    put(&mut out, "text_digest", digest);
    out
}

/// A value as it is shown in an error: texts and numbers only.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().take(100).collect()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn reply(body: &Object, subjects: Vec<String>) -> Result<Reply, Refusal> {
    let body = serde_json::to_vec(body).map_err(|error| Error::broken(error).refusal())?;
    Ok(Reply { status: 200, body, subjects })
}
