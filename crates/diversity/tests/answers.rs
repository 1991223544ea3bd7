//! Certificates, remedies, recommendations, explanations, what-if: each answer is acted on, and it helps.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod support;

use proptest::prelude::*;
use quorate_diversity::certificate::{AxisValue, Rejected};
use quorate_diversity::explain::Conflict;
use quorate_diversity::remedy::AddedAsk;
use quorate_diversity::{
    AXIS_COUNT, Axis, Check, Pool, Reason, Recommendation, Remedy, Repair, Requirement, Rule, SelectOptions,
    Selection, Verdict, explain, greedy, recommend, remedies, repair, select, validate, what_if,
};
use support::{Machine, columns, keeps, machines, pool, requirement};

fn certificate(machines: &[Machine], size: usize) -> quorate_diversity::Certificate {
    match select(&pool(machines), &Requirement::gold(), &SelectOptions::exact(size)).unwrap() {
        Selection::Infeasible(certificate) => *certificate,
        other => panic!("infeasible expected: {other:?}"),
    }
}

#[test]
fn scarce_asns_and_regions_are_named() {
    // Everything lies in ASN 1 or in region 7.
    let machines = [
        Machine::new("a", 1, 1, 1, 1),
        Machine::new("b", 1, 2, 2, 2),
        Machine::new("c", 2, 7, 1, 1),
        Machine::new("d", 3, 7, 2, 2),
    ];
    let found = certificate(&machines, 3);
    let value = |axis: Axis, value: &str| AxisValue { axis, value: value.to_owned() };
    let reason = Reason::Cover {
        axes: [Axis::Asn, Axis::PowerRegion],
        values: vec![value(Axis::Asn, "asn-1"), value(Axis::PowerRegion, "power_region-7")],
        candidates: vec![],
        have: 2,
        need: 3,
    };
    assert_eq!(found.reasons, [reason]);
    assert_eq!(found.check(&pool(&machines), &Requirement::gold()), Ok(Check::Confirmed));
    let remedies = remedies(&pool(&machines), &Requirement::gold(), 3).unwrap();
    let Some(Remedy::AddMachines { count, outside, .. }) = remedies.first() else { panic!("{remedies:?}") };
    assert_eq!((*count, outside.len()), (1, 4));
    let relaxed = Remedy::Relax { rule: Rule::PerValueMax, axis: Some(Axis::PowerRegion), from: 1, to: 2 };
    assert!(remedies.contains(&relaxed), "{remedies:?}");
}

#[test]
fn one_operator_under_many_numbers_is_named() {
    // Four networks of one operator, one of another, none unknown.
    let mut machines: Vec<Machine> =
        (1..=5).map(|i| Machine::new(&format!("m{i}"), i, i, 1 + i % 2, i)).collect();
    for (at, machine) in machines.iter_mut().enumerate() {
        machine.values[Axis::Operator.index()] = if at == 4 { 2 } else { 1 };
    }
    let found = certificate(&machines, 3);
    assert_eq!(found.reasons, [Reason::Capacity { axis: Axis::Operator, have: 2, need: 3 }]);
    assert_eq!(found.check(&pool(&machines), &Requirement::gold()), Ok(Check::Confirmed));
    let helps = remedies(&pool(&machines), &Requirement::gold(), 3).unwrap();
    let Some(Remedy::AddMachines { count: 1, outside, .. }) = helps.first() else { panic!("{helps:?}") };
    let operator = |value: &str| AxisValue { axis: Axis::Operator, value: value.to_owned() };
    assert!(outside.contains(&operator("operator-1")) && outside.contains(&operator("operator-2")));
    let relaxed = Remedy::Relax { rule: Rule::PerValueMax, axis: Some(Axis::Operator), from: 1, to: 2 };
    assert!(helps.contains(&relaxed), "{helps:?}");
    // Two machines of which nobody knows the operator are in nobody's way, and knowing it is no remedy.
    for machine in &mut machines[1..3] {
        machine.values[Axis::Operator.index()] = 0;
    }
    let answer = select(&pool(&machines), &Requirement::gold(), &SelectOptions::exact(4)).unwrap();
    assert!(matches!(answer, Selection::Feasible(chosen) if chosen.members.len() == 4));
    let verdicts = explain(&pool(&machines), &Requirement::gold(), &[0, 1, 4]).unwrap();
    let shared = Conflict { member: 0, axis: Axis::Operator, value: "operator-1".to_owned() };
    assert_eq!(verdicts[3], Verdict::Outweighed { member: 0, by: 0, shares: vec![shared] });
    machines.remove(4);
    let helps = remedies(&pool(&machines), &Requirement::gold(), 4).unwrap();
    assert!(!helps.iter().any(|remedy| matches!(remedy, Remedy::ProvideEvidence { .. })), "{helps:?}");
}

