//! Azure's confidential VMs: bundles of a vTPM quote, the paravisor's report and the hardware's evidence,
//! over SEV-SNP and over TDX.
//!
//! The guest of such a VM cannot ask the hardware: a paravisor below it does, and gives the guest a vTPM. So
//! a bundle is a chain: the hardware's report binds the paravisor's runtime data, those name the attestation
//! key (AK) of the vTPM, and the AK signs a quote that answers the challenge and states the registers (PCRs).
//!
//! The hardware vouches for the launch measurement and for whatever report data that software asked for. That
//! the AK is one of a vTPM, and not a key somebody made up, is therefore the word of the measured software:
//! see docs/design/trust.md.
//!
//! Sources: Microsoft's OpenHCL (`openhcl_attestation_protocol`) for the paravisor's report, the TCG's TPM
//! 2.0 Library part 2 for the quote, the bundles of Confidential Containers (`az-snp-vtpm`, `az-tdx-vtpm`)
//! for their JSON.
//!
//! Checks run in this order: form, binding of the AK, quote, registers, challenge, then all of the hardware's
//! own evidence, as if it had come alone.

pub mod bundle;
pub mod hcl;
pub mod runtime;
pub mod tpm;

mod td_report;

use crate::fields::Field;
use crate::intel;
use crate::intel::body::Body;
use crate::intel::quote::Quote as TdQuote;
use crate::policy::Policy;
use crate::signature::{check_rsa_sha256, sha256};
use crate::snp;
use crate::snp::report::Report;
use crate::verdict::{Accepted, Reason, Register, Rejection, reject};
use crate::verify::Context;
use bundle::{Beside, Bundle};
use hcl::{Hardware, HclReport};
use runtime::RuntimeData;
use tpm::Quote;

/// The bundles' version whose runtime data repeat the challenge, so that the hardware's report is fresh, too.
const FRESH_REPORT_VERSION: u32 = 2;

/// Every field of a bundle, readable; nothing of it is proved.
///
/// # Errors
/// Those of the bundle and of its parts.
pub fn fields(bundle: &[u8]) -> Result<Vec<Field>, Rejection> {
    let bundle = Bundle::read(bundle)?;
    let hcl = HclReport::parse(&bundle.hcl_report)?;
    let quote = Quote::parse(&bundle.message)?;
    let (name, hardware) = match &bundle.beside {
        Beside::KeyCertificates(_) => ("snp", Report::parse(snp_report(&hcl)?)?.fields()),
        Beside::TdQuote(quote) => ("td_quote", intel::fields(quote)?),
    };
    let mut fields = vec![Field::new("version", bundle.version), Field::new("hcl.version", hcl.version)];
    fields.extend(runtime::fields(hcl.runtime_data)?);
    fields.extend(quote.fields());
    fields.extend(registers(&bundle, &quote)?.iter().map(Register::field));
    fields.extend(hardware.into_iter().map(|field| field.within(name)));
    Ok(fields)
}

/// Judges a bundle with the certificates that came beside it.
pub(crate) fn verify(
    bundle: &[u8],
    certificates: &[Vec<u8>],
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    let bundle = Bundle::read(bundle)?;
    let hcl = HclReport::parse(&bundle.hcl_report)?;
    let runtime = RuntimeData::read(hcl.runtime_data)?;
    let quote = Quote::parse(&bundle.message)?;
    check_binding(&hcl, &bundle.beside)?;
    check_rsa_sha256(&runtime.ak_modulus, &runtime::AK_EXPONENT, &bundle.message, &bundle.signature)
        .map_err(|_| reject(Reason::EvidenceSignature, "the attestation key did not sign the quote"))?;
    let registers = registers(&bundle, &quote)?;
    let fresh = answers(challenge, &bundle, &runtime, &quote)?;
    let hardware = match &bundle.beside {
        Beside::KeyCertificates(own) => {
            snp::verify(snp_report(&hcl)?, &[own, certificates].concat(), None, context)?
        }
        Beside::TdQuote(quote) => intel::verify(quote, None, context)?,
    };
    check_policy(context.policy)?;
    let (product, report_data) = (format!("{}, Azure vTPM", hardware.product), quote.extra_data.to_vec());
    Ok(Accepted { product, report_data, registers, fresh, ..hardware })
}

