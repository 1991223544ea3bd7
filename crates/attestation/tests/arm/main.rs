//! CCA and PSA tokens: published ones with the keys of their devices, and what is made of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod cose;
mod endorsement;
mod hostile;
mod tokens;
mod vectors;
