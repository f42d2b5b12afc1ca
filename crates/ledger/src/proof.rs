//! Proofs that a leaf is in a tree and that one tree continues another: made from any source of hashes, checked by
//! nobody's leave.
//!
//! Making follows RFC 6962 §2.1.1 and §2.1.2, checking RFC 9162 §2.1.3.2 and §2.1.4.2.

use crate::Error;
use crate::tree::{EMPTY_ROOT, Hash, node_hash};

/// Longest proof that any tree can need.
pub const MAX_PROOF: usize = 63;

/// Where complete nodes come from: memory, tiles in a database, tiles from afar.
pub trait HashSource {
    /// Node `number` of `level`, whose leaves are all in the tree.
    fn node(&mut self, level: u8, number: u64) -> Result<Hash, Error>;
}

/// Root of the first `size` leaves.
pub fn root(size: u64, source: &mut impl HashSource) -> Result<Hash, Error> {
    if size == 0 { Ok(EMPTY_ROOT) } else { range(0, size, source) }
}

/// Proof that leaf `index` is in the tree of the first `size` leaves, from the leaf's sibling upwards.
pub fn prove_inclusion(index: u64, size: u64, source: &mut impl HashSource) -> Result<Vec<Hash>, Error> {
    if index >= size {
        return Err(Error::OutOfTree { index, size });
    }
    let (mut low, mut high, mut proof) = (0, size, Vec::new());
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(middle, high, source)?);
            high = middle;
        } else {
            proof.push(range(low, middle, source)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of the first `size` leaves continues that of the first `old`.
pub fn prove_consistency(old: u64, size: u64, source: &mut impl HashSource) -> Result<Vec<Hash>, Error> {
    if old > size {
        return Err(Error::OutOfTree { index: old, size });
    }
    let (mut low, mut high, mut proof) = (0, size, Vec::new());
    if old == 0 || old == size {
        return Ok(proof);
    }
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range(middle, high, source)?);
            high = middle;
        } else {
            proof.push(range(low, middle, source)?);
            low = middle;
        }
    }
    if low > 0 {
        proof.push(range(low, high, source)?); // the old tree's root is not a node of the new one
    }
    proof.reverse();
    Ok(proof)
}

/// Hash over leaves `low..high`, where `low` begins a subtree at least that large.
fn range(low: u64, high: u64, source: &mut impl HashSource) -> Result<Hash, Error> {
    let (mut low, mut parts) = (low, Vec::new());
    while low < high {
        let part = largest(high - low);
        let level = part.trailing_zeros();
        parts.push(source.node(level as u8, low >> level)?);
        low += part;
    }
    let mut hash = parts.pop().unwrap_or(EMPTY_ROOT);
    while let Some(left) = parts.pop() {
        hash = node_hash(&left, &hash);
    }
    Ok(hash)
}

/// Largest power of two that is not above `count`; `count` is not 0.
fn largest(count: u64) -> u64 {
    1 << (u64::BITS - 1 - count.leading_zeros())
}

/// Largest power of two below `count`; `count` is at least 2.
fn split(count: u64) -> u64 {
    largest(count - 1)
}

/// Leaf `index` with hash `leaf` is in the tree of `size` leaves with this root.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), Error> {
    if index >= size {
        return Err(Error::OutOfTree { index, size });
    }
    let (mut number, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(Error::ProofLength);
        }
        if number & 1 == 1 || number == last {
            hash = node_hash(sibling, &hash);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Error::ProofLength);
    }
    if hash == *root { Ok(()) } else { Err(Error::ProofRoot) }
}

/// The tree (`size`, `root`) continues the tree (`old`, `old_root`).
pub fn verify_consistency(old: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), Error> {
    if old > size {
        return Err(Error::OutOfTree { index: old, size });
    }
    if old == size || old == 0 {
        let fits = if old == 0 { *old_root == EMPTY_ROOT } else { old_root == root };
        let fits = fits && (size != 0 || *root == EMPTY_ROOT);
        return if !proof.is_empty() {
            Err(Error::ProofLength)
        } else if fits {
            Ok(())
        } else {
            Err(Error::ProofRoot)
        };
    }
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() { old_root } else { rest.next().ok_or(Error::ProofLength)? };
    let shared = (old - 1).trailing_ones();
    let (mut number, mut last) = ((old - 1) >> shared, (size - 1) >> shared);
    let (mut old_hash, mut hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(Error::ProofLength);
        }
        if number & 1 == 1 || number == last {
            old_hash = node_hash(sibling, &old_hash);
            hash = node_hash(sibling, &hash);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Error::ProofLength);
    }
    if old_hash == *old_root && hash == *root { Ok(()) } else { Err(Error::ProofRoot) }
}
