//! Tests of the kit as a whole.

mod components;
mod fixtures;
mod loading;
mod requests;
mod showing;

use super::*;

/// A source with texts of one key, made for a test.
pub(super) fn source(templates: &'static [(&'static str, &'static str)], texts: [&'static str; 3]) -> Source {
    let [en, be, ru] = texts;
    Source { templates, texts: [(Lang::En, en), (Lang::Be, be), (Lang::Ru, ru)] }
}

pub(super) fn pages(templates: &'static [(&'static str, &'static str)]) -> Pages {
    Pages::load(&[source(templates, ["", "", ""])]).unwrap()
}

pub(super) fn view(path: &str) -> View {
    let (parts, ()) = axum::http::Request::get(path).body(()).unwrap().into_parts();
    View::of(&parts)
}

pub(super) async fn html(response: Response<Body>) -> String {
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A template that must come out, or the reasons why it does not.
pub(super) fn rendered(pages: &Pages, lang: Lang, template: &str, values: Value) -> String {
    let reasons = |error: minijinja::Error| {
        let mut told = format!("{error:#}");
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            told = format!("{told}\n  {inner:#}");
            source = inner.source();
        }
        told
    };
    pages.engine(lang).render(template, values).unwrap_or_else(|error| panic!("{}", reasons(error)))
}
