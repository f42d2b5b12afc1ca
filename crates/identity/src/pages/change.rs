//! Changing the password of the level one signed in with.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use minijinja::context;
use model::IdentificationNumber;
use web::pages::{Form, View};

use super::sign_in::{Proved, proved};
use super::{Faults, Sheet, signed_in, typed, wait_text, write};
use crate::account::{self, Account, Level, Login};
use crate::audit::{self, Event};
use crate::error::Page;
use crate::session;
use crate::visitor::Visitor;
use crate::{Identity, password};

pub(super) async fn show(State(core): State<Identity>, mut view: View, visitor: Visitor) -> Response<Body> {
    let page = async {
        match signed_in(&core, &mut view, &visitor).await? {
            Ok(_) => Sheet::new(&core, &view, "identity/password.html").show(context! { done => false }).await,
            Err(response) => Ok(response),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

pub(super) async fn post(State(core): State<Identity>, mut view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = change(&core, &mut view, &visitor, &form).await;
    core.settle(&view, page)
}

/// The name that the person signed in with.
fn login(account: &Account, level: Level) -> Option<Login> {
    match level {
        Level::Low => account.profile.email.clone().map(Login::Email),
        Level::Substantial | Level::High => account
            .profile
            .number
            .as_deref()
            .and_then(|number| IdentificationNumber::parse(number).ok())
            .map(Login::Number),
    }
}

/// Whose password it is that is changed: who came without one has perhaps two.
const fn changed(account: &Account, acr: Level) -> Level {
    match acr {
        Level::High if account.number_password.is_some() => Level::Substantial,
        Level::High => Level::Low,
        other => other,
    }
}

async fn change(core: &Identity, view: &mut View, visitor: &Visitor, form: &Form) -> Page {
    let (own, account) = match signed_in(core, view, visitor).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let view = &*view;
    let sheet = || Sheet::new(core, view, "identity/password.html");
    let wrong = |field, text| sheet().wrong(Faults::one(field, text));
    let (old, new, level) = (typed(form, "old"), typed(form, "password"), changed(&account, own.acr));
    if let Err(weakness) = password::check(new, &account.profile.words()) {
        let text = core.text(view.lang, &format!("id.weak.{}", weakness.as_str()));
        return wrong("password", text).show(context! { done => false }).await;
    }
    let outcome = match login(&account, level) {
        Some(login) => proved(core, visitor, &login, old).await?,
        None => Proved::Wrong,
    };
    match outcome {
        Proved::Right(_) => {}
        Proved::Wrong => {
            let text = core.text(view.lang, "id.fault.old-password");
            return wrong("old", text).show(context! { done => false }).await;
        }
        Proved::Wait(seconds) => {
            let text = wait_text(core, view.lang, "id.wait.sign-in", seconds);
            let sheet = wrong("old", text).status(StatusCode::TOO_MANY_REQUESTS);
            return sheet.show(context! { done => false }).await;
        }
    }
    let phc = core.hasher.hash(new).await?;
    let (other, now, address, lang) = (core.clone(), core.clock.micros(), visitor.address.clone(), view.lang);
    core.db
        .write(move |tx| {
            account::set_password(tx, account.id, level, &phc)?;
            audit::note(tx, account.id, Event::PasswordChanged, now, &address)?;
            session::end_all(tx, &other, account.id, Some(own.id), now)?;
            write(tx, &other, &account.profile, lang, "changed", &[("reset", &other.url(lang, "/reset"))])
        })
        .await?;
    sheet().show(context! { done => true }).await
}
