//! The runtime data: JSON of the paravisor, bound by the hardware's report byte for byte.
//!
//! Source: `runtime_claims` of `openhcl_attestation_protocol`; keys as RFC 7517 has them. Members that are
//! not needed are passed over, unlike those of a bundle: the paravisor alone writes this, each version adds
//! some, and none can be added without breaking the binding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::bytes::bytes_from_hex;
use crate::fields::Field;
use crate::verdict::{Reason, Rejection, reject};

/// The exponent of every attestation key, big-endian: what TPM 2.0 takes where none is asked for.
pub(crate) const AK_EXPONENT: [u8; 3] = [1, 0, 1];
const AK_NAME: &str = "HCLAkPub";

/// What is needed of the runtime data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeData {
    /// Modulus of the attestation key (RSA), big-endian.
    pub ak_modulus: Vec<u8>,
    /// What the guest asked the paravisor to put there: 64 bytes, or none.
    pub user_data: Vec<u8>,
}

#[derive(Deserialize)]
struct Claims {
    keys: Vec<Jwk>,
    #[serde(rename = "user-data", default)]
    user_data: String,
}

#[derive(Deserialize)]
struct Jwk {
    kid: String,
    kty: String,
    key_ops: Vec<String>,
    e: String,
    n: String,
}

impl RuntimeData {
    /// Reads the JSON.
    ///
    /// # Errors
    /// `MALFORMED`; `CLAIM_MISSING` where no attestation key is named; `UNSUPPORTED` where it is no RSA key
    /// that signs.
    pub fn read(json: &[u8]) -> Result<Self, Rejection> {
        let malformed = |what: &str| reject(Reason::Malformed, format!("runtime data {what}"));
        let claims: Claims =
            serde_json::from_slice(json).map_err(|_| malformed("that are not the paravisor's JSON"))?;
        let mut named = claims.keys.iter().filter(|key| key.kid == AK_NAME);
        let key = named
            .next()
            .ok_or_else(|| reject(Reason::ClaimMissing, format!("the runtime data name no {AK_NAME}")))?;
        if named.next().is_some() {
            return Err(malformed("with two attestation keys"));
        }
        let exponent = URL_SAFE_NO_PAD.decode(&key.e).ok();
        let signs = key.key_ops.iter().any(|operation| operation == "sign");
        if key.kty != "RSA" || !signs || exponent.as_deref() != Some(&AK_EXPONENT) {
            return Err(reject(Reason::Unsupported, "the attestation key is no RSA key that signs"));
        }
        Ok(Self {
            ak_modulus: URL_SAFE_NO_PAD.decode(&key.n).map_err(|_| malformed("with a broken key"))?,
            user_data: bytes_from_hex(&claims.user_data).ok_or_else(|| malformed("with broken user data"))?,
        })
    }
}

/// Every value of the JSON, readable.
pub(crate) fn fields(json: &[u8]) -> Result<Vec<Field>, Rejection> {
    let value: Value = serde_json::from_slice(json)
        .map_err(|_| reject(Reason::Malformed, "runtime data that are not the paravisor's JSON"))?;
    let mut found = Vec::new();
    flatten("runtime".to_owned(), &value, &mut found);
    Ok(found)
}

/// The parser bounds the depth.
fn flatten(name: String, value: &Value, into: &mut Vec<Field>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(format!("{name}[{at}]"), item, into));
        }
        Value::String(text) => into.push(Field::new(name, text)),
        other => into.push(Field::new(name, other)),
    }
}
