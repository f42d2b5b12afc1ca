//! One form for one name: folding for exact comparison, and transliteration of Russian and Belarusian to Latin.

pub use crate::birth::{birth_likeness, birth_variants};
pub use crate::phonetic::phonetic_key;
pub use crate::similar::{Likeness, likeness, similarity};

/// How Cyrillic is written in Latin letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// ICAO Doc 9303 part 3 §6, as Russian passports have it: Г `G`, Х `KH`, Ю `IU`, Я `IA`.
    Icao,
    /// Belarusian passports: from the Belarusian spelling, Г `H`, iotated vowels by what stands before them.
    Passport,
    /// The Belarusian instruction of 2000/2007 for geographical names, with diacritics: Ч `Č`, Ц `C`, Х `CH`, Ў `Ŭ`.
    National,
}

/// The name in upper case with single spaces for hyphens, without apostrophes and diacritics, Ё as Е.
///
/// Two spellings of a name in the same alphabet that differ only in these have the same folded form.
pub fn fold(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in composed(name) {
        match c {
            'Ё' => out.push('Е'),
            c if is_apostrophe(c) || is_mark(c) => {}
            c if is_space(c) => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => match base(c) {
                Some(letters) => out.push_str(letters),
                None => out.push(c),
            },
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The name in upper-case Latin letters; Latin letters stay as they are, Ь and apostrophes go.
pub fn transliterate(name: &str, scheme: Scheme) -> String {
    let mut out = String::with_capacity(name.len().saturating_add(4));
    let mut before = None;
    let letters: Vec<char> = composed(name).collect();
    let mut rest = letters.as_slice();
    while let [c, after @ ..] = rest {
        let next = after.first().copied();
        let latin = match scheme {
            Scheme::Icao => icao(*c),
            Scheme::Passport => passport(*c, before),
            Scheme::National => national(*c, before, next),
        };
        match latin {
            Some(latin) => out.push_str(latin),
            None if is_apostrophe(*c) => {}
            None => out.push(*c),
        }
        before = Some(*c);
        rest = after;
    }
    out
}

/// Upper case, with the Cyrillic letters that some senders decompose put together again.
pub(crate) fn composed(name: &str) -> impl Iterator<Item = char> {
    let mut letters = name.trim().chars().flat_map(char::to_uppercase).peekable();
    std::iter::from_fn(move || {
        let c = letters.next()?;
        let whole = match (c, letters.peek()) {
            ('И', Some('\u{306}')) => Some('Й'),
            ('У', Some('\u{306}')) => Some('Ў'),
            ('Е', Some('\u{308}')) => Some('Ё'),
            ('I', Some('\u{307}')) => Some('I'),
            ('S', Some('\u{30c}' | '\u{327}')) => Some('Š'),
            ('C', Some('\u{30c}' | '\u{327}')) => Some('Č'),
            ('Z', Some('\u{30c}')) => Some('Ž'),
            ('U', Some('\u{306}')) => Some('Ŭ'),
            _ => None,
        };
        if whole.is_some() {
            letters.next();
        }
        whole.or(Some(c))
    })
}

pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | 'ʹ' | 'ʻ' | '`' | '´' | '′' | '"')
}

pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '.' | ',')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Latin letters without their marks; none for letters that bear none.
pub(crate) fn base(c: char) -> Option<&'static str> {
    Some(match c {
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' | 'Ǎ' | 'Ạ' | 'Ả' | 'Ấ'..='Ặ' => "A",
        'Æ' => "AE",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'Ð' | 'Ď' | 'Đ' => "D",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' | 'Ə' | 'Ẹ'..='Ệ' => "E",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' | 'Ǧ' => "G",
        'Ĥ' | 'Ħ' => "H",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' | 'Ǐ' | 'Ỉ' | 'Ị' => "I",
        'Ĵ' => "J",
        'Ķ' => "K",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' | 'Ŋ' => "N",
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' | 'Ơ' | 'Ǒ' | 'Ọ'..='Ợ' => "O",
        'Œ' => "OE",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ẞ' => "SS",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' => "T",
        'Þ' => "TH",
        'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' | 'Ư' | 'Ǔ' | 'Ǖ' | 'Ǘ' | 'Ǚ' | 'Ǜ' | 'Ụ'..='Ự' => {
            "U"
        }
        'Ŵ' => "W",
        'Ý' | 'Ŷ' | 'Ÿ' | 'Ỳ'..='Ỹ' => "Y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => return None,
    })
}

/// Letters that all schemes write alike.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'А' => "A",
        'Б' => "B",
        'В' => "V",
        'Ґ' => "G",
        'Д' => "D",
        'З' => "Z",
        'И' | 'І' | 'Ї' => "I",
        'К' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'О' => "O",
        'П' => "P",
        'Р' => "R",
        'С' => "S",
        'Т' => "T",
        'У' => "U",
        'Ф' => "F",
        'Ы' => "Y",
        'Э' => "E",
        'Ь' => "",
        _ => return None,
    })
}

/// Hushing consonants as English spelling has them.
fn hushing(c: char) -> Option<&'static str> {
    Some(match c {
        'Ж' => "ZH",
        'Х' => "KH",
        'Ц' => "TS",
        'Ч' => "CH",
        'Ш' => "SH",
        'Щ' => "SHCH",
        'Ў' => "U",
        _ => return None,
    })
}

fn icao(c: char) -> Option<&'static str> {
    Some(match c {
        'Г' => "G",
        'Е' | 'Ё' => "E",
        'Й' => "I",
        'Є' | 'Ъ' => "IE",
        'Ю' => "IU",
        'Я' => "IA",
        c => return plain(c).or_else(|| hushing(c)),
    })
}

