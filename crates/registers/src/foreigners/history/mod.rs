//! `persons/history`: one person's crossings in pairs, days of stay, and what is in force.

mod stays;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use gateway::{Answer, Ask, Reply};
use model::{Kind, Lang, Refusal};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Error, Tx};
use uuid::Uuid;

use super::directory::Names;
use super::kind::RecordKind;
use super::mark::Marks;
use super::search::{Asked, Criteria, Found, Line, Walk, foresee, line, subjects};
use super::view::{Criterion, fold_number};
use super::{Core, Foreigners, calendar, known_parameters};

use stays::{Direction, Paired, Passage};

/// Records of one kind that a history shows at most.
const RECORDS: usize = 1000;

/// Kinds in which a person's names are looked for under a document.
const NAMING: [RecordKind; 4] =
    [RecordKind::Crossings, RecordKind::Visas, RecordKind::StayRegistrations, RecordKind::IdentityDocuments];

/// Whose history.
struct Question {
    names: Asked,
    document: Option<String>,
    issuing_state: Option<String>,
    /// The moment whose state is wanted.
    at: i64,
    until: i64,
    lang: Lang,
    kinds: HashSet<RecordKind>,
}

#[derive(Serialize)]
struct Told<'a> {
    record_id: Uuid,
    direction: &'a str,
    crossing_time: &'a str,
    checkpoint_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Foreigners {
    /// The history of one person.
    pub(super) async fn history(&self, ask: Ask) -> Result<Answer, Refusal> {
        let core = Arc::clone(&self.core);
        let kinds = core.access.history(&ask.asker.id)?.clone();
        known_parameters(&ask, &[])?;
        let question = Question::read(&ask, kinds, self.clock.micros())?;
        let answer = move |tx: &mut Tx<'_>| question.answer(tx, &core);
        Ok(Answer::Ready(self.db.read(answer).await.map_err(Error::refusal)?))
    }
}

impl Question {
    fn read(ask: &Ask, kinds: HashSet<RecordKind>, now: i64) -> Result<Self, Refusal> {
        let doc = ask.json.get("doc");
        let text = |name: &str| {
            let inner = doc.and_then(|doc| doc.get(name));
            inner.or_else(|| ask.json.get(name)).and_then(Value::as_str).map(str::to_owned)
        };
        let names = Asked::read(&ask.json);
        let document = text("doc_number").map(|number| fold_number(&number));
        let series = text("doc_series").map(|series| fold_number(&series)).unwrap_or_default();
        if document.is_none() && !names.is_exact_key() {
            return Err(Refusal::new(Kind::Malformed, "history-needs-person"));
        }
        let as_of = ask.json.get("as_of").and_then(Value::as_str);
        let wrong = || Refusal::new(Kind::Malformed, "moment-malformed").with("member", "as_of");
        let as_of = as_of.map(|text| calendar::until(text).ok_or_else(wrong)).transpose()?;
        Ok(Self {
            names,
            document: document.map(|number| series + &number),
            issuing_state: text("issuing_state"),
            at: as_of.unwrap_or(now),
            until: as_of.unwrap_or(i64::MAX),
            lang: ask.lang,
            kinds,
        })
    }

    fn answer(&self, tx: &mut Tx<'_>, core: &Core) -> Result<Reply, Error> {
        let persons = self.persons(tx, core)?;
        let mut complete = true;
        let mut found: BTreeMap<RecordKind, Vec<Found>> = BTreeMap::new();
        for kind in self.shown() {
            let records = self.records(tx, core, kind, &persons)?;
            complete &= records.len() < RECORDS;
            found.insert(kind, records);
        }
        let mut out = json!({"as_of": calendar::written(self.at), "persons": told_persons(&found, &persons)});
        let subjects = found.values().flat_map(|records| subjects(records)).collect::<BTreeSet<_>>();
        let mut marks = Marks::new(&core.vault, self.until);
        for records in found.values() {
            foresee(tx, &mut marks, records)?;
        }
        let crossings = found.remove(&RecordKind::Crossings).unwrap_or_default();
        let lines = self.crossings(tx, core, &mut marks, &mut out, crossings)?;
        let mut put = |name: &str, value: Value| {
            if let Some(out) = out.as_object_mut() {
                out.insert(name.to_owned(), value);
            }
        };
        put("crossings", json(&lines)?);
        let mut in_force: BTreeMap<&str, Vec<Line>> = BTreeMap::from([("visas", Vec::new())]);
        for (kind, records) in found {
            let group = in_force.entry(group_of(kind)).or_default();
            for record in records {
                let line = line(tx, core, &mut marks, record, self.at, self.lang)?;
                if line.state == "valid" {
                    group.push(line);
                }
            }
        }
        for (name, lines) in in_force {
            put(name, json(&lines)?);
        }
        put("complete", Value::Bool(complete));
        let body = serde_json::to_vec(&out).map_err(Error::broken)?;
        Ok(Reply { status: 200, body, subjects: subjects.into_iter().collect() })
    }

