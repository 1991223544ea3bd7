//! Azure bundles that the world does not publish: each part of the chain broken on its own.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::sync::LazyLock;

use quorate_attestation::azure::bundle::{Beside, Bundle};
use quorate_attestation::snp::tcb::Product;
use quorate_attestation::{
    AnchorVendor, Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, Vendor, Verdict, verify,
};
use quorate_attester::amd::{AmdAuthority, Chip, ReportForm};
use quorate_attester::azure::{self, Vtpm, hcl_report, td_report};
use quorate_attester::intel::IntelAuthority;
use serde_json::{Value, json};

/// 2026-06-20.
const TIME: u64 = 1_781_913_600_000;
const VALID: [u64; 2] = [TIME - 86_400_000, TIME + 86_400_000];
const CHALLENGE: &[u8] = b"a challenge of 30 bytes or so.";

static AMD: LazyLock<AmdAuthority> = LazyLock::new(|| AmdAuthority::create(Product::Genoa, VALID).unwrap());
static INTEL: LazyLock<IntelAuthority> = LazyLock::new(|| IntelAuthority::create(VALID).unwrap());

fn judge(json: &Value, policy: &Policy) -> Verdict {
    let (mut anchors, mut collateral) = (Anchors::pinned(), Collateral::new());
    anchors.add("AMD-like", AnchorVendor::Amd, &AMD.ark_certificate, false).unwrap();
    anchors.add("Intel-like", AnchorVendor::Intel, &INTEL.root_certificate, false).unwrap();
    collateral.add_certificates(&AMD.ask_certificate).unwrap();
    collateral.add_crls(&AMD.list_form(VALID).sign(&AMD.ark).unwrap()).unwrap();
    collateral.add_intel_bundle(INTEL.bundle(VALID).unwrap().as_bytes()).unwrap();
    let known_good = KnownGood::new();
    let context =
        Context { time: TIME, collateral: &collateral, anchors: &anchors, policy, known_good: &known_good };
    let evidence = Evidence::Azure { bundle: json.to_string().into_bytes(), certificates: vec![] };
    verify(&evidence, Some(CHALLENGE), &context)
}

fn reason(bundle: &Bundle) -> Option<Reason> {
    judge(&azure::json(bundle), &Policy::default()).reason()
}

/// An SNP guest with a paravisor.
struct SnpWorld {
    vtpm: Vtpm,
    chip: Chip,
    form: ReportForm,
}

impl SnpWorld {
    fn new() -> Self {
        let (vtpm, chip) = (Vtpm::new().unwrap(), Chip::new(&[5; 64], [4, 0, 0, 0, 0, 0, 24, 219]).unwrap());
        let form = ReportForm::new(Product::Genoa, &chip, &vtpm.binding());
        Self { vtpm, chip, form }
    }

    fn hcl(&self) -> Vec<u8> {
        hcl_report(azure::SNP, &self.form.sign(&self.chip.key).unwrap(), &self.vtpm.runtime_data)
    }

    fn key(&self) -> Beside {
        Beside::KeyCertificates(vec![AMD.vcek(&self.chip, VALID).unwrap()])
    }

    fn bundle(&self) -> Bundle {
        self.vtpm.bundle(self.hcl(), self.vtpm.quote(CHALLENGE), self.key()).unwrap()
    }
}

/// A TD with a paravisor.
fn td_bundle(vtpm: &Vtpm, reported: &[u8], beside: &[u8]) -> Bundle {
    let hcl = hcl_report(azure::TDX, &td_report(reported), &vtpm.runtime_data);
    vtpm.bundle(hcl, vtpm.quote(CHALLENGE), Beside::TdQuote(beside.to_vec())).unwrap()
}

fn changed(bundle: &Bundle, change: impl FnOnce(&mut Bundle)) -> Option<Reason> {
    let mut copy = bundle.clone();
    change(&mut copy);
    reason(&copy)
}

