//! What a node is told about its log.

use serde::Deserialize;

/// The section `[ledger]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The log's name in every checkpoint: an address without scheme, never changed and never used again.
    pub origin: String,
    /// How often all of it is derived anew from its entries and compared, in minutes; 0 is never.
    #[serde(default = "hour")]
    pub audit_minutes: u32,
    /// The witnesses asked before the log opens and shown every checkpoint.
    #[serde(default)]
    pub witnesses: Vec<WitnessConfig>,
}

fn hour() -> u32 {
    60
}

/// One witness.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Where it is reached.
    pub url: String,
    /// Its verifier key, `name+hash+base64`.
    pub vkey: String,
    /// Without its word the log stays closed.
    #[serde(default)]
    pub required: bool,
}
