//! An answer as a person reads it, and as a program does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::check::{Check, Found};
use super::exchange::Answer;
use crate::print::{self, Tone};

/// Prints status, body and checks, line by line.
pub fn plainly(address: &str, answer: &Answer, checks: &[Check]) {
    let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    let tone = if answer.is_answered() { Tone::Good } else { Tone::Bad };
    print::line(format_args!("{} {address}", print::tinted(tone, format!("{} {reason}", answer.status))));
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(value) if is_problem(answer) => problem(answer, &value),
        Ok(value) => print::line(format_args!("{value:#}")),
        Err(_) if answer.body.is_empty() => {}
        Err(_) => print::line(print::printable(&String::from_utf8_lossy(&answer.body))),
    }
    for name in ["location", "retry-after"] {
        if let Some(value) = answer.header(name) {
            print::line(format_args!("{name}: {value}"));
        }
    }
    if let Some(id) = answer.header("nais-request-id") {
        print::line(print::tinted(Tone::Faint, format!("request {id}")));
    }
    checks.iter().for_each(told);
}

fn told(check: &Check) {
    let tone = match check.result {
        Found::Valid => Tone::Good,
        Found::NotNeeded => Tone::Note,
        Found::Missing | Found::Invalid => Tone::Bad,
    };
    let verdict = print::tinted(tone, format!("{} {}", check.check, check.result.word()));
    print::line(format_args!("{verdict}: {}", print::printable(&check.about)));
}

fn is_problem(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|media| media.starts_with("application/problem+json"))
}

/// A problem document (RFC 9457) in words: what, why and how to mend it, every fault with its place.
fn problem(answer: &Answer, value: &Value) {
    let text = |name: &str| print::printable(value.get(name).and_then(Value::as_str).unwrap_or_default());
    print::line(format_args!("{} ({})", print::tinted(Tone::Bad, text("title")), text("code")));
    print::line(text("detail"));
    for fault in value.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| print::printable(fault.get(name).and_then(Value::as_str).unwrap_or_default());
        let pointer = part("pointer");
        let place = if pointer.is_empty() { "the whole message" } else { &pointer };
        print::line(format_args!("  {place}: {} ({})", part("message"), part("code")));
    }
    if let Some(allowed) = answer.header("allow") {
        print::line(format_args!("allowed: {allowed}"));
    }
}

/// The whole outcome as one JSON value.
pub fn as_json(answer: &Answer, checks: &[Check], report: Option<&ledger::Report>) -> Value {
    let body = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| if answer.body.is_empty() { Value::Null } else { json!(STANDARD.encode(&answer.body)) });
    json!({
        "status": answer.status,
        "request_id": answer.header("nais-request-id"),
        "location": answer.header("location"),
        "answer": body,
        "checks": checks,
        "receipt": report,
    })
}
