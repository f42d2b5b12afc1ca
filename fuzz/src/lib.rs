//! What must be true of every reader of outside bytes, whatever the bytes.
//!
//! Each module has one `check`, which panics when its property does not hold. libFuzzer calls it with bytes of its own
//! making (`scripts/fuzz`), an ordinary test with the kept ones (`tests/seeds.rs`): a crash once found stays in `seeds/`.
#![expect(clippy::missing_panics_doc, reason = "panicking is how a check says that its property does not hold")]

pub mod certificate;
pub mod detached;
pub mod http_head;
pub mod http_signature;
pub mod identifiers;
pub mod json;
pub mod keys;
pub mod ledger;

/// A check of one target.
pub type Check = fn(&[u8]);

/// Every target by the name of its binary and of its folder in `seeds/`.
pub const TARGETS: [(&str, Check); 7] = [
    ("http_head", http_head::check),
    ("http_signature", http_signature::check),
    ("detached", detached::check),
    ("certificate", certificate::check),
    ("json", json::check),
    ("ledger", ledger::check),
    ("identifiers", identifiers::check),
];

/// The bytes up to the first of `mark`, and those behind it.
pub(crate) fn cut(data: &[u8], mark: u8) -> (&[u8], &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == mark);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
