//! Hostile CCA and PSA tokens, under keys made at run time: what no published token shows.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA384, SHA512, digest};
use quorate_attestation::{
    Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, Verdict, verify,
};
use quorate_attester::arm::{
    ArmDevice, CcaForm, ClaimSet, PsaForm, collection, component, cose_key, payload, protected, sign1,
};
use quorate_attester::key::{Key, Kind};
use quorate_types::cbor::{Value, encode};

/// 2026-06-20.
const TIME: u64 = 1_781_913_600_000;
const CHALLENGE: [u8; 64] = [9; 64];

static DEVICE: LazyLock<ArmDevice> = LazyLock::new(|| device(Kind::P384));

fn device(kind: Kind) -> ArmDevice {
    ArmDevice { implementation_id: [1; 32], instance: [2; 32], key: Key::generate(kind).unwrap() }
}

fn judge_under(device: &ArmDevice, evidence: &Evidence) -> Verdict {
    let (mut anchors, collateral) = (Anchors::pinned(), Collateral::new());
    anchors.endorse(vec![device.endorsement("the test").unwrap()]).unwrap();
    let (policy, known_good) = (Policy { demo_allowed: true, ..Policy::default() }, KnownGood::new());
    let context = Context {
        time: TIME,
        collateral: &collateral,
        anchors: &anchors,
        policy: &policy,
        known_good: &known_good,
    };
    verify(evidence, None, &context)
}

fn reason(evidence: &Evidence) -> Option<Reason> {
    judge_under(&DEVICE, evidence).reason()
}

/// The verdict on a CCA token with this change.
fn cca(change: impl FnOnce(&mut CcaForm)) -> Option<Reason> {
    let mut form = CcaForm::new(&DEVICE, &CHALLENGE).unwrap();
    change(&mut form);
    reason(&Evidence::Cca { token: form.sign(&DEVICE.key).unwrap() })
}

fn platform(label: i64, value: Value) -> Option<Reason> {
    cca(|form| drop(form.platform.insert(label, value)))
}

fn realm(label: i64, value: Value) -> Option<Reason> {
    cca(|form| drop(form.realm.insert(label, value)))
}

/// Claims of the oldest profile of PSA.
fn profile_1() -> ClaimSet {
    ClaimSet::from([
        (-75000, Value::text("PSA_IOT_PROFILE_1")),
        (-75001, Value::integer(-1)),
        (-75002, Value::Unsigned(0x3000)),
        (-75003, Value::bytes(DEVICE.implementation_id)),
        (-75004, Value::bytes([7; 32])),
        (-75006, Value::Array(vec![component("SPE", "1.0", 1)])),
        (-75008, Value::bytes(CHALLENGE)),
        (-75009, Value::bytes(DEVICE.instance_id())),
    ])
}

/// Claims of the profile in between.
fn profile_2() -> ClaimSet {
    let mut claims = PsaForm::new(&DEVICE, &CHALLENGE).claims;
    claims.insert(265, Value::text("http://arm.com/psa/2.0.0"));
    claims.remove(&268);
    claims
}

fn tfm() -> ClaimSet {
    PsaForm::new(&DEVICE, &CHALLENGE).claims
}

fn psa(claims: ClaimSet) -> Option<Reason> {
    reason(&Evidence::Psa { token: PsaForm { claims }.sign(&DEVICE.key).unwrap() })
}

fn psa_with(mut claims: ClaimSet, label: i64, value: Value) -> Option<Reason> {
    claims.insert(label, value);
    psa(claims)
}

#[test]
fn tokens_of_every_profile_are_accepted() {
    assert_eq!(cca(|_| {}), None);
    for claims in [profile_1(), profile_2(), tfm()] {
        assert_eq!(psa(claims.clone()), None, "{claims:?}");
    }
}

