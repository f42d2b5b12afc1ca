//! The one writer: whatever waits becomes one transaction, one commit, one fsync.
//!
//! There is no artificial delay: while one batch is being committed the next gathers. Each job has a savepoint of its
//! own, so that its failure undoes nothing of its neighbours. Callers are answered only after a known-good commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::db::{Connection, Target};
use crate::{Error, Tx};

/// Most jobs that one transaction takes.
const BATCH: usize = 1024;
/// Jobs that may wait; more are refused at once, so that an overloaded node answers instead of hoarding.
const WAITING: usize = 4096;

/// What a job adds to the ledger: the public entry and its private record, already sealed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The public bytes.
    pub data: Vec<u8>,
    /// The request's identifier, by which the private record is found.
    pub key: [u8; 16],
    /// The private record, sealed.
    pub private: Vec<u8>,
}

/// What a job gets back for an entry: its receipt.
pub type Stamp = Arc<str>;

/// Adds the entries of a batch to the ledger, within the batch's transaction.
pub trait Seal: Send {
    /// Writes the entries and the new head. An error fails the whole batch.
    fn seal(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Error>;
    /// The transaction of the last [`Seal::seal`] is on disk: the stamps of its entries, in order.
    fn committed(&mut self) -> Vec<Stamp>;
    /// The transaction was undone or its outcome is not known: believe only the database.
    fn uncertain(&mut self);
}

/// For databases without a ledger: entries are refused.
pub struct NoSeal;

impl Seal for NoSeal {
    fn seal(&mut self, _tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Error> {
        if entries.is_empty() {
            Ok(())
        } else {
            Err(Error::Broken("this database keeps no ledger".into()))
        }
    }
    fn committed(&mut self) -> Vec<Stamp> {
        Vec::new()
    }
    fn uncertain(&mut self) {}
}

/// What a caller gets: the value and the receipts of its entries.
type Answer<T> = Result<(T, Vec<Stamp>), Error>;

trait Job: Send {
    /// Runs it; the number of its entries if it succeeded.
    fn run(&mut self, tx: &mut Tx<'_>, entries: &mut Vec<Entry>) -> Result<(), Error>;
    /// Tells the caller.
    fn finish(self: Box<Self>, outcome: Result<Vec<Stamp>, Error>);
}

struct Call<T, F> {
    job: Option<F>,
    outcome: Option<Result<T, Error>>,
    reply: oneshot::Sender<Answer<T>>,
}

impl<T: Send, F: FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send> Job for Call<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let Some(job) = self.job.take() else {
            return Err(Error::Broken("a job ran twice".into()));
        };
        let before = entries.len();
        let ran = catch_unwind(AssertUnwindSafe(|| tx.nested(|tx| job(tx, entries))));
        let outcome = match ran {
            Ok(outcome) => outcome,
            Err(_) => {
                // The savepoint is still open: undo it before a neighbour runs.
                tx.depth = 0;
                tx.batch("ROLLBACK TO SAVEPOINT s1; RELEASE SAVEPOINT s1")?;
                Err(Error::Broken("a writing job panicked".into()))
            }
        };
        if outcome.is_err() {
            entries.truncate(before);
        }
        // A link that is gone or a full disk concerns the whole batch, not this job alone.
        let fatal = match &outcome {
            Err(error @ (Error::Unavailable(_) | Error::Uncertain | Error::Full)) => Err(error.clone()),
            _ => Ok(()),
        };
        self.outcome = Some(outcome);
        fatal
    }

    fn finish(self: Box<Self>, outcome: Result<Vec<Stamp>, Error>) {
        let answer = match (self.outcome, outcome) {
            (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(stamps)) => Ok((value, stamps)),
            (Some(Err(error)), Ok(_)) => Err(error),
            (None, Ok(_)) => Err(Error::Broken("a job did not run".into())),
        };
        let _ = self.reply.send(answer); // the caller may have given up; what is committed stays committed
    }
}

/// The writing side of a database.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: flume::Sender<Box<dyn Job>>,
}

