//! Civil days in Minsk and the counting of days as the law counts them: without Sundays and holidays.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::error::Error;

/// Europe/Minsk: +03:00 the year round since 27 March 2011. Fixed, because nothing older is counted here and a node must
/// not depend on its system's zone files.
pub fn minsk() -> TimeZone {
    TimeZone::fixed(Offset::constant(3))
}

/// The day that it is in Minsk.
pub fn minsk_day(at: Timestamp) -> Date {
    Offset::constant(3).to_datetime(at).date()
}

/// The last second of `day` in Minsk, when a term that ends on it has passed; the end of time for days beyond it.
pub fn end_of_day(day: Date) -> Timestamp {
    Offset::constant(3).to_timestamp(day.at(23, 59, 59, 0)).unwrap_or(Timestamp::MAX)
}

/// The first moment of `day` in Minsk; the end of time for days beyond it.
pub fn start_of_day(day: Date) -> Timestamp {
    Offset::constant(3).to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// `day` as `2025-06-02`, strictly.
pub fn parse_day(text: &str) -> Result<Date, Error> {
    let wrong = Error::Day { what: "date" };
    let form = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !form {
        return Err(wrong);
    }
    text.parse().map_err(|_| wrong)
}

/// `#[serde(with = "model::calendar::day")]`: a day as `2025-06-02`, in TOML also without quotation marks.
pub mod day {
    use std::fmt;

    use jiff::civil::Date;
    use serde::de::{self, Deserializer, MapAccess, Visitor};
    use serde::ser::Serializer;

    /// Writes a day.
    pub fn serialize<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    /// Reads a day.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        from.deserialize_any(Day)
    }

    struct Day;

    impl<'de> Visitor<'de> for Day {
        type Value = Date;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a day such as 2025-06-02")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
            super::parse_day(text).map_err(|_| E::custom("a day such as 2025-06-02 expected"))
        }

        /// TOML's own dates come as a map of one member.
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Date, A::Error> {
            match map.next_entry::<String, String>()? {
                Some((_, text)) => self.visit_str(&text),
                None => Err(de::Error::custom("a day such as 2025-06-02 expected")),
            }
        }
    }
}

/// `#[serde(with = "model::calendar::some_day", default)]`: a day or none.
pub mod some_day {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    struct Wrapped(#[serde(with = "super::day")] Date);

    /// Writes a day or nothing.
    pub fn serialize<S: Serializer>(day: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => to.collect_str(day),
            None => to.serialize_none(),
        }
    }

    /// Reads a day or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(from)?.map(|wrapped| wrapped.0))
    }
}

/// Days that are not counted besides Sundays; dated rows, because Presidential edicts move them every year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegalDays {
    holidays: BTreeSet<Date>,
    counted: BTreeSet<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    #[serde(default)]
    holidays: Vec<Row>,
    #[serde(default)]
    counted: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(with = "day")]
    date: Date,
    /// The act or the name, for the reader of the table.
    #[serde(rename = "why")]
    _why: String,
}

