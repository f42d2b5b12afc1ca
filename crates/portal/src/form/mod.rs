//! A service's form as its folder describes it: pages, their order and conditions, the place of each answer.
//!
//! The answers are the request's body itself: a field names a JSON pointer into it, so that what is checked on a page is
//! what the owner's system is sent.

mod answers;
mod show;

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::classifier::{Classifier, checkpoints};
use model::{Country, Error, Lang, Service};
use serde::Deserialize;
use serde_json::Value;

pub(crate) use answers::{Message, Wrong, read};
pub(crate) use show::{Offer, questions, summary};

/// `form.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The method that says what would be decided, and changes nothing.
    check: String,
    /// The method that decides.
    submit: String,
    /// In their order.
    pages: Vec<Page>,
}

/// One page: a question, or a few that belong together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its name in paths.
    pub id: String,
    /// The part of the form it belongs to.
    pub block: String,
    /// Only then.
    #[serde(default)]
    pub when: Option<When>,
    /// What is asked.
    pub fields: Vec<Field>,
}

/// A condition on an answer given before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Where the answer is.
    field: String,
    /// It is this.
    #[serde(default)]
    is: Option<Value>,
    /// It is one of these.
    #[serde(default, rename = "in")]
    among: Option<Vec<Value>>,
    /// It is there, and is not this.
    #[serde(default)]
    not: Option<Value>,
}

/// How an answer is given.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A line of text.
    Text,
    /// Several lines.
    Textarea,
    /// A whole number.
    Number,
    /// A day of the calendar, kept as `2025-06-02`.
    Date,
    /// A date of birth, kept as `19850615`; day and month may be unknown.
    BirthDate,
    /// One of a list.
    Select,
    /// One of a few.
    Radios,
    /// Yes or nothing.
    Checkbox,
    /// A country, by its three letters.
    Country,
    /// A border crossing point.
    Checkpoint,
    /// An address of e-mail.
    Email,
    /// A number of a telephone.
    Phone,
}

/// One answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its place in the request's body.
    pub pointer: String,
    /// How it is given.
    pub kind: Kind,
    /// The list of `select` and `radios`: a classifier of the folder, or `yes-no`.
    #[serde(default)]
    pub options: Option<String>,
    /// Characters that fit; the field is as wide.
    #[serde(default)]
    pub width: Option<u16>,
    /// What a browser may fill in by itself.
    #[serde(default)]
    pub autocomplete: Option<String>,
    /// It must be answered.
    #[serde(default)]
    pub required: bool,
    /// Typed in any case, kept in capitals.
    #[serde(default)]
    pub upper: bool,
    /// Only then.
    #[serde(default)]
    pub when: Option<When>,
}

/// A form.
#[derive(Debug)]
pub struct Form {
    /// The method that says what would be decided.
    pub check: String,
    /// The method that decides.
    pub submit: String,
    pages: Vec<Page>,
    lists: BTreeMap<String, Classifier>,
}

/// The list of two that every form has.
const YES_NO: &str = "yes-no";

impl When {
    fn holds(&self, answers: &Value) -> bool {
        let found = answers.pointer(&self.field);
        self.is.as_ref().is_none_or(|wanted| found == Some(wanted))
            && self.among.as_ref().is_none_or(|among| found.is_some_and(|found| among.contains(found)))
            && self.not.as_ref().is_none_or(|not| found.is_some_and(|found| found != not))
    }
}

impl Page {
    /// Its fields that are asked.
    pub(crate) fn fields<'a>(&'a self, answers: &'a Value) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(|field| field.when.as_ref().is_none_or(|when| when.holds(answers)))
    }
}

impl Field {
    /// Its name in the page's form.
    pub(crate) fn name(&self) -> String {
        self.pointer.trim_start_matches('/').replace('/', ".")
    }

    /// The element that holds it, by which a page names its place.
    pub(crate) fn id(&self) -> String {
        self.name().replace('.', "-")
    }

    /// Where the reader is led to mend it: the first thing that can be typed into.
    pub(crate) fn anchor(&self) -> String {
        match self.kind {
            Kind::Date | Kind::BirthDate => format!("{}-day", self.id()),
            _ => self.id(),
        }
    }

    /// Answered by yes or no.
    fn is_yes_no(&self) -> bool {
        self.options.as_deref() == Some(YES_NO)
    }
}

