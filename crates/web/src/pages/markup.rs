//! Pieces of markup that every component has; functions here, because templates call them ten times a field.

use minijinja::value::ValueKind;
use minijinja::{Environment, Value};

use super::format::escape;

/// `_attrs(map)`, `_opt(name, value)`, `_more(classes)`, `_said(param)`, `_described(param, id, before)`.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_function("_attrs", attributes);
    environment.add_function("_opt", |name: &str, value: Value| match shown(&value) {
        Some(text) => attribute(name, &text),
        None => nothing(),
    });
    environment.add_function("_more", |classes: Value| match shown(&classes) {
        Some(classes) => Value::from(format!(" {classes}")),
        None => nothing(),
    });
    environment.add_function("_said", said);
    environment.add_function("_described", described);
}

/// All attributes of the map, each after a space.
fn attributes(given: Value) -> Result<Value, minijinja::Error> {
    if !given.is_true() {
        return Ok(nothing());
    }
    let mut out = String::new();
    for name in given.try_iter()? {
        let value = given.get_item(&name)?;
        write(&mut out, &text(&name), &text(&value));
    }
    Ok(Value::from_safe_string(out))
}

/// What a param says: its `html` as it is, else its `text`, which is escaped where it is printed.
fn said(given: Value) -> Result<Value, minijinja::Error> {
    let html = given.get_attr("html")?;
    if html.is_true() {
        return Ok(Value::from_safe_string(text(&html)));
    }
    let text = given.get_attr("text")?;
    Ok(if text.is_undefined() { nothing() } else { text })
}

/// The identifiers of what describes a field: hint and error, after those that the page names itself.
fn described(given: Value, id: Value, before: Value) -> Result<Value, minijinja::Error> {
    let mut ids: Vec<String> = shown(&before).into_iter().collect();
    for (param, suffix) in [("hint", "hint"), ("errorMessage", "error")] {
        if given.get_attr(param)?.is_true() {
            ids.push(format!("{}-{suffix}", text(&id)));
        }
    }
    Ok(Value::from(ids.join(" ")))
}

fn attribute(name: &str, value: &str) -> Value {
    let mut out = String::new();
    write(&mut out, name, value);
    Value::from_safe_string(out)
}

fn write(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    escape(out, name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

/// The text of what is worth showing: anything but nothing, `false` and the empty text. Zero is.
fn shown(value: &Value) -> Option<String> {
    (value.is_number() || value.is_true()).then(|| text(value))
}

fn text(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        ValueKind::Bool => value.is_true().to_string(),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

fn nothing() -> Value {
    Value::from("")
}