#[test]
fn a_claim_that_must_be_there_is_missed() {
    for label in [265, 10, 2396, 256, 2401, 2395, 2399, 2402] {
        assert_eq!(
            cca(|form| drop(form.platform.remove(&label).unwrap())),
            Some(Reason::ClaimMissing),
            "platform {label}"
        );
        assert_eq!(platform(label, Value::Null), Some(Reason::ClaimMissing), "platform {label}");
    }
    for label in [10, 44235, 44236, 44237, 44238, 44239, 44240] {
        let removed = cca(|form| drop(form.realm.remove(&label).unwrap()));
        assert_eq!(removed, Some(Reason::ClaimMissing), "realm {label}");
        assert_eq!(realm(label, Value::Bool(true)), Some(Reason::ClaimMissing), "realm {label}");
    }
    for (claims, optional) in [(profile_1(), 0), (profile_2(), 0), (tfm(), 268)] {
        for label in claims.keys().copied().filter(|label| *label != optional) {
            let mut without = claims.clone();
            without.remove(&label);
            assert_eq!(psa(without), Some(Reason::ClaimMissing), "PSA {label}");
            let other = psa_with(claims.clone(), label, Value::Null);
            assert_eq!(other, Some(Reason::ClaimMissing), "PSA {label}");
        }
    }
}

#[test]
fn a_claim_that_may_be_absent_may_not_be_of_another_form() {
    assert_eq!(cca(|form| drop(form.platform.remove(&2400).unwrap())), None);
    assert_eq!(platform(2400, Value::Null), Some(Reason::Malformed));
    assert_eq!(realm(265, Value::Null), Some(Reason::Malformed));
    for (label, value) in [
        (268, Value::bytes([1; 7])),
        (268, Value::bytes([1; 33])),
        (2398, Value::text("1234567890123")),
        (2398, Value::text("1234567890123-1234a")),
        (2398, Value::Unsigned(1)),
        (2400, Value::bytes([1])),
    ] {
        assert_eq!(psa_with(tfm(), label, value.clone()), Some(Reason::Malformed), "{label}: {value:?}");
    }
    assert_eq!(psa_with(tfm(), 2398, Value::text("1234567890123-12345")), None);
    // The oldest profile has a number without a version.
    assert_eq!(psa_with(profile_1(), -75005, Value::text("1234567890123")), None);
    assert_eq!(psa_with(profile_1(), -75005, Value::text("123")), Some(Reason::Malformed));
    // A boot seed under the label of another profile is a claim that means nothing.
    assert_eq!(psa_with(tfm(), 2397, Value::bytes([1; 7])), None);
    assert_eq!(psa_with(profile_2(), 2397, Value::bytes([1; 7])), Some(Reason::Malformed));
}

#[test]
fn sizes_are_those_of_the_specification() {
    let missing = Some(Reason::ClaimMissing);
    for size in [0, 31, 33, 63, 65] {
        let bytes = || Value::bytes(vec![1; size]);
        assert_eq!(platform(10, bytes()), missing, "{size}");
        assert_eq!(realm(10, bytes()), missing, "{size}");
        assert_eq!(realm(44238, bytes()), missing, "{size}");
        assert_eq!(psa_with(tfm(), 10, bytes()), missing, "{size}");
    }
    for size in [32, 48] {
        assert_eq!(realm(10, Value::bytes(vec![1; size])), missing, "{size}");
        assert_eq!(psa_with(tfm(), 10, Value::bytes(vec![1; size])), None, "{size}");
        assert_eq!(realm(44238, Value::bytes(vec![1; size])), None, "{size}");
    }
    assert_eq!(realm(44235, Value::bytes([0; 63])), missing);
    assert_eq!(platform(2396, Value::bytes([1; 31])), missing);
    assert_eq!(platform(256, Value::bytes([1; 32])), missing);
    // A UEID of another type.
    assert_eq!(platform(256, Value::bytes([2; 33])), missing);
    let measurements = |number, size| Value::Array(vec![Value::bytes(vec![0; size]); number]);
    for (number, size) in [(3, 32), (5, 32), (4, 31)] {
        assert_eq!(realm(44239, measurements(number, size)), missing);
    }
    assert_eq!(psa_with(profile_1(), -75004, Value::bytes([7; 8])), missing);
    // Several nonces, as EAT allows and these profiles do not.
    assert_eq!(psa_with(tfm(), 10, Value::Array(vec![Value::bytes([1; 32]); 2])), missing);
}

