//! What can be wrong with a call, with the code that callers match on.

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every way in which this crate refuses a call. Nothing has changed when one is returned.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Lengths do not fit together, or a count is 0 or above its bound.
    #[error("{field}: {reason}")]
    Shape {
        /// The argument at fault.
        field: FieldPath,
        /// What is expected, in words.
        reason: String,
    },
    /// A number that has no place in an order.
    #[error("{field} is not a number: return a finite value, or infinity for the worst possible one")]
    NotANumber {
        /// The element at fault.
        field: FieldPath,
    },
    /// A setting outside its range.
    #[error("{field}: {reason}")]
    Settings {
        /// The setting at fault.
        field: FieldPath,
        /// The range, in words.
        reason: String,
    },
    /// Bounds of variables that are not finite or not in order, or repaired variables that leave them.
    #[error("{field}: {reason}")]
    Bounds {
        /// The bound at fault.
        field: FieldPath,
        /// What is expected, in words.
        reason: String,
    },
    /// No built-in problem has this name.
    #[error("no built-in problem is called `{name}`: use one of {known}")]
    UnknownProblem {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
        /// The argument at fault.
        field: FieldPath,
    },
    /// `tell` without `ask`, or a step of a run that waits for `tell`.
    #[error("call ask, evaluate the genes it returns and hand the result to tell, in this order")]
    OutOfTurn,
    /// The caller's control asked the run to stop.
    #[error("the run was cancelled")]
    Cancelled,
    /// Bytes that are no checkpoint of this version, or a damaged one.
    #[error("the checkpoint cannot be read: {reason}")]
    CheckpointCorrupt {
        /// What was found.
        reason: String,
        /// The argument at fault.
        field: FieldPath,
    },
    /// A sound checkpoint of another problem or of other settings.
    #[error("the checkpoint belongs to another run: {reason}")]
    CheckpointMismatch {
        /// What differs.
        reason: String,
        /// The argument at fault.
        field: FieldPath,
    },
}

impl Error {
    pub(crate) fn shape(field: FieldPath, reason: impl Into<String>) -> Self {
        Self::Shape { field, reason: reason.into() }
    }

    pub(crate) fn settings(field: &str, reason: impl Into<String>) -> Self {
        Self::Settings { field: FieldPath::new(field), reason: reason.into() }
    }

    pub(crate) fn corrupt(reason: impl Into<String>) -> Self {
        Self::CheckpointCorrupt { reason: reason.into(), field: FieldPath::new("checkpoint") }
    }

    pub(crate) fn mismatch(reason: impl Into<String>) -> Self {
        Self::CheckpointMismatch { reason: reason.into(), field: FieldPath::new("checkpoint") }
    }
}

impl Coded for Error {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_NSGA2_SHAPE",
        "QRT_ERR_NSGA2_NOT_A_NUMBER",
        "QRT_ERR_NSGA2_SETTINGS",
        "QRT_ERR_NSGA2_BOUNDS",
        "QRT_ERR_NSGA2_UNKNOWN_PROBLEM",
        "QRT_ERR_NSGA2_OUT_OF_TURN",
        "QRT_ERR_NSGA2_CANCELLED",
        "QRT_ERR_NSGA2_CHECKPOINT_CORRUPT",
        "QRT_ERR_NSGA2_CHECKPOINT_MISMATCH",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "QRT_ERR_NSGA2_SHAPE",
            Self::NotANumber { .. } => "QRT_ERR_NSGA2_NOT_A_NUMBER",
            Self::Settings { .. } => "QRT_ERR_NSGA2_SETTINGS",
            Self::Bounds { .. } => "QRT_ERR_NSGA2_BOUNDS",
            Self::UnknownProblem { .. } => "QRT_ERR_NSGA2_UNKNOWN_PROBLEM",
            Self::OutOfTurn => "QRT_ERR_NSGA2_OUT_OF_TURN",
            Self::Cancelled => "QRT_ERR_NSGA2_CANCELLED",
            Self::CheckpointCorrupt { .. } => "QRT_ERR_NSGA2_CHECKPOINT_CORRUPT",
            Self::CheckpointMismatch { .. } => "QRT_ERR_NSGA2_CHECKPOINT_MISMATCH",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Shape { field, .. }
            | Self::NotANumber { field }
            | Self::Settings { field, .. }
            | Self::Bounds { field, .. }
            | Self::UnknownProblem { field, .. }
            | Self::CheckpointCorrupt { field, .. }
            | Self::CheckpointMismatch { field, .. } => Some(field),
            Self::OutOfTurn | Self::Cancelled => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}
