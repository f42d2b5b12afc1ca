//! Append-only Merkle log: what happened is provable to anybody who holds a receipt, without trusting the operator.
//!
//! The formats are those of C2SP: RFC 6962 tree, signed-note checkpoints, `tlog-tiles` for reading, `tlog-proof`
//! receipts, `tlog-witness`. The order of a node's life: [`Log::new`], [`store::Db::open`] with [`Log::sequencer`],
//! [`start()`], then [`witness::follow`] and [`publish()`] beside the work.
#![forbid(unsafe_code)]

mod checkpoint;
mod config;
mod error;
mod fsck;
mod log;
pub mod note;
pub mod proof;
mod publish;
mod read;
mod receipt;
pub mod record;
mod rows;
mod schema;
mod sequencer;
mod serve;
mod start;
mod tile;
pub mod tree;
mod verify;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use config::{Config, WitnessConfig};
pub use error::Error;
pub use fsck::{Fault, Report as FsckReport, fsck};
pub use log::{Cosigned, Head, Log, SignLine};
pub use note::{Algorithm, NoteKey, Vkey};
pub use publish::{publish, publish_once};
pub use read::{LogReader, erase, private, private_all};
pub use receipt::Receipt;
pub use record::{Kind, Private, Record, entry};
pub use schema::{SCHEMA, STATEMENTS};
pub use serve::router;
pub use start::{Watcher, start};
pub use tile::{Content, TilePath};
pub use verify::{Evidence, Report, Seen, verify_entry, verify_receipt};

/// Texts of the refusals of this crate, one file a language.
pub const TEXTS: [(model::Lang, &str); 3] = [
    (model::Lang::En, include_str!("../texts/refusals.en.toml")),
    (model::Lang::Be, include_str!("../texts/refusals.be.toml")),
    (model::Lang::Ru, include_str!("../texts/refusals.ru.toml")),
];
