//! Files that a form asks for: sealed beside their draft, gone with it, and kept with the application they were sent with.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::media::Media;
use serde_json::{Value, json};
use store::{Error, Tx};
use uuid::Uuid;
use web::pages::{Sent, Upload, View};

use crate::apply::{Filling, Place};
use crate::draft::Hand;
use crate::form::{self, Attached, Field, Files, Form, Message, Page, Wrong};
use crate::session::Session;
use crate::stop::Answer;
use crate::{Portal, result};

store::statements! {
    /// A file of a draft.
    KEPT = "INSERT INTO portal_file (id, draft, size, body, sent) VALUES ($1, $2, $3, $4, 0)";
    /// What is in it.
    CONTENT = "SELECT body FROM portal_file WHERE id = $1";
    /// It was taken out before it was sent.
    TAKEN_OUT = "DELETE FROM portal_file WHERE id = $1 AND draft = $2 AND sent = 0";
    /// It is sent: from now on it is its application's.
    SENT = "UPDATE portal_file SET sent = 1 WHERE id = $1";
    /// Files whose draft is there no more, and which were not sent.
    FORGOTTEN = "DELETE FROM portal_file
        WHERE sent = 0 AND NOT EXISTS (SELECT 1 FROM draft WHERE draft.id = portal_file.draft)";
    /// Bytes of all files that are not sent.
    UNSENT = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM portal_file WHERE sent = 0";
}

/// Drafts need no account: all their files together take no more than this.
const UNSENT_BYTES: i64 = 2 * 1024 * 1024 * 1024;
/// Characters of a name.
const NAME: usize = 100;

/// The parts of a path below an application.
#[derive(serde::Deserialize)]
pub(crate) struct Below {
    id: String,
    file: String,
}

fn aad(id: &Uuid) -> Vec<u8> {
    [b"portal-file".as_slice(), id.as_bytes()].concat()
}

/// What a browser calls a file, as it can be shown and given back: no folders, nothing that turns the text around, and
/// the end that its content has.
fn name(told: &str, kind: Media) -> String {
    let last = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |sign: &char| {
        !sign.is_control()
            && !matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let kept: String = last.chars().filter(plain).collect();
    let kept = kept.trim().trim_matches('.');
    let end = kept.rsplit_once('.').map(|(_, end)| end.to_lowercase());
    let fits = end.is_some_and(|end| kind.extensions().contains(&end.as_str()));
    let stem = if fits { kept.rsplit_once('.').map_or(kept, |(stem, _)| stem) } else { kept };
    let end = if fits {
        kept.rsplit_once('.').map_or("", |(_, end)| end)
    } else {
        kind.extensions().first().copied().unwrap_or_default()
    };
    let stem: String = stem.chars().take(NAME).collect();
    format!("{}.{end}", if stem.is_empty() { "file" } else { stem.trim_end() })
}

/// A file that is taken: what is told of it, and its content.
struct Taken {
    about: Attached,
    content: Bytes,
}

/// The file as it is kept, or the text that says why not.
fn taken(files: &Files, sent: &Sent) -> Result<Taken, &'static str> {
    let content = sent.content.clone().ok_or("files.too-large")?;
    if content.is_empty() {
        return Err("files.empty");
    }
    let kind = Media::of(&content).filter(|kind| files.types.contains(kind)).ok_or("files.type")?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
    let about = Attached {
        id: Uuid::nil(),
        name: name(&sent.name, kind),
        media_type: kind.name().to_owned(),
        size: content.len(),
        sha256: hex::encode(digest),
    };
    Ok(Taken { about, content })
}

