//! The one writer: whatever waits becomes one transaction, one commit, one fsync.
//!
//! There is no artificial delay: while one batch is being committed the next gathers, who has a job in hand and waits for
//! a core comes first, and who comes while the jobs run still joins them. Each job has a savepoint of its own, so that
//! its failure undoes nothing of its neighbours. Callers are answered only after a known-good commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::connected::{self, Connected, ended};
use crate::db::{Role, Target};
use crate::reserve::Reserve;
use crate::{Error, Tx};

/// Most jobs that one transaction takes.
const BATCH: usize = 1024;
/// How long after its beginning a batch takes more jobs: who comes later must not keep the others waiting.
const JOINING: Duration = Duration::from_millis(2);
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
    /// What the private record has in common with others.
    pub basis: Option<Basis>,
}

/// What many entries have in common and is stored once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Its name, which follows from the body.
    pub id: i64,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// What a job gets back for an entry: its receipt.
pub type Stamp = Arc<str>;

/// Adds the entries of a batch to the ledger, within the batch's transaction.
pub trait Seal: Send {
    /// Writes the entries (at least one) and the new head. An error fails the whole batch.
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
        if entries.is_empty() { Ok(()) } else { Err(Error::Broken("this database keeps no ledger".into())) }
    }
    fn committed(&mut self) -> Vec<Stamp> {
        Vec::new()
    }
    fn uncertain(&mut self) {}
}

/// What a caller gets: the value and the receipts of its entries.
type Answer<T> = Result<(T, Vec<Stamp>), Error>;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It changes something besides the ledger.
    Change,
    /// It records a disclosure or a refusal: small, and it goes on while the disk is full.
    Disclosure,
}

trait Job: Send {
    /// What it is for.
    fn purpose(&self) -> Purpose;
    /// Runs it in a savepoint of its own and keeps its outcome.
    fn run(&mut self, tx: &mut Tx<'_>, entries: &mut Vec<Entry>);
    /// Tells the caller.
    fn finish(self: Box<Self>, outcome: Result<Vec<Stamp>, Error>);
}

struct Call<T, F> {
    purpose: Purpose,
    job: Option<F>,
    outcome: Option<Result<T, Error>>,
    reply: oneshot::Sender<Answer<T>>,
}

impl<T: Send, F: FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send> Job for Call<T, F> {
    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn run(&mut self, tx: &mut Tx<'_>, entries: &mut Vec<Entry>) {
        let before = entries.len();
        let outcome = match self.job.take() {
            Some(job) => tx.contained(|tx| job(tx, entries)),
            None => Err(Error::Broken("a job ran twice".into())),
        };
        if outcome.is_err() {
            entries.truncate(before);
        }
        self.outcome = Some(outcome);
    }

    fn finish(self: Box<Self>, outcome: Result<Vec<Stamp>, Error>) {
        let answer = match (self.outcome, outcome) {
            // Even a refusal of its own: it may rest on what a neighbour did, which is undone now.
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
    pub(crate) fn start(target: &Target, reserve: u64, seal: Box<dyn Seal>) -> Result<Self, Error> {
        let (jobs, waiting) = flume::bounded(WAITING);
        let reserve = Reserve::keep(target.sqlite_path(), reserve);
        connected::spawn("write".into(), target, Role::Writer, move |connected| {
            Thread { connected, seal, reserve }.run(&waiting);
        })?;
        Ok(Self { jobs })
    }

    pub(crate) fn waiting(&self) -> usize {
        self.jobs.len()
    }

    fn submit<T: Send + 'static>(
        &self,
        purpose: Purpose,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Result<oneshot::Receiver<Answer<T>>, Error> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Box::new(Call { purpose, job: Some(job), outcome: None, reply })).map_err(|refused| {
            match refused {
                flume::TrySendError::Full(_) => Error::Overloaded,
                flume::TrySendError::Disconnected(_) => ended(),
            }
        })?;
        Ok(answer)
    }

    pub(crate) async fn commit<T: Send + 'static>(
        &self,
        purpose: Purpose,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        self.submit(purpose, job)?.await.map_err(|_| ended())?
    }

    pub(crate) fn commit_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        self.submit(Purpose::Change, job)?.blocking_recv().map_err(|_| ended())?
    }
}

struct Thread {
    connected: Connected,
    seal: Box<dyn Seal>,
    reserve: Reserve,
}

/// Jobs of one transaction.
type Batch = Vec<Box<dyn Job>>;
/// How many entries each job of a batch added, in order.
type Counts = Vec<usize>;

impl Thread {
    fn run(mut self, waiting: &flume::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Ok(first) = waiting.recv() {
            batch.push(first);
            let intake = Intake { waiting, full: self.reserve.is_used() };
            intake.give_way();
            intake.add_to(&mut batch);
            self.commit(&mut batch, &intake);
        }
    }

