//! PostgreSQL: one connection driven synchronously by the storage thread that owns it.

use std::collections::HashMap;
use std::error::Error as _;

use bytes::BytesMut;
use futures_util::{TryStreamExt, pin_mut};
use postgres_types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::tx::RowLink;
use crate::{Error, Param, Row, Statement};

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Param::Null => Ok(IsNull::Yes),
            Param::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Param::Int(value) => value.to_sql(ty, out),
            Param::Text(value) => value.to_sql(ty, out),
            Param::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::TEXT | Type::VARCHAR | Type::BYTEA)
    }

    fn encode_format(&self, _ty: &Type) -> Format {
        Format::Binary
    }

    to_sql_checked!();
}

/// One connection with its statements; owned by one storage thread.
pub(crate) struct PgLink {
    runtime: Runtime,
    client: Client,
    statements: HashMap<&'static str, tokio_postgres::Statement>,
}

impl PgLink {
    /// Connects and sets what everything relies on.
    pub(crate) fn connect(url: &str) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(|e| error(&e, "connect"))?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(%error, "a PostgreSQL connection ended");
                }
            });
            client
                .batch_execute("SET synchronous_commit = on; SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET timezone = 'UTC'")
                .await
                .map_err(|e| error(&e, "connect"))?;
            Ok::<_, Error>(client)
        })?;
        Ok(Self {
            runtime,
            client,
            statements: HashMap::new(),
        })
    }

    /// False when the connection is gone for good.
    pub(crate) fn alive(&self) -> bool {
        !self.client.is_closed()
    }

    pub(crate) fn prepare(&mut self, statement: &Statement) -> Result<tokio_postgres::Statement, Error> {
        if let Some(prepared) = self.statements.get(statement.sql) {
            return Ok(prepared.clone());
        }
        let prepared = self
            .runtime
            .block_on(self.client.prepare(statement.sql))
            .map_err(|e| error(&e, statement.name))?;
        self.statements.insert(statement.sql, prepared.clone());
        Ok(prepared)
    }

    pub(crate) fn execute(&mut self, statement: &Statement, params: &[Param<'_>]) -> Result<u64, Error> {
        if params.is_empty() && matches!(statement.name, "SAVEPOINT" | "RELEASE" | "UNDO") {
            return self.batch(statement.sql).map(|()| 0);
        }
        let prepared = self.prepare(statement)?;
        self.runtime
            .block_on(self.client.execute_raw(&prepared, params.iter()))
            .map_err(|e| error(&e, statement.name))
    }

    pub(crate) fn each(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let prepared = self.prepare(statement)?;
        self.runtime.block_on(async {
            let rows = self
                .client
                .query_raw(&prepared, params.iter())
                .await
                .map_err(|e| error(&e, statement.name))?;
            pin_mut!(rows);
            let mut more = true;
            // Rows after the last wanted one are drained: leaving them would desynchronise nothing but cost a cancel.
            while let Some(row) = rows.try_next().await.map_err(|e| error(&e, statement.name))? {
                if more {
                    more = visit(&Row(RowLink::Postgres(&row)))?;
                }
            }
            Ok(())
        })
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .map_err(|e| error(&e, "batch"))
    }
}

/// The kind of a PostgreSQL error, told under the statement's name and without values.
fn error(error: &tokio_postgres::Error, statement: &'static str) -> Error {
    let Some(db) = error.as_db_error() else {
        if error.is_closed() || error.source().is_some_and(|s| s.is::<std::io::Error>()) {
            return Error::Unavailable(format!("{statement}: the connection to PostgreSQL is lost"));
        }
        return Error::Broken(format!("{statement}: {error}"));
    };
    match *db.code() {
        SqlState::UNIQUE_VIOLATION => Error::Duplicate(statement),
        SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY | SqlState::INSUFFICIENT_RESOURCES => Error::Full,
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::QUERY_CANCELED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::IO_ERROR => Error::Unavailable(format!("{statement}: {}", db.code().code())),
        _ => Error::Broken(format!("{statement}: {} {}", db.code().code(), db.message())),
    }
}