#[test]
fn one_vendor_is_named_and_evidence_is_what_helps() {
    let mut machines: Vec<Machine> =
        (1..=4).map(|i| Machine::new(&format!("m{i}"), i, i, 1, 1 + i % 2)).collect();
    machines[3].values[Axis::TeeVendor.index()] = 0;
    machines[3].confidence = 5_000;
    machines[3].fresh = false;
    let found = certificate(&machines, 3);
    let values = vec!["tee_vendor-1".to_owned()];
    assert_eq!(found.reasons, [Reason::DistinctValues { axis: Axis::TeeVendor, have: 1, need: 2, values }]);
    let rejected = |rule, best| Rejected { rule, axis: None, count: 1, best };
    assert_eq!(
        found.rejected,
        [rejected(Rule::Confidence, Some(5_000)), rejected(Rule::FreshEvidence, None)]
    );
    let remedies = remedies(&pool(&machines), &Requirement::gold(), 3).unwrap();
    let Some(Remedy::ProvideEvidence { machines: needs }) = remedies.first() else { panic!("{remedies:?}") };
    assert_eq!(needs.len(), 1);
    assert_eq!((needs[0].candidate, needs[0].confidence, needs[0].fresh), (3, true, true));
    assert_eq!(needs[0].axes, [Axis::TeeVendor]);
}

#[test]
fn evidence_is_no_remedy_where_old_address_data_is_what_is_missing() {
    // Network, country and region of each machine at `address`, nothing attested.
    let with = |address: u16| {
        let machines: Vec<Machine> = (1..=3).map(|i| Machine::new(&format!("m{i}"), i, i, 0, i)).collect();
        let mut columns = columns(&machines);
        let mut row = [0_u16; AXIS_COUNT];
        for axis in [Axis::Asn, Axis::Country, Axis::PowerRegion] {
            row[axis.index()] = address;
        }
        columns.axis_confidence = machines.iter().flat_map(|_| row).collect();
        columns.evidence_fresh = vec![false; machines.len()];
        Pool::new(columns, 0).unwrap()
    };
    let evidence = |pool: &Pool| {
        let found = remedies(pool, &Requirement::gold(), 3).unwrap();
        found.iter().any(|remedy| matches!(remedy, Remedy::ProvideEvidence { .. }))
    };
    // Of 10 000, 5 000 are the TEE's: the rest must give 3 000, which takes addresses that are 60 % sure.
    assert!(evidence(&with(6_000)));
    assert!(!evidence(&with(5_900)));
}

#[test]
fn what_is_missing_of_a_machine_is_named_by_its_kind() {
    // Everything is attested and the address is sure, but nobody knows the third machine's network.
    let machines: Vec<Machine> =
        (1..=3).map(|i| Machine::new(&format!("m{i}"), i % 3, i, 1 + i % 2, i)).collect();
    let mut columns = columns(&machines);
    columns.axis_confidence = vec![9_000; 3 * AXIS_COUNT];
    columns.attested = vec![true; 3];
    columns.bound_facts = vec![4; 3];
    columns.values[Axis::Tcb.index()] = vec![1; 3];
    columns.names[Axis::Tcb.index()].push("tcb-1".to_owned());
    let pool = Pool::new(columns, 0).unwrap();
    assert!(pool.confidence_for(2, &Requirement::gold()).unwrap() < 8_000);
    let found = remedies(&pool, &Requirement::gold(), 3).unwrap();
    let Some(Remedy::ProvideEvidence { machines: needs }) = found.first() else { panic!("{found:?}") };
    assert_eq!((needs[0].candidate, needs[0].axes.as_slice()), (2, &[Axis::Asn][..]));
    assert!(!needs[0].confidence && !needs[0].fresh, "no attestation tells a network: {needs:?}");
}

