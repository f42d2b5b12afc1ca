//! A storage thread's connection: made before work begins, made again when it is gone.

use std::time::{Duration, Instant};

use crate::db::{Connection, Role, Target};
use crate::{Error, sqlite};

/// After a connection was refused, work is refused at once for so long: nobody queues behind the next time-out.
const REFUSING: Duration = Duration::from_millis(100);

/// The connection of one storage thread.
pub(crate) struct Connected {
    target: Target,
    role: Role,
    connection: Option<Connection>,
    refused: Option<(Instant, Error)>,
}

impl Connected {
    /// The connection, made anew when the last one is gone.
    pub(crate) fn take_up(&mut self) -> Result<&mut Connection, Error> {
        if self.connection.as_mut().is_some_and(|connection| !connection.alive()) {
            self.connection = None;
        }
        if self.connection.is_none() {
            if let Some((at, error)) = &self.refused
                && at.elapsed() < REFUSING
            {
                return Err(error.clone());
            }
            match self.target.connect(self.role) {
                Ok(connection) => {
                    self.refused = None;
                    self.connection = Some(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection to the database");
                    self.refused = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            }
        }
        self.connection.as_mut().ok_or_else(|| Error::Unavailable("there is no connection".into()))
    }

    /// Closes the connection: after an error of the device nothing may be tried again on the same one.
    pub(crate) fn discard(&mut self) {
        self.connection = None;
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let Some(Connection::Sqlite(connection)) = self.connection.take() {
            sqlite::close(connection);
        }
    }
}

/// Starts a storage thread named `name`; it has its connection when this returns.
///
/// The connection is made on the thread itself: PostgreSQL's brings a runtime, which must neither be made nor dropped
/// on a caller's asynchronous thread.
pub(crate) fn spawn(
    name: String,
    target: &Target,
    role: Role,
    work: impl FnOnce(Connected) + Send + 'static,
) -> Result<(), Error> {
    let target = target.clone();
    let (ready, outcome) = flume::bounded(1);
    std::thread::Builder::new()
        .name(name)
        .spawn(move || match target.connect(role) {
            Ok(connection) => {
                let _ = ready.send(Ok(())); // whoever starts us waits for it
                work(Connected { target, role, connection: Some(connection), refused: None });
            }
            Err(error) => {
                let _ = ready.send(Err(error)); // the same
            }
        })
        .map_err(|e| Error::Unavailable(e.to_string()))?;
    outcome.recv().map_err(|_| ended())?
}

/// What is told when a storage thread is no more.
pub(crate) fn ended() -> Error {
    Error::Unavailable("the storage thread has ended".into())
}
