//! Signatures and keys as bytes (FIPS 204, algorithms 16, 19, 21, 23 and 27).

use super::sample::Polynomial;
use crate::parameters::{BETA, CHALLENGE_BYTES, D, GAMMA1, K, L, N, OMEGA, T1_BYTES, Z_BYTES};

/// A signature of the right form whose response is short enough.
pub(super) struct Decoded<'a> {
    /// The commitment's hash.
    pub(super) challenge: &'a [u8; CHALLENGE_BYTES],
    /// The response.
    pub(super) z: [Polynomial; L],
    /// Per row, which coefficients have a hint.
    pub(super) hints: [[bool; N]; K],
}

impl<'a> Decoded<'a> {
    /// None where the response is too long or the hints are not written the one way they may be.
    pub(super) fn read(signature: &'a [u8]) -> Option<Self> {
        let (challenge, rest) = signature.split_first_chunk()?;
        let (packed, hints) = rest.split_at_checked(L * Z_BYTES)?;
        let mut z = [[0; N]; L];
        let mut longest = 0;
        for (polynomial, packed) in z.iter_mut().zip(packed.chunks_exact(Z_BYTES)) {
            longest = longest.max(read_z(packed, polynomial));
        }
        if longest >= GAMMA1 - BETA {
            return None;
        }
        Some(Self { challenge, z, hints: read_hints(hints)? })
    }
}

/// 20 bits a coefficient; gives the largest absolute value.
fn read_z(packed: &[u8], polynomial: &mut Polynomial) -> i32 {
    let mut longest = 0;
    for (pair, five) in polynomial.chunks_exact_mut(2).zip(packed.chunks_exact(5)) {
        let low = i32::from_le_bytes([five[0], five[1], five[2] & 0x0f, 0]);
        let high = i32::from_le_bytes([five[2], five[3], five[4], 0]) >> 4;
        (pair[0], pair[1]) = (GAMMA1 - low, GAMMA1 - high);
        longest = longest.max(pair[0].abs()).max(pair[1].abs());
    }
    longest
}

fn read_hints(bytes: &[u8]) -> Option<[[bool; N]; K]> {
    let (positions, ends) = bytes.split_at_checked(OMEGA)?;
    let mut hints = [[false; N]; K];
    let mut start = 0;
    for (row, end) in hints.iter_mut().zip(ends) {
        let own = positions.get(start..usize::from(*end))?;
        if own.windows(2).any(|pair| pair[0] >= pair[1]) {
            return None;
        }
        for position in own {
            row[usize::from(*position)] = true;
        }
        start = usize::from(*end);
    }
    // What is not used is zero, or one signature would have many forms.
    positions[start..].iter().all(|byte| *byte == 0).then_some(hints)
}

/// `t1 * 2^d`, row by row.
pub(super) fn t1(packed: &[u8]) -> Vec<Polynomial> {
    let row = |packed: &[u8]| {
        let mut polynomial = [0; N];
        for (four, five) in polynomial.chunks_exact_mut(4).zip(packed.chunks_exact(5)) {
            let bits = u64::from_le_bytes([five[0], five[1], five[2], five[3], five[4], 0, 0, 0]);
            for (at, coefficient) in four.iter_mut().enumerate() {
                *coefficient = ((bits >> (10 * at) & 0x3ff) as i32) << D;
            }
        }
        polynomial
    };
    packed.chunks_exact(T1_BYTES).map(row).collect()
}
