//! Notes against `signed_note`, the library of another log, and the published examples.

use eds::SigningKey;
use ledger::note::{Note, parse_lines};
use ledger::{Algorithm, Checkpoint, NoteKey, Vkey};
use proptest::prelude::*;
use signed_note::{Note as TheirNote, StandardSigner, StandardVerifier, VerifierList};

use crate::support::{ORIGIN, key};

/// From the documentation of Go's `golang.org/x/mod/sumdb/note`.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn sign(algorithm: Algorithm, text: &str) -> (Vkey, String) {
    let key = NoteKey::new(ORIGIN, algorithm, key(5)).unwrap();
    let note = format!("{text}\n{}", key.line(text, 1_760_000_000).unwrap());
    (key.vkey().clone(), note)
}

#[test]
fn the_note_of_gos_documentation_holds() {
    let vkey = Vkey::parse(GO_KEY).unwrap();
    assert_eq!(vkey.to_string(), GO_KEY);
    let note = Note::parse(GO_NOTE).unwrap();
    note.verify(&vkey).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    let changed = Note::parse(&GO_NOTE.replace("answer", "anzwer")).unwrap();
    assert!(matches!(changed.verify(&vkey), Err(ledger::Error::Signature(_))));
}

#[test]
fn the_other_library_accepts_our_notes_and_we_theirs() {
    let (vkey, note) = sign(Algorithm::Ed25519, "one\ntwo\n\nthree\n");
    let verifier = StandardVerifier::new(&vkey.to_string()).unwrap();
    let theirs = TheirNote::from_bytes(note.as_bytes()).unwrap();
    theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();

    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let mut note = TheirNote::new(b"text\n", &[]).unwrap();
    note.add_sigs(&[&StandardSigner::new(skey).unwrap()]).unwrap();
    let ours = Note::parse(std::str::from_utf8(&note.to_bytes()).unwrap()).unwrap();
    ours.verify(&Vkey::parse(GO_KEY).unwrap()).unwrap();
}

#[test]
fn lines_of_unknown_keys_are_passed_over() {
    let (vkey, note) = sign(Algorithm::Ed25519, "text\n");
    let other = NoteKey::new(ORIGIN, Algorithm::Ed25519, key(6)).unwrap();
    let more = format!("{note}{}— bign.example AAAAAP8=\n", other.line("text\n", 0).unwrap());
    Note::parse(&more).unwrap().verify(&vkey).unwrap();
    Note::parse(&more).unwrap().verify(other.vkey()).unwrap();
    let stranger = NoteKey::new("other", Algorithm::Ed25519, key(5)).unwrap();
    assert!(matches!(Note::parse(&more).unwrap().verify(stranger.vkey()), Err(ledger::Error::NotSigned(_))));
    // A second line of a known key that does not hold spoils the note.
    let broken = format!("{note}{}", other.line("another\n", 0).unwrap());
    assert!(Note::parse(&broken).unwrap().verify(other.vkey()).is_err());
}

#[test]
fn a_cosignature_bears_its_time() {
    let (vkey, note) = sign(Algorithm::Cosignature, "text\n");
    assert_eq!(Note::parse(&note).unwrap().verify(&vkey).unwrap(), Some(1_760_000_000));
    assert_eq!(Vkey::parse(&vkey.to_string()).unwrap(), vkey);
    // The same key as a log's has another hash: kinds are never mixed up.
    let as_log = Vkey::new(ORIGIN, Algorithm::Ed25519, vkey.public()).unwrap();
    assert!(Note::parse(&note).unwrap().verify(&as_log).is_err());
    let mut late = Note::parse(&note).unwrap();
    late.lines[0].signature[7] ^= 1;
    assert!(late.verify(&vkey).is_err());
}

