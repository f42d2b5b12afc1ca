//! Filling a database with synthetic data: made and made ready in one thread, written in another.

use std::collections::{BTreeMap, HashSet};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use store::{Db, Error, Vault};

use super::{Record, Seed};
use crate::enforcement::{self, Codes, Proceeding};
use crate::foreigners::{self, Preparer};

/// Records of one job. SQLite walks through all that a job has changed so far at each of its statements: small jobs are
/// quicker, and the writer groups many of them into one commit.
const RECORDS: usize = 64;
/// Proceedings of one job.
const PROCEEDINGS: usize = 100;
/// Jobs that wait for the writer at once.
const AT_ONCE: usize = 32;
/// More records than anybody has: numbers are taken once for all people.
const NUMBERS_A_PERSON: u64 = 32;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Records of ISOS.
    pub records: u64,
    /// Enforcement proceedings.
    pub proceedings: u64,
}

enum Batch {
    Records(BTreeMap<&'static str, Vec<foreigners::Prepared>>),
    Proceedings(Vec<enforcement::Prepared>),
}

/// Fills an empty database with what `seed` makes of so many foreigners and proceedings. Blocks: call it outside of the
/// runtime's threads. What is there already is left alone.
pub fn fill(
    db: &Db,
    vault: &Vault,
    codes: &Codes,
    seed: Seed,
    foreigners: u64,
    proceedings: u64,
) -> Result<Filled, Error> {
    let numbers = i64::try_from(foreigners.saturating_mul(NUMBERS_A_PERSON)).map_err(Error::broken)?;
    let first = db.write_blocking(move |tx| foreigners::reserve(tx, numbers.max(1)))?;
    let (send, receive) = sync_channel(AT_ONCE);
    let batches = Mutex::new(receive);
    std::thread::scope(|scope| {
        let maker = scope.spawn(move || make(vault, codes, seed, (foreigners, first), proceedings, &send));
        let writers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| write(db, vault, seed, &batches))).collect();
        let mut filled = Filled::default();
        let mut outcome = Ok(());
        for writer in writers {
            match writer.join().map_err(|_| Error::broken("a writer of synthetic data panicked")).flatten() {
                Ok(part) => {
                    filled.records += part.records;
                    filled.proceedings += part.proceedings;
                }
                Err(error) => outcome = Err(error),
            }
        }
        let made = maker.join().map_err(|_| Error::broken("the maker of synthetic data panicked")).flatten();
        outcome.and(made).map(|()| filled)
    })
}

fn make(
    vault: &Vault,
    codes: &Codes,
    seed: Seed,
    (foreigners, first): (u64, i64),
    proceedings: u64,
    send: &SyncSender<Batch>,
) -> Result<(), Error> {
    let mut waiting: BTreeMap<&'static str, Vec<foreigners::Prepared>> = BTreeMap::new();
    let mut enlisted: HashSet<u64> = HashSet::new();
    let mut count = 0;
    // In the order of time, as they would have come: each batch then touches the pages of a month or two, not of all.
    let mut records: Vec<Record> = seed.records(foreigners).collect();
    records.sort_by_key(|record| record.received_at);
    for (number, record) in (first..).zip(records) {
        let mut prepared = ready(vault, &record, number)?;
        if !enlisted.insert(record.person) {
            prepared.names = None; // the directory needs each person once
        }
        waiting.entry(record.source).or_default().push(prepared);
        count += 1;
        if count % RECORDS == 0 && send.send(Batch::Records(std::mem::take(&mut waiting))).is_err() {
            return Ok(()); // the writer has failed and tells why
        }
    }
    if send.send(Batch::Records(waiting)).is_err() {
        return Ok(());
    }
    let mut batch = Vec::with_capacity(PROCEEDINGS);
    for proceeding in seed.proceedings(proceedings) {
        batch.push(checked(vault, codes, proceeding)?);
        if batch.len() == PROCEEDINGS && send.send(Batch::Proceedings(std::mem::take(&mut batch))).is_err() {
            return Ok(());
        }
    }
    let _ = send.send(Batch::Proceedings(batch)); // as above
    Ok(())
}

fn ready(vault: &Vault, record: &Record, number: i64) -> Result<foreigners::Prepared, Error> {
    let raw = std::str::from_utf8(&record.body).map_err(Error::broken)?;
    let members = serde_json::from_str(raw).map_err(Error::broken)?;
    let preparer = Preparer { vault, source: record.source, received_at: record.received_at };
    Ok(preparer.prepare(record.kind, &members, raw, number))
}

fn checked(vault: &Vault, codes: &Codes, proceeding: Proceeding) -> Result<enforcement::Prepared, Error> {
    enforcement::Prepared::new(vault, codes, proceeding)
        .map_err(|faults| Error::broken(format!("a synthetic proceeding is faulty: {faults:?}")))
}

/// Writes until there is nothing more. After an error the batches are still taken, so that the maker comes to its end.
fn write(db: &Db, vault: &Vault, seed: Seed, batches: &Mutex<Receiver<Batch>>) -> Result<Filled, Error> {
    let mut filled = Ok(Filled::default());
    loop {
        let next = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return filled };
        if let Ok(so_far) = filled {
            filled = write_one(db, vault.clone(), seed, batch).map(|(records, proceedings)| Filled {
                records: so_far.records + records,
                proceedings: so_far.proceedings + proceedings,
            });
        }
    }
}

fn write_one(db: &Db, vault: Vault, seed: Seed, batch: Batch) -> Result<(u64, u64), Error> {
    match batch {
        Batch::Records(by_source) => {
            let new = db.write_blocking(move |tx| {
                let mut new = 0;
                for (source, records) in &by_source {
                    new += foreigners::load(tx, &vault, source, records)? as u64;
                }
                Ok(new)
            })?;
            Ok((new, 0))
        }
        Batch::Proceedings(batch) => {
            let midnight = seed.until.to_zoned(jiff::tz::TimeZone::UTC).map_err(Error::broken)?;
            let now = midnight.timestamp().as_microsecond();
            let outcomes = db.write_blocking(move |tx| enforcement::load(tx, &vault, &batch, now))?;
            Ok((0, outcomes.len() as u64))
        }
    }
}
