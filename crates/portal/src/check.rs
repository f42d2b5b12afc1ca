//! The page of all answers: checked by the person, and with an account what would be decided.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response};
use minijinja::context;
use minijinja::value::Serde;
use model::Lang;
use serde_json::Value;
use web::pages::{View, see_other};

use crate::apply::{Filling, Place};
use crate::draft::{Draft, Hand};
use crate::form::{self, Form, Offer, Wrong};
use crate::session::Session;
use crate::{Portal, entry, send};

/// `GET /services/{code}/apply/{draft}/check`: all answers, and with an account what would be decided.
pub(crate) async fn check(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Response<Body> {
    let hand = Hand::of(&portal, &headers, session.as_deref());
    let mut filling = match Filling::find(&portal, &view, &place, &hand).await {
        Ok(filling) => filling,
        Err(gone) => return send::sent_before(&portal, &view, &place, session.as_deref()).await.unwrap_or(gone),
    };
    if let Some(open) = filling.open(&view) {
        return see_other(&open);
    }
    if let (None, Some(session)) = (filling.draft.account, &session) {
        // From here on it is the account's, and is kept longer.
        filling.draft.account = Some(session.account);
        if let Err(error) = filling.draft.keep(&portal).await {
            return portal.failed(&view, &error);
        }
    }
    let foreseen = match session.as_deref() {
        Some(_) => send::foresee(&portal, &filling, view.lang).await,
        None => send::Foreseen::default(),
    };
    show_check(&portal, &view, &filling, &foreseen, session.is_some())
}

/// The page of all answers.
pub(crate) fn show_check(
    portal: &Portal,
    view: &View,
    filling: &Filling<'_>,
    foreseen: &send::Foreseen,
    signed_in: bool,
) -> Response<Body> {
    let offer = filling.offer(portal, view);
    let answers = &filling.draft.answers;
    let last = filling.form.way(answers).last().map_or_else(String::new, |page| page.id.clone());
    let values = context! {
        service => filling.service.text(view.lang, "title"),
        blocks => form::summary(&offer, answers, &[foreseen.wrong.as_slice(), &foreseen.marks].concat()),
        errors => mend(&offer, filling, view, &foreseen.wrong),
        base => view.url(&filling.path),
        back => view.url(&format!("{}/{last}", filling.path)),
        enter => view.url(&entry::address(&view.url(&format!("{}/check", filling.path)), true)),
        signed_in,
        foreseen => minijinja::Value::from(Serde(&foreseen.outcome)),
        asked => foreseen.asked,
        statement => filling.service.text(view.lang, "form.statement"),
    };
    portal.parts.pages.show(view, "portal/check.html", values)
}

/// Links to the questions whose answers are at fault.
fn mend(offer: &Offer<'_>, filling: &Filling<'_>, view: &View, wrong: &[Wrong]) -> Vec<minijinja::Value> {
    let page = |pointer: &str| filling.form.page_of(&filling.draft.answers, pointer).map(|page| page.id.clone());
    wrong
        .iter()
        .filter_map(|wrong| {
            let href = view.url(&format!("{}/{}?change=1", filling.path, page(&wrong.pointer)?));
            Some(context! { text => offer.words(wrong), href })
        })
        .collect()
}

/// The body of the request: the answers that were asked, under the application's name.
pub(crate) fn body(form: &Form, draft: &Draft, lang: Lang) -> Value {
    let mut body = form.asked(&draft.answers);
    if let Value::Object(members) = &mut body {
        members.insert("application_id".into(), draft.id.to_string().into());
        members.insert("language".into(), lang.code().into());
    }
    body
}
