//! The tree against the published roots and against `tlog_tiles`, the library of another log.

use std::collections::HashMap;

use ledger::proof::{HashSource, prove_consistency, prove_inclusion, root, verify_consistency, verify_inclusion};
use ledger::tree::{EMPTY_ROOT, Edge, Hash, leaf_hash, subtree_hash};
use proptest::prelude::*;
use tlog_tiles::tlog;

/// Leaves and roots published with the first Certificate Transparency implementation (`merkletree_test.cc`).
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves() -> Vec<Hash> {
    LEAVES.iter().map(|hex| leaf_hash(&hex::decode(hex).unwrap())).collect()
}

#[test]
fn the_published_roots_come_out() {
    for (at, root) in ROOTS.iter().enumerate() {
        let grown = Edge::default().grow(&leaves()[..=at]);
        assert_eq!(hex::encode(grown.root()), *root, "{} leaves", at + 1);
    }
    assert_eq!(Edge::default().root(), EMPTY_ROOT);
    assert_eq!(hex::encode(EMPTY_ROOT), eds::sha256(b"").iter().map(|b| format!("{b:02x}")).collect::<String>());
}

#[test]
fn batches_of_any_sizes_make_the_same_tree() {
    for cut in 0..=8 {
        let mut edge = Edge::default();
        edge.advance(&edge.grow(&leaves()[..cut]));
        let grown = edge.grow(&leaves()[cut..]);
        edge.advance(&grown);
        assert_eq!(hex::encode(grown.root()), ROOTS[7], "cut at {cut}");
        assert_eq!(edge.root(), grown.root());
    }
}

#[test]
fn full_tiles_come_once_and_the_edge_can_be_put_together_again() {
    let all: Vec<Hash> = (0..66_000u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    for batch in all.chunks(1000) {
        full.extend(edge.advance(&edge.grow(batch)));
    }
    assert_eq!(full.iter().filter(|tile| tile.level == 0).count(), 257);
    let upper: Vec<_> = full.iter().filter(|tile| tile.level == 1).collect();
    assert_eq!(upper.len(), 1);
    assert_eq!(upper[0].hashes[3], subtree_hash(&all[768..1024]).unwrap());
    let tiles = (0..3).map(|level| edge.tile(level).to_vec()).collect();
    assert_eq!(Edge::from_tiles(66_000, tiles).unwrap(), edge);
    assert!(Edge::from_tiles(66_001, vec![edge.tile(0).to_vec()]).is_none());
}

#[test]
fn a_growth_of_another_edge_changes_nothing() {
    let mut edge = Edge::default();
    edge.advance(&edge.grow(&leaves()[..3]));
    let before = edge.clone();
    assert!(edge.advance(&Edge::default().grow(&leaves())).is_empty());
    assert_eq!(edge, before);
}

/// All leaves in memory.
struct Leaves(Vec<Hash>);

impl HashSource for Leaves {
    fn node(&mut self, level: u8, number: u64) -> Result<Hash, ledger::Error> {
        let from = usize::try_from(number << level).unwrap();
        Ok(subtree_hash(&self.0[from..from + (1 << level)]).unwrap())
    }
}

/// The other library's hashes.
#[derive(Default)]
struct Theirs(HashMap<u64, tlog::Hash>);

impl tlog::HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[index]).collect())
    }
}

fn data(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(1 + usize::try_from(number % 5).unwrap())
}

fn both(size: u64) -> (Leaves, Theirs) {
    let (mut ours, mut theirs) = (Leaves(Vec::new()), Theirs::default());
    for number in 0..size {
        ours.0.push(leaf_hash(&data(number)));
        let stored = tlog::stored_hashes(number, &data(number), &theirs).unwrap();
        let first = tlog::stored_hash_index(0, number);
        theirs.0.extend(stored.into_iter().enumerate().map(|(at, hash)| (first + at as u64, hash)));
    }
    (ours, theirs)
}

#[test]
fn roots_and_proofs_are_those_of_the_other_library() {
    let (mut ours, theirs) = both(70);
    for size in 1..=70u64 {
        let expected = tlog::tree_hash(size, &theirs).unwrap();
        let top = root(size, &mut ours).unwrap();
        assert_eq!(top, expected.0, "root of {size}");
        for index in 0..size {
            let proof = prove_inclusion(index, size, &mut ours).unwrap();
            let expected = tlog::prove_record(size, index, &theirs).unwrap();
            assert_eq!(proof, expected.iter().map(|hash| hash.0).collect::<Vec<_>>(), "{index} in {size}");
            verify_inclusion(index, size, &ours.0[usize::try_from(index).unwrap()], &proof, &top).unwrap();
        }
        for old in 1..=size {
            let proof = prove_consistency(old, size, &mut ours).unwrap();
            let expected = tlog::prove_tree(size, old, &theirs).unwrap();
            assert_eq!(proof, expected.iter().map(|hash| hash.0).collect::<Vec<_>>(), "{old} to {size}");
            verify_consistency(old, &root(old, &mut ours).unwrap(), size, &top, &proof).unwrap();
        }
    }
}

