//! Small pools for tests, and a second, naive reading of the rules to compare with.
#![allow(dead_code, clippy::expect_used, reason = "each test binary uses its part; a test fails loudly")]

use proptest::prelude::*;
use quorate_diversity::{AXIS_COUNT, Axis, AxisRule, Columns, Pool, Requirement};

/// A candidate in plain form. Value 0 is unknown; regions are `(id, share in ppm)`.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) values: [u32; AXIS_COUNT],
    pub(crate) regions: Vec<(u32, u32)>,
    pub(crate) confidence: u16,
    pub(crate) fresh: bool,
    pub(crate) weight: u64,
}

impl Machine {
    pub(crate) fn new(id: &str, asn: u32, region: u32, tee: u32, country: u32) -> Self {
        let mut values = [0; AXIS_COUNT];
        values[Axis::Asn.index()] = asn;
        values[Axis::TeeVendor.index()] = tee;
        values[Axis::Country.index()] = country;
        let regions = if region == 0 { vec![] } else { vec![(region, 1_000_000)] };
        Self { id: id.to_owned(), values, regions, confidence: 9_000, fresh: true, weight: 100 }
    }

    pub(crate) fn weighing(mut self, weight: u64) -> Self {
        self.weight = weight;
        self
    }

    pub(crate) fn values_on(&self, axis: Axis) -> Vec<u32> {
        match axis {
            Axis::PowerRegion => self.regions.iter().map(|region| region.0).collect(),
            _ if self.values[axis.index()] == 0 => vec![],
            _ => vec![self.values[axis.index()]],
        }
    }
}

/// Columns of machines; value 17 of the ASN axis is named `asn-17`.
pub(crate) fn columns(machines: &[Machine]) -> Columns {
    let mut columns = Columns { region_offsets: vec![0], ..Columns::default() };
    for machine in machines {
        columns.device_ids.push(machine.id.clone());
        columns.confidence.push(machine.confidence);
        columns.evidence_fresh.push(machine.fresh);
        columns.weight.push(machine.weight);
        for &(region, share) in &machine.regions {
            columns.region_ids.push(region);
            columns.region_share_ppm.push(share);
        }
        columns.region_offsets.push(columns.region_ids.len() as u32);
        for axis in Axis::ALL.into_iter().filter(|&axis| axis != Axis::PowerRegion) {
            columns.values[axis.index()].push(machine.values[axis.index()]);
        }
    }
    for axis in Axis::ALL {
        let most = machines.iter().flat_map(|machine| machine.values_on(axis)).max().unwrap_or(0);
        let names = (1..=most).map(|value| format!("{}-{value}", axis.name()));
        columns.names[axis.index()] = std::iter::once("UNKNOWN".to_owned()).chain(names).collect();
    }
    columns
}

pub(crate) fn pool(machines: &[Machine]) -> Pool {
    Pool::new(columns(machines), 0).expect("the test's columns are valid")
}

/// Whether the machines keep every rule, read off the requirement's text.
pub(crate) fn keeps(requirement: &Requirement, members: &[&Machine]) -> bool {
    members.iter().all(|machine| {
        machine.confidence >= requirement.confidence_min && (machine.fresh || !requirement.fresh_evidence)
    }) && Axis::ALL.into_iter().all(|axis| {
        let AxisRule { distinct_min, per_value_max, unknown_allowed } = requirement.axes[axis.index()];
        let lifted = axis == Axis::TeeVendor && !requirement.require_tee_diversity;
        let cap_kept = per_value_max == 0
            || members.iter().all(|machine| {
                let values = machine.values_on(axis);
                let sharing = |value| members.iter().filter(|m| m.values_on(axis).contains(value)).count();
                (unknown_allowed || !values.is_empty())
                    && values.iter().all(|value| sharing(value) <= per_value_max as usize)
            });
        cap_kept && (lifted || distinct(axis, members) >= distinct_min)
    })
}

/// Fewest values that touch every member with a known value, by trying all sets of values (ids below 20).
pub(crate) fn distinct(axis: Axis, members: &[&Machine]) -> u32 {
    let sets: Vec<u32> = members
        .iter()
        .map(|machine| machine.values_on(axis).iter().fold(0, |mask, value| mask | 1_u32 << value))
        .filter(|&mask| mask != 0)
        .collect();
    if axis != Axis::PowerRegion {
        return sets.iter().fold(0, |all, set| all | set).count_ones();
    }
    let all = sets.iter().fold(0, |all, set| all | set);
    let mut subset = all;
    let mut fewest = all.count_ones();
    loop {
        if sets.iter().all(|set| set & subset != 0) {
            fewest = fewest.min(subset.count_ones());
        }
        if subset == 0 {
            return fewest;
        }
        subset = (subset - 1) & all;
    }
}

