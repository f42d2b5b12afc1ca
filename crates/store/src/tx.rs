//! A transaction on either engine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::db::Role;
use crate::postgres::PgLink;
use crate::{Error, Param, Row, Statement, sqlite};

/// A transaction under way. Handed to jobs by [`crate::Db`]; ended by it, never by the job.
///
/// A failed statement ends the part it stands in, on both engines alike (PostgreSQL would have it so anyway): what may
/// fail without failing the whole job belongs into [`Tx::nested`].
pub struct Tx<'c> {
    link: Link<'c>,
    depth: u32,
    /// The statement that failed in the innermost part.
    failed: Option<&'static str>,
    /// Why nothing more can be done in this transaction.
    lost: Option<Error>,
}

enum Link<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PgLink),
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self::of(Link::Sqlite(connection))
    }

    pub(crate) fn postgres(link: &'c mut PgLink) -> Self {
        Self::of(Link::Postgres(link))
    }

    fn of(link: Link<'c>) -> Self {
        Self { link, depth: 0, failed: None, lost: None }
    }

    /// True on PostgreSQL. Only `dialect` and the tests ask.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.link, Link::Postgres(_))
    }

    /// Runs a statement and leaves its rows, if any, unread; the number of rows it changed or returned.
    pub fn execute(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<u64, Error> {
        self.usable(statement.name)?;
        let outcome = match &mut self.link {
            Link::Sqlite(connection) => sqlite::execute(connection, statement, params),
            Link::Postgres(link) => link.execute(statement, params),
        };
        self.noting(statement.name, outcome)
    }

    /// All rows of a query, mapped.
    pub fn query<T>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut out = Vec::new();
        self.each(statement, params, |row| {
            out.push(map(row)?);
            Ok(true)
        })?;
        Ok(out)
    }

    /// The first row of a query, mapped, or none.
    pub fn query_opt<T>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        map: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut out = None;
        let mut map = Some(map);
        self.each(statement, params, |row| {
            if let Some(map) = map.take() {
                out = Some(map(row)?);
            }
            Ok(false)
        })?;
        Ok(out)
    }

    /// Hands each row to `visit` until it says `false` or fails. Its failure is the job's own and harms no statement.
    pub fn each(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.usable(statement.name)?;
        let mut own = None;
        let visit = |row: &Row<'_>| {
            visit(row).unwrap_or_else(|error| {
                own = Some(error);
                false
            })
        };
        let outcome = match &mut self.link {
            Link::Sqlite(connection) => sqlite::each(connection, statement, params, visit),
            Link::Postgres(link) => link.each(statement, params, visit),
        };
        self.noting(statement.name, outcome)?;
        own.map_or(Ok(()), Err)
    }

    /// Runs `part`; when it fails, only its own effects are undone and the transaction goes on.
    pub fn nested<T>(&mut self, part: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.usable("SAVEPOINT")?;
        let outer = self.depth;
        let savepoint = savepoint(outer + 1);
        self.open(savepoint)?;
        self.depth = outer + 1;
        let outcome = part(self);
        self.depth = outer; // a panic caught inside may have left it deeper
        let failed = self.failed.take();
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        let outcome = match (outcome, failed) {
            (Ok(_), Some(statement)) => Err(went_on(statement)),
            (outcome, _) => outcome,
        };
        let ended = match outcome {
            Ok(_) => self.close(savepoint),
            Err(_) => self.undo(savepoint),
        };
        ended.and(outcome)
    }

    /// [`Tx::nested`] that survives a panic of `part`.
    pub(crate) fn contained<T>(&mut self, part: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.nested(|tx| {
            catch_unwind(AssertUnwindSafe(|| part(tx)))
                .unwrap_or_else(|_| Err(Error::Broken("a writing job panicked".into())))
        })
    }

    /// Runs SQL texts that take no parameters and return no rows: schema changes.
    pub fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.usable("batch")?;
        let outcome = match &mut self.link {
            Link::Sqlite(connection) => connection.execute_batch(sql).map_err(|e| sqlite::error(&e, "batch")),
            Link::Postgres(link) => link.batch(sql),
        };
        self.noting("batch", outcome)
    }

    /// Prepares a statement and says what is wrong with it.
    pub fn prepare(&mut self, statement: &Statement) -> Result<(), Error> {
        self.usable(statement.name)?;
        let outcome = match &mut self.link {
            Link::Sqlite(connection) => sqlite::prepare(connection, statement),
            Link::Postgres(link) => link.prepare(statement).map(|_| ()),
        };
        self.noting(statement.name, outcome)
    }

    pub(crate) fn begin(&mut self, role: Role) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => {
                let begin = match role {
                    Role::Reader => &BEGIN_READING,
                    Role::Writer | Role::Schema => &BEGIN_WRITING,
                };
                let outcome = sqlite::execute(connection, begin, &[]).map(|_| ());
                self.noting("BEGIN", outcome)
            }
            Link::Postgres(link) => {
                link.begin(role);
                Ok(())
            }
        }
    }

    /// Ends the transaction for good. Nothing of it is kept on an error other than [`Error::Uncertain`].
    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        if let Err(error) = self.usable("COMMIT") {
            self.rollback();
            return Err(error);
        }
        let outcome = match &mut self.link {
            Link::Sqlite(connection) => sqlite::execute(connection, &COMMIT, &[]).map(|_| ()),
            Link::Postgres(link) => link.commit(),
        };
        let Err(error) = outcome else {
            return Ok(());
        };
        self.rollback(); // SQLite keeps the transaction open when COMMIT fails
        if matches!(error, Error::Unavailable(_)) {
            // PostgreSQL may have committed before the link broke; SQLite's frames may be on a disk that could not
            // be told to keep them, and a recovery would find them.
            self.lost = Some(Error::Uncertain);
            return Err(Error::Uncertain);
        }
        Err(error)
    }

    /// Undoes whatever was not committed.
    pub(crate) fn rollback(&mut self) {
        self.depth = 0;
        self.failed = None;
        let undone = match &mut self.link {
            Link::Sqlite(connection) if connection.is_autocommit() => Ok(()), // the engine has done it already
            Link::Sqlite(connection) => connection.execute_batch("ROLLBACK").map_err(|e| sqlite::error(&e, "ROLLBACK")),
            Link::Postgres(link) => link.rollback(),
        };
        if let Err(error) = undone {
            self.lost = Some(error);
        }
    }

    /// Why the transaction as a whole is beyond help, if it is.
    pub(crate) fn lost(&self) -> Option<&Error> {
        self.lost.as_ref()
    }

    /// True when the connection should not be used again. A full disk needs no new connection, and could not make one.
    pub(crate) fn must_reconnect(&self) -> bool {
        self.lost.as_ref().is_some_and(|lost| !matches!(lost, Error::Full))
    }

    fn usable(&self, statement: &'static str) -> Result<(), Error> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        match self.failed {
            Some(failed) if failed == statement => Err(went_on(failed)),
            Some(failed) => Err(Error::Broken(format!("{statement} was not run: {}", went_on(failed)))),
            None => Ok(()),
        }
    }

    /// Remembers what an error means for the rest of the transaction.
    fn noting<T>(&mut self, statement: &'static str, outcome: Result<T, Error>) -> Result<T, Error> {
        let Err(error) = &outcome else {
            return outcome;
        };
        self.failed = Some(statement);
        let gone = match &self.link {
            // After some errors SQLite rolls everything back by itself; statements would then run on their own.
            Link::Sqlite(connection) => connection.is_autocommit() || matches!(error, Error::Unavailable(_)),
            Link::Postgres(link) => link.gone(),
        };
        if gone || matches!(error, Error::Full) {
            self.lost = Some(error.clone());
        }
        outcome
    }

    fn open(&mut self, savepoint: &'static Savepoint) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => {
                let outcome = sqlite::execute(connection, &savepoint.open, &[]).map(|_| ());
                self.noting("SAVEPOINT", outcome)
            }
            Link::Postgres(link) => {
                link.later(savepoint.open.sql);
                Ok(())
            }
        }
    }

    fn close(&mut self, savepoint: &'static Savepoint) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => {
                let outcome = sqlite::execute(connection, &savepoint.close, &[]).map(|_| ());
                self.noting("RELEASE", outcome)
            }
            Link::Postgres(link) => {
                link.close(savepoint.open.sql, savepoint.close.sql);
                Ok(())
            }
        }
    }

    fn undo(&mut self, savepoint: &'static Savepoint) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => {
                let undone = sqlite::execute(connection, &savepoint.undo, &[])
                    .and_then(|_| sqlite::execute(connection, &savepoint.close, &[]));
                if let Err(error) = undone {
                    self.lost = Some(error.clone()); // neighbours' work cannot be told from this part's any more
                    return Err(error);
                }
                Ok(())
            }
            Link::Postgres(link) => {
                link.undo(savepoint.open.sql, savepoint.undo.sql, savepoint.close.sql);
                Ok(())
            }
        }
    }
}

