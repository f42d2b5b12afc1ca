//! `{kind}/search`: records by criteria, newest first, page by page, as known at a moment.

mod closeness;
mod criteria;
mod cursor;
mod find;

use std::collections::BTreeSet;
use std::sync::Arc;

use gateway::{Answer, Ask, Reply};
use model::{Kind, Lang, Refusal};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use store::{Error, Tx};
use uuid::Uuid;

use super::access::Wish;
use super::directory::{self, Block};
use super::kind::RecordKind;
use super::mark::{self, Marks};
use super::view::Criterion;
use super::{Core, Foreigners, calendar, known_parameters};

pub(crate) use criteria::{Asked, Criteria};
pub(crate) use find::{Found, Walk};

use cursor::{Binding, Position};

/// Persons whose records are gone through for one search at most.
const PERSONS: usize = 200;
/// Persons of a close match whose records are shown.
const NEAREST: usize = 25;
/// Rows of one block that are looked at, for exact and for close matches.
const BLOCK_ROWS: [i64; 2] = [2_000, 200];

/// A record in an answer.
#[derive(Serialize)]
pub(crate) struct Line {
    record_id: Uuid,
    received_at: String,
    message_source: String,
    pub(crate) state: &'static str,
    corrects: Option<Uuid>,
    alerts: Vec<Value>,
    score: Option<u32>,
    reason: Option<String>,
    record: Box<RawValue>,
}

