//! Threads that read, each with its own connection and a consistent snapshot for every job.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::connected::{self, Connected, ended};
use crate::db::{Role, Target};
use crate::{Error, Tx};

/// Jobs that may wait; more are refused at once.
const WAITING: usize = 4096;

type Job = Box<dyn FnOnce(Result<&mut Tx<'_>, Error>) + Send>;

/// The reading side of a database.
#[derive(Clone)]
pub(crate) struct Readers {
    jobs: flume::Sender<Job>,
}

impl Readers {
    pub(crate) fn start(target: &Target, threads: usize) -> Result<Self, Error> {
        let (jobs, waiting) = flume::bounded::<Job>(WAITING);
        for number in 0..threads {
            let waiting = waiting.clone();
            connected::spawn(format!("read-{number}"), target, Role::Reader, move |connected| {
                run(connected, &waiting);
            })?;
        }
        Ok(Self { jobs })
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            let outcome = tx.and_then(|tx| {
                catch_unwind(AssertUnwindSafe(|| job(tx)))
                    .unwrap_or_else(|_| Err(Error::Broken("a reading job panicked".into())))
            });
            let _ = reply.send(outcome); // the caller may have given up
        });
        self.jobs.try_send(job).map_err(|refused| match refused {
            flume::TrySendError::Full(_) => Error::Overloaded,
            flume::TrySendError::Disconnected(_) => ended(),
        })?;
        answer.await.map_err(|_| ended())?
    }
}

fn run(mut connected: Connected, waiting: &flume::Receiver<Job>) {
    while let Ok(job) = waiting.recv() {
        let connection = match connected.take_up() {
            Ok(connection) => connection,
            Err(error) => {
                job(Err(error));
                continue;
            }
        };
        let mut tx = connection.tx();
        if let Err(error) = tx.begin(Role::Reader) {
            job(Err(error));
        } else {
            // The caller has the answer before the snapshot is given back: ending a snapshot changes nothing.
            job(Ok(&mut tx));
            tx.rollback();
        }
        if tx.must_reconnect() {
            connected.discard();
        }
    }
}
