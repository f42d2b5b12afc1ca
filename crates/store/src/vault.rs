//! Personal data at rest: sealed by field, found by keyed index.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::{Error, random};

/// First byte of everything sealed is the number of its key, from 1 to this.
///
/// The algorithm is AES-256-GCM-SIV: thousands of fields a second are sealed for years under one key, and with random nonces plain
/// GCM is good for 2³² of them only, while here a nonce met twice would tell no more than that two values are equal.
pub const MOST_KEYS: u8 = 64;

/// Seals fields and makes the keyed values by which they are found. Cheap to clone; clones share their keys.
///
/// Later keys only seal: what finds a field comes from the first one for ever, as every index would have to be made anew.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<Ring>,
    index: hmac::Key,
}

/// The sealing keys, first to last, and which of them seals.
struct Ring {
    keys: [OnceLock<LessSafeKey>; MOST_KEYS as usize],
    newest: AtomicU8,
}

fn derived(master: &[u8; 32], label: &str) -> Zeroizing<Vec<u8>> {
    let root = hmac::Key::new(hmac::HMAC_SHA256, master);
    Zeroizing::new(hmac::sign(&root, label.as_bytes()).as_ref().to_vec())
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault of this master key; sealing and indexing use keys derived from it.
    pub fn new(master: &[u8; 32]) -> Result<Self, Error> {
        let index = hmac::Key::new(hmac::HMAC_SHA256, &derived(master, "nais-vault-index-1"));
        let ring = Ring { keys: std::array::from_fn(|_| OnceLock::new()), newest: AtomicU8::new(1) };
        let vault = Self { ring: Arc::new(ring), index };
        vault.add(1, master)?;
        Ok(vault)
    }

    /// Makes what key `number` sealed readable; numbers begin with 1. A number that has its key keeps it.
    ///
    /// # Errors
    /// There is no such number.
    pub fn add(&self, number: u8, master: &[u8; 32]) -> Result<(), Error> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, &derived(master, "nais-vault-seal-1"))
            .map_err(|_| Error::broken("vault key"))?;
        let place = self.ring.place(number).ok_or_else(|| Error::broken("a vault has at most 64 keys"))?;
        let _ = place.set(LessSafeKey::new(key)); // it has its key already
        Ok(())
    }

    /// From now on fields are sealed with this key.
    ///
    /// # Errors
    /// The vault does not have it.
    pub fn seal_with(&self, number: u8) -> Result<(), Error> {
        self.ring.get(number).ok_or_else(|| Error::broken("this vault has no such key"))?;
        self.ring.newest.store(number, Ordering::Release);
        Ok(())
    }

    /// The number of the key that seals.
    pub fn sealing(&self) -> u8 {
        self.ring.newest.load(Ordering::Acquire)
    }

    /// `plain`, readable only with this vault and the same `aad` (table, column, row: so that it cannot be moved).
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = random::<NONCE_LEN>();
        let mut out = Vec::with_capacity(1 + NONCE_LEN + plain.len() + 16);
        let number = self.sealing();
        let Some(key) = self.ring.get(number) else { return out };
        out.push(number);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let (_, body) = out.split_at_mut(1 + NONCE_LEN);
        match key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), body) {
            Ok(tag) => out.extend_from_slice(tag.as_ref()),
            // Only a message over 64 GiB gets here. An empty value opens as broken; it never leaks the plain text.
            Err(_) => out.clear(),
        }
        out
    }

    /// What was sealed with the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (number, rest) = sealed.split_first().ok_or_else(|| Error::broken("a sealed field is empty"))?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(|| Error::broken("a sealed field is short"))?;
        let key = self.ring.get(*number).ok_or_else(|| {
            Error::Broken(format!("a sealed field needs key {number}, which keys.master does not have"))
        })?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(Error::broken)?;
        let mut plain = body.to_vec();
        let length = key
            .open_in_place(nonce, Aad::from(aad), &mut plain)
            .map_err(|_| Error::broken("a sealed field was altered, moved, or sealed with another key"))?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    /// A keyed 64-bit index of `value`: equal values meet, nothing can be read back. `label` keeps uses apart.
    pub fn blind(&self, label: &str, value: &[u8]) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = self.keyed(label, value);
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// A keyed 128-bit name of a person, the same for the same value; keeps readings apart without naming anybody.
    pub fn pseudonym(&self, label: &str, value: &[u8]) -> [u8; 16] {
        let mut out = [0; 16];
        for (to, from) in out.iter_mut().zip(self.keyed(label, value)) {
            *to = from;
        }
        out
    }

    /// A keyed digest of `value`: authenticates what travels through a caller's hands, such as a cursor.
    pub fn keyed(&self, label: &str, value: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(label.as_bytes());
        context.update(&[0]);
        context.update(value);
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        out
    }
}

impl Ring {
    fn place(&self, number: u8) -> Option<&OnceLock<LessSafeKey>> {
        self.keys.get(usize::from(number.checked_sub(1)?))
    }

    fn get(&self, number: u8) -> Option<&LessSafeKey> {
        self.place(number)?.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_in_its_place() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let sealed = vault.seal(b"t.c.1", b"secret");
        assert_eq!(vault.open(b"t.c.1", &sealed).unwrap(), b"secret");
        assert!(vault.open(b"t.c.2", &sealed).is_err());
        assert!(Vault::new(&[8; 32]).unwrap().open(b"t.c.1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(vault.open(b"t.c.1", &altered).is_err(), "byte {at}");
        }
        assert!(vault.open(b"t.c.1", &[]).is_err());
    }

    #[test]
    fn a_later_key_seals_and_the_earlier_ones_still_open() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let (before, found) = (vault.seal(b"t.c.1", b"before"), vault.blind("document", b"AB1"));
        assert!(vault.seal_with(2).is_err(), "there is no second key yet");
        vault.add(2, &[8; 32]).unwrap();
        assert_eq!(vault.sealing(), 1, "known is not used");
        let user = vault.clone();
        vault.seal_with(2).unwrap();
        let after = user.seal(b"t.c.2", b"after");
        assert_eq!((before[0], after[0]), (1, 2));
        assert_eq!(vault.open(b"t.c.1", &before).unwrap(), b"before");
        assert_eq!(vault.open(b"t.c.2", &after).unwrap(), b"after");
        assert_eq!(vault.blind("document", b"AB1"), found);
        let behind = Vault::new(&[7; 32]).unwrap();
        assert!(behind.open(b"t.c.2", &after).unwrap_err().to_string().contains("key 2"));
        let relabelled = [&[1][..], &after[1..]].concat();
        assert!(vault.open(b"t.c.2", &relabelled).is_err());
        assert!(vault.add(0, &[9; 32]).is_err() && vault.add(MOST_KEYS + 1, &[9; 32]).is_err());
    }

    #[test]
    fn indexes_of_different_uses_do_not_meet() {
        let vault = Vault::new(&[7; 32]).unwrap();
        assert_eq!(vault.blind("document", b"AB1"), vault.blind("document", b"AB1"));
        assert_ne!(vault.blind("document", b"AB1"), vault.blind("visa", b"AB1"));
    }
}
