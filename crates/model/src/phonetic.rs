//! The sound of a name: one key for its Russian, Belarusian and Latin spellings, for blocks of persons to compare.
//!
//! Vowels differ most between spellings (о/а, е/я, `ie`/`e`) and are left out; consonants that the languages exchange
//! are one class: г х `g h kh` (H), т ц `t ts c` (T), д дз (D), в ў `v w`, and `u` where it stands for ў (V). Different
//! names may share a key: it only gathers candidates, [`crate::similar`] ranks them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fold::{base, composed, is_apostrophe, is_space, is_vowel};

/// Names whose languages differ in more than sound, and Chinese syllables that read otherwise than they look. The key
/// stands first.
const SAME: [(&str, &[&str]); 18] = [
    ("N", &["АННА", "ANNA", "ГАННА", "HANNA"]),
    ("LH", &["ОЛЬГА", "OLGA", "OLHA", "ВОЛЬГА", "VOLHA", "VOLGA"]),
    ("NKL", &["НИКОЛАЙ", "NIKOLAI", "NIKOLAY", "МІКАЛАЙ", "MIKALAI", "MIKALAY", "MIKALAJ"]),
    ("NKT", &["НИКИТА", "NIKITA", "МІКІТА", "MIKITA"]),
    ("HRHR", &["ГРИГОРИЙ", "GRIGORY", "GRIGORII", "GRIGORIY", "РЫГОР", "RYHOR"]),
    ("FLP", &["ФИЛИПП", "ФИЛИП", "FILIPP", "FILIP", "PHILIP", "PHILIPP", "ПІЛІП", "PILIP"]),
    ("SF", &["ИОСИФ", "ОСИП", "IOSIF", "JOSEF", "JOSEPH", "ІОСІФ", "ЯЗЭП", "YAZEP", "JAZEP"]),
    ("FDR", &["ФЕДОР", "ФЁДОР", "FEDOR", "FYODOR", "FIODAR", "ФЁДАР", "ХВЕДАР", "KHVEDAR"]),
    ("MHL", &["MICHAIL", "MICHAEL", "MICHAL", "МИХАИЛ", "МІХАІЛ", "MIKHAIL", "MIHAIL"]),
    ("KSN", &["XENIA", "XENIYA", "КСЕНИЯ", "КСЕНІЯ", "KSENIYA", "KSENIIA", "KSENIA"]),
    ("T", &["CAO", "ЦАО", "CAI", "ЦАЙ", "CUI", "ЦУЙ"]),
    ("TN", &["ZENG", "ЦЗЭН", "CENG", "ЦЭН", "ZANG", "ЦЗАН", "JUN", "ЦЗЮНЬ"]),
    ("TV", &["ZOU", "ЦЗОУ"]),
    ("U", &["WU", "У", "YU", "ЮЙ", "YUE", "ЮЭ", "YOU", "Ю", "ЁУ", "YI", "И", "YE", "Е"]),
    ("L", &["LOUIS", "ЛУИ", "LU", "ЛУ", "LYU", "ЛЮЙ"]),
    ("MSS", &["MOUSSA", "MUSSA", "МУССА"]),
    ("MMD", &["MAMADOU", "MAMADU", "МАМАДУ"]),
    ("ZN", &["JOHN", "ДЖОН", "ДЖОНН"]),
];

/// [`SAME`] by the letters of the name.
static KEY_OF: LazyLock<HashMap<Vec<char>, &str>> = LazyLock::new(|| {
    let letters = |form: &str| form.chars().map(|c| if c == 'Ё' { 'Е' } else { c }).collect();
    SAME.iter().flat_map(|(key, forms)| forms.iter().map(move |form| (letters(form), *key))).collect()
});

/// The key: upper-case letters for classes of consonants; never empty for a name with letters.
pub fn phonetic_key(name: &str) -> String {
    let mut key = String::with_capacity(12);
    let mut word: Vec<char> = Vec::with_capacity(name.len());
    for c in composed(name) {
        if is_space(c) {
            sound(&word, &mut key);
            word.clear();
        } else if !is_apostrophe(c) {
            letter(c, &mut word);
        }
    }
    sound(&word, &mut key);
    key
}

/// Letters with the marks that matter; the others go to their base.
fn letter(c: char, word: &mut Vec<char>) {
    match c {
        'Ç' | 'Č' => word.push('Č'),
        'Ş' | 'Ș' | 'Š' => word.push('Š'),
        'Ž' | 'Ż' => word.push('Ž'),
        'Ŭ' | 'Ў' => word.push('Ў'),
        'Ć' | 'Ţ' | 'Ț' => word.push('Ц'),
        'Ё' => word.push('Е'),
        'ё'..='џ' | '\u{300}'..='\u{36f}' => {}
        c => match base(c) {
            Some(letters) => word.extend(letters.chars()),
            None if c.is_alphanumeric() => word.push(c),
            None => {}
        },
    }
}

