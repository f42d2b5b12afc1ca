//! The machine-readable zone of travel documents (ICAO Doc 9303): passports (TD3), cards (TD1) and TD2, with check digits.
//!
//! What is wrong is told by line, position and field, so that a person can look at the same place in the document.

mod fields;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use model::{Country, Lang, Texts};

use fields::{Format, Zone};

/// What the zone says.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    /// `passport` for TD3, `id_card` for TD1, `travel_document` for TD2: codes of `document-types`.
    pub kind: &'static str,
    /// Who issued the document.
    pub issuing_state: Country,
    /// Its number.
    pub number: String,
    /// Citizenship.
    pub citizenship: Country,
    /// `YYYYMMDD`, `00` for what is not known.
    pub birth_date: String,
    /// `M`, `F`, or none when it is not specified.
    pub sex: Option<char>,
    /// The last day.
    pub expires_on: Date,
    /// Surname.
    pub surname: String,
    /// Given names; empty when there are none.
    pub given_names: String,
}

impl std::fmt::Debug for Mrz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mrz(…)")
    }
}

/// Something in the zone that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1; 0 when the zone as a whole is wrong.
    pub line: usize,
    /// Counted from 1; 0 when the line as a whole is wrong.
    pub position: usize,
    /// Which field, such as `number`; also the key of its name in `mrz.fields`.
    pub field: &'static str,
    /// What.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Neither two nor three lines.
    Lines {
        /// How many there are.
        found: usize,
    },
    /// A line is too short or too long.
    Length {
        /// How many characters it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A character that cannot stand there.
    Character {
        /// It.
        found: char,
    },
    /// The check digit does not fit the field.
    CheckDigit {
        /// The digit that would fit.
        expected: char,
        /// What stands there.
        found: char,
    },
    /// Not a day of the calendar.
    Day,
    /// Not a code of a state.
    Country,
    /// There is no name.
    Name,
}

impl Problem {
    /// Stable code, also the key of its text in `mrz`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Lines { .. } => "lines",
            Self::Length { .. } => "length",
            Self::Character { .. } => "character",
            Self::CheckDigit { .. } => "check-digit",
            Self::Day => "day",
            Self::Country => "country",
            Self::Name => "name",
        }
    }
}

impl Mistake {
    /// What a person reads, from the service's texts.
    pub fn text(&self, texts: &Texts, lang: Lang) -> String {
        let (expected, found) = match &self.problem {
            Problem::Lines { found } => (String::new(), found.to_string()),
            Problem::Length { expected, found } => (expected.to_string(), found.to_string()),
            Problem::Character { found } => (String::new(), found.to_string()),
            Problem::CheckDigit { expected, found } => (expected.to_string(), found.to_string()),
            Problem::Day | Problem::Country | Problem::Name => (String::new(), String::new()),
        };
        let params = [
            ("line", self.line.to_string()),
            ("position", self.position.to_string()),
            ("field", texts.line(lang, &format!("mrz.fields.{}", self.field), &[])),
            ("expected", expected),
            ("found", found),
        ];
        texts.line(lang, &format!("mrz.{}", self.problem.code()), &params)
    }
}

/// Reads the zone; `today` tells the century of two-digit years of birth. All mistakes are told, the first first.
///
/// Letters may be small; spaces, empty lines and the sign « of some scanners are taken for what was meant.
pub fn parse(text: &str, today: Date) -> Result<Mrz, Vec<Mistake>> {
    let lines: Vec<Vec<char>> = text.lines().map(clean).filter(|line| !line.is_empty()).collect();
    let whole = |problem| vec![Mistake { line: 0, position: 0, field: "zone", problem }];
    let Some(format) = Format::of(&lines) else {
        return Err(whole(Problem::Lines { found: lines.len() }));
    };
    let uneven: Vec<Mistake> = (1..)
        .zip(&lines)
        .filter(|(_, line)| line.len() != format.width())
        .map(|(line, chars)| Mistake {
            line,
            position: 0,
            field: "zone",
            problem: Problem::Length { expected: format.width(), found: chars.len() },
        })
        .collect();
    if !uneven.is_empty() {
        return Err(uneven);
    }
    Zone::new(format, &lines, today).read()
}

fn clean(line: &str) -> Vec<char> {
    let chars = line.chars().filter(|c| !c.is_whitespace());
    chars.flat_map(|c| if c == '«' { vec!['<', '<'] } else { vec![c.to_ascii_uppercase()] }).collect()
}

/// The check digit of ICAO Doc 9303 part 3 §4.9 over characters; none when one of them cannot stand in a zone.
pub fn check_digit(chars: impl IntoIterator<Item = char>) -> Option<char> {
    let mut sum = 0_u32;
    for (c, weight) in chars.into_iter().zip([7, 3, 1].into_iter().cycle()) {
        let value = if c == '<' { 0 } else { c.to_digit(36)? };
        sum = (sum + value * weight) % 10;
    }
    char::from_digit(sum, 10)
}
