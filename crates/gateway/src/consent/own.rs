//! A person's own consents: what they see of them, take along, and withdraw in the private office.

use jiff::Timestamp;
use model::agreement::Agreement;
use model::{IdentificationNumber, Kind, Refusal, Title};
use serde_json::{Value, json};
use store::{Db, Error, Vault};
use uuid::Uuid;

use super::list::{Kept, kept};
use super::{export, subject, withdraw};
use crate::consent::withdraw::Withdrawal;
use crate::operator::Desk;

/// The message, and who uses it, of a person's consents.
macro_rules! known {
    () => {
        ", c.cms, k.body FROM consent c LEFT JOIN consumer k ON k.id = c.consumer WHERE c.subject = $1"
    };
}

store::statements! {
    /// A person's consents, newest first.
    OWN = concat!(kept!(), known!(), " ORDER BY c.given_at DESC, c.consent_id LIMIT 200");
    /// One of them.
    OWN_ONE = concat!(kept!(), known!(), " AND c.consent_id = $2");
}

/// A consent as its person sees it.
#[derive(Clone, Debug)]
pub struct Own {
    /// State, term and uses.
    pub kept: Kept,
    /// The operator's official name; none when it is not known any more, or the consent was never used.
    pub operator: Option<Title>,
    /// What was allowed; none when the consent was withdrawn before anybody used it, so that nobody showed it to us.
    pub agreement: Option<Agreement>,
}

type Found = (Kept, Option<Vec<u8>>, Option<Title>);

fn found(row: &store::Row<'_>) -> Result<Found, Error> {
    let title = row.opt_text(11)?.map(serde_json::from_str::<model::access::Consumer>).transpose();
    let title = title.map_err(Error::broken)?.map(|known| known.title);
    Ok((Kept::read(row)?, row.opt_bytes(10)?.map(<[u8]>::to_vec), title))
}

fn shown(vault: &Vault, (kept, sealed, operator): Found) -> Result<Own, Error> {
    let agreement = match sealed {
        Some(sealed) => Some(export::agreed(vault, &kept, &sealed)?),
        None => None,
    };
    Ok(Own { kept, operator, agreement })
}

async fn find(db: &Db, vault: &Vault, person: &IdentificationNumber, id: Uuid) -> Result<Found, Error> {
    let subject = subject(vault, person);
    let one = db.read(move |tx| tx.query_opt(&OWN_ONE, &[(&subject).into(), (&id.into_bytes()).into()], found));
    one.await?.ok_or_else(|| Error::Refused(Refusal::new(Kind::NotFound, "unknown-consent").with("consent", id)))
}

/// The person's consents, newest first: at most 200.
pub async fn own(db: &Db, vault: &Vault, person: &IdentificationNumber) -> Result<Vec<Own>, Error> {
    let subject = subject(vault, person);
    let all = db.read(move |tx| tx.query(&OWN, &[(&subject).into()], found)).await?;
    all.into_iter().map(|one| shown(vault, one)).collect()
}

/// One of the person's consents. Another's is as unknown as one that does not exist.
pub async fn own_one(db: &Db, vault: &Vault, person: &IdentificationNumber, id: Uuid) -> Result<Own, Error> {
    shown(vault, find(db, vault, person, id).await?)
}

/// One of the person's consents as a record of ISO/IEC TS 27560.
pub async fn export_own(
    db: &Db,
    vault: &Vault,
    person: &IdentificationNumber,
    id: Uuid,
    now: Timestamp,
) -> Result<Value, Error> {
    let (kept, sealed, _) = find(db, vault, person, id).await?;
    export::whole(vault, &kept, sealed.as_deref(), now)
}

/// The person, whose identity was proven when they signed in, withdraws one of their consents. Idempotent.
///
/// What is kept in place of a signed wish says by which means and at which level it was made.
pub async fn withdraw_own(
    desk: &Desk,
    person: &IdentificationNumber,
    id: Uuid,
    level: &str,
) -> Result<Withdrawal, Error> {
    find(&desk.db, &desk.vault, person, id).await?;
    let wish = json!({
        "consent_id": id, "withdraw": true, "time": desk.now, "means": "private-office", "level": level,
    });
    withdraw::record_wish(desk, id, person, wish.to_string().as_bytes()).await
}
