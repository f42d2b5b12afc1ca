//! Access tokens: GUIDs with a term, bound to a TLS certificate, kept as digests only.

use eds::{Certificate, sha256};
use jiff::Timestamp;
use model::{Kind, Refusal};
use store::{Db, Error, Stamp, Tx};

use super::Desk;

store::statements! {
    /// Writes a token's digest down.
    ISSUE = "INSERT INTO token (hash, consumer, certificate, valid_from, valid_to, quota_per_minute)
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// Takes a token back.
    REVOKE = "UPDATE token SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL";
    /// All tokens, by consumer.
    TOKENS = "SELECT hash, consumer, certificate, valid_from, valid_to, revoked_at FROM token ORDER BY consumer, valid_from";
}

/// A token just issued; the only moment at which its text is known.
pub struct Issued {
    /// The GUID for `Authorization: Bearer`.
    pub token: String,
    /// The receipt of the issue.
    pub stamp: Stamp,
}

/// What is known of a token.
#[derive(Debug, Clone)]
pub struct Token {
    /// First twelve digits of its digest: names it without being it.
    pub id: String,
    /// Whose it is.
    pub consumer: String,
    /// The TLS certificate it is bound to.
    pub certificate: String,
    /// Its term.
    pub valid_from: Timestamp,
    /// Its term.
    pub valid_to: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// From when until when a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// First moment.
    pub from: Timestamp,
    /// The moment it ends.
    pub to: Timestamp,
}

/// A new token of `consumer`, bound to `certificate`, for the term and the calls a minute given.
pub async fn issue(
    desk: &Desk,
    consumer: &str,
    certificate: &Certificate,
    term: Term,
    quota_per_minute: u32,
) -> Result<Issued, Error> {
    let token = uuid::Builder::from_random_bytes(store::random()).into_uuid().hyphenated().to_string();
    let hash = sha256(token.as_bytes());
    let der = certificate.der().to_vec();
    let owner = consumer.to_owned();
    let act = move |tx: &mut Tx<'_>| {
        let (from, to) = (term.from.as_microsecond(), term.to.as_microsecond());
        let quota = i64::from(quota_per_minute);
        let row = [(&hash).into(), (&owner).into(), (&der).into(), from.into(), to.into(), quota.into()];
        tx.execute(&ISSUE, &row).map(|_| ())
    };
    let ((), stamp) = desk.commit(consumer, "token-issued", ("token", short(&hash)), act).await?;
    Ok(Issued { token, stamp })
}

/// The token is refused from now on; named by its GUID or by the twelve digits of the list.
pub async fn revoke(desk: &Desk, named: &str) -> Result<Stamp, Error> {
    let digest = uuid::Uuid::try_parse(named).ok().map(|guid| sha256(guid.hyphenated().to_string().as_bytes()));
    let id = digest.map_or_else(|| named.to_ascii_lowercase(), |digest| short(&digest));
    let found =
        desk.db.read(|tx| tx.query(&TOKENS, &[], |row| Ok((row.array::<32>(0)?, row.text(1)?.to_owned())))).await?;
    let unknown = || Error::Refused(Refusal::new(Kind::NotFound, "unknown-token").with("token", &id));
    let (hash, consumer) = found.into_iter().find(|(hash, _)| short(hash) == id).ok_or_else(unknown)?;
    let at = desk.now.as_microsecond();
    let act = move |tx: &mut Tx<'_>| tx.execute(&REVOKE, &[(&hash).into(), at.into()]).map(|_| ());
    desk.commit(&consumer, "token-revoked", ("token", short(&hash)), act).await.map(|((), stamp)| stamp)
}

/// All tokens, by consumer.
pub async fn tokens(db: &Db) -> Result<Vec<Token>, Error> {
    db.read(|tx| {
        tx.query(&TOKENS, &[], |row| {
            let moment = |micros| Timestamp::from_microsecond(micros).map_err(Error::broken);
            Ok(Token {
                id: short(&row.array(0)?),
                consumer: row.text(1)?.to_owned(),
                certificate: Certificate::from_der(row.bytes(2)?).map_err(Error::broken)?.fingerprint_hex(),
                valid_from: moment(row.int(3)?)?,
                valid_to: moment(row.int(4)?)?,
                revoked_at: row.opt_int(5)?.map(moment).transpose()?,
            })
        })
    })
    .await
}

fn short(hash: &[u8; 32]) -> String {
    let mut text = hex::encode(hash);
    text.truncate(12);
    text
}