#[test]
fn growth_proves_what_the_other_library_accepts() {
    let (ours, theirs) = both(600);
    let mut edge = Edge::default();
    for (from, to) in [(0, 1), (1, 4), (4, 255), (255, 258), (258, 511), (511, 600)] {
        let grown = edge.grow(&ours.0[from..to]);
        let top = tlog::tree_hash(to as u64, &theirs).unwrap();
        assert_eq!(grown.root(), top.0);
        for index in from..to {
            let proof: Vec<_> = grown.proof(index as u64).unwrap().into_iter().map(tlog::Hash).collect();
            tlog::check_record(&proof, to as u64, top, index as u64, tlog::Hash(ours.0[index])).unwrap();
        }
        assert!(grown.proof(to as u64).is_none() && (from == 0 || grown.proof(from as u64 - 1).is_none()));
        edge.advance(&grown);
    }
}

proptest! {
    #[test]
    fn batches_make_no_difference(cuts in prop::collection::vec(0usize..90, 1..12)) {
        let leaves: Vec<Hash> = (0..cuts.iter().sum::<usize>() as u64).map(|n| leaf_hash(&data(n))).collect();
        let (mut edge, mut rest) = (Edge::default(), leaves.as_slice());
        for cut in cuts {
            let (now, later) = rest.split_at(cut);
            edge.advance(&edge.grow(now));
            rest = later;
        }
        let mut whole = Edge::default();
        whole.advance(&whole.grow(&leaves));
        prop_assert_eq!(&edge, &whole);
        prop_assert_eq!(edge.root(), root(leaves.len() as u64, &mut Leaves(leaves)).unwrap());
    }

    #[test]
    fn a_changed_proof_proves_nothing(size in 2u64..300, at in 0u64..300, bit in 0usize..256, pick: prop::sample::Index) {
        let index = at % size;
        let mut leaves = Leaves((0..size).map(|n| leaf_hash(&data(n))).collect());
        let leaf = leaves.0[usize::try_from(index).unwrap()];
        let top = root(size, &mut leaves).unwrap();
        let proof = prove_inclusion(index, size, &mut leaves).unwrap();
        prop_assert!(verify_inclusion(index, size, &leaf, &proof, &top).is_ok());
        let mut flipped = proof.clone();
        flipped[pick.index(proof.len())][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(index, size, &leaf, &flipped, &top).is_err());
        prop_assert!(verify_inclusion(index, size, &leaf, &proof[1..], &top).is_err());
        let longer = [proof.as_slice(), &[leaf]].concat();
        prop_assert!(verify_inclusion(index, size, &leaf, &longer, &top).is_err());
        let neighbour = if index == 0 { 1 } else { index - 1 };
        prop_assert!(verify_inclusion(neighbour, size, &leaf, &proof, &top).is_err());
        prop_assert!(verify_inclusion(size, size, &leaf, &proof, &top).is_err());
    }

    #[test]
    fn a_forked_tree_is_not_a_continuation(old in 1u64..200, more in 1u64..200, changed in 0u64..200) {
        let (size, changed) = (old + more, changed % old);
        let mut leaves = Leaves((0..size).map(|n| leaf_hash(&data(n))).collect());
        let (old_root, top) = (root(old, &mut leaves).unwrap(), root(size, &mut leaves).unwrap());
        let proof = prove_consistency(old, size, &mut leaves).unwrap();
        prop_assert!(verify_consistency(old, &old_root, size, &top, &proof).is_ok());
        leaves.0[usize::try_from(changed).unwrap()] = leaf_hash(b"another");
        let forked = root(size, &mut leaves).unwrap();
        let their_proof = prove_consistency(old, size, &mut leaves).unwrap();
        prop_assert!(verify_consistency(old, &old_root, size, &forked, &proof).is_err());
        prop_assert!(verify_consistency(old, &old_root, size, &forked, &their_proof).is_err());
        prop_assert!(verify_consistency(old, &old_root, size, &top, &[proof.as_slice(), &[top]].concat()).is_err());
        prop_assert!(verify_consistency(size, &top, old, &old_root, &proof).is_err());
    }
}
