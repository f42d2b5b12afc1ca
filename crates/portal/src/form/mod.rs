//! A service's form as its folder describes it: pages, their order and conditions, the place of each answer.
//!
//! The answers are the request's body itself: a field names a JSON pointer into it, so that what is checked on a page is
//! what the owner's system is sent.

mod answers;
mod complete;
mod files;
mod guests;
mod show;
mod tariff;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::classifier::{Classifier, checkpoints};
use model::{Country, Error, Lang, Service};
use serde::Deserialize;
use serde_json::Value;

pub(crate) use answers::{Message, Wrong, day, read, set};
pub use files::Files;
pub(crate) use files::{Attached, attached};
pub(crate) use guests::picked;
pub(crate) use show::{Offer, questions, summary, typed_as};

/// `form.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The method that says what would be decided, and changes nothing.
    check: String,
    /// The method that decides.
    submit: String,
    /// The method that reads the machine-readable zone of a document (optional).
    #[serde(default)]
    zone: Option<String>,
    /// Under this condition several people can be named at once (optional).
    #[serde(default)]
    guests: Option<String>,
    /// Conditions by the names that pages and fields call them by.
    #[serde(default)]
    when: BTreeMap<String, When>,
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
    /// Only under this condition.
    #[serde(default)]
    pub when: Option<String>,
    /// The lines of a machine-readable zone can be pasted here; they fill in what they say.
    #[serde(default)]
    pub zone: bool,
    /// Each guest of a guest book has own answers here, and shares none with the others.
    #[serde(default)]
    pub guest: bool,
    /// What is asked.
    pub fields: Vec<Field>,
}

/// A condition on a choice made before, on an earlier page or above on the same.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Where the answer is.
    field: String,
    /// It is one of these.
    #[serde(default, rename = "in")]
    among: Vec<String>,
    /// It is there, and is none of these.
    #[serde(default, rename = "not-in")]
    except: Vec<String>,
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
    /// Files.
    File,
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
    /// It must be answered under this condition.
    #[serde(default)]
    pub required_when: Option<String>,
    /// Typed in any case, kept in capitals.
    #[serde(default)]
    pub upper: bool,
    /// The same for all guests of a guest book, so that their table has no such column.
    #[serde(default)]
    pub shared: bool,
    /// What files a field of the kind `file` takes.
    #[serde(default)]
    pub files: Option<Files>,
    /// Only under this condition. Neighbours under the same one are shown as one part of the page.
    #[serde(default)]
    pub when: Option<String>,
}

/// A form.
#[derive(Debug)]
pub struct Form {
    /// The method that says what would be decided.
    pub check: String,
    /// The method that decides.
    pub submit: String,
    /// The method that reads a machine-readable zone.
    pub zone: Option<String>,
    guests: Option<String>,
    conditions: BTreeMap<String, When>,
    pages: Vec<Page>,
    lists: BTreeMap<String, Classifier>,
    /// What an application costs.
    pub(crate) tariffs: tariff::Tariffs,
}

/// The list of two that every form has.
const YES_NO: &str = "yes-no";

impl When {
    fn holds(&self, answers: &Value) -> bool {
        let found = match answers.pointer(&self.field) {
            Some(Value::String(code)) => code.as_str(),
            Some(Value::Bool(yes)) => {
                if *yes {
                    "yes"
                } else {
                    "no"
                }
            }
            _ => return false,
        };
        let is = |listed: &[String]| listed.iter().any(|one| one == found);
        (self.among.is_empty() || is(&self.among)) && !is(&self.except)
    }
}

impl Page {
    /// Whether this is one of its fields.
    fn asks(&self, pointer: &str) -> bool {
        self.fields.iter().any(|field| field.pointer == pointer)
    }
}

