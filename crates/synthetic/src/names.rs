//! Names usual in Belarus, in three languages, by grammar: surnames follow the sex, patronymics the father.

use std::sync::LazyLock;

use crate::rng::Rng;

/// A full name in three languages; upper case as in the Register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Surname, given name, patronymic in Russian; an empty patronymic is none.
    pub ru: [String; 3],
    /// The same in Belarusian.
    pub be: [String; 3],
    /// Surname and given name in Latin letters; documents bear no Latin patronymic.
    pub lat: [String; 2],
}

/// One name in Russian and in Belarusian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// Russian.
    pub ru: &'static str,
    /// Belarusian.
    pub be: &'static str,
}

/// A man's given name with the patronymic of his sons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The name.
    pub name: Pair,
    /// The patronymic; empty for names of women.
    pub patronymic: Pair,
}

/// The tables.
#[derive(Debug, Default)]
pub struct Belarus {
    men: Vec<Given>,
    women: Vec<Given>,
    surnames: Vec<Pair>,
}

/// Names usual in Belarus.
pub static BELARUS: LazyLock<Belarus> = LazyLock::new(|| read(include_str!("belarus.txt")));

impl Belarus {
    /// A person's name.
    pub fn name(&self, rng: &mut Rng, female: bool) -> Name {
        let surname = self.surname(rng);
        let given = self.given(rng, female);
        let father = self.given(rng, false);
        Name::new(surname, given, father.patronymic, female)
    }

    /// A surname, in a man's form.
    pub fn surname(&self, rng: &mut Rng) -> Pair {
        rng.pick(&self.surnames, Pair::default())
    }

    /// The patronymic of the sons of a man with this Russian name.
    pub fn patronymic(&self, ru: &str) -> Option<Pair> {
        self.men.iter().find(|given| given.name.ru == ru).map(|given| given.patronymic)
    }

    /// A given name.
    pub fn given(&self, rng: &mut Rng, female: bool) -> Given {
        rng.pick(if female { &self.women } else { &self.men }, Given::default())
    }
}

impl Name {
    /// The name of these parts; surname and patronymic are given in a man's form.
    pub fn new(surname: Pair, given: Given, patronymic: Pair, female: bool) -> Self {
        let name = given.name;
        let (surname, patronymic) = if female {
            let surname = [feminine_ru(surname.ru), feminine_be(surname.be)];
            (surname, [daughter(patronymic.ru, "ИЧ", "НА"), daughter(patronymic.be, "ВІЧ", "ЎНА")])
        } else {
            ([surname.ru, surname.be].map(str::to_owned), [patronymic.ru, patronymic.be].map(str::to_owned))
        };
        let ([surname_ru, surname_be], [patronymic_ru, patronymic_be]) = (surname, patronymic);
        Self {
            lat: [latin(&surname_be), latin(name.be)],
            ru: [surname_ru, name.ru.to_owned(), patronymic_ru],
            be: [surname_be, name.be.to_owned(), patronymic_be],
        }
    }

    /// The same person under another surname, given in a man's form.
    #[must_use]
    pub fn renamed(&self, surname: Pair, female: bool) -> Self {
        let own = Self::new(surname, Given::default(), Pair::default(), female);
        let ([ru, ..], [be, ..], [lat, _]) = (own.ru, own.be, own.lat);
        let mut out = self.clone();
        let [(first_ru, ru), (first_be, be), (first_lat, lat)] =
            [(out.ru.first_mut(), ru), (out.be.first_mut(), be), (out.lat.first_mut(), lat)];
        for (slot, surname) in [(first_ru, ru), (first_be, be), (first_lat, lat)] {
            if let Some(slot) = slot {
                *slot = surname;
            }
        }
        out
    }
}

/// Russian surnames of adjective and possessive form change with the sex; others do not.
fn feminine_ru(surname: &str) -> String {
    let adjective = surname.strip_suffix("ИЙ").filter(|stem| stem.ends_with("СК") || stem.ends_with("ЦК"));
    match adjective {
        Some(stem) => format!("{stem}АЯ"),
        None if ["ОВ", "ЕВ", "ЁВ", "ИН"].iter().any(|end| surname.ends_with(end)) => format!("{surname}А"),
        None => surname.to_owned(),
    }
}

/// The same of Belarusian ones: КАВАЛЁЎ – КАВАЛЁВА, САВІЦКІ – САВІЦКАЯ.
fn feminine_be(surname: &str) -> String {
    if let Some(stem) = surname.strip_suffix('Ў') {
        return format!("{stem}ВА");
    }
    let adjective = surname.strip_suffix('І').filter(|stem| stem.ends_with("СК") || stem.ends_with("ЦК"));
    match adjective {
        Some(stem) => format!("{stem}АЯ"),
        None if ["ІН", "ЫН"].iter().any(|end| surname.ends_with(end)) => format!("{surname}А"),
        None => surname.to_owned(),
    }
}