/// Whether an iotated vowel after `before` is spoken with a `Y` of its own.
fn is_open(before: Option<char>) -> bool {
    before.is_none_or(|c| is_vowel(c) || is_apostrophe(c) || is_space(c) || matches!(c, 'Ў' | 'Й' | 'Ь' | 'Ъ'))
}

pub(crate) fn is_vowel(c: char) -> bool {
    matches!(c, 'А' | 'Е' | 'Ё' | 'И' | 'І' | 'Ї' | 'О' | 'У' | 'Ы' | 'Э' | 'Є' | 'Ю' | 'Я')
        || matches!(c, 'A' | 'E' | 'I' | 'O' | 'U')
}

fn passport(c: char, before: Option<char>) -> Option<&'static str> {
    let open = is_open(before);
    Some(match (c, open) {
        ('Г', _) => "H",
        ('Е', true) => "YE",
        ('Е', false) => "E",
        ('Ё', true) => "YO",
        ('Ё', false) => "IO",
        ('Ю', true) => "YU",
        ('Ю', false) => "IU",
        ('Я', true) => "YA",
        ('Я', false) => "IA",
        // ДЗМІТРЫЙ is DZMITRY, but СЯРГЕЙ is SIARHEI.
        ('Й', _) if before == Some('Ы') => "",
        ('Й', _) => "I",
        ('Ъ', _) => "",
        (c, _) => return plain(c).or_else(|| hushing(c)),
    })
}

fn national(c: char, before: Option<char>, next: Option<char>) -> Option<&'static str> {
    let open = is_open(before);
    let soft = next == Some('Ь');
    Some(match (c, open) {
        ('Г', _) => "H",
        ('Ж', _) => "Ž",
        ('Х', _) => "CH",
        ('Ц', _) if soft => "Ć",
        ('Ц', _) => "C",
        ('Ч', _) => "Č",
        ('Ш', _) => "Š",
        ('Щ', _) => "ŠČ",
        ('Ў', _) => "Ŭ",
        ('Й', _) => "J",
        ('З', _) if soft => "Ź",
        ('Н', _) if soft => "Ń",
        ('С', _) if soft => "Ś",
        ('Л', _) if soft => "Ĺ",
        ('Е', true) => "JE",
        ('Ё', true) => "JO",
        ('Ю', true) => "JU",
        ('Я', true) => "JA",
        ('Е', false) if before == Some('Л') => "E",
        ('Ё', false) if before == Some('Л') => "O",
        ('Ю', false) if before == Some('Л') => "U",
        ('Я', false) if before == Some('Л') => "A",
        ('Е', false) => "IE",
        ('Ё', false) => "IO",
        ('Ю', false) => "IU",
        ('Я', false) => "IA",
        ('Ъ', _) => "",
        (c, _) => return plain(c),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_name_has_one_form() {
        assert_eq!(fold("Петрова-Водкина"), fold("ПЕТРОВА  ВОДКИНА"));
        assert_eq!(fold("Ковалёв"), "КОВАЛЕВ");
        assert_eq!(fold("Ковале\u{308}в"), "КОВАЛЕВ");
        assert_eq!(fold("O’Neil"), fold("ONEIL"));
        assert_eq!(fold("Müller"), "MULLER");
        assert_eq!(fold("Weiß"), "WEISS");
        assert_eq!(fold("Łukaszewicz"), "LUKASZEWICZ");
        assert_eq!(fold("Nguyễn"), "NGUYEN");
        assert_eq!(fold(" - "), "");
    }

    #[test]
    fn passports_of_two_states() {
        for (name, scheme, latin) in [
            ("Александр", Scheme::Icao, "ALEKSANDR"),
            ("Юлия", Scheme::Icao, "IULIIA"),
            ("Щербаков", Scheme::Icao, "SHCHERBAKOV"),
            ("Подъячев", Scheme::Icao, "PODIEIACHEV"),
            ("Аляксандр", Scheme::Passport, "ALIAKSANDR"),
            ("Дзмітрый", Scheme::Passport, "DZMITRY"),
            ("Сяргей", Scheme::Passport, "SIARHEI"),
            ("Яўген", Scheme::Passport, "YAUHEN"),
            ("Юлія", Scheme::Passport, "YULIYA"),
            ("Наталля", Scheme::Passport, "NATALLIA"),
            ("Вараб'ёў", Scheme::Passport, "VARABYOU"),
            ("Кацярына", Scheme::Passport, "KATSIARYNA"),
            ("Лукашэвіч", Scheme::National, "LUKAŠEVIČ"),
            ("Васіль", Scheme::National, "VASIĹ"),
            ("Яўген", Scheme::National, "JAŬHIEN"),
            ("Кавалёў", Scheme::National, "KAVALOŬ"),
            ("Smith", Scheme::Icao, "SMITH"),
        ] {
            assert_eq!(transliterate(name, scheme), latin, "{name}");
        }
    }

    proptest! {
        #[test]
        fn folding_is_a_fixed_point(name in "\\PC{0,30}") {
            let once = fold(&name);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn cyrillic_becomes_latin(name in "[а-яёіўА-ЯЁІЎ' -]{0,30}") {
            for scheme in [Scheme::Icao, Scheme::Passport, Scheme::National] {
                let latin = transliterate(&name, scheme);
                prop_assert!(!latin.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c)), "{}", latin);
            }
        }
    }
}
