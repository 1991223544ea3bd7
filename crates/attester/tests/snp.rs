//! What a policy asks of SEV-SNP guests that nobody publishes reports of: under an SVSM, with a migration
//! agent; and lists that come in another order than they were made.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::sync::LazyLock;

use quorate_attestation::snp::tcb::Product;
use quorate_attestation::{
    AnchorVendor, Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, verify,
};
use quorate_attester::amd::{ASK_SERIAL, AmdAuthority, Chip, ReportForm};
use quorate_attester::certificate::ListForm;

/// 2026-06-20.
const TIME: u64 = 1_781_913_600_000;
const VALID: [u64; 2] = [TIME - 86_400_000, TIME + 86_400_000];

static AMD: LazyLock<AmdAuthority> = LazyLock::new(|| AmdAuthority::create(Product::Milan, VALID).unwrap());

/// The reason why a guest that `change` describes is refused under a policy.
fn refused(change: impl FnOnce(&mut ReportForm), allow: impl FnOnce(&mut Policy)) -> Option<Reason> {
    refused_with(change, allow, &[AMD.list_form(VALID)])
}

fn refused_with(
    change: impl FnOnce(&mut ReportForm),
    allow: impl FnOnce(&mut Policy),
    lists: &[ListForm],
) -> Option<Reason> {
    let chip = Chip::new(&[5; 64], [4, 0, 0, 0, 0, 0, 24, 219]).unwrap();
    let mut form = ReportForm::new(Product::Milan, &chip, b"challenge");
    change(&mut form);
    let report = form.sign(&chip.key).unwrap();
    let evidence = Evidence::Snp { report, certificates: vec![AMD.vcek(&chip, VALID).unwrap()] };
    let (mut anchors, mut collateral) = (Anchors::pinned(), Collateral::new());
    anchors.add("AMD-like", AnchorVendor::Amd, &AMD.ark_certificate, false).unwrap();
    collateral.add_certificates(&AMD.ask_certificate).unwrap();
    for list in lists {
        collateral.add_crls(&list.sign(&AMD.ark).unwrap()).unwrap();
    }
    let (mut policy, known_good) = (Policy::default(), KnownGood::new());
    allow(&mut policy);
    let context = Context {
        time: TIME,
        collateral: &collateral,
        anchors: &anchors,
        policy: &policy,
        known_good: &known_good,
    };
    verify(&evidence, Some(b"challenge"), &context).reason()
}

#[test]
fn a_report_from_above_level_0_needs_a_policy_that_knows_the_svsm() {
    let svsm = |form: &mut ReportForm| form.vmpl = 2;
    assert_eq!(refused(|_| {}, |_| {}), None);
    assert_eq!(refused(svsm, |_| {}), Some(Reason::Vmpl));
    assert_eq!(refused(svsm, |policy| policy.snp.vmpl_max = 1), Some(Reason::Vmpl));
    assert_eq!(refused(svsm, |policy| policy.snp.vmpl_max = 2), None);
    let listed = |measurement: u8| {
        refused(svsm, move |policy| {
            policy.snp.vmpl_max = 2;
            policy.snp.svsm_measurements = Some([vec![measurement; 48]].into());
        })
    };
    assert_eq!(listed(0x5e), None);
    assert_eq!(listed(0x5f), Some(Reason::Measurement));
    let at_level_0 = refused(|_| {}, |policy| policy.snp.svsm_measurements = Some([vec![0; 48]].into()));
    assert_eq!(at_level_0, None, "the list is about reports from above level 0");
}

#[test]
fn a_guest_that_a_migration_agent_may_read_is_refused_unless_allowed() {
    let migratable = |form: &mut ReportForm| form.policy |= 1 << 18;
    assert_eq!(refused(migratable, |_| {}), Some(Reason::MigrationAgent));
    assert_eq!(refused(migratable, |policy| policy.snp.migration_agent_allowed = true), None);
}

#[test]
fn a_list_that_a_later_one_replaced_does_not_come_back() {
    let with = |lists: &[ListForm]| refused_with(|_| {}, |_| {}, lists);
    let list = |number: u8, valid: [u64; 2]| ListForm { number, ..AMD.list_form(valid) };
    let ended = [VALID[0], TIME - 1000];
    let current = list(7, VALID);
    assert_eq!(with(&[current.clone(), list(6, ended)]), None, "an earlier one has ended, as it should");
    assert_eq!(with(&[current.clone(), list(8, ended)]), Some(Reason::CrlStale));
    assert_eq!(with(&[current.clone(), list(8, [TIME + 1000, VALID[1]])]), None, "one that has not begun");
    assert_eq!(with(&[current.clone(), list(8, VALID)]), None);
    assert_eq!(with(&[list(0x7f, VALID), list(0x80, ended)]), Some(Reason::CrlStale), "two bytes in DER");
    // What an earlier list revokes stays revoked while that list is current.
    let revoking = ListForm { revoked: vec![vec![ASK_SERIAL]], ..list(6, VALID) };
    assert_eq!(with(&[current, revoking]), Some(Reason::Revoked));
}
