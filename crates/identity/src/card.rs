//! Signing in with an ID card or another EDS: the certificate's identification number leads to the account.
//!
//! The holder signs a text that says what it is for, on this site, now. The message is CMS SignedData, with the text in it
//! or beside it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::cms::{self, Demand};
use eds::{CachedTrust, Certificate, CmsError, PathError, Purpose};
use jiff::{SignedDuration, Timestamp};
use model::IdentificationNumber;
use serde_json::json;

use crate::passkey::Challenge;
use crate::secret::base64url;

/// Largest message taken, in base64.
const LONGEST: usize = 48 * 1024;
/// How far the signer's clock may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Who signed.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) number: IdentificationNumber,
    pub(crate) surname: String,
    /// Given name, and patronymic if there is one.
    pub(crate) given_names: String,
}

/// Why it is not believed; the end of its text's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No CMS in base64, or one that does not hold.
    Unreadable,
    /// Another text was signed, or this one long ago.
    OtherText,
    /// The certificate's term is over or has not begun.
    Expired,
    /// The certificate was revoked.
    Revoked,
    /// An issuer whom nobody trusts, or a key for something else.
    Untrusted,
    /// The certificate names no person.
    Nobody,
}

impl Fault {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::OtherText => "other-text",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Untrusted => "untrusted",
            Self::Nobody => "nobody",
        }
    }
}

/// What is to be signed, byte for byte: a person who reads it sees what it does.
pub(crate) fn text(challenge: &Challenge, site: &str) -> String {
    let until = Timestamp::from_microsecond(challenge.until).map(|until| until.to_string()).unwrap_or_default();
    let challenge = base64url(&challenge.bytes);
    json!({ "sign-in": site, "challenge": challenge, "until": until }).to_string()
}

/// Who signed `text`, as the message in base64 shows.
pub(crate) fn holder(signed: &str, text: &str, trust: &CachedTrust, now: Timestamp) -> Result<Holder, Fault> {
    let plain: String = signed.lines().filter(|line| !line.starts_with("-----")).collect();
    let plain: String = plain.chars().filter(|sign| !sign.is_whitespace()).collect();
    if plain.len() > LONGEST {
        return Err(Fault::Unreadable);
    }
    let bytes = BASE64_STANDARD.decode(plain).map_err(|_| Fault::Unreadable)?;
    let message = match cms::verify(&bytes, None, &Demand::CONSENT) {
        Err(eds::Error::Cms(CmsError::ContentMissing)) => {
            cms::verify(&bytes, Some(text.as_bytes()), &Demand::CONSENT).map_err(|error| judged(&error))?
        }
        found => found.map_err(|error| judged(&error))?,
    };
    if message.content() != text.as_bytes() {
        return Err(Fault::OtherText);
    }
    let signature = message.only().ok_or(Fault::Unreadable)?;
    let signed_at = signature.signed_at().ok_or(Fault::Unreadable)?;
    if now.duration_since(signed_at).abs() > SKEW {
        return Err(Fault::OtherText);
    }
    let certificate = signature.certificate();
    trust.check(certificate, Purpose::Signature, now).map_err(|error| match error {
        PathError::Expired | PathError::NotYetValid => Fault::Expired,
        PathError::Revoked { .. } => Fault::Revoked,
        _ => Fault::Untrusted,
    })?;
    named(certificate).ok_or(Fault::Nobody)
}

/// A signature over other bytes is told as what it is: people sign the file of yesterday.
fn judged(error: &eds::Error) -> Fault {
    match error {
        eds::Error::Cms(CmsError::Altered) => Fault::OtherText,
        _ => Fault::Unreadable,
    }
}

/// The natural person whom the certificate names. An employee's bears an organisation's number too, and is one as well.
fn named(certificate: &Certificate) -> Option<Holder> {
    Some(Holder {
        number: IdentificationNumber::parse(certificate.identification_number()?).ok()?,
        surname: certificate.surname().unwrap_or_default(),
        given_names: certificate.given_names().unwrap_or_default(),
    })
}
