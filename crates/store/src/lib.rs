//! The embedded store: one SQLite file that survives a crash and a power cut.
//!
//! One thread writes. Transactions that wait while it commits share the next commit, so that many callers pay
//! for one flush to the disk ([`writer`]); none is acknowledged before the flush. A transaction that fails is
//! undone alone. Two threads read beside it, each from a snapshot.
//!
//! Journal mode WAL with `synchronous=FULL`: the log is flushed at every commit (SQLite, "Write-Ahead
//! Logging", section 2.2; "PRAGMA synchronous"). What runs is text and values: a caller holds no transaction
//! open.

pub mod error;
pub mod statement;
pub mod store;

mod connection;
mod reader;
mod writer;

pub use error::StoreError;
pub use statement::{Answer, Statement, Value};
pub use store::{Options, Store};
