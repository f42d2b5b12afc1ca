//! The names of contract §3, and reading a header that may stand only once.

use axum::http::{HeaderMap, HeaderName};
use model::{Kind, Refusal};

/// The person's consent: CMS SignedData, base64.
pub(crate) const CMS: HeaderName = HeaderName::from_static("cms");
/// The owner's own login (seed 3.40.01/1).
pub(crate) const LOGIN_USERNAME: HeaderName = HeaderName::from_static("reg-auth-username");
/// Its password.
pub(crate) const LOGIN_PASSWORD: HeaderName = HeaderName::from_static("reg-auth-password");
/// Detached EDS over the exact body.
pub(crate) const SIGN: HeaderName = HeaderName::from_static("sign");
/// Its certificate.
pub(crate) const CERTIFICATE: HeaderName = HeaderName::from_static("certificate");
/// What an authority attests of the signer (RFC 5755), base64.
pub(crate) const ATTRIBUTE_CERTIFICATE: HeaderName = HeaderName::from_static("attribute-certificate");
/// RFC 9421.
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// RFC 9421.
pub(crate) const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// RFC 9421 §5.1.
pub(crate) const ACCEPT_SIGNATURE: HeaderName = HeaderName::from_static("accept-signature");
/// RFC 9530.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// RFC 7240.
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
/// What `Prefer` was granted.
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The same key and body give the same answer.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// W3C trace context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Digest of the request's body.
pub(crate) const REQUEST_DIGEST: HeaderName = HeaderName::from_static("nais-request-digest");
/// The receipt.
pub(crate) const RECEIPT: HeaderName = HeaderName::from_static("nais-receipt");

/// The value of a header that may stand once at most.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::new(Kind::Malformed, "header-duplicate").with("header", name));
    }
    first.to_str().map(Some).map_err(|_| Refusal::new(Kind::Malformed, "header-malformed").with("header", name))
}
