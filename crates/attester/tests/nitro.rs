//! AWS Nitro documents. No real one is stored with the vectors, so all of these are signed under a root like
//! AWS's that is made here; each rejection is shown on its own.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use quorate_attestation::verdict::Trust;
use quorate_attestation::{
    AnchorVendor, Anchors, Collateral, Context, Evidence, Format, KnownGood, Policy, Reason, Vendor, Verdict,
    verify,
};
use quorate_attester::aws::{self, AwsAuthority};
use quorate_attester::certificate::Form;
use quorate_attester::der::item;
use quorate_attester::key::{Key, Kind};
use quorate_types::cbor::{Value, encode};

/// 2026-06-20.
const TIME: u64 = 1_781_913_600_000;
const MINUTE_MS: u64 = 60_000;
const AUTHORITY: [u64; 2] = [TIME - 86_400_000, TIME + 86_400_000];
/// Leaves live for about three hours.
const LEAF: [u64; 2] = [TIME - 10 * MINUTE_MS, TIME + 170 * MINUTE_MS];
const CHALLENGE: &[u8] = b"a challenge of 30 bytes or so.";

static AWS: LazyLock<AwsAuthority> = LazyLock::new(|| AwsAuthority::create(AUTHORITY).unwrap());
static KEY: LazyLock<Key> = LazyLock::new(|| Key::generate(Kind::P384).unwrap());
static CERTIFICATE: LazyLock<Vec<u8>> =
    LazyLock::new(|| AwsAuthority::leaf_form(LEAF).certify(&KEY, &AWS.instance).unwrap());

fn accepting() -> Policy {
    Policy { nitro_accepted: true, ..Policy::default() }
}

fn judge_at(document: &[u8], challenge: Option<&[u8]>, time: u64, policy: &Policy) -> Verdict {
    let mut anchors = Anchors::pinned();
    anchors.add("AWS-like", AnchorVendor::Aws, &AWS.bundle[0], false).unwrap();
    let (collateral, known_good) = (Collateral::new(), KnownGood::new());
    let context =
        Context { time, collateral: &collateral, anchors: &anchors, policy, known_good: &known_good };
    verify(&Evidence::Nitro { document: document.to_vec() }, challenge, &context)
}

fn judge(document: &[u8]) -> Verdict {
    judge_at(document, Some(CHALLENGE), TIME, &accepting())
}

fn members() -> Vec<(String, Value)> {
    aws::members(&AWS, &CERTIFICATE, CHALLENGE, TIME)
}

fn document() -> Vec<u8> {
    aws::document(&members(), &KEY).unwrap()
}

/// A document with a member replaced, added or, where the value is none, left out.
fn with(name: &str, value: Option<Value>) -> Option<Reason> {
    let mut members = members();
    members.retain(|(own, _)| own != name);
    members.extend(value.map(|value| (name.to_owned(), value)));
    judge(&aws::document(&members, &KEY).unwrap()).reason()
}

#[test]
fn a_document_is_accepted_where_the_policy_says_so() {
    let verdict = judge(&document());
    let accepted = verdict.accepted().unwrap_or_else(|| panic!("{verdict:?}"));
    assert_eq!((accepted.vendor, accepted.product.as_str()), (Vendor::AwsNitro, "Nitro Enclaves"));
    assert_eq!(accepted.measurement, [0xe0; 48]);
    assert_eq!(accepted.registers.len(), 16);
    assert_eq!(accepted.registers[2].value, [0xe2; 48]);
    assert_eq!(accepted.report_data, b"what the enclave says");
    assert_eq!(accepted.machine, None, "an instance is no hardware");
    assert_eq!(accepted.valid_until, LEAF[1]);
    assert_eq!((accepted.endorser.name.as_str(), accepted.endorser.trust), ("AWS-like", Trust::Configured));
    assert!(accepted.fresh && !accepted.debug && !accepted.revocation_checked);
    assert_eq!(
        judge_at(&document(), None, TIME, &Policy::default()).reason(),
        Some(Reason::VendorNotAccepted)
    );
    let strict = Policy { identity_required: true, ..accepting() };
    assert_eq!(judge_at(&document(), None, TIME, &strict).reason(), Some(Reason::IdentityMissing));
    let listed = |value: u8| {
        let registers = BTreeMap::from([("pcr1".to_owned(), [vec![value; 48]].into())]);
        judge_at(&document(), None, TIME, &Policy { registers, ..accepting() }).reason()
    };
    assert_eq!((listed(0xe1), listed(0xe2)), (None, Some(Reason::Measurement)));
}

