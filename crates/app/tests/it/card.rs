//! `nais card`, and what `nais verify` says of what it signs.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{Told, nais_in};

const MAKE: [&str; 20] = [
    "card",
    "make",
    "--card",
    "anna.card",
    "--pki",
    "pki",
    "--surname",
    "Ковалёва",
    "--name",
    "Анна",
    "--patronymic",
    "Петровна",
    "--identification-number",
    "4010190A001PB6",
    "--pin1",
    "1234",
    "--pin2",
    "123456",
    "--puk",
    "@puk",
];

/// A folder with an authority and a card.
fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("puk"), "1234567890\n").unwrap();
    fs::write(folder.path().join("consent.json"), b"{\"text\":\"\xd1\xee\xe3\xeb\xe0\xf1\xe8\xe5\"}").unwrap();
    nais_in(folder.path(), &["pki", "init", "--dir", "pki"]).ended(0);
    nais_in(folder.path(), &MAKE).ended(0);
    folder
}

fn card(folder: &Path, act: &str, more: &[&str]) -> Told {
    nais_in(folder, &[&["card", act, "--card", "anna.card"], more].concat())
}

fn verify(folder: &Path, more: &[&str]) -> Told {
    nais_in(folder, &[&["verify", "--roots", "pki/root.pem"], more].concat())
}

#[test]
fn a_card_signs_and_the_signature_is_believed() {
    let folder = made();
    let folder = folder.path();
    card(folder, "sign", &["--pin2", "123456", "--out", "consent.p7s", "consent.json"]).ended(0);
    let told = verify(folder, &["consent.p7s", "--crl", "pki/crl.pem"]).ended(0);
    for part in ["signature valid", "Ковалёва Анна Петровна", "as the signer says", "19 bytes"] {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    assert!(told.out.contains("not checked: when it was signed") && !told.out.contains("revoked"), "{}", told.out);
    let told = verify(folder, &["consent.p7s", "--json"]).ended(0);
    let value: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((&value["valid"], &value["content"]["bytes"]), (&true.into(), &19.into()));
    assert!(value["signatures"][0]["unchecked"].to_string().contains("revoked"), "{value}");

    card(folder, "sign", &["--pin2", "123456", "--detached", "--out", "detached.p7s", "consent.json"]).ended(0);
    verify(folder, &["detached.p7s", "consent.json"]).ended(0);
    let told = verify(folder, &["detached.p7s"]).ended(2);
    assert!(told.err.contains("detached"), "{}", told.err);
    let told = verify(folder, &["detached.p7s", "puk"]).ended(1);
    assert!(told.out.contains("signature NOT valid: the content was altered"), "{}", told.out);

    let mut message = fs::read(folder.join("consent.p7s")).unwrap();
    message.push(0);
    fs::write(folder.join("long.p7s"), &message).unwrap();
    let told = verify(folder, &["long.p7s", "--json"]).ended(1);
    assert!(told.out.contains("cms-leftovers"), "{}", told.out);
    let told = nais_in(folder, &["verify", "consent.p7s"]).ended(2);
    assert!(told.err.contains("--roots"), "{}", told.err);
    nais_in(folder, &["pki", "init", "--dir", "other"]).ended(0);
    let told = nais_in(folder, &["verify", "consent.p7s", "--roots", "other/root.pem"]).ended(1);
    assert!(told.out.contains("issuer is unknown"), "{}", told.out);
    let told = card(folder, "sign", &["--pin2", "123456", "--out", "consent.p7s", "consent.json"]).ended(2);
    assert!(told.err.contains("consent.p7s"), "{}", told.err);
}

#[test]
fn three_wrong_pins_block_and_the_puk_lifts_it() {
    let folder = made();
    let folder = folder.path();
    let sign = |pin: &str| card(folder, "sign", &["--pin2", pin, "--out", "x.p7s", "consent.json"]);
    for left in ["2", "1", "0"] {
        let told = sign("999999").ended(1);
        assert!(told.err.contains(&format!("Tries left: {left}")), "{}", told.err);
    }
    let told = sign("123456").ended(1);
    assert!(told.err.contains("PUK") && !folder.join("x.p7s").exists(), "{}", told.err);
    let told = card(folder, "status", &["--json"]).ended(0);
    let value: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(value["tries_left"]["pin2"], 0);
    assert!(card(folder, "status", &[]).ended(0).out.contains("blocked"));
    card(folder, "unblock", &["--puk", "0000000000", "--pin", "pin2", "--new", "654321"]).ended(1);
    card(folder, "unblock", &["--puk", "@puk", "--pin", "pin2", "--new", "65"]).ended(2);
    card(folder, "unblock", &["--puk", "@puk", "--pin", "puk", "--new", "654321"]).ended(2);
    card(folder, "unblock", &["--puk", "@puk", "--pin", "pin2", "--new", "654321"]).ended(0);
    sign("654321").ended(0);

    let told = card(folder, "read", &["--pin1", "1234"]).ended(0);
    assert!(told.out.contains("4010190A001PB6"), "{}", told.out);
    card(folder, "change-pin", &["--pin", "pin1", "--old", "1234", "--new", "4321"]).ended(0);
    card(folder, "read", &["--pin1", "1234"]).ended(1);
    let told = card(folder, "read", &["--pin1", "4321", "--json"]).ended(0);
    let value: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(value["surname"], "Ковалёва");
}

#[test]
fn the_card_is_the_owners_and_its_file_is_checked() {
    let folder = made();
    let folder = folder.path();
    card(folder, "read", &["--pin1", "1234"]).ended(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.join("anna.card")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "after it was written anew too");
    }
    let told = nais_in(folder, &MAKE).ended(2);
    assert!(told.err.contains("anna.card"), "{}", told.err);
    let told = card(folder, "read", &[]).ended(2);
    assert!(told.err.contains("PIN 1"), "{}", told.err);
    let text = fs::read_to_string(folder.join("anna.card")).unwrap();
    fs::write(folder.join("anna.card"), text.replace("\"version\": 1", "\"version\": 9")).unwrap();
    let told = card(folder, "status", &[]).ended(2);
    assert!(told.err.contains("anna.card") && told.err.contains("version"), "{}", told.err);
    let told = nais_in(folder, &["card", "status", "--card", "none.card"]).ended(2);
    assert!(told.err.contains("none.card") && !folder.join("none.card.lock").exists(), "{}", told.err);
}

