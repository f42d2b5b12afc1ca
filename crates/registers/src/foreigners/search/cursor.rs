//! Where a page ended: sealed, and bound to the search it belongs to.

use model::{Kind, Refusal};
use serde_json::Value;
use store::Vault;

use super::super::kind::RecordKind;

/// A place in the order of event time and number, newest first; the next page begins below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Event time.
    pub at: i64,
    /// Number of the record.
    pub seq: i64,
}

/// What a cursor is bound to: kind, asker and every criterion, in any order.
pub(crate) struct Binding([u8; 32]);

impl Binding {
    /// The binding of a search.
    pub(crate) fn new(vault: &Vault, kind: RecordKind, consumer: &str, body: &Value) -> Self {
        let mut criteria: Vec<(&str, String)> = body
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !matches!(name.as_str(), "cursor" | "limit"))
            .map(|(name, value)| (name.as_str(), value.to_string()))
            .collect();
        criteria.sort_unstable();
        let text = format!("{}\u{1f}{consumer}\u{1f}{criteria:?}", kind.path());
        Self(vault.keyed("isos.cursor", text.as_bytes()))
    }

    /// The cursor for the page below `position`.
    pub(crate) fn seal(&self, vault: &Vault, position: Position) -> String {
        let plain = [position.at.to_be_bytes(), position.seq.to_be_bytes()].concat();
        hex::encode(vault.seal(&self.0, &plain))
    }

    /// The position in a cursor of this search.
    pub(crate) fn open(&self, vault: &Vault, cursor: &str) -> Result<Position, Refusal> {
        let malformed = || Refusal::new(Kind::Malformed, "cursor-malformed");
        let sealed = hex::decode(cursor).map_err(|_| malformed())?;
        let plain = vault.open(&self.0, &sealed).map_err(|_| malformed())?;
        let (at, seq) = plain.split_at_checked(8).ok_or_else(malformed)?;
        let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).map_err(|_| malformed());
        Ok(Position { at: number(at)?, seq: number(seq)? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_opens_in_its_own_search_only() {
        let vault = Vault::new(&[9; 32]).unwrap();
        let binding = |kind, consumer: &str, body: &Value| Binding::new(&vault, kind, consumer, body);
        let body = json!({"doc_number": "1", "issuing_state": "DEU", "limit": 5});
        let position = Position { at: -5, seq: 77 };
        let own = binding(RecordKind::Visas, "mfa", &body);
        let cursor = own.seal(&vault, position);
        assert_eq!(own.open(&vault, &cursor).unwrap(), position);
        let same = json!({"issuing_state": "DEU", "doc_number": "1", "limit": 9, "cursor": cursor});
        assert_eq!(binding(RecordKind::Visas, "mfa", &same).open(&vault, &cursor).unwrap(), position);
        for other in [
            binding(RecordKind::Crossings, "mfa", &body),
            binding(RecordKind::Visas, "mia", &body),
            binding(RecordKind::Visas, "mfa", &json!({"doc_number": "2", "issuing_state": "DEU"})),
        ] {
            assert_eq!(other.open(&vault, &cursor).unwrap_err().code, "cursor-malformed");
        }
        for wrong in ["", "zz", "00", &cursor[2..], &format!("{cursor}00")] {
            assert!(own.open(&vault, wrong).is_err(), "{wrong}");
        }
    }
}
