//! The national algorithm: STB 34.101.45 on bign-curve256v1 with belt-hash; 48-byte signatures in both forms.
//!
//! Keys, private keys and identifiers as STB 34.101.78 (6.6, 6.9) has them. A key that has verified once gets a table
//! of its multiples: certificates of strangers are checked once, those of authorities and systems again and again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bign::{PreparedKey, PublicKey as Point};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef, BitString, OctetStringRef};
use der::{Decode, Encode};
use pkcs8::PrivateKeyInfoRef;
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::{Algorithm, Form, Parameters, PrivateKey, PublicKey, Suite, names_curve};
use crate::{Error, belt_hash, belt_hash_of_parts, random};

/// bign-with-hbelt.
const SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.0.2.0.34.101.45.12");
/// bign-pubkey.
const KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.0.2.0.34.101.45.2.1");
/// bign-curve256v1.
const CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.0.2.0.34.101.45.3.1");
/// belt-hash256.
const HASH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.0.2.0.34.101.31.81");

/// The suite.
pub(super) struct Bign;

impl Suite for Bign {
    fn algorithm(&self) -> Algorithm {
        Algorithm::BignBeltHash
    }

    fn http_name(&self) -> &'static str {
        "bign-with-hbelt"
    }

    fn signature_oid(&self) -> ObjectIdentifier {
        SIGNATURE
    }

    fn signature_parameters(&self) -> Parameters {
        Parameters::Null
    }

    fn digest_oid(&self) -> ObjectIdentifier {
        HASH
    }

    fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        belt_hash_of_parts(parts).to_vec()
    }

    // STB 34.101.78, 6.6: NULL here as well.
    fn digest_identifier(&self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: HASH, parameters: Some(Any::null()) }
    }

    // Programs in use name the key's algorithm in place of the signature's.
    fn is_cms_signature(&self, identifier: &AlgorithmIdentifierOwned) -> bool {
        let parameters = identifier.parameters.as_ref();
        *identifier == self.algorithm().signature_identifier()
            || (identifier.oid == KEY
                && parameters.is_none_or(|any| any.is_null() || names_curve(Some(any.into()), CURVE)))
    }

    fn key_identifier(&self, key: &[u8]) -> Vec<u8> {
        belt_hash(key).to_vec() // STB 34.101.78: all of it
    }

    fn owns(&self, key: &AlgorithmIdentifierRef<'_>) -> bool {
        key.oid == KEY && names_curve(key.parameters, CURVE)
    }

    fn public_key(&self, spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Box<dyn PublicKey>, Error> {
        let bytes = spki.subject_public_key.as_bytes().ok_or(Error::Key("unused bits in the point"))?;
        let point = Point::parse(bytes).map_err(|_| Error::Key("the point is not on the curve"))?;
        Ok(Box::new(Public { point, used: AtomicBool::new(false), prepared: OnceLock::new() }))
    }

    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn PrivateKey>, Error> {
        const FAULT: Error = Error::Key("not a bign private key");
        let info = PrivateKeyInfoRef::from_der(pkcs8).map_err(|_| FAULT)?;
        let key = bign::PrivateKey::parse(info.private_key.as_bytes()).map_err(|_| FAULT)?;
        // A public half that is not this key's means a mixed-up or altered file.
        let point = key.public_key().to_bytes();
        if info.public_key.is_some_and(|stated| stated.as_bytes() != Some(&point)) {
            return Err(Error::Key("the public half is another key's"));
        }
        Ok(Box::new(Private(key)))
    }

    fn generate(&self) -> Result<Box<dyn PrivateKey>, Error> {
        Ok(Box::new(Private(bign::PrivateKey::generate(|buffer| random::fill(buffer))?)))
    }
}

struct Public {
    point: Point,
    used: AtomicBool,
    prepared: OnceLock<Box<PreparedKey>>,
}

impl PublicKey for Public {
    fn verify(&self, message: &[u8], signature: &[u8], _form: Form) -> Result<(), Error> {
        let verdict = if self.used.load(Ordering::Relaxed) {
            self.prepared.get_or_init(|| Box::new(self.point.prepare())).verify(message, signature)
        } else {
            self.point.verify(message, signature)
        };
        verdict.map_err(|_| Error::Invalid)?;
        // Only what holds counts: whoever sends rubbish has no tables made.
        self.used.store(true, Ordering::Relaxed);
        Ok(())
    }
}

