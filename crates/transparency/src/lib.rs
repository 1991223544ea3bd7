//! A transparency log in a directory: `merkle` over `disk`.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lock` | who has the directory |
//! | `entries` | the entries, an append log |
//! | `checkpoint` | the last signed head, with the cosignatures of witnesses |
//!
//! An entry is acknowledged once it is on the disk, and a checkpoint is on the disk before anybody sees it.
//! The tree is rebuilt from the entries at opening and compared with the checkpoint: a log that was changed
//! below it does not open.

pub mod error;
pub mod key;
pub mod log;
pub mod witness;

pub use error::TransparencyError;
pub use key::{LogKey, SEED_BYTES, WitnessKey, verifier};
pub use log::TransparencyLog;
pub use witness::DirectoryWitness;
