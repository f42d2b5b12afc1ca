//! Reads the node's keys and certificates; files of secrets must be the owner's alone.

use std::path::Path;

use eds::{Certificate, Crl, SigningKey, Trust};
use ledger::{Algorithm, NoteKey, SignLine};
use secrecy::{ExposeSecret, SecretString};
use store::Vault;

use crate::config::Config;
use crate::exit::Error;

/// A file that only its owner may read.
fn secret(path: &Path, key: &str) -> Result<SecretString, Error> {
    let found = std::fs::metadata(path).map_err(|error| Error::config(path, key, error.to_string()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if found.permissions().mode() & 0o077 != 0 {
            let cure = "others may read this key; give it mode 0600 (chmod 600)".into();
            return Err(Error::config(path, key, cure));
        }
    }
    let text = std::fs::read_to_string(path).map_err(|error| Error::config(path, key, error.to_string()))?;
    Ok(SecretString::from(text))
}

/// A secret of one line.
pub(crate) fn line(path: &Path, key: &str) -> Result<SecretString, Error> {
    let text = secret(path, key)?;
    Ok(SecretString::from(text.expose_secret().trim().to_owned()))
}

fn text(path: &Path, key: &str) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::config(path, key, error.to_string()))
}

/// The vault of the master key.
pub(crate) fn vault(config: &Config) -> Result<Vault, Error> {
    let path = config.path(&config.keys.master);
    let text = secret(&path, "keys.master")?;
    let mut master = [0u8; 32];
    hex::decode_to_slice(text.expose_secret().trim(), &mut master)
        .map_err(|_| Error::config(&path, "keys.master", "expected 64 hex digits".into()))?;
    Vault::new(&master).map_err(Error::from)
}

/// A key in PKCS#8 that only its owner may read.
pub(crate) fn signing_key(path: &Path, key: &str) -> Result<SigningKey, Error> {
    let pem = secret(path, key)?;
    SigningKey::from_pkcs8_pem(pem.expose_secret())
        .map_err(|error| Error::config(path, key, format!("expected a PKCS#8 key in PEM: {error}")))
}

/// The log's key, under its origin.
pub(crate) fn log_key(config: &Config) -> Result<NoteKey, Error> {
    let key = signing_key(&config.path(&config.keys.log), "keys.log")?;
    NoteKey::new(&config.ledger.origin, Algorithm::Ed25519, key).map_err(Error::from)
}

/// Further lines of every checkpoint: one by bign, where there is a key for it.
pub(crate) fn more_lines(config: &Config) -> Result<Vec<Box<dyn SignLine>>, Error> {
    let Some(path) = &config.keys.log_bign else { return Ok(Vec::new()) };
    let key = signing_key(&config.path(path), "keys.log_bign")?;
    Ok(vec![Box::new(NoteKey::new(&config.ledger.origin, Algorithm::Bign, key)?)])
}

/// The key and certificate that sign answers.
pub(crate) fn answer_key(config: &Config) -> Result<(SigningKey, Certificate), Error> {
    let path = config.path(&config.keys.sign_certificate);
    let certificate = Certificate::from_pem(&text(&path, "keys.sign_certificate")?)
        .map_err(|error| Error::config(&path, "keys.sign_certificate", error.to_string()))?;
    Ok((signing_key(&config.path(&config.keys.sign), "keys.sign")?, certificate))
}

/// The witness's own key.
pub(crate) fn witness_key(folder: &Path, name: &str) -> Result<NoteKey, Error> {
    let key = signing_key(&folder.join("witness.key"), "witness.folder")?;
    NoteKey::new(name, Algorithm::Cosignature, key).map_err(Error::from)
}

/// Roots, intermediates and revocation lists.
pub(crate) fn trust(config: &Config) -> Result<Trust, Error> {
    let chain = |path: &Path, key: &str| {
        let path = config.path(path);
        Certificate::chain_from_pem(&text(&path, key)?).map_err(|error| Error::config(&path, key, error.to_string()))
    };
    let mut trust = Trust::new(chain(&config.trust.roots, "trust.roots")?);
    if let Some(intermediates) = &config.trust.intermediates {
        trust = trust.with_intermediates(chain(intermediates, "trust.intermediates")?);
    }
    Ok(trust.with_crls(crls(config)?))
}

/// The revocation lists as they are now.
pub(crate) fn crls(config: &Config) -> Result<Vec<Crl>, Error> {
    let mut all = Vec::new();
    for file in &config.trust.crls {
        let path = config.path(file);
        let lists = Crl::all_from_pem(&text(&path, "trust.crls")?)
            .map_err(|error| Error::config(&path, "trust.crls", error.to_string()))?;
        all.extend(lists);
    }
    Ok(all)
}
