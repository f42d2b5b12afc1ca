//! An authority as files: `root.pem root.key root.json`, and the same for `issuing` and `attributes`.

pub mod answers;
pub mod services;

use std::path::{Path, PathBuf};

use eds::pki::{Authority, Record};
use eds::{Certificate, SigningKey};
use zeroize::Zeroizing;

use crate::exit::Error;
use crate::files::{self, Readers};

/// The authority that issues everything but itself.
pub const ISSUING: &str = "issuing";
/// The authority above it.
pub const ROOT: &str = "root";
/// The authority of attribute certificates.
pub const ATTRIBUTES: &str = "attributes";

/// The folder of a test authority.
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The authorities there are; folders of earlier versions have none for attribute certificates.
    pub fn authorities(&self) -> Vec<&'static str> {
        [ISSUING, ROOT, ATTRIBUTES].into_iter().filter(|name| self.record(name).exists()).collect()
    }

    /// Writes a new authority down. Nothing that is there is overwritten.
    pub fn add(&self, name: &str, authority: &Authority) -> Result<(), Error> {
        files::folder(&self.0)?;
        let pem = authority.key().to_pkcs8_pem()?;
        files::create(&self.file(&format!("{name}.key")), pem.as_bytes(), Readers::Owner)?;
        files::create(&self.file(&format!("{name}.pem")), authority.certificate().to_pem().as_bytes(), Readers::All)?;
        files::create(&self.record(name), &record_json(authority)?, Readers::All)
    }

    /// The authority kept under this name.
    pub fn open(&self, name: &str) -> Result<Authority, Error> {
        let (certificate, key, path) = (self.certificate(name)?, self.key(name)?, self.record(name));
        let record = self.records(name)?;
        Authority::from_parts(certificate, key, record).map_err(|error| Error::config(&path, "", error.to_string()))
    }

    /// The first certificate of this name's file.
    pub fn certificate(&self, name: &str) -> Result<Certificate, Error> {
        let path = self.file(&format!("{name}.pem"));
        let chain = Certificate::chain_from_pem(&files::text(&path)?);
        let first = chain.map_err(|error| Error::config(&path, "", error.to_string()))?.into_iter().next();
        first.ok_or_else(|| Error::config(&path, "", "expected a certificate in PEM".to_owned()))
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Result<SigningKey, Error> {
        let path = self.file(&format!("{name}.key"));
        let pem = Zeroizing::new(files::text(&path)?);
        SigningKey::from_pkcs8_pem(&pem).map_err(|error| Error::config(&path, "", error.to_string()))
    }

    /// Writes a certificate with those behind it, and its key. Nothing that is there is overwritten.
    pub fn pair(&self, name: &str, chain: &str, key: &SigningKey) -> Result<(), Error> {
        files::create(&self.file(&format!("{name}.key")), key.to_pkcs8_pem()?.as_bytes(), Readers::Owner)?;
        files::create(&self.file(&format!("{name}.pem")), chain.as_bytes(), Readers::All)
    }

    /// What the authority of this name has issued and revoked.
    pub fn records(&self, name: &str) -> Result<Record, Error> {
        let path = self.record(name);
        Ok(model::file::json(&path.display().to_string(), &files::text(&path)?)?)
    }

    /// Keeps what the authority has issued and revoked.
    pub fn keep(&self, name: &str, authority: &Authority) -> Result<(), Error> {
        files::replace(&self.record(name), &record_json(authority)?)
    }

    fn record(&self, name: &str) -> PathBuf {
        self.file(&format!("{name}.json"))
    }
}

fn record_json(authority: &Authority) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(authority.record()).map_err(Error::failed)
}
