//! What would make an impossible selection possible: the smallest change of each kind, each tried out before
//! it is named.

use crate::axis::{AXIS_COUNT, Axis, UNKNOWN};
use crate::certificate::AxisValue;
use crate::error::DiversityError;
use crate::exact::search;
use crate::index::Index;
use crate::pool::Pool;
use crate::repair::prefer;
use crate::requirement::{Requirement, SIZE_MAX};
use crate::select::check_size;
use crate::validate::{Rule, distinct, members_by_value};

/// Nodes of one trial.
const TRIAL_NODES_MAX: u64 = 2_000;

/// Axes of which attestation evidence speaks. The others are a network or a place, or what an operator knows.
const ATTESTED: [Axis; 2] = [Axis::TeeVendor, Axis::Tcb];

/// A change after which the selection is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// This many machines more, each eligible, on which all the rest is true.
    AddMachines {
        /// How many; the smallest number that suffices.
        count: usize,
        /// What they have to show together, on the axes where not any machine would do.
        asks: Vec<AddedAsk>,
        /// None may have one of these values.
        outside: Vec<AxisValue>,
        /// Indexes of candidates that would be members beside them.
        beside: Vec<u32>,
    },
    /// Knowing more of machines that are there already: verified, fresh attestation evidence, or what network
    /// or place they are in.
    ProvideEvidence {
        /// What each machine needs; the fewest machines that suffice.
        machines: Vec<EvidenceNeed>,
    },
    /// A milder level: the smallest change of one rule that suffices. Only the operator may decide this.
    Relax {
        /// The rule; [`Rule::Size`] stands for asking for more members.
        rule: Rule,
        /// Its axis.
        axis: Option<Axis>,
        /// What the level asks; for [`Rule::FreshEvidence`] 1.
        from: u64,
        /// What would suffice; for [`Rule::PerValueMax`] a higher cap, for [`Rule::FreshEvidence`] 0.
        to: u64,
    },
}

/// What machines that are added have to show on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddedAsk {
    /// The axis.
    pub axis: Axis,
    /// At least this many different values that no member has yet; 0 where any will do.
    pub new_values: u32,
    /// At most this many members, old and new, may share a value; none where they could not be too many.
    pub per_value_max: Option<u32>,
}

/// What one machine lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceNeed {
    /// Index of the candidate.
    pub candidate: u32,
    /// Its confidence would be too low even if the values of `axes` were known: attestation has to raise it.
    pub confidence: bool,
    /// Its evidence is not fresh.
    pub fresh: bool,
    /// Axes on which its value is unknown and must turn out to be one that no other member has.
    pub axes: Vec<Axis>,
}

/// The smallest changes after which `size` members can be selected, most practical kind first; empty where
/// nothing of one kind alone suffices. Costs several selections: ask for it after a [`crate::Certificate`],
/// not before.
///
/// # Errors
/// What [`Requirement::check`] says, and a size of 0 or above [`crate::requirement::SIZE_MAX`].
pub fn remedies(pool: &Pool, requirement: &Requirement, size: usize) -> Result<Vec<Remedy>, DiversityError> {
    requirement.check()?;
    check_size(size)?;
    let mut found = Vec::new();
    found.extend(provide_evidence(pool, requirement, size));
    found.extend(add_machines(pool, requirement, size));
    found.extend(relax_eligibility(pool, requirement, size));
    found.extend(relax_axes(pool, requirement, size));
    found.extend(enlarge(pool, requirement, size));
    Ok(found)
}

/// The heaviest members under a changed level, by rank. A level that nobody could ask for is no help.
fn trial(pool: &Pool, requirement: &Requirement, size: usize) -> Option<Vec<u32>> {
    requirement.check().ok()?;
    if size == 0 {
        return Some(Vec::new());
    }
    let index = Index::new(pool, requirement);
    let (_, entries) = search(&index, &index.entries, size, TRIAL_NODES_MAX, None).best?;
    Some(entries.iter().map(|entry| entry.rank).collect())
}

