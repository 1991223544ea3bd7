//! Intel TDX and SGX: quotes of versions 3, 4 and 5, signed by an attestation key that Intel's quoting
//! enclave holds, which the platform's provisioning certification key (PCK) vouches for.
//!
//! Sources: Intel TDX DCAP quoting library API; Intel SGX ECDSA QuoteGenReference; Intel SGX PCK certificate
//! and CRL profile; Intel PCS API v4. Where they leave a choice, Intel's quote verification library decides;
//! where this is stricter, the code says so.
//!
//! Checks run in this order: form, PCK chain with its CRLs, the three signatures from the PCK to the quote,
//! collateral, firmware levels, policy.

pub mod appraisal;
pub mod attributes;
pub mod body;
pub mod event_log;
pub mod identity;
pub mod pck;
pub mod quote;
pub mod statement;
pub mod status;
pub mod tcb_info;

mod bundle;
mod date;

use crate::anchors::AnchorVendor;
use crate::certificate::Certificate;
use crate::chain::{self, Chain, Revocable};
use crate::fields::Field;
use crate::policy::{IntelPolicy, Policy};
use crate::signature::{Scheme, check, sha256};
use crate::verdict::{Accepted, Reason, Rejection, Tcb, Vendor, reject};
use crate::verify::{Context, answers};
use appraisal::{Appraisal, appraise};
use body::{Body, TdReport};
use identity::Identity;
use pck::PckExtension;
use quote::Quote;
use status::TcbStatus;
use tcb_info::TcbInfo;

/// Every field of a quote and of what Intel certifies of its platform, readable; nothing of it is proved.
///
/// # Errors
/// Those of [`Quote::parse`].
pub fn fields(quote: &[u8]) -> Result<Vec<Field>, Rejection> {
    let quote = Quote::parse(quote)?;
    let sent = pck::chain(quote.pck_chain).map_or_else(|_| Vec::new(), |(sent, _)| sent);
    let platform = sent.first().and_then(|leaf| PckExtension::read(leaf).ok());
    let mut fields = quote.fields();
    fields.extend(platform.iter().flat_map(PckExtension::fields));
    Ok(fields)
}

/// Judges a quote.
pub(crate) fn verify(
    quote: &[u8],
    challenge: Option<&[u8]>,
    context: &Context<'_>,
) -> Result<Accepted, Rejection> {
    let quote = Quote::parse(quote)?;
    let (sent, root) = pck::chain(quote.pck_chain)?;
    let [leaf, authorities @ ..] = sent.as_slice() else {
        return Err(reject(Reason::Malformed, "a quote without a PCK certificate"));
    };
    let platform = PckExtension::read(leaf)?;
    let pck = pck_chain(leaf, authorities, &root, context)?;
    check_signatures(&quote, leaf, context)?;
    let (tcb_info, tcb_info_chain) = tcb_info_of(&quote, &platform, &pck, context)?;
    let (identity, identity_chain) = identity_of(&quote, &pck, context)?;
    let appraisal = appraise(&quote, &platform, tcb_info, identity)?;
    check_tcb(&appraisal, &context.policy.intel)?;
    if let Body::Td(report) = &quote.body {
        check_td(report, &context.policy.intel)?;
    }
    check_platform(&platform, context.policy)?;
    let chains = [&pck, &tcb_info_chain, &identity_chain];
    let (vendor, product, measurement, debug) = subject(&quote.body);
    Ok(Accepted {
        vendor,
        product: product.to_owned(),
        tcb: Tcb {
            version: version(&quote.body, &platform),
            status: Some(appraisal.status.name().to_owned()),
            date: Some(appraisal.date),
            advisories: appraisal.advisories.into_iter().collect(),
        },
        measurement,
        registers: quote.body.registers(),
        report_data: quote.body.report_data().to_vec(),
        machine: Some(platform.machine()),
        debug,
        valid_until: chains.iter().map(|chain| chain.valid_until).min().unwrap_or(0),
        revocation_checked: chains.iter().all(|chain| chain.revocation_checked),
        endorser: pck.endorser,
        fresh: answers(challenge, quote.body.report_data())?,
    })
}

/// Follows the chain of the PCK. All of it comes with the quote, root included; that root proves nothing, but
/// one that is no anchor shows that the quote is not what it claims. Authorities from elsewhere are not used,
/// so every byte of the chain counts.
fn pck_chain(
    leaf: &Certificate,
    authorities: &[Certificate],
    root: &[u8],
    context: &Context<'_>,
) -> Result<Chain, Rejection> {
    if !context.anchors.of(AnchorVendor::Intel).any(|anchor| anchor.certificate.der() == root) {
        return Err(reject(Reason::ChainUntrusted, "the chain in the quote does not end in a trust anchor"));
    }
    let authorities: Vec<&Certificate> = authorities.iter().collect();
    chain::check(leaf, &authorities, AnchorVendor::Intel, Revocable::All, context)
}

