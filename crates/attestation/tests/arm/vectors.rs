//! Every CCA and PSA entry of EXPECTED.json, with the verdict that it demands.

use quorate_attestation::arm::ENDORSEMENT_MS_MAX;
use quorate_attestation::verdict::Trust;
use quorate_attestation::{Evidence, Format, Reason, Vendor, Verdict};

use crate::support::{Court, expected, hex, vector};
use crate::tokens::{DRAFT, PLATFORM, SECONDS, TFM, TFM_KEY, cca, court, court_of_store, psa};

/// Verdicts on a CCA vector, by the keys that EXPECTED.json names beside it.
fn cca_cases(id: &str) -> Vec<(Court, Option<Reason>)> {
    let key = |path: &str, device| court(device, &vector(path).unwrap());
    let store = |path: &str| court_of_store(path).unwrap();
    match id {
        "cca-token-01" => vec![
            (key("rust-ccatoken/cpak.json", PLATFORM), None),
            (store("rust-ccatoken/ta-tfa.json"), None),
            (key("rust-ccatoken/pkey.json", PLATFORM), Some(Reason::EvidenceSignature)),
            (store("rust-ccatoken/ta.json"), Some(Reason::KeyUnknown)),
        ],
        "cca-token-02" => vec![
            (store("rust-ccatoken/ta-02-ok.json"), None),
            (store("rust-ccatoken/ta-02-bad.json"), Some(Reason::KeyInvalid)),
            (key("rust-ccatoken/pkey.json", DRAFT), Some(Reason::EvidenceSignature)),
            (key("psa-token/draft-psa-iak.jwk.json", DRAFT), Some(Reason::EvidenceSignature)),
            (key("rust-ccatoken/cpak.json", DRAFT), Some(Reason::EvidenceSignature)),
            (Court::at(SECONDS), Some(Reason::KeyUnknown)),
        ],
        "cca-draft-ffm-00" => vec![(store("rust-ccatoken/ta-tfa.json"), None)],
        "cca-bug-33" => vec![(store("rust-ccatoken/ta-tfa.json"), Some(Reason::KeyBinding))],
        "coco-cca-example" => vec![
            (store("coco-trustee/cca/tastore.json"), None),
            (key("coco-trustee/cca/cpak-pub.json", PLATFORM), None),
            (store("rust-ccatoken/ta-02-ok.json"), Some(Reason::KeyUnknown)),
        ],
        other => panic!("no keys for {other}"),
    }
}

#[test]
fn every_cca_token_gets_the_expected_verdict() {
    let Some(entries) = expected("cca") else { return };
    assert_eq!(entries.len(), 5);
    for entry in &entries {
        let id = entry["id"].as_str().unwrap();
        let evidence = cca(entry["files"][0].as_str().unwrap()).unwrap();
        for (at, (court, reason)) in cca_cases(id).iter().enumerate() {
            let verdict = court.judge(&evidence);
            assert_eq!(verdict.reason(), *reason, "{id}, keys {at}: {verdict:?}");
        }
    }
}

#[test]
fn a_verdict_on_a_cca_token_states_what_was_proved() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let evidence = cca("rust-ccatoken/cca-token-draft-ffm-00.cbor").unwrap();
    let verdict = court.judge(&evidence);
    let accepted = verdict.accepted().unwrap();
    assert_eq!((accepted.vendor, accepted.product.as_str()), (Vendor::ArmCca, "CCA 1.0"));
    let rim = "311314ab73620350cf758834ae5c65d9e8c2dc7febe6e7d9654bbe864e300d49";
    assert_eq!(hex(&accepted.measurement), rim);
    let shown = evidence.fields().unwrap();
    for (number, register) in accepted.registers.iter().enumerate() {
        assert_eq!(register.name, format!("rem{number}"));
        let name = format!("cca-realm-extensible-measurements[{number}]");
        let field = shown.iter().find(|field| field.name == name).unwrap();
        assert_eq!(hex(&register.value), field.value);
    }
    assert_eq!(accepted.registers.len(), 4);
    assert_eq!(accepted.report_data.len(), 64);
    assert_eq!(accepted.machine, Some(format!("arm-device:{}{}", PLATFORM[0], PLATFORM[1])));
    assert!(accepted.tcb.version.starts_with("RSE_BL1_2=9a271f2a916b0b6e RSE_BL2=53c234e5e8472b6a "));
    assert_eq!(accepted.tcb.version.split(' ').count(), 13);
    assert_eq!((accepted.endorser.name.as_str(), accepted.endorser.trust), ("the maker", Trust::Configured));
    assert!(!accepted.debug && !accepted.fresh && !accepted.revocation_checked);
    assert_eq!(accepted.valid_until, SECONDS * 1000 + ENDORSEMENT_MS_MAX);
    // The platform token is remembered, and the realm token, which is new each time, is not.
    assert_eq!(court.known_good.len(), 1);
    assert_eq!(court.judge(&evidence), verdict);
}

#[test]
fn components_are_named_by_version_where_they_state_one() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let verdict = court.judge(&cca("rust-ccatoken/cca-token-01.cbor").unwrap());
    assert_eq!(verdict.accepted().unwrap().tcb.version, "BL=3.4.2 M1=1.2 M2=1.2.3 M3=1");
    let court = court_of_store("rust-ccatoken/ta-02-ok.json").unwrap();
    let verdict = court.judge(&cca("rust-ccatoken/cca-token-02.cbor").unwrap());
    assert_eq!(verdict.accepted().unwrap().tcb.version, "component0=0303030303030303");
}

