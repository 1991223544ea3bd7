//! Secret keys: checked for their form, and wiped when they go.

use quorate_types::FieldPath;
use zeroize::Zeroizing;

use crate::error::MultisigError;
use crate::parameters::{ETA, K, L, N, SECRET_KEY_BYTES};

/// Bytes before the secrets: rho, K, tr.
const SECRETS_AT: usize = 128;
/// Bytes of s1 and s2, 3 bits a coefficient.
const SECRETS_BYTES: usize = (K + L) * N * 3 / 8;

/// An expanded secret key (FIPS 204, algorithm 24).
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

/// A key pair.
#[derive(Clone)]
pub struct KeyPair {
    /// 2592 bytes.
    pub public_key: Vec<u8>,
    /// 4896 bytes.
    pub secret_key: SecretKey,
}

impl SecretKey {
    /// Reads a secret key. Its coefficients are checked: an implementation may take others for granted.
    ///
    /// # Errors
    /// [`MultisigError::Length`], [`MultisigError::SecretKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MultisigError> {
        MultisigError::check_length("secretKey", bytes.len(), SECRET_KEY_BYTES)?;
        let secrets = &bytes[SECRETS_AT..SECRETS_AT + SECRETS_BYTES];
        let in_range = secrets.chunks_exact(3).all(|three| {
            let bits = u32::from_le_bytes([three[0], three[1], three[2], 0]);
            (0..8).all(|at| (bits >> (3 * at) & 7) as u8 <= 2 * ETA)
        });
        if !in_range {
            return Err(MultisigError::SecretKey { field: FieldPath::new("secretKey") });
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The key, 4896 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
