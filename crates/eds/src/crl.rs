//! Certificate revocation lists: who no longer holds their certificate, as their issuer says.

use std::collections::HashMap;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_FRESHEST_CRL, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use der::Encode;
use jiff::Timestamp;
use rustls_pki_types::pem::SectionKind;
use x509_cert::crl::CertificateList;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::IssuingDistributionPoint;
use x509_cert::name::Name;

use crate::certificate::{FoldedName, full_names};
use crate::encode::{CRL_LIMIT, pem_sections, strict, timestamp, to_pem};
use crate::suite::{Algorithm, Form};
use crate::{Certificate, Error, VerifyingKey};

/// Which certificates of its issuer a list is about (RFC 5280 §5.2.5).
#[derive(Default)]
struct Scope {
    /// Names of its distribution point; `None` when it has none.
    points: Option<Vec<Vec<u8>>>,
    users: bool,
    authorities: bool,
}

impl Scope {
    fn read(extensions: &[Extension], issuer: &Name) -> Result<Self, Error> {
        let Some(found) = extensions.iter().find(|one| one.extn_id == ID_CE_ISSUING_DISTRIBUTION_POINT) else {
            return Ok(Self::default());
        };
        let point: Option<IssuingDistributionPoint> = strict(found.extn_value.as_bytes());
        let point = point.ok_or(Error::Certificate("the CRL's distribution point cannot be read"))?;
        let (users, authorities) = (point.only_contains_user_certs, point.only_contains_ca_certs);
        let is_partial = point.indirect_crl || point.only_contains_attribute_certs || point.only_some_reasons.is_some();
        if is_partial || (users && authorities) {
            return Err(Error::Certificate("the CRL is indirect, of some reasons or of attribute certificates only"));
        }
        let unreadable = Error::Certificate("the CRL's distribution point cannot be read");
        let points = point.distribution_point.as_ref().map(|name| full_names(name, issuer).ok_or(unreadable));
        Ok(Self { points: points.transpose()?, users, authorities })
    }

    fn covers(&self, certificate: &Certificate) -> bool {
        let of_kind = if certificate.is_authority() { !self.users } else { !self.authorities };
        let named = |points: &Vec<Vec<u8>>| points.iter().any(|point| certificate.points().contains(point));
        of_kind && self.points.as_ref().is_none_or(named)
    }
}

/// A full CRL of one issuer, parsed; looking up a serial number costs one hash.
pub struct Crl {
    der: Vec<u8>,
    tbs: Vec<u8>,
    signed_with: Option<Algorithm>,
    signature: Vec<u8>,
    issuer: FoldedName,
    scope: Scope,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: HashMap<Vec<u8>, Timestamp>,
}

impl Crl {
    /// The CRL in these bytes, which must be its one DER spelling.
    ///
    /// Delta and indirect lists, lists of some reasons only or of attribute certificates, and lists that deltas complete
    /// are refused: taken for the whole truth they would hide a revocation.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > CRL_LIMIT {
            return Err(Error::Certificate("the CRL is too long"));
        }
        let outer: CertificateList = strict(der).ok_or(Error::Certificate("not a CRL in DER"))?;
        let tbs = &outer.tbs_cert_list;
        if tbs.signature != outer.signature_algorithm {
            return Err(Error::Certificate("two signature algorithms in the CRL"));
        }
        const KNOWN: [ObjectIdentifier; 3] =
            [ID_CE_CRL_NUMBER, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_ISSUING_DISTRIBUTION_POINT];
        let known = |extension: &Extension| !extension.critical || KNOWN.contains(&extension.extn_id);
        if !tbs.crl_extensions.iter().flatten().all(known) {
            return Err(Error::Certificate("a critical extension of the CRL is unknown"));
        }
        // It says itself that a delta elsewhere may know more (PKITS, delta CRL test 4).
        if tbs.crl_extensions.iter().flatten().any(|extension| extension.extn_id == ID_CE_FRESHEST_CRL) {
            return Err(Error::Certificate("the CRL is completed by delta CRLs"));
        }
        let bad_time = Error::Certificate("a time of the CRL cannot be read");
        let mut revoked = HashMap::new();
        for entry in tbs.revoked_certificates.iter().flatten() {
            if entry.crl_entry_extensions.iter().flatten().any(|extension| extension.critical) {
                return Err(Error::Certificate("a critical extension of a CRL entry is unknown"));
            }
            let at = timestamp(entry.revocation_date).ok_or(bad_time.clone())?;
            revoked.insert(entry.serial_number.as_bytes().to_vec(), at);
        }
        let next_update = tbs.next_update.ok_or(Error::Certificate("the CRL has no term"))?;
        Ok(Self {
            der: der.to_vec(),
            tbs: tbs.to_der().map_err(|_| Error::Certificate("not DER"))?,
            signed_with: Algorithm::of_signature(&outer.signature_algorithm),
            signature: outer.signature.as_bytes().ok_or(Error::Certificate("unused bits"))?.to_vec(),
            issuer: FoldedName::of(&tbs.issuer),
            scope: Scope::read(tbs.crl_extensions.as_deref().unwrap_or_default(), &tbs.issuer)?,
            this_update: timestamp(tbs.this_update).ok_or(bad_time.clone())?,
            next_update: timestamp(next_update).ok_or(bad_time)?,
            revoked,
        })
    }

    /// Every CRL of a PEM text, in order.
    pub fn all_from_pem(pem: &str) -> Result<Vec<Self>, Error> {
        pem_sections(pem, SectionKind::Crl, "not PEM")?.iter().map(|der| Self::from_der(der)).collect()
    }

    /// The CRL as PEM.
    pub fn to_pem(&self) -> String {
        to_pem("X509 CRL", &self.der)
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when it may be relied on.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// It is this authority's, signed with the key of this certificate.
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        &self.issuer == issuer.folded_subject() && self.is_signed_by(issuer.verifying_key())
    }

    /// When the certificate with this serial number was revoked, if it was.
    pub(crate) fn revoked_at(&self, serial: &[u8]) -> Option<Timestamp> {
        self.revoked.get(serial).copied()
    }

    pub(crate) fn issuer(&self) -> &FoldedName {
        &self.issuer
    }

    /// The certificate, one of this issuer, would be in this list if it were revoked.
    pub(crate) fn covers(&self, certificate: &Certificate) -> bool {
        self.scope.covers(certificate)
    }

    /// An attribute certificate of this issuer would be in this list if it were revoked.
    pub(crate) fn covers_attributes(&self) -> bool {
        !self.scope.users && !self.scope.authorities && self.scope.points.is_none()
    }

    /// This list bears a signature of that key.
    pub(crate) fn is_signed_by(&self, issuer: &VerifyingKey) -> bool {
        self.signed_with == Some(issuer.algorithm()) && issuer.verify(&self.tbs, &self.signature, Form::Der).is_ok()
    }
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crl({} revoked, {}…{})", self.revoked.len(), self.this_update, self.next_update)
    }
}
