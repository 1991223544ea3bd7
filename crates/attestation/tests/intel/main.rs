//! TDX and SGX quotes: published ones with their collateral, and hostile ones of a key hierarchy of our own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod collateral;
mod event_log;
mod hostile;
#[path = "../support/mutate.rs"]
mod mutate;
mod mutations;
mod policy;
mod simulated;
mod support;
mod vectors;
