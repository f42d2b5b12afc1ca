//! The whole log checked: everything is derived anew from the entries and compared with what is stored.

use std::fmt;

use serde::Serialize;
use store::{Db, Tx, Vault};

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::note::Vkey;
use crate::record;
use crate::rows::{self, count, int, parse_tile};
use crate::schema::{CHECKPOINTS, COUNT_TILES, TILE, WHOLE_ENTRIES};
use crate::tree::{Edge, Growth, Hash, TILE_WIDTH, leaf_hash};

/// Entries looked at in one go.
const CHUNK: i64 = 16 * 1024;
/// Faults named; more are only counted.
const NAMED: usize = 16;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fault")]
pub enum Fault {
    /// An entry is not there.
    Missing {
        /// Its number.
        index: u64,
    },
    /// An entry stands behind the head.
    Beyond {
        /// Its number.
        index: u64,
    },
    /// An entry differs from the hash its tile keeps.
    Entry {
        /// Its number.
        index: u64,
    },
    /// Record and salt of an entry do not make it, or cannot be opened.
    Private {
        /// Its number.
        index: u64,
    },
    /// A full tile is missing or differs from what the entries make.
    Tile {
        /// Its level.
        level: u8,
        /// Its number.
        number: u64,
    },
    /// More tiles than the size asks for.
    StrayTile {
        /// Their level.
        level: u8,
    },
    /// The head row's root is not that of the entries.
    Head {
        /// The head row's size.
        size: u64,
    },
    /// A kept checkpoint is not signed by the log, or tells another root.
    Checkpoint {
        /// Its size.
        size: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { index } => write!(f, "entry {index} is missing"),
            Self::Beyond { index } => write!(f, "entry {index} was added behind the head"),
            Self::Entry { index } => write!(f, "entry {index} was changed"),
            Self::Private { index } => write!(f, "the private record of entry {index} does not match it"),
            Self::Tile { level, number } => write!(f, "tile {level}/{number} is missing or was changed"),
            Self::StrayTile { level } => write!(f, "level {level} has more tiles than the size asks for"),
            Self::Head { size } => write!(f, "the head of {size} entries is not that of the entries"),
            Self::Checkpoint { size } => write!(f, "the kept checkpoint of {size} entries does not match"),
        }
    }
}

/// What was looked at and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The head row's size.
    pub size: u64,
    /// Entries derived.
    pub entries: u64,
    /// Private records that re-computed their entries.
    pub records: u64,
    /// Entries whose salt was destroyed: provable, but they say nothing any more.
    pub destroyed: u64,
    /// Full tiles compared.
    pub tiles: u64,
    /// Kept checkpoints compared.
    pub checkpoints: u64,
    /// How many faults there are.
    pub faults: u64,
    /// The first of them.
    pub first: Vec<Fault>,
}

impl Report {
    /// Nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults == 0
    }

    fn add(&mut self, fault: Fault) {
        self.faults += 1;
        if self.first.len() < NAMED {
            self.first.push(fault);
        }
    }
}

