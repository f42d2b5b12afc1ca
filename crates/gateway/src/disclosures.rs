//! Who was given data about a person: what the person may see of it (Law 99-Z, article 12).

use jiff::Timestamp;
use model::Title;
use store::{Db, Error, Tx, Vault};
use uuid::Uuid;

store::statements! {
    /// Remembers that data about a person left.
    DISCLOSED = "INSERT INTO disclosure (subject, at, request_id, consumer, service, method)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    /// Whom data about a person went to, newest first.
    DISCLOSURES = "SELECT d.at, d.request_id, d.consumer, d.service, d.method, c.body FROM disclosure d
        LEFT JOIN consumer c ON c.id = d.consumer
        WHERE d.subject = $1 AND d.at >= $2 AND d.at < $3 ORDER BY d.at DESC LIMIT $4";
}

/// One time that data about a person left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// When.
    pub at: Timestamp,
    /// The exchange.
    pub request_id: Uuid,
    /// The consumer's name in NAIS.
    pub consumer: String,
    /// Its official name.
    pub title: Title,
    /// The service's code.
    pub service: String,
    /// The method.
    pub method: String,
}

/// What of a person's disclosures is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// From this moment on.
    pub since: Timestamp,
    /// Only before this moment.
    pub before: Timestamp,
    /// So many at most.
    pub limit: u16,
}

/// Remembers in the transaction that records the exchange.
pub(crate) fn remember(
    tx: &mut Tx<'_>,
    subjects: &[[u8; 16]],
    (at, request_id): (i64, &[u8; 16]),
    (consumer, service, method): (&str, &str, &str),
) -> Result<(), Error> {
    for subject in subjects {
        let params = [subject.into(), at.into(), request_id.into(), consumer.into(), service.into(), method.into()];
        tx.execute(&DISCLOSED, &params)?;
    }
    Ok(())
}

/// Whom data about `subject` went to: an identification number, or a document as `DEU:C01X00T47`.
pub async fn disclosures(db: &Db, vault: &Vault, subject: &str, wanted: Wanted) -> Result<Vec<Disclosure>, Error> {
    let pseudonym = vault.pseudonym("subject", subject.as_bytes());
    db.read(move |tx| {
        let params = [
            (&pseudonym).into(),
            wanted.since.as_microsecond().into(),
            wanted.before.as_microsecond().into(),
            i64::from(wanted.limit).into(),
        ];
        tx.query(&DISCLOSURES, &params, |row| {
            let consumer = row.text(2)?.to_owned();
            let known = row.opt_text(5)?.and_then(|body| serde_json::from_str::<model::access::Consumer>(body).ok());
            Ok(Disclosure {
                at: Timestamp::from_microsecond(row.int(0)?).map_err(Error::broken)?,
                request_id: Uuid::from_bytes(row.array(1)?),
                title: known.map_or_else(|| consumer.as_str().into(), |known| known.title),
                consumer,
                service: row.text(3)?.to_owned(),
                method: row.text(4)?.to_owned(),
            })
        })
    })
    .await
}
