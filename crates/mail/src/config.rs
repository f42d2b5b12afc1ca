//! How messages leave: by SMTP, or not at all.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use crate::{Address, Error};

/// Settings of mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address messages come from.
    pub from: Address,
    /// The server that takes them. Without one they are kept and can be read: the stand.
    #[serde(default)]
    pub smtp: Option<Smtp>,
}

/// A server that takes messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// 587 with STARTTLS and 465 with TLS from the start, unless it says otherwise.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is encrypted. It always is.
    #[serde(default)]
    pub encryption: Encryption,
    /// Who signs in there; nobody without.
    #[serde(default)]
    pub user: Option<String>,
    /// The file with the password and nothing else, readable by its owner only.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) trusted besides the system's: an authority of one's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// After the command STARTTLS (RFC 3207); a server without it gets nothing.
    #[default]
    Starttls,
    /// From the first byte (RFC 8314).
    Implicit,
}

impl Encryption {
    pub(crate) const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
        }
    }
}

impl Smtp {
    /// The name and password to sign in with.
    pub(crate) fn credentials(&self) -> Result<Option<(String, SecretString)>, Error> {
        match (&self.user, &self.password_file) {
            (Some(user), Some(path)) => Ok(Some((user.clone(), secret(path)?))),
            (None, None) => Ok(None),
            _ => Err(Error::Smtp("give `user` and `password_file`, or neither".to_owned())),
        }
    }
}

/// The content of a file that only its owner may read, without the line end.
fn secret(path: &Path) -> Result<SecretString, Error> {
    let wrong = |reason: String| Error::File { path: path.to_path_buf(), reason };
    private(path).map_err(wrong)?;
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(wrong("the file is empty; write the password into it".to_owned()));
    }
    Ok(SecretString::from(password))
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err("others may read it; chmod 400".to_owned()) }
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let smtp = |user: Option<&str>| Smtp {
            host: "mail.example.by".into(),
            port: None,
            encryption: Encryption::Starttls,
            user: user.map(str::to_owned),
            password_file: Some(path.clone()),
            ca_file: None,
        };
        std::fs::write(&path, "secret\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(smtp(Some("nais")).credentials().unwrap_err().to_string().contains("chmod 400"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        let (user, password) = smtp(Some("nais")).credentials().unwrap().unwrap();
        assert_eq!((user.as_str(), secrecy::ExposeSecret::expose_secret(&password)), ("nais", "secret"));
        assert!(smtp(None).credentials().is_err());
    }

    #[test]
    fn settings_have_no_unknown_words() {
        let read = |text: &str| toml::from_str::<Config>(text);
        assert!(read("from = 'nais@example.by'").unwrap().smtp.is_none());
        let config =
            read("from = 'nais@example.by'\nsmtp = { host = 'm.example.by', encryption = 'implicit' }").unwrap();
        assert_eq!(config.smtp.unwrap().encryption.port(), 465);
        assert!(read("from = 'nais'").is_err());
        assert!(read("from = 'nais@example.by'\ntls = false").is_err());
        assert!(read("from = 'nais@example.by'\nsmtp = { host = 'm', encryption = 'none' }").is_err());
    }
}
