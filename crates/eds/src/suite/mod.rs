//! Algorithm suites: each is one file behind [`Suite`], and callers know only [`Algorithm`].
//!
//! To add one: a variant of [`Algorithm`], a file that implements [`Suite`], a place in [`SUITES`]. Nothing else in
//! the program names an algorithm.

mod bign;
mod ed25519;
mod p256;

use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use crate::{Error, sha256};

/// An algorithm of signatures together with its digest; a key has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (FIPS 186-5).
    EcdsaP256Sha256,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// bign-with-hbelt: STB 34.101.45 on bign-curve256v1 with belt-hash.
    BignBeltHash,
}

/// How a signature is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// As in certificates and the `sign` header: ECDSA is a DER `ECDSA-Sig-Value`.
    Der,
    /// As in RFC 9421: ECDSA is `r‖s`. Ed25519 is 64 bytes and bign 48 in both.
    Fixed,
}

impl Algorithm {
    /// Every algorithm, in the order offered.
    pub const ALL: [Self; 3] = [Self::EcdsaP256Sha256, Self::Ed25519, Self::BignBeltHash];

    /// The name in the HTTP signature algorithms registry (RFC 9421 §6.2); bign's is that of its standard.
    pub fn http_name(self) -> &'static str {
        suite(self).http_name()
    }

    /// The subject key identifier of a key of this algorithm, of the bytes inside its BIT STRING.
    pub(crate) fn key_identifier(self, key: &[u8]) -> Vec<u8> {
        suite(self).key_identifier(key)
    }

    /// The identifier of signatures in certificates, CRLs and CMS, its parameters as the suite's standard has them.
    pub fn signature_identifier(self) -> AlgorithmIdentifierOwned {
        let suite = suite(self);
        AlgorithmIdentifierOwned {
            oid: suite.signature_oid(),
            parameters: match suite.signature_parameters() {
                Parameters::Absent => None,
                Parameters::Null => Some(Any::null()),
            },
        }
    }

    /// The algorithm whose signatures this identifier names: its parameters are exactly the suite's.
    pub fn of_signature(identifier: &AlgorithmIdentifierOwned) -> Option<Self> {
        let found = SUITES.iter().find(|suite| suite.signature_oid() == identifier.oid)?.algorithm();
        (found.signature_identifier() == *identifier).then_some(found)
    }
}

/// What stands for the parameters of a signature's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameters {
    /// Nothing (RFC 5758 §3.2, RFC 8410 §3).
    Absent,
    /// NULL (STB 34.101.78, 6.6).
    Null,
}

/// One suite: reads keys, makes keys. Implementations are stateless.
pub(crate) trait Suite: Send + Sync {
    /// Which one this is.
    fn algorithm(&self) -> Algorithm;
    /// Its name in RFC 9421.
    fn http_name(&self) -> &'static str;
    /// Its identifier in certificates.
    fn signature_oid(&self) -> ObjectIdentifier;
    /// The parameters of that identifier.
    fn signature_parameters(&self) -> Parameters {
        Parameters::Absent
    }
    /// What names a key in certificates, of the bytes inside its BIT STRING: 160 bits of SHA-256 (RFC 7093 §2, method 1).
    fn key_identifier(&self, key: &[u8]) -> Vec<u8> {
        sha256(key).into_iter().take(20).collect()
    }
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
static SUITES: [&dyn Suite; 3] = [&p256::P256, &ed25519::Ed25519, &bign::Bign];

/// The suite of an algorithm.
pub(crate) fn suite(algorithm: Algorithm) -> &'static dyn Suite {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => &p256::P256,
        Algorithm::Ed25519 => &ed25519::Ed25519,
        Algorithm::BignBeltHash => &bign::Bign,
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

    #[test]
    fn parameters_are_exactly_the_suites() {
        let of = |algorithm: Algorithm, parameters| {
            let identifier = AlgorithmIdentifierOwned { parameters, ..algorithm.signature_identifier() };
            Algorithm::of_signature(&identifier)
        };
        let text = Some(Any::new(der::Tag::Utf8String, *b"x").unwrap());
        for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519] {
            assert_eq!(of(algorithm, None), Some(algorithm));
            assert_eq!(of(algorithm, Some(Any::null())), None, "{algorithm:?} with NULL");
            assert_eq!(of(algorithm, text.clone()), None);
        }
        assert_eq!(of(Algorithm::BignBeltHash, Some(Any::null())), Some(Algorithm::BignBeltHash));
        assert_eq!(of(Algorithm::BignBeltHash, None), None, "bign without NULL");
        assert_eq!(of(Algorithm::BignBeltHash, text), None);
    }

    #[test]
    fn digests_go_with_their_algorithms() {
        let of = |algorithm| (suite(algorithm).digest(&[b"a", b"bc"]), suite(algorithm).digest_oid().to_string());
        assert_eq!(of(Algorithm::EcdsaP256Sha256), (sha256(b"abc").to_vec(), "2.16.840.1.101.3.4.2.1".to_owned()));
        assert_eq!(of(Algorithm::Ed25519).1, "2.16.840.1.101.3.4.2.3");
        assert_eq!(
            of(Algorithm::BignBeltHash),
            (crate::belt_hash(b"abc").to_vec(), "1.2.112.0.2.0.34.101.31.81".to_owned())
        );
    }

    #[test]
    fn a_message_may_name_the_key_in_place_of_the_signature() {
        let bign = suite(Algorithm::BignBeltHash);
        let key = |parameters| AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.112.0.2.0.34.101.45.2.1"),
            parameters,
        };
        assert!(bign.is_cms_signature(&Algorithm::BignBeltHash.signature_identifier()));
        assert!(bign.is_cms_signature(&key(None)) && bign.is_cms_signature(&key(Some(Any::null()))));
        assert!(!bign.is_cms_signature(&key(Some(Any::new(der::Tag::Utf8String, *b"x").unwrap()))));
        assert!(!suite(Algorithm::Ed25519).is_cms_signature(&key(None)));
    }
}
