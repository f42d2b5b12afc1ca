//! The step between password and session: a code of the authenticator, or a recovery code.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use minijinja::{Value, context};
use store::Tx;
use uuid::Uuid;
use web::pages::{Form, View, see_other};

use super::{Faults, Sheet, passkeys, sign_in, wait_text, with_passkey};
use crate::account::{self, Account, Level};
use crate::audit::{self, Event};
use crate::error::Page;
use crate::passkey::{self, Purpose};
use crate::secret::{self, Token};
use crate::visitor::{self, Cookie, Visitor};
use crate::{Identity, limit, totp};

store::statements! {
    /// A password was right; the second factor is awaited.
    INSERT = "INSERT INTO identity_step (hash, account, acr, flow, tries, expires_at) VALUES ($1, $2, $3, $4, 0, $5)";
    /// What is awaited of this browser.
    FIND = "SELECT account, acr, flow FROM identity_step WHERE hash = $1 AND expires_at > $2";
    /// It came.
    DELETE = "DELETE FROM identity_step WHERE hash = $1";
    /// Those that never came.
    FORGET = "DELETE FROM identity_step WHERE expires_at <= $1";
}

/// How long the code may take.
const TERM: i64 = 600 * 1_000_000;

struct Step {
    account: Uuid,
    acr: Level,
    flow: String,
}

/// Steps nobody finished are forgotten.
pub(crate) fn forget_steps(tx: &mut Tx<'_>, now: i64) -> Result<(), store::Error> {
    tx.execute(&FORGET, &[now.into()]).map(|_| ())
}

/// The password was right; the code is asked for.
pub(super) async fn begin(
    core: &Identity,
    view: &View,
    _: &Visitor,
    account: &Account,
    acr: Level,
    flow: &str,
) -> Page {
    let (token, now, id, flow) = (Token::draw(), core.clock.micros(), account.id, flow.to_owned());
    let hash = token.hash;
    core.db
        .write(move |tx| {
            let row = [(&hash).into(), id.as_bytes().into(), acr.as_str().into(), (&flow).into(), (now + TERM).into()];
            tx.execute(&INSERT, &row).map(|_| ())
        })
        .await?;
    let mut response = see_other(&view.url("/sign-in/second-factor"));
    visitor::set(core, &mut response, Cookie::Step, &token.text);
    Ok(response)
}

async fn awaited(core: &Identity, visitor: &Visitor) -> Result<Option<(Step, [u8; 32])>, store::Error> {
    let Some(hash) = visitor.cookie(core, Cookie::Step) else {
        return Ok(None);
    };
    let now = core.clock.micros();
    let found = core.db.read(move |tx| {
        tx.query_opt(&FIND, &[(&hash).into(), now.into()], |row| {
            let acr = Level::parse(row.text(1)?).ok_or_else(|| store::Error::broken("acr of a step"))?;
            Ok(Step { account: Uuid::from_bytes(row.array(0)?), acr, flow: row.text(2)?.to_owned() })
        })
    });
    Ok(found.await?.map(|step| (step, hash)))
}

