//! Endorsed keys in the files they come in: trust anchor stores, CoRIM, and single keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::corim;
use crate::anchors::{Anchors, EndorsedKey};
use crate::bytes::bytes_from_hex;
use crate::certificate::{KeyKind, PublicKey, documents};
use crate::verdict::{Reason, Rejection, reject};

/// Largest document of endorsements.
pub const ENDORSEMENTS_BYTES_MAX: usize = 16 << 20;
/// Largest file of one key.
const KEY_BYTES_MAX: usize = 16 << 10;

impl Anchors {
    /// Trusts the device keys of a document, all or none: the trust anchor store of `ccatoken` and its
    /// relatives (a JSON array of `implementation-id`, `instance-id`, `pkey` as JWK), or an unsigned CoRIM
    /// with attestation keys (see `arm/corim.rs` for the subset). Gives how many devices it names.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`; nothing is trusted then.
    pub fn add_endorsements(
        &mut self,
        endorser: &str,
        document: &[u8],
        demo: bool,
    ) -> Result<usize, Rejection> {
        if document.len() > ENDORSEMENTS_BYTES_MAX {
            let why = format!("a document of more than {ENDORSEMENTS_BYTES_MAX} bytes");
            return Err(reject(Reason::Malformed, why));
        }
        let keys = match document.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => store(document, endorser, demo)?,
            Some(b'{' | b'-') => {
                let why = "a key alone, which names no device: endorse it with the identities of its device";
                return Err(reject(Reason::Unsupported, why));
            }
            _ => corim::keys(document, endorser, demo)?,
        };
        let devices = keys.len();
        self.endorse(keys)?;
        Ok(devices)
    }
}

/// An entry of a store. An unknown member is refused: stores of keys that are not to be trusted differ from
/// others by one (`x-reason`).
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    implementation_id: String,
    instance_id: String,
    pkey: Jwk,
}

fn store(document: &[u8], endorser: &str, demo: bool) -> Result<Vec<EndorsedKey>, Rejection> {
    let entries: Vec<Entry> = serde_json::from_slice(document)
        .map_err(|error| reject(Reason::Malformed, format!("this is no store of trust anchors: {error}")))?;
    let identity = |text: &str| {
        bytes_from_hex(text).ok_or_else(|| reject(Reason::Malformed, "an identity that is not hexadecimal"))
    };
    let key = |entry: Entry| {
        Ok(EndorsedKey {
            implementation_id: identity(&entry.implementation_id)?,
            instance_id: identity(&entry.instance_id)?,
            key: entry.pkey.key()?,
            endorser: endorser.to_owned(),
            valid_from: 0,
            valid_until: None,
            demo,
        })
    };
    entries.into_iter().map(key).collect()
}

/// A key as RFC 7518 section 6.2 has it. Members that are not known are passed over, as RFC 7517 demands.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    alg: Option<String>,
}

impl Jwk {
    fn key(&self) -> Result<PublicKey, Rejection> {
        let (kind, algorithm) = match (self.kty.as_str(), self.crv.as_str()) {
            ("EC", "P-256") => (KeyKind::P256, "ES256"),
            ("EC", "P-384") => (KeyKind::P384, "ES384"),
            ("EC", "P-521") => (KeyKind::P521, "ES512"),
            _ => return Err(reject(Reason::Unsupported, "a JWK that is not on P-256, P-384 or P-521")),
        };
        if self.alg.as_deref().is_some_and(|stated| stated != algorithm) {
            return Err(reject(Reason::Unsupported, "a JWK for another algorithm than that of its curve"));
        }
        let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        coordinate(&self.x)
            .zip(coordinate(&self.y))
            .and_then(|(x, y)| PublicKey::of_point(kind, &x, &y))
            .ok_or_else(|| reject(Reason::Malformed, "a JWK without the coordinates of its curve"))
    }
}

impl PublicKey {
    /// Reads the key of one device: a JWK, or a `SubjectPublicKeyInfo` in PEM or DER.
    ///
    /// # Errors
    /// `MALFORMED`; `UNSUPPORTED` for another kind of key.
    pub fn from_document(document: &[u8]) -> Result<Self, Rejection> {
        if document.len() > KEY_BYTES_MAX {
            return Err(reject(Reason::Malformed, format!("a key of more than {KEY_BYTES_MAX} bytes")));
        }
        if document.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            let jwk: Jwk = serde_json::from_slice(document)
                .map_err(|error| reject(Reason::Malformed, format!("this is no JWK of a curve: {error}")))?;
            return jwk.key();
        }
        match documents(document, "PUBLIC KEY")?.as_slice() {
            [der] => Self::from_der(der),
            _ => Err(reject(Reason::Malformed, "a file of several keys")),
        }
    }
}
