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
    /// Where its certificates say that their status is told.
    #[serde(default)]
    pub addresses: Addresses,
}

/// Where an authority tells the status of its certificates; each certificate says so (RFC 5280 §4.2.1.13, §4.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Its OCSP responder.
    pub ocsp: Option<String>,
    /// Its list of revoked certificates, in DER.
    pub crl: Option<String>,
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
