//! Asking for a message: to sign up, or for a new password. The page answers the same for known and unknown addresses.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Response, StatusCode};
use mail::Address;
use minijinja::context;
use model::Unp;
use store::Tx;
use web::pages::{Form, View, see_other};

use super::{Faults, Sheet, asked, wait_text, with_flow, write};
use crate::account::{self, Kind, Profile};
use crate::error::Page;
use crate::secret::Token;
use crate::ticket::{self, Body as Asked, Purpose};
use crate::visitor::{self, Cookie, Visitor};
use crate::{Identity, limit};

/// Longest name.
const NAME: usize = 100;
/// Longest name of an organisation.
const ORGANISATION: usize = 250;

const fn template(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Register => "identity/register.html",
        Purpose::Reset => "identity/reset.html",
    }
}

pub(super) async fn show(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let flow = asked(query.clone(), "flow");
    let kind = if asked(query, "kind") == "organisation" { "organisation" } else { "person" };
    let page = Sheet::new(&core, &view, template(purpose)).flow(&flow).show(context! { kind, typed => context! {} });
    let page = page.await;
    core.settle(&view, page)
}

pub(super) async fn post(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    form: Form,
) -> Response<Body> {
    let page = ask(purpose, &core, &view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn ask(purpose: Purpose, core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let flow = form.get("flow");
    let again = |status: StatusCode, faults: Faults| {
        let typed: BTreeMap<&str, String> = ["email", "surname", "given_name", "patronymic", "organisation", "unp"]
            .into_iter()
            .map(|name| (name, form.get(name).to_owned()))
            .collect();
        let kind = if form.get("kind") == "organisation" { "organisation" } else { "person" };
        let sheet = Sheet::new(core, view, template(purpose)).flow(flow).wrong(faults).status(status);
        sheet.show(context! { kind, typed })
    };
    let body = match read(purpose, core, view, form) {
        Ok(body) => body,
        Err(faults) => return again(StatusCode::UNPROCESSABLE_ENTITY, faults).await,
    };
    let browser = Token::draw();
    let (own, now, origin, waiting) = (core.clone(), core.clock.micros(), visitor.origin.clone(), browser.hash);
    let put = core.db.write(move |tx| {
        let email = body.email.key();
        let to = limit::take(tx, &own.vault, &limit::MESSAGES, email.as_bytes(), now)?;
        let from = limit::take(tx, &own.vault, &limit::MESSAGES_FROM, origin.as_bytes(), now)?;
        match to.max(from) {
            Some(seconds) => Ok(Some(seconds)),
            None => put(tx, &own, purpose, body, &waiting, now).map(|()| None),
        }
    });
    if let Some(seconds) = put.await? {
        let text = wait_text(core, view.lang, "id.wait.messages", seconds);
        return again(StatusCode::TOO_MANY_REQUESTS, Faults::one("email", text)).await;
    }
    let mut response = see_other(&view.url(&format!("/{}/sent", purpose.as_str())));
    visitor::set(core, &mut response, Cookie::Browser, &browser.text);
    Ok(response)
}

/// The ticket and its message; who has an account is told by the message, never by the page.
fn put(
    tx: &mut Tx<'_>,
    core: &Identity,
    purpose: Purpose,
    mut body: Asked,
    waiting: &[u8; 32],
    now: i64,
) -> Result<(), store::Error> {
    let known = account::by_email(tx, &core.vault, &body.email)?;
    body.idle = known.is_some() != (purpose == Purpose::Reset);
    let sent = ticket::issue(tx, &core.vault, purpose, &body, waiting, now)?;
    let base = format!("{}/{}", core.config.base_url, body.lang.code());
    let link = format!("{base}/{}/confirm?token={}", purpose.as_str(), sent.token);
    let (sign_in, reset, register) = (format!("{base}/sign-in"), format!("{base}/reset"), format!("{base}/register"));
    // What is told goes to the address of the account, however the other was spelt.
    let to = known.as_ref().map_or_else(
        || Profile { email: Some(body.email.clone()), ..Profile::default() },
        |account| account.profile.clone(),
    );
    match (purpose, body.idle) {
        (Purpose::Register, false) => {
            write(tx, core, &to, body.lang, "register", &[("link", &link), ("code", &sent.code)])
        }
        (Purpose::Register, true) => {
            write(tx, core, &to, body.lang, "known", &[("sign_in", &sign_in), ("reset", &reset)])
        }
        (Purpose::Reset, false) => write(tx, core, &to, body.lang, "reset", &[("link", &link), ("code", &sent.code)]),
        (Purpose::Reset, true) => write(tx, core, &to, body.lang, "unknown", &[("register", &register)]),
    }
}

/// What was asked, or what is wrong with each field.
fn read(purpose: Purpose, core: &Identity, view: &View, form: &Form) -> Result<Asked, Faults> {
    let mut faults = Faults::default();
    let fault = |key: &str| core.text(view.lang, &format!("id.fault.{key}"));
    let email = Address::parse(form.get("email")).ok();
    if email.is_none() {
        faults.add("email", fault("email"));
    }
    let kind = if form.get("kind") == "organisation" { Kind::Organisation } else { Kind::Person };
    let mut profile = Profile { email: email.clone(), lang: view.lang, ..Profile::default() };
    if purpose == Purpose::Register {
        for (field, needed, place) in [
            ("surname", true, &mut profile.surname),
            ("given_name", true, &mut profile.given_name),
            ("patronymic", false, &mut profile.patronymic),
        ] {
            let name = form.get(field).split_whitespace().collect::<Vec<_>>().join(" ");
            if (needed || !name.is_empty()) && !is_name(&name) {
                faults.add(field, fault(field));
            }
            *place = name;
        }
        if kind == Kind::Organisation {
            let name = form.get("organisation");
            if name.is_empty() || name.chars().count() > ORGANISATION || name.contains(char::is_control) {
                faults.add("organisation", fault("organisation"));
            }
            let unp = Unp::parse(form.get("unp")).ok();
            if unp.is_none() {
                faults.add("unp", fault("unp"));
            }
            profile.organisation = Some(name.to_owned());
            profile.unp = unp.map(|unp| unp.as_str().to_owned());
        }
    }
    match email {
        Some(email) if faults.is_empty() => {
            let flow = form.get("flow").to_owned();
            Ok(Asked { email, kind, profile, lang: view.lang, flow, idle: false })
        }
        _ => Err(faults),
    }
}

/// Letters of any script, and what stands between them in names.
fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphabetic() || is_mark(c) || matches!(c, ' ' | '-' | '\'' | '’' | 'ʼ' | '.' | '`');
    text.chars().count() <= NAME && text.contains(char::is_alphabetic) && text.chars().all(fits)
}

/// Combining accents.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// The address with the flow, for a person who must ask anew.
pub(super) fn ask_anew(view: &View, purpose: Purpose, flow: &str) -> Response<Body> {
    see_other(&with_flow(view, &format!("/{}", purpose.as_str()), flow))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_scripts_are_names() {
        for name in ["Kavalenka", "Дзям'янаў", "Müller-Lüdenscheidt", "王", "O’Neill", "de la Cruz", "Jr."]
        {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "-", "a1", "a@b", "<b>", "http://a", &"я".repeat(NAME + 1)] {
            assert!(!is_name(other), "{other}");
        }
    }
}
