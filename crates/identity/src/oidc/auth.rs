//! `/oidc/auth`: a client sends a person to sign in; the answer is a code at its own address, or why there is none.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Response, StatusCode};
use minijinja::context;
use model::Lang;
use store::{Error, Tx};
use uuid::Uuid;
use web::pages::{Form, View, see_other};

use super::{claims, grant};
use crate::Identity;
use crate::account::{Account, Level};
use crate::config::Client;
use crate::error::{Fail, Page};
use crate::flow::{self, Flow, Prompt, Request};
use crate::session::Session;
use crate::visitor::Visitor;

store::statements! {
    /// What a person allowed a client.
    CONSENTED = "SELECT scope, at FROM identity_consent WHERE account = $1 AND client = $2";
    /// A person allows a client.
    CONSENT = "INSERT INTO identity_consent (account, client, scope, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account, client) DO UPDATE SET scope = excluded.scope, at = excluded.at";
}

/// Longest parameter.
const LONGEST: usize = 2000;
/// Parameters that may stand once.
const SINGLE: [&str; 15] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "request",
    "request_uri",
    "registration",
];

/// Why there is no code.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// Nobody can be told but the person: the address to go back to is not trusted. The end of the text's key.
    Person(&'static str),
    /// The client is told, at its own address.
    Client(String),
}

pub(super) async fn get(
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    begin(&core, view, &visitor, &form).await
}

pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    begin(&core, view, &visitor, &form).await
}

async fn begin(core: &Identity, mut view: View, visitor: &Visitor, form: &Form) -> Response<Body> {
    let lang = form.get("ui_locales").split(' ').find_map(|tag| Lang::from_code(tag.split('-').next().unwrap_or(tag)));
    view.lang = lang.unwrap_or(view.lang);
    view.path = "/".to_owned();
    let page = match read(core, form) {
        Ok(request) => proceed(core, view.lang, visitor, request, None).await,
        Err(Trouble::Client(url)) => Ok(see_other(&url)),
        Err(Trouble::Person(why)) => Ok(untrusted(core, &view, why)),
    };
    core.settle(&view, page)
}

/// The page for a request that cannot be answered to anybody else.
pub(super) fn untrusted(core: &Identity, view: &View, why: &str) -> Response<Body> {
    let text = core.text(view.lang, &format!("id.oidc-error.{why}"));
    core.pages.show_as(StatusCode::BAD_REQUEST, view, "identity/oidc-error.html", context! { text })
}

/// Back from the pages of sign-in, sign-up or consent.
pub(super) async fn resume(
    State(core): State<Identity>,
    mut view: View,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    view.lang = Lang::from_code(form.get("lang")).unwrap_or(view.lang);
    view.path = "/".to_owned();
    let name = form.get("flow").to_owned();
    let page = async {
        let flow = kept(&core, &name).await?.ok_or(Fail::Gone)?;
        proceed(&core, view.lang, &visitor, flow.request.clone(), Some((name, flow.at))).await
    };
    let page = page.await;
    core.settle(&view, page)
}

async fn kept(core: &Identity, name: &str) -> Result<Option<Flow>, Error> {
    let (name, now, vault) = (name.to_owned(), core.clock.micros(), core.vault.clone());
    core.db.read(move |tx| flow::find(tx, &vault, &name, now)).await
}

