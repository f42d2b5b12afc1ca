//! The log's own formats: one spelling each, and nothing unsigned is believed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ledger::note::{Note, parse_lines};
use ledger::proof::{verify_consistency, verify_inclusion};
use ledger::tree::leaf_hash;
use ledger::{Algorithm, Checkpoint, Evidence, NoteKey, Receipt, TilePath, Vkey, verify_entry, verify_receipt};

use crate::cut;
use crate::keys::{key, now};

const ORIGIN: &str = "fuzz.example/ledger";

/// The log's key, which signs no input.
fn log() -> NoteKey {
    NoteKey::new(ORIGIN, Algorithm::Ed25519, key(9)).unwrap()
}

/// The bytes as each of the formats; what can be read is written again.
pub fn check(data: &[u8]) {
    proofs(data);
    let (receipt, record) = cut(data, 0);
    let vkey = log();
    let vkey = vkey.vkey();
    if let (Ok(receipt), Ok(evidence)) = (std::str::from_utf8(receipt), Evidence::read(record)) {
        for form in [receipt.to_owned(), BASE64_STANDARD.encode(receipt)] {
            let verdict = verify_receipt(form.as_bytes(), &evidence, vkey, &[], now());
            assert!(verdict.is_err(), "a forged receipt is believed: {verdict:?}");
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text, "two spellings");
        assert!(note.verify(vkey).is_err(), "a forged note is believed");
        if let Ok(checkpoint) = Checkpoint::parse(&note.text) {
            assert!(note.text.starts_with(&checkpoint.to_string()));
        }
        let signed = format!("{text}{}\n", log().line(&note.text, 0).unwrap());
        let ours = note.lines.iter().all(|line| line.name != ORIGIN);
        assert!(
            !ours || Note::parse(&signed).map_or(true, |note| note.verify(vkey).is_ok()),
            "our own line is not believed"
        );
    }
    if let Ok(lines) = parse_lines(text) {
        let again: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(again, text, "two spellings");
    }
    if let Ok(receipt) = Receipt::parse(text) {
        assert_eq!(receipt.to_string(), text, "two spellings");
        assert_eq!(Receipt::read(BASE64_STANDARD.encode(text).as_bytes()).unwrap(), receipt);
        assert!(verify_entry(&receipt, data, vkey).is_err(), "a forged receipt is believed");
    }
    if let Ok(key) = Vkey::parse(text) {
        // It stands in a file, which ends in a newline.
        assert_eq!(key.to_string(), text.trim(), "two spellings");
    }
    if let Some(path) = TilePath::parse(text) {
        assert_eq!(path.to_string(), text, "two spellings");
    }
}

/// Bytes as a proof for a tree of one leaf: only the empty proof of that very leaf holds.
fn proofs(data: &[u8]) {
    let Some((sizes, rest)) = data.split_first_chunk::<16>() else { return };
    let number = |at: usize| sizes[at..at + 8].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (index, size) = (number(0), number(8));
    let hashes: Vec<[u8; 32]> = rest.chunks_exact(32).map(|one| one.try_into().unwrap()).collect();
    let (leaf, root) = (leaf_hash(data), leaf_hash(rest));
    assert!(verify_inclusion(index, size, &leaf, &hashes, &root).is_err(), "a forged inclusion is believed");
    assert!(
        verify_consistency(index, &leaf, size, &root, &hashes).is_err() || index == 0,
        "a forged history is believed"
    );
    assert_eq!(verify_inclusion(0, 1, &leaf, &[], &leaf).ok(), Some(()));
    assert!(verify_consistency(size.max(1), &root, size.max(1), &root, &[]).is_ok());
}
