//! Cookies: read one, set one.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// The value of the first cookie with this name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A `Set-Cookie` field: `HttpOnly; SameSite=Lax`, for this path. Without `max_age` the browser forgets it when it
/// ends; an age of zero deletes it. Characters that a cookie cannot have (RFC 6265 §4.1.1) are left out.
pub fn set_cookie(name: &str, value: &str, max_age: Option<Duration>, secure: bool, path: &str) -> HeaderValue {
    let mut text: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).collect();
    text.push('=');
    text.extend(value.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';' | '\\')));
    text.push_str("; Path=");
    text.extend(path.chars().filter(|c| c.is_ascii_graphic() && *c != ';'));
    if let Some(age) = max_age {
        // Writing to a string cannot fail.
        let _ = write!(text, "; Max-Age={}", age.as_secs());
    }
    text.push_str("; HttpOnly; SameSite=Lax");
    if secure {
        text.push_str("; Secure");
    }
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xsid=1; sid=a=b;other=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("late=3; sid=second"));
        assert_eq!(cookie(&headers, "sid"), Some("a=b"));
        assert_eq!(cookie(&headers, "other"), Some("2"));
        assert_eq!(cookie(&headers, "late"), Some("3"));
        assert_eq!(cookie(&headers, "id"), None);
        assert_eq!(cookie(&HeaderMap::new(), "sid"), None);
    }

    #[test]
    fn what_is_set_can_add_no_attribute_and_no_field() {
        let set = set_cookie("__Host-sid", "a; Domain=evil\r\nSet-Cookie: b", None, true, "/");
        assert_eq!(set, "__Host-sid=aDomain=evilSet-Cookie:b; Path=/; HttpOnly; SameSite=Lax; Secure");
        let set = set_cookie("v", "x", Some(Duration::ZERO), false, "/a;b");
        assert_eq!(set, "v=x; Path=/ab; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