impl Writer {
    pub(crate) fn start(target: Target, seal: Box<dyn Seal>) -> Result<Self, Error> {
        let (jobs, waiting) = flume::bounded(WAITING);
        let connection = target.connect(true)?;
        std::thread::Builder::new()
            .name("write".into())
            .spawn(move || {
                Thread {
                    target,
                    connection: Some(connection),
                    seal,
                }
                .run(&waiting)
            })
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        Ok(Self { jobs })
    }

    pub(crate) fn waiting(&self) -> usize {
        self.jobs.len()
    }

    fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Result<oneshot::Receiver<Answer<T>>, Error> {
        let (reply, answer) = oneshot::channel();
        self.jobs
            .try_send(Box::new(Call {
                job: Some(job),
                outcome: None,
                reply,
            }))
            .map_err(|_| Error::Overloaded)?;
        Ok(answer)
    }

    pub(crate) async fn commit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        self.submit(job)?.await.map_err(|_| ended())?
    }

    pub(crate) fn commit_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        self.submit(job)?.blocking_recv().map_err(|_| ended())?
    }
}

fn ended() -> Error {
    Error::Unavailable("the storage thread has ended".into())
}

struct Thread {
    target: Target,
    connection: Option<Connection>,
    seal: Box<dyn Seal>,
}

impl Thread {
    fn run(mut self, waiting: &flume::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Ok(first) = waiting.recv() {
            batch.push(first);
            batch.extend(waiting.try_iter().take(BATCH - 1));
            self.commit(&mut batch);
        }
    }

    /// Runs the batch as one transaction and answers every caller.
    fn commit(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let outcome = self.transaction(batch);
        match outcome {
            Ok(counts) => {
                let mut stamps = self.seal.committed().into_iter();
                for (job, count) in batch.drain(..).zip(counts) {
                    job.finish(Ok(stamps.by_ref().take(count).collect()));
                }
            }
            Err(error) => {
                tracing::error!(%error, jobs = batch.len(), "a batch was not committed");
                self.seal.uncertain();
                for job in batch.drain(..) {
                    job.finish(Err(error.clone()));
                }
            }
        }
    }

    fn transaction(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Vec<usize>, Error> {
        let mut connection = match self.connection.take() {
            Some(connection) if connection.alive() => connection,
            _ => self.target.connect(true)?,
        };
        let outcome = write(&mut connection, self.seal.as_mut(), batch);
        // After an error of the device nothing may be retried on the same handle: the next batch opens a new one.
        if !matches!(outcome, Err(Error::Unavailable(_) | Error::Uncertain)) {
            self.connection = Some(connection);
        } else {
            std::thread::sleep(Duration::from_millis(20));
        }
        outcome
    }
}

fn write(connection: &mut Connection, seal: &mut dyn Seal, batch: &mut [Box<dyn Job>]) -> Result<Vec<usize>, Error> {
    let begin = match connection {
        Connection::Sqlite(_) => "BEGIN IMMEDIATE",
        Connection::Postgres(_) => "BEGIN",
    };
    let mut tx = connection.tx();
    tx.batch(begin)?;
    let done = jobs(&mut tx, seal, batch);
    let counts = match done {
        Ok(counts) => counts,
        Err(error) => {
            let _ = tx.batch("ROLLBACK"); // the error that matters is the first one
            return Err(error);
        }
    };
    match tx.batch("COMMIT") {
        Ok(()) => Ok(counts),
        Err(error) => {
            // SQLite keeps the transaction open when COMMIT fails on a full disk; PostgreSQL's outcome may be unknown.
            let undone = tx.batch("ROLLBACK").is_ok() && !tx.is_postgres();
            Err(match error {
                Error::Full if undone => Error::Full,
                Error::Unavailable(_) if !undone => Error::Uncertain,
                other => other,
            })
        }
    }
}

fn jobs(tx: &mut Tx<'_>, seal: &mut dyn Seal, batch: &mut [Box<dyn Job>]) -> Result<Vec<usize>, Error> {
    let mut entries = Vec::with_capacity(batch.len());
    let mut counts = Vec::with_capacity(batch.len());
    for job in batch {
        let before = entries.len();
        job.run(tx, &mut entries)?;
        counts.push(entries.len() - before);
    }
    seal.seal(tx, &entries)?;
    Ok(counts)
}
