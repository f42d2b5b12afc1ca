//! Filling a form: one block a page, kept at every step, and nothing asked of who has not finished yet.

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use minijinja::context;
use model::calendar::minsk_day;
use model::{Lang, Service, clock};
use serde::Deserialize;
use serde_json::{Value, json};
use web::Context;
use web::pages::{self, Upload, View, see_other};

use crate::draft::{self, Draft, Hand};
use crate::form::{self, Field, Form, Offer, Page, Wrong};
use crate::session::Session;
use crate::stop::{Answer, Stop};
use crate::{Portal, entry, files, send, zone};

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
    /// A guest of the draft.
    #[serde(default)]
    pub guest: String,
    /// A file of it.
    #[serde(default)]
    pub file: String,
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
    /// The address below which its files are.
    files: String,
}

impl<'a> Filling<'a> {
    /// The draft at this place, or the page that says why not.
    pub(crate) async fn find(portal: &'a Portal, view: &View, place: &Place, hand: &Hand) -> Result<Self, Stop> {
        let service = portal.service(&place.code).ok_or_else(|| portal.not_found(view))?;
        let form = portal.form(service).ok_or_else(|| portal.not_found(view))?;
        let found = draft::find(portal, &place.draft, hand).await.map_err(|error| portal.failed(view, &error))?;
        let found = found.filter(|draft| draft.service == service.passport.code.as_str());
        let draft = found.ok_or_else(|| portal.parts.pages.error(view, StatusCode::GONE, "draft-gone"))?;
        let path = format!("/services/{}/apply/{}", service.passport.code.path(), draft.id);
        let files = view.url(&format!("{path}/files"));
        Ok(Self { service, form, draft, path, files })
    }

    pub(crate) fn offer(&'a self, portal: &'a Portal, view: &View) -> Offer<'a> {
        let (pages, day) = (&portal.parts.pages, minsk_day(view.at));
        Offer { pages, service: self.service, form: self.form, lang: view.lang, day, files: &self.files }
    }

    /// Everybody the draft is about, each with the name and the answers of their application: first whom the form names,
    /// then the guests.
    pub(crate) fn people(&self) -> Vec<(uuid::Uuid, Value)> {
        let answers = &self.draft.answers;
        let mut people = vec![(self.draft.id, answers.clone())];
        if self.form.takes_guests(answers) {
            people.extend(self.draft.guests.iter().map(|guest| (guest.id, self.form.of_guest(answers, &guest.own))));
        }
        people
    }

    /// The first page that is not finished, as an address.
    pub(crate) fn open(&self, view: &View) -> Option<String> {
        let page = self.form.open(&self.draft.answers, |page| self.draft.is_unfinished(page))?;
        Some(view.url(&format!("{}/{}", self.path, page.id)))
    }

    /// Takes what was typed on a page into the draft: what is right as answers, and if anything is wrong also all of it
    /// as it came, so that nothing is lost whenever the person comes back. On disk when this returns.
    pub(crate) async fn take(
        &mut self,
        portal: &Portal,
        (page, typed): (&Page, &pages::Form),
        lang: Lang,
        session: Option<&Session>,
    ) -> Result<Vec<Wrong>, store::Error> {
        let mut answers = self.draft.answers.clone();
        let wrong = judged(portal, self, page, typed, &mut answers, lang);
        self.draft.answers = self.form.asked(&answers);
        if wrong.is_empty() {
            self.draft.typed.remove(&page.id);
        } else {
            self.draft.typed.insert(page.id.clone(), encoded(page, typed));
        }
        self.draft.account = self.draft.account.or(session.map(|session| session.account));
        self.draft.keep(portal).await?;
        Ok(wrong)
    }
}

/// What is wrong with what was typed on a page; the rest becomes answers.
pub(crate) fn judged(
    portal: &Portal,
    filling: &Filling<'_>,
    page: &Page,
    typed: &pages::Form,
    answers: &mut Value,
    lang: Lang,
) -> Vec<Wrong> {
    let mut wrong = form::read(filling.form, page, typed, answers);
    for fault in send::schema_faults(portal, filling.service, filling.form, answers, lang) {
        let told = wrong.iter().any(|known| known.pointer == fault.pointer);
        if !told && filling.form.fields(page, answers).iter().any(|field| field.pointer == fault.pointer) {
            form::set(answers, &fault.pointer, None);
            wrong.push(fault);
        }
    }
    let place = |wrong: &Wrong| page.fields.iter().position(|field| field.pointer == wrong.pointer);
    wrong.sort_by_key(place);
    wrong
}

