//! A time-stamp token: bytes existed at a moment, and an authority signs so.

use const_oid::ObjectIdentifier;
use der::Encode;
use der::asn1::Int;
use jiff::Timestamp;

use super::form::{Imprint, TST_INFO, TimeStampResp, TstInfo, moment};
use crate::cms::{self, CmsError, Demand};
use crate::encode::strict;
use crate::{Certificate, Error, Purpose, Trust};

/// A token whose signature holds.
#[derive(Clone, Debug)]
pub struct Token {
    der: Vec<u8>,
    at: Timestamp,
    policy: ObjectIdentifier,
    serial: Int,
    imprint: Imprint,
    nonce: Option<Int>,
    certificate: Certificate,
    certificates: Vec<Certificate>,
}

impl Token {
    /// The token in these bytes (RFC 3161 §2.4.2): one signer, who names their certificate (RFC 5816) and sends it
    /// along; the signature holds; nothing critical is unknown.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let demand = Demand { signing_certificate: true, content_type: TST_INFO, ..Demand::ONE };
        let der = cms::normalised(bytes)?;
        let message = cms::verify(&der, None, &demand)?;
        let info: TstInfo = strict(message.content()).ok_or(CmsError::Unreadable)?;
        if info.version != 1 || info.extensions.iter().flatten().any(|extension| extension.critical) {
            return Err(CmsError::Unreadable.into());
        }
        let signature = message.only().ok_or(CmsError::Unreadable)?;
        Ok(Self {
            at: moment(&info.time).ok_or(CmsError::Unreadable)?,
            policy: info.policy,
            serial: info.serial,
            imprint: info.imprint,
            nonce: info.nonce,
            certificate: signature.certificate().clone(),
            certificates: message.certificates().to_vec(),
            der,
        })
    }

    /// The token in these bytes: by itself, or in the answer of an authority that granted it.
    pub fn find(bytes: &[u8]) -> Result<Self, Error> {
        let answered = strict::<TimeStampResp>(bytes).and_then(|answer| answer.token?.to_der().ok());
        Self::read(answered.as_deref().unwrap_or(bytes))
    }

    /// The stamped moment.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The authority's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Certificates sent along; claims, good as intermediates at most.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The policy it was stamped under, dotted numbers.
    pub fn policy(&self) -> String {
        self.policy.to_string()
    }

    /// The authority's serial number in lower-case hex.
    pub fn serial_hex(&self) -> String {
        hex::encode(self.serial.as_bytes())
    }

    /// The token as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Exactly these bytes were stamped.
    pub fn covers(&self, bytes: &[u8]) -> Result<(), Error> {
        if self.imprint.is_of(bytes) { Ok(()) } else { Err(CmsError::TimeStamp.into()) }
    }

    /// The authority was trusted to stamp when it stamped: its certificate has the one critical usage timeStamping
    /// (RFC 3161 §2.3), a path to a root, and was not revoked by then as far as is known `now`.
    pub fn judge(&self, trust: &Trust, now: Timestamp) -> Result<(), Error> {
        Ok(trust.check_past(&self.certificate, Purpose::TimeStamping, self.at, now)?)
    }

    pub(super) fn imprint(&self) -> &Imprint {
        &self.imprint
    }

    pub(super) fn nonce(&self) -> Option<&Int> {
        self.nonce.as_ref()
    }

    pub(super) fn policy_oid(&self) -> ObjectIdentifier {
        self.policy
    }
}
