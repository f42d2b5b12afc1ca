//! The private office: messages, applications, drafts, who looked at one's data, the profile.

use std::collections::HashMap;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use gateway::disclosures::{Disclosure, Wanted, disclosures as disclosed};
use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Value, context};
use model::Lang;
use serde_json::Value as Json;
use store::Error;
use uuid::Uuid;
use web::pages::{View, see_other};

use crate::application::{self, Application, Message};
use crate::draft::{self, Draft, Hand};
use crate::entry::{first_sign_in, origin, sign_in_to};
use crate::session::Session;
use crate::stop::Answer;
use crate::{Portal, files, result};

/// The part of the private office that is open, for its navigation.
type Part = &'static str;

/// The private office, open at this part.
pub(crate) fn show(portal: &Portal, view: &View, session: &Session, part: Part, values: Value) -> Response<Body> {
    show_as(StatusCode::OK, portal, view, session, (part, values))
}

/// The same with another status.
pub(crate) fn show_as(
    status: StatusCode,
    portal: &Portal,
    view: &View,
    session: &Session,
    (part, values): (Part, Value),
) -> Response<Body> {
    let about = context! {
        part,
        title => portal.text(view.lang, &format!("account.{part}"), &[]),
        person => context! {
            name => session.person.name.clone(),
            email => session.person.email.clone(),
            number => session.person.number.clone(),
            level => portal.text(view.lang, &format!("levels.{}", level(&session.person.acr)), &[]),
        },
    };
    portal.parts.pages.show_as(status, view, "portal/account.html", minijinja::value::merge_maps([about, values]))
}

fn level(acr: &str) -> &'static str {
    match acr {
        "substantial" => "substantial",
        "high" => "high",
        _ => "low",
    }
}

/// What the service of this code is called.
pub(crate) fn title(portal: &Portal, lang: Lang, code: &str) -> String {
    let service = portal.parts.services.iter().find(|service| service.passport.code.as_str() == code);
    service.map_or_else(|| code.to_owned(), |service| service.text(lang, "title"))
}

/// `sent` is what was sent last, by the application's name.
fn applied(portal: &Portal, lang: Lang, application: &Application, sent: &HashMap<Uuid, Json>) -> Value {
    let form = portal.parts.forms.get(&application.service);
    context! {
        whose => form.zip(sent.get(&application.id)).map(|(form, sent)| form.called(sent)),
        id => application.id.to_string(),
        number => result::short(application.id),
        service => title(portal, lang, &application.service),
        state => application.state.clone(),
        state_title => portal.text(lang, &format!("states.{}", application.state), &[]),
        at => application.created_at.to_string(),
        changed_at => application.changed_at.to_string(),
    }
}

fn told(portal: &Portal, lang: Lang, message: &Message) -> Value {
    context! {
        id => message.id.to_string(),
        subject => portal.text(lang, &format!("messages.{}", message.state), &[]),
        service => title(portal, lang, &message.service),
        number => result::short(message.application),
        at => message.at.to_string(),
        read => message.read,
    }
}

fn drafted(portal: &Portal, lang: Lang, draft: &Draft) -> Value {
    let path = portal.parts.services.iter().find(|service| service.passport.code.as_str() == draft.service);
    context! {
        id => draft.id.to_string(),
        service => title(portal, lang, &draft.service),
        path => path.map(|service| service.passport.code.path()),
        at => draft.changed_at.to_string(),
        until => draft.expires_at.to_string(),
    }
}

/// `GET /account`
pub(crate) async fn overview(State(portal): State<Portal>, view: View, session: Option<Extension<Session>>) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let (messages, applications, sent, drafts) =
        everything(&portal, &session).await.map_err(|error| portal.failed(&view, &error))?;
    let values = context! {
        messages => messages.iter().take(5).map(|one| told(&portal, view.lang, one)).collect::<Vec<_>>(),
        unread => messages.iter().filter(|message| !message.read).count(),
        applications =>
            applications.iter().take(5).map(|one| applied(&portal, view.lang, one, &sent)).collect::<Vec<_>>(),
        drafts => drafts.iter().map(|one| drafted(&portal, view.lang, one)).collect::<Vec<_>>(),
    };
    Ok(show(&portal, &view, &session, "overview", values))
}

/// Messages, applications, what was sent in each, drafts.
type Everything = (Vec<Message>, Vec<Application>, HashMap<Uuid, Json>, Vec<Draft>);

async fn everything(portal: &Portal, session: &Session) -> Result<Everything, Error> {
    Ok((
        application::messages(portal, session.account).await?,
        application::of_account(portal, session.account).await?,
        application::newest(portal, session.account).await?,
        draft::of_account(portal, session.account).await?,
    ))
}

/// `POST /account/drafts/{id}/remove`
pub(crate) async fn remove_draft(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let Extension(session) = session.ok_or_else(|| sign_in_to(&view, "/account"))?;
    let hand = Hand::of(&portal, &headers, Some(&session));
    let removed = async {
        if let Some(draft) = draft::find(&portal, &id, &hand).await? {
            let drop = move |tx: &mut store::Tx<'_>| {
                draft::drop_in(tx, &draft.id)?;
                files::forget(tx)
            };
            portal.parts.db.write(drop).await?;
        }
        Ok::<(), Error>(())
    };
    removed.await.map_err(|error| portal.failed(&view, &error))?;
    Ok(see_other(&view.url("/account")))
}

/// `GET /account/messages`
pub(crate) async fn messages(State(portal): State<Portal>, view: View, session: Option<Extension<Session>>) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let messages = application::messages(&portal, session.account).await;
    let messages = messages.map_err(|error| portal.failed(&view, &error))?;
    let messages = messages.iter().map(|one| told(&portal, view.lang, one)).collect::<Vec<_>>();
    Ok(show(&portal, &view, &session, "messages", context! { messages }))
}