#[test]
fn a_challenge_is_answered_to_the_byte() {
    for wrong in [&b""[..], &CHALLENGE[1..], &[CHALLENGE, &[0]].concat(), b"another"] {
        let verdict = judge_at(&document(), Some(wrong), TIME, &accepting());
        assert_eq!(verdict.reason(), Some(Reason::Challenge));
    }
    assert!(!judge_at(&document(), None, TIME, &accepting()).accepted().unwrap().fresh);
    assert_eq!(with("nonce", None), Some(Reason::Challenge));
    assert_eq!(with("nonce", Some(Value::Null)), Some(Reason::Challenge));
}

#[test]
fn an_enclave_in_debug_mode_measures_nothing() {
    let zeros = Value::Map((0..16).map(|n| (Value::Unsigned(n), Value::bytes([0; 48]))).collect());
    assert_eq!(with("pcrs", Some(zeros.clone())), Some(Reason::Debug));
    let mut members = members();
    members.retain(|(name, _)| name != "pcrs");
    members.push(("pcrs".to_owned(), zeros));
    let policy = Policy { debug_allowed: true, ..accepting() };
    let verdict = judge_at(&aws::document(&members, &KEY).unwrap(), None, TIME, &policy);
    assert!(verdict.accepted().unwrap().debug);
}

#[test]
fn a_verdict_ends_with_the_leaf_and_time_is_an_argument() {
    let at = |time| judge_at(&document(), None, time, &accepting()).reason();
    assert_eq!(at(LEAF[1]), None);
    assert_eq!(at(LEAF[1] + 1), Some(Reason::CertificateExpired));
    assert_eq!(at(LEAF[0] - 1), Some(Reason::CertificateNotYetValid));
    // The document's own time: within the leaf's, and not in the future but for the clocks' difference.
    assert_eq!(at(TIME - 5 * MINUTE_MS), None);
    assert_eq!(at(TIME - 5 * MINUTE_MS - 1), Some(Reason::ClaimMissing));
    let made = |time| with("timestamp", Some(Value::Unsigned(time)));
    assert_eq!(made(LEAF[0]), None);
    assert_eq!(made(LEAF[0] - 1), Some(Reason::CertificateNotYetValid));
    assert_eq!(made(LEAF[1] + 1), Some(Reason::CertificateExpired));
}

#[test]
fn the_root_of_a_document_proves_nothing() {
    let (other, key) = (AwsAuthority::create(AUTHORITY).unwrap(), Key::generate(Kind::P384).unwrap());
    let leaf = AwsAuthority::leaf_form(LEAF).certify(&key, &other.instance).unwrap();
    let theirs = aws::document(&aws::members(&other, &leaf, CHALLENGE, TIME), &key).unwrap();
    assert_eq!(judge(&theirs).reason(), Some(Reason::ChainUntrusted));
    // With our root put before their chain: the names fit, the signatures do not.
    let mut mixed = other.clone();
    mixed.bundle[0].clone_from(&AWS.bundle[0]);
    let mixed = aws::document(&aws::members(&mixed, &leaf, CHALLENGE, TIME), &key).unwrap();
    assert_eq!(judge(&mixed).reason(), Some(Reason::ChainSignature));
    let policy = accepting();
    let (anchors, collateral, known_good) = (Anchors::pinned(), Collateral::new(), KnownGood::new());
    let context = Context {
        time: TIME,
        collateral: &collateral,
        anchors: &anchors,
        policy: &policy,
        known_good: &known_good,
    };
    let verdict = verify(&Evidence::Nitro { document: document() }, None, &context);
    assert_eq!(verdict.reason(), Some(Reason::ChainUntrusted), "the pinned root is AWS's own");
}

#[test]
fn a_root_for_simulated_enclaves_is_marked() {
    let mut anchors = Anchors::pinned();
    anchors.add("demo", AnchorVendor::Aws, &AWS.bundle[0], true).unwrap();
    let (collateral, known_good) = (Collateral::new(), KnownGood::new());
    let judge = |policy: &Policy| {
        let context = Context {
            time: TIME,
            collateral: &collateral,
            anchors: &anchors,
            policy,
            known_good: &known_good,
        };
        verify(&Evidence::Nitro { document: document() }, None, &context)
    };
    assert_eq!(judge(&accepting()).reason(), Some(Reason::DemoAnchor));
    let verdict = judge(&Policy { demo_allowed: true, ..accepting() });
    assert_eq!(verdict.accepted().unwrap().endorser.trust, Trust::Demo);
}

