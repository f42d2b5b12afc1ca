//! The structures of RFC 6960 §4.1, §4.2.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_SHA_1;
use der::asn1::{Any, BitString, GeneralizedTime, Int, Null, OctetString};
use der::{Choice, Decode, Enumerated, Sequence};
use jiff::Timestamp;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use x509_cert::ext::Extensions;

use crate::suite::{suite, suite_of_digest};
use crate::{Algorithm, Certificate, Error};

/// id-pkix-ocsp-basic.
pub(super) const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
/// id-pkix-ocsp-nonce (RFC 9654).
pub(super) const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");

/// OCSPRequest; who signed it does not matter here.
#[derive(Sequence)]
pub(super) struct OcspRequest {
    pub(super) tbs: TbsRequest,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) signature: Option<Any>,
}

/// TBSRequest.
#[derive(Sequence)]
pub(super) struct TbsRequest {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) version: Option<u8>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) requestor: Option<Any>,
    pub(super) list: Vec<Request>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// Request.
#[derive(Sequence)]
pub(super) struct Request {
    pub(super) id: CertId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// CertID.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct CertId {
    algorithm: AlgorithmIdentifierOwned,
    name_hash: OctetString,
    key_hash: OctetString,
    pub(super) serial: Int,
}

impl CertId {
    /// Of this certificate of that issuer, with the digest of the issuer's suite.
    pub(super) fn of(certificate: &Certificate, issuer: &Certificate) -> Result<Self, Error> {
        let suite = suite(issuer.verifying_key().algorithm());
        let octets = |bytes: &[u8]| OctetString::new(suite.digest(&[bytes])).map_err(|_| Error::Library);
        Ok(Self {
            algorithm: suite.digest_identifier(),
            name_hash: octets(issuer.subject_der())?,
            key_hash: octets(&key_bits(issuer).ok_or(Error::Library)?)?,
            serial: Int::new(certificate.serial()).map_err(|_| Error::Library)?,
        })
    }

    /// It names that issuer.
    pub(super) fn is_of_issuer(&self, issuer: &Certificate) -> bool {
        let is = |hash: &OctetString, bytes: &[u8]| self.digest(bytes).is_some_and(|digest| digest == hash.as_bytes());
        is(&self.name_hash, issuer.subject_der()) && key_bits(issuer).is_some_and(|key| is(&self.key_hash, &key))
    }

    /// It hashes with the digest of that algorithm.
    pub(super) fn is_by(&self, algorithm: Algorithm) -> bool {
        suite(algorithm).is_digest(&self.algorithm)
    }

    /// SHA-1 too, which clients in use send: it only finds the issuer, and nothing is believed for it.
    fn digest(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.algorithm.oid == ID_SHA_1 {
            return Some(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec());
        }
        suite_of_digest(&self.algorithm).map(|suite| suite.digest(&[bytes]))
    }
}

/// The issuer's key without its algorithm, as CertID hashes it.
fn key_bits(issuer: &Certificate) -> Option<Vec<u8>> {
    let spki = SubjectPublicKeyInfoRef::from_der(issuer.verifying_key().spki_der()).ok()?;
    Some(spki.subject_public_key.raw_bytes().to_vec())
}

/// OCSPResponse.
#[derive(Sequence)]
pub(super) struct OcspResponse {
    pub(super) status: ResponseStatus,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) bytes: Option<ResponseBytes>,
}

/// OCSPResponseStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumerated)]
#[repr(u8)]
pub(super) enum ResponseStatus {
    Successful = 0,
    MalformedRequest = 1,
    InternalError = 2,
    TryLater = 3,
    SigRequired = 5,
    Unauthorized = 6,
}

/// ResponseBytes.
#[derive(Sequence)]
pub(super) struct ResponseBytes {
    pub(super) kind: ObjectIdentifier,
    pub(super) response: OctetString,
}

/// BasicOCSPResponse.
#[derive(Sequence)]
pub(super) struct BasicResponse {
    pub(super) tbs: Any,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) certificates: Option<Vec<Any>>,
}

/// ResponseData.
#[derive(Sequence)]
pub(super) struct ResponseData {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) version: Option<u8>,
    pub(super) responder: ResponderId,
    pub(super) produced_at: GeneralizedTime,
    pub(super) responses: Vec<SingleResponse>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// ResponderID. Whoever it names, the signature tells who answered.
#[derive(Choice)]
pub(super) enum ResponderId {
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    Name(Any),
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    Key(OctetString),
}

/// SingleResponse.
#[derive(Sequence)]
pub(super) struct SingleResponse {
    pub(super) id: CertId,
    pub(super) status: CertStatus,
    pub(super) this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// CertStatus.
#[derive(Choice)]
pub(super) enum CertStatus {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

/// RevokedInfo.
#[derive(Sequence)]
pub(super) struct RevokedInfo {
    pub(super) at: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) reason: Option<Any>,
}

/// The moment of a GeneralizedTime.
pub(super) fn moment(time: &GeneralizedTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
}

/// The GeneralizedTime of a moment, cut to whole seconds.
pub(super) fn time(at: Timestamp) -> Result<GeneralizedTime, Error> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| Error::OutOfTime)?;
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(|_| Error::OutOfTime)
}

/// The nonce among extensions of which none that is critical may be another.
pub(super) fn nonce(extensions: Option<&Extensions>) -> Option<Option<Vec<u8>>> {
    let mut found = None;
    for extension in extensions.into_iter().flatten() {
        if extension.extn_id == NONCE {
            found = Some(extension.extn_value.as_bytes().to_vec());
        } else if extension.critical {
            return None;
        }
    }
    Some(found)
}
