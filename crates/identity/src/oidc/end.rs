//! `/oidc/session/end`: a client asks to sign the person out (OpenID Connect RP-Initiated Logout).

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::Response;
use minijinja::context;
use model::Lang;
use serde_json::Value;
use web::pages::{Form, View, see_other};

use super::{auth, keys};
use crate::audit::{self, Event};
use crate::error::Page;
use crate::session::{self, Session};
use crate::visitor::{self, Cookie, Visitor};
use crate::{Error, Identity};

pub(super) async fn get(
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    end(&core, view, &visitor, &form).await
}

pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    end(&core, view, &visitor, &form).await
}

async fn end(core: &Identity, mut view: View, visitor: &Visitor, form: &Form) -> Response<Body> {
    let lang = form.get("ui_locales").split(' ').find_map(Lang::from_code);
    view.lang = lang.unwrap_or(view.lang);
    view.path = "/".to_owned();
    let page = ended(core, &view, visitor, form).await;
    core.settle(&view, page)
}

async fn ended(core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let hint = match form.get("id_token_hint") {
        "" => None,
        token => match keys::hinted(core, token).await? {
            Some(claims) => Some(claims),
            None => return Ok(auth::untrusted(core, view, "hint")),
        },
    };
    let told = |name: &str| hint.as_ref().and_then(|claims| claims.get(name)).and_then(Value::as_str);
    let client = match (told("aud"), form.get("client_id")) {
        (Some(aud), "") => aud,
        (Some(aud), named) if aud != named => return Ok(auth::untrusted(core, view, "hint")),
        (_, named) => named,
    };
    let Some(target) = target(core, client, form.get("post_logout_redirect_uri"), form.get("state")) else {
        return Ok(auth::untrusted(core, view, "redirect"));
    };
    match visitor.session(core).await? {
        Some((session, _)) if told("sid") == Some(&session.sid()) => {
            leave(core, view, visitor, &session, &target).await
        }
        // Nobody but the person may end what no client can name: a link on any page could do it.
        Some(_) => {
            let values = context! {
                client,
                target => form.get("post_logout_redirect_uri"),
                state => form.get("state"),
            };
            let mut response = core.pages.show(view, "identity/sign-out.html", values);
            core.lead_to_client(&mut response, &target);
            Ok(response)
        }
        None => Ok(gone_to(view, &target)),
    }
}

/// Where the person goes afterwards: empty for our own page; none when the client has no such address.
pub(crate) fn target(core: &Identity, client: &str, uri: &str, state: &str) -> Option<String> {
    if uri.is_empty() {
        return Some(String::new());
    }
    let client = core.clients.get(client)?;
    if !client.post_logout_redirect_uris.iter().any(|known| known == uri) {
        return None;
    }
    if state.is_empty() {
        return Some(uri.to_owned());
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    let joint = if uri.contains('?') { '&' } else { '?' };
    Some(format!("{uri}{joint}{query}"))
}

fn gone_to(view: &View, target: &str) -> Response<Body> {
    if target.is_empty() { see_other(&view.url("/signed-out")) } else { see_other(target) }
}

/// The session is over and the person on the way to `target`.
pub(crate) async fn leave(core: &Identity, view: &View, visitor: &Visitor, session: &Session, target: &str) -> Page {
    let (now, own, address) = (core.clock.micros(), core.clone(), visitor.address.clone());
    let (account, id) = (session.account, session.id);
    core.db
        .write(move |tx| {
            if session::end(tx, &own, account, &id, now)? {
                audit::note(tx, account, Event::SignedOut, now, &address)?;
            }
            Ok(())
        })
        .await
        .map_err(Error::from)?;
    let mut response = gone_to(view, target);
    visitor::clear(core, &mut response, Cookie::Session);
    Ok(response)
}
