//! The card's file: one command at a time, the owner's alone, kept before a PIN is looked at and after.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use card::{Attempt, Card, Pin};

use crate::exit::Error;
use crate::files::{self, Readers};

/// An open card.
pub(super) struct CardFile {
    path: PathBuf,
    card: Card,
    /// Held while the card is open, so that two commands do not share one try.
    _lock: File,
}

impl CardFile {
    /// Opens the card and waits for others to let go of it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // First of all, so that no lock is left beside a file that is not there.
        files::bytes(path)?;
        let lock = files::beside(path, ".lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let lock =
            lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|error| files::write_error(path, &error))?;
        let card = serde_json::from_str(&files::text(path)?);
        let card = card.map_err(|error| Error::config(path, "", format!("not an ID card: {error}")))?;
        Ok(Self { path: path.to_path_buf(), card, _lock: lock })
    }

    /// The card.
    pub(super) fn card(&self) -> &Card {
        &self.card
    }

    /// Counts a try, keeps the card, lets it act, and keeps it again.
    pub(super) fn act<T>(
        &mut self,
        pin: Pin,
        act: impl FnOnce(&mut Card, Attempt) -> Result<T, card::Error>,
    ) -> Result<T, Error> {
        let attempt = self.card.begin(pin).map_err(|error| refused(&error.into()))?;
        self.keep()?;
        let outcome = act(&mut self.card, attempt);
        self.keep()?;
        outcome.map_err(|error| refused(&error))
    }

    fn keep(&self) -> Result<(), Error> {
        files::replace_for(Readers::Owner, &self.path, &text(&self.card)?)
    }
}

/// The card as its file has it.
pub(super) fn text(card: &Card) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(card).map_err(Error::failed)
}

/// What the card refuses, in words that say what to do.
pub(super) fn refused(error: &card::Error) -> Error {
    match error {
        card::Error::Card(error) => error.refusal().into(),
        error => Error::failed(error),
    }
}
