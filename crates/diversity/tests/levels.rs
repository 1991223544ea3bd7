//! The shipped levels at their borders: each rule by itself.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod support;

use quorate_diversity::{
    Axis, Pool, Reason, Requirement, Rule, SelectOptions, Selection, Validation, score, select, validate,
};
use support::{Machine, columns, pool};

/// Three machines that are Gold: 3 ASNs, 3 power regions, 2 vendors, 2 countries.
fn gold_members() -> Vec<Machine> {
    vec![Machine::new("a", 1, 1, 1, 1), Machine::new("b", 2, 2, 2, 2), Machine::new("c", 3, 3, 1, 1)]
}

fn judge(members: &[Machine], level: &Requirement) -> Validation {
    let all: Vec<u32> = (0..members.len() as u32).collect();
    validate(&pool(members), level, &all, 0).unwrap()
}

fn broken(members: &[Machine], level: &Requirement) -> Vec<(Rule, Option<Axis>, u64, u64)> {
    let violations = judge(members, level).violations;
    violations.into_iter().map(|v| (v.rule, v.axis, v.have, v.need)).collect()
}

#[test]
fn three_disjoint_machines_are_gold() {
    let validation = judge(&gold_members(), &Requirement::gold());
    assert!(validation.valid && validation.violations.is_empty());
    assert_eq!(validation.score.total, 10_000);
    assert_eq!(validation.measures[Axis::Asn.index()].unique, 3);
}

#[test]
fn none_accepts_anything() {
    let unknown = Machine { confidence: 0, fresh: false, ..Machine::new("a", 0, 0, 0, 0) };
    assert!(judge(&[unknown], &Requirement::none()).valid);
    assert!(judge(&[], &Requirement::none()).valid);
}

#[test]
fn basic_asks_for_two_countries() {
    let mut members = gold_members();
    assert!(judge(&members, &Requirement::basic()).valid);
    members.iter_mut().for_each(|machine| machine.values[Axis::Country.index()] = 1);
    let expected = [(Rule::DistinctMin, Some(Axis::Country), 1, 2)];
    assert_eq!(broken(&members, &Requirement::basic()), expected);
    members[0].values[Axis::Country.index()] = 2;
    members[0].confidence = 5_999;
    assert_eq!(broken(&members, &Requirement::basic()), [(Rule::Confidence, None, 5_999, 6_000)]);
    members[0].confidence = 6_000;
    assert!(judge(&members, &Requirement::basic()).valid);
}

#[test]
fn enhanced_allows_two_members_per_asn_but_not_three() {
    let mut members = gold_members();
    members.push(Machine::new("d", 1, 4, 1, 2));
    assert!(judge(&members, &Requirement::enhanced()).valid);
    members.push(Machine::new("e", 1, 5, 1, 2));
    let expected = [(Rule::PerValueMax, Some(Axis::Asn), 3, 2)];
    assert_eq!(broken(&members, &Requirement::enhanced()), expected);
}

#[test]
fn gold_borders() {
    let gold = Requirement::gold();
    let with = |change: &dyn Fn(&mut Vec<Machine>)| {
        let mut members = gold_members();
        change(&mut members);
        broken(&members, &gold)
    };
    let asn = Axis::Asn.index();
    assert_eq!(
        with(&|m| m[2].values[asn] = 1),
        [(Rule::PerValueMax, Some(Axis::Asn), 2, 1), (Rule::DistinctMin, Some(Axis::Asn), 2, 3)]
    );
    assert_eq!(
        with(&|m| m[1].values[Axis::TeeVendor.index()] = 1),
        [(Rule::DistinctMin, Some(Axis::TeeVendor), 1, 2)]
    );
    assert_eq!(
        with(&|m| m[1].values[Axis::Country.index()] = 1),
        [(Rule::DistinctMin, Some(Axis::Country), 1, 2)]
    );
    assert_eq!(with(&|m| m[0].confidence = 7_999), [(Rule::Confidence, None, 7_999, 8_000)]);
    assert_eq!(with(&|m| m[0].confidence = 8_000), []);
    assert_eq!(with(&|m| m[0].fresh = false), [(Rule::FreshEvidence, None, 1, 0)]);
}

#[test]
fn two_regions_are_refused_because_three_members_need_three() {
    let mut members = gold_members();
    members[2].regions = vec![(2, 1_000_000)];
    assert_eq!(
        broken(&members, &Requirement::gold()),
        [
            (Rule::PerValueMax, Some(Axis::PowerRegion), 2, 1),
            (Rule::DistinctMin, Some(Axis::PowerRegion), 2, 3)
        ]
    );
    let selection = select(&pool(&members), &Requirement::gold(), &SelectOptions::exact(3)).unwrap();
    let Selection::Infeasible(certificate) = selection else { panic!("two regions cannot hold three") };
    let values = vec!["power_region-1".to_owned(), "power_region-2".to_owned()];
    let reason = Reason::DistinctValues { axis: Axis::PowerRegion, have: 2, need: 3, values };
    assert_eq!(certificate.reasons, [reason]);
}

