//! Authenticators as they speak: what a passkey sends, byte by byte, right and wrong.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const EXPECTED: Expected<'static> =
    Expected { challenge: &[9; 32], origin: "https://id.example.by", rp: "id.example.by" };

fn client(purpose: &str) -> serde_json::Value {
    json!({ "type": purpose, "challenge": base64url(&[9; 32]), "origin": "https://id.example.by", "crossOrigin": false })
}

fn data(rp: &str, flags: u8, counter: u32, rest: &[u8]) -> Vec<u8> {
    [digest(&SHA256, rp.as_bytes()).as_ref(), &[flags], &counter.to_be_bytes(), rest].concat()
}

/// A credential `id` with a P-256 key, as authenticators write it.
fn credential(id: &[u8], point: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    let head: &[u8] = &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    [&[0; 16], length.as_slice(), id, head, &point[1..33], &[0x22, 0x58, 0x20], &point[33..65]].concat()
}

fn pair() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

const NEW: u8 = PRESENT | VERIFIED | CREDENTIAL;

fn made(client: &serde_json::Value, data: &[u8]) -> Result<Registered, Fault> {
    registered(Said { client: client.to_string().as_bytes(), data }, &EXPECTED)
}

#[test]
fn a_credential_is_made_as_asked_or_not_at_all() {
    let (pair, client) = (pair(), client("webauthn.create"));
    let rest = credential(b"key-1", pair.public_key().as_ref());
    let good = data("id.example.by", NEW, 7, &rest);
    let found = made(&client, &good).unwrap();
    assert_eq!((found.id.as_slice(), found.counter), (b"key-1".as_slice(), 7));
    assert_eq!(Key::from_bytes(&found.key.to_bytes()), Some(found.key));
    let changed = |name: &str, value: serde_json::Value| {
        let mut other = client.clone();
        other[name] = value;
        made(&other, &good).unwrap_err()
    };
    assert_eq!(changed("type", json!("webauthn.get")), Fault::Purpose);
    assert_eq!(changed("challenge", json!(base64url(&[8; 32]))), Fault::Challenge);
    assert_eq!(changed("origin", json!("https://id.example.by.evil.example")), Fault::Origin);
    assert_eq!(changed("origin", json!("http://id.example.by")), Fault::Origin);
    assert_eq!(changed("crossOrigin", json!(true)), Fault::Origin);
    assert_eq!(changed("topOrigin", json!("https://evil.example")), Fault::Origin);
    assert_eq!(changed("origin", json!(1)), Fault::Form);
    for (rp, flags, fault) in [
        ("evil.example", NEW, Fault::Party),
        ("id.example.by", NEW & !PRESENT, Fault::User),
        ("id.example.by", NEW & !VERIFIED, Fault::User),
        ("id.example.by", NEW & !CREDENTIAL, Fault::Form),
        ("id.example.by", NEW | BACKED_UP, Fault::Form),
        ("id.example.by", NEW | EXTENSIONS, Fault::Form),
    ] {
        assert_eq!(made(&client, &data(rp, flags, 0, &rest)), Err(fault), "{rp} {flags}");
    }
    let behind = [rest.as_slice(), &[0xa0]].concat();
    assert_eq!(made(&client, &data("id.example.by", NEW, 0, &behind)), Err(Fault::Form));
    assert!(made(&client, &data("id.example.by", NEW | EXTENSIONS, 0, &behind)).is_ok());
    // secp256k1, and a key of no known form.
    let mut curve = rest.clone();
    curve[16 + 2 + 5 + 6] = 8;
    assert_eq!(made(&client, &data("id.example.by", NEW, 0, &curve)), Err(Fault::Algorithm));
    assert_eq!(made(&client, &data("id.example.by", NEW, 0, &credential(b"", &[4; 65]))), Err(Fault::Form));
}

#[test]
fn a_signature_holds_for_its_challenge_and_key_and_counts_up() {
    let pair = pair();
    let point = pair.public_key().as_ref();
    let key = Key::Es256(point[1..33].try_into().unwrap(), point[33..].try_into().unwrap());
    let text = client("webauthn.get").to_string();
    let said = |data: &[u8], counter: u32| {
        let message = [data, digest(&SHA256, text.as_bytes()).as_ref()].concat();
        let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
        asserted(Said { client: text.as_bytes(), data }, signature.as_ref(), &EXPECTED, (&key, counter))
    };
    let at = |counter| data("id.example.by", PRESENT | VERIFIED, counter, &[]);
    assert_eq!(said(&at(5), 4), Ok(5));
    assert_eq!(said(&at(0), 0), Ok(0), "passkeys that travel do not count");
    for (now, before) in [(4, 4), (3, 4), (0, 4)] {
        assert_eq!(said(&at(now), before), Err(Fault::Counter));
    }
    assert_eq!(said(&data("id.example.by", PRESENT, 5, &[]), 4), Err(Fault::User));
    assert_eq!(said(&data("id.example.by", PRESENT | VERIFIED, 5, b"x"), 4), Err(Fault::Form));
    let other = Key::Es256([1; 32], [2; 32]);
    let good = at(5);
    let message = [good.as_slice(), digest(&SHA256, text.as_bytes()).as_ref()].concat();
    let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
    let judge = |key: &Key, data: &[u8], signature: &[u8]| {
        asserted(Said { client: text.as_bytes(), data }, signature, &EXPECTED, (key, 4))
    };
    assert_eq!(judge(&key, &good, signature.as_ref()), Ok(5));
    assert_eq!(judge(&other, &good, signature.as_ref()), Err(Fault::Signature));
    assert_eq!(judge(&key, &at(6), signature.as_ref()), Err(Fault::Signature));
    assert_eq!(judge(&key, &good, b""), Err(Fault::Signature));
}

#[test]
fn ed25519_and_rsa_keys_are_read_as_authenticators_write_them() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let head: &[u8] = &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
    let bytes = [head, pair.public_key().as_ref()].concat();
    let (key, rest) = Key::read(&bytes).unwrap();
    assert!(rest.is_empty() && key.verifies(b"said", pair.sign(b"said").as_ref()) && !key.verifies(b"unsaid", b""));
    assert_eq!(Key::from_bytes(&key.to_bytes()), Some(key));
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let mut modulus = rsa.public_key().modulus().big_endian_without_leading_zero().to_vec();
    let head: &[u8] = &[0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
    let whole = |modulus: &[u8]| [head, modulus, &[0x21, 0x43, 1, 0, 1, 0xff]].concat();
    let bytes = whole(&modulus);
    let (key, rest) = Key::read(&bytes).unwrap();
    let mut signature = vec![0; rsa.public_modulus_len()];
    let padding = &aws_lc_rs::signature::RSA_PKCS1_SHA256;
    rsa.sign(padding, &SystemRandom::new(), b"said", &mut signature).unwrap();
    assert!(rest == [0xff] && key.verifies(b"said", &signature) && !key.verifies(b"unsaid", &signature));
    assert_eq!(Key::from_bytes(&key.to_bytes()), Some(key));
    modulus[0] = 0;
    assert_eq!(Key::read(&whole(&modulus)), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(client in prop::collection::vec(any::<u8>(), 0..200), rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let said = Said { client: &client, data: &rest };
        prop_assert!(registered(said, &EXPECTED).is_err());
        let text = self::client("webauthn.create").to_string();
        let made = data("id.example.by", NEW, 0, &rest);
        let _ = registered(Said { client: text.as_bytes(), data: &made }, &EXPECTED);
        prop_assert!(Key::read(&rest).is_none_or(|(key, _)| Key::from_bytes(&key.to_bytes()) == Some(key)));
    }
}
