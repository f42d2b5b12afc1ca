//! Sending an application: taken in first, on disk, and only then put to the owner; what nobody answers is sent again.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use gateway::consumer::{Question, Told};
use jiff::Timestamp;
use minijinja::context;
use model::{Lang, Refusal, Service};
use serde_json::{Value, json};
use store::Error;
use web::pages::{View, see_other};

use crate::application::{self, Application, Decision, Sending};
use crate::apply::{Filling, Place};
use crate::check;
use crate::draft::{self, Draft, Hand};
use crate::entry::sign_in_to;
use crate::form::{Form, Message, Wrong};
use crate::session::Session;
use crate::stop::{Answer, Stop};
use crate::{Portal, files, session};

/// How often the worker looks.
const ROUND: Duration = Duration::from_secs(15);
/// The longest time between two tries.
const LONGEST_WAIT: i64 = 3_600;

/// What would be decided now.
#[derive(Default)]
pub(crate) struct Foreseen {
    /// The owner was asked.
    pub asked: bool,
    /// What it says.
    pub outcome: Option<Value>,
    /// Answers that are at fault: with them nothing is sent.
    pub wrong: Vec<Wrong>,
    /// Answers that the decision hangs on.
    pub marks: Vec<Wrong>,
}

/// What the method's schema says of the answers so far, in words.
pub(crate) fn schema_faults(
    portal: &Portal,
    service: &Service,
    form: &Form,
    answers: &Value,
    lang: Lang,
) -> Vec<Wrong> {
    let method = service.passport.methods.iter().find(|method| method.path == form.submit);
    let schema = method.and_then(|method| service.schemas(method)).and_then(|schemas| schemas.request.as_ref());
    let Some(Err(faults)) = schema.map(|schema| schema.check(&form.asked(answers))) else { return Vec::new() };
    let told = |fault: &model::Fault| Message::Told(portal.parts.problems.fault(lang, fault));
    faults.iter().map(|fault| Wrong { pointer: fault.pointer.clone(), message: told(fault) }).collect()
}

/// Faults or marks that an answer lists, where the reader can mend them.
fn listed(json: &Value, name: &str) -> Vec<Wrong> {
    let listed = json.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    listed
        .iter()
        .filter_map(|fault| {
            let text = |name: &str| fault.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(Wrong { pointer: text("pointer")?, message: Message::Told(text("message")?) })
        })
        .collect()
}

/// Asks a method of the service's owner.
pub(crate) async fn ask(
    portal: &Portal,
    service: &Service,
    method: &str,
    body: &Value,
    lang: Lang,
) -> Result<Told, Refusal> {
    let context = service.passport.context.as_deref().unwrap_or_default();
    let path = format!("{context}/{method}");
    portal.parts.consumer.ask(Question { path: &path, body, lang, idempotency_key: None }).await
}

/// Asks the owner what would be decided on these answers. Nobody there is no reason not to send.
pub(crate) async fn foresee(
    portal: &Portal,
    filling: &Filling<'_>,
    (id, answers): (uuid::Uuid, &Value),
    lang: Lang,
) -> Foreseen {
    let body = check::body(filling.form, (id, answers), lang);
    match ask(portal, filling.service, &filling.form.check, &body, lang).await {
        Ok(told) if told.is_answered() || told.status == StatusCode::BAD_REQUEST => {
            let outcome = told.is_answered().then(|| told.json.clone());
            Foreseen { asked: true, wrong: listed(&told.json, "errors"), marks: listed(&told.json, "marks"), outcome }
        }
        Ok(told) => {
            tracing::warn!(code = told.code(), "an application could not be checked");
            Foreseen::default()
        }
        Err(refusal) => {
            tracing::warn!(code = refusal.code, "an application could not be checked");
            Foreseen::default()
        }
    }
}

