//! COSE_Sign1: a payload with one signature over it (RFC 9052 section 4.2), by ECDSA (RFC 9053 section 2.1).
//!
//! Stricter than the RFC, so that one token cannot be read in two ways: unprotected headers are refused,
//! since no signature covers them; the algorithm fixes the curve of the key; critical headers are refused,
//! since none is understood beside the algorithm; a detached payload is refused.

use quorate_types::cbor::{Form, Value, decode, encode};

use crate::certificate::{KeyKind, PublicKey};
use crate::signature::{KnownGood, Scheme, check, is_key};
use crate::verdict::{Reason, Rejection, reject};

/// The tag of a COSE_Sign1.
const SIGN1: u64 = 18;
/// Labels of the protected header.
const ALGORITHM: Value = Value::Unsigned(1);
const CRITICAL: Value = Value::Unsigned(2);
/// The use of a key that verifies.
const VERIFY: Value = Value::Unsigned(2);

/// Algorithms, as RFC 9053 names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with SHA-256; here on P-256 alone.
    Es256,
    /// ECDSA with SHA-384; here on P-384 alone.
    Es384,
    /// ECDSA with SHA-512; here on P-521 alone.
    Es512,
}

impl Algorithm {
    /// Its name in the IANA registry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    /// The algorithm with this number in the IANA registry.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            -7 => Some(Self::Es256),
            -35 => Some(Self::Es384),
            -36 => Some(Self::Es512),
            _ => None,
        }
    }

    fn key_and_scheme(self) -> (KeyKind, Scheme) {
        match self {
            Self::Es256 => (KeyKind::P256, Scheme::P256Fixed),
            Self::Es384 => (KeyKind::P384, Scheme::P384Fixed),
            Self::Es512 => (KeyKind::P521, Scheme::P521Fixed),
        }
    }
}

/// Whether a profile has the CBOR tag 18 in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// `COSE_Sign1_Tagged`.
    Tagged,
    /// `COSE_Sign1` alone.
    Untagged,
}

/// A signed payload, checked for its form alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign1 {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The protected header, as it was received.
    pub protected: Vec<u8>,
    /// What is signed.
    pub payload: Vec<u8>,
    /// r and s, big-endian, each as long as the curve has it.
    pub signature: Vec<u8>,
    what: &'static str,
}

impl Sign1 {
    /// Reads one item that fills `bytes`; `what` names it in a rejection.
    ///
    /// # Errors
    /// `MALFORMED` for another form, unprotected headers or no algorithm; `UNSUPPORTED` for another algorithm
    /// and for critical headers.
    pub fn parse(bytes: &[u8], tagging: Tagging, what: &'static str) -> Result<Self, Rejection> {
        let malformed = |why: &str| reject(Reason::Malformed, format!("{what} {why}"));
        let item = decode(bytes, Form::Unambiguous)
            .map_err(|error| malformed(&format!("is not acceptable as CBOR: {error}")))?;
        let item = match (tagging, item) {
            (Tagging::Tagged, Value::Tag(SIGN1, item)) => *item,
            (Tagging::Untagged, item) => item,
            _ => return Err(malformed("does not begin with the tag of a COSE_Sign1")),
        };
        let Value::Array(parts) = item else { return Err(malformed("is no COSE_Sign1")) };
        let parts = <[Value; 4]>::try_from(parts).map_err(|_| malformed("is no COSE_Sign1"))?;
        let [
            Value::Bytes(protected),
            Value::Map(unprotected),
            Value::Bytes(payload),
            Value::Bytes(signature),
        ] = parts
        else {
            return Err(malformed("is no COSE_Sign1"));
        };
        if !unprotected.is_empty() {
            return Err(malformed("has headers that no signature covers"));
        }
        Ok(Self { algorithm: algorithm(&protected, what)?, protected, payload, signature, what })
    }

