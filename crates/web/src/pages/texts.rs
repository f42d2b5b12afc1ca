//! Texts in three languages: keys, placeholders, plural forms.

use std::collections::{BTreeSet, HashMap};

use minijinja::Value;
use model::Lang;
use model::text::plural;

use super::{Error, Source, format};

/// The texts of all languages; every key is in each of them.
pub(super) struct Texts([Language; 3]);

/// The texts of one language.
pub(super) struct Language {
    pub(super) lang: Lang,
    texts: HashMap<String, Text>,
}

enum Text {
    One(Pattern),
    Plural(Vec<(Form, Pattern)>),
}

/// The plural categories of Unicode CLDR that our languages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    One,
    Few,
    Many,
    Other,
}

struct Pattern(Vec<Piece>);

enum Piece {
    Words(String),
    Blank(String),
}

impl Texts {
    /// The texts of all sources.
    pub(super) fn load(sources: &[Source]) -> Result<Self, Error> {
        let [mut en, mut be, mut ru] = Lang::ALL.map(|lang| Language { lang, texts: HashMap::new() });
        for (lang, toml) in sources.iter().flat_map(|source| source.texts) {
            match lang {
                Lang::En => en.read(toml)?,
                Lang::Be => be.read(toml)?,
                Lang::Ru => ru.read(toml)?,
            }
        }
        for other in [&be, &ru] {
            other.agrees_with(&en)?;
        }
        Ok(Self([en, be, ru]))
    }

    /// The texts of this language.
    pub(super) fn of(&self, lang: Lang) -> &Language {
        let [en, be, ru] = &self.0;
        match lang {
            Lang::En => en,
            Lang::Be => be,
            Lang::Ru => ru,
        }
    }
}

impl Language {
    /// There is a text with this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.texts.contains_key(key)
    }

    /// The text with its placeholders filled; `count` chooses the plural form. In a text whose key ends with `.html`
    /// what fills a placeholder is escaped.
    pub(super) fn fill(&self, key: &str, args: &[(&str, Value)]) -> Result<String, String> {
        let text = self.texts.get(key).ok_or("there is no such text")?;
        let pattern = match text {
            Text::One(pattern) => pattern,
            Text::Plural(forms) => {
                let (_, count) = args.iter().find(|(name, _)| *name == "count").ok_or("`count` is needed")?;
                let form = form(self.lang, &count.to_string());
                let found = forms.iter().find(|(known, _)| *known == form).or(forms.last());
                found.map(|(_, pattern)| pattern).ok_or("it has no forms")?
            }
        };
        let mut filled = String::new();
        for piece in &pattern.0 {
            match piece {
                Piece::Words(words) => filled.push_str(words),
                Piece::Blank(name) => {
                    let (_, value) =
                        args.iter().find(|(known, _)| known == name).ok_or_else(|| format!("`{name}` is needed"))?;
                    self.write(&mut filled, value, key.ends_with(".html"));
                }
            }
        }
        Ok(filled)
    }

    /// A text without placeholders; empty when there is none.
    pub(super) fn plain(&self, key: &str) -> &str {
        match self.texts.get(key) {
            Some(Text::One(Pattern(pieces))) => match pieces.as_slice() {
                [Piece::Words(words)] => words,
                _ => "",
            },
            _ => "",
        }
    }

    fn write(&self, out: &mut String, value: &Value, html: bool) {
        let shown = if value.is_number() { format::number(self, &value.to_string()) } else { value.to_string() };
        if html && !value.is_safe() {
            format::escape(out, &shown);
        } else {
            out.push_str(&shown);
        }
    }

    fn read(&mut self, toml: &str) -> Result<(), Error> {
        let table: toml::Table = toml.parse().map_err(|error: toml::de::Error| self.wrong(error.to_string()))?;
        table.into_iter().try_for_each(|(key, value)| self.add(key, value))
    }

    fn add(&mut self, key: String, value: toml::Value) -> Result<(), Error> {
        let text = match value {
            toml::Value::String(text) => Text::One(self.pattern(&key, &text)?),
            toml::Value::Table(table) if is_plural(&table) => Text::Plural(self.plural(&key, &table)?),
            toml::Value::Table(table) => {
                return table.into_iter().try_for_each(|(part, value)| self.add(format!("{key}.{part}"), value));
            }
            _ => return Err(self.wrong(format!("`{key}` is neither a text nor a table of texts"))),
        };
        match self.texts.insert(key.clone(), text) {
            None => Ok(()),
            Some(_) => Err(Error::Twice { key, lang: self.lang }),
        }
    }

    fn plural(&self, key: &str, table: &toml::Table) -> Result<Vec<(Form, Pattern)>, Error> {
        let mut forms = Vec::new();
        for (name, form) in FORMS {
            match table.get(name).and_then(toml::Value::as_str) {
                Some(text) => forms.push((form, self.pattern(key, text)?)),
                None if needed(self.lang).contains(&form) => {
                    return Err(Error::Form { key: key.to_owned(), lang: self.lang, form: name });
                }
                None => {}
            }
        }
        Ok(forms)
    }

    fn pattern(&self, key: &str, text: &str) -> Result<Pattern, Error> {
        Pattern::parse(text).map_err(|reason| self.wrong(format!("`{key}`: {reason}")))
    }

    fn agrees_with(&self, english: &Self) -> Result<(), Error> {
        if let Some(key) = english.texts.keys().filter(|key| !self.has(key)).min() {
            return Err(Error::Missing { key: key.clone(), lang: self.lang });
        }
        if let Some(key) = self.texts.keys().filter(|key| !english.has(key)).min() {
            return Err(Error::Missing { key: key.clone(), lang: english.lang });
        }
        for (key, text) in &self.texts {
            let (found, expected) = (text.blanks(), english.texts.get(key).map(Text::blanks).unwrap_or_default());
            if found != expected {
                let (key, lang) = (key.clone(), self.lang);
                let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
                return Err(Error::Placeholders { key, lang, found, expected });
            }
        }
        Ok(())
    }

    fn wrong(&self, reason: String) -> Error {
        Error::Texts { lang: self.lang, reason }
    }
}