#[test]
fn a_whole_chain_is_accepted_over_both_vendors() {
    let world = SnpWorld::new();
    let verdict = judge(&azure::json(&world.bundle()), &Policy::default());
    let accepted = verdict.accepted().unwrap_or_else(|| panic!("{verdict:?}"));
    assert_eq!((accepted.vendor, accepted.product.as_str()), (Vendor::AmdSevSnp, "Genoa, Azure vTPM"));
    assert!(accepted.fresh && accepted.revocation_checked);
    assert_eq!(accepted.report_data, CHALLENGE);
    assert_eq!(accepted.measurement, [0x5e; 48]);
    assert_eq!(accepted.registers.len(), 24);
    assert_eq!(
        (accepted.registers[23].name.as_str(), accepted.registers[23].value.as_slice()),
        ("pcr23", &[23; 32][..])
    );

    let vtpm = Vtpm::new().unwrap();
    let quote = INTEL.quote(&[3; 16], &vtpm.binding(), VALID).unwrap();
    let verdict = judge(&azure::json(&td_bundle(&vtpm, &quote, &quote)), &Policy::default());
    let accepted = verdict.accepted().unwrap_or_else(|| panic!("{verdict:?}"));
    assert_eq!((accepted.vendor, accepted.product.as_str()), (Vendor::IntelTdx, "TDX 1.0, Azure vTPM"));
    assert!(accepted.fresh);
    assert_eq!(accepted.registers.len(), 24, "those of the vTPM, not of the paravisor's TD");
}

#[test]
fn registers_can_be_asked_for_by_name() {
    let world = SnpWorld::new();
    let with = |name: &str, value: Vec<u8>| {
        let registers = [(name.to_owned(), [value].into())].into();
        let measurements = Some([vec![0x5e; 48]].into());
        judge(&azure::json(&world.bundle()), &Policy { registers, measurements, ..Policy::default() })
            .reason()
    };
    assert_eq!(with("pcr4", vec![4; 32]), None);
    assert_eq!(with("pcr4", vec![5; 32]), Some(Reason::Measurement));
    assert_eq!(with("rtmr0", vec![4; 32]), Some(Reason::Measurement), "a register that is not there");
    // Anybody's software can name a key and sign registers with it: which software is believed must be said.
    let registers = [("pcr4".to_owned(), [vec![4; 32]].into())].into();
    let verdict = judge(&azure::json(&world.bundle()), &Policy { registers, ..Policy::default() });
    assert_eq!(verdict.reason(), Some(Reason::Measurement));
}

#[test]
fn the_quote_is_signed_by_the_key_that_the_hardware_binds() {
    let (world, other) = (SnpWorld::new(), Vtpm::new().unwrap());
    let good = world.bundle();
    let signature = other.ak.sign_pkcs1(&good.message).unwrap();
    let another = changed(&good, |bundle| bundle.signature = signature.clone());
    assert_eq!(another, Some(Reason::EvidenceSignature));
    // The other key named in the runtime data: the hardware does not bind it.
    let report = world.form.sign(&world.chip.key).unwrap();
    let named = changed(&good, |bundle| {
        bundle.signature = signature;
        bundle.hcl_report = hcl_report(azure::SNP, &report, &other.runtime_data);
    });
    assert_eq!(named, Some(Reason::KeyBinding));
    // Whatever else the runtime data say is bound, too.
    let claimed = world.vtpm.runtime_data.replace("\"secure-boot\":true", "\"secure-boot\":false");
    assert_ne!(claimed, world.vtpm.runtime_data);
    let claimed = changed(&good, |bundle| bundle.hcl_report = hcl_report(azure::SNP, &report, &claimed));
    assert_eq!(claimed, Some(Reason::KeyBinding));
    // Behind the digest the report data must be zero.
    let mut world = world;
    world.form.report_data[63] = 1;
    assert_eq!(reason(&world.bundle()), Some(Reason::KeyBinding));
}

