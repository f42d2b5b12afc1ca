//! Names in three scripts as documents bear them, and birth dates of which day or month may be unknown (`domain.md` §1.3).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

const MAX_NAME: usize = 60;

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $what:literal, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(String);

        impl $type {
            /// The name, upper-cased, with inner spaces made single; or the first position that cannot stand.
            pub fn parse(text: &str) -> Result<Self, Error> {
                parse_name(text, $what, $expected, $fits).map(Self)
            }

            /// The name in upper case.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name_type!(
    /// A name in Latin letters, as in the machine-readable zone: `A`–`Z`, apostrophe, space, hyphen.
    NameLat,
    "Latin name",
    "a letter A–Z, an apostrophe, a space or a hyphen",
    |c| c.is_ascii_uppercase()
);
name_type!(
    /// A name in Russian.
    NameRu,
    "Russian name",
    "a Russian letter, an apostrophe, a space or a hyphen",
    |c| matches!(c, 'А'..='Я' | 'Ё')
);
name_type!(
    /// A name in Belarusian: no И, Щ, Ъ; with І and Ў.
    NameBe,
    "Belarusian name",
    "a Belarusian letter, an apostrophe, a space or a hyphen",
    |c| matches!(c, 'А'..='З' | 'Й'..='Ш' | 'Ы'..='Я' | 'Ё' | 'І' | 'Ў')
);

fn parse_name(
    text: &str,
    what: &'static str,
    expected: &'static str,
    fits: impl Fn(char) -> bool,
) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.trim().chars().flat_map(char::to_uppercase).enumerate() {
        let c = match c {
            '’' | 'ʼ' => '\'',
            '\u{2010}' | '\u{2011}' => '-',
            c => c,
        };
        let mark = matches!(c, '\'' | '-' | ' ');
        // A name begins with a letter; what marks follow each other is none of ours to judge.
        if !(fits(c) || mark && !out.is_empty()) {
            return Err(Error::Character { what, position: index.saturating_add(1), expected });
        }
        if !(c == ' ' && out.ends_with(' ')) {
            out.push(c);
        }
    }
    let length = out.chars().count();
    if length == 0 || length > MAX_NAME {
        return Err(Error::Length { what, expected: "1 to 60", found: length });
    }
    Ok(out)
}

/// One part of a name (surname, given names, patronymic) in the scripts in which it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiName {
    /// Russian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ru: Option<NameRu>,
    /// Belarusian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub be: Option<NameBe>,
    /// Latin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<NameLat>,
}

impl MultiName {
    /// The spellings that are known: Russian, Belarusian, Latin.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        let ru = self.ru.as_ref().map(NameRu::as_str);
        let be = self.be.as_ref().map(NameBe::as_str);
        ru.into_iter().chain(be).chain(self.lat.as_ref().map(NameLat::as_str))
    }
}

/// A birth date `YYYYMMDD`; `00` for a day or a month that is not known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BirthDay {
    year: i16,
    month: i8,
    day: i8,
}

impl BirthDay {
    /// The date, or why it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        const WHAT: &str = "birth date";
        if text.chars().count() != 8 {
            return Err(Error::Length { what: WHAT, expected: "8", found: text.chars().count() });
        }
        if let Some(at) = text.chars().position(|c| !c.is_ascii_digit()) {
            return Err(Error::Character { what: WHAT, position: at.saturating_add(1), expected: "a digit" });
        }
        let number: i32 = text.parse().map_err(|_| Error::Day { what: WHAT })?;
        let part = |n: i32| i8::try_from(n).unwrap_or(-1);
        let year = i16::try_from(number / 10_000).unwrap_or(0);
        Self::new(year, part(number / 100 % 100), part(number % 100)).ok_or(Error::Day { what: WHAT })
    }

    /// The date with these parts, when the calendar has it: years 1850–2150, `0` for unknown.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        if !(1850..=2150).contains(&year) || (month == 0 && day != 0) {
            return None;
        }
        // A day that is not known may stand for any, so the first stands in for the check.
        Date::new(year, month.max(1), if day == 0 { 1 } else { day }).ok()?;
        (month >= 0 && day >= 0).then_some(Self { year, month, day })
    }

    /// Year, month, day; `0` for unknown.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.year, self.month, self.day)
    }

    /// The calendar's day, when it is wholly known.
    pub fn date(self) -> Option<Date> {
        Date::new(self.year, self.month, self.day).ok()
    }
}

impl From<Date> for BirthDay {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: date.month(), day: date.day() }
    }
}

impl fmt::Display for BirthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for BirthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDay(…)")
    }
}

impl Serialize for BirthDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BirthDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_script_has_its_letters() {
        assert_eq!(NameBe::parse("Кавалёў").unwrap().as_str(), "КАВАЛЁЎ");
        assert!(NameBe::parse("ИВАНОВ").is_err());
        assert!(NameBe::parse("Щука").is_err());
        assert!(NameBe::parse("ПАД'ЕЗД").is_ok());
        assert!(NameRu::parse("ПОДЪЯПОЛЬСКАЯ").is_ok());
        assert!(NameRu::parse("ІВАНОЎ").is_err());
        assert_eq!(NameLat::parse("  o’neil  smith ").unwrap().as_str(), "O'NEIL SMITH");
        assert_eq!(
            NameLat::parse("JÖRG").unwrap_err(),
            Error::Character {
                what: "Latin name",
                position: 2,
                expected: "a letter A–Z, an apostrophe, a space or a hyphen"
            }
        );
        assert!(NameLat::parse("").is_err());
        assert!(NameLat::parse("-A").is_err());
        assert!(NameLat::parse(&"A".repeat(61)).is_err());
        assert_eq!(format!("{:?}", NameLat::parse("TESTER").unwrap()), "NameLat(…)");
    }

    #[test]
    fn a_birth_date_may_be_incomplete_but_not_impossible() {
        for good in ["19900101", "20000229", "19700000", "19700300"] {
            assert_eq!(BirthDay::parse(good).unwrap().to_string(), good);
        }
        for bad in
            ["19900230", "19000229", "19901301", "19900001", "18000101", "1990010", "1990-1-1", "１９９００１０１"]
        {
            assert!(BirthDay::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(BirthDay::parse("19700000").unwrap().date(), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,70}") {
            let _ = NameLat::parse(&text);
            let _ = NameRu::parse(&text);
            let _ = NameBe::parse(&text);
            let _ = BirthDay::parse(&text);
        }

        #[test]
        fn a_name_parses_to_itself(text in "[A-Z][A-Z' -]{0,40}[A-Z]") {
            let once = NameLat::parse(&text).unwrap();
            prop_assert_eq!(NameLat::parse(once.as_str()).unwrap(), once);
        }
    }
}