/// `GET /account/messages/{id}`
pub(crate) async fn message(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let id = Uuid::try_parse(&id).map_err(|_| portal.not_found(&view))?;
    let found = async {
        let all = application::messages(&portal, session.account).await?;
        let Some(message) = all.into_iter().find(|message| message.id == id) else { return Ok(None) };
        let (versions, _) = application::life(&portal, message.application).await?;
        application::read(&portal, id, session.account).await?;
        Ok::<_, Error>(Some((message, versions.into_iter().find_map(|version| version.outcome))))
    };
    let found = found.await.map_err(|error| portal.failed(&view, &error))?;
    let (message, outcome) = found.ok_or_else(|| portal.not_found(&view))?;
    let values = context! {
        message => told(&portal, view.lang, &message),
        outcome => Value::from(Serde(outcome.unwrap_or(Json::Null))),
        href => view.url(&format!("/account/applications/{}", message.application)),
    };
    Ok(portal.parts.pages.show(&view, "portal/message.html", values))
}

/// All applications of an account, and what was sent last of each.
async fn own(portal: &Portal, account: [u8; 16]) -> Result<(Vec<Application>, HashMap<Uuid, Json>), Error> {
    let sent = application::newest(portal, account).await?;
    Ok((application::of_account(portal, account).await?, sent))
}

/// `GET /account/applications`
pub(crate) async fn applications(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let (applications, sent) = own(&portal, session.account).await.map_err(|error| portal.failed(&view, &error))?;
    let applications = applications.iter().map(|one| applied(&portal, view.lang, one, &sent)).collect::<Vec<_>>();
    Ok(show(&portal, &view, &session, "applications", context! { applications }))
}

/// `GET /account/documents`: what was issued and can be printed or checked.
pub(crate) async fn documents(State(portal): State<Portal>, view: View, session: Option<Extension<Session>>) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let (applications, sent) = own(&portal, session.account).await.map_err(|error| portal.failed(&view, &error))?;
    let issued = applications.iter().filter(|one| one.state == "registered");
    let documents = issued.map(|one| applied(&portal, view.lang, one, &sent)).collect::<Vec<_>>();
    Ok(show(&portal, &view, &session, "documents", context! { documents }))
}

/// `GET /account/sessions`: they are kept where people sign in.
pub(crate) async fn sessions(State(portal): State<Portal>, view: View) -> Response<Body> {
    let provider = origin(&portal.parts.config.client.issuer);
    see_other(&format!("{provider}{}", view.url("/identity/sessions")))
}

/// Disclosures are shown as far back as this.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 365 * 3);
/// So many of one person.
const MOST: u16 = 200;

/// `GET /account/disclosures`: who looked at one's data.
pub(crate) async fn disclosures(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let all = looked(&portal, &session, view.at).await.map_err(|error| portal.failed(&view, &error))?;
    let disclosures = all.iter().map(|one| disclosure(&portal, view.lang, one)).collect::<Vec<_>>();
    Ok(show(&portal, &view, &session, "disclosures", context! { disclosures }))
}

/// Everything about the person's own number, where their identity is proven; and what was done with the data of their
/// applications: of a document that somebody has typed no more is told than concerns its registration.
async fn looked(portal: &Portal, session: &Session, now: Timestamp) -> Result<Vec<Disclosure>, Error> {
    let (db, vault) = (&portal.parts.db, &portal.parts.vault);
    let since = now.checked_sub(BACK).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut all = Vec::new();
    if let Some(number) = &session.person.number {
        let wanted = Wanted { since, before: Timestamp::MAX, limit: MOST };
        all.extend(disclosed(db, vault, number, wanted).await?);
    }
    for application in application::of_account(portal, session.account).await? {
        if application.state != "registered" {
            continue;
        }
        let (versions, _) = application::life(portal, application.id).await?;
        let Some(subject) = versions.first().and_then(|version| subject(&version.data)) else { continue };
        let wanted = Wanted { since: application.created_at, before: Timestamp::MAX, limit: MOST };
        let found = disclosed(db, vault, &subject, wanted).await?;
        let concerns = |one: &Disclosure| one.service == application.service || one.method.starts_with("stay-");
        all.extend(found.into_iter().filter(concerns));
    }
    all.sort_by(|one, other| other.at.cmp(&one.at).then(other.request_id.cmp(&one.request_id)));
    all.dedup_by(|one, other| one.request_id == other.request_id);
    all.truncate(MOST.into());
    Ok(all)
}

/// A document as disclosures name it.
fn subject(data: &Json) -> Option<String> {
    let text = |pointer: &str| data.pointer(pointer).and_then(Json::as_str);
    let (state, number) = (text("/document/issuing_state")?, text("/document/number")?);
    Some(format!("{state}:{}{number}", text("/document/series").unwrap_or("")))
}

fn disclosure(portal: &Portal, lang: Lang, one: &Disclosure) -> Value {
    let service = portal.parts.services.iter().find(|service| service.passport.code.as_str() == one.service);
    let method = service.map(|service| service.text(lang, &format!("methods.{}.title", one.method)));
    context! {
        at => one.at.to_string(),
        who => one.title.of(lang),
        service => title(portal, lang, &one.service),
        code => one.service.clone(),
        method,
        request_id => one.request_id.to_string(),
    }
}

/// `GET /account/profile`
pub(crate) async fn profile(State(portal): State<Portal>, view: View, session: Option<Extension<Session>>) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let provider = origin(&portal.parts.config.client.issuer);
    Ok(show(&portal, &view, &session, "profile", context! { provider }))
}
