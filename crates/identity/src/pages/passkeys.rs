//! The passkeys of an account: adding one, removing one.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use minijinja::{Value, context};
use web::pages::{Form, View, see_other};

use super::sessions::iso;
use super::{Faults, Sheet, signed_in, write};
use crate::Identity;
use crate::account::{Account, Level};
use crate::audit::{self, Event};
use crate::error::{Fail, Page};
use crate::passkey::{self, ALGORITHMS, Challenge, Expected, Passkey, Purpose, Said};
use crate::secret::{base64url, from_base64url};
use crate::session::Session;
use crate::visitor::Visitor;

/// Ways in are changed by whoever signed in this recently: a session left open is not enough.
const FRESH: i64 = 15 * 60 * 1_000_000;
/// So many of one account.
const MOST: usize = 20;

pub(super) async fn show(State(core): State<Identity>, mut view: View, visitor: Visitor) -> Response<Body> {
    let page = async {
        match signed_in(&core, &mut view, &visitor).await? {
            Ok((session, account)) => list(&core, &view, &session, &account, Faults::default()).await,
            Err(response) => Ok(response),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

/// What a browser needs to know to ask an authenticator; `account` only when it is known who signs.
pub(super) fn question(core: &Identity, purpose: Purpose, known: &[Passkey]) -> Value {
    let (challenge, sealed) = Challenge::give(&core.vault, purpose, core.clock.micros());
    let ids: Vec<String> = known.iter().map(|one| base64url(&one.id)).collect();
    let algorithms: Vec<String> = ALGORITHMS.iter().map(ToString::to_string).collect();
    context! {
        sealed,
        challenge => base64url(&challenge.bytes),
        rp => core.config.rp_id(),
        known => ids.join(" "),
        algorithms => algorithms.join(" "),
    }
}

async fn list(core: &Identity, view: &View, session: &Session, account: &Account, faults: Faults) -> Page {
    let id = account.id;
    let known = core.db.read(move |tx| passkey::of_account(tx, id)).await?;
    let shown: Vec<Value> = known
        .iter()
        .map(|one| {
            let used_at = one.used_at.map(iso);
            context! { id => base64url(&one.id), name => &one.name, at => iso(one.at), used_at }
        })
        .collect();
    let fresh = core.clock.micros() - session.auth_at <= FRESH;
    let name = account.profile.email.as_ref().map_or_else(|| account.profile.full_name(), ToString::to_string);
    let values = context! {
        passkeys => shown,
        fresh,
        ask => (fresh && known.len() < MOST).then(|| question(core, Purpose::Register(id), &known)),
        user => base64url(id.as_bytes()),
        user_name => name,
        user_title => account.profile.full_name(),
    };
    Sheet::new(core, view, "identity/passkeys.html").wrong(faults).show(values).await
}

pub(super) async fn post(State(core): State<Identity>, mut view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = act(&core, &mut view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn act(core: &Identity, view: &mut View, visitor: &Visitor, form: &Form) -> Page {
    let (session, account) = match signed_in(core, view, visitor).await? {
        Ok(known) => known,
        Err(response) => return Ok(response),
    };
    let view = &*view;
    if core.clock.micros() - session.auth_at > FRESH {
        return list(core, view, &session, &account, Faults::default()).await;
    }
    match form.get("do") {
        "add" => add(core, view, visitor, &session, &account, form).await,
        "remove" => remove(core, view, visitor, &account, form.get("id")).await,
        _ => Ok(see_other(&view.url("/identity/passkeys"))),
    }
}

/// What a form carried of an authenticator's words, decoded; nothing when a part is no base64url.
pub(super) struct Carried {
    pub(super) id: Vec<u8>,
    pub(super) client: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl Carried {
    pub(super) fn of(form: &Form) -> Option<Self> {
        let part = |name| from_base64url(form.get(name));
        Some(Self { id: part("id")?, client: part("client")?, data: part("data")?, signature: part("signature")? })
    }
}

async fn add(
    core: &Identity,
    view: &View,
    visitor: &Visitor,
    session: &Session,
    account: &Account,
    form: &Form,
) -> Page {
    let now = core.clock.micros();
    let challenge = Challenge::carried(&core.vault, Purpose::Register(account.id), form.get("sealed"), now);
    let made = challenge.zip(Carried::of(form)).and_then(|(challenge, carried)| {
        let (origin, rp) = (core.config.base_url.as_str(), core.config.rp_id());
        let expected = Expected { challenge: &challenge.bytes, origin, rp };
        let made = passkey::registered(Said { client: &carried.client, data: &carried.data }, &expected);
        made.map(|made| (challenge, made)).map_err(|fault| tracing::info!(?fault, "a passkey was refused")).ok()
    });
    let refused = || Faults::one("passkey", core.text(view.lang, "id.fault.passkey"));
    let Some((challenge, made)) = made else {
        return list(core, view, session, account, refused()).await;
    };
    let kept = Passkey {
        id: made.id,
        account: account.id,
        name: visitor.agent.clone(),
        key: made.key,
        counter: made.counter,
        // An EDS is the highest there is: what it lets in is not as sure as itself.
        acr: session.acr.min(Level::Substantial),
        at: now,
        used_at: None,
    };
    let (own, profile, lang) = (core.clone(), account.profile.clone(), view.lang);
    let address = visitor.address.clone();
    let added = core.db.write(move |tx| {
        if !challenge.spend(tx)? || passkey::of_account(tx, kept.account)?.len() >= MOST {
            return Ok(false);
        }
        passkey::add(tx, &kept)?;
        audit::note(tx, kept.account, Event::PasskeyAdded, now, &address)?;
        let sessions = own.url(lang, "/identity/sessions");
        write(tx, &own, &profile, lang, "passkey-added", &[("sessions", &sessions)])?;
        Ok(true)
    });
    match added.await {
        Ok(true) => Ok(see_other(&view.url("/identity/passkeys"))),
        Ok(false) | Err(store::Error::Duplicate(_)) => list(core, view, session, account, refused()).await,
        Err(error) => Err(error.into()),
    }
}

async fn remove(core: &Identity, view: &View, visitor: &Visitor, account: &Account, id: &str) -> Page {
    let wanted = from_base64url(id).ok_or(Fail::Missing)?;
    let (own, profile, lang) = (core.clone(), account.profile.clone(), view.lang);
    let (id, now, address) = (account.id, core.clock.micros(), visitor.address.clone());
    let gone = core.db.write(move |tx| {
        if !passkey::remove(tx, id, &wanted)? {
            return Ok(false);
        }
        audit::note(tx, id, Event::PasskeyRemoved, now, &address)?;
        let sessions = own.url(lang, "/identity/sessions");
        write(tx, &own, &profile, lang, "passkey-removed", &[("sessions", &sessions)])?;
        Ok(true)
    });
    if gone.await? { Ok(see_other(&view.url("/identity/passkeys"))) } else { Err(Fail::Missing) }
}
