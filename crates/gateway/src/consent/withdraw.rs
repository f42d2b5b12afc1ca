//! A person withdraws a consent: the next request under it is refused.

use std::borrow::Cow;

use eds::cms::{self, Demand};
use eds::{CachedTrust, sha256};
use jiff::Timestamp;
use ledger::record::{self, Record};
use model::clock::uuid_at;
use model::{IdentificationNumber, Kind, Refusal};
use serde::Deserialize;
use store::{Error, Param, Stamp, Tx};
use uuid::Uuid;

use super::{DETAIL, aad, claim, subject};
use crate::operator::Desk;

store::statements! {
    /// A consent that is withdrawn before it was ever used here.
    WITHDRAW_UNUSED = "INSERT INTO consent (consent_id, subject, consumer, agreement, given_at, valid_from, valid_to,
        uses_made, withdrawn_at, withdrawal) VALUES ($1, $2, '', $3, $4, $4, $4, 0, $4, $5) ON CONFLICT DO NOTHING";
    /// Withdraws a consent of this person.
    WITHDRAW = "UPDATE consent SET withdrawn_at = $3, withdrawal = $4
        WHERE consent_id = $1 AND subject = $2 AND withdrawn_at IS NULL";
    /// Whom this person gave it to, and when it was withdrawn.
    WITHDRAWN = "SELECT consumer, withdrawn_at FROM consent WHERE consent_id = $1 AND subject = $2";
    /// Somebody else has given it.
    OTHERS = "SELECT given_at FROM consent WHERE consent_id = $1 AND subject <> $2 AND cms IS NOT NULL";
}

/// What the person signs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    consent_id: Uuid,
    withdraw: bool,
    /// For the person and for a court; what counts is the signing time and when it came.
    #[serde(rename = "time")]
    _time: Timestamp,
}

/// A consent that is withdrawn.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// Which.
    pub consent_id: Uuid,
    /// Since when.
    pub at: Timestamp,
    /// The receipt; none when it had been withdrawn before.
    pub stamp: Option<Stamp>,
}

/// The consent that `cms` names is withdrawn. Idempotent; a consent not yet used can be withdrawn too.
///
/// `cms` is CMS SignedData, attached, over `{"consent_id": …, "withdraw": true, "time": …}`, signed by the person who gave
/// the consent.
pub async fn withdraw(desk: &Desk, trust: &CachedTrust, cms: &[u8]) -> Result<Withdrawal, Error> {
    let (id, person) = wish(trust, cms, desk.now).map_err(Error::Refused)?;
    record_wish(desk, id, &person, cms).await
}

/// The wish is carried out and recorded; `evidence` is kept, sealed.
pub(super) async fn record_wish(
    desk: &Desk,
    id: Uuid,
    person: &IdentificationNumber,
    evidence: &[u8],
) -> Result<Withdrawal, Error> {
    let person = subject(&desk.vault, person);
    let (digest, sealed) = (sha256(evidence), desk.vault.seal(&aad(&id), evidence));
    let (vault, now) = (desk.vault.clone(), desk.now);
    let outcome = desk.db.commit(move |tx, entries| {
        let (consumer, at, fresh) = carry_out(tx, &id, &person, now, &sealed)?;
        if fresh {
            let key = uuid_at(now, store::random());
            let mut record = Record::new(record::Kind::ConsentWithdrawn, now, key, consumer);
            record.decision = Cow::Borrowed("withdrawn");
            record.consent_digest = Some(digest);
            record.subjects = vec![person];
            record.details.insert(DETAIL, id.to_string());
            entries.push(record::entry(&record, &store::random(), &vault).map_err(Error::broken)?);
        }
        Ok(at)
    });
    let (at, stamps) = outcome.await?;
    Ok(Withdrawal { consent_id: id, at, stamp: stamps.into_iter().next() })
}

/// Which consent, and who wishes it withdrawn.
fn wish(trust: &CachedTrust, cms: &[u8], now: Timestamp) -> Result<(Uuid, IdentificationNumber), Refusal> {
    let message = cms::verify(cms, None, &Demand::CONSENT).map_err(|error| claim::refusal(&error))?;
    let signed = claim::believed(message.only(), trust, now)?;
    let unreadable = || Refusal::new(Kind::Malformed, "withdrawal-unreadable");
    let wish: Wish = serde_json::from_slice(message.content()).map_err(|_| unreadable())?;
    if !wish.withdraw {
        return Err(unreadable());
    }
    let number = signed.certificate.identification_number().and_then(|text| IdentificationNumber::parse(text).ok());
    number.map(|number| (wish.consent_id, number)).ok_or_else(|| Refusal::new(Kind::Forbidden, "consent-wrong-person"))
}

/// To whom the consent was given, since when it is withdrawn, and whether that is news.
fn carry_out(
    tx: &mut Tx<'_>,
    id: &Uuid,
    person: &[u8; 16],
    now: Timestamp,
    sealed: &[u8],
) -> Result<(String, Timestamp, bool), Error> {
    let (id, at) = (id.into_bytes(), now.as_microsecond());
    if tx.query_opt(&OTHERS, &[(&id).into(), person.into()], |row| row.int(0))?.is_some() {
        return Err(Error::Refused(Refusal::new(Kind::Forbidden, "consent-wrong-person")));
    }
    let unused = [(&id).into(), person.into(), Param::Bytes(&[]), at.into(), Param::Bytes(sealed)];
    let fresh = tx.execute(&WITHDRAW_UNUSED, &unused)? == 1
        || tx.execute(&WITHDRAW, &[(&id).into(), person.into(), at.into(), Param::Bytes(sealed)])? == 1;
    let found =
        tx.query_opt(&WITHDRAWN, &[(&id).into(), person.into()], |row| Ok((row.text(0)?.to_owned(), row.opt_int(1)?)))?;
    match found {
        Some((consumer, Some(at))) => Ok((consumer, Timestamp::from_microsecond(at).map_err(Error::broken)?, fresh)),
        _ => Err(Error::broken("a consent that was withdrawn was not found")),
    }
}
