//! The RFC 6962 Merkle tree: its hashes, its right edge in memory, and how a batch makes it grow.
//!
//! Pure. Level 0 are the leaves; node `i` of level `l` is the hash of the leaves `i << l .. (i + 1) << l`. A tile is 256
//! neighbours of a level that is a multiple of 8 (`c2sp.org/tlog-tiles`).

use std::sync::Arc;

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

/// A SHA-256 digest: a leaf, a node or a root.
pub type Hash = [u8; 32];

/// Hashes of a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// SHA-256 of `parts`, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    hash_of(&context.finish())
}

fn hash_of(digest: &Digest) -> Hash {
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// Hash of a leaf with this data: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// Hash of a node over its two children: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [1; 65];
    if let Some((_, body)) = block.split_first_mut() {
        let (first, second) = body.split_at_mut(32);
        first.copy_from_slice(left);
        second.copy_from_slice(right);
    }
    hash_of(&digest(&SHA256, &block))
}

/// Root of a full tile's hashes, or `None` when their number is not a power of two.
pub fn subtree_hash(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut row: Vec<Hash> = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).filter_map(|pair| Some(node_hash(pair.first()?, pair.get(1)?))).collect();
    }
    row.first().copied()
}

/// The right edge of a tree: all that is needed to grow it and to prove what is added.
///
/// Cheap to clone: readers share the last committed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// `frontier[l]` is the last complete node of level `l` where bit `l` of `size` is set; elsewhere zeroes.
    frontier: Vec<Hash>,
    /// `tiles[L]`: hashes of the incomplete tile of level `L`, 0 to 255 of them.
    tiles: Vec<Arc<Vec<Hash>>>,
}

impl Default for Edge {
    fn default() -> Self {
        Self { size: 0, frontier: Vec::new(), tiles: vec![Arc::default()] }
    }
}

impl Edge {
    /// Puts the edge of a tree of `size` leaves together from its incomplete tiles, lowest first.
    ///
    /// `None` when the number of hashes in a tile is not what the size asks for.
    pub fn from_tiles(size: u64, tiles: Vec<Vec<Hash>>) -> Option<Self> {
        let mut frontier = vec![[0; 32]; levels(size)];
        for (level, hashes) in tiles.iter().enumerate() {
            let width = (size.checked_shr(u32::try_from(level.checked_mul(8)?).ok()?).unwrap_or(0)) % TILE_WIDTH;
            if usize::try_from(width).ok()? != hashes.len() {
                return None;
            }
            let mut rest = hashes.as_slice();
            for bit in (0..8).rev() {
                if width >> bit & 1 == 1 {
                    let (part, after) = rest.split_at_checked(1 << bit)?;
                    *frontier.get_mut(level * 8 + bit)? = subtree_hash(part)?;
                    rest = after;
                }
            }
        }
        if tiles.len() < tile_levels(size) {
            return None;
        }
        Some(Self { size, frontier, tiles: tiles.into_iter().map(Arc::new).collect() })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        let mut root = None;
        for (level, hash) in self.frontier.iter().enumerate() {
            if self.size >> level & 1 == 1 {
                root = Some(root.map_or(*hash, |right| node_hash(hash, &right)));
            }
        }
        root.unwrap_or(EMPTY_ROOT)
    }

    /// Hashes of the incomplete tile of this level.
    pub fn tile(&self, level: u8) -> &[Hash] {
        self.tiles.get(usize::from(level)).map_or(&[], |tile| tile.as_slice())
    }

    /// The same shared with whoever keeps it.
    pub fn shared_tile(&self, level: u8) -> Option<Arc<Vec<Hash>>> {
        self.tiles.get(usize::from(level)).cloned()
    }

    /// This tree with `leaves` added; the edge itself stays as it is.
    pub fn grow(&self, leaves: &[Hash]) -> Growth {
        let to = self.size.saturating_add(leaves.len() as u64);
        let mut rows = vec![Row::default(); levels(to).max(1)];
        let mut last = Row::opening(0, self);
        last.hashes.extend_from_slice(leaves);
        for level in 0..rows.len() {
            let mut next = Row::opening(level + 1, self);
            let pairs = last.hashes.chunks_exact(2);
            next.hashes.extend(pairs.clone().filter_map(|pair| Some(node_hash(pair.first()?, pair.get(1)?))));
            next.hashes.extend(pairs.remainder()); // a lone last node rises unchanged
            if let Some(row) = rows.get_mut(level) {
                *row = last;
            }
            last = next;
        }
        if let Some(top) = rows.last_mut()
            && top.hashes.len() > 1
        {
            rows.push(last);
        }
        Growth { from: self.size, to, rows }
    }

