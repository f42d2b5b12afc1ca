//! Private keys and signing (STB 34.101.45, 6.2.2, 6.3.3 and 7.1.3).

use belt_block::belt_wblock_enc;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hash::{HASH_OID, belt_hash, belt_hash_of_parts, challenge};
use crate::key::{Error, PublicKey, SIGNATURE_LENGTH, Signature};
use crate::multiply::base_multiple;
use crate::scalar::Scalar;

/// Bytes of a private key.
pub const PRIVATE_KEY_LENGTH: usize = 32;

/// A private key `0 < d < q` with its public half. Does not print; wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey {
    d: Scalar,
    public: PublicKey,
}

impl PrivateKey {
    /// The key in 32 bytes, least first.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: &[u8; PRIVATE_KEY_LENGTH] = bytes.try_into().map_err(|_| Error::Length)?;
        let (mut d, below) = Scalar::read(bytes);
        if bool::from(below & !d.is_zero()) {
            return Ok(Self { public: PublicKey(base_multiple(&d)), d });
        }
        d.zeroize();
        Err(Error::Range)
    }

    /// A new key (6.2.2) of what `fill` puts into the buffer, which must be unpredictable; its error is passed on.
    ///
    /// `fill` is asked again while the number is zero or not below `q`: for good randomness, once in 2^128.
    pub fn generate<E>(mut fill: impl FnMut(&mut [u8; PRIVATE_KEY_LENGTH]) -> Result<(), E>) -> Result<Self, E> {
        let mut bytes = Zeroizing::new([0; PRIVATE_KEY_LENGTH]);
        loop {
            fill(&mut bytes)?;
            if let Ok(key) = Self::parse(bytes.as_slice()) {
                return Ok(key);
            }
        }
    }

    /// The 32 bytes.
    pub fn to_bytes(&self) -> Zeroizing<[u8; PRIVATE_KEY_LENGTH]> {
        Zeroizing::new(self.d.to_bytes())
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The key's one signature over this message, its one-time key derived from both (6.3.3 without `t`).
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.sign_hash(&belt_hash(message), &[])
    }

    /// A signature over a message of which only belt-hash is at hand; `t` (6.3.3) is empty, or varies the signature:
    /// randomness in it defeats attacks by induced faults.
    pub fn sign_hash(&self, hash: &[u8; 32], t: &[u8]) -> Signature {
        let k = self.one_time_key(hash, t);
        self.sign_with(&k, hash)
    }

    /// 7.1.3, where `k` is the one-time key.
    pub(crate) fn sign_with(&self, k: &Scalar, hash: &[u8; 32]) -> Signature {
        let s0 = challenge(base_multiple(k).x, hash);
        let mut product = Scalar::above_half(&s0).mul(&self.d);
        let s1 = k.sub(&Scalar::reduce(hash)).sub(&product);
        product.zeroize();
        let mut signature = [0; SIGNATURE_LENGTH];
        for (to, from) in signature.iter_mut().zip(s0.into_iter().chain(s1.to_bytes())) {
            *to = from;
        }
        Signature(signature)
    }

    /// 6.3.3: the hash enciphered as a wide block under a key derived from the private one, until it is a number
    /// between zero and `q`.
    pub(crate) fn one_time_key(&self, hash: &[u8; 32], t: &[u8]) -> Zeroizing<Scalar> {
        let theta = Zeroizing::new(belt_hash_of_parts(&[&HASH_OID, self.to_bytes().as_slice(), t]));
        let theta = Zeroizing::new(words(&theta));
        let mut block = Zeroizing::new(*hash);
        loop {
            // Fails on blocks shorter than this one only, and then leaves it as it was.
            let enciphered = belt_wblock_enc(block.as_mut_slice(), &theta);
            debug_assert!(enciphered.is_ok(), "32 bytes are a wide block");
            let (k, below) = Scalar::read(&block);
            if bool::from(below & !k.is_zero()) {
                return Zeroizing::new(k);
            }
        }
    }
}

/// 32 bytes as the eight words of a belt key.
fn words(bytes: &[u8; 32]) -> [u32; 8] {
    let mut words = [0; 8];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*chunk);
    }
    words
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.d.zeroize();
    }
}

impl ZeroizeOnDrop for PrivateKey {}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey(…)")
    }
}
