//! The owners' systems: records with history and provenance, answering as providers of the gateway.
#![forbid(unsafe_code)]

pub mod enforcement;
pub mod foreigners;
pub mod seed;
