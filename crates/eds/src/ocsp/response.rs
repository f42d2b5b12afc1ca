//! A response, read once and believed for what it is about.

use const_oid::db::rfc5280::ID_KP_OCSP_SIGNING;
use der::Encode;
use der::asn1::Any;
use jiff::{SignedDuration, Timestamp};

use super::Status;
use super::form::{
    BASIC, BasicResponse, CertId, CertStatus, OcspResponse, ResponseData, ResponseStatus, SingleResponse, moment, nonce,
};
use crate::encode::strict;
use crate::suite::{Algorithm, Form};
use crate::{Certificate, Error, PathError, VerifyingKey};

/// The largest response read.
const LIMIT: usize = 64 * 1024;
/// Certificates of a response that are looked at.
const CERTIFICATES: usize = 4;
/// How old an answer without a term may be (RFC 6960 §4.2.2.1: newer information is always there).
const AGE: SignedDuration = SignedDuration::from_hours(24);
/// How far the responder's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A response of some responder, its signature not checked until it is asked about a certificate.
#[derive(Clone)]
pub struct Response {
    der: Vec<u8>,
    tbs: Vec<u8>,
    signed_with: Option<Algorithm>,
    signature: Vec<u8>,
    certificates: Vec<Certificate>,
    produced_at: Timestamp,
    answers: Vec<Answer>,
    nonce: Option<Vec<u8>>,
}

/// What it says about one certificate.
#[derive(Clone)]
struct Answer {
    id: CertId,
    status: Status,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
}

impl Response {
    /// The successful basic response in these bytes, which must be its one DER spelling.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        const UNREADABLE: Error = Error::Certificate("not an OCSP response in DER");
        if der.len() > LIMIT {
            return Err(Error::Certificate("the OCSP response is too long"));
        }
        let outer: OcspResponse = strict(der).ok_or(UNREADABLE)?;
        let bytes = outer.bytes.filter(|bytes| bytes.kind == BASIC && outer.status == ResponseStatus::Successful);
        let bytes = bytes.ok_or(Error::Certificate("the OCSP responder refused"))?;
        let basic: BasicResponse = strict(bytes.response.as_bytes()).ok_or(UNREADABLE)?;
        let tbs = basic.tbs.to_der().map_err(|_| UNREADABLE)?;
        let data: ResponseData = strict(&tbs).ok_or(UNREADABLE)?;
        let nonce = nonce(data.extensions.as_ref());
        let nonce = nonce.ok_or(Error::Certificate("a critical extension of the OCSP response is unknown"))?;
        let read = |any: &Any| Certificate::from_der(&any.to_der().ok()?).ok();
        Ok(Self {
            der: der.to_vec(),
            signed_with: Algorithm::of_signature(&basic.algorithm),
            signature: basic.signature.as_bytes().ok_or(UNREADABLE)?.to_vec(),
            certificates: basic.certificates.iter().flatten().take(CERTIFICATES).filter_map(read).collect(),
            produced_at: moment(&data.produced_at).ok_or(UNREADABLE)?,
            answers: data.responses.into_iter().map(Answer::read).collect::<Option<_>>().ok_or(UNREADABLE)?,
            nonce,
            tbs,
        })
    }

    /// What it says of this certificate, asked at `at`.
    ///
    /// [`PathError::CrlMissing`] when it is not about the certificate or not by its issuer, [`PathError::CrlStale`] when
    /// it is too old, or from the future.
    pub fn status(&self, certificate: &Certificate, issuer: &Certificate, at: Timestamp) -> Result<Status, PathError> {
        self.status_until(certificate, issuer, at).map(|(status, _)| status)
    }

    /// As [`Self::status`]; gives the moment until which it may be relied on.
    pub(crate) fn status_until(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: Timestamp,
    ) -> Result<(Status, Timestamp), PathError> {
        let answer = self.answer(certificate, issuer).ok_or(PathError::CrlMissing)?;
        if !self.is_signed_for(issuer, at) {
            return Err(PathError::CrlMissing);
        }
        let until = answer.next_update.unwrap_or(answer.this_update.saturating_add(AGE).unwrap_or(Timestamp::MAX));
        let newest = at.saturating_add(SKEW).unwrap_or(Timestamp::MAX);
        // What was once revoked stays so, however old the news.
        let is_stale = until < at && !matches!(answer.status, Status::Revoked { .. });
        if is_stale || answer.this_update > newest || self.produced_at > newest {
            return Err(PathError::CrlStale);
        }
        Ok((answer.status, until))
    }

    /// The response as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// When it was made.
    pub fn produced_at(&self) -> Timestamp {
        self.produced_at
    }

    /// An answer in it may still be relied on at that moment, or says that a certificate is revoked, which it stays.
    pub(crate) fn is_in_force(&self, at: Timestamp) -> bool {
        let until = |answer: &Answer| {
            answer.next_update.unwrap_or(answer.this_update.saturating_add(AGE).unwrap_or(Timestamp::MAX))
        };
        self.answers.iter().any(|answer| matches!(answer.status, Status::Revoked { .. }) || until(answer) >= at)
    }

    /// It says something of this certificate of that issuer.
    pub(crate) fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.answer(certificate, issuer).is_some()
    }

    fn answer(&self, certificate: &Certificate, issuer: &Certificate) -> Option<&Answer> {
        let is_about = |answer: &&Answer| {
            answer.id.serial.as_bytes() == certificate.serial()
                && certificate.folded_issuer() == issuer.folded_subject()
                && answer.id.is_of_issuer(issuer)
        };
        self.answers.iter().find(is_about)
    }

    pub(super) fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Signed by the issuer, or by whom the issuer itself certified for it (RFC 6960 §4.2.2.2).
    fn is_signed_for(&self, issuer: &Certificate, at: Timestamp) -> bool {
        let delegate = |certificate: &&Certificate| {
            certificate.folded_issuer() == issuer.folded_subject()
                && !certificate.is_authority()
                && !certificate.has_unknown_critical()
                && (certificate.not_before()..=certificate.not_after()).contains(&at)
                && certificate.key_usage().is_some_and(|uses| uses.digital_signature() || uses.non_repudiation())
                && certificate.extended_key_usage().is_some_and(|usages| usages.contains(&ID_KP_OCSP_SIGNING))
                && certificate.is_signed_by(issuer.verifying_key())
        };
        self.is_signed_by(issuer.verifying_key())
            || self.certificates.iter().filter(delegate).any(|one| self.is_signed_by(one.verifying_key()))
    }

    fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        self.signed_with == Some(key.algorithm()) && key.verify(&self.tbs, &self.signature, Form::Der).is_ok()
    }
}

impl Answer {
    fn read(single: SingleResponse) -> Option<Self> {
        // An extension that must not be ignored makes the whole answer one that we do not understand.
        if single.extensions.iter().flatten().any(|extension| extension.critical) {
            return None;
        }
        let status = match single.status {
            CertStatus::Good(_) => Status::Good,
            CertStatus::Revoked(info) => Status::Revoked { at: moment(&info.at)? },
            CertStatus::Unknown(_) => Status::Unknown,
        };
        let next_update = match single.next_update {
            Some(time) => Some(moment(&time)?),
            None => None,
        };
        Some(Self { id: single.id, status, this_update: moment(&single.this_update)?, next_update })
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Response({} answers, {})", self.answers.len(), self.produced_at)
    }
}
