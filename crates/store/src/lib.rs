//! One SQL text on two engines, group-committed writes, durable jobs, blobs, sealed fields.
//!
//! The embedded engine is SQLite, the other PostgreSQL. Business code is written once, against [`Tx`]: it runs on a
//! storage thread, synchronously, inside a transaction, on either engine. Callers wait asynchronously.
#![forbid(unsafe_code)]

mod backfill;
mod blobs;
mod connected;
mod db;
pub mod dialect;
mod error;
pub mod jobs;
mod migrate;
mod postgres;
mod random;
mod reader;
mod reserve;
mod sqlite;
mod statement;
mod tls;
mod tx;
mod value;
mod vault;
mod writer;

pub use blobs::Blobs;
pub use db::{Db, DbConfig, Durability};
pub use error::Error;
pub use migrate::{Migration, migrate};
pub use random::random;
pub use statement::Statement;
pub use tx::Tx;
pub use value::{Param, Row};
pub use vault::{MOST_KEYS, Vault};
pub use writer::{Basis, Entry, NoSeal, Seal, Stamp};

/// The store's own tables, for [`migrate`].
pub const SCHEMA: &[Migration] = jobs::SCHEMA;
/// The store's own statements, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[&Statement] = jobs::STATEMENTS;
