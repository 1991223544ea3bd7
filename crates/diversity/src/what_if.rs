//! What a set of members loses when one failure domain fails as a whole.

use std::collections::BTreeMap;

use quorate_types::PPM_MAX;

use crate::axis::{Axis, UNKNOWN_NAME};
use crate::error::DiversityError;
use crate::pool::Pool;
use crate::requirement::Requirement;
use crate::validate::{keeps_rules, members_by_value};

/// What remains after one value of one axis has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The axis.
    pub axis: Axis,
    /// Name of the value that fails. `UNKNOWN` stands for all members without a known value: they may share
    /// one.
    pub value: String,
    /// Indexes of the members that are lost. A member of several power regions is lost with each of them.
    pub lost: Vec<u32>,
    /// Members that remain.
    pub remaining: usize,
    /// Their share of the weight, in parts per million, rounded down.
    pub remaining_weight_ppm: u32,
    /// Whether more than half of the weight remains.
    pub majority: bool,
    /// Whether more than two thirds of the weight remain.
    pub two_thirds: bool,
    /// Whether the remaining members, as a smaller group, keep the level.
    pub level_holds: bool,
}

/// Every single failure, by axis and then by name, and those that break the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIf {
    /// One entry per value that at least one member has.
    pub failures: Vec<Failure>,
    /// Positions in `failures` of those after which no majority remains.
    pub breaks_majority: Vec<usize>,
    /// Positions in `failures` of those after which not more than two thirds remain: a Byzantine quorum is
    /// lost.
    pub breaks_two_thirds: Vec<usize>,
}

/// Lets every failure domain of the members fail once, on every axis.
///
/// # Errors
/// What [`Requirement::check`] says; a member that is not in the pool or occurs twice.
pub fn what_if(pool: &Pool, requirement: &Requirement, members: &[u32]) -> Result<WhatIf, DiversityError> {
    requirement.check()?;
    let ranks = pool.ranks("members", members)?;
    let total = pool.total_weight(&ranks);
    let mut failures = Vec::new();
    for axis in Axis::ALL {
        let mut lost_by_name: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (value, lost) in members_by_value(pool, axis, &ranks) {
            lost_by_name.insert(pool.name(axis, value), lost);
        }
        let unknown: Vec<u32> =
            ranks.iter().copied().filter(|&rank| pool.values_at(rank, axis).is_empty()).collect();
        if !unknown.is_empty() {
            lost_by_name.insert(UNKNOWN_NAME.to_owned(), unknown);
        }
        for (value, lost) in lost_by_name {
            failures.push(failure(pool, requirement, &ranks, total, (axis, value), &lost));
        }
    }
    let positions = |broken: &dyn Fn(&Failure) -> bool| {
        (0..failures.len()).filter(|&position| broken(&failures[position])).collect()
    };
    let breaks_majority = positions(&|failure| !failure.majority);
    let breaks_two_thirds = positions(&|failure| !failure.two_thirds);
    Ok(WhatIf { breaks_majority, breaks_two_thirds, failures })
}

fn failure(
    pool: &Pool,
    requirement: &Requirement,
    ranks: &[u32],
    total: u64,
    (axis, value): (Axis, String),
    lost: &[u32],
) -> Failure {
    let remaining: Vec<u32> =
        ranks.iter().copied().filter(|rank| lost.binary_search(rank).is_err()).collect();
    let weight = u128::from(pool.total_weight(&remaining));
    let total = u128::from(total);
    let share = (weight * u128::from(PPM_MAX)).checked_div(total).unwrap_or(0);
    Failure {
        axis,
        value,
        lost: pool.indexes_of(lost),
        remaining: remaining.len(),
        remaining_weight_ppm: u32::try_from(share).unwrap_or(PPM_MAX),
        majority: 2 * weight > total,
        two_thirds: 3 * weight > 2 * total,
        level_holds: !remaining.is_empty() && keeps_rules(pool, requirement, &remaining),
    }
}
