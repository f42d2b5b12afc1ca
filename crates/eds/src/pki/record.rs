//! What an authority must remember.

/// Everything an authority has issued and revoked. Serialises; keep it beside the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Certificates issued, oldest first.
    pub issued: Vec<Issued>,
    /// Certificates revoked, in the order of revocation.
    pub revoked: Vec<Revoked>,
    /// CRLs made so far; the next bears the next number.
    pub crls: u64,
}

/// One certificate issued.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// Serial number, lower-case hex.
    pub serial: String,
    /// SHA-256 of the certificate, lower-case hex.
    pub fingerprint: String,
    /// The subject's common name.
    pub common_name: String,
    /// Its last moment, seconds since 1970.
    pub not_after: i64,
}

/// One certificate revoked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Serial number, lower-case hex.
    pub serial: String,
    /// From when on, seconds since 1970.
    pub at: i64,
}
