//! Devices like Arm's, and their tokens. Sources as in `quorate_attestation::arm`.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use quorate_attestation::EndorsedKey;
use quorate_attestation::certificate::PublicKey;
use quorate_types::cbor::{Value, encode};

use crate::cose;
pub use crate::cose::protected;
use crate::error::AttesterError;
use crate::key::{Key, Kind};

/// The secured state of a device's lifecycle.
const SECURED: u64 = 0x3000;
/// Labels of the claims that bind one thing to another.
const PLATFORM_CHALLENGE: i64 = 10;
const REALM_KEY: i64 = 44237;

/// Claims by label.
pub type ClaimSet = BTreeMap<i64, Value>;

/// A device, or the platform of realms.
#[derive(Clone, Debug)]
pub struct ArmDevice {
    /// Implementation id.
    pub implementation_id: [u8; 32],
    /// Instance id without its type.
    pub instance: [u8; 32],
    /// Its attestation key.
    pub key: Key,
}

impl ArmDevice {
    /// Instance id with its type, which is RAND.
    pub fn instance_id(&self) -> Vec<u8> {
        [&[1], self.instance.as_slice()].concat()
    }

    /// The key as an endorser states it, as that of a simulated machine.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn endorsement(&self, endorser: &str) -> Result<EndorsedKey, AttesterError> {
        let key = PublicKey::from_der(&self.key.public_key()?);
        Ok(EndorsedKey {
            implementation_id: self.implementation_id.to_vec(),
            instance_id: self.instance_id(),
            key: key.map_err(|_| AttesterError::Key { what: "endorsed" })?,
            endorser: endorser.to_owned(),
            valid_from: 0,
            valid_until: None,
            demo: true,
        })
    }
}

/// A CCA token to be signed.
#[derive(Clone, Debug)]
pub struct CcaForm {
    /// Claims of the platform.
    pub platform: ClaimSet,
    /// Claims of the realm.
    pub realm: ClaimSet,
    /// Key of the realm manager (RAK).
    pub realm_key: Key,
}

impl CcaForm {
    /// A token of a realm that answers a challenge of at most 64 bytes, under a new key of the realm manager;
    /// profile `tag:arm.com,2023:...#1.0.0`.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn new(device: &ArmDevice, challenge: &[u8]) -> Result<Self, AttesterError> {
        let nonce: [u8; 64] = std::array::from_fn(|at| challenge.get(at).copied().unwrap_or(0));
        let platform = ClaimSet::from([
            (265, Value::text("tag:arm.com,2023:cca_platform#1.0.0")),
            (2396, Value::bytes(device.implementation_id)),
            (256, Value::bytes(device.instance_id())),
            (2401, Value::bytes([0xcf; 4])),
            (2395, Value::Unsigned(SECURED)),
            (2399, Value::Array(vec![component("RMM", "1.0", 0x52), component("AP_BL31", "2.12", 0x31)])),
            (2400, Value::text("https://verifier.example")),
            (2402, Value::text("sha-256")),
        ]);
        let realm = ClaimSet::from([
            (265, Value::text("tag:arm.com,2023:realm#1.0.0")),
            (10, Value::bytes(nonce)),
            (44235, Value::bytes([0; 64])),
            (44236, Value::text("sha-256")),
            (44238, Value::bytes([0x7e; 32])),
            (44239, Value::Array(vec![Value::bytes([0; 32]); 4])),
            (44240, Value::text("sha-256")),
        ]);
        let mut form = Self { platform, realm, realm_key: Key::generate(Kind::P384)? };
        let key = cose_key(&form.realm_key)?;
        form.bind(key);
        Ok(form)
    }

    /// States a key of the realm manager, and its SHA-256 as the platform's challenge.
    pub fn bind(&mut self, key: Vec<u8>) {
        let hash = digest(&SHA256, &key);
        self.platform.insert(PLATFORM_CHALLENGE, Value::bytes(hash.as_ref()));
        self.realm.insert(REALM_KEY, Value::bytes(key));
    }

    /// The collection, its platform token signed by the key of the platform.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign(&self, platform_key: &Key) -> Result<Vec<u8>, AttesterError> {
        let platform = sign1(platform_key, &protected(platform_key), &payload(&self.platform))?;
        let realm = sign1(&self.realm_key, &protected(&self.realm_key), &payload(&self.realm))?;
        Ok(collection(platform, realm))
    }
}

