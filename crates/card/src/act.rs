//! What a card does once a PIN is right.

use der::asn1::{Any, OctetString};
use der::{Decode, Encode, Sequence};
use eds::cms::{self, Place, Signer};
use eds::{Certificate, Form, SigningKey, random};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::seal::{KEY, Sealed, stretch};
use crate::{Attempt, Blank, Card, CardError, Error, Identity, Lock, Pair, Pin, Pins, file};

/// What stands before a challenge, so that no signature of the card's is mistaken for one on something else.
const AUTHENTICATION: &[u8] = b"nais-card-authentication-1\0";
/// A challenge has at least 128 bits and is no document.
const CHALLENGE: std::ops::RangeInclusive<usize> = 16..=1024;
const IDENTITY_LABEL: &[u8] = b"nais-card-1 authentication";
const SIGNATURE_LABEL: &[u8] = b"nais-card-1 signature";

/// An answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Over [`authentication_message`], in the form of certificates.
    pub signature: Vec<u8>,
    /// The holder's certificate for signing in.
    pub certificate: Certificate,
}

/// What is signed for a challenge.
pub fn authentication_message(challenge: &[u8]) -> Vec<u8> {
    [AUTHENTICATION, challenge].concat()
}

/// A pair at rest, under a seal.
#[derive(Sequence)]
struct Kept {
    key: OctetString,
    certificate: Any,
    chain: Vec<Any>,
    #[asn1(optional = "true")]
    identity: Option<Identity>,
}

impl Card {
    /// A new card. The keys are those of the certificates, and `rounds` at least 1,000: [`crate::ROUNDS`] for cards that
    /// people use.
    pub fn make(blank: &Blank, pins: &Pins, rounds: u32) -> Result<Self, Error> {
        if !file::allows_rounds(rounds) {
            return Err(CardError::Unreadable("rounds out of bounds").into());
        }
        let secrets = Zeroizing::new(random::bytes::<{ 2 * KEY }>()?);
        let (first, second) = secrets.split_at(KEY);
        let lock = |pin: Pin, digits: &SecretString, secret: &[u8]| Lock::new(pin, digits, secret, rounds);
        Ok(Self {
            holder: blank.holder.clone(),
            rounds,
            one: lock(Pin::One, &pins.one, first)?,
            two: lock(Pin::Two, &pins.two, second)?,
            puk: lock(Pin::Puk, &pins.puk, secrets.as_slice())?,
            authentication: keep(&blank.authentication, Some(&blank.identity), first, IDENTITY_LABEL)?,
            signature: keep(&blank.signature, None, second, SIGNATURE_LABEL)?,
        })
    }

    /// PIN 1: who the holder is.
    pub fn read(&mut self, attempt: Attempt, pin: &SecretString) -> Result<Identity, Error> {
        let secret = self.open(attempt, Pin::One, pin)?;
        let (_, identity) = taken(&self.authentication, &secret, IDENTITY_LABEL)?;
        identity.ok_or(Error::Card(CardError::Unreadable("no identity")))
    }

    /// PIN 1: the holder signs in with this challenge of 16 to 1024 bytes.
    pub fn authenticate(
        &mut self,
        attempt: Attempt,
        pin: &SecretString,
        challenge: &[u8],
    ) -> Result<Authentication, Error> {
        let secret = self.open(attempt, Pin::One, pin)?;
        if !CHALLENGE.contains(&challenge.len()) {
            return Err(eds::Error::Unreadable("challenge").into());
        }
        let (pair, _) = taken(&self.authentication, &secret, IDENTITY_LABEL)?;
        let signature = pair.key.sign(&authentication_message(challenge), Form::Der)?;
        Ok(Authentication { signature, certificate: pair.certificate })
    }

    /// PIN 2: the holder's CAdES-BES over exactly this content.
    pub fn sign(
        &mut self,
        attempt: Attempt,
        pin: &SecretString,
        content: &[u8],
        place: Place,
        at: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        let secret = self.open(attempt, Pin::Two, pin)?;
        let (pair, _) = taken(&self.signature, &secret, SIGNATURE_LABEL)?;
        let signer = Signer { key: &pair.key, certificate: &pair.certificate, chain: &pair.chain };
        Ok(cms::sign(content, place, &signer, at)?)
    }

