//! A proceeding as enforcement bodies enter it: codes without names, and what courts and debtors are found by.

use std::fmt;

use jiff::civil::Date;
use model::amount::Amount;
use model::identifier::{IdentificationNumber, Unp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A calendar day, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("YYYY-MM-DD expected"))
    }
}

impl Day {
    /// The day written `YYYY-MM-DD` and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| text.parse().ok()).flatten().map(Self)
    }

    /// The day as the number `YYYYMMDD`, the form rows keep.
    pub(super) fn number(self) -> i64 {
        i64::from(self.0.year()) * 10_000 + i64::from(self.0.month()) * 100 + i64::from(self.0.day())
    }
}

/// A name in the three languages of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// In Russian; also what is shown where the others are missing.
    pub ru: String,
    /// In Belarusian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub be: Option<String>,
    /// In Latin letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

/// From whom is recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debtor {
    /// Of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification_number: Option<IdentificationNumber>,
    /// Of an organisation or entrepreneur.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unp: Option<Unp>,
    /// Name of the person or the organisation.
    pub name: Named,
}

impl Debtor {
    /// The number the debtor is found by; the identification number when there are both.
    pub fn number(&self) -> Option<&str> {
        self.identification_number.as_ref().map(IdentificationNumber::as_str).or(self.unp.as_ref().map(Unp::as_str))
    }
}

/// One status in the course of a proceeding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Of the list `status`.
    pub status_code: String,
    /// Since when.
    pub status_date: Day,
    /// Of the list `status_reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
}

/// One measure of a proceeding, with its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Of the list `measure`.
    pub measure_code: String,
    /// When it was added.
    pub added_date: Day,
    /// Of the list `measure_status`.
    pub measure_status_code: String,
    /// Since when it has this state.
    pub measure_status_date: Day,
}

/// A proceeding: one version of it, immutable once entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proceeding {
    /// By which it is known, such as `12345/25/7-М`.
    pub proceeding_number: String,
    /// The enforcement body, of the list `opi`.
    pub opi_code: String,
    /// Who executes.
    pub executor_full_name: Named,
    /// The court that issued the enforcement document, when a court did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub court_code: Option<String>,
    /// The case in that court.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub court_case_number: Option<String>,
    /// The document that is executed.
    pub enforcement_document_number: String,
    /// From whom is recovered.
    pub debtor: Debtor,
    /// When it was instituted.
    pub institution_date: Day,
    /// The last of `statuses`.
    pub current_status_code: String,
    /// Of the list `claim`.
    pub claim_code: String,
    /// Of the list `currency`: numeric, such as `933`.
    pub currency_code: String,
    /// What is claimed.
    pub claim_amount: Amount,
    /// What was recovered.
    pub repaid_amount: Amount,
    /// What remains.
    pub debt_balance: Amount,
    /// In the order of their dates.
    pub statuses: Vec<Status>,
    /// In the order they were added.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// Entered to mend a mistake: the course told before may differ. Never stored as part of the facts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub correction: bool,
}

/// A number as it is compared: upper case, Cyrillic look-alikes as Latin letters, no spaces; marks count.
pub(super) fn fold(number: &str) -> String {
    number
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_uppercase)
        .map(|c| match c {
            'А' => 'A',
            'В' => 'B',
            'С' => 'C',
            'Е' => 'E',
            'Н' => 'H',
            'К' => 'K',
            'М' => 'M',
            'О' => 'O',
            'Р' => 'P',
            'Т' => 'T',
            'Х' => 'X',
            'І' => 'I',
            '–' | '—' | '‑' => '-',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_typed_in_either_alphabet_meet() {
        assert_eq!(fold("12345/25/7-М"), fold("12345/25/7-m"));
        assert_eq!(fold(" 12345 / 25/7–М "), fold("12345/25/7-M"));
        assert_ne!(fold("1234/525/7-М"), fold("12345/25/7-М"));
    }

    #[test]
    fn days_are_strict() {
        assert_eq!(Day::parse("2025-02-03").map(Day::number), Some(20_250_203));
        for wrong in ["2025-2-3", "2025-02-30", "20250203", "2025-02-03T00:00", "+002025-02-03"] {
            assert!(Day::parse(wrong).is_none(), "{wrong}");
        }
    }
}