/// The request, checked: what remains depends on the person only.
fn read(core: &Identity, form: &Form) -> Result<Request, Trouble> {
    let twice = SINGLE.iter().any(|name| form.all(name).len() > 1);
    let long = form.pairs().iter().any(|(_, value)| value.len() > LONGEST);
    let client = core.clients.get(form.get("client_id")).ok_or(Trouble::Person("client"))?;
    let redirect_uri = form.get("redirect_uri");
    if form.all("redirect_uri").len() != 1 || !client.redirects_to(redirect_uri) {
        return Err(Trouble::Person("redirect"));
    }
    let state = Some(form.get("state").to_owned()).filter(|state| !state.is_empty());
    let told = |error: &str, why: &str| {
        Trouble::Client(refusal(core, redirect_uri, if twice { None } else { state.as_deref() }, error, why))
    };
    if twice || long {
        return Err(told("invalid_request", "a parameter stands twice or is too long"));
    }
    if form.has("request") || form.has("request_uri") {
        let error = if form.has("request") { "request_not_supported" } else { "request_uri_not_supported" };
        return Err(told(error, "send the parameters themselves"));
    }
    if form.get("response_type") != "code" || !matches!(form.get("response_mode"), "" | "query") {
        return Err(told("unsupported_response_type", "expected response_type=code, response_mode=query"));
    }
    let scope = claims::known(form.get("scope"));
    if !claims::has(&scope, "openid") {
        return Err(told("invalid_scope", "openid is missing"));
    }
    let challenge = form.get("code_challenge");
    let is_digest = challenge.len() == 43 && crate::secret::from_base64url(challenge).is_some();
    if !is_digest || form.get("code_challenge_method") != "S256" {
        return Err(told("invalid_request", "PKCE is needed: code_challenge with code_challenge_method=S256"));
    }
    let prompt = prompt(form.get("prompt")).ok_or_else(|| told("invalid_request", "prompt"))?;
    let max_age = match form.get("max_age") {
        "" => None,
        text => Some(
            text.parse()
                .ok()
                .filter(|age| (0..=31_536_000).contains(age))
                .ok_or_else(|| told("invalid_request", "max_age"))?,
        ),
    };
    let acr = level(form.get("acr_values"), |level| core.offers(level))
        .ok_or_else(|| told("unmet_authentication_requirements", "none of these levels is offered"))?;
    Ok(Request {
        client: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.clone(),
        nonce: Some(form.get("nonce").to_owned()).filter(|nonce| !nonce.is_empty()),
        challenge: challenge.to_owned(),
        scope: granted(client, &scope, prompt),
        prompt,
        max_age,
        acr: acr.map(|level| level.as_str().to_owned()),
    })
}

/// `offline_access` counts only where the person sees the question (OpenID Connect Core §11), or for NAIS itself.
fn granted(client: &Client, scope: &str, prompt: Prompt) -> String {
    let kept = |word: &&str| *word != "offline_access" || prompt.consent || client.first_party;
    scope.split(' ').filter(kept).collect::<Vec<_>>().join(" ")
}

fn prompt(text: &str) -> Option<Prompt> {
    let mut prompt = Prompt::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            // There is one account in a browser at a time: to choose another is to sign in anew.
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            "create" => prompt.create = true,
            _ => return None,
        }
    }
    let alone = !(prompt.login || prompt.consent || prompt.create);
    (!prompt.none || alone).then_some(prompt)
}

/// The first level asked for that we offer; none when nothing was asked that we know; the outer none when what was asked
/// is known and not offered.
fn level(text: &str, offers: impl Fn(Level) -> bool) -> Option<Option<Level>> {
    let known: Vec<Level> = text.split(' ').filter_map(Level::parse).collect();
    match known.iter().copied().find(|level| offers(*level)) {
        None if !known.is_empty() => None,
        offered => Some(offered),
    }
}

/// What comes next for this person: signing in, a question, or the code.
async fn proceed(
    core: &Identity,
    lang: Lang,
    visitor: &Visitor,
    request: Request,
    kept: Option<(String, i64)>,
) -> Page {
    let now = core.clock.micros();
    let since = kept.as_ref().map(|(_, at)| *at);
    let told = |error: &str, why: &str| {
        Ok(see_other(&refusal(core, &request.redirect_uri, request.state.as_deref(), error, why)))
    };
    let session = visitor.session(core).await?;
    let session = session
        .filter(|(session, _)| since.is_some_and(|at| session.auth_at >= at) || satisfies(session, &request, now));
    let Some((session, _)) = session else {
        if request.prompt.none {
            return told("login_required", "the person is not signed in as asked");
        }
        let path = if request.prompt.create { "register" } else { "sign-in" };
        return Ok(see_other(&format!("/{}/{path}?flow={}", lang.code(), named(core, request, kept).await?)));
    };
    let client = core.clients.get(&request.client).ok_or(Fail::Gone)?;
    if !client.first_party && !consented(core, &session, &request, since).await? {
        if request.prompt.none {
            return told("consent_required", "the person has not allowed this yet");
        }
        return Ok(see_other(&format!("/{}/consent?flow={}", lang.code(), named(core, request, kept).await?)));
    }
    give(core, session, request, kept.map(|(name, _)| name)).await
}

fn satisfies(session: &Session, request: &Request, now: i64) -> bool {
    let young = request.max_age.is_none_or(|age| now - session.auth_at <= age * 1_000_000);
    let sure = request.acr.as_deref().and_then(Level::parse).is_none_or(|level| session.acr >= level);
    young && sure && !request.prompt.login && !request.prompt.create
}

