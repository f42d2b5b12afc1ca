//! Who signed a request, and what an authority attests of them.

use std::sync::Arc;

use axum::http::HeaderMap;
use eds::{AttributeCertificate, Certificate, PathError, detached};
use jiff::Timestamp;
use model::{Kind, Refusal};

use super::header::{ATTRIBUTE_CERTIFICATE, single};
use crate::Gateway;

/// The holder of a certificate whose EDS holds, with the attribute certificate where one was sent.
pub(crate) struct Signer {
    certificate: Arc<Certificate>,
    attributes: Option<Arc<AttributeCertificate>>,
    registered: bool,
}

impl Signer {
    /// Whose certificate the consumer has registered.
    pub(crate) fn registered(certificate: Arc<Certificate>, attributes: Option<&Arc<AttributeCertificate>>) -> Self {
        Self { registered: true, ..Self::shown(certificate, attributes) }
    }

    /// Whose certificate came with the request.
    pub(crate) fn shown(certificate: Arc<Certificate>, attributes: Option<&Arc<AttributeCertificate>>) -> Self {
        let theirs = attributes.filter(|attributes| attributes.is_of(&certificate)).cloned();
        Self { certificate, attributes: theirs, registered: false }
    }

    /// They sign for the organisation of this taxpayer number: it is attested of them, or else their certificate is the
    /// consumer's, because it was registered or says so itself.
    ///
    /// Organisation and position come from one paper: a position in one organisation is none in another.
    pub(crate) fn signs_for(&self, unp: &str) -> bool {
        match &self.attributes {
            Some(attested) => attested.unp() == Some(unp),
            None => self.registered || self.certificate.unp() == Some(unp),
        }
    }

    /// Their position there.
    pub(crate) fn job_title(&self) -> Option<&str> {
        match &self.attributes {
            Some(attested) => attested.job_title(),
            None => self.certificate.job_title(),
        }
    }

    /// The attribute certificate, if it is theirs, holds at `at`.
    pub(crate) fn judge(&self, gateway: &Gateway, at: Timestamp) -> Result<(), Refusal> {
        match &self.attributes {
            None => Ok(()),
            Some(attributes) => gateway.trust.check_attributes(attributes, &self.certificate, at).map_err(doubted),
        }
    }

    /// An attribute certificate is theirs.
    pub(crate) fn is_attested(&self) -> bool {
        self.attributes.is_some()
    }
}

/// The attribute certificate that was sent.
pub(crate) fn attributes(gateway: &Gateway, headers: &HeaderMap) -> Result<Option<Arc<AttributeCertificate>>, Refusal> {
    let Some(text) = single(headers, &ATTRIBUTE_CERTIFICATE)?.map(str::trim) else { return Ok(None) };
    let der = detached::attribute_certificate(text.as_bytes()).map_err(|error| error.refusal())?;
    gateway.certificates.attributes(&der).map(Some).map_err(|error| error.refusal())
}

/// It speaks of nobody who signed.
pub(crate) fn of_nobody() -> Refusal {
    PathError::WrongHolder.refusal()
}

/// Why an attribute certificate does not count; other codes than those of the certificate itself.
fn doubted(error: PathError) -> Refusal {
    let code = match error {
        PathError::WrongHolder => return of_nobody(),
        PathError::Revoked { at } => {
            return Refusal::new(Kind::Unauthenticated, "attributes-revoked").with("at", at);
        }
        PathError::Expired => "attributes-expired",
        PathError::NotYetValid => "attributes-not-yet-valid",
        PathError::CrlStale | PathError::CrlMissing => "attributes-status-unknown",
        _ => "attributes-untrusted",
    };
    Refusal::new(Kind::Unauthenticated, code)
}
