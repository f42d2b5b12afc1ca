//! Challenges: given out sealed in a form, good for ten minutes, for one purpose, once.

use store::{Error, Tx, Vault};
use uuid::Uuid;

use crate::secret::{base64url, from_base64url};

store::statements! {
    /// A challenge counts, if it has not counted before. It is forgotten with what clients have shown.
    SPEND = "INSERT INTO identity_assertion (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
}

/// How long a person may take.
const TERM: i64 = 600 * 1_000_000;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// This account makes a passkey.
    Register(Uuid),
    /// Somebody signs in with one.
    SignIn,
    /// This account's second step.
    SecondStep(Uuid),
    /// Somebody signs in with an ID card or another EDS.
    Card,
}

impl Purpose {
    fn aad(self) -> Vec<u8> {
        let (name, account) = match self {
            Self::Register(account) => (b"identity.challenge.register.".as_slice(), Some(account)),
            Self::SignIn => (b"identity.challenge.sign-in.".as_slice(), None),
            Self::SecondStep(account) => (b"identity.challenge.second.".as_slice(), Some(account)),
            Self::Card => (b"identity.challenge.card.".as_slice(), None),
        };
        [name, account.as_ref().map_or(&[], |account| account.as_bytes().as_slice())].concat()
    }
}

/// Random bytes that somebody must sign.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The bytes.
    pub(crate) bytes: [u8; 32],
    /// Not later than this.
    pub(crate) until: i64,
}

impl Challenge {
    /// A new one; as forms carry it.
    pub(crate) fn give(vault: &Vault, purpose: Purpose, now: i64) -> (Self, String) {
        let challenge = Self { bytes: store::random(), until: now + TERM };
        let plain = [challenge.bytes.as_slice(), &challenge.until.to_be_bytes()].concat();
        let sealed = base64url(&vault.seal(&purpose.aad(), &plain));
        (challenge, sealed)
    }

    /// The one that a form carried; none when it is not ours, for something else, or too old.
    pub(crate) fn carried(vault: &Vault, purpose: Purpose, sealed: &str, now: i64) -> Option<Self> {
        let plain = vault.open(&purpose.aad(), &from_base64url(sealed)?).ok()?;
        let (bytes, until) = plain.split_first_chunk::<32>()?;
        let challenge = Self { bytes: *bytes, until: i64::from_be_bytes(until.try_into().ok()?) };
        (now <= challenge.until).then_some(challenge)
    }

    /// It counts now, and never again; false when it has counted before.
    pub(crate) fn spend(&self, tx: &mut Tx<'_>) -> Result<bool, Error> {
        Ok(tx.execute(&SPEND, &[(&self.bytes).into(), self.until.into()])? == 1)
    }
}
