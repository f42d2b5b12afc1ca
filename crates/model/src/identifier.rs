//! Identification numbers of people, taxpayers and documents, checked where they enter (`domain.md` §1.1, 1.2, 1.4).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;
use crate::names::BirthDay;

/// What is unusual about a number that is nevertheless accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Positions 12–13 are none of `PB`, `BA`, `BI`.
    Citizenship,
    /// The first digit tells neither sex nor century (0, 7, 8, 9): a test or transient number.
    Transient,
    /// The digits of the birth date are no day of the calendar.
    BirthDate,
    /// Position 8 is none of the regions' letters.
    Region,
}

/// Sex as the number and the documents tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// Male.
    #[serde(rename = "M")]
    Male,
    /// Female.
    #[serde(rename = "F")]
    Female,
}

/// Personal identification number: 14 characters with a valid check digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentificationNumber(String);

const PERSON: &str = "identification number";
const TAXPAYER: &str = "taxpayer number (UNP)";
const DOCUMENT: &str = "document number";

impl IdentificationNumber {
    /// The number, upper-cased, with Cyrillic look-alikes folded to Latin; or the first thing that is wrong.
    ///
    /// Letters for citizenship other than `PB`, `BA`, `BI` are accepted: the Register's own samples bear some; see
    /// [`Self::warnings`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let number: String = text.trim().chars().flat_map(char::to_uppercase).map(latin).collect();
        let length = number.chars().count();
        if length != 14 {
            return Err(Error::Length { what: PERSON, expected: "14", found: length });
        }
        for (position, c) in (1_usize..).zip(number.chars()) {
            let (fits, expected) = match position {
                8 => (c.is_ascii_uppercase(), "a letter A–Z"),
                12 | 13 => (c.is_ascii_uppercase(), "a letter A–Z"),
                _ => (c.is_ascii_digit(), "a digit"),
            };
            if !fits {
                return Err(Error::Character { what: PERSON, position, expected });
            }
        }
        let sum: u32 = number.chars().zip([7, 3, 1].into_iter().cycle()).take(13).map(|(c, w)| value(c) * w).sum();
        let expected = char::from_digit(sum % 10, 10).unwrap_or('0');
        if !number.ends_with(expected) {
            return Err(Error::CheckDigit { what: PERSON, position: 14, expected });
        }
        Ok(Self(number))
    }

    /// The fourteen characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Sex by the first digit; none for transient numbers.
    pub fn sex(&self) -> Option<Sex> {
        match self.0.chars().next()? {
            '1' | '3' | '5' => Some(Sex::Male),
            '2' | '4' | '6' => Some(Sex::Female),
            _ => None,
        }
    }

    /// Birth date by the first seven digits; none for transient numbers and days the calendar has not.
    pub fn birth_date(&self) -> Option<BirthDay> {
        let century = match self.0.chars().next()? {
            '1' | '2' => 18,
            '3' | '4' => 19,
            '5' | '6' => 20,
            _ => return None,
        };
        let (day, month, year) = (self.0.get(1..3)?, self.0.get(3..5)?, self.0.get(5..7)?);
        BirthDay::parse(&format!("{century}{year}{month}{day}")).ok().filter(|birth| birth.date().is_some())
    }

    /// What is unusual about the number.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut out = Vec::new();
        match self.sex() {
            None => out.push(Warning::Transient),
            Some(_) if self.birth_date().is_none() => out.push(Warning::BirthDate),
            Some(_) => {}
        }
        if !self.0.get(7..8).is_some_and(|letter| "ABCHKEM".contains(letter)) {
            out.push(Warning::Region);
        }
        if !matches!(self.0.get(11..13), Some("PB" | "BA" | "BI")) {
            out.push(Warning::Citizenship);
        }
        out
    }
}

/// A Latin letter for the Cyrillic one that looks the same (the table of the taxpayer's number).
fn latin(c: char) -> char {
    match c {
        'А' => 'A',
        'В' => 'B',
        'Е' => 'E',
        'К' => 'K',
        'М' => 'M',
        'Н' => 'H',
        'О' => 'O',
        'Р' => 'P',
        'С' => 'C',
        'Т' => 'T',
        'І' => 'I',
        'Х' => 'X',
        'У' => 'Y',
        c => c,
    }
}

