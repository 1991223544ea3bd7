//! Quotes of versions 3, 4 and 5: header, body and signature data, little-endian.
//!
//! Source: Intel SGX ECDSA QuoteGenReference, appendix A (version 3); Intel TDX DCAP quoting library API,
//! appendix A (versions 4 and 5).
//!
//! A quote ends where its length says. Buffers are often longer (`configfs-tsm` and clouds hand out whole
//! pages): what follows is cut off here and seen by nothing else. Inside the quote every length must be
//! exact.

use crate::bytes::Bytes;
use crate::fields::Field;
use crate::intel::body::{Body, ENCLAVE_REPORT_BYTES, EnclaveReport, TD_10_BYTES, TD_15_BYTES, TdReport};
use crate::verdict::{Reason, Rejection, reject};

/// Largest buffer with a quote. Real quotes have about 5 KiB.
pub const QUOTE_BYTES_MAX: usize = 16 << 10;

const HEADER_BYTES: usize = 48;
const BODY_DESCRIPTION_BYTES: usize = 6;
const ECDSA_P256: u16 = 2;
const TEE_SGX: u32 = 0;
const TEE_TDX: u32 = 0x81;
const BODY_ENCLAVE: u16 = 1;
const BODY_TD_10: u16 = 2;
const BODY_TD_15: u16 = 3;
const PCK_CHAIN: u16 = 5;
const QE_REPORT: u16 = 6;
/// Intel's quoting enclaves; an enclave of somebody else has other rules.
const QE_VENDOR_INTEL: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];

/// What kind of TEE a quote or a statement of Intel is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tee {
    /// Enclaves.
    Sgx,
    /// Trust domains.
    Tdx,
}

/// A quote, checked for its form alone.
#[derive(Clone, Debug)]
pub struct Quote<'a> {
    /// How it is laid out and who made it.
    pub header: Header,
    /// What it is about.
    pub body: Body,
    /// Over header and body, by the attestation key: r and s, big-endian.
    pub signature: [u8; 64],
    /// x and y of a P-256 key of the quoting enclave, big-endian.
    pub attestation_key: [u8; 64],
    /// The quoting enclave's own report, which binds the attestation key.
    pub qe_report: EnclaveReport,
    /// Over the quoting enclave's report, by the PCK: r and s, big-endian.
    pub qe_report_signature: [u8; 64],
    /// Hashed into the quoting enclave's report beside the key.
    pub qe_auth_data: &'a [u8],
    /// The certificate chain of the PCK, PEM: leaf, authority, root.
    pub pck_chain: &'a [u8],
    /// How many bytes of the buffer follow the quote; they mean nothing.
    pub trailing_bytes: usize,
    /// What `signature` covers.
    pub(crate) signed: &'a [u8],
    /// What `qe_report_signature` covers.
    pub(crate) qe_signed: &'a [u8],
}

/// The first 48 bytes of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the layout.
    pub version: u16,
    /// Which TEE.
    pub tee: Tee,
    /// Security version of the quoting enclave; reserved from version 4 on.
    pub qe_svn: u16,
    /// Security version of the provisioning enclave; reserved from version 4 on.
    pub pce_svn: u16,
    /// Who makes the quoting enclave: always Intel here.
    pub qe_vendor_id: [u8; 16],
    /// Set by the quoting enclave.
    pub user_data: [u8; 20],
}

impl<'a> Quote<'a> {
    /// Reads the quote at the start of `buffer`.
    ///
    /// # Errors
    /// `MALFORMED` for lengths that do not fit; `UNSUPPORTED` for another version, key type, body, vendor of
    /// the quoting enclave or form of certification data.
    pub fn parse(buffer: &'a [u8]) -> Result<Self, Rejection> {
        if buffer.len() > QUOTE_BYTES_MAX {
            let why = format!("a quote of more than {QUOTE_BYTES_MAX} bytes");
            return Err(reject(Reason::Malformed, why));
        }
        let mut from = Bytes::of(buffer, "the quote");
        let header = Header::read(&mut from)?;
        let (body, body_bytes) = read_body(&header, &mut from)?;
        let length = from.u32()? as usize;
        let data = from.take(length)?;
        let trailing_bytes = from.rest().len();
        let signature_data = SignatureData::read(header.version, data)?;
        let mut report = Bytes::of(signature_data.qe_report, "the quoting enclave's report");
        Ok(Self {
            header,
            body,
            signature: signature_data.signature,
            attestation_key: signature_data.attestation_key,
            qe_report: EnclaveReport::read(&mut report)?,
            qe_report_signature: signature_data.qe_report_signature,
            qe_auth_data: signature_data.qe_auth_data,
            pck_chain: signature_data.pck_chain,
            trailing_bytes,
            signed: &buffer[..HEADER_BYTES + body_bytes],
            qe_signed: signature_data.qe_report,
        })
    }

