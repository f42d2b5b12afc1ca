//! Step 1: a request's head, read once into what the later steps need.

use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use eds::http_signature::accepts_signature;
use jiff::Timestamp;
use model::{Kind, Lang, Refusal};
use uuid::Uuid;
use web::{Context, Peer};

use super::header::{ACCEPT_SIGNATURE, IDEMPOTENCY_KEY, PREFER, single};

/// A request as it arrived: nothing is believed yet.
pub(crate) struct Received {
    pub call: Call,
    pub headers: HeaderMap,
    pub body: Body,
    pub peer: Option<Peer>,
}

/// What a request is about; goes through all steps.
pub(crate) struct Call {
    pub context: Context,
    pub request_id: Uuid,
    pub at: Timestamp,
    pub started: Instant,
    pub lang: Lang,
    pub verb: Method,
    /// The path without its query.
    pub path: String,
    /// Path and query as sent: what an EDS of a request without a body covers.
    pub target: String,
    /// Host and port the caller named.
    pub host: String,
    pub wants: Wants,
}

/// What the caller prefers.
#[derive(Default)]
pub(crate) struct Wants {
    /// `Prefer: respond-async`.
    pub later: bool,
    /// `Prefer: receipt`: the receipt alone covers the answer.
    pub receipt_only: bool,
    /// `Accept-Signature` with our tag or none: the answer bears an RFC 9421 signature too.
    pub signature: bool,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

impl Received {
    /// Takes a request apart. A head that cannot be understood is refused before anybody is authenticated.
    pub(crate) fn read(context: Context, request: Request<Body>) -> (Self, Result<(), Refusal>) {
        let (parts, body) = request.into_parts();
        let host = parts
            .uri
            .authority()
            .map(|authority| authority.as_str())
            .or_else(|| parts.headers.get(header::HOST).and_then(|v| v.to_str().ok()))
            .unwrap_or("")
            .to_owned();
        let (wants, understood) = match wants(&parts.headers) {
            Ok(wants) => (wants, Ok(())),
            Err(refusal) => (Wants::default(), Err(refusal)),
        };
        let call = Call {
            request_id: context.id(),
            at: context.at(),
            lang: context.lang(),
            context,
            started: Instant::now(),
            verb: parts.method,
            path: parts.uri.path().to_owned(),
            target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            host,
            wants,
        };
        let peer = parts.extensions.get::<Peer>().cloned();
        (Self { call, headers: parts.headers, body, peer }, understood)
    }
}

fn wants(headers: &HeaderMap) -> Result<Wants, Refusal> {
    let mut wants = Wants::default();
    for value in headers.get_all(PREFER) {
        let value =
            value.to_str().map_err(|_| Refusal::new(Kind::Malformed, "header-malformed").with("header", PREFER))?;
        for preference in value.split(',').map(|p| p.split(';').next().unwrap_or("").trim()) {
            wants.later |= preference.eq_ignore_ascii_case("respond-async");
            wants.receipt_only |= preference.eq_ignore_ascii_case("receipt");
        }
    }
    let accepted = headers.get_all(ACCEPT_SIGNATURE).iter();
    let accepted: Vec<(&str, &[u8])> = accepted.map(|value| ("accept-signature", value.as_bytes())).collect();
    wants.signature = accepts_signature(&accepted);
    wants.idempotency_key = single(headers, &IDEMPOTENCY_KEY)?.map(idempotency_key).transpose()?;
    Ok(wants)
}

/// A key is 1 to 200 visible characters, with or without the quotes of a structured field.
fn idempotency_key(value: &str) -> Result<String, Refusal> {
    let key = value.trim().trim_matches('"');
    if key.is_empty() || key.len() > 200 || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refusal::new(Kind::Malformed, "idempotency-key-malformed"));
    }
    Ok(key.to_owned())
}

impl Call {
    /// The host that the caller named, without the port.
    pub(crate) fn host_name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => &self.host,
        }
    }

    /// The query's parameters, decoded, in order.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        query_of(&self.target)
    }

    /// Milliseconds since the request arrived.
    pub(crate) fn ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// The query's parameters of a path with its query.
pub(crate) fn query_of(target: &str) -> Vec<(String, String)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Percent-decoding of a query (WHATWG URL, `application/x-www-form-urlencoded`); bytes that are no UTF-8 are replaced.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => match tail.split_at_checked(2).and_then(|(code, after)| hex::decode(code).ok().map(|b| (b, after)))
            {
                Some((byte, after)) => {
                    out.extend(byte);
                    rest = after;
                }
                None => out.push(first),
            },
            _ => out.push(first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        assert_eq!(decode("a%20b+c%2"), "a b c%2");
        assert_eq!(decode("%D0%9C"), "М");
    }

    #[test]
    fn keys_are_bounded() {
        assert_eq!(idempotency_key("\"k-1\"").unwrap(), "k-1");
        assert!(idempotency_key("").is_err());
        assert!(idempotency_key(&"x".repeat(201)).is_err());
        assert!(idempotency_key("a b").is_err());
    }
}
