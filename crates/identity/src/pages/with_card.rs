//! Signing in with an ID card or another EDS: a text is signed with the holder's own program and handed back.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minijinja::context;
use model::clock;
use web::pages::{Form, View};

use super::{Faults, Sheet, asked, sign_in, wait_text};
use crate::account::{self, Account, Kind, Level, Login, Profile};
use crate::audit::{self, Event};
use crate::card::{self, Holder};
use crate::error::{Fail, Page};
use crate::passkey::{Challenge, Purpose};
use crate::visitor::Visitor;
use crate::{Identity, limit};

pub(super) async fn show(State(core): State<Identity>, view: View, RawQuery(query): RawQuery) -> Response<Body> {
    let flow = asked(query, "flow");
    let page = ask(&core, &view, &flow, Faults::default(), StatusCode::OK).await;
    core.settle(&view, page)
}

async fn ask(core: &Identity, view: &View, flow: &str, faults: Faults, status: StatusCode) -> Page {
    if core.trust.is_none() {
        return Err(Fail::Missing);
    }
    let (challenge, sealed) = Challenge::give(&core.vault, Purpose::Card, core.clock.micros());
    let text = card::text(&challenge, &core.config.base_url);
    let values = context! { sealed, file => BASE64_STANDARD.encode(&text), text, stand => core.config.stand };
    Sheet::new(core, view, "identity/card.html").flow(flow).wrong(faults).status(status).show(values).await
}

pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = sign_in(&core, &view, &visitor, &form).await;
    core.settle(&view, page)
}

/// What came of a signed text.
enum Outcome {
    Right(Box<Account>),
    Spent,
    Wait(i64),
}

async fn sign_in(core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let Some(trust) = core.trust.clone() else { return Err(Fail::Missing) };
    let (flow, now) = (form.get("flow"), core.clock.now());
    let again = |key: &str, status| {
        let faults = Faults::one("signature", core.text(view.lang, &format!("id.fault.card-{key}")));
        ask(core, view, flow, faults, status)
    };
    let micros = now.as_microsecond();
    let Some(challenge) = Challenge::carried(&core.vault, Purpose::Card, form.get("sealed"), micros) else {
        return again("other-text", StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let (text, signed) = (card::text(&challenge, &core.config.base_url), form.get("signature").to_owned());
    // A chain that is seen for the first time costs milliseconds: not on a thread that serves others.
    let judged = tokio::task::spawn_blocking(move || card::holder(&signed, &text, &trust, now));
    let holder = match judged.await.map_err(store::Error::broken)? {
        Ok(holder) => holder,
        Err(fault) => {
            tracing::info!(?fault, "an EDS was refused at sign-in");
            return again(fault.as_str(), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    match admit(core, view, visitor, holder, challenge).await? {
        Outcome::Right(account) => sign_in::begin(core, view, visitor, &account, Level::High, "sc pin mfa", flow).await,
        Outcome::Spent => again("other-text", StatusCode::UNPROCESSABLE_ENTITY).await,
        Outcome::Wait(seconds) => {
            let text = wait_text(core, view.lang, "id.wait.sign-in", seconds);
            ask(core, view, flow, Faults::one("signature", text), StatusCode::TOO_MANY_REQUESTS).await
        }
    }
}

/// The holder's account, which is there from now on; the challenge counts once.
async fn admit(
    core: &Identity,
    view: &View,
    visitor: &Visitor,
    holder: Holder,
    challenge: Challenge,
) -> Result<Outcome, store::Error> {
    let (own, now, lang) = (core.clone(), core.clock.now(), view.lang);
    let (origin, address) = (visitor.origin.clone(), visitor.address.clone());
    core.db
        .write(move |tx| {
            let at = now.as_microsecond();
            if let Some(seconds) = limit::take(tx, &own.vault, &limit::SIGN_IN_FROM, origin.as_bytes(), at)? {
                return Ok(Outcome::Wait(seconds));
            }
            if !challenge.spend(tx)? {
                return Ok(Outcome::Spent);
            }
            let login = Login::Number(holder.number.clone());
            if let Some(account) = account::by_login(tx, &own.vault, &login)? {
                return Ok(Outcome::Right(Box::new(account)));
            }
            let (given_name, patronymic) = holder.given_names.split_once(' ').unwrap_or((&holder.given_names, ""));
            let profile = Profile {
                surname: holder.surname.clone(),
                given_name: given_name.to_owned(),
                patronymic: patronymic.to_owned(),
                number: Some(holder.number.as_str().to_owned()),
                lang,
                ..Profile::default()
            };
            let account = Account {
                id: clock::uuid_at(now, store::random()),
                kind: Kind::Person,
                password: None,
                number_password: None,
                profile,
                totp: None,
                totp_step: 0,
                created_at: at,
            };
            account::insert(tx, &own.vault, &account)?;
            audit::note(tx, account.id, Event::SignedUp, at, &address)?;
            Ok(Outcome::Right(Box::new(account)))
        })
        .await
}
