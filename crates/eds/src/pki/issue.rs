//! Writing certificates: the structure is spelled out here, because the builder of the library knows only algorithms
//! that its own traits know.

use const_oid::db::rfc5912::ID_AD_OCSP;
use const_oid::{AssociatedOid, ObjectIdentifier};
use der::asn1::{Any, BitString, BmpString, Ia5String, Null, OctetString};
use der::{Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;

use super::{Addresses, Profile, Subject, Term};
use crate::certificate::{IDENTIFICATION_NUMBER, JOB_TITLE, SOURCE_OF_AUTHORITY, UNP, is_host_name};
use crate::encode::x509_time;
use crate::suite::Form;
use crate::{Certificate, Error, Purpose, SigningKey, VerifyingKey, random};

/// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): a responder's certificate lives as long as its term; who would tell of it?
const NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");

/// TBSCertificate (RFC 5280 §4.1).
#[derive(Sequence)]
struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: x509_cert::Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Extensions,
}

/// Certificate and CertificateList alike.
#[derive(Sequence)]
struct Sealed {
    tbs: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A certificate before its issuer is known.
pub(super) struct Draft {
    subject: Name,
    spki: SubjectPublicKeyInfoOwned,
    validity: Validity,
    identifier: OctetString,
    extensions: Extensions,
}

impl Draft {
    /// For an authority.
    pub(super) fn authority(
        subject: &Subject,
        key: &VerifyingKey,
        term: Term,
        path_length: Option<u8>,
    ) -> Result<Self, Error> {
        let basic = BasicConstraints { ca: true, path_len_constraint: path_length };
        let uses = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
        Self::new(subject, key, term, vec![extension(true, &basic)?, extension(true, &uses)?])
    }

    /// For a person, an organisation or a machine.
    pub(super) fn end(profile: &Profile, key: &VerifyingKey) -> Result<Self, Error> {
        let purposes = profile.purposes.as_slice();
        let stamps = purposes.contains(&Purpose::TimeStamping);
        let attests = purposes.contains(&Purpose::Attributes);
        if purposes.is_empty() || ((stamps || attests) && purposes.len() > 1) {
            return Err(Error::Authority("a certificate has a purpose, and time stamping and attributes stand alone"));
        }
        let mut uses = KeyUsage(KeyUsages::DigitalSignature.into());
        if purposes.contains(&Purpose::Signature) {
            uses.0 |= KeyUsages::NonRepudiation;
        }
        if attests {
            uses.0 |= KeyUsages::CRLSign;
        }
        let mut extensions =
            vec![extension(true, &BasicConstraints { ca: false, path_len_constraint: None })?, extension(true, &uses)?];
        let extended: Vec<_> = purposes.iter().filter_map(|purpose| purpose.extended_key_usage()).collect();
        if !extended.is_empty() {
            extensions.push(extension(stamps, &ExtendedKeyUsage(extended))?);
        }
        if attests {
            extensions.push(extension_of(SOURCE_OF_AUTHORITY, false, &Null)?);
        }
        if purposes.contains(&Purpose::OcspSigning) {
            extensions.push(extension_of(NO_CHECK, false, &Null)?);
        }
        let names = alternative_names(profile)?;
        if !names.is_empty() {
            extensions.push(extension(false, &SubjectAltName(names))?);
        }
        let national = [
            (UNP, &profile.unp),
            (IDENTIFICATION_NUMBER, &profile.identification_number),
            (JOB_TITLE, &profile.job_title),
        ];
        for (oid, text) in national {
            if let Some(text) = text {
                let value = BmpString::from_utf8(text).map_err(|_| Error::Authority("a text has rare characters"))?;
                extensions.push(extension_of(oid, false, &value)?);
            }
        }
        Self::new(&profile.subject, key, profile.term, extensions)
    }

    fn new(subject: &Subject, key: &VerifyingKey, term: Term, mut extensions: Extensions) -> Result<Self, Error> {
        if term.not_after <= term.not_before {
            return Err(Error::Authority("the term ends before it begins"));
        }
        let (Some(not_before), Some(not_after)) = (x509_time(term.not_before), x509_time(term.not_after)) else {
            return Err(Error::Authority("the term is before 1970"));
        };
        let spki = SubjectPublicKeyInfoOwned::from_der(key.spki_der()).map_err(|_| Error::Library)?;
        let identifier = key.algorithm().key_identifier(spki.subject_public_key.raw_bytes());
        let identifier = OctetString::new(identifier).map_err(|_| Error::Library)?;
        extensions.push(extension(false, &SubjectKeyIdentifier(identifier.clone()))?);
        Ok(Self {
            subject: subject.name()?,
            spki,
            validity: Validity::new(not_before, not_after),
            identifier,
            extensions,
        })
    }

