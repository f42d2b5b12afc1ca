//! ECDSA on P-256 with SHA-256.
//!
//! The `sign` header and certificates bear DER; strictness is our own check, made before the library sees the bytes,
//! so that one signature has one spelling. RFC 9421's `r‖s` is turned into DER on the stack: a key is parsed once. A
//! key that comes again and again gets its multiples, and is verified with them (`docs/decisions/0011`).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use comb::KnownKey;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_EC_PUBLIC_KEY, ID_SHA_256, SECP_256_R_1};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::{Algorithm, Form, PrivateKey, PublicKey, Suite, names_curve};
use crate::{Error, sha256, sha256_of_parts};

/// The suite.
pub(super) struct P256;

/// Bytes of one scalar.
const SCALAR: usize = 32;
/// The longest DER form: two integers of 33 bytes with their headers, and the header of the sequence.
const LONGEST: usize = 72;
/// An uncompressed point: 0x04, x, y.
const POINT: usize = 65;
/// At which verification a key gets its multiples: they cost as much as some twenty of them.
const OFTEN: u32 = 16;
/// How many keys may have them at once: 5.6 MB in all.
const MOST_KNOWN: usize = 64;

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
        let point: [u8; POINT] = point.try_into().map_err(|_| Error::Key("the point is not uncompressed"))?;
        if !point.starts_with(&[0x04]) {
            return Err(Error::Key("the point is not uncompressed"));
        }
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
            .map_err(|_| Error::Key("the point is not on the curve"))?;
        Ok(Box::new(Public { key, point, times: AtomicU32::new(0), known: OnceLock::new() }))
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

struct Public {
    key: ParsedPublicKey,
    point: [u8; POINT],
    /// How often it was asked for, until it has its multiples.
    times: AtomicU32,
    /// Its multiples; none when there was no place for them.
    known: OnceLock<Option<Known>>,
}

/// Multiples of a key, in their place.
struct Known {
    key: KnownKey,
    _place: Place,
}

/// One of [`MOST_KNOWN`] places; given back when dropped.
struct Place;

/// Places that are taken.
static PLACES: AtomicUsize = AtomicUsize::new(0);

impl Place {
    fn take() -> Option<Self> {
        let more = |taken: usize| (taken < MOST_KNOWN).then_some(taken + 1);
        PLACES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Public {
    /// The multiples of a key that is asked for often.
    fn known(&self) -> Option<&KnownKey> {
        let made = match self.known.get() {
            Some(made) => made,
            None if self.times.fetch_add(1, Ordering::Relaxed) < OFTEN => return None,
            None => self.known.get_or_init(|| Some(Known { _place: Place::take()?, key: KnownKey::of(&self.point)? })),
        };
        made.as_ref().map(|known| &known.key)
    }
}

impl PublicKey for Public {
    fn verify(&self, message: &[u8], signature: &[u8], form: Form) -> Result<(), Error> {
        let mut buffer = [0; LONGEST];
        let (fixed, der) = match form {
            Form::Der => (der_to_fixed(signature).ok_or(Error::Invalid)?, signature),
            Form::Fixed => (
                signature.try_into().map_err(|_| Error::Invalid)?,
                fixed_to_der(signature, &mut buffer).ok_or(Error::Invalid)?,
            ),
        };
        let holds = match self.known() {
            Some(known) => known.verifies(&sha256(message), &fixed),
            None => self.key.verify_sig(message, der).is_ok(),
        };
        if holds { Ok(()) } else { Err(Error::Invalid) }
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

    /// A key as it is read, without the trait's veil.
    fn read(spki: &[u8]) -> Public {
        let point = SubjectPublicKeyInfoRef::try_from(spki).unwrap();
        let point: [u8; POINT] = point.subject_public_key.raw_bytes().try_into().unwrap();
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).unwrap();
        Public { key, point, times: AtomicU32::new(0), known: OnceLock::new() }
    }

    /// One test, because places are the process's.
    #[test]
    fn a_key_that_is_met_often_has_the_same_verdicts_and_a_place_while_there_is_one() {
        let key = P256.generate().unwrap();
        let spki = key.spki().unwrap();
        let public = read(&spki);
        for round in 0..OFTEN * 2 {
            for form in [Form::Der, Form::Fixed] {
                let signature = key.sign(b"message", form).unwrap();
                assert_eq!(public.verify(b"message", &signature, form), Ok(()), "{round}");
                assert_eq!(public.verify(b"another", &signature, form), Err(Error::Invalid), "{round}");
                let other = if form == Form::Der { Form::Fixed } else { Form::Der };
                assert_eq!(public.verify(b"message", &signature, other), Err(Error::Invalid), "{round}");
                let mut altered = signature.clone();
                *altered.last_mut().unwrap() ^= 1;
                assert_eq!(public.verify(b"message", &altered, form), Err(Error::Invalid), "{round}");
            }
        }
        assert!(public.known().is_some(), "it was met often");

        let often = || {
            let public = read(&spki);
            (0..=OFTEN).filter(|_| public.known().is_some()).count();
            public
        };
        let many: Vec<Public> = (0..MOST_KNOWN).map(|_| often()).collect();
        assert!(many.last().unwrap().known().is_none(), "one has its place already");
        let signature = key.sign(b"message", Form::Der).unwrap();
        assert_eq!(many.last().unwrap().verify(b"message", &signature, Form::Der), Ok(()), "without a place too");
        drop(many);
        assert!(often().known().is_some(), "a place is free again");
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
