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

/// Whether it has a root, and so a revocation list and an end.
fn rooted(tee: SimulatedTee) -> bool {
    matches!(tee, SimulatedTee::AmdSevSnp | SimulatedTee::IntelTdx)
}

fn judge(evidence: &Evidence, time: u64, demo_allowed: bool, anchored: &[SimulatedMachine]) -> Verdict {
    let (mut anchors, mut collateral) = (Anchors::pinned(), Collateral::new());
    if !anchored.is_empty() {
        AUTHORITY.add_anchors(&mut anchors).unwrap();
    }
    for machine in anchored {
        AUTHORITY.endorse(machine, &mut anchors).unwrap();
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
fn every_kind_is_accepted_as_demo_with_the_challenge_answered() {
    for tee in SimulatedTee::ALL {
        let machine = machine("m1", tee);
        let evidence = AUTHORITY.evidence(&machine, &CHALLENGE, TIME).unwrap();
        let verdict = judge(&evidence, TIME + DAY_MS, true, &[machine]);
        let accepted = verdict.accepted().unwrap_or_else(|| panic!("{verdict:?}"));
        assert_eq!(accepted.vendor, tee.vendor());
        assert_eq!(accepted.endorser.trust, Trust::Demo);
        assert!(accepted.endorser.name.starts_with("DEMO"));
        assert!(accepted.fresh && !accepted.debug);
        assert_eq!(accepted.revocation_checked, rooted(tee));
        let from = if rooted(tee) { TIME } else { TIME + DAY_MS };
        assert_eq!(accepted.valid_until, from + 30 * DAY_MS);
    }
}

#[test]
fn nobody_believes_them_by_accident() {
    for tee in SimulatedTee::ALL {
        let machine = machine("m1", tee);
        let evidence = AUTHORITY.evidence(&machine, &CHALLENGE, TIME).unwrap();
        let unknown = if rooted(tee) { Reason::ChainUntrusted } else { Reason::KeyUnknown };
        assert_eq!(judge(&evidence, TIME, true, &[]).reason(), Some(unknown));
        assert_eq!(judge(&evidence, TIME, false, &[machine]).reason(), Some(Reason::DemoAnchor));
    }
}

/// Arm's devices are believed one by one: a name alone does not make a machine.
#[test]
fn the_key_of_one_device_is_not_that_of_another() {
    let (own, other) = (machine("m1", SimulatedTee::ArmPsa), machine("m2", SimulatedTee::ArmPsa));
    let evidence = AUTHORITY.evidence(&own, &CHALLENGE, TIME).unwrap();
    assert_eq!(judge(&evidence, TIME, true, &[other]).reason(), Some(Reason::KeyUnknown));
    let foreign = DemoAuthority::create(TIME).unwrap().evidence(&own, &CHALLENGE, TIME).unwrap();
    assert_eq!(judge(&foreign, TIME, true, &[own]).reason(), Some(Reason::EvidenceSignature));
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
        let machine = machine(name, tee);
        let evidence = AUTHORITY.evidence(&machine, &CHALLENGE, TIME).unwrap();
        judge(&evidence, TIME, true, &[machine]).accepted().unwrap().machine.clone().unwrap()
    };
    for tee in SimulatedTee::ALL {
        assert_eq!(identity("m1", tee), identity("m1", tee));
        assert_ne!(identity("m1", tee), identity("m2", tee));
    }
    // A device is one machine, whichever token it makes.
    assert_eq!(identity("m1", SimulatedTee::ArmCca), identity("m1", SimulatedTee::ArmPsa));
}

#[test]
fn an_authority_that_was_kept_is_the_same() {
    let kept = DemoAuthority::from_bytes(&AUTHORITY.to_bytes()).unwrap();
    // Not Intel's: its root is signed anew each time it is read, and stands whole in every quote.
    for tee in [SimulatedTee::AmdSevSnp, SimulatedTee::ArmCca, SimulatedTee::ArmPsa] {
        let evidence = kept.evidence(&machine("m1", tee), &CHALLENGE, TIME).unwrap();
        assert!(judge(&evidence, TIME, true, &[machine("m1", tee)]).accepted().is_some());
    }
    let mut broken = AUTHORITY.to_bytes();
    broken.pop();
    assert!(DemoAuthority::from_bytes(&broken).is_err());
    assert!(DemoAuthority::from_bytes(&[]).is_err());
}
