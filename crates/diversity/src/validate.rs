//! Whether given members keep a level, and every rule they break if not.

use std::collections::BTreeMap;

use crate::axis::{AXIS_COUNT, Axis};
use crate::error::DiversityError;
use crate::hitting::smallest_hitting_set;
use crate::measures::{AxisMeasures, measures_of};
use crate::pool::Pool;
use crate::requirement::{Requirement, SIZE_MAX};
use crate::score::{Score, score_of};

/// A kind of rule that members can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// There are as many members as asked for.
    Size,
    /// Every member's confidence reaches the level's minimum.
    Confidence,
    /// Every member's evidence is fresh.
    FreshEvidence,
    /// No two members are one physical machine.
    SameMachine,
    /// Every member's value on a capped axis is known, unless the level lets unknown ones in.
    KnownValue,
    /// There are enough different known values.
    DistinctMin,
    /// No value is shared by too many members.
    PerValueMax,
}

impl Rule {
    /// The public name, the same in Rust, TypeScript and REST.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Confidence => "confidence",
            Self::FreshEvidence => "fresh_evidence",
            Self::SameMachine => "same_machine",
            Self::KnownValue => "known_value",
            Self::DistinctMin => "distinct_min",
            Self::PerValueMax => "per_value_max",
        }
    }
}

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The axis it is about, for rules about an axis.
    pub axis: Option<Axis>,
    /// What there is: members, lowest confidence, members with stale evidence or unknown value, different
    /// values, or members that share the value or the machine.
    pub have: u64,
    /// What there should be, in the same unit: a minimum, or for `FreshEvidence`, `SameMachine`, `KnownValue`
    /// and `PerValueMax` a maximum.
    pub need: u64,
    /// Names of the values concerned: those present, or the one that is shared by too many.
    pub values: Vec<String>,
    /// Indexes of the members concerned.
    pub members: Vec<u32>,
}

/// What [`validate`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// Whether no rule is broken.
    pub valid: bool,
    /// Every broken rule.
    pub violations: Vec<Violation>,
    /// The diversity of the members, axis by axis.
    pub measures: [AxisMeasures; AXIS_COUNT],
    /// How much of what the level asks is met.
    pub score: Score,
}

/// Checks members against a level. `size` is how many there should be; 0 takes them as they are.
///
/// # Errors
/// What [`Requirement::check`] says; a member that is not in the pool or occurs twice.
pub fn validate(
    pool: &Pool,
    requirement: &Requirement,
    members: &[u32],
    size: usize,
) -> Result<Validation, DiversityError> {
    requirement.check()?;
    check_size_max(size)?;
    let ranks = pool.ranks("members", members)?;
    let violations = violations(pool, requirement, &ranks, size);
    Ok(Validation {
        valid: violations.is_empty(),
        violations,
        measures: measures_of(pool, &ranks),
        score: score_of(pool, requirement, &ranks, size),
    })
}

/// Refuses an expected size that no selection can have; 0 stands for the members as they are.
pub(crate) fn check_size_max(size: usize) -> Result<(), DiversityError> {
    if size <= SIZE_MAX {
        return Ok(());
    }
    let field = quorate_types::FieldPath::new("size");
    Err(DiversityError::Limit { field, limit: SIZE_MAX as u64, found: size as u64 })
}

/// Whether members break no rule.
pub(crate) fn keeps_rules(pool: &Pool, requirement: &Requirement, ranks: &[u32]) -> bool {
    violations(pool, requirement, ranks, 0).is_empty()
}

/// Every rule that members (by rank) break.
pub(crate) fn violations(
    pool: &Pool,
    requirement: &Requirement,
    ranks: &[u32],
    size: usize,
) -> Vec<Violation> {
    let mut found = Vec::new();
    if size > 0 && ranks.len() != size {
        found.push(Violation {
            rule: Rule::Size,
            axis: None,
            have: ranks.len() as u64,
            need: size as u64,
            values: Vec::new(),
            members: pool.indexes_of(ranks),
        });
    }
    found.extend(member_violations(pool, requirement, ranks));
    for axis in Axis::ALL.into_iter().filter(|&axis| requirement.constrains(axis)) {
        axis_violations(pool, requirement, axis, ranks, size.max(ranks.len()), &mut found);
    }
    found
}

