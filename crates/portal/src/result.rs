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
use crate::form::{self, Attached, Form, Offer};
use crate::session::Session;
use crate::stop::{Answer, Stop};
use crate::{Portal, send};

/// The number people see and say: the end of the identifier, in groups.
pub(crate) fn short(id: Uuid) -> String {
    let hex = id.simple().to_string().to_uppercase();
    let tail = hex.get(20..).unwrap_or_default();
    let parts = [tail.get(..4), tail.get(4..8), tail.get(8..)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

/// An application with everything its pages say.
pub(crate) struct Case<'a> {
    service: &'a Service,
    form: &'a Form,
    application: Application,
    versions: Vec<Version>,
    steps: Vec<Step>,
}

impl Case<'_> {
    /// The files of all versions.
    pub(crate) fn attached(&self) -> Vec<Attached> {
        self.versions.iter().flat_map(|version| self.form.all_attached(&version.data)).collect()
    }

    fn newest(&self) -> Option<&Version> {
        self.versions.first()
    }

    fn outcome(&self) -> Value {
        self.newest().and_then(|version| version.outcome.clone()).unwrap_or_default()
    }
}

/// The application of this name, if it is the reader's.
pub(crate) async fn find<'a>(
    portal: &'a Portal,
    view: &View,
    session: Option<Extension<Session>>,
    id: &str,
) -> Result<Case<'a>, Stop> {
    let Extension(session) = session.ok_or_else(|| first_sign_in(view))?;
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
) -> Answer {
    let case = find(&portal, &view, session, &id).await?;
    Ok(portal.parts.pages.show(&view, "portal/application.html", values(&portal, &view, &case)))
}

/// `GET /account/applications/{id}/print`: nothing but what was decided.
pub(crate) async fn print(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    let case = find(&portal, &view, session, &id).await?;
    Ok(match case.application.state.as_str() {
        "registered" => portal.parts.pages.show(&view, "portal/print.html", values(&portal, &view, &case)),
        _ => portal.not_found(&view),
    })
}

fn values(portal: &Portal, view: &View, case: &Case<'_>) -> Shown {
    let pages = &portal.parts.pages;
    let base = view.url(&format!("/account/applications/{}", case.application.id));
    let (day, files) = (minsk_day(view.at), format!("{base}/files"));
    let offer = Offer { pages, service: case.service, form: case.form, lang: view.lang, day, files: &files };
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
        base,
    }
}

/// A file to keep, under a name in any letters (RFC 6266, RFC 8187).
pub(crate) fn file(body: impl Into<Body>, media: &str, name: &str) -> Response<Body> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(media).unwrap_or(plain));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    let simple = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
    let ascii: String = name.chars().map(|sign| if simple(sign) { sign } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{ascii}\"");
    if ascii != name {
        let whole: String = name.bytes().map(encoded).collect();
        value.push_str(&format!("; filename*=UTF-8''{whole}"));
    }
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// A byte of a name as RFC 8187 writes it.
fn encoded(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    }
}

/// `GET /account/applications/{id}/evidence.json`: receipt, record and salt, which anybody can check.
pub(crate) async fn evidence(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    let case = find(&portal, &view, session, &id).await?;
    let nothing = || portal.not_found(&view);
    let exchange = case.newest().and_then(|version| version.request_id).ok_or_else(nothing)?;
    let entry = portal.parts.reader.entry(exchange.into_bytes(), &portal.parts.vault).await;
    let (private, receipt) = entry.map_err(|error| portal.failed(&view, &error))?.ok_or_else(nothing)?;
    let (record, salt) = (private.record, hex::encode(private.salt));
    let text = json!({ "receipt": receipt.to_string(), "record": record, "salt": salt });
    Ok(file(format!("{text:#}\n"), "application/json", "evidence.json"))
}

/// `GET /account/applications/{id}/deadline.ics`: the last day that counts, as a whole day (RFC 5545).
pub(crate) async fn calendar(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    let case = find(&portal, &view, session, &id).await?;
    let outcome = case.outcome();
    let day = ["registered_to", "deadline", "until"].into_iter().find_map(|name| outcome.get(name)?.as_str());
    let day = day.and_then(|day| day.get(..10)).and_then(|day| parse_day(day).ok());
    let day = day.ok_or_else(|| portal.not_found(&view))?;
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
    Ok(file(text, "text/calendar; charset=utf-8", "deadline.ics"))
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
