//! What can go wrong.

use quorate_types::Coded;
use thiserror::Error;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttesterError {
    /// A key could not be made, read or used.
    #[error("a key of the simulated authority cannot be {what}; remove its file to make a new one")]
    Key {
        /// What was tried.
        what: &'static str,
    },
    /// Bytes that are no authority.
    #[error("this is no simulated authority: {reason}; remove its file to make a new one")]
    Authority {
        /// What is wrong.
        reason: &'static str,
    },
}

impl Coded for AttesterError {
    const CODES: &'static [&'static str] = &["QRT_ERR_ATTESTER_KEY", "QRT_ERR_ATTESTER_AUTHORITY"];

    fn code(&self) -> &'static str {
        match self {
            Self::Key { .. } => "QRT_ERR_ATTESTER_KEY",
            Self::Authority { .. } => "QRT_ERR_ATTESTER_AUTHORITY",
        }
    }
}
