//! CCA and PSA tokens: published ones with the keys of their devices, and what is made of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../support/mutate.rs"]
mod mutate;
#[path = "../support/mod.rs"]
mod support;

mod claims;
mod cose;
mod endorsement;
mod hostile;
mod tokens;
mod vectors;
