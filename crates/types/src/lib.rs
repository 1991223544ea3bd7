//! What every other crate of Quorate may know: units, tiers, coded errors and the control of long runs.
//!
//! This is level 0: it depends on no other crate of the house, holds no clock, no socket, no file and no
//! randomness.

pub mod cbor;
pub mod control;
pub mod failure;
pub mod json;
pub mod tier;
pub mod units;

pub use control::{Control, NoControl};
pub use failure::{Coded, FieldPath};
pub use units::{BASIS_POINTS_MAX, BasisPoints, PPM_MAX, UnixMillis};
