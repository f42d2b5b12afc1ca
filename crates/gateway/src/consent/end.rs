//! Consents end with their term: each end is a leaf.

use std::borrow::Cow;

use jiff::Timestamp;
use ledger::record::{self, Record};
use model::clock::uuid_at;
use store::{Db, Error, Vault};
use uuid::Uuid;

use super::DETAIL;

store::statements! {
    /// Ends consents whose term is over, some at a time.
    EXPIRE = "UPDATE consent SET ended_at = $1 WHERE ended_at IS NULL AND withdrawn_at IS NULL AND consent_id IN
        (SELECT consent_id FROM consent WHERE valid_to <= $1 AND ended_at IS NULL AND withdrawn_at IS NULL
            ORDER BY valid_to LIMIT 256)
        RETURNING consent_id, consumer, subject";
}

/// Consents whose term was over at `now` are ended, with a leaf each; how many there were this time.
pub(crate) async fn expire(db: &Db, vault: &Vault, now: Timestamp) -> Result<usize, Error> {
    let vault = vault.clone();
    let outcome = db.commit(move |tx, entries| {
        let ended = tx.query(&EXPIRE, &[now.as_microsecond().into()], |row| {
            Ok((Uuid::from_bytes(row.array(0)?), row.text(1)?.to_owned(), row.array::<16>(2)?))
        })?;
        let count = ended.len();
        for (id, consumer, subject) in ended {
            let mut record = Record::new(record::Kind::ConsentEnded, now, uuid_at(now, store::random()), consumer);
            record.decision = Cow::Borrowed("expired");
            record.subjects = vec![subject];
            record.details.insert(DETAIL, id.to_string());
            entries.push(record::entry(&record, &store::random(), &vault).map_err(Error::broken)?);
        }
        Ok(count)
    });
    outcome.await.map(|(count, _)| count)
}
