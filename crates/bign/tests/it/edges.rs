//! What must be refused, one reason at a time.

use bign::{Error, PrivateKey, PublicKey, belt_hash};
use num_bigint::BigUint;

use crate::standard::{PRIVATE, PUBLIC};

/// `q`, least byte first.
const ORDER: &str = "07663D2699BF5A7EFC4DFB0DD68E5CD9FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
/// `p`, least byte first.
const PRIME: &str = "43FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
/// The ordinate of the base point, whose abscissa is zero.
const BASE: &str = "936A510418CF291E52F608C4663991785D83D651A3C9E45C9FD616FB3CFCF76B";

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

/// The 32 bytes of a number, least first.
fn number(number: BigUint) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digits = number.to_bytes_le();
    bytes[..digits.len()].copy_from_slice(&digits);
    bytes
}

fn private() -> PrivateKey {
    PrivateKey::parse(&bytes(PRIVATE)).unwrap()
}

#[test]
fn private_keys_have_a_range() {
    let order = BigUint::from_bytes_le(&bytes(ORDER));
    for (key, expected) in [
        (BigUint::ZERO, Some(Error::Range)),
        (BigUint::from(1_u8), None),
        (&order - 1_u8, None),
        (order.clone(), Some(Error::Range)),
        (&order + 1_u8, Some(Error::Range)),
        ((BigUint::from(1_u8) << 256) - 1_u8, Some(Error::Range)),
    ] {
        assert_eq!(PrivateKey::parse(&number(key)).err(), expected);
    }
    for length in [0, 31, 33, 64] {
        assert_eq!(PrivateKey::parse(&vec![1; length]).err(), Some(Error::Length));
    }
    let one = PrivateKey::parse(&number(BigUint::from(1_u8))).unwrap();
    assert_eq!(one.public_key().to_bytes().as_slice(), [vec![0; 32], bytes(BASE)].concat());
}

#[test]
fn a_new_key_is_what_randomness_gives() {
    let mut asked = 0;
    let good = number(BigUint::from(7_u8));
    let key = PrivateKey::generate(|buffer| {
        *buffer = match asked {
            0 => [0; 32],
            1 => [0xff; 32],
            _ => good,
        };
        asked += 1;
        Ok::<_, ()>(())
    });
    assert_eq!((asked, key.unwrap().to_bytes().as_slice()), (3, good.as_slice()));
    assert_eq!(PrivateKey::generate(|_| Err("no randomness")).err(), Some("no randomness"));
}

#[test]
fn public_keys_are_points_of_the_curve() {
    let good = bytes(PUBLIC);
    assert!(PublicKey::parse(&good).is_ok());
    for length in [0, 32, 63, 65, 96, 128] {
        let mut key = good.clone();
        key.resize(length, 0);
        assert_eq!(PublicKey::parse(&key).err(), Some(Error::Length), "{length}");
    }
    for at in 0..64 {
        for bit in 0..8 {
            let mut key = good.clone();
            key[at] ^= 1 << bit;
            assert!(PublicKey::parse(&key).is_err(), "{at} {bit}");
        }
    }
    // Zeros are what some programs write for infinity; (0, 0) is on no such curve.
    assert_eq!(PublicKey::parse(&[0; 64]).err(), Some(Error::OffCurve));
    assert_eq!(PublicKey::parse(&[0xff; 64]).err(), Some(Error::Range));
    assert!(PublicKey::parse(&[vec![0; 32], bytes(BASE)].concat()).is_ok());
    assert_eq!(PublicKey::parse(&[bytes(PRIME), bytes(BASE)].concat()).err(), Some(Error::Range), "0 spelled as p");
    let mut above = bytes(PRIME);
    above[0] -= 1;
    assert_eq!(PublicKey::parse(&[above, bytes(BASE)].concat()).err(), Some(Error::OffCurve));
    // The point of the twist or of no curve: the ordinate of another point.
    assert_eq!(PublicKey::parse(&[&good[..32], &bytes(BASE)].concat()).err(), Some(Error::OffCurve));
    // The opposite point is a key, but another.
    let y = BigUint::from_bytes_le(&bytes(PRIME)) - BigUint::from_bytes_le(&good[32..]);
    let opposite = PublicKey::parse(&[&good[..32], &number(y)].concat()).unwrap();
    assert_ne!(&opposite, private().public_key());
    assert_eq!(opposite.verify(b"x", private().sign(b"x").as_bytes()), Err(Error::Invalid));
}