fn sound(word: &[char], key: &mut String) {
    if word.is_empty() {
        return;
    }
    if let Some(known) = KEY_OF.get(word) {
        key.push_str(known);
        return;
    }
    let begun = key.len();
    let mut before = None;
    let mut last = None;
    let mut rest = word;
    while let Some(first) = rest.first().copied() {
        let (taken, class) = diphthong(rest, before)
            .or_else(|| {
                if first.is_ascii() || matches!(first, 'Č' | 'Š' | 'Ž') {
                    latin(rest, before)
                } else {
                    cyrillic(rest)
                }
            })
            .unwrap_or((1, ""));
        // A doubled consonant sounds once; the same after a vowel sounds again.
        if !class.is_empty() && last != Some(class) {
            key.push_str(class);
        }
        last = Some(class);
        before = Some(first);
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    if key.len() == begun {
        key.push('A');
    }
}

/// How many letters, and the class of their sound; empty for vowels.
type Sound = Option<(usize, &'static str)>;

fn sounds_as_vowel(c: Option<&char>) -> bool {
    c.is_some_and(|c| is_vowel(*c))
}

/// `u` that stands for ў: after `a` and `e` before a consonant or the end, after `o` at the end, first before a consonant.
fn diphthong(rest: &[char], before: Option<char>) -> Sound {
    let (first, after) = rest.split_first()?;
    if !matches!(first, 'U' | 'У') || sounds_as_vowel(after.first()) {
        return None;
    }
    match before {
        None if !after.is_empty() => Some((1, "V")),
        Some('A' | 'E' | 'А' | 'Е' | 'Э' | 'Я') => Some((1, "V")),
        Some('O' | 'О') if after.is_empty() => Some((1, "V")),
        _ => None,
    }
}

fn latin(rest: &[char], before: Option<char>) -> Sound {
    let front = |c: &char| matches!(c, 'E' | 'I' | 'Y');
    Some(match rest {
        ['S', 'H', 'C', 'H', ..] | ['S', 'Z', 'C', 'Z', ..] => (4, "X"),
        ['T', 'S', 'C', 'H', ..] => (4, "C"),
        ['S', 'C', 'H', ..] => (3, "X"),
        ['T', 'C', 'H', ..] => (3, "C"),
        ['D', 'Z', 'H', ..] => (3, "J"),
        ['Š', 'Č', ..] | ['S', 'H', ..] | ['S', 'Z', ..] => (2, "X"),
        ['C', 'H', ..] | ['C', 'Z', ..] => (2, "C"),
        ['D', 'Ž', ..] | ['Z', 'H', ..] | ['D', 'J', ..] => (2, "J"),
        ['K', 'H', ..] | ['G', 'H', ..] => (2, "H"),
        ['T', 'S', ..] | ['T', 'Z', ..] | ['T', 'H', ..] | ['D', 'T', ..] => (2, "T"),
        ['D', 'Z', ..] | ['D', 'H', ..] => (2, "D"),
        ['P', 'H', ..] => (2, "F"),
        ['C', 'K', ..] => (2, "K"),
        ['N', 'G'] => (2, "N"),
        ['N', 'G', next, ..] if !is_vowel(*next) && *next != 'Y' => (2, "N"),
        ['J', 'I', ..] | ['Q', 'I', ..] => (1, "T"),
        ['X', ..] if before.is_none() => (1, "S"),
        ['X', ..] => (1, "KS"),
        ['Z'] if matches!(before, Some('N' | 'L' | 'R')) => (1, "T"),
        ['C', next, ..] if front(next) => (1, "T"),
        [c, ..] => (1, latin_letter(*c)),
        [] => return None,
    })
}

fn latin_letter(c: char) -> &'static str {
    match c {
        'B' => "B",
        'C' | 'K' | 'Q' => "K",
        'D' => "D",
        'F' => "F",
        'G' | 'H' => "H",
        'L' => "L",
        'M' => "M",
        'N' => "N",
        'P' => "P",
        'R' => "R",
        'S' => "S",
        'T' => "T",
        'V' | 'W' => "V",
        'Z' => "Z",
        'Č' => "C",
        'Š' => "X",
        'Ž' => "J",
        _ => "",
    }
}

fn cyrillic(rest: &[char]) -> Sound {
    Some(match rest {
        ['Ш', 'Ч', ..] | ['С', 'Ч', ..] => (2, "X"),
        ['Д', 'Ж', ..] | ['Ч', 'Ж', ..] => (2, "J"),
        ['Ц', 'З', ..] | ['Т', 'С', ..] | ['Т', 'Ц', ..] | ['Д', 'Т', ..] => (2, "T"),
        ['Д', 'З', ..] => (2, "D"),
        ['Н', 'Г'] => (2, "N"),
        ['Н', 'Г', next, ..] if !is_vowel(*next) => (2, "N"),
        [c, ..] => (1, cyrillic_letter(*c)),
        [] => return None,
    })
}

fn cyrillic_letter(c: char) -> &'static str {
    match c {
        'Б' => "B",
        'В' | 'Ў' => "V",
        'Г' | 'Ґ' | 'Х' => "H",
        'Д' => "D",
        'Ж' => "J",
        'З' => "Z",
        'К' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'П' => "P",
        'Р' => "R",
        'С' => "S",
        'Т' | 'Ц' => "T",
        'Ф' => "F",
        'Ч' => "C",
        'Ш' | 'Щ' => "X",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::{Scheme, transliterate};

    #[test]
    fn one_name_has_one_key() {
        for names in [
            &["Aliaksandr", "Alexander", "Aleksandr", "Александр", "Аляксандр"][..],
            &["Dzmitry", "Dmitry", "Dmitriy", "Дмитрий", "Дзмітрый"],
            &["Siarhei", "Sergey", "Sergei", "Сергей", "Сяргей", "Siarhiej"],
            &["Yauhen", "Evgeny", "Yevgeniy", "Eugene", "Евгений", "Яўген", "Jaŭhien"],
            &["Kavalyov", "Kovalev", "Kavaliou", "Ковалёв", "Кавалёў", "Kavaloŭ", "Kovalyov"],
            &["Lukashevich", "Lukaševič", "Лукашевич", "Лукашэвіч", "Łukaszewicz"],
            &["Uladzimir", "Vladimir", "Владимир", "Уладзімір"],
            &["Katsiaryna", "Ekaterina", "Екатерина", "Кацярына", "Yekaterina"],
            &["Hanna", "Anna", "Анна", "Ганна"],
            &["Volha", "Olga", "Ольга", "Вольга"],
            &["Mikalai", "Nikolay", "Николай", "Мікалай"],
            &["Tatsiana", "Tatyana", "Татьяна", "Таццяна"],
            &["Shcherba", "Щерба", "Шчэрба", "Ščerba"],
            &["Salauyou", "Соловьёв", "Салаўёў", "Solovyev"],
            &["Viachaslau", "Вячеслав", "Вячаслаў", "Vyacheslav"],
            &["Tsimafei", "Timofey", "Тимофей", "Цімафей"],
            &["Müller", "Mueller", "Мюллер", "Мюлер"],
            &["Schmidt", "Шмидт", "Шміт"],
            &["Schröder", "Шрёдер"],
            &["Schulz", "Шульц"],
            &["Klaus", "Клаус"],
            &["Çelik", "Челик"],
            &["Şahin", "Шахин"],
            &["Erdoğan", "Erdogan", "Эрдоган"],
            &["Yılmaz", "Yilmaz", "Йылмаз"],
            &["Zhang", "Чжан"],
            &["Wang", "Ван"],
            &["Xu", "Сюй"],
            &["Jiang", "Цзян"],
            &["Qian", "Цянь"],
            &["Zhou", "Чжоу"],
            &["Huang", "Хуан"],
            &["Wu", "У"],
            &["Nguyễn", "Nguyen"],
        ] {
            let keys: Vec<String> = names.iter().map(|name| phonetic_key(name)).collect();
            assert!(keys.iter().all(|key| *key == keys[0]), "{names:?} {keys:?}");
        }
    }

    #[test]
    fn different_names_differ() {
        let names = ["Ivanov", "Petrov", "Sidorov", "Kovalev", "Novik", "Zhuk", "Shmidt", "Chernov", "Li", "Zhang"];
        let keys: std::collections::BTreeSet<String> = names.iter().map(|name| phonetic_key(name)).collect();
        assert_eq!(keys.len(), names.len());
    }

    #[test]
    fn spaces_and_hyphens_do_not_matter() {
        assert_eq!(phonetic_key("Abu Bakr"), phonetic_key("ABU-BAKR"));
        assert_eq!(phonetic_key(""), "");
        assert_eq!(phonetic_key("Ия"), "A");
    }

    proptest! {
        #[test]
        fn any_text_has_a_key(name in "\\PC{0,40}") {
            let key = phonetic_key(&name);
            prop_assert!(key.bytes().all(|b| b.is_ascii_uppercase()));
            let lettered = name.chars().any(|c| c.is_ascii_alphabetic());
            prop_assert!(!lettered || !key.is_empty());
        }

        /// A Belarusian surname of simple syllables sounds the same in its passport's Latin letters.
        #[test]
        fn the_passport_sounds_as_the_name(name in "([БВДЗКЛМНПРСТФЖШЧ][АЕІОЫЯ]){1,4}[БВДЗКЛМНПРСТФЖШЧ][АЕОЯ](Ў|Н|К)?") {
            let latin = transliterate(&name, Scheme::Passport);
            prop_assert_eq!(phonetic_key(&latin), phonetic_key(&name), "{}", latin);
        }
    }
}
