//! Verification of ECDSA on P-256 (FIPS 186-5) under public keys that are met often.
//!
//! A library that meets a key for the first time multiplies it bit by bit: some 260 doublings. Of a key that comes again
//! with every request the multiples can be kept, and what is left are some eighty additions: two fifths of the time.
//! The price is [`KnownKey::BYTES`] of memory and a millisecond to make them, paid once.
//!
//! Everything here is public – key, digest, signature – and takes what time it takes. Nothing here signs, and no secret
//! may be handed to it.
//!
//! ```
//! let generator = comb::GENERATOR;
//! let key = comb::KnownKey::of(&generator).expect("a point of the curve");
//! assert!(!key.verifies(&[1; 32], &[1; 64]));
//! ```

mod field;
mod known;
mod multiples;
mod point;

pub use known::{GENERATOR, KnownKey};