fn daughter(patronymic: &str, son: &str, daughter: &str) -> String {
    patronymic.strip_suffix(son).map_or_else(|| patronymic.to_owned(), |stem| format!("{stem}{daughter}"))
}

fn read(text: &'static str) -> Belarus {
    let mut names = Belarus::default();
    let pair = |text: &'static str| text.split_once('=').map_or_else(Pair::default, |(ru, be)| Pair { ru, be });
    for line in text.lines() {
        let Some((key, rest)) = line.split_once(' ') else { continue };
        for item in rest.split(", ") {
            let (name, patronymic) = item.split_once(' ').unwrap_or((item, ""));
            let given = Given { name: pair(name), patronymic: pair(patronymic) };
            match key {
                "m" => names.men.push(given),
                "f" => names.women.push(given),
                "s" => names.surnames.push(given.name),
                _ => {}
            }
        }
    }
    names
}

/// The Belarusian name as passports of Belarus bear it in Latin letters.
pub fn latin(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut before = None;
    for letter in name.chars() {
        let opens = before.is_none_or(|c: char| "АЕЁІОУЫЭЮЯЎЬ'’- ".contains(c));
        out.push_str(match letter {
            'Е' if opens => "YE",
            'Ё' if opens => "YO",
            'Ю' if opens => "YU",
            'Я' if opens => "YA",
            letter => plain(letter),
        });
        before = Some(letter);
    }
    out
}

fn plain(letter: char) -> &'static str {
    match letter {
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
        'Э' | 'Е' => "E",
        'Ё' => "IO",
        'Ю' => "IU",
        'Я' => "IA",
        '-' => "-",
        ' ' => " ",
        _ => "", // the soft sign and the apostrophe leave no trace
    }
}

#[cfg(test)]
mod tests {
    use model::names::{NameBe, NameLat, NameRu};

    use super::*;

    #[test]
    fn names_follow_the_sex_in_both_languages() {
        for (ru, be, ru_f, be_f) in [
            ("КОВАЛЁВ", "КАВАЛЁЎ", "КОВАЛЁВА", "КАВАЛЁВА"),
            ("САВИЦКИЙ", "САВІЦКІ", "САВИЦКАЯ", "САВІЦКАЯ"),
            ("НИКИТИН", "НІКІЦІН", "НИКИТИНА", "НІКІЦІНА"),
            ("ЗАЙЦЕВ", "ЗАЙЦАЎ", "ЗАЙЦЕВА", "ЗАЙЦАВА"),
            ("ХОМИЧ", "ХОМІЧ", "ХОМИЧ", "ХОМІЧ"),
            ("ШЕВЧЕНКО", "ШАЎЧЭНКА", "ШЕВЧЕНКО", "ШАЎЧЭНКА"),
        ] {
            assert_eq!((feminine_ru(ru).as_str(), feminine_be(be).as_str()), (ru_f, be_f));
        }
        let father = BELARUS.men.iter().find(|given| given.name.ru == "ПЁТР").unwrap();
        let anna = BELARUS.women.iter().find(|given| given.name.ru == "АННА").unwrap();
        let name = Name::new(Pair { ru: "ОРЛОВ", be: "АРЛОЎ" }, *anna, father.patronymic, true);
        assert_eq!(name.ru, ["ОРЛОВА", "АННА", "ПЕТРОВНА"]);
        assert_eq!(name.be, ["АРЛОВА", "ГАННА", "ПЯТРОЎНА"]);
        assert_eq!(name.lat, ["ARLOVA", "HANNA"]);
        assert_eq!(name.renamed(Pair { ru: "ЖУК", be: "ЖУК" }, true).be, ["ЖУК", "ГАННА", "ПЯТРОЎНА"]);
    }

    #[test]
    fn every_name_can_stand_in_the_register() {
        assert!(BELARUS.men.len() >= 36 && BELARUS.women.len() >= 36 && BELARUS.surnames.len() >= 100);
        for given in BELARUS.men.iter().chain(&BELARUS.women) {
            for surname in &BELARUS.surnames {
                for female in [false, true] {
                    let name = Name::new(*surname, *given, BELARUS.men[0].patronymic, female);
                    assert!(name.ru.iter().all(|part| NameRu::parse(part).is_ok()), "{name:?}");
                    assert!(name.be.iter().all(|part| NameBe::parse(part).is_ok()), "{name:?}");
                    assert!(name.lat.iter().all(|part| NameLat::parse(part).is_ok()), "{name:?}");
                }
            }
        }
        for man in &BELARUS.men {
            assert!(man.patronymic.ru.ends_with("ВИЧ") && man.patronymic.be.ends_with("ВІЧ"), "{man:?}");
        }
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
    }
}