/// The name in a page's form of the field at `pointer`.
fn name_of(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

impl Field {
    /// Its name in the page's form.
    pub(crate) fn name(&self) -> String {
        name_of(&self.pointer)
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
        let Written { check, submit, zone, guests, when: conditions, pages } = written;
        let tariffs = tariff::Tariffs::of(service)?;
        let form = Self { check, submit, zone, guests, conditions, pages, lists, tariffs };
        complete::check(&form, service)?;
        Ok(Some(form))
    }

    /// The fields that are asked after these answers, each with its page, in order.
    ///
    /// A condition on an answer that is itself not asked does not hold: it was given before another answer led elsewhere.
    fn asked_fields<'a>(&'a self, answers: &Value) -> Vec<(&'a Page, &'a Field)> {
        let mut asked: Vec<(&Page, &Field)> = Vec::new();
        for page in &self.pages {
            if self.holds(page.when.as_deref(), &asked, answers) {
                for field in &page.fields {
                    if self.holds(field.when.as_deref(), &asked, answers) {
                        asked.push((page, field));
                    }
                }
            }
        }
        asked
    }

    fn holds(&self, condition: Option<&str>, asked: &[(&Page, &Field)], answers: &Value) -> bool {
        let Some(name) = condition else { return true };
        let Some(when) = self.conditions.get(name) else { return false };
        asked.iter().any(|(_, field)| field.pointer == when.field) && when.holds(answers)
    }

    /// The pages that are asked after these answers, in order.
    pub(crate) fn way<'a>(&'a self, answers: &Value) -> Vec<&'a Page> {
        let mut way: Vec<&Page> = self.asked_fields(answers).into_iter().map(|(page, _)| page).collect();
        way.dedup_by_key(|page| &page.id);
        way
    }

    /// The page of this name, if it is on the way.
    pub(crate) fn page<'a>(&'a self, answers: &Value, id: &str) -> Option<&'a Page> {
        self.way(answers).into_iter().find(|page| page.id == id)
    }

    /// The fields of a page that are asked.
    pub(crate) fn fields<'a>(&'a self, page: &Page, answers: &Value) -> Vec<&'a Field> {
        self.asked_fields(answers).into_iter().filter(|(of, _)| of.id == page.id).map(|(_, field)| field).collect()
    }

    /// Whether an answer is needed here.
    pub(crate) fn requires(&self, field: &Field, answers: &Value) -> bool {
        let condition = field.required_when.as_ref().and_then(|name| self.conditions.get(name));
        field.required || condition.is_some_and(|when| when.holds(answers))
    }

    /// The first page on the way whose answers are missing, or which is `unfinished`.
    pub(crate) fn open<'a>(&'a self, answers: &Value, unfinished: impl Fn(&str) -> bool) -> Option<&'a Page> {
        let missing = |field: &Field| self.requires(field, answers) && answers.pointer(&field.pointer).is_none();
        let asked = self.asked_fields(answers);
        asked.into_iter().find(|(page, field)| unfinished(&page.id) || missing(field)).map(|(page, _)| page)
    }

    /// The page on the way where the answer at `pointer` is given.
    pub(crate) fn page_of<'a>(&'a self, answers: &Value, pointer: &str) -> Option<&'a Page> {
        let asked = self.asked_fields(answers);
        asked.into_iter().find(|(_, field)| field.pointer == pointer).map(|(page, _)| page)
    }

    /// The field at `pointer`, asked or not.
    pub(crate) fn field(&self, pointer: &str) -> Option<&Field> {
        self.pages.iter().flat_map(|page| &page.fields).find(|field| field.pointer == pointer)
    }

    /// Only what is asked: answers of a branch that is not chosen any more are dropped.
    pub(crate) fn asked(&self, answers: &Value) -> Value {
        let mut body = Value::Object(serde_json::Map::new());
        for (_, field) in self.asked_fields(answers) {
            if let Some(value) = answers.pointer(&field.pointer) {
                answers::set(&mut body, &field.pointer, Some(value.clone()));
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
