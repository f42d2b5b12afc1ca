//! The guest book: whoever takes several people in names all of them at once, as a table or as lines of their documents.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use minijinja::{Value as Shown, context};
use model::{Lang, clock};
use serde_json::Value;
use web::Context;
use web::pages::{self, View, see_other};

use crate::apply::{Filling, Place, judged};
use crate::draft::{Guest, Hand};
use crate::form::{self, Field, Offer, Wrong};
use crate::send::Foreseen;
use crate::session::Session;
use crate::stop::{Answer, Stop};
use crate::table::{self, Row};
use crate::{Portal, guest, result, zone};

/// Guests in one book.
const MOST: usize = 20;
/// Characters of a table.
const LONGEST: usize = 20_000;
/// What was pasted with mistakes is kept in the draft under this name, which no page has.
const PASTED: &str = "guests";

/// `GET /services/{code}/guests.csv`: the head of a table, with a semicolon, as office programs here expect it.
pub(crate) async fn template(State(portal): State<Portal>, view: View, Path(code): Path<String>) -> Response<Body> {
    match portal.service(&code).and_then(|service| portal.form(service)) {
        Some(form) if form.has_guests() => {
            let head = form.columns().into_iter().map(Field::name).collect::<Vec<_>>().join(";");
            result::file(format!("\u{feff}{head}\r\n"), "text/csv; charset=utf-8", "guests.csv")
        }
        _ => portal.not_found(&view),
    }
}

/// A draft that takes guests, or where to go instead.
pub(crate) async fn find<'a>(
    portal: &'a Portal,
    view: &View,
    (place, headers): (&Place, &HeaderMap),
    session: Option<&Session>,
) -> Result<Filling<'a>, Stop> {
    let hand = Hand::of(portal, headers, session);
    let filling = Filling::find(portal, view, place, &hand).await?;
    if filling.form.takes_guests(&filling.draft.answers) {
        return Ok(filling);
    }
    Err(see_other(&view.url(&format!("{}/check", filling.path))).into())
}

