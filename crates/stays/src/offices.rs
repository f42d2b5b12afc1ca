//! Offices of citizenship and migration: where somebody comes who cannot register online.

use model::{Error, Lang};
use serde::Deserialize;

use crate::application::Address;

const FILE: &str = "offices.toml";
const BUILT_IN: &str = include_str!("../../../services/200.12.14.1/offices.toml");

/// The offices of the country, at least one.
#[derive(Clone, Debug)]
pub struct Offices {
    first: Office,
    rest: Vec<Office>,
}

/// An office.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Its code.
    pub code: String,
    /// Which region it serves (classifier `regions`).
    pub region: String,
    /// Which district of Minsk; all of the region when absent.
    #[serde(default)]
    pub district: Option<String>,
    /// Telephone. Synthetic.
    pub phone: String,
    /// Names in English, Belarusian, Russian.
    pub en: String,
    /// Belarusian.
    pub be: String,
    /// Russian.
    pub ru: String,
    /// Addresses.
    pub address_en: String,
    /// Belarusian.
    pub address_be: String,
    /// Russian.
    pub address_ru: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    offices: Vec<Office>,
}

impl Office {
    /// The name in a language.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Be => &self.be,
            Lang::Ru => &self.ru,
        }
    }

    /// The address in a language.
    pub fn address(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.address_en,
            Lang::Be => &self.address_be,
            Lang::Ru => &self.address_ru,
        }
    }
}

impl Offices {
    /// The offices of the service's folder.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse(BUILT_IN)
    }

    /// The offices of a text in the form of `offices.toml`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut offices = model::file::toml::<Written>(FILE, text)?.offices.into_iter();
        let first = offices.next().ok_or_else(|| Error::file(FILE, "offices", "at least one office"))?;
        Ok(Self { first, rest: offices.collect() })
    }

    /// All offices.
    pub fn all(&self) -> impl Iterator<Item = &Office> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The office with this code.
    pub fn find(&self, code: &str) -> Option<&Office> {
        self.all().find(|office| office.code == code)
    }

    /// The office of the address: that of the city's district, else that of the region, else the first.
    pub fn nearest(&self, address: &Address) -> &Office {
        let district = (!address.city_district.is_empty()).then_some(&address.city_district);
        let own = |office: &&Office| office.region == address.region;
        let of_district =
            self.all().filter(own).find(|office| district.is_some() && office.district.as_ref() == district);
        let of_region = || self.all().filter(own).find(|office| office.district.is_none());
        of_district.or_else(of_region).unwrap_or(&self.first)
    }
}
