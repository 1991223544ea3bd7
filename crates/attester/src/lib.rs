//! Evidence of machines that do not exist, for tests and for the demo: well formed, and signed under roots
//! that are made at run time.
//!
//! The crate holds no key and no certificate, so nothing it makes is believed by anybody who does not trust
//! an authority of its making by name. Keys are drawn from the system's generator through `aws-lc-rs`; the
//! time is an argument.

pub mod amd;
pub mod arm;
pub mod aws;
pub mod azure;
pub mod certificate;
pub mod cose;
pub mod der;
pub mod error;
pub mod fleet;
pub mod intel;
pub mod key;

pub use error::AttesterError;
pub use fleet::{DemoAuthority, SimulatedMachine, SimulatedTee};
