//! The document inside the signature: a map with the members AWS lists, and no others.
//!
//! AWS's text forbids null; its hypervisor writes it for an optional member that is not there, so that much
//! is allowed. User data and nonce may have 1024 bytes in the grammar and 512 in the text: the larger counts.

use quorate_types::UnixMillis;
use quorate_types::cbor::{Form, Value, decode};

use crate::fields::Field;
use crate::verdict::{Reason, Register, Rejection, reject};

/// Largest document.
const DOCUMENT_BYTES_MAX: usize = 16_384;
const CERTIFICATE_BYTES_MAX: usize = 1024;
const DATA_BYTES_MAX: usize = 1024;
/// Most certificates of a chain, root included. Real ones have four.
const CHAIN_LENGTH_MAX: usize = 8;
const REGISTERS_MAX: u64 = 32;
const REGISTER_BYTES: usize = 48;
const MEMBERS: [&str; 9] = [
    "module_id",
    "timestamp",
    "digest",
    "pcrs",
    "certificate",
    "cabundle",
    "public_key",
    "user_data",
    "nonce",
];

/// A document, checked for its form alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The enclave, by the instance it runs beside and a number.
    pub module_id: String,
    /// When it was made, UTC milliseconds.
    pub timestamp: UnixMillis,
    /// The registers that are locked, by number.
    pub pcrs: Vec<Pcr>,
    /// Certificate of the key that signed, DER.
    pub certificate: Vec<u8>,
    /// Its chain, root first, DER.
    pub cabundle: Vec<Vec<u8>>,
    /// A key of the enclave, as the enclave wrote it.
    pub public_key: Option<Vec<u8>>,
    /// Bound by the enclave.
    pub user_data: Option<Vec<u8>>,
    /// What it answers.
    pub nonce: Option<Vec<u8>>,
}

/// A register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pcr {
    /// 0 to 31.
    pub number: u64,
    /// SHA-384.
    pub value: Vec<u8>,
}

impl From<Pcr> for Register {
    fn from(Pcr { number, value }: Pcr) -> Self {
        Self { name: format!("pcr{number}"), value }
    }
}

impl Document {
    /// Reads the payload of a signature.
    ///
    /// # Errors
    /// `MALFORMED` for another form or an unknown member; `CLAIM_MISSING` where a member is not there or not
    /// in its form; `UNSUPPORTED` for another digest than SHA-384.
    pub fn read(payload: &[u8]) -> Result<Self, Rejection> {
        let malformed = |why: &str| reject(Reason::Malformed, format!("the Nitro document {why}"));
        if payload.len() > DOCUMENT_BYTES_MAX {
            return Err(malformed("is too large"));
        }
        let map = decode(payload, Form::Unambiguous)
            .map_err(|error| malformed(&format!("is not acceptable as CBOR: {error}")))?;
        let members = map.as_map().ok_or_else(|| malformed("is no map"))?;
        if members.iter().any(|(name, _)| !name.as_text().is_some_and(|name| MEMBERS.contains(&name))) {
            return Err(malformed("has a member that AWS does not list"));
        }
        if member(&map, "digest", Value::as_text)? != "SHA384" {
            return Err(reject(
                Reason::Unsupported,
                "a Nitro document with registers that are not of SHA-384",
            ));
        }
        let certificate = |value: &Value| bytes(value, 1..=CERTIFICATE_BYTES_MAX);
        Ok(Self {
            module_id: member(&map, "module_id", |id| id.as_text().filter(|id| !id.is_empty()))?.to_owned(),
            timestamp: member(&map, "timestamp", |time| time.as_unsigned().filter(|time| *time > 0))?,
            pcrs: member(&map, "pcrs", registers)?,
            certificate: member(&map, "certificate", certificate)?,
            cabundle: member(&map, "cabundle", |bundle| {
                let bundle = bundle.as_array()?;
                let bounded = (1..=CHAIN_LENGTH_MAX).contains(&bundle.len());
                bounded.then(|| bundle.iter().map(certificate).collect())?
            })?,
            public_key: optional(&map, "public_key", 1)?,
            user_data: optional(&map, "user_data", 0)?,
            nonce: optional(&map, "nonce", 0)?,
        })
    }

    /// The measurement of the enclave's image.
    ///
    /// # Errors
    /// `CLAIM_MISSING`.
    pub(crate) fn pcr0(&self) -> Result<&[u8], Rejection> {
        let found = self.pcrs.iter().find(|pcr| pcr.number == 0).map(|pcr| pcr.value.as_slice());
        found.ok_or_else(|| reject(Reason::ClaimMissing, "the Nitro document does not state PCR 0"))
    }

    /// Every field, readable.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let mut fields = vec![
            Field::new("module_id", &self.module_id),
            Field::new("timestamp", self.timestamp),
            Field::new("digest", "SHA384"),
        ];
        fields.extend(self.pcrs.iter().map(|pcr| Register::from(pcr.clone()).field()));
        fields.push(Field::bytes("certificate", &self.certificate));
        let chain = self.cabundle.iter().enumerate();
        fields.extend(chain.map(|(at, der)| Field::bytes(format!("cabundle[{at}]"), der)));
        let data = [("public_key", &self.public_key), ("user_data", &self.user_data), ("nonce", &self.nonce)];
        let stated = data.into_iter().filter_map(|(name, bytes)| Some(Field::bytes(name, bytes.as_ref()?)));
        fields.extend(stated);
        fields
    }
}

fn registers(pcrs: &Value) -> Option<Vec<Pcr>> {
    let register = |(number, value): &(Value, Value)| {
        let number = number.as_unsigned().filter(|number| *number < REGISTERS_MAX)?;
        Some(Pcr { number, value: bytes(value, REGISTER_BYTES..=REGISTER_BYTES)? })
    };
    let mut found: Vec<Pcr> = pcrs.as_map()?.iter().map(register).collect::<Option<_>>()?;
    found.sort_by_key(|pcr| pcr.number);
    (!found.is_empty()).then_some(found)
}

fn bytes(value: &Value, sizes: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    value.as_bytes().filter(|bytes| sizes.contains(&bytes.len())).map(<[u8]>::to_vec)
}

/// A member that must be there, in the form that `read` takes.
fn member<'a, T>(
    map: &'a Value,
    name: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, Rejection> {
    let value = map.get(&Value::text(name)).and_then(read);
    value.ok_or_else(|| {
        reject(Reason::ClaimMissing, format!("the Nitro document has no {name}, or none in its form"))
    })
}

/// Bytes that may be absent, or null.
fn optional(map: &Value, name: &str, size_min: usize) -> Result<Option<Vec<u8>>, Rejection> {
    match map.get(&Value::text(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => bytes(value, size_min..=DATA_BYTES_MAX).map(Some).ok_or_else(|| {
            reject(Reason::Malformed, format!("the Nitro document has a {name} of another form"))
        }),
    }
}
