//! The other implementation in Rust, written by others on other formulas: keys, signatures and verdicts are the same.

use bign::{PrivateKey, PublicKey, belt_hash};
use bignp256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use bignp256::ecdsa::signature::{Signer, Verifier};
use bignp256::ecdsa::{Signature, SigningKey, VerifyingKey};
use proptest::prelude::*;

fn keys() -> impl Strategy<Value = (PrivateKey, SigningKey)> {
    any::<[u8; 32]>().prop_filter_map("out of range", |bytes| {
        let ours = PrivateKey::parse(&bytes).ok()?;
        let theirs = SigningKey::from_slice(&bytes).unwrap();
        Some((ours, theirs))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn keys_and_signatures_are_the_same((ours, theirs) in keys(), message in any::<Vec<u8>>()) {
        let public = ours.public_key().to_bytes();
        prop_assert_eq!(theirs.verifying_key().to_bytes().to_vec(), public.to_vec());
        let signature = ours.sign(&message);
        let other: Signature = theirs.sign(&message);
        prop_assert_eq!(other.to_bytes(), *signature.as_bytes());
        let key = PublicKey::parse(&public).unwrap();
        prop_assert_eq!(key.verify(&message, signature.as_bytes()), Ok(()));
        prop_assert_eq!(key.prepare().verify(&message, signature.as_bytes()), Ok(()));
    }

    #[test]
    fn hashes_are_signed_the_same((ours, theirs) in keys(), hash in any::<[u8; 32]>()) {
        let other: Signature = theirs.sign_prehash(&hash).unwrap();
        let signature = ours.sign_hash(&hash, &[]);
        prop_assert_eq!(other.to_bytes(), *signature.as_bytes());
        prop_assert!(theirs.verifying_key().verify_prehash(&hash, &other).is_ok());
        prop_assert_eq!(ours.public_key().verify_hash(&hash, signature.as_bytes()), Ok(()));
    }

    /// Anything at all in place of a signature: one verdict.
    #[test]
    fn verdicts_are_the_same((ours, theirs) in keys(), message in any::<[u8; 20]>(), other in any::<[u8; 48]>(), kind in 0..4) {
        let good = *ours.sign(&message).as_bytes();
        let signature: Vec<u8> = match kind {
            0 => other.to_vec(),
            1 => [&good[..16], &other[16..]].concat(),
            2 => [&other[..16], &good[16..]].concat(),
            _ => good.to_vec(),
        };
        let verdict = Signature::try_from(signature.as_slice())
            .is_ok_and(|signature| theirs.verifying_key().verify(&message, &signature).is_ok());
        prop_assert_eq!(verdict, kind == 3);
        prop_assert_eq!(ours.public_key().verify(&message, &signature).is_ok(), verdict);
        prop_assert_eq!(ours.public_key().prepare().verify_hash(&belt_hash(&message), &signature).is_ok(), verdict);
    }

    /// Anything at all in place of a key.
    #[test]
    fn the_same_keys_are_refused(bytes in any::<[u8; 64]>(), scalar in any::<[u8; 32]>(), at in 0..64_usize) {
        prop_assert_eq!(PublicKey::parse(&bytes).is_ok(), VerifyingKey::from_bytes(&bytes).is_ok());
        if let Ok(private) = PrivateKey::parse(&scalar) {
            let mut near = private.public_key().to_bytes();
            near[at] ^= 1;
            prop_assert_eq!(PublicKey::parse(&near).is_ok(), VerifyingKey::from_bytes(&near).is_ok());
        }
    }
}
