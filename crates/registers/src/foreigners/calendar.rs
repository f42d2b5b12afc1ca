//! Days and moments as ISOS counts them: civil dates in Minsk (UTC+3, no summer time since 2011), months for storage.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Microseconds of one day.
pub(crate) const DAY: i64 = 86_400_000_000;
/// What Minsk is ahead of UTC.
const MINSK: i64 = 3 * 3_600_000_000;
/// The days that records may name: from 1950 to 2099. Outside is a slip of the hand.
const YEARS: std::ops::RangeInclusive<i16> = 1950..=2099;

/// The moment at which day `text` (`YYYY-MM-DD`) begins in Minsk, in microseconds since 1970.
pub(crate) fn day_start(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    if text.len() != 10 || !YEARS.contains(&date.year()) {
        return None;
    }
    let start = date.at(0, 0, 0, 0);
    Some(Offset::constant(3).to_timestamp(start).ok()?.as_microsecond())
}

/// A moment with its offset (`2025-06-02T14:05:00+03:00`), in microseconds since 1970.
pub(crate) fn moment(text: &str) -> Option<i64> {
    let at: Timestamp = text.parse().ok()?;
    let micros = at.as_microsecond();
    YEARS.contains(&date_of(micros)?.year()).then_some(micros)
}

/// A day or a moment; a day begins at midnight in Minsk.
pub(crate) fn since(text: &str) -> Option<i64> {
    day_start(text).or_else(|| moment(text))
}

/// A day or a moment; a day counts to its last microsecond.
pub(crate) fn until(text: &str) -> Option<i64> {
    day_start(text).map(|start| start + DAY - 1).or_else(|| moment(text))
}

/// The number of the day in Minsk, counted from 1970-01-01.
pub(crate) fn day_number(at: i64) -> i64 {
    at.saturating_add(MINSK).div_euclid(DAY)
}

/// The month in Minsk, counted from January 1970: the storage's unit.
pub(crate) fn month_of(at: i64) -> i64 {
    date_of(at).map_or(0, |date| (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1)
}

/// The civil date in Minsk.
pub(crate) fn date_of(at: i64) -> Option<Date> {
    Some(Offset::constant(3).to_datetime(Timestamp::from_microsecond(at).ok()?).date())
}

/// The moment as people and programs read it, in UTC.
pub(crate) fn written(at: i64) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| String::new(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_in_minsk() {
        let start = day_start("2025-06-02").unwrap();
        assert_eq!(written(start), "2025-06-01T21:00:00Z");
        assert_eq!(day_number(start), day_number(start + DAY - 1));
        assert_eq!(day_number(start - 1) + 1, day_number(start));
        assert_eq!(date_of(start).unwrap().to_string(), "2025-06-02");
        assert_eq!(until("2025-06-02").unwrap(), start + DAY - 1);
        assert_eq!(since("2025-06-02T00:00:00+03:00").unwrap(), start);
    }

    #[test]
    fn months_turn_at_midnight_in_minsk() {
        let june = day_start("2025-06-01").unwrap();
        assert_eq!(month_of(june), (2025 - 1970) * 12 + 5);
        assert_eq!(month_of(june - 1), (2025 - 1970) * 12 + 4);
        assert_eq!(month_of(day_start("1969-12-31").unwrap()), -1);
    }

    #[test]
    fn slips_of_the_hand_are_no_days() {
        for wrong in ["2025-02-30", "0025-06-02", "2525-06-02", "2025-6-2", "02.06.2025", ""] {
            assert_eq!(day_start(wrong), None, "{wrong}");
        }
        assert_eq!(moment("2025-06-02T14:05:00"), None);
    }
}
