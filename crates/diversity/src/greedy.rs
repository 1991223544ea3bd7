//! The greedy selection as the heterogeneous quorum document describes it.
//!
//! Start empty; for each slot score every candidate together with the members so far; take the highest; stop
//! at the target size or when no valid candidate is left. The score of a set `S` is
//! `0.30 asn/|S| + 0.30 tee/|S| + 0.25 power/|S| + 0.15 country/|S|` (numbers of different known values)
//! `+ 0.2 (mean confidence - 0.5) + 0.1` if vendors must differ and do `- 0.1` per member below 3
//! `- 0.2` per violated constraint.
//!
//! It is exact in integers: all candidates of a slot share `|S|`, so scores are compared multiplied by `|S|`,
//! in parts per million. A candidate that breaks a cap is not valid: no later member can mend that. Greedy
//! knows no look-ahead, so it misses pools that have a solution (12 to 34 % of the small ones in
//! reference/placement.md); an end below the target size is therefore handed to the exact search. Greedy
//! serves as the baseline, as incumbent, and above the exact sizes.

use crate::axis::{Axis, UNKNOWN};
use crate::error::DiversityError;
use crate::hitting::smallest_hitting_set;
use crate::index::{Entry, Index};
use crate::pool::Pool;
use crate::requirement::Requirement;
use crate::select::check_size;
use crate::state::State;

/// Weight of each axis in the diversity of a set, in parts per million.
pub(crate) const DIVERSITY_WEIGHTS_PPM: [(Axis, i64); 4] = [
    (Axis::Asn, 300_000),
    (Axis::TeeVendor, 300_000),
    (Axis::PowerRegion, 250_000),
    (Axis::Country, 150_000),
];

const TEE_BONUS_PPM: i64 = 100_000;
const MISSING_MEMBER_PPM: i64 = 100_000;
const VIOLATION_PPM: i64 = 200_000;
const QUORUM_SIZE_MIN: i64 = 3;

/// What greedy did for one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GreedyStep {
    /// Index of the candidate taken.
    pub member: u32,
    /// Score of the members so far together with it, in parts per million, rounded down.
    pub score_ppm: i64,
    /// How many candidates were scored: one of each group that scores alike.
    pub evaluated: usize,
}

/// The trace of a greedy run; its members, in the order they were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreedyRun {
    /// One step per member.
    pub steps: Vec<GreedyStep>,
}

/// Runs the document's greedy selection and tells every step. The result can be too small or break a minimum:
/// [`crate::validate()`] tells, and [`crate::select()`] never returns such a set.
///
/// # Errors
/// What [`Requirement::check`] says, and a size of 0 or above [`crate::requirement::SIZE_MAX`].
pub fn greedy(pool: &Pool, requirement: &Requirement, size: usize) -> Result<GreedyRun, DiversityError> {
    check_size(size)?;
    let index = pool.index(requirement)?;
    Ok(GreedyRun { steps: run(pool, &index, size).1 })
}

/// The members in order of rank, and the trace.
pub(crate) fn run(pool: &Pool, index: &Index, size: usize) -> (Vec<Entry>, Vec<GreedyStep>) {
    let entries: Vec<Entry> = (0..pool.len() as u32).filter_map(|rank| index.entry(pool, rank)).collect();
    let mut groups = groups(pool, index, &entries);
    let mut greedy = Greedy {
        pool,
        state: State::new(index, &entries, size),
        counts: Axis::ALL.map(|axis| vec![0; pool.names[axis.index()].len()]),
        unique: [0; 4],
        sets: Vec::new(),
        confidence: 0,
    };
    let mut steps = Vec::with_capacity(size);
    while greedy.state.included.len() < size {
        let mut best: Option<(i64, u32, usize)> = None;
        let mut evaluated = 0;
        for (group, members) in groups.iter().enumerate() {
            let Some(&position) = members.last() else { continue };
            if !greedy.state.fits(position) {
                continue;
            }
            evaluated += 1;
            let score = greedy.score_scaled(position);
            // Of equal scores the better rank: heavier, then the smaller device id.
            if best.is_none_or(|(most, first, _)| score > most || (score == most && position < first)) {
                best = Some((score, position, group));
            }
        }
        let Some((score, position, group)) = best else { break };
        groups[group].pop();
        greedy.take(position);
        let member = pool.index_of(entries[position as usize].rank);
        let score_ppm = score.div_euclid(greedy.state.included.len() as i64);
        steps.push(GreedyStep { member, score_ppm, evaluated });
    }
    let mut members: Vec<Entry> = greedy.state.included.iter().map(|&p| entries[p as usize]).collect();
    members.sort_unstable_by_key(|entry| entry.rank);
    (members, steps)
}