impl Text {
    /// The names that are to be filled. A plural always takes a count, even when no form says it.
    fn blanks(&self) -> BTreeSet<&str> {
        match self {
            Self::One(pattern) => pattern.blanks().collect(),
            Self::Plural(forms) => forms.iter().flat_map(|(_, pattern)| pattern.blanks()).chain(["count"]).collect(),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((words, more)) = rest.split_once('{') {
            let (name, after) = more.split_once('}').ok_or("a `{` is not closed")?;
            if name.is_empty() || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
                return Err(format!("`{{{name}}}` is no placeholder"));
            }
            if !words.is_empty() {
                pieces.push(Piece::Words(words.to_owned()));
            }
            pieces.push(Piece::Blank(name.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err("a `}` closes nothing".to_owned());
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Words(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    fn blanks(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Blank(name) => Some(name.as_str()),
            Piece::Words(_) => None,
        })
    }
}

const FORMS: [(&str, Form); 4] = [("one", Form::One), ("few", Form::Few), ("many", Form::Many), ("other", Form::Other)];

/// A table of nothing but plural forms.
fn is_plural(table: &toml::Table) -> bool {
    let form = |name: &String| FORMS.iter().any(|(known, _)| known == name);
    !table.is_empty() && table.iter().all(|(name, value)| form(name) && value.is_str())
}

/// The forms without which whole numbers cannot be said.
fn needed(lang: Lang) -> &'static [Form] {
    match lang {
        Lang::En => &[Form::One, Form::Other],
        Lang::Be | Lang::Ru => &[Form::One, Form::Few, Form::Many],
    }
}

/// The form that a number takes (CLDR plural rules, cardinal).
fn form(lang: Lang, number: &str) -> Form {
    let digits = number.strip_prefix('-').unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Form::Other;
    }
    // The last digits decide, however long the number is.
    let last = digits.get(digits.len().saturating_sub(18)..).and_then(|last| last.parse().ok()).unwrap_or(0);
    match (lang, plural(lang, last)) {
        (_, 0) => Form::One,
        (Lang::En, _) => Form::Other,
        (_, 1) => Form::Few,
        _ => Form::Many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slavic_plurals_have_three_forms_and_english_two() {
        let few = ["2", "3", "4", "22", "104", "1003"];
        let many = ["0", "5", "11", "12", "14", "19", "20", "111", "112", "1000"];
        for lang in [Lang::Be, Lang::Ru] {
            assert!(["1", "21", "101", "-1"].iter().all(|n| form(lang, n) == Form::One));
            assert!(few.iter().all(|n| form(lang, n) == Form::Few));
            assert!(many.iter().all(|n| form(lang, n) == Form::Many));
            assert_eq!(form(lang, "1.5"), Form::Other);
        }
        assert_eq!(form(Lang::En, "1"), Form::One);
        assert!(["0", "2", "21", "1.0"].iter().all(|n| form(Lang::En, n) == Form::Other));
    }

    #[test]
    fn a_pattern_has_its_blanks() {
        let pattern = Pattern::parse("{a} of {b_2}.").unwrap_or_else(|reason| panic!("{reason}"));
        assert_eq!(pattern.blanks().collect::<Vec<_>>(), ["a", "b_2"]);
        for wrong in ["{", "}", "{}", "{A}", "{a", "a}", "{a b}"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