impl Form {
    /// The form of a service; none when its folder has no `form.toml`.
    pub fn of(service: &Service) -> Result<Option<Self>, Error> {
        let Some(text) = service.parts.get("form.toml") else { return Ok(None) };
        let written: Written = model::file::toml("form.toml", text)?;
        let mut lists = BTreeMap::new();
        for (path, text) in &service.parts {
            if let Some(name) = path.strip_prefix("classifiers/").and_then(|name| name.strip_suffix(".toml")) {
                lists.insert(name.to_owned(), Classifier::parse(path, text)?);
            }
        }
        let form = Self { check: written.check, submit: written.submit, pages: written.pages, lists };
        form.complete(service)?;
        Ok(Some(form))
    }

    /// Every page and field has its texts, every list is there, every method too.
    fn complete(&self, service: &Service) -> Result<(), Error> {
        let wrong = |key: String, expected: &str| Err(Error::file("form.toml", key, expected));
        for (key, method) in [("check", &self.check), ("submit", &self.submit)] {
            if !service.passport.methods.iter().any(|known| known.path == *method) {
                return wrong(key.to_owned(), "the path of a method in passport.toml");
            }
        }
        for page in &self.pages {
            if !service.texts.has(&format!("form.pages.{}.title", page.id)) {
                return wrong(page.id.clone(), "a title under form.pages in text.en.toml");
            }
            if !service.texts.has(&format!("form.blocks.{}", page.block)) {
                return wrong(page.id.clone(), "a title of its block under form.blocks in text.en.toml");
            }
            for field in &page.fields {
                if !service.texts.has(&format!("form.fields.{}.label", field.pointer)) {
                    return wrong(field.pointer.clone(), "a label under form.fields in text.en.toml");
                }
                let listed = matches!(field.kind, Kind::Select | Kind::Radios);
                let known = field.options.as_ref().is_some_and(|list| list == YES_NO || self.lists.contains_key(list));
                if listed && !known {
                    return wrong(field.pointer.clone(), "options: the name of a file in classifiers/, or yes-no");
                }
            }
        }
        Ok(())
    }

    /// The pages that are asked after these answers, in order.
    ///
    /// A condition on an answer whose own page is not on the way does not hold: it was given before another answer
    /// led elsewhere.
    pub(crate) fn way<'a>(&'a self, answers: &'a Value) -> impl Iterator<Item = &'a Page> {
        let mut asked: Vec<&str> = Vec::new();
        self.pages.iter().filter(move |page| {
            let applies = page.when.as_ref().is_none_or(|when| asked.contains(&&*when.field) && when.holds(answers));
            if applies {
                asked.extend(page.fields(answers).map(|field| field.pointer.as_str()));
            }
            applies
        })
    }

    /// The page of this name, if it is on the way.
    pub(crate) fn page<'a>(&'a self, answers: &'a Value, id: &str) -> Option<&'a Page> {
        self.way(answers).find(|page| page.id == id)
    }

    /// The first page on the way whose answers are missing.
    pub(crate) fn open<'a>(&'a self, answers: &'a Value) -> Option<&'a Page> {
        let missing = |field: &Field| field.required && answers.pointer(&field.pointer).is_none();
        self.way(answers).find(|page| page.fields(answers).any(missing))
    }

    /// The page on the way where the answer at `pointer` is given.
    pub(crate) fn page_of<'a>(&'a self, answers: &'a Value, pointer: &str) -> Option<&'a Page> {
        self.way(answers).find(|page| page.fields.iter().any(|field| field.pointer == pointer))
    }

    /// Only what was asked: answers of pages that are no longer on the way are left out.
    pub(crate) fn asked(&self, answers: &Value) -> Value {
        let mut body = Value::Object(serde_json::Map::new());
        for page in self.way(answers) {
            for field in page.fields(answers) {
                if let Some(value) = answers.pointer(&field.pointer) {
                    answers::set(&mut body, &field.pointer, Some(value.clone()));
                }
            }
        }
        body
    }

    /// What can be chosen in a field, with its name in `lang`.
    pub(crate) fn choices(&self, field: &Field, lang: Lang, day: Date) -> Vec<(String, String)> {
        match field.kind {
            Kind::Country => {
                let mut all: Vec<(String, String)> = Country::all()
                    .map(|country| (country.code().to_owned(), web::pages::country_name(lang, country).to_owned()))
                    .collect();
                all.sort_by_cached_key(|(_, name)| name.to_lowercase());
                all
            }
            Kind::Checkpoint => {
                checkpoints().iter().map(|point| (point.code.to_owned(), point.name(lang).to_owned())).collect()
            }
            _ => {
                let list = field.options.as_ref().and_then(|name| self.lists.get(name));
                let items =
                    list.map(|list| list.items_at(day).map(|item| (item.code.clone(), item.name(lang).to_owned())));
                items.map(Iterator::collect).unwrap_or_default()
            }
        }
    }
}
