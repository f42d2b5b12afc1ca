//! Durable jobs: put in with the effect that needs them, worked on at least once.

use crate::{Error, Migration, Param, Tx, dialect};

/// The table of jobs.
pub const SCHEMA: &[Migration] = &[Migration {
    owner: "store",
    number: 1,
    sql: "CREATE TABLE job (id {bytes} NOT NULL PRIMARY KEY, queue {text} NOT NULL, due_at {int} NOT NULL,
            attempts {int} NOT NULL, body {bytes} NOT NULL) {strict};
          CREATE INDEX job_due ON job (queue, due_at, id);",
}];

crate::statements! {
    /// Puts a job in.
    ENQUEUE = "INSERT INTO job (id, queue, due_at, attempts, body) VALUES ($1, $2, $3, 0, $4)";
    /// Takes a job out for good.
    DONE = "DELETE FROM job WHERE id = $1";
    /// Puts off a job.
    PUT_OFF = "UPDATE job SET due_at = $2 WHERE id = $1";
    /// Jobs of a queue that wait.
    LENGTH = "SELECT COUNT(*) FROM job WHERE queue = $1";
}

/// A job taken for work. Nobody else gets it until the lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its identifier.
    pub id: [u8; 16],
    /// How often it was taken, this time included.
    pub attempts: i64,
    /// What to do; sealed by whoever put it in when it is personal.
    pub body: Vec<u8>,
}

/// Puts a job into `queue`, due at `due_at` (microseconds). It exists if and only if the transaction commits.
pub fn enqueue(tx: &mut Tx<'_>, id: &[u8; 16], queue: &str, due_at: i64, body: &[u8]) -> Result<(), Error> {
    tx.execute(&ENQUEUE, &[id.into(), queue.into(), due_at.into(), Param::Bytes(body)]).map(|_| ())
}

/// Takes the job that is due longest, for `lease` microseconds.
pub fn claim(tx: &mut Tx<'_>, queue: &str, now: i64, lease: i64) -> Result<Option<Claimed>, Error> {
    let statement = dialect::claim(tx);
    tx.query_opt(statement, &[queue.into(), now.into(), now.saturating_add(lease).into()], |row| {
        Ok(Claimed { id: row.array(0)?, attempts: row.int(1)?, body: row.bytes(2)?.to_vec() })
    })
}

/// The job is done and gone.
pub fn done(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<(), Error> {
    tx.execute(&DONE, &[id.into()]).map(|_| ())
}

/// The job is tried again at `due_at`.
pub fn put_off(tx: &mut Tx<'_>, id: &[u8; 16], due_at: i64) -> Result<(), Error> {
    tx.execute(&PUT_OFF, &[id.into(), due_at.into()]).map(|_| ())
}

/// How many jobs wait in `queue`.
pub fn length(tx: &mut Tx<'_>, queue: &str) -> Result<i64, Error> {
    Ok(tx.query_opt(&LENGTH, &[queue.into()], |row| row.int(0))?.unwrap_or(0))
}