#[test]
fn components_state_measurement_and_signer() {
    let whole = || component("BL", "1", 3);
    let with = |label: u64, value: Option<Value>| {
        let Value::Map(mut members) = whole() else { panic!() };
        members.retain(|(own, _)| *own != Value::Unsigned(label));
        members.extend(value.map(|value| (Value::Unsigned(label), value)));
        Value::Array(vec![whole(), Value::Map(members)])
    };
    for (label, value) in [
        (2, None),
        (5, None),
        (2, Some(Value::bytes([1; 20]))),
        (5, Some(Value::text("signer"))),
        (1, Some(Value::Unsigned(1))),
        (4, Some(Value::Null)),
        (6, Some(Value::Null)),
    ] {
        let components = with(label, value);
        assert_eq!(platform(2399, components.clone()), Some(Reason::ClaimMissing), "{components:?}");
        assert_eq!(psa_with(tfm(), 2399, components), Some(Reason::ClaimMissing));
    }
    for (label, value) in [(1, None), (4, None), (6, None), (9, Some(Value::Null))] {
        assert_eq!(platform(2399, with(label, value)), None, "{label}");
    }
    assert_eq!(platform(2399, Value::Array(vec![])), Some(Reason::ClaimMissing));
}

#[test]
fn the_firmware_level_is_one_short_line_that_is_safe_to_print() {
    let version = |components: Vec<Value>| {
        let mut form = CcaForm::new(&DEVICE, &CHALLENGE).unwrap();
        form.platform.insert(2399, Value::Array(components));
        let verdict = judge_under(&DEVICE, &Evidence::Cca { token: form.sign(&DEVICE.key).unwrap() });
        verdict.accepted().unwrap().tcb.version.clone()
    };
    assert_eq!(version(vec![component("a b\u{1b}[31m", "1=\n2", 3)]), "a_b_[31m=1__2");
    let many = |version| (0..20).map(|_| component(&"x".repeat(40), version, 3)).collect::<Vec<_>>();
    let digest = version(many("12.34.56.78"));
    assert_eq!((digest.len(), &digest[..8]), (8 + 64, "sha-256="));
    assert_ne!(digest, version(many("12.34.56.79")));
}

#[test]
fn only_the_secured_state_is_accepted() {
    for state in [0x0000, 0x00ff, 0x1000, 0x2000, 0x2fff, 0x3100, 0x4000, 0x5000, 0x60ff, 0x7000, 0xffff] {
        let state = || Value::Unsigned(state);
        assert_eq!(platform(2395, state()), Some(Reason::Lifecycle), "{:?}", state());
        assert_eq!(psa_with(tfm(), 2395, state()), Some(Reason::Lifecycle), "{:?}", state());
        assert_eq!(psa_with(profile_1(), -75002, state()), Some(Reason::Lifecycle), "{:?}", state());
    }
    for state in [0x3000, 0x3001, 0x30ff] {
        assert_eq!(platform(2395, Value::Unsigned(state)), None, "{state:#x}");
        assert_eq!(psa_with(tfm(), 2395, Value::Unsigned(state)), None, "{state:#x}");
    }
    for state in [Value::Unsigned(0x1_3000), Value::Unsigned(u64::MAX), Value::integer(-1)] {
        assert_eq!(platform(2395, state), Some(Reason::ClaimMissing));
    }
}

#[test]
fn a_platform_vouches_for_the_key_of_its_realms_by_the_hash_that_is_named() {
    let bound = |name: &str, hash: &[u8]| {
        cca(|form| {
            form.realm.insert(44240, Value::text(name));
            form.platform.insert(10, Value::bytes(hash));
        })
    };
    let form = CcaForm::new(&DEVICE, &CHALLENGE).unwrap();
    let hash = |form: &CcaForm, algorithm| {
        let key = form.realm[&44237].as_bytes().unwrap();
        digest(algorithm, key).as_ref().to_vec()
    };
    for (name, algorithm) in [("sha-384", &SHA384), ("sha-512", &SHA512)] {
        let good = cca(|form| {
            let bound = Value::bytes(hash(form, algorithm));
            form.realm.insert(44240, Value::text(name));
            form.platform.insert(10, bound);
        });
        assert_eq!(good, None, "{name}");
        // The hash of another key.
        assert_eq!(bound(name, &hash(&form, algorithm)), Some(Reason::KeyBinding), "{name}");
    }
    assert_eq!(platform(10, Value::bytes([0; 32])), Some(Reason::KeyBinding));
    // The right hash with the wrong name.
    assert_eq!(realm(44240, Value::text("sha-512")), Some(Reason::KeyBinding));
    for name in ["sha-1", "SHA-256", "", "sha-256 "] {
        assert_eq!(realm(44240, Value::text(name)), Some(Reason::Unsupported), "{name}");
    }
}

