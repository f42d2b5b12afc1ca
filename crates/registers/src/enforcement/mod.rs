//! The register of enforcement proceedings, service 3.11.01: the databank of the Ministry of Justice (Edict 418 of
//! 19.11.2019) as courts ask it.
//!
//! A proceeding is entered whole and checked whole; every entry that says something new is a new version, none is ever
//! changed. The numbers of versions follow the order of commits, which is what makes the changes feed complete.

mod changes;
mod check;
mod codes;
mod cursor;
mod jsonl;
mod lists;
mod load;
mod record;
mod search;
mod sql;
#[cfg(test)]
mod tests;

use std::io::BufRead;
use std::sync::Arc;

use gateway::{Answer, Ask, Boxed, Provider, Reply};
use jiff::Timestamp;
use model::passport::Verb;
use model::{Clock, Kind, Lang, Refusal, Schema, Service};
use store::{Db, Error, Vault};

pub use codes::{Codes, List};
pub use jsonl::{LineFault, Loaded};
pub use load::{Outcome, Prepared, load};
pub use record::{Day, Debtor, Measure, Named, Proceeding, Status};
pub use sql::{SCHEMA, STATEMENTS};

/// Texts of this register's refusals and faults.
pub const TEXTS: [(Lang, &str); 3] = [
    (Lang::En, include_str!("texts/refusals.en.toml")),
    (Lang::Be, include_str!("texts/refusals.be.toml")),
    (Lang::Ru, include_str!("texts/refusals.ru.toml")),
];

/// The register. Cheap to clone.
#[derive(Clone)]
pub struct Enforcement {
    vault: Vault,
    service: Arc<Service>,
    codes: Arc<Codes>,
    db: Db,
    clock: Clock,
}

impl std::fmt::Debug for Enforcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enforcement(…)")
    }
}

impl Enforcement {
    /// The register over `db` with the code lists that come with the program.
    pub fn new(vault: Vault, service: Arc<Service>, db: Db, clock: Clock) -> Result<Self, model::Error> {
        Self::with_codes(vault, service, Codes::built_in()?, db, clock)
    }

    /// The same with code lists of one's own: [`Codes::from_files`].
    pub fn with_codes(
        vault: Vault,
        service: Arc<Service>,
        codes: Codes,
        db: Db,
        clock: Clock,
    ) -> Result<Self, model::Error> {
        if record_schema(&service).is_none() {
            let file = "methods/search.schema.json";
            return Err(model::Error::file(file, "/$defs/record", "the schema of a proceeding as it is entered"));
        }
        Ok(Self { vault, service, codes: Arc::new(codes), db, clock })
    }

    /// The code lists.
    pub fn codes(&self) -> &Arc<Codes> {
        &self.codes
    }

    /// Enters the proceedings of JSON Lines, 500 a transaction, telling every fault. Blocks: for loaders and commands.
    pub fn load_jsonl(&self, lines: impl BufRead, report: impl FnMut(LineFault)) -> Result<Loaded, Error> {
        let schema = record_schema(&self.service).ok_or_else(|| Error::broken("no schema of a proceeding"))?;
        let Self { vault, codes, db, clock, .. } = self;
        jsonl::Loader { vault, codes, schema, db, clock }.run(lines, report)
    }

    /// Enters proceedings that are ready; what became of each.
    pub async fn enter(&self, batch: Vec<Prepared>) -> Result<Vec<Outcome>, Error> {
        let (vault, now) = (self.vault.clone(), self.clock.micros());
        self.db.write(move |tx| load(tx, &vault, &batch, now)).await
    }

    /// All versions of a proceeding, oldest first, with the moment each was entered.
    pub async fn history(&self, proceeding_number: &str) -> Result<Vec<(Timestamp, Arc<Proceeding>)>, Error> {
        let key = load::Keys::number(&self.vault, proceeding_number);
        let vault = self.vault.clone();
        let versions = self.db.read(move |tx| {
            let Some(id) = tx.query_opt(&sql::NEWEST, &[key.into()], |row| row.int(0))? else {
                return Ok(Vec::new());
            };
            tx.query(&sql::HISTORY, &[id.into()], |row| {
                let at = Timestamp::from_microsecond(row.int(1)?).map_err(Error::broken)?;
                Ok((at, load::open(&vault, row.int(0)?, row.bytes(2)?)?))
            })
        });
        versions.await
    }

    async fn reply(&self, ask: &Ask) -> Result<Reply, Refusal> {
        match &*ask.method {
            "proceedings/search" => search::answer(&self.vault, &self.codes, &self.db, ask).await,
            "proceedings/changes" => changes::answer(&self.vault, &self.db, ask).await,
            "classifiers/list" => lists::answer(&self.codes, ask),
            _ => Err(Refusal::new(Kind::NotFound, "unknown-method")),
        }
    }
}

impl Provider for Enforcement {
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.reply(&ask).await.map(Answer::Ready) })
    }
}

/// The schema of a proceeding as it is entered.
fn record_schema(service: &Service) -> Option<&Schema> {
    let search = service.passport.method(Verb::Post, "proceedings/search")?;
    service.schemas(search)?.record.as_ref()
}
