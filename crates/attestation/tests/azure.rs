//! Azure's vTPM: every stored bundle, with the verdict that EXPECTED.json demands of it.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

#[path = "support/mutate.rs"]
mod mutate;
mod support;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use mutate::Mutations;
use proptest::prelude::*;
use quorate_attestation::azure::bundle::{Beside, Bundle};
use quorate_attestation::azure::hcl::HclReport;
use quorate_attestation::azure::runtime::RuntimeData;
use quorate_attestation::azure::tpm::Quote;
use quorate_attestation::{Evidence, Format, Reason, Vendor};
use serde_json::{Value, json};
use support::{Court, expected, hex, unhex, vector};

/// 2025-06-20: inside the validity of every stored key certificate.
const TIME: u64 = 1_750_420_800;
const SNP: [&str; 4] = ["evidence-genoa", "evidence-v0", "evidence-v1", "evidence-v2"];
const TDX: [&str; 2] = ["evidence-v0", "evidence-v1"];

fn court() -> Court {
    let mut court = Court::at(TIME).without_crls();
    // Azure's TDs are launched without SEPT_VE_DISABLE.
    court.policy.intel.sept_ve_allowed = true;
    court
}

fn snp(name: &str) -> Option<Vec<u8>> {
    vector(&format!("coco-trustee/az-snp-vtpm/{name}.json"))
}

fn tdx(name: &str) -> Option<Vec<u8>> {
    vector(&format!("coco-trustee/az-tdx-vtpm/{name}.json"))
}

fn evidence(bundle: Vec<u8>) -> Evidence {
    Evidence::Azure { bundle, certificates: vec![] }
}

/// A bundle in JSON that states its version, so that its parts can be changed as bytes.
fn json(bundle: &Bundle) -> Vec<u8> {
    let pcrs: Vec<String> = bundle.pcrs.iter().map(|value| hex(value)).collect();
    let mut json = json!({
        "version": bundle.version.max(1),
        "hcl_report": URL_SAFE.encode(&bundle.hcl_report),
        "tpm_quote": { "message": hex(&bundle.message), "signature": hex(&bundle.signature), "pcrs": pcrs },
    });
    match &bundle.beside {
        Beside::KeyCertificates(certificates) => json["vcek"] = json!(URL_SAFE.encode(&certificates[0])),
        Beside::TdQuote(quote) => json["td_quote"] = json!(URL_SAFE.encode(quote)),
    }
    json.to_string().into_bytes()
}

fn nonce_of(name: &str) -> Option<Vec<u8>> {
    let all = expected("azure_vtpm")?;
    let entry = all.iter().find(|entry| entry["id"] == name).unwrap();
    Some(unhex(entry["nonce_hex"].as_str().unwrap()))
}

#[test]
fn every_bundle_over_snp_gets_the_expected_verdict() {
    let Some(entries) = expected("azure_vtpm") else { return };
    let hardware = expected("snp").unwrap();
    assert_eq!(entries.len(), SNP.len());
    for entry in &entries {
        let id = entry["id"].as_str().unwrap();
        let report = hardware.iter().find(|report| report["id"] == format!("azure-{id}")).unwrap();
        let bundle = evidence(snp(id).unwrap());
        let nonce = unhex(entry["nonce_hex"].as_str().unwrap());
        let verdict = court().judge_challenge(&bundle, Some(&nonce));
        let accepted = verdict.accepted().unwrap_or_else(|| panic!("{id}: {verdict:?}"));
        assert_eq!(accepted.vendor, Vendor::AmdSevSnp, "{id}");
        let line = if id == "evidence-genoa" { "Genoa" } else { "Milan" };
        assert_eq!(accepted.product, format!("{line}, Azure vTPM"), "{id}");
        assert_eq!(hex(&accepted.measurement), report["measurement"], "{id}");
        assert_eq!(accepted.report_data, nonce, "{id}");
        let chip = format!("amd-chip:{}", report["chip_id"].as_str().unwrap());
        assert_eq!(accepted.machine.as_ref(), Some(&chip), "{id}");
        assert_eq!(accepted.registers.len(), 24, "{id}");
        assert!(accepted.fresh && !accepted.debug && !accepted.revocation_checked, "{id}");

        let strict = Court::at(TIME).judge_challenge(&bundle, Some(&nonce));
        assert_eq!(strict.reason(), Some(Reason::CrlMissing), "{id}");
        let unasked = court().judge(&bundle);
        assert!(!unasked.accepted().unwrap().fresh, "{id}");
        for wrong in
            [&nonce[1..], &nonce[..nonce.len() - 1], &[nonce.as_slice(), &[0]].concat(), &[0; 64], &[]]
        {
            let verdict = court().judge_challenge(&bundle, Some(wrong));
            assert_eq!(verdict.reason(), Some(Reason::Challenge), "{id}: {wrong:?}");
        }
    }
}

