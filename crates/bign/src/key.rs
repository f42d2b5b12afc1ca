//! Public keys, signatures and their verification (STB 34.101.45, 7.1.4).

use crate::field::Element;
use crate::hash::{belt_hash, challenge};
use crate::multiply::{sum_kept, sum_once};
use crate::point::{Affine, Jacobian};
use crate::scalar::Scalar;
use crate::tables::{self, Kept};

/// Bytes of a public key: abscissa and ordinate.
pub const PUBLIC_KEY_LENGTH: usize = 64;
/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 48;

/// Why a key or a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Another number of bytes than it has.
    Length,
    /// A coordinate is not below the field's order, or a private key not between zero and the group's.
    Range,
    /// The point is not on the curve.
    OffCurve,
    /// The signature does not hold.
    Invalid,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Length => "the length is wrong",
            Self::Range => "a number is out of range",
            Self::OffCurve => "the point is not on the curve",
            Self::Invalid => "the signature does not hold",
        })
    }
}

impl std::error::Error for Error {}

/// A signature `S0 ‖ S1`: 16 bytes that bind, 32 bytes that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub(crate) [u8; SIGNATURE_LENGTH]);

impl Signature {
    /// The 48 bytes.
    pub fn as_bytes(&self) -> &[u8; SIGNATURE_LENGTH] {
        &self.0
    }
}

/// A public key: a point of the curve, ready to verify.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublicKey(pub(crate) Affine);

impl Eq for PublicKey {}

impl PublicKey {
    /// The key in 64 bytes, `x ‖ y`, both least byte first and below `p`, of a point of the curve.
    ///
    /// Infinity has no such spelling, and the group is of prime order, so every point of the curve is a key.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: &[u8; PUBLIC_KEY_LENGTH] = bytes.try_into().map_err(|_| Error::Length)?;
        let ([x, y], []) = bytes.as_chunks() else {
            return Err(Error::Length);
        };
        let read = |bytes| Element::from_bytes(bytes).ok_or(Error::Range);
        let point = Affine { x: read(x)?, y: read(y)? };
        if point.is_on_curve() { Ok(Self(point)) } else { Err(Error::OffCurve) }
    }

    /// The 64 bytes.
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_LENGTH] {
        let mut bytes = [0; PUBLIC_KEY_LENGTH];
        for (to, from) in bytes.as_chunks_mut().0.iter_mut().zip([self.0.x, self.0.y]) {
            *to = from.to_bytes();
        }
        bytes
    }

    /// The signature is this key's over exactly this message, or [`Error::Invalid`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        self.verify_hash(&belt_hash(message), signature)
    }

    /// The same over a message of which only belt-hash is at hand.
    pub fn verify_hash(&self, hash: &[u8; 32], signature: &[u8]) -> Result<(), Error> {
        verify(hash, signature, |g, v| sum_once(g, v, &tables::odd(&self.0)))
    }

    /// The key with a table of its multiples: worth it from the second signature on.
    pub fn prepare(&self) -> PreparedKey {
        PreparedKey { key: *self, table: tables::kept(&self.0) }
    }
}

/// A public key with a table of its multiples, 4 KiB, for many signatures of one signer.
#[derive(Clone)]
pub struct PreparedKey {
    key: PublicKey,
    table: Kept,
}

impl PreparedKey {
    /// The key alone.
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// As [`PublicKey::verify`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        self.verify_hash(&belt_hash(message), signature)
    }

    /// As [`PublicKey::verify_hash`].
    pub fn verify_hash(&self, hash: &[u8; 32], signature: &[u8]) -> Result<(), Error> {
        verify(hash, signature, |g, v| sum_kept(g, v, &self.table))
    }
}

impl std::fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PreparedKey").field(&self.key).finish()
    }
}

/// STB 34.101.45, 7.1.4, where `sum` gives `g · G + v · Q`.
fn verify(hash: &[u8; 32], signature: &[u8], sum: impl Fn(&Scalar, &Scalar) -> Jacobian) -> Result<(), Error> {
    let signature: &[u8; SIGNATURE_LENGTH] = signature.try_into().map_err(|_| Error::Invalid)?;
    let (s0, s1) = signature.split_first_chunk().ok_or(Error::Invalid)?;
    let s1 = s1.try_into().map_err(|_| Error::Invalid)?;
    let (s1, below) = Scalar::read(s1);
    if !bool::from(below) {
        return Err(Error::Invalid);
    }
    let point = sum(&s1.add(&Scalar::reduce(hash)), &Scalar::above_half(s0));
    let (point, finite) = point.to_affine();
    if bool::from(finite) && challenge(point.x, hash) == *s0 { Ok(()) } else { Err(Error::Invalid) }
}
