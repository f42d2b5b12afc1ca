//! Refusals as RFC 9457 problem documents in three languages: the one map from `Kind` to an HTTP status.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use model::text::Texts;
use model::{Fault, Kind, Lang, Refusal};
use serde::Serialize;
use uuid::Uuid;

use crate::error::Error;

/// Media type of a problem document.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Where `type` points when the configuration says nothing else.
pub const DEFAULT_BASE: &str = "https://nais.example/problems/";

/// Turns refusals into problem documents. Made once, shared by all listeners.
#[derive(Clone, Debug)]
pub struct Problems {
    texts: Texts,
    base: String,
}

/// The circumstances that a problem document names.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// Language of title and detail.
    pub lang: Lang,
    /// Path of the request, without its query, which may name people.
    pub instance: &'a str,
    /// Identifier of the request.
    pub request_id: Uuid,
    /// When.
    pub now: Timestamp,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
    request_id: Uuid,
    timestamp: String,
    message: &'a str,
    errors: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    pointer: &'a str,
    code: &'a str,
    message: String,
}

impl Problems {
    /// Problems told in the texts of these crates; `base` and the code make the problem's `type`.
    ///
    /// # Errors
    /// Names the key that is twice, missing in a language or differs.
    pub fn load(texts: &[[(Lang, &str); 3]], base: &str) -> Result<Self, Error> {
        Ok(Self::new(Texts::merge(texts.iter().flatten().copied())?, base))
    }

    /// Problems told in these texts.
    pub fn new(texts: Texts, base: &str) -> Self {
        Self { texts, base: base.to_owned() }
    }

    /// The texts themselves, for answers that are no problems.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// What a fault says.
    pub fn fault(&self, lang: Lang, fault: &Fault) -> String {
        self.texts.fault(lang, fault)
    }

    /// Status and document of a refusal.
    pub fn problem(&self, refusal: &Refusal, occasion: &Occasion<'_>) -> (StatusCode, Vec<u8>) {
        let status = status(refusal.kind);
        (status, self.document(refusal, status, occasion))
    }

    /// The document of a refusal under a status that its kind does not have: below HTTP's own level only.
    pub(crate) fn document(&self, refusal: &Refusal, status: StatusCode, occasion: &Occasion<'_>) -> Vec<u8> {
        let (title, mut detail) = self.texts.refusal(occasion.lang, refusal);
        if !refusal.faults.is_empty() {
            let count = [("count", refusal.faults.len().to_string())];
            detail = format!("{detail} {}", self.texts.line(occasion.lang, "problem.faults", &count));
        }
        let item = |fault| Item::of(fault, self.texts.fault(occasion.lang, fault));
        let problem = Problem {
            r#type: format!("{}{}", self.base, refusal.code),
            title: &title,
            status: status.as_u16(),
            detail: &detail,
            instance: occasion.instance,
            code: refusal.code,
            request_id: occasion.request_id,
            timestamp: occasion.now.to_string(),
            message: &detail,
            errors: refusal.faults.iter().map(item).collect(),
        };
        // Strings and numbers always have a JSON form.
        serde_json::to_vec(&problem).unwrap_or_default()
    }

    /// The whole answer.
    pub fn response(&self, refusal: &Refusal, occasion: &Occasion<'_>) -> Response<Body> {
        let (status, document) = self.problem(refusal, occasion);
        let mut response = Response::new(Body::from(document));
        *response.status_mut() = status;
        fields(refusal, occasion.lang, response.headers_mut());
        response
    }
}

impl<'a> Item<'a> {
    fn of(fault: &'a Fault, message: String) -> Self {
        Self { pointer: &fault.pointer, code: &fault.code, message }
    }
}

/// The status that tells a caller who is at fault.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::VerbNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Upstream => StatusCode::BAD_GATEWAY,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The header fields of a problem: media type, language, `Retry-After` where another try is worth it, `Allow` from the
/// refusal's `allowed` value.
pub fn fields(refusal: &Refusal, lang: Lang, headers: &mut HeaderMap) {
    const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
    headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
    headers.insert(axum::http::header::CACHE_CONTROL, NO_STORE);
    if let Some(seconds) = refusal.retry_after.or(default_retry(refusal.kind)) {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let allowed = refusal.params.iter().find(|(name, _)| *name == "allowed");
    insert(headers, ALLOW, allowed.map(|(_, value)| value.as_str()));
    if refusal.kind == Kind::Unauthenticated {
        const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
        headers.insert(axum::http::header::WWW_AUTHENTICATE, BEARER);
    }
}

/// The contract promises `Retry-After` on 429 and on what may pass by itself.
fn default_retry(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Unavailable => Some(1),
        Kind::Throttled | Kind::Upstream | Kind::UpstreamTimeout => Some(5),
        _ => None,
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(refusal: &Refusal, lang: Lang) -> (StatusCode, serde_json::Value) {
        let problems = Problems::load(&[model::TEXTS, crate::TEXTS], DEFAULT_BASE).unwrap();
        let now = Timestamp::from_second(1_760_000_000).unwrap();
        let occasion = Occasion { lang, instance: "/mvd-38801/v1", request_id: Uuid::nil(), now };
        let (status, document) = problems.problem(refusal, &occasion);
        (status, serde_json::from_slice(&document).unwrap())
    }

    #[test]
    fn a_problem_has_exactly_the_promised_members() {
        let refusal = Refusal::new(Kind::TooLarge, "body-too-large").with("max", 10);
        let (status, problem) = told(&refusal, Lang::Ru);
        assert_eq!(status, 413);
        insta::assert_snapshot!(serde_json::to_string_pretty(&problem).unwrap());
    }

    #[test]
    fn faults_are_counted_and_listed() {
        let faults = vec![Fault::new("/a", "02", "x"), Fault::new("/b", "06", "y")];
        let (_, problem) = told(&Refusal::new(Kind::Malformed, "body-missing").faults(faults), Lang::En);
        assert!(problem["detail"].as_str().unwrap().ends_with("2 faults are listed."), "{problem}");
        assert_eq!(problem["errors"][1]["pointer"], "/b");
        assert_eq!(problem["message"], problem["detail"]);
    }

    #[test]
    fn another_try_and_other_verbs_are_told_in_fields() {
        let mut headers = HeaderMap::new();
        fields(&Refusal::new(Kind::VerbNotAllowed, "x").with("allowed", "GET, POST"), Lang::Be, &mut headers);
        assert_eq!(headers[ALLOW], "GET, POST");
        assert_eq!(headers[CONTENT_LANGUAGE], "be");
        assert!(!headers.contains_key(RETRY_AFTER));
        fields(&Refusal::new(Kind::Unavailable, "x").retry_after(7), Lang::Be, &mut headers);
        assert_eq!(headers[RETRY_AFTER], "7");
    }

    #[test]
    fn our_texts_are_whole_and_belarusian_is_belarusian() {
        let problems = Problems::load(&[model::TEXTS, crate::TEXTS], DEFAULT_BASE).unwrap();
        assert!(problems.texts().has("http-host.detail"));
        let [_, (_, be), (_, ru)] = crate::TEXTS;
        assert!(!be.contains(['и', 'И', 'щ', 'Щ', 'ъ']));
        assert!(!ru.contains(['і', 'І', 'ў', 'Ў']));
    }
}
