//! Step 6: the answer leaves, signed over its exact bytes, with its receipt.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::http_signature::{ResponseView, sign_response};
use model::{Kind, Refusal};

use super::answered::Answered;
use super::header::{
    CERTIFICATE, CONTENT_DIGEST, PREFERENCE_APPLIED, RECEIPT, REQUEST_DIGEST, SIGN, SIGNATURE, SIGNATURE_INPUT,
    TRACEPARENT,
};
use super::received::{Call, Wants};
use crate::{Gateway, queue};

/// The answer of an exchange that is on disk.
pub(crate) fn respond(gateway: &Gateway, answered: Answered, request_signature: Option<&str>) -> Response<Body> {
    let content_type = answered.content_type();
    let Answered { case, status, body, refusal, stamp, .. } = answered;
    let mut response = plain(&case.call, status, content_type);
    let headers = response.headers_mut();
    insert(headers, REQUEST_DIGEST, &format!("sha-256=:{}:", BASE64_STANDARD.encode(case.digest)));
    insert(headers, RECEIPT, &BASE64_STANDARD.encode(stamp.as_bytes()));
    if let Some(refusal) = &refusal {
        web::problem::fields(refusal, case.call.lang, headers);
    }
    if status == 202 {
        insert(headers, header::LOCATION, &queue::place(&body).unwrap_or_default());
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if case.call.wants.receipt_only {
        headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static("receipt"));
    } else if let Err(error) = sign(gateway, headers, &case.call.wants, status, &body, request_signature) {
        tracing::error!(%error, request_id = %case.call.request_id, "an answer could not be signed");
        return case.call.context.refuse(&Refusal::new(Kind::Internal, "internal"));
    }
    *response.body_mut() = Body::from(body);
    response
}

/// A refusal before anybody was authenticated, or when nothing could be committed: neither recorded nor signed.
pub(crate) fn refused(call: &Call, refusal: &Refusal) -> Response<Body> {
    let mut response = call.context.refuse(refusal);
    harden(response.headers_mut());
    if refusal.kind == Kind::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"nais\""));
    }
    response
}

fn plain(call: &Call, status: u16, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    harden(headers);
    if let Some(traceparent) = call.context.traceparent() {
        insert(headers, TRACEPARENT, traceparent);
    }
    response
}

fn harden(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn sign(
    gateway: &Gateway,
    headers: &mut HeaderMap,
    wants: &Wants,
    status: u16,
    body: &[u8],
    request_signature: Option<&str>,
) -> Result<(), eds::Error> {
    let signer = &gateway.signer;
    insert(headers, SIGN, &eds::detached::sign(body, &signer.key)?);
    headers.insert(CERTIFICATE, signer.certificate_header.clone());
    if wants.signature {
        let fields: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        // Without a request signature there is nothing to bind to, and nothing that a reader could confuse.
        let answer =
            ResponseView { status, headers: &fields, body, request_signature: request_signature.unwrap_or("") };
        let signed = sign_response(&answer, &signer.message, gateway.clock.now())?;
        if let Some(digest) = &signed.content_digest {
            insert(headers, CONTENT_DIGEST, digest);
        }
        insert(headers, SIGNATURE_INPUT, &signed.signature_input);
        insert(headers, SIGNATURE, &signed.signature);
    }
    Ok(())
}

/// Values of ours are visible ASCII; one that is not is left out rather than failing the answer.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
