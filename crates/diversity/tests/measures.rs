//! Measures against figures worked out by hand, and against definitions by property.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod support;

use proptest::prelude::*;
use quorate_diversity::{Axis, AxisMeasures, measures};
use support::{Machine, machines, pool};

fn asn(machines: &[Machine]) -> AxisMeasures {
    on(machines, Axis::Asn)
}

fn on(machines: &[Machine], axis: Axis) -> AxisMeasures {
    let all: Vec<u32> = (0..machines.len() as u32).collect();
    measures(&pool(machines), &all).unwrap()[axis.index()]
}

fn weighted(values_and_weights: &[(u32, u64)]) -> Vec<Machine> {
    let machine = |(index, &(value, weight)): (usize, &(u32, u64))| {
        Machine::new(&format!("m{index}"), value, value, 1, 1).weighing(weight)
    };
    values_and_weights.iter().enumerate().map(machine).collect()
}

#[test]
fn four_equal_values_are_two_bits() {
    let found = asn(&weighted(&[(1, 10), (2, 10), (3, 10), (4, 10)]));
    assert_eq!((found.unique, found.unknown, found.worst_share_ppm), (4, 0, 250_000));
    assert!((found.entropy_bits - 2.0).abs() < 1e-12 && (found.effective_number - 4.0).abs() < 1e-12);
    // One holds a quarter, which is not more than a third; two of them hold a half; three hold three
    // quarters.
    assert_eq!((found.nakamoto_third, found.nakamoto_two_thirds), (2, 3));
}

#[test]
fn a_threshold_must_be_exceeded() {
    // Exactly one third and exactly two thirds are not enough.
    let found = asn(&weighted(&[(1, 10), (2, 10), (3, 10)]));
    assert_eq!((found.nakamoto_third, found.nakamoto_two_thirds), (2, 3));
    assert_eq!(found.worst_share_ppm, 333_334);
}

#[test]
fn unknown_members_are_taken_to_share_the_heaviest_value() {
    let known = asn(&weighted(&[(1, 40), (2, 30), (3, 30)]));
    assert_eq!((known.nakamoto_third, known.nakamoto_two_thirds, known.worst_share_ppm), (1, 2, 400_000));
    let found = asn(&weighted(&[(1, 40), (2, 30), (0, 30)]));
    assert_eq!((found.unique, found.unknown, found.worst_share_ppm), (2, 1, 700_000));
    assert_eq!((found.nakamoto_third, found.nakamoto_two_thirds), (1, 1));
    assert!(found.entropy_bits < known.entropy_bits);
    let nothing = asn(&weighted(&[(0, 5), (0, 5)]));
    assert_eq!((nothing.unique, nothing.unknown, nothing.entropy_bits), (0, 2, 0.0));
    assert_eq!(
        (nothing.effective_number, nothing.nakamoto_third, nothing.worst_share_ppm),
        (1.0, 1, 1_000_000)
    );
}

#[test]
fn without_members_or_weight_there_is_nothing_to_share() {
    assert_eq!(asn(&[]), AxisMeasures::default());
    let found = asn(&weighted(&[(1, 0), (2, 0)]));
    assert_eq!((found.unique, found.nakamoto_third, found.effective_number), (2, 0, 0.0));
}

#[test]
fn a_machine_in_two_regions_fails_with_each_but_is_counted_by_its_shares() {
    let mut machines = weighted(&[(1, 50), (2, 50)]);
    machines[0].regions = vec![(1, 500_000), (2, 500_000)];
    let found = on(&machines, Axis::PowerRegion);
    // Region 2 takes down both.
    assert_eq!((found.unique, found.worst_share_ppm, found.nakamoto_two_thirds), (1, 1_000_000, 1));
    // Held: region 1 a quarter, region 2 three quarters.
    assert!((found.entropy_bits - 0.811_278_124_459_132_8).abs() < 1e-12);
}

proptest! {
    #[test]
    fn measures_stay_inside_of_their_bounds(machines in machines(12)) {
        for axis in Axis::ALL {
            let found = on(&machines, axis);
            let total: u64 = machines.iter().map(|machine| machine.weight).sum();
            prop_assert!(found.nakamoto_third <= found.nakamoto_two_thirds);
            prop_assert!(found.worst_share_ppm <= 1_000_000);
            prop_assert!(found.entropy_bits >= 0.0 && found.entropy_bits.is_finite());
            if total > 0 {
                prop_assert!(found.effective_number >= 1.0 && found.effective_number.is_finite());
                prop_assert!(found.nakamoto_third >= 1);
            }
            if axis != Axis::PowerRegion {
                prop_assert!(found.effective_number <= f64::from(found.unique.max(1)) + 1e-9);
                prop_assert!(found.nakamoto_two_thirds <= found.unique.max(1));
            }
            let unknown = machines.iter().filter(|machine| machine.values_on(axis).is_empty()).count();
            prop_assert_eq!(found.unknown as usize, unknown);
        }
    }
}
