//! Turning the second factor on and off.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use minijinja::context;
use store::Param;
use web::pages::{Form, View, see_other};

use super::second_factor::{aad, proves};
use super::{Faults, Sheet, signed_in, wait_text, write};
use crate::account::{self, Account};
use crate::audit::{self, Event};
use crate::error::Page;
use crate::secret;
use crate::visitor::Visitor;
use crate::{Identity, limit, totp};

/// The first bytes of what a form carries of a secret that is not in use yet: sealed, for this account, this hour.
const HOUR: i64 = 3600 * 1_000_000;

pub(super) async fn show(State(core): State<Identity>, mut view: View, visitor: Visitor) -> Response<Body> {
    let page = async {
        match signed_in(&core, &mut view, &visitor).await? {
            Ok((_, account)) => status(&core, &view, &account, Faults::default(), StatusCode::OK).await,
            Err(response) => Ok(response),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

async fn status(core: &Identity, view: &View, account: &Account, faults: Faults, code: StatusCode) -> Page {
    let id = account.id;
    let left = core.db.read(move |tx| tx.query_opt(&account::LEFT_RECOVERY, &[id.as_bytes().into()], |row| row.int(0)));
    let values = context! { on => account.totp.is_some(), left => left.await?.unwrap_or(0) };
    Sheet::new(core, view, "identity/two-step.html").wrong(faults).status(code).show(values).await
}

pub(super) async fn post(State(core): State<Identity>, mut view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = act(&core, &mut view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn act(core: &Identity, view: &mut View, visitor: &Visitor, form: &Form) -> Page {
    let account = match signed_in(core, view, visitor).await? {
        Ok((_, account)) => account,
        Err(response) => return Ok(response),
    };
    let view = &*view;
    match (form.get("do"), account.totp.is_some()) {
        ("begin", false) => {
            let secret = store::random::<{ totp::SECRET }>();
            enrol(core, view, &account, &secret, Faults::default(), StatusCode::OK).await
        }
        ("confirm", false) => confirm(core, view, visitor, &account, form).await,
        ("remove", true) => remove(core, view, visitor, &account, form.get("code")).await,
        _ => Ok(see_other(&view.url("/identity/two-step"))),
    }
}

/// Where a secret is sealed while the form carries it.
fn form_aad(account: &Account, hour: i64) -> Vec<u8> {
    [b"identity.enrol.".as_slice(), account.id.as_bytes(), &hour.to_be_bytes()].concat()
}

/// The page with the secret. Nothing is kept until a code proves that the authenticator has it.
async fn enrol(
    core: &Identity,
    view: &View,
    account: &Account,
    secret: &[u8],
    faults: Faults,
    status: StatusCode,
) -> Page {
    let hour = core.clock.micros() / HOUR;
    let holder = account.profile.email.as_ref().map_or_else(|| account.profile.full_name(), ToString::to_string);
    let issuer = core.text(view.lang, "id.name");
    let values = context! {
        secret => totp::typed(secret),
        uri => totp::uri(secret, &issuer, &holder),
        sealed => secret::base64url(&core.vault.seal(&form_aad(account, hour), secret)),
    };
    Sheet::new(core, view, "identity/enrol.html").wrong(faults).status(status).show(values).await
}

/// The secret that the form carried, of this hour or the last.
fn carried(core: &Identity, account: &Account, form: &Form) -> Option<Vec<u8>> {
    let sealed = secret::from_base64url(form.get("sealed"))?;
    let hour = core.clock.micros() / HOUR;
    [hour, hour - 1].into_iter().find_map(|hour| core.vault.open(&form_aad(account, hour), &sealed).ok())
}

async fn confirm(core: &Identity, view: &View, visitor: &Visitor, account: &Account, form: &Form) -> Page {
    let Some(plain) = carried(core, account, form) else {
        return Ok(see_other(&view.url("/identity/two-step")));
    };
    let now = core.clock.micros();
    let Some(step) = totp::step(&plain, form.get("code"), now.div_euclid(1_000_000), 0) else {
        let faults = Faults::one("code", core.text(view.lang, "id.fault.second-factor"));
        return enrol(core, view, account, &plain, faults, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let codes: Vec<String> = (0..totp::RECOVERY).map(|_| totp::recovery_code()).collect();
    let sealed = core.vault.seal(&aad(account.id), &plain);
    let (own, id, profile, lang) = (core.clone(), account.id, account.profile.clone(), view.lang);
    let (address, hashes) = (visitor.address.clone(), codes.clone());
    core.db
        .write(move |tx| {
            tx.execute(&account::SET_TOTP, &[id.as_bytes().into(), Param::Bytes(&sealed), step.into()])?;
            tx.execute(&account::DROP_RECOVERY, &[id.as_bytes().into()])?;
            for code in &hashes {
                let hash = secret::hash(&totp::folded_recovery(code));
                tx.execute(&account::ADD_RECOVERY, &[id.as_bytes().into(), (&hash).into()])?;
            }
            audit::note(tx, id, Event::SecondFactorOn, now, &address)?;
            write(tx, &own, &profile, lang, "two-step-on", &[("sessions", &own.url(lang, "/identity/sessions"))])
        })
        .await?;
    Sheet::new(core, view, "identity/recovery.html").show(context! { codes }).await
}

async fn remove(core: &Identity, view: &View, visitor: &Visitor, account: &Account, code: &str) -> Page {
    let (own, now, id, address) = (core.clone(), core.clock.micros(), account.id, visitor.address.clone());
    let (code, lang) = (code.to_owned(), view.lang);
    let outcome = core.db.write(move |tx| {
        if let Some(seconds) = limit::take(tx, &own.vault, &limit::SECOND_FACTOR, id.as_bytes(), now)? {
            return Ok(Err(Some(seconds)));
        }
        let Some(account) = account::by_id(tx, &own.vault, id)? else {
            return Ok(Err(None));
        };
        if proves(tx, &own, &account, &code, now, &address)?.is_none() {
            audit::note(tx, id, Event::SecondFactorFailed, now, &address)?;
            return Ok(Err(None));
        }
        limit::clear(tx, &own.vault, &limit::SECOND_FACTOR, id.as_bytes())?;
        tx.execute(&account::SET_TOTP, &[id.as_bytes().into(), Param::Null, 0.into()])?;
        tx.execute(&account::DROP_RECOVERY, &[id.as_bytes().into()])?;
        audit::note(tx, id, Event::SecondFactorOff, now, &address)?;
        let sessions = own.url(lang, "/identity/sessions");
        write(tx, &own, &account.profile, lang, "two-step-off", &[("sessions", &sessions)])?;
        Ok(Ok(()))
    });
    let (code, text) = match outcome.await? {
        Ok(()) => return Ok(see_other(&view.url("/identity/two-step"))),
        Err(None) => (StatusCode::UNPROCESSABLE_ENTITY, core.text(view.lang, "id.fault.second-factor")),
        Err(Some(seconds)) => (StatusCode::TOO_MANY_REQUESTS, wait_text(core, view.lang, "id.wait.sign-in", seconds)),
    };
    status(core, view, account, Faults::one("code", text), code).await
}
