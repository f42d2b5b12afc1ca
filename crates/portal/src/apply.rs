//! Filling a form: one thing a page, kept at every step, and nothing asked of who has not finished yet.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use minijinja::context;
use minijinja::value::Serde;
use model::calendar::minsk_day;
use model::{Lang, Service, clock};
use serde::Deserialize;
use serde_json::{Value, json};
use web::Context;
use web::pages::{self, View, see_other};

use crate::draft::{self, Draft, Hand};
use crate::form::{self, Field, Form, Offer, Page, Wrong};
use crate::session::Session;
use crate::{Portal, send};

/// Whether a question is asked again from the page of all answers.
#[derive(Deserialize)]
pub(crate) struct Change {
    #[serde(default)]
    change: String,
}

/// The parts of a path below `apply`.
#[derive(Deserialize)]
pub(crate) struct Place {
    code: String,
    draft: String,
    #[serde(default)]
    page: String,
}

impl Place {
    /// The name of the draft.
    pub(crate) fn id(&self) -> Option<uuid::Uuid> {
        uuid::Uuid::try_parse(&self.draft).ok()
    }
}

/// A draft with the form it fills, for whoever may see it.
pub(crate) struct Filling<'a> {
    pub service: &'a Service,
    pub form: &'a Form,
    pub draft: Draft,
    pub path: String,
}

impl<'a> Filling<'a> {
    /// The draft at this place, or the page that says why not.
    pub(crate) async fn find(
        portal: &'a Portal,
        view: &View,
        place: &Place,
        hand: &Hand,
    ) -> Result<Self, Response<Body>> {
        let service = portal.service(&place.code).ok_or_else(|| portal.not_found(view))?;
        let form = portal.form(service).ok_or_else(|| portal.not_found(view))?;
        let found = draft::find(portal, &place.draft, hand).await.map_err(|error| portal.failed(view, &error))?;
        let found = found.filter(|draft| draft.service == service.passport.code.as_str());
        let draft = found.ok_or_else(|| portal.parts.pages.error(view, StatusCode::GONE, "draft-gone"))?;
        let path = format!("/services/{}/apply/{}", service.passport.code.path(), draft.id);
        Ok(Self { service, form, draft, path })
    }

    pub(crate) fn offer(&'a self, portal: &'a Portal, view: &View) -> Offer<'a> {
        let (pages, day) = (&portal.parts.pages, minsk_day(view.at));
        Offer { pages, service: self.service, form: self.form, lang: view.lang, day }
    }
}

/// `GET /services/{code}/apply`: what one needs and how long it takes.
pub(crate) async fn start(State(portal): State<Portal>, view: View, Path(code): Path<String>) -> Response<Body> {
    let Some(service) = portal.service(&code).filter(|service| portal.form(service).is_some()) else {
        return portal.not_found(&view);
    };
    let before = crate::catalogue::paragraphs(service, view.lang, "form.start.need");
    let values = context! {
        path => service.passport.code.path(),
        title => service.text(view.lang, "title"),
        needs => before,
        notes => crate::catalogue::paragraphs(service, view.lang, "form.start.note"),
        term => service.text(view.lang, "term"),
        cost => service.text(view.lang, "cost"),
    };
    portal.parts.pages.show(&view, "portal/start.html", values)
}

