//! AMD SEV-SNP: attestation reports of versions 2 to 5 on Milan, Genoa and Turin, signed by a VCEK (the key
//! of a chip at a firmware level) or a VLEK (the key of a cloud).
//!
//! Source: AMD publication 56860, SEV-SNP firmware ABI, section 7.3 and table 23; 57230, VCEK certificate and
//! KDS interface; 58369, VLEK certificate definition.

pub mod key_certificate;
pub mod report;
pub mod table;
pub mod tcb;

use crate::anchors::AnchorVendor;
use crate::certificate::Certificate;
use crate::chain::{self, Revocable};
use crate::policy::SnpPolicy;
use crate::signature::{Scheme, check};
use crate::verdict::{Accepted, Reason, Rejection, Tcb, Vendor, hex, reject};
use crate::verify::{Context, answers};
use key_certificate::{KeyCertificate, SigningKey};
use report::Report;

/// Judges a report with the certificates that came with it.
pub(crate) fn verify(
    report: &[u8],
    certificates: &[Vec<u8>],
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    let report = Report::parse(report)?;
    let sent: Vec<Certificate> =
        certificates.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
    let key = key_of(&report, &sent, context)?;
    let chain = chain::check(
        key.certificate,
        &context.collateral.authorities(&sent),
        AnchorVendor::Amd,
        Revocable::Authorities,
        context,
    )?;
    let product = key.product.name();
    if !chain.root.ends_with(&format!("ARK-{product}")) {
        let why = format!("a key certificate for {product} does not belong under {}", chain.root);
        return Err(reject(Reason::CertificateProfile, why));
    }
    check(Scheme::P384Fixed, &key.certificate.key.bytes, report.signed, &report.signature).map_err(|_| {
        reject(Reason::EvidenceSignature, "the key certificate's key did not sign the report")
    })?;
    key.check_binding(&report)?;
    let tcb = key.product.tcb(report.reported_tcb);
    check_policy(&report, &key, &context.policy.snp)?;
    Ok(Accepted {
        vendor: Vendor::AmdSevSnp,
        product: product.to_owned(),
        tcb: Tcb { version: tcb.to_string(), status: None, date: None, advisories: Vec::new() },
        measurement: report.measurement.to_vec(),
        registers: Vec::new(),
        report_data: report.report_data.to_vec(),
        machine: machine(&report, &key),
        debug: report.policy.debug(),
        valid_until: chain.valid_until,
        endorser: chain.endorser,
        fresh: answers(challenge, &report.report_data)?,
        revocation_checked: chain.revocation_checked,
    })
}

/// The certificate of the key that signed: sent along, or in the collateral under this chip and TCB.
fn key_of<'a>(
    report: &Report<'_>,
    sent: &'a [Certificate],
    context: &Context<'a>,
) -> Result<KeyCertificate<'a>, Rejection> {
    if let Some(certificate) = sent.iter().find(|certificate| key_certificate::is_one(certificate)) {
        return KeyCertificate::read(certificate);
    }
    let known = context.collateral.certificates.iter().filter(|known| key_certificate::is_one(known));
    known
        .filter_map(|certificate| KeyCertificate::read(certificate).ok())
        .find(|key| key.check_binding(report).is_ok())
        .ok_or_else(|| reject(Reason::CollateralMissing, "no VCEK or VLEK certificate for this report"))
}

fn check_policy(report: &Report<'_>, key: &KeyCertificate<'_>, policy: &SnpPolicy) -> Result<(), Rejection> {
    let (tcb, min) = (key.product.tcb(report.reported_tcb), &policy.tcb_min);
    if let Some(component) = tcb.first_below(min) {
        return Err(reject(Reason::TcbTooOld, format!("{component} is below the policy's minimum ({tcb})")));
    }
    if report.vmpl > u32::from(policy.vmpl_max) {
        let (vmpl, max) = (report.vmpl, policy.vmpl_max);
        return Err(reject(
            Reason::Vmpl,
            format!("the report comes from VMPL {vmpl}, at most {max} is accepted"),
        ));
    }
    let svsm = policy.svsm_measurements.as_ref();
    if report.vmpl > 0 && svsm.is_some_and(|allowed| !allowed.contains(report.measurement.as_slice())) {
        return Err(reject(Reason::Measurement, "the SVSM's measurement is not on the list"));
    }
    if report.policy.migration_agent() && !policy.migration_agent_allowed {
        return Err(reject(Reason::MigrationAgent, "a migration agent may read the guest"));
    }
    if matches!(key.signing_key, SigningKey::Vlek { .. }) && !policy.vlek_allowed {
        return Err(reject(Reason::VendorNotAccepted, "the report is signed by the key of a cloud (VLEK)"));
    }
    Ok(())
}

/// A chip has an identity; a cloud's key and a masked chip id give none.
fn machine(report: &Report<'_>, key: &KeyCertificate<'_>) -> Option<String> {
    let masked = report.chip_id.iter().all(|byte| *byte == 0);
    match key.signing_key {
        SigningKey::Vcek { chip } if !masked => Some(format!("amd-chip:{}", hex(chip))),
        _ => None,
    }
}
