//! A small responder: it answers from an authority's record.

use const_oid::db::rfc5280::ID_KP_OCSP_SIGNING;
use der::asn1::{Any, BitString, Null, OctetString};
use der::{Decode, Encode};
use jiff::Timestamp;
use x509_cert::ext::Extension;

use super::form::{
    BASIC, BasicResponse, CertId, CertStatus, NONCE, OcspRequest, OcspResponse, ResponderId, ResponseBytes,
    ResponseData, ResponseStatus, RevokedInfo, SingleResponse, nonce, time,
};
use crate::encode::strict;
use crate::pki::Record;
use crate::suite::Form;
use crate::{Certificate, Error, SigningKey};

/// The largest request read.
const REQUEST_LIMIT: usize = 16 * 1024;
/// Certificates asked about at once.
const AT_ONCE: usize = 16;
/// The longest nonce echoed: 128 bytes and their header (RFC 9654 §2.1).
const NONCE_LIMIT: usize = 131;

/// Answers for one issuer.
#[derive(Debug)]
pub struct Responder {
    issuer: Certificate,
    certificate: Certificate,
    key: SigningKey,
}

impl Responder {
    /// For this issuer, with its own key, or with one that it certified for OCSP.
    pub fn new(issuer: Certificate, certificate: Certificate, key: SigningKey) -> Result<Self, Error> {
        if key.verifying_key() != certificate.verifying_key() {
            return Err(Error::Authority("the key is not the certificate's"));
        }
        let is_for_ocsp = certificate.extended_key_usage().is_some_and(|usages| usages.contains(&ID_KP_OCSP_SIGNING));
        if certificate != issuer && !(is_for_ocsp && certificate.is_signed_by(issuer.verifying_key())) {
            return Err(Error::Authority("the issuer did not certify this key for OCSP"));
        }
        Ok(Self { issuer, certificate, key })
    }

    /// How well this responder fits the request: it names our issuer, and in the digest of our key's family. The best of
    /// several responders answers.
    pub fn fits(&self, request: &[u8]) -> (bool, bool) {
        let first = accepted(request).and_then(|(ids, _)| ids.into_iter().next());
        first.map_or((false, false), |id| (id.is_of_issuer(&self.issuer), id.is_by(self.key.algorithm())))
    }

    /// The answer to a request, from what the issuer has issued and revoked until `at`; to be relied on until `next`.
    pub fn answer(&self, request: &[u8], record: &Record, at: Timestamp, next: Timestamp) -> Result<Vec<u8>, Error> {
        let Some((ids, nonce)) = accepted(request) else {
            let refused = OcspResponse { status: ResponseStatus::MalformedRequest, bytes: None };
            return refused.to_der().map_err(library);
        };
        let single = |id: CertId| {
            Ok(SingleResponse {
                status: self.status(&id, record)?,
                id,
                this_update: time(at)?,
                next_update: Some(time(next)?),
                extensions: None,
            })
        };
        let echo = |nonce: Vec<u8>| {
            let extn_value = OctetString::new(nonce).map_err(library)?;
            Ok::<_, Error>(vec![Extension { extn_id: NONCE, critical: false, extn_value }])
        };
        let data = ResponseData {
            version: None,
            responder: ResponderId::Name(Any::from_der(self.certificate.subject_der()).map_err(library)?),
            produced_at: time(at)?,
            responses: ids.into_iter().map(single).collect::<Result<_, Error>>()?,
            extensions: nonce.map(echo).transpose()?,
        };
        self.seal(&data.to_der().map_err(library)?)
    }

    fn status(&self, id: &CertId, record: &Record) -> Result<CertStatus, Error> {
        let serial = hex::encode(id.serial.as_bytes());
        if !id.is_of_issuer(&self.issuer) || !record.issued.iter().any(|issued| issued.serial == serial) {
            return Ok(CertStatus::Unknown(Null));
        }
        match record.revoked.iter().find(|revoked| revoked.serial == serial) {
            None => Ok(CertStatus::Good(Null)),
            Some(revoked) => {
                let at = Timestamp::from_second(revoked.at).map_err(library)?;
                Ok(CertStatus::Revoked(RevokedInfo { at: time(at)?, reason: None }))
            }
        }
    }

    fn seal(&self, tbs: &[u8]) -> Result<Vec<u8>, Error> {
        let delegated = self.certificate != self.issuer;
        let own = || Any::from_der(self.certificate.der()).map_err(library).map(|own| vec![own]);
        let basic = BasicResponse {
            tbs: Any::from_der(tbs).map_err(library)?,
            algorithm: self.key.algorithm().signature_identifier(),
            signature: BitString::from_bytes(&self.key.sign(tbs, Form::Der)?).map_err(library)?,
            certificates: delegated.then(own).transpose()?,
        };
        let response = OctetString::new(basic.to_der().map_err(library)?).map_err(library)?;
        let bytes = Some(ResponseBytes { kind: BASIC, response });
        OcspResponse { status: ResponseStatus::Successful, bytes }.to_der().map_err(library)
    }
}

/// The certificates asked about and the nonce, when the request is one that we understand.
fn accepted(request: &[u8]) -> Option<(Vec<CertId>, Option<Vec<u8>>)> {
    if request.len() > REQUEST_LIMIT {
        return None;
    }
    let tbs = strict::<OcspRequest>(request)?.tbs;
    let nonce = nonce(tbs.extensions.as_ref())?;
    let is_fit = (1..=AT_ONCE).contains(&tbs.list.len())
        && nonce.as_ref().is_none_or(|nonce| nonce.len() <= NONCE_LIMIT)
        && !tbs.list.iter().flat_map(|one| one.extensions.iter().flatten()).any(|extension| extension.critical);
    is_fit.then(|| (tbs.list.into_iter().map(|one| one.id).collect(), nonce))
}

fn library<E>(_: E) -> Error {
    Error::Library
}
