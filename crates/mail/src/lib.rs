//! Messages to people: put into a durable outbox with the effect that needs them, sent by SMTP or kept on the stand.
//!
//! [`Outbox::put`] runs inside the caller's transaction: there is a message if and only if there is the effect.
//! [`Outbox::work`] sends what waits, tries again with growing pauses, and forgets the content of what was sent.
#![forbid(unsafe_code)]

pub mod address;
pub mod config;
mod error;
pub mod message;
mod outbox;
mod schema;
mod smtp;
mod work;

pub use address::Address;
pub use config::{Config, Encryption, Smtp};
pub use error::Error;
pub use message::Message;
pub use outbox::{Kept, Outbox, State};
pub use schema::SCHEMA;

use store::Statement;

/// All statements of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static Statement> {
    outbox::STATEMENTS.to_vec()
}
