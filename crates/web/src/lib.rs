//! HTTP kit: listeners that trust nobody, the edge around every request, problems in three languages, metrics.
//!
//! It knows nothing of who asks or what is asked. [`listener::serve`] brings bytes to an [`edge::Edge`], which gives
//! each request its [`context::Context`] and [`peer::Peer`] as extensions and writes its one log line.
#![forbid(unsafe_code)]

pub mod body;
pub mod client;
pub mod context;
pub mod edge;
pub mod error;
mod known;
pub mod listener;
pub mod metrics;
pub mod operations;
pub mod pages;
pub mod peer;
pub mod problem;
pub mod shed;
pub mod tls;

pub use context::Context;
pub use edge::Edge;
pub use error::Error;
pub use listener::{Limits, ListenerConfig, Listening, serve};
pub use metrics::Metrics;
pub use peer::{Peer, PeerCertificate};
pub use problem::Problems;
pub use tls::{ClientAuthority, Tls, TlsSetup};

/// What this crate's refusals say, in three languages.
pub const TEXTS: [(model::Lang, &str); 3] = [
    (model::Lang::En, include_str!("../texts/refusals.en.toml")),
    (model::Lang::Be, include_str!("../texts/refusals.be.toml")),
    (model::Lang::Ru, include_str!("../texts/refusals.ru.toml")),
];