    fn shown(&self) -> impl Iterator<Item = RecordKind> + '_ {
        [
            RecordKind::Crossings,
            RecordKind::Visas,
            RecordKind::ResidencePermits,
            RecordKind::TemporaryResidencePermits,
            RecordKind::StayRegistrations,
        ]
        .into_iter()
        .filter(|kind| self.kinds.contains(kind))
    }

    /// Exact keys of the person: the names given, or those that the document bears.
    fn persons(&self, tx: &mut Tx<'_>, core: &Core) -> Result<BTreeSet<String>, Error> {
        let Some(document) = &self.document else {
            let Asked { surname, given, birth, .. } = &self.names;
            return Ok(BTreeSet::from([super::view::name_key(surname, given, birth)]));
        };
        let mut keys = BTreeSet::new();
        for kind in NAMING.into_iter().filter(|kind| self.kinds.contains(kind)) {
            let criteria = self.criteria(Some(document.clone()), self.names.clone());
            let walk = Walk { core, kind, criteria: &criteria, until: self.until };
            let records = walk.newest(tx, &[(Criterion::Document, document.clone())], None, RECORDS)?;
            keys.extend(records.iter().filter_map(|record| Names::of(&record.view())).map(|names| names.key()));
        }
        Ok(keys)
    }

    fn criteria(&self, document: Option<String>, names: Asked) -> Criteria {
        let issuing_state = document.as_ref().and(self.issuing_state.clone());
        Criteria {
            document,
            issuing_state,
            names,
            close: false,
            from: i64::MIN,
            to: self.at,
            checkpoint: None,
            numbers: Vec::new(),
            as_of: None,
            limit: RECORDS,
            source: None,
        }
    }

    fn records(
        &self,
        tx: &mut Tx<'_>,
        core: &Core,
        kind: RecordKind,
        persons: &BTreeSet<String>,
    ) -> Result<Vec<Found>, Error> {
        let mut criteria = self.criteria(None, Asked::default());
        if kind != RecordKind::Crossings {
            // A permit may begin tomorrow; whether it is in force is told by its state.
            criteria.to = i64::MAX;
        }
        let terms: Vec<_> = persons.iter().map(|key| (Criterion::Name, key.clone())).collect();
        let walk = Walk { core, kind, criteria: &criteria, until: self.until };
        let mut found = walk.newest(tx, &terms, None, RECORDS)?;
        // A keyed value may meet another's: only who is asked for may be told of.
        found.retain(|record| Names::of(&record.view()).is_some_and(|names| persons.contains(&names.key())));
        Ok(found)
    }

    /// Stays, days and crossings without partner go into `out`; the crossings themselves are given back.
    fn crossings(
        &self,
        tx: &mut Tx<'_>,
        core: &Core,
        marks: &mut Marks<'_>,
        out: &mut Value,
        crossings: Vec<Found>,
    ) -> Result<Vec<Line>, Error> {
        let mut passages = Vec::with_capacity(crossings.len());
        for (index, record) in crossings.iter().enumerate() {
            let refused = record.members.get("refusal").and_then(Value::as_bool).unwrap_or(false);
            if !refused && !marks.is_corrected(tx, record.place.seq)? {
                let direction = match record.view().text("direction") {
                    Some("entry") => Direction::Entry,
                    _ => Direction::Exit,
                };
                passages.push(Passage { index, at: record.at, direction });
            }
        }
        let Paired { stays, unpaired } = stays::pair(passages);
        let days = stays::days(&stays, self.at);
        let tell = |passage: &Passage, alone: bool| {
            let record = crossings.get(passage.index)?;
            let view = record.view();
            let direction = view.text("direction")?;
            let reason = alone.then(|| core.texts.line(self.lang, &format!("isos.unpaired.{direction}"), &[]));
            Some(Told {
                record_id: record.record_id,
                direction,
                crossing_time: view.text("crossing_time")?,
                checkpoint_code: view.text("checkpoint_code")?,
                reason,
            })
        };
        let stays: Vec<Value> = stays
            .iter()
            .rev()
            .map(|stay| {
                json!({"entry": tell(&stay.entry, false), "exit": stay.exit.as_ref().map(|exit| tell(exit, false)),
                    "days": stay.days(self.at), "open": stay.exit.is_none()})
            })
            .collect();
        let unpaired: Vec<_> = unpaired.iter().rev().map(|passage| tell(passage, true)).collect();
        if let Some(out) = out.as_object_mut() {
            out.insert("stays".to_owned(), Value::Array(stays));
            out.insert("unpaired".to_owned(), json(&unpaired)?);
            let days = json!({"total": days.total, "last_365": days.last_365, "calendar_year": days.calendar_year});
            out.insert("days".to_owned(), days);
        }
        crossings.into_iter().map(|record| line(tx, core, marks, record, self.at, self.lang)).collect()
    }
}

/// Under which name the answer shows records of a kind.
const fn group_of(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Visas => "visas",
        RecordKind::StayRegistrations => "registrations",
        _ => "permits",
    }
}

/// The persons whose records are shown, with citizenships and documents: namesakes born on one day are told apart here.
fn told_persons(found: &BTreeMap<RecordKind, Vec<Found>>, persons: &BTreeSet<String>) -> Vec<Value> {
    let mut seen: BTreeMap<&String, [BTreeSet<String>; 2]> = BTreeMap::new();
    for record in found.values().flatten() {
        let view = record.view();
        let Some(key) = Names::of(&view).and_then(|names| persons.get(&names.key())) else {
            continue;
        };
        let [citizenships, documents] = seen.entry(key).or_default();
        citizenships.extend(view.inner("foreigner", "citizenship").map(str::to_owned));
        if let Some((state, number)) = view.inner("doc", "issuing_state").zip(view.inner("doc", "doc_number")) {
            documents.insert(format!("{state} {}{number}", view.inner("doc", "doc_series").unwrap_or_default()));
        }
    }
    let told = seen.into_iter().map(|(key, [citizenships, documents])| {
        let mut parts = key.split('|');
        let mut next = || parts.next().unwrap_or_default();
        json!({"surname_lat": next(), "given_names_lat": next(), "birth_date": next(),
            "citizenships": citizenships, "documents": documents})
    });
    told.collect()
}

fn json(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(Error::broken)
}
