//! Names of nations: tables read once from the texts beside this file.

use std::sync::LazyLock;

use super::rng::Rng;

/// One name in two spellings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    /// Latin.
    pub(super) first: &'static str,
    /// Russian.
    pub(super) second: &'static str,
}

/// A citizenship with the names and habits of its travellers.
#[derive(Debug, Default)]
pub(super) struct Nation {
    /// ISO 3166-1 alpha-3.
    pub(super) code: &'static str,
    /// How often its people come.
    pub(super) weight: u64,
    /// Whether they need a visa.
    pub(super) visa: bool,
    /// Form of passport numbers: `A` a letter, `9` a digit.
    pub(super) document: &'static str,
    /// How they travel.
    pub(super) transports: Vec<&'static str>,
    men: Vec<Pair>,
    women: Vec<Pair>,
    surnames: Vec<Pair>,
    women_surnames: Vec<Pair>,
}

/// The nations, in the order of their file.
pub(super) static NATIONS: LazyLock<Vec<Nation>> = LazyLock::new(|| read_nations(include_str!("nations.txt")));

impl Nation {
    /// A given name.
    pub(super) fn given(&self, rng: &mut Rng, female: bool) -> Pair {
        rng.pick(if female { &self.women } else { &self.men }, Pair::default())
    }

    /// A surname, Latin and Russian, in the form for the sex.
    pub(super) fn surname(&self, rng: &mut Rng, female: bool) -> (String, String) {
        if female && !self.women_surnames.is_empty() {
            let pair = rng.pick(&self.women_surnames, Pair::default());
            return (pair.first.to_owned(), pair.second.to_owned());
        }
        let pair = rng.pick(&self.surnames, Pair::default());
        if female {
            (feminine_latin(pair.first), feminine(pair.second))
        } else {
            (pair.first.into(), pair.second.into())
        }
    }
}

/// A nation by chance, after its weight.
pub(super) fn nation(rng: &mut Rng) -> Option<&'static Nation> {
    let total: u64 = NATIONS.iter().map(|nation| nation.weight).sum();
    let mut left = rng.below(total);
    NATIONS.iter().find(|nation| {
        let here = left < nation.weight;
        left = left.saturating_sub(nation.weight);
        here
    })
}

/// Russian surnames of adjective and possessive form change with the sex; others do not.
fn feminine(surname: &str) -> String {
    if let Some(stem) = surname.strip_suffix("ИЙ").filter(|stem| stem.ends_with("СК") || stem.ends_with("ЦК")) {
        return format!("{stem}АЯ");
    }
    // Not -ИН: МАРИН of a Romanian and ШАХИН of a Turk stay as they are.
    let changes = ["ОВ", "ЕВ", "ЁВ"].iter().any(|end| surname.ends_with(end));
    if changes { format!("{surname}А") } else { surname.to_owned() }
}

fn feminine_latin(surname: &str) -> String {
    if let Some(stem) = surname.strip_suffix("SKII") {
        return format!("{stem}SKAIA");
    }
    if let Some(stem) = surname.strip_suffix("SKI") {
        return format!("{stem}SKA");
    }
    let changes = ["OV", "EV", "YEV"].iter().any(|end| surname.ends_with(end));
    if changes { format!("{surname}A") } else { surname.to_owned() }
}

fn pairs(line: &'static str) -> Vec<Pair> {
    line.split(", ").filter_map(|pair| pair.split_once('=')).map(|(first, second)| Pair { first, second }).collect()
}

fn read_nations(text: &'static str) -> Vec<Nation> {
    let mut nations: Vec<Nation> = Vec::new();
    for line in text.lines() {
        let Some((key, rest)) = line.split_once(' ') else {
            continue;
        };
        if key == "@" {
            let mut words = rest.split(' ');
            let mut word = || words.next().unwrap_or("");
            nations.push(Nation {
                code: word(),
                weight: word().parse().unwrap_or(0),
                visa: word() == "1",
                document: word(),
                transports: word().split(',').collect(),
                ..Nation::default()
            });
        } else if let Some(nation) = nations.last_mut() {
            match key {
                "m" => nation.men = pairs(rest),
                "f" => nation.women = pairs(rest),
                "s" => nation.surnames = pairs(rest),
                "t" => nation.women_surnames = pairs(rest),
                _ => {}
            }
        }
    }
    nations
}

#[cfg(test)]
mod tests {
    use model::country::Country;
    use model::names::{NameLat, NameRu};

    use super::*;

    #[test]
    fn every_nation_is_a_country_with_names_in_both_scripts() {
        assert_eq!(NATIONS.len(), 40);
        for nation in NATIONS.iter() {
            assert!(Country::parse(nation.code).is_ok(), "{}", nation.code);
            assert!(nation.document.matches('9').count() >= 5, "{}: indexes up to 99,999 must fit", nation.code);
            assert!(nation.weight > 0 && !nation.transports.is_empty(), "{}", nation.code);
            let mut rng = Rng::stream(1, 1, 1);
            for female in [false, true] {
                for _ in 0..50 {
                    let (lat, ru) = nation.surname(&mut rng, female);
                    let given = nation.given(&mut rng, female);
                    for name in [lat.as_str(), given.first] {
                        assert!(!name.is_empty() && NameLat::parse(name).is_ok(), "{}: {name}", nation.code);
                    }
                    for name in [ru.as_str(), given.second] {
                        assert!(!name.is_empty() && NameRu::parse(name).is_ok(), "{}: {name}", nation.code);
                    }
                }
            }
        }
    }

    #[test]
    fn surnames_follow_the_sex() {
        assert_eq!((feminine("СМИРНОВ"), feminine_latin("SMIRNOV")), ("СМИРНОВА".into(), "SMIRNOVA".into()));
        assert_eq!((feminine("ЖУКОВСКИЙ"), feminine_latin("KOWALSKI")), ("ЖУКОВСКАЯ".into(), "KOWALSKA".into()));
        assert_eq!((feminine("МЕЛЬНИК"), feminine_latin("MELNYK")), ("МЕЛЬНИК".into(), "MELNYK".into()));
    }
}
