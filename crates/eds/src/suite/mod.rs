//! Algorithm suites: each is one file behind [`Suite`], and callers know only [`Algorithm`].
//!
//! To add one: a variant of [`Algorithm`], a file that implements [`Suite`], a place in [`SUITES`]. Nothing else in
//! the program names an algorithm.

mod ed25519;
mod p256;

use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use crate::Error;

/// An algorithm of signatures together with its digest; a key has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (FIPS 186-5).
    EcdsaP256Sha256,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// How a signature is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// As in certificates and the `sign` header: ECDSA is a DER `ECDSA-Sig-Value`.
    Der,
    /// As in RFC 9421: ECDSA is `r‖s`. Ed25519 is 64 bytes in both.
    Fixed,
}

impl Algorithm {
    /// Every algorithm, in the order offered.
    pub const ALL: [Self; 2] = [Self::EcdsaP256Sha256, Self::Ed25519];

    /// The name in the HTTP signature algorithms registry (RFC 9421 §6.2).
    pub fn http_name(self) -> &'static str {
        suite(self).http_name()
    }

    /// The identifier of signatures in certificates and CRLs.
    pub(crate) fn signature_identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: suite(self).signature_oid(), parameters: None }
    }

    /// The algorithm whose signatures this identifier names; parameters must be absent (RFC 5758 §3.2, RFC 8410 §3).
    pub(crate) fn of_signature(identifier: &AlgorithmIdentifierOwned) -> Option<Self> {
        let found = SUITES.iter().find(|suite| suite.signature_oid() == identifier.oid)?;
        identifier.parameters.is_none().then(|| found.algorithm())
    }
}

/// One suite: reads keys, makes keys. Implementations are stateless.
pub(crate) trait Suite: Send + Sync {
    /// Which one this is.
    fn algorithm(&self) -> Algorithm;
    /// Its name in RFC 9421.
    fn http_name(&self) -> &'static str;
    /// Its identifier in certificates.
    fn signature_oid(&self) -> ObjectIdentifier;
    /// The digest's identifier, as CMS and time stamps name it.
    fn digest_oid(&self) -> ObjectIdentifier;
    /// The digest of the parts one after another.
    fn digest(&self, parts: &[&[u8]]) -> Vec<u8>;
    /// The digest's identifier as we write it. Parameters are absent (RFC 5754 §2, RFC 8419 §3).
    fn digest_identifier(&self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.digest_oid(), parameters: None }
    }
    /// This identifier names our digest; absent parameters and NULL mean the same (RFC 5754 §2).
    fn is_digest(&self, identifier: &AlgorithmIdentifierOwned) -> bool {
        identifier.oid == self.digest_oid() && identifier.parameters.as_ref().is_none_or(Any::is_null)
    }
    /// This identifier may stand beside our signature in a CMS message. Where programs in use write another form than
    /// certificates have, the suite says so here.
    fn is_cms_signature(&self, identifier: &AlgorithmIdentifierOwned) -> bool {
        *identifier == self.algorithm().signature_identifier()
    }
    /// Keys with this identifier are this suite's.
    fn owns(&self, key: &AlgorithmIdentifierRef<'_>) -> bool;
    /// The key in a SubjectPublicKeyInfo; refuses points off the curve and weak keys.
    fn public_key(&self, spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Box<dyn PublicKey>, Error>;
    /// The key in a PKCS#8 PrivateKeyInfo.
    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn PrivateKey>, Error>;
    /// A new key.
    fn generate(&self) -> Result<Box<dyn PrivateKey>, Error>;
}

/// The public half of a key pair, parsed.
pub(crate) trait PublicKey: Send + Sync {
    /// The signature is this key's over exactly this message, or [`Error::Invalid`].
    fn verify(&self, message: &[u8], signature: &[u8], form: Form) -> Result<(), Error>;
}

/// The private half of a key pair. Wiped from memory when dropped.
pub(crate) trait PrivateKey: Send + Sync {
    /// Signs the message.
    fn sign(&self, message: &[u8], form: Form) -> Result<Vec<u8>, Error>;
    /// The public half as DER SubjectPublicKeyInfo.
    fn spki(&self) -> Result<Vec<u8>, Error>;
    /// This half as DER PrivateKeyInfo.
    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error>;
}

/// All suites.
static SUITES: [&dyn Suite; 2] = [&p256::P256, &ed25519::Ed25519];

/// The suite of an algorithm.
pub(crate) fn suite(algorithm: Algorithm) -> &'static dyn Suite {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => &p256::P256,
        Algorithm::Ed25519 => &ed25519::Ed25519,
    }
}

/// The suite whose keys bear this identifier.
pub(crate) fn suite_of_key(key: &AlgorithmIdentifierRef<'_>) -> Option<&'static dyn Suite> {
    SUITES.iter().find(|suite| suite.owns(key)).copied()
}

/// The suite whose digest bears this identifier.
pub(crate) fn suite_of_digest(identifier: &AlgorithmIdentifierOwned) -> Option<&'static dyn Suite> {
    SUITES.iter().find(|suite| suite.is_digest(identifier)).copied()
}

/// The parameters name this curve and nothing else.
fn names_curve(parameters: Option<AnyRef<'_>>, curve: ObjectIdentifier) -> bool {
    parameters.is_some_and(|any| any.decode_as::<ObjectIdentifier>() == Ok(curve))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_its_suite() {
        assert_eq!(SUITES.len(), Algorithm::ALL.len());
        for algorithm in Algorithm::ALL {
            assert_eq!(suite(algorithm).algorithm(), algorithm);
            assert_eq!(Algorithm::of_signature(&algorithm.signature_identifier()), Some(algorithm));
        }
    }
}
