//! X.509 certificates, parsed once, strictly, and shared.

mod extensions;
mod hosts;
mod name;
mod places;
mod policies;

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, NAME, ORGANIZATION_NAME, SURNAME};
use der::Encode;
use der::asn1::OctetString;
use jiff::Timestamp;
use rustls_pki_types::pem::SectionKind;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

pub use extensions::KeyUses;
pub(crate) use extensions::{IDENTIFICATION_NUMBER, JOB_TITLE, SOURCE_OF_AUTHORITY, UNP, is_host_name};
pub(crate) use name::FoldedName;
pub(crate) use places::full_names;
pub(crate) use policies::PolicyRules;

use crate::encode::{CERTIFICATE_LIMIT, pem_sections, strict, text, timestamp, to_pem};
use crate::suite::{Algorithm, Form};
use crate::{Error, VerifyingKey, sha256};
use extensions::Extensions;

/// Octets of a serial number (RFC 5280 §4.1.2.2).
const SERIAL_LIMIT: usize = 20;

/// A certificate, parsed. Cloning shares it; equality is that of the bytes.
#[derive(Clone)]
pub struct Certificate(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    fingerprint: [u8; 32],
    tbs: Vec<u8>,
    /// `None` when the issuer signs with an algorithm that is none of ours.
    signed_with: Option<Algorithm>,
    signature: Vec<u8>,
    issuer: Vec<u8>,
    issuer_name: FoldedName,
    subject_der: Vec<u8>,
    subject_name: FoldedName,
    subject: Name,
    points: Vec<Vec<u8>>,
    common_name: Option<String>,
    serial: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
    key: VerifyingKey,
    extensions: Extensions,
}

