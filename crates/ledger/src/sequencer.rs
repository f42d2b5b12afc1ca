//! The sequencer: entries of a batch, full tiles and the new head, in the batch's own transaction; one signature for
//! all of them, only after a known-good commit.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use store::{Entry, Param, Seal, Stamp, Tx};

use crate::Error;
use crate::log::Log;
use crate::rows::{self, count, int};
use crate::schema::{ADD_BASIS, ADD_ENTRY, ADD_SIXTEEN, ADD_TILE, CREATE_HEAD, LOCK_HEAD, MANY, SWAP_HEAD};
use crate::tree::{EMPTY_ROOT, Edge, Growth, Hash, leaf_hash};

/// Adds batches to the log. Owned by the writing thread.
pub(crate) struct Sequencer {
    log: Log,
    /// The last edge known to be committed; `None` before the first batch.
    edge: Option<Edge>,
    /// What the transaction under way makes of it.
    pending: Option<Pending>,
    /// Bases that are known to be on disk.
    bases: HashSet<i64>,
}

struct Pending {
    growth: Growth,
    edge: Edge,
    bases: Vec<i64>,
}

/// Bases that are remembered; beyond, all are forgotten, and each costs one look more.
const REMEMBERED: usize = 100_000;

/// A node's hash in base64 with its newline, as receipts bear it.
type Line = [u8; 45];

impl Sequencer {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, edge: None, pending: None, bases: HashSet::new() }
    }

    /// The edge of the head row, which stays locked until the transaction ends.
    fn catch_up(&mut self, tx: &mut Tx<'_>) -> Result<Edge, Error> {
        let known = self.edge.take().unwrap_or_else(|| self.log.head().edge.clone());
        let (size, root) = lock_head(tx)?;
        let edge = if size == known.size() && root == known.root() {
            Ok(known.clone())
        } else {
            // Another node wrote, or a commit of ours whose outcome was not known did happen.
            rows::follow(tx, &known, size, &root)
        };
        self.edge = Some(edge.as_ref().map_or(known, Clone::clone));
        edge
    }

    fn append(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Error> {
        if let Some(why) = self.log.closed() {
            return Err(Error::Closed(why));
        }
        let edge = self.catch_up(tx).inspect_err(|error| {
            if matches!(error, Error::Damaged(_) | Error::RolledBack { .. }) {
                self.log.close(error);
            }
        })?;
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(&entry.data)).collect();
        let growth = edge.grow(&leaves);
        let bases = self.add_bases(tx, entries)?;
        insert(tx, edge.size(), entries)?;
        let mut grown = edge;
        let before = grown.size();
        for tile in grown.advance(&growth) {
            let bytes = tile.bytes();
            tx.execute(&ADD_TILE, &[i64::from(tile.level).into(), int(tile.number).into(), (&bytes).into()])?;
        }
        let root = growth.root();
        if tx.execute(&SWAP_HEAD, &[int(growth.size()).into(), (&root).into(), int(before).into()])? != 1 {
            return Err(Error::Store(store::Error::Unavailable("another node moved the ledger's head".into())));
        }
        self.pending = Some(Pending { growth, edge: grown, bases });
        Ok(())
    }

    /// Stores what entries have in common and is not known to be stored; the names of it.
    fn add_bases(&self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<Vec<i64>, Error> {
        let mut added = Vec::new();
        for basis in entries.iter().filter_map(|entry| entry.basis.as_ref()) {
            if !self.bases.contains(&basis.id) && !added.contains(&basis.id) {
                tx.execute(&ADD_BASIS, &[basis.id.into(), (&basis.body).into()])?;
                added.push(basis.id);
            }
        }
        Ok(added)
    }
}

impl Seal for Sequencer {
    fn seal(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), store::Error> {
        self.pending = None;
        if entries.is_empty() {
            return Ok(());
        }
        self.append(tx, entries)?;
        self.log.set_committing(true);
        Ok(())
    }

    fn committed(&mut self) -> Vec<Stamp> {
        let Some(Pending { growth, edge, bases }) = self.pending.take() else {
            return Vec::new();
        };
        if self.bases.len() >= REMEMBERED {
            self.bases.clear();
        }
        self.bases.extend(bases);
        let released = self.log.release(&edge);
        self.edge = Some(edge);
        match released {
            Ok(head) => stamps(&growth, &head.note),
            Err(error) => {
                self.log.close(&error); // committed, but not to be signed for: callers get no receipt, hence no answer
                Vec::new()
            }
        }
    }

    fn uncertain(&mut self) {
        self.pending = None;
        self.log.set_committing(false);
    }
}

fn lock_head(tx: &mut Tx<'_>) -> Result<(u64, Hash), Error> {
    let read = |tx: &mut Tx<'_>| tx.query_opt(&LOCK_HEAD, &[], |row| Ok((count(row.int(0)?)?, row.array(1)?)));
    if let Some(head) = read(tx)? {
        return Ok(head);
    }
    tx.execute(&CREATE_HEAD, &[(&EMPTY_ROOT).into()])?;
    read(tx)?.ok_or_else(|| Error::Damaged("there is no head row".into()))
}

/// Adds entries from number `first` on.
fn insert(tx: &mut Tx<'_>, first: u64, entries: &[Entry]) -> Result<(), Error> {
    let mut index = int(first);
    let chunks = entries.chunks_exact(MANY);
    let rest = chunks.remainder();
    for chunk in chunks {
        let mut params = [Param::Null; 5 * MANY];
        for (places, entry) in params.chunks_exact_mut(5).zip(chunk) {
            places.copy_from_slice(&row(index, entry));
            index += 1;
        }
        tx.execute(&ADD_SIXTEEN, &params)?;
    }
    for entry in rest {
        tx.execute(&ADD_ENTRY, &row(index, entry))?;
        index += 1;
    }
    Ok(())
}

fn row(index: i64, entry: &Entry) -> [Param<'_>; 5] {
    let basis = entry.basis.as_ref().map_or(Param::Null, |basis| basis.id.into());
    [index.into(), (&entry.data).into(), (&entry.key).into(), (&entry.private).into(), basis]
}

/// One receipt for every entry of the growth, each node written out once.
fn stamps(growth: &Growth, note: &str) -> Vec<Stamp> {
    let nodes: Vec<(u64, Vec<Line>)> = growth.map_nodes(|hash| {
        let mut line = [b'\n'; 45];
        if let Some(text) = line.get_mut(..44) {
            let _ = STANDARD.encode_slice(hash, text); // 32 bytes always make 44 characters
        }
        line
    });
    let line = |(level, number): (usize, u64)| {
        let (start, lines) = nodes.get(level)?;
        lines.get(usize::try_from(number.checked_sub(*start)?).ok()?)
    };
    let mut text = Vec::with_capacity(2048);
    let mut stamps = Vec::new();
    for index in growth.from()..growth.size() {
        text.clear();
        text.extend_from_slice(b"c2sp.org/tlog-proof@v1\nindex ");
        text.extend_from_slice(index.to_string().as_bytes());
        text.push(b'\n');
        growth.path(index).filter_map(line).for_each(|line| text.extend_from_slice(line));
        text.push(b'\n');
        text.extend_from_slice(note.as_bytes());
        stamps.push(Arc::from(String::from_utf8_lossy(&text).as_ref()));
    }
    stamps
}
