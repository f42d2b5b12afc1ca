//! Asking a responder.

use der::Encode;
use der::asn1::OctetString;
use jiff::Timestamp;
use x509_cert::ext::Extension;

use super::form::{CertId, NONCE, OcspRequest, Request, TbsRequest};
use super::{Response, Status};
use crate::{Certificate, Error, PathError};

/// A question about one certificate.
#[derive(Clone, Debug)]
pub struct Question {
    certificate: Certificate,
    issuer: Certificate,
    nonce: Option<Vec<u8>>,
}

impl Question {
    /// About this certificate of that issuer, without a nonce (bpki allows none, and answers made beforehand fit).
    pub fn new(certificate: &Certificate, issuer: &Certificate) -> Self {
        Self { certificate: certificate.clone(), issuer: issuer.clone(), nonce: None }
    }

    /// The same, to be answered with this random number (RFC 9654): no older answer fits.
    pub fn with_nonce(mut self, nonce: [u8; 32]) -> Result<Self, Error> {
        let octets = OctetString::new(nonce).and_then(|nonce| nonce.to_der());
        self.nonce = Some(octets.map_err(|_| Error::Library)?);
        Ok(self)
    }

    /// The request as it is sent (`application/ocsp-request`).
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let extension = |nonce: &Vec<u8>| {
            let extn_value = OctetString::new(nonce.as_slice()).map_err(|_| Error::Library)?;
            Ok::<_, Error>(vec![Extension { extn_id: NONCE, critical: false, extn_value }])
        };
        let list = vec![Request { id: CertId::of(&self.certificate, &self.issuer)?, extensions: None }];
        let extensions = self.nonce.as_ref().map(extension).transpose()?;
        let tbs = TbsRequest { version: None, requestor: None, list, extensions };
        OcspRequest { tbs, signature: None }.to_der().map_err(|_| Error::Library)
    }

    /// What the answer (`application/ocsp-response`) says, read at `now`: signed by the issuer or for it, fresh, about our
    /// certificate, with our number.
    pub fn answered(&self, answer: &[u8], now: Timestamp) -> Result<Status, Error> {
        let response = Response::from_der(answer)?;
        if self.nonce.is_some() && response.nonce() != self.nonce.as_deref() {
            return Err(PathError::CrlMissing.into());
        }
        Ok(response.status(&self.certificate, &self.issuer, now)?)
    }
}
