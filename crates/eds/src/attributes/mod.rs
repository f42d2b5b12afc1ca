//! Attribute certificates (RFC 5755, STB 34.101.67): an authority says of the holder of a certificate for which
//! organisation and in which position they sign.
//!
//! The certificate of a natural person says who they are and stays theirs when they change their work; their powers come
//! from a second paper with a term of its own, issued by another authority. What is read here is the profile of RFC 5755:
//! one holder, one issuer by name, no attribute twice, nothing critical that is unknown.

mod form;
mod issue;

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER;
use der::Encode;
use jiff::Timestamp;
use x509_cert::attr::Attribute;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

pub use issue::Powers;
pub(crate) use issue::issue;

use crate::certificate::{FoldedName, JOB_TITLE, UNP};
use crate::encode::{CERTIFICATE_LIMIT, strict, text, timestamp, to_pem};
use crate::suite::{Algorithm, Form};
use crate::{Certificate, Error, VerifyingKey, sha256};
use form::{Holder, Info, Issuer, Outer, VERSION};

/// id-ce-noRevAvail (RFC 5755 §4.3.6): nobody will ever tell that it was revoked.
const NO_REVOCATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.56");
/// Attributes, or extensions, of one certificate that are looked at.
const LIMIT: usize = 32;
const LABEL: &str = "ATTRIBUTE CERTIFICATE";

/// An attribute certificate, parsed. Cloning shares it.
#[derive(Clone)]
pub struct AttributeCertificate(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    fingerprint: [u8; 32],
    info: Vec<u8>,
    signed_with: Option<Algorithm>,
    signature: Vec<u8>,
    issuer: FoldedName,
    /// Issuer and serial number of the certificate that it belongs to.
    certificate: Option<(FoldedName, Vec<u8>)>,
    /// The subject that it belongs to.
    name: Option<FoldedName>,
    serial: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
    unp: Option<String>,
    job_title: Option<String>,
    unknown_critical: bool,
    never_revoked: bool,
}

impl AttributeCertificate {
    /// The attribute certificate in these bytes, which must be its one DER spelling and within RFC 5755's profile.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        const UNREADABLE: Error = Error::Attributes("not an attribute certificate in DER");
        if der.len() > CERTIFICATE_LIMIT {
            return Err(Error::Attributes("too long"));
        }
        let Outer { info, algorithm, signature } = strict(der).ok_or(UNREADABLE)?;
        if info.version != VERSION || info.issuer_unique.is_some() {
            return Err(Error::Attributes("not version 2 as RFC 5755 has it"));
        }
        if info.signature != algorithm {
            return Err(Error::Attributes("two signature algorithms"));
        }
        let (certificate, name) = holder(&info.holder).ok_or(Error::Attributes("the holder cannot be read"))?;
        let extensions = info.extensions.as_deref().unwrap_or_default();
        let is_known = |one: &Extension| matches!(one.extn_id, ID_CE_AUTHORITY_KEY_IDENTIFIER | NO_REVOCATION);
        let twice =
            |index: usize, one: &Extension| extensions.iter().take(index).any(|other| other.extn_id == one.extn_id);
        if extensions.len() > LIMIT || extensions.iter().enumerate().any(|(index, one)| twice(index, one)) {
            return Err(Error::Attributes("too many extensions, or one twice"));
        }
        let moment = |time| timestamp(Time::GeneralTime(time)).ok_or(Error::Attributes("the validity cannot be read"));
        Ok(Self(Arc::new(Parsed {
            fingerprint: sha256(der),
            der: der.to_vec(),
            info: info.to_der().map_err(|_| UNREADABLE)?,
            signed_with: Algorithm::of_signature(&algorithm),
            signature: signature.as_bytes().ok_or(Error::Attributes("unused bits"))?.to_vec(),
            issuer: issuer(&info.issuer).ok_or(Error::Attributes("the issuer is not one distinguished name"))?,
            certificate,
            name,
            serial: info.serial.as_bytes().to_vec(),
            not_before: moment(info.validity.not_before)?,
            not_after: moment(info.validity.not_after)?,
            unp: attribute(&info, UNP)?,
            job_title: attribute(&info, JOB_TITLE)?,
            unknown_critical: extensions.iter().any(|one| one.critical && !is_known(one)),
            never_revoked: extensions.iter().any(|one| one.extn_id == NO_REVOCATION),
        })))
    }

    /// The one attribute certificate of a PEM text.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let (label, der) = der::pem::decode_vec(pem.as_bytes())
            .map_err(|_| Error::Attributes("not an attribute certificate in PEM"))?;
        if label != LABEL {
            return Err(Error::Attributes("not an attribute certificate in PEM"));
        }
        Self::from_der(&der)
    }

    /// The attribute certificate as PEM.
    pub fn to_pem(&self) -> String {
        to_pem(LABEL, self.der())
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the bytes.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.0.fingerprint
    }

    /// The serial number in lower-case hex.
    pub fn serial_hex(&self) -> String {
        hex::encode(&self.0.serial)
    }

    /// First moment of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// Last moment of validity.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// УНП of the organisation for which the holder signs.
    pub fn unp(&self) -> Option<&str> {
        self.0.unp.as_deref()
    }

    /// The holder's position there.
    pub fn job_title(&self) -> Option<&str> {
        self.0.job_title.as_deref()
    }

    /// It speaks of the holder of that certificate: everything that it says of its holder is so.
    pub fn is_of(&self, holder: &Certificate) -> bool {
        let by_certificate =
            self.0.certificate.as_ref().is_none_or(|(issuer, serial)| {
                issuer == holder.folded_issuer() && serial.as_slice() == holder.serial()
            });
        by_certificate && self.0.name.as_ref().is_none_or(|name| name == holder.folded_subject())
    }

    pub(crate) fn issuer(&self) -> &FoldedName {
        &self.0.issuer
    }

    pub(crate) fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    pub(crate) fn has_unknown_critical(&self) -> bool {
        self.0.unknown_critical
    }

    pub(crate) fn is_never_revoked(&self) -> bool {
        self.0.never_revoked
    }

    pub(crate) fn is_signed_by(&self, issuer: &VerifyingKey) -> bool {
        self.0.signed_with == Some(issuer.algorithm())
            && issuer.verify(&self.0.info, &self.0.signature, Form::Der).is_ok()
    }
}