/// Whether the hardware's report binds the runtime data, and comes from the paravisor and not from a guest
/// above it, which could bind runtime data of its own.
fn check_binding(hcl: &HclReport<'_>, beside: &Beside) -> Result<(), Rejection> {
    let report_data = match (&hcl.hardware, beside) {
        (Hardware::Snp(report), Beside::KeyCertificates(_)) => {
            let report = Report::parse(report)?;
            if report.vmpl != 0 {
                let why = format!("the report comes from VMPL {}, the paravisor runs at 0", report.vmpl);
                return Err(reject(Reason::Vmpl, why));
            }
            report.report_data
        }
        (Hardware::Td(report), Beside::TdQuote(quote)) => {
            let Body::Td(quoted) = TdQuote::parse(quote)?.body else {
                return Err(reject(Reason::Malformed, "the quote beside a TD report is not of a TD"));
            };
            td_report::check_quoted(report, &quoted)?;
            quoted.report_data
        }
        _ => return Err(another_tee()),
    };
    let (hash, rest) = report_data.split_at(32);
    if hash != sha256(hcl.runtime_data) || rest.iter().any(|byte| *byte != 0) {
        let why = "the hardware's report does not bind the data that name the attestation key";
        return Err(reject(Reason::KeyBinding, why));
    }
    Ok(())
}

fn snp_report<'a>(hcl: &HclReport<'a>) -> Result<&'a [u8], Rejection> {
    if let Hardware::Snp(report) = hcl.hardware { Ok(report) } else { Err(another_tee()) }
}

fn another_tee() -> Rejection {
    reject(Reason::Malformed, "the paravisor's report is of another TEE than the bundle")
}

/// Registers of a vTPM are the word of the paravisor: asking for some without saying which paravisors are
/// believed would accept those of anybody's.
fn check_policy(policy: &Policy) -> Result<(), Rejection> {
    if policy.registers.is_empty() || policy.measurements.is_some() {
        return Ok(());
    }
    Err(reject(
        Reason::Measurement,
        "the policy asks for registers of a vTPM and lists no measurement of its paravisor",
    ))
}

/// The registers that came along, by name: as many as the quote selects, and with the digest it states.
fn registers(bundle: &Bundle, quote: &Quote<'_>) -> Result<Vec<Register>, Rejection> {
    let whole =
        bundle.pcrs.len() == quote.selected.len() && bundle.pcrs.iter().all(|value| value.len() == 32);
    if !whole || sha256(&bundle.pcrs.concat()) != quote.pcr_digest {
        return Err(reject(Reason::Registers, "the registers (PCRs) are not those that the vTPM signed"));
    }
    let named = quote.selected.iter().zip(&bundle.pcrs);
    Ok(named.map(|(number, value)| Register { name: format!("pcr{number}"), value: value.clone() }).collect())
}

/// Whether the quote answers the challenge, to the byte: unlike report data its own has a length.
fn answers(
    challenge: Option<&[u8]>,
    bundle: &Bundle,
    runtime: &RuntimeData,
    quote: &Quote<'_>,
) -> Result<bool, Rejection> {
    let padded = |at: usize| quote.extra_data.get(at).copied().unwrap_or(0);
    let repeated = runtime.user_data.iter().enumerate().all(|(at, byte)| *byte == padded(at))
        && quote.extra_data.len() <= runtime.user_data.len();
    if bundle.version == FRESH_REPORT_VERSION && !repeated {
        return Err(reject(
            Reason::Challenge,
            "the hardware's report answers another challenge than the vTPM",
        ));
    }
    match challenge {
        None => Ok(false),
        Some(challenge) if !challenge.is_empty() && challenge == quote.extra_data => Ok(true),
        Some(_) => Err(reject(Reason::Challenge, "the vTPM answers another challenge")),
    }
}
