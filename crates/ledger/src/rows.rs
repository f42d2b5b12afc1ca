//! The tree as rows: the right edge put together again, and hashes for proofs.

use std::collections::HashMap;
use std::sync::Arc;

use store::{Db, Tx};

use crate::Error;
use crate::proof::HashSource;
use crate::schema::{ENTRIES, HEAD, TILE, TILES};
use crate::tree::{Edge, Hash, TILE_WIDTH, leaf_hash, subtree_hash, tile_levels};

/// Runs a job of the ledger on a snapshot, keeping its own errors.
pub(crate) async fn read<T: Send + 'static>(
    db: &Db,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    db.read(move |tx| Ok(job(tx))).await?
}

/// A number for SQL. Trees end long before 2^63.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from SQL.
pub(crate) fn count(number: i64) -> Result<u64, store::Error> {
    u64::try_from(number).map_err(|_| store::Error::broken("a size below zero"))
}

/// Size and root of the head row, if there is one.
pub(crate) fn head(tx: &mut Tx<'_>) -> Result<Option<(u64, Hash)>, Error> {
    Ok(tx.query_opt(&HEAD, &[], |row| Ok((count(row.int(0)?)?, row.array(1)?)))?)
}

/// Hashes of the entries `from..to`, all of which must be there.
pub(crate) fn leaves(tx: &mut Tx<'_>, from: u64, to: u64) -> Result<Vec<Hash>, Error> {
    let (mut hashes, mut next) = (Vec::new(), from);
    tx.each(&ENTRIES, &[int(from).into(), int(to).into()], |row| {
        if row.int(0)? != int(next) {
            return Ok(false);
        }
        hashes.push(leaf_hash(row.bytes(1)?));
        next += 1;
        Ok(true)
    })?;
    if next == to { Ok(hashes) } else { Err(Error::Damaged(format!("entry {next} is missing"))) }
}

/// The right edge of the first `size` entries, from entries and full tiles.
pub(crate) fn load_edge(tx: &mut Tx<'_>, size: u64) -> Result<Edge, Error> {
    let mut tiles = vec![leaves(tx, size - size % TILE_WIDTH, size)?];
    for level in 1..tile_levels(size) {
        let end = size >> (8 * level);
        tiles.push(tile_roots(tx, level - 1, end - end % TILE_WIDTH, end)?);
    }
    Edge::from_tiles(size, tiles).ok_or_else(|| Error::Damaged("tiles do not fit the size".into()))
}

/// Roots of the full tiles `from..to` of a level, all of which must be there.
fn tile_roots(tx: &mut Tx<'_>, level: usize, from: u64, to: u64) -> Result<Vec<Hash>, Error> {
    let (mut roots, mut next) = (Vec::new(), from);
    tx.each(&TILES, &[(level as i64).into(), int(from).into(), int(to).into()], |row| {
        let root = parse_tile(row.bytes(1)?).and_then(|hashes| subtree_hash(&hashes));
        let Some(root) = root.filter(|_| row.int(0).is_ok_and(|number| number == int(next))) else {
            return Ok(false);
        };
        roots.push(root);
        next += 1;
        Ok(true)
    })?;
    if next == to { Ok(roots) } else { Err(Error::Damaged(format!("tile {level}/{next} is missing or damaged"))) }
}

/// The 256 hashes of a full tile's bytes.
pub(crate) fn parse_tile(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() as u64 == TILE_WIDTH).then(|| hashes.to_vec())
}

/// The edge of a snapshot that continues `known`, after its new entries were added and the root compared.
pub(crate) fn follow(tx: &mut Tx<'_>, known: &Edge, size: u64, root: &Hash) -> Result<Edge, Error> {
    let mut edge = known.clone();
    while edge.size() < size {
        let to = size.min(edge.size() + 4096);
        let grown = edge.grow(&leaves(tx, edge.size(), to)?);
        edge.advance(&grown);
    }
    if edge.size() > size {
        return Err(Error::RolledBack { own: size, witness: edge.size() });
    }
    if edge.root() == *root { Ok(edge) } else { Err(Error::Damaged(format!("another root at size {size}"))) }
}

/// Complete nodes from a snapshot's full tiles and a right edge not newer than the snapshot.
pub(crate) struct TxSource<'a, 'c> {
    tx: &'a mut Tx<'c>,
    edge: &'a Edge,
    tiles: HashMap<(u8, u64), Arc<Vec<Hash>>>,
}

impl<'a, 'c> TxSource<'a, 'c> {
    pub(crate) fn new(tx: &'a mut Tx<'c>, edge: &'a Edge) -> Self {
        Self { tx, edge, tiles: HashMap::new() }
    }

    /// Hashes of a tile: 256 when it is full, fewer at the right edge, none beyond.
    pub(crate) fn tile(&mut self, level: u8, number: u64) -> Result<Arc<Vec<Hash>>, Error> {
        if let Some(tile) = self.tiles.get(&(level, number)) {
            return Ok(Arc::clone(tile));
        }
        let complete = self.edge.size().checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
        let tile = if number < complete {
            let row = self.tx.query_opt(&TILE, &[i64::from(level).into(), int(number).into()], |row| {
                Ok(parse_tile(row.bytes(0)?))
            })?;
            let hashes = row.flatten();
            Arc::new(hashes.ok_or_else(|| Error::Damaged(format!("tile {level}/{number} is missing or damaged")))?)
        } else if number == complete {
            self.edge.shared_tile(level).unwrap_or_default()
        } else {
            Arc::default()
        };
        self.tiles.insert((level, number), Arc::clone(&tile));
        Ok(tile)
    }
}

impl HashSource for TxSource<'_, '_> {
    fn node(&mut self, level: u8, number: u64) -> Result<Hash, Error> {
        let (tile_level, height) = (level / 8, level % 8);
        let first = number.checked_shl(u32::from(height)).unwrap_or(u64::MAX);
        let tile = self.tile(tile_level, first / TILE_WIDTH)?;
        let from = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let part = tile.get(from..from.saturating_add(1 << height));
        part.and_then(subtree_hash).ok_or(Error::OutOfTree { index: number, size: self.edge.size() })
    }
}
