//! What can go wrong with a log in a directory.

use quorate_disk::DiskError;
use quorate_merkle::MerkleError;
use quorate_merkle::witness::Refused;
use quorate_multisig::MultisigError;
use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransparencyError {
    /// A durable file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A tree, a proof or a note.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
    /// A key.
    #[error(transparent)]
    Multisig(#[from] MultisigError),
    /// The entries are not those that the log signed for.
    #[error("{directory} was rewritten: {reason}")]
    Rewritten {
        /// The directory.
        directory: String,
        /// What does not fit.
        reason: String,
    },
    /// An entry that is larger than one may be.
    #[error("{field}: an entry has at most {limit} bytes")]
    Entry {
        /// The field it came in.
        field: FieldPath,
        /// The bound in bytes.
        limit: usize,
    },
    /// No checkpoint covers the entry yet.
    #[error("{field}: entry {index} is not below a signed checkpoint yet: sign one first")]
    Unsigned {
        /// The field it came in.
        field: FieldPath,
        /// The entry.
        index: u64,
    },
    /// A checkpoint of another log, or one that this log did not sign.
    #[error("this is no checkpoint of the log: {0}")]
    Checkpoint(String),
    /// A witness does not cosign.
    #[error("not cosigned: {0}")]
    NotCosigned(String),
}

impl TransparencyError {
    pub(crate) fn refused(refused: &Refused) -> Self {
        Self::NotCosigned(match refused {
            Refused::Checkpoint(refusal) => refusal.to_string(),
            Refused::Smaller { signed } => format!("a tree of {signed} leaves was cosigned already"),
            Refused::Inconsistent(refusal) => {
                format!("it does not continue the tree that was cosigned last ({})", refusal.name())
            }
            Refused::TooManyLogs => "the witness follows as many logs as it can".to_owned(),
            Refused::Time => "the time is beyond what a cosignature can carry".to_owned(),
            Refused::Signer(error) => error.to_string(),
        })
    }
}

impl Coded for TransparencyError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_LOG_REWRITTEN",
        "QRT_ERR_LOG_ENTRY",
        "QRT_ERR_LOG_UNSIGNED",
        "QRT_ERR_LOG_CHECKPOINT",
        "QRT_ERR_LOG_NOT_COSIGNED",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Disk(error) => error.code(),
            Self::Merkle(error) => error.code(),
            Self::Multisig(error) => error.code(),
            Self::Rewritten { .. } => "QRT_ERR_LOG_REWRITTEN",
            Self::Entry { .. } => "QRT_ERR_LOG_ENTRY",
            Self::Unsigned { .. } => "QRT_ERR_LOG_UNSIGNED",
            Self::Checkpoint(_) => "QRT_ERR_LOG_CHECKPOINT",
            Self::NotCosigned(_) => "QRT_ERR_LOG_NOT_COSIGNED",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Disk(error) => error.field(),
            Self::Merkle(error) => error.field(),
            Self::Multisig(error) => error.field(),
            Self::Entry { field, .. } | Self::Unsigned { field, .. } => Some(field),
            _ => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Disk(error) if error.retryable())
    }
}
