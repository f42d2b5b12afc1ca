//! Filling a database with synthetic families: made and sealed in one thread, written by others.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;
use store::{Db, Error, Vault};

use crate::enter::{Prepared, enter};

/// Households of one job: small jobs are quicker, and the writer groups many of them into one commit.
const HOUSEHOLDS: usize = 12;
/// Jobs that wait for the writer at once.
const AT_ONCE: usize = 16;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// People.
    pub people: u64,
}

/// Writes the golden families and as many more as make `people` people. Blocks: call it outside of the runtime's
/// threads. What is there already is left alone.
pub fn fill(db: &Db, vault: &Vault, seed: u64, until: Date, people: u64) -> Result<Filled, Error> {
    let (send, receive) = sync_channel(AT_ONCE);
    let jobs = Mutex::new(receive);
    std::thread::scope(|scope| {
        let maker = scope.spawn(move || make(vault, seed, until, people, &send));
        let writers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| write(db, &jobs))).collect();
        let mut filled = Ok(Filled::default());
        for writer in writers {
            let part = writer.join().map_err(|_| Error::broken("a writer of synthetic data panicked")).flatten();
            filled = filled.and_then(|so_far: Filled| part.map(|people| Filled { people: so_far.people + people }));
        }
        let made = maker.join().map_err(|_| Error::broken("the maker of synthetic data panicked")).flatten();
        filled.and_then(|filled| made.map(|()| filled))
    })
}

fn make(vault: &Vault, seed: u64, until: Date, people: u64, send: &SyncSender<Vec<Prepared>>) -> Result<(), Error> {
    let midnight = until.to_zoned(jiff::tz::TimeZone::UTC).map_err(Error::broken)?;
    let now = midnight.timestamp().as_microsecond();
    let mut job = Vec::with_capacity(HOUSEHOLDS);
    for household in synthetic::population(seed, until, people) {
        job.push(Prepared::new(vault, &household, until, now)?);
        if job.len() == HOUSEHOLDS && send.send(std::mem::take(&mut job)).is_err() {
            return Ok(()); // the writer has failed and tells why
        }
    }
    let _ = send.send(job); // as above
    Ok(())
}

/// Writes until there is nothing more. After an error the jobs are still taken, so that the maker comes to its end.
fn write(db: &Db, jobs: &Mutex<Receiver<Vec<Prepared>>>) -> Result<u64, Error> {
    let mut written = Ok(0);
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return written };
        written = written.and_then(|so_far| {
            let new = db.write_blocking(move |tx| {
                let mut new = 0;
                for household in &job {
                    new += if enter(tx, household)? { household.people() as u64 } else { 0 };
                }
                Ok(new)
            })?;
            Ok(so_far + new)
        });
    }
}