#[test]
fn every_psa_token_gets_the_expected_verdict() {
    let Some(entries) = expected("psa") else { return };
    assert_eq!(entries.len(), 3);
    let draft_key = vector("psa-token/draft-psa-iak.jwk.json").unwrap();
    for entry in &entries {
        let id = entry["id"].as_str().unwrap();
        let evidence = psa(entry["files"][0].as_str().unwrap()).unwrap();
        let (device, own, other) = match id {
            "draft-tfm" => (DRAFT, draft_key.as_slice(), TFM_KEY.as_bytes()),
            _ => (TFM, TFM_KEY.as_bytes(), draft_key.as_slice()),
        };
        let verdict = court(device, own).judge(&evidence);
        let accepted = verdict.accepted().unwrap_or_else(|| panic!("{id}: {verdict:?}"));
        assert_eq!(accepted.vendor, Vendor::ArmPsa, "{id}");
        assert_eq!(accepted.machine, Some(format!("arm-device:{}{}", device[0], device[1])), "{id}");
        assert_eq!(court(device, other).judge(&evidence).reason(), Some(Reason::EvidenceSignature), "{id}");
        assert_eq!(Court::at(SECONDS).judge(&evidence).reason(), Some(Reason::KeyUnknown), "{id}");
        let fields = evidence.fields().unwrap();
        let field = |name: &str| fields.iter().find(|field| field.name == name).unwrap().value.clone();
        assert_eq!(field("psa-profile"), entry["profile"], "{id}");
        assert_eq!(field("psa-security-lifecycle"), entry["lifecycle"].to_string(), "{id}");
    }
}

#[test]
fn a_verdict_on_a_psa_token_states_what_was_proved() {
    let Some(evidence) = psa("psa-token/tfm-p1-sign1.cbor") else { return };
    let verdict = court(TFM, TFM_KEY.as_bytes()).judge(&evidence);
    let accepted = verdict.accepted().unwrap();
    assert_eq!(accepted.product, "PSA 0604565272829-10010");
    assert_eq!(accepted.tcb.version, "SPE=1.6.0 NSPE=0.0.0");
    let spe = "81e265884997ccc4fbb37738b99842bd6408dae6a02b4db709b1ac198840f05a";
    assert_eq!(hex(&accepted.measurement), spe);
    assert_eq!(accepted.report_data, vec![0; 64]);
}

#[test]
fn a_challenge_is_answered_or_refused() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let evidence = cca("rust-ccatoken/cca-token-01.cbor").unwrap();
    let reason = |challenge: &[u8]| court.judge_challenge(&evidence, Some(challenge)).reason();
    assert!(court.judge_challenge(&evidence, Some(&[0xab; 64])).accepted().unwrap().fresh);
    for wrong in [&[0xab; 63][..], &[0xac; 64], &[0; 32], &[]] {
        assert_eq!(reason(wrong), Some(Reason::Challenge), "{wrong:?}");
    }
    let evidence = psa("psa-token/draft-psa-tfm-sign1.cbor").unwrap();
    let court = super::tokens::court(DRAFT, &vector("psa-token/draft-psa-iak.jwk.json").unwrap());
    assert!(court.judge_challenge(&evidence, Some(&[1; 32])).accepted().unwrap().fresh);
    for wrong in [&[1; 31][..], &[1; 48], &[2; 32], &[]] {
        let verdict = court.judge_challenge(&evidence, Some(wrong));
        assert_eq!(verdict.reason(), Some(Reason::Challenge), "{wrong:?}");
    }
}

#[test]
fn the_policy_is_asked_like_that_of_any_vendor() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let evidence = cca("rust-ccatoken/cca-token-01.cbor").unwrap();
    let machine = format!("arm-device:{}{}", PLATFORM[0], PLATFORM[1]);
    let court = court.with(|policy| policy.blocked = [machine].into());
    assert_eq!(court.judge(&evidence).reason(), Some(Reason::MachineBlocked));
    let court = court.with(|policy| policy.measurements = Some([vec![1; 32]].into()));
    assert_eq!(court.judge(&evidence).reason(), Some(Reason::Measurement));
    let court = court.with(|policy| policy.fresh_required = true);
    assert_eq!(court.judge(&evidence).reason(), Some(Reason::NotFresh));
}

#[test]
fn forms_are_told_apart_by_their_first_bytes() {
    for (path, format) in [
        ("rust-ccatoken/cca-token-01.cbor", Format::Cca),
        ("rust-ccatoken/cca-token-draft-ffm-00.cbor", Format::Cca),
        ("psa-token/tfm-p1-sign1.cbor", Format::Psa),
        ("psa-token/draft-psa-tfm-sign1.cbor", Format::Psa),
        ("dcap-qvl/tdx_quote", Format::Quote),
    ] {
        let Some(bytes) = vector(path) else { return };
        assert_eq!(Format::detect(&bytes), Some(format), "{path}");
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
}

#[test]
fn a_token_of_one_form_is_none_of_the_other() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let Some(token) = vector("rust-ccatoken/cca-token-01.cbor") else { return };
    let judge = |evidence: Evidence| -> Verdict { court.judge(&evidence) };
    assert_eq!(judge(Evidence::Psa { token }).reason(), Some(Reason::Malformed));
    let token = vector("psa-token/tfm-p2-sign1.cbor").unwrap();
    assert_eq!(judge(Evidence::Cca { token }).reason(), Some(Reason::Malformed));
}

#[test]
fn every_claim_is_shown() {
    let Some(evidence) = cca("rust-ccatoken/cca-token-draft-ffm-00.cbor") else { return };
    let fields = evidence.fields().unwrap();
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    for name in [
        "platform.alg",
        "cca-platform-challenge",
        "cca-platform-sw-components[12].measurement-value",
        "cca-realm-extensible-measurements[3]",
        "cca-realm-public-key",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}
