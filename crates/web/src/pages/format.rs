//! Dates, times and numbers as each language writes them.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::texts::Language;

/// Belarus keeps UTC+3 all year.
const MINSK: Offset = Offset::constant(3);

/// A moment as a person in Minsk sees it. `None` unless it is an ISO 8601 date, civil time or timestamp.
struct Moment {
    date: Date,
    /// Hours and minutes, unless only a day is known.
    time: Option<(i8, i8)>,
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let civil = |at: DateTime| Self { date: at.date(), time: Some((at.hour(), at.minute())) };
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(civil(Zoned::new(at, TimeZone::fixed(MINSK)).datetime()));
        }
        if text.len() == 10 {
            return text.parse().ok().map(|date| Self { date, time: None });
        }
        text.parse().ok().map(civil)
    }
}

/// `2 June 2026`.
pub(super) fn date(texts: &Language, text: &str) -> Option<String> {
    Some(day(texts, Moment::parse(text)?.date))
}

/// `14:05`.
pub(super) fn time(text: &str) -> Option<String> {
    Moment::parse(text)?.time.map(clock)
}

/// `2 June 2026, 14:05`; only the day when no time is known.
pub(super) fn datetime(texts: &Language, text: &str) -> Option<String> {
    let moment = Moment::parse(text)?;
    let date = day(texts, moment.date);
    Some(match moment.time {
        Some(time) => format!("{date}, {}", clock(time)),
        None => date,
    })
}

/// A number in decimal notation, its digits in groups of three: `12,345.6`; what is no number stays as it is.
pub(super) fn number(texts: &Language, text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return text.to_owned();
    }
    let mut shown = sign.to_owned();
    let grouped = whole.len() > 4 || (whole.len() == 4 && texts.plain("number.group-from") == "1000");
    for (at, digit) in whole.chars().enumerate() {
        if grouped && at > 0 && (whole.len() - at).is_multiple_of(3) {
            shown.push_str(texts.plain("number.group"));
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push_str(texts.plain("number.decimal"));
        shown.push_str(fraction);
    }
    shown
}

/// Writes the text so that HTML shows it, between tags and in quoted attributes.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

fn day(texts: &Language, date: Date) -> String {
    let month = texts.plain(MONTHS.get(usize::from(date.month().unsigned_abs()) - 1).copied().unwrap_or_default());
    let mark = texts.plain("date.year-mark");
    format!("{} {month} {}{mark}", date.day(), date.year())
}

fn clock((hour, minute): (i8, i8)) -> String {
    format!("{hour:02}:{minute:02}")
}

const MONTHS: [&str; 12] = [
    "date.month.1",
    "date.month.2",
    "date.month.3",
    "date.month.4",
    "date.month.5",
    "date.month.6",
    "date.month.7",
    "date.month.8",
    "date.month.9",
    "date.month.10",
    "date.month.11",
    "date.month.12",
];
