//! Signatures and certificates: suites behind one trait, X.509 paths, RFC 9421, detached EDS, CMS, time stamps,
//! attribute certificates, a small authority.
//!
//! Nothing here reads a file, a socket or the time of day: bytes and moments come in, verdicts come out. Parse a
//! [`Certificate`] or a [`VerifyingKey`] once and keep it; verification after that is one curve operation.
#![forbid(unsafe_code)]

mod attributes;
mod certificate;
pub mod cms;
mod crl;
pub mod detached;
mod digest;
mod encode;
mod error;
pub mod http_signature;
mod key;
pub mod ocsp;
mod path;
pub mod pki;
pub mod random;
mod suite;
pub mod tsp;

pub use attributes::{AttributeCertificate, Powers};
pub use certificate::{Certificate, KeyUses, chain_to_pem};
pub use cms::CmsError;
pub use crl::Crl;
pub use digest::{Hmac, belt_hash, belt_hash_of_parts, hmac, sha256, sha256_of_parts};
pub use error::Error;
pub use key::{SigningKey, VerifyingKey};
pub use path::{CachedTrust, PathError, Policies, Purpose, Revocation, Trust};
pub use suite::{Algorithm, Form};

/// Texts of the refusals of this crate, one file a language.
pub const TEXTS: [(model::Lang, &str); 3] = [
    (model::Lang::En, include_str!("../texts/refusals.en.toml")),
    (model::Lang::Be, include_str!("../texts/refusals.be.toml")),
    (model::Lang::Ru, include_str!("../texts/refusals.ru.toml")),
];
