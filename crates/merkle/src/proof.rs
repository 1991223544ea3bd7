//! Roots and proofs, from the hashes of complete subtrees (RFC 6962, sections 2.1 to 2.1.2).

use quorate_types::FieldPath;

use crate::error::MerkleError;
use crate::hash::{Hash, empty_root, node_hash};

/// Where the hashes of complete subtrees come from: a tree in memory, or tiles.
pub trait Nodes {
    /// Leaves there are.
    fn size(&self) -> u64;

    /// The hash over the leaves from `index * 2^level` to below `(index + 1) * 2^level`, all of which exist.
    ///
    /// # Errors
    /// Where the hash cannot be had.
    fn node(&self, level: u32, index: u64) -> Result<Hash, MerkleError>;
}

/// The root of the first `size` leaves.
///
/// # Errors
/// `QRT_ERR_MERKLE_SIZE` where there are fewer, and those of the nodes.
pub fn root<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Hash, MerkleError> {
    check_size(nodes, size, 0, "size")?;
    if size == 0 { Ok(empty_root()) } else { range(nodes, 0, size) }
}

/// The proof that leaf `index` is in the tree of the first `size` leaves, from the leaf upwards.
///
/// # Errors
/// `QRT_ERR_MERKLE_SIZE`, `QRT_ERR_MERKLE_INDEX`, and those of the nodes.
pub fn inclusion_proof<N: Nodes + ?Sized>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, MerkleError> {
    check_size(nodes, size, 0, "size")?;
    if index >= size {
        return Err(MerkleError::Index { index, size, field: FieldPath::new("index") });
    }
    let (mut low, mut high) = (0, size);
    let mut proof = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            proof.push(range(nodes, low, middle)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `size1` leaves is the beginning of the tree of `size2` leaves.
///
/// # Errors
/// `QRT_ERR_MERKLE_SIZE` unless `1 <= size1 <= size2` and the leaves exist, and those of the nodes.
pub fn consistency_proof<N: Nodes + ?Sized>(
    nodes: &N,
    size1: u64,
    size2: u64,
) -> Result<Vec<Hash>, MerkleError> {
    check_size(nodes, size2, 1, "size2")?;
    if size1 == 0 || size1 > size2 {
        return Err(MerkleError::Size { size: size1, min: 1, max: size2, field: FieldPath::new("size1") });
    }
    let (mut low, mut high) = (0, size2);
    let mut proof = Vec::new();
    while size1 != high {
        let middle = low + split(high - low);
        if size1 <= middle {
            proof.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            proof.push(range(nodes, low, middle)?);
            low = middle;
        }
    }
    // The old root itself is known to whoever checks the proof.
    if low > 0 {
        proof.push(range(nodes, low, high)?);
    }
    proof.reverse();
    Ok(proof)
}

fn check_size<N: Nodes + ?Sized>(
    nodes: &N,
    size: u64,
    min: u64,
    field: &'static str,
) -> Result<(), MerkleError> {
    let max = nodes.size();
    if (min..=max).contains(&size) {
        return Ok(());
    }
    Err(MerkleError::Size { size, min, max, field: FieldPath::new(field) })
}

/// The largest power of two below `leaves`, which is at least 2.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The hash over the leaves from `low` to below `high`: complete subtrees, joined from the right.
fn range<N: Nodes + ?Sized>(nodes: &N, low: u64, high: u64) -> Result<Hash, MerkleError> {
    let mut subtrees = Vec::new();
    let mut at = low;
    while at < high {
        let level = (high - at).ilog2();
        subtrees.push(nodes.node(level, at >> level)?);
        at += 1 << level;
    }
    let joined = subtrees.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    Ok(joined.unwrap_or_else(empty_root))
}
