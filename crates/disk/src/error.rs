//! What can go wrong with durable files.

use std::io;
use std::path::Path;

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DiskError {
    /// Another process has the directory.
    #[error("{directory} is in use by {holder}")]
    Held {
        /// The directory.
        directory: String,
        /// Who has it: process id and what it does.
        holder: String,
    },
    /// The system refused an operation. What an append did is not known then.
    #[error("{path}: {action} failed: {reason}")]
    Io {
        /// The file or directory.
        path: String,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The disk is full. Nothing was acknowledged.
    #[error("{path}: the disk is full")]
    Full {
        /// The file.
        path: String,
    },
    /// Bytes that were acknowledged are not what was written.
    #[error("{path} is damaged at byte {offset}, record {index}: {reason}")]
    Corrupt {
        /// The file.
        path: String,
        /// Where the damage begins, in bytes.
        offset: u64,
        /// The first record that cannot be read, counted from 0.
        index: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A record or a call that is larger than one may be.
    #[error("{field}: at most {limit} {what}")]
    Limit {
        /// The field it came in.
        field: FieldPath,
        /// The bound.
        limit: usize,
        /// What it bounds.
        what: &'static str,
    },
    /// A record that the log does not have.
    #[error("{field}: the log of {len} records has no record {index}")]
    Absent {
        /// The field it came in.
        field: FieldPath,
        /// The record asked for, counted from 0.
        index: u64,
        /// Records in the log.
        len: u64,
    },
    /// As many calls wait as may.
    #[error("{waiting} calls wait for the disk already")]
    Busy {
        /// Calls that wait.
        waiting: usize,
    },
    /// An earlier write failed, so nobody knows what the disk holds: open the log again.
    #[error("{path}: an earlier write failed; open it again")]
    Failed {
        /// The file.
        path: String,
    },
    /// The log was closed.
    #[error("{path} is closed")]
    Closed {
        /// The file.
        path: String,
    },
}

impl DiskError {
    pub(crate) fn io(path: &Path, action: &'static str, error: &io::Error) -> Self {
        let path = path.display().to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            _ => Self::Io { path, action, reason: error.to_string() },
        }
    }
}

impl Coded for DiskError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_DISK_HELD",
        "QRT_ERR_DISK_IO",
        "QRT_ERR_DISK_FULL",
        "QRT_ERR_DISK_CORRUPT",
        "QRT_ERR_DISK_LIMIT",
        "QRT_ERR_DISK_ABSENT",
        "QRT_ERR_DISK_BUSY",
        "QRT_ERR_DISK_FAILED",
        "QRT_ERR_DISK_CLOSED",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "QRT_ERR_DISK_HELD",
            Self::Io { .. } => "QRT_ERR_DISK_IO",
            Self::Full { .. } => "QRT_ERR_DISK_FULL",
            Self::Corrupt { .. } => "QRT_ERR_DISK_CORRUPT",
            Self::Limit { .. } => "QRT_ERR_DISK_LIMIT",
            Self::Absent { .. } => "QRT_ERR_DISK_ABSENT",
            Self::Busy { .. } => "QRT_ERR_DISK_BUSY",
            Self::Failed { .. } => "QRT_ERR_DISK_FAILED",
            Self::Closed { .. } => "QRT_ERR_DISK_CLOSED",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Limit { field, .. } | Self::Absent { field, .. } => Some(field),
            _ => None,
        }
    }

    fn retryable(&self) -> bool {
        // After a full disk a log writes no more, so the same call would fail: it has to be opened again.
        matches!(self, Self::Held { .. } | Self::Busy { .. })
    }
}
