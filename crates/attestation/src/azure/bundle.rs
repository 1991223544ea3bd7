//! The JSON in which bundles come: version 0, which states none and writes bytes as numbers, and versions 1
//! and 2, which write them as text. Each has its members and no others.
//!
//! JSON can be written in many ways: what is strict here is what stands in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::Deserialize;

use crate::bytes::bytes_from_hex;
use crate::certificate::documents;
use crate::evidence::EVIDENCE_BYTES_MAX;
use crate::verdict::{Reason, Rejection, reject};

/// What a guest hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Of the JSON: 0 to 2.
    pub version: u32,
    /// The paravisor's report.
    pub hcl_report: Vec<u8>,
    /// The vTPM's quote.
    pub message: Vec<u8>,
    /// Over the quote, by the attestation key.
    pub signature: Vec<u8>,
    /// The registers, in the order of their numbers.
    pub pcrs: Vec<Vec<u8>>,
    /// What the hardware's report needs.
    pub beside: Beside,
}

/// What stands beside the paravisor's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// For SEV-SNP: the certificate of the key that signed the report (VCEK), DER, and any that came with it.
    KeyCertificates(Vec<Vec<u8>>),
    /// For TDX: the quote of the report.
    TdQuote(Vec<u8>),
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// `MALFORMED` for JSON that is too large or none of the known forms.
    pub fn read(json: &[u8]) -> Result<Self, Rejection> {
        if json.len() > EVIDENCE_BYTES_MAX {
            let why = format!("a bundle of more than {EVIDENCE_BYTES_MAX} bytes");
            return Err(reject(Reason::Malformed, why));
        }
        let members: Members = serde_json::from_slice(json).map_err(|_| of_no_form())?;
        match members {
            Members {
                version: None,
                quote: Some(quote),
                report: Some(report),
                vcek: Some(vcek),
                tpm_quote: None,
                hcl_report: None,
                td_quote: None,
            } => {
                let key = Beside::KeyCertificates(documents(vcek.as_bytes(), "CERTIFICATE")?);
                assemble(0, quote, report, key)
            }
            Members {
                version: version @ (None | Some(1)),
                tpm_quote: Some(quote),
                hcl_report: Some(report),
                td_quote: Some(td_quote),
                quote: None,
                report: None,
                vcek: None,
            } => {
                let version = version.unwrap_or(0);
                let td_quote = td_quote.bytes(version, from_base64).ok_or_else(of_no_form)?;
                assemble(version, quote, report, Beside::TdQuote(td_quote))
            }
            Members {
                version: Some(version @ 1..=2),
                tpm_quote: Some(quote),
                hcl_report: Some(report),
                vcek: Some(vcek),
                quote: None,
                report: None,
                td_quote: None,
            } => {
                let key = from_base64(&vcek).ok_or_else(of_no_form)?;
                assemble(version, quote, report, Beside::KeyCertificates(vec![key]))
            }
            _ => Err(of_no_form()),
        }
    }
}

fn assemble(version: u32, quote: QuoteJson, report: Octets, beside: Beside) -> Result<Bundle, Rejection> {
    let bytes = |octets: Octets| octets.bytes(version, bytes_from_hex).ok_or_else(of_no_form);
    Ok(Bundle {
        version,
        hcl_report: report.bytes(version, from_base64).ok_or_else(of_no_form)?,
        message: bytes(quote.message)?,
        signature: bytes(quote.signature)?,
        pcrs: quote.pcrs.into_iter().map(bytes).collect::<Result<_, _>>()?,
        beside,
    })
}

fn of_no_form() -> Rejection {
    reject(Reason::Malformed, "the bundle has none of the known forms")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    version: Option<u32>,
    quote: Option<QuoteJson>,
    tpm_quote: Option<QuoteJson>,
    report: Option<Octets>,
    hcl_report: Option<Octets>,
    vcek: Option<String>,
    td_quote: Option<Octets>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuoteJson {
    message: Octets,
    signature: Octets,
    pcrs: Vec<Octets>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Octets {
    Numbers(Vec<u8>),
    Text(String),
}

impl Octets {
    /// The bytes, where they are written as the version writes them.
    fn bytes(self, version: u32, decode: fn(&str) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        match self {
            Self::Numbers(bytes) if version == 0 => Some(bytes),
            Self::Text(text) if version > 0 => decode(&text),
            _ => None,
        }
    }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE.decode(text).ok()
}
