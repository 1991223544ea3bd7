//! Signed payloads (RFC 9052 section 4.2), with any protected header.

use quorate_types::cbor::{Value, encode};

use crate::error::AttesterError;
use crate::key::{Key, Kind};

/// The protected header for a key: the algorithm of its curve.
pub fn protected(key: &Key) -> Vec<u8> {
    let algorithm = match key.kind() {
        Kind::P256 => -7,
        Kind::P521 => -36,
        Kind::P384 | Kind::Rsa2048 | Kind::Rsa4096 => -35,
    };
    encode(&Value::Map(vec![(Value::Unsigned(1), Value::integer(algorithm))]))
}

/// A COSE_Sign1 without a tag.
///
/// # Errors
/// [`AttesterError::Key`].
pub fn sign1(key: &Key, protected: &[u8], payload: &[u8]) -> Result<Value, AttesterError> {
    let [protected, payload] = [protected, payload].map(Value::bytes);
    let signed = vec![Value::text("Signature1"), protected.clone(), Value::bytes([]), payload.clone()];
    let signature = Value::bytes(key.sign_fixed(&encode(&Value::Array(signed)))?);
    Ok(Value::Array(vec![protected, Value::Map(Vec::new()), payload, signature]))
}
