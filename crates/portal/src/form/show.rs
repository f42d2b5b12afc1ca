//! Questions and answers as the templates show them.

use jiff::civil::Date;
use minijinja::{Value as Shown, context};
use model::{Lang, Service};
use serde_json::Value;
use web::pages::{self, Pages};

use super::answers::{Message, Wrong};
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
pub(crate) fn questions(
    offer: &Offer<'_>,
    page: &Page,
    answers: &Value,
    typed: Option<&pages::Form>,
    wrong: &[Wrong],
) -> Vec<Shown> {
    let single = page.fields.len() == 1;
    page.fields.iter().map(|field| question(offer, field, answers, typed, wrong, single)).collect()
}

fn question(
    offer: &Offer<'_>,
    field: &Field,
    answers: &Value,
    typed: Option<&pages::Form>,
    wrong: &[Wrong],
    single: bool,
) -> Shown {
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
        optional => !field.required,
        value => chosen,
        day => value("-day").unwrap_or(day),
        month => value("-month").unwrap_or(month),
        year => value("-year").unwrap_or(year),
        items,
        error,
        width => field.width.map(class),
        autocomplete => field.autocomplete.clone(),
        upper => field.upper,
        single,
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
        let rows = page.fields(answers).filter_map(|field| row(offer, page, field, answers, wrong));
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
    Some(
        context! { label => offer.label(&field.pointer), value => text, is_date, page => page.id.clone(), id => field.id(), error },
    )
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