/// The reason after certificates of the chain were made in another way.
fn chain(region: Form, instance: Form, leaf: Form, leaf_key: &Key) -> Option<Reason> {
    let mut authority = AWS.clone();
    authority.bundle[1] = region.certify(&authority.region, &authority.root).unwrap();
    authority.bundle[2] = instance.certify(&authority.instance, &authority.region).unwrap();
    let leaf = leaf.certify(leaf_key, &authority.instance).unwrap();
    judge(&aws::document(&aws::members(&authority, &leaf, CHALLENGE, TIME), leaf_key).unwrap()).reason()
}

#[test]
fn every_certificate_has_its_role() {
    let region = || AwsAuthority::region_form(AUTHORITY);
    let instance = || AwsAuthority::instance_form(AUTHORITY);
    let leaf = || AwsAuthority::leaf_form(LEAF);
    let profile = Some(Reason::CertificateProfile);
    assert_eq!(chain(region(), instance(), leaf(), &KEY), None);
    let longer = Form { authority: Some(Some(0)), ..region() };
    assert_eq!(chain(longer, instance(), leaf(), &KEY), profile, "path length");
    let dumb = Form { signs_certificates: false, ..instance() };
    assert_eq!(chain(region(), dumb, leaf(), &KEY), profile, "an authority without keyCertSign");
    let end = Form { authority: None, ..instance() };
    assert_eq!(chain(region(), end, leaf(), &KEY), profile, "an authority that is none");
    let bare = Form { extensions: vec![], ..leaf() };
    assert_eq!(chain(region(), instance(), bare, &KEY), profile, "a leaf without key usage");
    let usage = |bits: u8| vec![("2.5.29.15".to_owned(), true, item(3, &[5, bits]))];
    let agreeing = Form { extensions: usage(0x20), ..leaf() };
    assert_eq!(chain(region(), instance(), agreeing, &KEY), profile, "a leaf that may not sign");
    let certifying = Form { authority: Some(None), extensions: vec![], ..leaf() };
    assert_eq!(chain(region(), instance(), certifying, &KEY), profile, "a leaf that is an authority");
    let expired = Form { not_after: TIME - 1000, ..instance() };
    assert_eq!(chain(region(), expired, leaf(), &KEY), Some(Reason::CertificateExpired));
    let early = Form { not_before: TIME + 1000, ..region() };
    assert_eq!(chain(early, instance(), leaf(), &KEY), Some(Reason::CertificateNotYetValid));
    // On P-256 the document would be signed by ES256: its header says ES384.
    let small = Key::generate(Kind::P256).unwrap();
    assert_eq!(chain(region(), instance(), leaf(), &small), profile);
    // Left out, doubled, or the instance alone.
    let bundle = |picked: &[usize]| {
        let picked = picked.iter().map(|at| Value::bytes(AWS.bundle[*at].clone())).collect();
        with("cabundle", Some(Value::Array(picked)))
    };
    assert_eq!(bundle(&[0, 1, 2]), None);
    assert_eq!(bundle(&[0, 2]), Some(Reason::ChainUntrusted));
    assert_eq!(bundle(&[2]), Some(Reason::ChainUntrusted));
    assert_eq!(bundle(&[1, 2, 0]), Some(Reason::ChainUntrusted), "the root comes first");
    assert_eq!(bundle(&[]), Some(Reason::ClaimMissing));
    assert_eq!(bundle(&[0; 9]), Some(Reason::ClaimMissing), "longer than any chain");
}

