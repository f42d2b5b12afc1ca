//! One signed question over mutual TLS, and the answer's exact bytes.

use bytes::Bytes;
use eds::http_signature::{ACCEPT_SIGNATURE, RequestView, sign_request};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::identity::Identity;
use crate::exit::Error;

/// Largest answer taken.
const LARGEST: usize = 64 * 1024 * 1024;

/// What is asked.
pub struct Question {
    /// `GET` or `POST`.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers besides those every request bears.
    pub headers: HeaderMap,
    /// The exact body; empty when there is none.
    pub body: Vec<u8>,
}

/// What came back, exactly as it came.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// `Signature` of the question, which the answer's signature covers.
    pub request_signature: String,
}

impl Question {
    /// A question without body at this path of the gateway.
    pub fn get(base: &Url, path: &str) -> Result<Self, Error> {
        Ok(Self { method: Method::GET, url: address(base, path)?, headers: HeaderMap::new(), body: Vec::new() })
    }
}

/// The address of a path below the gateway.
pub fn address(base: &Url, path: &str) -> Result<Url, Error> {
    let wrong = || Error::usage(format_args!("PATH: `{path}`: expected a path such as mvd-38801/v1/crossings/submit"));
    if path.contains("://") || path.starts_with("//") {
        return Err(wrong());
    }
    let mut url = base.join("/").and_then(|root| root.join(path.trim_start_matches('/'))).map_err(|_| wrong())?;
    url.set_fragment(None);
    if url.origin() == base.origin() { Ok(url) } else { Err(wrong()) }
}

impl Answer {
    /// The one value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the question was answered rather than refused.
    pub fn is_answered(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Signs and sends the question at `now`; the answer is whole when this returns, and nothing of it is believed yet.
pub async fn ask(identity: &Identity, question: &Question, now: Timestamp) -> Result<Answer, Error> {
    let mut headers = question.headers.clone();
    insert(&mut headers, "authorization", &identity.authorization)?;
    insert(&mut headers, "accept-signature", ACCEPT_SIGNATURE)?;
    if !question.body.is_empty() && !headers.contains_key("content-type") {
        insert(&mut headers, "content-type", "application/json")?;
    }
    let lines: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let view = RequestView {
        method: question.method.as_str(),
        target_uri: question.url.as_str(),
        headers: &lines,
        body: &question.body,
    };
    let signed = sign_request(&view, &identity.signer, now)?;
    if let Some(digest) = &signed.content_digest {
        insert(&mut headers, "content-digest", digest)?;
    }
    insert(&mut headers, "signature-input", &signed.signature_input)?;
    insert(&mut headers, "signature", &signed.signature)?;
    let mut request = identity.client.request(question.method.clone(), question.url.clone()).headers(headers);
    if !question.body.is_empty() {
        request = request.body(question.body.clone());
    }
    let response = request.send().await.map_err(|error| unreachable(&question.url, &error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = whole(response).await?;
    Ok(Answer { status, headers, body, request_signature: signed.signature })
}

async fn whole(mut response: reqwest::Response) -> Result<Bytes, Error> {
    let mut body = Vec::new();
    let broken = |error: &reqwest::Error| Error::failed(format_args!("the answer broke off: {}", cause(error)));
    while let Some(part) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + part.len() > LARGEST {
            return Err(Error::failed("the answer is larger than 64 MB"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body.into())
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), Error> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| Error::usage(format_args!("header {name}: visible characters were expected")))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

fn unreachable(url: &Url, error: &reqwest::Error) -> Error {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    if error.is_timeout() {
        return Error::failed(format_args!("{host}:{port}: no answer in time"));
    }
    Error::failed(format_args!("{host}:{port}: cannot be reached ({}); is the gateway running?", cause(error)))
}

/// The innermost reason, which is what a person can act on.
fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(deeper) = inner.source() {
        inner = deeper;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_at_the_gateway() {
        let base = Url::parse("https://127.0.0.1:8247").unwrap();
        let of = |path: &str| address(&base, path).map(String::from);
        assert_eq!(of("a/v1/b?c=1#d").unwrap(), "https://127.0.0.1:8247/a/v1/b?c=1");
        assert_eq!(of("/a/v1/b").unwrap(), "https://127.0.0.1:8247/a/v1/b");
        for bad in ["https://evil.example/", "//evil.example/", "http://127.0.0.1:8247/"] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(of("mailto:x").is_err());
    }
}
