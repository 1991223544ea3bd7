//! Keys of logs and of witnesses.
//!
//! A log signs twice: with Ed25519, which every tool of the field reads, and with ML-DSA-87, which also holds
//! against a quantum computer. Whoever verifies asks for both.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use quorate_merkle::{Algorithm, MerkleError, NoteSigner, NoteVerifier, VerifierKey};
use quorate_multisig::provider::{MlDsa, Provider, Randomness};
use quorate_multisig::{SecretKey, VerifyingKey, default_signer};

use crate::error::TransparencyError;

/// Bytes of the seed of either key.
pub const SEED_BYTES: usize = 32;
/// What ML-DSA-87 signs a note under: a signature of a note is none of anything else.
const CONTEXT: &[u8] = b"quorate/signed-note";

/// The keys that a log signs with.
pub struct LogKey {
    ed25519: Ed25519Signer,
    ml_dsa_87: MlDsaSigner,
}

impl LogKey {
    /// The keys of two seeds, under the origin of the log.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_KEY` for an origin that no key can have for a name.
    pub fn from_seeds(
        origin: &str,
        ed25519: &[u8; SEED_BYTES],
        ml_dsa_87: &[u8; SEED_BYTES],
    ) -> Result<Self, TransparencyError> {
        Ok(Self {
            ed25519: Ed25519Signer::new(origin, Algorithm::Ed25519, ed25519)?,
            ml_dsa_87: MlDsaSigner::new(origin, ml_dsa_87)?,
        })
    }

    /// The origin of the log.
    pub fn origin(&self) -> &str {
        self.ed25519.key.name()
    }

    /// Both, to sign with.
    pub fn signers(&self) -> [&dyn NoteSigner; 2] {
        [&self.ed25519, &self.ml_dsa_87]
    }

    /// The public keys, for those who verify.
    pub fn public(&self) -> [&VerifierKey; 2] {
        [&self.ed25519.key, &self.ml_dsa_87.key]
    }
}

/// The key that a witness cosigns with (C2SP tlog-cosignature).
pub struct WitnessKey(Ed25519Signer);

impl WitnessKey {
    /// The key of a seed, under the name of the witness.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_KEY` for a name that no key can have.
    pub fn from_seed(name: &str, seed: &[u8; SEED_BYTES]) -> Result<Self, TransparencyError> {
        Ed25519Signer::new(name, Algorithm::CosignatureV1, seed).map(Self)
    }

    /// To sign with.
    pub fn signer(&self) -> &dyn NoteSigner {
        &self.0
    }

    /// The public key, for those who verify.
    pub fn public(&self) -> &VerifierKey {
        &self.0.key
    }
}

/// Somebody who checks the signatures of a public key.
///
/// # Errors
/// `QRT_ERR_MULTISIG_...` for a key that is none of its algorithm.
pub fn verifier(key: VerifierKey) -> Result<Box<dyn NoteVerifier + Send + Sync>, TransparencyError> {
    Ok(match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::CosignatureV1 => Box::new(Ed25519Verifier(key)),
        Algorithm::MlDsa87 => {
            let expanded = VerifyingKey::expand(key.public_key())?;
            Box::new(MlDsaVerifier { key, expanded })
        }
    })
}

struct Ed25519Signer {
    key: VerifierKey,
    pair: Ed25519KeyPair,
}

impl Ed25519Signer {
    fn new(name: &str, algorithm: Algorithm, seed: &[u8; SEED_BYTES]) -> Result<Self, TransparencyError> {
        let rejected = MerkleError::Key { reason: "its seed was rejected" };
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| rejected)?;
        Ok(Self { key: VerifierKey::new(name, algorithm, pair.public_key().as_ref())?, pair })
    }
}

impl NoteSigner for Ed25519Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }
}

struct MlDsaSigner {
    key: VerifierKey,
    secret: SecretKey,
}

impl MlDsaSigner {
    fn new(name: &str, seed: &[u8; SEED_BYTES]) -> Result<Self, TransparencyError> {
        let pair = MlDsa.key_pair(seed)?;
        let key = VerifierKey::new(name, Algorithm::MlDsa87, &pair.public_key)?;
        Ok(Self { key, secret: pair.secret_key })
    }
}

impl NoteSigner for MlDsaSigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let randomness = Randomness::System;
        let signature = default_signer(randomness).sign(&self.secret, message, CONTEXT, randomness);
        signature.map_err(|error| error.to_string())
    }
}

struct Ed25519Verifier(VerifierKey);

impl NoteVerifier for Ed25519Verifier {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0.public_key()).verify(message, signature).is_ok()
    }
}

struct MlDsaVerifier {
    key: VerifierKey,
    expanded: VerifyingKey,
}

impl NoteVerifier for MlDsaVerifier {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.expanded.verify(message, CONTEXT, signature)
    }
}
