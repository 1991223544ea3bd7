//! Why each candidate was chosen, or by which rule it was not.

use quorate_types::BasisPoints;

use crate::axis::Axis;
use crate::error::DiversityError;
use crate::pool::Pool;
use crate::requirement::Requirement;
use crate::validate::{Rule, distinct, keeps_rules};

/// Why a candidate is or is not a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a member.
    Chosen,
    /// It could not be a member of anything.
    Ineligible {
        /// Each rule it breaks by itself, with the axis for an unknown value.
        rules: Vec<(Rule, Option<Axis>)>,
        /// Its confidence as the level judges it, in basis points.
        confidence: BasisPoints,
    },
    /// It shares capped values with members that could not all make way for it.
    Conflicts {
        /// Each shared value.
        with: Vec<Conflict>,
    },
    /// It could take the place of one member, but weighs less, or as much with a later device id.
    Outweighed {
        /// Index of the lightest member it could replace.
        member: u32,
        /// How much heavier that member is.
        by: u64,
        /// The capped values it shares with that member.
        shares: Vec<Conflict>,
    },
    /// It could take the place of a lighter member: the selection was not the heaviest.
    WouldImprove {
        /// Index of the lightest member it could replace.
        member: u32,
        /// How much lighter that member is.
        by: u64,
    },
    /// Whichever member made way for it, a minimum would be missed.
    BreaksMinimum {
        /// The first axis that would fall short when the lightest member made way.
        axis: Axis,
        /// Different values that would be left.
        have: u32,
        /// Different values needed.
        need: u32,
    },
}

/// A capped value that a candidate shares with a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Index of the member.
    pub member: u32,
    /// The axis.
    pub axis: Axis,
    /// Name of the value.
    pub value: String,
}

/// Explains every candidate against members, by index.
///
/// # Errors
/// What [`Requirement::check`] says; a member that is not in the pool or occurs twice.
pub fn explain(
    pool: &Pool,
    requirement: &Requirement,
    members: &[u32],
) -> Result<Vec<Verdict>, DiversityError> {
    requirement.check()?;
    let ranks = pool.ranks("members", members)?;
    let members = Members { pool, requirement, valid: keeps_rules(pool, requirement, &ranks), ranks };
    Ok(pool.ranks_of_all().iter().map(|&rank| verdict(&members, rank)).collect())
}

/// What all candidates are compared with.
struct Members<'pool> {
    pool: &'pool Pool,
    requirement: &'pool Requirement,
    /// Ascending.
    ranks: Vec<u32>,
    valid: bool,
}

fn verdict(members: &Members, rank: u32) -> Verdict {
    let Members { pool, requirement, ranks, .. } = members;
    if ranks.binary_search(&rank).is_ok() {
        return Verdict::Chosen;
    }
    let rules = broken_alone(pool, requirement, rank);
    if !rules.is_empty() {
        return Verdict::Ineligible { rules, confidence: pool.confidence_at(rank, requirement) };
    }
    let conflicts = conflicts(pool, requirement, ranks, rank);
    // Lightest member first: it is the one that should make way.
    for &member in ranks.iter().rev() {
        if replaces(members, rank, member) {
            let index = pool.index_of(member);
            let (ours, theirs) = (pool.weight[rank as usize], pool.weight[member as usize]);
            if ours > theirs {
                return Verdict::WouldImprove { member: index, by: ours - theirs };
            }
            let shares = conflicts.into_iter().filter(|conflict| conflict.member == index).collect();
            return Verdict::Outweighed { member: index, by: theirs - ours, shares };
        }
    }
    if !conflicts.is_empty() && !one_makes_way(requirement, &conflicts) {
        return Verdict::Conflicts { with: conflicts };
    }
    missing(pool, requirement, ranks, rank).unwrap_or(Verdict::Conflicts { with: conflicts })
}

/// The rules a candidate breaks by itself.
fn broken_alone(pool: &Pool, requirement: &Requirement, rank: u32) -> Vec<(Rule, Option<Axis>)> {
    let mut rules = Vec::new();
    if pool.confidence_at(rank, requirement) < requirement.confidence_min {
        rules.push((Rule::Confidence, None));
    }
    if requirement.fresh_evidence && !pool.fresh[rank as usize] {
        rules.push((Rule::FreshEvidence, None));
    }
    if pool.is_twin(rank) {
        rules.push((Rule::SameMachine, None));
    }
    let unknown = |&axis: &Axis| requirement.requires_known(axis) && pool.values_at(rank, axis).is_empty();
    rules.extend(Axis::ALL.into_iter().filter(unknown).map(|axis| (Rule::KnownValue, Some(axis))));
    rules
}

/// The members that have a value of the candidate which is used as often as its cap allows.
fn conflicts(pool: &Pool, requirement: &Requirement, members: &[u32], rank: u32) -> Vec<Conflict> {
    let mut found = Vec::new();
    for axis in Axis::ALL {
        let Some(cap) = requirement.per_value_max(axis) else { continue };
        for &value in pool.values_at(rank, axis) {
            let shares = |&&member: &&u32| pool.values_at(member, axis).contains(&value);
            let sharing: Vec<u32> = members.iter().filter(shares).copied().collect();
            if sharing.len() >= cap as usize {
                let conflict =
                    |&member| Conflict { member: pool.index_of(member), axis, value: pool.name(axis, value) };
                found.extend(sharing.iter().map(conflict));
            }
        }
    }
    found
}

/// Whether some single member has all the values in conflict.
fn one_makes_way(requirement: &Requirement, conflicts: &[Conflict]) -> bool {
    let has_all = |member: u32| {
        conflicts.iter().all(|conflict| {
            // With a cap above 1 any of those who share the value makes room.
            let same = |other: &&Conflict| other.axis == conflict.axis && other.value == conflict.value;
            requirement.constrains(conflict.axis)
                && conflicts.iter().filter(same).any(|other| other.member == member)
        })
    };
    conflicts.iter().any(|conflict| has_all(conflict.member))
}

/// Whether the members stay valid with `rank` in the place of `member`.
fn replaces(members: &Members, rank: u32, member: u32) -> bool {
    let Members { pool, requirement, ranks, valid } = members;
    let fits = Axis::ALL.into_iter().all(|axis| {
        let Some(cap) = requirement.per_value_max(axis) else { return true };
        pool.values_at(rank, axis).iter().all(|&value| {
            let shares = |&&other: &&u32| other != member && pool.values_at(other, axis).contains(&value);
            ranks.iter().filter(shares).count() < cap as usize
        })
    });
    // The cheap test first: nearly all candidates end here. Of valid members only a minimum can still be
    // missed.
    fits && {
        let swapped = with_instead(ranks, rank, member);
        let keeps = |axis: Axis| {
            let need = requirement.distinct_min(axis);
            need == 0 || distinct(pool, axis, &swapped) >= need
        };
        if *valid { Axis::ALL.into_iter().all(keeps) } else { keeps_rules(pool, requirement, &swapped) }
    }
}

fn with_instead(members: &[u32], rank: u32, member: u32) -> Vec<u32> {
    members.iter().map(|&other| if other == member { rank } else { other }).collect()
}

/// The minimum that is missed when the lightest member makes way for the candidate.
fn missing(pool: &Pool, requirement: &Requirement, members: &[u32], rank: u32) -> Option<Verdict> {
    let swapped = with_instead(members, rank, *members.last()?);
    Axis::ALL.into_iter().find_map(|axis| {
        let (have, need) = (distinct(pool, axis, &swapped), requirement.distinct_min(axis));
        (have < need).then_some(Verdict::BreaksMinimum { axis, have, need })
    })
}