#[test]
fn a_machine_in_two_regions_conflicts_with_both() {
    let mut members = gold_members();
    members[2].regions = vec![(2, 300_000), (3, 700_000)];
    let found = broken(&members, &Requirement::gold());
    assert_eq!(found[0], (Rule::PerValueMax, Some(Axis::PowerRegion), 2, 1));
    // A region without a share is none.
    members[2].regions = vec![(2, 0), (3, 700_000)];
    assert!(judge(&members, &Requirement::gold()).valid);
}

#[test]
fn unknown_never_counts() {
    let gold = Requirement::gold();
    let mut members = gold_members();
    members[2].values[Axis::Asn.index()] = 0;
    assert_eq!(
        broken(&members, &gold),
        [(Rule::KnownValue, Some(Axis::Asn), 1, 0), (Rule::DistinctMin, Some(Axis::Asn), 2, 3)]
    );
    // On an axis without a cap an unknown value is allowed, but adds nothing.
    let mut members = gold_members();
    members[2].values[Axis::TeeVendor.index()] = 0;
    assert!(judge(&members, &gold).valid);
    members[1].values[Axis::TeeVendor.index()] = 0;
    assert_eq!(broken(&members, &gold), [(Rule::DistinctMin, Some(Axis::TeeVendor), 1, 2)]);
}

#[test]
fn gold_takes_one_machine_of_each_known_operator() {
    let gold = Requirement::gold();
    let mut members = gold_members();
    let operator = Axis::Operator.index();
    members[0].values[operator] = 1;
    members[1].values[operator] = 1;
    let validation = judge(&members, &gold);
    assert_eq!(broken(&members, &gold), [(Rule::PerValueMax, Some(Axis::Operator), 2, 1)]);
    assert_eq!(validation.violations[0].values, ["operator-1"]);
    assert!(validation.score.total < 10_000);
    // One known and two unknown, or none known: no conflict, and no diversity either.
    members[1].values[operator] = 0;
    assert!(judge(&members, &gold).valid);
    assert_eq!(judge(&members, &gold).measures[operator].unique, 1);
    let strict = gold.with(Axis::Operator, 2, 1).allowing_unknown(Axis::Operator);
    assert_eq!(broken(&members, &strict), [(Rule::DistinctMin, Some(Axis::Operator), 1, 2)]);
    let known = strict.with(Axis::Operator, 0, 1);
    assert_eq!(
        broken(&members, &known),
        [(Rule::KnownValue, Some(Axis::Operator), 2, 0), (Rule::DistinctMin, Some(Axis::Operator), 1, 3)]
    );
}

#[test]
fn the_tee_switch_lifts_only_the_vendor_minimum() {
    let off = Requirement { require_tee_diversity: false, ..Requirement::gold() };
    let mut members = gold_members();
    members.iter_mut().for_each(|machine| machine.values[Axis::TeeVendor.index()] = 1);
    assert!(!judge(&members, &Requirement::gold()).valid);
    assert!(judge(&members, &off).valid);
    members[0].confidence = 7_999;
    members[1].values[Axis::Country.index()] = 1;
    let rules: Vec<Rule> = judge(&members, &off).violations.iter().map(|violation| violation.rule).collect();
    assert_eq!(rules, [Rule::Confidence, Rule::DistinctMin]);
}

#[test]
fn values_that_expire_become_unknown() {
    let mut columns = columns(&gold_members());
    columns.expires = vec![u64::MAX; 3 * 8];
    columns.expires[Axis::Asn.index()] = 1_000;
    columns.expires[8 + Axis::PowerRegion.index()] = 1_000;
    columns.expires[16 + Axis::TeeVendor.index()] = 1_000;
    let rules = |now: u64| -> Vec<(Rule, Option<Axis>)> {
        let pool = Pool::new(columns.clone(), now).unwrap();
        let validation = validate(&pool, &Requirement::gold(), &[0, 1, 2], 3).unwrap();
        validation.violations.iter().map(|v| (v.rule, v.axis)).collect()
    };
    assert_eq!(rules(999), []);
    let expected = [
        // The verdict behind the vendor has expired, and with it its freshness.
        (Rule::FreshEvidence, None),
        (Rule::KnownValue, Some(Axis::Asn)),
        (Rule::DistinctMin, Some(Axis::Asn)),
        (Rule::KnownValue, Some(Axis::PowerRegion)),
        (Rule::DistinctMin, Some(Axis::PowerRegion)),
    ];
    assert_eq!(rules(1_000), expected);
}

