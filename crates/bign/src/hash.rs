//! belt-hash (STB 34.101.31, 7.8) as signatures use it.

pub use belt_hash::BeltHash;
use belt_hash::digest::Digest;

use crate::field::Element;

/// DER of the object identifier of belt-hash, 1.2.112.0.2.0.34.101.31.81: it is hashed with what is signed.
pub const HASH_OID: [u8; 11] = [0x06, 0x09, 0x2a, 0x70, 0x00, 0x02, 0x00, 0x22, 0x65, 0x1f, 0x51];

/// belt-hash of the bytes.
pub fn belt_hash(bytes: &[u8]) -> [u8; 32] {
    belt_hash_of_parts(&[bytes])
}

/// belt-hash of the parts one after another, without joining them in memory.
pub fn belt_hash_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = BeltHash::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}

/// `S0` (STB 34.101.45, 7.1.3 step 4): what binds the one-time point to the hash.
pub(crate) fn challenge(x: Element, hash: &[u8; 32]) -> [u8; 16] {
    let full = belt_hash_of_parts(&[&HASH_OID, &x.to_bytes(), hash]);
    let ([first, ..], _) = full.as_chunks() else {
        return [0; 16];
    };
    *first
}
