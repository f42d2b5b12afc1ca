//! Texts that people see: TOML files in three languages with the same keys, values in braces, plural forms.
//!
//! `{name}` stands for a value; `{days:day|days}` (English) and `{days:день|дня|дней}` (Belarusian and Russian) for the
//! form that fits the number; `{{` for a brace. Tables make dotted keys, arrays numbered ones (`how_to_get.0`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use toml::{Table, Value};

use crate::error::Error;
use crate::lang::Lang;
use crate::refusal::{Fault, Refusal};

/// Texts of refusals that the gateway's own steps use; those of signatures and certificates are in `eds`.
pub const TEXTS: [(Lang, &str); 3] = [
    (Lang::En, include_str!("../texts/refusals.en.toml")),
    (Lang::Be, include_str!("../texts/refusals.be.toml")),
    (Lang::Ru, include_str!("../texts/refusals.ru.toml")),
];

/// Texts in three languages, complete: each key is there in all with the same values.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    langs: [BTreeMap<String, Text>; 3],
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Value(String),
    Plural { value: String, forms: Vec<String> },
}

impl Texts {
    /// All sources merged; an error names the file's language and the key that is twice, missing or differs.
    pub fn merge<'a>(sources: impl IntoIterator<Item = (Lang, &'a str)>) -> Result<Self, Error> {
        let mut texts = Self::default();
        for (lang, source) in sources {
            let table: Table = source.parse().map_err(|wrong: toml::de::Error| {
                Error::file(file(lang), "TOML", format!("valid TOML: {}", wrong.message()))
            })?;
            texts.add(lang, "", &Value::Table(table))?;
        }
        texts.compare()?;
        Ok(texts)
    }

    /// The texts with this crate's refusals only.
    pub fn of_refusals() -> Result<Self, Error> {
        Self::merge(TEXTS)
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.of(Lang::En).keys().map(String::as_str)
    }

    /// Whether there is a text under this key.
    pub fn has(&self, key: &str) -> bool {
        self.of(Lang::En).contains_key(key)
    }

    /// The text under `key` with its values; the key itself when there is none, so that a slip stays visible.
    pub fn line(&self, lang: Lang, key: &str, params: &[(&'static str, String)]) -> String {
        self.of(lang).get(key).map_or_else(|| key.to_owned(), |text| text.render(lang, params))
    }

    /// Title and detail of a refusal's `code`.
    pub fn render(&self, lang: Lang, code: &str, params: &[(&'static str, String)]) -> (String, String) {
        (self.line(lang, &format!("{code}.title"), params), self.line(lang, &format!("{code}.detail"), params))
    }

    /// Title and detail of a refusal.
    pub fn refusal(&self, lang: Lang, refusal: &Refusal) -> (String, String) {
        self.render(lang, refusal.code, &refusal.params)
    }

    /// What a fault says.
    pub fn fault(&self, lang: Lang, fault: &Fault) -> String {
        let key = fault.text.strip_prefix("fault.").unwrap_or(fault.text);
        self.line(lang, &format!("fault.{key}.text"), &fault.params)
    }

    fn of(&self, lang: Lang) -> &BTreeMap<String, Text> {
        let [en, be, ru] = &self.langs;
        match lang {
            Lang::En => en,
            Lang::Be => be,
            Lang::Ru => ru,
        }
    }

    fn add(&mut self, lang: Lang, key: &str, value: &Value) -> Result<(), Error> {
        let below = |name: &str| {
            if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
        };
        match value {
            Value::Table(table) => table.iter().try_for_each(|(name, value)| self.add(lang, &below(name), value)),
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(at, value)| self.add(lang, &below(&at.to_string()), value))
            }
            Value::String(text) => {
                let text = Text::parse(lang, text).map_err(|expected| Error::file(file(lang), key, expected))?;
                let [en, be, ru] = &mut self.langs;
                let texts = match lang {
                    Lang::En => en,
                    Lang::Be => be,
                    Lang::Ru => ru,
                };
                match texts.insert(key.to_owned(), text) {
                    None => Ok(()),
                    Some(_) => Err(Error::file(file(lang), key, "this key once only")),
                }
            }
            _ => Err(Error::file(file(lang), key, "a text in quotation marks")),
        }
    }

    fn compare(&self) -> Result<(), Error> {
        let keys: BTreeSet<&String> = self.langs.iter().flat_map(BTreeMap::keys).collect();
        for key in keys {
            let mut first: Option<BTreeSet<&str>> = None;
            for lang in Lang::ALL {
                let Some(text) = self.of(lang).get(key) else {
                    return Err(Error::file(file(lang), key.as_str(), "a text, as in the other languages"));
                };
                let values = text.values();
                match &first {
                    None => first = Some(values),
                    Some(expected) if *expected == values => {}
                    Some(expected) => {
                        let expected = format!("the values {expected:?}, as in English, not {values:?}");
                        return Err(Error::file(file(lang), key.as_str(), expected));
                    }
                }
            }
        }
        Ok(())
    }
}

fn file(lang: Lang) -> String {
    format!("text.{}.toml", lang.code())
}

/// Which form of a word a number takes: 0, 1 (of two in English) or 2 (of three in Belarusian and Russian); CLDR.
pub fn plural(lang: Lang, number: u64) -> usize {
    match lang {
        Lang::En => usize::from(number != 1),
        Lang::Be | Lang::Ru => match (number % 10, number % 100) {
            (_, 11..=14) => 2,
            (1, _) => 0,
            (2..=4, _) => 1,
            _ => 2,
        },
    }
}

const fn forms_of(lang: Lang) -> usize {
    match lang {
        Lang::En => 2,
        Lang::Be | Lang::Ru => 3,
    }
}

impl Text {
    fn parse(lang: Lang, text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                plain.push('{');
                rest = after;
                continue;
            }
            let (inner, after) = after.split_once('}').ok_or("a closing brace }")?;
            if !plain.is_empty() {
                pieces.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::parse(lang, inner)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain));
        }
        Ok(Self(pieces))
    }

    fn values(&self) -> BTreeSet<&str> {
        let name = |piece| match piece {
            &Piece::Plain(_) => None,
            Piece::Value(value) | Piece::Plural { value, .. } => Some(value.as_str()),
        };
        self.0.iter().filter_map(name).collect()
    }

    fn render(&self, lang: Lang, params: &[(&'static str, String)]) -> String {
        let find = |name: &str| params.iter().find(|(key, _)| *key == name).map_or("…", |(_, value)| value.as_str());
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Value(name) => out.push_str(find(name)),
                Piece::Plural { value, forms } => {
                    let number = find(value).parse().unwrap_or(0);
                    let form = forms.get(plural(lang, number)).map_or("", String::as_str);
                    // Writing to a String cannot fail.
                    let _ = write!(out, "{form}");
                }
            }
        }
        out
    }
}

