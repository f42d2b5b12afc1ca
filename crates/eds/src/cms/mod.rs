//! CMS SignedData (RFC 5652), attached and detached: CAdES-BES and, with a time stamp, CAdES-T (ETSI EN 319 122-1 §5.2,
//! §5.3; STB 34.101.80); with certificates and revocation values inside, CAdES-B-LT.
//!
//! Strict: exactly the signers asked for, nothing behind, every required attribute once, the algorithms of the signer's
//! key and no others, content byte for byte. Input may be streamed BER; what leaves is DER.

mod attributes;
mod ber;
mod fault;
mod form;
mod judge;
mod keep;
mod sign;
mod verify;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

pub use fault::CmsError;
pub(crate) use form::DATA;
pub use judge::Judgement;
pub use keep::{Evidence, add_evidence};
pub(crate) use sign::{Draft, compose};
pub use sign::{Place, Signer, add_time_stamp, sign, sign_together};
pub use verify::{content, signature_value, verify};

use crate::{Certificate, Crl, ocsp, tsp};

/// What a message must be, beside well made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Exactly so many signers; at least one.
    pub signers: usize,
    /// Every signer says when they signed.
    pub signing_time: bool,
    /// Every signer names their certificate in what is signed (CAdES-BES).
    pub signing_certificate: bool,
    /// The type of the content.
    pub(crate) content_type: ObjectIdentifier,
}

impl Demand {
    /// One signer of data, who may leave the moment and the certificate unsaid.
    pub const ONE: Self = Self::of(1);
    /// A consent (contract §5.3): one signer, who says when. The programs in use do not name the certificate.
    pub const CONSENT: Self = Self { signing_time: true, ..Self::ONE };
    /// CAdES-BES with one signer, as we make it.
    pub const CADES: Self = Self { signing_certificate: true, ..Self::CONSENT };

    /// So many signers of data.
    pub const fn of(signers: usize) -> Self {
        Self { signers, signing_time: false, signing_certificate: false, content_type: DATA }
    }
}

/// The one element that the bytes are, in DER.
pub(crate) fn normalised(message: &[u8]) -> Result<Vec<u8>, CmsError> {
    ber::to_der(message)
}

/// A message that holds: content, signatures, and the certificates sent along.
#[derive(Clone, Debug)]
pub struct Message {
    content: Vec<u8>,
    signatures: Vec<Signature>,
    certificates: Vec<Certificate>,
    lists: Vec<Vec<u8>>,
    responses: Vec<ocsp::Response>,
}

impl Message {
    /// The content, byte for byte as signed.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The content, taken out.
    pub fn into_content(self) -> Vec<u8> {
        self.content
    }

    /// The signatures, at least one.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The signature, when exactly one was demanded.
    pub fn only(&self) -> Option<&Signature> {
        match self.signatures.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The certificates of the message whose keys are of our suites. They are claims: add them to a [`crate::Trust`]
    /// as intermediates, never as roots.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The revocation lists of the message; claims as well, which a [`crate::Trust`] takes beside its own.
    pub fn lists(&self) -> Vec<Crl> {
        self.lists.iter().filter_map(|der| Crl::from_der(der).ok()).collect()
    }

    /// The OCSP responses of the message; claims as well.
    pub fn responses(&self) -> &[ocsp::Response] {
        &self.responses
    }
}

/// One signature of a message, which holds.
#[derive(Clone, Debug)]
pub struct Signature {
    certificate: Certificate,
    signed_at: Option<Timestamp>,
    names_certificate: bool,
    stamp: Option<tsp::Token>,
}

impl Signature {
    /// The signer's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// When the signer says they signed.
    pub fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }

    /// The signer signed which certificate is theirs (CAdES-BES).
    pub fn names_certificate(&self) -> bool {
        self.names_certificate
    }

    /// The earliest time stamp (CAdES-T). It holds; whether its authority is trusted is [`Self::judge`]'s to say.
    pub fn stamp(&self) -> Option<&tsp::Token> {
        self.stamp.as_ref()
    }
}
