//! Whether a proof holds: the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
//!
//! They walk the bits of index and size where the making of proofs splits ranges, and share with it nothing
//! but the hash functions.

use crate::hash::{Hash, node_hash};

/// The first thing that is wrong with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The tree of this size has no such leaf.
    IndexBeyondSize,
    /// Nothing is said about the tree without leaves.
    SizeZero,
    /// The old tree is larger than the new one.
    SizesReversed,
    /// There are fewer hashes than a tree of this size needs.
    ProofTooShort,
    /// There are more hashes than a tree of this size has levels for.
    ProofTooLong,
    /// The hashes lead to another root; with two roots, to another old one.
    RootMismatch,
    /// The hashes lead from the old root to another new one.
    Root2Mismatch,
}

impl Refusal {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::IndexBeyondSize => "INDEX_BEYOND_SIZE",
            Self::SizeZero => "SIZE_ZERO",
            Self::SizesReversed => "SIZES_REVERSED",
            Self::ProofTooShort => "PROOF_TOO_SHORT",
            Self::ProofTooLong => "PROOF_TOO_LONG",
            Self::RootMismatch => "ROOT_MISMATCH",
            Self::Root2Mismatch => "ROOT2_MISMATCH",
        }
    }
}

/// Whether `proof` shows that `leaf` is leaf `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Refusal> {
    if index >= size {
        return Err(Refusal::IndexBeyondSize);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(Refusal::ProofTooLong);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // The last node of a level without a sibling moves up as it is.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Refusal::ProofTooShort);
    }
    if hash == *root { Ok(()) } else { Err(Refusal::RootMismatch) }
}

/// Whether `proof` shows that the tree of `size1` leaves with `root1` is the beginning of the tree of `size2`
/// leaves with `root2`.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_consistency(
    size1: u64,
    size2: u64,
    root1: &Hash,
    root2: &Hash,
    proof: &[Hash],
) -> Result<(), Refusal> {
    if size1 == 0 {
        return Err(Refusal::SizeZero);
    }
    if size1 > size2 {
        return Err(Refusal::SizesReversed);
    }
    if size1 == size2 {
        return match (proof.is_empty(), root1 == root2) {
            (false, _) => Err(Refusal::ProofTooLong),
            (true, false) => Err(Refusal::RootMismatch),
            (true, true) => Ok(()),
        };
    }
    // The root of a complete old tree is a node of the new one, and the proof leaves it out.
    let (first, rest) = if size1.is_power_of_two() {
        (root1, proof)
    } else {
        proof.split_first().ok_or(Refusal::ProofTooShort)?
    };
    let (mut node, mut last) = (size1 - 1, size2 - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return Err(Refusal::ProofTooLong);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, old == *root1, new == *root2) {
        (1.., ..) => Err(Refusal::ProofTooShort),
        (0, false, _) => Err(Refusal::RootMismatch),
        (0, true, false) => Err(Refusal::Root2Mismatch),
        (0, true, true) => Ok(()),
    }
}
