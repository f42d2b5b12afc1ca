//! The status of one certificate, asked for and answered (RFC 6960; STB 34.101.26).
//!
//! [`Question`] asks, [`Responder`] answers, [`Response`] is an answer read; a [`crate::Trust`] takes responses beside
//! revocation lists.

mod form;
mod question;
mod responder;
mod response;

use jiff::Timestamp;

pub use question::Question;
pub use responder::Responder;
pub use response::Response;

/// What the issuer says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// From when on.
        at: Timestamp,
    },
    /// The responder does not know the certificate, which proves nothing.
    Unknown,
}
