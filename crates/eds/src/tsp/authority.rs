//! A small time-stamp authority.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;
use der::asn1::{Any, BitString, GeneralizedTime, Int};
use der::{Decode, Encode};
use jiff::Timestamp;

use super::form::{Status, TST_INFO, TimeStampReq, TimeStampResp, TstInfo};
use crate::cms::{Draft, Place, Signer, compose};
use crate::encode::strict;
use crate::{Certificate, Error, SigningKey, random};

/// The largest request read.
const REQUEST_LIMIT: usize = 16 * 1024;
/// PKIStatus rejection.
const REJECTED: u8 = 2;

/// Why a request is refused: the bit of PKIFailureInfo (RFC 3161 §2.4.2).
#[derive(Clone, Copy)]
enum Failure {
    Algorithm = 0,
    Request = 2,
    Format = 5,
    Policy = 15,
    Extension = 16,
}

/// Stamps what it is asked to. Keeps nothing.
#[derive(Debug)]
pub struct Authority {
    key: SigningKey,
    certificate: Certificate,
    chain: Vec<Certificate>,
    policy: ObjectIdentifier,
}

impl Authority {
    /// With this key and its certificate, which is for time stamping and nothing else; the certificates between it and
    /// the root; the one policy it stamps under, dotted numbers.
    pub fn new(
        key: SigningKey,
        certificate: Certificate,
        chain: impl Into<Vec<Certificate>>,
        policy: &str,
    ) -> Result<Self, Error> {
        let stamps = certificate.extended_key_usage() == Some(&[ID_KP_TIME_STAMPING][..]);
        if !stamps || !certificate.extended_is_critical() {
            return Err(Error::Authority("the certificate is not one for time stamping alone"));
        }
        if key.verifying_key() != certificate.verifying_key() {
            return Err(Error::Authority("the key is not the certificate's"));
        }
        let policy = ObjectIdentifier::new(policy).map_err(|_| Error::Authority("not an object identifier"))?;
        Ok(Self { key, certificate, chain: chain.into(), policy })
    }

    /// The request asks in the digest of our key's family.
    pub fn fits(&self, request: &[u8]) -> bool {
        let request: Option<TimeStampReq> = strict(request);
        request.is_some_and(|request| request.imprint.is_by(self.key.algorithm()))
    }

    /// The answer to a request at this moment, in whole seconds: a token, or a refusal in the protocol's own terms.
    pub fn answer(&self, request: &[u8], at: Timestamp) -> Result<Vec<u8>, Error> {
        let response = match self.accept(request) {
            Ok(request) => {
                let token = self.stamp(request, at)?;
                let status = Status { status: 0, text: None, failure: None };
                TimeStampResp { status, token: Some(Any::from_der(&token).map_err(library)?) }
            }
            Err(failure) => {
                let mut bits = [0; 3];
                let bit = failure as usize;
                if let Some(byte) = bits.get_mut(bit / 8) {
                    *byte |= 0x80 >> (bit % 8);
                }
                // A named bit list ends with its last bit (X.690 §11.2.2).
                let used = bits.get(..=bit / 8).unwrap_or_default();
                let unused = u8::try_from(7 - bit % 8).map_err(library)?;
                let failure = BitString::new(unused, used).map_err(library)?;
                TimeStampResp { status: Status { status: REJECTED, text: None, failure: Some(failure) }, token: None }
            }
        };
        response.to_der().map_err(library)
    }

    fn accept(&self, request: &[u8]) -> Result<TimeStampReq, Failure> {
        if request.len() > REQUEST_LIMIT {
            return Err(Failure::Format);
        }
        let request: TimeStampReq = strict(request).ok_or(Failure::Format)?;
        if request.version != 1 {
            return Err(Failure::Request);
        }
        if request.extensions.is_some() {
            return Err(Failure::Extension);
        }
        if request.policy.is_some_and(|policy| policy != self.policy) {
            return Err(Failure::Policy);
        }
        request.imprint.suite().ok_or(Failure::Algorithm)?;
        Ok(request)
    }

    fn stamp(&self, request: TimeStampReq, at: Timestamp) -> Result<Vec<u8>, Error> {
        let since = std::time::Duration::from_secs(u64::try_from(at.as_second()).map_err(library)?);
        let time = GeneralizedTime::from_unix_duration(since).map_err(library)?;
        let mut serial: [u8; 16] = random::bytes()?;
        // Positive, and its first byte never a needless zero.
        if let Some(first) = serial.first_mut() {
            *first = *first & 0x3f | 0x40;
        }
        let info = TstInfo {
            version: 1,
            policy: self.policy,
            imprint: request.imprint,
            serial: Int::new(&serial).map_err(library)?,
            time: Any::encode_from(&time).map_err(library)?,
            accuracy: None,
            ordering: false,
            nonce: request.nonce,
            authority: None,
            extensions: None,
        };
        let content = info.to_der().map_err(library)?;
        let draft = Draft {
            content_type: TST_INFO,
            content: &content,
            place: Place::Attached,
            at: Some(at),
            with_chain: request.certificate,
        };
        compose(&draft, &[Signer { key: &self.key, certificate: &self.certificate, chain: &self.chain }])
    }
}

fn library<E>(_: E) -> Error {
    Error::Library
}
