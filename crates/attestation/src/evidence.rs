//! The forms in which evidence arrives.

use crate::arm::{cca, psa};
use crate::azure;
use crate::fields::Field;
use crate::intel;
use crate::nitro;
use crate::snp::report::{REPORT_BYTES, Report};
use crate::verdict::Rejection;

/// Largest evidence of any form, before it is parsed.
pub const EVIDENCE_BYTES_MAX: usize = 64 << 10;

/// A piece of evidence, as the guest or its host hands it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// AMD SEV-SNP: the report, and the certificates that came with it, VCEK or VLEK among them.
    Snp {
        /// The attestation report, 1184 bytes.
        report: Vec<u8>,
        /// Certificates in DER, in any order.
        certificates: Vec<Vec<u8>>,
    },
    /// Intel TDX or SGX: a quote, in which the certificates of its key stand.
    Quote {
        /// A buffer that begins with the quote.
        quote: Vec<u8>,
    },
    /// Arm CCA: the collection of a platform token and a realm token.
    Cca {
        /// The collection, CBOR.
        token: Vec<u8>,
    },
    /// Arm PSA: the token of a device.
    Psa {
        /// The token, COSE.
        token: Vec<u8>,
    },
    /// An Azure VM over SEV-SNP or TDX: a quote of its vTPM with all that vouches for it.
    Azure {
        /// The JSON in which the guest hands it over.
        bundle: Vec<u8>,
        /// Certificates in DER, besides those of the bundle.
        certificates: Vec<Vec<u8>>,
    },
    /// AWS Nitro Enclaves: what the cloud's hypervisor states of an enclave.
    Nitro {
        /// The attestation document, COSE.
        document: Vec<u8>,
    },
}

/// The forms by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An SEV-SNP attestation report.
    Snp,
    /// A TDX or SGX quote.
    Quote,
    /// A CCA token.
    Cca,
    /// A PSA token.
    Psa,
    /// A bundle of Azure's vTPM.
    Azure,
    /// An attestation document of AWS Nitro Enclaves.
    Nitro,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 6] = [Self::Snp, Self::Quote, Self::Cca, Self::Psa, Self::Azure, Self::Nitro];

    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snp => "SNP",
            Self::Quote => "QUOTE",
            Self::Cca => "CCA",
            Self::Psa => "PSA",
            Self::Azure => "AZURE",
            Self::Nitro => "NITRO",
        }
    }

    /// The form with this public name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The form that bytes are of, by what every document of that form begins with; none where no form fits.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            _ if bytes.len() == REPORT_BYTES => Some(Self::Snp),
            // Version, and ECDSA on P-256 as the kind of key.
            [3..=5, 0, 2, 0, ..] => Some(Self::Quote),
            // The tag of the collection, 399.
            [0xd9, 0x01, 0x8f, ..] => Some(Self::Cca),
            // The tag of a COSE_Sign1, and an array of four.
            [0xd2, 0x84, ..] => Some(Self::Psa),
            _ if bytes.starts_with(&nitro::PREFIX) => Some(Self::Nitro),
            // JSON, with the one member that is in every version.
            _ if bytes.trim_ascii_start().starts_with(b"{") && contains(bytes, b"quote\"") => {
                Some(Self::Azure)
            }
            _ => None,
        }
    }
}

impl Evidence {
    /// Evidence of a form: its bytes, and the certificates (DER) that came beside them.
    ///
    /// # Errors
    /// `MALFORMED` where the form has parts and they cannot be told apart.
    pub fn read(format: Format, body: Vec<u8>, certificates: Vec<Vec<u8>>) -> Result<Self, Rejection> {
        match format {
            Format::Snp => Ok(Self::Snp { report: body, certificates }),
            Format::Quote => Ok(Self::Quote { quote: body }),
            Format::Cca => Ok(Self::Cca { token: body }),
            Format::Psa => Ok(Self::Psa { token: body }),
            Format::Azure => Ok(Self::Azure { bundle: body, certificates }),
            Format::Nitro => Ok(Self::Nitro { document: body }),
        }
    }

    /// Its form, its bytes and the certificates beside it: what [`Evidence::read`] takes.
    pub fn into_parts(self) -> (Format, Vec<u8>, Vec<Vec<u8>>) {
        match self {
            Self::Snp { report, certificates } => (Format::Snp, report, certificates),
            Self::Quote { quote } => (Format::Quote, quote, Vec::new()),
            Self::Cca { token } => (Format::Cca, token, Vec::new()),
            Self::Psa { token } => (Format::Psa, token, Vec::new()),
            Self::Azure { bundle, certificates } => (Format::Azure, bundle, certificates),
            Self::Nitro { document } => (Format::Nitro, document, Vec::new()),
        }
    }

    /// What the evidence says, field by field: readable, and not yet proved.
    ///
    /// # Errors
    /// `MALFORMED` or `UNSUPPORTED`, and `CLAIM_MISSING` for a token without a profile.
    pub fn fields(&self) -> Result<Vec<Field>, Rejection> {
        match self {
            Self::Snp { report, .. } => Report::parse(report).map(|report| report.fields()),
            Self::Quote { quote } => intel::fields(quote),
            Self::Cca { token } => cca::fields(token),
            Self::Psa { token } => psa::fields(token),
            Self::Azure { bundle, .. } => azure::fields(bundle),
            Self::Nitro { document } => nitro::fields(document),
        }
    }

    /// Bytes in all.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Snp { report: body, certificates } | Self::Azure { bundle: body, certificates } => {
                body.len() + certificates.iter().map(Vec::len).sum::<usize>()
            }
            Self::Quote { quote } => quote.len(),
            Self::Cca { token } | Self::Psa { token } => token.len(),
            Self::Nitro { document } => document.len(),
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
