//! What can go wrong between a downloaded file and an answer.

use quorate_types::{Coded, FieldPath};
use thiserror::Error;

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IpdataError {
    /// The text is no IPv4 or IPv6 address.
    #[error(
        "\"{text}\" is no IP address: write IPv4 as 192.0.2.1 and IPv6 as 2001:db8::1, without zone or prefix"
    )]
    Address {
        /// The text, cut to a length that fits a message.
        text: String,
        /// The field it came in.
        field: FieldPath,
    },
    /// A source is described wrongly.
    #[error("source {field}: {reason}")]
    Source {
        /// What is wrong and what to do.
        reason: String,
        /// The source.
        field: FieldPath,
    },
    /// The reader that was handed in failed.
    #[error("reading failed after line {line}: {reason}; check the file and try again")]
    Read {
        /// Lines read before the failure.
        line: u64,
        /// What the reader said.
        reason: String,
        /// The source.
        field: FieldPath,
    },
    /// A file cannot be opened, read or written as a whole.
    #[error("the file {path} cannot be {action}: {reason}; check the path and its rights")]
    File {
        /// What was tried: `opened`, `read` or `written`.
        action: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
        /// The field that names the file.
        field: FieldPath,
    },
    /// Too many rows are malformed: this is not the format it was announced as.
    #[error(
        "{bad} of {rows} rows are malformed, the first one in line {line}: {reason}; \
         check that the format matches the file"
    )]
    Rows {
        /// Malformed rows.
        bad: u64,
        /// Rows read so far.
        rows: u64,
        /// Line of the first malformed row, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
        /// The source.
        field: FieldPath,
    },
    /// The input holds no usable row.
    #[error("no usable row was found; check that the file is complete and of the announced format")]
    Empty {
        /// The source.
        field: FieldPath,
    },
    /// The MMDB file is truncated or corrupt.
    #[error("the MMDB file is damaged: {reason}; download it again")]
    Mmdb {
        /// What the decoder said.
        reason: String,
        /// The source.
        field: FieldPath,
    },
    /// The MMDB file is sound, but none of its records holds what the source should give.
    #[error("the MMDB file of type \"{database_type}\" holds no {wanted}; choose a database that does")]
    Schema {
        /// The type the file's metadata states.
        database_type: String,
        /// What was looked for.
        wanted: &'static str,
        /// The source.
        field: FieldPath,
    },
    /// An input is larger than what this crate accepts.
    #[error("{what} exceeds the limit of {limit}; split the input or leave a source out")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// The source.
        field: FieldPath,
    },
    /// A compact range file of another version.
    #[error("this range file has format version {found}, this build reads {expected}; build it again")]
    Version {
        /// Version in the file.
        found: u32,
        /// Version this build reads.
        expected: u32,
    },
    /// A compact range file whose content does not match its checksum.
    #[error("the range file is damaged: its content does not match its checksum; build it again")]
    Checksum,
    /// A compact range file that is no such file, is cut off or contradicts itself.
    #[error("the range file is unusable at byte {position}: {reason}; build it again")]
    Format {
        /// Byte from the start of the file.
        position: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The caller's control asked to stop. Nothing was changed.
    #[error("the run was cancelled")]
    Cancelled,
}

impl Coded for IpdataError {
    const CODES: &'static [&'static str] = &[
        "QRT_ERR_IPDATA_ADDRESS",
        "QRT_ERR_IPDATA_SOURCE",
        "QRT_ERR_IPDATA_READ",
        "QRT_ERR_IPDATA_ROWS",
        "QRT_ERR_IPDATA_EMPTY",
        "QRT_ERR_IPDATA_MMDB",
        "QRT_ERR_IPDATA_SCHEMA",
        "QRT_ERR_IPDATA_LIMIT",
        "QRT_ERR_IPDATA_VERSION",
        "QRT_ERR_IPDATA_CHECKSUM",
        "QRT_ERR_IPDATA_FORMAT",
        "QRT_ERR_IPDATA_CANCELLED",
    ];

    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "QRT_ERR_IPDATA_ADDRESS",
            Self::Source { .. } => "QRT_ERR_IPDATA_SOURCE",
            Self::Read { .. } | Self::File { .. } => "QRT_ERR_IPDATA_READ",
            Self::Rows { .. } => "QRT_ERR_IPDATA_ROWS",
            Self::Empty { .. } => "QRT_ERR_IPDATA_EMPTY",
            Self::Mmdb { .. } => "QRT_ERR_IPDATA_MMDB",
            Self::Schema { .. } => "QRT_ERR_IPDATA_SCHEMA",
            Self::Limit { .. } => "QRT_ERR_IPDATA_LIMIT",
            Self::Version { .. } => "QRT_ERR_IPDATA_VERSION",
            Self::Checksum => "QRT_ERR_IPDATA_CHECKSUM",
            Self::Format { .. } => "QRT_ERR_IPDATA_FORMAT",
            Self::Cancelled => "QRT_ERR_IPDATA_CANCELLED",
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Address { field, .. }
            | Self::Source { field, .. }
            | Self::Read { field, .. }
            | Self::File { field, .. }
            | Self::Rows { field, .. }
            | Self::Empty { field }
            | Self::Mmdb { field, .. }
            | Self::Schema { field, .. }
            | Self::Limit { field, .. } => Some(field),
            Self::Version { .. } | Self::Checksum | Self::Format { .. } | Self::Cancelled => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::File { .. } | Self::Cancelled)
    }
}