    /// The edge of the grown tree, with the tiles that became full: level, number, hashes.
    pub fn advance(&mut self, growth: &Growth) -> Vec<FullTile> {
        let mut full = Vec::new();
        if growth.from != self.size {
            return full; // a growth of another edge changes nothing
        }
        for level in 0..tile_levels(growth.to) {
            if self.tiles.len() <= level {
                self.tiles.push(Arc::default());
            }
            let (Some(tile), Some(row)) = (self.tiles.get_mut(level), growth.rows.get(level * 8)) else {
                break;
            };
            let (mut number, end) = (self.size >> (level * 8), growth.to >> (level * 8));
            let tile = Arc::make_mut(tile);
            while number < end {
                let Some(hash) = row.at(number) else { break };
                tile.push(*hash);
                number += 1;
                if tile.len() as u64 == TILE_WIDTH {
                    let hashes = std::mem::take(tile);
                    full.push(FullTile { level: level as u8, number: number / TILE_WIDTH - 1, hashes });
                }
            }
        }
        self.frontier.resize(levels(growth.to), [0; 32]);
        for (level, place) in self.frontier.iter_mut().enumerate() {
            let complete = growth.to >> level;
            let found = (complete & 1 == 1).then(|| growth.rows.get(level)?.at(complete - 1)).flatten();
            *place = found.copied().unwrap_or([0; 32]);
        }
        self.size = growth.to;
        full
    }
}

/// Levels of nodes in a tree of `size` leaves: one more than the highest bit's number.
fn levels(size: u64) -> usize {
    (u64::BITS - size.leading_zeros()) as usize
}

/// Levels of tiles in a tree of `size` leaves.
pub(crate) fn tile_levels(size: u64) -> usize {
    levels(size).div_ceil(8).max(1)
}

/// A tile that became full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// The tile's level; its hashes are nodes of level `8 × level`.
    pub level: u8,
    /// Its number within the level.
    pub number: u64,
    /// Its 256 hashes.
    pub hashes: Vec<Hash>,
}

impl FullTile {
    /// Its 8,192 bytes as they are served.
    pub fn bytes(&self) -> Vec<u8> {
        self.hashes.concat()
    }
}

/// One level of a growth: neighbouring nodes, the first of which has an even number.
#[derive(Clone, Debug, Default)]
struct Row {
    start: u64,
    hashes: Vec<Hash>,
}

impl Row {
    /// The row of `level` before anything is added: the left neighbour of what comes, if it is needed as a sibling.
    fn opening(level: usize, edge: &Edge) -> Self {
        let before = edge.size.checked_shr(level as u32).unwrap_or(0);
        let mut row = Self { start: before & !1, hashes: Vec::new() };
        if before & 1 == 1 {
            row.hashes.extend(edge.frontier.get(level));
        }
        row
    }

    fn at(&self, number: u64) -> Option<&Hash> {
        self.hashes.get(usize::try_from(number.checked_sub(self.start)?).ok()?)
    }
}

/// A tree grown by a batch: knows its root and the inclusion proof of every new leaf without asking anybody.
#[derive(Clone, Debug)]
pub struct Growth {
    from: u64,
    to: u64,
    rows: Vec<Row>,
}

impl Growth {
    /// Leaves before.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// Leaves now.
    pub fn size(&self) -> u64 {
        self.to
    }

    /// Root of the grown tree.
    pub fn root(&self) -> Hash {
        if self.to == 0 {
            return EMPTY_ROOT;
        }
        self.rows.last().and_then(|row| row.hashes.first()).copied().unwrap_or(EMPTY_ROOT)
    }

    /// Every node of the growth, level by level, as another form of it: for proofs written out many times.
    pub(crate) fn map_nodes<T>(&self, mut form: impl FnMut(&Hash) -> T) -> Vec<(u64, Vec<T>)> {
        self.rows.iter().map(|row| (row.start, row.hashes.iter().map(&mut form).collect())).collect()
    }

    /// Places of the inclusion proof of a new leaf: level and number, from its sibling upwards.
    pub(crate) fn path(&self, index: u64) -> impl Iterator<Item = (usize, u64)> {
        let last = self.to.saturating_sub(1);
        let height = self.rows.len().saturating_sub(1);
        (0..height).map(move |level| (level, index >> level ^ 1, last >> level)).filter_map(|(level, sibling, last)| {
            (sibling <= last).then_some((level, sibling)) // without a sibling the node rises unchanged
        })
    }

    /// The inclusion proof of a new leaf, or `None` when the leaf is not new.
    pub fn proof(&self, index: u64) -> Option<Vec<Hash>> {
        if index < self.from || index >= self.to {
            return None;
        }
        self.path(index).map(|(level, number)| self.rows.get(level)?.at(number).copied()).collect()
    }
}
