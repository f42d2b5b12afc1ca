//! What happened to an account, for its holder: rows of `identity_event`.

use store::{Error, Tx};
use uuid::Uuid;

store::statements! {
    /// Something happened.
    ADD = "INSERT INTO identity_event (account, at, id, kind, address) VALUES ($1, $2, $3, $4, $5)";
    /// What happened last.
    RECENT = "SELECT at, kind, address FROM identity_event WHERE account = $1 ORDER BY at DESC, id DESC LIMIT $2";
    /// What is older than it is kept.
    FORGET = "DELETE FROM identity_event WHERE at < $1";
}

/// How long events are kept: a year.
const KEEP: i64 = 365 * 24 * 3600 * 1_000_000;

/// What happened; the key of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    SignedUp,
    SignedIn,
    SignInFailed,
    SecondFactorFailed,
    SignedOut,
    SignedOutEverywhere,
    SessionEnded,
    PasswordChanged,
    PasswordReset,
    SecondFactorOn,
    SecondFactorOff,
    RecoveryCodeUsed,
    IdentifierIssued,
    ConsentGiven,
    TokenReused,
    PasskeyAdded,
    PasskeyRemoved,
    PasskeyRefused,
}

impl Event {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SignedUp => "signed-up",
            Self::SignedIn => "signed-in",
            Self::SignInFailed => "sign-in-failed",
            Self::SecondFactorFailed => "second-factor-failed",
            Self::SignedOut => "signed-out",
            Self::SignedOutEverywhere => "signed-out-everywhere",
            Self::SessionEnded => "session-ended",
            Self::PasswordChanged => "password-changed",
            Self::PasswordReset => "password-reset",
            Self::SecondFactorOn => "second-factor-on",
            Self::SecondFactorOff => "second-factor-off",
            Self::RecoveryCodeUsed => "recovery-code-used",
            Self::IdentifierIssued => "identifier-issued",
            Self::ConsentGiven => "consent-given",
            Self::TokenReused => "token-reused",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::PasskeyRefused => "passkey-refused",
        }
    }
}

/// A line of the holder's list.
pub(crate) struct Line {
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) address: String,
}

/// It is written down.
pub(crate) fn note(tx: &mut Tx<'_>, account: Uuid, event: Event, at: i64, address: &str) -> Result<(), Error> {
    let id = store::random::<8>();
    let row = [account.as_bytes().into(), at.into(), (&id).into(), event.as_str().into(), address.into()];
    tx.execute(&ADD, &row).map(|_| ())
}

/// What happened last, newest first.
pub(crate) fn recent(tx: &mut Tx<'_>, account: Uuid, limit: i64) -> Result<Vec<Line>, Error> {
    tx.query(&RECENT, &[account.as_bytes().into(), limit.into()], |row| {
        Ok(Line { at: row.int(0)?, kind: row.text(1)?.to_owned(), address: row.text(2)?.to_owned() })
    })
}

/// What is old is forgotten.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGET, &[(now - KEEP).into()]).map(|_| ())
}
