//! The statement of a person's services: what was applied for in a period, what came of it, what it cost and why.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use jiff::civil::{Date, date};
use minijinja::{Value, context};
use model::calendar::{end_of_day, minsk_day, start_of_day};
use model::{Amount, Lang};
use web::pages::{self, View};

use crate::application::{self, Entry};
use crate::entry::first_sign_in;
use crate::session::Session;
use crate::stop::{Answer, Stop};
use crate::{Portal, account, form, result};

/// Lines of one statement.
const MOST: usize = 1_000;

/// The days of a statement, both included; or what is wrong with what was typed, by the field's name.
fn period(typed: &pages::Form, today: Date) -> Result<(Date, Date), Vec<(&'static str, &'static str)>> {
    let year = date(today.year(), 1, 1);
    let mut wrong = Vec::new();
    let mut day = |name: &'static str, default: Date| match form::day(typed, name) {
        Ok(day) => day.unwrap_or(default),
        Err(key) => {
            wrong.push((name, key));
            default
        }
    };
    let (from, to) = (day("from", year), day("to", today));
    if wrong.is_empty() && to < from {
        wrong.push(("to", "order"));
    }
    if wrong.is_empty() { Ok((from, to)) } else { Err(wrong) }
}

/// A line with its price, for people.
fn line(portal: &Portal, lang: Lang, one: &Entry) -> (Value, Amount) {
    let tariff = portal.parts.forms.get(&one.service).and_then(|form| form.tariffs.at(minsk_day(one.at)));
    let price = tariff.map_or(Amount::ZERO, |row| row.price);
    let shown = context! {
        at => one.at.to_string(),
        id => one.id.to_string(),
        service => account::title(portal, lang, &one.service),
        code => one.service.clone(),
        number => one.registration.clone().unwrap_or_else(|| result::short(one.id)),
        registered => one.registration.is_some(),
        state => portal.text(lang, &format!("states.{}", one.state), &[]),
        free => price == Amount::ZERO,
        price => price.to_string(),
        reason => tariff.map(|row| row.reason(lang).to_owned()),
    };
    (shown, price)
}

/// What was applied for in these days.
async fn entries(
    portal: &Portal,
    view: &View,
    session: &Session,
    (from, to): (Date, Date),
) -> Result<Vec<Entry>, Stop> {
    let found = application::between(portal, session.account, (start_of_day(from), end_of_day(to)), MOST).await;
    found.map_err(|error| portal.failed(view, &error).into())
}

/// The day as three fields, as they were typed or as it is.
fn parts(typed: &pages::Form, name: &str, day: Date) -> Value {
    let part = |part: &str, is: i16| {
        let key = format!("{name}-{part}");
        if typed.has(&key) { typed.get(&key).to_owned() } else { is.to_string() }
    };
    context! { day => part("day", day.day().into()), month => part("month", day.month().into()), year => part("year", day.year()) }
}

/// `GET /account/statements?from-day=…&to-day=…`: this year's without a period.
pub(crate) async fn show(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let typed = pages::Form::parse(query.unwrap_or_default().as_bytes());
    let today = minsk_day(view.at);
    let asked = period(&typed, today);
    let (from, to) = asked.as_ref().copied().unwrap_or((date(today.year(), 1, 1), today));
    let fields = context! { from => parts(&typed, "from", from), to => parts(&typed, "to", to) };
    let of_field = |name: &str| {
        let key = asked.as_ref().err()?.iter().find(|(known, _)| *known == name)?.1;
        let label = portal.text(view.lang, &format!("statements.{name}"), &[]);
        let own = if key == "order" { "statements.order".to_owned() } else { format!("form.{key}") };
        Some(portal.text(view.lang, &own, &[("label", &label)]))
    };
    let errors = ["from", "to"].map(|name| of_field(name).map(|text| (name, text)));
    let listed = errors.iter().flatten().map(|(name, text)| context! { text, href => format!("#{name}-day") });
    let values = context! {
        fields,
        errors => listed.collect::<Vec<_>>(),
        wrong => context! { from => of_field("from"), to => of_field("to") },
    };
    if asked.is_err() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(account::show_as(status, &portal, &view, &session, ("statements", values)));
    }
    let found = entries(&portal, &view, &session, (from, to)).await?;
    let lines: Vec<(Value, Amount)> = found.iter().map(|one| line(&portal, view.lang, one)).collect();
    let total = lines.iter().try_fold(Amount::ZERO, |sum, (_, price)| sum.plus(*price)).unwrap_or_default();
    let period = format!("from-day={}&from-month={}&from-year={}", from.day(), from.month(), from.year());
    let period = format!("{period}&to-day={}&to-month={}&to-year={}", to.day(), to.month(), to.year());
    let values = context! {
        from => from.to_string(),
        to => to.to_string(),
        full => lines.len() == MOST,
        lines => lines.into_iter().map(|(line, _)| line).collect::<Vec<_>>(),
        total => total.to_string(),
        made_at => view.at.to_string(),
        csv => view.url(&format!("/account/statements.csv?{period}")),
        ..values
    };
    Ok(account::show(&portal, &view, &session, "statements", values))
}

/// `GET /account/statements.csv?…`: the same as a table for office programs.
pub(crate) async fn csv(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let typed = pages::Form::parse(query.unwrap_or_default().as_bytes());
    let asked = period(&typed, minsk_day(view.at));
    let (from, to) = asked.map_err(|_| portal.not_found(&view))?;
    let found = entries(&portal, &view, &session, (from, to)).await?;
    let heads = ["date", "service", "number", "outcome", "price", "reason"];
    let heads = heads.map(|key| portal.text(view.lang, &format!("statements.{key}"), &[]));
    let mut text = format!("\u{feff}{}", row(&heads));
    for one in &found {
        let (line, _) = line(&portal, view.lang, one);
        let cell =
            |key: &str| line.get_attr(key).ok().and_then(|cell| cell.as_str().map(str::to_owned)).unwrap_or_default();
        let service = format!("{} ({})", cell("service"), cell("code"));
        let day = minsk_day(one.at).to_string();
        text.push_str(&row(&[day, service, cell("number"), cell("state"), cell("price"), cell("reason")]));
    }
    Ok(result::file(text, "text/csv; charset=utf-8", "statement.csv"))
}

/// A row as RFC 4180 writes it, with semicolons, as office programs here expect it.
fn row(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(";") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_this_year_or_what_was_typed() {
        let today = date(2026, 3, 1);
        let of = |query: &str| period(&pages::Form::parse(query.as_bytes()), today);
        assert_eq!(of(""), Ok((date(2026, 1, 1), today)));
        let whole = "from-day=29&from-month=2&from-year=2024&to-day=1&to-month=3&to-year=2024";
        assert_eq!(of(whole), Ok((date(2024, 2, 29), date(2024, 3, 1))));
        assert_eq!(of("from-day=2&from-month=3&from-year=2026"), Err(vec![("to", "order")]));
        assert_eq!(
            of("from-day=30&from-month=2&from-year=2026&to-year=26"),
            Err(vec![("from", "date"), ("to", "date-year")])
        );
    }

    #[test]
    fn cells_hold_any_text() {
        assert_eq!(row(&["a".into(), "b;\"c\"".into()]), "\"a\";\"b;\"\"c\"\"\"\r\n");
    }
}
