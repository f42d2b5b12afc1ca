//! `nais verify` on a receipt made here: what holds, what was changed, what was not looked at.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::SigningKey;
use jiff::Timestamp;
use ledger::record::{Record, commit};
use ledger::tree::leaf_hash;
use ledger::{Algorithm, Kind, NoteKey};
use serde_json::{Value, json};

use crate::run::{Told, nais_in};

const ANSWER: &[u8] = b"{\"status\":200}";

/// A folder with a receipt of a log of one entry, its record, the answer, and the log's key.
fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
    let mut record = Record::new(Kind::Exchange, at, uuid::Uuid::from_u128(7), "border-committee");
    record.service = Some("3.88.01".into());
    record.method = Some("crossings/submit".into());
    record.decision = "answered".into();
    record.answer_digest = Some(eds::sha256(ANSWER));
    let salt = [9; 32];
    let root = leaf_hash(&commit(&record, &salt).unwrap());
    let key =
        NoteKey::new("log.example/nais", Algorithm::Ed25519, SigningKey::generate(eds::Algorithm::Ed25519).unwrap());
    let key = key.unwrap();
    let text = format!("log.example/nais\n1\n{}\n", STANDARD.encode(root));
    let note = format!("{text}\n{}", key.line(&text, 0).unwrap());
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    write("receipt", &format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{note}"));
    write("record.json", &json!({ "record": record, "salt": hex::encode(salt), "index": 0 }).to_string());
    write("log.vkey", &format!("{}\n", key.vkey()));
    fs::write(folder.path().join("answer"), ANSWER).unwrap();
    folder
}

fn verify(folder: &Path, more: &[&str]) -> Told {
    nais_in(folder, &[&["verify", "receipt", "record.json"], more].concat())
}

fn change(folder: &Path, name: &str, from: &str, to: &str) {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_receipt_says_who_when_what_and_what_was_not_checked() {
    let folder = made();
    let told = verify(folder.path(), &[]).ended(0);
    for part in [
        "border-committee",
        "2026-11-02T10:00:00",
        "3.88.01 crossings/submit",
        "answered",
        "0 of a tree of 1",
        "receipt valid",
    ] {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    assert!(told.out.contains("not checked: the answer's bytes"), "{}", told.out);
    let told = verify(folder.path(), &["--answer", "answer", "--json"]).ended(0);
    let value: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((&value["valid"], &value["report"]["tree_size"]), (&true.into(), &1.into()));
    assert!(!value["unchecked"].to_string().contains("answer"), "{value}");
}

#[test]
fn the_key_may_be_given_as_text_and_the_receipt_as_base64() {
    let folder = made();
    let key = fs::read_to_string(folder.path().join("log.vkey")).unwrap();
    fs::remove_file(folder.path().join("log.vkey")).unwrap();
    verify(folder.path(), &["--key", key.trim()]).ended(0);
    let told = verify(folder.path(), &[]).ended(2);
    assert!(told.err.contains("--key"), "{}", told.err);
    let receipt = fs::read(folder.path().join("receipt")).unwrap();
    fs::write(folder.path().join("receipt"), STANDARD.encode(receipt)).unwrap();
    verify(folder.path(), &["--key", key.trim()]).ended(0);
}

#[test]
fn what_was_changed_is_named() {
    for (name, from, to, told_as) in [
        ("record.json", "border-committee", "border-committea", "record"),
        ("record.json", "0909", "0908", "salt"),
        ("receipt", "log.example/nais\n1\n", "log.example/nais\n2\n", "signature of log.example/nais"),
        ("receipt", "index 0", "index 1", "outside"),
        ("answer", "200", "201", "answer was changed"),
    ] {
        let folder = made();
        change(folder.path(), name, from, to);
        let told = verify(folder.path(), &["--answer", "answer"]).ended(1);
        assert!(told.out.contains("receipt NOT valid") && told.out.contains(told_as), "{name} {from}: {}", told.out);
    }
}

#[test]
fn another_logs_key_does_not_fit() {
    let (one, other) = (made(), made());
    let key = other.path().join("log.vkey").display().to_string();
    let told = verify(one.path(), &["--key", &key]).ended(1);
    assert!(told.out.contains("not signed by the key"), "{}", told.out);
}

#[test]
fn unknown_kinds_are_refused_clearly() {
    let folder = made();
    fs::write(folder.path().join("x.bin"), [0xff, 0]).unwrap();
    let told = nais_in(folder.path(), &["verify", "x.bin"]).ended(2);
    assert!(told.err.contains("x.bin: neither a receipt"), "{}", told.err);
    let told = nais_in(folder.path(), &["verify", "receipt"]).ended(2);
    assert!(told.err.contains("RECEIPT RECORD"), "{}", told.err);
}
