//! Answers that a browser shows or follows, with the header fields that keep people safe.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use model::Lang;

use super::format::escape;

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Nothing but our own files; nobody may frame a page; no script stands inside one, and no style but that of its top.
const POLICY: &str = concat!(
    "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-",
    include_str!(concat!(env!("OUT_DIR"), "/head.sha256")),
    "'; font-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'"
);

/// A page in this language.
pub(super) fn page(status: StatusCode, lang: Lang, html: String) -> Response<Body> {
    const FIELDS: [(HeaderName, &str); 8] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (OPENER, "same-origin"),
        (RESOURCE, "same-origin"),
        (VARY, "Cookie"),
    ];
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    for (name, value) in FIELDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
    response
}

/// A page that needs no template.
pub(super) fn bare(lang: Lang, text: &str) -> String {
    let mut html = format!("<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>", lang.code());
    escape(&mut html, text);
    html.push_str("</title><h1>");
    escape(&mut html, text);
    html.push_str("</h1>");
    html
}

/// Lets the forms of this page lead to another origin, such as `https://portal.example:8443`: browsers apply
/// `form-action` to the redirects that follow a form, so a sign-in that ends at a client's address needs it there.
/// Anything but `http(s)://host[:port]` changes nothing.
pub fn allow_form_to(response: &mut Response<Body>, origin: &str) {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or("");
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if host.is_empty() || !host.bytes().all(plain) {
        return;
    }
    let found = response.headers().get(CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok());
    let policy = found.unwrap_or(POLICY).replacen("form-action 'self'", &format!("form-action 'self' {origin}"), 1);
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, value);
    }
}

/// The path, if it stays on this site whatever a browser makes of it: one slash, then no slash or backslash, and no
/// control characters, which browsers leave out before they look.
pub fn local(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let safe = !rest.starts_with('/') && !path.contains('\\') && !path.chars().any(char::is_control);
    safe.then_some(path)
}

/// 303: the browser asks for this address with GET. A [`local`] path, or an absolute `http(s)://` address that the
/// caller vouches for; anything else leads to `/`.
pub fn see_other(url: &str) -> Response<Body> {
    let absolute = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    let safe = local(url).is_some() || (absolute && !url.chars().any(char::is_control) && !url.contains('\\'));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(&ascii(if safe { url } else { "/" }));
    response.headers_mut().insert(LOCATION, location.unwrap_or_else(|_| HeaderValue::from_static("/")));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Everything but visible ASCII percent-encoded.
fn ascii(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(url: &str) -> String {
        let response = see_other(url);
        assert_eq!(response.status(), 303);
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn redirects_stay_here_unless_the_caller_names_another_place_whole() {
        for kept in ["/", "/en/services?q=x#a", "https://id.example:8443/authorize?x=1", "http://127.0.0.1:1/x"] {
            assert_eq!(leads(kept), kept);
        }
        assert_eq!(leads("/be/пошук"), "/be/%D0%BF%D0%BE%D1%88%D1%83%D0%BA");
        for evil in [
            "//evil",
            "/\\evil",
            "\\\\evil",
            "https:evil",
            "https:/evil",
            "javascript:alert(1)",
            "evil",
            "",
            "/\t/evil",
            "/a\r\nSet-Cookie: x=1",
            "data:text/html,x",
            "/a\\b",
            " //evil",
            "HTTPS://evil",
        ] {
            assert_eq!(leads(evil), "/", "{evil:?}");
        }
    }

    #[test]
    fn only_an_origin_can_be_allowed_for_forms() {
        let policy = |origin: &str| {
            let mut response = page(StatusCode::OK, Lang::En, String::new());
            allow_form_to(&mut response, origin);
            response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert!(policy("https://a.example:8443").contains("; form-action 'self' https://a.example:8443; frame"));
        for wrong in ["", "https://", "https://a; script-src *", "https://a/path", "*", "javascript:x", "https://*"] {
            assert_eq!(policy(wrong), POLICY, "{wrong}");
        }
    }
}