#[derive(Serialize)]
struct Page {
    records: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl Foreigners {
    /// Searches the records of `kind`.
    pub(super) async fn search(&self, kind: RecordKind, ask: Ask) -> Result<Answer, Refusal> {
        let core = Arc::clone(&self.core);
        core.access.check(&ask.asker.id, Wish::Search, kind)?;
        known_parameters(&ask, &[])?;
        let mut criteria = Criteria::read(&ask.json)?;
        if core.access.sees_own_only(&ask.asker.id) {
            criteria.source = Some(ask.asker.source_code.clone());
        }
        let binding = Binding::new(&core.vault, kind, &ask.asker.id, &ask.json);
        let cursor = ask.json.get("cursor").and_then(Value::as_str);
        let before = cursor.map(|cursor| binding.open(&core.vault, cursor)).transpose()?;
        let (now, lang) = (self.clock.micros(), ask.lang);
        let page = move |tx: &mut Tx<'_>| page(tx, &core, kind, &criteria, &binding, before, now, lang);
        Ok(Answer::Ready(self.db.read(page).await.map_err(Error::refusal)?))
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one search, used once")]
fn page(
    tx: &mut Tx<'_>,
    core: &Core,
    kind: RecordKind,
    criteria: &Criteria,
    binding: &Binding,
    before: Option<Position>,
    now: i64,
    lang: Lang,
) -> Result<Reply, Error> {
    let terms = terms(tx, core, criteria)?;
    let until = criteria.as_of.unwrap_or(i64::MAX);
    let walk = Walk { core, kind, criteria, until };
    let mut found = walk.newest(tx, &terms, before, criteria.limit + 1)?;
    let more = found.len() > criteria.limit;
    found.truncate(criteria.limit);
    let cursor = found.last().filter(|_| more).map(|last| binding.seal(&core.vault, last.position()));
    let subjects = subjects(&found);
    let mut marks = Marks::new(&core.vault, until);
    let at = criteria.as_of.unwrap_or(now);
    foresee(tx, &mut marks, &found)?;
    let mut records = Vec::with_capacity(found.len());
    for record in found {
        records.push(line(tx, core, &mut marks, record, at, lang)?);
    }
    let body = serde_json::to_vec(&Page { records, cursor }).map_err(Error::broken)?;
    Ok(Reply { status: 200, body, subjects })
}

/// The terms that lead to what is asked for: one, or those of persons found in the directory.
fn terms(tx: &mut Tx<'_>, core: &Core, criteria: &Criteria) -> Result<Vec<(Criterion, String)>, Error> {
    if !criteria.needs_directory() {
        return Ok(vec![criteria.narrowest()]);
    }
    let keys = if criteria.close { near(tx, core, &criteria.names)? } else { exact(tx, core, &criteria.names)? };
    Ok(keys.into_iter().map(|key| (Criterion::Name, key)).collect())
}

/// Keys of the persons nearest to those asked for.
fn near(tx: &mut Tx<'_>, core: &Core, asked: &Asked) -> Result<Vec<String>, Error> {
    let [_, rows] = BLOCK_ROWS;
    let persons = directory::persons(tx, &core.vault, &closeness::blocks(asked), rows)?;
    let mut scored: Vec<(u32, String)> =
        persons.iter().filter_map(|names| Some((closeness::closeness(asked, names)?.score, names.key()))).collect();
    scored.sort_unstable_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.cmp(y)));
    scored.dedup_by(|(_, a), (_, b)| a == b);
    Ok(scored.into_iter().take(NEAREST).map(|(_, key)| key).collect())
}

/// Keys of all persons who bear exactly the names asked for.
fn exact(tx: &mut Tx<'_>, core: &Core, asked: &Asked) -> Result<Vec<String>, Error> {
    let [rows, _] = BLOCK_ROWS;
    let persons = directory::persons(tx, &core.vault, &[exact_block(asked)], rows)?;
    let many = i64::try_from(persons.len()).is_ok_and(|found| found >= rows);
    let same = |asked: &str, known: &str| asked.is_empty() || asked == known;
    let keys: BTreeSet<String> = persons
        .iter()
        .filter(|names| {
            same(&asked.surname, &names.surname)
                && same(&asked.given, &names.given)
                && same(&asked.surname_ru, &names.surname_ru)
                && same(&asked.name_ru, &names.name_ru)
                && same(&asked.birth, &names.birth)
        })
        .map(directory::Names::key)
        .collect();
    if many || keys.len() > PERSONS {
        return Err(Refusal::new(Kind::Malformed, "criteria-too-broad").with("limit", PERSONS).into());
    }
    Ok(keys.into_iter().collect())
}

/// The smallest block that holds everybody with these names.
fn exact_block(asked: &Asked) -> Block {
    let (surname, given) = match asked.surname.is_empty() {
        false => (&asked.surname, &asked.given),
        true => (&asked.surname_ru, &asked.name_ru),
    };
    match (surname.is_empty(), given.is_empty(), asked.birth.is_empty()) {
        (false, _, false) => Block::sound_and_birth(surname, &asked.birth),
        (false, false, true) => Block::sounds(surname, given),
        (false, true, true) => Block::Surname(surname.clone()),
        (true, _, false) => Block::Birth(asked.birth.clone()),
        (true, ..) if !asked.given.is_empty() => Block::Given(asked.given.clone()),
        (true, ..) => Block::Given(asked.name_ru.clone()),
    }
}

/// A found record as it is told: its state and alerts at the moment asked for.
pub(crate) fn line(
    tx: &mut Tx<'_>,
    core: &Core,
    marks: &mut Marks<'_>,
    found: Found,
    at: i64,
    lang: Lang,
) -> Result<Line, Error> {
    let view = found.view();
    let state = marks.state(tx, &view, found.place.seq, at)?;
    let watched = mark::watched(&core.vault, &view);
    let alerts = marks.alerts(tx, &watched, mark::document_ends(&view), found.at)?;
    Ok(Line {
        record_id: found.record_id,
        received_at: calendar::written(found.received_at),
        message_source: found.source,
        state,
        corrects: found.corrects,
        alerts: alerts.iter().map(|alert| alert.told(&core.texts, lang)).collect(),
        score: found.closeness.as_ref().map(|close| close.score),
        reason: found.closeness.as_ref().map(|close| close.reason(&core.texts, lang)),
        record: RawValue::from_string(found.raw).map_err(Error::broken)?,
    })
}

/// Reads the marks of all found records at once.
pub(crate) fn foresee(tx: &mut Tx<'_>, marks: &mut Marks<'_>, found: &[Found]) -> Result<(), Error> {
    let subjects: Vec<i64> = found.iter().flat_map(|record| marks.subjects(&record.view(), record.place.seq)).collect();
    marks.foresee(tx, &subjects)
}

/// Whose data an answer discloses: identification numbers, or documents where there is none.
pub(crate) fn subjects(found: &[Found]) -> Vec<String> {
    let mut out = BTreeSet::new();
    for record in found {
        let view = record.view();
        let number = view.inner("foreigner", "identification_number").map(str::to_owned);
        let document = || {
            let (state, number) = view.inner("doc", "issuing_state").zip(view.inner("doc", "doc_number"))?;
            Some(format!("{state}:{number}"))
        };
        out.extend(number.or_else(document));
    }
    out.into_iter().collect()
}
