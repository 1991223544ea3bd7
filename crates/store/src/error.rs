//! What can go wrong.

use quorate_types::{Coded, FieldPath};
use rusqlite::ErrorCode;
use thiserror::Error;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("{path} cannot be opened: {reason}; check the path, its rights and the space on its disk")]
    Open {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file is damaged, or no store.
    #[error("{path} is damaged: {reason}; restore it from a backup or an export")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// A statement that SQLite does not take: a defect of whoever wrote it.
    #[error("{field} cannot be run: {reason}")]
    Statement {
        /// What SQLite said.
        reason: String,
        /// The statement.
        field: FieldPath,
    },
    /// A constraint of a table does not hold.
    #[error("{field} breaks a constraint: {reason}")]
    Constraint {
        /// Which, as SQLite names it.
        reason: String,
        /// The statement.
        field: FieldPath,
    },
    /// A guard does not hold: somebody else was first.
    #[error("{field} met {found} rows and not {expected}: somebody else changed them; read again and retry")]
    Conflict {
        /// Rows it had to meet.
        expected: u64,
        /// Rows it met.
        found: u64,
        /// The statement.
        field: FieldPath,
    },
    /// A limit of this crate.
    #[error("{field}: more than {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        limit: usize,
        /// The field.
        field: FieldPath,
    },
    /// Too many transactions or reads wait.
    #[error("the store is busy: {waiting} calls wait; retry in a moment")]
    Busy {
        /// Calls that wait.
        waiting: usize,
    },
    /// The disk is full.
    #[error("the disk of {path} is full; nothing was written; make room and retry")]
    Full {
        /// The file.
        path: String,
    },
    /// The disk failed.
    #[error("{path} could not be written or read: {reason}; nothing of this call is known to be durable")]
    Disk {
        /// The file.
        path: String,
        /// What SQLite said.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What SQLite said of a statement.
    pub(crate) fn of_statement(error: &rusqlite::Error, path: &str, field: FieldPath) -> Self {
        let reason = match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        };
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::Constraint { reason, field },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { path, reason },
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory,
            ) => Self::Disk { path, reason },
            _ => Self::Statement { reason, field },
        }
    }
}

impl Coded for StoreError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_STORE_OPEN",
        "QRT_ERR_STORE_CORRUPT",
        "QRT_ERR_STORE_STATEMENT",
        "QRT_ERR_STORE_CONSTRAINT",
        "QRT_ERR_STORE_CONFLICT",
        "QRT_ERR_STORE_LIMIT",
        "QRT_ERR_STORE_BUSY",
        "QRT_ERR_STORE_FULL",
        "QRT_ERR_STORE_DISK",
        "QRT_ERR_STORE_CLOSED",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "QRT_ERR_STORE_OPEN",
            Self::Corrupt { .. } => "QRT_ERR_STORE_CORRUPT",
            Self::Statement { .. } => "QRT_ERR_STORE_STATEMENT",
            Self::Constraint { .. } => "QRT_ERR_STORE_CONSTRAINT",
            Self::Conflict { .. } => "QRT_ERR_STORE_CONFLICT",
            Self::Limit { .. } => "QRT_ERR_STORE_LIMIT",
            Self::Busy { .. } => "QRT_ERR_STORE_BUSY",
            Self::Full { .. } => "QRT_ERR_STORE_FULL",
            Self::Disk { .. } => "QRT_ERR_STORE_DISK",
            Self::Closed => "QRT_ERR_STORE_CLOSED",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Statement { field, .. }
            | Self::Constraint { field, .. }
            | Self::Conflict { field, .. }
            | Self::Limit { field, .. } => Some(field),
            _ => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Busy { .. } | Self::Full { .. } | Self::Disk { .. })
    }
}
