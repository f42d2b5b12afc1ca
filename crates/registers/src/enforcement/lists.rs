//! Furnishing code lists: `classifiers/list`.

use gateway::{Ask, Reply};
use jiff::tz::TimeZone;
use model::{Kind, Refusal};
use serde::Serialize;
use store::Error;

use super::codes::{Codes, List};
use super::record::Day;

#[derive(Serialize)]
struct Answer<'a> {
    items: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    code: &'a str,
    name: &'a str,
}

/// Answers `classifiers/list`: the codes in force today in Minsk, in the caller's language.
pub(super) fn answer(codes: &Codes, ask: &Ask) -> Result<Reply, Refusal> {
    let asked = ask.param("type").unwrap_or_default();
    let list = List::FURNISHED.into_iter().find(|list| list.name() == asked).ok_or_else(|| {
        let allowed = List::FURNISHED.map(List::name).join(", ");
        Refusal::new(Kind::Malformed, "classifier-unknown").with("allowed", allowed)
    })?;
    let today = Day(ask.at.to_zoned(TimeZone::fixed(jiff::tz::offset(3))).date());
    let items = codes.items(list, today).map(|item| Shown { code: &item.code, name: item.name(ask.lang) });
    let answer = Answer { items: items.collect() };
    let body = serde_json::to_vec(&answer).map_err(|e| Error::broken(e).refusal())?;
    Ok(Reply { status: 200, body, subjects: Vec::new() })
}
