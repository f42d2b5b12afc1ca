//! A transaction on either engine, and the rows it returns.

use std::fmt;

use crate::postgres::PgLink;
use crate::{Error, Statement, sqlite};

/// A value bound to `$n`. Borrowed: nothing is copied on the way to the engine.
#[derive(Clone, Copy)]
pub enum Param<'a> {
    /// SQL NULL.
    Null,
    /// A 64-bit integer; times are microseconds since 1970.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Param(…)") // values may be personal
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}
impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}
impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}
impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}
impl<'a> From<&'a Vec<u8>> for Param<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(value)
    }
}
impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Into::into)
    }
}

/// One row of an answer, read by column number from 0, valid inside the mapping closure.
pub struct Row<'r>(pub(crate) RowLink<'r>);

pub(crate) enum RowLink<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// An integer.
    pub fn int(&self, column: usize) -> Result<i64, Error> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<&str, Error> {
        self.opt_text(column)?.ok_or_else(|| null(column))
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        self.opt_bytes(column)?.ok_or_else(|| null(column))
    }

    /// Exactly `N` bytes.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], Error> {
        self.bytes(column)?
            .try_into()
            .map_err(|_| Error::broken(format!("column {column} is not {N} bytes long")))
    }

    /// A truth value, kept as 0 or 1.
    pub fn flag(&self, column: usize) -> Result<bool, Error> {
        Ok(self.int(column)? != 0)
    }

    /// An integer or NULL.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, Error> {
        match self.0 {
            RowLink::Sqlite(row) => match row.get_ref(column).map_err(Error::broken)? {
                rusqlite::types::ValueRef::Null => Ok(None),
                rusqlite::types::ValueRef::Integer(value) => Ok(Some(value)),
                _ => Err(wrong(column, "an integer")),
            },
            RowLink::Postgres(row) => row.try_get(column).map_err(Error::broken),
        }
    }

    /// Text or NULL.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.0 {
            RowLink::Sqlite(row) => match row.get_ref(column).map_err(Error::broken)? {
                rusqlite::types::ValueRef::Null => Ok(None),
                value => value.as_str().map(Some).map_err(|_| wrong(column, "text")),
            },
            RowLink::Postgres(row) => row.try_get(column).map_err(Error::broken),
        }
    }

    /// Bytes or NULL.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        match self.0 {
            RowLink::Sqlite(row) => match row.get_ref(column).map_err(Error::broken)? {
                rusqlite::types::ValueRef::Null => Ok(None),
                rusqlite::types::ValueRef::Blob(value) => Ok(Some(value)),
                _ => Err(wrong(column, "bytes")),
            },
            RowLink::Postgres(row) => row.try_get(column).map_err(Error::broken),
        }
    }
}

fn null(column: usize) -> Error {
    Error::broken(format!("column {column} is empty"))
}

fn wrong(column: usize, wanted: &str) -> Error {
    Error::broken(format!("column {column} is not {wanted}"))
}

/// A transaction under way. Handed to jobs by [`crate::Db`]; ended by it, never by the job.
pub struct Tx<'c> {
    pub(crate) link: Link<'c>,
    pub(crate) depth: u32,
}

pub(crate) enum Link<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PgLink),
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self {
            link: Link::Sqlite(connection),
            depth: 0,
        }
    }

    pub(crate) fn postgres(link: &'c mut PgLink) -> Self {
        Self {
            link: Link::Postgres(link),
            depth: 0,
        }
    }

    /// True on PostgreSQL. Only `dialect` asks.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.link, Link::Postgres(_))
    }

    /// Runs a statement that returns no rows; the number of rows it changed.
    pub fn execute(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<u64, Error> {
        match &mut self.link {
            Link::Sqlite(connection) => sqlite::execute(connection, statement, params),
            Link::Postgres(link) => link.execute(statement, params),
        }
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

    /// Hands each row to `visit` until it says `false`.
    pub fn each(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        visit: impl FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => sqlite::each(connection, statement, params, visit),
            Link::Postgres(link) => link.each(statement, params, visit),
        }
    }

    /// Runs `part`; when it fails, only its own effects are undone and the transaction goes on.
    pub fn nested<T>(&mut self, part: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.depth += 1;
        let (open, close, undo) = savepoint(self.depth);
        let outcome = self.execute(open, &[]).and_then(|_| part(self));
        let ended = match &outcome {
            Ok(_) => self.execute(close, &[]).map(|_| ()),
            Err(Error::Unavailable(_) | Error::Uncertain) => Ok(()), // the link is gone, and the transaction with it
            Err(_) => self
                .execute(undo, &[])
                .and_then(|_| self.execute(close, &[]))
                .map(|_| ()),
        };
        self.depth -= 1;
        match (outcome, ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) | (Err(error), _) => Err(error),
        }
    }

    /// Runs SQL texts that take no parameters and return no rows: schema changes.
    pub fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => connection.execute_batch(sql).map_err(|e| sqlite::error(&e, "batch")),
            Link::Postgres(link) => link.batch(sql),
        }
    }

    /// Prepares a statement and says what is wrong with it.
    pub fn prepare(&mut self, statement: &Statement) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(connection) => sqlite::prepare(connection, statement),
            Link::Postgres(link) => link.prepare(statement).map(|_| ()),
        }
    }
}

macro_rules! level {
    ($name:literal) => {
        (
            &Statement {
                name: "SAVEPOINT",
                sql: concat!("SAVEPOINT ", $name),
            },
            &Statement {
                name: "RELEASE",
                sql: concat!("RELEASE SAVEPOINT ", $name),
            },
            &Statement {
                name: "UNDO",
                sql: concat!("ROLLBACK TO SAVEPOINT ", $name),
            },
        )
    };
}

fn savepoint(depth: u32) -> (&'static Statement, &'static Statement, &'static Statement) {
    match depth {
        1 => level!("s1"),
        2 => level!("s2"),
        3 => level!("s3"),
        _ => level!("s4"), // deeper levels share a name: both engines take the innermost
    }
}