/// All subsets of `size` indexes below `n`, as lists.
pub(crate) fn subsets(n: usize, size: usize) -> Vec<Vec<usize>> {
    let mask_of = |mask: &u32| mask.count_ones() as usize == size;
    let list = |mask: u32| (0..n).filter(|index| mask >> index & 1 == 1).collect();
    (0..1_u32 << n).filter(mask_of).map(list).collect()
}

/// The heaviest valid subset's weight, by enumeration.
pub(crate) fn optimum(requirement: &Requirement, machines: &[Machine], size: usize) -> Option<u64> {
    let valid = |members: &Vec<usize>| {
        let members: Vec<&Machine> = members.iter().map(|&index| &machines[index]).collect();
        keeps(requirement, &members)
    };
    let weight = |members: Vec<usize>| members.iter().map(|&index| machines[index].weight).sum();
    subsets(machines.len(), size).into_iter().filter(valid).map(weight).max()
}

prop_compose! {
    fn region_set()(
        ids in prop::collection::btree_set(1_u32..6, 0..4),
        share in 1_u32..300_000,
    ) -> Vec<(u32, u32)> {
        ids.into_iter().map(|id| (id, share)).collect()
    }
}

/// A machine of a small world, in which values collide and are sometimes unknown.
pub(crate) fn machine() -> impl Strategy<Value = Machine> {
    let regions = prop_oneof![
        6 => (1_u32..6).prop_map(|id| vec![(id, 1_000_000)]),
        2 => region_set(),
        1 => Just(vec![]),
    ];
    let common = prop_oneof![Just(8_000_u16), Just(7_999), Just(6_500), Just(5_000)];
    let confidence = prop_oneof![6 => Just(9_000_u16), 4 => common];
    let values = (0_u32..7, 0_u32..4, 0_u32..4, 0_u32..4, 0_u32..4, 0_u32..3, 0_u32..3);
    (values, regions, confidence, prop::bool::weighted(0.9), 0_u64..8).prop_map(
        |(values, regions, confidence, fresh, weight)| Machine {
            id: String::new(),
            values: [values.0, values.1, values.2, values.3, 0, values.4, values.5, values.6],
            regions,
            confidence,
            fresh,
            weight,
        },
    )
}

/// Up to `most` machines with ids of their own.
pub(crate) fn machines(most: usize) -> impl Strategy<Value = Vec<Machine>> {
    prop::collection::vec(machine(), 0..=most).prop_map(|mut machines| {
        for (index, machine) in machines.iter_mut().enumerate() {
            machine.id = format!("m{index:02}");
        }
        machines
    })
}

/// A shipped level, Gold without its TEE switch, or one of random rules.
pub(crate) fn requirement() -> impl Strategy<Value = Requirement> {
    let rule = prop_oneof![3 => Just((0, 0, false)), 2 => (0_u32..5, 0_u32..4, any::<bool>())];
    let custom = (prop::collection::vec(rule, AXIS_COUNT), any::<bool>(), any::<bool>());
    let custom = custom.prop_map(|(rules, fresh_evidence, confident)| {
        let mut requirement = Requirement::unconstrained("CUSTOM");
        for (axis, (distinct_min, per_value_max, unknown)) in Axis::ALL.into_iter().zip(rules) {
            requirement = requirement.with(axis, distinct_min, per_value_max);
            if unknown && per_value_max > 0 {
                requirement = requirement.allowing_unknown(axis);
            }
        }
        requirement.fresh_evidence = fresh_evidence;
        requirement.confidence_min = if confident { 8_000 } else { 0 };
        requirement
    });
    let off = Requirement { require_tee_diversity: false, ..Requirement::gold() };
    prop_oneof![
        1 => Just(Requirement::none()),
        1 => Just(Requirement::basic()),
        1 => Just(Requirement::enhanced()),
        3 => Just(Requirement::gold()),
        1 => Just(off),
        4 => custom,
    ]
}
