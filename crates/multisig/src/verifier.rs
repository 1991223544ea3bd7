//! Verification with a key that is kept expanded: half of the work of one verification is the expansion of
//! the matrix from the key's first 32 bytes, and a validator's key is the same for thousands of signatures.
//!
//! Source: FIPS 204, algorithms 3 and 8. All of it is public, so nothing needs to take constant time.

mod decode;
mod lanes;
mod sample;

use shake::{ExtendableOutput, Shake256, Update, XofReader};

use crate::error::MultisigError;
use crate::parameters::{CHALLENGE_BYTES, CONTEXT_BYTES_MAX, K, L, N, PUBLIC_KEY_BYTES, SIGNATURE_BYTES};
use decode::Decoded;
use lanes::{Lanes, Matrix};

/// A public key with its matrix expanded: 64 KiB, against 2.5 KiB of the key.
#[derive(Clone)]
pub struct VerifyingKey {
    bytes: Vec<u8>,
    /// `A` and `-t1 * 2^d`, transformed, in Montgomery form.
    matrix: Box<Matrix>,
    /// SHAKE256 of the key.
    tr: [u8; 64],
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("VerifyingKey").field("tr", &self.tr).finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// Expands a public key.
    ///
    /// # Errors
    /// [`MultisigError::Length`]; every key of the right length is one.
    pub fn expand(public_key: &[u8]) -> Result<Self, MultisigError> {
        MultisigError::check_length("publicKey", public_key.len(), PUBLIC_KEY_BYTES)?;
        let (rho, t1) = public_key.split_at(32);
        Ok(Self {
            bytes: public_key.to_vec(),
            matrix: Box::new(Matrix::new(&sample::matrix(rho), &decode::t1(t1))),
            tr: shake256(&[public_key]),
        })
    }

    /// The key as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a signature of this key holds for a message under a context. A context longer than 255 bytes
    /// and a signature of another length never do.
    pub fn verify(&self, message: &[u8], context: &[u8], signature: &[u8]) -> bool {
        context.len() <= CONTEXT_BYTES_MAX
            && self.verify_parts(&[&[0, context.len() as u8], context, message], signature)
    }

    /// Verifies a message that is encoded already (FIPS 204, algorithm 8): pre-hashed, or of the internal
    /// interface.
    pub fn verify_parts(&self, encoded_message: &[&[u8]], signature: &[u8]) -> bool {
        let parts: Vec<&[u8]> =
            std::iter::once(&self.tr[..]).chain(encoded_message.iter().copied()).collect();
        self.verify_mu(&shake256(&parts), signature)
    }

    /// Verifies the digest of a message (the external mu of FIPS 204).
    pub fn verify_mu(&self, mu: &[u8; 64], signature: &[u8]) -> bool {
        if signature.len() != SIGNATURE_BYTES {
            return false;
        }
        let Some(decoded) = Decoded::read(signature) else { return false };
        let mut w1 = [0; K * N / 2];
        compute_w1(&self.matrix, &decoded, &mut w1);
        let expected: [u8; CHALLENGE_BYTES] = shake256(&[mu, &w1]);
        expected == *decoded.challenge
    }
}

/// Whether a signature has the one form it may have and its response is short: all that can be said of it
/// without a key.
pub(crate) fn well_formed(signature: &[u8]) -> bool {
    signature.len() == SIGNATURE_BYTES && Decoded::read(signature).is_some()
}

/// The high bits of `A z - c t1 2^d`, corrected by the hints and packed 4 bits each.
fn compute_w1(matrix: &Matrix, decoded: &Decoded<'_>, w1: &mut [u8; K * N / 2]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        unsafe { compute_w1_avx2(matrix, decoded, w1) };
        return;
    }
    compute_w1_portable(matrix, decoded, w1);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn compute_w1_avx2(matrix: &Matrix, decoded: &Decoded<'_>, w1: &mut [u8; K * N / 2]) {
    compute_w1_portable(matrix, decoded, w1);
}

/// Inlined into each path, so that each is compiled for its processor.
#[inline(always)]
fn compute_w1_portable(matrix: &Matrix, decoded: &Decoded<'_>, w1: &mut [u8; K * N / 2]) {
    // Seven polynomials of z and the challenge are one batch of eight.
    const { assert!(L + 1 == lanes::WIDTH && K == lanes::WIDTH) };
    let mut batch = Lanes::zero();
    batch.set_columns(&decoded.z);
    batch.set_column(L, &sample::challenge(decoded.challenge));
    batch.transform();
    let mut w = matrix.multiply(&batch);
    w.transform_back();
    w.high_bits(&decoded.hints, w1);
}

/// SHAKE256 over parts, `N` bytes.
fn shake256<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut state = Shake256::default();
    for part in parts {
        state.update(part);
    }
    let mut out = [0; N];
    state.finalize_xof().read(&mut out);
    out
}
