//! ISOS, 3.88.01: the information system for the exchange of information about foreigners.
//!
//! Fourteen kinds of records come in packages from those who make them and are searched by those who may. A record is
//! kept as sent, sealed; it is found by keyed values only. Parsing, checking and sealing happen before the transaction.

mod access;
mod among;
mod calendar;
mod directory;
mod history;
mod insert;
mod kind;
mod mark;
mod package;
mod prepare;
mod result;
mod retention;
mod rules;
mod search;
mod sequence;
mod settle;
mod sql;
mod submit;
#[cfg(test)]
mod tests;
mod view;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use gateway::{Answer, Ask, Boxed, Provider, Reply};
use model::passport::Verb;
use model::text::Texts;
use model::{Clock, Error, Kind, Lang, Refusal, Schema, Service};
use store::{Db, Vault};

pub use access::Access;
pub use insert::load;
pub use kind::RecordKind;
pub use prepare::{Prepared, Preparer};
pub use retention::{Purged, Retention, Warning, purge};
pub use sequence::reserve;
pub use sql::{SCHEMA, STATEMENTS};

/// Refusals and record faults of this register, for `web`.
pub const TEXTS: [(Lang, &str); 3] = [
    (Lang::En, include_str!("texts/refusals.en.toml")),
    (Lang::Be, include_str!("texts/refusals.be.toml")),
    (Lang::Ru, include_str!("texts/refusals.ru.toml")),
];

const MESSAGES: [(Lang, &str); 3] = [
    (Lang::En, include_str!("texts/messages.en.toml")),
    (Lang::Be, include_str!("texts/messages.be.toml")),
    (Lang::Ru, include_str!("texts/messages.ru.toml")),
];

/// The register of foreigners: answers 3.88.01.
#[derive(Clone)]
pub struct Foreigners {
    core: Arc<Core>,
    db: Db,
    clock: Clock,
}

/// What submissions and searches share.
pub(crate) struct Core {
    vault: Vault,
    service: Arc<Service>,
    texts: Texts,
    access: Access,
    known: directory::Known,
    months: Mutex<Arc<HashSet<(i64, i64)>>>,
    sequence: sequence::Sequence,
}

impl Foreigners {
    /// The register on this database. An error names what the service's folder lacks.
    pub fn new(vault: Vault, service: Arc<Service>, db: Db, clock: Clock) -> Result<Self, Error> {
        Self::with_access(vault, service, db, clock, Access::parse(access::BUILT_IN)?)
    }

    /// The same with a matrix of senders and readers of one's own (`access.toml`).
    pub fn with_access(
        vault: Vault,
        service: Arc<Service>,
        db: Db,
        clock: Clock,
        access: Access,
    ) -> Result<Self, Error> {
        for kind in RecordKind::ALL {
            if record_schema(&service, kind).is_none() {
                let file = format!("methods/{}.schema.json", kind.path());
                return Err(Error::file(file, "/$defs/record", "the schema of one record"));
            }
        }
        let core = Core {
            vault,
            service,
            texts: texts()?,
            access,
            known: directory::Known::default(),
            months: Mutex::default(),
            sequence: sequence::Sequence::default(),
        };
        Ok(Self { core: Arc::new(core), db, clock })
    }

    async fn dispatch(&self, ask: Ask) -> Result<Answer, Refusal> {
        let unknown = || Refusal::new(Kind::NotFound, "unknown-method");
        let method = Arc::clone(&ask.method);
        let (first, last) = method.split_once('/').ok_or_else(unknown)?;
        match (first, last) {
            ("persons", "history") => self.history(ask).await,
            ("packages", "status") => self.status(ask).await,
            (word, "submit") => self.submit(RecordKind::from_path(word).ok_or_else(unknown)?, ask).await,
            (word, "search") => self.search(RecordKind::from_path(word).ok_or_else(unknown)?, ask).await,
            _ => Err(unknown()),
        }
    }
}

impl Provider for Foreigners {
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>> {
        Box::pin(self.dispatch(ask))
    }
}

impl std::fmt::Debug for Foreigners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Foreigners(…)")
    }
}

impl Core {
    fn months(&self) -> Arc<HashSet<(i64, i64)>> {
        Arc::clone(&self.months.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn learn_months(&self, months: HashSet<(i64, i64)>) -> Arc<HashSet<(i64, i64)>> {
        let months = Arc::new(months);
        *self.months.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&months);
        months
    }
}

/// The schema of one record of this kind.
fn record_schema(service: &Service, kind: RecordKind) -> Option<&Schema> {
    let method = service.passport.method(Verb::Post, &format!("{}/submit", kind.path()))?;
    service.schemas(method)?.record.as_ref()
}

/// Everything that this register says.
fn texts() -> Result<Texts, Error> {
    Texts::merge(model::text::TEXTS.into_iter().chain(TEXTS).chain(MESSAGES))
}

/// Only these query parameters are known, each at most once.
fn known_parameters(ask: &Ask, known: &[&str]) -> Result<(), Refusal> {
    for (index, (name, _)) in ask.query.iter().enumerate() {
        let again = ask.query.iter().take(index).any(|(other, _)| other == name);
        if again || !known.contains(&name.as_str()) {
            return Err(Refusal::new(Kind::Malformed, "query-unknown").with("parameter", name));
        }
    }
    Ok(())
}

fn ready(body: Vec<u8>, subjects: Vec<String>) -> Answer {
    Answer::Ready(Reply { status: 200, body, subjects })
}
