//! The lines of a document's machine-readable zone, pasted into a form: the owner's system reads them, and they fill in
//! what they say.

use axum::http::StatusCode;
use model::{Lang, Service};
use serde_json::{Map, Value, json};
use web::pages::{self, View};

use crate::apply::{Filling, Shown, show};
use crate::form::{self, Form, Page};
use crate::session::Session;
use crate::stop::Answer;
use crate::{Portal, send};

/// Longer than any zone: three lines of thirty, or two of forty-four, with whatever white space comes along.
const LONGEST: usize = 400;

/// Reads lines; the answers by their pointers, or what is wrong in the reader's language.
pub(crate) async fn read(
    portal: &Portal,
    (service, form): (&Service, &Form),
    lines: &str,
    lang: Lang,
) -> Result<Map<String, Value>, Vec<String>> {
    let own = |key: &str| Err(vec![portal.text(lang, key, &[])]);
    let Some(method) = &form.zone else { return own("zone.away") };
    if lines.is_empty() {
        return own("zone.missing");
    }
    if lines.chars().count() > LONGEST {
        return own("zone.too-long");
    }
    let answer = match send::ask(portal, service, method, &json!({ "mrz": lines }), lang).await {
        Ok(told) if told.is_answered() => told.json,
        Ok(told) => {
            tracing::warn!(code = told.code(), "a zone could not be read");
            return own("zone.away");
        }
        Err(refusal) => {
            tracing::warn!(code = refusal.code, "a zone could not be read");
            return own("zone.away");
        }
    };
    let mistakes = answer.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !mistakes.is_empty() {
        let text = |mistake: &Value| mistake.get("message").and_then(Value::as_str).map(str::to_owned);
        return Err(mistakes.iter().filter_map(text).collect());
    }
    let known = |(pointer, _): &(&String, &Value)| form.field(pointer).is_some();
    let fields = answer.get("fields").and_then(Value::as_object);
    Ok(fields.into_iter().flatten().filter(known).map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// `POST …/{page}` with the button of the zone: the fields are filled in, here and on other pages, and the page is shown.
pub(crate) async fn fill(
    portal: &Portal,
    view: &View,
    (mut filling, page): (Filling<'_>, &Page),
    session: Option<&Session>,
    shown: Shown<'_>,
    typed: &pages::Form,
) -> Answer {
    let lines = typed.get("zone");
    let read = read(portal, (filling.service, filling.form), lines, view.lang).await;
    let found = read.as_ref().ok().cloned().unwrap_or_default();
    let typed = over(filling.form, typed, &found);
    for (pointer, value) in &found {
        form::set(&mut filling.draft.answers, pointer, Some(value.clone()));
    }
    for kept in filling.draft.typed.values_mut() {
        let with = over(filling.form, &pages::Form::parse(kept.as_bytes()), &found);
        *kept = form_urlencoded::Serializer::new(String::new()).extend_pairs(with.pairs()).finish();
    }
    // What is missing on the page is not told yet: the person has not said that they are through with it.
    let taken = filling.take(portal, (page, &typed), view.lang, session).await;
    taken.map_err(|error| portal.failed(view, &error))?;
    let shown = Shown { typed: Some(&typed), ..shown };
    Ok(match read {
        Ok(_) => show(portal, view, &filling, page, &Shown { filled: true, ..shown }),
        Err(mistakes) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show(portal, view, &filling, page, &Shown { status, zone: lines, mistakes: &mistakes, ..shown })
        }
    })
}

/// What was typed, with other values in the fields that were found.
fn over(form: &Form, typed: &pages::Form, found: &Map<String, Value>) -> pages::Form {
    let fields = found.iter().filter_map(|(pointer, value)| Some(form::typed_as(form.field(pointer)?, value)));
    let new: Vec<(String, String)> = fields.flatten().collect();
    let old = typed.pairs().iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name));
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pages::Form::parse(pairs.extend_pairs(old).extend_pairs(&new).finish().as_bytes())
}