struct Private(bign::PrivateKey);

impl PrivateKey for Private {
    fn sign(&self, message: &[u8], _form: Form) -> Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).as_bytes().to_vec())
    }

    fn spki(&self) -> Result<Vec<u8>, Error> {
        let key = BitString::from_bytes(&self.0.public_key().to_bytes()).map_err(|_| Error::Library)?;
        let spki = SubjectPublicKeyInfo { algorithm: identifier(), subject_public_key: key };
        spki.to_der().map_err(|_| Error::Library)
    }

    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bytes = self.0.to_bytes();
        let octets = OctetStringRef::new(bytes.as_slice()).map_err(|_| Error::Library)?;
        Ok(Zeroizing::new(PrivateKeyInfoRef::new(identifier(), octets).to_der().map_err(|_| Error::Library)?))
    }
}

/// The identifier of keys.
fn identifier() -> AlgorithmIdentifierRef<'static> {
    AlgorithmIdentifierRef { oid: KEY, parameters: Some(AnyRef::from(&CURVE)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, VerifyingKey};

    /// PrivateKeyInfo of the private key of STB 34.101.45, table Г.1, as other programs write it.
    const PKCS8: &str = "303f0201003018060a2a7000020022652d0201060a2a7000020022652d03010420\
                         1f66b5b84b7339674533f0329c74f21834281fed0732429e0c79235fc273e269";
    /// SubjectPublicKeyInfo of its public half.
    const SPKI: &str = "305d3018060a2a7000020022652d0201060a2a7000020022652d0301034100\
                        bd1a5650179d79e03fcee49d4c2bd5ddf54ce46d0cf11e4ff87bf7a890857fd0\
                        7ac6a60361e8c8173491686d461b2826190c2eda5909054a9ab84d2ab9d99a90";

    fn key() -> SigningKey {
        SigningKey::from_pkcs8_der(&hex::decode(PKCS8).unwrap()).unwrap()
    }

    #[test]
    fn keys_are_written_as_others_write_them() {
        assert_eq!(hex::encode(key().to_pkcs8_der().unwrap()), PKCS8);
        assert_eq!(hex::encode(key().verifying_key().spki_der()), SPKI);
        assert_eq!(key().algorithm(), Algorithm::BignBeltHash);
    }

    #[test]
    fn a_key_names_its_curve_and_is_on_it() {
        let good = hex::decode(SPKI).unwrap();
        let other_curve = SPKI.replace("652d0301", "652d0302");
        let hash_for_key = SPKI.replace("652d0201", "652d0c01");
        for wrong in [other_curve, hash_for_key] {
            let wrong = VerifyingKey::from_spki_der(&hex::decode(wrong).unwrap());
            assert_eq!(wrong.err(), Some(Error::Algorithm));
        }
        let mut off = good.clone();
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(VerifyingKey::from_spki_der(&off).err(), Some(Error::Key("the point is not on the curve")));
        let mut unused_bits = good;
        unused_bits[30] = 1;
        assert!(VerifyingKey::from_spki_der(&unused_bits).is_err());
    }

    #[test]
    fn private_keys_out_of_range_are_none() {
        for bytes in ["00".repeat(32), "ff".repeat(32)] {
            let wrong = format!("{}{bytes}", &PKCS8[..66]);
            assert!(SigningKey::from_pkcs8_der(&hex::decode(wrong).unwrap()).is_err());
        }
    }

    #[test]
    fn many_signatures_of_one_key_hold_and_forged_ones_never() {
        let (signing, verifying) = (key(), key().verifying_key().clone());
        for round in 0..4_u8 {
            let message = [round; 20];
            let signature = signing.sign(&message, Form::Fixed).unwrap();
            assert_eq!(signature.len(), 48);
            let mut forged = signature.clone();
            forged[usize::from(round)] ^= 1;
            assert_eq!(verifying.verify(&message, &forged, Form::Fixed), Err(Error::Invalid));
            assert_eq!(verifying.verify(&message, &signature, Form::Der), Ok(()));
            assert_eq!(verifying.verify(&[9; 20], &signature, Form::Der), Err(Error::Invalid));
        }
    }
}
