//! The seam between Node and the Quorate crates: data objects and handles, no logic.
//!
//! One file per crate it exposes, with the crate's name. Only `ts/native.ts` may import what is generated
//! from here; nothing of it is public API. Numbers are copied in and out as typed arrays; what is larger than
//! 1 MiB crosses as a path or a handle.

pub mod failure;
pub mod run;
pub mod runtime;

pub mod attestation;
pub mod attester;
pub mod diversity;
pub mod ipdata;
pub mod merkle;
pub mod multisig;
pub mod nsga2;
pub mod placement;
pub mod transparency;
pub mod types;