/// Positions that score alike but for their confidence, best last: only the last of a group needs a score.
fn groups(pool: &Pool, index: &Index, entries: &[Entry]) -> Vec<Vec<u32>> {
    let key = |position: u32| {
        let entry = entries[position as usize];
        let row = &pool.rows[entry.rank as usize];
        (entry.signature, DIVERSITY_WEIGHTS_PPM.map(|(axis, _)| row[axis.index()]))
    };
    let confidence = |position: u32| pool.confidence_at(entries[position as usize].rank, &index.requirement);
    let mut order: Vec<u32> = (0..entries.len() as u32).collect();
    order.sort_by_cached_key(|&p| (key(p), confidence(p), std::cmp::Reverse(p)));
    order.chunk_by(|&a, &b| key(a) == key(b)).map(<[u32]>::to_vec).collect()
}

struct Greedy<'run> {
    pool: &'run Pool,
    state: State<'run>,
    /// Members per raw value id, by axis; regions are counted one by one.
    counts: [Vec<u32>; 8],
    /// Different values per axis of [`DIVERSITY_WEIGHTS_PPM`].
    unique: [u32; 4],
    /// The different region sets of the members.
    sets: Vec<u32>,
    /// Sum of the members' confidences.
    confidence: i64,
}

impl Greedy<'_> {
    /// Number of different values on an axis when the candidate joins.
    fn unique_with(&self, which: usize, rank: u32) -> u32 {
        let axis = DIVERSITY_WEIGHTS_PPM[which].0;
        let (values, counts) = (self.pool.values_at(rank, axis), &self.counts[axis.index()]);
        let before = self.unique[which];
        if values.iter().all(|&value| counts[value as usize] == 0) {
            // Also right for sets: a set that shares no region with any other needs a region of its own.
            return before + u32::from(!values.is_empty());
        }
        if axis != Axis::PowerRegion {
            return before;
        }
        let set = self.pool.rows[rank as usize][axis.index()];
        if self.sets.contains(&set) {
            return before;
        }
        let sets = self.sets.iter().chain(std::iter::once(&set));
        smallest_hitting_set(sets.map(|&set| self.pool.sets.of(set))).count
    }

    /// The document's score of the members with this candidate, in parts per million, times the number of
    /// members.
    fn score_scaled(&self, position: u32) -> i64 {
        let entry = self.state.entry(position);
        let requirement = &self.state.index.requirement;
        let size = self.state.included.len() as i64 + 1;
        let unique: [u32; 4] = std::array::from_fn(|which| self.unique_with(which, entry.rank));
        let pairs = unique.iter().zip(DIVERSITY_WEIGHTS_PPM);
        let diversity: i64 = pairs.clone().map(|(&count, (_, weight))| i64::from(count) * weight).sum();
        let confidence = self.confidence + i64::from(self.pool.confidence_at(entry.rank, requirement));
        // 0.2 (sum / 10 000 / size - 0.5), in ppm and times size.
        let confidence = confidence * 20 - 100_000 * size;
        let vendors =
            pairs.clone().find(|(_, (axis, _))| *axis == Axis::TeeVendor).map_or(0, |(&count, _)| count);
        let bonus = if requirement.require_tee_diversity && vendors >= 2 { TEE_BONUS_PPM } else { 0 };
        let missing = (QUORUM_SIZE_MIN - size).max(0) * MISSING_MEMBER_PPM;
        let violations = (0..self.state.index.axes.len()).filter(|&slot| {
            let axis = self.state.index.axes[slot];
            let scored = DIVERSITY_WEIGHTS_PPM.iter().position(|&(other, _)| other == axis);
            let have = match scored {
                Some(which) => unique[which],
                None => {
                    let value = self.state.index.value(entry.signature, slot);
                    let new = value != UNKNOWN && self.state.count(slot, value) == 0;
                    self.state.distinct[slot] + u32::from(new)
                }
            };
            have < requirement.distinct_min(axis)
        });
        diversity + confidence + (bonus - missing - VIOLATION_PPM * violations.count() as i64) * size
    }

    fn take(&mut self, position: u32) {
        let entry = self.state.entry(position);
        let (pool, rank) = (self.pool, entry.rank);
        self.unique = std::array::from_fn(|which| self.unique_with(which, rank));
        for axis in Axis::ALL {
            for &value in pool.values_at(rank, axis) {
                self.counts[axis.index()][value as usize] += 1;
            }
        }
        let set = pool.rows[rank as usize][Axis::PowerRegion.index()];
        if !self.sets.contains(&set) {
            self.sets.push(set);
        }
        self.confidence += i64::from(pool.confidence_at(rank, &self.state.index.requirement));
        self.state.include(position);
    }
}