/// A time stamp by itself: the authority's answer, its token, and what was stamped.
#[test]
fn a_time_stamp_is_verified_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    nais_in(folder, &["pki", "init", "--dir", "pki"]).ended(0);
    let pem = |name: &str| fs::read_to_string(folder.join("pki").join(name)).unwrap();
    let certificate = |name: &str| eds::Certificate::chain_from_pem(&pem(name)).unwrap().remove(0);
    let key = eds::SigningKey::from_pkcs8_pem(&pem("tsa.key")).unwrap();
    let authority =
        eds::tsp::Authority::new(key, certificate("tsa.pem"), [certificate("issuing.pem")], "1.2.3").unwrap();
    let request = eds::tsp::Request::new(eds::Algorithm::EcdsaP256Sha256, b"stamped").unwrap();
    let now = model::Clock::system().now();
    let answer = authority.answer(&request.to_der().unwrap(), now).unwrap();
    fs::write(folder.join("r.tsr"), &answer).unwrap();
    fs::write(folder.join("r.tst"), request.answered(&answer).unwrap().der()).unwrap();
    fs::write(folder.join("stamped"), "stamped").unwrap();
    fs::write(folder.join("other"), "other").unwrap();
    for stamp in ["r.tsr", "r.tst"] {
        let told = verify(folder, &[stamp, "stamped", "--crl", "pki/crl.pem"]).ended(0).out;
        assert!(told.contains("\ntime stamp valid") && !told.contains("not checked"), "{told}");
        let told = verify(folder, &[stamp]).ended(0).out;
        assert!(
            told.contains("not checked: what was stamped") && told.contains("whether the certificate was"),
            "{told}"
        );
        assert!(verify(folder, &[stamp, "other"]).ended(1).out.contains("time stamp NOT valid"));
        let told: Value = serde_json::from_str(&verify(folder, &[stamp, "stamped", "--json"]).ended(0).out).unwrap();
        assert_eq!((&told["valid"], &told["wrong"]), (&true.into(), &Value::Null));
    }
    let told = verify(folder, &["r.tsr", "stamped", "other"]).ended(2);
    assert!(told.err.contains("at most one other"), "{}", told.err);
    let mut altered = fs::read(folder.join("r.tst")).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(folder.join("r.tst"), altered).unwrap();
    assert!(verify(folder, &["r.tst", "stamped"]).ended(1).out.contains("time stamp NOT valid"));
}