#[test]
fn machines_to_add_are_told_how_different_they_must_be() {
    let asked = |machines: &[Machine], level: &Requirement, size| {
        let found = remedies(&pool(machines), level, size).unwrap();
        let add = found.into_iter().find_map(|remedy| match remedy {
            Remedy::AddMachines { count, asks, .. } => Some((count, asks)),
            _ => None,
        });
        add.expect("machines can be added")
    };
    let ask = |axis, new_values, per_value_max| AddedAsk { axis, new_values, per_value_max };
    // Two of four are there; both others in one network would be one too many for it.
    let level = Requirement::unconstrained("L").with(Axis::Asn, 2, 1);
    let two = [Machine::new("a", 1, 1, 1, 1), Machine::new("b", 2, 2, 2, 2)];
    assert_eq!(asked(&two, &level, 4), (2, vec![ask(Axis::Asn, 0, Some(1))]));
    // Three of nothing for Gold: three networks, operators and regions, but two vendors and countries are
    // enough.
    let gold = vec![
        ask(Axis::Asn, 3, Some(1)),
        ask(Axis::Operator, 0, Some(1)),
        ask(Axis::Country, 2, None),
        ask(Axis::PowerRegion, 2, Some(1)),
        ask(Axis::TeeVendor, 2, None),
    ];
    assert_eq!(asked(&[], &Requirement::gold(), 3), (3, gold));
}

#[test]
fn whoever_has_no_evidence_is_judged_by_its_one_figure_beside_others_who_have() {
    let machines: Vec<Machine> =
        (1..=4).map(|i| Machine::new(&format!("m{i}"), i, i, 1 + i % 2, i)).collect();
    let mut mixed = columns(&machines);
    mixed.axis_confidence = vec![0; 4 * AXIS_COUNT];
    mixed.judged_whole = vec![true, true, true, false];
    let pool = Pool::new(mixed.clone(), 0).unwrap();
    let judged = |index| pool.confidence_for(index, &Requirement::gold()).unwrap();
    assert_eq!([judged(0), judged(3)], [9_000, 0]);
    mixed.judged_whole = vec![true];
    assert!(Pool::new(mixed, 0).is_err());
}

#[test]
fn every_relaxed_level_that_is_proposed_is_one_that_can_be_asked_for() {
    let machines: Vec<Machine> = (1..=3).map(|i| Machine::new(&format!("m{i}"), i, i, 1, i)).collect();
    let found = remedies(&pool(&machines), &Requirement::gold(), 3).unwrap();
    let one = Remedy::Relax { rule: Rule::DistinctMin, axis: Some(Axis::TeeVendor), from: 2, to: 1 };
    assert!(found.contains(&one), "{found:?}");
    let level = Requirement::gold().with(Axis::TeeVendor, 1, 0);
    let answer = select(&pool(&machines), &level, &SelectOptions::exact(3)).unwrap();
    assert!(matches!(answer, Selection::Feasible(_)));
}

#[test]
fn rules_that_exclude_each_other_are_named() {
    // Vendor 2 only where it collides with all but one of the others.
    let machines = [
        Machine::new("a", 1, 1, 1, 1),
        Machine::new("b", 2, 2, 1, 2),
        Machine::new("c", 3, 3, 1, 1),
        Machine::new("d", 2, 3, 2, 2),
    ];
    let found = certificate(&machines, 3);
    let [Reason::Combination { rules }] = &found.reasons[..] else { panic!("{found:?}") };
    assert!(rules.contains(&(Axis::TeeVendor, Rule::DistinctMin)));
    assert!(!rules.contains(&(Axis::Country, Rule::DistinctMin)));
    assert_eq!(found.check(&pool(&machines), &Requirement::gold()), Ok(Check::Confirmed));
}

#[test]
fn too_few_members_for_the_level_is_said_so() {
    let machines: Vec<Machine> = (1..=4).map(|i| Machine::new(&format!("m{i}"), i, i, i, i)).collect();
    let found = certificate(&machines, 2);
    assert_eq!(found.reasons[0], Reason::Size { axis: Axis::Asn, have: 2, need: 3 });
    let remedies = remedies(&pool(&machines), &Requirement::gold(), 2).unwrap();
    assert!(
        remedies.contains(&Remedy::Relax { rule: Rule::Size, axis: None, from: 2, to: 3 }),
        "{remedies:?}"
    );
}

