//! Questions and answers as the templates show them.

use jiff::civil::Date;
use minijinja::{Value as Shown, context};
use model::{Lang, Service};
use serde_json::Value;
use web::pages::{self, Pages};

use super::answers::{Message, Wrong};
use super::files::{Attached, Files};
use super::{Field, Form, Kind, Page};

/// What a page is shown with.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    /// The texts of the page kit.
    pub pages: &'a Pages,
    /// Whose form it is.
    pub service: &'a Service,
    /// The form.
    pub form: &'a Form,
    /// The reader's language.
    pub lang: Lang,
    /// The day, which decides what lists hold.
    pub day: Date,
    /// The address below which the files among the answers are.
    pub files: &'a str,
}

impl Offer<'_> {
    fn text(&self, key: &str) -> String {
        self.service.text(self.lang, key)
    }

    /// A text that may be left out.
    fn maybe(&self, key: &str) -> Option<String> {
        self.service.texts.has(key).then(|| self.text(key))
    }

    pub(crate) fn label(&self, pointer: &str) -> String {
        self.text(&format!("form.fields.{pointer}.label"))
    }

    /// Which files a field takes, in words.
    pub(crate) fn limits(&self, files: &Files) -> String {
        let types = files.types.iter().map(|one| one.title()).collect::<Vec<_>>().join(", ");
        let (size, most) = (files.megabytes.to_string(), files.most.to_string());
        self.pages.text(self.lang, "form.files.limits", &[("types", &types), ("size", &size), ("count", &most)])
    }

    /// What is wrong, in words.
    pub(crate) fn words(&self, wrong: &Wrong) -> String {
        match &wrong.message {
            Message::Told(text) => text.clone(),
            Message::Own(key) => {
                let own = if *key == "missing-choice" { "choose" } else { "required" };
                if key.starts_with("missing")
                    && let Some(text) = self.maybe(&format!("form.fields.{}.{own}", wrong.pointer))
                {
                    return text;
                }
                self.pages.text(self.lang, &format!("form.{key}"), &[("label", &self.label(&wrong.pointer))])
            }
        }
    }
}

/// The questions of a page; `typed` is what was typed when it could not be kept.
///
/// Fields under a condition on a choice above them on the page are a part of their own, there in any case: a script
/// shows it when the choice is made, and without one its heading says when it is to be filled in.
pub(crate) fn questions(
    offer: &Offer<'_>,
    page: &Page,
    answers: &Value,
    typed: Option<&pages::Form>,
    wrong: &[Wrong],
) -> Vec<Shown> {
    let asked = offer.form.fields(page, answers);
    let here = |name: &String| offer.form.conditions.get(name).filter(|when| page.asks(&when.field));
    let mut shown = Vec::new();
    for fields in page.fields.chunk_by(|one, other| one.when == other.when) {
        let each = |field| question(offer, field, answers, typed, wrong);
        let when = fields.first().and_then(|field| field.when.as_ref());
        if let (Some(name), Some(when)) = (when, when.and_then(here)) {
            let (listed, except) = if when.except.is_empty() { (&when.among, false) } else { (&when.except, true) };
            shown.push(context! {
                part => name,
                heading => offer.text(&format!("form.when.{name}")),
                control => super::name_of(&when.field),
                values => listed.join(" "),
                except,
                questions => fields.iter().map(each).collect::<Vec<_>>(),
            });
        } else {
            let asked = |field: &&Field| asked.iter().any(|one| one.pointer == field.pointer);
            shown.extend(fields.iter().filter(asked).map(each));
        }
    }
    shown
}

fn question(offer: &Offer<'_>, field: &Field, answers: &Value, typed: Option<&pages::Form>, wrong: &[Wrong]) -> Shown {
    let name = field.name();
    let kept = answers.pointer(&field.pointer);
    let value = |suffix: &str| typed.map(|typed| typed.get(&format!("{name}{suffix}")).to_owned());
    let chosen = value("").unwrap_or_else(|| plain(field, kept));
    let (day, month, year) = parts(kept);
    let error = wrong.iter().find(|wrong| wrong.pointer == field.pointer).map(|wrong| offer.words(wrong));
    let items: Vec<Shown> = options(offer, field)
        .into_iter()
        .map(|(code, text)| {
            let is = code == chosen;
            context! { value => code, text, checked => is, selected => is }
        })
        .collect();
    context! {
        kind => kind(field),
        id => field.id(),
        name => name.clone(),
        label => offer.label(&field.pointer),
        hint => offer.maybe(&format!("form.fields.{}.hint", field.pointer)),
        optional => !field.required && field.required_when.is_none(),
        value => chosen,
        day => value("-day").unwrap_or(day),
        month => value("-month").unwrap_or(month),
        year => value("-year").unwrap_or(year),
        items,
        error,
        width => field.width.map(class),
        autocomplete => field.autocomplete.clone(),
        upper => field.upper,
        files => field.is_file().then(|| files(offer, kept)),
        takes => field.files.as_ref().map(|files| takes(offer, files)),
    }
}

/// What a field takes, for people and for browsers.
fn takes(offer: &Offer<'_>, files: &Files) -> Shown {
    let accept = files.types.iter().flat_map(|one| one.extensions().iter().map(|end| format!(".{end}")));
    context! {
        text => offer.limits(files),
        accept => accept.collect::<Vec<_>>().join(","),
        several => files.most > 1,
    }
}

