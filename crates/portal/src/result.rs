//! What came of an application: its page, the page to print, the day in a calendar, the receipt.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, Response, header};
use minijinja::value::Serde;
use minijinja::{Value as Shown, context};
use model::calendar::{minsk_day, parse_day};
use model::{Lang, Service};
use serde_json::{Value, json};
use uuid::Uuid;
use web::pages::View;

use crate::application::{self, Application, Step, Version};
use crate::entry::first_sign_in;
use crate::form::{self, Form, Offer};
use crate::session::Session;
use crate::{Portal, send};

/// The number people see and say: the end of the identifier, in groups.
pub(crate) fn short(id: Uuid) -> String {
    let hex = id.simple().to_string().to_uppercase();
    let tail = hex.get(20..).unwrap_or_default();
    let parts = [tail.get(..4), tail.get(4..8), tail.get(8..)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

/// An application with everything its pages say.
struct Case<'a> {
    service: &'a Service,
    form: &'a Form,
    application: Application,
    versions: Vec<Version>,
    steps: Vec<Step>,
}

impl Case<'_> {
    fn newest(&self) -> Option<&Version> {
        self.versions.first()
    }

    fn outcome(&self) -> Value {
        self.newest().and_then(|version| version.outcome.clone()).unwrap_or_default()
    }
}

async fn find<'a>(
    portal: &'a Portal,
    view: &View,
    session: Option<Extension<Session>>,
    id: &str,
) -> Result<Case<'a>, Response<Body>> {
    let Some(Extension(session)) = session else { return Err(first_sign_in(view)) };
    let id = Uuid::try_parse(id).map_err(|_| portal.not_found(view))?;
    let failed = |error: store::Error| portal.failed(view, &error);
    let application = application::find(portal, id, session.account).await.map_err(failed)?;
    let application = application.ok_or_else(|| portal.not_found(view))?;
    let service = portal.parts.services.iter().find(|one| one.passport.code.as_str() == application.service);
    let known = service.and_then(|service| Some((service, portal.form(service)?)));
    let (service, form) = known.ok_or_else(|| portal.not_found(view))?;
    let (versions, steps) = application::life(portal, id).await.map_err(failed)?;
    Ok(Case { service, form, application, versions, steps })
}

