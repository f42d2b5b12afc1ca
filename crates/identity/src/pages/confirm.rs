//! The waiting page with its code, and the page of the link: its GET shows a form, only its POST spends the ticket.
//!
//! Both ask for the password too; one that is too weak is asked for again by the page of [`choose`].

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Response, StatusCode};
use minijinja::context;
use web::pages::{Form, View, see_other};

use super::{Faults, Sheet, asked, choose, onward, sign_up};
use crate::Identity;
use crate::error::{Fail, Page};
use crate::secret::Token;
use crate::ticket::{self, Purpose, State as At, TRIES, Ticket};
use crate::visitor::{self, Cookie, Visitor};

/// How often a script in the waiting page looks whether the link was used in another tab, in seconds. A page that
/// reloaded itself would take away what is being typed.
const LOOK: u8 = 5;

/// The page that waits for the message to be read.
pub(super) async fn sent(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    RawQuery(_): RawQuery,
) -> Response<Body> {
    let page = waiting(purpose, &core, &view, &visitor, Faults::default()).await;
    core.settle(&view, page)
}

/// The ticket this browser asked for, and the digest of its cookie.
async fn own(core: &Identity, visitor: &Visitor, purpose: Purpose) -> Result<Option<(Ticket, [u8; 32])>, store::Error> {
    let Some(browser) = visitor.cookie(core, Cookie::Browser) else {
        return Ok(None);
    };
    let vault = core.vault.clone();
    let found = core.db.read(move |tx| ticket::by_waiting(tx, &vault, &browser)).await?;
    Ok(found.filter(|ticket| ticket.purpose == purpose).map(|ticket| (ticket, browser)))
}

async fn waiting(purpose: Purpose, core: &Identity, view: &View, visitor: &Visitor, faults: Faults) -> Page {
    let Some((ticket, browser)) = own(core, visitor, purpose).await? else {
        return Ok(sign_up::ask_anew(view, purpose, ""));
    };
    let late = core.clock.micros() >= ticket.expires_at;
    match ticket.state {
        At::Confirmed if ticket.holder == browser => Ok(see_other(&password(view, purpose))),
        At::Spent if ticket.holder == browser => match visitor.session(core).await? {
            Some(_) => Ok(onward(core, view, &ticket.body.flow).await?),
            None => Ok(see_other(&view.url("/sign-in"))),
        },
        At::Confirmed | At::Spent => notice(core, view, purpose, "elsewhere", StatusCode::OK).await,
        At::Superseded => notice(core, view, purpose, "superseded", StatusCode::OK).await,
        At::Open if late => notice(core, view, purpose, "late", StatusCode::GONE).await,
        At::Open => {
            let values = context! {
                email => ticket.body.email.as_str(),
                purpose => purpose.as_str(),
                codes => ticket.tries < TRIES,
                look => LOOK,
                stand => core.config.stand && core.outbox.keeps(),
            };
            let sheet = Sheet::new(core, view, "identity/sent.html").flow(&ticket.body.flow).wrong(faults);
            sheet.show(values).await
        }
    }
}

fn password(view: &View, purpose: Purpose) -> String {
    view.url(&format!("/{}/password", purpose.as_str()))
}

/// A page that tells what became of the link, with the way to ask again.
async fn notice(core: &Identity, view: &View, purpose: Purpose, name: &'static str, status: StatusCode) -> Page {
    let values = context! {
        heading => core.text(view.lang, &format!("id.notice.{name}.title")),
        text => core.text(view.lang, &format!("id.notice.{name}.text")),
        again => name != "elsewhere",
        purpose => purpose.as_str(),
    };
    Sheet::new(core, view, "identity/notice.html").status(status).show(values).await
}

