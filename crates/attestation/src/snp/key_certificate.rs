//! The certificate of the key that signs reports, and whether it belongs to a report.

use x509_parser::asn1_rs::{FromDer, Ia5String, Integer, OctetString};

use crate::certificate::{Certificate, KeyKind};
use crate::snp::report::Report;
use crate::snp::tcb::{Product, SnpTcb};
use crate::verdict::{Reason, Rejection, reject};

const PRODUCT_NAME: &str = "1.3.6.1.4.1.3704.1.2";
const BOOT_LOADER: &str = "1.3.6.1.4.1.3704.1.3.1";
const TEE: &str = "1.3.6.1.4.1.3704.1.3.2";
const SNP: &str = "1.3.6.1.4.1.3704.1.3.3";
const MICROCODE: &str = "1.3.6.1.4.1.3704.1.3.8";
const FMC: &str = "1.3.6.1.4.1.3704.1.3.9";
const HARDWARE_ID: &str = "1.3.6.1.4.1.3704.1.4";
const CLOUD_ID: &str = "1.3.6.1.4.1.3704.1.5";

/// A VCEK or VLEK certificate with what AMD states in it.
pub struct KeyCertificate<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// The product it is for.
    pub product: Product,
    /// The firmware level it was derived for.
    pub tcb: SnpTcb,
    /// Whose key it is.
    pub signing_key: SigningKey<'a>,
}

/// Whose key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKey<'a> {
    /// A chip's.
    Vcek {
        /// Its id: 64 bytes, 8 on Turin.
        chip: &'a [u8],
    },
    /// A cloud's.
    Vlek {
        /// The cloud, as AMD names it.
        cloud: String,
    },
}

/// Whether a certificate is one of a signing key, as opposed to an authority's.
pub(crate) fn is_one(certificate: &Certificate) -> bool {
    certificate.extension(HARDWARE_ID).is_some() || certificate.extension(CLOUD_ID).is_some()
}

impl<'a> KeyCertificate<'a> {
    /// Reads AMD's extensions.
    ///
    /// # Errors
    /// `CERTIFICATE_PROFILE` where one is missing or malformed, `UNSUPPORTED` for an unknown product.
    pub fn read(certificate: &'a Certificate) -> Result<Self, Rejection> {
        let missing = |what: &str| {
            let why = format!("the key certificate states no valid {what}");
            reject(Reason::CertificateProfile, why)
        };
        if certificate.key.kind != KeyKind::P384 || certificate.authority.is_some() {
            return Err(missing("P-384 key of a leaf"));
        }
        let name = certificate.extension(PRODUCT_NAME).and_then(ia5).ok_or_else(|| missing("product"))?;
        let product = Product::of_name(&name)
            .ok_or_else(|| reject(Reason::Unsupported, format!("the AMD product {name}")))?;
        let level = |oid| certificate.extension(oid).and_then(small).ok_or_else(|| missing("firmware level"));
        let tcb = SnpTcb {
            fmc: if product == Product::Turin { Some(level(FMC)?) } else { None },
            boot_loader: level(BOOT_LOADER)?,
            tee: level(TEE)?,
            snp: level(SNP)?,
            microcode: level(MICROCODE)?,
        };
        let chip = certificate.extension(HARDWARE_ID).map(octets);
        let cloud = certificate.extension(CLOUD_ID).and_then(ia5);
        let signing_key = match (chip, cloud) {
            (Some(chip), None) if chip.len() == product.chip_id_bytes() => SigningKey::Vcek { chip },
            (None, Some(cloud)) => SigningKey::Vlek { cloud },
            _ => return Err(missing("chip id or cloud")),
        };
        Ok(Self { certificate, product, tcb, signing_key })
    }

    /// Whether the key is the one this report should be signed by: its kind, chip, product and the reported
    /// (not the current) firmware level.
    ///
    /// # Errors
    /// `KEY_BINDING`.
    pub fn check_binding(&self, report: &Report<'_>) -> Result<(), Rejection> {
        let refuse = |why: String| Err(reject(Reason::KeyBinding, why));
        let kind = match self.signing_key {
            SigningKey::Vcek { .. } => 0,
            SigningKey::Vlek { .. } => 1,
        };
        if report.signing_key != kind {
            return refuse("the report names another kind of signing key than the certificate".to_owned());
        }
        let product = self.product.name();
        if report.cpuid.is_some_and(|[family, model, _]| !self.product.has_cpuid(family, model)) {
            return refuse(format!("the report comes from another processor than {product}"));
        }
        let reported = self.product.tcb(report.reported_tcb);
        if reported != self.tcb {
            return refuse(format!("the key is for firmware {}, the report says {reported}", self.tcb));
        }
        let masked = report.chip_id.iter().all(|byte| *byte == 0);
        match self.signing_key {
            SigningKey::Vcek { chip } if !masked => {
                let (head, tail) = report.chip_id.split_at(chip.len());
                if head == chip && tail.iter().all(|byte| *byte == 0) {
                    return Ok(());
                }
                refuse("the key is of another chip".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn ia5(der: &[u8]) -> Option<String> {
    let (rest, text) = Ia5String::from_der(der).ok()?;
    rest.is_empty().then(|| text.string())
}

fn small(der: &[u8]) -> Option<u8> {
    let (rest, number) = Integer::from_der(der).ok()?;
    if rest.is_empty() { number.as_u8().ok() } else { None }
}

/// The chip id: an octet string, or (on certificates of the first years) the bytes alone.
fn octets(value: &[u8]) -> &[u8] {
    const BARE: usize = 64;
    match OctetString::from_der(value) {
        Ok((rest, _)) if rest.is_empty() && value.len() != BARE => &value[2..],
        _ => value,
    }
}
