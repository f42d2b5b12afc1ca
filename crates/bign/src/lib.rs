//! Signatures of STB 34.101.45 at the 128-bit level: bign with belt-hash on the curve bign-curve256v1.
//!
//! A signature is 48 bytes, a public key 64, a private key 32; every number stands least byte first, as in the
//! standard. Verification reads public values only and takes what time it takes. Signing and making public keys
//! neither branch on a secret nor use one as an address in this crate's own code; the cipher inside belt-hash, which
//! derives the one-time key, is the table-driven one of the crate `belt-block`.
//!
//! ```
//! # fn main() -> Result<(), bign::Error> {
//! let private = bign::PrivateKey::parse(&[7; 32])?;
//! let signature = private.sign(b"message");
//! assert_eq!(private.public_key().verify(b"message", signature.as_bytes()), Ok(()));
//! # Ok(())
//! # }
//! ```
//!
//! No input, no output, no randomness of its own, no allocation but for the tables of the base point, which are made at
//! first use.
#![forbid(unsafe_code)]

mod field;
mod hash;
mod key;
mod multiply;
mod point;
mod private;
mod scalar;
mod tables;

pub use hash::{BeltHash, HASH_OID, belt_hash, belt_hash_of_parts};
pub use key::{Error, PUBLIC_KEY_LENGTH, PreparedKey, PublicKey, SIGNATURE_LENGTH, Signature};
pub use private::{PRIVATE_KEY_LENGTH, PrivateKey};
