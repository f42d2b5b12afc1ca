//! SHA-256 and HMAC-SHA-256, by the library measured fastest; the national belt-hash.

use aws_lc_rs::{digest, hmac as lc};
pub use bign::{belt_hash, belt_hash_of_parts};

/// SHA-256 of the bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256_of_parts(&[bytes])
}

/// SHA-256 of the parts one after another, without joining them in memory.
pub fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    fixed(context.finish().as_ref())
}

/// HMAC-SHA-256 of the bytes under the key; for many values under one key keep an [`Hmac`].
pub fn hmac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    Hmac::new(key).tag(bytes)
}

/// A key prepared for HMAC-SHA-256. Does not print; the library wipes it when dropped.
#[derive(Clone)]
pub struct Hmac(lc::Key);

impl Hmac {
    /// Prepares the key.
    pub fn new(key: &[u8]) -> Self {
        Self(lc::Key::new(lc::HMAC_SHA256, key))
    }

    /// The tag of the bytes.
    pub fn tag(&self, bytes: &[u8]) -> [u8; 32] {
        fixed(lc::sign(&self.0, bytes).as_ref())
    }

    /// The tag is that of the bytes; compared in constant time.
    pub fn holds(&self, bytes: &[u8], tag: &[u8]) -> bool {
        lc::verify(&self.0, bytes, tag).is_ok()
    }
}

impl std::fmt::Debug for Hmac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hmac(…)")
    }
}

/// SHA-256 outputs are 32 bytes long by definition; a copy keeps the type exact without a fallible conversion.
fn fixed(output: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(output) {
        *to = *from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        assert_eq!(hex::encode(sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256_of_parts(&[b"a", b"", b"bc"]), sha256(b"abc"));
        // RFC 4231, test case 2.
        assert_eq!(
            hex::encode(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let key = Hmac::new(b"k");
        assert!(key.holds(b"x", &key.tag(b"x")));
        assert!(!key.holds(b"y", &key.tag(b"x")));
        assert_eq!(format!("{key:?}"), "Hmac(…)");
    }
}