#[test]
fn a_certificate_of_another_pool_is_refuted() {
    let two = [Machine::new("a", 1, 1, 1, 1), Machine::new("b", 2, 2, 2, 2)];
    let found = certificate(&two, 3);
    let three = [two[0].clone(), two[1].clone(), Machine::new("c", 3, 3, 1, 1)];
    assert_eq!(found.check(&pool(&three), &Requirement::gold()), Ok(Check::Refuted));
    let mut forged = found.clone();
    forged.reasons = vec![Reason::Combination { rules: vec![(Axis::TeeVendor, Rule::DistinctMin)] }];
    assert_eq!(forged.check(&pool(&two), &Requirement::gold()), Ok(Check::Confirmed));
    forged.reasons.clear();
    assert_eq!(forged.check(&pool(&two), &Requirement::gold()), Ok(Check::Refuted));
}

#[test]
fn greedy_scores_as_the_document_says() {
    let machines = [
        Machine::new("a", 1, 1, 1, 1).weighing(3),
        Machine::new("b", 2, 2, 2, 2).weighing(2),
        Machine::new("c", 3, 3, 1, 1).weighing(1),
        Machine::new("d", 1, 1, 1, 1).weighing(0),
    ];
    let run = greedy(&pool(&machines), &Requirement::gold(), 3).unwrap();
    let steps: Vec<(u32, i64)> = run.steps.iter().map(|step| (step.member, step.score_ppm)).collect();
    // 1.00 + 0.08 confidence - 0.2 for two missing members - 4 * 0.2 for unmet minima; a tie goes to the
    // heaviest. 1.00 + 0.08 + 0.1 for two vendors - 0.1 - 0.2 (two of three ASNs).
    // 0.30 + 0.30 * 2/3 + 0.25 + 0.15 * 2/3 + 0.08 + 0.1.
    assert_eq!(steps, [(0, 80_000), (1, 880_000), (2, 1_030_000)]);
    // d shares its signature with a, so it is not scored beside it, and not valid after it.
    assert_eq!(run.steps.iter().map(|step| step.evaluated).collect::<Vec<_>>(), [3, 2, 1]);
    assert!(greedy(&pool(&machines[..1]), &Requirement::gold(), 3).unwrap().steps.len() == 1);
}

#[test]
fn every_candidate_is_explained() {
    let machines = [
        Machine::new("a", 1, 1, 1, 1).weighing(90),
        Machine::new("b", 2, 2, 2, 2).weighing(80),
        Machine::new("c", 3, 3, 1, 1).weighing(70),
        Machine::new("lighter", 4, 4, 1, 1).weighing(60),
        Machine::new("same asn and region", 1, 2, 1, 1).weighing(65),
        Machine::new("no asn", 0, 5, 1, 1),
        Machine::new("only vendor", 2, 6, 1, 1).weighing(85),
    ];
    let pool = pool(&machines);
    let Ok(Selection::Feasible(chosen)) = select(&pool, &Requirement::gold(), &SelectOptions::exact(3))
    else {
        panic!("a, b and c are valid")
    };
    assert_eq!(chosen.members, [0, 1, 2]);
    let verdicts = explain(&pool, &Requirement::gold(), &chosen.members).unwrap();
    let conflict = |member, axis: Axis, value: &str| Conflict { member, axis, value: value.to_owned() };
    assert_eq!(verdicts[0], Verdict::Chosen);
    assert_eq!(verdicts[3], Verdict::Outweighed { member: 2, by: 10, shares: vec![] });
    let with = vec![conflict(0, Axis::Asn, "asn-1"), conflict(1, Axis::PowerRegion, "power_region-2")];
    assert_eq!(verdicts[4], Verdict::Conflicts { with });
    let rules = vec![(Rule::KnownValue, Some(Axis::Asn))];
    assert_eq!(verdicts[5], Verdict::Ineligible { rules, confidence: 9_000 });
    // Heavier than b, whose ASN it shares, but b is the only one of its vendor.
    assert!(matches!(verdicts[6], Verdict::BreaksMinimum { .. }), "{:?}", verdicts[6]);
    let worse = explain(&pool, &Requirement::gold(), &[0, 1, 3]).unwrap();
    assert_eq!(worse[2], Verdict::WouldImprove { member: 3, by: 10 });
}

