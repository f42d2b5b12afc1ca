//! The embedded engine: connections, statements, error kinds.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};

use crate::db::Role;
use crate::value::RowLink;
use crate::{Durability, Error, Param, Row, Statement, backfill};

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Param::Null => ValueRef::Null,
            Param::Int(value) => ValueRef::Integer(*value),
            Param::Text(value) => ValueRef::Text(value.as_bytes()),
            Param::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// How long one waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the file with the settings everything relies on, and asserts those that decide about durability.
pub(crate) fn open(path: &Path, durability: Durability, role: Role) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|e| error(&e, "open"))?;
    connection.busy_timeout(PATIENCE).map_err(|e| error(&e, "open"))?;
    connection.set_prepared_statement_cache_capacity(256);
    // Without it a statement is planned anew after each binding of a value that its plan might depend on.
    connection
        .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|e| error(&e, "open"))?;
    // Not mapped into memory: there an error of the disk is a signal that ends the process, and a look-up in a large
    // table is only some microseconds faster.
    set(
        &connection,
        &format!(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = {durability}; PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -16384; PRAGMA cache_spill = {most}; PRAGMA journal_size_limit = 67108864;
             PRAGMA mmap_size = 0;",
            durability = match durability {
                Durability::Full => "FULL",
                Durability::Normal => "NORMAL",
            },
            // The cache is small, because the engine goes through all of it with most commits. Pages that a transaction
            // changed may be three times as many: what is beyond is written before its time, and often again.
            most = if role == Role::Writer { 12288 } else { 4096 },
        ),
    )?;
    if role == Role::Writer {
        backfill::beside(&mut connection, path, durability)?;
    }
    if role == Role::Reader {
        // As on PostgreSQL: what is read cannot be changed by mistake.
        connection.execute_batch("PRAGMA query_only = ON").map_err(|e| error(&e, "open"))?;
    }
    let mode: String = pragma(&connection, "journal_mode")?;
    let synchronous: i64 = pragma(&connection, "synchronous")?;
    let wanted = match durability {
        Durability::Full => 2,
        Durability::Normal => 1,
    };
    if !mode.eq_ignore_ascii_case("wal") || synchronous != wanted {
        return Err(Error::broken(format!(
            "{}: SQLite did not take journal_mode=WAL, synchronous={wanted}",
            path.display()
        )));
    }
    Ok(connection)
}

/// Closes the connection, one at a time: of several that close at once each sees another one still open, none is the
/// last, and the write-ahead log stays beside the database.
pub(crate) fn close(connection: Connection) {
    static CLOSING: Mutex<()> = Mutex::new(());
    let _alone = CLOSING.lock().unwrap_or_else(PoisonError::into_inner);
    drop(connection);
}

/// Runs the settings. Of several who open a new file at once and turn its log on, SQLite refuses some without waiting.
fn set(connection: &Connection, settings: &str) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        match connection.execute_batch(settings) {
            Err(busy) if busy.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome.map_err(|e| error(&e, "open")),
        }
    }
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> Result<T, Error> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|e| error(&e, "pragma"))
}

/// The kind of a SQLite error, told under the statement's name.
pub(crate) fn error(error: &rusqlite::Error, statement: &'static str) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return Error::Broken(format!("{statement}: {error}"));
    };
    match failure.code {
        ErrorCode::ConstraintViolation => match failure.extended_code {
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | rusqlite::ffi::SQLITE_CONSTRAINT_ROWID => Error::Duplicate(statement),
            _ => Error::Broken(format!("{statement}: {}", message.as_deref().unwrap_or("a constraint"))),
        },
        ErrorCode::DiskFull => Error::Full,
        ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OutOfMemory => Error::Unavailable(format!("{statement}: {failure}")),
        _ => Error::Broken(format!("{statement}: {}", message.as_deref().unwrap_or("unknown"))),
    }
}

pub(crate) fn execute(connection: &Connection, statement: &Statement, params: &[Param<'_>]) -> Result<u64, Error> {
    let mut prepared = bound(connection, statement, params)?;
    let changed = if prepared.column_count() == 0 {
        prepared.raw_execute().map_err(|e| error(&e, statement.name))?
    } else {
        let mut rows = prepared.raw_query();
        let mut count = 0;
        while rows.next().map_err(|e| error(&e, statement.name))?.is_some() {
            count += 1;
        }
        count
    };
    Ok(changed as u64)
}

pub(crate) fn each(
    connection: &Connection,
    statement: &Statement,
    params: &[Param<'_>],
    mut visit: impl FnMut(&Row<'_>) -> bool,
) -> Result<(), Error> {
    let mut prepared = bound(connection, statement, params)?;
    let writes = !prepared.readonly();
    let mut rows = prepared.raw_query();
    let mut more = true;
    while let Some(row) = rows.next().map_err(|e| error(&e, statement.name))? {
        more = more && visit(&Row(RowLink::Sqlite(row)));
        // A statement that changes rows is run to its end: left half-way it would be undone or not as the engine likes.
        if !more && !writes {
            break;
        }
    }
    Ok(())
}

/// The statement with each value at the number its name says: SQLite itself numbers `$n` by first appearance.
fn bound<'c>(
    connection: &'c Connection,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<CachedStatement<'c>, Error> {
    let mut prepared = connection.prepare_cached(statement.sql).map_err(|e| error(&e, statement.name))?;
    let count = prepared.parameter_count();
    if count != params.len() {
        return Err(Error::Broken(format!("{}: expected {count} parameters but got {}", statement.name, params.len())));
    }
    if statement.in_order {
        for (index, value) in (1..).zip(params) {
            prepared.raw_bind_parameter(index, value).map_err(|e| error(&e, statement.name))?;
        }
        return Ok(prepared);
    }
    for index in 1..=count {
        let value = prepared
            .parameter_name(index)
            .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok())
            .and_then(|number| params.get(number.checked_sub(1)?))
            .ok_or_else(|| Error::Broken(format!("{}: parameters are $1, $2, … without gaps", statement.name)))?;
        prepared.raw_bind_parameter(index, value).map_err(|e| error(&e, statement.name))?;
    }
    Ok(prepared)
}

pub(crate) fn prepare(connection: &Connection, statement: &Statement) -> Result<(), Error> {
    connection.prepare_cached(statement.sql).map(|_| ()).map_err(|e| error(&e, statement.name))
}
