//! Days of stay in a calendar year, from crossings.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::{Crossing, Direction};

/// Days of `year` that crossings before `entry` prove, each day once, days of crossing included.
///
/// An entry without an exit proves its own day only: in doubt for the person.
pub fn days_before(crossings: &[Crossing], entry: Date, year: i16) -> u32 {
    let mut ordered: Vec<&Crossing> = crossings.iter().collect();
    ordered.sort_by_key(|crossing| crossing.at);
    let (first, last) = (date(year, 1, 1), date(year, 12, 31));
    let mut days: BTreeSet<Date> = BTreeSet::new();
    let mut entered: Option<Date> = None;
    let mut stay = |from: Date, to: Date| {
        let (from, to) = (from.max(first), to.min(last));
        days.extend(from.series(1.day()).take_while(|day| *day <= to && *day < entry));
    };
    for crossing in ordered {
        let day = crossing.day();
        match (crossing.direction, entered.take()) {
            (Direction::Entry, open) => {
                if let Some(open) = open {
                    stay(open, open);
                }
                entered = Some(day);
            }
            (Direction::Exit, Some(open)) => stay(open, day),
            (Direction::Exit, None) => {}
        }
    }
    if let Some(open) = entered {
        stay(open, open);
    }
    u32::try_from(days.len()).unwrap_or(u32::MAX)
}
