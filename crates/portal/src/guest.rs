//! One guest of a guest book: what is theirs alone, to be completed, mended or taken out.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use minijinja::context;
use model::Lang;
use serde_json::Value;
use web::pages::{self, View, see_other};

use crate::apply::{Filling, Place, encoded, judged};
use crate::draft::Guest;
use crate::form::{self, Field, Wrong};
use crate::session::Session;
use crate::stop::Answer;
use crate::{Portal, book};

/// What was typed about a guest: the own answers, and what is wrong.
pub(crate) fn judge(
    portal: &Portal,
    filling: &Filling<'_>,
    guest: &Guest,
    typed: &pages::Form,
    lang: Lang,
) -> (Value, Vec<Wrong>) {
    let mut answers = filling.form.of_guest(&filling.draft.answers, &guest.own);
    let (mut own, mut wrong) = (guest.own.clone(), Vec::new());
    for page in filling.form.guest_pages() {
        wrong.extend(judged(portal, filling, page, typed, &mut answers, lang));
        for field in &page.fields {
            form::set(&mut own, &field.pointer, answers.pointer(&field.pointer).cloned());
        }
    }
    (own, wrong)
}

/// The place of the guest of this path in the book.
fn position(filling: &Filling<'_>, place: &Place) -> Option<usize> {
    filling.draft.guests.iter().position(|guest| guest.id.to_string() == place.guest)
}

/// `GET …/guests/{guest}`
pub(crate) async fn show(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Answer {
    let filling = book::find(&portal, &view, (&place, &headers), session.as_deref()).await?;
    let guest = position(&filling, &place).and_then(|at| filling.draft.guests.get(at));
    let guest = guest.ok_or_else(|| portal.not_found(&view))?;
    let typed = guest.typed.as_ref().map(|typed| pages::Form::parse(typed.as_bytes()));
    let wrong = typed.as_ref().map(|typed| judge(&portal, &filling, guest, typed, view.lang).1).unwrap_or_default();
    Ok(page(&portal, &view, (&filling, guest), typed.as_ref(), &wrong, StatusCode::OK))
}

fn page(
    portal: &Portal,
    view: &View,
    (filling, guest): (&Filling<'_>, &Guest),
    typed: Option<&pages::Form>,
    wrong: &[Wrong],
    status: StatusCode,
) -> Response<Body> {
    let offer = filling.offer(portal, view);
    let answers = filling.form.of_guest(&filling.draft.answers, &guest.own);
    let pages = filling.form.guest_pages();
    let questions: Vec<_> = pages.flat_map(|page| form::questions(&offer, page, &answers, typed, wrong)).collect();
    let link = |pointer: &str| filling.form.field(pointer).map(Field::anchor);
    let errors: Vec<_> = wrong
        .iter()
        .map(|wrong| context! { text => offer.words(wrong), href => link(&wrong.pointer).map(|id| format!("#{id}")) })
        .collect();
    let values = context! {
        title => portal.text(view.lang, "book.guest", &[]),
        block => filling.form.called(&guest.own),
        service => filling.service.text(view.lang, "title"),
        questions,
        errors,
        keep_form => "answers",
        back => view.url(&format!("{}/check", filling.path)),
    };
    portal.parts.pages.show_as(status, view, "portal/question.html", values)
}

/// `POST …/guests/{guest}`: the answers are kept, or the page is shown again with what is wrong.
pub(crate) async fn keep(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
    typed: pages::Form,
) -> Answer {
    let mut filling = book::find(&portal, &view, (&place, &headers), session.as_deref()).await?;
    let found = position(&filling, &place).and_then(|at| Some((at, filling.draft.guests.get(at)?.clone())));
    let (at, mut guest) = found.ok_or_else(|| portal.not_found(&view))?;
    if typed.has("keep") {
        return Ok(page(&portal, &view, (&filling, &guest), Some(&typed), &[], StatusCode::OK));
    }
    let (own, wrong) = judge(&portal, &filling, &guest, &typed, view.lang);
    let raw = || filling.form.guest_pages().map(|page| encoded(page, &typed)).collect::<Vec<_>>().join("&");
    guest.own = own;
    guest.typed = if wrong.is_empty() { None } else { Some(raw()) };
    if let Some(place) = filling.draft.guests.get_mut(at) {
        place.clone_from(&guest);
    }
    filling.draft.keep(&portal).await.map_err(|error| portal.failed(&view, &error))?;
    Ok(match wrong.is_empty() {
        true => see_other(&view.url(&format!("{}/check", filling.path))),
        false => page(&portal, &view, (&filling, &guest), Some(&typed), &wrong, StatusCode::UNPROCESSABLE_ENTITY),
    })
}

/// `POST …/guests/{guest}/remove`
pub(crate) async fn remove(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Answer {
    let mut filling = book::find(&portal, &view, (&place, &headers), session.as_deref()).await?;
    filling.draft.guests.retain(|guest| guest.id.to_string() != place.guest);
    filling.draft.keep(&portal).await.map_err(|error| portal.failed(&view, &error))?;
    Ok(see_other(&view.url(&format!("{}/check", filling.path))))
}
