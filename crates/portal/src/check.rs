//! The page of all answers: checked by the person, and with an account what would be decided.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response};
use minijinja::context;
use minijinja::value::Serde;
use model::Lang;
use serde_json::Value;
use uuid::Uuid;
use web::pages::{View, see_other};

use crate::apply::{Filling, Place};
use crate::form::{self, Form, Offer, Wrong};
use crate::send::Foreseen;
use crate::session::Session;
use crate::stop::Answer;
use crate::{Portal, book, entry, send};

/// `GET /services/{code}/apply/{draft}/check`: all answers, and with an account what would be decided.
pub(crate) async fn check(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Answer {
    let mut filling = send::unsent(&portal, &view, (&place, &headers), session.as_deref()).await?;
    if let Some(open) = filling.open(&view) {
        return Ok(see_other(&open));
    }
    if let (None, Some(session)) = (filling.draft.account, &session) {
        // From here on it is the account's, and is kept longer.
        filling.draft.account = Some(session.account);
        filling.draft.keep(&portal).await.map_err(|error| portal.failed(&view, &error))?;
    }
    let seen = Seen::of(&portal, &filling, view.lang, session.is_some()).await;
    Ok(show_check(&portal, &view, &filling, &seen, session.is_some()))
}

/// What has to be mended, or would be decided, about everybody in a draft.
pub(crate) struct Seen {
    first: Foreseen,
    guests: Vec<Foreseen>,
}

impl Seen {
    /// Looks at all; with `ask` the owner is asked about each whose answers are all there.
    pub(crate) async fn of(portal: &Portal, filling: &Filling<'_>, lang: Lang, ask: bool) -> Self {
        let mut all = Vec::new();
        for (at, (id, answers)) in filling.people().into_iter().enumerate() {
            // The first person's answers are all there: nobody comes here with an open page.
            let wrong = at.checked_sub(1).map(|guest| book::faults(portal, filling, guest, lang)).unwrap_or_default();
            all.push(match ask && wrong.is_empty() {
                true => send::foresee(portal, filling, (id, &answers), lang).await,
                false => Foreseen { wrong, ..Foreseen::default() },
            });
        }
        let mut all = all.into_iter();
        Self { first: all.next().unwrap_or_default(), guests: all.collect() }
    }

    /// Nothing would have to be mended first.
    pub(crate) fn is_right(&self) -> bool {
        self.first.wrong.is_empty() && self.guests.iter().all(|guest| guest.wrong.is_empty())
    }
}

/// The page of all answers.
pub(crate) fn show_check(
    portal: &Portal,
    view: &View,
    filling: &Filling<'_>,
    seen: &Seen,
    signed_in: bool,
) -> Response<Body> {
    let foreseen = &seen.first;
    let offer = filling.offer(portal, view);
    let answers = &filling.draft.answers;
    let last = filling.form.way(answers).last().map_or_else(String::new, |page| page.id.clone());
    let mut errors = mend(&offer, filling, view, &foreseen.wrong);
    if signed_in {
        errors.extend(book::errors(&offer, filling, view, &seen.guests));
    }
    let values = context! {
        service => filling.service.text(view.lang, "title"),
        blocks => form::summary(&offer, answers, &[foreseen.wrong.as_slice(), &foreseen.marks].concat()),
        errors,
        guests => book::summary(&offer, filling, view, &seen.guests),
        book => filling.form.takes_guests(answers).then(|| view.url(&format!("{}/guests", filling.path))),
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
pub(crate) fn body(form: &Form, (id, answers): (Uuid, &Value), lang: Lang) -> Value {
    let mut body = form.asked(answers);
    if let Value::Object(members) = &mut body {
        members.insert("application_id".into(), id.to_string().into());
        members.insert("language".into(), lang.code().into());
    }
    body
}