#[test]
fn the_key_of_the_realm_has_signed_the_realm_token() {
    let signed_by = |kind: Kind, bound: bool| {
        cca(|form| {
            form.realm_key = Key::generate(kind).unwrap();
            if bound {
                form.bind(cose_key(&form.realm_key).unwrap());
            }
        })
    };
    for kind in [Kind::P256, Kind::P384, Kind::P521] {
        assert_eq!(signed_by(kind, true), None, "{kind:?}");
        assert_eq!(signed_by(kind, false), Some(Reason::EvidenceSignature), "{kind:?}");
    }
    let mut form = CcaForm::new(&DEVICE, &CHALLENGE).unwrap();
    form.platform.remove(&2400);
    let token = form.sign(&Key::generate(Kind::P384).unwrap()).unwrap();
    assert_eq!(reason(&Evidence::Cca { token }), Some(Reason::EvidenceSignature));
}

#[test]
fn a_key_that_is_no_point_is_told_from_a_wrong_one() {
    let mut point = Key::generate(Kind::P384).unwrap().point().unwrap();
    point[96] ^= 1;
    let (x, y) = point[1..].split_at(48);
    let key = |y: &[u8]| {
        let members =
            [(1, Value::Unsigned(2)), (-1, Value::Unsigned(2)), (-2, Value::bytes(x)), (-3, Value::bytes(y))];
        let members = members.into_iter().map(|(label, value)| (Value::integer(label), value)).collect();
        encode(&Value::Map(members))
    };
    assert_eq!(cca(|form| form.bind(key(y))), Some(Reason::KeyInvalid));
    assert_eq!(cca(|form| form.bind(key(&y[1..]))), Some(Reason::Malformed));
    let legacy = |point: Vec<u8>| {
        cca(|form| {
            form.realm.remove(&265);
            form.bind(point);
        })
    };
    assert_eq!(legacy(point.clone()), Some(Reason::KeyInvalid));
    // A compressed point, one of another curve, and a COSE_Key where the profile has a point.
    let compressed = [&[2], &point[1..49]].concat();
    let other = Key::generate(Kind::P256).unwrap().point().unwrap();
    for point in [compressed, other, key(y), Vec::new()] {
        assert_eq!(legacy(point), Some(Reason::ClaimMissing));
    }
}

#[test]
fn the_older_profile_has_the_key_as_a_point() {
    let older = cca(|form| {
        form.platform.insert(265, Value::text("http://arm.com/CCA-SSD/1.0.0"));
        form.realm.remove(&265);
        form.bind(form.realm_key.point().unwrap());
    });
    assert_eq!(older, None);
    // A point where the newer profile has a COSE_Key.
    let mixed = cca(|form| form.bind(form.realm_key.point().unwrap()));
    assert_eq!(mixed, Some(Reason::Malformed));
}

#[test]
fn another_profile_is_refused() {
    for name in ["tag:arm.com,2024:cca_platform#2.0.0", "tag:arm.com,2023:realm#1.0.0", ""] {
        assert_eq!(platform(265, Value::text(name)), Some(Reason::Unsupported), "{name}");
    }
    for name in ["tag:arm.com,2023:cca_platform#1.0.0", "tag:arm.com,2024:realm#2.0.0"] {
        assert_eq!(realm(265, Value::text(name)), Some(Reason::Unsupported), "{name}");
    }
    for name in
        ["tag:psacertified.org,2023:psa", "tag:psacertified.org,2023:psa#aes-mac", "PSA_IOT_PROFILE_1"]
    {
        assert_eq!(psa_with(tfm(), 265, Value::text(name)), Some(Reason::Unsupported), "{name}");
    }
    assert_eq!(psa_with(profile_1(), -75000, Value::text("PSA_IOT_PROFILE_2")), Some(Reason::Unsupported));
}

#[test]
fn unknown_claims_are_passed_over_and_claims_that_occur_twice_refused() {
    for label in [-70_000, 99, 1_234_567] {
        assert_eq!(platform(label, Value::text("unknown")), None);
        assert_eq!(realm(label, Value::Array(vec![Value::Null])), None);
        assert_eq!(psa_with(tfm(), label, Value::Map(vec![])), None);
    }
    let claims = tfm().into_iter().chain(tfm());
    let entries = claims.map(|(label, value)| (Value::integer(label), value)).collect();
    let twice = encode(&Value::Map(entries));
    let key = &DEVICE.key;
    let token = sign1(key, &protected(key), &twice).unwrap();
    assert_eq!(reason(&Evidence::Psa { token }), Some(Reason::Malformed));
    let token = sign1(key, &protected(key), &encode(&Value::Array(vec![]))).unwrap();
    assert_eq!(reason(&Evidence::Psa { token }), Some(Reason::Malformed));
}