    /// Checks the signature, with no external data. `known_good` is for tokens that are likely to be seen
    /// again.
    ///
    /// # Errors
    /// `KEY_INVALID` for a key that is no point of its curve; `EVIDENCE_SIGNATURE` for another key or for a
    /// key on another curve than the algorithm's.
    pub fn verify(&self, key: &PublicKey, known_good: Option<&KnownGood>) -> Result<(), Rejection> {
        let (what, algorithm) = (self.what, self.algorithm.name());
        let (kind, scheme) = self.algorithm.key_and_scheme();
        if key.kind != kind {
            let why = format!("{what} is signed by {algorithm}, and its key is for another algorithm");
            return Err(reject(Reason::EvidenceSignature, why));
        }
        let message = self.signed();
        let checked = match known_good {
            Some(known_good) => known_good.check(scheme, &key.bytes, &message, &self.signature),
            None => check(scheme, &key.bytes, &message, &self.signature),
        };
        checked.map_err(|_| match is_key(scheme, &key.bytes) {
            true => reject(Reason::EvidenceSignature, format!("the key did not sign {what}")),
            false => reject(Reason::KeyInvalid, format!("the key of {what} is no point of its curve")),
        })
    }

    /// The `Sig_structure`: the protected header goes in byte for byte as it was received.
    fn signed(&self) -> Vec<u8> {
        let parts = [&self.protected, &Vec::new(), &self.payload];
        let parts = parts.into_iter().map(|part| Value::bytes(part.clone()));
        encode(&Value::Array(std::iter::once(Value::text("Signature1")).chain(parts).collect()))
    }
}

fn algorithm(protected: &[u8], what: &str) -> Result<Algorithm, Rejection> {
    let malformed = |why: &str| reject(Reason::Malformed, format!("the protected header of {what} {why}"));
    let header = decode(protected, Form::Unambiguous)
        .map_err(|error| malformed(&format!("is not acceptable as CBOR: {error}")))?;
    if header.get(&CRITICAL).is_some() {
        let why = format!("{what} has critical headers, which are not understood");
        return Err(reject(Reason::Unsupported, why));
    }
    let number = header.get(&ALGORITHM).ok_or_else(|| malformed("names no algorithm"))?;
    number.as_integer().and_then(Algorithm::from_number).ok_or_else(|| {
        reject(
            Reason::Unsupported,
            format!("{what} is signed by an algorithm other than ES256, ES384, ES512"),
        )
    })
}

/// Reads a `COSE_Key` (RFC 9052 section 7, RFC 9053 section 7.1.1): an elliptic curve key with both
/// coordinates, which may verify with the algorithm of its curve.
///
/// # Errors
/// `MALFORMED`; `UNSUPPORTED` for another kind of key or curve, or a key for something else.
pub fn public_key(bytes: &[u8], what: &str) -> Result<PublicKey, Rejection> {
    let key = decode(bytes, Form::Unambiguous)
        .map_err(|error| reject(Reason::Malformed, format!("{what} is not acceptable as CBOR: {error}")))?;
    let member = |label| key.get(&Value::integer(label));
    let kind = match (member(1).and_then(Value::as_integer), member(-1).and_then(Value::as_integer)) {
        (Some(2), Some(1)) => KeyKind::P256,
        (Some(2), Some(2)) => KeyKind::P384,
        (Some(2), Some(3)) => KeyKind::P521,
        _ => return Err(reject(Reason::Unsupported, format!("{what} is no key on P-256, P-384 or P-521"))),
    };
    let for_curve = |number: &Value| {
        let algorithm = number.as_integer().and_then(Algorithm::from_number);
        algorithm.is_some_and(|algorithm| algorithm.key_and_scheme().0 == kind)
    };
    let verifies = |uses: &Value| uses.as_array().is_some_and(|uses| uses.contains(&VERIFY));
    if !member(3).is_none_or(for_curve) || !member(4).is_none_or(verifies) {
        return Err(reject(Reason::Unsupported, format!("{what} is for something else than verifying")));
    }
    let [x, y] = [-2, -3].map(|label| member(label).and_then(Value::as_bytes));
    x.zip(y)
        .and_then(|(x, y)| PublicKey::of_point(kind, x, y))
        .ok_or_else(|| reject(Reason::Malformed, format!("{what} lacks the coordinates of its curve")))
}