#[test]
fn single_failures_are_played_through() {
    let machines = [
        Machine::new("a", 1, 1, 1, 1).weighing(40),
        Machine::new("b", 2, 2, 2, 2).weighing(30),
        Machine::new("c", 3, 3, 1, 1).weighing(30),
    ];
    let found = what_if(&pool(&machines), &Requirement::gold(), &[0, 1, 2]).unwrap();
    let of = |axis: Axis, value: &str| {
        found.failures.iter().find(|f| f.axis == axis && f.value == value).expect("the value occurs")
    };
    let asn = of(Axis::Asn, "asn-1");
    assert_eq!((asn.lost.as_slice(), asn.remaining, asn.remaining_weight_ppm), (&[0][..], 2, 600_000));
    assert!(asn.majority && !asn.two_thirds && !asn.level_holds);
    let vendor = of(Axis::TeeVendor, "tee_vendor-1");
    assert_eq!((vendor.remaining_weight_ppm, vendor.majority), (300_000, false));
    assert!(of(Axis::PowerRegion, "power_region-2").two_thirds);
    // What nobody knows may be shared by all.
    assert_eq!(of(Axis::Kernel, "UNKNOWN").remaining, 0);
    let broken: Vec<(Axis, &str)> = found
        .breaks_majority
        .iter()
        .map(|&i| (found.failures[i].axis, found.failures[i].value.as_str()))
        .collect();
    let unknown = [Axis::Operator, Axis::Cloud, Axis::Tcb, Axis::Kernel].map(|axis| (axis, "UNKNOWN"));
    assert!(unknown.iter().all(|domain| broken.contains(domain)));
    assert!(
        broken.contains(&(Axis::TeeVendor, "tee_vendor-1")) && broken.contains(&(Axis::Country, "country-1"))
    );
    assert_eq!(broken.len(), 6);
}

#[test]
fn one_lost_member_is_replaced_by_one_other() {
    let machines = [
        Machine::new("a", 1, 1, 1, 1),
        Machine::new("b", 2, 2, 2, 2),
        Machine::new("c", 3, 3, 1, 1),
        Machine::new("heavy but in the way", 3, 1, 2, 2).weighing(900),
        Machine::new("fits", 4, 4, 2, 2).weighing(50),
    ];
    let Ok(Repair::Repaired(change)) = repair(&pool(&machines), &Requirement::gold(), &[0, 1, 2], &[1])
    else {
        panic!("a repair exists")
    };
    assert_eq!((change.kept, change.removed, change.added), (vec![0, 2], vec![], vec![4]));
    assert!(change.minimal);
}

/// What a machine that is added has on one axis where the remedy is followed as badly as it can be read: as
/// few new values as it asks for, and else what the members have already, up to what it permits.
fn grudging(
    axis: Axis,
    asks: &[AddedAsk],
    outside: &[AxisValue],
    beside: &[&Machine],
    count: usize,
) -> Vec<u32> {
    let ask = asks.iter().find(|ask| ask.axis == axis);
    let new = ask.map_or(0, |ask| ask.new_values as usize);
    let cap = ask.and_then(|ask| ask.per_value_max).map_or(usize::MAX, |cap| cap as usize);
    let mut added: Vec<u32> = (0..new).map(|nth| 20 + nth as u32).collect();
    let named = |value: u32| {
        let name = format!("{}-{value}", axis.name());
        outside.iter().any(|taken| taken.axis == axis && taken.value == name)
    };
    let present: Vec<u32> = beside.iter().flat_map(|machine| machine.values_on(axis)).collect();
    while added.len() < count {
        let uses = |value: &u32| present.iter().chain(&added).filter(|&other| other == value).count();
        let old = present.iter().chain(&added).copied().filter(|&value| !named(value));
        let fresh = 40 + added.len() as u32;
        added.push(old.into_iter().find(|value| uses(value) < cap).unwrap_or(fresh));
    }
    added
}