    /// Every field, readable.
    pub fn fields(&self) -> Vec<Field> {
        let header = &self.header;
        let mut fields = vec![
            Field::new("version", header.version),
            Field::new("tee_type", if header.tee == Tee::Tdx { "TDX" } else { "SGX" }),
            Field::new("qe_svn", header.qe_svn),
            Field::new("pce_svn", header.pce_svn),
            Field::bytes("qe_vendor_id", &header.qe_vendor_id),
            Field::bytes("user_data", &header.user_data),
        ];
        fields.extend(self.body.fields());
        fields.extend([
            Field::bytes("signature", &self.signature),
            Field::bytes("attestation_key", &self.attestation_key),
        ]);
        fields.extend(self.qe_report.fields("qe_report"));
        fields.extend([
            Field::bytes("qe_report_signature", &self.qe_report_signature),
            Field::bytes("qe_auth_data", self.qe_auth_data),
            Field::new("pck_chain", String::from_utf8_lossy(self.pck_chain)),
            Field::new("trailing_bytes", self.trailing_bytes),
        ]);
        fields
    }
}

impl Header {
    fn read(from: &mut Bytes<'_>) -> Result<Self, Rejection> {
        let unsupported = |what: &str| Err(reject(Reason::Unsupported, format!("a quote {what}")));
        let version = from.u16()?;
        if !(3..=5).contains(&version) {
            return unsupported(&format!("of version {version}"));
        }
        let key_type = from.u16()?;
        if key_type != ECDSA_P256 {
            return unsupported(&format!("signed by a key of type {key_type}"));
        }
        let tee = match from.u32()? {
            TEE_SGX => Tee::Sgx,
            TEE_TDX if version > 3 => Tee::Tdx,
            tee => return unsupported(&format!("of version {version} for TEE type {tee:#x}")),
        };
        let (qe_svn, pce_svn, qe_vendor_id) = (from.u16()?, from.u16()?, from.array()?);
        if qe_vendor_id != QE_VENDOR_INTEL {
            return unsupported("by a quoting enclave that is not Intel's");
        }
        Ok(Self { version, tee, qe_svn, pce_svn, qe_vendor_id, user_data: from.array()? })
    }
}

/// The body, and how many bytes it has with its description.
fn read_body(header: &Header, from: &mut Bytes<'_>) -> Result<(Body, usize), Rejection> {
    let (kind, stated) = match (header.version, header.tee) {
        (5, _) => (from.u16()?, Some(from.u32()? as usize)),
        (_, Tee::Sgx) => (BODY_ENCLAVE, None),
        (_, Tee::Tdx) => (BODY_TD_10, None),
    };
    let (tee, bytes) = match kind {
        BODY_ENCLAVE => (Tee::Sgx, ENCLAVE_REPORT_BYTES),
        BODY_TD_10 => (Tee::Tdx, TD_10_BYTES),
        BODY_TD_15 => (Tee::Tdx, TD_15_BYTES),
        _ => return Err(reject(Reason::Unsupported, format!("a quote with a body of type {kind}"))),
    };
    if tee != header.tee || stated.is_some_and(|stated| stated != bytes) {
        return Err(reject(Reason::Malformed, "a quote whose body is not of the announced type or size"));
    }
    let body = match tee {
        Tee::Sgx => Body::Enclave(Box::new(EnclaveReport::read(from)?)),
        Tee::Tdx => Body::Td(Box::new(TdReport::read(from, kind == BODY_TD_15)?)),
    };
    Ok((body, bytes + stated.map_or(0, |_| BODY_DESCRIPTION_BYTES)))
}

/// What follows the body: signature, key and what certifies the key.
struct SignatureData<'a> {
    signature: [u8; 64],
    attestation_key: [u8; 64],
    qe_report: &'a [u8],
    qe_report_signature: [u8; 64],
    qe_auth_data: &'a [u8],
    pck_chain: &'a [u8],
}

impl<'a> SignatureData<'a> {
    fn read(version: u16, data: &'a [u8]) -> Result<Self, Rejection> {
        let mut from = Bytes::of(data, "the quote's signature data");
        let (signature, attestation_key) = (from.array()?, from.array()?);
        // From version 4 on, the rest is wrapped once more, as certification data of its own type.
        if version > 3 {
            from = Bytes::of(certification(&mut from, QE_REPORT)?, "the quote's certification data");
        }
        let qe_report = from.take(ENCLAVE_REPORT_BYTES)?;
        let qe_report_signature = from.array()?;
        let length = usize::from(from.u16()?);
        let qe_auth_data = from.take(length)?;
        let pck_chain = certification(&mut from, PCK_CHAIN)?;
        Ok(Self { signature, attestation_key, qe_report, qe_report_signature, qe_auth_data, pck_chain })
    }
}

/// Certification data of type `kind` that ends where `from` does.
fn certification<'a>(from: &mut Bytes<'a>, kind: u16) -> Result<&'a [u8], Rejection> {
    let found = from.u16()?;
    if found != kind {
        let why = format!("certification data of type {found} where {kind} is needed");
        return Err(reject(Reason::Unsupported, why));
    }
    let length = from.u32()? as usize;
    let data = from.take(length)?;
    if !from.rest().is_empty() {
        return Err(reject(Reason::Malformed, "certification data is followed by other bytes"));
    }
    Ok(data)
}
