//! Reading and verifying a message.

use const_oid::ObjectIdentifier;
use der::Encode;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::attributes::{self, Signed};
use super::form::{ContentInfo, SIGNED_DATA, SignedData, SignerId, SignerInfo};
use super::{CmsError, Demand, Message, Signature, ber, keep};
use crate::encode::strict;
use crate::suite::{Form, suite};
use crate::{Certificate, Error, tsp};

/// Certificates of a message that are looked at.
const CERTIFICATES: usize = 32;

/// The message holds as demanded: well made, every signature over exactly this content, every time stamp over its
/// signature. `beside` is the content of a detached signature.
///
/// Whether the certificates are trusted is [`Signature::judge`]'s to say.
pub fn verify(message: &[u8], beside: Option<&[u8]>, demand: &Demand) -> Result<Message, Error> {
    let data = read(message, demand)?;
    let (lists, responses) = keep::values(&data)?;
    let SignedData { encapsulated, certificates, signers, .. } = data;
    let content = match (encapsulated.content, beside) {
        (Some(_), Some(_)) => return Err(CmsError::ContentTwice.into()),
        (None, None) => return Err(CmsError::ContentMissing.into()),
        (Some(inside), None) => inside.into_bytes().into_vec(),
        (None, Some(beside)) => beside.to_vec(),
    };
    let certificates = readable(certificates.as_deref().unwrap_or_default())?;
    let check = |signer: &SignerInfo| verify_signer(signer, encapsulated.content_type, &content, &certificates, demand);
    let signatures = signers.iter().map(check).collect::<Result<Vec<_>, Error>>()?;
    Ok(Message { content, signatures, certificates, lists, responses })
}

/// The value of the only signature, which is what a time stamp stamps. Nothing is verified.
pub fn signature_value(message: &[u8]) -> Result<Vec<u8>, Error> {
    let data = read(message, &Demand::ONE)?;
    let value = data.signers.iter().next().map(|signer| signer.signature.as_bytes().to_vec());
    value.ok_or(Error::Cms(CmsError::Unreadable))
}

/// The content of a message that was verified when it was taken and has been kept unaltered since. Nothing is verified.
pub fn content(message: &[u8], demand: &Demand) -> Result<Vec<u8>, Error> {
    let content = read(message, demand)?.encapsulated.content;
    Ok(content.ok_or(CmsError::ContentMissing)?.into_bytes().into_vec())
}

/// The message as its structure, with as many signers of such content as demanded, their algorithms announced.
pub(super) fn read(message: &[u8], demand: &Demand) -> Result<SignedData, CmsError> {
    let message = ber::to_der(message)?;
    let ContentInfo { content_type, content: data } = strict(&message).ok_or(CmsError::Unreadable)?;
    if content_type != SIGNED_DATA || !(1..=5).contains(&data.version) {
        return Err(CmsError::Unreadable);
    }
    if data.encapsulated.content_type != demand.content_type {
        return Err(CmsError::ContentType);
    }
    let found = data.signers.len();
    if found == 0 || found != demand.signers {
        return Err(CmsError::Signers { wanted: demand.signers, found });
    }
    for signer in data.signers.iter() {
        if !data.digest_algorithms.iter().any(|announced| announced.oid == signer.digest_algorithm.oid) {
            return Err(CmsError::Algorithm);
        }
    }
    Ok(data)
}

/// The certificates with keys of our suites; others may stand among them and are of no use here.
fn readable(sent: &[der::asn1::Any]) -> Result<Vec<Certificate>, CmsError> {
    if sent.len() > CERTIFICATES {
        return Err(CmsError::TooLarge);
    }
    let mut certificates: Vec<Certificate> = Vec::new();
    for der in sent.iter().filter_map(|any| any.to_der().ok()) {
        if let Ok(certificate) = Certificate::from_der(&der)
            && !certificates.contains(&certificate)
        {
            certificates.push(certificate);
        }
    }
    Ok(certificates)
}

fn verify_signer(
    signer: &SignerInfo,
    content_type: ObjectIdentifier,
    content: &[u8],
    certificates: &[Certificate],
    demand: &Demand,
) -> Result<Signature, Error> {
    let signed = Signed::read(signer.signed.as_deref())?;
    let certificate = certificate_of(signer, &signed, certificates)?;
    if demand.signing_certificate && !signed.names_certificate() {
        return Err(CmsError::AttributeMissing("signingCertificateV2").into());
    }
    if demand.signing_time && signed.signing_time.is_none() {
        return Err(CmsError::NoSigningTime.into());
    }
    let key = certificate.verifying_key();
    let suite = suite(key.algorithm());
    if !suite.is_digest(&signer.digest_algorithm) || !suite.is_cms_signature(&signer.signature_algorithm) {
        return Err(CmsError::Algorithm.into());
    }
    if signed.content_type != content_type {
        return Err(CmsError::ContentType.into());
    }
    if !bool::from(suite.digest(&[content]).ct_eq(&signed.message_digest)) {
        return Err(CmsError::Altered.into());
    }
    let value = signer.signature.as_bytes();
    key.verify(&signed.bytes, value, Form::Der).map_err(|_| CmsError::Signature)?;
    Ok(Signature {
        stamp: earliest_stamp(signer, value)?,
        signed_at: signed.signing_time,
        names_certificate: signed.names_certificate(),
        certificate,
    })
}

/// The one certificate that the signer's identifier and the signed attribute name.
fn certificate_of(signer: &SignerInfo, signed: &Signed, all: &[Certificate]) -> Result<Certificate, CmsError> {
    let version = match signer.signer {
        SignerId::Issued(_) => 1,
        SignerId::Key(_) => 3,
    };
    if signer.version != version {
        return Err(CmsError::Unreadable);
    }
    let is_named = |certificate: &&Certificate| match &signer.signer {
        SignerId::Issued(id) => {
            let issuer = id.issuer.to_der();
            issuer.is_ok_and(|issuer| issuer == certificate.issuer_der())
                && id.serial.as_bytes() == certificate.serial()
        }
        SignerId::Key(id) => certificate.key_identifier() == Some(id),
    };
    let named: Vec<&Certificate> = all.iter().filter(is_named).collect();
    if named.is_empty() {
        return Err(CmsError::NoCertificate);
    }
    let mut fitting = named.into_iter().filter(|certificate| !signed.names_other_than(certificate));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(CmsError::NoCertificate),
        (None, _) => Err(CmsError::OtherCertificate),
    }
}

/// The earliest time stamp of the signature; every one must hold.
fn earliest_stamp(signer: &SignerInfo, value: &[u8]) -> Result<Option<tsp::Token>, Error> {
    let mut earliest: Option<tsp::Token> = None;
    for token in attributes::time_stamps(signer.unsigned.as_deref())? {
        let token = tsp::Token::read(&token).map_err(|_| CmsError::TimeStamp)?;
        token.covers(value).map_err(|_| CmsError::TimeStamp)?;
        if earliest.as_ref().is_none_or(|known| token.at() < known.at()) {
            earliest = Some(token);
        }
    }
    Ok(earliest)
}

/// What is known of the moment of signing.
impl Signature {
    /// The moment that others vouch for, if any; else the moment that the signer claims.
    pub fn at(&self) -> Option<Timestamp> {
        self.stamp.as_ref().map(tsp::Token::at).or(self.signed_at)
    }
}