/// Does what a remedy asks for.
fn follow(
    machines: &[Machine],
    remedy: &Remedy,
    level: &Requirement,
) -> (Vec<Machine>, Requirement, Option<usize>) {
    let (mut machines, mut level, mut size) = (machines.to_vec(), level.clone(), None);
    let mut fresh = 9;
    match remedy {
        Remedy::AddMachines { count, asks, outside, beside } => {
            let members: Vec<&Machine> = beside.iter().map(|&index| &machines[index as usize]).collect();
            let columns = Axis::ALL.map(|axis| grudging(axis, asks, outside, &members, *count));
            for nth in 0..*count {
                let mut machine = Machine::new(&format!("added-{nth}"), 0, 0, 0, 0);
                machine.values = columns.each_ref().map(|column| column[nth]);
                machine.regions = vec![(machine.values[Axis::PowerRegion.index()], 1)];
                machine.confidence = 10_000;
                machines.push(machine);
            }
        }
        Remedy::ProvideEvidence { machines: needs } => {
            for need in needs {
                fresh += 1;
                let machine = &mut machines[need.candidate as usize];
                machine.confidence = if need.confidence { 10_000 } else { machine.confidence };
                machine.fresh |= need.fresh;
                for axis in &need.axes {
                    match axis {
                        Axis::PowerRegion => machine.regions = vec![(fresh, 1)],
                        _ => machine.values[axis.index()] = fresh,
                    }
                }
            }
        }
        Remedy::Relax { rule, axis, to, .. } => {
            let axis = axis.map(Axis::index);
            match (rule, axis) {
                (Rule::Confidence, _) => level.confidence_min = *to as u16,
                (Rule::FreshEvidence, _) => level.fresh_evidence = false,
                (Rule::DistinctMin, Some(axis)) => level.axes[axis].distinct_min = *to as u32,
                (Rule::PerValueMax, Some(axis)) => level.axes[axis].per_value_max = *to as u32,
                _ => size = Some(*to as usize),
            }
            // No vendor cannot be required: the switch goes with the minimum.
            level.require_tee_diversity &= level.axes[Axis::TeeVendor.index()].distinct_min > 0;
        }
    }
    (machines, level, size)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn every_remedy_helps(machines in machines(8), level in requirement(), size in 1_usize..5) {
        let options = SelectOptions::exact(size);
        prop_assume!(matches!(select(&pool(&machines), &level, &options).unwrap(), Selection::Infeasible(_)));
        let found = remedies(&pool(&machines), &level, size).unwrap();
        let too_small = Axis::ALL.iter().any(|&axis| level.distinct_min(axis) as usize > size);
        let adds = |remedy: &Remedy| matches!(remedy, Remedy::AddMachines { .. });
        prop_assert!(too_small || found.iter().any(adds), "machines can always be added");
        for remedy in &found {
            let (machines, level, larger) = follow(&machines, remedy, &level);
            let options = SelectOptions::exact(larger.unwrap_or(size));
            let selection = select(&pool(&machines), &level, &options).unwrap();
            prop_assert!(matches!(selection, Selection::Feasible(_)), "{:?} does not help", remedy);
        }
    }

    #[test]
    fn following_a_recommendation_makes_the_members_valid(
        machines in machines(9), level in requirement(), size in 1_usize..5,
    ) {
        prop_assume!(machines.len() >= size);
        let pool = pool(&machines);
        let members: Vec<u32> = (0..size as u32).collect();
        let selection = select(&pool, &level, &SelectOptions::exact(size)).unwrap();
        let possible = matches!(selection, Selection::Feasible(_));
        match recommend(&pool, &level, &members, 0).unwrap() {
            Recommendation::Keep => prop_assert!(validate(&pool, &level, &members, size).unwrap().valid),
            Recommendation::Swap(change) => {
                let mut followed: Vec<u32> =
                    members.iter().copied().filter(|member| !change.removed.contains(member)).collect();
                followed.extend(&change.added);
                prop_assert!(validate(&pool, &level, &followed, size).unwrap().valid);
            }
            Recommendation::Remedies(_) => prop_assert!(!possible),
        }
    }

    #[test]
    fn explanations_are_true(machines in machines(9), level in requirement(), size in 1_usize..5) {
        let pool = pool(&machines);
        let Selection::Feasible(chosen) = select(&pool, &level, &SelectOptions::exact(size)).unwrap() else {
            return Ok(());
        };
        let swapped = |out: u32, into: usize| {
            let members = chosen.members.iter().map(|&m| if m == out { into } else { m as usize });
            keeps(&level, &members.map(|index| &machines[index]).collect::<Vec<_>>())
        };
        for (index, verdict) in explain(&pool, &level, &chosen.members).unwrap().into_iter().enumerate() {
            let replaces = chosen.members.iter().any(|&member| swapped(member, index));
            match verdict {
                Verdict::Chosen => prop_assert!(chosen.members.contains(&(index as u32))),
                Verdict::Outweighed { member, by, .. } => {
                    prop_assert!(swapped(member, index));
                    prop_assert_eq!(machines[member as usize].weight - machines[index].weight, by);
                }
                Verdict::WouldImprove { .. } => prop_assert!(false, "the selection is the heaviest"),
                _ => prop_assert!(!replaces, "{:?}", verdict),
            }
        }
    }
}
