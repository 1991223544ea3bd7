//! Confirms the reasons of a certificate without the search that found them.

use std::collections::BTreeMap;

use crate::axis::Axis;
use crate::certificate::{AxisValue, Check, Reason, capacity, distinct_at_most};
use crate::hitting::smallest_hitting_set;
use crate::pool::Pool;
use crate::requirement::Requirement;
use crate::validate::Rule;

/// Enumeration gives up after this many partial selections.
const CHECK_NODES_MAX: u64 = 1_000_000;

/// Whether one reason is true of the eligible candidates.
pub(crate) fn check_reason(
    pool: &Pool,
    requirement: &Requirement,
    size: usize,
    ranks: &[u32],
    reason: &Reason,
) -> Check {
    let holds = match reason {
        Reason::Size { axis, have, need } => {
            *have == size && *need == requirement.distinct_min(*axis) && *need as usize > size
        }
        Reason::EligibleCandidates { have, need } => *have == ranks.len() && *need == size && have < need,
        Reason::DistinctValues { axis, have, need, .. } => {
            *have == distinct_at_most(pool, *axis, ranks)
                && *need == requirement.effective_min(*axis, size)
                && have < need
        }
        Reason::Capacity { axis, have, need } => {
            let held = |cap| capacity(pool, requirement, *axis, ranks, cap);
            requirement.effective_max(*axis, size).map(held) == Some(*have) && *need == size && have < need
        }
        Reason::Cover { axes, values, candidates, have, need } => {
            let capacity = cover_capacity(requirement, size, values, candidates);
            capacity == Some(*have)
                && *need == size
                && have < need
                && covers(pool, requirement, size, *axes, values, candidates, ranks)
        }
        Reason::Combination { rules } => return enumerate(pool, requirement, size, ranks, rules),
    };
    if holds { Check::Confirmed } else { Check::Refuted }
}

/// The most members that the values and candidates of a cover can hold.
fn cover_capacity(
    requirement: &Requirement,
    size: usize,
    values: &[AxisValue],
    candidates: &[u32],
) -> Option<usize> {
    let caps = values.iter().map(|value| requirement.effective_max(value.axis, size));
    let held: Option<usize> = caps.map(|cap| cap.map(|cap| cap as usize)).sum();
    held.map(|held| held + candidates.len())
}

/// Whether every candidate that could be a member has one of the values or is listed.
fn covers(
    pool: &Pool,
    requirement: &Requirement,
    size: usize,
    axes: [Axis; 2],
    values: &[AxisValue],
    candidates: &[u32],
    ranks: &[u32],
) -> bool {
    let has = |rank: u32, value: &AxisValue| {
        let names = pool.values_at(rank, value.axis).iter();
        names.copied().any(|id| pool.value_name(value.axis, id) == Some(value.value.as_str()))
    };
    // Only who may be a member needs to be covered.
    let kept_out = |rank: u32, axis: Axis| {
        pool.values_at(rank, axis).is_empty() && !requirement.axes[axis.index()].unknown_allowed
    };
    axes.iter().all(|&axis| requirement.effective_max(axis, size).is_some())
        && ranks.iter().all(|&rank| {
            axes.iter().any(|&axis| kept_out(rank, axis))
                || values.iter().any(|value| has(rank, value))
                || candidates.contains(&pool.index_of(rank))
        })
}

/// Tries all selections that keep only the named rules.
fn enumerate(
    pool: &Pool,
    requirement: &Requirement,
    size: usize,
    ranks: &[u32],
    rules: &[(Axis, Rule)],
) -> Check {
    if rules.iter().any(|&(axis, rule)| !crate::certificate::has(requirement, axis, rule)) {
        return Check::Refuted;
    }
    let axes: Vec<Axis> = rules.iter().map(|&(axis, _)| axis).collect();
    // Candidates that the rules cannot tell apart, with how many there are.
    let mut kinds: BTreeMap<Vec<u32>, (u32, usize)> = BTreeMap::new();
    for &rank in ranks {
        let key = axes.iter().map(|axis| pool.rows[rank as usize][axis.index()]).collect();
        kinds.entry(key).or_insert((rank, 0)).1 += 1;
    }
    let kinds: Vec<(u32, usize)> = kinds.into_values().collect();
    let mut chosen: Vec<u32> = Vec::with_capacity(size);
    let mut nodes = 0;
    let fits = |chosen: &[u32]| keeps(pool, requirement, size, chosen, rules);
    match extend(&kinds, 0, size, &mut chosen, &mut nodes, &fits) {
        None => Check::Undecided,
        Some(true) => Check::Refuted,
        Some(false) => Check::Confirmed,
    }
}

/// Whether some selection of `size` extends `chosen`; `None` when it would take too long to say.
fn extend(
    kinds: &[(u32, usize)],
    from: usize,
    size: usize,
    chosen: &mut Vec<u32>,
    nodes: &mut u64,
    fits: &dyn Fn(&[u32]) -> bool,
) -> Option<bool> {
    *nodes += 1;
    if *nodes > CHECK_NODES_MAX {
        return None;
    }
    if !fits(chosen) {
        return Some(false);
    }
    if chosen.len() == size {
        return Some(true);
    }
    for (position, &(rank, count)) in kinds.iter().enumerate().skip(from) {
        if chosen.iter().filter(|&&other| other == rank).count() < count {
            chosen.push(rank);
            // The depth is the number of members, at most `SIZE_MAX`.
            let found = extend(kinds, position, size, chosen, nodes, fits)?;
            chosen.pop();
            if found {
                return Some(true);
            }
        }
    }
    Some(false)
}

/// Whether a partial selection can still keep the rules: no cap is broken and every minimum can still be
/// reached.
fn keeps(
    pool: &Pool,
    requirement: &Requirement,
    size: usize,
    chosen: &[u32],
    rules: &[(Axis, Rule)],
) -> bool {
    rules.iter().all(|&(axis, rule)| {
        let sets = || chosen.iter().map(|&rank| pool.values_at(rank, axis));
        let mut values: Vec<u32> = sets().flatten().copied().collect();
        values.sort_unstable();
        if rule == Rule::PerValueMax {
            let cap = requirement.per_value_max(axis).unwrap_or(u32::MAX) as usize;
            return values.chunk_by(|a, b| a == b).all(|same| same.len() <= cap);
        }
        let shown = if axis == Axis::PowerRegion {
            smallest_hitting_set(sets()).count as usize
        } else {
            values.dedup();
            values.len()
        };
        shown + (size - chosen.len()) >= requirement.distinct_min(axis) as usize
    })
}
