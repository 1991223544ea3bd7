//! SEV-SNP: every stored report, with the verdict that EXPECTED.json demands of it.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use quorate_attestation::snp::report::Report;
use quorate_attestation::snp::table;
use quorate_attestation::verdict::Trust;
use quorate_attestation::{Evidence, Reason, Vendor};
use serde_json::Value;
use support::{Court, expected, hex, unhex, vector};

/// 2025-06-20: inside the validity of every stored key certificate.
const TIME: u64 = 1_750_420_800;

fn pem(bytes: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let body: String = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"))
        .collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

fn der(path: &str) -> Vec<u8> {
    let bytes = vector(path).unwrap();
    if bytes.starts_with(b"-----") { pem(&bytes) } else { bytes }
}

/// The report of an entry, wherever it lies, and its key certificate.
fn evidence(entry: &Value) -> Evidence {
    let file = |at: usize| entry["files"][at].as_str().unwrap();
    let offset = usize::try_from(entry["report_offset"].as_u64().unwrap()).unwrap();
    if file(0).ends_with(".json") {
        return from_azure_json(file(0), offset);
    }
    let bytes = vector(file(0)).unwrap();
    let bytes = if file(0).ends_with(".hex") { unhex(std::str::from_utf8(&bytes).unwrap()) } else { bytes };
    let report = bytes[offset..offset + 1184].to_vec();
    Evidence::Snp { report, certificates: vec![der(file(1))] }
}

/// The evidence files of trustee hold the HCL report as numbers or as base64.
fn from_azure_json(path: &str, offset: usize) -> Evidence {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let decode = |text: &str| {
        let unpadded = text.trim_end_matches('=');
        URL_SAFE_NO_PAD.decode(unpadded).or_else(|_| STANDARD.decode(text)).unwrap()
    };
    let evidence: Value = serde_json::from_slice(&vector(path).unwrap()).unwrap();
    let blob = match evidence.get("hcl_report").or_else(|| evidence.get("report")).unwrap() {
        Value::String(text) => decode(text),
        Value::Array(numbers) => {
            numbers.iter().map(|number| u8::try_from(number.as_u64().unwrap()).unwrap()).collect()
        }
        other => panic!("{other}"),
    };
    let vcek = evidence["vcek"].as_str().unwrap();
    let vcek = if vcek.contains("BEGIN") { pem(vcek.as_bytes()) } else { decode(vcek) };
    Evidence::Snp { report: blob[offset..offset + 1184].to_vec(), certificates: vec![vcek] }
}

fn entry(id: &str) -> Option<Evidence> {
    let all = expected("snp")?;
    all.iter().find(|entry| entry["id"] == id).map(evidence)
}

#[test]
fn every_report_states_the_expected_claims() {
    let Some(entries) = expected("snp") else { return };
    assert_eq!(entries.len(), 12);
    for entry in &entries {
        let Evidence::Snp { report, .. } = evidence(entry) else { unreachable!() };
        let report = Report::parse(&report).unwrap();
        let id = entry["id"].as_str().unwrap();
        assert_eq!(u64::from(report.version), entry["report_version"], "{id}");
        assert_eq!(format!("{:#x}", report.policy.0), entry["policy"], "{id}");
        assert_eq!(report.policy.debug(), entry["debug"], "{id}");
        assert_eq!(report.policy.migration_agent(), entry["migrate_ma"], "{id}");
        assert_eq!(u64::from(report.vmpl), entry["vmpl"], "{id}");
        assert_eq!(hex(&report.reported_tcb), entry["reported_tcb_le"], "{id}");
        assert_eq!(hex(&report.current_tcb), entry["current_tcb_le"], "{id}");
        assert_eq!(hex(&report.cpuid.unwrap_or_default()), entry["cpuid_fms"], "{id}");
        assert_eq!(hex(&report.chip_id), entry["chip_id"], "{id}");
        assert_eq!(hex(&report.measurement), entry["measurement"], "{id}");
        assert_eq!(hex(&report.report_data), entry["report_data"], "{id}");
        assert_eq!(hex(&report.host_data), entry["host_data"], "{id}");
    }
}

#[test]
fn every_report_gets_the_expected_verdict() {
    let Some(entries) = expected("snp") else { return };
    for entry in &entries {
        let id = entry["id"].as_str().unwrap();
        let verdict = Court::at(TIME).without_crls().judge(&evidence(entry));
        let reason = match id {
            "milan-v2-with-turin-vcek" => Some(Reason::EvidenceSignature),
            "milan-v2-debug" => Some(Reason::Debug),
            "milan-v2-fake-vcek-legacy" | "milan-v2-fake-vcek-new" => Some(Reason::ChainSignature),
            "milan-v3-vlek-expired" => Some(Reason::Vmpl),
            _ => None,
        };
        assert_eq!(verdict.reason(), reason, "{id}: {verdict:?}");
        let Some(accepted) = verdict.accepted() else { continue };
        assert_eq!(accepted.vendor, Vendor::AmdSevSnp, "{id}");
        assert_eq!(accepted.product, if id.contains("genoa") { "Genoa" } else { "Milan" }, "{id}");
        assert_eq!(hex(&accepted.measurement), entry["measurement"], "{id}");
        let chip = format!("amd-chip:{}", entry["chip_id"].as_str().unwrap());
        assert_eq!(accepted.machine.as_ref(), Some(&chip), "{id}");
        assert_eq!(accepted.endorser.name, format!("AMD ARK-{}", accepted.product), "{id}");
        assert_eq!(accepted.endorser.trust, Trust::Pinned, "{id}");
        assert!(!accepted.fresh && !accepted.debug && !accepted.revocation_checked, "{id}");
    }
}

#[test]
fn without_a_revocation_list_nothing_is_accepted_by_default() {
    let Some(evidence) = entry("milan-v2-virtee") else { return };
    assert_eq!(Court::at(TIME).judge(&evidence).reason(), Some(Reason::CrlMissing));
}

#[test]
fn a_debug_guest_is_accepted_only_where_the_policy_says_so() {
    let Some(evidence) = entry("milan-v2-debug") else { return };
    let verdict = Court::at(TIME).without_crls().with(|policy| policy.debug_allowed = true).judge(&evidence);
    assert!(verdict.accepted().unwrap().debug);
}

#[test]
fn a_cloud_key_names_no_machine_and_expires() {
    let Some(evidence) = entry("milan-v3-vlek-expired") else { return };
    let court = |seconds| Court::at(seconds).without_crls().with(|policy| policy.snp.vmpl_max = 1);
    let verdict = court(TIME).judge(&evidence);
    assert_eq!(verdict.accepted().unwrap().machine, None);
    // 2024-12-10 22:14:21 to 2025-12-10 22:14:21.
    let (first, last) = (1_733_868_861, 1_765_404_861);
    assert_eq!(court(first).judge(&evidence).reason(), None);
    assert_eq!(court(last).judge(&evidence).reason(), None);
    assert_eq!(court(first - 1).judge(&evidence).reason(), Some(Reason::CertificateNotYetValid));
    assert_eq!(court(last + 1).judge(&evidence).reason(), Some(Reason::CertificateExpired));
    let strict = court(TIME).with(|policy| policy.identity_required = true);
    assert_eq!(strict.judge(&evidence).reason(), Some(Reason::IdentityMissing));
    let strict = court(TIME).with(|policy| policy.snp.vlek_allowed = false);
    assert_eq!(strict.judge(&evidence).reason(), Some(Reason::VendorNotAccepted));
}

#[test]
fn the_key_must_match_the_reported_and_not_the_current_firmware() {
    let Some(evidence) = entry("milan-v2-trustee") else { return };
    let court = |microcode| {
        Court::at(TIME).without_crls().with(move |policy| policy.snp.tcb_min.microcode = microcode)
    };
    let verdict = court(0x73).judge(&evidence);
    assert_eq!(verdict.accepted().unwrap().tcb.version, "boot_loader=3 tee=0 snp=8 microcode=115");
    assert_eq!(court(0x74).judge(&evidence).reason(), Some(Reason::TcbTooOld));
}

#[test]
fn a_challenge_is_answered_or_refused() {
    let Some(evidence) = entry("milan-v2-trustee") else { return };
    let court = Court::at(TIME).without_crls();
    let Evidence::Snp { report, .. } = &evidence else { unreachable!() };
    let data = Report::parse(report).unwrap().report_data;
    for whole in [&data[..], &data[..48]] {
        assert!(court.judge_challenge(&evidence, Some(whole)).accepted().unwrap().fresh);
    }
    for wrong in [&data[..31], &data[1..], &[0; 64], &[]] {
        let verdict = court.judge_challenge(&evidence, Some(wrong));
        assert_eq!(verdict.reason(), Some(Reason::Challenge), "{wrong:?}");
    }
    let strict = Court::at(TIME).without_crls().with(|policy| policy.fresh_required = true);
    assert_eq!(strict.judge(&evidence).reason(), Some(Reason::NotFresh));
}

#[test]
fn a_blocked_chip_and_an_unknown_measurement_are_refused() {
    let Some(evidence) = entry("milan-v2-virtee") else { return };
    let court = Court::at(TIME).without_crls();
    let accepted = court.judge(&evidence).accepted().unwrap().clone();
    let blocked = Court::at(TIME).without_crls().with(|policy| {
        policy.blocked.insert(accepted.machine.unwrap());
    });
    assert_eq!(blocked.judge(&evidence).reason(), Some(Reason::MachineBlocked));
    let listed = |measurement: Vec<u8>| {
        Court::at(TIME).without_crls().with(|policy| policy.measurements = Some([measurement].into()))
    };
    assert_eq!(listed(accepted.measurement).judge(&evidence).reason(), None);
    assert_eq!(listed(vec![0; 48]).judge(&evidence).reason(), Some(Reason::Measurement));
}

#[test]
fn key_certificates_are_found_in_the_collateral() {
    let Some(evidence) = entry("milan-v2-virtee") else { return };
    let Evidence::Snp { report, certificates } = evidence else { unreachable!() };
    let bare = Evidence::Snp { report, certificates: vec![] };
    let mut court = Court::at(TIME).without_crls();
    assert_eq!(court.judge(&bare).reason(), Some(Reason::CollateralMissing));
    court.collateral.add_certificates(&certificates[0]).unwrap();
    court.collateral.add_certificates(&vector("virtee-sev/cert_chain_turin").unwrap()).unwrap();
    assert_eq!(court.judge(&bare).reason(), None);
}

/// Every byte of a report is either signed or must be zero, so no flip goes unseen.
#[test]
fn any_flipped_byte_is_refused() {
    let ids = ["milan-v2-virtee", "milan-v3-vlek-expired", "azure-evidence-genoa"];
    for id in ids {
        let Some(Evidence::Snp { report, certificates }) = entry(id) else { return };
        let court = Court::at(TIME).without_crls().with(|policy| policy.snp.vmpl_max = 3);
        let judge = |report: Vec<u8>| {
            court.judge(&Evidence::Snp { report, certificates: certificates.clone() }).reason()
        };
        assert_eq!(judge(report.clone()), None, "{id}");
        for at in 0..report.len() {
            let mut flipped = report.clone();
            flipped[at] ^= 1;
            assert!(judge(flipped).is_some(), "{id}: byte {at}");
        }
    }
}

#[test]
fn any_flipped_byte_of_the_key_certificate_is_refused() {
    let Some(Evidence::Snp { report, certificates }) = entry("milan-v2-virtee") else { return };
    let court = Court::at(TIME).without_crls();
    for at in 0..certificates[0].len() {
        let mut flipped = certificates[0].clone();
        flipped[at] ^= 1;
        let evidence = Evidence::Snp { report: report.clone(), certificates: vec![flipped] };
        assert!(court.judge(&evidence).reason().is_some(), "byte {at}");
    }
}

#[test]
fn signatures_found_good_are_remembered_and_judged_anew() {
    let Some(evidence) = entry("milan-v2-virtee") else { return };
    let mut court = Court::at(TIME).without_crls();
    assert_eq!(court.judge(&evidence).reason(), None);
    assert_eq!(court.known_good.len(), 2);
    assert_eq!(court.judge(&evidence).reason(), None);
    assert_eq!(court.known_good.len(), 2);
    // 2030-04-04: what is remembered is the signature, not the validity.
    court.seconds = 1_901_491_200;
    assert_eq!(court.judge(&evidence).reason(), Some(Reason::CertificateExpired));
}

#[test]
fn the_certificate_table_of_a_host_is_read() {
    let vcek =
        [0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd];
    let entry = |offset: u32, length: u32| [&vcek[..], &offset.to_le_bytes(), &length.to_le_bytes()].concat();
    let table = [entry(48, 3), vec![0; 24], vec![7, 8, 9]].concat();
    assert_eq!(table::certificates(&table).unwrap(), vec![vec![7, 8, 9]]);
    for (offset, length) in [(48, 4), (u32::MAX, 1), (52, 0)] {
        let broken = [entry(offset, length), vec![0; 24], vec![7, 8, 9]].concat();
        assert_eq!(table::certificates(&broken).unwrap_err().reason, Reason::Malformed);
    }
    assert_eq!(table::certificates(&entry(48, 0)).unwrap_err().reason, Reason::Malformed);
    assert_eq!(table::certificates(&[]).unwrap_err().reason, Reason::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(
        report in proptest::collection::vec(any::<u8>(), 0..1400),
        certificate in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let evidence = Evidence::Snp { report: report.clone(), certificates: vec![certificate] };
        prop_assert!(Court::at(TIME).judge(&evidence).reason().is_some());
        let _ = table::certificates(&report);
    }
}
