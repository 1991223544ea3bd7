//! Trees by the definition of RFC 6962, and keys that sign.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::path::PathBuf;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use quorate_merkle::{Algorithm, Hash, NoteSigner, NoteVerifier, Tree, VerifierKey, leaf_hash, node_hash};

/// The entries of a log, each another one.
pub(crate) fn entries(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|n| format!("entry {n}").into_bytes()).collect()
}

pub(crate) fn leaves(size: u64) -> Vec<Hash> {
    entries(size).iter().map(|entry| leaf_hash(entry)).collect()
}

pub(crate) fn tree(size: u64) -> Tree {
    let mut tree = Tree::new();
    tree.extend(&leaves(size));
    tree
}

/// The root by the definition: split at the largest power of two.
pub(crate) fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => quorate_merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let middle = 1 << (leaves.len() - 1).ilog2();
            let (left, right) = leaves.split_at(middle);
            node_hash(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

/// A key of one algorithm with Ed25519 below.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    key: VerifierKey,
}

impl Signer {
    pub(crate) fn new(name: &str, algorithm: Algorithm, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let key = VerifierKey::new(name, algorithm, pair.public_key().as_ref()).unwrap();
        Self { pair, key }
    }
}

impl NoteSigner for Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }
}

impl NoteVerifier for Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key.public_key()).verify(message, signature).is_ok()
    }
}

/// The folder of other people's vectors; none where it is absent, which is said aloud.
pub(crate) fn vectors() -> Option<PathBuf> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/trust/rfc6962-merkle");
    if folder.exists() {
        return Some(folder);
    }
    let line = b"SKIPPED: ../shared/vectors/trust/rfc6962-merkle is absent\n";
    std::io::Write::write_all(&mut std::io::stderr(), line).unwrap();
    None
}
