//! Signatures: which algorithms, and a memory of those found good.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA512_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// Signatures that are remembered: about 150 bytes each.
const REMEMBERED_MAX: usize = 4096;

/// A signature scheme; each fixes curve or modulus, hash and encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// ECDSA on P-256 with SHA-256, DER.
    P256Der,
    /// ECDSA on P-256 with SHA-256, r and s big-endian, 64 bytes.
    P256Fixed,
    /// ECDSA on P-384 with SHA-384, DER.
    P384Der,
    /// ECDSA on P-384 with SHA-384, r and s big-endian, 96 bytes.
    P384Fixed,
    /// ECDSA on P-521 with SHA-512, r and s big-endian, 132 bytes.
    P521Fixed,
    /// RSA-PSS with SHA-384, MGF1 with SHA-384, 48 bytes of salt.
    RsaPssSha384,
}

impl Scheme {
    fn algorithm(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::P256Der => &ECDSA_P256_SHA256_ASN1,
            Self::P256Fixed => &ECDSA_P256_SHA256_FIXED,
            Self::P384Der => &ECDSA_P384_SHA384_ASN1,
            Self::P384Fixed => &ECDSA_P384_SHA384_FIXED,
            Self::P521Fixed => &ECDSA_P521_SHA512_FIXED,
            Self::RsaPssSha384 => &RSA_PSS_2048_8192_SHA384,
        }
    }
}

/// A signature that does not fit its message and key, or a key that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadSignature;

/// Checks a signature. `key` is an uncompressed point (SEC 1) or an `RSAPublicKey` (PKCS #1).
pub(crate) fn check(
    scheme: Scheme,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    UnparsedPublicKey::new(scheme.algorithm(), key).verify(message, signature).map_err(|_| BadSignature)
}

/// Whether a key is one at all: a point that lies on the curve.
pub(crate) fn is_key(scheme: Scheme, key: &[u8]) -> bool {
    ParsedPublicKey::new(scheme.algorithm(), key).is_ok()
}

/// Checks a signature by RSA (PKCS #1 version 1.5, SHA-256). Modulus and exponent are big-endian.
pub(crate) fn check_rsa_sha256(
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let key = RsaPublicKeyComponents { n: modulus, e: exponent };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).map_err(|_| BadSignature)
}

/// Remembers signatures that were found good, so that a chain or a CRL that is seen again costs a hash.
///
/// It can only save time: what is remembered is a digest of algorithm, key, message and signature, whose
/// relation never changes. Validity in time, revocation and policy are checked at every verification.
#[derive(Debug, Default)]
pub struct KnownGood {
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    digests: BTreeSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
}

impl KnownGood {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many signatures are remembered.
    pub fn len(&self) -> usize {
        self.lock().digests.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Like [`check`], for signatures that are likely to be seen again.
    pub(crate) fn check(
        &self,
        scheme: Scheme,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let digest = digest_of(scheme, key, message, signature);
        if self.lock().digests.contains(&digest) {
            return Ok(());
        }
        check(scheme, key, message, signature)?;
        self.remember(digest);
        Ok(())
    }

    fn remember(&self, digest: [u8; 32]) {
        let mut remembered = self.lock();
        if !remembered.digests.insert(digest) {
            return;
        }
        remembered.order.push_back(digest);
        if remembered.order.len() > REMEMBERED_MAX
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.digests.remove(&oldest);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Remembered> {
        // A set of digests is whole after any panic.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest_of(scheme: Scheme, key: &[u8], message: &[u8], signature: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[scheme as u8]);
    for part in [key, signature] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.update(message);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SHA-384.
pub(crate) fn sha384(bytes: &[u8]) -> [u8; 48] {
    let mut out = [0; 48];
    out.copy_from_slice(digest::digest(&digest::SHA384, bytes).as_ref());
    out
}
