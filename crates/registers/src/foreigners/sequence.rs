//! Numbers and identifiers of records.
//!
//! A node takes numbers in blocks from one row of the database, so that packages need not touch that row and several
//! nodes never meet. A record's identifier is a UUID version 7 that carries month and number, masked with a keyed pad:
//! the row is found from it without an index, and it tells an outsider nothing but the time of receipt.

use std::sync::{Mutex, PoisonError};

use store::{Db, Error, Tx, Vault};
use uuid::Uuid;

use super::sql;

/// How many numbers a node takes at once.
const BLOCK: i64 = 65_536;
/// Months before 1970 that an identifier can carry.
const MONTHS_BEFORE: i64 = 1024;
/// Bits of the number in an identifier; the bits above bear a check.
const NUMBER_BITS: u32 = 46;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;
const LOW_MASK: u64 = (1 << 62) - 1;

/// Where a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Month of the event.
    pub month: i64,
    /// Number of the record.
    pub seq: i64,
}

/// The numbers this node may still give out.
#[derive(Debug, Default)]
pub(crate) struct Sequence(Mutex<(i64, i64)>);

impl Sequence {
    /// The first of `count` numbers that nobody else has.
    pub(crate) async fn take(&self, db: &Db, count: usize) -> Result<i64, Error> {
        let count = i64::try_from(count).unwrap_or(BLOCK);
        if let Some(first) = self.left(count) {
            return Ok(first);
        }
        let size = BLOCK.max(count);
        let first = db.write(move |tx| reserve(tx, size)).await?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (first + count, first + size);
        Ok(first)
    }

    fn left(&self, count: i64) -> Option<i64> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = held.0;
        (held.1 - first >= count).then(|| {
            held.0 += count;
            first
        })
    }
}

/// Takes `count` numbers inside a transaction; the first of them.
pub fn reserve(tx: &mut Tx<'_>, count: i64) -> Result<i64, Error> {
    let next = tx.query_opt(&sql::TAKE_NUMBERS, &[count.into()], |row| row.int(0))?;
    next.map(|next| next - count).ok_or_else(|| Error::broken("isos_counter has no row"))
}

/// The identifier of the record at `place`, received at `received_at`.
pub(crate) fn record_id(vault: &Vault, received_at: i64, place: Place) -> Uuid {
    let millis = received_at.div_euclid(1000);
    let pad = Pad::of(vault, millis);
    let month = (place.month + MONTHS_BEFORE) as u64 & 0xfff;
    let number = place.seq as u64 & NUMBER_MASK;
    let high = (millis as u64) << 16 | 0x7000 | (month ^ pad.month);
    let low = 0b10 << 62 | (((pad.check << NUMBER_BITS) | number) ^ pad.low);
    Uuid::from_u64_pair(high, low)
}

/// Where the record with this identifier is and in which millisecond it was received; none when it is none of ours.
pub(crate) fn place_of(vault: &Vault, id: Uuid) -> Option<(Place, i64)> {
    let (high, low) = id.as_u64_pair();
    if high & 0xf000 != 0x7000 || low >> 62 != 0b10 {
        return None;
    }
    let millis = i64::try_from(high >> 16).ok()?;
    let pad = Pad::of(vault, millis);
    let plain = (low & LOW_MASK) ^ pad.low;
    let month = i64::try_from((high & 0xfff) ^ pad.month).ok()? - MONTHS_BEFORE;
    let seq = i64::try_from(plain & NUMBER_MASK).ok()?;
    (plain >> NUMBER_BITS == pad.check).then_some((Place { month, seq }, millis))
}

/// What an identifier of one millisecond is masked with.
struct Pad {
    month: u64,
    low: u64,
    check: u64,
}

impl Pad {
    fn of(vault: &Vault, millis: i64) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = vault.keyed("isos.record-id", &millis.to_be_bytes());
        Self {
            low: u64::from_be_bytes([a, b, c, d, e, f, g, h]) & LOW_MASK,
            month: u64::from(u16::from_be_bytes([i, j])) & 0xfff,
            check: u64::from(u16::from_be_bytes([k, l])),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_identifier_leads_back(millis in 0i64..(1 << 47), month in -240i64..1560, seq in 0i64..(1 << 46)) {
            let vault = Vault::new(&[3; 32]).unwrap();
            let place = Place { month, seq };
            let id = record_id(&vault, millis * 1000 + 7, place);
            prop_assert_eq!(id.get_version_num(), 7);
            prop_assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            prop_assert_eq!(place_of(&vault, id), Some((place, millis)));
        }
    }

    #[test]
    fn a_strange_identifier_leads_nowhere() {
        let vault = Vault::new(&[3; 32]).unwrap();
        let id = record_id(&vault, 1_760_000_000_000_000, Place { month: 660, seq: 5 });
        assert_eq!(place_of(&Vault::new(&[4; 32]).unwrap(), id), None);
        assert_eq!(place_of(&vault, Uuid::from_u128(0x3b1c_0000_0000_4000_8000_0000_0000_0000)), None);
    }
}
