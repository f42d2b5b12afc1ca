//! Making a message, and adding a time stamp to one.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, Int, OctetString, SetOfVec};
use der::{Decode, Encode};
use jiff::Timestamp;

use super::form::{
    Attribute, CONTENT_TYPE, CertificateId, ContentInfo, Encapsulated, IssuerAndSerial, MESSAGE_DIGEST, SIGNED_DATA,
    SIGNING_CERTIFICATE, SIGNING_TIME, SignedData, SignerId, SignerInfo, SigningCertificate, TIME_STAMP,
};
use super::{CmsError, DATA, Demand, attributes, verify};
use crate::encode::x509_time;
use crate::suite::{Form, suite};
use crate::{Certificate, Error, SigningKey, tsp};

/// Where the content stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the message.
    Attached,
    /// Beside the message.
    Detached,
}

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The key.
    pub key: &'a SigningKey,
    /// Its certificate.
    pub certificate: &'a Certificate,
    /// Certificates between it and the root, sent along.
    pub chain: &'a [Certificate],
}

/// CAdES-BES over exactly this content, in DER, signed at `at` (whole seconds).
pub fn sign(content: &[u8], place: Place, signer: &Signer<'_>, at: Timestamp) -> Result<Vec<u8>, Error> {
    sign_together(content, place, std::slice::from_ref(signer), Some(at))
}

/// The same by several signers, each over the content alone. Without a moment nobody says when they signed: for
/// documents that say so themselves, such as PDF (STB 34.101.80 §11).
pub fn sign_together(
    content: &[u8],
    place: Place,
    signers: &[Signer<'_>],
    at: Option<Timestamp>,
) -> Result<Vec<u8>, Error> {
    compose(&Draft { content_type: DATA, content, place, at, with_chain: true }, signers)
}

/// The message with this time-stamp token over its only signature (CAdES-T). The token must stamp that signature.
pub fn add_time_stamp(message: &[u8], token: &tsp::Token) -> Result<Vec<u8>, Error> {
    let mut data = verify::read(message, &Demand::ONE)?;
    let signers = data.signers.iter().cloned().map(|mut signer| {
        token.covers(signer.signature.as_bytes())?;
        let mut unsigned = signer.unsigned.take().unwrap_or_default();
        unsigned.push(attribute(TIME_STAMP, &any(&Any::from_der(token.der()).map_err(library)?)?)?);
        signer.unsigned = Some(sorted(unsigned)?);
        Ok(signer)
    });
    data.signers = set(signers.collect::<Result<Vec<_>, Error>>()?)?;
    wrap(data)
}

/// What is to be signed.
pub(crate) struct Draft<'a> {
    pub(crate) content_type: ObjectIdentifier,
    pub(crate) content: &'a [u8],
    pub(crate) place: Place,
    pub(crate) at: Option<Timestamp>,
    /// The certificates go along; without it not even the signer's own.
    pub(crate) with_chain: bool,
}

/// The signed message.
pub(crate) fn compose(draft: &Draft<'_>, signers: &[Signer<'_>]) -> Result<Vec<u8>, Error> {
    let (mut digests, mut infos, mut certificates) = (Vec::new(), Vec::new(), Vec::new());
    for signer in signers {
        if signer.key.verifying_key() != signer.certificate.verifying_key() {
            return Err(Error::Key("the key is not the certificate's"));
        }
        let digest = suite(signer.key.algorithm()).digest_identifier();
        if !digests.contains(&digest) {
            digests.push(digest);
        }
        infos.push(sign_attributes(draft, signer)?);
        for certificate in std::iter::once(signer.certificate).chain(signer.chain) {
            let certificate = Any::from_der(certificate.der()).map_err(library)?;
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    let content = match draft.place {
        Place::Attached => Some(OctetString::new(draft.content).map_err(library)?),
        Place::Detached => None,
    };
    wrap(SignedData {
        // RFC 5652 §5.1: 1 for data, 3 for every other type.
        version: if draft.content_type == DATA { 1 } else { 3 },
        digest_algorithms: set(digests)?,
        encapsulated: Encapsulated { content_type: draft.content_type, content },
        certificates: draft.with_chain.then_some(certificates),
        lists: None,
        signers: set(infos)?,
    })
}

fn sign_attributes(draft: &Draft<'_>, signer: &Signer<'_>) -> Result<SignerInfo, Error> {
    let suite = suite(signer.key.algorithm());
    let digest = OctetString::new(suite.digest(&[draft.content])).map_err(library)?;
    let certificate = CertificateId {
        algorithm: attributes::essential(signer.key.algorithm()),
        hash: OctetString::new(suite.digest(&[signer.certificate.der()])).map_err(library)?,
        issuer_serial: None,
    };
    let certificate = SigningCertificate { certificates: vec![certificate], policies: None };
    let mut signed = vec![
        attribute(CONTENT_TYPE, &any(&draft.content_type)?)?,
        attribute(MESSAGE_DIGEST, &any(&digest)?)?,
        attribute(SIGNING_CERTIFICATE, &any(&certificate)?)?,
    ];
    if let Some(at) = draft.at {
        signed.push(attribute(SIGNING_TIME, &any(&x509_time(at).ok_or(Error::OutOfTime)?)?)?);
    }
    let signed = sorted(signed)?;
    let bytes = attributes::Signed::read(Some(&signed))?.bytes;
    let issuer = Any::from_der(signer.certificate.issuer_der()).map_err(library)?;
    let serial = Int::new(signer.certificate.serial()).map_err(library)?;
    Ok(SignerInfo {
        version: 1,
        signer: SignerId::Issued(IssuerAndSerial { issuer, serial }),
        digest_algorithm: suite.digest_identifier(),
        signed: Some(signed),
        signature_algorithm: signer.key.algorithm().signature_identifier(),
        signature: OctetString::new(signer.key.sign(&bytes, Form::Der)?).map_err(library)?,
        unsigned: None,
    })
}

pub(super) fn wrap(content: SignedData) -> Result<Vec<u8>, Error> {
    let message = ContentInfo { content_type: SIGNED_DATA, content }.to_der().map_err(library)?;
    if message.len() > super::ber::LIMIT { Err(CmsError::TooLarge.into()) } else { Ok(message) }
}

fn any(value: &impl Encode) -> Result<Any, Error> {
    Any::from_der(&value.to_der().map_err(library)?).map_err(library)
}

fn attribute(kind: ObjectIdentifier, value: &Any) -> Result<Attribute, Error> {
    Ok(Attribute { kind, values: set([value.clone()])? })
}

fn set<T: der::DerOrd>(members: impl Into<Vec<T>>) -> Result<SetOfVec<T>, Error> {
    SetOfVec::try_from(members.into()).map_err(library)
}

/// The attributes in the order of DER.
fn sorted(attributes: Vec<Attribute>) -> Result<Vec<Attribute>, Error> {
    let mut keyed = Vec::new();
    for attribute in attributes {
        keyed.push((attribute.to_der().map_err(library)?, attribute));
    }
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(keyed.into_iter().map(|(_, attribute)| attribute).collect())
}

fn library<E>(_: E) -> Error {
    Error::Library
}
