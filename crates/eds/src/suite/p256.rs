//! ECDSA on P-256 with SHA-256.
//!
//! The `sign` header and certificates bear DER; strictness is our own check, made before the library sees the bytes,
//! so that one signature has one spelling. RFC 9421's `r‖s` is turned into DER on the stack: a key is parsed once.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_EC_PUBLIC_KEY, ID_SHA_256, SECP_256_R_1};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::{Algorithm, Form, PrivateKey, PublicKey, Suite, names_curve};
use crate::{Error, sha256_of_parts};

/// The suite.
pub(super) struct P256;

/// Bytes of one scalar.
const SCALAR: usize = 32;
/// The longest DER form: two integers of 33 bytes with their headers, and the header of the sequence.
const LONGEST: usize = 72;
/// An uncompressed point: 0x04, x, y.
const POINT: usize = 65;

impl Suite for P256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EcdsaP256Sha256
    }

    fn http_name(&self) -> &'static str {
        "ecdsa-p256-sha256"
    }

    fn signature_oid(&self) -> ObjectIdentifier {
        ECDSA_WITH_SHA_256
    }

    fn digest_oid(&self) -> ObjectIdentifier {
        ID_SHA_256
    }

    fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        sha256_of_parts(parts).to_vec()
    }

    fn owns(&self, key: &AlgorithmIdentifierRef<'_>) -> bool {
        key.oid == ID_EC_PUBLIC_KEY && names_curve(key.parameters, SECP_256_R_1)
    }

    fn public_key(&self, spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Box<dyn PublicKey>, Error> {
        let point = spki.subject_public_key.as_bytes().ok_or(Error::Key("unused bits in the point"))?;
        // RFC 5480 §2.2 obliges nobody to take compressed points, and a second spelling of a key is a second keyid.
        if point.len() != POINT || point.first() != Some(&0x04) {
            return Err(Error::Key("the point is not uncompressed"));
        }
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
            .map_err(|_| Error::Key("the point is not on the curve"))?;
        Ok(Box::new(Public(key)))
    }

    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn PrivateKey>, Error> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8)
            .map_err(|_| Error::Key("not a P-256 private key"))?;
        Ok(Box::new(Private(pair)))
    }

    fn generate(&self) -> Result<Box<dyn PrivateKey>, Error> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| Error::Library)?;
        Ok(Box::new(Private(pair)))
    }
}

struct Public(ParsedPublicKey);

impl PublicKey for Public {
    fn verify(&self, message: &[u8], signature: &[u8], form: Form) -> Result<(), Error> {
        match form {
            Form::Der => {
                der_to_fixed(signature).ok_or(Error::Invalid)?;
                self.0.verify_sig(message, signature).map_err(|_| Error::Invalid)
            }
            Form::Fixed => {
                let mut der = [0; LONGEST];
                let der = fixed_to_der(signature, &mut der).ok_or(Error::Invalid)?;
                self.0.verify_sig(message, der).map_err(|_| Error::Invalid)
            }
        }
    }
}

struct Private(EcdsaKeyPair);

impl PrivateKey for Private {
    fn sign(&self, message: &[u8], form: Form) -> Result<Vec<u8>, Error> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| Error::Library)?;
        match form {
            Form::Der => Ok(signature.as_ref().to_vec()),
            Form::Fixed => der_to_fixed(signature.as_ref()).map(|fixed| fixed.to_vec()).ok_or(Error::Library),
        }
    }

    fn spki(&self) -> Result<Vec<u8>, Error> {
        Ok(self.0.public_key().as_der().map_err(|_| Error::Library)?.as_ref().to_vec())
    }

    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        // The library wipes its own copy when the document is dropped.
        let document = self.0.to_pkcs8v1().map_err(|_| Error::Library)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }
}

/// `r‖s` of a strict DER `ECDSA-Sig-Value`: shortest lengths, shortest positive integers, nothing behind, neither zero.
fn der_to_fixed(der: &[u8]) -> Option<[u8; 2 * SCALAR]> {
    let [0x30, length, integers @ ..] = der else {
        return None;
    };
    // Never longer than 70, so a long-form length is a BER spelling.
    if usize::from(*length) != integers.len() || *length >= 0x80 {
        return None;
    }
    let mut fixed = [0; 2 * SCALAR];
    let (r, s) = fixed.split_at_mut(SCALAR);
    let rest = take_integer(integers, r)?;
    let rest = take_integer(rest, s)?;
    rest.is_empty().then_some(fixed)
}

