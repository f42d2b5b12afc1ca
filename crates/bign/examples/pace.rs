//! How fast, beside others, in one run: `cargo run --release -p bign --example pace [--features oracle]`.
//!
//! Every row is the median of many short rounds in which all take turns: on a busy machine most rounds fall between
//! two interruptions, and the rest slow all alike. Read the ratios.

use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use bign::{PrivateKey, belt_hash};
use bignp256::ecdsa::SigningKey;
use bignp256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};

#[cfg(feature = "oracle")]
#[path = "../tests/oracle/mod.rs"]
#[expect(dead_code, reason = "the tests ask for more")]
mod oracle;

/// Rounds; odd, for the median.
const ROUNDS: usize = 501;
/// Calls of one row in one round.
const CALLS: u32 = 4;
/// A request of ordinary size.
const MESSAGE: [u8; 200] = [0x61; 200];
/// A private key like any other.
const PRIVATE: [u8; 32] = [0x47; 32];

/// Something done again and again, and how long it took in each round, µs.
struct Row<'a> {
    name: &'static str,
    act: Box<dyn FnMut() + 'a>,
    times: Vec<f64>,
}

impl<'a> Row<'a> {
    fn new<T>(name: &'static str, mut act: impl FnMut() -> T + 'a) -> Self {
        Self { name, act: Box::new(move || drop(black_box(act()))), times: Vec::new() }
    }

    fn round(&mut self, calls: u32) {
        let start = Instant::now();
        for _ in 0..calls {
            (self.act)();
        }
        self.times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Measures the rows in turns and prints them; ratios are to the first.
fn print(title: &str, calls: u32, mut rows: Vec<Row<'_>>) {
    for row in &mut rows {
        row.round(calls);
        row.times.clear();
    }
    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.round(calls);
        }
    }
    println!("{title}");
    let first = rows.first().map_or(f64::NAN, Row::median);
    for row in &rows {
        println!("  {:<40} {:>9.1} µs {:>7.2} ×", row.name, row.median(), row.median() / first);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hash = belt_hash(&MESSAGE);
    let ours = PrivateKey::parse(&PRIVATE)?;
    let signature = *ours.sign_hash(&hash, &[]).as_bytes();
    let prepared = ours.public_key().prepare();
    let registry = SigningKey::from_slice(&PRIVATE)?;
    let registry_signature: bignp256::ecdsa::Signature = registry.sign_prehash(&hash)?;
    let random = SystemRandom::new();
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let p256_signature = p256.sign(&random, &MESSAGE)?;
    let p256_key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, p256.public_key().as_ref())?;
    let bulk = vec![0x61; 1 << 16];
    #[cfg(feature = "oracle")]
    let reference = oracle::Reference::new();

    let mut verify = vec![
        Row::new("bign, over the hash", || ours.public_key().verify_hash(&hash, &signature)),
        Row::new("bign, prepared key, over the hash", || prepared.verify_hash(&hash, &signature)),
        Row::new("bign, with hashing 200 bytes", || ours.public_key().verify(&MESSAGE, &signature)),
        Row::new("bign, prepared key, with hashing", || prepared.verify(&MESSAGE, &signature)),
        Row::new("bignp256, over the hash", || registry.verifying_key().verify_prehash(&hash, &registry_signature)),
        Row::new("P-256 of aws-lc-rs, with hashing", || p256_key.verify_sig(&MESSAGE, p256_signature.as_ref())),
        Row::new("bign, preparing a key", || ours.public_key().prepare()),
    ];
    let mut sign = vec![
        Row::new("bign, over the hash", || ours.sign_hash(&hash, &[])),
        Row::new("bign, with hashing 200 bytes", || ours.sign(&MESSAGE)),
        Row::new("bign, making a public key", || PrivateKey::parse(&PRIVATE)),
        Row::new("bignp256, over the hash", || -> Option<bignp256::ecdsa::Signature> {
            registry.sign_prehash(&hash).ok()
        }),
        Row::new("P-256 of aws-lc-rs, with hashing", || p256.sign(&random, &MESSAGE)),
    ];
    let mut digest = vec![
        Row::new("belt-hash", || belt_hash(&bulk)),
        Row::new("SHA-256 of aws-lc-rs", || aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bulk)),
    ];
    #[cfg(feature = "oracle")]
    {
        let public = ours.public_key().to_bytes();
        let (reference, bulk) = (&reference, &bulk);
        verify.push(Row::new("bee2, over the hash", move || reference.verify(&public, &hash, &signature)));
        sign.push(Row::new("bee2, over the hash", move || reference.sign(&PRIVATE, &hash, &[])));
        digest.push(Row::new("bee2 belt-hash", move || reference.hash(bulk)));
    }
    print("Verify", CALLS, std::mem::take(&mut verify));
    print("Sign", CALLS, std::mem::take(&mut sign));
    print("Hash 64 KiB", 1, std::mem::take(&mut digest));
    Ok(())
}
