//! Currencies: ISO 4217 from a kept library, with official names in three languages where documents print them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;
use crate::lang::Lang;

/// Full and short name of a currency in one language.
type Names = (&'static str, &'static str);

/// OKRB 016 names, in the order of [`Lang::ALL`].
const OFFICIAL: [(&str, [Names; 3]); 4] = [
    ("BYN", [("Belarusian ruble", "BYN"), ("беларускі рубель", "бел. руб."), ("белорусский рубль", "бел. руб.")]),
    ("RUB", [("Russian ruble", "RUB"), ("расійскі рубель", "рас. руб."), ("российский рубль", "рос. руб.")]),
    ("USD", [("US dollar", "USD"), ("долар ЗША", "дол. ЗША"), ("доллар США", "долл. США")]),
    ("EUR", [("euro", "EUR"), ("еўра", "еўра"), ("евро", "евро")]),
];

/// A currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Belarusian ruble.
    pub const BYN: Self = Self(iso_currency::Currency::BYN);

    /// The currency with this alphabetic (`BYN`) or numeric (`933`) code.
    pub fn parse(code: &str) -> Result<Self, Error> {
        let numeric = (code.len() == 3).then(|| code.parse().ok()).flatten();
        iso_currency::Currency::from_code(code)
            .or_else(|| numeric.and_then(iso_currency::Currency::from_numeric))
            .map(Self)
            .ok_or(Error::Unlisted { what: "currency" })
    }

    /// Three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Three digits.
    pub fn numeric(self) -> u16 {
        self.0.numeric()
    }

    /// Full name: official where we have one, else the English name of the standard.
    pub fn name(&self, lang: Lang) -> &str {
        match self.official(lang) {
            Some((full, _)) => full,
            None => self.0.name(),
        }
    }

    /// Short name: official where we have one, else the code.
    pub fn short_name(self, lang: Lang) -> &'static str {
        match self.official(lang) {
            Some((_, short)) => short,
            None => self.code(),
        }
    }

    fn official(self, lang: Lang) -> Option<Names> {
        let (_, [en, be, ru]) = OFFICIAL.iter().find(|(code, _)| *code == self.code())?;
        Some(match lang {
            Lang::En => *en,
            Lang::Be => *be,
            Lang::Ru => *ru,
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_names() {
        let ruble = Currency::parse("933").unwrap();
        assert_eq!((ruble.code(), ruble.numeric()), ("BYN", 933));
        assert_eq!(ruble.name(Lang::Be), "беларускі рубель");
        assert!(Currency::parse("PLN").unwrap().name(Lang::Ru).ends_with("oty"));
        for bad in ["byn", "", "1", "0933", "XX1"] {
            assert!(Currency::parse(bad).is_err(), "{bad}");
        }
    }
}