/// Checks the whole log on one snapshot. Without a vault private records are not looked at. `progress` is told how
/// many entries are done and how many there are.
pub async fn fsck(
    db: &Db,
    vkey: Vkey,
    vault: Option<Vault>,
    progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Report, Error> {
    rows::read(db, move |tx| check(tx, &vkey, vault.as_ref(), progress)).await
}

struct Row {
    index: u64,
    data: Vec<u8>,
    key: [u8; 16],
    private: Option<Vec<u8>>,
    basis: Option<Vec<u8>>,
}

fn check(
    tx: &mut Tx<'_>,
    vkey: &Vkey,
    vault: Option<&Vault>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, Error> {
    let (size, root) = rows::head(tx)?.unwrap_or((0, crate::tree::EMPTY_ROOT));
    let mut report = Report { size, ..Report::default() };
    let (kept, unsigned) = checkpoints(tx, vkey)?;
    let mut kept = kept.into_iter().peekable();
    unsigned.into_iter().for_each(|size| report.add(Fault::Checkpoint { size }));
    let (mut edge, mut from) = (Edge::default(), 0);
    loop {
        let rows = chunk(tx, from)?;
        let Some(last) = rows.last() else { break };
        from = int(last.index + 1);
        for index in rows.iter().map(|row| row.index).filter(|index| *index >= size) {
            report.add(Fault::Beyond { index });
        }
        let hashes = verify_rows(&rows, vault, &mut report);
        for part in filled(&rows, &hashes, edge.size(), size, &mut report) {
            grow(tx, &mut edge, &part, &mut kept, &mut report)?;
        }
        progress(edge.size(), size);
    }
    for index in edge.size()..size.min(edge.size() + NAMED as u64) {
        report.add(Fault::Missing { index });
    }
    kept.for_each(|checkpoint| report.add(Fault::Checkpoint { size: checkpoint.size }));
    if edge.size() != size || edge.root() != root {
        report.add(Fault::Head { size });
    }
    stray_tiles(tx, size, &mut report)?;
    Ok(report)
}

/// Kept checkpoints that the log signed, smallest first, and sizes of those it did not.
fn checkpoints(tx: &mut Tx<'_>, vkey: &Vkey) -> Result<(Vec<Checkpoint>, Vec<u64>), Error> {
    let notes = tx.query(&CHECKPOINTS, &[], |row| Ok((count(row.int(0)?)?, row.text(1)?.to_owned())))?;
    let (mut signed, mut unsigned) = (Vec::new(), Vec::new());
    for (size, note) in notes {
        match Checkpoint::verify(&note, vkey) {
            Ok((checkpoint, _)) if checkpoint.size == size => signed.push(checkpoint),
            _ => unsigned.push(size),
        }
    }
    Ok((signed, unsigned))
}

fn chunk(tx: &mut Tx<'_>, from: i64) -> Result<Vec<Row>, Error> {
    Ok(tx.query(&WHOLE_ENTRIES, &[from.into(), CHUNK.into()], |row| {
        Ok(Row {
            index: count(row.int(0)?)?,
            data: row.bytes(1)?.to_vec(),
            key: row.array(2)?,
            private: row.opt_bytes(3)?.map(<[u8]>::to_vec),
            basis: row.opt_bytes(4)?.map(<[u8]>::to_vec),
        })
    })?)
}

/// Leaf hashes of the rows, after their private records were opened and committed to again, on all cores.
fn verify_rows(rows: &[Row], vault: Option<&Vault>, report: &mut Report) -> Vec<Hash> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = rows.len().div_ceil(workers).max(1);
    let parts: Vec<Vec<(Hash, Option<bool>)>> = std::thread::scope(|scope| {
        let verify = |rows: &[Row]| rows.iter().map(|row| (leaf_hash(&row.data), holds(row, vault))).collect();
        let threads: Vec<_> = rows.chunks(share).map(|part| scope.spawn(move || verify(part))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let mut hashes = Vec::with_capacity(rows.len());
    for ((hash, holds), row) in parts.into_iter().flatten().zip(rows) {
        match (holds, &row.private) {
            (Some(true), _) => report.records += 1,
            (Some(false), _) => report.add(Fault::Private { index: row.index }),
            (None, None) => report.destroyed += 1,
            (None, Some(_)) => {}
        }
        hashes.push(hash);
    }
    hashes
}

/// Whether the private record makes the entry; `None` when there is nothing to open or nothing to open it with.
fn holds(row: &Row, vault: Option<&Vault>) -> Option<bool> {
    let (vault, private) = (vault?, row.private.as_ref()?);
    let opened = record::open(&row.key, private, row.basis.as_deref(), vault);
    Some(opened.and_then(|found| record::commit(&found.record, &found.salt)).is_ok_and(|entry| entry == row.data))
}

/// The hashes that continue the tree of `next` entries, in runs; a gap is told, and filled with a hash no entry has, so
/// that what follows keeps its place.
fn filled(rows: &[Row], hashes: &[Hash], next: u64, size: u64, report: &mut Report) -> Vec<Vec<Hash>> {
    let (mut runs, mut run, mut next) = (Vec::new(), Vec::new(), next);
    for (row, hash) in rows.iter().zip(hashes).filter(|(row, _)| row.index < size) {
        while next < row.index {
            report.add(Fault::Missing { index: next });
            run.push([0; 32]);
            next += 1;
            if run.len() as i64 == CHUNK {
                runs.push(std::mem::take(&mut run));
            }
        }
        run.push(*hash);
        next += 1;
    }
    runs.push(run);
    runs
}

/// Adds hashes to the tree, comparing tiles and checkpoints on the way.
fn grow(
    tx: &mut Tx<'_>,
    edge: &mut Edge,
    hashes: &[Hash],
    kept: &mut std::iter::Peekable<impl Iterator<Item = Checkpoint>>,
    report: &mut Report,
) -> Result<(), Error> {
    let mut rest = hashes;
    loop {
        let end = edge.size() + rest.len() as u64;
        let due = kept.peek().filter(|checkpoint| checkpoint.size <= end).map(|checkpoint| checkpoint.size);
        let stop = usize::try_from(due.unwrap_or(end).saturating_sub(edge.size())).unwrap_or(usize::MAX);
        let (now, later) = rest.split_at_checked(stop).unwrap_or((rest, &[]));
        let grown = edge.grow(now);
        advance(tx, edge, &grown, report)?;
        rest = later;
        if due.is_none() {
            return Ok(());
        }
        if let Some(checkpoint) = kept.next() {
            report.checkpoints += 1;
            if checkpoint.size != edge.size() || checkpoint.root != edge.root() {
                report.add(Fault::Checkpoint { size: checkpoint.size });
            }
        }
    }
}

fn advance(tx: &mut Tx<'_>, edge: &mut Edge, grown: &Growth, report: &mut Report) -> Result<(), Error> {
    let from = edge.size();
    report.entries += grown.size() - from;
    for tile in edge.advance(grown) {
        let key = [i64::from(tile.level).into(), int(tile.number).into()];
        let stored = tx.query_opt(&TILE, &key, |row| Ok(parse_tile(row.bytes(0)?)))?.flatten();
        report.tiles += 1;
        match stored {
            Some(stored) if stored == tile.hashes => {}
            Some(stored) if tile.level == 0 => {
                let differs = stored.iter().zip(&tile.hashes).enumerate().filter(|(_, (a, b))| a != b);
                let first = tile.number * TILE_WIDTH;
                differs.for_each(|(at, _)| report.add(Fault::Entry { index: first + at as u64 }));
                report.add(Fault::Tile { level: 0, number: tile.number });
            }
            _ => report.add(Fault::Tile { level: tile.level, number: tile.number }),
        }
    }
    Ok(())
}

fn stray_tiles(tx: &mut Tx<'_>, size: u64, report: &mut Report) -> Result<(), Error> {
    for level in 0..8u8 {
        let expected = size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
        let found = tx.query_opt(&COUNT_TILES, &[i64::from(level).into()], |row| Ok((row.int(0)?, row.opt_int(1)?)))?;
        let stray =
            found.is_some_and(|(tiles, last)| tiles > int(expected) || last.is_some_and(|last| last >= int(expected)));
        if stray {
            report.add(Fault::StrayTile { level });
        }
    }
    Ok(())
}
