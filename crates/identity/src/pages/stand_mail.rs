//! `/stand/mail`: the messages of the stand, where none is sent.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use mail::Kept;
use minijinja::{Value, context};
use web::pages::View;

use super::Sheet;
use crate::Identity;

/// How many are shown.
const MOST: usize = 100;

pub(super) async fn show(State(core): State<Identity>, view: View) -> Response<Body> {
    let page = async {
        let messages: Vec<Value> = core.outbox.kept(MOST).await?.iter().map(message).collect();
        Sheet::new(&core, &view, "identity/stand-mail.html").show(context! { messages }).await
    };
    let page = page.await;
    core.settle(&view, page)
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
