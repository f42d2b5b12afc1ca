//! The notaries' clerk: a natural person who signs with their own certificate, and an attribute certificate that says for
//! whom and as what.

use std::path::Path;

use eds::pki::{Profile, Subject};
use eds::{Algorithm, Purpose};
use gateway::operator::{self, Desk};
use registers::seed;

use super::consumers::like;
use super::family::CHAMBER;
use super::pki::Pki;
use crate::exit::Error;
use crate::files::{self, Readers};

/// The consumer's folder.
pub(super) const CLERK: &str = "notary-clerk";
const POSITION: &str = "clerk";

/// Their certificate, which says nothing of any organisation, and what is attested of them.
pub(super) fn create(dir: &Path, pki: &mut Pki) -> Result<(), Error> {
    let folder = dir.join("consumers").join(CLERK);
    files::folder(&folder)?;
    let subject = Subject::new("Климович Ольга Петровна").person("Климович", "Ольга Петровна");
    let pair = pki.pair(|term| Profile::new(subject, [Purpose::Signature], term), Algorithm::BignBeltHash)?;
    files::create(&folder.join("sign.pem"), pair.certificate.to_pem().as_bytes(), Readers::All)?;
    files::create(&folder.join("sign.key"), pair.key.as_bytes(), Readers::Owner)?;
    let chamber = seed::consumers().into_iter().find(|one| one.id == CHAMBER);
    let unp = chamber.map(|one| one.unp).ok_or_else(|| Error::failed("the stand has no notaries"))?;
    let attributes = pki.attest(&pair.certificate, &unp, POSITION)?;
    files::create(&folder.join("attributes.pem"), attributes.to_pem().as_bytes(), Readers::All)
}

/// Registers the certificate for the chamber, whose token and TLS certificate the clerk uses.
pub(super) async fn admit(dir: &Path, desk: &Desk) -> Result<(), Error> {
    let folder = dir.join("consumers").join(CLERK);
    operator::enrol(desk, CHAMBER, &files::certificate(&folder.join("sign.pem"), "")?).await?;
    like(&dir.join("consumers").join(CHAMBER), &folder, &["tls"], |_| {})
}
