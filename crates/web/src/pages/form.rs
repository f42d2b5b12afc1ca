//! The fields of a form (`application/x-www-form-urlencoded`), bounded.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{Response, StatusCode};
use model::Refusal;

use super::{Pages, View, respond};
use crate::body::{self, Allowance};

/// More fields than any form of ours has.
pub(super) const FIELDS: usize = 1_000;

/// A form's fields, in their order. An extractor; what is no form, or is over 64 KB, is refused with a page.
#[derive(Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The fields in this body. Any bytes are a form; what is not UTF-8 and U+0000, which no database keeps, become
    /// U+FFFD. Fields after the thousandth are left out.
    pub fn parse(body: &[u8]) -> Self {
        Self::of(form_urlencoded::parse(body).take(FIELDS))
    }

    /// A form of these fields.
    pub(super) fn of<T: AsRef<str>>(pairs: impl IntoIterator<Item = (T, T)>) -> Self {
        let own = |text: T| text.as_ref().replace('\0', "\u{fffd}");
        Self(pairs.into_iter().map(|(name, value)| (own(name), own(value))).collect())
    }

    /// The first value of the field without white space around it; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// All values of the field, without white space around them: boxes that are checked.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim()).collect()
    }

    /// The field is there, even if empty: the button that was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Names and values as they came.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Names only: values are personal.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let (parts, content) = request.into_parts();
        let read = async {
            body::expect_type(&parts.headers, "application/x-www-form-urlencoded")?;
            body::read(content, Allowance::QUESTION).await
        };
        match read.await {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(refusal) => Err(unread(&parts, &refusal)),
        }
    }
}

/// The page that says why a form could not be read.
pub fn unread(parts: &axum::http::request::Parts, refusal: &Refusal) -> Response<Body> {
    let status = crate::problem::status(refusal.kind);
    let name = if status == StatusCode::PAYLOAD_TOO_LARGE { "too-large" } else { "bad-form" };
    let view = View::of(parts);
    match parts.extensions.get::<Pages>() {
        Some(pages) => pages.error(&view, status, name),
        // Outside `same_origin`, which gives every request the pages.
        None => respond::page(status, view.lang, respond::bare(view.lang, status.as_str())),
    }
}
