//! The stand's test PKI: a root, an issuing authority, certificates for the gateway, the consumers and the refused.

use std::path::Path;

use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Algorithm, AttributeCertificate, Certificate, Powers, Purpose, SigningKey, chain_to_pem};
use jiff::{SignedDuration, Timestamp};
use terminal::authority::{ATTRIBUTES, Folder, ISSUING, ROOT, services};

use crate::exit::Error;
use crate::files;

/// Root and issuing authority while the stand is being made.
pub(crate) struct Pki {
    root: Authority,
    issuing: Authority,
    attributes: Authority,
    now: Timestamp,
}

/// A key with its certificate, as PEM.
pub(crate) struct Pair {
    pub certificate: Certificate,
    /// The certificate and the issuing authority's.
    pub chain: String,
    pub key: String,
}

/// Years as a duration; leap days do not matter for terms.
fn years(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 365 * 24)
}

impl Pki {
    /// A root and an issuing authority, valid from an hour ago.
    ///
    /// Certificates say that their status is told at `portal`, an address and port.
    pub(crate) fn new(now: Timestamp, portal: &str) -> Result<Self, Error> {
        let since = now - SignedDuration::from_hours(1);
        let term = |length| Term { not_before: since, not_after: since + years(length) };
        let subject = Subject::new("NAIS stand root").of("NAIS stand, synthetic");
        let mut root = Authority::root(&subject, SigningKey::generate(Algorithm::EcdsaP256Sha256)?, term(20))?;
        let base = format!("http://{portal}");
        root.tells_at(services::addresses(&base, ROOT));
        let subject = Subject::new("NAIS stand issuing CA").of("NAIS stand, synthetic");
        let mut issuing = root.issue_ca(&subject, SigningKey::generate(Algorithm::EcdsaP256Sha256)?, term(15), 0)?;
        issuing.tells_at(services::addresses(&base, ISSUING));
        let attributes = services::attributes(&mut issuing, since)?;
        Ok(Self { root, issuing, attributes, now })
    }

    /// Issues a pair for `profile`'s subject.
    pub(crate) fn pair(&mut self, fill: impl FnOnce(Term) -> Profile, algorithm: Algorithm) -> Result<Pair, Error> {
        let card::Pair { key, certificate, .. } = self.held(fill, algorithm)?;
        let chain = chain_to_pem([&certificate, self.issuing.certificate()]);
        Ok(Pair { certificate, chain, key: key.to_pkcs8_pem()?.to_string() })
    }

    /// Issues a key with its certificate as a card holds them.
    pub(crate) fn held(
        &mut self,
        fill: impl FnOnce(Term) -> Profile,
        algorithm: Algorithm,
    ) -> Result<card::Pair, Error> {
        let since = self.now - SignedDuration::from_hours(1);
        let profile = fill(Term { not_before: since, not_after: since + years(5) });
        let key = SigningKey::generate(algorithm)?;
        let certificate = self.issuing.issue(&profile, key.verifying_key())?;
        Ok(card::Pair { key, certificate, chain: vec![self.issuing.certificate().clone()] })
    }

    /// The holder of the certificate signs for this organisation in this position, for a year.
    pub(crate) fn attest(
        &mut self,
        holder: &Certificate,
        unp: &str,
        title: &str,
    ) -> Result<AttributeCertificate, Error> {
        let since = self.now - SignedDuration::from_hours(1);
        let term = Term { not_before: since, not_after: since + years(1) };
        let powers = Powers { unp: unp.to_owned(), job_title: title.to_owned(), term };
        Ok(self.attributes.attest(&powers, holder)?)
    }

    /// The pair's certificate is revoked from now on.
    pub(crate) fn revoke(&mut self, certificate: &Certificate) -> Result<(), Error> {
        Ok(self.issuing.revoke(&certificate.serial_hex(), self.now)?)
    }

    /// Writes the authorities, in the form that `nais pki` goes on with, and their revocation lists.
    pub(crate) fn write(mut self, dir: &Path) -> Result<(), Error> {
        let pki = dir.join("pki");
        let folder = Folder::at(&pki);
        let since = self.now - SignedDuration::from_hours(1);
        services::write(&folder, &mut self.root, &mut self.issuing, since)?;
        folder.add(ROOT, &self.root)?;
        folder.add(ISSUING, &self.issuing)?;
        folder.add(ATTRIBUTES, &self.attributes)?;
        renew_lists(dir, self.now)
    }
}

/// Issues the revocation lists anew, so that a stand that was away for long starts with fresh ones.
pub(crate) fn renew_lists(dir: &Path, now: Timestamp) -> Result<(), Error> {
    let pki = dir.join("pki");
    let folder = Folder::at(&pki);
    let (from, to) = (now - SignedDuration::from_mins(5), now + years(1));
    let mut text = String::new();
    for name in folder.authorities() {
        let mut authority = folder.open(name)?;
        text.push_str(&authority.crl(from, to)?.to_pem());
        folder.keep(name, &authority)?;
    }
    files::replace(&pki.join("crl.pem"), text.as_bytes())
}

/// A profile for a consumer's certificate.
pub(crate) fn consumer(name: &str, unp: &str, purposes: &[Purpose], term: Term) -> Profile {
    let short: String = name.chars().take(64).collect();
    let mut profile = Profile::new(Subject::new(short.clone()).of(short), purposes, term);
    profile.unp = Some(unp.to_owned());
    profile
}