/// The rules that a member breaks by itself.
fn member_violations(pool: &Pool, requirement: &Requirement, ranks: &[u32]) -> Vec<Violation> {
    let mut found = Vec::new();
    let confidence = |&rank: &u32| pool.confidence_at(rank, requirement);
    let low: Vec<u32> =
        ranks.iter().copied().filter(|rank| confidence(rank) < requirement.confidence_min).collect();
    if let Some(lowest) = low.iter().map(confidence).min() {
        found.push(Violation {
            rule: Rule::Confidence,
            axis: None,
            have: u64::from(lowest),
            need: u64::from(requirement.confidence_min),
            values: Vec::new(),
            members: pool.indexes_of(&low),
        });
    }
    let stale: Vec<u32> = ranks.iter().copied().filter(|&rank| !pool.fresh[rank as usize]).collect();
    if requirement.fresh_evidence && !stale.is_empty() {
        found.push(Violation {
            rule: Rule::FreshEvidence,
            axis: None,
            have: stale.len() as u64,
            need: 0,
            values: Vec::new(),
            members: pool.indexes_of(&stale),
        });
    }
    let mut machines: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &rank in ranks.iter().filter(|&&rank| pool.machine(rank) != 0) {
        machines.entry(pool.machine(rank)).or_default().push(rank);
    }
    found.extend(machines.values().filter(|shared| shared.len() > 1).map(|shared| Violation {
        rule: Rule::SameMachine,
        axis: None,
        have: shared.len() as u64,
        need: 1,
        values: Vec::new(),
        members: pool.indexes_of(shared),
    }));
    found
}

fn axis_violations(
    pool: &Pool,
    requirement: &Requirement,
    axis: Axis,
    ranks: &[u32],
    size: usize,
    found: &mut Vec<Violation>,
) {
    let counts = counts_by_value(pool, axis, ranks);
    let counts = || counts.iter().enumerate().map(|(value, &count)| (value as u32, count));
    if let Some(cap) = requirement.per_value_max(axis) {
        let is_unknown = |&rank: &u32| pool.values_at(rank, axis).is_empty();
        let unknown: Vec<u32> = ranks.iter().copied().filter(is_unknown).collect();
        if requirement.requires_known(axis) && !unknown.is_empty() {
            found.push(Violation {
                rule: Rule::KnownValue,
                axis: Some(axis),
                have: unknown.len() as u64,
                need: 0,
                values: vec![crate::axis::UNKNOWN_NAME.to_owned()],
                members: pool.indexes_of(&unknown),
            });
        }
        let crowded = counts().any(|(_, count)| count > cap);
        let by_value = if crowded { members_by_value(pool, axis, ranks) } else { BTreeMap::new() };
        for (value, members) in by_value.into_iter().filter(|(_, members)| members.len() > cap as usize) {
            found.push(Violation {
                rule: Rule::PerValueMax,
                axis: Some(axis),
                have: members.len() as u64,
                need: u64::from(cap),
                values: vec![pool.name(axis, value)],
                members: pool.indexes_of(&members),
            });
        }
    }
    let have = distinct(pool, axis, ranks);
    let need = requirement.effective_min(axis, size);
    if have < need {
        found.push(Violation {
            rule: Rule::DistinctMin,
            axis: Some(axis),
            have: u64::from(have),
            need: u64::from(need),
            values: counts().filter(|pair| pair.1 > 0).map(|(value, _)| pool.name(axis, value)).collect(),
            members: pool.indexes_of(ranks),
        });
    }
}

/// The members that have each value, by value id; members by rank.
pub(crate) fn members_by_value(pool: &Pool, axis: Axis, ranks: &[u32]) -> BTreeMap<u32, Vec<u32>> {
    let mut by_value: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &rank in ranks {
        for &value in pool.values_at(rank, axis) {
            by_value.entry(value).or_default().push(rank);
        }
    }
    by_value
}

/// The number of different known values; for power regions the size of a smallest hitting set.
pub(crate) fn distinct(pool: &Pool, axis: Axis, ranks: &[u32]) -> u32 {
    if axis == Axis::PowerRegion {
        let sets = distinct_sets(pool, ranks);
        return smallest_hitting_set(sets.into_iter().map(|set| pool.sets.of(set))).count;
    }
    let mut values: Vec<u32> = ranks.iter().flat_map(|&rank| pool.values_at(rank, axis)).copied().collect();
    values.sort_unstable();
    values.dedup();
    values.len() as u32
}

/// The different region sets, ascending.
pub(crate) fn distinct_sets(pool: &Pool, ranks: &[u32]) -> Vec<u32> {
    let axis = Axis::PowerRegion.index();
    let mut sets: Vec<u32> = ranks.iter().map(|&rank| pool.rows[rank as usize][axis]).collect();
    sets.sort_unstable();
    sets.dedup();
    sets
}

/// How many candidates have each value, by value id.
pub(crate) fn counts_by_value(pool: &Pool, axis: Axis, ranks: &[u32]) -> Vec<u32> {
    let mut counts = vec![0; pool.names[axis.index()].len()];
    for &rank in ranks {
        for &value in pool.values_at(rank, axis) {
            counts[value as usize] += 1;
        }
    }
    counts
}
