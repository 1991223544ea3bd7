//! `quorate-merkle`: trees over a batch of leaves, and whether proofs hold.

use napi::bindgen_prelude::{BigInt, Buffer};
use napi_derive::napi;
use quorate_merkle::proof::{consistency_proof, inclusion_proof, root};
use quorate_merkle::{Hash, MerkleError, Tree, leaf_hash, verify_consistency, verify_inclusion};

use crate::failure::{Outcome, guard};

/// A tree in memory.
#[napi]
#[derive(Default)]
pub struct NativeMerkleTree {
    tree: Tree,
}

#[napi]
impl NativeMerkleTree {
    /// A tree without leaves.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds leaves.
    #[napi]
    pub fn append(&mut self, leaves: Vec<Buffer>) -> Outcome<()> {
        guard(|| {
            let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
            self.tree.extend(&hashes);
            Ok::<_, MerkleError>(())
        })
    }

    /// The root of the first leaves.
    #[napi]
    pub fn root(&self, size: BigInt) -> Outcome<Buffer> {
        guard(|| root(&self.tree, whole(&size)).map(buffer))
    }

    /// The path from a leaf to the root, one hash after the other.
    #[napi]
    pub fn prove_inclusion(&self, index: BigInt, size: BigInt) -> Outcome<Buffer> {
        guard(|| inclusion_proof(&self.tree, whole(&index), whole(&size)).map(flat))
    }

    /// That the first leaves are the beginning of more; one hash after the other.
    #[napi]
    pub fn prove_consistency(&self, size1: BigInt, size2: BigInt) -> Outcome<Buffer> {
        guard(|| consistency_proof(&self.tree, whole(&size1), whole(&size2)).map(flat))
    }
}

/// Saturates: what is larger than a tree can be is refused as a size.
pub(crate) fn whole(number: &BigInt) -> u64 {
    let (negative, value, lossless) = number.get_u64();
    if negative || !lossless { u64::MAX } else { value }
}

fn buffer(hash: Hash) -> Buffer {
    hash.to_vec().into()
}

/// Hashes cross one behind the other: a buffer for each would cost more than checking it.
pub(crate) fn flat(proof: Vec<Hash>) -> Buffer {
    proof.concat().into()
}

pub(crate) fn hashes(proof: &[u8]) -> Option<&[Hash]> {
    let (hashes, rest) = proof.as_chunks();
    rest.is_empty().then_some(hashes)
}

/// The hash of a leaf.
#[napi]
pub fn merkle_leaf_hash(leaf: Buffer) -> Buffer {
    buffer(leaf_hash(&leaf))
}

/// Null where a leaf's hash is in the tree, else the name of what is wrong.
#[napi]
pub fn merkle_verify_inclusion(
    leaf: Buffer,
    index: BigInt,
    size: BigInt,
    proof: Buffer,
    root: Buffer,
) -> Option<String> {
    let parts = (Hash::try_from(leaf.as_ref()), hashes(&proof), Hash::try_from(root.as_ref()));
    let (Ok(leaf), Some(proof), Ok(root)) = parts else { return Some("NO_HASH".to_owned()) };
    let verdict = verify_inclusion(&leaf, whole(&index), whole(&size), proof, &root);
    verdict.err().map(|refusal| refusal.name().to_owned())
}

/// Null where the old tree is the beginning of the new one, else the name of what is wrong.
#[napi]
pub fn merkle_verify_consistency(
    size1: BigInt,
    size2: BigInt,
    root1: Buffer,
    root2: Buffer,
    proof: Buffer,
) -> Option<String> {
    let parts = (Hash::try_from(root1.as_ref()), Hash::try_from(root2.as_ref()), hashes(&proof));
    let (Ok(root1), Ok(root2), Some(proof)) = parts else { return Some("NO_HASH".to_owned()) };
    let verdict = verify_consistency(whole(&size1), whole(&size2), &root1, &root2, proof);
    verdict.err().map(|refusal| refusal.name().to_owned())
}
