//! Algorithm suites: each is one file behind [`Suite`], and callers know only [`Algorithm`].
//!
//! To add one: a variant of [`Algorithm`], a file that implements [`Suite`], a place in [`SUITES`]. Nothing else in
//! the program names an algorithm.

mod bign;
mod ed25519;
mod p256;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_SHA_256;
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

    /// The identifier of the digest that goes with the algorithm: of messages in CMS, of keys in certificates.
    pub fn digest_oid(self) -> ObjectIdentifier {
        suite(self).digest_oid()
    }

    /// That digest of the bytes.
    pub fn digest(self, bytes: &[u8]) -> [u8; 32] {
        suite(self).digest(bytes)
    }

    /// The subject key identifier of a key of this algorithm, of the bytes inside its BIT STRING.
    pub(crate) fn key_identifier(self, key: &[u8]) -> Vec<u8> {
        let (suite, digest) = (suite(self), self.digest(key));
        digest.into_iter().take(suite.key_identifier_length()).collect()
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
    /// The identifier of its digest.
    fn digest_oid(&self) -> ObjectIdentifier {
        ID_SHA_256
    }
    /// Its digest of the bytes.
    fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        sha256(bytes)
    }
    /// How much of the digest of a key names it in certificates: 160 bits (RFC 7093 §2, method 1).
    fn key_identifier_length(&self) -> usize {
        20
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
        assert_eq!(Algorithm::Ed25519.digest(b"abc"), sha256(b"abc"));
        assert_eq!(Algorithm::EcdsaP256Sha256.digest_oid(), ID_SHA_256);
        assert_eq!(Algorithm::BignBeltHash.digest(b"abc"), crate::belt_hash(b"abc"));
        assert_eq!(Algorithm::BignBeltHash.digest_oid().to_string(), "1.2.112.0.2.0.34.101.31.81");
    }
}
