//! PostgreSQL: one connection driven synchronously by the storage thread that owns it.
//!
//! BEGIN and savepoints are not waited for: they travel together with the next statement, so that a statement is one
//! round trip and a job without statements none.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::{TryStreamExt, future, pin_mut};
use postgres_types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, NoTls, Socket};

use crate::db::Role;
use crate::tls::Tls;
use crate::value::RowLink;
use crate::{Error, Param, Row, Statement};

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Param::Null => Ok(IsNull::Yes),
            Param::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
            Param::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Param::Text(value) if <&str as ToSql>::accepts(ty) => value.to_sql(ty, out),
            Param::Bytes(value) if *ty == Type::BYTEA => value.to_sql(ty, out),
            Param::Int(_) | Param::Text(_) | Param::Bytes(_) => {
                Err(format!("another kind of value was given for a parameter of type {ty}; write CAST($n AS …)").into())
            }
        }
    }

    fn accepts(_ty: &Type) -> bool {
        true // `to_sql` looks at value and type together
    }

    fn encode_format(&self, _ty: &Type) -> Format {
        Format::Binary
    }

    to_sql_checked!();
}

/// Any of the types that SQLite calls an integer.
struct Whole(i64);

impl<'a> FromSql<'a> for Whole {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::BOOL => i64::from(bool::from_sql(ty, raw)?),
            Type::INT2 => i64::from(i16::from_sql(ty, raw)?),
            Type::INT4 => i64::from(i32::from_sql(ty, raw)?),
            _ => i64::from_sql(ty, raw)?,
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::BOOL | Type::INT2 | Type::INT4 | Type::INT8)
    }
}

pub(crate) fn opt_int(row: &tokio_postgres::Row, column: usize) -> Result<Option<i64>, Error> {
    row.try_get::<_, Option<Whole>>(column).map(|value| value.map(|Whole(value)| value)).map_err(Error::broken)
}

/// One connection with its statements; owned by one storage thread.
pub(crate) struct PgLink {
    runtime: Runtime,
    client: Client,
    statements: HashMap<&'static str, tokio_postgres::Statement>,
    /// What goes out before the next statement.
    pending: Vec<&'static str>,
    gone: bool,
}

/// Times after which a silent network or a stuck statement is given up.
const SETTINGS: &str = "SET synchronous_commit = on; SET timezone = 'UTC'; SET statement_timeout = '30s';
    SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'";

impl PgLink {
    /// Connects and sets what everything relies on.
    pub(crate) fn connect(url: &str, tls: Option<&Tls>, role: Role) -> Result<Self, Error> {
        let mut config = config(url)?;
        match tls {
            Some(_) => drop(config.ssl_mode(SslMode::Require)),
            // `prefer`, the default, would be the same as none: there is nobody to believe.
            None if config.get_ssl_mode() == SslMode::Require => {
                return Err(Error::Broken(
                    "database.url: sslmode=require needs database.ca, a file of authorities".into(),
                ));
            }
            None => {}
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        let client = runtime.block_on(async {
            let client = match tls {
                Some(tls) => linked(&config, tls.clone()).await,
                None => linked(&config, NoTls).await,
            };
            let client = client.map_err(|e| error(&e, "connect"))?;
            client.batch_execute(SETTINGS).await.map_err(|e| error(&e, "connect"))?;
            if role == Role::Schema {
                // A step may rewrite a large table.
                client
                    .batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
                    .await
                    .map_err(|e| error(&e, "connect"))?;
            }
            Ok::<_, Error>(client)
        })?;
        Ok(Self { runtime, client, statements: HashMap::new(), pending: Vec::new(), gone: false })
    }

    /// False when the connection is gone for good. Looks at the socket: the server may have left while nobody asked.
    pub(crate) fn alive(&mut self) -> bool {
        self.runtime.block_on(async {
            // The first turn polls the socket, the second lets the connection's task see what came.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        });
        !self.gone()
    }

    pub(crate) fn gone(&self) -> bool {
        self.gone || self.client.is_closed()
    }

    pub(crate) fn begin(&mut self, role: Role) {
        self.pending.clear();
        self.pending.push(match role {
            Role::Reader => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Role::Writer => "BEGIN",
            // One of several nodes migrates while the others wait as long as it takes.
            Role::Schema => "BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(20260701); SET LOCAL lock_timeout = '10s'",
        });
    }

    /// Sends `command` before the next statement.
    pub(crate) fn later(&mut self, command: &'static str) {
        self.pending.push(command);
    }

    pub(crate) fn close(&mut self, open: &'static str, close: &'static str) {
        if !self.forget(open) {
            self.later(close);
        }
    }

    pub(crate) fn undo(&mut self, open: &'static str, undo: &'static str, close: &'static str) {
        if !self.forget(open) {
            self.later(undo);
            self.later(close);
        }
    }

    /// Takes back a savepoint that never left.
    fn forget(&mut self, open: &'static str) -> bool {
        let unsent = self.pending.last() == Some(&open);
        if unsent {
            self.pending.pop();
        }
        unsent
    }

    /// True while the server has not been told of this transaction.
    fn unsent(&self) -> bool {
        self.pending.first().is_some_and(|first| first.starts_with("BEGIN"))
    }

    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        if self.unsent() {
            self.pending.clear();
            return Ok(());
        }
        // COMMIT of an aborted transaction undoes it and reports no error: SELECT fails there first.
        self.batch("SELECT 1; COMMIT")
    }

    pub(crate) fn rollback(&mut self) -> Result<(), Error> {
        let unsent = self.unsent();
        self.pending.clear();
        if unsent || self.gone() {
            return Ok(());
        }
        self.batch("ROLLBACK")
    }

    pub(crate) fn prepare(&mut self, statement: &Statement) -> Result<tokio_postgres::Statement, Error> {
        if let Some(prepared) = self.statements.get(statement.sql) {
            return Ok(prepared.clone());
        }
        let before = self.before();
        let prepared = self.runtime.block_on(after(&self.client, before, self.client.prepare(statement.sql)));
        let prepared = prepared.map_err(|e| self.noting(&e, statement))?;
        self.statements.insert(statement.sql, prepared.clone());
        Ok(prepared)
    }

    pub(crate) fn execute(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<u64, Error> {
        let prepared = self.prepare(statement)?;
        let before = self.before();
        let running = self.client.execute_raw(&prepared, params.iter());
        self.runtime.block_on(after(&self.client, before, running)).map_err(|e| self.noting(&e, statement))
    }

    pub(crate) fn each(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        mut visit: impl FnMut(&Row<'_>) -> bool,
    ) -> Result<(), Error> {
        let prepared = self.prepare(statement)?;
        let before = self.before();
        let outcome = self.runtime.block_on(async {
            let running = self.client.query_raw(&prepared, params.iter());
            let rows = after(&self.client, before, running).await?;
            pin_mut!(rows);
            let mut more = true;
            // Rows after the last wanted one are drained: an error of the statement may come behind them.
            while let Some(row) = rows.try_next().await? {
                if more {
                    more = visit(&Row(RowLink::Postgres(&row)));
                }
            }
            Ok(())
        });
        outcome.map_err(|e| self.noting(&e, statement))
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let text = match self.before() {
            Some(before) => format!("{before}; {sql}"),
            None => sql.to_owned(),
        };
        let outcome = self.runtime.block_on(self.client.batch_execute(&text));
        outcome.map_err(|e| {
            self.gone |= ends_link(&e);
            if e.as_db_error().is_none() {
                return Error::Unavailable("batch: the connection to PostgreSQL is lost".into());
            }
            error(&e, "batch")
        })
    }

    fn before(&mut self) -> Option<String> {
        let before = (!self.pending.is_empty()).then(|| self.pending.join("; "));
        self.pending.clear();
        before
    }

    fn noting(&mut self, failure: &tokio_postgres::Error, statement: &Statement) -> Error {
        self.gone |= ends_link(failure);
        if failure.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            // "cached plan must not change result type": a newer release altered the table. The next use prepares anew.
            self.statements.remove(statement.sql);
        }
        error(failure, statement.name)
    }
}

/// A client whose connection works on a task of this runtime.
async fn linked<T>(config: &tokio_postgres::Config, tls: T) -> Result<Client, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "a PostgreSQL connection ended");
        }
    });
    Ok(client)
}