#[test]
fn headers_are_judged_in_both_halves_of_a_token() {
    let form = CcaForm::new(&DEVICE, &CHALLENGE).unwrap();
    let header = |entries: &[(u64, Value)]| {
        let entries = entries.iter().cloned().map(|(label, value)| (Value::Unsigned(label), value));
        encode(&Value::Map(entries.collect()))
    };
    let critical = Value::Array(vec![Value::Unsigned(99)]);
    for (protected_header, expected) in [
        (header(&[(1, Value::integer(-35)), (2, critical)]), Reason::Unsupported),
        (header(&[(1, Value::integer(-8))]), Reason::Unsupported),
        (header(&[(4, Value::bytes([1]))]), Reason::Malformed),
        // The algorithm of another curve.
        (header(&[(1, Value::integer(-7))]), Reason::EvidenceSignature),
    ] {
        let (own, theirs) = (&DEVICE.key, &form.realm_key);
        let [platform, realm] = [payload(&form.platform), payload(&form.realm)];
        let good = [sign1(own, &protected(own), &platform), sign1(theirs, &protected(theirs), &realm)];
        let bad = [sign1(own, &protected_header, &platform), sign1(theirs, &protected_header, &realm)];
        let ([good_platform, good_realm], [bad_platform, bad_realm]) =
            (good.map(Result::unwrap), bad.map(Result::unwrap));
        for token in [collection(bad_platform, good_realm), collection(good_platform, bad_realm)] {
            assert_eq!(reason(&Evidence::Cca { token }), Some(expected));
        }
        let token = sign1(own, &protected_header, &payload(&tfm())).unwrap();
        assert_eq!(reason(&Evidence::Psa { token }), Some(expected));
    }
    // Headers that say nothing here do not matter where they are signed.
    let named = header(&[(1, Value::integer(-35)), (4, Value::bytes([1]))]);
    let token = sign1(&DEVICE.key, &named, &payload(&tfm())).unwrap();
    assert_eq!(reason(&Evidence::Psa { token }), None);
}

#[test]
fn the_key_of_a_device_may_be_on_any_of_the_curves() {
    for kind in [Kind::P256, Kind::P384, Kind::P521] {
        let device = device(kind);
        let token = PsaForm::new(&device, &CHALLENGE).sign(&device.key).unwrap();
        let verdict = judge_under(&device, &Evidence::Psa { token: token.clone() });
        assert_eq!(verdict.reason(), None, "{kind:?}");
        assert_eq!(reason(&Evidence::Psa { token }), Some(Reason::EvidenceSignature), "{kind:?}");
    }
}

#[test]
fn a_caller_of_a_device_has_a_number() {
    for number in [1, -1, i64::from(i32::MAX), i64::from(i32::MIN)] {
        assert_eq!(psa_with(tfm(), 2394, Value::integer(number)), None, "{number}");
    }
    for number in [0, i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1] {
        assert_eq!(psa_with(tfm(), 2394, Value::integer(number)), Some(Reason::ClaimMissing), "{number}");
    }
}

#[test]
fn a_device_may_say_that_it_measures_nothing() {
    let flagged = |flag: Value| {
        let mut claims = profile_1();
        claims.remove(&-75006);
        claims.insert(-75007, flag);
        PsaForm { claims }.sign(&DEVICE.key).unwrap()
    };
    let verdict = judge_under(&DEVICE, &Evidence::Psa { token: flagged(Value::Unsigned(1)) });
    let accepted = verdict.accepted().unwrap();
    assert!(accepted.measurement.is_empty());
    assert_eq!(accepted.tcb.version, "unmeasured");
    let token = flagged(Value::Unsigned(0));
    assert_eq!(reason(&Evidence::Psa { token }), Some(Reason::ClaimMissing));
    assert_eq!(psa_with(profile_1(), -75007, Value::Unsigned(1)), Some(Reason::Malformed));
    // Only the oldest profile has the flag.
    let mut claims = tfm();
    claims.remove(&2399);
    claims.insert(-75007, Value::Unsigned(1));
    assert_eq!(psa(claims), Some(Reason::ClaimMissing));
}
