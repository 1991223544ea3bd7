//! Whatever comes in: a typed error that names the field, never a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod support;

use proptest::prelude::*;
use quorate_diversity::{
    Axis, AxisRule, Columns, DiversityError, Pool, Requirement, SelectOptions, explain, greedy, measures,
    recommend, remedies, repair, score, select, validate, what_if,
};
use quorate_types::{Coded, FieldPath};
use support::{Machine, columns, machines, pool, requirement};

fn three() -> Columns {
    let machine = |i: u32| Machine::new(&format!("m{i}"), i, i, i, i);
    columns(&[machine(1), machine(2), machine(3)])
}

fn refused(change: impl Fn(&mut Columns)) -> (&'static str, String) {
    let mut columns = three();
    change(&mut columns);
    let error = Pool::new(columns, 0).expect_err("the columns are wrong");
    assert!(!error.to_string().is_empty() && !error.retryable());
    (error.code(), error.field().map(FieldPath::to_string).unwrap_or_default())
}

#[test]
fn every_column_is_checked() {
    const LENGTH: &str = "QRT_ERR_DIVERSITY_LENGTH";
    const LIMIT: &str = "QRT_ERR_DIVERSITY_LIMIT";
    const VALUE: &str = "QRT_ERR_DIVERSITY_VALUE";
    const DUPLICATE: &str = "QRT_ERR_DIVERSITY_DUPLICATE";
    let (asn, power) = (Axis::Asn.index(), Axis::PowerRegion.index());
    let at = |code, path: &str| (code, path.to_owned());
    assert_eq!(refused(|c| c.device_ids[2] = "m1".into()), at(DUPLICATE, "deviceIds[2]"));
    assert_eq!(refused(|c| c.device_ids[1].clear()), at("QRT_ERR_DIVERSITY_EMPTY_ID", "deviceIds[1]"));
    assert_eq!(refused(|c| c.device_ids[1] = "x".repeat(257)), at(LIMIT, "deviceIds[1]"));
    assert_eq!(refused(|c| c.confidence.truncate(2)), at(LENGTH, "confidence"));
    assert_eq!(refused(|c| c.confidence[1] = 10_001), at(LIMIT, "confidence[1]"));
    assert_eq!(refused(|c| c.axis_confidence = vec![1; 23]), at(LENGTH, "axisConfidence"));
    assert_eq!(refused(|c| c.axis_confidence = vec![10_001; 24]), at(LIMIT, "axisConfidence[0]"));
    assert_eq!(refused(|c| c.judged_whole = vec![true]), at(LENGTH, "judgedWhole"));
    assert_eq!(refused(|c| c.attested = vec![true]), at(LENGTH, "attested"));
    assert_eq!(refused(|c| c.expires = vec![0; 3]), at(LENGTH, "expires"));
    assert_eq!(refused(|c| c.weight[2] = u64::MAX), at(LIMIT, "weight[2]"));
    assert_eq!(refused(|c| c.values[asn].truncate(1)), at(LENGTH, "values.asn"));
    assert_eq!(refused(|c| c.values[asn][0] = 99), at(VALUE, "values.asn[0]"));
    assert_eq!(refused(|c| c.values[power] = vec![1; 3]), at(LENGTH, "values.power_region"));
    assert_eq!(refused(|c| c.names[asn][2] = "asn-1".into()), at(DUPLICATE, "names.asn[2]"));
    assert_eq!(refused(|c| c.names[asn][0] = "asn-0".into()), at(VALUE, "names.asn[0]"));
    assert_eq!(refused(|c| c.names[asn][1].clear()), at(VALUE, "names.asn[1]"));
    assert_eq!(refused(|c| c.region_offsets = vec![0, 1, 2]), at(LENGTH, "regionOffsets"));
    let falling = |c: &mut Columns| {
        c.region_offsets = vec![0, 2, 1, 3];
        c.region_share_ppm = vec![1; 3];
    };
    assert_eq!(refused(falling), at(VALUE, "regionOffsets[2]"));
    assert_eq!(refused(|c| c.region_offsets = vec![0, 9, 9, 3]), at(VALUE, "regionOffsets[1]"));
    assert_eq!(refused(|c| c.region_offsets = vec![1, 1, 2, 3]), at(VALUE, "regionOffsets"));
    assert_eq!(refused(|c| c.region_offsets.clear()), at(LENGTH, "regionIds"));
    assert_eq!(refused(|c| c.region_ids[1] = 0), at(VALUE, "regionIds[1]"));
    assert_eq!(refused(|c| c.region_ids[1] = 77), at(VALUE, "regionIds[1]"));
    assert_eq!(refused(|c| c.region_share_ppm[1] = 1_000_001), at(LIMIT, "regionSharePpm[1]"));
    assert_eq!(refused(|c| c.region_share_ppm.truncate(2)), at(LENGTH, "regionSharePpm"));
    let twice = |c: &mut Columns| {
        c.region_offsets = vec![0, 2, 2, 3];
        c.region_ids = vec![1, 1, 2];
    };
    assert_eq!(refused(twice), at(DUPLICATE, "regionIds[1]"));
    let crowded = |c: &mut Columns| {
        c.region_offsets = vec![0, 17, 17, 17];
        c.region_ids = vec![1; 17];
        c.region_share_ppm = vec![1; 17];
    };
    assert_eq!(refused(crowded), at(LIMIT, "regionOffsets[1]"));
}

