//! Choosing the password once the address is proved: the account is made, or has another password.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use minijinja::context;
use model::clock;
use web::pages::{Form, View, see_other};

use super::{Faults, Sheet, onward, second_factor, sign_up, typed, write};
use crate::account::{self, Account, Level};
use crate::audit::{self, Event};
use crate::error::{Fail, Page};
use crate::session::{self, SignIn};
use crate::ticket::{self, Purpose, Ticket};
use crate::visitor::{self, Cookie, Visitor};
use crate::{Error, Identity, password};

pub(super) async fn show(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
) -> Response<Body> {
    let page = async {
        match held(&core, &visitor, purpose).await? {
            Some(ticket) => sheet(&core, &view, purpose, &ticket, Faults::default()).await,
            None => Ok(sign_up::ask_anew(&view, purpose, "")),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

async fn sheet(core: &Identity, view: &View, purpose: Purpose, ticket: &Ticket, faults: Faults) -> Page {
    let values = context! { purpose => purpose.as_str(), email => ticket.body.email.as_str() };
    Sheet::new(core, view, "identity/choose.html").flow(&ticket.body.flow).wrong(faults).show(values).await
}

/// The confirmed ticket with which this browser may go on.
pub(super) async fn held(core: &Identity, visitor: &Visitor, purpose: Purpose) -> Result<Option<Ticket>, Error> {
    let Some(browser) = visitor.cookie(core, Cookie::Browser) else {
        return Ok(None);
    };
    let (vault, now) = (core.vault.clone(), core.clock.micros());
    let found = core.db.read(move |tx| ticket::by_holder(tx, &vault, &browser)).await?;
    Ok(found.filter(|ticket| ticket.purpose == purpose && now < ticket.expires_at))
}

pub(super) async fn post(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    form: Form,
) -> Response<Body> {
    let page = async {
        match held(&core, &visitor, purpose).await? {
            Some(ticket) => chosen(&core, &view, &visitor, ticket, &form).await,
            None => Ok(sign_up::ask_anew(&view, purpose, "")),
        }
    };
    let page = page.await;
    core.settle(&view, page)
}

/// What the transaction made.
enum Made {
    /// The cookie of the new session.
    Session(String),
    /// The second factor is still asked for: the account.
    Step(Box<Account>),
    /// The ticket was used meanwhile, or the address has an account by now.
    Nothing,
}

/// What the confirmed ticket is for is done with the password of the form; a weak one is asked for again.
pub(super) async fn chosen(core: &Identity, view: &View, visitor: &Visitor, ticket: Ticket, form: &Form) -> Page {
    let purpose = ticket.purpose;
    let password = typed(form, "password");
    let mut words = ticket.body.profile.words();
    words.push(ticket.body.email.local().to_owned());
    if let Err(weakness) = password::check(password, &words) {
        let text = core.text(view.lang, &format!("id.weak.{}", weakness.as_str()));
        return sheet(core, view, purpose, &ticket, Faults::one("password", text)).await;
    }
    let phc = core.hasher.hash(password).await?;
    let flow = ticket.body.flow.clone();
    let made = match purpose {
        Purpose::Register => register(core, visitor, ticket, phc).await?,
        Purpose::Reset => reset(core, visitor, ticket, phc).await?,
    };
    let mut response = match &made {
        Made::Session(_) => onward(core, view, &flow).await?,
        Made::Step(account) => return second_factor::begin(core, view, visitor, account, Level::Low, &flow).await,
        Made::Nothing => see_other(&view.url("/sign-in")),
    };
    if let Made::Session(cookie) = &made {
        visitor::set(core, &mut response, Cookie::Session, cookie);
    }
    Ok(response)
}

async fn register(core: &Identity, visitor: &Visitor, ticket: Ticket, phc: String) -> Result<Made, Fail> {
    let (own, now) = (core.clone(), core.clock.now());
    let (address, agent) = (visitor.address.clone(), visitor.agent.clone());
    let made = core.db.write(move |tx| {
        let at = now.as_microsecond();
        if !ticket::spend(tx, &ticket)? || account::by_email(tx, &own.vault, &ticket.body.email)?.is_some() {
            return Ok(Made::Nothing);
        }
        let account = Account {
            id: clock::uuid_at(now, store::random()),
            kind: ticket.body.kind,
            password: Some(phc),
            number_password: None,
            profile: ticket.body.profile,
            totp: None,
            totp_step: 0,
            created_at: at,
        };
        account::insert(tx, &own.vault, &account)?;
        audit::note(tx, account.id, Event::SignedUp, at, &address)?;
        let sign_in = SignIn { account: account.id, acr: Level::Low, amr: "pwd", address: &address, agent: &agent };
        session::begin(tx, &sign_in, at).map(Made::Session)
    });
    match made.await {
        // Two browsers at the very same moment: the other one has the account.
        Err(store::Error::Duplicate(_)) => Ok(Made::Nothing),
        other => Ok(other?),
    }
}

async fn reset(core: &Identity, visitor: &Visitor, ticket: Ticket, phc: String) -> Result<Made, Fail> {
    let (own, at) = (core.clone(), core.clock.micros());
    let (address, agent) = (visitor.address.clone(), visitor.agent.clone());
    let made = core.db.write(move |tx| {
        let account = account::by_email(tx, &own.vault, &ticket.body.email)?;
        let (true, Some(account)) = (ticket::spend(tx, &ticket)?, account) else {
            return Ok(Made::Nothing);
        };
        account::set_password(tx, account.id, Level::Low, &phc)?;
        audit::note(tx, account.id, Event::PasswordReset, at, &address)?;
        session::end_all(tx, &own, account.id, None, at)?;
        write(
            tx,
            &own,
            &account.profile,
            ticket.body.lang,
            "changed",
            &[("reset", &own.url(ticket.body.lang, "/reset"))],
        )?;
        if account.totp.is_some() {
            return Ok(Made::Step(Box::new(account)));
        }
        let sign_in = SignIn { account: account.id, acr: Level::Low, amr: "pwd", address: &address, agent: &agent };
        session::begin(tx, &sign_in, at).map(Made::Session)
    });
    Ok(made.await?)
}
