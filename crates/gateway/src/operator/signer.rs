//! Registered signing certificates: the keys by which RFC 9421 signatures name themselves.

use eds::Certificate;
use model::{Kind, Refusal};
use store::{Db, Error, Stamp, Tx};

use super::Desk;

store::statements! {
    /// Registers a certificate.
    ENROL = "INSERT INTO signer (keyid, consumer, certificate, added_at) VALUES ($1, $2, $3, $4)";
    /// Takes a certificate back.
    STRIKE = "UPDATE signer SET revoked_at = $2 WHERE keyid = $1 AND revoked_at IS NULL";
    /// All registered certificates.
    SIGNERS = "SELECT keyid, consumer FROM signer WHERE revoked_at IS NULL ORDER BY consumer, keyid";
}

/// The certificate is `consumer`'s; its fingerprint is the `keyid`.
pub async fn enrol(desk: &Desk, consumer: &str, certificate: &Certificate) -> Result<Stamp, Error> {
    let keyid = certificate.fingerprint_hex();
    let (id, der, owner) = (keyid.clone(), certificate.der().to_vec(), consumer.to_owned());
    let now = desk.now.as_microsecond();
    let act = move |tx: &mut Tx<'_>| {
        tx.execute(&ENROL, &[(&id).into(), (&owner).into(), (&der).into(), now.into()]).map(|_| ())
    };
    desk.commit(consumer, "certificate-registered", ("keyid", keyid), act).await.map(|((), stamp)| stamp)
}

/// The certificate's signatures are refused from now on.
pub async fn strike(desk: &Desk, keyid: &str) -> Result<Stamp, Error> {
    let unknown = || Error::Refused(Refusal::new(Kind::NotFound, "unknown-certificate").with("keyid", keyid));
    let all = signers(&desk.db).await?;
    let (_, consumer) = all.into_iter().find(|(id, _)| id == keyid).ok_or_else(unknown)?;
    let (id, now) = (keyid.to_owned(), desk.now.as_microsecond());
    let act = move |tx: &mut Tx<'_>| tx.execute(&STRIKE, &[(&id).into(), now.into()]).map(|_| ());
    desk.commit(&consumer, "certificate-struck", ("keyid", keyid.to_owned()), act).await.map(|((), stamp)| stamp)
}

/// Key identifiers with their consumers.
pub async fn signers(db: &Db) -> Result<Vec<(String, String)>, Error> {
    db.read(|tx| tx.query(&SIGNERS, &[], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))).await
}
