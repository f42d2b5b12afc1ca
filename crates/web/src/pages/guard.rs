//! Requests that change something come from our own pages.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::middleware::Next;

use super::{Pages, View};

/// Middleware around pages: a request with an unsafe method that was not made by a page of this very origin is refused
/// with a page, status 403. It also gives each request the [`Pages`] as an extension, with which `Form` refuses.
///
/// `Sec-Fetch-Site` decides where the browser sends it; else `Origin` must name the host that was asked. A request with
/// neither is refused: every browser of the last years sends one.
pub async fn same_origin(State(pages): State<Pages>, mut request: Request, next: Next) -> Response<Body> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if !safe {
        let (parts, body) = request.into_parts();
        if !is_own(&parts) {
            return pages.error(&View::of(&parts), StatusCode::FORBIDDEN, "other-site");
        }
        request = Request::from_parts(parts, body);
    }
    request.extensions_mut().insert(pages);
    next.run(request).await
}

fn is_own(parts: &Parts) -> bool {
    match (single(&parts.headers, "sec-fetch-site"), single(&parts.headers, ORIGIN.as_str())) {
        (Single::One(site), _) => matches!(site, "same-origin" | "none"),
        (Single::None, Single::One(origin)) => asked(parts).is_some_and(|host| names(origin, host)),
        _ => false,
    }
}

/// The host that was asked, with its port.
fn asked(parts: &Parts) -> Option<&str> {
    match single(&parts.headers, HOST.as_str()) {
        Single::One(host) => Some(host),
        Single::None => parts.uri.authority().map(|authority| authority.as_str()),
        Single::Many => None,
    }
}

/// The origin is of this host: browsers leave out the scheme's own port in both.
fn names(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    authority.is_some_and(|authority| !authority.is_empty() && authority.eq_ignore_ascii_case(host))
}

/// Middleware around pages: an address that the framework itself refuses to read, with a line of plain text in English,
/// is told by a page. No page of ours is plain text.
pub async fn readable(State(pages): State<Pages>, view: View, request: Request, next: Next) -> Response<Body> {
    let response = next.run(request).await;
    let plain = response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    if plain && response.status().is_client_error() {
        return pages.error(&view, response.status(), "bad-address");
    }
    response
}

enum Single<'a> {
    None,
    One(&'a str),
    Many,
}

/// The field's only value; an unreadable one counts as several.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Single<'a> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Single::None,
        (Some(value), None) => value.to_str().map_or(Single::Many, Single::One),
        _ => Single::Many,
    }
}