/// The page's own fields of what a browser sent.
pub(crate) fn encoded(page: &Page, typed: &pages::Form) -> String {
    let own = |name: &str| {
        page.fields.iter().any(|field| {
            let rest = name.strip_prefix(&field.name());
            matches!(rest, Some("" | "-day" | "-month" | "-year"))
        })
    };
    let pairs = typed.pairs().iter().filter(|(name, _)| own(name));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// `GET /services/{code}/apply`: an address that people keep; the form begins with the button of the service's page.
pub(crate) async fn start(State(portal): State<Portal>, view: View, Path(code): Path<String>) -> Response<Body> {
    match portal.service(&code).filter(|service| portal.form(service).is_some()) {
        Some(service) => see_other(&view.url(&format!("/services/{}", service.passport.code.path()))),
        None => portal.not_found(&view),
    }
}

/// `POST /services/{code}/apply`: a new draft.
pub(crate) async fn begin(
    State(portal): State<Portal>,
    Extension(context): Extension<Context>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Answer {
    let known = portal.service(&code).and_then(|service| Some((service, portal.form(service)?)));
    let (service, form) = known.ok_or_else(|| portal.not_found(&view))?;
    let mut hand = Hand::of(&portal, &headers, session.as_deref());
    let (browser, cookie) = hand.named(&portal);
    let id = clock::uuid_at(context.at(), store::random());
    let account = session.as_ref().map(|session| session.account);
    let draft = Draft::new(id, service.passport.code.as_str(), browser, account, json!({}));
    draft.keep(&portal).await.map_err(|error| portal.failed(&view, &error))?;
    let first = form.way(&draft.answers).first().map_or("check", |page| page.id.as_str());
    let mut response = see_other(&view.url(&format!("/services/{code}/apply/{id}/{first}")));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /services/{code}/apply/{draft}/{page}`
pub(crate) async fn question(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
    Query(change): Query<Change>,
) -> Answer {
    let filling = send::unsent(&portal, &view, (&place, &headers), session.as_deref()).await?;
    let page = filling.form.page(&filling.draft.answers, &place.page).ok_or_else(|| portal.not_found(&view))?;
    let typed = filling.draft.typed.get(&place.page).map(|typed| pages::Form::parse(typed.as_bytes()));
    let wrong = typed.as_ref().map(|typed| {
        let mut answers = filling.draft.answers.clone();
        judged(&portal, &filling, page, typed, &mut answers, view.lang)
    });
    let shown = Shown {
        change: !change.change.is_empty(),
        signed_in: session.is_some(),
        typed: typed.as_ref(),
        wrong: &wrong.unwrap_or_default(),
        ..Shown::default()
    };
    Ok(show(&portal, &view, &filling, page, &shown))
}

/// How a page of questions is shown.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shown<'a> {
    pub status: StatusCode,
    pub change: bool,
    pub signed_in: bool,
    pub typed: Option<&'a pages::Form>,
    pub wrong: &'a [Wrong],
    /// The lines of a zone as they were pasted.
    pub zone: &'a str,
    /// What is wrong with them.
    pub mistakes: &'a [String],
    /// They were read, and fields are filled in from them.
    pub filled: bool,
}

pub(crate) fn show(
    portal: &Portal,
    view: &View,
    filling: &Filling<'_>,
    page: &Page,
    shown: &Shown<'_>,
) -> Response<Body> {
    let answers = &filling.draft.answers;
    let offer = filling.offer(portal, view);
    let way = filling.form.way(answers);
    let at = way.iter().position(|known| known.id == page.id).unwrap_or_default();
    let back = match at.checked_sub(1).and_then(|before| way.get(before)) {
        _ if shown.change => view.url(&format!("{}/check", filling.path)),
        Some(before) => view.url(&format!("{}/{}", filling.path, before.id)),
        None => view.url(&format!("/services/{}", filling.service.passport.code.path())),
    };
    let key = format!("form.pages.{}.hint", page.id);
    // Whoever has no account yet gets one next, and sees all answers when it is there.
    let enters = !shown.signed_in && !shown.change && at + 1 == way.len();
    let values = context! {
        title => filling.service.text(view.lang, &format!("form.pages.{}.title", page.id)),
        hint => filling.service.texts.has(&key).then(|| filling.service.text(view.lang, &key)),
        block => filling.service.text(view.lang, &format!("form.blocks.{}", page.block)),
        service => filling.service.text(view.lang, "title"),
        number => at + 1,
        count => way.len(),
        questions => form::questions(&offer, page, answers, shown.typed, shown.wrong),
        errors => errors(&offer, page, shown),
        change => shown.change,
        takes_zone => page.zone,
        takes_files => page.file_fields().next().is_some(),
        zone => shown.zone,
        mistakes => shown.mistakes.to_vec(),
        filled => shown.filled,
        enters,
        keep_form => "answers",
        back,
    };
    let mut response = portal.parts.pages.show_as(shown.status, view, "portal/question.html", values);
    if enters {
        pages::allow_form_to(&mut response, entry::origin(&portal.parts.config.client.issuer));
    }
    response
}

/// What is wrong, each with the place to mend it.
fn errors(offer: &Offer<'_>, page: &Page, shown: &Shown<'_>) -> Vec<minijinja::Value> {
    let link = |pointer: &str| page.fields.iter().find(|field| field.pointer == pointer).map(Field::anchor);
    let of_zone = shown.mistakes.iter().map(|text| context! { text, href => "#zone" });
    let of_fields = shown
        .wrong
        .iter()
        .map(|wrong| context! { text => offer.words(wrong), href => link(&wrong.pointer).map(|id| format!("#{id}")) });
    of_zone.chain(of_fields).collect()
}

/// What a page's form sent; files only where the page takes them.
async fn sent(page: &Page, request: Request) -> Result<Upload, Stop> {
    if page.file_fields().next().is_none() {
        let form = pages::Form::from_request(request, &()).await?;
        return Ok(Upload { form, ..Upload::default() });
    }
    let (parts, body) = request.into_parts();
    let of_field = |name: &str| page.file_fields().find(|(field, _)| field.name() == name);
    let largest = |name: &str| of_field(name).map(|(_, files)| files.largest());
    let read = Upload::read(&parts.headers, body, largest).await;
    Ok(read.map_err(|refusal| pages::unread(&parts, &refusal))?)
}

/// `POST /services/{code}/apply/{draft}/{page}`: the answers of a page are kept, or it is shown again with what is wrong.
pub(crate) async fn answer(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(place): Path<Place>,
    request: Request,
) -> Answer {
    let session = session.as_deref();
    let hand = Hand::of(&portal, request.headers(), session);
    let mut filling = Filling::find(&portal, &view, &place, &hand).await?;
    let form = filling.form;
    let page = form.page(&filling.draft.answers, &place.page).ok_or_else(|| portal.not_found(&view))?;
    let upload = sent(page, request).await?;
    let typed = &upload.form;
    let failed = |error| portal.failed(&view, &error);
    if typed.has("take-out") {
        files::take_out(&portal, (&mut filling, page), typed.get("take-out")).await.map_err(failed)?;
    }
    let of_files = files::take(&portal, (&mut filling, page), &upload, &view).await.map_err(failed)?;
    let status = if of_files.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let change = typed.has("change");
    let signed_in = session.is_some();
    let shown = Shown { status, change, signed_in, typed: Some(typed), wrong: &of_files, ..Shown::default() };
    if typed.has("keep") || typed.has("take-out") || upload.broken.is_some() {
        // Not through with the page yet, or another language was chosen: what is typed goes along, unchecked.
        return Ok(show(&portal, &view, &filling, page, &Shown { zone: typed.get("zone"), ..shown }));
    }
    if typed.has("read-zone") && page.zone {
        return zone::fill(&portal, &view, (filling, page), session, shown, typed).await;
    }
    let mut wrong = filling.take(&portal, (page, typed), view.lang, session).await.map_err(failed)?;
    wrong.extend(of_files.iter().cloned());
    if !wrong.is_empty() {
        let shown = Shown { status: StatusCode::UNPROCESSABLE_ENTITY, wrong: &wrong, ..shown };
        return Ok(show(&portal, &view, &filling, page, &shown));
    }
    let check = format!("{}/check", filling.path);
    Ok(match next(&filling, page, change) {
        Some(next) => see_other(&view.url(&format!("{}/{}", filling.path, next.id))),
        None if signed_in || change || typed.has("look") => see_other(&view.url(&check)),
        None => entry::sign_up_to(&view, &check),
    })
}

/// The page that comes next; none when all is answered. After a change only what the change has opened.
fn next<'a>(filling: &Filling<'a>, page: &Page, change: bool) -> Option<&'a Page> {
    let answers = &filling.draft.answers;
    if change {
        return filling.form.open(answers, |page| filling.draft.is_unfinished(page));
    }
    let way = filling.form.way(answers);
    way.into_iter().skip_while(|known| known.id != page.id).nth(1)
}