#[test]
fn a_second_line_by_the_national_algorithm() {
    let national = SigningKey::generate(eds::Algorithm::BignBeltHash).unwrap();
    let bign = NoteKey::new(ORIGIN, Algorithm::Bign, national).unwrap();
    let (vkey, note) = sign(Algorithm::Ed25519, "text\n");
    let both = Note::parse(&format!("{note}{}", bign.line("text\n", 0).unwrap())).unwrap();
    both.verify(&vkey).unwrap();
    assert_eq!(both.verify(&Vkey::parse(&bign.vkey().to_string()).unwrap()).unwrap(), None);
    assert_eq!((bign.vkey().public().len(), bign.vkey().algorithm()), (64, Algorithm::Bign));
    // Others' libraries pass it over: they know neither the type nor the key.
    let verifier = StandardVerifier::new(&vkey.to_string()).unwrap();
    let theirs = TheirNote::from_bytes(both.to_string().as_bytes()).unwrap();
    theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();

    let wrong = Note::parse(&format!("{note}{}", bign.line("another\n", 0).unwrap())).unwrap();
    assert!(matches!(wrong.verify(bign.vkey()), Err(ledger::Error::Signature(_))));
    assert!(NoteKey::new(ORIGIN, Algorithm::Bign, key(5)).is_err(), "an Ed25519 key");
    assert!(Vkey::new(ORIGIN, Algorithm::Bign, vkey.public()).is_err());
}

#[test]
fn other_forms_are_refused() {
    for note in [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name AAAAAAA=",
        "text\n\n— name AAAA\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n- name AAAAAAA=\n",
        "text\r\n\n— name AAAAAAA=\n",
        "text\n\n— name AAAAAAA=\n\n",
        "text\n\n—  AAAAAAA=\n",
    ] {
        assert!(Note::parse(note).is_err(), "{note:?}");
    }
    assert!(Note::parse(&format!("text\n\n{}", "— name AAAAAAA=\n".repeat(65))).is_err());
    assert!(Note::parse(&format!("text\n\n{}", "— name AAAAAAA=\n".repeat(16))).is_ok());
    assert!(parse_lines("").is_err());
    for vkey in ["", "a", "a+b", "a+00000000+AQ==", &GO_KEY.replace("c74f", "c74e"), &GO_KEY.replace("Peter", "Pe ter")]
    {
        assert!(Vkey::parse(vkey).is_err(), "{vkey:?}");
    }
}

#[test]
fn a_checkpoint_is_three_lines_or_more() {
    let text = format!("{ORIGIN}\n3\n{}\n", "A".repeat(43) + "=");
    let checkpoint = Checkpoint::parse(&text).unwrap();
    assert_eq!((checkpoint.size, checkpoint.to_string()), (3, text.clone()));
    let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
    assert_eq!((theirs.size(), theirs.hash().0), (3, checkpoint.root));
    assert!(Checkpoint::parse(&format!("{text}extension\n")).is_ok());
    for bad in [
        text.replace("\n3\n", "\n03\n"),
        text.replace("\n3\n", "\n+3\n"),
        text.replace("\n3\n", "\n9223372036854775808\n"),
        text.replace(ORIGIN, ""),
        text.replace("AA=", "A="),
        text.trim_end().to_owned(),
        format!("{text}\n"),
    ] {
        assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(note in "[a-zA\n— +=/]{0,120}") {
        if let Ok(read) = Note::parse(&note) {
            prop_assert_eq!(read.to_string(), note);
        }
    }

    #[test]
    fn one_changed_byte_of_the_text_is_noticed(text in "[ -~]{1,40}(\n[ -~]{1,40}){0,3}", at: prop::sample::Index) {
        let text = format!("{text}\n");
        let (vkey, note) = sign(Algorithm::Ed25519, &text);
        prop_assert!(Note::parse(&note).unwrap().verify(&vkey).is_ok());
        let mut changed = text.into_bytes();
        let at = at.index(changed.len() - 1);
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        let changed = Note { text: String::from_utf8(changed).unwrap(), ..Note::parse(&note).unwrap() };
        prop_assert!(changed.verify(&vkey).is_err());
    }
}