impl Piece {
    fn parse(lang: Lang, inner: &str) -> Result<Self, String> {
        let (name, forms) = inner.split_once(':').map_or((inner, None), |(name, forms)| (name, Some(forms)));
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !named {
            return Err(format!("a name of lower-case letters in braces, not {{{inner}}}"));
        }
        let Some(forms) = forms else {
            return Ok(Self::Value(name.to_owned()));
        };
        let forms: Vec<String> = forms.split('|').map(str::to_owned).collect();
        if forms.len() != forms_of(lang) {
            return Err(format!("{} plural forms in {{{inner}}}", forms_of(lang)));
        }
        Ok(Self::Plural { value: name.to_owned(), forms })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn three(en: &str, be: &str, ru: &str) -> Result<Texts, Error> {
        Texts::merge([(Lang::En, en), (Lang::Be, be), (Lang::Ru, ru)])
    }

    #[test]
    fn refusals_are_complete_in_three_languages() {
        let texts = Texts::of_refusals().unwrap();
        for key in texts.keys() {
            let (code, last) = key.rsplit_once('.').unwrap();
            match last {
                "title" => assert!(texts.has(&format!("{code}.detail")), "{code} has no detail"),
                "detail" => assert!(texts.has(&format!("{code}.title")), "{code} has no title"),
                "text" => assert!(code.starts_with("fault."), "{key}"),
                _ => panic!("{key} is neither title, detail nor text"),
            }
        }
    }

    /// Belarusian is not Russian: letters that it has not would be a slip of the translator.
    #[test]
    fn belarusian_texts_are_written_in_belarusian() {
        let [_, (_, be), (_, ru)] = TEXTS;
        for (number, line) in be.lines().enumerate() {
            assert!(!line.contains(['и', 'И', 'щ', 'Щ', 'ъ']), "line {}: {line}", number + 1);
        }
        for (number, line) in ru.lines().enumerate() {
            assert!(!line.contains(['і', 'І', 'ў', 'Ў']), "line {}: {line}", number + 1);
        }
    }

    #[test]
    fn values_and_plurals() {
        let texts = three(
            "[a]\ntitle = \"T\"\ndetail = \"{n} {n:day|days} in {{{place}}\"",
            "[a]\ntitle = \"Т\"\ndetail = \"{n} {n:дзень|дні|дзён} у {place}\"",
            "[a]\ntitle = \"Т\"\ndetail = \"{n} {n:день|дня|дней} в {place}\"",
        )
        .unwrap();
        let at = |lang, n: u64| texts.render(lang, "a", &[("n", n.to_string()), ("place", "X".to_owned())]).1;
        assert_eq!(at(Lang::En, 1), "1 day in {X}");
        assert_eq!(at(Lang::Ru, 1), "1 день в X");
        assert_eq!(at(Lang::Ru, 22), "22 дня в X");
        assert_eq!(at(Lang::Ru, 112), "112 дней в X");
        assert_eq!(at(Lang::Be, 5), "5 дзён у X");
        assert_eq!(texts.line(Lang::En, "no.such", &[]), "no.such");
    }

    #[test]
    fn gaps_and_differences_are_named() {
        let wrong = |en: &str, be: &str, ru: &str| three(en, be, ru).unwrap_err().to_string();
        assert_eq!(wrong("a = \"x\"", "a = \"x\"", ""), "text.ru.toml: a: a text, as in the other languages");
        assert!(wrong("a = \"{x}\"", "a = \"{y}\"", "a = \"{x}\"").starts_with("text.be.toml: a: the values"));
        assert!(wrong("a = \"{x\"", "a = \"\"", "a = \"\"").contains("closing brace"));
        assert!(wrong("a = \"{n:x}\"", "a = \"\"", "a = \"\"").contains("2 plural forms"));
        assert!(wrong("a = 1", "a = \"\"", "a = \"\"").contains("quotation marks"));
        assert!(Texts::merge([(Lang::En, "a = \"\""), (Lang::En, "a = \"\"")]).is_err());
    }

    #[test]
    fn faults_are_found_with_and_without_prefix() {
        let texts = Texts::of_refusals().unwrap();
        let plain = texts.fault(Lang::En, &Fault::new("/a", "06", "required"));
        assert_eq!(plain, texts.fault(Lang::En, &Fault::new("/a", "06", "fault.required")));
        assert!(!plain.contains("fault."));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,24}") {
            if let Ok(parsed) = Text::parse(Lang::Ru, &text) {
                let _ = parsed.render(Lang::Ru, &[]);
            }
        }

        #[test]
        fn a_plural_form_exists_for_every_number(number in any::<u64>()) {
            for lang in Lang::ALL {
                prop_assert!(plural(lang, number) < forms_of(lang));
            }
        }
    }
}
