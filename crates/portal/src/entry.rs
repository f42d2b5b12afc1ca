//! Coming in and going out: to UIS ILE and back.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::Lang;
use serde::Deserialize;
use web::pages::{self, View, see_other};

use crate::relying::Away;
use crate::session::{self, BROWSER, SESSION, Session};
use crate::{Error, Portal};

/// The cookie of a sign-in under way.
const AWAY: &str = "nais_away";
/// How long a person may take at the identity provider: as long as its confirmation by e-mail is good for.
const TIME: Duration = Duration::from_hours(24);
const AAD: &[u8] = b"portal-away";

#[derive(Deserialize)]
pub(crate) struct To {
    #[serde(default)]
    to: String,
    /// Whoever is not signed in there probably has no account yet.
    #[serde(default)]
    new: String,
}

#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
}

/// A path of this portal below a language, and nothing else.
fn local(to: &str, lang: Lang) -> String {
    let known = |to: &&str| Lang::ALL.iter().any(|lang| to.starts_with(&format!("/{}/", lang.code())));
    let safe = pages::local(to).filter(known).filter(|to| !to.contains("//"));
    safe.map_or_else(|| format!("/{}/account", lang.code()), str::to_owned)
}

/// Where a page that needs an account sends a reader who has not signed in.
pub(crate) fn first_sign_in(view: &View) -> Response<Body> {
    sign_in_to(view, &view.path)
}

/// The same for a form that cannot be sent without an account: a page is gone back to, never a form's own address.
pub(crate) fn sign_in_to(view: &View, page: &str) -> Response<Body> {
    see_other(&view.url(&address(&view.url(page), false)))
}

/// The same for a reader who probably has no account yet.
pub(crate) fn sign_up_to(view: &View, page: &str) -> Response<Body> {
    see_other(&view.url(&address(&view.url(page), true)))
}

/// The way in that ends at `to`, below the language; for newcomers it begins with signing up.
pub(crate) fn address(to: &str, new: bool) -> String {
    let to = form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>();
    format!("/enter?to={to}{}", if new { "&new=1" } else { "" })
}

/// Scheme, host and port of an absolute address.
pub(crate) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}

/// `GET /enter?to=…`: off to the identity provider.
pub(crate) async fn enter(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Query(wanted): Query<To>,
) -> Response<Body> {
    let to = local(&wanted.to, view.lang);
    if session.is_some() {
        return see_other(&to);
    }
    let away = Away::begin(&to, view.lang.code(), !wanted.new.is_empty());
    let prompt = if away.silent { Some("none") } else { None };
    leave_for(&portal, &view, &away, prompt).await
}

/// Off to the identity provider, with what has to come back.
async fn leave_for(portal: &Portal, view: &View, away: &Away, prompt: Option<&str>) -> Response<Body> {
    let url = match portal.relying.authorization(away, prompt).await {
        Ok(url) => url,
        Err(error) => return portal.failed(view, &error),
    };
    let Ok(json) = serde_json::to_vec(away) else { return portal.failed(view, &"a sign-in has no form") };
    let sealed = BASE64_URL_SAFE_NO_PAD.encode(portal.parts.vault.seal(AAD, &json));
    let mut response = see_other(&url);
    let cookie = pages::set_cookie(AWAY, &sealed, Some(TIME), portal.parts.config.secure(), "/callback");
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn away(portal: &Portal, headers: &HeaderMap) -> Option<Away> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(pages::cookie(headers, AWAY)?).ok()?;
    serde_json::from_slice(&portal.parts.vault.open(AAD, &sealed).ok()?).ok()
}

/// `GET /callback`: back from the identity provider.
pub(crate) async fn callback(
    State(portal): State<Portal>,
    mut view: View,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Response<Body> {
    let Some(away) = away(&portal, &headers) else {
        return portal.parts.pages.error(&view, StatusCode::BAD_REQUEST, "sign-in-lost");
    };
    view.lang = Lang::from_code(&away.lang).unwrap_or(view.lang);
    view.path = "/account".to_owned();
    if !away.is(&back.state) {
        return portal.parts.pages.error(&view, StatusCode::BAD_REQUEST, "sign-in-lost");
    }
    if away.silent && back.error == "login_required" {
        // Nobody is signed in there: now with the page that makes an account, from which one can sign in too.
        let away = Away::begin(&away.to, view.lang.code(), false);
        return leave_for(&portal, &view, &away, Some("create")).await;
    }
    if !back.error.is_empty() {
        // The person changed their mind: back to where they were, or to the beginning.
        return see_other(&view.url("/services"));
    }
    match signed_in(&portal, &back.code, &away).await {
        Ok(cookie) => {
            let mut response = see_other(&local(&away.to, view.lang));
            let gone = pages::set_cookie(AWAY, "", Some(Duration::ZERO), portal.parts.config.secure(), "/callback");
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response.headers_mut().append(header::SET_COOKIE, gone);
            response
        }
        Err(error) => portal.failed(&view, &error),
    }
}

async fn signed_in(portal: &Portal, code: &str, away: &Away) -> Result<axum::http::HeaderValue, Error> {
    let (person, sid) = portal.relying.redeem(code, away).await?;
    Ok(session::begin(portal, &person, &sid).await?)
}

/// `POST /account/sign-out`: here and at the identity provider.
pub(crate) async fn leave(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(error) = session::end(&portal, &headers).await {
        return portal.failed(&view, &error);
    }
    let to = match &session {
        Some(session) => portal.relying.ended(&session.person.id_token, view.lang.code()).await,
        None => Ok(view.url("/")),
    };
    // Signed out here in any case; the provider's session ends by itself where it cannot be reached.
    let mut response = see_other(&to.unwrap_or_else(|_| view.url("/")));
    for name in [SESSION, BROWSER] {
        let gone = pages::set_cookie(name, "", Some(Duration::ZERO), portal.parts.config.secure(), "/");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_cut_from_addresses() {
        for (url, expected) in [
            ("https://ile.example:8443/oidc", "https://ile.example:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("", ""),
        ] {
            assert_eq!(origin(url), expected);
        }
    }

    #[test]
    fn only_pages_of_the_portal_are_gone_to() {
        assert_eq!(local("/be/services/200.12.14.1/apply", Lang::En), "/be/services/200.12.14.1/apply");
        for evil in
            ["", "https://evil.example/", "//evil.example", "/\\evil", "/en//evil.example", "/en/\r\nx: y", "/de/x"]
        {
            assert_eq!(local(evil, Lang::Ru), "/ru/account", "{evil}");
        }
    }
}