pub(super) async fn show(State(core): State<Identity>, view: View, visitor: Visitor) -> Response<Body> {
    let page = async {
        match awaited(&core, &visitor).await? {
            Some((step, _)) => {
                let values = values(&core, step.account).await?;
                Sheet::new(&core, &view, "identity/second-factor.html").flow(&step.flow).show(values).await
            }
            None => Ok(see_other(&view.url("/sign-in"))),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = if form.has("sealed") {
        with_passkey(&core, &view, &visitor, &form).await
    } else {
        check(&core, &view, &visitor, form.get("code")).await
    };
    core.settle(&view, page)
}

/// With the question for a passkey, if the account has any.
async fn values(core: &Identity, account: Uuid) -> Result<Value, store::Error> {
    let known = core.db.read(move |tx| passkey::of_account(tx, account)).await?;
    let ask = (!known.is_empty()).then(|| passkeys::question(core, Purpose::SecondStep(account), &known));
    Ok(context! { ask })
}

async fn with_passkey(core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let Some((step, hash)) = awaited(core, visitor).await? else {
        return Ok(see_other(&view.url("/sign-in")));
    };
    let of = step.account;
    match with_passkey::proved(core, visitor, Purpose::SecondStep(of), Some(of), form).await? {
        with_passkey::Outcome::Right(found) => {
            core.db.write(move |tx| tx.execute(&DELETE, &[(&hash).into()]).map(|_| ())).await?;
            over(core, view, visitor, &found.0, &step, "pwd pop mfa").await
        }
        with_passkey::Outcome::Wrong => {
            let text = core.text(view.lang, "id.fault.passkey");
            again(core, view, &step, (StatusCode::UNPROCESSABLE_ENTITY, text)).await
        }
        with_passkey::Outcome::Wait(seconds) => {
            let text = wait_text(core, view.lang, "id.wait.sign-in", seconds);
            again(core, view, &step, (StatusCode::TOO_MANY_REQUESTS, text)).await
        }
    }
}

/// The second step was taken: signed in.
async fn over(
    core: &Identity,
    view: &View,
    visitor: &Visitor,
    account: &Account,
    step: &Step,
    amr: &'static str,
) -> Page {
    let mut response = sign_in::begin(core, view, visitor, account, step.acr, amr, &step.flow).await?;
    visitor::clear(core, &mut response, Cookie::Step);
    Ok(response)
}

/// The page again, with what is wrong.
async fn again(core: &Identity, view: &View, step: &Step, (status, text): (StatusCode, String)) -> Page {
    let values = values(core, step.account).await?;
    let sheet = Sheet::new(core, view, "identity/second-factor.html").flow(&step.flow);
    sheet.wrong(Faults::one("code", text)).status(status).show(values).await
}

/// What came of a code.
enum Outcome {
    Right(Box<Account>, &'static str),
    Wrong,
    Wait(i64),
}

async fn check(core: &Identity, view: &View, visitor: &Visitor, code: &str) -> Page {
    let Some((step, hash)) = awaited(core, visitor).await? else {
        return Ok(see_other(&view.url("/sign-in")));
    };
    let (own, now, id, address, code) =
        (core.clone(), core.clock.micros(), step.account, visitor.address.clone(), code.to_owned());
    let outcome = core.db.write(move |tx| {
        if let Some(seconds) = limit::take(tx, &own.vault, &limit::SECOND_FACTOR, id.as_bytes(), now)? {
            return Ok(Outcome::Wait(seconds));
        }
        let Some(account) = account::by_id(tx, &own.vault, id)? else {
            return Ok(Outcome::Wrong);
        };
        let Some(amr) = proves(tx, &own, &account, &code, now, &address)? else {
            audit::note(tx, id, Event::SecondFactorFailed, now, &address)?;
            return Ok(Outcome::Wrong);
        };
        tx.execute(&DELETE, &[(&hash).into()])?;
        limit::clear(tx, &own.vault, &limit::SECOND_FACTOR, id.as_bytes())?;
        Ok(Outcome::Right(Box::new(account), amr))
    });
    let told = match outcome.await? {
        Outcome::Right(account, amr) => return over(core, view, visitor, &account, &step, amr).await,
        Outcome::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, core.text(view.lang, "id.fault.second-factor")),
        Outcome::Wait(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, wait_text(core, view.lang, "id.wait.sign-in", seconds))
        }
    };
    again(core, view, &step, told).await
}

/// How the code proves the second factor (RFC 8176), using it up; none when it does not.
pub(super) fn proves(
    tx: &mut Tx<'_>,
    core: &Identity,
    account: &Account,
    code: &str,
    now: i64,
    address: &str,
) -> Result<Option<&'static str>, store::Error> {
    let id = account.id;
    let Some(sealed) = &account.totp else {
        return Ok(None);
    };
    let secret = core.vault.open(&aad(id), sealed)?;
    if let Some(step) = totp::step(&secret, code, now.div_euclid(1_000_000), account.totp_step) {
        // Another node may have taken the step at this very moment.
        let taken = tx.execute(&account::USE_STEP, &[id.as_bytes().into(), step.into()])? == 1;
        return Ok(taken.then_some("pwd otp mfa"));
    }
    let recovery = secret::hash(&totp::folded_recovery(code));
    if tx.execute(&account::USE_RECOVERY, &[id.as_bytes().into(), (&recovery).into()])? == 1 {
        audit::note(tx, id, Event::RecoveryCodeUsed, now, address)?;
        return Ok(Some("pwd kba mfa"));
    }
    Ok(None)
}

/// Where the secret of an account's second factor is sealed.
pub(super) fn aad(id: Uuid) -> Vec<u8> {
    [b"identity_account.totp.".as_slice(), id.as_bytes()].concat()
}
