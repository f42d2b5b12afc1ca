//! Ed25519 (RFC 8032); 64-byte signatures in both forms.

use aws_lc_rs::digest::{Context, SHA512};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_SHA_512;
use const_oid::db::rfc8410::ID_ED_25519;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::{Algorithm, Form, PrivateKey, PublicKey, Suite};
use crate::Error;

/// The suite.
pub(super) struct Ed25519;

impl Suite for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn http_name(&self) -> &'static str {
        "ed25519"
    }

    fn signature_oid(&self) -> ObjectIdentifier {
        ID_ED_25519
    }

    // RFC 8419 §3.1: with signed attributes the digest is SHA-512.
    fn digest_oid(&self) -> ObjectIdentifier {
        ID_SHA_512
    }

    fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = Context::new(&SHA512);
        for part in parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }

    fn owns(&self, key: &AlgorithmIdentifierRef<'_>) -> bool {
        key.oid == ID_ED_25519 && key.parameters.is_none()
    }

    fn public_key(&self, spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Box<dyn PublicKey>, Error> {
        let bytes = spki.subject_public_key.as_bytes().ok_or(Error::Key("unused bits in the key"))?;
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| Error::Key("the key is not 32 bytes"))?;
        if is_small_order(bytes) {
            return Err(Error::Key("the point is of small order"));
        }
        let key = ParsedPublicKey::new(&ED25519, bytes).map_err(|_| Error::Key("not an Ed25519 key"))?;
        Ok(Box::new(Public(key)))
    }

    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn PrivateKey>, Error> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| Error::Key("not an Ed25519 private key"))?;
        Ok(Box::new(Private(pair)))
    }

    fn generate(&self) -> Result<Box<dyn PrivateKey>, Error> {
        Ok(Box::new(Private(Ed25519KeyPair::generate().map_err(|_| Error::Library)?)))
    }
}

struct Public(ParsedPublicKey);

impl PublicKey for Public {
    fn verify(&self, message: &[u8], signature: &[u8], _form: Form) -> Result<(), Error> {
        self.0.verify_sig(message, signature).map_err(|_| Error::Invalid)
    }
}

struct Private(Ed25519KeyPair);

impl PrivateKey for Private {
    fn sign(&self, message: &[u8], _form: Form) -> Result<Vec<u8>, Error> {
        Ok(self.0.try_sign(message).map_err(|_| Error::Library)?.as_ref().to_vec())
    }

    fn spki(&self) -> Result<Vec<u8>, Error> {
        Ok(self.0.public_key().as_der().map_err(|_| Error::Library)?.as_ref().to_vec())
    }

    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Version 1, without the public half: older programs refuse version 2.
        let document = self.0.to_pkcs8v1().map_err(|_| Error::Library)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }
}

/// `y` of the points of order 1, 2, 4 and 8, with their non-canonical spellings: under such a key one signature holds
/// for every message.
const SMALL_ORDER: [[u8; 32]; 7] = [
    edge(0x00, 0x00, 0x00),
    edge(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    edge(0xec, 0xff, 0x7f),
    edge(0xed, 0xff, 0x7f),
    edge(0xee, 0xff, 0x7f),
];

/// A little-endian number with this first, these middle and this last byte.
const fn edge(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

fn is_small_order(key: &[u8; 32]) -> bool {
    let mut y = *key;
    // The top bit is the sign of x, which the order does not depend on.
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_those_another_library_calls_weak() {
        for y in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut key = y;
                key[31] |= sign;
                assert!(is_small_order(&key));
                // Non-canonical spellings may be unreadable to the other library; those it reads must be weak to it.
                if let Ok(theirs) = ed25519_dalek::VerifyingKey::from_bytes(&key) {
                    assert!(theirs.is_weak(), "{}", hex::encode(key));
                }
            }
        }
        let honest = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        assert!(!is_small_order(honest.as_bytes()));
    }
}