/// `POST /services/{code}/apply/{draft}/send`: sent once, however often the button is pressed.
pub(crate) async fn send(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Answer {
    // Back to a page, never to the form's own address.
    let back = || sign_in_to(&view, &view.path.replace("/send", "/check"));
    let Extension(session) = session.ok_or_else(back)?;
    let filling = unsent(&portal, &view, (&place, &headers), Some(&session)).await?;
    if let Some(open) = filling.open(&view) {
        return Ok(see_other(&open));
    }
    let seen = check::Seen::of(&portal, &filling, view.lang, true).await;
    if !seen.is_right() {
        return Ok(check::show_check(&portal, &view, &filling, &seen, true));
    }
    let alone = filling.people().len() == 1;
    take(&portal, &filling, &session, view.lang).await.map_err(|error| portal.failed(&view, &error))?;
    let of_one = if alone { format!("/{}", filling.draft.id) } else { String::new() };
    Ok(see_other(&view.url(&format!("/account/applications{of_one}"))))
}

/// The draft at this place. One that is there no more because it was sent, by the button pressed twice or the way back,
/// leads to its application.
pub(crate) async fn unsent<'a>(
    portal: &'a Portal,
    view: &View,
    (place, headers): (&Place, &HeaderMap),
    session: Option<&Session>,
) -> Result<Filling<'a>, Stop> {
    let hand = Hand::of(portal, headers, session);
    let gone = match Filling::find(portal, view, place, &hand).await {
        Ok(filling) => return Ok(filling),
        Err(gone) => gone,
    };
    let (Some(id), Some(session)) = (place.id(), session) else { return Err(gone) };
    match application::find(portal, id, session.account).await {
        Ok(Some(found)) => Err(see_other(&view.url(&format!("/account/applications/{}", found.id))).into()),
        _ => Err(gone),
    }
}

/// Takes the application in, with one for each guest, and puts them to the owner; answers are there when this returns,
/// unless nobody gives any.
async fn take(portal: &Portal, filling: &Filling<'_>, session: &Session, lang: Lang) -> Result<(), Error> {
    let now = portal.parts.clock.now();
    let sending = |(id, answers): (uuid::Uuid, Value)| Sending {
        id,
        account: session.account,
        service: filling.draft.service.clone(),
        lang,
        person: (*session.person).clone(),
        data: filling.form.asked(&answers),
        now,
    };
    let (draft, vault) = (filling.draft.id, portal.parts.vault.clone());
    let all: Vec<Sending> = filling.people().into_iter().map(sending).collect();
    let files: Vec<uuid::Uuid> =
        all.iter().flat_map(|one| filling.form.all_attached(&one.data)).map(|file| file.id).collect();
    let write = move |tx: &mut store::Tx<'_>| {
        let mut taken = Vec::new();
        for one in &all {
            if application::take(tx, &vault, one)? {
                taken.push(one.id);
            }
        }
        files::send(tx, &files)?;
        draft::drop_in(tx, &draft)?;
        Ok(taken)
    };
    for id in portal.parts.db.write(write).await? {
        if let Some(application) = application::find(portal, id, session.account).await? {
            put(portal, &application).await?;
        }
    }
    Ok(())
}

/// Puts an application to the owner and writes down what was decided.
async fn put(portal: &Portal, application: &Application) -> Result<(), Error> {
    let found = portal.parts.services.iter().find(|service| service.passport.code.as_str() == application.service);
    let Some((service, form)) = found.and_then(|service| Some((service, portal.form(service)?))) else {
        return postpone(portal, application).await;
    };
    let (versions, _) = application::life(portal, application.id).await?;
    let Some(newest) = versions.into_iter().next() else { return Ok(()) };
    let mut body = check::body(form, (application.id, &newest.data), application.lang);
    files::fill_in(portal, form, &mut body).await?;
    let told = match ask(portal, service, &form.submit, &body, application.lang).await {
        Ok(told) if !told.status.is_server_error() && told.status != StatusCode::TOO_MANY_REQUESTS => told,
        Ok(told) => {
            tracing::warn!(code = told.code(), "an application was not decided; it is sent again");
            return postpone(portal, application).await;
        }
        Err(refusal) => {
            tracing::warn!(code = refusal.code, "an application was not decided; it is sent again");
            return postpone(portal, application).await;
        }
    };
    decide(portal, service, application, told).await
}

/// Later, and each time later still.
async fn postpone(portal: &Portal, application: &Application) -> Result<(), Error> {
    let wait = 5_i64.saturating_mul(1_i64 << application.tries.clamp(0, 12)).min(LONGEST_WAIT);
    let now = portal.parts.clock.now();
    let then = now.checked_add(jiff::SignedDuration::from_secs(wait)).unwrap_or(now);
    let id = application.id;
    portal.parts.db.write(move |tx| application::postpone(tx, &id, then)).await
}

/// The states that an owner may decide; anything else is returned to be mended.
fn state(told: &Told) -> &'static str {
    let outcome = told.json.get("outcome").and_then(Value::as_str).unwrap_or("");
    match outcome {
        "registered" if told.is_answered() => "registered",
        "not-required" if told.is_answered() => "not-required",
        "personal-visit" if told.is_answered() => "personal-visit",
        "refused" if told.is_answered() => "refused",
        _ => "returned",
    }
}

