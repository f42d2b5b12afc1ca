//! Signers' certificates: parsed once, found again by their bytes.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use eds::{Certificate, Error, sha256};

/// Certificates kept; beyond it the memory starts anew.
const KEPT: usize = 4096;

/// A memory of parsed certificates, by the digest of their DER.
#[derive(Default)]
pub(crate) struct Certificates(RwLock<HashMap<[u8; 32], Arc<Certificate>>>);

impl Certificates {
    /// The certificate of a `certificate` header.
    pub(crate) fn read(&self, der: &[u8]) -> Result<Arc<Certificate>, Error> {
        let key = sha256(der);
        if let Some(known) = self.0.read().ok().and_then(|known| known.get(&key).cloned()) {
            return Ok(known);
        }
        let fresh = Arc::new(Certificate::from_der(der).map_err(|_| Error::Unreadable("certificate"))?);
        if let Ok(mut known) = self.0.write() {
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(key, fresh.clone());
        }
        Ok(fresh)
    }
}