/// Three records in three networks, two of them of one chip: a machine under two names is one failure.
#[test]
fn one_machine_under_two_names_is_one_member() {
    let mut columns = columns(&gold_members());
    columns.machines = vec![7, 0, 7];
    columns.weight = vec![100, 90, 80];
    let pool = Pool::new(columns.clone(), 0).unwrap();
    for level in Requirement::shipped() {
        let validation = validate(&pool, &level, &[0, 1, 2], 3).unwrap();
        let shared: Vec<_> = validation.violations.iter().filter(|v| v.rule == Rule::SameMachine).collect();
        assert_eq!(shared.len(), 1, "{}", level.name);
        assert_eq!((shared[0].have, shared[0].need, shared[0].members.as_slice()), (2, 1, &[0, 2][..]));
        // The lighter name alone is no violation; beside the heavier one it is never chosen.
        assert!(validate(&pool, &level, &[1, 2], 0).unwrap().violations.iter().all(|v| v.axis.is_some()));
    }
    let choose = |pool: &Pool, size| select(pool, &Requirement::none(), &SelectOptions::exact(size)).unwrap();
    assert!(matches!(choose(&pool, 2), Selection::Feasible(found) if found.members == [0, 1]));
    let Selection::Infeasible(certificate) = choose(&pool, 3) else { panic!("one machine was chosen twice") };
    assert_eq!(certificate.eligible, 2);
    assert!(certificate.rejected.iter().any(|rejected| rejected.rule == Rule::SameMachine));
    // The identity ends with the verdict.
    columns.expires = vec![u64::MAX; 3 * 8];
    columns.expires[16 + Axis::TeeVendor.index()] = 1_000;
    let later = Pool::new(columns, 1_000).unwrap();
    assert!(matches!(choose(&later, 3), Selection::Feasible(_)));
}

#[test]
fn confidences_per_axis_are_judged_relative_to_the_level() {
    let mut columns = columns(&gold_members());
    // Networks and places are known well, TEEs are not attested.
    let row = [9_000_u16, 0, 0, 8_000, 7_000, 0, 0, 0];
    columns.axis_confidence = row.repeat(3);
    let pool = Pool::new(columns.clone(), 0).unwrap();
    assert_eq!(pool.confidence_for(0, &Requirement::enhanced()), Some(8_625));
    assert_eq!(pool.confidence_for(0, &Requirement::gold()), Some(4_150));
    assert!(validate(&pool, &Requirement::enhanced(), &[0, 1, 2], 3).unwrap().valid);
    assert!(!validate(&pool, &Requirement::gold(), &[0, 1, 2], 3).unwrap().valid);
    columns.axis_confidence = [9_000_u16, 0, 0, 9_000, 9_000, 9_000, 9_000, 0].repeat(3);
    columns.attested = vec![true; 3];
    columns.bound_facts = vec![4; 3];
    let pool = Pool::new(columns, 0).unwrap();
    // The TCB is unknown, so the confidence stated for it earns nothing.
    assert_eq!(pool.confidence_for(0, &Requirement::gold()), Some(8_300));
    assert!(validate(&pool, &Requirement::gold(), &[0, 1, 2], 3).unwrap().valid);
}

#[test]
fn the_score_is_relative_to_what_is_required() {
    let gold = Requirement::gold();
    let mut members = gold_members();
    members[2].values[Axis::Asn.index()] = 1;
    let found = score(&pool(&members), &gold, &[0, 1, 2], 3).unwrap();
    assert_eq!(found.axes[Axis::Asn.index()], Some(6_666));
    assert_eq!(found.axes[Axis::TeeVendor.index()], Some(10_000));
    assert_eq!(found.axes[Axis::Operator.index()], None);
    // 0.30 * 2/3 + 0.30 + 0.25 + 0.15
    assert_eq!(found.total, 8_999);
    // Known operators count as well: the second of one is beyond the cap.
    members[0].values[Axis::Operator.index()] = 1;
    members[1].values[Axis::Operator.index()] = 1;
    let found = score(&pool(&members), &gold, &[0, 1, 2], 3).unwrap();
    assert_eq!((found.axes[Axis::Operator.index()], found.total), (Some(6_666), 8_695));
    // A member is missing: two of three ASNs and regions.
    let found = score(&pool(&members), &gold, &[0, 1], 3).unwrap();
    assert_eq!((found.axes[0], found.axes[Axis::PowerRegion.index()]), (Some(6_666), Some(6_666)));
    // A large fleet that meets its level is not critical for being large.
    let fleet: Vec<Machine> =
        (0..100).map(|i| Machine::new(&format!("m{i:03}"), 1 + i / 2, 1, 1, 1 + i % 2)).collect();
    let all: Vec<u32> = (0..100).collect();
    assert_eq!(score(&pool(&fleet), &Requirement::enhanced(), &all, 0).unwrap().total, 10_000);
    assert_eq!(score(&pool(&[]), &gold, &[], 3).unwrap().total, 0);
}
