//! Countries and citizenships: ISO 3166-1 alpha-3 from a kept library, and the codes of ICAO Doc 9303 for those without one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// Codes of ICAO Doc 9303 part 3 §5 (parts D and E) that are no ISO countries, with what they mean.
const OTHERS: [(&str, &str); 17] = [
    ("EUE", "European Union (laissez-passer)"),
    ("GBD", "British Overseas Territories Citizen"),
    ("GBN", "British National (Overseas)"),
    ("GBO", "British Overseas Citizen"),
    ("GBP", "British Protected Person"),
    ("GBS", "British Subject"),
    ("RKS", "Kosovo"),
    ("UNK", "United Nations Interim Administration Mission in Kosovo"),
    ("UNO", "United Nations Organization"),
    ("UNA", "United Nations specialized agency"),
    ("XOM", "Sovereign Military Order of Malta"),
    ("XPO", "International Criminal Police Organization (Interpol)"),
    ("XXA", "Stateless person"),
    ("XXB", "Refugee (1951 Convention)"),
    ("XXC", "Refugee (other)"),
    ("XXX", "Person of unspecified nationality"),
    ("D", "Germany (machine-readable zone)"),
];

/// A country, citizenship or issuing body by its three-letter code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(&'static str, &'static str);

impl Country {
    /// The country with this alpha-3 code, such as `BLR`; `XXA` is a stateless person. `D` is folded to `DEU`.
    pub fn parse(code: &str) -> Result<Self, Error> {
        if let Some(country) = rust_iso3166::from_alpha3(code) {
            return Ok(Self(country.alpha3, country.name));
        }
        match OTHERS.iter().find(|(other, _)| *other == code) {
            Some(("D", _)) => Self::parse("DEU"),
            Some((code, name)) => Ok(Self(code, name)),
            None => Err(Error::Unlisted { what: "country" }),
        }
    }

    /// Three letters.
    pub fn code(self) -> &'static str {
        self.0
    }

    /// English short name.
    pub fn name(self) -> &'static str {
        self.1
    }

    /// Two letters, where ISO 3166-1 has them.
    pub fn alpha2(self) -> Option<&'static str> {
        rust_iso3166::from_alpha3(self.0).map(|country| country.alpha2)
    }

    /// Whether the person belongs to no state (`XXA`, `XXB`, `XXC`).
    pub fn is_stateless(self) -> bool {
        matches!(self.0, "XXA" | "XXB" | "XXC")
    }

    /// All codes that documents may bear, ISO first.
    pub fn all() -> impl Iterator<Item = Self> {
        let iso = rust_iso3166::ALL.iter().map(|country| Self(country.alpha3, country.name));
        iso.chain(OTHERS.iter().filter(|(code, _)| code.len() == 3).map(|(code, name)| Self(code, name)))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.0)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_the_stateless() {
        assert_eq!(Country::parse("BLR").unwrap().name(), "Belarus");
        assert!(Country::parse("XXA").unwrap().is_stateless());
        assert_eq!(Country::parse("D").unwrap().code(), "DEU");
        assert_eq!(Country::parse("UNO").unwrap().code(), "UNO");
        for bad in ["BY", "blr", "XYZ", "", "БЛР"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
        let mut codes: Vec<_> = Country::all().map(Country::code).collect();
        let before = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(before, codes.len());
        assert!(before > 249);
    }
}