/// Takes the files of a page into the draft: they are answers from now on. What is wrong with the others.
pub(crate) async fn take(
    portal: &Portal,
    (filling, page): (&mut Filling<'_>, &Page),
    upload: &Upload,
    view: &View,
) -> Result<Vec<Wrong>, Error> {
    let mut wrong = Vec::new();
    for (field, files) in page.file_fields() {
        let label = filling.offer(portal, view).label(&field.pointer);
        let say = |key: &str| portal.text(view.lang, &format!("form.files.{key}"), &[("label", &label)]);
        let sent = upload.files.iter().filter(|sent| sent.field == field.name());
        let (new, mut told) = new_files(portal, (filling, field, files), sent, view);
        let broken = upload.broken.as_deref().is_some_and(|at| at.is_empty() || at == field.name());
        if broken {
            told.push(say("broken"));
        }
        if !keep(portal, (filling, field, files), new, view).await? {
            told.push(say("full"));
        }
        if !told.is_empty() {
            wrong.push(Wrong { pointer: field.pointer.clone(), message: Message::Told(told.join(" ")) });
        }
    }
    Ok(wrong)
}

/// The files of a field that can be kept and are not there yet, and what is wrong with the others.
fn new_files<'s>(
    portal: &Portal,
    (filling, field, files): (&Filling<'_>, &Field, &Files),
    sent: impl Iterator<Item = &'s Sent>,
    view: &View,
) -> (Vec<Taken>, Vec<String>) {
    let there = form::attached(filling.draft.answers.pointer(&field.pointer));
    let (mut new, mut told) = (Vec::<Taken>::new(), Vec::new());
    let offer = filling.offer(portal, view);
    let (label, limits) = (offer.label(&field.pointer), offer.limits(files));
    for one in sent {
        match taken(files, one) {
            // The same again, by the button pressed twice or the way back, is there already.
            Ok(file)
                if there
                    .iter()
                    .chain(new.iter().map(|new| &new.about))
                    .any(|known| known.sha256 == file.about.sha256) => {}
            Ok(mut file) => {
                file.about.id = model::clock::uuid_at(view.at, store::random());
                new.push(file);
            }
            Err(key) => {
                let shown: String = one.name.chars().take(NAME).collect();
                let args = [("label", &*label), ("name", &shown), ("limits", &limits)];
                told.push(portal.text(view.lang, &format!("form.{key}"), &args));
            }
        }
    }
    let room = if files.most == 1 { 1 } else { files.most.saturating_sub(there.len()) };
    if new.len() > room {
        let (count, there) = (files.most.to_string(), there.len().to_string());
        told.push(portal.text(
            view.lang,
            "form.files.too-many",
            &[("label", &label), ("count", &count), ("there", &there)],
        ));
        new.clear();
    }
    (new, told)
}

/// Keeps new files of a field; false when there is no place for them now. Where one file is taken, it takes the place of
/// the one before.
async fn keep(
    portal: &Portal,
    (filling, field, files): (&mut Filling<'_>, &Field, &Files),
    new: Vec<Taken>,
    view: &View,
) -> Result<bool, Error> {
    if new.is_empty() {
        return Ok(true);
    }
    let draft = filling.draft.id.into_bytes();
    let mut listed = form::attached(filling.draft.answers.pointer(&field.pointer));
    let before = if files.most == 1 { std::mem::take(&mut listed) } else { Vec::new() };
    listed.extend(new.iter().map(|file| file.about.clone()));
    let seal = |file: &Taken| {
        (file.about.id, file.content.len(), portal.parts.vault.seal(&aad(&file.about.id), &file.content))
    };
    let sealed: Vec<(Uuid, usize, Vec<u8>)> = new.iter().map(seal).collect();
    let write = move |tx: &mut Tx<'_>| {
        let coming: usize = sealed.iter().map(|(_, size, _)| size).sum();
        let unsent = tx.query_opt(&UNSENT, &[], |row| row.int(0))?.unwrap_or_default();
        if unsent.saturating_add(i64::try_from(coming).unwrap_or(i64::MAX)) > UNSENT_BYTES {
            return Ok(false);
        }
        for old in &before {
            tx.execute(&TAKEN_OUT, &[(&old.id.into_bytes()).into(), (&draft).into()])?;
        }
        for (id, size, body) in &sealed {
            let size = i64::try_from(*size).unwrap_or(i64::MAX);
            tx.execute(&KEPT, &[(&id.into_bytes()).into(), (&draft).into(), size.into(), body.as_slice().into()])?;
        }
        Ok(true)
    };
    if !portal.parts.db.write(write).await? {
        tracing::warn!(request_id = %view.request_id, "files of drafts have no place left");
        return Ok(false);
    }
    form::set(&mut filling.draft.answers, &field.pointer, Some(json!(listed)));
    filling.draft.keep(portal).await?;
    Ok(true)
}

/// Takes a file of this page out of the draft.
pub(crate) async fn take_out(
    portal: &Portal,
    (filling, page): (&mut Filling<'_>, &Page),
    id: &str,
) -> Result<(), Error> {
    for (field, _) in page.file_fields() {
        let (gone, left): (Vec<_>, Vec<_>) = form::attached(filling.draft.answers.pointer(&field.pointer))
            .into_iter()
            .partition(|file| file.id.to_string() == id);
        let Some(gone) = gone.first().map(|file| file.id.into_bytes()) else { continue };
        let value = if left.is_empty() { None } else { Some(json!(left)) };
        form::set(&mut filling.draft.answers, &field.pointer, value);
        filling.draft.keep(portal).await?;
        // One that was sent with a version before stays with that version.
        let draft = filling.draft.id.into_bytes();
        let write = move |tx: &mut Tx<'_>| tx.execute(&TAKEN_OUT, &[(&gone).into(), (&draft).into()]).map(|_| ());
        portal.parts.db.write(write).await?;
    }
    Ok(())
}

/// The files of an application are its own from now on.
pub(crate) fn send(tx: &mut Tx<'_>, files: &[Uuid]) -> Result<(), Error> {
    for id in files {
        tx.execute(&SENT, &[(&id.into_bytes()).into()])?;
    }
    Ok(())
}

/// Forgets files that were not sent and have no draft any more.
pub(crate) fn forget(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute(&FORGOTTEN, &[]).map(|_| ())
}

async fn content(portal: &Portal, id: Uuid) -> Result<Option<Vec<u8>>, Error> {
    let (vault, key) = (portal.parts.vault.clone(), id.into_bytes());
    let read = move |tx: &mut Tx<'_>| {
        let sealed = tx.query_opt(&CONTENT, &[(&key).into()], |row| vault.open(&aad(&id), row.bytes(0)?))?;
        Ok(sealed)
    };
    portal.parts.db.read(read).await
}

/// Puts the content of its files, as base64, into the request that the owner decides on.
pub(crate) async fn fill_in(portal: &Portal, form: &Form, body: &mut Value) -> Result<(), Error> {
    for (field, _) in form.file_fields() {
        let listed = body.pointer_mut(&field.pointer).and_then(Value::as_array_mut);
        for file in listed.into_iter().flatten() {
            let id = file.get("id").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
            let found = match id {
                Some(id) => content(portal, id).await?,
                None => None,
            };
            let found = found.ok_or_else(|| Error::broken("a file of an application is not there"))?;
            if let Some(members) = file.as_object_mut() {
                members.insert("content".to_owned(), BASE64_STANDARD.encode(found).into());
            }
        }
    }
    Ok(())
}

/// The file of this name among those listed, to keep; nobody's page shows it.
async fn give(portal: &Portal, view: &View, listed: Vec<Attached>, id: &str) -> Answer {
    let about = listed.into_iter().find(|file| file.id.to_string() == id).ok_or_else(|| portal.not_found(view))?;
    let found = content(portal, about.id).await.map_err(|error| portal.failed(view, &error))?;
    let content = found.ok_or_else(|| portal.not_found(view))?;
    let mut response = result::file(content, &about.media_type, &about.name);
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// `GET /services/{code}/apply/{draft}/files/{file}`: to whoever fills the form.
pub(crate) async fn of_draft(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Answer {
    let hand = Hand::of(&portal, &headers, session.as_deref());
    let filling = Filling::find(&portal, &view, &place, &hand).await?;
    give(&portal, &view, filling.form.all_attached(&filling.draft.answers), &place.file).await
}

/// `GET /account/applications/{id}/files/{file}`: to whoever sent the application, with any of its versions.
pub(crate) async fn of_application(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(below): Path<Below>,
) -> Answer {
    let case = result::find(&portal, &view, session, &below.id).await?;
    give(&portal, &view, case.attached(), &below.file).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_harmless() {
        for (told, kind, expected) in [
            ("C:\\fake\\поліс №1.PDF", Media::Pdf, "поліс №1.PDF"),
            ("../../etc/passwd", Media::Png, "passwd.png"),
            ("scan.jpeg", Media::Jpeg, "scan.jpeg"),
            ("page.html", Media::Jpeg, "page.html.jpg"),
            ("a\r\nb\u{202e}fdp.exe", Media::Pdf, "abfdp.exe.pdf"),
            ("..", Media::Pdf, "file.pdf"),
            (".pdf", Media::Pdf, "pdf.pdf"),
            ("", Media::Png, "file.png"),
        ] {
            assert_eq!(name(told, kind), expected);
        }
        assert_eq!(name(&"я".repeat(300), Media::Pdf).chars().count(), NAME + 4);
    }

    #[test]
    fn files_are_judged_by_their_content() {
        let files = Files { types: vec![Media::Pdf], megabytes: 1, most: 1 };
        let sent = |content: Option<&'static [u8]>| Sent {
            field: "a".into(),
            name: "x.pdf".into(),
            content: content.map(Bytes::from_static),
        };
        for (content, expected) in [
            (None, "files.too-large"),
            (Some(b"".as_slice()), "files.empty"),
            (Some(b"\x89PNG\r\n\x1a\n"), "files.type"),
            (Some(b"MZ"), "files.type"),
        ] {
            assert_eq!(taken(&files, &sent(content)).err(), Some(expected));
        }
        let about = taken(&files, &sent(Some(b"%PDF-1.4"))).ok().map(|file| file.about);
        let about = about.map(|about| (about.media_type, about.size, about.sha256.len()));
        assert_eq!(about, Some(("application/pdf".to_owned(), 8, 64)));
    }

    proptest::proptest! {
        #[test]
        fn any_name_can_be_given_back(told in ".{0,200}") {
            let name = name(&told, Media::Jpeg);
            let file = result::file("", "image/jpeg", &name);
            assert!(file.headers().contains_key("content-disposition"), "{name}");
            assert!(name.chars().count() <= NAME + 5 && !name.contains(['/', '\\', '\n']));
        }
    }
}
