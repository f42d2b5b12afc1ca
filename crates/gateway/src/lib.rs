//! The NAIS core: the signed exchange between consumers and providers.
#![forbid(unsafe_code)]

pub mod provider;

pub use provider::{Answer, Ask, Asker, Boxed, Effect, Provider, Reply};