/// From the PCK over the quoting enclave and its attestation key to the quote.
fn check_signatures(quote: &Quote<'_>, pck: &Certificate, context: &Context<'_>) -> Result<(), Rejection> {
    // The same for every quote of a machine until it boots: worth remembering.
    let report = context.known_good.check(
        Scheme::P256Fixed,
        &pck.key.bytes,
        quote.qe_signed,
        &quote.qe_report_signature,
    );
    report.map_err(|_| {
        reject(Reason::EvidenceSignature, "the PCK did not sign the quoting enclave's report")
    })?;
    let bound = sha256(&[&quote.attestation_key, quote.qe_auth_data].concat());
    let (hash, rest) = quote.qe_report.report_data.split_at(bound.len());
    if hash != bound || rest.iter().any(|byte| *byte != 0) {
        let why = "the quoting enclave's report does not bind the attestation key";
        return Err(reject(Reason::KeyBinding, why));
    }
    let mut key = [4; 65];
    key[1..].copy_from_slice(&quote.attestation_key);
    check(Scheme::P256Fixed, &key, quote.signed, &quote.signature)
        .map_err(|_| reject(Reason::EvidenceSignature, "the attestation key did not sign the quote"))
}

fn tcb_info_of<'a>(
    quote: &Quote<'_>,
    platform: &PckExtension,
    pck: &Chain,
    context: &Context<'a>,
) -> Result<(&'a TcbInfo, Chain), Rejection> {
    let for_tee: Vec<&TcbInfo> =
        context.collateral.tcb_infos.iter().filter(|info| info.tee == quote.header.tee).collect();
    let for_platform: Vec<&TcbInfo> = for_tee
        .iter()
        .copied()
        .filter(|info| info.fmspc == platform.fmspc && info.pce_id == platform.pce_id)
        .collect();
    if for_platform.is_empty() && !for_tee.is_empty() {
        let why = format!("no TCB info for the platform {}", platform.platform());
        return Err(reject(Reason::CollateralMismatch, why));
    }
    statement::newest(for_platform, &pck.endorser, context)
}

fn identity_of<'a>(
    quote: &Quote<'_>,
    pck: &Chain,
    context: &Context<'a>,
) -> Result<(&'a Identity, Chain), Rejection> {
    let identities = context.collateral.identities.iter();
    let for_tee = identities.filter(|identity| identity.tee == quote.header.tee).collect();
    statement::newest(for_tee, &pck.endorser, context)
}

/// A revoked level is never accepted, whatever the policy lists: its keys may be in anybody's hands.
fn check_tcb(appraisal: &Appraisal, policy: &IntelPolicy) -> Result<(), Rejection> {
    let status = appraisal.status.name();
    if appraisal.status == TcbStatus::Revoked || !policy.tcb_statuses.contains(status) {
        return Err(reject(Reason::TcbStatus, format!("the status of the firmware is {status}")));
    }
    let Some(accepted) = &policy.advisories else { return Ok(()) };
    match appraisal.advisories.iter().find(|advisory| !accepted.contains(*advisory)) {
        None => Ok(()),
        Some(advisory) => Err(reject(Reason::TcbStatus, format!("{advisory} applies to the firmware"))),
    }
}

fn check_td(report: &TdReport, policy: &IntelPolicy) -> Result<(), Rejection> {
    let attributes = report.td_attributes;
    let bound = report.td15.as_ref().is_some_and(|td15| td15.mr_service_td != [0; 48]);
    if (bound || attributes.service_td()) && !policy.service_td_allowed {
        return Err(reject(Reason::MigrationAgent, "a service TD is or may be bound to the TD"));
    }
    if attributes.unknown() != 0 {
        let why = format!("the TD has unknown attributes {:#x}", attributes.unknown());
        return Err(reject(Reason::Attributes, why));
    }
    if !attributes.sept_ve_disabled() && !policy.sept_ve_allowed {
        let why = "the host can raise exceptions inside the TD (SEPT_VE_DISABLE is not set)";
        return Err(reject(Reason::Attributes, why));
    }
    Ok(())
}

fn check_platform(platform: &PckExtension, policy: &Policy) -> Result<(), Rejection> {
    let name = platform.platform();
    if policy.blocked.contains(&name) {
        return Err(reject(Reason::MachineBlocked, format!("{name} is blocked")));
    }
    Ok(())
}

/// Vendor, product, measurement and debug mode of what a quote is about.
fn subject(body: &Body) -> (Vendor, &'static str, Vec<u8>, bool) {
    match body {
        Body::Enclave(report) => (Vendor::IntelSgx, "SGX", report.mr_enclave.to_vec(), report.debug()),
        Body::Td(report) => {
            let product = if report.td15.is_some() { "TDX 1.5" } else { "TDX 1.0" };
            (Vendor::IntelTdx, product, report.mr_td.to_vec(), report.td_attributes.debug())
        }
    }
}

fn version(body: &Body, platform: &PckExtension) -> String {
    use crate::verdict::hex;
    let mut version = format!("sgx={} pce={}", hex(&platform.tcb.components), platform.tcb.pce_svn);
    if let Body::Td(report) = body {
        version += &format!(" tdx={}", hex(&report.tee_tcb_svn));
        if let Some(td15) = &report.td15 {
            version += &format!(" tdx_now={}", hex(&td15.tee_tcb_svn2));
        }
    }
    version
}
