//! What can be wrong with a call, with the code that callers match on.

use quorate_types::{Coded, Control, FieldPath};
use thiserror::Error;

/// Every way in which this crate refuses a call. Nothing has changed when one is returned.
///
/// That jobs do not fit is not an error: it is an answer, see [`Certificate`](crate::Certificate).
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// More nodes, jobs or genes than a bound of this crate.
    #[error("{field} has {found} entries, at most {max} are taken: split the call")]
    TooLarge {
        /// The column or product at fault.
        field: FieldPath,
        /// How many there are.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// Columns of one table that differ in length.
    #[error("{field} has {found} entries and must have {expected}, one for each row")]
    ColumnLength {
        /// The column at fault.
        field: FieldPath,
        /// Rows of the table.
        expected: usize,
        /// Entries of the column.
        found: usize,
    },
    /// A number outside its range.
    #[error("{field} is {found}, but must lie within {min} and {max}")]
    OutOfRange {
        /// The element at fault.
        field: FieldPath,
        /// What was found.
        found: u64,
        /// The smallest number taken.
        min: u64,
        /// The largest number taken.
        max: u64,
    },
    /// An index of a node, a node set or a job that does not exist.
    #[error("{field} is {found}, but there are only {count}")]
    UnknownIndex {
        /// The element at fault.
        field: FieldPath,
        /// What was found.
        found: u64,
        /// How many there are.
        count: usize,
    },
    /// The sum of cost or price over all jobs could exceed what an integer holds.
    #[error("{field}: demand times duration times rate overflows: use a larger currency unit")]
    AmountOverflow {
        /// The column of rates at fault.
        field: FieldPath,
    },
    /// A setting outside its range, or settings that do not go together.
    #[error("{field}: {reason}")]
    Settings {
        /// The setting at fault.
        field: FieldPath,
        /// The range, in words.
        reason: String,
    },
    /// A placement that breaks a hard constraint where a valid one is required.
    #[error("{field}: {reason}")]
    Assignment {
        /// The element at fault.
        field: FieldPath,
        /// The constraint, in words.
        reason: String,
    },
    /// The caller's control asked the run to stop.
    #[error("the run was cancelled")]
    Cancelled,
    /// The optimiser refused: a damaged checkpoint, one of another run, or a setting.
    #[error(transparent)]
    Optimizer(quorate_nsga2::Error),
}

impl Error {
    pub(crate) fn settings(field: &str, reason: impl Into<String>) -> Self {
        Self::Settings { field: FieldPath::new(field), reason: reason.into() }
    }

    pub(crate) fn assignment(index: usize, reason: impl Into<String>) -> Self {
        Self::Assignment { field: FieldPath::new("assignment").index(index), reason: reason.into() }
    }
}

/// Ends the work where the caller has given up. Called between units of work of far less than 10 ms.
pub(crate) fn stop_if_cancelled(control: &dyn Control) -> Result<(), Error> {
    if control.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}

impl From<quorate_nsga2::Error> for Error {
    fn from(error: quorate_nsga2::Error) -> Self {
        // One way to say "cancelled", whoever noticed first.
        match error {
            quorate_nsga2::Error::Cancelled => Self::Cancelled,
            other => Self::Optimizer(other),
        }
    }
}

impl Coded for Error {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_PLACEMENT_TOO_LARGE",
        "QRT_ERR_PLACEMENT_COLUMN_LENGTH",
        "QRT_ERR_PLACEMENT_OUT_OF_RANGE",
        "QRT_ERR_PLACEMENT_UNKNOWN_INDEX",
        "QRT_ERR_PLACEMENT_AMOUNT_OVERFLOW",
        "QRT_ERR_PLACEMENT_SETTINGS",
        "QRT_ERR_PLACEMENT_ASSIGNMENT",
        "QRT_ERR_PLACEMENT_CANCELLED",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "QRT_ERR_PLACEMENT_TOO_LARGE",
            Self::ColumnLength { .. } => "QRT_ERR_PLACEMENT_COLUMN_LENGTH",
            Self::OutOfRange { .. } => "QRT_ERR_PLACEMENT_OUT_OF_RANGE",
            Self::UnknownIndex { .. } => "QRT_ERR_PLACEMENT_UNKNOWN_INDEX",
            Self::AmountOverflow { .. } => "QRT_ERR_PLACEMENT_AMOUNT_OVERFLOW",
            Self::Settings { .. } => "QRT_ERR_PLACEMENT_SETTINGS",
            Self::Assignment { .. } => "QRT_ERR_PLACEMENT_ASSIGNMENT",
            Self::Cancelled => "QRT_ERR_PLACEMENT_CANCELLED",
            Self::Optimizer(error) => error.code(),
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::TooLarge { field, .. }
            | Self::ColumnLength { field, .. }
            | Self::OutOfRange { field, .. }
            | Self::UnknownIndex { field, .. }
            | Self::AmountOverflow { field }
            | Self::Settings { field, .. }
            | Self::Assignment { field, .. } => Some(field),
            Self::Cancelled => None,
            Self::Optimizer(error) => error.field(),
        }
    }

    fn retryable(&self) -> bool {
        match self {
            Self::Cancelled => true,
            Self::Optimizer(error) => error.retryable(),
            _ => false,
        }
    }
}
