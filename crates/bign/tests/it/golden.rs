//! What the reference implementation in C answered once, so that every test run asks it without building it.
//!
//! `cargo test -p bign --features oracle` asks anew and compares the files (`reference.rs`).

use bign::{PrivateKey, PublicKey, belt_hash};

/// Lines of `private public hash t signature`, `-` for an empty `t`.
const SIGNATURES: &str = include_str!("../golden/signatures.txt");
/// belt-hash of the messages of 0, 1, 2, … bytes that [`message`] makes.
const HASHES: &str = include_str!("../golden/hashes.txt");

/// The message of so many bytes.
pub(crate) fn message(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + length * 7) as u8).collect()
}

fn field<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

#[test]
fn hashes_are_those_of_the_reference() {
    let mut lines = 0;
    for (length, expected) in HASHES.lines().enumerate() {
        assert_eq!(hex::encode(belt_hash(&message(length))), expected, "{length} bytes");
        lines += 1;
    }
    assert_eq!(lines, 200);
}

#[test]
fn signatures_are_those_of_the_reference() {
    let mut lines = 0;
    for line in SIGNATURES.lines() {
        let [private, public, hash, t, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let t = if t == "-" { Vec::new() } else { hex::decode(t).unwrap() };
        let (hash, signature) = (field(hash), field::<48>(signature));
        let private = PrivateKey::parse(&field::<32>(private)).unwrap();
        assert_eq!(private.public_key().to_bytes(), field(public));
        assert_eq!(private.sign_hash(&hash, &t).as_bytes(), &signature);
        let public = PublicKey::parse(&field::<64>(public)).unwrap();
        assert_eq!(public.verify_hash(&hash, &signature), Ok(()));
        assert_eq!(public.prepare().verify_hash(&hash, &signature), Ok(()));
        lines += 1;
    }
    assert_eq!(lines, 300);
}
