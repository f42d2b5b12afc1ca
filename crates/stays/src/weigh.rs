//! What would be decided now: slips, the rules, and the facts they need from here and from ISOS.

use gateway::{Answer, Ask, Reply};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::{Lang, Refusal};
use serde_json::{Map, Value, json};
use store::{Error, Tx, Vault};

use crate::application::Application;
use crate::isos::Whose;
use crate::reading::Slip;
use crate::rules::{Crossing, Direction, Earlier, Facts, decide};
use crate::told::{Told, put};
use crate::{Stays, sql};

/// An application weighed.
pub(crate) enum Weighed {
    /// Not decided: these fields must be mended.
    Slips(Vec<Slip>),
    /// Decided.
    Decided(Box<Case>),
}

/// An application with its decision.
pub(crate) struct Case {
    pub(crate) application: Application,
    pub(crate) told: Told,
    /// Keyed document.
    pub(crate) document: i64,
    /// How many registrations the document had.
    pub(crate) earlier: i64,
}

/// A field that cannot be taken as it is written, as the portal shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// JSON pointer into the application.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// What to do, in the reader's language.
    pub message: String,
}

impl Stays {
    /// The faults of an application's fields, without asking anybody: what the person can mend before sending.
    pub fn faults(&self, application: &Value, lang: Lang) -> Vec<Fault> {
        let today = model::calendar::minsk_day(self.clock.now());
        let slips = Application::read(application, &self.core.rules, &self.core.lists, today).err().unwrap_or_default();
        slips.iter().map(|slip| self.fault(slip, lang)).collect()
    }

    fn fault(&self, slip: &Slip, lang: Lang) -> Fault {
        // A field may have its own words for a slip; otherwise the form's.
        let own = format!("form.fields.{}.{}", slip.pointer, slip.code);
        let texts = &self.core.service.texts;
        let key = if texts.has(&own) { own } else { format!("form.errors.{}", slip.code) };
        Fault {
            pointer: slip.pointer.to_owned(),
            code: slip.code.to_owned(),
            message: texts.line(lang, &key, &slip.params),
        }
    }

    /// `registrations/check`: what would be decided; nothing is kept.
    pub(crate) async fn check(&self, ask: &Ask) -> Result<Answer, Refusal> {
        let body = match self.weigh(ask).await? {
            Weighed::Slips(slips) => self.faulty(ask, &slips),
            Weighed::Decided(case) => self.body((&ask.json, ask.lang), &case.told, false, None),
        };
        ready(body, Vec::new())
    }

    /// Reads, asks for the facts and decides.
    pub(crate) async fn weigh(&self, ask: &Ask) -> Result<Weighed, Refusal> {
        let core = &self.core;
        let today = model::calendar::minsk_day(ask.at);
        let application = match Application::read(&ask.json, &core.rules, &core.lists, today) {
            Ok(application) => application,
            Err(slips) => return Ok(Weighed::Slips(slips)),
        };
        let document = key(&core.vault, &application);
        let (earlier, count) = self
            .db
            .read(move |tx| Ok((of_document(tx, document)?, count(tx, document)?)))
            .await
            .map_err(Error::refusal)?;
        // ISOS is asked only when the rest is in order: whose stay is short or late, is nobody's to look up.
        let mut decision = decide(&core.rules, &application, &Facts { today, crossings: &[], earlier: &earlier });
        if decision.code == "entry-not-found" {
            let crossings = self.crossings(&application, today, ask.lang).await?;
            decision = decide(&core.rules, &application, &Facts { today, crossings: &crossings, earlier: &earlier });
        }
        if decision.code == "entry-not-found" && self.is_mistyped(&application, ask.lang).await? {
            let slip = Slip { pointer: "/document/number", code: "document-number-differs", params: Vec::new() };
            return Ok(Weighed::Slips(vec![slip]));
        }
        let told = Told::new(&decision, today, (application.entry.date, application.stay.to));
        Ok(Weighed::Decided(Box::new(Case { application, told, document, earlier: count })))
    }

    async fn crossings(&self, application: &Application, today: Date, lang: Lang) -> Result<Vec<Crossing>, Refusal> {
        let document = &application.document;
        let whose = Whose::Document { number: document.number.as_str().to_owned(), state: document.state.code() };
        // A stay of this year may have begun in the last.
        let since = date(application.entry.date.year().saturating_sub(1), 1, 1);
        self.core.isos.crossings(whose, since, today, lang).await
    }

