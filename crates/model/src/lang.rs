//! The three languages, equal.

/// A language of the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English; also what a caller gets who names none of ours.
    #[default]
    En,
    /// Belarusian.
    Be,
    /// Russian.
    Ru,
}

impl Lang {
    /// All languages, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::En, Self::Be, Self::Ru];

    /// `en`, `be` or `ru`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Be => "be",
            Self::Ru => "ru",
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| code.eq_ignore_ascii_case(lang.code()))
    }

    /// The best of ours for an `Accept-Language` header (RFC 9110 §12.5.4): highest weight first, then order.
    pub fn negotiate(header: &str) -> Self {
        let mut best = (0u16, Self::En);
        for part in header.split(',').take(32) {
            let mut pieces = part.split(';');
            let tag = pieces.next().unwrap_or("").trim();
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q="))
                .map_or(1000, |q| q.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u16));
            let primary = tag.split('-').next().unwrap_or("");
            if let Some(lang) = Self::from_code(primary)
                && weight > best.0
            {
                best = (weight, lang);
            }
        }
        best.1
    }
}

/// A name in three languages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Written")]
pub struct Title {
    /// English.
    pub en: String,
    /// Belarusian.
    pub be: String,
    /// Russian.
    pub ru: String,
}

impl Title {
    /// The name in this language.
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Be => &self.be,
            Lang::Ru => &self.ru,
        }
    }
}

/// One name for all languages.
impl From<&str> for Title {
    fn from(name: &str) -> Self {
        Self { en: name.to_owned(), be: name.to_owned(), ru: name.to_owned() }
    }
}

/// How a name is written: rows of the first releases hold one for all languages.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "a name, or a table of names: en, be, ru")]
enum Written {
    One(String),
    Each(Each),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    en: String,
    be: String,
    ru: String,
}

impl From<Written> for Title {
    fn from(written: Written) -> Self {
        match written {
            Written::One(name) => name.as_str().into(),
            Written::Each(Each { en, be, ru }) => Self { en, be, ru },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_once_or_for_each_language() {
        let old: Title = serde_json::from_str("\"Верховный Суд\"").unwrap();
        assert!(Lang::ALL.iter().all(|lang| old.of(*lang) == "Верховный Суд"));
        let text = r#"{"en":"Supreme Court","be":"Вярхоўны Суд","ru":"Верховный Суд"}"#;
        let each: Title = serde_json::from_str(text).unwrap();
        assert_eq!(Lang::ALL.map(|lang| each.of(lang)), ["Supreme Court", "Вярхоўны Суд", "Верховный Суд"]);
        assert_eq!(serde_json::to_string(&each).unwrap(), text);
        for wrong in [r#"{"en":"a","be":"b"}"#, r#"{"en":"a","be":"b","ru":"c","de":"d"}"#, "1"] {
            assert!(serde_json::from_str::<Title>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_highest_weight_wins() {
        assert_eq!(Lang::negotiate("de, ru;q=0.5, be;q=0.9"), Lang::Be);
        assert_eq!(Lang::negotiate("ru-BY"), Lang::Ru);
        assert_eq!(Lang::negotiate("be;q=0, en;q=0.1"), Lang::En);
        assert_eq!(Lang::negotiate(""), Lang::En);
    }
}
