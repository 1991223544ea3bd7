//! What can go wrong with a tree, its tiles and its notes.

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every failure of this crate. That a proof or a signature does not hold is no failure but a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MerkleError {
    /// A leaf that the tree of this size does not have.
    #[error("{field}: the tree of {size} leaves has no leaf {index}")]
    Index {
        /// The leaf asked for, counted from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
        /// The field it came in.
        field: FieldPath,
    },
    /// A size that the tree has not reached, or none that a proof can start from.
    #[error("{field}: {size} is not a size from {min} to {max}")]
    Size {
        /// The size asked for.
        size: u64,
        /// Smallest size that is answered.
        min: u64,
        /// Largest size that is answered.
        max: u64,
        /// The field it came in.
        field: FieldPath,
    },
    /// A text that is no signed note, or no checkpoint.
    #[error("this is no checkpoint: {reason} (line {line})")]
    Note {
        /// What is wrong with it.
        reason: &'static str,
        /// The line, counted from 1.
        line: usize,
    },
    /// A text that is no proof.
    #[error("this is no proof of a log: {reason} (line {line})")]
    Proof {
        /// What is wrong with it.
        reason: &'static str,
        /// The line, counted from 1.
        line: usize,
    },
    /// A text that is no verifier key.
    #[error("this is no verifier key of the form name+hash+key: {reason}")]
    Key {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A tile or a bundle of entries that is absent, damaged or not where it should be.
    #[error("the tile {path} is unusable: {reason}")]
    Tile {
        /// Its path below the log's prefix.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A signature could not be made.
    #[error("the key {name} did not sign: {reason}")]
    Signer {
        /// Name of the key.
        name: String,
        /// What the signer said.
        reason: String,
    },
}

impl Coded for MerkleError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_MERKLE_INDEX",
        "QRT_ERR_MERKLE_SIZE",
        "QRT_ERR_MERKLE_NOTE",
        "QRT_ERR_MERKLE_PROOF",
        "QRT_ERR_MERKLE_KEY",
        "QRT_ERR_MERKLE_TILE",
        "QRT_ERR_MERKLE_SIGNER",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Index { .. } => "QRT_ERR_MERKLE_INDEX",
            Self::Size { .. } => "QRT_ERR_MERKLE_SIZE",
            Self::Note { .. } => "QRT_ERR_MERKLE_NOTE",
            Self::Proof { .. } => "QRT_ERR_MERKLE_PROOF",
            Self::Key { .. } => "QRT_ERR_MERKLE_KEY",
            Self::Tile { .. } => "QRT_ERR_MERKLE_TILE",
            Self::Signer { .. } => "QRT_ERR_MERKLE_SIGNER",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Index { field, .. } | Self::Size { field, .. } => Some(field),
            _ => None,
        }
    }
}
