//! Why a selection is impossible, in a form that a machine can act on and check.

use quorate_types::BasisPoints;

use crate::axis::Axis;
use crate::cover::cover_below;
use crate::error::DiversityError;
use crate::exact::search;
use crate::hitting::smallest_hitting_set;
use crate::index::{Index, eligible};
use crate::pool::Pool;
use crate::requirement::{AxisRule, Requirement};
use crate::validate::{Rule, counts_by_value, distinct_sets};

/// At most this many values are named in one reason.
pub const VALUES_NAMED_MAX: usize = 32;

/// Nodes of one search that looks for the rules which exclude each other.
const CONFLICT_NODES_MAX: u64 = 5_000;

/// The proof that no valid members exist, with everything needed to check it: see [`Certificate::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Name of the level.
    pub level: String,
    /// Members asked for.
    pub size: usize,
    /// Candidates in the pool.
    pub candidates: usize,
    /// Indexes of candidates that were not to be used, such as lost members.
    pub without: Vec<u32>,
    /// Candidates that break no rule by themselves.
    pub eligible: usize,
    /// How many candidates each rule rejects. One candidate can be rejected by several.
    pub rejected: Vec<Rejected>,
    /// Each of these alone makes the selection impossible. Never empty.
    pub reasons: Vec<Reason>,
}

/// Candidates that a rule rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// [`Rule::Confidence`], [`Rule::FreshEvidence`], [`Rule::SameMachine`] or [`Rule::KnownValue`].
    pub rule: Rule,
    /// The capped axis on which the value is unknown.
    pub axis: Option<Axis>,
    /// How many candidates.
    pub count: usize,
    /// For [`Rule::Confidence`] the highest confidence among them, in basis points.
    pub best: Option<BasisPoints>,
}

/// A value of an axis, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisValue {
    /// The axis.
    pub axis: Axis,
    /// Name of the value.
    pub value: String,
}

/// Something that alone makes the selection impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The level asks for more different values than there are to be members.
    Size {
        /// The axis.
        axis: Axis,
        /// Members asked for.
        have: usize,
        /// Different values the level asks for.
        need: u32,
    },
    /// There are too few eligible candidates.
    EligibleCandidates {
        /// Eligible candidates.
        have: usize,
        /// Members asked for.
        need: usize,
    },
    /// The eligible candidates show too few different values; `need` is the effective minimum.
    DistinctValues {
        /// The axis.
        axis: Axis,
        /// Different known values; for power regions no selection can show more.
        have: u32,
        /// [`Requirement::effective_min`].
        need: u32,
        /// The values, the first [`VALUES_NAMED_MAX`].
        values: Vec<String>,
    },
    /// Taking as many candidates of each value as its cap allows does not give enough.
    Capacity {
        /// The capped axis.
        axis: Axis,
        /// What all values together can hold.
        have: usize,
        /// Members asked for.
        need: usize,
    },
    /// Every eligible candidate has one of these values or is one of these devices, and they cannot hold
    /// enough members.
    Cover {
        /// The two capped axes.
        axes: [Axis; 2],
        /// The scarce values.
        values: Vec<AxisValue>,
        /// Indexes of candidates outside of these values.
        candidates: Vec<u32>,
        /// What all of them together can hold.
        have: usize,
        /// Members asked for.
        need: usize,
    },
    /// No single count shows it, but an exhausted search does: no members keep these rules at once.
    Combination {
        /// Rules that exclude each other; leaving out any one of them would help (unless the search was cut
        /// short there).
        rules: Vec<(Axis, Rule)>,
    },
}

/// What checking a certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every figure and every reason was confirmed.
    Confirmed,
    /// Something in it is not true.
    Refuted,
    /// A [`Reason::Combination`] is too large to be confirmed by enumeration; the rest was confirmed.
    Undecided,
}

impl Certificate {
    /// Says why. Only for a pool of which an exhausted search found no members.
    pub(crate) fn new(pool: &Pool, index: &Index, size: usize) -> Self {
        Self::without(pool, index, size, &[])
    }

    /// As [`Certificate::new`], for the pool without the candidates in `gone` (by rank).
    pub(crate) fn without(pool: &Pool, index: &Index, size: usize, gone: &[u32]) -> Self {
        let requirement = &index.requirement;
        let ranks = eligible_ranks(pool, requirement, gone);
        let mut reasons = counted_reasons(pool, requirement, size, &ranks);
        if reasons.is_empty() {
            reasons.extend(cover_reason(pool, index, size, &ranks));
        }
        if reasons.is_empty() {
            reasons.push(Reason::Combination { rules: conflicting_rules(pool, requirement, size, gone) });
        }
        Self {
            level: requirement.name.clone(),
            size,
            candidates: pool.len(),
            without: pool.indexes_of(gone),
            eligible: ranks.len(),
            rejected: rejected(pool, requirement, gone),
            reasons,
        }
    }

