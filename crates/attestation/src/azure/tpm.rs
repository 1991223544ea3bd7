//! Quotes of a TPM 2.0: `TPMS_ATTEST` of type quote, big-endian.
//!
//! Source: TCG Trusted Platform Module Library, part 2: structures, sections 10.12 (attestation), 10.6 (PCR
//! selections) and 10.11 (clock).

use crate::bytes::Bytes;
use crate::fields::Field;
use crate::verdict::{Reason, Rejection, reject};

/// Largest quote. Real ones have about 150 bytes.
const QUOTE_BYTES_MAX: usize = 512;
/// `TPM_GENERATED_VALUE`: a restricted key signs nothing else that begins with it.
const GENERATED: u32 = 0xff54_4347;
const ATTEST_QUOTE: u16 = 0x8018;
const SHA256: u16 = 0x000b;
/// Bytes of a selection: 24 registers, one bit each.
const SELECTION_BYTES: usize = 3;

/// A quote, checked for its form alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// Name of the key that signed, as the TPM derives it from its hierarchy.
    pub qualified_signer: &'a [u8],
    /// What the quote answers.
    pub extra_data: &'a [u8],
    /// Milliseconds that the TPM was on.
    pub clock_ms: u64,
    /// How often it was reset.
    pub reset_count: u32,
    /// How often it was suspended and resumed since the last reset.
    pub restart_count: u32,
    /// Whether the clock never showed an earlier or equal value.
    pub clock_safe: bool,
    /// Version of its firmware, as its vendor counts.
    pub firmware_version: u64,
    /// Which registers of the SHA-256 bank it is about, ascending.
    pub selected: Vec<u8>,
    /// SHA-256 over the values of those registers, one after the other.
    pub pcr_digest: &'a [u8],
}

impl<'a> Quote<'a> {
    /// Reads a quote that fills `bytes`.
    ///
    /// # Errors
    /// `MALFORMED`, also for what a TPM attests besides quotes; `UNSUPPORTED` for registers of another bank.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let malformed = |why: &str| reject(Reason::Malformed, format!("the vTPM's quote {why}"));
        if bytes.len() > QUOTE_BYTES_MAX {
            return Err(malformed("is too large"));
        }
        let mut from = Bytes::of(bytes, "the vTPM's quote");
        if u32::from_be_bytes(from.array()?) != GENERATED {
            return Err(malformed("was not made by a TPM"));
        }
        if u16::from_be_bytes(from.array()?) != ATTEST_QUOTE {
            return Err(malformed("attests something else"));
        }
        let (qualified_signer, extra_data) = (sized(&mut from)?, sized(&mut from)?);
        let clock_ms = u64::from_be_bytes(from.array()?);
        let (reset_count, restart_count) =
            (u32::from_be_bytes(from.array()?), u32::from_be_bytes(from.array()?));
        let clock_safe = match from.u8()? {
            0 => false,
            1 => true,
            _ => return Err(malformed("has a flag that is neither yes nor no")),
        };
        let firmware_version = u64::from_be_bytes(from.array()?);
        let (selected, pcr_digest) = (selection(&mut from)?, sized(&mut from)?);
        if !from.rest().is_empty() {
            return Err(malformed("is followed by other bytes"));
        }
        Ok(Self {
            qualified_signer,
            extra_data,
            clock_ms,
            reset_count,
            restart_count,
            clock_safe,
            firmware_version,
            selected,
            pcr_digest,
        })
    }

    /// Every field, readable.
    pub(crate) fn fields(&self) -> Vec<Field> {
        vec![
            Field::bytes("tpm.qualified_signer", self.qualified_signer),
            Field::bytes("tpm.extra_data", self.extra_data),
            Field::new("tpm.clock_ms", self.clock_ms),
            Field::new("tpm.reset_count", self.reset_count),
            Field::new("tpm.restart_count", self.restart_count),
            Field::new("tpm.clock_safe", self.clock_safe),
            Field::new("tpm.firmware_version", format!("{:#x}", self.firmware_version)),
            Field::bytes("tpm.pcr_digest", self.pcr_digest),
        ]
    }
}

/// Bytes behind their length (`TPM2B`).
fn sized<'a>(from: &mut Bytes<'a>) -> Result<&'a [u8], Rejection> {
    let length = u16::from_be_bytes(from.array()?);
    from.take(length.into())
}

/// The numbers of the selected registers, of one bank (`TPML_PCR_SELECTION`).
fn selection(from: &mut Bytes<'_>) -> Result<Vec<u8>, Rejection> {
    let (banks, hash) = (u32::from_be_bytes(from.array()?), u16::from_be_bytes(from.array()?));
    if banks != 1 || hash != SHA256 || usize::from(from.u8()?) != SELECTION_BYTES {
        return Err(reject(Reason::Unsupported, "a quote of other registers than the 24 of SHA-256"));
    }
    let bits: [u8; SELECTION_BYTES] = from.array()?;
    Ok((0..24).filter(|number| bits[usize::from(number / 8)] >> (number % 8) & 1 == 1).collect())
}