    /// A PIN gives way to another; the PUK too.
    pub fn change(&mut self, attempt: Attempt, old: &SecretString, new: &SecretString) -> Result<(), Error> {
        let pin = attempt.0;
        let secret = self.open(attempt, pin, old)?;
        *self.lock_mut(pin) = Lock::new(pin, new, &secret, self.rounds)?;
        Ok(())
    }

    /// The PUK gives a PIN anew, with all its tries.
    pub fn unblock(&mut self, attempt: Attempt, puk: &SecretString, pin: Pin, new: &SecretString) -> Result<(), Error> {
        let secrets = self.open(attempt, Pin::Puk, puk)?;
        let (first, second) = secrets.split_at_checked(KEY).ok_or(CardError::Unreadable("cut short"))?;
        let secret = match pin {
            Pin::One => first,
            Pin::Two => second,
            Pin::Puk => return Err(CardError::OtherPin.into()),
        };
        *self.lock_mut(pin) = Lock::new(pin, new, secret, self.rounds)?;
        Ok(())
    }

    /// What the PIN opens. The counter is full again when it is right; it was counted down when the attempt began.
    fn open(&mut self, attempt: Attempt, wanted: Pin, digits: &SecretString) -> Result<Zeroizing<Vec<u8>>, Error> {
        if attempt.0 != wanted {
            return Err(CardError::OtherPin.into());
        }
        let lock = self.lock(wanted);
        let key = stretch(digits.expose_secret(), &lock.salt, self.rounds)?;
        let Some(secret) = lock.sealed.open(key.as_slice(), wanted.label()) else {
            return Err(CardError::WrongPin { left: lock.tries_left }.into());
        };
        self.lock_mut(wanted).tries_left = wanted.tries();
        Ok(secret)
    }
}

impl Lock {
    fn new(pin: Pin, digits: &SecretString, secret: &[u8], rounds: u32) -> Result<Self, Error> {
        if !pin.is_formed(digits.expose_secret()) {
            return Err(CardError::PinForm.into());
        }
        let salt = random::bytes()?;
        let key = stretch(digits.expose_secret(), &salt, rounds)?;
        Ok(Self { tries_left: pin.tries(), salt, sealed: Sealed::new(key.as_slice(), pin.label(), secret)? })
    }
}

fn keep(pair: &Pair, identity: Option<&Identity>, secret: &[u8], label: &[u8]) -> Result<Sealed, Error> {
    if pair.key.verifying_key() != pair.certificate.verifying_key() {
        return Err(eds::Error::Key("the key is not the certificate's").into());
    }
    let any = |certificate: &Certificate| Any::from_der(certificate.der()).map_err(|_| eds::Error::Library);
    let kept = Kept {
        key: OctetString::new(pair.key.to_pkcs8_der()?.as_slice()).map_err(|_| eds::Error::Library)?,
        certificate: any(&pair.certificate)?,
        chain: pair.chain.iter().map(any).collect::<Result<_, _>>()?,
        identity: identity.cloned(),
    };
    let plain = Zeroizing::new(kept.to_der().map_err(|_| eds::Error::Library)?);
    let _wiped = Zeroizing::new(kept.key.into_bytes().into_vec());
    Ok(Sealed::new(secret, label, &plain)?)
}

fn taken(sealed: &Sealed, secret: &[u8], label: &[u8]) -> Result<(Pair, Option<Identity>), Error> {
    let unreadable = CardError::Unreadable("the seal is broken");
    let plain = sealed.open(secret, label).ok_or(unreadable)?;
    let kept = Kept::from_der(&plain).map_err(|_| unreadable)?;
    let certificate = |any: &Any| -> Result<Certificate, Error> {
        Ok(Certificate::from_der(&any.to_der().map_err(|_| unreadable)?)?)
    };
    let (one, chain) = (certificate(&kept.certificate)?, kept.chain.iter().map(certificate).collect::<Result<_, _>>()?);
    let key = Zeroizing::new(kept.key.into_bytes().into_vec());
    Ok((Pair { key: SigningKey::from_pkcs8_der(&key)?, certificate: one, chain }, kept.identity))
}
