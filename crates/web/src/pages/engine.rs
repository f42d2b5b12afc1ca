//! The template engine of one language: parsed once, escaping by default, a misspelt name is an error.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value};
use model::Lang;

use super::texts::Texts;
use super::{Error, Source, assets, format, markup, view};

/// Templates of all sources, speaking one language.
pub(super) struct Engine(Environment<'static>);

type Outcome<T> = Result<T, minijinja::Error>;

impl Engine {
    /// The templates of the sources, parsed.
    pub(super) fn new(lang: Lang, sources: &[Source], texts: &Arc<Texts>) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // Not fully strict: `{% if hint %}` must be able to ask for what may be absent.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_formatter(write);
        environment.add_global("lang", lang.code());
        environment.add_global("top_style", Value::from_safe_string(assets::TOP_STYLE.to_owned()));
        environment.add_function("url", move |path: &str| view::url(lang, path));
        environment.add_function("asset", |name: &str| {
            assets::url(name).ok_or_else(|| wrong(format!("there is no asset `{name}`")))
        });
        add_texts(&mut environment, lang, texts);
        markup::add_to(&mut environment);
        for (name, template) in sources.iter().flat_map(|source| source.templates) {
            environment.add_template(name, template)?;
        }
        Ok(Self(environment))
    }

    /// The template with these values.
    pub(super) fn render(&self, template: &str, values: Value) -> Outcome<String> {
        self.0.get_template(template)?.render(values)
    }
}

/// Each template is there once, and every text and asset that it names literally exists.
pub(super) fn check(sources: &[Source], texts: &Texts) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (template, content) in sources.iter().flat_map(|source| source.templates).copied() {
        if !seen.insert(template) {
            return Err(Error::TemplateTwice(template));
        }
        if let Some(name) = named(content, "t").find(|key| !texts.of(Lang::En).has(key)) {
            return Err(Error::Unknown { template, what: "the text", name: name.to_owned() });
        }
        if let Some(name) = named(content, "asset").find(|name| assets::url(name).is_none()) {
            return Err(Error::Unknown { template, what: "the asset", name: name.to_owned() });
        }
    }
    Ok(())
}

/// What stands alone as the first argument in calls of a function: `key` in `t("key")` and `t('key', n=1)`.
fn named<'a>(template: &'a str, function: &'static str) -> impl Iterator<Item = &'a str> {
    template.match_indices(function).filter_map(move |(at, _)| {
        let before = template.get(..at)?.chars().next_back()?;
        let call = template.get(at + function.len()..)?.strip_prefix('(')?;
        let quote = call.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (name, after) = call.get(1..)?.split_once(quote)?;
        let alone = after.trim_start().starts_with([',', ')']);
        (alone && !before.is_alphanumeric() && !matches!(before, '_' | '.')).then_some(name)
    })
}

fn add_texts(environment: &mut Environment<'static>, lang: Lang, texts: &Arc<Texts>) {
    let of = texts.clone();
    environment.add_function("t", move |key: &str, args: Kwargs| -> Outcome<Value> {
        let names: Vec<&str> = args.args().collect();
        let args: Vec<(&str, Value)> =
            names.iter().map(|name| Ok((*name, args.get(name)?))).collect::<Outcome<Vec<_>>>()?;
        let text = of.of(lang).fill(key, &args).map_err(|reason| wrong(format!("text `{key}`: {reason}")))?;
        Ok(if key.ends_with(".html") { Value::from_safe_string(text) } else { Value::from(text) })
    });
    let of = texts.clone();
    environment.add_filter("date", move |text: &str| format::date(of.of(lang), text).ok_or_else(|| no_moment(text)));
    environment.add_filter("time", |text: &str| format::time(text).ok_or_else(|| no_moment(text)));
    let of = texts.clone();
    environment
        .add_filter("datetime", move |text: &str| format::datetime(of.of(lang), text).ok_or_else(|| no_moment(text)));
    let of = texts.clone();
    environment.add_filter("number", move |value: Value| format::number(of.of(lang), &value.to_string()));
}

/// As the engine's own, but `/` stays as it is, so that addresses can be read in the source of a page.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Outcome<()> {
    if value.is_undefined() {
        return Err(minijinja::Error::from(ErrorKind::UndefinedError));
    }
    let raw = value.is_safe() || value.kind() == ValueKind::Number;
    match value.as_str() {
        Some(text) if raw || *state.auto_escape() == AutoEscape::None => out.write_str(text)?,
        None if value.kind() == ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        // Nothing rather than the word `none`.
        None if value.is_none() => {}
        None if raw || *state.auto_escape() == AutoEscape::None => write!(out, "{value}")?,
        text => {
            let mut escaped = String::new();
            format::escape(&mut escaped, text.unwrap_or(&value.to_string()));
            out.write_str(&escaped)?;
        }
    }
    Ok(())
}

/// What was given may be personal: the message keeps it to itself.
fn no_moment(_: &str) -> minijinja::Error {
    wrong("expected an ISO 8601 date or time".to_owned())
}

fn wrong(reason: String) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, reason)
}