/// `GET /account/applications/{id}`
pub(crate) async fn application(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Response<Body> {
    match find(&portal, &view, session, &id).await {
        Ok(case) => portal.parts.pages.show(&view, "portal/application.html", values(&portal, &view, &case)),
        Err(response) => response,
    }
}

/// `GET /account/applications/{id}/print`: nothing but what was decided.
pub(crate) async fn print(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Response<Body> {
    match find(&portal, &view, session, &id).await {
        Ok(case) if case.application.state == "registered" => {
            portal.parts.pages.show(&view, "portal/print.html", values(&portal, &view, &case))
        }
        Ok(_) => portal.not_found(&view),
        Err(response) => response,
    }
}

fn values(portal: &Portal, view: &View, case: &Case<'_>) -> Shown {
    let pages = &portal.parts.pages;
    let offer = Offer { pages, service: case.service, form: case.form, lang: view.lang, day: minsk_day(view.at) };
    let versions: Vec<Shown> = case
        .versions
        .iter()
        .map(|version| {
            let outcome = version.outcome.as_ref().map(|outcome| Shown::from(Serde(outcome)));
            context! {
                number => version.number,
                at => version.at.to_string(),
                blocks => form::summary(&offer, &version.data, &[]),
                outcome,
            }
        })
        .collect();
    let steps: Vec<Shown> = case
        .steps
        .iter()
        .map(|step| {
            let title = portal.text(view.lang, &format!("states.{}", step.state), &[]);
            context! { title, at => step.at.to_string(), version => step.version, state => step.state.clone() }
        })
        .collect();
    context! {
        id => case.application.id.to_string(),
        number => short(case.application.id),
        service => case.service.text(view.lang, "title"),
        code => case.service.passport.code.as_str(),
        state => case.application.state.clone(),
        state_title => portal.text(view.lang, &format!("states.{}", case.application.state), &[]),
        waiting => case.application.state == "submitted",
        tries => case.application.tries,
        created_at => case.application.created_at.to_string(),
        changed_at => case.application.changed_at.to_string(),
        outcome => Shown::from(Serde(case.outcome())),
        versions,
        steps,
        mendable => send::is_mendable(&case.application.state),
        request_id => case.newest().and_then(|version| version.request_id).map(|id| id.to_string()),
        has_receipt => case.newest().is_some_and(|version| version.receipt.is_some()),
        base => view.url(&format!("/account/applications/{}", case.application.id)),
    }
}

/// A file to keep.
pub(crate) fn file(body: String, media: &'static str, name: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let value = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static("content-disposition"), value);
    }
    response
}

/// `GET /account/applications/{id}/evidence.json`: receipt, record and salt, which anybody can check.
pub(crate) async fn evidence(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Response<Body> {
    let case = match find(&portal, &view, session, &id).await {
        Ok(case) => case,
        Err(response) => return response,
    };
    let Some(exchange) = case.newest().and_then(|version| version.request_id) else {
        return portal.not_found(&view);
    };
    match portal.parts.reader.entry(exchange.into_bytes(), &portal.parts.vault).await {
        Ok(Some((private, receipt))) => {
            let (record, salt) = (private.record, hex::encode(private.salt));
            let text = json!({ "receipt": receipt.to_string(), "record": record, "salt": salt });
            file(format!("{text:#}\n"), "application/json", "evidence.json")
        }
        Ok(None) => portal.not_found(&view),
        Err(error) => portal.failed(&view, &error),
    }
}

/// `GET /account/applications/{id}/deadline.ics`: the last day that counts, as a whole day (RFC 5545).
pub(crate) async fn calendar(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Response<Body> {
    let case = match find(&portal, &view, session, &id).await {
        Ok(case) => case,
        Err(response) => return response,
    };
    let outcome = case.outcome();
    let day = ["registered_to", "deadline", "until"].into_iter().find_map(|name| outcome.get(name)?.as_str());
    let Some(day) = day.and_then(|day| day.get(..10)).and_then(|day| parse_day(day).ok()) else {
        return portal.not_found(&view);
    };
    let summary = portal.text(view.lang, &format!("calendar.{}", case.application.state), &[]);
    let stamp = case.application.changed_at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let next = day.tomorrow().unwrap_or(day);
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//NAIS//Unified Portal//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@nais", case.application.id),
        format!("DTSTAMP:{stamp}"),
        format!("DTSTART;VALUE=DATE:{}", day.strftime("%Y%m%d")),
        format!("DTEND;VALUE=DATE:{}", next.strftime("%Y%m%d")),
        format!("SUMMARY:{}", escaped(&summary)),
        format!("DESCRIPTION:{}", escaped(&description(case.service, view.lang, case.application.id))),
        "BEGIN:VALARM".to_owned(),
        "ACTION:DISPLAY".to_owned(),
        format!("DESCRIPTION:{}", escaped(&summary)),
        "TRIGGER:-P1D".to_owned(),
        "END:VALARM".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    let text: String = lines.iter().map(|line| folded(line)).collect();
    file(text, "text/calendar; charset=utf-8", "deadline.ics")
}

fn description(service: &Service, lang: Lang, id: Uuid) -> String {
    format!("{} ({})", service.text(lang, "title"), short(id))
}

/// Text as RFC 5545 §3.3.11 wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// A content line: at most 75 octets, the rest on lines that begin with a blank (RFC 5545 §3.1).
fn folded(line: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for sign in line.chars() {
        if width + sign.len_utf8() > 74 {
            out.push_str("\r\n ");
            width = 1;
        }
        width += sign.len_utf8();
        out.push(sign);
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        let line = format!("SUMMARY:{}", "рэгістрацыя ".repeat(20));
        let text = folded(&line);
        assert!(text.split("\r\n").all(|part| part.len() <= 75));
        assert_eq!(text.replace("\r\n ", "").trim_end_matches("\r\n"), line);
        assert_eq!(escaped("a,b;c\\\n"), "a\\,b\\;c\\\\\\n");
    }

    #[test]
    fn numbers_are_said_in_groups() {
        let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0123_4567_89ab);
        assert_eq!(short(id), "0123-4567-89AB");
    }
}
