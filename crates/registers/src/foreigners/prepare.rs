//! A record made ready for storage: sealed, with every keyed value by which it will be found.
//!
//! All that costs time happens here, outside the transaction.

use model::Lang;
use model::text::Texts;
use store::Vault;
use uuid::Uuid;

use super::directory::Names;
use super::kind::RecordKind;
use super::sequence::{Place, place_of, record_id};
use super::view::{Criterion, Deed, View};
use super::{calendar, mark};

/// A record ready for storage.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) kind: RecordKind,
    pub(crate) place: Place,
    pub(crate) at: i64,
    pub(crate) received_at: i64,
    pub(crate) record_id: Uuid,
    /// Keyed natural key.
    pub(crate) natural: i64,
    /// The record it corrects: its identifier, place and millisecond of receipt.
    pub(crate) corrects: Option<(Uuid, Place, i64)>,
    pub(crate) body: Vec<u8>,
    pub(crate) terms: Vec<i64>,
    /// What it does to an object: subject, deed, the moment from which that counts.
    pub(crate) deed: Option<(i64, Deed, i64)>,
    /// Keyed natural key of the object it annuls or changes.
    pub(crate) concerned: Option<i64>,
    /// What it was crossed with: annulments of these are alerts.
    pub(crate) watched: Vec<mark::Watched>,
    /// The document's last day of validity, in microseconds, of a crossing.
    pub(crate) document_ends: Option<i64>,
    pub(crate) names: Option<Names>,
}

/// Makes records ready.
pub struct Preparer<'a> {
    /// Seals and keys.
    pub vault: &'a Vault,
    /// Code of the sender.
    pub source: &'a str,
    /// Moment of receipt, in microseconds since 1970.
    pub received_at: i64,
}

impl Preparer<'_> {
    /// The record `members` of this kind, `raw` as sent, under number `seq`. It must have passed schema and rules.
    pub fn prepare(
        &self,
        kind: RecordKind,
        members: &serde_json::Map<String, serde_json::Value>,
        raw: &str,
        seq: i64,
    ) -> Prepared {
        let view = View { kind, members };
        let at = view.at(self.received_at);
        let place = Place { month: calendar::month_of(at), seq };
        let record_id = record_id(self.vault, self.received_at, place);
        Prepared {
            kind,
            place,
            at,
            received_at: self.received_at,
            record_id,
            natural: natural_key(self.vault, &view.natural(self.source)),
            corrects: corrected(self.vault, &view),
            body: self.vault.seal(&body_place(record_id), raw.as_bytes()),
            terms: terms(self.vault, &view),
            deed: view
                .object()
                .zip(view.deed())
                .map(|(object, (deed, from))| (mark::object(self.vault, &object), deed, from)),
            concerned: view.concerned().map(|key| natural_key(self.vault, &key)),
            watched: mark::watched(self.vault, &view),
            document_ends: mark::document_ends(&view),
            names: Names::of(&view),
        }
    }
}

/// The associated data of a record's body: it opens in its own row only.
pub(crate) fn body_place(record_id: Uuid) -> [u8; 32] {
    let mut out = *b"isos_record.body\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (to, from) in out.iter_mut().skip(16).zip(record_id.as_bytes()) {
        *to = *from;
    }
    out
}

/// Bits of a keyed value that are its own; the twenty above them it shares with its neighbours.
const OWN_BITS: i64 = (1 << 44) - 1;

/// The keyed value of `value`, side by side with those of the same `neighbours`: what comes one after the other is then
/// found on one page of the tree, and not each on a page of its own.
///
/// Of a hundred million values in groups of a hundred two meet by chance with less than one in a thousand; with all 64
/// bits for themselves it was half of that.
pub(crate) fn beside(vault: &Vault, label: &str, neighbours: &[u8], value: &[u8]) -> i64 {
    let shared = vault.blind(&format!("{label}.neighbours"), neighbours);
    let own = vault.blind(label, value);
    (shared & !OWN_BITS) | (own & OWN_BITS)
}

/// The keyed value of a natural key. Systems number what they send one after the other: keys that differ in their last
/// two characters only are neighbours.
pub(crate) fn natural_key(vault: &Vault, natural: &str) -> i64 {
    let end = natural.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    beside(vault, "isos.natural", natural.get(..end).unwrap_or_default().as_bytes(), natural.as_bytes())
}

/// The keyed value under which records of `kind` are found by `value`.
pub(crate) fn term(vault: &Vault, kind: RecordKind, criterion: Criterion, value: &str) -> i64 {
    let mut bytes = Vec::with_capacity(value.len() + 2);
    bytes.push(kind.code());
    bytes.push(criterion as u8);
    bytes.extend_from_slice(value.as_bytes());
    vault.blind("isos.term", &bytes)
}

/// All terms of a record, each once.
pub(crate) fn terms(vault: &Vault, view: &View<'_>) -> Vec<i64> {
    let mut terms: Vec<i64> =
        view.criteria().iter().map(|(criterion, value)| term(vault, view.kind, *criterion, value)).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn corrected(vault: &Vault, view: &View<'_>) -> Option<(Uuid, Place, i64)> {
    let id = Uuid::parse_str(view.text("corrects")?).ok()?;
    // A strange identifier is kept as a place that holds nothing: the transaction then finds no such record.
    let (place, millis) = place_of(vault, id).unwrap_or((Place { month: i64::MIN, seq: 0 }, 0));
    Some((id, place, millis))
}

/// A notice in an answer: an alert or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Stable code.
    pub code: &'static str,
    /// Key of the text.
    pub text: &'static str,
    /// Values of the text.
    pub params: Vec<(&'static str, String)>,
}

impl Notice {
    /// The notice as JSON in the caller's language.
    pub(crate) fn told(&self, texts: &Texts, lang: Lang) -> serde_json::Value {
        serde_json::json!({"code": self.code, "message": texts.line(lang, self.text, &self.params)})
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_that_were_numbered_one_after_the_other_are_neighbours_and_all_different() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let keys: Vec<i64> = (0..100_000).map(|n| natural_key(&vault, &format!("1|GPK|L-{n:06}"))).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        let groups: HashSet<i64> = keys.iter().map(|key| key >> 44).collect();
        assert!((900..=1000).contains(&groups.len()), "{}", groups.len());
        let short = ["", "a", "ab", "ы", "ыы", "ыъ", "ыыы"].map(|short| natural_key(&vault, short));
        assert_eq!(HashSet::from(short).len(), short.len(), "letters of two bytes are not cut in half");
    }
}