    /// Runs the batch, and what comes meanwhile, as one transaction and answers every caller.
    fn commit(&mut self, batch: &mut Batch, intake: &Intake<'_>) {
        if batch.is_empty() {
            return;
        }
        let outcome =
            self.transaction(batch, intake).and_then(|counts| Ok((self.stamps(counts.iter().sum())?, counts)));
        match outcome {
            Ok((stamps, counts)) => {
                let mut stamps = stamps.into_iter();
                for (job, count) in batch.drain(..).zip(counts) {
                    job.finish(Ok(stamps.by_ref().take(count).collect()));
                }
            }
            Err(error) => {
                if matches!(error, Error::Full) {
                    self.reserve.release(); // and tells of it once
                } else {
                    tracing::error!(%error, jobs = batch.len(), "a batch was not committed");
                }
                self.seal.uncertain();
                for job in batch.drain(..) {
                    job.finish(Err(error.clone()));
                }
            }
        }
    }

    fn transaction(&mut self, batch: &mut Batch, intake: &Intake<'_>) -> Result<Counts, Error> {
        let mut tx = self.connected.take_up()?.tx();
        let outcome = write(&mut tx, self.seal.as_mut(), batch, intake);
        if tx.must_reconnect() {
            self.connected.discard();
        }
        outcome
    }

    /// The stamps of a batch that is on disk. Without them its callers cannot be told that all is well.
    fn stamps(&mut self, entries: usize) -> Result<Vec<Stamp>, Error> {
        if entries == 0 {
            return Ok(Vec::new());
        }
        match catch_unwind(AssertUnwindSafe(|| self.seal.committed())) {
            Ok(stamps) if stamps.len() == entries => Ok(stamps),
            Ok(stamps) => {
                tracing::error!(entries, stamps = stamps.len(), "the ledger stamped another number of entries");
                Err(Error::Uncertain)
            }
            Err(_) => Err(Error::Uncertain),
        }
    }
}

/// Where a batch takes its jobs from.
struct Intake<'a> {
    waiting: &'a flume::Receiver<Box<dyn Job>>,
    /// The disk is full: jobs that change something are refused.
    full: bool,
}

impl Intake<'_> {
    /// Lets threads run that are ready to, while they bring jobs: the first job wakes the writer, and where cores are few
    /// it would push aside whoever has the next one in hand. With a core to spare this returns at once.
    fn give_way(&self) {
        let began = Instant::now();
        let mut seen = self.waiting.len();
        loop {
            std::thread::yield_now();
            let waiting = self.waiting.len();
            if waiting == seen || waiting >= BATCH || began.elapsed() >= JOINING {
                return;
            }
            seen = waiting;
        }
    }

    /// Adds what waits.
    fn add_to(&self, batch: &mut Batch) {
        batch.extend(self.waiting.try_iter().take(BATCH.saturating_sub(batch.len())));
        if self.full {
            refuse_changes(batch);
        }
    }
}

/// Answers the jobs that change something: there is no room for them.
fn refuse_changes(batch: &mut Batch) {
    for job in batch.extract_if(.., |job| job.purpose() == Purpose::Change) {
        job.finish(Err(Error::Full));
    }
}

fn write(tx: &mut Tx<'_>, seal: &mut dyn Seal, batch: &mut Batch, intake: &Intake<'_>) -> Result<Counts, Error> {
    tx.begin(Role::Writer)?;
    match jobs(tx, seal, batch, intake) {
        Ok(counts) => tx.commit().map(|()| counts),
        Err(error) => {
            tx.rollback();
            Err(error)
        }
    }
}

fn jobs(tx: &mut Tx<'_>, seal: &mut dyn Seal, batch: &mut Batch, intake: &Intake<'_>) -> Result<Counts, Error> {
    let began = Instant::now();
    let mut entries = Vec::with_capacity(batch.len());
    let mut counts = Vec::with_capacity(batch.len());
    while let Some(job) = batch.get_mut(counts.len()) {
        let before = entries.len();
        job.run(tx, &mut entries);
        // A link that is gone or a full disk concerns the whole batch, not this job alone.
        if let Some(lost) = tx.lost() {
            return Err(lost.clone());
        }
        counts.push(entries.len() - before);
        if counts.len() == batch.len() && began.elapsed() < JOINING {
            intake.add_to(batch);
        }
    }
    if !entries.is_empty() {
        catch_unwind(AssertUnwindSafe(|| seal.seal(tx, &entries)))
            .unwrap_or_else(|_| Err(Error::Broken("the ledger panicked".into())))?;
    }
    Ok(counts)
}
