//! A small certification authority: roots, issuing authorities, certificates, attribute certificates, revocation lists.
//!
//! What the stand, the tests and `nais pki` need. It keeps no file: the caller stores the certificate, the key and the
//! [`Record`], which serialises.

mod issue;
mod profile;
mod record;

use jiff::Timestamp;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::serial_number::SerialNumber;

pub use profile::{Profile, Subject, Term};
pub use record::{Addresses, Issued, Record, Revoked};

use crate::attributes::{self, AttributeCertificate, Powers};
use crate::encode::x509_time;
use crate::{Certificate, Crl, Error, Purpose, SigningKey, VerifyingKey};
use issue::Draft;
pub(crate) use issue::{extension, seal};

/// An authority that issues and revokes. Does not print its key.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    key: SigningKey,
    record: Record,
}

impl Authority {
    /// A root that vouches for itself.
    pub fn root(subject: &Subject, key: SigningKey, term: Term) -> Result<Self, Error> {
        let draft = Draft::authority(subject, key.verifying_key(), term, None)?;
        let certificate = draft.signed_by_itself(&key)?;
        Ok(Self { certificate, key, record: Record::default() })
    }

    /// The authority kept as these parts.
    pub fn from_parts(certificate: Certificate, key: SigningKey, record: Record) -> Result<Self, Error> {
        if certificate.verifying_key() != key.verifying_key() {
            return Err(Error::Authority("the key is not the certificate's"));
        }
        if !certificate.is_authority() && !certificate.is_attribute_authority() {
            return Err(Error::Authority("the certificate is not an authority's"));
        }
        Ok(Self { certificate, key, record })
    }

    /// An authority below this one, with at most `path_length` authorities below it.
    pub fn issue_ca(&mut self, subject: &Subject, key: SigningKey, term: Term, path_length: u8) -> Result<Self, Error> {
        if self.certificate.path_length().is_some_and(|ours| path_length >= ours) {
            return Err(Error::Authority("this authority may have no such authority below it"));
        }
        let draft = Draft::authority(subject, key.verifying_key(), term, Some(path_length))?;
        let certificate = self.sign(draft, term)?;
        Ok(Self { certificate, key, record: Record::default() })
    }

    /// An authority that issues attribute certificates and nothing else.
    pub fn issue_attribute_authority(&mut self, subject: &Subject, key: SigningKey, term: Term) -> Result<Self, Error> {
        let profile = Profile::new(subject.clone(), [Purpose::Attributes], term);
        let certificate = self.issue(&profile, key.verifying_key())?;
        Ok(Self { certificate, key, record: Record::default() })
    }

    /// Attests these powers of the certificate's holder; an attribute authority's to do.
    pub fn attest(&mut self, powers: &Powers, holder: &Certificate) -> Result<AttributeCertificate, Error> {
        if !self.certificate.is_attribute_authority() {
            return Err(Error::Authority("only an attribute authority attests powers"));
        }
        if powers.term.not_after > self.certificate.not_after() {
            return Err(Error::Authority("the certificate would outlive its issuer"));
        }
        let issued = attributes::issue(powers, holder, &self.certificate, &self.key)?;
        self.record.issued.push(Issued {
            serial: issued.serial_hex(),
            fingerprint: hex::encode(issued.fingerprint()),
            common_name: holder.common_name().unwrap_or_default().to_owned(),
            not_after: issued.not_after().as_second(),
        });
        Ok(issued)
    }

    /// Certificates issued from now on say that their status is told there.
    pub fn tells_at(&mut self, addresses: Addresses) {
        self.record.addresses = addresses;
    }

    /// A certificate of this profile for this key.
    pub fn issue(&mut self, profile: &Profile, key: &VerifyingKey) -> Result<Certificate, Error> {
        let draft = Draft::end(profile, key)?;
        self.sign(draft, profile.term)
    }

    /// Calls a certificate of ours revoked from that moment on; the next CRL says so. The first moment stands.
    pub fn revoke(&mut self, serial_hex: &str, at: Timestamp) -> Result<(), Error> {
        if !self.record.issued.iter().any(|issued| issued.serial == serial_hex) {
            return Err(Error::Authority("no certificate with this serial number was issued here"));
        }
        if !self.record.revoked.iter().any(|revoked| revoked.serial == serial_hex) {
            self.record.revoked.push(Revoked { serial: serial_hex.to_owned(), at: at.as_second() });
        }
        Ok(())
    }

    /// A fresh list of everything revoked.
    pub fn crl(&mut self, this_update: Timestamp, next_update: Timestamp) -> Result<Crl, Error> {
        const FAULT: Error = Error::Authority("the CRL cannot be written");
        if next_update <= this_update {
            return Err(Error::Authority("the CRL's term ends before it begins"));
        }
        let number = self.record.crls + 1;
        let revoked = self.record.revoked.iter().map(entry).collect::<Option<Vec<_>>>().ok_or(FAULT)?;
        let identifier = AuthorityKeyIdentifier {
            key_identifier: self.certificate.key_identifier().cloned(),
            ..AuthorityKeyIdentifier::default()
        };
        let extensions =
            vec![extension(false, &identifier)?, extension(false, &CrlNumber::try_from(number).map_err(|_| FAULT)?)?];
        let tbs = TbsCertList {
            version: x509_cert::Version::V2,
            signature: self.key.algorithm().signature_identifier(),
            issuer: self.certificate.subject_name().clone(),
            this_update: x509_time(this_update).ok_or(FAULT)?,
            next_update: Some(x509_time(next_update).ok_or(FAULT)?),
            // RFC 5280 §5.1.2.6: an empty list is left out.
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(extensions),
        };
        let crl = Crl::from_der(&seal(&tbs, &self.key)?)?;
        self.record.crls = number;
        Ok(crl)
    }

    /// The authority's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The authority's own key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// What it has issued and revoked, to be kept.
    pub fn record(&self) -> &Record {
        &self.record
    }

    fn sign(&mut self, draft: Draft, term: Term) -> Result<Certificate, Error> {
        if !self.certificate.is_authority() {
            return Err(Error::Authority("an attribute authority issues no certificates"));
        }
        if term.not_after > self.certificate.not_after() {
            return Err(Error::Authority("the certificate would outlive its issuer"));
        }
        let certificate = draft.told_at(&self.record.addresses)?.signed_by(&self.certificate, &self.key)?;
        self.record.issued.push(Issued {
            serial: certificate.serial_hex(),
            fingerprint: certificate.fingerprint_hex(),
            common_name: certificate.common_name().unwrap_or_default().to_owned(),
            not_after: certificate.not_after().as_second(),
        });
        Ok(certificate)
    }
}

fn entry(revoked: &Revoked) -> Option<RevokedCert> {
    Some(RevokedCert {
        serial_number: SerialNumber::new(&hex::decode(&revoked.serial).ok()?).ok()?,
        revocation_date: x509_time(Timestamp::from_second(revoked.at).ok()?)?,
        crl_entry_extensions: None,
    })
}
