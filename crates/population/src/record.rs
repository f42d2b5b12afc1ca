//! What the Register keeps: identities, documents, acts. Codes without names; days as the calendar has them.

use jiff::civil::Date;
use model::Sex;
use serde::{Deserialize, Serialize};

/// One part of a name in three languages; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spelled {
    /// Russian.
    pub ru: String,
    /// Belarusian.
    pub be: String,
    /// Latin; patronymics have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lat: String,
}

/// Who somebody is, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Identification number, when one was given.
    pub number: Option<String>,
    /// Surname.
    pub last_name: Spelled,
    /// Given name.
    pub name: Spelled,
    /// Patronymic.
    pub patronymic: Spelled,
    /// Sex.
    pub sex: Sex,
    /// `YYYYMMDD`, `00` for what is not known.
    pub birth_day: String,
    /// ISO 3166-1 alpha-3, `XXA` for the stateless.
    pub citizenship: String,
    /// Classifier −18.
    pub status: String,
}

/// Who issued a document or made an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Classifier: 24 bodies of the Ministry, 80 registry offices, 88 courts.
    pub list: i64,
    /// Its code there.
    pub code: String,
}

/// Whether a document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentStatus {
    /// It holds.
    Valid,
    /// Another was issued in its place.
    Replaced,
    /// It holds no more.
    Annulled,
}

/// An identity document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Classifier 37.
    pub kind: String,
    /// Who issued it.
    pub office: Office,
    /// Series; empty when the number has none.
    pub series: String,
    /// Number.
    pub number: String,
    /// When it was issued.
    pub issued: Date,
    /// Until when it holds.
    pub expires: Option<Date>,
    /// Whether it holds.
    pub status: DocumentStatus,
}

/// What an act is about; numbers are what rows keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum ActKind {
    /// Record of a birth.
    Birth = 100,
    /// Record of a marriage.
    Marriage = 300,
    /// Record of a death.
    Death = 400,
    /// Record of a divorce.
    Divorce = 500,
    /// Record of an adoption.
    Adoption = 600,
    /// A court dissolved a marriage.
    CourtDivorce = 1_050,
    /// A court found a marriage invalid.
    InvalidMarriage = 1_051,
    /// A court deprived a parent of their rights.
    Deprivation = 1_052,
    /// A court gave them back.
    Restoration = 1_053,
}

/// In which role somebody stands in an act; numbers are what rows keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i64)]
pub enum Role {
    /// Who marries, or did.
    Spouse = 1,
    /// Who was born, adopted, or whom the rights are about.
    Child = 2,
    /// Whose child it is, from the act on.
    Parent = 3,
    /// Whose child it no longer is: an adoption.
    FormerParent = 4,
    /// Who died.
    Deceased = 5,
}

/// The sealed part of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Number of the record or of the decision.
    pub number: String,
    /// Series of the certificate; empty for courts.
    pub series: String,
    /// Number of the certificate; empty for courts.
    pub certificate: String,
    /// Who made it.
    pub office: Office,
}

impl ActKind {
    const ALL: [Self; 9] = [
        Self::Birth,
        Self::Marriage,
        Self::Death,
        Self::Divorce,
        Self::Adoption,
        Self::CourtDivorce,
        Self::InvalidMarriage,
        Self::Deprivation,
        Self::Restoration,
    ];

    /// The kind that rows call so.
    pub(crate) fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }

    /// Whether a court decides, not a registry office.
    pub fn by_court(self) -> bool {
        matches!(self, Self::CourtDivorce | Self::InvalidMarriage | Self::Deprivation | Self::Restoration)
    }
}

impl Role {
    pub(crate) fn of(number: i64) -> Option<Self> {
        let all = [Self::Spouse, Self::Child, Self::Parent, Self::FormerParent, Self::Deceased];
        all.into_iter().find(|role| *role as i64 == number)
    }
}

/// A day as rows keep it: `YYYYMMDD`.
pub(crate) fn number_of(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The day that rows keep so.
pub(crate) fn day_of(number: i64) -> Option<Date> {
    let part = |number: i64| i8::try_from(number).ok();
    let year = i16::try_from(number.checked_div(10_000)?).ok()?;
    Date::new(year, part(number / 100 % 100)?, part(number % 100)?).ok()
}
