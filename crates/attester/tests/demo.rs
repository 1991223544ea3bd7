//! The demo's machines: believed by whoever trusts their authority as a demo, and by nobody else.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::sync::LazyLock;

use quorate_attestation::verdict::Trust;
use quorate_attestation::{
    Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, Verdict, verify,
};
use quorate_attester::{DemoAuthority, SimulatedMachine, SimulatedTee};

/// 2026-06-20.
const TIME: u64 = 1_781_913_600_000;
const DAY_MS: u64 = 86_400_000;
const CHALLENGE: [u8; 32] = [9; 32];

static AUTHORITY: LazyLock<DemoAuthority> = LazyLock::new(|| DemoAuthority::create(TIME).unwrap());

fn machine(name: &str, tee: SimulatedTee) -> SimulatedMachine {
    SimulatedMachine { name: name.to_owned(), tee }
}

fn judge(evidence: &Evidence, time: u64, demo_allowed: bool, anchored: bool) -> Verdict {
    let (mut anchors, mut collateral) = (Anchors::pinned(), Collateral::new());
    if anchored {
        AUTHORITY.add_anchors(&mut anchors).unwrap();
    }
    AUTHORITY.add_collateral(&mut collateral, TIME).unwrap();
    let (policy, known_good) = (Policy { demo_allowed, ..Policy::default() }, KnownGood::new());
    let context = Context {
        time,
        collateral: &collateral,
        anchors: &anchors,
        policy: &policy,
        known_good: &known_good,
    };
    verify(evidence, Some(&CHALLENGE), &context)
}

#[test]
fn both_kinds_are_accepted_as_demo_with_revocation_checked_and_the_challenge_answered() {
    for (tee, vendor) in [(SimulatedTee::AmdSevSnp, "AMD_SEV_SNP"), (SimulatedTee::IntelTdx, "INTEL_TDX")] {
        let evidence = AUTHORITY.evidence(&machine("m1", tee), &CHALLENGE, TIME).unwrap();
        let verdict = judge(&evidence, TIME + DAY_MS, true, true);
        let accepted = verdict.accepted().unwrap_or_else(|| panic!("{verdict:?}"));
        assert_eq!(accepted.vendor.name(), vendor);
        assert_eq!(accepted.endorser.trust, Trust::Demo);
        assert!(accepted.endorser.name.starts_with("DEMO"));
        assert!(accepted.fresh && accepted.revocation_checked && !accepted.debug);
        assert_eq!(accepted.valid_until, TIME + 30 * DAY_MS);
    }
}

#[test]
fn nobody_believes_them_by_accident() {
    for tee in [SimulatedTee::AmdSevSnp, SimulatedTee::IntelTdx] {
        let evidence = AUTHORITY.evidence(&machine("m1", tee), &CHALLENGE, TIME).unwrap();
        assert_eq!(judge(&evidence, TIME, false, true).reason(), Some(Reason::DemoAnchor));
        assert_eq!(judge(&evidence, TIME, true, false).reason(), Some(Reason::ChainUntrusted));
    }
}

/// A root that is in the sources would be in every release.
#[test]
fn the_crate_holds_no_key_and_no_certificate() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(!folder.join("data").exists());
    for entry in std::fs::read_dir(folder.join("src")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("include_bytes") && !text.contains("include_str"));
        let longest = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '/').map(str::len);
        assert!(longest.max().unwrap_or(0) < 80, "nothing as long as a key is written down");
    }
}

#[test]
fn a_machine_keeps_its_identity_and_two_have_two() {
    let identity = |name, tee| {
        let evidence = AUTHORITY.evidence(&machine(name, tee), &CHALLENGE, TIME).unwrap();
        judge(&evidence, TIME, true, true).accepted().unwrap().machine.clone().unwrap()
    };
    for tee in [SimulatedTee::AmdSevSnp, SimulatedTee::IntelTdx] {
        assert_eq!(identity("m1", tee), identity("m1", tee));
        assert_ne!(identity("m1", tee), identity("m2", tee));
    }
}

#[test]
fn an_authority_that_was_kept_is_the_same() {
    let kept = DemoAuthority::from_bytes(&AUTHORITY.to_bytes()).unwrap();
    let evidence = kept.evidence(&machine("m1", SimulatedTee::AmdSevSnp), &CHALLENGE, TIME).unwrap();
    assert!(judge(&evidence, TIME, true, true).accepted().is_some());
    let mut broken = AUTHORITY.to_bytes();
    broken.pop();
    assert!(DemoAuthority::from_bytes(&broken).is_err());
    assert!(DemoAuthority::from_bytes(&[]).is_err());
}
