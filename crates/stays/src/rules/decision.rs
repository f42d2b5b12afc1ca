//! What was decided, and by which rows.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A decision with all its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What follows for the person.
    pub outcome: Outcome,
    /// Stable code of the reason, such as `late`; `registered` when there is none against it.
    pub code: &'static str,
    /// The last day to register in time, where a row says it.
    pub deadline: Option<Date>,
    /// The steps taken, in order; the last one decided.
    pub steps: Vec<Step>,
}

/// What follows for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The stay is registered.
    Registered {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// Nothing need be registered until this day, itself included.
    NotRequired {
        /// The last day without registration.
        until: Date,
    },
    /// Not online: somebody must come to an office.
    PersonalVisit {
        /// Stable code of the reason.
        reason: &'static str,
        /// On which day at the latest.
        by: Date,
        /// Code of the nearest office (`offices.toml`).
        office: String,
    },
    /// Not with these data.
    Refused,
}

impl Outcome {
    /// The word in answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::NotRequired { .. } => "not-required",
            Self::PersonalVisit { .. } => "personal-visit",
            Self::Refused => "refused",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Stable code of the rule, such as `insurance`.
    pub rule: &'static str,
    /// The row applied; empty when none holds.
    pub row: String,
    /// The act it stands in; empty as above.
    pub act: String,
    /// Whether a public source confirms the row.
    pub checked: bool,
    /// False for the step that decided against registering online.
    pub passed: bool,
    /// Which text tells about it.
    pub text: &'static str,
    /// What the text names.
    pub params: Vec<(&'static str, Param)>,
    /// JSON pointer of the field to look at, when a field is the cause.
    pub pointer: &'static str,
}

/// A value that a text names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Param {
    /// A day, written out in the reader's language.
    Day(Date),
    /// A number.
    Number(u32),
    /// A code of a list: list and code.
    Code(String, String),
    /// A border crossing point.
    Checkpoint(String),
    /// Text as it is.
    Text(String),
}