#[test]
fn an_altered_bit_anywhere_is_refused() {
    let (private, message) = (private(), *b"a message of some bytes");
    let good = *private.sign(&message).as_bytes();
    let key = private.public_key();
    let prepared = key.prepare();
    let both = |message: &[u8], signature: &[u8]| {
        let verdict = key.verify(message, signature);
        assert_eq!(prepared.verify(message, signature), verdict);
        verdict
    };
    assert_eq!(both(&message, &good), Ok(()));
    for bit in 0..8 * good.len() {
        let mut signature = good;
        signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(both(&message, &signature), Err(Error::Invalid), "bit {bit} of the signature");
    }
    for bit in 0..8 * message.len() {
        let mut message = message;
        message[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(both(&message, &good), Err(Error::Invalid), "bit {bit} of the message");
    }
    for length in (0..good.len()).chain([49, 64, 96]) {
        let mut signature = good.to_vec();
        signature.resize(length, 0);
        assert_eq!(both(&message, &signature), Err(Error::Invalid), "{length} bytes");
    }
    assert_eq!(both(&[], &good), Err(Error::Invalid));
    assert_eq!(both(&message, &[0; 48]), Err(Error::Invalid));
    assert_eq!(both(&message, &[0xff; 48]), Err(Error::Invalid));
}

#[test]
fn an_answer_has_one_spelling() {
    // s1 + q is the same number modulo q: taking it would give every signature a second form. A key for which s1 is so
    // small that the sum fits into 32 bytes is made backwards: s1 = k − H − (s0 + 2^128) d, so d follows from s1 = 1.
    let order = BigUint::from_bytes_le(&bytes(ORDER));
    let (message, k) = (b"m", number(BigUint::from(0x1234_5678_9abc_u64)));
    let hash = BigUint::from_bytes_le(&belt_hash(message)) % &order;
    let point = PrivateKey::parse(&k).unwrap().public_key().to_bytes();
    let challenge = bign::belt_hash_of_parts(&[&bign::HASH_OID, &point[..32], &belt_hash(message)]);
    let s0: BigUint = BigUint::from_bytes_le(&challenge[..16]) + (BigUint::from(1_u8) << 128);
    let numerator = BigUint::from_bytes_le(&k) + &order + &order - hash - 1_u8;
    let d = numerator * s0.modpow(&(&order - 2_u8), &order) % &order;
    let public = *PrivateKey::parse(&number(d)).unwrap().public_key();
    let signature = |s1: BigUint| [&challenge[..16], &number(s1)].concat();
    assert_eq!(public.verify(message, &signature(BigUint::from(1_u8))), Ok(()));
    assert_eq!(public.verify(message, &signature(order + 1_u8)), Err(Error::Invalid));
}

#[test]
fn a_sum_at_infinity_is_refused() {
    // s1 = −H − (s0 + 2^128) d leaves no point to hash, whatever s0 is.
    let order = BigUint::from_bytes_le(&bytes(ORDER));
    let hash = BigUint::from_bytes_le(&belt_hash(b"m")) % &order;
    let d = BigUint::from_bytes_le(&bytes(PRIVATE));
    // What a program that takes infinity for (0, 0) would compute for s0.
    let challenge = bign::belt_hash_of_parts(&[&bign::HASH_OID, &[0; 32], &belt_hash(b"m")]);
    for s0 in [[0; 16], challenge[..16].try_into().unwrap()] {
        let full = BigUint::from_bytes_le(&s0) + (BigUint::from(1_u8) << 128);
        let s1 = (&order + &order - hash.clone() - full * &d % &order) % &order;
        let signature = [&s0[..], &number(s1)].concat();
        let public = *private().public_key();
        assert_eq!(public.verify(b"m", &signature), Err(Error::Invalid));
        assert_eq!(public.prepare().verify(b"m", &signature), Err(Error::Invalid));
    }
}

#[test]
fn hashes_of_every_size_are_signed() {
    let order: [u8; 32] = bytes(ORDER).try_into().unwrap();
    for hash in [[0; 32], [0xff; 32], order] {
        let signature = private().sign_hash(&hash, &[]);
        assert_eq!(private().public_key().verify_hash(&hash, signature.as_bytes()), Ok(()));
        assert_eq!(private().public_key().prepare().verify_hash(&hash, signature.as_bytes()), Ok(()));
    }
    assert_eq!(private().public_key().verify(b"", private().sign(b"").as_bytes()), Ok(()));
}

#[test]
fn nothing_secret_is_printed() {
    assert_eq!(format!("{:?}", private()), "PrivateKey(…)");
}
