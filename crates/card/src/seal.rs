//! Sealing: AES-256-GCM under a random key, and that key under what PBKDF2 makes of a PIN.

use std::num::NonZeroU32;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::pbkdf2;
use eds::{Error, random};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
const NONCE: usize = 12;

/// A nonce and a ciphertext with its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed(Vec<u8>);

impl Sealed {
    /// The plain bytes under this key, bound to the label.
    pub(super) fn new(key: &[u8], label: &[u8], plain: &[u8]) -> Result<Self, Error> {
        let nonce: [u8; NONCE] = random::bytes()?;
        let mut bytes = Zeroizing::new(plain.to_vec());
        aead(key)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label), &mut *bytes)
            .map_err(|_| Error::Library)?;
        Ok(Self([&nonce, bytes.as_slice()].concat()))
    }

    /// The plain bytes, or nothing when key or label are others. The tag is compared in constant time by the library.
    pub(super) fn open(&self, key: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = self.0.split_first_chunk::<NONCE>()?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = aead(key).ok()?.open_in_place(nonce, Aad::from(label), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    pub(super) fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).ok().map(Self)
    }
}

/// The key that a PIN stands for.
pub(super) fn stretch(pin: &str, salt: &[u8], rounds: u32) -> Result<Zeroizing<[u8; KEY]>, Error> {
    let mut key = Zeroizing::new([0; KEY]);
    let rounds = NonZeroU32::new(rounds).ok_or(Error::Library)?;
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, pin.as_bytes(), key.as_mut());
    Ok(key)
}

fn aead(key: &[u8]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Error::Library)
}
