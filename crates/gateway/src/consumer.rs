//! A consumer's half in the same program: what the portal and an owner's own system ask other owners with.
//!
//! Token, certificate, permission, signature, log and receipt are those of every other consumer; only the network
//! between is left out when the gateway runs in this process.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use bytes::Bytes;
use eds::http_signature::{RequestView, Signer, sign_request};
use http_body_util::{BodyExt as _, Limited};
use model::{Clock, Kind, Lang, Refusal};
use serde_json::Value;
use uuid::Uuid;

use crate::provider::Boxed;

/// Largest answer taken.
const LARGEST: usize = 16 * 1024 * 1024;

/// The way to the gateway.
pub trait Transport: Send + Sync {
    /// The gateway's answer.
    fn send(&self, request: Request<Body>) -> Boxed<'_, Result<Response<Body>, Refusal>>;
}

/// A consumer: its token, its key, and the way to the gateway. Clones are the same consumer.
#[derive(Clone)]
pub struct Consumer(Arc<Inner>);

struct Inner {
    authorization: HeaderValue,
    signer: Signer,
    clock: Clock,
    authority: String,
    transport: OnceLock<Box<dyn Transport>>,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Context and method: `mvd-38801/v1/crossings/search`.
    pub path: &'a str,
    /// The body.
    pub body: &'a Value,
    /// The language of texts in the answer.
    pub lang: Lang,
    /// With the same key and body a change is made once.
    pub idempotency_key: Option<Uuid>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Told {
    /// The status; 200 to 299 when the owner has answered.
    pub status: StatusCode,
    /// The answer, or the problem.
    pub json: Value,
    /// The exact bytes of it.
    pub body: Bytes,
    /// The exchange's name in the ledger and in every log.
    pub request_id: Option<Uuid>,
    /// The exchange's receipt.
    pub receipt: Option<String>,
}

impl Told {
    /// The owner has answered.
    pub fn is_answered(&self) -> bool {
        self.status.is_success()
    }

    /// The code of the refusal; empty when there is none.
    pub fn code(&self) -> &str {
        if self.is_answered() { "" } else { self.json.get("code").and_then(Value::as_str).unwrap_or("") }
    }
}

impl Consumer {
    /// A consumer with this token and key. `authority` is the gateway's `HOST:PORT`, which is signed.
    pub fn new(token: &str, signer: Signer, authority: impl Into<String>, clock: Clock) -> Result<Self, crate::Error> {
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| crate::Error::Certificate)?;
        authorization.set_sensitive(true);
        let authority = authority.into();
        Ok(Self(Arc::new(Inner { authorization, signer, clock, authority, transport: OnceLock::new() })))
    }

    /// From now on questions go this way; the first way given stays.
    pub fn connect(&self, transport: impl Transport + 'static) {
        let _ = self.0.transport.set(Box::new(transport));
    }

    /// Asks. A refusal here means that there was no answer; what the gateway or the owner refuses is [`Told`].
    pub async fn ask(&self, question: Question<'_>) -> Result<Told, Refusal> {
        let away = || Refusal::new(Kind::Unavailable, "provider-unavailable").retry_after(2);
        let transport = self.0.transport.get().ok_or_else(away)?;
        let response = transport.send(self.signed(question)?).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|_| away())?.to_bytes();
        let field = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Told {
            status: head.status,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            request_id: field("nais-request-id").and_then(|id| Uuid::try_parse(id).ok()),
            receipt: field("nais-receipt").map(str::to_owned),
            body,
        })
    }

    fn signed(&self, question: Question<'_>) -> Result<Request<Body>, Refusal> {
        let internal = || Refusal::new(Kind::Internal, "internal");
        let body = serde_json::to_vec(question.body).map_err(|_| internal())?;
        let path = format!("/{}", question.path);
        let mut request = Request::post(&path)
            .header(header::HOST, self.0.authority.as_str())
            .header(header::AUTHORIZATION, self.0.authorization.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_LANGUAGE, question.lang.code());
        if let Some(key) = question.idempotency_key {
            request = request.header("idempotency-key", key.to_string());
        }
        let mut request = request.body(Body::empty()).map_err(|_| internal())?;
        let lines: Vec<(&str, &[u8])> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let target_uri = format!("https://{}{path}", self.0.authority);
        let view = RequestView { method: "POST", target_uri: &target_uri, headers: &lines, body: &body };
        let signed = sign_request(&view, &self.0.signer, self.0.clock.now()).map_err(|error| error.refusal())?;
        let headers = [
            ("content-digest", signed.content_digest.as_deref().unwrap_or_default()),
            ("signature-input", &signed.signature_input),
            ("signature", &signed.signature),
        ];
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| internal())?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        *request.body_mut() = Body::from(body);
        Ok(request)
    }
}
