//! Writing attribute certificates.

use der::asn1::{Any, BmpString, GeneralizedTime, SetOfVec};
use der::{Decode, Encode};
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

use super::AttributeCertificate;
use super::form::{Holder, Info, Issuer, IssuerSerial, VERSION, Validity};
use crate::certificate::{JOB_TITLE, UNP};
use crate::pki::{Term, extension, seal};
use crate::{Certificate, Error, SigningKey, random};

/// What is attested of the holder of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Powers {
    /// УНП of the organisation for which they sign.
    pub unp: String,
    /// Their position there.
    pub job_title: String,
    /// From when until when.
    pub term: Term,
}

/// An attribute certificate for the holder of `holder`, signed by the authority of `certificate`.
pub(crate) fn issue(
    powers: &Powers,
    holder: &Certificate,
    certificate: &Certificate,
    key: &SigningKey,
) -> Result<AttributeCertificate, Error> {
    let directory = |der: &[u8]| {
        let name = Name::from_der(der).map_err(|_| Error::Library)?;
        Ok::<_, Error>(vec![GeneralName::DirectoryName(name)])
    };
    let serial: [u8; 16] = random::bytes()?;
    let of = |serial: &[u8]| SerialNumber::new(serial).map_err(|_| Error::Library);
    let identifier = AuthorityKeyIdentifier {
        key_identifier: certificate.key_identifier().cloned(),
        ..AuthorityKeyIdentifier::default()
    };
    let info = Info {
        version: VERSION,
        holder: Holder {
            certificate: Some(IssuerSerial {
                issuer: directory(holder.issuer_der())?,
                serial: of(holder.serial())?,
                unique: None,
            }),
            name: None,
            digest: None,
        },
        issuer: Issuer { name: Some(directory(certificate.subject_der())?), certificate: None, digest: None },
        signature: key.algorithm().signature_identifier(),
        serial: of(&serial)?,
        validity: validity(powers.term)?,
        attributes: vec![attribute(UNP, &powers.unp)?, attribute(JOB_TITLE, &powers.job_title)?],
        issuer_unique: None,
        extensions: Some(vec![extension(false, &identifier)?]),
    };
    AttributeCertificate::from_der(&seal(&info, key)?)
}

fn attribute(oid: const_oid::ObjectIdentifier, value: &str) -> Result<Attribute, Error> {
    let value = BmpString::from_utf8(value).map_err(|_| Error::Authority("a text has rare characters"))?;
    let value = value.to_der().and_then(|der| Any::from_der(&der)).map_err(|_| Error::Library)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value]).map_err(|_| Error::Library)? })
}

fn validity(term: Term) -> Result<Validity, Error> {
    if term.not_after <= term.not_before {
        return Err(Error::Authority("the term ends before it begins"));
    }
    let time = |at: jiff::Timestamp| {
        let since = u64::try_from(at.as_second()).map_err(|_| Error::Authority("the term is before 1970"))?;
        GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(since)).map_err(|_| Error::Library)
    };
    Ok(Validity { not_before: time(term.not_before)?, not_after: time(term.not_after)? })
}