fn went_on(statement: &str) -> Error {
    Error::Broken(format!("{statement} failed and the job went on; put into Tx::nested what may fail"))
}

// SQLite parses these once; PostgreSQL's link has its own.
const BEGIN_READING: Statement = Statement::new("BEGIN", "BEGIN DEFERRED");
const BEGIN_WRITING: Statement = Statement::new("BEGIN", "BEGIN IMMEDIATE");
const COMMIT: Statement = Statement::new("COMMIT", "COMMIT");

struct Savepoint {
    open: Statement,
    undo: Statement,
    close: Statement,
}

macro_rules! level {
    ($name:literal) => {{
        const LEVEL: Savepoint = Savepoint {
            open: Statement::new("SAVEPOINT", concat!("SAVEPOINT ", $name)),
            undo: Statement::new("UNDO", concat!("ROLLBACK TO SAVEPOINT ", $name)),
            close: Statement::new("RELEASE", concat!("RELEASE SAVEPOINT ", $name)),
        };
        &LEVEL
    }};
}

fn savepoint(depth: u32) -> &'static Savepoint {
    match depth {
        1 => level!("s1"),
        2 => level!("s2"),
        3 => level!("s3"),
        _ => level!("s4"), // deeper levels share a name: both engines take the innermost
    }
}
