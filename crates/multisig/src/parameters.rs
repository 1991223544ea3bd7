//! The parameters of ML-DSA-87 (FIPS 204, tables 1 and 2).

/// Bytes of a public key.
pub const PUBLIC_KEY_BYTES: usize = 2592;
/// Bytes of an expanded secret key.
pub const SECRET_KEY_BYTES: usize = 4896;
/// Bytes of the seed a key pair is made from.
pub const SEED_BYTES: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 4627;
/// Longest context.
pub const CONTEXT_BYTES_MAX: usize = 255;
/// Bytes of randomness that a hedged signature takes.
pub const RANDOMNESS_BYTES: usize = 32;

/// Coefficients of a polynomial.
pub(crate) const N: usize = 256;
/// The modulus, 2^23 - 2^13 + 1.
pub(crate) const Q: i32 = 8_380_417;
/// Rows of the matrix.
pub(crate) const K: usize = 8;
/// Columns of the matrix.
pub(crate) const L: usize = 7;
/// Dropped bits of t.
pub(crate) const D: u32 = 13;
/// Non-zero coefficients of a challenge.
pub(crate) const TAU: usize = 60;
/// Bound of the mask, 2^19.
pub(crate) const GAMMA1: i32 = 1 << 19;
/// Low-order rounding range.
pub(crate) const GAMMA2: i32 = (Q - 1) / 32;
/// Bound of the coefficients of a secret.
pub(crate) const ETA: u8 = 2;
/// `TAU * ETA`.
pub(crate) const BETA: i32 = 120;
/// Most hints.
pub(crate) const OMEGA: usize = 75;
/// Bytes of the challenge in a signature.
pub(crate) const CHALLENGE_BYTES: usize = 64;
/// Bytes of one polynomial of z, 20 bits a coefficient.
pub(crate) const Z_BYTES: usize = 640;
/// Bytes of one polynomial of t1, 10 bits a coefficient.
pub(crate) const T1_BYTES: usize = 320;
