//! Names of nations: tables read once from the texts beside this file.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::rng::Rng;

/// One name in two spellings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    /// Latin for foreigners, Russian for people of Belarus.
    pub(super) first: &'static str,
    /// Russian for foreigners, Belarusian for people of Belarus.
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

/// Names usual in Belarus.
pub(super) static BELARUS: LazyLock<Belarus> = LazyLock::new(|| read_belarus(include_str!("belarus.txt")));

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

/// Names usual in Belarus: Russian and Belarusian.
#[derive(Debug, Default)]
pub(super) struct Belarus {
    men: Vec<Pair>,
    women: Vec<Pair>,
    surnames: Vec<Pair>,
    women_surnames: Vec<Pair>,
    patronymics: Vec<Pair>,
    women_patronymics: Vec<Pair>,
}

/// A full name in three languages; upper case as in the Register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Surname, given name, patronymic in Russian.
    pub ru: [String; 3],
    /// The same in Belarusian.
    pub be: [String; 3],
    /// Surname and given name in Latin letters; documents bear no Latin patronymic.
    pub lat: [String; 2],
}

impl Belarus {
    /// A person's name.
    pub(super) fn name(&self, rng: &mut Rng, female: bool) -> Name {
        let (surnames, given, patronymics) = if female {
            (&self.women_surnames, &self.women, &self.women_patronymics)
        } else {
            (&self.surnames, &self.men, &self.patronymics)
        };
        let parts = [surnames, given, patronymics].map(|list| rng.pick(list, Pair::default()));
        let [surname, given, _] = parts;
        Name {
            ru: parts.map(|part| part.first.to_owned()),
            be: parts.map(|part| part.second.to_owned()),
            lat: [latin(surname.second), latin(given.second)],
        }
    }
}

fn read_belarus(text: &'static str) -> Belarus {
    let mut names = Belarus::default();
    for line in text.lines() {
        let Some((key, rest)) = line.split_once(' ') else {
            continue;
        };
        let list = match key {
            "m" => &mut names.men,
            "f" => &mut names.women,
            "s" => &mut names.surnames,
            "t" => &mut names.women_surnames,
            "p" => &mut names.patronymics,
            "q" => &mut names.women_patronymics,
            _ => continue,
        };
        *list = pairs(rest);
    }
    names
}

/// The Belarusian name as passports of Belarus bear it in Latin letters.
pub(super) fn latin(name: &str) -> String {
    let vowels: BTreeSet<char> = "АЕЁІОУЫЭЮЯЎЬ'’- ".chars().collect();
    let mut out = String::with_capacity(name.len());
    let mut before = None;
    for letter in name.chars() {
        let opens = before.is_none_or(|c| vowels.contains(&c));
        out.push_str(match letter {
            'А' => "A",
            'Б' => "B",
            'В' => "V",
            'Г' => "H",
            'Д' => "D",
            'Ж' => "ZH",
            'З' => "Z",
            'І' | 'Й' => "I",
            'К' => "K",
            'Л' => "L",
            'М' => "M",
            'Н' => "N",
            'О' => "O",
            'П' => "P",
            'Р' => "R",
            'С' => "S",
            'Т' => "T",
            'У' | 'Ў' => "U",
            'Ф' => "F",
            'Х' => "KH",
            'Ц' => "TS",
            'Ч' => "CH",
            'Ш' => "SH",
            'Ы' => "Y",
            'Э' => "E",
            'Е' if opens => "YE",
            'Ё' if opens => "YO",
            'Ю' if opens => "YU",
            'Я' if opens => "YA",
            'Е' => "E",
            'Ё' => "IO",
            'Ю' => "IU",
            'Я' => "IA",
            '-' => "-",
            ' ' => " ",
            _ => "", // the soft sign and the apostrophe leave no trace
        });
        before = Some(letter);
    }
    out
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

    #[test]
    fn belarusian_names_in_latin_letters() {
        for (name, spelled) in [
            ("КАВАЛЁЎ", "KAVALIOU"),
            ("ЯЎГЕНІЙ", "YAUHENII"),
            ("ДАР'Я", "DARYA"),
            ("ШАЎЧЭНКА", "SHAUCHENKA"),
            ("НАТАЛЛЯ", "NATALLIA"),
        ] {
            assert_eq!(latin(name), spelled);
        }
        let tables = [&BELARUS.surnames, &BELARUS.women_surnames];
        assert_eq!(tables.map(Vec::len), [40, 40]);
        assert_eq!(BELARUS.patronymics.len(), BELARUS.women_patronymics.len());
    }
}
