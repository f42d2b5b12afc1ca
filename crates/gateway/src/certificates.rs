//! Signers' certificates as headers carry them: parsed once, found again by the header's bytes.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::{Certificate, sha256};

/// Certificates kept; beyond it the memory starts anew.
const KEPT: usize = 4096;
/// Longest header taken: 12 KB of DER.
const LONGEST: usize = 16 * 1024;

/// A memory of parsed certificates, by the digest of their base64 text.
#[derive(Default)]
pub(crate) struct Certificates(RwLock<HashMap<[u8; 32], Arc<Certificate>>>);

impl Certificates {
    /// The certificate of a `certificate` header, or none if it cannot be read.
    pub(crate) fn parse(&self, base64: &str) -> Option<Arc<Certificate>> {
        if base64.len() > LONGEST {
            return None;
        }
        let key = sha256(base64.as_bytes());
        if let Some(known) = self.0.read().ok()?.get(&key) {
            return Some(known.clone());
        }
        let der = BASE64_STANDARD.decode(base64).ok()?;
        let fresh = Arc::new(Certificate::from_der(&der).ok()?);
        let mut known = self.0.write().ok()?;
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, fresh.clone());
        Some(fresh)
    }
}