#[test]
fn members_keep_the_limits_that_aws_states() {
    let bytes = |length: usize| Some(Value::bytes(vec![7; length]));
    let missing = Some(Reason::ClaimMissing);
    for name in ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"] {
        assert_eq!(with(name, None), missing, "{name}");
        assert_eq!(with(name, Some(Value::Null)), missing, "{name}");
        assert_eq!(with(name, Some(Value::Bool(true))), missing, "{name}");
    }
    assert_eq!(with("module_id", Some(Value::text(""))), missing);
    assert_eq!(with("digest", Some(Value::text("SHA512"))), Some(Reason::Unsupported));
    assert_eq!(with("timestamp", Some(Value::Unsigned(0))), missing);
    assert_eq!(with("timestamp", Some(Value::integer(-1))), missing);
    for (name, least) in [("public_key", 1), ("user_data", 0)] {
        assert_eq!(with(name, None), None, "{name}");
        assert_eq!(with(name, bytes(least)), None, "{name}");
        assert_eq!(with(name, bytes(1024)), None, "{name}");
        assert_eq!(with(name, bytes(1025)), Some(Reason::Malformed), "{name}");
        assert_eq!(with(name, Some(Value::text("text"))), Some(Reason::Malformed), "{name}");
    }
    assert_eq!(with("public_key", bytes(0)), Some(Reason::Malformed));
    assert_eq!(with("nonce", bytes(1025)), Some(Reason::Malformed));
    assert_eq!(with("certificate", bytes(0)), missing);
    assert_eq!(with("certificate", bytes(1025)), missing);
    assert_eq!(with("certificate", bytes(1024)), Some(Reason::Malformed), "no certificate");
    assert_eq!(with("nitrotpm_pcrs", Some(Value::Map(vec![]))), Some(Reason::Malformed), "not listed");

    let pcrs = |entries: Vec<(Value, Value)>| with("pcrs", Some(Value::Map(entries)));
    let entry = |number: u64, length: usize| (Value::Unsigned(number), Value::bytes(vec![1; length]));
    assert_eq!(pcrs(vec![]), missing);
    assert_eq!(pcrs(vec![entry(0, 48), entry(31, 48)]), None);
    assert_eq!(pcrs(vec![entry(0, 48), entry(32, 48)]), missing);
    assert_eq!(pcrs(vec![entry(0, 32)]), missing, "not of SHA-384");
    assert_eq!(pcrs(vec![entry(1, 48)]), missing, "without PCR 0");
    assert_eq!(pcrs(vec![(Value::text("0"), Value::bytes([1; 48]))]), missing);
    let text = (Value::Unsigned(0), Value::text("0".repeat(48)));
    assert_eq!(pcrs(vec![text]), missing);
}

#[test]
fn the_signature_has_one_form() {
    let good = document();
    assert_eq!(Format::detect(&good), Some(Format::Nitro));
    let malformed = Some(Reason::Malformed);
    let tagged = [&[0xd2], good.as_slice()].concat();
    assert_eq!(judge(&tagged).reason(), malformed, "AWS writes no tag");
    assert_eq!(Format::detect(&tagged), Some(Format::Psa));
    let longer = [&[0x98, 4], &good[1..]].concat();
    assert_eq!(judge(&longer).reason(), malformed, "a length written longer than needed");
    assert_eq!(judge(&[&good[..], &[0]].concat()).reason(), malformed);
    assert_eq!(judge(&good[..good.len() - 1]).reason(), malformed);
    let payload = encode(&Value::Map(vec![]));
    let signed = |protected: &[u8]| judge(&aws::sign(protected, &payload, &KEY).unwrap()).reason();
    assert_eq!(signed(&[0xa1, 0x01, 0x26]), Some(Reason::Unsupported), "ES256");
    assert_eq!(signed(&[0xa1, 0x01, 0x38, 0x22]), Some(Reason::ClaimMissing), "an empty map");
    let stranger = Key::generate(Kind::P384).unwrap();
    let forged = aws::document(&members(), &stranger).unwrap();
    assert_eq!(judge(&forged).reason(), Some(Reason::EvidenceSignature));
}

#[test]
fn any_flipped_byte_is_refused() {
    let good = document();
    assert_eq!(judge(&good).reason(), None);
    for at in 0..good.len() {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert!(judge(&flipped).reason().is_some(), "byte {at}");
    }
}

#[test]
fn every_member_is_shown() {
    let fields = Evidence::Nitro { document: document() }.fields().unwrap();
    let fields: BTreeMap<String, String> =
        fields.into_iter().map(|field| (field.name, field.value)).collect();
    assert!(fields["module_id"].starts_with("i-"));
    assert_eq!(fields["timestamp"], TIME.to_string());
    assert_eq!(fields["pcr15"], "00".repeat(48));
    assert_eq!(fields["nonce"].len(), 2 * CHALLENGE.len());
    assert!(fields.contains_key("cabundle[2]") && !fields.contains_key("public_key"));
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        at in 0_usize..3000,
        byte: u8,
    ) {
        prop_assert!(judge(&bytes).reason().is_some());
        let payload = aws::sign(&[0xa1, 0x01, 0x38, 0x22], &bytes, &KEY).unwrap();
        prop_assert!(judge(&payload).reason().is_some());
        let mut changed = document();
        let at = at % changed.len();
        changed[at] = byte;
        let _ = judge(&changed);
        let _ = Evidence::Nitro { document: changed }.fields();
    }
}
