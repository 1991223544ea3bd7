//! Durable files: a directory with one owner, an append log, files that are replaced whole.
//!
//! What this crate acknowledges survives the death of the process and of the machine: a write is answered
//! after the file was flushed, and after a flush that failed nothing is written any more, since nobody knows
//! what the disk holds then.
//!
//! An [`AppendLog`] has one thread that writes. Callers that arrive while it flushes share the next flush
//! (group commit). At opening a torn tail, which nobody was told about, is cut off; damage before it is an
//! error that names the file, the byte and the record, and is never skipped.

pub mod error;
pub mod file;
pub mod lock;
pub mod log;
pub mod replace;

mod batch;
mod recovery;
mod writer;

pub use error::DiskError;
pub use file::LogFile;
pub use lock::DirectoryLock;
pub use log::{AppendLog, RECORD_BYTES_MAX, Recovered};
pub use replace::replace;
