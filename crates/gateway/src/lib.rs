//! The NAIS core: the signed exchange between consumers and providers.
//!
//! `Received → Authenticated → Permitted → Consented → Answered → Receipted`: see [`exchange`](self) in `docs/architecture.md`.
#![forbid(unsafe_code)]

pub mod access;
mod calls;
pub mod catalogue;
mod certificates;
pub mod consent;
pub mod consumer;
pub mod disclosures;
mod error;
mod exchange;
pub mod forward;
mod gateway;
mod limits;
mod memory;
pub mod openapi;
pub mod operator;
mod own;
pub mod provider;
mod pulse;
pub mod queue;
mod schema;

pub use catalogue::Catalogue;
pub use consumer::Consumer;
pub use error::Error;
pub use gateway::{Config, Gateway, Parts};
pub use limits::Limits;
pub use provider::{Answer, Ask, Asker, Boxed, Effect, Provider, Reply};
pub use pulse::Pulse;
pub use schema::SCHEMA;

use model::Lang;
use store::Statement;

/// Texts of the gateway's own refusals.
pub const TEXTS: [(Lang, &str); 3] = [
    (Lang::En, include_str!("../texts/refusals.en.toml")),
    (Lang::Be, include_str!("../texts/refusals.be.toml")),
    (Lang::Ru, include_str!("../texts/refusals.ru.toml")),
];

/// All statements of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static Statement> {
    let mut all = operator::statements();
    all.extend(consent::statements());
    for own in [access::STATEMENTS, calls::STATEMENTS, disclosures::STATEMENTS, memory::STATEMENTS, queue::STATEMENTS] {
        all.extend(own);
    }
    all
}
