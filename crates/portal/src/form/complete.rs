//! Whether a form is whole: every text, list, method and condition that it names is there.

use model::{Error, Service};

use super::{Form, Kind, YES_NO};

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
        }
    }
    conditions(form, service)
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
