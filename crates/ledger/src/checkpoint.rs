//! A checkpoint (`c2sp.org/tlog-checkpoint`): origin, size and root of a tree, as the text of a signed note.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Error;
use crate::note::{Note, Vkey};
use crate::tile::decimal;
use crate::tree::Hash;

/// Head of a log at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a note. Extension lines are allowed and not looked at.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |expected| Error::format("checkpoint", expected);
        let body = text.strip_suffix('\n').ok_or_else(|| wrong("a last newline was expected"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(wrong("three lines were expected"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(wrong("no line may be empty"));
        }
        let size = decimal(size).filter(|size| i64::try_from(*size).is_ok());
        let size = size.ok_or_else(|| wrong("the second line must be the tree's size"))?;
        let root = parse_hash(root).ok_or_else(|| wrong("the third line must be the root in base64"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Reads a note, checks this log's signature on it and that it is this log's.
    pub fn verify(note: &str, vkey: &Vkey) -> Result<(Self, Note), Error> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(&note.text)?;
        note.verify(vkey)?;
        if checkpoint.origin != vkey.name() {
            return Err(Error::Origin { expected: vkey.name().to_owned(), found: checkpoint.origin });
        }
        Ok((checkpoint, note))
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root))
    }
}

/// A hash written in base64.
pub(crate) fn parse_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
