//! What can be wrong with a pool, a requirement or a question about them.

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every failure of this crate. An impossible selection is no failure: it is answered by a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DiversityError {
    /// A column has another length than the device ids ask for.
    #[error("{field} has {found} entries, but {expected} are needed: give one per candidate")]
    Length {
        /// The column.
        field: FieldPath,
        /// Entries it needs.
        expected: usize,
        /// Entries it has.
        found: usize,
    },
    /// An input is larger than what this crate accepts.
    #[error("{field} is {found}, the limit is {limit}: split the input or make it smaller")]
    Limit {
        /// What is too large.
        field: FieldPath,
        /// The limit.
        limit: u64,
        /// What was given.
        found: u64,
    },
    /// A device id that is empty.
    #[error("{field} is empty: give every device an id of its own")]
    EmptyId {
        /// The id.
        field: FieldPath,
    },
    /// A device id or a member that occurs twice.
    #[error("{field} repeats \"{id}\", which already stands at index {first}: remove one of the two")]
    Duplicate {
        /// The second occurrence.
        field: FieldPath,
        /// What occurs twice.
        id: String,
        /// Index of the first occurrence.
        first: usize,
    },
    /// A value that lies outside of its range or names nothing.
    #[error("{field}: {reason}")]
    Value {
        /// The value.
        field: FieldPath,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A requirement that contradicts itself.
    #[error("{field}: {reason}")]
    Requirement {
        /// The part of the requirement.
        field: FieldPath,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A member that is no candidate of the pool.
    #[error("{field} is {index}, but the pool has {candidates} candidates: give an index below that")]
    Member {
        /// The member.
        field: FieldPath,
        /// The index that was given.
        index: u64,
        /// Candidates in the pool.
        candidates: usize,
    },
    /// A selection of zero members.
    #[error("{field} is 0: ask for at least one member")]
    Size {
        /// The size.
        field: FieldPath,
    },
}

impl Coded for DiversityError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_DIVERSITY_LENGTH",
        "QRT_ERR_DIVERSITY_LIMIT",
        "QRT_ERR_DIVERSITY_EMPTY_ID",
        "QRT_ERR_DIVERSITY_DUPLICATE",
        "QRT_ERR_DIVERSITY_VALUE",
        "QRT_ERR_DIVERSITY_REQUIREMENT",
        "QRT_ERR_DIVERSITY_MEMBER",
        "QRT_ERR_DIVERSITY_SIZE",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "QRT_ERR_DIVERSITY_LENGTH",
            Self::Limit { .. } => "QRT_ERR_DIVERSITY_LIMIT",
            Self::EmptyId { .. } => "QRT_ERR_DIVERSITY_EMPTY_ID",
            Self::Duplicate { .. } => "QRT_ERR_DIVERSITY_DUPLICATE",
            Self::Value { .. } => "QRT_ERR_DIVERSITY_VALUE",
            Self::Requirement { .. } => "QRT_ERR_DIVERSITY_REQUIREMENT",
            Self::Member { .. } => "QRT_ERR_DIVERSITY_MEMBER",
            Self::Size { .. } => "QRT_ERR_DIVERSITY_SIZE",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Length { field, .. }
            | Self::Limit { field, .. }
            | Self::EmptyId { field }
            | Self::Duplicate { field, .. }
            | Self::Value { field, .. }
            | Self::Requirement { field, .. }
            | Self::Member { field, .. }
            | Self::Size { field } => Some(field),
        }
    }
}