/// `j` ideal machines join a selection of `size - j` exactly when that one lacks at most `j` values on every
/// axis.
fn add_machines(pool: &Pool, requirement: &Requirement, size: usize) -> Option<Remedy> {
    // With more ideal machines than members no minimum could be met either.
    if Axis::ALL.into_iter().any(|axis| requirement.distinct_min(axis) as usize > size) {
        return None;
    }
    let lacking = |count: usize| {
        let mut fewer = requirement.clone();
        for rule in &mut fewer.axes {
            rule.distinct_min = rule.distinct_min.saturating_sub(count as u32);
        }
        fewer.require_tee_diversity &= fewer.axes[Axis::TeeVendor.index()].distinct_min > 0;
        trial(pool, &fewer, size - count)
    };
    let (count, beside) = (1..=size).find_map(|count| Some((count, lacking(count)?)))?;
    let ask = |axis: Axis| {
        let new_values = requirement.distinct_min(axis).saturating_sub(distinct(pool, axis, &beside));
        let cap = requirement.effective_max(axis, size);
        let crowded = |cap: u32| {
            let most = members_by_value(pool, axis, &beside).into_values().map(|members| members.len());
            // A value that is full already is named as one that none of them may have.
            let open = most.filter(|&members| members < cap as usize).max().unwrap_or(0);
            open + count > cap as usize
        };
        let ask = AddedAsk { axis, new_values, per_value_max: cap.filter(|&cap| crowded(cap)) };
        (new_values > 0 || ask.per_value_max.is_some()).then_some(ask)
    };
    let full = |axis: Axis| {
        let cap = requirement.effective_max(axis, size).map_or(usize::MAX, |cap| cap as usize);
        let by_value = members_by_value(pool, axis, &beside);
        let full = by_value.into_iter().filter(move |(_, members)| members.len() >= cap);
        full.map(move |(value, _)| AxisValue { axis, value: pool.name(axis, value) }).collect::<Vec<_>>()
    };
    Some(Remedy::AddMachines {
        count,
        asks: Axis::ALL.into_iter().filter_map(ask).collect(),
        outside: Axis::ALL.into_iter().flat_map(full).collect(),
        beside: pool.indexes_of(&beside),
    })
}

/// Supposes that every machine had full evidence, with values of its own where nothing is known, and selects
/// as few machines as possible for which that is not so.
fn provide_evidence(pool: &Pool, requirement: &Requirement, size: usize) -> Option<Remedy> {
    let found_out = pool.with_values(requirement, |axis| !ATTESTED.contains(&axis));
    let needs = |rank: u32| EvidenceNeed {
        candidate: pool.index_of(rank),
        confidence: found_out.confidence_at(rank, requirement) < requirement.confidence_min,
        fresh: requirement.fresh_evidence && !pool.fresh[rank as usize],
        axes: Axis::ALL
            .into_iter()
            .filter(|&axis| needs_value(requirement, axis) && pool.values_at(rank, axis).is_empty())
            .collect(),
    };
    let lacks = |rank: u32| {
        let need = needs(rank);
        need.confidence || need.fresh || !need.axes.is_empty()
    };
    let complete: Vec<u32> = (0..pool.len() as u32).filter(|&rank| !lacks(rank)).collect();
    let mut supposed = pool.with_values(requirement, |_| true);
    supposed.suppose_attested();
    let index = Index::new(&supposed, requirement);
    let (_, entries) = prefer(&supposed, &index, size, &complete, &[], TRIAL_NODES_MAX).best?;
    let machines: Vec<EvidenceNeed> =
        entries.iter().map(|entry| entry.rank).filter(|&rank| lacks(rank)).map(needs).collect();
    // None where evidence is not what is missing.
    (!machines.is_empty()).then_some(Remedy::ProvideEvidence { machines })
}

/// Whether it can help to know a machine's value on `axis`.
fn needs_value(requirement: &Requirement, axis: Axis) -> bool {
    requirement.distinct_min(axis) > 0 || requirement.requires_known(axis)
}

