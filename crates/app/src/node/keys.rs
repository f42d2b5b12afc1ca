//! Reads the node's keys and certificates; files of secrets must be the owner's alone.

use std::path::Path;

use eds::{Certificate, Crl, SigningKey, Trust};
use jiff::Timestamp;
use ledger::{Algorithm, NoteKey, SignLine};
use model::Clock;
use secrecy::{ExposeSecret, SecretString};
use store::{MOST_KEYS, Vault};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::exit::Error;
use crate::files;

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

/// A line of the file of master keys.
pub(crate) struct Master {
    key: Zeroizing<[u8; 32]>,
    /// When it begins to seal; the first key did from the beginning.
    pub(crate) from: Option<Timestamp>,
}

/// The master keys, first to last.
pub(crate) fn masters(config: &Config) -> Result<Vec<Master>, Error> {
    let path = config.path(&config.keys.master);
    let text = secret(&path, "keys.master")?;
    parse_masters(text.expose_secret()).map_err(|expected| Error::config(&path, "keys.master", expected))
}

fn parse_masters(text: &str) -> Result<Vec<Master>, String> {
    let mut all: Vec<Master> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let number = all.len() + 1;
        let (digits, from) = line.split_once(' ').map_or((line, None), |(digits, from)| (digits, Some(from)));
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, key.as_mut_slice())
            .map_err(|_| format!("line {number}: expected 64 hex digits"))?;
        let from = from.map(|from| from.parse::<Timestamp>()).transpose();
        let from = from.map_err(|_| format!("line {number}: expected a moment such as 2026-12-31T09:00:00Z"))?;
        if from.is_none() != all.is_empty() {
            return Err(format!("line {number}: every key but the first has the moment from which it seals"));
        }
        all.push(Master { key, from });
    }
    if all.is_empty() || all.len() > usize::from(MOST_KEYS) {
        return Err(format!("expected 1 to {MOST_KEYS} lines of 64 hex digits"));
    }
    Ok(all)
}

/// The vault of the master keys.
pub(crate) fn vault(config: &Config) -> Result<Vault, Error> {
    let masters = masters(config)?;
    let first = masters.first().ok_or_else(|| Error::failed("there is no master key"))?;
    let vault = Vault::new(&first.key)?;
    turn(&vault, &masters, Clock::system().now())?;
    Ok(vault)
}

/// The vault has all these keys, and seals with the last of those whose time has come.
pub(crate) fn turn(vault: &Vault, masters: &[Master], now: Timestamp) -> Result<(), Error> {
    let mut sealing = 1;
    for (number, master) in (1u8..).zip(masters) {
        vault.add(number, &master.key)?;
        if master.from.is_none_or(|from| from <= now) {
            sealing = number;
        }
    }
    if vault.sealing() != sealing {
        vault.seal_with(sealing)?;
    }
    Ok(())
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
    let (path, name) = (config.path(&config.keys.sign_certificate), "keys.sign_certificate");
    let certificate = Certificate::from_pem(&files::text_of(&path, name)?)
        .map_err(|error| Error::config(&path, name, error.to_string()))?;
    Ok((signing_key(&config.path(&config.keys.sign), "keys.sign")?, certificate))
}

/// The witness's own key.
pub(crate) fn witness_key(folder: &Path, name: &str) -> Result<NoteKey, Error> {
    let key = signing_key(&folder.join("witness.key"), "witness.folder")?;
    NoteKey::new(name, Algorithm::Cosignature, key).map_err(Error::from)
}

/// Roots, intermediates and revocation lists.
pub(crate) fn trust(config: &Config) -> Result<Trust, Error> {
    let chain = |path: &Path, key: &str| files::certificates(&config.path(path), key);
    let mut trust = Trust::new(chain(&config.trust.roots, "trust.roots")?);
    if let Some(intermediates) = &config.trust.intermediates {
        trust = trust.with_intermediates(chain(intermediates, "trust.intermediates")?);
    }
    if let Some(authorities) = &config.trust.attribute_authorities {
        trust = trust.with_attribute_authorities(chain(authorities, "trust.attribute_authorities")?);
    }
    Ok(trust.with_crls(crls(config)?))
}

/// The revocation lists as they are now.
pub(crate) fn crls(config: &Config) -> Result<Vec<Crl>, Error> {
    let mut all = Vec::new();
    for file in &config.trust.crls {
        let path = config.path(file);
        let lists = Crl::all_from_pem(&files::text_of(&path, "trust.crls")?)
            .map_err(|error| Error::config(&path, "trust.crls", error.to_string()))?;
        all.extend(lists);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "0707070707070707070707070707070707070707070707070707070707070707";
    const SECOND: &str = "0808080808080808080808080808080808080808080808080808080808080808 2026-07-01T12:00:00Z";

    #[test]
    fn a_key_seals_from_its_moment_on() {
        let masters = parse_masters(&format!("{FIRST}\n\n{SECOND}\n")).unwrap();
        let vault = Vault::new(&[7; 32]).unwrap();
        for (now, sealing) in [("2026-07-01T11:59:59Z", 1), ("2026-07-01T12:00:00Z", 2)] {
            turn(&vault, &masters, now.parse().unwrap()).unwrap();
            assert_eq!(vault.sealing(), sealing, "{now}");
        }
    }

    #[test]
    fn lines_that_are_no_keys_are_named() {
        let cases = [
            (String::new(), "1 to 64 lines"),
            ("abc".to_owned(), "line 1: expected 64 hex"),
            (SECOND.to_owned(), "line 1: every key but the first"),
            (format!("{FIRST}\n{FIRST}"), "line 2: every key but the first"),
            (format!("{FIRST}\n{FIRST} soon"), "line 2: expected a moment"),
        ];
        for (text, expected) in cases {
            let refused = parse_masters(&text).err().unwrap();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