    /// Whether somebody of this name and birth date came that day at that place with nearly this number.
    async fn is_mistyped(&self, application: &Application, lang: Lang) -> Result<bool, Refusal> {
        let (person, entry) = (&application.person, &application.entry);
        let whose = Whose::Person {
            surname: person.surname.as_str().to_owned(),
            given: person.given.as_str().to_owned(),
            birth: person.birth.to_string(),
        };
        let found = self.core.isos.crossings(whose, entry.date, entry.date, lang).await?;
        let place = entry.checkpoint.map_or("", |point| point.code);
        let number = application.document.number.key();
        Ok(found
            .iter()
            .any(|one| one.direction == Direction::Entry && one.checkpoint == place && nearly(&one.document, &number)))
    }

    /// The answer to an application with slips.
    pub(crate) fn faulty(&self, ask: &Ask, slips: &[Slip]) -> Map<String, Value> {
        let mut out = Map::new();
        put(&mut out, "status", 200);
        self.identify(&mut out, &ask.json);
        let texts = &self.core.service.texts;
        put(&mut out, "outcome", "faults");
        put(&mut out, "code", "faults");
        for part in ["title", "text", "cure"] {
            let line = texts.line(ask.lang, &format!("decisions.faults.{part}"), &[("count", slips.len().to_string())]);
            put(&mut out, part, line);
        }
        put(&mut out, "steps", Vec::<Value>::new());
        let errors: Vec<Value> = slips.iter().map(|slip| json!(self.fault(slip, ask.lang))).collect();
        put(&mut out, "marks", errors.clone());
        put(&mut out, "errors", errors);
        out
    }

    /// Copies the application's identifier, when it bears one.
    pub(crate) fn identify(&self, out: &mut Map<String, Value>, application: &Value) {
        if let Some(id) = application.get("application_id") {
            put(out, "application_id", id.clone());
        }
    }
}

/// The keyed document of an application.
pub(crate) fn key(vault: &Vault, application: &Application) -> i64 {
    vault.blind("stays.document", application.document_key().as_bytes())
}

/// Registrations of a document.
fn of_document(tx: &mut Tx<'_>, document: i64) -> Result<Vec<Earlier>, Error> {
    tx.query(&sql::BY_DOCUMENT, &[document.into()], |row| {
        Ok(Earlier {
            number: row.text(0)?.to_owned(),
            from: day_of(row.int(1)?)?,
            to: day_of(row.int(2)?)?,
            ground: row.text(3)?.to_owned(),
        })
    })
}

/// How many registrations a document has.
pub(crate) fn count(tx: &mut Tx<'_>, document: i64) -> Result<i64, Error> {
    Ok(tx.query_opt(&sql::COUNT_BY_DOCUMENT, &[document.into()], |row| row.int(0))?.unwrap_or(0))
}

const FIRST: Date = date(1970, 1, 1);

/// A day as rows keep it: days since 1970.
pub(crate) fn number_of(day: Date) -> i64 {
    FIRST.until(day).map_or(0, |span| i64::from(span.get_days()))
}

fn day_of(number: i64) -> Result<Date, Error> {
    FIRST.checked_add(number.days()).map_err(Error::broken)
}

/// Whether two numbers differ by one or two slips of the hand: a character changed, two exchanged, one left out.
fn nearly(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len() == other.len() {
        let differing = one.iter().zip(&other).filter(|(a, b)| a != b).count();
        return (1..=2).contains(&differing);
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let left_out = |at: usize| long.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, c)| c).eq(&short);
    short.len().saturating_add(1) == long.len() && (0..long.len()).any(left_out)
}

/// An answer that changes nothing.
pub(crate) fn ready(body: Map<String, Value>, subjects: Vec<String>) -> Result<Answer, Refusal> {
    Ok(Answer::Ready(reply(body, subjects).map_err(Error::refusal)?))
}

/// The body as bytes.
pub(crate) fn reply(body: Map<String, Value>, subjects: Vec<String>) -> Result<Reply, Error> {
    let body = serde_json::to_vec(&Value::Object(body)).map_err(Error::broken)?;
    Ok(Reply { status: 200, body, subjects })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_near() {
        for near in ["C01X00T48", "CO1X00T47", "C10X00T47", "C01X0T47", "C01X000T47"] {
            assert!(nearly("C01X00T47", near), "{near}");
        }
        for far in ["C01X00T47", "C01X99T48", "", "X"] {
            assert!(!nearly("C01X00T47", far), "{far}");
        }
    }

    #[test]
    fn days_are_kept() {
        for day in [date(2024, 2, 29), FIRST, date(2099, 12, 31)] {
            assert_eq!(day_of(number_of(day)).unwrap(), day);
        }
    }
}
