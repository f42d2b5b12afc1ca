//! Names of countries in three languages, from Unicode CLDR at build time.

use model::{Country, Lang};

/// Two letters; English, Belarusian, Russian name; in the order of the letters.
const NAMES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/countries.rs"));

/// Names of those who belong to no state, which no list of countries has.
const OTHERS: [(&str, &str, &str, &str); 4] = [
    ("XXA", "Stateless person", "Асоба без грамадзянства", "Лицо без гражданства"),
    ("XXB", "Refugee (1951 Convention)", "Бежанец (Канвенцыя 1951 года)", "Беженец (Конвенция 1951 года)"),
    ("XXC", "Refugee (other)", "Бежанец (іншыя выпадкі)", "Беженец (иные случаи)"),
    (
        "XXX",
        "Person of unspecified nationality",
        "Асоба без указанага грамадзянства",
        "Лицо с неуказанным гражданством",
    ),
];

/// The country's name; the English name of the code where there is none in the language.
pub fn country_name(lang: Lang, country: Country) -> &'static str {
    let own = OTHERS.iter().find(|(code, ..)| *code == country.code());
    let listed = || {
        let place = NAMES.binary_search_by_key(&country.alpha2()?, |(code, ..)| code).ok()?;
        NAMES.get(place)
    };
    own.or_else(listed).map_or(country.name(), |(_, en, be, ru)| match lang {
        Lang::En => en,
        Lang::Be => be,
        Lang::Ru => ru,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_its_name_in_three_languages() {
        let name = |lang, code| country_name(lang, Country::parse(code).unwrap());
        assert_eq!(name(Lang::Be, "DEU"), "Германія");
        assert_eq!(name(Lang::Ru, "XXA"), "Лицо без гражданства");
        for country in Country::all().filter(|country| country.alpha2().is_some()) {
            assert!(country_name(Lang::Ru, country).contains(|sign| ('А'..='я').contains(&sign)), "{country}");
            assert!(country_name(Lang::Be, country).contains(|sign| ('А'..='я').contains(&sign)), "{country}");
        }
    }
}
