//! The card's file: version 1, everything sealed in hex.

use serde::{Deserialize, Serialize};

use crate::seal::Sealed;
use crate::{Card, CardError, Lock, Pin};

/// The only version so far.
const VERSION: u32 = 1;
/// Rounds that a file may ask for: more would only keep the computer busy.
const ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=10_000_000;

/// The file as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    version: u32,
    holder: String,
    rounds: u32,
    pin1: LockFile,
    pin2: LockFile,
    puk: LockFile,
    authentication: String,
    signature: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    tries_left: u8,
    salt: String,
    sealed: String,
}

impl From<Card> for File {
    fn from(card: Card) -> Self {
        Self {
            version: VERSION,
            holder: card.holder,
            rounds: card.rounds,
            pin1: LockFile::of(&card.one),
            pin2: LockFile::of(&card.two),
            puk: LockFile::of(&card.puk),
            authentication: card.authentication.to_hex(),
            signature: card.signature.to_hex(),
        }
    }
}

impl TryFrom<File> for Card {
    type Error = CardError;

    fn try_from(file: File) -> Result<Self, CardError> {
        if file.version != VERSION {
            return Err(CardError::Unreadable("of another version"));
        }
        if !ROUNDS.contains(&file.rounds) {
            return Err(CardError::Unreadable("rounds out of bounds"));
        }
        let sealed = |text: &str| Sealed::from_hex(text).ok_or(CardError::Unreadable("not hex"));
        Ok(Self {
            one: file.pin1.lock(Pin::One)?,
            two: file.pin2.lock(Pin::Two)?,
            puk: file.puk.lock(Pin::Puk)?,
            authentication: sealed(&file.authentication)?,
            signature: sealed(&file.signature)?,
            holder: file.holder,
            rounds: file.rounds,
        })
    }
}

impl LockFile {
    fn of(lock: &Lock) -> Self {
        Self { tries_left: lock.tries_left, salt: hex::encode(lock.salt), sealed: lock.sealed.to_hex() }
    }

    fn lock(&self, pin: Pin) -> Result<Lock, CardError> {
        let mut salt = [0; 16];
        hex::decode_to_slice(&self.salt, &mut salt).map_err(|_| CardError::Unreadable("a salt is not 16 bytes"))?;
        if self.tries_left > pin.tries() {
            return Err(CardError::Unreadable("more tries than there are"));
        }
        let sealed = Sealed::from_hex(&self.sealed).ok_or(CardError::Unreadable("not hex"))?;
        Ok(Lock { tries_left: self.tries_left, salt, sealed })
    }
}

/// Whether a new card may have so many rounds.
pub(super) fn allows_rounds(rounds: u32) -> bool {
    ROUNDS.contains(&rounds)
}
