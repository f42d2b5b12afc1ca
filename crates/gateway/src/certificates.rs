//! Signers' certificates and their attribute certificates: parsed once, found again by their bytes.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use eds::{AttributeCertificate, Certificate, Error, sha256};

/// Certificates kept; beyond it the memory starts anew.
const KEPT: usize = 4096;

/// A memory of what was parsed, by the digest of its DER.
struct Parsed<T>(RwLock<HashMap<[u8; 32], Arc<T>>>);

impl<T> Default for Parsed<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Parsed<T> {
    fn read(&self, der: &[u8], parse: impl FnOnce(&[u8]) -> Result<T, Error>) -> Result<Arc<T>, Error> {
        let key = sha256(der);
        if let Some(known) = self.0.read().ok().and_then(|known| known.get(&key).cloned()) {
            return Ok(known);
        }
        let fresh = Arc::new(parse(der)?);
        if let Ok(mut known) = self.0.write() {
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(key, fresh.clone());
        }
        Ok(fresh)
    }
}

/// Both memories.
#[derive(Default)]
pub(crate) struct Certificates {
    certificates: Parsed<Certificate>,
    attributes: Parsed<AttributeCertificate>,
}

impl Certificates {
    /// The certificate of a `certificate` header.
    pub(crate) fn read(&self, der: &[u8]) -> Result<Arc<Certificate>, Error> {
        self.certificates.read(der, |der| Certificate::from_der(der).map_err(|_| Error::Unreadable("certificate")))
    }

    /// The certificate of an `attribute-certificate` header.
    pub(crate) fn attributes(&self, der: &[u8]) -> Result<Arc<AttributeCertificate>, Error> {
        self.attributes.read(der, AttributeCertificate::from_der)
    }
}
