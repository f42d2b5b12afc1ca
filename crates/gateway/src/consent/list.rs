//! Consents as the operator and the person see them: state, term and uses, under a pseudonym.

use jiff::Timestamp;
use serde::Serialize;
use store::{Db, Error, Row, Tx};
use uuid::Uuid;

/// What [`Kept::read`] reads, of the table `consent c`.
macro_rules! kept {
    () => {
        "SELECT c.consent_id, c.subject, c.consumer, c.given_at, c.valid_from, c.valid_to, c.uses_allowed, c.uses_made,
            c.withdrawn_at, c.ended_at"
    };
}
pub(super) use kept;

store::statements! {
    /// All consents, newest first.
    CONSENTS = concat!(kept!(), " FROM consent c ORDER BY c.given_at DESC, c.consent_id");
    /// One consent.
    CONSENT = concat!(kept!(), " FROM consent c WHERE c.consent_id = $1
        ORDER BY CASE WHEN c.cms IS NULL THEN 1 ELSE 0 END LIMIT 1");
}

/// Where a consent is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Given, and may still be used.
    Used,
    /// As often as it allowed.
    UsedUp,
    /// Taken back by the person.
    Withdrawn,
    /// Its term is over.
    Expired,
}

impl State {
    /// As lists and exports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::UsedUp => "used-up",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// A consent as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Names it.
    pub consent_id: Uuid,
    /// Keyed pseudonym of the person, hex.
    pub subject: String,
    /// The operator's name in NAIS; empty when it was withdrawn before anybody used it.
    pub consumer: String,
    /// First use.
    pub given_at: Timestamp,
    /// Its term.
    pub valid_from: Timestamp,
    /// Its term.
    pub valid_to: Timestamp,
    /// How often it may be used; none: until it expires.
    pub uses_allowed: Option<i64>,
    /// How often it was.
    pub uses_made: i64,
    /// When the person took it back.
    pub withdrawn_at: Option<Timestamp>,
    /// When it was used up, or its term was found to be over.
    pub ended_at: Option<Timestamp>,
}

impl Kept {
    /// Where it is on its way at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.withdrawn_at.is_some() {
            State::Withdrawn
        } else if self.uses_allowed.is_some_and(|allowed| self.uses_made >= allowed) {
            State::UsedUp
        } else if self.valid_to <= now {
            State::Expired
        } else {
            State::Used
        }
    }

    pub(super) fn read(row: &Row<'_>) -> Result<Self, Error> {
        let moment = |micros| Timestamp::from_microsecond(micros).map_err(Error::broken);
        Ok(Self {
            consent_id: Uuid::from_bytes(row.array(0)?),
            subject: hex::encode(row.array::<16>(1)?),
            consumer: row.text(2)?.to_owned(),
            given_at: moment(row.int(3)?)?,
            valid_from: moment(row.int(4)?)?,
            valid_to: moment(row.int(5)?)?,
            uses_allowed: row.opt_int(6)?,
            uses_made: row.int(7)?,
            withdrawn_at: row.opt_int(8)?.map(moment).transpose()?,
            ended_at: row.opt_int(9)?.map(moment).transpose()?,
        })
    }
}

/// All consents, newest first.
pub async fn consents(db: &Db) -> Result<Vec<Kept>, Error> {
    db.read(|tx| tx.query(&CONSENTS, &[], Kept::read)).await
}

/// One consent.
pub(super) fn one(tx: &mut Tx<'_>, id: &Uuid) -> Result<Option<Kept>, Error> {
    tx.query_opt(&CONSENT, &[(&id.into_bytes()).into()], Kept::read)
}
