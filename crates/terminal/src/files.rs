//! Files that commands read and write: every error names the file; secrets are the owner's alone; nothing is
//! overwritten that was not meant to be.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use eds::Certificate;
use serde::de::DeserializeOwned;

use crate::exit::Error;

/// The bytes of a file that the command line or another file names.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    bytes_of(path, "")
}

fn bytes_of(path: &Path, key: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::config(path, key, format!("cannot be read: {error}")))
}

/// The text of a file.
pub fn text(path: &Path) -> Result<String, Error> {
    text_of(path, "")
}

/// The text of a file that `key` of a configuration names.
pub fn text_of(path: &Path, key: &str) -> Result<String, Error> {
    String::from_utf8(bytes_of(path, key)?).map_err(|_| Error::config(path, key, "UTF-8 text was expected".to_owned()))
}

/// The certificates of a PEM file, which `key` of a configuration names or which the command line does.
pub fn certificates(path: &Path, key: &str) -> Result<Vec<Certificate>, Error> {
    Certificate::chain_from_pem(&text_of(path, key)?).map_err(|error| Error::config(path, key, error.to_string()))
}

/// The first certificate of a PEM file.
pub fn certificate(path: &Path, key: &str) -> Result<Certificate, Error> {
    let none = || Error::config(path, key, "expected a certificate in PEM".to_owned());
    certificates(path, key)?.into_iter().next().ok_or_else(none)
}

/// The value of a TOML file.
pub fn toml<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    model::file::toml(&path.display().to_string(), &text(path)?).map_err(Error::from)
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone.
    Owner,
    /// Everybody.
    All,
}

/// Writes a file that must not be there yet; on disk when this returns.
pub fn create(path: &Path, content: &[u8], readers: Readers) -> Result<(), Error> {
    let mut file = open_new(path, readers)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|error| write_error(path, &error))
}

/// Opens a new file for writing.
pub fn open_new(path: &Path, readers: Readers) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, readers);
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Error::config(path, "", "is there already and is not overwritten; name another or move it away".to_owned())
        }
        _ => write_error(path, &error),
    })
}

/// A file that is made will have these readers.
fn restrict(options: &mut OpenOptions, readers: Readers) {
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = (options, readers);
}

/// Replaces a file as a whole: a power cut leaves the old or the new one.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    replace_for(Readers::All, path, content)
}

/// Replaces a file as a whole, for these readers.
pub fn replace_for(readers: Readers, path: &Path, content: &[u8]) -> Result<(), Error> {
    let fresh = beside(path, ".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    restrict(&mut options, readers);
    let opened = options.open(&fresh);
    let written = opened.and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&fresh, path)).map_err(|error| write_error(path, &error))?;
    sync_folder(path)
}

/// Makes a folder and those above it.
pub fn folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| write_error(path, &error))
}

/// The path with `ending` after its name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Presses the names in a file's folder onto the disk.
pub fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| write_error(folder, &error))
}

/// A file could not be written.
pub fn write_error(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format_args!("{}: cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_and_secrets_are_the_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        create(&path, b"1", Readers::Owner).unwrap();
        let error = create(&path, b"2", Readers::Owner).unwrap_err();
        assert_eq!((error.code(), fs::read(&path).unwrap()), (2, b"1".to_vec()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        replace(&path, b"3").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"3");
        assert!(!beside(&path, ".new").exists());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = text(Path::new("/no/such.toml")).unwrap_err();
        assert!(error.to_string().starts_with("/no/such.toml: cannot be read"), "{error}");
    }

    #[test]
    fn what_is_no_certificate_is_told_with_the_key_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, empty) = (folder.path().join("missing.pem"), folder.path().join("empty.pem"));
        create(&empty, b"", Readers::All).unwrap();
        for path in [missing, empty] {
            let told = certificate(&path, "trust.roots").unwrap_err().to_string();
            assert!(told.contains(&path.display().to_string()) && told.contains("trust.roots"), "{told}");
        }
    }
}
