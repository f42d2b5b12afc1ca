//! What can be wrong with a value or a file: named by position, key and cure, never by the value itself.

use crate::refusal::{Fault, Kind};

/// Why a text is not the value it should be.
///
/// Values of people are never repeated in an error: they would end in logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too short or too long.
    #[error("{what}: {expected} characters expected, {found} found")]
    Length {
        /// Which value, such as `identification number`.
        what: &'static str,
        /// How many it must have, such as `14` or `1 to 60`.
        expected: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A character that may not stand where it stands.
    #[error("{what}: position {position} must be {expected}")]
    Character {
        /// Which value.
        what: &'static str,
        /// Counted from 1.
        position: usize,
        /// What may stand there.
        expected: &'static str,
    },
    /// The check digit does not fit the rest.
    #[error("{what}: check digit {expected} expected at position {position}")]
    CheckDigit {
        /// Which value.
        what: &'static str,
        /// Counted from 1.
        position: usize,
        /// The digit that would fit.
        expected: char,
    },
    /// A number that the rule of its check digit never gives out.
    #[error("{what}: no number can begin so (its check digit would be 10)")]
    Impossible {
        /// Which value.
        what: &'static str,
    },
    /// Not a day of the calendar.
    #[error("{what}: no such day in the calendar")]
    Day {
        /// Which value.
        what: &'static str,
    },
    /// Not in the code list.
    #[error("{what}: not in the list")]
    Unlisted {
        /// Which list, such as `country`.
        what: &'static str,
    },
    /// Outside what is allowed.
    #[error("{what}: {expected} expected")]
    Form {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// A file of a service, a list or texts is not as it must be.
    #[error("{file}: {key}: {expected}")]
    File {
        /// Path inside the folder.
        file: String,
        /// The key, JSON pointer or line.
        key: String,
        /// What was expected there.
        expected: String,
    },
    /// A treaty cannot go from one state to the other.
    #[error("treaty is {from}: cannot become {to}; allowed: {allowed}")]
    Transition {
        /// State it is in.
        from: &'static str,
        /// State that was wanted.
        to: &'static str,
        /// States it may go to, separated by commas.
        allowed: String,
    },
    /// The value has no canonical JSON form (a map with keys that are no strings, or a number that is not finite).
    #[error("no canonical JSON form: {0}")]
    Canonical(String),
}

impl Error {
    /// A file is not as it must be.
    pub fn file(file: impl Into<String>, key: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::File { file: file.into(), key: key.into(), expected: expected.into() }
    }

    /// Who is at fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Length { .. }
            | Self::Character { .. }
            | Self::CheckDigit { .. }
            | Self::Impossible { .. }
            | Self::Day { .. }
            | Self::Unlisted { .. }
            | Self::Form { .. } => Kind::Malformed,
            Self::Transition { .. } => Kind::Conflict,
            Self::File { .. } | Self::Canonical(_) => Kind::Internal,
        }
    }

    /// The same as a fault at `pointer`, with the code of `domain.md` §4.3 and its text.
    pub fn fault(&self, pointer: impl Into<String>) -> Fault {
        match self {
            Self::Length { expected, .. } => Fault::new(pointer, "02", "length").with("expected", expected),
            Self::Character { position, expected, .. } => {
                Fault::new(pointer, "02", "character").with("position", position).with("expected", expected)
            }
            Self::CheckDigit { expected, .. } => Fault::new(pointer, "02", "check-digit").with("expected", expected),
            Self::Impossible { .. } => Fault::new(pointer, "02", "impossible"),
            Self::Day { .. } => Fault::new(pointer, "03", "format-date"),
            Self::Unlisted { what } => Fault::new(pointer, "04", "classifier").with("list", what),
            Self::Form { expected, .. } => Fault::new(pointer, "02", "form").with("expected", expected),
            Self::File { .. } | Self::Transition { .. } | Self::Canonical(_) => Fault::new(pointer, "01", "other"),
        }
    }
}
