//! The Register's classifiers, from the service's folder: names in three languages, under the Register's own type numbers.

use jiff::civil::Date;
use model::classifier::Classifier;
use model::{Country, Error};
use serde_json::{Value, json};

/// A classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// −2: types of messages.
    Message,
    /// −16: groups of data that this service furnishes.
    Dataset,
    /// −18: standing of a person.
    Status,
    /// −20: errors.
    Error,
    /// 8: countries.
    Country,
    /// 24: bodies of the Ministry of Internal Affairs.
    Interior,
    /// 32: sex.
    Sex,
    /// 37: documents.
    Document,
    /// 80: registry offices.
    Registry,
    /// 82: civil acts.
    Act,
    /// 88: courts.
    Court,
    /// 127: decisions of courts.
    Decision,
    /// Standing of a document: the project's own.
    Standing,
    /// Marital status: the codes that clients of the Register use.
    Marital,
}

impl List {
    const ALL: [(Self, &'static str, Option<i64>); 14] = [
        (Self::Message, include_str!("../../../services/3.40.01-1/classifiers/message.toml"), Some(-2)),
        (Self::Dataset, include_str!("../../../services/3.40.01-1/classifiers/dataset.toml"), Some(-16)),
        (Self::Status, include_str!("../../../services/3.40.01-1/classifiers/status.toml"), Some(-18)),
        (Self::Error, include_str!("../../../services/3.40.01-1/classifiers/error.toml"), Some(-20)),
        (Self::Country, include_str!("../../../services/3.40.01-1/classifiers/country.toml"), Some(8)),
        (Self::Interior, include_str!("../../../services/3.40.01-1/classifiers/interior.toml"), Some(24)),
        (Self::Sex, include_str!("../../../services/3.40.01-1/classifiers/sex.toml"), Some(32)),
        (Self::Document, include_str!("../../../services/3.40.01-1/classifiers/document.toml"), Some(37)),
        (Self::Registry, include_str!("../../../services/3.40.01-1/classifiers/registry.toml"), Some(80)),
        (Self::Act, include_str!("../../../services/3.40.01-1/classifiers/act.toml"), Some(82)),
        (Self::Court, include_str!("../../../services/3.40.01-1/classifiers/court.toml"), Some(88)),
        (Self::Decision, include_str!("../../../services/3.40.01-1/classifiers/decision.toml"), Some(127)),
        (Self::Standing, include_str!("../../../services/3.40.01-1/classifiers/standing.toml"), None),
        (Self::Marital, include_str!("../../../services/3.40.01-1/classifiers/marital.toml"), None),
    ];

    /// The classifier of offices under this type.
    pub(crate) fn of_offices(kind: i64) -> Self {
        match kind {
            24 => Self::Interior,
            88 => Self::Court,
            _ => Self::Registry,
        }
    }
}

/// All classifiers, complete.
#[derive(Clone, Debug)]
pub struct Codes(Vec<(List, Option<i64>, Classifier)>);

impl Codes {
    /// The lists that come with the program.
    pub fn built_in() -> Result<Self, Error> {
        let read = |(list, text, kind): (List, &str, Option<i64>)| {
            Classifier::parse("classifiers", text).map(|classifier| (list, kind, classifier))
        };
        List::ALL.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the list has the code.
    pub fn has(&self, list: List, code: &str) -> bool {
        self.list(list).is_some_and(|(_, known)| known.knows(code))
    }

    /// The value of a classifier in the Register's form: code, type, names in three languages.
    ///
    /// Countries that the list leaves out bear their English name only.
    pub(crate) fn value(&self, list: List, code: &str) -> Value {
        let Some((kind, known)) = self.list(list) else { return json!({ "code": code }) };
        let mut out = json!({ "code": code });
        let Some(members) = out.as_object_mut() else { return out };
        if let Some(kind) = kind {
            members.insert("type".to_owned(), kind.into());
        }
        let lexemes = match known.item_at(code, Date::MAX) {
            Some(item) => vec![("ru", item.ru.as_str()), ("be", item.be.as_str()), ("en", item.en.as_str())],
            None if list == List::Country => {
                Country::parse(code).ok().map(|country| ("en", country.name())).into_iter().collect()
            }
            None => Vec::new(),
        };
        if !lexemes.is_empty() {
            let lexemes: Vec<Value> = lexemes.iter().map(|(lang, text)| json!({"lang": lang, "value": text})).collect();
            members.insert("lexema".to_owned(), lexemes.into());
        }
        out
    }

    fn list(&self, list: List) -> Option<(Option<i64>, &Classifier)> {
        self.0.iter().find(|(known, ..)| *known == list).map(|(_, kind, classifier)| (*kind, classifier))
    }
}
