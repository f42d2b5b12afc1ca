//! HTTP message signatures (RFC 9421) in the one profile of contract §3.
//!
//! A request's signature covers exactly `@method @target-uri content-type content-digest authorization`, an answer's
//! exactly `@status content-type content-digest "signature";req`; without a body neither `content-type` nor
//! `content-digest`. Parameters are `created`, `expires` (at most 60 s later), `nonce` (at least 128 bits), `keyid` and
//! `tag="nais-1"`, and `alg` if it is the key's. The algorithm is the registered key's, never the message's. A member
//! of `Signature-Input` has one spelling, the serialised one.

mod base;
mod content_digest;
mod read;
mod sign;

pub use content_digest::{check_content_digest, content_digest};
pub use read::{Claim, Signed, accepts_signature, read_request, read_response, verify_request, verify_response};
pub use sign::{SignatureHeaders, Signer, sign_request, sign_response};

/// The tag of our signatures; those with other tags are none of our business.
pub const TAG: &str = "nais-1";

/// The value of `Accept-Signature` that asks for a signed answer.
pub const ACCEPT_SIGNATURE: &str =
    r#"nais=("@status" "content-type" "content-digest" "signature";req);created;expires;nonce;keyid;tag="nais-1""#;

/// Seconds a signature may hold.
pub const TERM: i64 = 60;
/// Seconds by which clocks may differ.
const TOLERANCE: i64 = 30;

/// Header lines in order: name (in any case) and value.
pub type Headers<'a> = &'a [(&'a str, &'a [u8])];

/// A request as it goes over the wire.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a> {
    /// `POST`
    pub method: &'a str,
    /// The whole address that was asked: `https://HOST:8247/path?query`.
    pub target_uri: &'a str,
    /// Header lines.
    pub headers: Headers<'a>,
    /// The body's exact bytes; empty when there is none.
    pub body: &'a [u8],
}

/// An answer as it goes over the wire.
#[derive(Clone, Copy, Debug)]
pub struct ResponseView<'a> {
    /// `200`
    pub status: u16,
    /// Header lines.
    pub headers: Headers<'a>,
    /// The body's exact bytes; empty when there is none.
    pub body: &'a [u8],
    /// The request's `Signature` header.
    pub request_signature: &'a str,
}