/// Code and password were typed into the page that waits.
pub(super) async fn code(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    form: Form,
) -> Response<Body> {
    let page = by_code(purpose, &core, &view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn by_code(purpose: Purpose, core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let Some((ticket, browser)) = own(core, visitor, purpose).await? else {
        return Ok(sign_up::ask_anew(view, purpose, ""));
    };
    let (now, vault, code) = (core.clock.micros(), core.vault.clone(), form.get("code").to_owned());
    let confirmed = core.db.write(move |tx| {
        // Read again: two tries at once must not both count as the fifth.
        let Some(ticket) = ticket::by_waiting(tx, &vault, &browser)?.filter(|found| found.id == ticket.id) else {
            return Ok(false);
        };
        let right = ticket::try_code(tx, &vault, &ticket, &code)?;
        Ok(right && ticket.is_open(now) && ticket::confirm(tx, &ticket, &browser)?)
    });
    if confirmed.await? {
        return match choose::held(core, visitor, purpose).await? {
            Some(ticket) if form.has("password") => choose::chosen(core, view, visitor, ticket, form).await,
            _ => Ok(see_other(&password(view, purpose))),
        };
    }
    let left = own(core, visitor, purpose).await?.map_or(0, |(ticket, _)| TRIES - ticket.tries);
    let text = if left > 0 {
        core.pages.text(view.lang, "id.fault.code", &[("count", &left.to_string())])
    } else {
        core.text(view.lang, "id.fault.codes-over")
    };
    waiting(purpose, core, view, visitor, Faults::one("code", text)).await
}

/// The link was opened: by the person, or by whatever looks at their mail first.
pub(super) async fn link(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let token = asked(query, "token");
    let page = async {
        let ticket = match judged(&core, &view, &visitor, purpose, &token).await? {
            Ok(ticket) => ticket,
            Err(response) => return Ok(response),
        };
        let values = context! { token, email => ticket.body.email.as_str(), purpose => purpose.as_str() };
        Sheet::new(&core, &view, "identity/confirm.html").flow(&ticket.body.flow).show(values).await
    };
    let page = page.await;
    core.settle(&view, page)
}

/// The button of the link was pressed.
pub(super) async fn spend(
    purpose: Purpose,
    State(core): State<Identity>,
    view: View,
    visitor: Visitor,
    form: Form,
) -> Response<Body> {
    let page = spent(purpose, &core, &view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn spent(purpose: Purpose, core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let ticket = match judged(core, view, visitor, purpose, form.get("token")).await? {
        Ok(ticket) => ticket,
        Err(response) => return Ok(response),
    };
    // The browser that asked keeps its cookie, so that its waiting page goes on too; another gets one of its own.
    let asking = visitor.cookie(core, Cookie::Browser).is_some_and(|browser| browser == ticket.holder);
    let fresh = Token::draw();
    let holder = if asking { ticket.holder } else { fresh.hash };
    let confirmed = ticket.clone();
    if !core.db.write(move |tx| ticket::confirm(tx, &confirmed, &holder)).await? {
        return notice(core, view, purpose, "used", StatusCode::GONE).await;
    }
    let mut response = if form.has("password") {
        choose::chosen(core, view, visitor, ticket, form).await?
    } else {
        see_other(&password(view, purpose))
    };
    if !asking {
        visitor::set(core, &mut response, Cookie::Browser, &fresh.text);
    }
    Ok(response)
}

/// The ticket of a link that can be spent; else the page that tells why not.
async fn judged(
    core: &Identity,
    view: &View,
    visitor: &Visitor,
    purpose: Purpose,
    token: &str,
) -> Result<Result<Ticket, Response<Body>>, Fail> {
    let (vault, token) = (core.vault.clone(), token.to_owned());
    let found = core.db.read(move |tx| ticket::by_token(tx, &vault, &token)).await?;
    let name = match found.filter(|ticket| ticket.purpose == purpose && !ticket.body.idle) {
        None => "late",
        Some(ticket) if ticket.is_open(core.clock.micros()) => return Ok(Ok(ticket)),
        Some(ticket) => match ticket.state {
            At::Confirmed if visitor.cookie(core, Cookie::Browser) == Some(ticket.holder) => {
                return Ok(Err(see_other(&password(view, purpose))));
            }
            At::Confirmed | At::Spent => "used",
            At::Superseded => "superseded",
            At::Open => "late",
        },
    };
    notice(core, view, purpose, name, StatusCode::GONE).await.map(Err)
}