/// The name under which the request is kept.
async fn named(core: &Identity, request: Request, kept: Option<(String, i64)>) -> Result<String, Error> {
    if let Some((name, _)) = kept {
        return Ok(name);
    }
    let (now, vault) = (core.clock.micros(), core.vault.clone());
    core.db.write(move |tx| flow::keep(tx, &vault, &request, now)).await
}

/// Whether the person allowed this; with `prompt=consent`, since the request came.
async fn consented(core: &Identity, session: &Session, request: &Request, since: Option<i64>) -> Result<bool, Error> {
    let (account, client) = (session.account, request.client.clone());
    let found = core.db.read(move |tx| {
        tx.query_opt(&CONSENTED, &[account.as_bytes().into(), (&client).into()], |row| {
            Ok((row.text(0)?.to_owned(), row.int(1)?))
        })
    });
    Ok(found.await?.is_some_and(|(scope, at)| {
        let covers = request.scope.split(' ').all(|word| claims::has(&scope, word));
        covers && (!request.prompt.consent || since.is_some_and(|since| at >= since))
    }))
}

/// The person allows the client these scopes, beside those allowed before: a client that asks for less takes nothing back.
pub(crate) fn consent(tx: &mut Tx<'_>, account: Uuid, request: &Request, now: i64) -> Result<(), Error> {
    let who = [account.as_bytes().into(), (&request.client).into()];
    let before = tx.query_opt(&CONSENTED, &who, |row| Ok(row.text(0)?.to_owned()))?.unwrap_or_default();
    let scope = claims::known(&format!("{before} {}", request.scope));
    let row = [account.as_bytes().into(), (&request.client).into(), (&scope).into(), now.into()];
    tx.execute(&CONSENT, &row).map(|_| ())
}

async fn give(core: &Identity, session: Session, request: Request, kept: Option<String>) -> Page {
    let (now, asked) = (core.clock.micros(), request.clone());
    let code = core.db.write(move |tx| {
        if let Some(name) = &kept
            && !flow::take(tx, name)?
        {
            return Ok(None);
        }
        grant::issue(tx, &session, &asked, &asked.scope, now).map(Some)
    });
    let code = code.await?.ok_or(Fail::Gone)?;
    Ok(see_other(&back(core, &request.redirect_uri, &[("code", Some(&code)), ("state", request.state.as_deref())])))
}

/// The person says no: the client is told.
pub(crate) async fn deny(core: &Identity, name: &str, request: &Request) -> Page {
    let name = name.to_owned();
    if !core.db.write(move |tx| flow::take(tx, &name)).await? {
        return Err(Fail::Gone);
    }
    let url = refusal(core, &request.redirect_uri, request.state.as_deref(), "access_denied", "the person said no");
    Ok(see_other(&url))
}

/// The kept request and the person, for the page that asks.
pub(crate) async fn waits_for_consent(
    core: &Identity,
    visitor: &Visitor,
    name: &str,
) -> Result<(Flow, Session, Account), Fail> {
    let flow = kept(core, name).await?.ok_or(Fail::Gone)?;
    let (session, account) = visitor.session(core).await?.ok_or(Fail::Gone)?;
    Ok((flow, session, account))
}

fn refusal(core: &Identity, redirect_uri: &str, state: Option<&str>, error: &str, why: &str) -> String {
    back(core, redirect_uri, &[("error", Some(error)), ("error_description", Some(why)), ("state", state)])
}

/// The client's address with these parameters, and who answers (RFC 9207).
fn back(core: &Identity, redirect_uri: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.append_pair("iss", &core.config.issuer()).finish();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    format!("{redirect_uri}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(prompt("login consent").map(|p| (p.login, p.consent, p.none)), Some((true, true, false)));
        assert_eq!(prompt(""), Some(Prompt::default()));
        assert!(prompt("none").is_some() && prompt("none login").is_none() && prompt("maybe").is_none());
        let (all, some) = (|_| true, |level| level < Level::High);
        assert_eq!(level("", some), Some(None));
        assert_eq!(level("high substantial low", some), Some(Some(Level::Substantial)));
        assert_eq!(level("high substantial low", all), Some(Some(Level::High)));
        assert_eq!(level("urn:other", some), Some(None));
        assert_eq!(level("high", some), None);
    }
}
