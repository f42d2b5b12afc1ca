//! `/stand/mail`: the messages of the stand, where none is sent.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Response};
use mail::Kept;
use minijinja::{Value, context};
use serde_json::json;
use web::pages::View;

use super::{Sheet, asked};
use crate::Identity;

/// How many are shown.
const MOST: usize = 100;

/// A page; or, for programs that accept JSON, a list. `to` names whose messages, else everybody's.
pub(super) async fn show(
    State(core): State<Identity>,
    view: View,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let to = asked(query, "to");
    let page = async {
        let mut kept = core.outbox.kept(MOST).await?;
        kept.retain(|one| to.is_empty() || one.to.as_str().eq_ignore_ascii_case(&to));
        if headers.get(ACCEPT).is_some_and(|value| value.as_bytes().starts_with(b"application/json")) {
            return Ok(list(&kept));
        }
        let messages: Vec<Value> = kept.iter().map(message).collect();
        Sheet::new(&core, &view, "identity/stand-mail.html").show(context! { messages }).await
    };
    let page = page.await;
    core.settle(&view, page)
}

fn list(kept: &[Kept]) -> Response<Body> {
    let all: Vec<serde_json::Value> = kept
        .iter()
        .map(|one| json!({ "to": one.to.as_str(), "subject": one.subject, "body": one.text, "time": one.at }))
        .collect();
    let mut response = Response::new(Body::from(serde_json::Value::from(all).to_string()));
    let fields = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in fields {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn message(kept: &Kept) -> Value {
    let lines: Vec<Value> = kept.text.lines().map(line).collect();
    context! {
        at => kept.at.to_string(),
        to => kept.to.as_str(),
        subject => &kept.subject,
        lang => kept.lang.code(),
        kind => &kept.kind,
        lines,
    }
}

/// A line, with its address apart when it has one.
fn line(text: &str) -> Value {
    let start = ["https://", "http://"].into_iter().find_map(|scheme| text.find(scheme));
    let (before, rest) = start.and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (link, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    context! { before, link, after }
}
