//! The Population Register (service 3.40.01/1): people, documents and civil acts with their history, and the families
//! that follow from them, in the Register's published message shape (`domain.md` §4).
//!
//! Acts are entered, families are derived: nobody is ever recorded as married, only a marriage and what ended it.
#![forbid(unsafe_code)]

mod answer;
mod around;
mod codes;
mod documents;
mod enter;
mod family;
mod fill;
mod kin;
mod person;
mod record;
mod request;
mod sql;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use gateway::{Answer, Ask, Boxed, Provider, Reply};
use jiff::civil::Date;
use model::{Clock, IdentificationNumber, Kind, Lang, Refusal, Texts};
use store::{Db, Error, Vault};

pub use around::Around;
pub use codes::{Codes, List};
pub use enter::{Prepared, enter};
pub use family::{Child, Ending, Evidence, Family, MaritalStatus, Marriage, marital_status};
pub use fill::{Filled, fill};
pub use record::{Act, ActKind, Document, DocumentStatus, Identity, Office, Role, Spelled};
pub use request::request;
pub use sql::{SCHEMA, STATEMENTS};

/// Texts of this register's faults.
pub const TEXTS: [(Lang, &str); 3] = [
    (Lang::En, include_str!("texts/refusals.en.toml")),
    (Lang::Be, include_str!("texts/refusals.be.toml")),
    (Lang::Ru, include_str!("texts/refusals.ru.toml")),
];

/// People whom the stand's Register knows.
pub const PEOPLE: u64 = 100_000;

/// Since when the Register keeps history; what ended before is not furnished.
pub const KEPT_SINCE: Date = Date::constant(2013, 7, 1);

/// The register. Cheap to clone.
#[derive(Clone)]
pub struct Population {
    vault: Vault,
    db: Db,
    clock: Clock,
    codes: Arc<Codes>,
    texts: Arc<Texts>,
}

impl std::fmt::Debug for Population {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Population(…)")
    }
}

impl Population {
    /// The register over `db`, with the code lists that come with the program.
    pub fn new(vault: Vault, db: Db, clock: Clock) -> Result<Self, model::Error> {
        let texts = Texts::merge(model::TEXTS.into_iter().chain(TEXTS))?;
        Ok(Self { vault, db, clock, codes: Arc::new(Codes::built_in()?), texts: Arc::new(texts) })
    }

    /// Everybody around the person with this number, with all acts between them; none when nobody has it.
    pub async fn around(&self, number: &IdentificationNumber) -> Result<Option<Around>, Error> {
        let (vault, number) = (self.vault.clone(), number.clone());
        self.db.read(move |tx| Around::read(tx, &vault, &number)).await
    }

    async fn reply(&self, ask: &Ask) -> Result<Reply, Refusal> {
        match &*ask.method {
            "common/register" => self.register(ask).await,
            _ => Err(Refusal::new(Kind::NotFound, "unknown-method")),
        }
    }
}

impl Provider for Population {
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.reply(&ask).await.map(Answer::Ready) })
    }
}
