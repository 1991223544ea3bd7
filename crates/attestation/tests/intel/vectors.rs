//! Every entry of EXPECTED.json for TDX and SGX: each claim, each signature, the verdict.

use quorate_attestation::certificate::certificates;
use quorate_attestation::intel::appraisal::appraise;
use quorate_attestation::intel::body::Body;
use quorate_attestation::intel::identity::Identity;
use quorate_attestation::intel::pck::{self, PckExtension};
use quorate_attestation::intel::quote::Quote;
use quorate_attestation::intel::tcb_info::TcbInfo;
use quorate_attestation::{Collateral, Reason, Vendor, Verdict};
use serde_json::{Value, json};

use crate::support::{FEBRUARY_2026, JUNE_2025, Judge, bundle, hex, present, quote, read};

/// A time at which the certificates of every quote among the vectors are valid.
const CERTIFICATES_VALID: u64 = FEBRUARY_2026;

fn entries() -> Vec<Value> {
    let expected: Value = serde_json::from_slice(&read("EXPECTED.json")).unwrap();
    let all = ["tdx", "sgx"].into_iter().flat_map(|kind| expected[kind].as_array().unwrap().clone());
    all.collect()
}

fn quote_of(entry: &Value) -> Vec<u8> {
    quote(entry["files"][0].as_str().unwrap())
}

/// `None` where the entry says nothing of it.
fn text<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    entry[name].as_str()
}

fn day(millis: u64) -> u64 {
    millis / 86_400_000
}

fn day_of(date: &str) -> u64 {
    // Written apart from the parser under test: days from 0000-03-01, then from 1970-01-01.
    let part = |at: std::ops::Range<usize>| date[at].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    u64::try_from(days - 719_468).unwrap()
}

#[test]
fn every_claim_of_every_quote_is_read_as_expected() {
    if !present() {
        return;
    }
    let entries = entries();
    assert!(entries.len() >= 13);
    for entry in &entries {
        let id = text(entry, "id").unwrap();
        let bytes = quote_of(entry);
        let quote = Quote::parse(&bytes).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert_eq!(u64::from(quote.header.version), entry["quote_version"].as_u64().unwrap(), "{id}");
        assert_eq!(quote.trailing_bytes as u64, entry["trailing_bytes"].as_u64().unwrap(), "{id}");
        let (sent, root) = pck::chain(quote.pck_chain).unwrap();
        let intel = read("dcap-qvl/TrustedRootCA.der");
        assert_eq!(root == intel, entry["root_is_intel"].as_bool().unwrap(), "{id}");
        let platform = PckExtension::read(&sent[0]).unwrap();
        assert_eq!(hex(&platform.fmspc), text(entry, "fmspc").unwrap(), "{id}");
        let valid = [sent[0].not_before, sent[0].not_after].map(day);
        let expected = [0, 1].map(|at| day_of(entry["pck_valid"][at].as_str().unwrap()));
        assert_eq!(valid, expected, "{id}");
        match &quote.body {
            Body::Td(report) => check_td(entry, report),
            Body::Enclave(_) => assert_eq!(quote.header.version, 3, "{id}"),
        }
        let fields = quorate_attestation::intel::fields(&bytes).unwrap();
        let value = |name: &str| fields.iter().find(|field| field.name == name).map(|field| &field.value);
        assert_eq!(value("trailing_bytes"), Some(&quote.trailing_bytes.to_string()));
        assert_eq!(value("qe_vendor_id").unwrap(), "939a7233f79c4ca9940a0db3957f0607");
        let expected = [entry["report_data"].as_str(), entry["rtmr"][3].as_str()];
        assert!(expected[0].is_none() || value("td.report_data").map(String::as_str) == expected[0], "{id}");
        assert!(expected[1].is_none() || value("td.rtmr3").map(String::as_str) == expected[1], "{id}");
        assert_eq!(value("pck.fmspc").map(String::as_str), text(entry, "fmspc"), "{id}");
    }
}

