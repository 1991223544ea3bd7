//! Selection against full enumeration: never misses a feasible set, always finds the optimum, always proves
//! the rest.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

mod support;

use proptest::prelude::*;
use quorate_diversity::{Check, Repair, SelectOptions, Selection, repair, select, validate};
use support::{Machine, keeps, machines, optimum, pool, requirement, subsets};

fn as_machines<'a>(all: &'a [Machine], members: &[u32]) -> Vec<&'a Machine> {
    members.iter().map(|&index| &all[index as usize]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn exact_selection_equals_enumeration(
        machines in machines(12), level in requirement(), size in 1_usize..6,
    ) {
        let pool = pool(&machines);
        let expected = optimum(&level, &machines, size);
        match select(&pool, &level, &SelectOptions::exact(size)).unwrap() {
            Selection::Feasible(chosen) => {
                prop_assert_eq!(Some(chosen.total_weight), expected);
                prop_assert!(chosen.optimal && chosen.gap == 0);
                prop_assert!(keeps(&level, &as_machines(&machines, &chosen.members)));
                prop_assert_eq!(chosen.members.len(), size);
            }
            Selection::Infeasible(certificate) => {
                prop_assert_eq!(expected, None);
                let checked = certificate.check(&pool, &level).unwrap();
                prop_assert_eq!(checked, Check::Confirmed, "{:?}", certificate);
            }
            Selection::Undecided { .. } => prop_assert!(false, "a small pool is always decided"),
        }
    }

    #[test]
    fn greedy_selection_is_valid_or_handed_to_the_exact_search(
        machines in machines(10), level in requirement(), size in 1_usize..5,
    ) {
        let pool = pool(&machines);
        let expected = optimum(&level, &machines, size);
        match select(&pool, &level, &SelectOptions::greedy(size)).unwrap() {
            Selection::Feasible(chosen) => {
                prop_assert!(keeps(&level, &as_machines(&machines, &chosen.members)));
                let best = expected.unwrap();
                prop_assert!(chosen.total_weight <= best && best <= chosen.bound);
            }
            Selection::Infeasible(_) => prop_assert_eq!(expected, None),
            Selection::Undecided { .. } => prop_assert!(false, "a small pool is always decided"),
        }
    }

    #[test]
    fn validation_reads_the_rules_as_written(machines in machines(6), level in requirement()) {
        let pool = pool(&machines);
        let all: Vec<u32> = (0..machines.len() as u32).collect();
        let validation = validate(&pool, &level, &all, 0).unwrap();
        prop_assert_eq!(validation.valid, keeps(&level, &machines.iter().collect::<Vec<_>>()));
        // The score covers the diversity rules only, not what a member breaks by itself.
        let mut alone = level.clone();
        alone.confidence_min = 0;
        alone.fresh_evidence = false;
        let diverse = keeps(&alone, &machines.iter().collect::<Vec<_>>());
        prop_assert_eq!(validation.score.total == 10_000, diverse);
    }

    #[test]
    fn the_order_of_input_does_not_matter(
        (machines, shuffled) in machines(12).prop_flat_map(|m| (Just(m.clone()), Just(m).prop_shuffle())),
        level in requirement(),
        size in 1_usize..6,
    ) {
        let ids = |all: &[Machine], options: &SelectOptions| {
            match select(&pool(all), &level, options).unwrap() {
                Selection::Feasible(chosen) => {
                    Some(as_machines(all, &chosen.members).iter().map(|m| m.id.clone()).collect::<Vec<_>>())
                }
                _ => None,
            }
        };
        for options in [SelectOptions::exact(size), SelectOptions::greedy(size)] {
            prop_assert_eq!(ids(&machines, &options), ids(&shuffled, &options));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn repair_makes_the_fewest_moves(
        machines in machines(9), level in requirement(), size in 1_usize..5,
        lost in 0_usize..3, swap in any::<u32>(),
    ) {
        prop_assume!(machines.len() >= size);
        let pool = pool(&machines);
        // Any members, valid or not.
        let start = swap as usize % (machines.len() - size + 1);
        let members: Vec<u32> = (start..start + size).map(|index| index as u32).collect();
        let lost = &members[..lost.min(size)];
        let survives = |index: &usize| members.contains(&(*index as u32)) && !lost.contains(&(*index as u32));
        let best = subsets(machines.len(), size)
            .into_iter()
            .filter(|set| set.iter().all(|&index| !lost.contains(&(index as u32))))
            .filter(|set| keeps(&level, &set.iter().map(|&index| &machines[index]).collect::<Vec<_>>()))
            .map(|set| {
                let weight: u64 = set.iter().map(|&index| machines[index].weight).sum();
                (set.iter().filter(|index| survives(index)).count(), weight)
            })
            .max();
        match repair(&pool, &level, &members, lost).unwrap() {
            Repair::Repaired(change) => {
                prop_assert!(change.minimal);
                prop_assert!(keeps(&level, &as_machines(&machines, &change.members)));
                prop_assert!(change.members.iter().all(|member| !lost.contains(member)));
                prop_assert_eq!(Some((change.kept.len(), change.total_weight)), best);
                prop_assert_eq!(change.kept.len() + change.added.len(), size);
                prop_assert_eq!(change.kept.len() + change.removed.len(), size - lost.len());
            }
            Repair::Impossible(certificate) => {
                prop_assert_eq!(best, None);
                let checked = certificate.check(&pool, &level).unwrap();
                prop_assert_eq!(checked, Check::Confirmed, "{:?}", certificate);
            }
            Repair::Undecided { .. } => prop_assert!(false, "a small pool is always decided"),
        }
    }
}

/// Machines in a world without collisions on every second axis, so that larger groups exist.
fn roomy(machines: &mut [Machine]) {
    for (index, machine) in machines.iter_mut().enumerate() {
        machine.confidence = 9_000;
        machine.fresh = true;
        machine.values[0] = 1 + (index as u32 * 5 + machine.values[1]) % 13;
        if machine.regions.len() < 2 {
            machine.regions = vec![(1 + (index as u32 * 7 + machine.values[2]) % 15, 1_000_000)];
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn larger_groups_equal_enumeration(
        mut machines in machines(15), level in requirement(), size in 5_usize..11,
    ) {
        roomy(&mut machines);
        let expected = optimum(&level, &machines, size);
        match select(&pool(&machines), &level, &SelectOptions::exact(size)).unwrap() {
            Selection::Feasible(chosen) => {
                prop_assert_eq!(Some(chosen.total_weight), expected);
                prop_assert!(chosen.optimal);
            }
            Selection::Infeasible(_) => prop_assert_eq!(expected, None),
            Selection::Undecided { .. } => prop_assert!(false, "a small pool is always decided"),
        }
    }

    #[test]
    fn above_the_exact_sizes_the_bound_holds(
        mut machines in machines(16), level in requirement(), size in 11_usize..14,
    ) {
        roomy(&mut machines);
        let expected = optimum(&level, &machines, size);
        match select(&pool(&machines), &level, &SelectOptions::exact(size)).unwrap() {
            Selection::Feasible(chosen) => {
                let best = expected.unwrap();
                prop_assert!(keeps(&level, &as_machines(&machines, &chosen.members)));
                prop_assert!(chosen.total_weight <= best && best <= chosen.bound);
                prop_assert_eq!(chosen.gap, chosen.bound - chosen.total_weight);
                prop_assert!(!chosen.optimal || chosen.total_weight == best);
            }
            Selection::Infeasible(_) => prop_assert_eq!(expected, None),
            Selection::Undecided { bound, .. } => prop_assert!(expected.is_none_or(|best| best <= bound)),
        }
    }
}

#[test]
fn the_node_cap_is_kept_and_the_gap_reported() {
    // The heavy machines share a country, which the root's relaxation does not see.
    let machine = |i: u32| {
        let (country, weight) = if i < 5 { (1, 10) } else { (2, 1) };
        Machine::new(&format!("m{i}"), 1 + i, 1 + i, 1, country).weighing(weight)
    };
    let pool = pool(&(0..8).map(machine).collect::<Vec<_>>());
    let level = quorate_diversity::Requirement::basic();
    let one_node = SelectOptions { nodes_max: 1, ..SelectOptions::exact(3) };
    assert_eq!(select(&pool, &level, &one_node).unwrap(), Selection::Undecided { nodes: 1, bound: 30 });
    let Ok(Selection::Feasible(best)) = select(&pool, &level, &SelectOptions::exact(3)) else { panic!("21") };
    assert_eq!((best.total_weight, best.bound, best.gap, best.optimal, best.nodes), (21, 21, 0, true, 2));
    // Greedy stops at one node too; what it found is valid, and its distance to the bound is told.
    let Ok(Selection::Feasible(found)) = select(&pool, &level, &SelectOptions::greedy(3)) else {
        panic!("valid")
    };
    assert_eq!((found.total_weight, found.bound, found.gap, found.optimal), (21, 30, 9, false));
}