fn relax_eligibility(pool: &Pool, requirement: &Requirement, size: usize) -> Vec<Remedy> {
    let mut found = Vec::new();
    let with = |confidence_min| Requirement { confidence_min, ..requirement.clone() };
    let mut levels: Vec<u16> =
        (0..pool.len() as u32).map(|rank| pool.confidence_at(rank, requirement)).collect();
    levels.retain(|&confidence| confidence < requirement.confidence_min);
    levels.sort_unstable();
    levels.dedup();
    // The lower the minimum, the more candidates: what suffices is a prefix, and its end is found by halving.
    let suffices = levels.partition_point(|&confidence| trial(pool, &with(confidence), size).is_some());
    if let Some(&to) = suffices.checked_sub(1).and_then(|last| levels.get(last)) {
        let (from, to) = (u64::from(requirement.confidence_min), u64::from(to));
        found.push(Remedy::Relax { rule: Rule::Confidence, axis: None, from, to });
    }
    let stale = Requirement { fresh_evidence: false, ..requirement.clone() };
    if requirement.fresh_evidence && trial(pool, &stale, size).is_some() {
        found.push(Remedy::Relax { rule: Rule::FreshEvidence, axis: None, from: 1, to: 0 });
    }
    found
}

fn relax_axes(pool: &Pool, requirement: &Requirement, size: usize) -> Vec<Remedy> {
    let mut found = Vec::new();
    for axis in Axis::ALL {
        let from = requirement.distinct_min(axis);
        let lower = |to: u32| {
            let mut level = requirement.clone();
            level.axes[axis.index()].distinct_min = to;
            level.require_tee_diversity &= axis != Axis::TeeVendor || to > 0;
            trial(pool, &level, size).is_some()
        };
        let lowest = from.saturating_sub(size as u32);
        if let Some(to) = (lowest..from).rev().chain((lowest > 0).then_some(0)).find(|&to| lower(to)) {
            let (from, to) = (u64::from(from), u64::from(to));
            found.push(Remedy::Relax { rule: Rule::DistinctMin, axis: Some(axis), from, to });
        }
        let Some(from) = requirement.per_value_max(axis) else { continue };
        let raise = |to: u32| {
            let mut level = requirement.clone();
            level.axes[axis.index()].per_value_max = to;
            trial(pool, &level, size).is_some()
        };
        if let Some(to) = (from + 1..=size as u32).find(|&to| raise(to)) {
            let (from, to) = (u64::from(from), u64::from(to));
            found.push(Remedy::Relax { rule: Rule::PerValueMax, axis: Some(axis), from, to });
        }
    }
    found
}

/// Where the level asks for more different values than members: the size it needs.
fn enlarge(pool: &Pool, requirement: &Requirement, size: usize) -> Option<Remedy> {
    let to = Axis::ALL.into_iter().map(|axis| requirement.distinct_min(axis) as usize).max()?;
    (to > size && to <= SIZE_MAX && trial(pool, requirement, to).is_some()).then_some(Remedy::Relax {
        rule: Rule::Size,
        axis: None,
        from: size as u64,
        to: to as u64,
    })
}

impl Pool {
    /// The same candidates, each with a value of its own where one is unknown on an axis that needs one and
    /// that `wanted` takes.
    fn with_values(&self, requirement: &Requirement, wanted: impl Fn(Axis) -> bool) -> Self {
        let mut next: [u32; AXIS_COUNT] = std::array::from_fn(|axis| self.names[axis].len() as u32);
        next[Axis::PowerRegion.index()] = self.sets.len() as u32;
        let mut sets = self.sets.clone();
        let mut names = self.names.clone();
        let mut rows = self.rows.clone();
        for axis in Axis::ALL.into_iter().filter(|&axis| needs_value(requirement, axis) && wanted(axis)) {
            for row in rows.iter_mut().filter(|row| row[axis.index()] == UNKNOWN) {
                row[axis.index()] = next[axis.index()];
                next[axis.index()] += 1;
                if axis == Axis::PowerRegion {
                    sets.push_single(names[axis.index()].len() as u32);
                }
                // Never shown: the names of supposed values stay inside of the trial.
                names[axis.index()].push(String::new());
            }
        }
        self.supposing(rows, sets, names)
    }
}
