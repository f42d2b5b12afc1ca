//! Room on the disk kept for reading: a disclosure needs its leaf, and a full disk must not stop disclosures.
//!
//! The room is a file. When a commit finds the disk full, the file is removed, and until it can be made again only
//! jobs that disclose are committed; jobs that change anything are refused at once.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is tried to make the file again.
const AGAIN: Duration = Duration::from_secs(2);
const PIECE: usize = 256 * 1024;

/// The room kept beside an embedded database; none is kept for a server's.
pub(crate) struct Reserve {
    file: Option<PathBuf>,
    size: u64,
    /// Since when it is in use.
    used: Option<Instant>,
}

impl Reserve {
    /// Keeps `size` bytes beside the database; nothing when there is no file or `size` is zero.
    pub(crate) fn keep(database: Option<&Path>, size: u64) -> Self {
        let file = database.filter(|_| size > 0).map(|path| path.with_extension("reserve"));
        let mut reserve = Self { file, size, used: None };
        if !reserve.make(size) {
            reserve.release();
        }
        reserve
    }

    /// True while there is no room but for reading.
    pub(crate) fn is_used(&mut self) -> bool {
        let Some(since) = self.used else {
            return false;
        };
        if since.elapsed() < AGAIN {
            return true;
        }
        // As much again must be free, or the first change would find the disk full once more.
        if self.make(self.size.saturating_mul(2)) {
            tracing::info!("there is room on the disk again: changes are taken");
            self.used = None;
        } else {
            self.used = Some(Instant::now());
        }
        self.used.is_some()
    }

    /// The disk is full: gives the room to reading.
    pub(crate) fn release(&mut self) {
        let Some(file) = &self.file else {
            return;
        };
        if self.used.is_none() {
            tracing::error!("the disk is full: changes are refused until there is room, reading goes on");
            self.used = Some(Instant::now());
        }
        if let Err(error) = std::fs::remove_file(file)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::error!(%error, "the reserve cannot be removed");
        }
    }

    /// Makes the file unless it is there in its full size; false when there is no room for `wanted` bytes.
    fn make(&self, wanted: u64) -> bool {
        let Some(file) = &self.file else {
            return true;
        };
        if std::fs::metadata(file).is_ok_and(|found| found.len() == self.size) {
            return true;
        }
        let made = fill(file, wanted).and_then(|out| out.set_len(self.size));
        if let Err(error) = &made {
            tracing::debug!(%error, "no room for the reserve");
            let _ = std::fs::remove_file(file); // half of it would only take what little room there is
        }
        made.is_ok()
    }
}

/// Written out, because a file that is merely long takes no room.
fn fill(file: &Path, size: u64) -> std::io::Result<std::fs::File> {
    let piece = vec![0; PIECE];
    let mut out = std::fs::File::create(file)?;
    let mut left = size;
    while left > 0 {
        let now = piece.get(..usize::try_from(left).unwrap_or(PIECE)).unwrap_or(&piece);
        out.write_all(now)?;
        left = left.saturating_sub(now.len() as u64);
    }
    out.flush()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_taken_given_and_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("nais.db");
        let file = folder.path().join("nais.reserve");
        let mut reserve = Reserve::keep(Some(&database), 300_000);
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 300_000);
        assert!(!reserve.is_used());
        reserve.release();
        assert!(!file.exists() && reserve.is_used());
        reserve.used = Instant::now().checked_sub(AGAIN);
        assert!(!reserve.is_used());
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 300_000);
    }

    #[test]
    fn without_room_only_reading_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("none").join("nais.db");
        let mut reserve = Reserve::keep(Some(&nowhere), 1);
        assert!(reserve.is_used());
        let mut none = Reserve::keep(None, 1);
        none.release();
        assert!(!none.is_used(), "a server looks after its own disk");
    }
}