#[test]
fn runtime_data_name_one_key_that_signs() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut vtpm = Vtpm::new().unwrap();
        let mut data = azure::runtime_data(&vtpm.ak, "").unwrap();
        change(&mut data);
        vtpm.runtime_data = data.to_string();
        let mut world = SnpWorld::new();
        world.form = ReportForm::new(Product::Genoa, &world.chip, &vtpm.binding());
        world.vtpm = vtpm;
        reason(&world.bundle())
    };
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|data| data["a-newer-claim"] = json!({ "with": ["parts"] })), None);
    assert_eq!(with(&|data| data["keys"][0]["kid"] = json!("HCLEkPub")), Some(Reason::ClaimMissing));
    assert_eq!(with(&|data| data["keys"] = json!([])), Some(Reason::ClaimMissing));
    assert_eq!(with(&|data| data["keys"][0]["e"] = json!("Aw")), Some(Reason::Unsupported), "exponent 3");
    assert_eq!(with(&|data| data["keys"][0]["key_ops"] = json!(["encrypt"])), Some(Reason::Unsupported));
    assert_eq!(with(&|data| data["keys"][0]["kty"] = json!("EC")), Some(Reason::Unsupported));
    assert_eq!(with(&|data| data["keys"][0]["n"] = json!("AQAB")), Some(Reason::EvidenceSignature));
    assert_eq!(with(&|data| data["keys"][0]["n"] = json!("=")), Some(Reason::Malformed));
    let twice = |data: &mut Value| data["keys"] = json!([data["keys"][0], data["keys"][0]]);
    assert_eq!(with(&twice), Some(Reason::Malformed));
    assert_eq!(with(&|data| *data = json!("text")), Some(Reason::Malformed));
}

#[test]
fn what_the_tpm_signed_is_a_quote_of_these_registers_for_this_challenge() {
    let world = SnpWorld::new();
    let signed = |message: Vec<u8>| reason(&world.vtpm.bundle(world.hcl(), message, world.key()).unwrap());
    let with = |at: usize, value: u8| {
        let mut message = world.vtpm.quote(CHALLENGE);
        message[at] = value;
        signed(message)
    };
    assert_eq!(with(0, 0xff), None);
    assert_eq!(with(0, 0xfe), Some(Reason::Malformed), "magic");
    assert_eq!(with(5, 0x17), Some(Reason::Malformed), "TPM_ST_ATTEST_CERTIFY");
    let good = world.vtpm.quote(CHALLENGE);
    let banks = good.len() - 2 - 32 - 10;
    assert_eq!(with(banks + 3, 2), Some(Reason::Unsupported), "two banks");
    assert_eq!(with(banks + 5, 0x0c), Some(Reason::Unsupported), "SHA-384");
    assert_eq!(with(banks + 6, 4), Some(Reason::Unsupported), "four bytes of selection");
    assert_eq!(with(banks + 9, 0x7f), Some(Reason::Registers), "pcr23 is not quoted, but came along");
    assert_eq!(with(good.len() - 1, !good[good.len() - 1]), Some(Reason::Registers), "digest");
    assert_eq!(with(banks - 9, 2), Some(Reason::Malformed), "the clock's flag");
    assert_eq!(signed([&good[..], &[0]].concat()), Some(Reason::Malformed));
    assert_eq!(signed(good[..good.len() - 1].to_vec()), Some(Reason::Malformed));
    for challenge in [&b""[..], b"another challenge", &CHALLENGE[1..], &[CHALLENGE, &[0]].concat()] {
        assert_eq!(signed(world.vtpm.quote(challenge)), Some(Reason::Challenge));
    }
    let mut bundle = world.bundle();
    bundle.pcrs[7][0] ^= 1;
    assert_eq!(reason(&bundle), Some(Reason::Registers));
    let mut bundle = world.bundle();
    bundle.pcrs.swap(8, 9);
    assert_eq!(reason(&bundle), Some(Reason::Registers));
    // The same bytes, cut at other places.
    let mut bundle = world.bundle();
    let moved = bundle.pcrs[3].pop().unwrap();
    bundle.pcrs[4].insert(0, moved);
    assert_eq!(reason(&bundle), Some(Reason::Registers));
}