fn value(c: char) -> u32 {
    c.to_digit(36).unwrap_or(0)
}

/// Taxpayer's number (УНП): 9 characters with a valid check digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unp(String);

const SECOND_LETTERS: &str = "ABCEHKMOPT";

impl Unp {
    /// The number without spaces and the prefix `УНП`, with Cyrillic letters folded; or the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let upper: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
        let bare = upper.strip_prefix("УНП").or_else(|| upper.strip_prefix("UNP")).unwrap_or(&upper);
        let number: String = bare.chars().map(latin).collect();
        let length = number.chars().count();
        if length != 9 {
            return Err(Error::Length { what: TAXPAYER, expected: "9", found: length });
        }
        let lettered = number.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        for (position, c) in (1_usize..).zip(number.chars()) {
            let (fits, expected) = match (position, lettered) {
                (1, _) => ("1234567ABCEHKM".contains(c), "one of 1234567ABCEHKM"),
                (2, true) => (SECOND_LETTERS.contains(c), "one of ABCEHKMOPT"),
                _ => (c.is_ascii_digit(), "a digit"),
            };
            if !fits {
                return Err(Error::Character { what: TAXPAYER, position, expected });
            }
        }
        let digits = number.char_indices().take(8).map(|(index, c)| {
            let second = (index == 1).then(|| SECOND_LETTERS.find(c)).flatten();
            second.and_then(|at| u32::try_from(at).ok()).unwrap_or_else(|| value(c))
        });
        let sum: u32 = digits.zip([29, 23, 19, 17, 13, 7, 5, 3]).map(|(digit, weight)| digit * weight).sum();
        let Some(expected) = char::from_digit(sum % 11, 10) else {
            return Err(Error::Impossible { what: TAXPAYER });
        };
        if !number.ends_with(expected) {
            return Err(Error::CheckDigit { what: TAXPAYER, position: 9, expected });
        }
        Ok(Self(number))
    }

    /// The nine characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Number of an identity document (series and digits together or apart), folded so that one document has one form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// Letters, digits, `/`, `-` and inner spaces, 1 to 20 characters, upper-cased, Cyrillic look-alikes folded.
    ///
    /// Numbers of civil acts (`I-ЛЮ 1234567`) keep Cyrillic letters that look like no Latin one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let expected = "a letter, a digit, a space, a hyphen or a slash";
        let mut number = String::new();
        for (position, c) in (1_usize..).zip(text.trim().chars().flat_map(char::to_uppercase)) {
            let c = latin(c);
            if !(c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '-' | '/' | 'А'..='Я' | 'Ё' | 'Ў'))
            {
                return Err(Error::Character { what: DOCUMENT, position, expected });
            }
            if !(c == ' ' && number.ends_with(' ')) {
                number.push(c);
            }
        }
        let length = number.chars().count();
        if length == 0 || length > 20 {
            return Err(Error::Length { what: DOCUMENT, expected: "1 to 20", found: length });
        }
        if !number.chars().any(char::is_alphanumeric) {
            return Err(Error::Character { what: DOCUMENT, position: 1, expected: "a letter or a digit" });
        }
        Ok(Self(number))
    }

    /// The number as it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without spaces, hyphens and slashes: what searches compare, so that `MP 1234567` and `MP1234567` are one.
    pub fn key(&self) -> String {
        self.0.chars().filter(|c| c.is_alphanumeric()).collect()
    }

    /// Series and number of a passport of a citizen of Belarus, when it is one (`MP1234567`).
    pub fn passport(&self) -> Option<(String, String)> {
        const SERIES: [&str; 10] = ["AB", "BM", "HB", "KH", "MP", "MC", "KB", "PP", "SP", "DP"];
        let key = self.key();
        let (series, number) = key.split_at_checked(2)?;
        let whole = number.len() == 7 && number.bytes().all(|b| b.is_ascii_digit());
        (whole && SERIES.contains(&series)).then(|| (series.to_owned(), number.to_owned()))
    }
}

macro_rules! text_type {
    ($type:ident) => {
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

        impl std::str::FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
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

text_type!(IdentificationNumber);
text_type!(Unp);
text_type!(DocumentNumber);

#[cfg(test)]
#[path = "identifier_tests.rs"]
mod tests;
