//! The two hash functions of RFC 6962, section 2.1, over SHA-256.

use sha2::{Digest, Sha256};

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// A SHA-256 hash.
pub type Hash = [u8; HASH_BYTES];

/// Leaves and nodes are hashed with different first bytes, else a node could be passed off as a leaf.
const LEAF_PREFIX: [u8; 1] = [0];
const NODE_PREFIX: [u8; 1] = [1];

/// The hash of a leaf: `SHA-256(0x00 || entry)`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update(LEAF_PREFIX).chain_update(entry).finalize().into()
}

/// The hash of a node: `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update(NODE_PREFIX).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves: `SHA-256()`.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}