#[test]
fn a_few_registers_are_enough_where_the_quote_says_which() {
    let mut world = SnpWorld::new();
    world.vtpm.pcrs = vec![vec![4; 32], vec![11; 32]];
    let mut message = world.vtpm.quote(CHALLENGE);
    let bits = message.len() - 2 - 32 - 3;
    message[bits..bits + 3].copy_from_slice(&[1 << 4, 1 << 3, 0]);
    let bundle = world.vtpm.bundle(world.hcl(), message, world.key()).unwrap();
    let verdict = judge(&azure::json(&bundle), &Policy::default());
    let names: Vec<&str> =
        verdict.accepted().unwrap().registers.iter().map(|register| register.name.as_str()).collect();
    assert_eq!(names, ["pcr4", "pcr11"]);
}

#[test]
fn the_paravisors_report_has_one_form() {
    let good = SnpWorld::new().bundle();
    let with = |at: usize, value: u32| {
        changed(&good, |bundle| bundle.hcl_report[at..at + 4].copy_from_slice(&value.to_le_bytes()))
    };
    let malformed = Some(Reason::Malformed);
    assert_eq!(with(4, 1), None, "the first version of the header is laid out alike");
    assert_eq!(with(0, 0x414c_4349), malformed);
    for version in [0, 3] {
        assert_eq!(with(4, version), Some(Reason::Unsupported));
    }
    for at in [8, 12, 16, 20, 24, 28, 1216, 1232] {
        assert_eq!(with(at, 1), malformed, "{at}");
        assert_eq!(with(at, u32::MAX), malformed, "{at}");
    }
    assert_eq!(with(1220, 2), Some(Reason::Unsupported), "a request with more members");
    for tee in [0, 1, 3, 5] {
        assert_eq!(with(1224, tee), Some(Reason::Unsupported), "TEE type {tee}");
    }
    assert_eq!(with(1224, azure::TDX), malformed, "SEV-SNP's report in a TD report's place");
    assert_eq!(with(1228, 2), Some(Reason::Unsupported), "SHA-384");
    for length in [0, 31, 1215, 1236, 1300] {
        assert_eq!(changed(&good, |bundle| bundle.hcl_report.truncate(length)), malformed, "{length}");
    }
    assert_eq!(changed(&good, |bundle| bundle.hcl_report[2599] = 1), malformed, "behind the runtime data");
    assert_eq!(changed(&good, |bundle| bundle.hcl_report.resize(9000, 0)), malformed);
}

#[test]
fn a_guest_above_the_paravisor_cannot_speak_for_it() {
    let mut world = SnpWorld::new();
    world.form.vmpl = 2;
    let mut policy = Policy::default();
    policy.snp.vmpl_max = 3;
    assert_eq!(judge(&azure::json(&world.bundle()), &policy).reason(), Some(Reason::Vmpl));
}

#[test]
fn the_hardwares_own_evidence_is_judged_as_if_it_had_come_alone() {
    let mut world = SnpWorld::new();
    world.form.policy |= 1 << 19;
    assert_eq!(reason(&world.bundle()), Some(Reason::Debug));
    let world = SnpWorld::new();
    let stranger = Chip::new(&[6; 64], world.chip.tcb).unwrap();
    let key = Beside::KeyCertificates(vec![AMD.vcek(&stranger, VALID).unwrap()]);
    assert_eq!(changed(&world.bundle(), |bundle| bundle.beside = key), Some(Reason::EvidenceSignature));
    let mut policy = Policy::default();
    policy.snp.tcb_min.microcode = 220;
    assert_eq!(judge(&azure::json(&world.bundle()), &policy).reason(), Some(Reason::TcbTooOld));
}

