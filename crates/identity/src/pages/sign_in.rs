//! Signing in: e-mail address or identification number, and its password.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Response, StatusCode};
use minijinja::{Value, context};
use web::pages::{Form, View};

use super::{Faults, Sheet, asked, onward, passkeys, second_factor, typed, wait_text};
use crate::account::{self, Account, Level, Login};
use crate::audit::{self, Event};
use crate::error::{Fail, Page};
use crate::passkey::Purpose;
use crate::password::Verdict;
use crate::session::{self, SignIn};
use crate::visitor::{self, Cookie, Visitor};
use crate::{Identity, limit};

/// Longest password that is looked at.
const LONGEST: usize = 512;

pub(super) async fn show(State(core): State<Identity>, view: View, RawQuery(query): RawQuery) -> Response<Body> {
    let flow = asked(query, "flow");
    let page = again(&core, &view, &flow, "", Faults::default()).await;
    core.settle(&view, page)
}

pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = sign_in(&core, &view, &visitor, &form).await;
    core.settle(&view, page)
}

/// The page, with what is wrong.
pub(super) async fn again(core: &Identity, view: &View, flow: &str, login: &str, faults: Faults) -> Page {
    sheet(core, view, flow).wrong(faults).show(values(core, login)).await
}

fn sheet<'a>(core: &'a Identity, view: &'a View, flow: &'a str) -> Sheet<'a> {
    Sheet::new(core, view, "identity/sign-in.html").flow(flow)
}

fn values(core: &Identity, login: &str) -> Value {
    let card = core.trust.is_some();
    context! { login, card, ask => passkeys::question(core, Purpose::SignIn, &[]) }
}

async fn sign_in(core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let flow = form.get("flow");
    let told = |faults| again(core, view, flow, form.get("login"), faults);
    let password = typed(form, "password");
    let Some(login) = Login::parse(form.get("login")) else {
        return told(Faults::one("login", core.text(view.lang, "id.fault.login"))).await;
    };
    if password.is_empty() || password.len() > LONGEST {
        return told(Faults::one("password", core.text(view.lang, "id.fault.password"))).await;
    }
    match proved(core, visitor, &login, password).await? {
        Proved::Right(account) if account.totp.is_some() => {
            second_factor::begin(core, view, visitor, &account, login.level(), flow).await
        }
        Proved::Right(account) => begin(core, view, visitor, &account, login.level(), "pwd", flow).await,
        Proved::Wrong => told(Faults::one("password", core.text(view.lang, "id.fault.sign-in"))).await,
        Proved::Wait(seconds) => {
            let faults = Faults::one("login", wait_text(core, view.lang, "id.wait.sign-in", seconds));
            let sheet = sheet(core, view, flow).wrong(faults).status(StatusCode::TOO_MANY_REQUESTS);
            let mut response = sheet.show(values(core, form.get("login"))).await?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
    }
}

/// What came of a password.
pub(super) enum Proved {
    Right(Box<Account>),
    Wrong,
    Wait(i64),
}

/// Compares a password, counting tries. Takes as long whether there is such an account or not.
pub(super) async fn proved(core: &Identity, visitor: &Visitor, login: &Login, password: &str) -> Result<Proved, Fail> {
    let (own, now, origin, wanted) = (core.clone(), core.clock.micros(), visitor.origin.clone(), login.clone());
    let counted = core.db.write(move |tx| {
        let of_login = limit::take(tx, &own.vault, &limit::SIGN_IN, wanted.key().as_bytes(), now)?;
        let from = limit::take(tx, &own.vault, &limit::SIGN_IN_FROM, origin.as_bytes(), now)?;
        Ok((of_login.max(from), account::by_login(tx, &own.vault, &wanted)?))
    });
    let (wait, account) = counted.await?;
    if let Some(seconds) = wait {
        return Ok(Proved::Wait(seconds));
    }
    let level = login.level();
    let kept = account.as_ref().and_then(|account| match level {
        Level::Low => account.password.as_deref(),
        Level::Substantial => account.number_password.as_deref(),
        Level::High => None,
    });
    let verdict = core.hasher.verify(password, kept).await?;
    let renewed = if verdict == Verdict::RightButOld { Some(core.hasher.hash(password).await?) } else { None };
    let (own, address, login) = (core.clone(), visitor.address.clone(), login.clone());
    let right = verdict != Verdict::Wrong;
    let id = account.as_ref().map(|account| account.id);
    core.db
        .write(move |tx| match id {
            Some(id) if right => {
                if let Some(phc) = &renewed {
                    account::set_password(tx, id, level, phc)?;
                }
                limit::clear(tx, &own.vault, &limit::SIGN_IN, login.key().as_bytes())
            }
            Some(id) => audit::note(tx, id, Event::SignInFailed, now, &address),
            None => limit::take(tx, &own.vault, &limit::NOBODY, b"", now).map(|_| ()),
        })
        .await?;
    Ok(match account {
        Some(account) if right => Proved::Right(Box::new(account)),
        _ => Proved::Wrong,
    })
}

/// The person is signed in: a new session, never the one this browser had.
pub(super) async fn begin(
    core: &Identity,
    view: &View,
    visitor: &Visitor,
    account: &Account,
    acr: Level,
    amr: &'static str,
    flow: &str,
) -> Page {
    let old = visitor.session(core).await?.map(|(session, _)| session);
    let (own, now, id) = (core.clone(), core.clock.micros(), account.id);
    let (address, agent) = (visitor.address.clone(), visitor.agent.clone());
    let cookie = core.db.write(move |tx| {
        if let Some(old) = old {
            session::end(tx, &own, old.account, &old.id, now)?;
        }
        session::begin(tx, &SignIn { account: id, acr, amr, address: &address, agent: &agent }, now)
    });
    let cookie = cookie.await?;
    let mut response = onward(core, view, flow).await?;
    visitor::set(core, &mut response, Cookie::Session, &cookie);
    Ok(response)
}