async fn decide(portal: &Portal, service: &Service, application: &Application, told: Told) -> Result<(), Error> {
    let state = state(&told);
    let outcome = if told.is_answered() {
        told.json
    } else {
        let member = |name: &str| told.json.get(name).cloned().unwrap_or_default();
        json!({"outcome": "returned", "code": member("code"), "title": member("title"), "text": member("detail"),
            "errors": member("errors")})
    };
    let decision = Decision {
        state: state.to_owned(),
        outcome,
        request_id: told.request_id,
        receipt: told.receipt,
        now: portal.parts.clock.now(),
    };
    let message = notice(portal, service, application, state);
    let (vault, outbox, application) = (portal.parts.vault.clone(), portal.parts.outbox.clone(), application.clone());
    let write = move |tx: &mut store::Tx<'_>| {
        if application::decide(tx, &vault, &application, &decision)?
            && let Some(message) = &message
        {
            outbox.put(tx, message).map_err(Error::broken)?;
        }
        Ok(())
    };
    portal.parts.db.write(write).await
}

/// The message by e-mail: that there is news, and where; nothing of what was decided.
fn notice(portal: &Portal, service: &Service, application: &Application, state: &str) -> Option<mail::Message> {
    let lang = application.lang;
    let to = mail::Address::parse(&application.person.email).ok()?;
    let url = format!("{}/{}/account/applications/{}", portal.parts.config.base_url, lang.code(), application.id);
    let text = portal.parts.pages.plain(
        lang,
        "portal/mail.txt",
        context! { service => service.text(lang, "title"), url, state, number => crate::result::short(application.id) },
    );
    Some(mail::Message { to, subject: portal.text(lang, "mail.subject", &[]), text, lang, kind: "application" })
}

/// `POST /account/applications/{id}/mend`: what was returned becomes a draft again, under the same number.
pub(crate) async fn mend(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let back = || sign_in_to(&view, view.path.trim_end_matches("/mend"));
    let Extension(session) = session.ok_or_else(back)?;
    let id = uuid::Uuid::try_parse(&id).map_err(|_| portal.not_found(&view))?;
    let mended = mended(&portal, &session, &headers, id).await.map_err(|error| portal.failed(&view, &error))?;
    let (service, cookie) = mended.ok_or_else(|| portal.not_found(&view))?;
    let mut response = see_other(&view.url(&format!("/services/{service}/apply/{id}/check")));
    if let Some(cookie) = cookie {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn mended(
    portal: &Portal,
    session: &Session,
    headers: &HeaderMap,
    id: uuid::Uuid,
) -> Result<Option<(String, Option<axum::http::HeaderValue>)>, Error> {
    let found = application::find(portal, id, session.account).await?;
    let Some(application) = found.filter(|application| is_mendable(&application.state)) else { return Ok(None) };
    let service = portal.parts.services.iter().find(|one| one.passport.code.as_str() == application.service);
    let Some(service) = service else { return Ok(None) };
    let (versions, _) = application::life(portal, id).await?;
    let Some(newest) = versions.into_iter().next() else { return Ok(None) };
    let mut hand = Hand::of(portal, headers, Some(session));
    let (browser, cookie) = hand.named(portal);
    Draft::new(id, &application.service, browser, Some(session.account), newest.data).keep(portal).await?;
    Ok(Some((service.passport.code.path(), cookie)))
}

/// What was not done can be mended and sent again.
pub(crate) fn is_mendable(state: &str) -> bool {
    matches!(state, "refused" | "returned" | "personal-visit" | "not-required")
}

/// Sends what waits, and forgets what is out of its term; for ever.
pub(crate) async fn work(portal: Portal) {
    let mut forgotten = Timestamp::UNIX_EPOCH;
    loop {
        tokio::time::sleep(ROUND).await;
        let now = portal.parts.clock.now();
        match application::waiting(&portal, now).await {
            Ok(waiting) => {
                for application in waiting {
                    if let Err(error) = put(&portal, &application).await {
                        tracing::warn!(%error, "an application could not be sent");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "waiting applications could not be read"),
        }
        if now.duration_since(forgotten).as_secs() >= 300 {
            forgotten = now;
            let now = now.as_microsecond();
            let forget = move |tx: &mut store::Tx<'_>| {
                draft::forget(tx, now)?;
                files::forget(tx)?;
                session::forget(tx, now)
            };
            if let Err(error) = portal.parts.db.write(forget).await {
                tracing::warn!(%error, "what is out of its term could not be forgotten");
            }
        }
    }
}
