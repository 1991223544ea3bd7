//! ML-DSA-87 (FIPS 204) behind one trait, and certificates of many signers.
//!
//! Three published implementations sign and verify ([`provider`]); the verifier that is used where one key is
//! checked again and again keeps the key expanded ([`VerifyingKey`]) and is ours. All are run against each
//! other and against other people's vectors in the tests: a signature on which two of them differ fails.
//!
//! A certificate of many signers is a list of their signatures ([`AggregatedSignature`]): it names who
//! signed, weighs them, and is linear in their number. No algebraic aggregation of ML-DSA is known.

pub mod certificate;
pub mod error;
pub mod manager;
pub mod parameters;
pub mod provider;
pub mod secret_key;
pub mod verifier;

#[cfg(test)]
mod multi_signature_tests;

pub use certificate::{AggregatedSignature, PartialSignature};
pub use error::MultisigError;
pub use manager::{CertificateFault, Config, Metrics, MultiSignatureManager, Refusal, Roster, Validator};
pub use parameters::{CONTEXT_BYTES_MAX, PUBLIC_KEY_BYTES, SECRET_KEY_BYTES, SEED_BYTES, SIGNATURE_BYTES};
pub use provider::{Provider, default_signer, providers};
pub use secret_key::{KeyPair, SecretKey};
pub use verifier::VerifyingKey;