impl Certificate {
    /// The certificate in these bytes, which must be its one DER spelling, version 3, with a key of one of our suites.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > CERTIFICATE_LIMIT {
            return Err(Error::Certificate("too long"));
        }
        let outer: x509_cert::Certificate = strict(der).ok_or(Error::Certificate("not X.509 in DER"))?;
        let tbs = outer.tbs_certificate();
        if tbs.version() != x509_cert::Version::V3 {
            return Err(Error::Certificate("not version 3"));
        }
        if tbs.signature() != outer.signature_algorithm() {
            return Err(Error::Certificate("two signature algorithms"));
        }
        let serial = tbs.serial_number().as_bytes();
        if serial.iter().all(|byte| *byte == 0) || serial.first().is_some_and(|first| *first >= 0x80) {
            return Err(Error::Certificate("the serial number is not positive"));
        }
        if serial.len() > SERIAL_LIMIT {
            return Err(Error::Certificate("the serial number is longer than twenty octets"));
        }
        let encoded = |value: &dyn Fn() -> der::Result<Vec<u8>>| value().map_err(|_| Error::Certificate("not DER"));
        let spki = encoded(&|| tbs.subject_public_key_info().to_der())?;
        let bad_time = Error::Certificate("the validity cannot be read");
        let extensions = Extensions::read(tbs.extensions().map_or(&[], |all| all.as_slice()))?;
        let nameless = tbs.subject().is_empty() && (extensions.authority || !extensions.alternative_critical);
        if tbs.issuer().is_empty() || nameless {
            return Err(Error::Certificate("the subject or the issuer has no name"));
        }
        Ok(Self(Arc::new(Parsed {
            fingerprint: sha256(der),
            der: der.to_vec(),
            tbs: encoded(&|| tbs.to_der())?,
            signed_with: Algorithm::of_signature(outer.signature_algorithm()),
            signature: outer.signature().as_bytes().ok_or(Error::Certificate("unused bits"))?.to_vec(),
            issuer: encoded(&|| tbs.issuer().to_der())?,
            issuer_name: FoldedName::of(tbs.issuer()),
            subject_der: encoded(&|| tbs.subject().to_der())?,
            subject_name: FoldedName::of(tbs.subject()),
            points: extensions.places.names(tbs.issuer()),
            common_name: common_name(tbs.subject())?,
            subject: tbs.subject().clone(),
            serial: serial.to_vec(),
            not_before: timestamp(tbs.validity().not_before).ok_or(bad_time.clone())?,
            not_after: timestamp(tbs.validity().not_after).ok_or(bad_time)?,
            key: VerifyingKey::from_spki_der(&spki)?,
            extensions,
        })))
    }

    /// The one certificate of a PEM text.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let mut chain = Self::chain_from_pem(pem)?.into_iter();
        match (chain.next(), chain.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(Error::Certificate("not exactly one certificate in the PEM")),
        }
    }

    /// Every certificate of a PEM text, in order.
    pub fn chain_from_pem(pem: &str) -> Result<Vec<Self>, Error> {
        let sections = pem_sections(pem, SectionKind::Certificate, "not PEM")?;
        sections.iter().map(|der| Self::from_der(der)).collect()
    }

    /// The certificate as PEM.
    pub fn to_pem(&self) -> String {
        to_pem("CERTIFICATE", self.der())
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the bytes.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.0.fingerprint
    }

    /// The fingerprint in lower-case hex: the `keyid` of RFC 9421 (contract §10).
    pub fn fingerprint_hex(&self) -> String {
        hex::encode(self.0.fingerprint)
    }

    /// The subject's (last) common name.
    pub fn common_name(&self) -> Option<&str> {
        self.0.common_name.as_deref()
    }

    /// The subject's surname.
    pub fn surname(&self) -> Option<String> {
        self.attribute(SURNAME)
    }

    /// The subject's given names and patronymic as one (2.5.4.41), as the State PKI writes persons.
    pub fn given_names(&self) -> Option<String> {
        self.attribute(NAME)
    }

    /// The subject's surname and given names, or else the common name: what a person is called who signs.
    pub fn full_name(&self) -> String {
        match (self.surname(), self.given_names()) {
            (Some(surname), Some(given)) => format!("{surname} {given}"),
            _ => self.common_name().unwrap_or_default().to_owned(),
        }
    }

    /// The subject's organisation.
    pub fn organization(&self) -> Option<String> {
        self.attribute(ORGANIZATION_NAME)
    }

    /// The subject in the form of RFC 4514, for people.
    pub fn subject(&self) -> String {
        self.0.subject.to_string()
    }

    /// The serial number in lower-case hex.
    pub fn serial_hex(&self) -> String {
        hex::encode(self.serial())
    }

    /// First moment of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// Last moment of validity.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The subject's key.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0.key
    }

    /// What the key may be used for, when the certificate says so.
    pub fn key_usage(&self) -> Option<KeyUses> {
        self.0.extensions.key_usage
    }

    /// Extended key usages, when the certificate names any.
    pub fn extended_key_usage(&self) -> Option<&[ObjectIdentifier]> {
        self.0.extensions.extended.as_deref()
    }

    /// The subject is a certification authority.
    pub fn is_authority(&self) -> bool {
        self.0.extensions.authority
    }

    /// The subject issues attribute certificates.
    pub fn is_attribute_authority(&self) -> bool {
        self.0.extensions.attribute_authority && !self.is_authority()
    }

    /// How many authorities may stand below this one.
    pub fn path_length(&self) -> Option<u8> {
        self.0.extensions.path_length
    }

    /// URIs of the subject.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.alternative_names().iter().filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
            _ => None,
        })
    }

    /// Addresses of the responders that tell its status (OCSP).
    pub fn responders(&self) -> &[String] {
        &self.0.extensions.places.responders
    }

    /// Addresses of its issuer's lists of revoked certificates.
    pub fn list_addresses(&self) -> Vec<String> {
        self.0.extensions.places.lists()
    }

    /// The subject's УНП (extension 1.2.112.1.2.1.1.1.1.2).
    pub fn unp(&self) -> Option<&str> {
        self.0.extensions.unp.as_deref()
    }

    /// The subject's identification number (extension 1.2.112.1.2.1.1.1.1.1).
    pub fn identification_number(&self) -> Option<&str> {
        self.0.extensions.identification_number.as_deref()
    }

    /// The subject's job title (extension 1.2.112.1.2.1.1.5.1).
    pub fn job_title(&self) -> Option<&str> {
        self.0.extensions.job_title.as_deref()
    }

    /// The last such attribute of the subject; that it can be read was seen when the certificate was.
    fn attribute(&self, oid: ObjectIdentifier) -> Option<String> {
        self.0.subject.iter().filter(|attribute| attribute.oid == oid).last().and_then(|found| text(&found.value))
    }

    /// That authority's key signed this certificate, under its name.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.0.issuer_name == issuer.0.subject_name && self.is_signed_by(issuer.verifying_key())
    }

    /// This certificate bears a signature of that key.
    pub(crate) fn is_signed_by(&self, issuer: &VerifyingKey) -> bool {
        self.0.signed_with == Some(issuer.algorithm())
            && issuer.verify(&self.0.tbs, &self.0.signature, Form::Der).is_ok()
    }

    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.0.subject_der
    }

    pub(crate) fn subject_name(&self) -> &Name {
        &self.0.subject
    }

    pub(crate) fn folded_subject(&self) -> &FoldedName {
        &self.0.subject_name
    }

    pub(crate) fn folded_issuer(&self) -> &FoldedName {
        &self.0.issuer_name
    }

    /// Full names of the distribution points of its issuer's lists.
    pub(crate) fn points(&self) -> &[Vec<u8>] {
        &self.0.points
    }

    pub(crate) fn policy_rules(&self) -> &PolicyRules {
        &self.0.extensions.policies
    }

    pub(crate) fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.0.issuer_name == self.0.subject_name
    }

    pub(crate) fn alternative_names(&self) -> &[GeneralName] {
        &self.0.extensions.alternative_names
    }

    pub(crate) fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.extensions.name_constraints.as_ref()
    }

    pub(crate) fn key_identifier(&self) -> Option<&OctetString> {
        self.0.extensions.key_identifier.as_ref()
    }

    pub(crate) fn authority_key_identifier(&self) -> Option<&OctetString> {
        self.0.extensions.authority_key_identifier.as_ref()
    }

    pub(crate) fn has_unknown_critical(&self) -> bool {
        self.0.extensions.unknown_critical
    }

    pub(crate) fn extended_is_critical(&self) -> bool {
        self.0.extensions.extended_critical
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    // The subject may be a person: only the fingerprint is fit for a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.fingerprint_hex())
    }
}

/// The certificates as one PEM text, in this order.
pub fn chain_to_pem<'a>(chain: impl IntoIterator<Item = &'a Certificate>) -> String {
    chain.into_iter().map(Certificate::to_pem).collect()
}

/// The last common name; every string of the name must be readable, for a hidden one could be another's.
fn common_name(subject: &Name) -> Result<Option<String>, Error> {
    let mut found = None;
    for attribute in subject.iter() {
        let value = text(&attribute.value).ok_or(Error::Certificate("the subject cannot be read"))?;
        if attribute.oid == COMMON_NAME {
            found = Some(value);
        }
    }
    Ok(found)
}