    /// Confirms the certificate from the pool alone, by counting and by plain enumeration, without the search
    /// that made it.
    ///
    /// # Errors
    /// What [`Requirement::check`] says; a certificate that names candidates the pool does not have.
    pub fn check(&self, pool: &Pool, requirement: &Requirement) -> Result<Check, DiversityError> {
        requirement.check()?;
        let gone = pool.ranks("certificate.without", &self.without)?;
        let ranks = eligible_ranks(pool, requirement, &gone);
        let told = self.candidates == pool.len()
            && self.level == requirement.name
            && self.eligible == ranks.len()
            && self.rejected == rejected(pool, requirement, &gone)
            && !self.reasons.is_empty();
        let mut undecided = false;
        for reason in &self.reasons {
            match crate::check::check_reason(pool, requirement, self.size, &ranks, reason) {
                Check::Confirmed => {}
                Check::Refuted => return Ok(Check::Refuted),
                Check::Undecided => undecided = true,
            }
        }
        Ok(match (told, undecided) {
            (false, _) => Check::Refuted,
            (true, true) => Check::Undecided,
            (true, false) => Check::Confirmed,
        })
    }
}

fn eligible_ranks(pool: &Pool, requirement: &Requirement, gone: &[u32]) -> Vec<u32> {
    let usable = |rank: &u32| eligible(pool, requirement, *rank) && gone.binary_search(rank).is_err();
    (0..pool.len() as u32).filter(usable).collect()
}

fn rejected(pool: &Pool, requirement: &Requirement, gone: &[u32]) -> Vec<Rejected> {
    let there = (0..pool.len() as u32).filter(|rank| gone.binary_search(rank).is_err());
    let count = |rejects: &dyn Fn(u32) -> bool| there.clone().filter(|&rank| rejects(rank)).count();
    let low = |rank| pool.confidence_at(rank, requirement) < requirement.confidence_min;
    let stale = |rank: u32| requirement.fresh_evidence && !pool.fresh[rank as usize];
    let best =
        there.clone().filter(|&rank| low(rank)).map(|rank| pool.confidence_at(rank, requirement)).max();
    let mut found = vec![
        Rejected { rule: Rule::Confidence, axis: None, count: count(&low), best },
        Rejected { rule: Rule::FreshEvidence, axis: None, count: count(&stale), best: None },
        Rejected {
            rule: Rule::SameMachine,
            axis: None,
            count: count(&|rank| pool.is_twin(rank)),
            best: None,
        },
    ];
    for axis in Axis::ALL.into_iter().filter(|&axis| requirement.requires_known(axis)) {
        let unknown = |rank| pool.values_at(rank, axis).is_empty();
        found.push(Rejected { rule: Rule::KnownValue, axis: Some(axis), count: count(&unknown), best: None });
    }
    found.retain(|rejected| rejected.count > 0);
    found
}

/// An upper bound of the different values any members can show.
pub(crate) fn distinct_at_most(pool: &Pool, axis: Axis, ranks: &[u32]) -> u32 {
    if axis == Axis::PowerRegion {
        // More members never need fewer regions, so the hitting set of all of them bounds that of any.
        let sets = distinct_sets(pool, ranks);
        let hitting = smallest_hitting_set(sets.into_iter().map(|set| pool.sets.of(set)));
        if hitting.regions.is_some() {
            return hitting.count;
        }
    }
    counts_by_value(pool, axis, ranks).into_iter().filter(|&count| count > 0).count() as u32
}

/// What the values of a capped axis can hold together, with all of unknown value where those are let in.
pub(crate) fn capacity(pool: &Pool, requirement: &Requirement, axis: Axis, ranks: &[u32], cap: u32) -> usize {
    let unknown = |&&rank: &&u32| pool.values_at(rank, axis).is_empty();
    let let_in = if requirement.requires_known(axis) { 0 } else { ranks.iter().filter(unknown).count() };
    let held = counts_by_value(pool, axis, ranks).into_iter().map(|count| count.min(cap) as usize);
    let_in + held.sum::<usize>()
}

