//! Attributes of a signer: those we know, each at most once, and the bytes that were signed.

use const_oid::ObjectIdentifier;
use der::Encode;
use der::asn1::{Any, OctetString};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use super::CmsError;
use super::form::{
    Attribute, CONTENT_TYPE, CertificateId, MESSAGE_DIGEST, SIGNING_CERTIFICATE, SIGNING_TIME, SigningCertificate,
    TIME_STAMP,
};
use crate::encode::{strict, timestamp};
use crate::suite::{suite, suite_of_digest};
use crate::{Algorithm, Certificate};

/// Time stamps of one signature that are looked at.
const STAMPS: usize = 4;

/// What a signer signed beside the content.
pub(super) struct Signed {
    /// The attributes as the SET OF that the signature is over (RFC 5652 §5.4).
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: ObjectIdentifier,
    pub(super) message_digest: Vec<u8>,
    pub(super) signing_time: Option<Timestamp>,
    certificate: Option<CertificateId>,
}

impl Signed {
    /// Reads them. They must be there: a signature over bare content could be passed off as one over attributes.
    pub(super) fn read(attributes: Option<&[Attribute]>) -> Result<Self, CmsError> {
        let attributes = attributes.ok_or(CmsError::AttributeMissing("contentType"))?;
        let bytes = set_of(attributes)?;
        let content_type = one(attributes, CONTENT_TYPE, "contentType")?;
        let content_type = content_type.ok_or(CmsError::AttributeMissing("contentType"))?;
        let message_digest = one(attributes, MESSAGE_DIGEST, "messageDigest")?;
        let message_digest = message_digest.ok_or(CmsError::AttributeMissing("messageDigest"))?;
        let signing_time = one(attributes, SIGNING_TIME, "signingTime")?;
        let certificate = one(attributes, SIGNING_CERTIFICATE, "signingCertificateV2")?;
        repeated(attributes)?;
        Ok(Self {
            bytes,
            content_type: value::<ObjectIdentifier>(content_type, "contentType")?,
            message_digest: value::<OctetString>(message_digest, "messageDigest")?.into_bytes().into_vec(),
            signing_time: signing_time.map(read_time).transpose()?,
            certificate: certificate.map(first_certificate).transpose()?,
        })
    }

    /// The signer named a certificate, and this one is not it.
    pub(super) fn names_other_than(&self, certificate: &Certificate) -> bool {
        self.certificate.as_ref().is_some_and(|named| names(named, certificate) != Some(true))
    }

    /// The signer named their certificate.
    pub(super) fn names_certificate(&self) -> bool {
        self.certificate.is_some()
    }
}

/// The attributes as a DER SET OF, in which order they must have been sent.
fn set_of(attributes: &[Attribute]) -> Result<Vec<u8>, CmsError> {
    let members = attributes.iter().map(Encode::to_der).collect::<Result<Vec<_>, _>>();
    let members = members.map_err(|_| CmsError::Unreadable)?;
    if !members.is_sorted() {
        return Err(CmsError::Disordered);
    }
    let set = Any::new(der::Tag::Set, members.concat()).and_then(|set| set.to_der());
    set.map_err(|_| CmsError::Unreadable)
}

/// The one value of the attribute of this kind, if it is there.
fn one<'a>(
    attributes: &'a [Attribute],
    kind: ObjectIdentifier,
    name: &'static str,
) -> Result<Option<&'a Any>, CmsError> {
    let mut found = attributes.iter().filter(|attribute| attribute.kind == kind);
    let Some(attribute) = found.next() else {
        return Ok(None);
    };
    let mut values = attribute.values.iter();
    match (values.next(), values.next(), found.next()) {
        (Some(value), None, None) => Ok(Some(value)),
        (None, ..) => Err(CmsError::AttributeUnreadable(name)),
        _ => Err(CmsError::AttributeRepeated(name)),
    }
}

/// No kind stands twice, not even one that we do not know (RFC 5652 §5.3).
fn repeated(attributes: &[Attribute]) -> Result<(), CmsError> {
    let mut kinds: Vec<_> = attributes.iter().map(|attribute| attribute.kind).collect();
    kinds.sort_unstable();
    if kinds.is_sorted_by(|one, next| one < next) { Ok(()) } else { Err(CmsError::AttributeRepeated("unknown")) }
}

fn value<T>(any: &Any, name: &'static str) -> Result<T, CmsError>
where
    T: for<'a> der::Decode<'a, Error = der::Error> + Encode,
{
    let bytes = any.to_der().map_err(|_| CmsError::Unreadable)?;
    strict(&bytes).ok_or(CmsError::AttributeUnreadable(name))
}

fn read_time(any: &Any) -> Result<Timestamp, CmsError> {
    timestamp(value::<Time>(any, "signingTime")?).ok_or(CmsError::AttributeUnreadable("signingTime"))
}

/// The first certificate named is the signer's (RFC 5035 §3).
fn first_certificate(any: &Any) -> Result<CertificateId, CmsError> {
    let named = value::<SigningCertificate>(any, "signingCertificateV2")?.certificates.into_iter().next();
    named.ok_or(CmsError::AttributeUnreadable("signingCertificateV2"))
}

/// The identifier names this certificate; `None` when its digest is none of ours.
fn names(identifier: &CertificateId, certificate: &Certificate) -> Option<bool> {
    let digest = match &identifier.algorithm {
        Some(algorithm) => suite_of_digest(algorithm)?,
        // The default is SHA-256.
        None => suite(Algorithm::EcdsaP256Sha256),
    };
    let issued = identifier.issuer_serial.as_ref().is_none_or(|wanted| {
        let is_issuer = |name: &GeneralName| match name {
            GeneralName::DirectoryName(name) => name.to_der().is_ok_and(|name| name == certificate.issuer_der()),
            _ => false,
        };
        wanted.serial.as_bytes() == certificate.serial() && wanted.issuer.iter().any(is_issuer)
    });
    Some(issued && identifier.hash.as_bytes() == digest.digest(&[certificate.der()]))
}

/// The digest's identifier as ESSCertIDv2 has it: SHA-256 is the default, which DER leaves out.
pub(super) fn essential(algorithm: Algorithm) -> Option<AlgorithmIdentifierOwned> {
    let own = suite(algorithm).digest_identifier();
    (own.oid != suite(Algorithm::EcdsaP256Sha256).digest_oid()).then_some(own)
}

/// The time-stamp tokens of a signature, as they are.
pub(super) fn time_stamps(unsigned: Option<&[Attribute]>) -> Result<Vec<Vec<u8>>, CmsError> {
    let ours = unsigned.unwrap_or_default().iter().filter(|attribute| attribute.kind == TIME_STAMP);
    let tokens: Vec<&Any> = ours.flat_map(|attribute| attribute.values.iter()).collect();
    if tokens.len() > STAMPS {
        return Err(CmsError::AttributeRepeated("timeStampToken"));
    }
    tokens.into_iter().map(|token| token.to_der().map_err(|_| CmsError::Unreadable)).collect()
}