/// `GET …/guests`
pub(crate) async fn show(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Answer {
    let filling = find(&portal, &view, (&place, &headers), session.as_deref()).await?;
    let pasted = filling.draft.typed.get(PASTED).cloned().unwrap_or_default();
    Ok(page(&portal, &view, &filling, &pasted, &[]))
}

fn page(portal: &Portal, view: &View, filling: &Filling<'_>, pasted: &str, mistakes: &[String]) -> Response<Body> {
    let offer = filling.offer(portal, view);
    let columns = filling.form.columns().into_iter().map(|field| {
        context! { name => field.name(), label => offer.label(&field.pointer), required => field.required }
    });
    let values = context! {
        service => filling.service.text(view.lang, "title"),
        columns => columns.collect::<Vec<_>>(),
        most => MOST.saturating_sub(filling.draft.guests.len()),
        pasted,
        errors => mistakes.iter().map(|text| context! { text, href => "#lines" }).collect::<Vec<_>>(),
        template => view.url(&format!("/services/{}/guests.csv", filling.service.passport.code.path())),
        back => view.url(&format!("{}/check", filling.path)),
        keep_form => "answers",
    };
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    portal.parts.pages.show_as(status, view, "portal/book.html", values)
}

/// `POST …/guests`: all lines are right and their guests are in the book, or every mistake is told and nothing is lost.
pub(crate) async fn add(
    State(portal): State<Portal>,
    Extension(context): Extension<Context>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
    typed: pages::Form,
) -> Answer {
    let mut filling = find(&portal, &view, (&place, &headers), session.as_deref()).await?;
    // As it came: lines are counted.
    let pasted = typed.pairs().iter().find(|(name, _)| name == "lines").map_or("", |(_, text)| text.as_str());
    if typed.has("keep") {
        return Ok(page(&portal, &view, &filling, pasted, &[]));
    }
    let read = read(&portal, &filling, pasted, &view).await;
    let path = format!("{}/check", filling.path);
    match &read {
        Ok(found) => {
            let guests = &mut filling.draft.guests;
            for own in found {
                // The button pressed twice adds nobody twice.
                if !guests.iter().any(|guest| guest.own == *own) {
                    let id = clock::uuid_at(context.at(), store::random());
                    guests.push(Guest { id, own: own.clone(), typed: None });
                }
            }
            filling.draft.typed.remove(PASTED);
        }
        Err(_) => {
            filling.draft.typed.insert(PASTED.to_owned(), pasted.chars().take(LONGEST).collect());
        }
    }
    filling.draft.keep(&portal).await.map_err(|error| portal.failed(&view, &error))?;
    Ok(match read {
        Ok(_) => see_other(&view.url(&path)),
        Err(mistakes) => page(&portal, &view, &filling, pasted, &mistakes),
    })
}

/// The own answers of each guest, or what is wrong, by line and column.
async fn read(portal: &Portal, filling: &Filling<'_>, pasted: &str, view: &View) -> Result<Vec<Value>, Vec<String>> {
    let say = |key: &str, args: &[(&str, &str)]| portal.text(view.lang, key, args);
    let left = MOST.saturating_sub(filling.draft.guests.len());
    if pasted.trim().is_empty() {
        return Err(vec![say("book.missing", &[])]);
    }
    if pasted.chars().count() > LONGEST {
        return Err(vec![say("book.too-long", &[("count", &LONGEST.to_string())])]);
    }
    let found = if table::is_zones(pasted) {
        let all = table::zones(pasted);
        if all.len() <= left {
            zones(portal, filling, &all, view.lang).await
        } else {
            (all.len(), Vec::new(), Vec::new())
        }
    } else {
        let rows = table::rows(pasted).map_err(|line| vec![say("book.quote", &[("line", &line.to_string())])])?;
        rows_read(portal, filling, &rows, view)
    };
    match found {
        (count, ..) if count > left => Err(vec![say("book.too-many", &[("count", &left.to_string())])]),
        (_, guests, mistakes) if mistakes.is_empty() => Ok(guests),
        (_, _, mistakes) => Err(mistakes),
    }
}

/// How many there are, their own answers, and the mistakes.
type Found = (usize, Vec<Value>, Vec<String>);

async fn zones(portal: &Portal, filling: &Filling<'_>, all: &[table::Lines], lang: Lang) -> Found {
    let (mut guests, mut mistakes) = (Vec::new(), Vec::new());
    for lines in all {
        match zone::read(portal, (filling.service, filling.form), &lines.text, lang).await {
            Ok(fields) => {
                let mut own = Value::Object(serde_json::Map::new());
                for (pointer, value) in fields {
                    form::set(&mut own, &pointer, Some(value));
                }
                guests.push(own);
            }
            Err(told) => mistakes.extend(told.iter().map(|text| {
                let args = [("first", &*lines.first.to_string()), ("last", &*lines.last.to_string()), ("text", text)];
                portal.text(lang, "book.zone", &args)
            })),
        }
    }
    (all.len(), guests, mistakes)
}

fn rows_read(portal: &Portal, filling: &Filling<'_>, rows: &[Row], view: &View) -> Found {
    let say = |key: &str, args: &[(&str, &str)]| portal.text(view.lang, key, args);
    let Some((head, rows)) = rows.split_first() else { return (0, Vec::new(), vec![say("book.missing", &[])]) };
    let known = filling.form.columns();
    let (mut columns, mut mistakes): (Vec<&Field>, Vec<String>) = (Vec::new(), Vec::new());
    for name in &head.cells {
        match known.iter().find(|field| field.name() == name.to_lowercase()) {
            Some(field) if columns.iter().any(|one| one.pointer == field.pointer) => {
                mistakes.push(say("book.twice", &[("column", name)]));
            }
            Some(field) => columns.push(field),
            None => mistakes.push(say("book.column", &[("column", name)])),
        }
    }
    if rows.is_empty() {
        mistakes.push(say("book.empty", &[]));
    }
    if !mistakes.is_empty() {
        return (0, Vec::new(), mistakes);
    }
    let mut guests = Vec::new();
    for row in rows.iter().take(MOST) {
        let (own, wrong) = person(portal, filling, (&columns, row), view);
        guests.push(own);
        mistakes.extend(wrong);
    }
    (rows.len(), guests, mistakes)
}

/// One row: the own answers, and what is wrong with its cells.
fn person(
    portal: &Portal,
    filling: &Filling<'_>,
    (columns, row): (&[&Field], &Row),
    view: &View,
) -> (Value, Vec<String>) {
    let line = row.line.to_string();
    let say = |key: &str, args: &[(&str, &str)]| portal.text(view.lang, key, args);
    let at = |column: &str, text: &str| say("book.cell", &[("line", &line), ("column", column), ("text", text)]);
    let (offer, form, first) = (filling.offer(portal, view), filling.form, &filling.draft.answers);
    let (mut cells, mut mistakes, mut told) = (Vec::new(), Vec::new(), Vec::new());
    if row.cells.len() > columns.len() {
        let counts = (row.cells.len().to_string(), columns.len().to_string());
        mistakes.push(say("book.cells", &[("line", &line), ("found", &counts.0), ("expected", &counts.1)]));
    }
    for (field, text) in columns.iter().zip(&row.cells).filter(|(_, text)| !text.is_empty()) {
        match form.cell(field, text, offer.day) {
            Some(pairs) => cells.push((*field, pairs)),
            None => {
                told.push(field.pointer.clone());
                mistakes.push(at(&field.name(), &say("book.value", &[("value", text)])));
            }
        }
    }
    let given = |pointer: &str| cells.iter().find(|(field, _)| field.pointer == pointer);
    let mut answers = form.shared(first);
    for page in form.pages() {
        let pairs = page.fields.iter().flat_map(|field| match (given(&field.pointer), first.pointer(&field.pointer)) {
            (Some((_, pairs)), _) => pairs.clone(),
            (None, Some(value)) if !page.guest => form::typed_as(field, value),
            _ => Vec::new(),
        });
        let sent = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        for wrong in judged(portal, filling, page, &pages::Form::parse(sent.as_bytes()), &mut answers, view.lang) {
            let own = page.guest || given(&wrong.pointer).is_some();
            if let Some(field) = form.field(&wrong.pointer).filter(|_| own && !told.contains(&wrong.pointer)) {
                mistakes.push(at(&field.name(), &offer.words(&wrong)));
            }
        }
    }
    let own = form.guest_pages().flat_map(|page| &page.fields).chain(cells.iter().map(|(field, _)| *field));
    (form::picked(&answers, own), mistakes)
}

/// What is missing or wrong about a guest, as far as the form knows.
pub(crate) fn faults(portal: &Portal, filling: &Filling<'_>, at: usize, lang: Lang) -> Vec<Wrong> {
    let Some(of) = filling.draft.guests.get(at) else { return Vec::new() };
    match &of.typed {
        Some(typed) => guest::judge(portal, filling, of, &pages::Form::parse(typed.as_bytes()), lang).1,
        None => filling.form.missing(&filling.form.of_guest(&filling.draft.answers, &of.own)),
    }
}

/// The guests on the page of all answers, each with what would be decided or what is to be mended.
pub(crate) fn summary(offer: &Offer<'_>, filling: &Filling<'_>, view: &View, seen: &[Foreseen]) -> Vec<Shown> {
    let one = |(guest, seen): (&Guest, &Foreseen)| {
        let text = |name: &str| seen.outcome.as_ref()?.get(name)?.as_str().map(str::to_owned);
        let url = address(filling, view, guest);
        context! {
            name => filling.form.called(&guest.own),
            wrong => seen.wrong.iter().chain(&seen.marks).map(|wrong| told(offer, wrong)).collect::<Vec<_>>(),
            title => text("title"),
            text => text("text"),
            change => url.clone(),
            remove => format!("{url}/remove"),
        }
    };
    filling.draft.guests.iter().zip(seen).map(one).collect()
}

fn address(filling: &Filling<'_>, view: &View, guest: &Guest) -> String {
    view.url(&format!("{}/guests/{}", filling.path, guest.id))
}

/// What is wrong, after the name of its field.
fn told(offer: &Offer<'_>, wrong: &Wrong) -> String {
    format!("{}: {}", offer.label(&wrong.pointer), offer.words(wrong))
}

/// Links to the guests about whom something must be mended before anything is sent.
pub(crate) fn errors(offer: &Offer<'_>, filling: &Filling<'_>, view: &View, seen: &[Foreseen]) -> Vec<Shown> {
    let of_guest = |(guest, seen): (&Guest, &Foreseen)| {
        let (href, name) = (address(filling, view, guest), filling.form.called(&guest.own));
        let line = |wrong: &Wrong| context! { text => format!("{name}: {}", told(offer, wrong)), href => href.clone() };
        seen.wrong.iter().map(line).collect::<Vec<_>>()
    };
    filling.draft.guests.iter().zip(seen).flat_map(of_guest).collect()
}
