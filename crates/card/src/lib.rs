//! An ID card in software: two keys under two PINs, tries that run out, a PUK that lifts the block.
//!
//! As on the card in people's hands (domain §4.6): PIN 1 reads the holder's data and signs in, PIN 2 signs. A card of
//! paper and plastic keeps its counters itself; a file can be copied, and whoever holds a copy may try PINs for as long
//! as they like, slowed by the rounds alone. That is right for a stand and for tests, and for nothing else.
//!
//! A try is counted before a PIN is looked at: [`Card::begin`] counts, the caller keeps the card, and only then the
//! [`Attempt`] lets a PIN be checked. Pulling the plug in between costs a try and never wins one. After the act the
//! caller keeps the card again, for the counter is full anew when the PIN was right.

#![forbid(unsafe_code)]

mod act;
mod fault;
mod file;
mod seal;

use der::Sequence;
use secrecy::SecretString;

pub use act::{Authentication, authentication_message};
pub use fault::{CardError, Error};

use eds::{Certificate, SigningKey};
use file::File;
use seal::Sealed;

/// Texts of the refusals of this crate, one file a language.
pub const TEXTS: [(model::Lang, &str); 3] = [
    (model::Lang::En, include_str!("../texts/refusals.en.toml")),
    (model::Lang::Be, include_str!("../texts/refusals.be.toml")),
    (model::Lang::Ru, include_str!("../texts/refusals.ru.toml")),
];

/// Tries of a PIN.
pub const PIN_TRIES: u8 = 3;
/// Tries of the PUK.
pub const PUK_TRIES: u8 = 10;
/// Rounds of PBKDF2-HMAC-SHA-256 for new cards (OWASP's floor).
pub const ROUNDS: u32 = 600_000;

/// A secret that opens something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pin {
    /// Reads the holder's data and signs in: 4 to 12 digits.
    One,
    /// Signs: 4 to 12 digits.
    Two,
    /// Gives blocked PINs anew: 8 to 12 digits.
    Puk,
}

/// The holder, as the card tells after PIN 1.
#[derive(Clone, Debug, PartialEq, Eq, Sequence, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Identification number.
    pub identification_number: String,
    /// Surname.
    pub surname: String,
    /// Given name.
    pub name: String,
    /// Patronymic; empty when there is none.
    pub patronymic: String,
}

/// A key with its certificate and those between it and the root.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The key.
    pub key: SigningKey,
    /// Its certificate.
    pub certificate: Certificate,
    /// The issuing authorities' certificates.
    pub chain: Vec<Certificate>,
}

/// What a card is made of.
#[derive(Clone, Debug)]
pub struct Blank {
    /// The name that the card shows to anybody.
    pub holder: String,
    /// What it tells after PIN 1.
    pub identity: Identity,
    /// For signing in: a certificate that is good for [`eds::Purpose::TlsClient`], and not for signatures.
    pub authentication: Pair,
    /// For signing: a certificate that is good for [`eds::Purpose::Signature`].
    pub signature: Pair,
}

/// The three secrets of a new card.
#[derive(Clone, Debug)]
pub struct Pins {
    /// PIN 1.
    pub one: SecretString,
    /// PIN 2.
    pub two: SecretString,
    /// The PUK.
    pub puk: SecretString,
}

/// A card. Serialises as its file, version 1; nothing secret and nothing personal but the holder's name is readable in
/// it without a PIN.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "File", into = "File")]
pub struct Card {
    holder: String,
    rounds: u32,
    one: Lock,
    two: Lock,
    puk: Lock,
    /// Identity and the key that signs in, under PIN 1's secret.
    authentication: Sealed,
    /// The key that signs, under PIN 2's secret.
    signature: Sealed,
}

/// A PIN's counter, and what the PIN opens.
#[derive(Clone, Debug)]
struct Lock {
    tries_left: u8,
    salt: [u8; 16],
    sealed: Sealed,
}

/// What a card shows to anybody.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// The holder's name.
    pub holder: String,
    /// Tries left; a PIN with none is blocked.
    pub tries_left: TriesLeft,
}

/// Tries left of each secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TriesLeft {
    /// PIN 1.
    pub pin1: u8,
    /// PIN 2.
    pub pin2: u8,
    /// The PUK; with none the card is of no more use once a PIN is blocked.
    pub puk: u8,
}

/// A try that has been counted, and allows one PIN to be checked once.
#[derive(Debug)]
#[must_use = "the try is counted already: keep the card, then check the PIN"]
pub struct Attempt(Pin);

impl Card {
    /// What anybody may see.
    pub fn status(&self) -> Status {
        let tries_left = TriesLeft { pin1: self.one.tries_left, pin2: self.two.tries_left, puk: self.puk.tries_left };
        Status { holder: self.holder.clone(), tries_left }
    }

    /// Counts a try. Keep the card before going on.
    pub fn begin(&mut self, pin: Pin) -> Result<Attempt, CardError> {
        let lock = self.lock_mut(pin);
        match lock.tries_left.checked_sub(1) {
            Some(left) => {
                lock.tries_left = left;
                Ok(Attempt(pin))
            }
            None if pin == Pin::Puk => Err(CardError::Dead),
            None => Err(CardError::Blocked),
        }
    }

    fn lock(&self, pin: Pin) -> &Lock {
        match pin {
            Pin::One => &self.one,
            Pin::Two => &self.two,
            Pin::Puk => &self.puk,
        }
    }

    fn lock_mut(&mut self, pin: Pin) -> &mut Lock {
        match pin {
            Pin::One => &mut self.one,
            Pin::Two => &mut self.two,
            Pin::Puk => &mut self.puk,
        }
    }
}

impl Pin {
    fn tries(self) -> u8 {
        match self {
            Self::One | Self::Two => PIN_TRIES,
            Self::Puk => PUK_TRIES,
        }
    }

    /// What the seal is bound to, so that no part of a card can stand in for another.
    fn label(self) -> &'static [u8] {
        match self {
            Self::One => b"nais-card-1 pin1",
            Self::Two => b"nais-card-1 pin2",
            Self::Puk => b"nais-card-1 puk",
        }
    }

    /// Digits, as many as this secret has.
    pub(self) fn is_formed(self, digits: &str) -> bool {
        let length = if self == Self::Puk { 8..=12 } else { 4..=12 };
        length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}
