//! Threads that read, each with its own connection and a consistent snapshot for every job.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::db::{Connection, Target};
use crate::{Error, Tx};

type Job = Box<dyn FnOnce(Result<&mut Connection, Error>) + Send>;

/// The reading side of a database.
#[derive(Clone)]
pub(crate) struct Readers {
    jobs: flume::Sender<Job>,
}

impl Readers {
    pub(crate) fn start(target: &Target, threads: usize) -> Result<Self, Error> {
        let (jobs, waiting) = flume::bounded::<Job>(4096);
        for number in 0..threads {
            let waiting = waiting.clone();
            let target = target.clone();
            let first = target.connect(false)?;
            std::thread::Builder::new()
                .name(format!("read-{number}"))
                .spawn(move || run(&target, first, &waiting))
                .map_err(|e| Error::Unavailable(e.to_string()))?;
        }
        Ok(Self { jobs })
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = connection.and_then(|connection| snapshot(connection, job));
            let _ = reply.send(outcome); // the caller may have given up
        });
        self.jobs.try_send(job).map_err(|_| Error::Overloaded)?;
        answer
            .await
            .map_err(|_| Error::Unavailable("the storage thread has ended".into()))?
    }
}

fn run(target: &Target, first: Connection, waiting: &flume::Receiver<Job>) {
    let mut connection = Some(first);
    while let Ok(job) = waiting.recv() {
        if connection.as_ref().is_none_or(|c| !c.alive()) {
            connection = match target.connect(false) {
                Ok(fresh) => Some(fresh),
                Err(error) => {
                    job(Err(error));
                    continue;
                }
            };
        }
        if let Some(connection) = connection.as_mut() {
            job(Ok(connection));
        }
    }
}

fn snapshot<T>(connection: &mut Connection, job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let begin = match connection {
        Connection::Sqlite(_) => "BEGIN DEFERRED",
        Connection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    let mut tx = connection.tx();
    tx.batch(begin)?;
    let outcome = catch_unwind(AssertUnwindSafe(|| job(&mut tx)))
        .unwrap_or_else(|_| Err(Error::Broken("a reading job panicked".into())));
    match (outcome, tx.batch("COMMIT")) {
        (Ok(value), Ok(())) => Ok(value),
        (Err(error), _) => {
            // A failed COMMIT of a failed read leaves PostgreSQL in an aborted transaction; end it either way.
            let _ = tx.batch("ROLLBACK");
            Err(error)
        }
        (Ok(_), Err(error)) => {
            let _ = tx.batch("ROLLBACK");
            Err(error)
        }
    }
}
