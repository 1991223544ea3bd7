//! RFC 6962 trees: proofs and their verification, C2SP tiles, signed checkpoints, witness cosignatures.
//!
//! A [`Tree`] grows by batches of leaf hashes and answers roots and proofs; the same proofs come from static
//! tiles through [`TileNodes`]. [`verify`] checks proofs and shares nothing with their making but the hash
//! functions, so that one mistake cannot hide in both. A [`Checkpoint`] is the signed head of a log; a
//! [`Witness`] cosigns only heads that extend the last one it signed; a [`LogProof`] is all that a third
//! party needs to see that an entry is in a log.
//!
//! This crate holds no key and no signature scheme: signatures are made and checked through [`NoteSigner`]
//! and [`NoteVerifier`].

pub mod checkpoint;
pub mod error;
pub mod hash;
pub mod key;
pub mod log_proof;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod witness;

mod text;

pub use checkpoint::{Checkpoint, CheckpointRefusal, verify_checkpoint};
pub use error::MerkleError;
pub use hash::{HASH_BYTES, Hash, empty_root, leaf_hash, node_hash};
pub use key::{Algorithm, NoteSigner, NoteVerifier, VerifierKey};
pub use log_proof::{LogProof, LogProofRefusal};
pub use note::{Note, SignatureLine};
pub use proof::{Nodes, consistency_proof, inclusion_proof, root};
pub use tile::{BundleId, ENTRY_BYTES_MAX, TILE_WIDTH, TileId, TileNodes, TileSource};
pub use tree::Tree;
pub use verify::{Refusal, verify_consistency, verify_inclusion};
pub use witness::{Refused, Witness};
