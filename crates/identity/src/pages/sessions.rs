//! The sessions of an account, what happened to it, and signing out: here, there, everywhere.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use jiff::Timestamp;
use minijinja::{Value, context};
use uuid::Uuid;
use web::pages::{Form, View, see_other};

use super::{Sheet, signed_in};
use crate::audit::{self, Event, Line};
use crate::error::{Fail, Page};
use crate::session::{self, Session};
use crate::visitor::{self, Cookie, Visitor};
use crate::{Identity, oidc};

/// How much of what happened is shown.
const LINES: i64 = 50;

/// A moment as templates take it.
pub(super) fn iso(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map(|at| at.to_string()).unwrap_or_default()
}

pub(super) async fn show(State(core): State<Identity>, mut view: View, visitor: Visitor) -> Response<Body> {
    let page = list(&core, &mut view, &visitor).await;
    core.settle(&view, page)
}

async fn list(core: &Identity, view: &mut View, visitor: &Visitor) -> Page {
    let (own, account) = match signed_in(core, view, visitor).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let (now, id) = (core.clock.micros(), account.id);
    let (sessions, lines) =
        core.db.read(move |tx| Ok((session::all(tx, id, now)?, audit::recent(tx, id, LINES)?))).await?;
    let session = |session: &Session| {
        context! {
            id => session.sid(),
            current => session.id == own.id,
            auth_at => iso(session.auth_at),
            seen_at => iso(session.seen_at),
            address => &session.address,
            agent => &session.agent,
        }
    };
    let line = |line: &Line| {
        let what = core.text(view.lang, &format!("id.event.{}", line.kind));
        context! { at => iso(line.at), what, address => &line.address }
    };
    let sessions: Vec<Value> = sessions.iter().map(session).collect();
    let lines: Vec<Value> = lines.iter().map(line).collect();
    let values = context! { sessions, lines, two_step => account.totp.is_some() };
    Sheet::new(core, view, "identity/sessions.html").show(values).await
}

/// One session is over, or all but this one.
pub(super) async fn end(State(core): State<Identity>, mut view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = ended(&core, &mut view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn ended(core: &Identity, view: &mut View, visitor: &Visitor, form: &Form) -> Page {
    let (own, account) = match signed_in(core, view, visitor).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let (now, id, address) = (core.clock.micros(), account.id, visitor.address.clone());
    let other = core.clone();
    if form.has("everywhere") {
        core.db
            .write(move |tx| {
                session::end_all(tx, &other, id, None, now)?;
                audit::note(tx, id, Event::SignedOutEverywhere, now, &address)
            })
            .await?;
        let mut response = see_other(&view.url("/signed-out"));
        visitor::clear(core, &mut response, Cookie::Session);
        return Ok(response);
    }
    let wanted = Uuid::try_parse(form.get("session")).map_err(|_| Fail::Missing)?.into_bytes();
    if wanted == own.id {
        return oidc::leave(core, view, visitor, &own, "").await;
    }
    let gone = core.db.write(move |tx| {
        let gone = session::end(tx, &other, id, &wanted, now)?;
        if gone {
            audit::note(tx, id, Event::SessionEnded, now, &address)?;
        }
        Ok(gone)
    });
    // One that is over already is as good.
    let _ = gone.await?;
    Ok(see_other(&view.url("/identity/sessions")))
}

/// The page that asks whether to sign out.
pub(super) async fn ask_sign_out(State(core): State<Identity>, mut view: View, visitor: Visitor) -> Response<Body> {
    let page = async {
        match signed_in(&core, &mut view, &visitor).await? {
            Ok(_) => {
                let values = context! { client => "", target => "", state => "" };
                Sheet::new(&core, &view, "identity/sign-out.html").show(values).await
            }
            Err(_) => Ok(see_other(&view.url("/signed-out"))),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

pub(super) async fn sign_out(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = async {
        let target =
            oidc::target(&core, form.get("client"), form.get("target"), form.get("state")).ok_or(Fail::Missing)?;
        match visitor.session(&core).await? {
            Some((session, _)) => oidc::leave(&core, &view, &visitor, &session, &target).await,
            None => Ok(see_other(&view.url("/signed-out"))),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

pub(super) async fn signed_out(State(core): State<Identity>, view: View) -> Response<Body> {
    let values = context! {
        heading => core.text(view.lang, "id.notice.signed-out.title"),
        text => core.text(view.lang, "id.notice.signed-out.text"),
        again => false,
        purpose => "",
    };
    let page = Sheet::new(&core, &view, "identity/notice.html").show(values).await;
    core.settle(&view, page)
}
