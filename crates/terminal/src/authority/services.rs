//! What an authority needs beside itself: keys that answer about its certificates (OCSP) and that stamp time, of both
//! families, so that who asks in the national digest is answered with the national signature.

use eds::pki::{Addresses, Authority, Profile, Subject, Term};
use eds::{Algorithm, Certificate, Purpose, SigningKey};

use super::{ATTRIBUTES, Folder, ISSUING, ROOT};
use crate::exit::Error;

/// Answers about certificates of the issuing authority.
pub const RESPONDERS: [(&str, Algorithm); 2] =
    [("ocsp", Algorithm::EcdsaP256Sha256), ("ocsp-bign", Algorithm::BignBeltHash)];
/// Answers about certificates of the root.
pub const ROOT_RESPONDER: (&str, Algorithm) = ("ocsp-root", Algorithm::EcdsaP256Sha256);
/// Stamp time.
pub const STAMPERS: [(&str, Algorithm); 2] =
    [("tsa", Algorithm::EcdsaP256Sha256), ("tsa-bign", Algorithm::BignBeltHash)];

/// Where authorities below this address tell what they revoked.
pub fn addresses(base: &str, authority: &str) -> Addresses {
    let base = base.trim_end_matches('/');
    Addresses { ocsp: Some(format!("{base}/ocsp")), crl: Some(format!("{base}/pki/{authority}.crl")) }
}

/// An authority of attribute certificates, below the issuing one and as long as it.
pub fn attributes(issuing: &mut Authority, since: jiff::Timestamp) -> Result<Authority, Error> {
    let term = Term { not_before: since, not_after: issuing.certificate().not_after() };
    let issuer = issuing.certificate().common_name().unwrap_or(ISSUING);
    let title: String = format!("{ATTRIBUTES}, {issuer}").chars().take(64).collect();
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256)?;
    Ok(issuing.issue_attribute_authority(&Subject::new(title), key, term)?)
}

/// Issues the certificates and writes them with their keys. They end with their issuer: a stamp must outlive what it
/// stamps.
pub fn write(
    folder: &Folder,
    root: &mut Authority,
    issuing: &mut Authority,
    since: jiff::Timestamp,
) -> Result<(), Error> {
    let responder = [(ROOT_RESPONDER, Purpose::OcspSigning)];
    issue(folder, root, ROOT, &responder, since)?;
    let of = |list: [(&'static str, Algorithm); 2], purpose| list.map(|one| (one, purpose));
    let both = [of(RESPONDERS, Purpose::OcspSigning), of(STAMPERS, Purpose::TimeStamping)].concat();
    issue(folder, issuing, ISSUING, &both, since)
}

fn issue(
    folder: &Folder,
    authority: &mut Authority,
    of: &str,
    wanted: &[((&str, Algorithm), Purpose)],
    since: jiff::Timestamp,
) -> Result<(), Error> {
    let term = Term { not_before: since, not_after: authority.certificate().not_after() };
    for ((name, algorithm), purpose) in wanted {
        let what = if *purpose == Purpose::TimeStamping { "time stamps" } else { "OCSP" };
        let issuer = authority.certificate().common_name().unwrap_or(of);
        let title: String = format!("{what} ({name}), {issuer}").chars().take(64).collect();
        let key = SigningKey::generate(*algorithm)?;
        let profile = Profile::new(Subject::new(title), [*purpose], term);
        let certificate: Certificate = authority.issue(&profile, key.verifying_key())?;
        folder.pair(name, &eds::chain_to_pem([&certificate, authority.certificate()]), &key)?;
    }
    Ok(())
}
