//! The operator's acts: consumers, treaties, subscriptions, tokens, certificates.
//!
//! Each act is one transaction with a leaf in the ledger, and raises the version that makes every node renew its
//! snapshot, so that it takes effect without a restart.

mod consumer;
mod login;
mod signer;
mod token;
mod treaty;

use std::borrow::Cow;

use jiff::Timestamp;
use ledger::record::{self, Record};
use model::clock::uuid_at;
use store::{Db, Entry, Error, Stamp, Statement, Tx, Vault};

pub use consumer::{consumers, register};
pub use login::{Login, login};
pub use signer::{enrol, signers, strike};
pub use token::{Issued, Term, Token, issue, revoke, tokens};
pub use treaty::{conclude, subscribe, transition, treaties, unsubscribe};

/// What an act needs besides its subject.
#[derive(Clone)]
pub struct Desk {
    /// The database with its ledger.
    pub db: Db,
    /// Seals the private record.
    pub vault: Vault,
    /// The moment of the act.
    pub now: Timestamp,
}

const RAISE_VERSION: Statement =
    Statement::new("RAISE_VERSION", "UPDATE access_version SET version = version + 1 WHERE id = 1");

/// All statements of the operator's acts.
pub(crate) fn statements() -> Vec<&'static Statement> {
    let mut all = vec![&RAISE_VERSION];
    for own in [consumer::STATEMENTS, login::STATEMENTS, treaty::STATEMENTS, token::STATEMENTS, signer::STATEMENTS] {
        all.extend(own);
    }
    all
}

impl Desk {
    /// Commits `act` with its leaf: who is concerned, what was decided.
    async fn commit<T: Send + 'static>(
        &self,
        consumer: &str,
        decision: &'static str,
        detail: (&'static str, String),
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, Stamp), Error> {
        let id = uuid_at(self.now, store::random());
        let mut record = Record::new(record::Kind::Access, self.now, id, consumer.to_owned());
        record.decision = Cow::Borrowed(decision);
        record.details.insert(Cow::Borrowed(detail.0), detail.1);
        let entry: Entry = record::entry(&record, &store::random(), &self.vault).map_err(Error::broken)?;
        let (value, stamps) = self
            .db
            .commit(move |tx, entries| {
                let value = act(tx)?;
                tx.execute(&RAISE_VERSION, &[])?;
                entries.push(entry);
                Ok(value)
            })
            .await?;
        let stamp = stamps.into_iter().next().ok_or_else(|| Error::broken("the ledger gave no receipt"))?;
        Ok((value, stamp))
    }
}

/// A value as the JSON text its row keeps.
fn json_text(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::broken)
}