fn counted_reasons(pool: &Pool, requirement: &Requirement, size: usize, ranks: &[u32]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if ranks.len() < size {
        reasons.push(Reason::EligibleCandidates { have: ranks.len(), need: size });
    }
    for axis in Axis::ALL.into_iter().filter(|&axis| requirement.constrains(axis)) {
        if requirement.distinct_min(axis) as usize > size {
            reasons.push(Reason::Size { axis, have: size, need: requirement.distinct_min(axis) });
        }
        let (have, need) = (distinct_at_most(pool, axis, ranks), requirement.effective_min(axis, size));
        if have < need {
            let counts = counts_by_value(pool, axis, ranks).into_iter().enumerate();
            let shown =
                counts.filter(|&(_, count)| count > 0).map(|(value, _)| pool.name(axis, value as u32));
            let values = shown.take(VALUES_NAMED_MAX).collect();
            reasons.push(Reason::DistinctValues { axis, have, need, values });
        } else if let Some(cap) = requirement.effective_max(axis, size) {
            let have = capacity(pool, requirement, axis, ranks, cap);
            // Where the candidates do not suffice at all, that has been said.
            if have < size && ranks.len() >= size {
                reasons.push(Reason::Capacity { axis, have, need: size });
            }
        }
    }
    reasons
}

/// Tries each pair of capped axes for values that are scarce together.
fn cover_reason(pool: &Pool, index: &Index, size: usize, ranks: &[u32]) -> Option<Reason> {
    let requirement = &index.requirement;
    let capped: Vec<(usize, u32)> = (0..index.axes.len())
        .filter(|&slot| index.caps_all(slot))
        .filter_map(|slot| Some((slot, requirement.effective_max(index.axes[slot], size)?)))
        .collect();
    for (position, &(first, first_cap)) in capped.iter().enumerate() {
        for &(second, second_cap) in &capped[position + 1..] {
            let axes = [index.axes[first], index.axes[second]];
            let known = |rank: &u32| axes.iter().all(|&axis| !pool.values_at(*rank, axis).is_empty());
            let ranks: Vec<u32> = ranks.iter().copied().filter(known).collect();
            // A machine in several regions is taken to lie in one of them: that only makes a cover harder to
            // find.
            let value = |rank: u32, slot: usize| index.value(index.signature_of_rank[rank as usize], slot);
            let edges: Vec<(u32, u32)> =
                ranks.iter().map(|&rank| (value(rank, first), value(rank, second))).collect();
            let Some(cover) = cover_below(size, &edges, [first_cap, second_cap]) else { continue };
            let named = |slot: usize, dense: u32| AxisValue {
                axis: index.axes[slot],
                value: pool.name(index.axes[slot], raw_value(pool, index, &ranks, slot, dense)),
            };
            let left = cover.left.iter().map(|&value| named(first, value));
            let right = cover.right.iter().map(|&value| named(second, value));
            return Some(Reason::Cover {
                axes,
                values: left.chain(right).collect(),
                candidates: cover.edges.iter().map(|&edge| pool.index_of(ranks[edge])).collect(),
                have: cover.capacity,
                need: size,
            });
        }
    }
    None
}

/// The value id that became a dense one.
fn raw_value(pool: &Pool, index: &Index, ranks: &[u32], slot: usize, dense: u32) -> u32 {
    let mut found = 0;
    for &rank in ranks {
        let values = index.values(index.signature_of_rank[rank as usize], slot);
        if let Some(position) = values.iter().position(|&value| value == dense) {
            // Both lists hold a candidate's values in the same order.
            found = pool.values_at(rank, index.axes[slot])[position];
            break;
        }
    }
    found
}

/// Leaves out one rule after the other as long as the selection stays impossible: what remains excludes
/// itself.
fn conflicting_rules(pool: &Pool, requirement: &Requirement, size: usize, gone: &[u32]) -> Vec<(Axis, Rule)> {
    let mut kept = requirement.clone();
    for axis in Axis::ALL {
        for rule in [Rule::DistinctMin, Rule::PerValueMax] {
            if !has(&kept, axis, rule) {
                continue;
            }
            let mut fewer = kept.clone();
            drop_rule(&mut fewer.axes[axis.index()], rule);
            let index = Index::new(pool, &fewer);
            let entries = index.entries_preferring(pool, &[], 0, gone);
            let outcome = search(&index, &entries, size, CONFLICT_NODES_MAX, None);
            if outcome.complete && outcome.best.is_none() {
                kept = fewer;
            }
        }
    }
    let rules = Axis::ALL.into_iter().flat_map(|axis| [(axis, Rule::DistinctMin), (axis, Rule::PerValueMax)]);
    rules.filter(|&(axis, rule)| has(&kept, axis, rule)).collect()
}

pub(crate) fn has(requirement: &Requirement, axis: Axis, rule: Rule) -> bool {
    match rule {
        Rule::DistinctMin => requirement.distinct_min(axis) > 0,
        _ => requirement.per_value_max(axis).is_some(),
    }
}

fn drop_rule(rules: &mut AxisRule, rule: Rule) {
    match rule {
        Rule::DistinctMin => rules.distinct_min = 0,
        _ => rules.per_value_max = 0,
    }
}
