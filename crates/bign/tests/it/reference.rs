//! The reference implementation in C as the other side, and the maker of the golden files.

use std::path::Path;

use bign::{PrivateKey, PublicKey, belt_hash};
use proptest::prelude::*;

use crate::golden::message;
use crate::oracle::Reference;

/// The committed file is what the reference says now; a new one is written for the diff to be read.
fn compare(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let written = kept != fresh && std::fs::write(&path, fresh).is_ok();
    assert!(kept == fresh, "{name} is not what the reference says; new one to be read and committed: {written}");
}

#[test]
fn the_golden_hashes() {
    let reference = Reference::new();
    let lines = (0..200).map(|length| hex::encode(reference.hash(&message(length))) + "\n");
    compare("hashes.txt", &lines.collect::<String>());
}

#[test]
fn the_golden_signatures() {
    const ORDER: &str = "07663d2699bf5a7efc4dfb0dd68e5cd9ffffffffffffffffffffffffffffffff";
    let reference = Reference::new();
    let mut file = String::new();
    for index in 0..300_u32 {
        let seed = |role: u8| belt_hash(&[&[role], index.to_le_bytes().as_slice()].concat());
        let mut private = seed(0);
        let mut hash = seed(1);
        // Small and large keys, and hashes about the order, among the ordinary.
        match index {
            0..16 => private = std::array::from_fn(|at| if at == 0 { index as u8 + 1 } else { 0 }),
            16..32 => {
                private = hex::decode(ORDER).unwrap().try_into().unwrap();
                let low = u16::from_le_bytes([private[0], private[1]]) - (index as u16 - 15);
                private[..2].copy_from_slice(&low.to_le_bytes());
            }
            32 => hash = [0; 32],
            33 => hash = [0xff; 32],
            34 => hash = hex::decode(ORDER).unwrap().try_into().unwrap(),
            _ => {}
        }
        let t = message(if index % 3 == 0 { 0 } else { index as usize % 50 });
        let public = reference.public_key(&private).unwrap();
        let signature = reference.sign(&private, &hash, &t);
        let t = if t.is_empty() { "-".to_owned() } else { hex::encode(t) };
        let [private, hash] = [private, hash].map(hex::encode);
        file += &format!("{private} {} {hash} {t} {}\n", hex::encode(public), hex::encode(signature));
    }
    compare("signatures.txt", &file);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn keys_signatures_and_verdicts_are_the_same(
        private in any::<[u8; 32]>(), hash in any::<[u8; 32]>(), t in any::<Vec<u8>>(), other in any::<[u8; 48]>(),
        altered in 0..8 * 48_usize,
    ) {
        let reference = Reference::new();
        let theirs = reference.public_key(&private);
        let ours = PrivateKey::parse(&private).ok();
        prop_assert_eq!(ours.as_ref().map(|key| key.public_key().to_bytes()), theirs);
        let Some((ours, public)) = ours.zip(theirs) else { return Ok(()) };
        let good = reference.sign(&private, &hash, &t);
        prop_assert_eq!(*ours.sign_hash(&hash, &t).as_bytes(), good);
        let key = PublicKey::parse(&public).unwrap();
        let mut bad = good;
        bad[altered / 8] ^= 1 << (altered % 8);
        let mut half = good;
        half[16..].copy_from_slice(&other[16..]);
        for signature in [good, bad, half, other] {
            let verdict = reference.verify(&public, &hash, &signature);
            prop_assert_eq!(verdict, signature == good);
            prop_assert_eq!(key.verify_hash(&hash, &signature).is_ok(), verdict);
            prop_assert_eq!(key.prepare().verify_hash(&hash, &signature).is_ok(), verdict);
        }
    }

    #[test]
    fn the_same_keys_are_taken(private in any::<[u8; 32]>(), at in 0..64_usize, bit in 0..8_u8, random in any::<[u8; 64]>()) {
        let reference = Reference::new();
        prop_assert_eq!(PublicKey::parse(&random).is_ok(), reference.takes(&random));
        if let Some(mut public) = reference.public_key(&private) {
            prop_assert!(reference.takes(&public));
            public[at] ^= 1 << bit;
            prop_assert_eq!(PublicKey::parse(&public).is_ok(), reference.takes(&public));
        }
    }

    #[test]
    fn hashes_are_the_same(message in any::<Vec<u8>>()) {
        prop_assert_eq!(Reference::new().hash(&message), belt_hash(&message));
    }
}