#[test]
fn an_empty_pool_is_a_pool() {
    let pool = Pool::new(Columns::default(), 0).unwrap();
    assert!(pool.is_empty() && pool.find("a").is_none() && pool.device_id(0).is_none());
    assert!(select(&pool, &Requirement::gold(), &SelectOptions::exact(3)).is_ok());
}

#[test]
fn members_and_sizes_are_checked() {
    let pool = Pool::new(three(), 0).unwrap();
    let gold = Requirement::gold();
    let code =
        |error: DiversityError| (error.code(), error.field().map(FieldPath::to_string).unwrap_or_default());
    let path = |path: &str| path.to_owned();
    let error = validate(&pool, &gold, &[0, 7], 0).unwrap_err();
    assert_eq!(code(error), ("QRT_ERR_DIVERSITY_MEMBER", path("members[1]")));
    let error = repair(&pool, &gold, &[0, 1, 2], &[0, 0]).unwrap_err();
    assert_eq!(code(error), ("QRT_ERR_DIVERSITY_DUPLICATE", path("lost[1]")));
    let error = select(&pool, &gold, &SelectOptions::exact(0)).unwrap_err();
    assert_eq!(code(error), ("QRT_ERR_DIVERSITY_SIZE", path("size")));
    let error = select(&pool, &gold, &SelectOptions::exact(101)).unwrap_err();
    assert_eq!(code(error), ("QRT_ERR_DIVERSITY_LIMIT", path("size")));
    assert!(
        validate(&pool, &gold, &[0], usize::MAX).is_err() && score(&pool, &gold, &[0], usize::MAX).is_err()
    );
    let broken = Requirement { confidence_min: u16::MAX, ..gold };
    assert!(select(&pool, &broken, &SelectOptions::exact(3)).is_err());
}

#[test]
fn candidates_are_found_by_id() {
    let pool = Pool::new(three(), 0).unwrap();
    assert_eq!((pool.find("m2"), pool.device_id(1), pool.weight(1)), (Some(1), Some("m2"), Some(100)));
    assert_eq!(pool.value_name(Axis::Asn, 2), Some("asn-2"));
    assert_eq!((pool.find("m9"), pool.weight(9), pool.value_name(Axis::Asn, 9)), (None, None, None));
}

fn wild_requirement() -> impl Strategy<Value = Requirement> {
    let number = prop_oneof![0_u32..6, 0_u32..2_000, any::<u32>()];
    let rules = prop::collection::vec((number.clone(), number), 8);
    (rules, any::<u16>(), any::<bool>(), any::<bool>()).prop_map(|(rules, confidence_min, fresh, tee)| {
        let mut requirement = Requirement::unconstrained("WILD");
        for (rule, (distinct_min, per_value_max)) in requirement.axes.iter_mut().zip(rules) {
            *rule = AxisRule { distinct_min, per_value_max, unknown_allowed: distinct_min % 2 == 1 };
        }
        Requirement { confidence_min, fresh_evidence: fresh, require_tee_diversity: tee, ..requirement }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_call_panics(
        machines in machines(6),
        level in prop_oneof![requirement(), wild_requirement()],
        members in prop::collection::vec(0_u32..8, 0..6),
        size in prop_oneof![0_usize..8, 0_usize..1_200, any::<usize>()],
    ) {
        let pool = pool(&machines);
        let few = size.min(40);
        let _ = select(&pool, &level, &SelectOptions::exact(size));
        let _ = select(&pool, &level, &SelectOptions::greedy(size));
        let _ = greedy(&pool, &level, size);
        let _ = remedies(&pool, &level, few);
        let _ = validate(&pool, &level, &members, size);
        let _ = score(&pool, &level, &members, size);
        let _ = measures(&pool, &members);
        let _ = recommend(&pool, &level, &members, few);
        let _ = repair(&pool, &level, &members, &members);
        let _ = explain(&pool, &level, &members);
        let _ = what_if(&pool, &level, &members);
    }

    #[test]
    fn wild_columns_are_refused_or_taken(
        offsets in prop::collection::vec(0_u32..6, 0..6),
        regions in prop::collection::vec((0_u32..6, any::<u32>()), 0..6),
        values in prop::collection::vec(any::<u32>(), 0..5),
        numbers in prop::collection::vec(any::<u64>(), 0..30),
        now in any::<u64>(),
    ) {
        let mut columns = three();
        columns.region_offsets = offsets;
        (columns.region_ids, columns.region_share_ppm) = regions.into_iter().unzip();
        columns.values[Axis::Kernel.index()] = values;
        columns.expires.clone_from(&numbers);
        columns.weight = numbers;
        let _ = Pool::new(columns, now);
    }
}