#[test]
fn the_td_quote_is_of_the_td_that_runs_the_paravisor() {
    let (vtpm, other) = (Vtpm::new().unwrap(), Vtpm::new().unwrap());
    let quote = INTEL.quote(&[3; 16], &vtpm.binding(), VALID).unwrap();
    let theirs = INTEL.quote(&[3; 16], &other.binding(), VALID).unwrap();
    assert_eq!(reason(&td_bundle(&vtpm, &quote, &quote)), None);
    assert_eq!(reason(&td_bundle(&vtpm, &quote, &theirs)), Some(Reason::KeyBinding));
    assert_eq!(reason(&td_bundle(&vtpm, &theirs, &theirs)), Some(Reason::KeyBinding));
    let good = td_bundle(&vtpm, &quote, &quote);
    // Type, reserved bytes, digests, report data, and each member that a quote repeats.
    let seen = (0..16).chain(32..224).chain(256..1024);
    for at in seen {
        assert!(changed(&good, |bundle| bundle.hcl_report[32 + at] ^= 1).is_some(), "byte {at}");
    }
    // The processor's security version and the MAC: another machine can tell nothing from them.
    for at in (16..32).chain(224..256) {
        assert_eq!(changed(&good, |bundle| bundle.hcl_report[32 + at] ^= 1), None, "byte {at}");
    }
    let snp = SnpWorld::new();
    let swapped = changed(&good, |bundle| bundle.beside = snp.key());
    assert_eq!(swapped, Some(Reason::Malformed));
}

#[test]
fn version_2_promises_a_report_as_fresh_as_the_quote() {
    let with = |user_data: &str| {
        let mut world = SnpWorld::new();
        world.vtpm.runtime_data = azure::runtime_data(&world.vtpm.ak, user_data).unwrap().to_string();
        world.form = ReportForm::new(Product::Genoa, &world.chip, &world.vtpm.binding());
        let bundle = Bundle { version: 2, ..world.bundle() };
        reason(&bundle)
    };
    let padded: String =
        (0..64).map(|at| format!("{:02X}", CHALLENGE.get(at).copied().unwrap_or(0))).collect();
    assert_eq!(with(&padded), None);
    assert_eq!(with(&padded.replace('6', "7")), Some(Reason::Challenge));
    assert_eq!(with(&padded[..20]), Some(Reason::Challenge));
    assert_eq!(with(""), Some(Reason::Challenge));
    assert_eq!(with("0g"), Some(Reason::Malformed));
}

#[test]
fn a_bundle_has_the_members_of_its_version_and_no_others() {
    let good = azure::json(&SnpWorld::new().bundle());
    let with = |change: &dyn Fn(&mut Value)| {
        let mut json = good.clone();
        change(&mut json);
        judge(&json, &Policy::default()).reason()
    };
    assert_eq!(with(&|_| {}), None);
    let changes: [&dyn Fn(&mut Value); 12] = [
        &|json| json["extra"] = json!(1),
        &|json| json["tpm_quote"]["extra"] = json!(1),
        &|json| json["version"] = json!(3),
        &|json| json["version"] = json!(0),
        &|json| json["version"] = json!("1"),
        &|json| json["td_quote"] = json!("AAAA"),
        &|json| json["report"] = json["hcl_report"].clone(),
        &|json| json["vcek"] = json!("AAA"),
        &|json| json["vcek"] = json!([1, 2]),
        &|json| json["tpm_quote"]["message"] = json!([1, 2]),
        &|json| json["tpm_quote"]["pcrs"] = json!([300]),
        &|json| json["tpm_quote"]["signature"] = json!("0"),
    ];
    for (at, change) in changes.iter().enumerate() {
        assert_eq!(with(change), Some(Reason::Malformed), "change {at}");
    }
    for member in ["hcl_report", "tpm_quote", "vcek", "version"] {
        let without = |json: &mut Value| drop(json.as_object_mut().unwrap().remove(member));
        assert_eq!(with(&without), Some(Reason::Malformed), "without {member}");
    }
}
