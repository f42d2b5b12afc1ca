//! Reading the header `cms`: a message that holds, over exactly the request's body, by somebody whom we can trust.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::cms::{self, Demand, Signature};
use eds::{CachedTrust, Certificate, CmsError, PathError, Purpose};
use jiff::Timestamp;
use model::{Kind, Refusal};

/// Largest CMS taken.
pub(crate) const LARGEST: usize = 64 * 1024;

/// Somebody signed exactly this request; whether they may consent is still to be decided.
pub(crate) struct Claim {
    pub certificate: Certificate,
    pub signed_at: Timestamp,
}

/// The bytes of the header.
pub(crate) fn decode(header: Option<&str>) -> Result<Vec<u8>, Refusal> {
    let text = header.ok_or_else(|| Refusal::new(Kind::Forbidden, "consent-missing"))?.trim();
    let decoded = if text.len() > LARGEST.div_ceil(3) * 4 { None } else { BASE64_STANDARD.decode(text).ok() };
    decoded.filter(|cms| !cms.is_empty() && cms.len() <= LARGEST).ok_or_else(unreadable)
}

/// The CMS holds, its content is the body byte for byte, and its only signer's certificate is good.
pub(crate) fn prove(cms: &[u8], body: &[u8], trust: &CachedTrust, now: Timestamp) -> Result<Claim, Refusal> {
    let message = cms::verify(cms, None, &Demand::CONSENT).map_err(|error| refusal(&error))?;
    if message.content() != body {
        return Err(Refusal::new(Kind::Forbidden, "consent-other-request"));
    }
    believed(message.only(), trust, now)
}

/// Who signed and when: one signer, whose certificate was good when it counted.
pub(super) fn believed(signature: Option<&Signature>, trust: &CachedTrust, now: Timestamp) -> Result<Claim, Refusal> {
    let signature = signature.ok_or_else(unreadable)?;
    let signed_at = signature.signed_at().ok_or_else(|| refusal(&CmsError::NoSigningTime.into()))?;
    let certificate = signature.certificate();
    match signature.stamp() {
        // Nobody but the signer vouches for the moment: the certificate has to be good now.
        None => trust.check(certificate, Purpose::Signature, now).map_err(untrusted)?,
        Some(_) => match signature.judge(&trust.trust(), now) {
            Ok(_) => {}
            Err(eds::Error::Path(error)) => return Err(untrusted(error)),
            Err(error) => return Err(refusal(&error)),
        },
    }
    Ok(Claim { certificate: certificate.clone(), signed_at })
}

fn unreadable() -> Refusal {
    Refusal::new(Kind::Malformed, "consent-unreadable")
}

/// The fault of the message under its own code. What it claims and cannot show is no question of who asks: 403.
pub(super) fn refusal(error: &eds::Error) -> Refusal {
    match error {
        eds::Error::Cms(CmsError::Unreadable | CmsError::TooLarge) => unreadable(),
        error => {
            let refusal = error.refusal();
            let kind = if refusal.kind == Kind::Unauthenticated { Kind::Forbidden } else { refusal.kind };
            Refusal { kind, ..refusal }
        }
    }
}

/// Why the person's certificate is not trusted; other codes than those of the request's own EDS.
fn untrusted(error: PathError) -> Refusal {
    match error {
        PathError::Expired => Refusal::new(Kind::Forbidden, "consent-certificate-expired"),
        PathError::NotYetValid => Refusal::new(Kind::Forbidden, "consent-certificate-not-yet-valid"),
        PathError::Revoked { at } => Refusal::new(Kind::Forbidden, "consent-certificate-revoked").with("at", at),
        PathError::WrongPurpose => Refusal::new(Kind::Forbidden, "consent-certificate-wrong-purpose"),
        PathError::CrlStale | PathError::CrlMissing => {
            Refusal::new(Kind::Forbidden, "consent-certificate-status-unknown")
        }
        _ => Refusal::new(Kind::Forbidden, "consent-certificate-untrusted"),
    }
}