/// Reads one strict integer into `scalar`; gives what follows it.
fn take_integer<'a>(der: &'a [u8], scalar: &mut [u8]) -> Option<&'a [u8]> {
    let [0x02, length, rest @ ..] = der else { return None };
    let (value, rest) = rest.split_at_checked(usize::from(*length))?;
    let value = match value {
        // A zero in front only where the number would else read as negative.
        [0, next @ ..] if next.first().is_some_and(|byte| *byte >= 0x80) => next,
        [1..=0x7f, ..] => value,
        _ => return None,
    };
    let start = scalar.len().checked_sub(value.len())?;
    scalar.get_mut(start..)?.copy_from_slice(value);
    Some(rest)
}

/// The DER form of `r‖s`, written into `buffer`.
fn fixed_to_der<'a>(fixed: &[u8], buffer: &'a mut [u8; LONGEST]) -> Option<&'a [u8]> {
    if fixed.len() != 2 * SCALAR {
        return None;
    }
    let (r, s) = fixed.split_at_checked(SCALAR)?;
    let mut end = 2;
    for scalar in [r, s] {
        let first = scalar.iter().position(|byte| *byte != 0)?;
        let digits = scalar.get(first..)?;
        let padded = usize::from(digits.first()? >= &0x80);
        let size = digits.len() + padded;
        let into = buffer.get_mut(end..end + 2 + size)?;
        into.fill(0);
        *into.get_mut(0)? = 0x02;
        *into.get_mut(1)? = u8::try_from(size).ok()?;
        into.get_mut(2 + padded..)?.copy_from_slice(digits);
        end += 2 + size;
    }
    *buffer.get_mut(0)? = 0x30;
    *buffer.get_mut(1)? = u8::try_from(end - 2).ok()?;
    buffer.get(..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `30 len 02 len r 02 len s`, as given.
    fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
        let mut out = vec![0x30, (r.len() + s.len() + 4) as u8, 0x02, r.len() as u8];
        out.extend(r);
        out.extend([0x02, s.len() as u8]);
        out.extend(s);
        out
    }

    #[test]
    fn one_spelling_only() {
        let good = sequence(&[1], &[0, 0x80]);
        let fixed = der_to_fixed(&good).unwrap();
        assert_eq!((fixed[31], fixed[63]), (1, 0x80));
        let mut buffer = [0; LONGEST];
        assert_eq!(fixed_to_der(&fixed, &mut buffer), Some(good.as_slice()));

        for (why, r, s) in [
            ("zero r", &[0][..], &[1][..]),
            ("zero s", &[1], &[0]),
            ("empty r", &[], &[1]),
            ("negative r", &[0x80], &[1]),
            ("negative s", &[1], &[0xff, 0x01]),
            ("needless zero", &[0, 1], &[1]),
            ("two zeros", &[0, 0, 0x80], &[1]),
            ("33 bytes", &[1; 33], &[1]),
        ] {
            assert_eq!(der_to_fixed(&sequence(r, s)), None, "{why}");
        }
        let mut trailing = good.clone();
        trailing.push(0);
        assert_eq!(der_to_fixed(&trailing), None, "bytes behind");
        let mut inside = good.clone();
        inside.extend([0x05, 0]);
        inside[1] += 2;
        assert_eq!(der_to_fixed(&inside), None, "a third member");
        let mut long_form = vec![0x30, 0x81];
        long_form.extend(&good[1..]);
        assert_eq!(der_to_fixed(&long_form), None, "long form of a short length");
        let mut indefinite = vec![0x30, 0x80];
        indefinite.extend(&good[2..]);
        indefinite.extend([0, 0]);
        assert_eq!(der_to_fixed(&indefinite), None, "indefinite length");
        for cut in 0..good.len() {
            assert_eq!(der_to_fixed(&good[..cut]), None, "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_has_one_spelling(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(fixed) = der_to_fixed(&bytes) {
                let mut buffer = [0; LONGEST];
                prop_assert_eq!(fixed_to_der(&fixed, &mut buffer), Some(bytes.as_slice()));
            }
        }

        #[test]
        fn both_forms_are_one_signature(fixed in proptest::collection::vec(any::<u8>(), 64..=64)) {
            let mut buffer = [0; LONGEST];
            if let Some(der) = fixed_to_der(&fixed, &mut buffer) {
                prop_assert_eq!(der_to_fixed(der).map(Vec::from), Some(fixed));
            }
        }
    }
}
