//! What a witness remembers: one file a log, replaced as a whole and on disk before any answer.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::tree::sha256;

/// The folder of a witness, used by one process at a time.
#[derive(Debug)]
pub(super) struct StateFolder {
    folder: PathBuf,
    /// Held until the witness ends.
    _lock: File,
}

/// A log's name in paths.
pub(super) fn origin_hash(origin: &str) -> String {
    hex::encode(sha256(&[origin.as_bytes()]))
}

impl StateFolder {
    /// Opens `dir/state`, making it when it is not there.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let folder = dir.join("state");
        fs::create_dir_all(&folder).map_err(|e| file(&folder, e))?;
        let path = dir.join("lock");
        let lock = File::create(&path).map_err(|e| file(&path, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(file(&path, "another witness runs on this folder")),
            Err(TryLockError::Error(e)) => return Err(file(&path, e)),
        }
        sync(dir)?;
        Ok(Self { folder, _lock: lock })
    }

    /// The last note kept for this log.
    pub(super) fn load(&self, origin: &str) -> Result<Option<String>, Error> {
        let path = self.folder.join(origin_hash(origin));
        match fs::read_to_string(&path) {
            Ok(note) => Ok(Some(note)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(file(&path, e)),
        }
    }

    /// The note is on disk when this returns; a power cut leaves the old or the new one, never half.
    pub(super) fn keep(&self, origin: &str, note: &str) -> Result<(), Error> {
        let path = self.folder.join(origin_hash(origin));
        let fresh = path.with_extension("new");
        let mut out = File::create(&fresh).map_err(|e| file(&fresh, e))?;
        out.write_all(note.as_bytes()).and_then(|()| out.sync_all()).map_err(|e| file(&fresh, e))?;
        fs::rename(&fresh, &path).map_err(|e| file(&path, e))?;
        sync(&self.folder)
    }
}

/// Presses the names in a folder onto the disk.
fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| file(folder, e))
}

fn file(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::File { path: path.display().to_string(), what: what.to_string() }
}