fn check_td(entry: &Value, report: &quorate_attestation::intel::body::TdReport) {
    let id = text(entry, "id").unwrap();
    let expected = |name: &str| text(entry, name).unwrap_or_else(|| panic!("{id} without {name}"));
    assert_eq!(hex(&report.td_attributes.0.to_le_bytes()), expected("td_attributes"), "{id}");
    assert_eq!(report.td_attributes.debug(), entry["debug"].as_bool().unwrap(), "{id}");
    assert_eq!(hex(&report.tee_tcb_svn), expected("tee_tcb_svn"), "{id}");
    assert_eq!(hex(&report.mr_td), expected("mrtd"), "{id}");
    assert_eq!(hex(&report.report_data), expected("report_data"), "{id}");
    for (at, register) in report.rtmr.iter().enumerate() {
        assert_eq!(hex(register), entry["rtmr"][at].as_str().unwrap(), "{id} RTMR{at}");
    }
}

/// Chain, quoting enclave's report, key binding and quote signature come before collateral: with none at
/// hand, its absence is the only reason left.
#[test]
fn every_signature_of_every_quote_is_good() {
    if !present() {
        return;
    }
    let judge = Judge::signatures_only(CERTIFICATES_VALID);
    for entry in entries() {
        for claim in ["qe_report_sig", "attestation_key_bound", "quote_sig"] {
            assert_eq!(entry[claim], Value::Bool(true));
        }
        assert_eq!(entry["pck_chain"], serde_json::json!([true, true, true]));
        let verdict = judge.verdict(&quote_of(&entry));
        assert_eq!(verdict.reason(), Some(Reason::CollateralMissing), "{}: {verdict:?}", entry["id"]);
    }
}

/// The collateral an entry names; responses of Intel's service come without the chain of their signer, which
/// the bundles have.
fn collateral_of(entry: &Value) -> Option<Collateral> {
    let files: Vec<&str> =
        entry["files"].as_array().unwrap().iter().skip(1).flat_map(Value::as_str).collect();
    let mut collateral = Collateral::new();
    for file in &files {
        let bytes = read(file);
        match file.rsplit('/').next().unwrap() {
            name if name.ends_with("_collateral.json") => collateral.add_intel_bundle(&bytes).unwrap(),
            name if name.starts_with("sample_tcb") => collateral.add_tcb_info(&bytes).unwrap(),
            name if name.starts_with("sample_qe") => collateral.add_identity(&bytes).unwrap(),
            "pckcrl" | "rootcrl.der" => collateral.add_crls(&bytes).unwrap(),
            _ => return None,
        }
    }
    if files.is_empty() {
        return None;
    }
    let signers = bundle("dcap-qvl/tdx_quote_collateral.json").certificates;
    for signer in signers {
        collateral.add_certificates(signer.der()).unwrap();
    }
    Some(collateral)
}

