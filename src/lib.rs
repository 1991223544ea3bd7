//! The seam between Node and the Quorate crates.
