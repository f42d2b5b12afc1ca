//! Who looks at a page, and how.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use minijinja::{Value, context};
use model::Lang;
use uuid::Uuid;

use super::cookies::cookie;
use super::settings::{self, Settings};
use crate::Context;

/// Who looks at a page, and how. An extractor that never refuses.
#[derive(Clone, Debug)]
pub struct View {
    /// From the first segment of the path; else what the browser reads best.
    pub lang: Lang,
    /// Path below the language with its query, such as `/services?q=x`; `/` for the first page.
    pub path: String,
    /// The name of the account that is signed in.
    pub account: Option<String>,
    /// How the page is to look, from the cookie `nais_view`.
    pub settings: Settings,
    /// The request's identifier; nil outside an edge.
    pub request_id: Uuid,
    /// When the request came; 1970 outside an edge.
    pub at: Timestamp,
}

/// Extension of a request: the name to show in the header of its pages.
#[derive(Clone, Debug)]
pub struct Account(pub String);

impl View {
    /// How the request with this head is looked at.
    pub fn of(parts: &Parts) -> Self {
        let context = parts.extensions.get::<Context>();
        // A nested router has cut the language off the request's own target.
        let target = context.and_then(Context::target).or_else(|| parts.uri.path_and_query());
        let (lang, path) = split(target.map_or("/", |target| target.as_str()));
        Self {
            lang: lang.unwrap_or_else(|| negotiate(&parts.headers)),
            path,
            account: parts.extensions.get::<Account>().map(|account| account.0.clone()),
            settings: cookie(&parts.headers, settings::COOKIE).map(Settings::parse).unwrap_or_default(),
            request_id: context.map_or(Uuid::nil(), Context::id),
            at: context.map_or(Timestamp::UNIX_EPOCH, Context::at),
        }
    }

    /// The path in this view's language: `/services` is `/en/services`, `/` is `/en`.
    pub fn url(&self, path: &str) -> String {
        url(self.lang, path)
    }

    /// What templates know as `view`.
    pub(super) fn values(&self) -> Value {
        context! {
            path => &self.path,
            account => &self.account,
            settings => self.settings.values(),
            request_id => self.request_id.to_string(),
            // The same page in each language.
            languages => Lang::ALL.map(|lang| context! {
                code => lang.code(),
                url => url(lang, &self.path),
                current => lang == self.lang,
            }),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for View {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

pub(super) fn url(lang: Lang, path: &str) -> String {
    let below = path.strip_prefix('/').filter(|rest| rest.is_empty() || rest.starts_with(['?', '#'])).unwrap_or(path);
    format!("/{}{below}", lang.code())
}

/// The language of a target, and what follows it.
fn split(target: &str) -> (Option<Lang>, String) {
    let path = target.strip_prefix('/').unwrap_or(target);
    let end = path.find(['/', '?']).unwrap_or(path.len());
    let (first, rest) = path.split_at(end);
    match Lang::ALL.into_iter().find(|lang| lang.code() == first) {
        Some(lang) if rest.starts_with('/') => (Some(lang), rest.to_owned()),
        Some(lang) => (Some(lang), format!("/{rest}")),
        None if target.starts_with('/') => (None, target.to_owned()),
        None => (None, "/".to_owned()),
    }
}

fn negotiate(headers: &HeaderMap) -> Lang {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map(Lang::negotiate).unwrap_or_default()
}
