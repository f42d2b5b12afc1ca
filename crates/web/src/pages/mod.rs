//! Pages for people: templates, texts in three languages, forms, cookies, and the header fields that keep them safe.
//!
//! A crate that has pages gives a [`Source`]; [`Pages::load`] takes them all and fails at start when a text is missing
//! in a language or a template does not parse. A handler takes a [`View`] and answers [`Pages::show`].

mod assets;
mod compress;
mod cookies;
mod countries;
mod engine;
mod error;
mod form;
mod format;
mod guard;
mod markup;
mod respond;
mod settings;
mod texts;
mod upload;
mod view;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use minijinja::{Value, context};
use model::Lang;

pub use compress::compressed;
pub use cookies::{cookie, set_cookie};
pub use countries::country_name;
pub use error::Error;
pub use form::{Form, unread};
pub use guard::{readable, same_origin};
pub use respond::{allow_form_to, local, see_other};
pub use settings::{Colours, Settings, Size, Spacing};
pub use upload::{Sent, Upload};
pub use view::{Account, View};

use engine::Engine;
use texts::Texts;

/// The templates and texts of one crate.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Names, such as `services/list.html`, and contents.
    pub templates: &'static [(&'static str, &'static str)],
    /// The TOML text of each language.
    pub texts: [(Lang, &'static str); 3],
}

/// What every page is made of; loaded with the others, never by hand.
const OWN: Source = Source {
    templates: &[
        ("base.html", include_str!("../../templates/base.html")),
        ("view.html", include_str!("../../templates/view.html")),
        ("error.html", include_str!("../../templates/error.html")),
        ("govuk.html", include_str!("../../templates/govuk.html")),
        ("govuk/fields.html", include_str!("../../templates/govuk/fields.html")),
        ("govuk/content.html", include_str!("../../templates/govuk/content.html")),
    ],
    texts: [
        (Lang::En, include_str!("../../texts/pages.en.toml")),
        (Lang::Be, include_str!("../../texts/pages.be.toml")),
        (Lang::Ru, include_str!("../../texts/pages.ru.toml")),
    ],
};

/// All pages there are. Clones are the same.
#[derive(Clone)]
pub struct Pages(Arc<Inner>);

struct Inner {
    texts: Arc<Texts>,
    /// One for each language, in the order of [`Lang::ALL`].
    engines: [Engine; 3],
}

impl Pages {
    /// Everything that is shown to people, with the kit's own templates and texts.
    ///
    /// # Errors
    /// A text is missing in a language, lacks a placeholder or a plural form that it has elsewhere, or is given twice;
    /// a template does not parse, is given twice, or names a text that does not exist.
    pub fn load(sources: &[Source]) -> Result<Self, Error> {
        let sources: Vec<Source> = std::iter::once(OWN).chain(sources.iter().copied()).collect();
        let texts = Arc::new(Texts::load(&sources)?);
        engine::check(&sources, &texts)?;
        let engine = |lang| Engine::new(lang, &sources, &texts);
        let engines = [engine(Lang::En)?, engine(Lang::Be)?, engine(Lang::Ru)?];
        Ok(Self(Arc::new(Inner { texts, engines })))
    }

    /// A page.
    pub fn show(&self, view: &View, template: &str, values: Value) -> Response<Body> {
        self.show_as(StatusCode::OK, view, template, values)
    }

    /// A page with a status of its own. One that cannot be made is logged, and the page of our own failure is given.
    pub fn show_as(&self, status: StatusCode, view: &View, template: &str, values: Value) -> Response<Body> {
        match self.page(view, template, values) {
            Ok(html) => respond::page(status, view.lang, html),
            Err(error) => {
                log(&error, template);
                self.error(view, StatusCode::INTERNAL_SERVER_ERROR, "failed")
            }
        }
    }

    /// The page of an error: `not-found`, `forbidden`, `gone`, `too-many`, `unavailable`, `failed` and whatever else
    /// has its texts `error-page.<name>.title` and `.text`.
    pub fn error(&self, view: &View, status: StatusCode, name: &str) -> Response<Body> {
        let values = context! {
            name,
            heading => self.text(view.lang, &format!("error-page.{name}.title"), &[]),
            text => self.text(view.lang, &format!("error-page.{name}.text"), &[]),
        };
        let html = self.page(view, "error.html", values).unwrap_or_else(|error| {
            log(&error, "error.html");
            // The last resort is a text that needs no template.
            respond::bare(view.lang, &self.text(view.lang, "error-page.failed.title", &[]))
        });
        respond::page(status, view.lang, html)
    }

    /// One text; `args` fill `{name}`, and an argument `count` chooses the plural form. A key that does not exist is
    /// logged and shown as it is.
    pub fn text(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> String {
        let args: Vec<(&str, Value)> = args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        self.0.texts.of(lang).fill(key, &args).unwrap_or_else(|reason| {
            tracing::error!(key, %reason, "a text cannot be shown");
            key.to_owned()
        })
    }

    /// A template without the page around it, such as a mail; escaped unless its name ends in `.txt`. Empty, and logged,
    /// when it cannot be made.
    pub fn plain(&self, lang: Lang, template: &str, values: Value) -> String {
        self.engine(lang).render(template, values).unwrap_or_else(|error| {
            log(&error, template);
            String::new()
        })
    }

    /// `/assets/…`, `/favicon.svg`, and `POST /{lang}/view`, which keeps the settings of accessibility.
    pub fn router(&self) -> axum::Router {
        assets::router().merge(settings::router(self))
    }

    fn page(&self, view: &View, template: &str, values: Value) -> Result<String, minijinja::Error> {
        let about = context! { view => view.values() };
        self.engine(view.lang).render(template, minijinja::value::merge_maps([about, values]))
    }

    fn engine(&self, lang: Lang) -> &Engine {
        let [en, be, ru] = &self.0.engines;
        match lang {
            Lang::En => en,
            Lang::Be => be,
            Lang::Ru => ru,
        }
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

/// The chain of reasons: a failure inside a macro is told by the innermost of them.
fn log(error: &minijinja::Error, template: &str) {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        reason = format!("{reason}: {inner}");
        source = inner.source();
    }
    tracing::error!(template, %reason, "a page cannot be shown");
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
