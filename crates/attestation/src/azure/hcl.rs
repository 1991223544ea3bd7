//! The report of Azure's paravisor (HCL): a header, the hardware's report, a second header, and the runtime
//! data that the hardware's report binds. Little-endian.
//!
//! Source: `openhcl_attestation_protocol/src/igvm_attest/get.rs` of microsoft/openvmm, version 1 of the
//! request, as the paravisor writes it to index 0x01400001 of the vTPM. No signature covers the two headers:
//! each member must be what it has to be.

use crate::bytes::Bytes;
use crate::snp::report::REPORT_BYTES;
use crate::verdict::{Reason, Rejection, reject};

/// Largest report. Real ones have 2600 bytes, zeros behind the runtime data included.
const HCL_BYTES_MAX: usize = 8 << 10;
const HEADER_BYTES: usize = 32;
const DATA_HEADER_BYTES: usize = 20;
/// A report of a TDX module: smaller than one of SEV-SNP, and zeros fill its place.
pub(crate) const TD_REPORT_BYTES: usize = 1024;
const AK_CERTIFICATE_REQUEST: u32 = 2;
const SNP: u32 = 2;
const TDX: u32 = 4;
const SHA256: u32 = 1;

/// A paravisor's report, checked for its form alone.
#[derive(Clone, Debug)]
pub struct HclReport<'a> {
    /// Version of its header: 1 or 2, laid out alike.
    pub version: u32,
    /// The hardware's report.
    pub hardware: Hardware<'a>,
    /// JSON whose SHA-256 the hardware's report has to bind.
    pub runtime_data: &'a [u8],
}

/// The hardware's report as it stands in the paravisor's.
#[derive(Clone, Copy, Debug)]
pub enum Hardware<'a> {
    /// An SEV-SNP attestation report.
    Snp(&'a [u8]),
    /// A report of a TDX module, which only its own platform can check: a quote says the same to others.
    Td(&'a [u8]),
}

impl<'a> HclReport<'a> {
    /// Reads a report that fills `bytes`, but for zeros.
    ///
    /// # Errors
    /// `MALFORMED` for members and lengths that do not fit; `UNSUPPORTED` for another version, hash or TEE.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let malformed = |why: &str| reject(Reason::Malformed, format!("the paravisor's report {why}"));
        if bytes.len() > HCL_BYTES_MAX {
            return Err(malformed("is too large"));
        }
        let mut from = Bytes::of(bytes, "the paravisor's report");
        if from.array()? != *b"HCLA" {
            return Err(malformed("does not begin with HCLA"));
        }
        let version = from.u32()?;
        let size = from.u32()? as usize;
        let (request, status) = (from.u32()?, from.u32()?);
        from.zeros(12)?;
        let hardware = from.take(REPORT_BYTES)?;
        let data_size = from.u32()? as usize;
        let (data_version, tee, hash) = (from.u32()?, from.u32()?, from.u32()?);
        if !(1..=2).contains(&version) || data_version != 1 || hash != SHA256 {
            let why = format!("a paravisor's report of version {version}.{data_version} with hash {hash}");
            return Err(reject(Reason::Unsupported, why));
        }
        let length = from.u32()? as usize;
        let runtime_data = from.take(length)?;
        let data_whole = DATA_HEADER_BYTES + length;
        if data_size != data_whole || size != HEADER_BYTES + REPORT_BYTES + data_whole {
            return Err(malformed("states sizes that it does not have"));
        }
        if request != AK_CERTIFICATE_REQUEST || status != 0 {
            return Err(malformed("was not made to name an attestation key"));
        }
        from.zeros(from.rest().len())?;
        Ok(Self { version, hardware: Hardware::read(tee, hardware)?, runtime_data })
    }
}

impl<'a> Hardware<'a> {
    fn read(tee: u32, place: &'a [u8]) -> Result<Self, Rejection> {
        match tee {
            SNP => Ok(Self::Snp(place)),
            TDX => {
                let mut from = Bytes::of(place, "the TD report's place");
                let report = from.take(TD_REPORT_BYTES)?;
                from.zeros(from.rest().len())?;
                Ok(Self::Td(report))
            }
            _ => Err(reject(Reason::Unsupported, format!("a paravisor's report for TEE type {tee}"))),
        }
    }
}