fn config(url: &str) -> Result<tokio_postgres::Config, Error> {
    let mut config: tokio_postgres::Config = url
        .parse()
        .map_err(|e| Error::Broken(format!("database.url: {e}; expected postgres://USER:PASSWORD@HOST/DATABASE")))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(15));
    }
    if config.get_application_name().is_none() {
        config.application_name("nais");
    }
    if config.get_keepalives_interval().is_none() {
        config
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
    }
    Ok(config)
}

/// Sends `before` and `next` in one go and waits for both. When `before` fails, the server refuses `next` as well.
async fn after<T>(
    client: &Client,
    before: Option<String>,
    next: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    let Some(before) = before else {
        return next.await;
    };
    let (before, next) = future::join(client.batch_execute(&before), next).await; // polled, and so sent, in this order
    before?;
    next
}

/// True when the server has said that this was its last word, or sits where nothing can be written.
fn ends_link(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            || *error.code() == SqlState::READ_ONLY_SQL_TRANSACTION
    })
}

/// The kind of a PostgreSQL error, told under the statement's name and without values.
fn error(error: &tokio_postgres::Error, statement: &'static str) -> Error {
    let Some(db) = error.as_db_error() else {
        if error.is_closed() || error.source().is_some_and(|s| s.is::<std::io::Error>()) {
            return Error::Unavailable(format!("{statement}: the connection to PostgreSQL is lost"));
        }
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        return Error::Broken(format!("{statement}: {error}{cause}"));
    };
    match *db.code() {
        SqlState::UNIQUE_VIOLATION => Error::Duplicate(statement),
        SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY | SqlState::INSUFFICIENT_RESOURCES => Error::Full,
        SqlState::QUERY_CANCELED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::IO_ERROR => Error::Unavailable(format!("{statement}: {}", db.code().code())),
        // Class 57 is an operator's intervention: shutting down, starting up, ended by hand; 08 the connection's end.
        _ if db.code().code().starts_with("57") || db.code().code().starts_with("08") => {
            Error::Unavailable(format!("{statement}: {}", db.code().code()))
        }
        _ => Error::Broken(format!("{statement}: {}", told(db))),
    }
}

/// What may be told of a PostgreSQL error: only messages about the SQL text itself are sure to quote no value.
fn told(db: &DbError) -> String {
    let code = db.code().code();
    if ["42", "0A", "3D", "28"].iter().any(|class| code.starts_with(class)) {
        return format!("{code} {}", db.message());
    }
    [db.table(), db.column(), db.constraint()]
        .into_iter()
        .flatten()
        .fold(code.to_owned(), |text, name| format!("{text} {name}"))
}
