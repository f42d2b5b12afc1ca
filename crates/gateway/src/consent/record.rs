//! A use of a consent, in the transaction that records the disclosure.

use model::{Kind, Refusal};
use store::{Error, Param, Row, Tx, Vault};
use uuid::Uuid;

use super::{Presented, aad};

store::statements! {
    /// A message under a consent, unless the consumer sent one of this identifier before.
    MESSAGE = "INSERT INTO consent_message (consumer, message, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    /// Whether a message was seen.
    MESSAGE_SEEN = "SELECT expires FROM consent_message WHERE consumer = $1 AND message = $2";
    /// Forgets messages whose consents have expired: they would be refused for that.
    MESSAGES_FORGOTTEN = "DELETE FROM consent_message WHERE expires < $1";
    /// A consent that is used for the first time.
    GIVE = "INSERT INTO consent (consent_id, subject, consumer, agreement, given_at, valid_from, valid_to, uses_allowed,
        uses_made, cms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) ON CONFLICT DO NOTHING";
    /// One use more. The row stays locked until the disclosure is on disk, so that a withdrawal waits for it or it for
    /// the withdrawal.
    USE = "UPDATE consent SET uses_made = uses_made + 1 WHERE consent_id = $1 AND subject = $2
        RETURNING consumer, agreement, uses_allowed, uses_made - 1, withdrawn_at";
    /// What is known of a person's consent.
    STANDING = "SELECT consumer, agreement, uses_allowed, uses_made, withdrawn_at FROM consent
        WHERE consent_id = $1 AND subject = $2";
    /// Whether somebody else has given a consent of this identifier. What others have only withdrawn says nothing:
    /// whoever learns an identifier can do that.
    TAKEN = "SELECT given_at FROM consent WHERE consent_id = $1 AND subject <> $2 AND cms IS NOT NULL";
    /// The CMS of the first use, sealed.
    ORIGINAL = "SELECT cms FROM consent WHERE consent_id = $1 AND cms IS NOT NULL";
    /// The last use was made.
    USED_UP = "UPDATE consent SET ended_at = $3 WHERE consent_id = $1 AND subject = $2 AND uses_made = uses_allowed
        AND ended_at IS NULL";
}

/// What a use made of the consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// It was the first.
    pub given: bool,
    /// It was the last.
    pub ended: bool,
}

/// A consent as it is kept.
struct Standing {
    consumer: String,
    agreement: Vec<u8>,
    uses_allowed: Option<i64>,
    uses_made: i64,
    withdrawn_at: Option<i64>,
}

impl Standing {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            consumer: row.text(0)?.to_owned(),
            agreement: row.bytes(1)?.to_vec(),
            uses_allowed: row.opt_int(2)?,
            uses_made: row.int(3)?,
            withdrawn_at: row.opt_int(4)?,
        })
    }

    /// It may be used once more for what is presented.
    fn permits(&self, presented: &Presented) -> Result<(), Refusal> {
        if self.withdrawn_at.is_some() {
            return Err(Refusal::new(Kind::Forbidden, "consent-withdrawn"));
        }
        if self.consumer != presented.consumer || self.agreement != presented.agreement {
            return Err(changed());
        }
        if self.uses_allowed.is_some_and(|allowed| self.uses_made >= allowed) {
            return Err(Refusal::new(Kind::Forbidden, "consent-used-up"));
        }
        Ok(())
    }
}

fn replayed() -> Error {
    Error::Refused(Refusal::new(Kind::Conflict, "replayed-message"))
}

/// Nothing that is known now speaks against the use. What holds when it is recorded decides.
pub(crate) fn standing(tx: &mut Tx<'_>, presented: &Presented) -> Result<(), Error> {
    let (consumer, message) = (presented.consumer.as_str(), presented.message.into_bytes());
    if tx.query_opt(&MESSAGE_SEEN, &[consumer.into(), (&message).into()], |row| row.int(0))?.is_some() {
        return Err(replayed());
    }
    let id = presented.id.into_bytes();
    free(tx, &id, presented)?;
    let found = tx.query_opt(&STANDING, &[(&id).into(), (&presented.subject).into()], Standing::read)?;
    match found {
        Some(found) => found.permits(presented).map_err(Error::Refused),
        None => shown(presented),
    }
}

/// What the person was shown is what NAIS shows; of a consent that is known it was judged when it was given.
fn shown(presented: &Presented) -> Result<(), Error> {
    if presented.worded_otherwise {
        return Err(Error::Refused(Refusal::new(Kind::Forbidden, "consent-wording")));
    }
    Ok(())
}

/// The use is counted, and the message is known. Must run in a part of its own: a refusal has to undo it.
pub(crate) fn admit(tx: &mut Tx<'_>, vault: &Vault, presented: &Presented) -> Result<Admitted, Error> {
    let (consumer, message) = (presented.consumer.as_str(), presented.message.into_bytes());
    let to = presented.to.as_microsecond();
    if tx.execute(&MESSAGE, &[consumer.into(), (&message).into(), to.into()])? == 0 {
        return Err(replayed());
    }
    let id = presented.id.into_bytes();
    free(tx, &id, presented)?;
    let given = give(tx, vault, presented)?;
    if given {
        shown(presented)?;
    }
    let found = tx.query_opt(&USE, &[(&id).into(), (&presented.subject).into()], Standing::read)?;
    let found = found.ok_or_else(|| Error::broken("a consent that is there was not found"))?;
    found.permits(presented).map_err(Error::Refused)?;
    let ended =
        tx.execute(&USED_UP, &[(&id).into(), (&presented.subject).into(), presented.at.as_microsecond().into()])? == 1;
    Ok(Admitted { given, ended })
}

/// The identifier is nobody else's.
fn free(tx: &mut Tx<'_>, id: &[u8; 16], presented: &Presented) -> Result<(), Error> {
    match tx.query_opt(&TAKEN, &[id.into(), (&presented.subject).into()], |row| row.int(0))? {
        Some(_) => Err(Error::Refused(changed())),
        None => Ok(()),
    }
}

fn changed() -> Refusal {
    Refusal::new(Kind::Forbidden, "consent-changed")
}

/// Writes the consent down unless it is known; true if it was not.
fn give(tx: &mut Tx<'_>, vault: &Vault, presented: &Presented) -> Result<bool, Error> {
    let id = presented.id.into_bytes();
    let sealed = vault.seal(&aad(&presented.id), &presented.cms);
    let params = [
        (&id).into(),
        (&presented.subject).into(),
        presented.consumer.as_str().into(),
        (&presented.agreement).into(),
        presented.at.as_microsecond().into(),
        presented.from.as_microsecond().into(),
        presented.to.as_microsecond().into(),
        presented.uses.map_or(Param::Null, |uses| i64::from(uses).into()),
        Param::Bytes(&sealed),
    ];
    Ok(tx.execute(&GIVE, &params)? == 1)
}

/// The CMS of the first use, sealed; none when there was no use.
pub(super) fn original(tx: &mut Tx<'_>, id: &Uuid) -> Result<Option<Vec<u8>>, Error> {
    let found = tx.query_opt(&ORIGINAL, &[(&id.into_bytes()).into()], |row| Ok(row.opt_bytes(0)?.map(<[u8]>::to_vec)));
    found.map(Option::flatten)
}

/// Forgets messages that would be refused anyway.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&MESSAGES_FORGOTTEN, &[now.into()]).map(|_| ())
}