impl std::fmt::Debug for AttributeCertificate {
    // Its holder is a person: only the fingerprint is fit for a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AttributeCertificate({})", hex::encode(self.0.fingerprint))
    }
}

type Named = (Option<(FoldedName, Vec<u8>)>, Option<FoldedName>);

/// The certificate and the name that a holder is known by, at least one of them; a digest of an object is none of ours.
fn holder(holder: &Holder) -> Option<Named> {
    let certificate = match &holder.certificate {
        Some(one) if one.unique.is_none() => Some((directory(&one.issuer)?, one.serial.as_bytes().to_vec())),
        Some(_) => return None,
        None => None,
    };
    let name = match &holder.name {
        Some(names) => Some(directory(names)?),
        None => None,
    };
    ((certificate.is_some() || name.is_some()) && holder.digest.is_none()).then_some((certificate, name))
}

fn issuer(issuer: &Issuer) -> Option<FoldedName> {
    let plain = issuer.certificate.is_none() && issuer.digest.is_none();
    directory(issuer.name.as_ref().filter(|_| plain)?)
}

/// The one distinguished name.
fn directory(names: &[GeneralName]) -> Option<FoldedName> {
    match names {
        [GeneralName::DirectoryName(name)] if !name.is_empty() => Some(FoldedName::of(name)),
        _ => None,
    }
}

/// The one value of an attribute; no attribute stands twice (RFC 5755 §4.2.7).
fn attribute(info: &Info, oid: ObjectIdentifier) -> Result<Option<String>, Error> {
    if info.attributes.len() > LIMIT {
        return Err(Error::Attributes("too many attributes"));
    }
    let mut found = info.attributes.iter().filter(|one: &&Attribute| one.oid == oid);
    let (first, second) = (found.next(), found.next());
    let Some(first) = first else { return Ok(None) };
    let value = match (first.values.as_slice(), second) {
        ([value], None) => text(value),
        _ => None,
    };
    value.map(Some).ok_or(Error::Attributes("an attribute has not one value that can be read"))
}