impl LegalDays {
    /// The table of a TOML text: `[[holidays]] date = 2025-01-01 why = "…"`; `[[counted]]` for Sundays made working days.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let rows: Rows = crate::file::toml(file, text)?;
        let dates = |rows: Vec<Row>| rows.into_iter().map(|row| row.date).collect();
        Ok(Self { holidays: dates(rows.holidays), counted: dates(rows.counted) })
    }

    /// The table of these holidays.
    pub fn new(holidays: impl IntoIterator<Item = Date>) -> Self {
        Self { holidays: holidays.into_iter().collect(), counted: BTreeSet::new() }
    }

    /// Whether the law counts the day.
    pub fn counts(&self, day: Date) -> bool {
        self.counted.contains(&day) || (day.weekday() != Weekday::Sunday && !self.holidays.contains(&day))
    }

    /// The `n`-th counted day, `first` being the first when it counts; none past the end of the calendar.
    ///
    /// An entry on a Sunday or holiday begins with the next counted day: in doubt for the person.
    pub fn nth(&self, first: Date, n: u32) -> Option<Date> {
        let mut day = first;
        let mut left = n.max(1);
        loop {
            if self.counts(day) {
                left = left.checked_sub(1)?;
                if left == 0 {
                    return Some(day);
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
    }

    /// The moment when the `n`-th counted day ends in Minsk.
    pub fn deadline(&self, first: Date, n: u32) -> Option<Timestamp> {
        self.nth(first, n).map(end_of_day)
    }

    /// How many days from `first` to `last`, both included, the law counts.
    pub fn between(&self, first: Date, last: Date) -> usize {
        first.series(1.day()).take_while(|day| *day <= last).filter(|day| self.counts(*day)).count()
    }
}

/// Days from `first` to `last`, both included, as they are in the calendar; 0 when `last` is earlier.
pub fn days_of_stay(first: Date, last: Date) -> u32 {
    let days = first.until(last).map_or(-1, |span| span.get_days());
    u32::try_from(days.saturating_add(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sundays_and_holidays_are_not_counted() {
        // 3 July 2025 (Independence Day) is a Thursday, 6 July a Sunday.
        let days = LegalDays::new([date(2025, 7, 3)]);
        assert_eq!(days.nth(date(2025, 7, 1), 1), Some(date(2025, 7, 1)));
        assert_eq!(days.nth(date(2025, 7, 1), 3), Some(date(2025, 7, 4)));
        assert_eq!(days.nth(date(2025, 7, 1), 5), Some(date(2025, 7, 7)));
        assert_eq!(days.nth(date(2025, 7, 1), 10), Some(date(2025, 7, 12)));
        assert_eq!(days.nth(date(2025, 7, 6), 1), Some(date(2025, 7, 7)));
        assert_eq!(days.between(date(2025, 7, 1), date(2025, 7, 12)), 10);
        assert_eq!(days.deadline(date(2025, 7, 1), 10).unwrap().to_string(), "2025-07-12T20:59:59Z");
    }

    #[test]
    fn tables_are_read() {
        let text = "[[holidays]]\ndate = 2025-01-01\nwhy = \"New Year\"\n[[counted]]\ndate = \"2025-01-12\"\nwhy = \"moved\"\n";
        let days = LegalDays::parse("days.toml", text).unwrap();
        assert!(!days.counts(date(2025, 1, 1)));
        assert!(days.counts(date(2025, 1, 12)));
        let wrong = LegalDays::parse("days.toml", "[[holidays]]\ndate = 2025-02-30\nwhy = \"x\"\n").unwrap_err();
        assert!(wrong.to_string().starts_with("days.toml: holidays.date (line 2)"), "{wrong}");
    }

    #[test]
    fn midnight_is_minsk_midnight() {
        let just_before: Timestamp = "2025-06-01T20:59:59Z".parse().unwrap();
        assert_eq!(minsk_day(just_before), date(2025, 6, 1));
        assert_eq!(minsk_day(just_before + 1.second()), date(2025, 6, 2));
        assert_eq!(start_of_day(date(2025, 6, 2)).to_string(), "2025-06-01T21:00:00Z");
        assert_eq!(days_of_stay(date(2025, 6, 2), date(2025, 6, 20)), 19);
        assert_eq!(days_of_stay(date(2025, 6, 2), date(2025, 6, 1)), 0);
        assert_eq!(days_of_stay(date(2024, 1, 1), date(2025, 1, 1)), 367);
    }

    #[test]
    fn days_are_strict() {
        assert!(parse_day("2024-02-29").is_ok());
        for bad in ["2025-02-29", "20250101", "2025-1-01", "2025-01-01T00:00", "２０２５-01-01"] {
            assert!(parse_day(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn counting_and_finding_agree(start in 0_i32..4000, n in 1_u32..60, holidays in prop::collection::vec(0_i32..4000, 0..40)) {
            let at = |offset: i32| date(2020, 1, 1).checked_add(offset.days()).unwrap();
            let days = LegalDays::new(holidays.into_iter().map(at));
            let last = days.nth(at(start), n).unwrap();
            prop_assert_eq!(days.between(at(start), last), n as usize);
            prop_assert!(days.counts(last));
        }
    }
}