/// A PSA token to be signed.
#[derive(Clone, Debug)]
pub struct PsaForm {
    /// The claims.
    pub claims: ClaimSet,
}

impl PsaForm {
    /// A token that answers a challenge of 32, 48 or 64 bytes; profile `tag:psacertified.org,2023:psa#tfm`.
    pub fn new(device: &ArmDevice, challenge: &[u8]) -> Self {
        let claims = ClaimSet::from([
            (265, Value::text("tag:psacertified.org,2023:psa#tfm")),
            (10, Value::bytes(challenge)),
            (256, Value::bytes(device.instance_id())),
            (2396, Value::bytes(device.implementation_id)),
            (2394, Value::integer(-1)),
            (2395, Value::Unsigned(SECURED)),
            (268, Value::bytes([0xb0; 8])),
            (2399, Value::Array(vec![component("SPE", "2.1.0", 0x5e), component("NSPE", "1.4.2", 0x45)])),
        ]);
        Self { claims }
    }

    /// The token.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn sign(&self, key: &Key) -> Result<Vec<u8>, AttesterError> {
        sign1(key, &protected(key), &payload(&self.claims))
    }
}

/// A software component.
pub fn component(kind: &str, version: &str, measurement: u8) -> Value {
    let members = [
        (1, Value::text(kind)),
        (2, Value::bytes([measurement; 32])),
        (4, Value::text(version)),
        (5, Value::bytes([0x51; 32])),
        (6, Value::text("sha-256")),
    ];
    Value::Map(members.into_iter().map(|(label, value)| (Value::Unsigned(label), value)).collect())
}

/// Claims as the payload of a token.
pub fn payload(claims: &ClaimSet) -> Vec<u8> {
    let entry = |(label, value): (&i64, &Value)| (Value::integer(*label), value.clone());
    encode(&Value::Map(claims.iter().map(entry).collect()))
}

/// The two tokens of a CCA token, wrapped.
pub fn collection(platform: Vec<u8>, realm: Vec<u8>) -> Vec<u8> {
    let tokens =
        vec![(Value::Unsigned(44234), Value::bytes(platform)), (Value::Unsigned(44241), Value::bytes(realm))];
    encode(&Value::Tag(399, Box::new(Value::Map(tokens))))
}

/// A tagged COSE_Sign1 over a payload, with any protected header.
///
/// # Errors
/// [`AttesterError::Key`].
pub fn sign1(key: &Key, protected: &[u8], payload: &[u8]) -> Result<Vec<u8>, AttesterError> {
    Ok(encode(&Value::Tag(18, Box::new(cose::sign1(key, protected, payload)?))))
}

/// A key as a COSE_Key.
///
/// # Errors
/// [`AttesterError::Key`].
pub fn cose_key(key: &Key) -> Result<Vec<u8>, AttesterError> {
    let curve = match key.kind() {
        Kind::P256 => 1,
        Kind::P521 => 3,
        Kind::P384 | Kind::Rsa2048 | Kind::Rsa4096 => 2,
    };
    let point = key.point()?;
    let (x, y) = point[1..].split_at(point.len() / 2);
    let members =
        [(1, Value::Unsigned(2)), (-1, Value::Unsigned(curve)), (-2, Value::bytes(x)), (-3, Value::bytes(y))];
    Ok(encode(&Value::Map(
        members.into_iter().map(|(label, value)| (Value::integer(label), value)).collect(),
    )))
}
