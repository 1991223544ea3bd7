//! What can go wrong besides a verdict: evidence that proves nothing is an answer, these are not.

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

use crate::verdict::Rejection;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttestationError {
    /// A document of the verifier's own (collateral, anchor, endorsement) is unusable. Nothing was taken in.
    #[error("{field} is unusable: {}; take it from its publisher again", rejection.detail)]
    Document {
        /// What is wrong with it.
        rejection: Rejection,
        /// The field it came in.
        field: FieldPath,
    },
    /// The caller's control asked to stop.
    #[error("the verification was cancelled")]
    Cancelled,
}

impl Rejection {
    /// The rejection of a document of the verifier's own, as an error that names the field it came in.
    pub fn of_document(self, field: &str) -> AttestationError {
        AttestationError::Document { rejection: self, field: FieldPath::new(field) }
    }
}

impl Coded for AttestationError {
    const CODES: &'static [&'static str] = &["QRT_ERR_ATTESTATION_DOCUMENT", "QRT_ERR_ATTESTATION_CANCELLED"];

    fn code(&self) -> &'static str {
        match self {
            Self::Document { .. } => "QRT_ERR_ATTESTATION_DOCUMENT",
            Self::Cancelled => "QRT_ERR_ATTESTATION_CANCELLED",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Document { field, .. } => Some(field),
            Self::Cancelled => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}
