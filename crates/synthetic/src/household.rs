//! A household: its people and the civil acts that bind them, as a family archive would tell it.

use jiff::civil::Date;

use crate::names::Name;

/// People who belong together, with the acts between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Household {
    /// Its place among all households.
    pub index: u64,
    /// Its people; acts name them by their place here.
    pub people: Vec<Individual>,
    /// Its acts, each after those it refers to.
    pub acts: Vec<Act>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Individual {
    /// Identification number with a right check digit; newborn children and foreigners may have none.
    pub number: Option<String>,
    /// The name now.
    pub name: Name,
    /// Names borne before, oldest first, each with the first day of the next one.
    pub former: Vec<(Name, Date)>,
    /// Sex.
    pub female: bool,
    /// Birth date.
    pub born: Date,
    /// ISO 3166-1 alpha-3; `XXA` for the stateless.
    pub citizenship: String,
    /// Standing in the Register.
    pub status: Status,
}

/// Standing of a person in the Register (classifier −18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Alive and registered.
    Active,
    /// Died.
    Died,
    /// A foreigner known by the family of others only.
    Foreigner,
}

/// What an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Child, then its parents.
    Birth,
    /// Husband, wife.
    Marriage,
    /// Husband, wife; in a registry office.
    Divorce,
    /// Husband, wife; by a court.
    CourtDivorce,
    /// Husband, wife; by a court.
    InvalidMarriage,
    /// The one who died.
    Death,
    /// Child, then those who adopted it.
    Adoption,
    /// Parent, child; by a court.
    Deprivation,
    /// Parent, child; by a court.
    Restoration,
}

/// A civil act or a decision of a court.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What it is about.
    pub kind: Kind,
    /// When it was made.
    pub day: Date,
    /// Whom it is about: places in [`Household::people`].
    pub parties: Vec<usize>,
    /// The act that it ends or changes: a place in [`Household::acts`].
    pub concerns: Option<usize>,
    /// Number of the record or of the decision.
    pub number: String,
    /// Series and number of the certificate, such as `I-АБ 0000017`; empty for courts.
    pub certificate: String,
    /// Which office made it, 0 to 6 after the regions.
    pub region: u64,
}
