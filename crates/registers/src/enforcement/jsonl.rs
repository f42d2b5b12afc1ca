//! Loading proceedings from JSON Lines: 500 a transaction; one bad line never loses the good ones.

use std::io::{BufRead, Read as _};

use model::{Clock, Fault, Schema};
use store::{Db, Error, Vault};

use super::codes::Codes;
use super::load::{Outcome, Prepared, load};
use super::record::Proceeding;

/// Lines of one transaction.
const BATCH: usize = 500;
/// Bytes of a line at most.
const LONGEST: u64 = 1 << 20;

/// A fault in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// Counted from 1.
    pub line: u64,
    /// Where in the line and what.
    pub fault: Fault,
}

/// How many lines became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Proceedings that were not there before.
    pub added: u64,
    /// New versions.
    pub changed: u64,
    /// Lines that said what was known already.
    pub unchanged: u64,
    /// Lines with faults; nothing of them was kept.
    pub refused: u64,
}

/// What a load needs of the register.
pub(super) struct Loader<'a> {
    pub(super) vault: &'a Vault,
    pub(super) codes: &'a Codes,
    pub(super) schema: &'a Schema,
    pub(super) db: &'a Db,
    pub(super) clock: &'a Clock,
}

impl Loader<'_> {
    /// Reads to the end. What was counted is on disk.
    pub(super) fn run(&self, mut lines: impl BufRead, mut report: impl FnMut(LineFault)) -> Result<Loaded, Error> {
        let mut loaded = Loaded::default();
        let mut batch = Vec::with_capacity(BATCH);
        let mut line = 0_u64;
        while let Some(text) = next_line(&mut lines)? {
            line += 1;
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match self.prepare(&text) {
                Ok(prepared) => batch.push((line, prepared)),
                Err(faults) => {
                    loaded.refused += 1;
                    faults.into_iter().for_each(|fault| report(LineFault { line, fault }));
                }
            }
            if batch.len() == BATCH {
                self.commit(&mut batch, &mut loaded, &mut report)?;
            }
        }
        self.commit(&mut batch, &mut loaded, &mut report)?;
        Ok(loaded)
    }

    fn prepare(&self, text: &[u8]) -> Result<Prepared, Vec<Fault>> {
        if text.len() as u64 > LONGEST {
            return Err(vec![Fault::new("", "02", "line-too-long")]);
        }
        let json = model::json::parse(text).map_err(|fault| vec![fault])?;
        self.schema.check(&json)?;
        let proceeding: Proceeding =
            serde_json::from_value(json).map_err(|wrong| vec![Fault::new("", "02", "form").with("expected", wrong)])?;
        Prepared::new(self.vault, self.codes, proceeding)
    }

    fn commit(
        &self,
        batch: &mut Vec<(u64, Prepared)>,
        loaded: &mut Loaded,
        report: &mut impl FnMut(LineFault),
    ) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let (lines, prepared): (Vec<u64>, Vec<Prepared>) = batch.drain(..).unzip();
        let (vault, now) = (self.vault.clone(), self.clock.micros());
        let outcomes = self.db.write_blocking(move |tx| load(tx, &vault, &prepared, now))?;
        for (line, outcome) in lines.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Added => loaded.added += 1,
                Outcome::Changed => loaded.changed += 1,
                Outcome::Unchanged => loaded.unchanged += 1,
                Outcome::Refused(faults) => {
                    loaded.refused += 1;
                    faults.into_iter().for_each(|fault| report(LineFault { line, fault }));
                }
            }
        }
        Ok(())
    }
}

/// The next line without its end; of a line that is too long only as much as shows that it is.
fn next_line(lines: &mut impl BufRead) -> Result<Option<Vec<u8>>, Error> {
    let failed = |e: std::io::Error| Error::Unavailable(format!("reading the lines: {e}"));
    let mut text = Vec::new();
    let read = lines.by_ref().take(LONGEST + 2).read_until(b'\n', &mut text).map_err(failed)?;
    if read == 0 {
        return Ok(None);
    }
    if text.last() == Some(&b'\n') {
        text.pop();
    } else if text.len() as u64 > LONGEST {
        skip_rest(lines).map_err(failed)?;
    }
    Ok(Some(text))
}

/// Reads up to the end of the line and forgets it.
fn skip_rest(lines: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let held = lines.fill_buf()?;
        let (length, ended) = match held.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (held.len(), held.is_empty()),
        };
        lines.consume(length);
        if ended {
            return Ok(());
        }
    }
}
