//! Signing in with a passkey, and a passkey as the second step.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use uuid::Uuid;
use web::pages::{Form, View};

use super::passkeys::Carried;
use super::{Faults, sign_in};
use crate::account::{self, Account};
use crate::audit::{self, Event};
use crate::error::Page;
use crate::passkey::{self, Challenge, Expected, Fault, Passkey, Purpose, Said};
use crate::visitor::Visitor;
use crate::{Identity, limit};

/// What came of an authenticator's words.
pub(super) enum Outcome {
    /// It is this passkey, of this account.
    Right(Box<(Account, Passkey)>),
    /// Nothing that we could believe.
    Wrong,
    /// Too often.
    Wait(i64),
}

/// `POST /sign-in/passkey`
pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = async {
        let flow = form.get("flow");
        let text = match proved(&core, &visitor, Purpose::SignIn, None, &form).await? {
            Outcome::Right(found) => {
                let (account, passkey) = *found;
                // A passkey with its user verified is two factors by itself.
                return sign_in::begin(&core, &view, &visitor, &account, passkey.acr, "pop mfa", flow).await;
            }
            Outcome::Wrong => core.text(view.lang, "id.fault.passkey"),
            Outcome::Wait(seconds) => super::wait_text(&core, view.lang, "id.wait.sign-in", seconds),
        };
        sign_in::again(&core, &view, flow, "", Faults::one("login", text)).await
    };
    let page: Page = page.await;
    core.settle(&view, page)
}

/// Whether the form carries words of an authenticator that we believe, about a challenge for this purpose; `of` names
/// whose passkey it must be.
pub(super) async fn proved(
    core: &Identity,
    visitor: &Visitor,
    purpose: Purpose,
    of: Option<Uuid>,
    form: &Form,
) -> Result<Outcome, store::Error> {
    let now = core.clock.micros();
    let challenge = Challenge::carried(&core.vault, purpose, form.get("sealed"), now);
    let Some((challenge, carried)) = challenge.zip(Carried::of(form)) else {
        return Ok(Outcome::Wrong);
    };
    let (own, origin, address) = (core.clone(), visitor.origin.clone(), visitor.address.clone());
    core.db
        .write(move |tx| {
            if let Some(seconds) = limit::take(tx, &own.vault, &limit::SIGN_IN_FROM, origin.as_bytes(), now)? {
                return Ok(Outcome::Wait(seconds));
            }
            let found = passkey::find(tx, &carried.id)?.filter(|one| of.is_none_or(|of| one.account == of));
            let Some(found) = found.filter(|_| !carried.signature.is_empty()) else { return Ok(Outcome::Wrong) };
            if !challenge.spend(tx)? {
                return Ok(Outcome::Wrong);
            }
            let (base, rp) = (own.config.base_url.as_str(), own.config.rp_id());
            let expected = Expected { challenge: &challenge.bytes, origin: base, rp };
            let said = Said { client: &carried.client, data: &carried.data };
            let judged = passkey::asserted(said, &carried.signature, &expected, (&found.key, found.counter));
            let judged = match judged {
                Ok(counter) if passkey::used(tx, &found, counter, now)? => Ok(counter),
                // Another use came in between: one of two of a kind.
                Ok(_) => Err(Fault::Counter),
                Err(fault) => Err(fault),
            };
            match (judged, account::by_id(tx, &own.vault, found.account)?) {
                (Ok(_), Some(account)) => Ok(Outcome::Right(Box::new((account, found)))),
                (judged, _) => {
                    tracing::info!(fault = ?judged.err(), "a passkey was not believed");
                    audit::note(tx, found.account, Event::PasskeyRefused, now, &address)?;
                    Ok(Outcome::Wrong)
                }
            }
        })
        .await
}
