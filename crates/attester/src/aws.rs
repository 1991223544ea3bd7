//! An authority like that of AWS Nitro, and documents of its enclaves, every part of which a test can set
//! wrong. Sources as in `quorate_attestation::nitro`.

use quorate_types::UnixMillis;
use quorate_types::cbor::{Value, encode};

use crate::certificate::Form;
use crate::cose;
use crate::der::item;
use crate::error::AttesterError;
use crate::key::{Key, Kind};

const ROOT: &str = "DEMO aws.nitro-enclaves";
const REGION: &str = "DEMO region.aws.nitro-enclaves";
const INSTANCE: &str = "DEMO i-0123456789abcdef0.region.aws.nitro-enclaves";
const MODULE: &str = "i-0123456789abcdef0-enc0123456789abcde";
const KEY_USAGE: &str = "2.5.29.15";
/// Algorithm: ES384.
const PROTECTED: [u8; 4] = [0xa1, 0x01, 0x38, 0x22];

/// Root, region and parent instance.
#[derive(Clone, Debug)]
pub struct AwsAuthority {
    /// The root's key.
    pub root: Key,
    /// The region's key.
    pub region: Key,
    /// The parent instance's key.
    pub instance: Key,
    /// Root, region and instance in DER: what a document calls its bundle.
    pub bundle: Vec<Vec<u8>>,
}

impl AwsAuthority {
    /// A new authority, valid between two times.
    ///
    /// # Errors
    /// [`AttesterError::Key`].
    pub fn create(valid: [UnixMillis; 2]) -> Result<Self, AttesterError> {
        let key = || Key::generate(Kind::P384);
        let (root, region, instance) = (key()?, key()?, key()?);
        let bundle = vec![
            Form::new(1, ROOT, ROOT, valid, true).certify(&root, &root)?,
            Self::region_form(valid).certify(&region, &root)?,
            Self::instance_form(valid).certify(&instance, &region)?,
        ];
        Ok(Self { root, region, instance, bundle })
    }

    /// The region's certificate before it is signed.
    pub fn region_form(valid: [UnixMillis; 2]) -> Form {
        Form { authority: Some(Some(1)), ..Form::new(2, REGION, ROOT, valid, true) }
    }

    /// The parent instance's certificate before it is signed.
    pub fn instance_form(valid: [UnixMillis; 2]) -> Form {
        Form { authority: Some(Some(0)), ..Form::new(3, INSTANCE, REGION, valid, true) }
    }

    /// An enclave's certificate before it is signed: its key may sign data.
    pub fn leaf_form(valid: [UnixMillis; 2]) -> Form {
        let mut form = Form::new(4, MODULE, INSTANCE, valid, false);
        form.extensions.push((KEY_USAGE.to_owned(), true, item(3, &[7, 0x80])));
        form
    }
}

/// The members of a document of an enclave in good standing, by name.
pub fn members(
    authority: &AwsAuthority,
    leaf: &[u8],
    challenge: &[u8],
    time: UnixMillis,
) -> Vec<(String, Value)> {
    let register = |number: u64| {
        // The image, its kernel and its application are measured; the rest is locked and unused.
        let value = if number < 3 { 0xe0 + number as u8 } else { 0 };
        (Value::Unsigned(number), Value::bytes([value; 48]))
    };
    let cabundle = authority.bundle.iter().map(|der| Value::bytes(der.clone())).collect();
    let members = [
        ("module_id", Value::text(MODULE)),
        ("digest", Value::text("SHA384")),
        ("timestamp", Value::Unsigned(time)),
        ("pcrs", Value::Map((0..16).map(register).collect())),
        ("certificate", Value::bytes(leaf)),
        ("cabundle", Value::Array(cabundle)),
        ("public_key", Value::Null),
        ("user_data", Value::bytes(*b"what the enclave says")),
        ("nonce", Value::bytes(challenge)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A document, signed.
///
/// # Errors
/// [`AttesterError::Key`].
pub fn document(members: &[(String, Value)], key: &Key) -> Result<Vec<u8>, AttesterError> {
    let entries = members.iter().map(|(name, value)| (Value::text(name.clone()), value.clone()));
    sign(&PROTECTED, &encode(&Value::Map(entries.collect())), key)
}

/// Any payload under any header, signed as a document is.
///
/// # Errors
/// [`AttesterError::Key`].
pub fn sign(protected: &[u8], payload: &[u8], key: &Key) -> Result<Vec<u8>, AttesterError> {
    Ok(encode(&cose::sign1(key, protected, payload)?))
}
