//! Whether a form is whole: every text, list, method and condition that it names is there.

use model::{Error, Service};
use web::body::Allowance;

use super::{Field, Form, Kind, Page, YES_NO};

/// Every page and field has its texts, every list is there, every method and condition too.
pub(super) fn check(form: &Form, service: &Service) -> Result<(), Error> {
    let methods = [("check", Some(&form.check)), ("submit", Some(&form.submit)), ("zone", form.zone.as_ref())];
    for (key, method) in methods {
        if method.is_some_and(|method| !service.passport.methods.iter().any(|known| known.path == *method)) {
            return wrong(key, "the path of a method in passport.toml");
        }
    }
    for page in &form.pages {
        if !service.texts.has(&format!("form.pages.{}.title", page.id)) {
            return wrong(&page.id, "a title under form.pages in text.en.toml");
        }
        if !service.texts.has(&format!("form.blocks.{}", page.block)) {
            return wrong(&page.id, "a title of its block under form.blocks in text.en.toml");
        }
        if page.zone && form.zone.is_none() {
            return wrong(&page.id, "zone at the head of form.toml: the method that reads it");
        }
        for field in &page.fields {
            if !service.texts.has(&format!("form.fields.{}.label", field.pointer)) {
                return wrong(&field.pointer, "a label under form.fields in text.en.toml");
            }
            let listed = matches!(field.kind, Kind::Select | Kind::Radios);
            let known = field.options.as_ref().is_some_and(|list| list == YES_NO || form.lists.contains_key(list));
            if listed && !known {
                return wrong(&field.pointer, "options: the name of a file in classifiers/, or yes-no");
            }
            files(page, field)?;
        }
    }
    fits(form, service)?;
    conditions(form, service)
}

/// A field that takes files says which, and no other does; the pages of a guest's own have none.
fn files(page: &Page, field: &Field) -> Result<(), Error> {
    match &field.files {
        None if field.is_file() => wrong(&field.pointer, "files: { types, megabytes, most }"),
        Some(_) if !field.is_file() => wrong(&field.pointer, "files only for the kind file"),
        Some(files) if files.types.is_empty() || files.megabytes == 0 || files.most == 0 => {
            wrong(&field.pointer, "files: a type at least, megabytes and most from 1 on")
        }
        Some(_) if page.guest => wrong(&field.pointer, "a page that is not `guest` for files"),
        _ => Ok(()),
    }
}

/// All files of an application fit into one form of a browser and, as base64 with the rest, into one request to the owner.
fn fits(form: &Form, service: &Service) -> Result<(), Error> {
    let all = form.largest_files();
    let method = service.passport.methods.iter().find(|method| method.path == form.submit);
    let taken = method.map_or(0, |method| method.max_body);
    let sent = all.div_ceil(3).saturating_mul(4).saturating_add(Allowance::QUESTION.bytes);
    if all > 0 && (all > Allowance::UPLOAD.bytes || sent > taken) {
        return wrong(
            "files",
            "10 MB in all at most, and a max_body of the submitting method that takes them as base64",
        );
    }
    Ok(())
}

/// Every condition is on a choice that is made before it counts, and says when it holds.
fn conditions(form: &Form, service: &Service) -> Result<(), Error> {
    for (name, when) in &form.conditions {
        if !service.texts.has(&format!("form.when.{name}")) {
            return wrong(name, "a heading under form.when in text.en.toml");
        }
        if when.among.is_empty() == when.except.is_empty() {
            return wrong(name, "either `in` or `not-in`, with a value at least");
        }
        let field = form.field(&when.field);
        if !field.is_some_and(|field| matches!(field.kind, Kind::Select | Kind::Radios)) {
            return wrong(name, "field: the pointer of a field of the kind select or radios");
        }
    }
    if form.guests.as_ref().is_some_and(|name| !form.conditions.contains_key(name)) {
        return wrong("guests", "the name of a condition");
    }
    let mut before: Vec<&str> = Vec::new();
    for page in &form.pages {
        let of_page = page.when.iter().map(|name| (name, &page.id));
        let known = |name: &String| form.conditions.get(name).is_some_and(|when| before.contains(&&*when.field));
        if let Some((_, place)) = of_page.into_iter().find(|(name, _)| !known(name)) {
            return wrong(place, "when: the name of a condition on an earlier answer");
        }
        for field in &page.fields {
            let known = |name: &String| form.conditions.get(name).is_some_and(|when| before.contains(&&*when.field));
            if !field.when.iter().chain(&field.required_when).all(known) {
                return wrong(&field.pointer, "when, required_when: the name of a condition on an earlier answer");
            }
            before.push(&field.pointer);
        }
    }
    Ok(())
}

fn wrong(key: &str, expected: &str) -> Result<(), Error> {
    Err(Error::file("form.toml", key.to_owned(), expected))
}
