//! Roots and proofs against the definition, against other people's vectors and against each other.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use quorate_merkle::{
    Hash, MerkleError, Nodes, Refusal, TileId, TileNodes, TileSource, Tree, consistency_proof,
    inclusion_proof, root, verify_consistency, verify_inclusion,
};
use quorate_types::Coded;
use serde_json::Value;
use support::{leaves, root_by_definition, tree, vectors};

/// Past a tile, past a stride of the tree, not a power of two.
const SIZE: u64 = 70;

#[test]
fn every_size_has_the_root_of_the_definition() {
    let (tree, leaves) = (tree(SIZE), leaves(SIZE));
    for size in 0..=SIZE {
        assert_eq!(root(&tree, size), Ok(root_by_definition(&leaves[..size as usize])), "{size}");
    }
    let error = root(&tree, SIZE + 1).unwrap_err();
    assert_eq!((error.code(), error.field().unwrap().as_str()), ("QRT_ERR_MERKLE_SIZE", "size"));
}

#[test]
fn every_leaf_of_every_size_is_proved() {
    let (tree, leaves) = (tree(SIZE), leaves(SIZE));
    for size in 1..=SIZE {
        let root = root(&tree, size).unwrap();
        for index in 0..size {
            let proof = inclusion_proof(&tree, index, size).unwrap();
            let leaf = &leaves[index as usize];
            assert_eq!(verify_inclusion(leaf, index, size, &proof, &root), Ok(()));
            let other = &leaves[(index as usize + 1) % leaves.len()];
            assert!(verify_inclusion(other, index, size, &proof, &root).is_err());
        }
        assert!(inclusion_proof(&tree, size, size).is_err());
    }
}

#[test]
fn every_size_is_the_beginning_of_every_later_one() {
    let tree = tree(SIZE);
    for size2 in 1..=SIZE {
        let root2 = root(&tree, size2).unwrap();
        for size1 in 1..=size2 {
            let root1 = root(&tree, size1).unwrap();
            let proof = consistency_proof(&tree, size1, size2).unwrap();
            assert_eq!(verify_consistency(size1, size2, &root1, &root2, &proof), Ok(()), "{size1} {size2}");
            assert!(verify_consistency(size1, size2, &[7; 32], &root2, &proof).is_err());
        }
    }
    assert!(consistency_proof(&tree, 0, SIZE).is_err());
    assert!(consistency_proof(&tree, 3, 2).is_err());
}

#[test]
fn a_tree_grows_by_batches_of_any_size_to_the_same_hashes() {
    let all = leaves(9_000);
    let mut whole = Tree::new();
    whole.extend(&all);
    let mut grown = Tree::new();
    for batch in all.chunks(37) {
        grown.extend(batch);
        grown.extend(&[]);
    }
    assert_eq!(root(&grown, 9_000), root(&whole, 9_000));
    assert_eq!(root(&whole, 9_000).unwrap(), root_by_definition(&all));
    assert!(whole.memory_bytes() < 9_000 * 44);
}

/// A hash; none where a case has it cut, extended or left out: that is refused wherever hashes are read.
fn hash(value: &Value) -> Option<Hash> {
    STANDARD.decode(value.as_str().unwrap_or_default()).ok()?.try_into().ok()
}

/// A root: where it does not matter a case has a word in its place.
fn root_of(value: &Value) -> Option<Hash> {
    let mut bytes = STANDARD.decode(value.as_str().unwrap_or_default()).ok()?;
    if !bytes.is_empty() && bytes.len() < 32 {
        bytes.resize(32, 0);
    }
    bytes.try_into().ok()
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map_or(Some(Vec::new()), |hashes| hashes.iter().map(hash).collect())
}

fn number(case: &Value, name: &str) -> u64 {
    case[name].as_u64().unwrap_or(0)
}

/// Runs every case of a kind; `check` gives none where the case is no proof at all.
fn cases(kind: &str, check: impl Fn(&Value) -> Option<Result<(), Refusal>>) {
    let Some(folder) = vectors() else { return };
    let (mut good, mut bad) = (0, 0);
    let mut paths = vec![folder.join(kind)];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let refused = !matches!(check(&case), Some(Ok(())));
        assert_eq!(refused, case["wantErr"].as_bool().unwrap_or(false), "{}", path.display());
        *(if refused { &mut bad } else { &mut good }) += 1;
    }
    assert_eq!((good, bad), (6, 92), "{kind}");
}

#[test]
fn inclusion_vectors_of_others() {
    cases("inclusion", |case| {
        let (leaf, proof) = (hash(&case["leafHash"])?, hashes(&case["proof"])?);
        let (index, size) = (number(case, "leafIdx"), number(case, "treeSize"));
        Some(verify_inclusion(&leaf, index, size, &proof, &hash(&case["root"])?))
    });
}

#[test]
fn consistency_vectors_of_others() {
    cases("consistency", |case| {
        let (root1, root2) = (root_of(&case["root1"])?, root_of(&case["root2"])?);
        let (size1, size2) = (number(case, "size1"), number(case, "size2"));
        Some(verify_consistency(size1, size2, &root1, &root2, &hashes(&case["proof"])?))
    });
}

/// The tiles of a tree, served as files would be.
struct Served<'tree>(&'tree Tree);

impl TileSource for Served<'_> {
    fn tile(&self, id: TileId) -> Result<Vec<u8>, MerkleError> {
        // By its path, as over HTTP.
        TileId::parse(&id.to_string()).unwrap().read_from(self.0)
    }
}

#[test]
fn tiles_give_the_same_roots_and_proofs() {
    const LARGE: u64 = 70_000;
    let tree = tree(LARGE);
    let served = Served(&tree);
    for size in [1, 255, 256, 257, 65_536, 65_537, LARGE] {
        let nodes = TileNodes::new(&served, size);
        assert_eq!(root(&nodes, size), root(&tree, size), "{size}");
        for index in [0, size / 2, size - 1] {
            assert_eq!(inclusion_proof(&nodes, index, size), inclusion_proof(&tree, index, size));
        }
        let half = (size / 2).max(1);
        assert_eq!(consistency_proof(&nodes, half, size), consistency_proof(&tree, half, size));
    }
}

#[test]
fn nodes_that_no_tree_has_are_errors() {
    let tree = tree(SIZE);
    for (level, index) in [(0, SIZE), (1, u64::MAX), (1, 1 << 63), (63, 1), (64, 0), (6, 1)] {
        assert!(tree.node(level, index).is_err(), "{level} {index}");
    }
}

proptest! {
    #[test]
    fn a_changed_proof_proves_nothing(
        size in 2_u64..SIZE,
        index in 0_u64..SIZE,
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let index = index % size;
        let (tree, leaves) = (tree(size), leaves(size));
        let root = root(&tree, size).unwrap();
        let mut proof = inclusion_proof(&tree, index, size).unwrap();
        let byte = at.index(proof.len() * 32);
        proof[byte / 32][byte % 32] ^= 1 << bit;
        let leaf = &leaves[index as usize];
        prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, &root), Err(Refusal::RootMismatch));
        proof.pop();
        prop_assert!(verify_inclusion(leaf, index, size, &proof, &root).is_err());
    }
}
