//! Crossings in pairs: an entry and the next exit make a stay; the day of entry counts.

use std::collections::BTreeSet;

use super::super::calendar;

/// Which way a crossing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Into the country.
    Entry,
    /// Out of it.
    Exit,
}

/// A crossing that took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    /// Which of the records.
    pub index: usize,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Which way.
    pub direction: Direction,
}

/// A stay: from an entry to the next exit, or still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    /// The entry.
    pub entry: Passage,
    /// The exit; none while the stay is open.
    pub exit: Option<Passage>,
}

/// Stays, and crossings that found no partner, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paired {
    pub stays: Vec<Stay>,
    pub unpaired: Vec<Passage>,
}

/// Days of stay, each calendar day in Minsk once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days {
    pub total: usize,
    /// In the 365 days that end today.
    pub last_365: usize,
    /// Since 1 January.
    pub calendar_year: usize,
}

/// Pairs crossings. An entry after an entry leaves the earlier without partner; so does an exit without an entry.
pub(crate) fn pair(mut passages: Vec<Passage>) -> Paired {
    passages.sort_by_key(|passage| (passage.at, passage.index));
    let mut out = Paired::default();
    let mut open: Option<Passage> = None;
    for passage in passages {
        match (passage.direction, open.take()) {
            (Direction::Entry, before) => {
                out.unpaired.extend(before);
                open = Some(passage);
            }
            (Direction::Exit, Some(entry)) => out.stays.push(Stay { entry, exit: Some(passage) }),
            (Direction::Exit, None) => out.unpaired.push(passage),
        }
    }
    out.stays.extend(open.map(|entry| Stay { entry, exit: None }));
    out
}

impl Stay {
    /// Its calendar days, first and last, at `now`.
    fn span(&self, now: i64) -> (i64, i64) {
        let first = calendar::day_number(self.entry.at);
        let last = calendar::day_number(self.exit.map_or(now, |exit| exit.at));
        (first, last.max(first))
    }

    /// How many days it lasted, the day of entry and the day of exit included.
    pub(crate) fn days(&self, now: i64) -> i64 {
        let (first, last) = self.span(now);
        last - first + 1
    }
}

/// Days of all stays at `now`.
pub(crate) fn days(stays: &[Stay], now: i64) -> Days {
    let mut all = BTreeSet::new();
    for stay in stays {
        let (first, last) = stay.span(now);
        all.extend(first..=last);
    }
    let today = calendar::day_number(now);
    let new_year = calendar::date_of(now).map_or(today, |date| today + 1 - i64::from(date.day_of_year()));
    let within = |first: i64| all.range(first..=today.max(first)).count();
    Days { total: all.len(), last_365: within(today - 364), calendar_year: within(new_year) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Direction::{Entry, Exit};

    fn passages(of: &[(Direction, &str)]) -> Vec<Passage> {
        let at = |text| calendar::moment(text).unwrap();
        of.iter()
            .enumerate()
            .map(|(index, (direction, text))| Passage { index, at: at(text), direction: *direction })
            .collect()
    }

    #[test]
    fn an_entry_and_the_next_exit_make_a_stay() {
        let all = passages(&[
            (Entry, "2025-03-01T10:00:00+03:00"),
            (Exit, "2025-03-05T10:00:00+03:00"),
            (Entry, "2025-06-02T23:59:00+03:00"),
            (Exit, "2025-06-03T00:01:00+03:00"),
            (Entry, "2025-06-03T12:00:00+03:00"),
        ]);
        let now = calendar::moment("2025-06-10T00:00:00+03:00").unwrap();
        let paired = pair(all);
        assert!(paired.unpaired.is_empty());
        assert_eq!(paired.stays.iter().map(|stay| stay.days(now)).collect::<Vec<_>>(), [5, 2, 8]);
        assert!(paired.stays[2].exit.is_none());
        // 3 June belongs to two stays and counts once.
        assert_eq!(days(&paired.stays, now), Days { total: 14, last_365: 14, calendar_year: 14 });
    }

    #[test]
    fn crossings_without_partner_are_told() {
        let all = passages(&[
            (Exit, "2025-01-01T10:00:00+03:00"),
            (Entry, "2025-02-01T10:00:00+03:00"),
            (Entry, "2025-03-01T10:00:00+03:00"),
            (Exit, "2025-03-02T10:00:00+03:00"),
        ]);
        let paired = pair(all);
        assert_eq!(paired.unpaired.iter().map(|passage| passage.index).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(paired.stays.len(), 1);
    }

    #[test]
    fn years_are_cut_at_their_ends() {
        let all = passages(&[(Entry, "2024-12-30T10:00:00+03:00"), (Exit, "2025-01-02T10:00:00+03:00")]);
        let stays = pair(all).stays;
        let on = |text| days(&stays, calendar::moment(text).unwrap());
        assert_eq!(on("2025-01-10T00:00:00+03:00"), Days { total: 4, last_365: 4, calendar_year: 2 });
        assert_eq!(on("2025-12-31T00:00:00+03:00"), Days { total: 4, last_365: 2, calendar_year: 2 });
        assert_eq!(on("2026-01-05T00:00:00+03:00").calendar_year, 0);
    }

    proptest! {
        #[test]
        fn every_crossing_is_somewhere_once(ways in prop::collection::vec((any::<bool>(), 0i64..1_000_000_000_000_000), 0..40)) {
            let all: Vec<Passage> = ways.iter().enumerate()
                .map(|(index, (way, at))| Passage { index, at: *at, direction: if *way { Entry } else { Exit } })
                .collect();
            let paired = pair(all.clone());
            let mut seen: Vec<usize> = paired.unpaired.iter().map(|passage| passage.index).collect();
            for stay in &paired.stays {
                seen.push(stay.entry.index);
                seen.extend(stay.exit.map(|exit| exit.index));
                prop_assert!(stay.exit.is_none_or(|exit| exit.at >= stay.entry.at));
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..all.len()).collect::<Vec<_>>());
            prop_assert!(paired.stays.iter().filter(|stay| stay.exit.is_none()).count() <= 1);
        }
    }
}
