//! Synthetic data for stands, tests and measurements: believable, the same for the same seed, about nobody real.
//!
//! Every person, journey and proceeding is made from the seed and its own index alone, so that they can be made in any
//! order and by several threads.

mod consumers;
mod fill;
mod names;
mod places;
mod proceedings;
mod records;
mod requests;
mod shapes;
#[cfg(test)]
mod tests;
mod travellers;

use jiff::civil::Date;
use synthetic::{numbers, rng};

use crate::enforcement::Proceeding;
use crate::foreigners::RecordKind;

pub use consumers::{Consumer, consumers};
pub use fill::{Filled, fill};
pub use requests::{Request, requests};
pub use synthetic::{Name, Person, people};

/// Foreigners of a stand.
pub const FOREIGNERS: u64 = 20_000;
/// Enforcement proceedings of a stand.
pub const PROCEEDINGS: u64 = 5_000;

/// Names of the streams of chance: changing what one draws leaves the others alone.
mod stream {
    pub(super) const TRAVELLER: u64 = 1;
    pub(super) const RECORDS: u64 = 2;
    pub(super) const DEBTOR: u64 = 3;
    pub(super) const PROCEEDING: u64 = 4;
    pub(super) const PERSON: u64 = 5;
}

/// Everything synthetic follows from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The number all chance comes from.
    pub seed: u64,
    /// The last day that anything happened. Keep it in the past: registers refuse what lies ahead.
    pub until: Date,
}

/// A record of ISOS as an authority sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its kind.
    pub kind: RecordKind,
    /// Whom it is about: index of the person.
    pub person: u64,
    /// `message_source` of the sender.
    pub source: &'static str,
    /// When it was received, in microseconds since 1970.
    pub received_at: i64,
    /// JSON text.
    pub body: Vec<u8>,
}

impl Seed {
    /// Data up to 31 October 2026.
    pub fn new(seed: u64) -> Self {
        Self { seed, until: Date::constant(2026, 10, 31) }
    }

    /// The same up to another day.
    #[must_use]
    pub fn until(self, until: Date) -> Self {
        Self { until, ..self }
    }

    /// All records about the first `foreigners` people, person by person, each after those it refers to.
    pub fn records(self, foreigners: u64) -> impl Iterator<Item = Record> {
        (0..foreigners).flat_map(move |index| self.records_of(index))
    }

    /// The first `count` enforcement proceedings.
    pub fn proceedings(self, count: u64) -> impl Iterator<Item = Proceeding> {
        (0..count).filter_map(move |index| self.proceeding(index))
    }
}