/// The files of an answer, each with its address.
fn files(offer: &Offer<'_>, kept: Option<&Value>) -> Vec<Shown> {
    let one = |file: Attached| {
        context! {
            id => file.id.to_string(),
            title => file.title(),
            kilobytes => file.size.div_ceil(1024).to_string(),
            href => format!("{}/{}", offer.files, file.id),
            name => file.name,
        }
    };
    super::attached(kept).into_iter().map(one).collect()
}

/// An answer as a browser would send its field: names and values.
pub(crate) fn typed_as(field: &Field, value: &Value) -> Vec<(String, String)> {
    let name = field.name();
    match field.kind {
        Kind::Date | Kind::BirthDate => {
            let (day, month, year) = parts(Some(value));
            vec![(format!("{name}-day"), day), (format!("{name}-month"), month), (format!("{name}-year"), year)]
        }
        Kind::File => Vec::new(),
        _ => vec![(name, plain(field, Some(value)))],
    }
}

fn kind(field: &Field) -> &'static str {
    match field.kind {
        Kind::Text => "text",
        Kind::Textarea => "textarea",
        Kind::Number => "number",
        Kind::Date | Kind::BirthDate => "date",
        Kind::Select | Kind::Country | Kind::Checkpoint => "select",
        Kind::Radios => "radios",
        Kind::Checkbox => "checkbox",
        Kind::Email => "email",
        Kind::Phone => "phone",
        Kind::File => "file",
    }
}

/// The widths that govuk-frontend has.
fn class(width: u16) -> String {
    let fitting = [2_u16, 3, 4, 5, 10, 20, 30].into_iter().find(|known| *known >= width).unwrap_or(30);
    format!("govuk-input--width-{fitting}")
}

fn options(offer: &Offer<'_>, field: &Field) -> Vec<(String, String)> {
    if field.is_yes_no() {
        return ["yes", "no"]
            .into_iter()
            .map(|code| (code.to_owned(), offer.pages.text(offer.lang, &format!("form.{code}"), &[])))
            .collect();
    }
    match field.kind {
        Kind::Select | Kind::Radios | Kind::Country | Kind::Checkpoint => {
            offer.form.choices(field, offer.lang, offer.day)
        }
        _ => Vec::new(),
    }
}

/// An answer as its input holds it.
fn plain(field: &Field, kept: Option<&Value>) -> String {
    match kept {
        Some(Value::Bool(true)) => "yes".into(),
        Some(Value::Bool(false)) => "no".into(),
        Some(Value::String(text)) if !matches!(field.kind, Kind::Date | Kind::BirthDate) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Day, month and year of a date as it is kept; what is unknown is empty.
fn parts(kept: Option<&Value>) -> (String, String, String) {
    let digits: String = kept.and_then(Value::as_str).unwrap_or("").chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("").trim_start_matches('0').to_owned();
    if digits.len() == 8 { (part(6, 8), part(4, 6), part(0, 4)) } else { Default::default() }
}

/// All answers by block, each with the way back to its question.
pub(crate) fn summary(offer: &Offer<'_>, answers: &Value, wrong: &[Wrong]) -> Vec<Shown> {
    let mut blocks: Vec<(String, Vec<Shown>)> = Vec::new();
    for page in offer.form.way(answers) {
        let fields = offer.form.fields(page, answers);
        let rows = fields.into_iter().filter_map(|field| row(offer, page, field, answers, wrong));
        let title = offer.text(&format!("form.blocks.{}", page.block));
        match blocks.last_mut().filter(|(block, _)| *block == title) {
            Some((_, known)) => known.extend(rows),
            None => blocks.push((title, rows.collect())),
        }
    }
    blocks.into_iter().filter(|(_, rows)| !rows.is_empty()).map(|(title, rows)| context! { title, rows }).collect()
}

fn row(offer: &Offer<'_>, page: &Page, field: &Field, answers: &Value, wrong: &[Wrong]) -> Option<Shown> {
    let error = wrong.iter().find(|wrong| wrong.pointer == field.pointer).map(|wrong| offer.words(wrong));
    let value = answers.pointer(&field.pointer);
    if value.is_none() && error.is_none() {
        return None;
    }
    let is_date = field.kind == Kind::Date;
    let text = value.map(|value| shown(offer, field, value)).unwrap_or_default();
    let files = field.is_file().then(|| files(offer, value));
    let label = offer.label(&field.pointer);
    Some(context! { label, value => text, is_date, page => page.id.clone(), id => field.id(), error, files })
}

/// An answer as people read it.
fn shown(offer: &Offer<'_>, field: &Field, value: &Value) -> String {
    let code = plain(field, Some(value));
    match field.kind {
        Kind::Date => value.as_str().unwrap_or("").to_owned(),
        Kind::BirthDate => {
            let (day, month, year) = parts(Some(value));
            [day, month, year]
                .into_iter()
                .filter(|part| !part.is_empty())
                .map(|part| format!("{part:0>2}"))
                .collect::<Vec<_>>()
                .join(".")
        }
        Kind::Checkbox => offer.pages.text(offer.lang, "form.yes", &[]),
        Kind::Radios | Kind::Select | Kind::Country | Kind::Checkpoint => {
            options(offer, field).into_iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
        }
        _ => code,
    }
}
