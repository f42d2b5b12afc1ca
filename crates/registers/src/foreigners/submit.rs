//! `{kind}/submit`: takes a package of records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gateway::{Answer, Ask};
use model::clock::uuid_at;
use model::{Fault, Kind, Refusal};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use store::{Error, Tx};
use uuid::Uuid;

use super::access::Wish;
use super::among::{Among, among};
use super::insert::Rows;
use super::kind::RecordKind;
use super::package::Message;
use super::prepare::Preparer;
use super::settle::{Package, Slot};
use super::view::View;
use super::{Core, Foreigners, known_parameters, ready, record_schema, rules, sql};

/// After so many sightings one by one those who were sighted are confirmed.
const CONFIRM_AT: usize = 256;

/// The envelope's parts of which the exact bytes matter.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
}

impl Foreigners {
    /// Takes a package of `kind`, or checks it only (`?mode=test`).
    pub(super) async fn submit(&self, kind: RecordKind, ask: Ask) -> Result<Answer, Refusal> {
        let core = &self.core;
        core.access.check(&ask.asker.id, Wish::Submit, kind)?;
        known_parameters(&ask, &["mode"])?;
        let test = match ask.param("mode") {
            None => false,
            Some("test") => true,
            Some(_) => return Err(Refusal::new(Kind::Malformed, "mode-unknown")),
        };
        let member = |name| ask.json.get(name).and_then(Value::as_str);
        if member("message_source") != Some(ask.asker.source_code.as_str()) {
            let refusal = Refusal::new(Kind::Forbidden, "message-source-foreign");
            return Err(refusal.with("expected", &ask.asker.source_code));
        }
        let message_id = member("message_id").and_then(|id| Uuid::parse_str(id).ok());
        let message_id = message_id.ok_or_else(|| Refusal::new(Kind::Malformed, "body-malformed"))?;
        let received_at = ask.at.as_microsecond();
        let message = Message::new(&core.vault, &ask, kind, message_id, uuid_at(ask.at, store::random()));
        let checked = check(core, kind, &ask, self.clock.micros())?;
        let sound = checked.iter().filter(|faults| faults.is_empty()).count();
        let first = if test || sound == 0 { 0 } else { self.take_numbers(sound).await? };
        let preparer = Preparer { vault: &core.vault, source: &ask.asker.source_code, received_at };
        let slots = prepare(&preparer, kind, &ask, checked, first)?;
        let mut package = Package {
            core: Arc::clone(core),
            lang: ask.lang,
            source: ask.asker.source_code.clone(),
            message,
            slots,
            persons: Vec::new(),
            epoch: None,
            months: Arc::default(),
            rows: Rows::of(&self.db),
        };
        if test {
            let body = self.db.read(move |tx| package.check_only(tx)).await.map_err(Error::refusal)?;
            return Ok(ready(body, Vec::new()));
        }
        self.recall(&mut package).await?;
        Ok(Answer::Effect(Box::new(move |tx| package.store(tx))))
    }

    async fn take_numbers(&self, count: usize) -> Result<i64, Refusal> {
        self.core.sequence.take(&self.db, count).await.map_err(Error::refusal)
    }

    /// Brings what the node remembers of months and persons up to what the package needs.
    async fn recall(&self, package: &mut Package) -> Result<(), Refusal> {
        let core = &self.core;
        package.months = core.months();
        let fresh = package.ready().any(|r| !package.months.contains(&(i64::from(r.kind.code()), r.place.month)));
        let sighted = core.known.sightings(if package.slots.len() > 1 { 1 } else { CONFIRM_AT });
        if fresh || !sighted.is_empty() {
            let read = move |tx: &mut Tx<'_>| {
                let months: HashSet<_> =
                    tx.query(&sql::MONTHS, &[], |row| Ok((row.int(0)?, row.int(1)?)))?.into_iter().collect();
                let epoch = tx.query_opt(&sql::EPOCH, &[], |row| row.int(0))?.unwrap_or(0);
                let known = among(tx, &Among { one: &sql::PERSON_KNOWN, many: &sql::PERSONS_KNOWN }, sighted)?;
                Ok((months, epoch, known))
            };
            let (months, epoch, known) = self.db.read(read).await.map_err(Error::refusal)?;
            package.months = core.learn_months(months);
            core.known.confirm(epoch, known);
        }
        package.enlist_unknown();
        Ok(())
    }
}

/// The faults of each record of the package.
fn check(core: &Core, kind: RecordKind, ask: &Ask, now: i64) -> Result<Vec<Vec<Fault>>, Refusal> {
    let broken = || Refusal::new(Kind::Internal, "internal");
    let schema = record_schema(&core.service, kind).ok_or_else(broken)?;
    let records = ask.json.get("records").and_then(Value::as_array).ok_or_else(broken)?;
    let faults = records.iter().map(|record| match (schema.check(record), record.as_object()) {
        (Err(faults), _) => faults,
        (Ok(()), Some(members)) => rules::check(&View { kind, members }, now),
        (Ok(()), None) => vec![Fault::new("", "02", "type").with("expected", "object")],
    });
    Ok(faults.collect())
}

/// Makes the sound records ready, with numbers from `first` on, and finds twins.
fn prepare(
    preparer: &Preparer<'_>,
    kind: RecordKind,
    ask: &Ask,
    checked: Vec<Vec<Fault>>,
    first: i64,
) -> Result<Vec<Slot>, Refusal> {
    let malformed = |_| Refusal::new(Kind::Malformed, "body-malformed");
    let envelope: Envelope<'_> = serde_json::from_slice(&ask.body).map_err(malformed)?;
    let values = ask.json.get("records").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let mut seen: HashMap<i64, usize> = HashMap::new();
    let mut number = first;
    let mut slots = Vec::with_capacity(checked.len());
    for (index, ((faults, value), raw)) in checked.into_iter().zip(values).zip(envelope.records).enumerate() {
        let Some(members) = value.as_object().filter(|_| faults.is_empty()) else {
            slots.push(Slot::Rejected(faults));
            continue;
        };
        let prepared = preparer.prepare(kind, members, raw.get(), number);
        number += 1;
        let twin = prepared.corrects.is_none().then(|| seen.get(&prepared.natural)).flatten();
        slots.push(match twin {
            Some(first) => Slot::Twin(*first),
            None => {
                if prepared.corrects.is_none() {
                    seen.insert(prepared.natural, index);
                }
                Slot::Ready(Box::new(prepared), rules::warnings(&View { kind, members }))
            }
        });
    }
    Ok(slots)
}
