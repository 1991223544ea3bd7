//! What is drawn from a hash: the matrix and the challenge (FIPS 204, algorithms 29, 30 and 32).

use shake::{ExtendableOutput, Shake128, Shake256, Update, XofReader};

use crate::parameters::{CHALLENGE_BYTES, K, L, N, Q, TAU};

/// A polynomial.
pub(super) type Polynomial = [i32; N];

/// The matrix of a key, row by row.
pub(super) fn matrix(rho: &[u8]) -> Vec<[Polynomial; L]> {
    (0..K as u8).map(|row| std::array::from_fn(|column| uniform(rho, column as u8, row))).collect()
}

fn uniform(rho: &[u8], column: u8, row: u8) -> Polynomial {
    /// One block of SHAKE128.
    const BLOCK: usize = 168;
    let mut state = Shake128::default();
    state.update(rho);
    state.update(&[column, row]);
    let mut reader = state.finalize_xof();
    let (mut polynomial, mut filled, mut block) = ([0; N], 0, [0; BLOCK]);
    while filled < N {
        reader.read(&mut block);
        for three in block.chunks_exact(3) {
            let value = i32::from_le_bytes([three[0], three[1], three[2] & 0x7f, 0]);
            if value < Q && filled < N {
                polynomial[filled] = value;
                filled += 1;
            }
        }
    }
    polynomial
}

/// The challenge: 60 coefficients of 1 or -1.
pub(super) fn challenge(seed: &[u8; CHALLENGE_BYTES]) -> Polynomial {
    let mut state = Shake256::default();
    state.update(seed);
    let mut reader = state.finalize_xof();
    let mut signs = [0; 8];
    reader.read(&mut signs);
    let mut signs = u64::from_le_bytes(signs);
    let mut challenge = [0; N];
    for at in N - TAU..N {
        let other = loop {
            let mut byte = [0];
            reader.read(&mut byte);
            if usize::from(byte[0]) <= at {
                break usize::from(byte[0]);
            }
        };
        challenge[at] = challenge[other];
        challenge[other] = 1 - 2 * (signs & 1) as i32;
        signs >>= 1;
    }
    challenge
}