/// The collateral of these platforms is not public: all that does not need it is checked.
#[test]
fn every_bundle_over_tdx_is_good_up_to_the_missing_collateral() {
    for name in TDX {
        let Some(bundle) = tdx(name) else { return };
        let verdict = court().judge_challenge(&evidence(bundle.clone()), Some(b"challenge"));
        assert_eq!(verdict.reason(), Some(Reason::CollateralMissing), "{name}: {verdict:?}");
        let verdict = court().judge_challenge(&evidence(bundle), Some(b"Challenge"));
        assert_eq!(verdict.reason(), Some(Reason::Challenge), "{name}");
    }
}

#[test]
fn the_parts_state_the_expected_claims() {
    let Some(entries) = expected("azure_vtpm") else { return };
    for entry in &entries {
        let bundle = Bundle::read(&snp(entry["id"].as_str().unwrap()).unwrap()).unwrap();
        let quote = Quote::parse(&bundle.message).unwrap();
        assert_eq!(hex(quote.extra_data), entry["nonce_hex"]);
        assert_eq!(hex(&bundle.message[..4]), entry["tpm_magic"]);
        assert_eq!(quote.selected, (0..24).collect::<Vec<u8>>());
        assert_eq!(quote.firmware_version, 0x2020_0312_0012_0003);
    }
    // Parts that lie beside the bundles: a report of another VM, and a quote of a third.
    let report = vector("coco-trustee/az-snp-vtpm/hcl-report.bin").unwrap();
    let runtime = RuntimeData::read(HclReport::parse(&report).unwrap().runtime_data).unwrap();
    assert_eq!(hex(&runtime.ak_modulus[..4]), "a91ecba8");
    assert_eq!(runtime.user_data, [0; 64]);
    let message = vector("coco-trustee/az-snp-vtpm/tpm-quote.msg").unwrap();
    assert_eq!(Quote::parse(&message).unwrap().extra_data, b"challenge");
}

#[test]
fn parts_of_two_good_bundles_do_not_make_one() {
    let Some(genoa) = snp("evidence-genoa") else { return };
    let (genoa, milan) = (Bundle::read(&genoa).unwrap(), Bundle::read(&snp("evidence-v1").unwrap()).unwrap());
    let judge = |bundle: &Bundle| court().judge(&evidence(json(bundle))).reason();
    assert_eq!((judge(&genoa), judge(&milan)), (None, None));
    let mixed = Bundle { hcl_report: genoa.hcl_report.clone(), ..milan.clone() };
    assert_eq!(judge(&mixed), Some(Reason::EvidenceSignature));
    let mixed =
        Bundle { message: genoa.message.clone(), signature: genoa.signature.clone(), ..milan.clone() };
    assert_eq!(judge(&mixed), Some(Reason::EvidenceSignature));
    let mixed = Bundle { pcrs: genoa.pcrs.clone(), ..milan.clone() };
    assert_eq!(judge(&mixed), Some(Reason::Registers));
    let mixed = Bundle { beside: genoa.beside.clone(), ..milan.clone() };
    assert_eq!(judge(&mixed), Some(Reason::EvidenceSignature));
    // Version 2 promises user data that repeat the challenge; those of version 1 are zero.
    let promised = Bundle { version: 2, ..milan };
    assert_eq!(judge(&promised), Some(Reason::Challenge));
}

/// Each part of a bundle as bytes.
fn parts(bundle: &mut Bundle) -> [&mut Vec<u8>; 4] {
    let beside = match &mut bundle.beside {
        Beside::KeyCertificates(certificates) => &mut certificates[0],
        Beside::TdQuote(quote) => quote,
    };
    [&mut bundle.message, &mut bundle.signature, &mut bundle.hcl_report, beside]
}

/// The reasons that flips of single bytes give, by part; a flip that goes unseen is a failure, but at the
/// places that `meaningless` names.
fn flip(bundle: &Bundle, whole: Option<Reason>, meaningless: impl Fn(usize, usize) -> bool) {
    let court = court();
    let judge = |bundle: &Bundle| court.judge(&evidence(json(bundle))).reason();
    assert_eq!(judge(bundle), whole);
    let mut copy = bundle.clone();
    for part in 0..4 {
        for at in 0..parts(&mut copy)[part].len() {
            parts(&mut copy)[part][at] ^= 1;
            let seen = judge(&copy) != whole;
            assert!(seen != meaningless(part, at), "part {part}, byte {at}");
            parts(&mut copy)[part][at] ^= 1;
        }
    }
    for register in 0..copy.pcrs.len() {
        for at in 0..copy.pcrs[register].len() {
            copy.pcrs[register][at] ^= 1;
            assert_eq!(judge(&copy), Some(Reason::Registers), "pcr{register}, byte {at}");
            copy.pcrs[register][at] ^= 1;
        }
    }
    assert_eq!(&copy, bundle);
}

#[test]
fn any_flipped_byte_over_snp_is_refused() {
    for name in SNP {
        let Some(bundle) = snp(name) else { return };
        flip(&Bundle::read(&bundle).unwrap(), None, |_, _| false);
    }
}