/// `POST /services/{code}/apply`: a new draft.
pub(crate) async fn begin(
    State(portal): State<Portal>,
    Extension(context): Extension<Context>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Response<Body> {
    let Some((service, form)) = portal.service(&code).and_then(|service| Some((service, portal.form(service)?))) else {
        return portal.not_found(&view);
    };
    let mut hand = Hand::of(&portal, &headers, session.as_deref());
    let (browser, cookie) = hand.named(&portal);
    let id = clock::uuid_at(context.at(), store::random());
    let account = session.as_ref().map(|session| session.account);
    let draft = Draft::new(id, service.passport.code.as_str(), browser, account, json!({}));
    if let Err(error) = draft.keep(&portal).await {
        return portal.failed(&view, &error);
    }
    let first = form.way(&draft.answers).next().map_or("check", |page| page.id.as_str());
    let mut response = see_other(&view.url(&format!("/services/{code}/apply/{id}/{first}")));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `GET /services/{code}/apply/{draft}/{page}`
pub(crate) async fn question(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
    Query(change): Query<Change>,
) -> Response<Body> {
    let hand = Hand::of(&portal, &headers, session.as_deref());
    let filling = match Filling::find(&portal, &view, &place, &hand).await {
        Ok(filling) => filling,
        Err(gone) => return send::sent_before(&portal, &view, &place, session.as_deref()).await.unwrap_or(gone),
    };
    let shown = Shown { place: &place, change: !change.change.is_empty(), typed: None, wrong: &[] };
    show(&portal, &view, &filling, &shown).unwrap_or_else(|| portal.not_found(&view))
}

/// How a page of questions is shown.
struct Shown<'a> {
    place: &'a Place,
    change: bool,
    typed: Option<&'a pages::Form>,
    wrong: &'a [Wrong],
}

fn show(portal: &Portal, view: &View, filling: &Filling<'_>, shown: &Shown<'_>) -> Option<Response<Body>> {
    let answers = &filling.draft.answers;
    let page = filling.form.page(answers, &shown.place.page)?;
    let offer = filling.offer(portal, view);
    let way: Vec<&str> = filling.form.way(answers).map(|page| page.id.as_str()).collect();
    let at = way.iter().position(|id| *id == page.id)?;
    let back = match at.checked_sub(1).and_then(|before| way.get(before)) {
        _ if shown.change => view.url(&format!("{}/check", filling.path)),
        Some(before) => view.url(&format!("{}/{before}", filling.path)),
        None => view.url(&format!("/services/{}/apply", filling.service.passport.code.path())),
    };
    let key = format!("form.pages.{}.hint", page.id);
    let values = context! {
        title => filling.service.text(view.lang, &format!("form.pages.{}.title", page.id)),
        hint => filling.service.texts.has(&key).then(|| filling.service.text(view.lang, &key)),
        block => filling.service.text(view.lang, &format!("form.blocks.{}", page.block)),
        service => filling.service.text(view.lang, "title"),
        number => at + 1,
        count => way.len(),
        questions => form::questions(&offer, page, answers, shown.typed, shown.wrong),
        errors => errors(&offer, page, shown.wrong),
        change => shown.change,
        keep_form => "answers",
        back,
    };
    let status = if shown.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Some(portal.parts.pages.show_as(status, view, "portal/question.html", values))
}

/// What is wrong, each with the place to mend it.
fn errors(offer: &Offer<'_>, page: &Page, wrong: &[Wrong]) -> Vec<minijinja::Value> {
    let link = |pointer: &str| page.fields.iter().find(|field| field.pointer == pointer).map(Field::anchor);
    wrong
        .iter()
        .map(|wrong| context! { text => offer.words(wrong), href => link(&wrong.pointer).map(|id| format!("#{id}")) })
        .collect()
}

/// `POST /services/{code}/apply/{draft}/{page}`: the answers of a page are kept, or it is shown again with what is wrong.
pub(crate) async fn answer(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
    typed: pages::Form,
) -> Response<Body> {
    let hand = Hand::of(&portal, &headers, session.as_deref());
    let mut filling = match Filling::find(&portal, &view, &place, &hand).await {
        Ok(filling) => filling,
        Err(response) => return response,
    };
    let change = typed.has("change");
    if typed.has("keep") {
        // Another language was chosen before the page was sent: what is typed goes along, unchecked.
        let shown = Shown { place: &place, change, typed: Some(&typed), wrong: &[] };
        return show(&portal, &view, &filling, &shown).unwrap_or_else(|| portal.not_found(&view));
    }
    let Some(page) = filling.form.page(&filling.draft.answers, &place.page) else { return portal.not_found(&view) };
    let mut answers = filling.draft.answers.clone();
    let mut wrong = form::read(page, &typed, &mut answers);
    if wrong.is_empty() {
        wrong = send::schema_faults(&portal, filling.service, filling.form, &answers, view.lang);
        wrong.retain(|wrong| page.fields(&answers).any(|field| field.pointer == wrong.pointer));
    }
    if !wrong.is_empty() {
        let shown = Shown { place: &place, change, typed: Some(&typed), wrong: &wrong };
        return show(&portal, &view, &filling, &shown).unwrap_or_else(|| portal.not_found(&view));
    }
    let next = next(filling.form, &answers, &place.page, change);
    filling.draft.answers = answers;
    if filling.draft.account.is_none() {
        filling.draft.account = session.as_ref().map(|session| session.account);
    }
    if let Err(error) = filling.draft.keep(&portal).await {
        return portal.failed(&view, &error);
    }
    see_other(&view.url(&format!("{}/{next}", filling.path)))
}

/// Where the way goes on: after a change back to all answers, unless the change has opened a question.
fn next(form: &Form, answers: &Value, page: &str, change: bool) -> String {
    if change {
        return form.open(answers).map_or("check", |page| page.id.as_str()).to_owned();
    }
    let mut way = form.way(answers).skip_while(|known| known.id != page).skip(1);
    way.next().map_or("check", |page| page.id.as_str()).to_owned()
}

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
    if let Some(open) = filling.form.open(&filling.draft.answers) {
        return see_other(&view.url(&format!("{}/{}", filling.path, open.id)));
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
    let here = view.url(&format!("{}/check", filling.path));
    let enter = form_urlencoded::byte_serialize(here.as_bytes()).collect::<String>();
    let last = filling.form.way(answers).last().map_or_else(String::new, |page| page.id.clone());
    let values = context! {
        service => filling.service.text(view.lang, "title"),
        blocks => form::summary(&offer, answers, &[foreseen.wrong.as_slice(), &foreseen.marks].concat()),
        errors => mend(&offer, filling, view, &foreseen.wrong),
        base => view.url(&filling.path),
        back => view.url(&format!("{}/{last}", filling.path)),
        enter => view.url(&format!("/enter?to={enter}")),
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