/// The verdict that the sentence of an entry stands for.
enum Expected {
    Accepted { status: &'static str },
    Rejected(Reason),
}

fn expected(id: &str) -> Option<(u64, Expected)> {
    let no_level = Expected::Rejected(Reason::TcbUnknown);
    match id {
        "tdx-v4-uptodate" => Some((JUNE_2025, Expected::Accepted { status: "UpToDate" })),
        "tdx-v5-uptodate" => Some((FEBRUARY_2026, Expected::Accepted { status: "UpToDate" })),
        "tdx-v5-no-matching-tcb" | "coco-tdx_quote_5.dat" => Some((FEBRUARY_2026, no_level)),
        "tdx-quote.hex" | "quote-from-tappd.hex" => Some((JUNE_2025, no_level)),
        "sgx-v3-config" => Some((JUNE_2025, Expected::Rejected(Reason::TcbStatus))),
        _ => None,
    }
}

#[test]
fn every_verdict_is_the_expected_one() {
    if !present() {
        return;
    }
    let mut judged = 0;
    for entry in entries() {
        let id = text(&entry, "id").unwrap();
        let (Some((time, expected)), Some(collateral)) = (expected(id), collateral_of(&entry)) else {
            continue;
        };
        judged += 1;
        let judge = Judge::new(time, collateral);
        match (judge.verdict(&quote_of(&entry)), expected) {
            (Verdict::Accepted(accepted), Expected::Accepted { status }) => {
                assert_eq!(accepted.tcb.status.as_deref(), Some(status), "{id}");
                assert!(accepted.tcb.advisories.is_empty() && accepted.revocation_checked && !accepted.fresh);
                assert_eq!(accepted.endorser.name, "Intel SGX Root CA");
                assert_eq!(accepted.vendor, Vendor::IntelTdx);
                assert!(accepted.machine.as_deref().unwrap().starts_with("intel-ppid:"));
                let registers: Vec<String> =
                    accepted.registers.iter().map(|register| hex(&register.value)).collect();
                assert_eq!(json!(registers), entry["rtmr"], "{id}");
                assert_eq!(accepted.registers[3].name, "rtmr3");
            }
            (Verdict::Rejected(found), Expected::Rejected(reason)) => {
                assert_eq!(found.reason, reason, "{id}: {found}");
            }
            (verdict, _) => panic!("{id}: {verdict:?}"),
        }
    }
    assert_eq!(judged, 7);
}

#[test]
fn claims_about_collateral_are_as_expected() {
    if !present() {
        return;
    }
    for entry in entries().iter().filter(|entry| entry.get("tcb_sig").is_some()) {
        let id = text(entry, "id").unwrap();
        let collateral = collateral_of(entry).unwrap();
        let bytes = quote_of(entry);
        let quote = Quote::parse(&bytes).unwrap();
        let (sent, _) = pck::chain(quote.pck_chain).unwrap();
        let platform = PckExtension::read(&sent[0]).unwrap();
        let (info, identity) = (&collateral.tcb_infos[0], &collateral.identities[0]);
        assert_eq!(info.fmspc == platform.fmspc, entry["fmspc_match"].as_bool().unwrap(), "{id}");
        let svn = match &quote.body {
            Body::Td(report) => Some(report.tee_tcb_svn),
            Body::Enclave(_) => None,
        };
        let level = info.level(&platform.tcb, svn.as_ref());
        assert_eq!(level.map(|level| level.verdict.status.name()), entry["tcb"][0].as_str(), "{id}");
        if let Some(level) = level {
            assert_eq!(day(level.verdict.date), day_of(entry["tcb"][1].as_str().unwrap()), "{id}");
            let advisories = entry["tcb"][2].as_array().cloned().unwrap_or_default();
            let advisories: Vec<&str> = advisories.iter().flat_map(Value::as_str).collect();
            assert_eq!(level.verdict.advisories, advisories, "{id}");
        }
        if let Some(svn) = svn {
            let module = info.module(&svn).unwrap();
            let module = module.levels.iter().find(|level| u16::from(svn[0]) >= level.isv_svn);
            let expected = entry["module"][0][0].as_str();
            assert_eq!(module.map(|level| level.verdict.status.name()), expected, "{id}");
        }
        let enclave = identity.judge(&quote.qe_report).unwrap();
        assert_eq!(Some(enclave.status.name()), entry["qe"][0].as_str(), "{id}");
        for list in ["pckcrl", "rootcrl"] {
            let [_, from, until, revoked, ..] = entry[list].as_array().unwrap().as_slice() else { panic!() };
            let from_day = day_of(from.as_str().unwrap());
            let crl = collateral.crls.iter().find(|crl| day(crl.this_update) == from_day).unwrap();
            assert_eq!(day(crl.next_update), day_of(until.as_str().unwrap()), "{id}");
            assert_eq!(crl.len() as u64, revoked.as_u64().unwrap(), "{id}");
        }
    }
}

#[test]
fn the_sgx_quote_is_accepted_where_the_policy_allows_its_status_and_advisories() {
    if !present() {
        return;
    }
    let quote = quote("dcap-qvl/sgx_quote");
    let mut judge = Judge::new(JUNE_2025, bundle("dcap-qvl/sgx_quote_collateral.json"));
    judge.policy.intel.tcb_statuses.insert("ConfigurationAndSWHardeningNeeded".to_owned());
    assert_eq!(judge.reason(&quote), Some(Reason::TcbStatus));
    let mut allowed = std::collections::BTreeSet::from(["INTEL-SA-00289".to_owned()]);
    judge.policy.intel.advisories = Some(allowed.clone());
    assert_eq!(judge.reason(&quote), Some(Reason::TcbStatus));
    allowed.insert("INTEL-SA-00615".to_owned());
    judge.policy.intel.advisories = Some(allowed);
    let verdict = judge.verdict(&quote);
    let accepted = verdict.accepted().unwrap();
    assert_eq!(accepted.vendor, Vendor::IntelSgx);
    assert_eq!(accepted.tcb.advisories, ["INTEL-SA-00289", "INTEL-SA-00615"]);
    assert_eq!(accepted.measurement.len(), 32);
    judge.policy.intel.advisories = None;
    assert!(judge.verdict(&quote).accepted().is_some());
}

/// The statements of 2023 are signed by a key whose certificate of that time is not among the vectors: the
/// levels are judged directly, and the verifier says what is missing.
#[test]
fn collateral_of_2023_gives_the_expected_levels() {
    if !present() {
        return;
    }
    let info = TcbInfo::from_response(&read("go-tdx-guest/sample_tcbInfo_response")).unwrap();
    let identity = Identity::from_response(&read("go-tdx-guest/sample_qeIdentity_response")).unwrap();
    let appraised = |path: &str| {
        let bytes = quote(path);
        let quote = Quote::parse(&bytes).unwrap();
        let (sent, _) = pck::chain(quote.pck_chain).unwrap();
        appraise(&quote, &PckExtension::read(&sent[0]).unwrap(), &info, &identity)
    };
    let debug = appraised("coco-trustee/tdx/tdx_quote_4.dat").unwrap();
    assert_eq!((debug.status.name(), debug.advisories.len()), ("UpToDate", 0));
    let spr = appraised("go-tdx-guest/tdx_prod_quote_SPR_E4.dat").unwrap_err();
    assert_eq!(spr.reason, Reason::TcbUnknown);

    let july_2023 = 1_688_200_000_000;
    for entry in entries().iter().filter(|entry| text(entry, "id") == Some("tdx-v4-spr-e4")) {
        let judge = Judge::new(july_2023, collateral_of(entry).unwrap());
        assert_eq!(judge.reason(&quote_of(entry)), Some(Reason::CertificateNotYetValid));
        let lists: Vec<usize> = judge.collateral.crls.iter().map(|crl| crl.len()).collect();
        assert_eq!(lists, [44, 0]);
    }
}

#[test]
fn another_tcb_info_of_the_platform_will_do() {
    if !present() {
        return;
    }
    let mut collateral = bundle("dcap-qvl/tdx_quote_outdated_collateral.json");
    collateral.tcb_infos.clear();
    collateral.add_tcb_info(&read("go-tdx-guest/sample_tcbinfo_response_v5")).unwrap();
    let judge = Judge::new(FEBRUARY_2026, collateral);
    let quote = quote("go-tdx-guest/quote_v5_sample.dat");
    let verdict = judge.verdict(&quote);
    let accepted = verdict.accepted().unwrap_or_else(|| panic!("{verdict:?}"));
    assert_eq!(accepted.product, "TDX 1.5");
    // The TCB info is what ends first: 2026-03-03T14:49:26Z.
    assert_eq!(accepted.valid_until, 1_772_549_366_000);
}

#[test]
fn the_roots_of_the_vectors_are_the_pinned_one() {
    if !present() {
        return;
    }
    let der = read("dcap-qvl/TrustedRootCA.der");
    let pem = certificates(&read("go-tdx-guest/trusted_root.pem")).unwrap();
    assert_eq!(pem[0].der(), der);
}