    /// The same, saying where its status is told.
    pub(super) fn told_at(mut self, addresses: &Addresses) -> Result<Self, Error> {
        const FAULT: Error = Error::Authority("an address is not one");
        let uri = |text: &str| {
            let is_plain = text.contains("://") && text.bytes().all(|byte| byte.is_ascii_graphic());
            let name = Ia5String::new(text).ok().filter(|_| is_plain).ok_or(FAULT)?;
            Ok::<_, Error>(GeneralName::UniformResourceIdentifier(name))
        };
        if let Some(ocsp) = &addresses.ocsp {
            let access = AccessDescription { access_method: ID_AD_OCSP, access_location: uri(ocsp)? };
            self.extensions.push(extension(false, &AuthorityInfoAccessSyntax(vec![access]))?);
        }
        if let Some(crl) = &addresses.crl {
            let name = Some(DistributionPointName::FullName(vec![uri(crl)?]));
            let point = DistributionPoint { distribution_point: name, reasons: None, crl_issuer: None };
            self.extensions.push(extension(false, &CrlDistributionPoints(vec![point]))?);
        }
        Ok(self)
    }

    /// The certificate, its subject its own issuer.
    pub(super) fn signed_by_itself(self, key: &SigningKey) -> Result<Certificate, Error> {
        let (issuer, identifier) = (self.subject.clone(), Some(self.identifier.clone()));
        self.sign(issuer, identifier, key)
    }

    /// The certificate, issued by that authority.
    pub(super) fn signed_by(self, issuer: &Certificate, key: &SigningKey) -> Result<Certificate, Error> {
        self.sign(issuer.subject_name().clone(), issuer.key_identifier().cloned(), key)
    }

    fn sign(
        mut self,
        issuer: Name,
        key_identifier: Option<OctetString>,
        key: &SigningKey,
    ) -> Result<Certificate, Error> {
        if key_identifier.is_some() {
            let identifier = AuthorityKeyIdentifier { key_identifier, ..AuthorityKeyIdentifier::default() };
            self.extensions.push(extension(false, &identifier)?);
        }
        let serial: [u8; 16] = random::bytes()?;
        let tbs = Tbs {
            version: x509_cert::Version::V3,
            serial_number: SerialNumber::new(&serial).map_err(|_| Error::Library)?,
            signature: key.algorithm().signature_identifier(),
            issuer,
            validity: self.validity,
            subject: self.subject,
            subject_public_key_info: self.spki,
            extensions: self.extensions,
        };
        Certificate::from_der(&seal(&tbs, key)?)
    }
}

fn alternative_names(profile: &Profile) -> Result<Vec<GeneralName>, Error> {
    let mut names = Vec::new();
    for name in &profile.dns_names {
        if !is_host_name(name) {
            return Err(Error::Authority("a host name is not one"));
        }
        names.push(GeneralName::DnsName(Ia5String::new(name).map_err(|_| Error::Library)?));
    }
    names.extend(profile.ip_addresses.iter().map(|address| GeneralName::from(*address)));
    Ok(names)
}

/// The structure with the key's signature over it.
pub(crate) fn seal(tbs: &impl Encode, key: &SigningKey) -> Result<Vec<u8>, Error> {
    let tbs = tbs.to_der().map_err(|_| Error::Library)?;
    let signature = key.sign(&tbs, Form::Der)?;
    let sealed = Sealed {
        tbs: Any::from_der(&tbs).map_err(|_| Error::Library)?,
        algorithm: key.algorithm().signature_identifier(),
        signature: BitString::from_bytes(&signature).map_err(|_| Error::Library)?,
    };
    sealed.to_der().map_err(|_| Error::Library)
}

/// An extension of the type's own identifier.
pub(crate) fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension, Error> {
    extension_of(T::OID, critical, value)
}

fn extension_of(oid: ObjectIdentifier, critical: bool, value: &impl Encode) -> Result<Extension, Error> {
    let value = value.to_der().map_err(|_| Error::Library)?;
    Ok(Extension { extn_id: oid, critical, extn_value: OctetString::new(value).map_err(|_| Error::Library)? })
}
