//! What can go wrong besides a signature that does not hold.

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MultisigError {
    /// A key, seed, signature or hash of another length than FIPS 204 gives it.
    #[error("{field} has {found} bytes, {expected} are needed")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes needed.
        expected: usize,
        /// The field.
        field: FieldPath,
    },
    /// A context longer than FIPS 204 permits.
    #[error("{field} has {found} bytes, at most 255 are permitted")]
    Context {
        /// Bytes found.
        found: usize,
        /// The field.
        field: FieldPath,
    },
    /// A secret key that no key generation gives.
    #[error("{field} is no ML-DSA-87 secret key: a coefficient is out of range")]
    SecretKey {
        /// The field.
        field: FieldPath,
    },
    /// The implementation cannot do what was asked of it.
    #[error("{provider} cannot {what}")]
    Unreachable {
        /// Name of the implementation.
        provider: &'static str,
        /// What was asked.
        what: &'static str,
    },
    /// The implementation failed where it should not.
    #[error("{provider} failed; try again, and report it if it stays")]
    Failed {
        /// Name of the implementation.
        provider: &'static str,
    },
    /// A configuration that makes no sense.
    #[error("{field}: {reason}")]
    Config {
        /// What is wrong and what to do.
        reason: String,
        /// The field.
        field: FieldPath,
    },
    /// A node that the configuration does not name.
    #[error("{node} is no validator of epoch {epoch}")]
    UnknownNode {
        /// The node.
        node: String,
        /// The epoch.
        epoch: u64,
        /// The field.
        field: FieldPath,
    },
    /// A node whose key is registered already.
    #[error("a public key of {node} is registered already; a new key comes with a new epoch")]
    KeyRegistered {
        /// The node.
        node: String,
        /// The field.
        field: FieldPath,
    },
    /// A partial signature that does not count.
    #[error("the signature of {node} does not count: {refusal}")]
    Refused {
        /// Whose it claims to be.
        node: String,
        /// Why.
        refusal: crate::manager::Refusal,
        /// The field.
        field: FieldPath,
    },
    /// The threshold is not reached.
    #[error("the signatures weigh {have}, the threshold is {need}")]
    BelowThreshold {
        /// Weight collected.
        have: u64,
        /// Weight needed.
        need: u64,
    },
    /// Bytes that are no certificate.
    #[error("this is no certificate: {reason}")]
    Certificate {
        /// What is wrong.
        reason: &'static str,
    },
}

impl MultisigError {
    /// Checks a length.
    ///
    /// # Errors
    /// [`MultisigError::Length`].
    pub fn check_length(field: &str, found: usize, expected: usize) -> Result<(), Self> {
        if found == expected {
            return Ok(());
        }
        Err(Self::Length { found, expected, field: FieldPath::new(field) })
    }

    /// Checks the length of a context.
    ///
    /// # Errors
    /// [`MultisigError::Context`].
    pub fn check_context(context: &[u8]) -> Result<(), Self> {
        if context.len() <= crate::parameters::CONTEXT_BYTES_MAX {
            return Ok(());
        }
        Err(Self::Context { found: context.len(), field: FieldPath::new("context") })
    }
}

impl Coded for MultisigError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_MULTISIG_LENGTH",
        "QRT_ERR_MULTISIG_CONTEXT",
        "QRT_ERR_MULTISIG_SECRET_KEY",
        "QRT_ERR_MULTISIG_UNREACHABLE",
        "QRT_ERR_MULTISIG_FAILED",
        "QRT_ERR_MULTISIG_CONFIG",
        "QRT_ERR_MULTISIG_UNKNOWN_NODE",
        "QRT_ERR_MULTISIG_KEY_REGISTERED",
        "QRT_ERR_MULTISIG_REFUSED",
        "QRT_ERR_MULTISIG_BELOW_THRESHOLD",
        "QRT_ERR_MULTISIG_CERTIFICATE",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "QRT_ERR_MULTISIG_LENGTH",
            Self::Context { .. } => "QRT_ERR_MULTISIG_CONTEXT",
            Self::SecretKey { .. } => "QRT_ERR_MULTISIG_SECRET_KEY",
            Self::Unreachable { .. } => "QRT_ERR_MULTISIG_UNREACHABLE",
            Self::Failed { .. } => "QRT_ERR_MULTISIG_FAILED",
            Self::Config { .. } => "QRT_ERR_MULTISIG_CONFIG",
            Self::UnknownNode { .. } => "QRT_ERR_MULTISIG_UNKNOWN_NODE",
            Self::KeyRegistered { .. } => "QRT_ERR_MULTISIG_KEY_REGISTERED",
            Self::Refused { .. } => "QRT_ERR_MULTISIG_REFUSED",
            Self::BelowThreshold { .. } => "QRT_ERR_MULTISIG_BELOW_THRESHOLD",
            Self::Certificate { .. } => "QRT_ERR_MULTISIG_CERTIFICATE",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Length { field, .. }
            | Self::Context { field, .. }
            | Self::SecretKey { field }
            | Self::Config { field, .. }
            | Self::UnknownNode { field, .. }
            | Self::KeyRegistered { field, .. }
            | Self::Refused { field, .. } => Some(field),
            Self::Unreachable { .. }
            | Self::Failed { .. }
            | Self::BelowThreshold { .. }
            | Self::Certificate { .. } => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::BelowThreshold { .. })
    }
}