/// Of a TD report the processor's security version and the MAC tell another machine nothing; what follows a
/// quote in its buffer is cut off; and the PEM in it may end in anything.
#[test]
fn any_flipped_byte_over_tdx_is_refused() {
    let Some(bundle) = tdx("evidence-v1") else { return };
    let bundle = Bundle::read(&bundle).unwrap();
    let Beside::TdQuote(quote) = &bundle.beside else { panic!("{:?}", bundle.beside) };
    let end = 636 + usize::try_from(u32::from_le_bytes(quote[632..636].try_into().unwrap())).unwrap();
    // A line end and a zero stand behind the quote's certificates.
    let (report, end) = (32, end - 2);
    flip(&bundle, Some(Reason::CollateralMissing), |part, at| match part {
        2 => (report + 16..report + 32).contains(&at) || (report + 224..report + 256).contains(&at),
        3 => at >= end,
        _ => false,
    });
}

#[test]
fn a_bundle_is_told_from_other_evidence_and_shown() {
    let Some(bundle) = snp("evidence-v2") else { return };
    for bundle in SNP.map(|name| snp(name).unwrap()).iter().chain(&TDX.map(|name| tdx(name).unwrap())) {
        assert_eq!(Format::detect(bundle), Some(Format::Azure));
    }
    for other in [&b"{}"[..], b"quote\"", b"[{\"quote\":1}]"] {
        assert_eq!(Format::detect(other), None);
    }
    let shown = |bundle: Vec<u8>| -> BTreeMap<String, String> {
        let fields = evidence(bundle).fields().unwrap();
        fields.into_iter().map(|field| (field.name, field.value)).collect()
    };
    let fields = shown(bundle);
    assert_eq!(fields["version"], "2");
    assert_eq!(fields["runtime.keys[0].kid"], "HCLAkPub");
    assert_eq!(fields["runtime.vm-configuration.secure-boot"], "true");
    assert_eq!(fields["runtime.vm-configuration.vmUniqueId"], "7DF7B373-B947-4AAA-96E5-C358F2A03D20");
    assert_eq!(Some(unhex(&fields["tpm.extra_data"])), nonce_of("evidence-v2"));
    assert_eq!(fields["tpm.clock_ms"], "332074726");
    assert_eq!(fields["tpm.firmware_version"], "0x2020031200120003");
    assert_eq!(fields["pcr0"].len(), 64);
    assert_eq!(fields["snp.policy.debug"], "false");
    let fields = shown(tdx("evidence-v1").unwrap());
    assert_eq!(fields["td_quote.tee_type"], "TDX");
    assert_eq!(fields["runtime.vm-configuration.tpm-persisted"], "false");
}

#[test]
fn no_decoder_panics_on_mutated_parts() {
    let Some(bundle) = snp("evidence-v2") else { return };
    let (mut mutations, parts) = (Mutations::new(), Bundle::read(&bundle).unwrap());
    let hcl = HclReport::parse(&parts.hcl_report).unwrap();
    mutations.run(400_000, &parts.message, |input| drop(Quote::parse(input)));
    mutations.run(400_000, &parts.hcl_report, |input| drop(HclReport::parse(input)));
    mutations.run(100_000, hcl.runtime_data, |input| drop(RuntimeData::read(input)));
    mutations.run(20_000, &bundle, |input| drop(Bundle::read(input)));
    let (court, td) = (court(), Bundle::read(&tdx("evidence-v1").unwrap()).unwrap());
    mutations.run(10_000, &td.hcl_report, |input| {
        let mutated = Bundle { hcl_report: input.to_vec(), ..td.clone() };
        assert!(court.judge(&evidence(json(&mutated))).reason().is_some());
    });
}

/// A bundle with any part replaced.
fn any_bundle() -> impl Strategy<Value = Value> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
    (0_u32..4, bytes(), bytes(), bytes(), bytes(), proptest::collection::vec(bytes(), 0..4), any::<bool>())
        .prop_map(|(version, message, signature, report, beside, pcrs, td)| {
            let pcrs: Vec<String> = pcrs.iter().map(|value| hex(value)).collect();
            let quote = json!({ "message": hex(&message), "signature": hex(&signature), "pcrs": pcrs });
            let mut json = json!({ "version": version, "tpm_quote": quote });
            json["hcl_report"] = json!(URL_SAFE.encode(&report));
            json[if td { "td_quote" } else { "vcek" }] = json!(URL_SAFE.encode(&beside));
            json
        })
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..1400),
        bundle in any_bundle(),
    ) {
        prop_assert!(court().judge(&evidence(bytes.clone())).reason().is_some());
        prop_assert!(court().judge(&evidence(bundle.to_string().into_bytes())).reason().is_some());
        let _ = (HclReport::parse(&bytes).is_ok(), Quote::parse(&bytes).is_ok());
        let _ = RuntimeData::read(&bytes);
        let _ = evidence(bytes).fields();
    }

    #[test]
    fn a_bundle_changed_anywhere_is_judged_without_a_panic(at in 0_usize..7900, byte: u8) {
        let Some(mut bundle) = snp("evidence-v1") else { return Ok(()) };
        let at = at.min(bundle.len() - 1);
        bundle[at] = byte;
        let _ = court().judge(&evidence(bundle.clone()));
        let _ = evidence(bundle).fields();
    }
}
