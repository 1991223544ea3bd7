//! The signature table: what a selection needs to know of a pool for one requirement.
//!
//! Two eligible candidates with the same values on every axis that the requirement constrains are
//! interchangeable but for their weight; they share a signature. Of each signature only the best few can ever
//! be chosen (as many as the smallest cap), so ten thousand candidates shrink to the entries that matter, and
//! a selection that reuses the index costs microseconds.

use quorate_types::BasisPoints;

use crate::axis::{Axis, UNKNOWN};
use crate::pool::Pool;
use crate::requirement::Requirement;

/// Signature of a candidate that no selection may contain.
pub(crate) const NOT_ELIGIBLE: u32 = u32::MAX;

/// The signature table of one pool for one requirement. Made by [`Pool::index`], or afresh by [`Index::new`].
#[derive(Clone, Debug)]
pub struct Index {
    pub(crate) requirement: Requirement,
    /// The constrained axes; a position in this list is called a slot.
    pub(crate) axes: Vec<Axis>,
    /// The slot of the set-valued power axis.
    pub(crate) region_slot: Option<usize>,
    /// What can be chosen, by rank: of each signature the best candidates.
    pub(crate) entries: Vec<Entry>,
    /// Signature of each rank, or [`NOT_ELIGIBLE`].
    pub(crate) signature_of_rank: Vec<u32>,
    /// Number of eligible candidates.
    pub(crate) eligible: usize,
    /// Per slot: number of dense value ids, the unknown 0 counted.
    pub(crate) dense_len: Vec<usize>,
    /// Per slot: whether the value of any eligible candidate is unknown.
    pub(crate) shows_unknown: Vec<bool>,
    /// Dense value ids, `signature * slots + slot`, in order of first appearance by rank; at the power slot
    /// the region of the set that most eligible candidates share.
    values: Vec<u32>,
    region_offsets: Vec<u32>,
    regions: Vec<u32>,
}

/// A candidate that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) rank: u32,
    pub(crate) signature: u32,
    pub(crate) weight: i64,
}

impl Index {
    /// Builds the table: one pass over the pool in order of rank.
    pub fn new(pool: &Pool, requirement: &Requirement) -> Self {
        let mut builder = Builder::new(pool, requirement);
        for rank in 0..pool.len() as u32 {
            builder.add(rank);
        }
        builder.finish()
    }

    /// Number of candidates that meet every rule a single candidate can break.
    pub fn eligible(&self) -> usize {
        self.eligible
    }

    /// Number of different signatures.
    pub fn signatures(&self) -> usize {
        self.region_offsets.len() - 1
    }

    /// The dense value of a signature at a slot; 0 is unknown.
    pub(crate) fn value(&self, signature: u32, slot: usize) -> u32 {
        self.values[signature as usize * self.axes.len() + slot]
    }

    /// The dense regions of a signature; empty where the power axis is not constrained.
    pub(crate) fn regions(&self, signature: u32) -> &[u32] {
        let start = self.region_offsets[signature as usize] as usize;
        &self.regions[start..self.region_offsets[signature as usize + 1] as usize]
    }

    /// All dense values of a signature at a slot: none where unknown, several only for power regions.
    pub(crate) fn values(&self, signature: u32, slot: usize) -> &[u32] {
        if self.region_slot == Some(slot) {
            return self.regions(signature);
        }
        let at = signature as usize * self.axes.len() + slot;
        if self.values[at] == UNKNOWN { &[] } else { &self.values[at..=at] }
    }

    /// The most candidates of one signature that one selection can contain, whatever its values.
    fn per_signature_max(requirement: &Requirement) -> u32 {
        let known = Axis::ALL.into_iter().filter(|&axis| requirement.requires_known(axis));
        known.filter_map(|axis| requirement.per_value_max(axis)).min().unwrap_or(u32::MAX)
    }

    /// Whether a cap at a slot holds for every eligible candidate: nobody is let in for an unknown value.
    pub(crate) fn caps_all(&self, slot: usize) -> bool {
        !(self.shows_unknown[slot] && self.requirement.axes[self.axes[slot].index()].unknown_allowed)
    }

    /// The entry of any eligible candidate, also of one that the table left out.
    pub(crate) fn entry(&self, pool: &Pool, rank: u32) -> Option<Entry> {
        let signature = self.signature_of_rank[rank as usize];
        let weight = pool.weight[rank as usize].cast_signed();
        (signature != NOT_ELIGIBLE).then_some(Entry { rank, signature, weight })
    }

    /// The entries with the preferred candidates first, each heavier by `bonus`, and without those that are
    /// gone (both by rank, ascending): what the table left out moves up into the places of the gone.
    pub(crate) fn entries_preferring(
        &self,
        pool: &Pool,
        preferred: &[u32],
        bonus: i64,
        gone: &[u32],
    ) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(preferred.len() + self.entries.len());
        let stay = preferred.iter().filter_map(|&rank| self.entry(pool, rank));
        entries.extend(stay.map(|entry| Entry { weight: entry.weight + bonus, ..entry }));
        let first = entries.len();
        let among = |ranks: &[u32], rank: u32| ranks.binary_search(&rank).is_ok();
        let others =
            self.entries.iter().filter(|entry| !among(preferred, entry.rank) && !among(gone, entry.rank));
        entries.extend(others);
        let mut affected: Vec<u32> = gone.iter().map(|&rank| self.signature_of_rank[rank as usize]).collect();
        affected.sort_unstable();
        affected.dedup();
        let keep = Self::per_signature_max(&self.requirement) as usize;
        for signature in affected.into_iter().filter(|&signature| signature != NOT_ELIGIBLE) {
            let same = self.signature_of_rank.iter().enumerate().filter(|&(_, &other)| other == signature);
            let left = same.map(|(rank, _)| rank as u32).filter(|&rank| !among(gone, rank));
            for rank in left.take(keep).filter(|&rank| !among(preferred, rank)) {
                if let Err(place) = entries[first..].binary_search_by_key(&rank, |entry| entry.rank)
                    && let Some(entry) = self.entry(pool, rank)
                {
                    entries.insert(first + place, entry);
                }
            }
        }
        entries
    }
}

/// Whether a candidate may be a member of anything, taken alone.
pub(crate) fn eligible(pool: &Pool, requirement: &Requirement, rank: u32) -> bool {
    let confidence: BasisPoints =
        if requirement.confidence_min == 0 { 0 } else { pool.confidence_at(rank, requirement) };
    confidence >= requirement.confidence_min
        && (pool.fresh[rank as usize] || !requirement.fresh_evidence)
        && !pool.is_twin(rank)
        && Axis::ALL.into_iter().all(|axis| {
            pool.rows[rank as usize][axis.index()] != UNKNOWN || !requirement.requires_known(axis)
        })
}

struct Builder<'pool> {
    pool: &'pool Pool,
    index: Index,
    keep: u32,
    /// Open addressing, signature + 1 or 0. Not a hash map: its order never reaches the output.
    table: Vec<u32>,
    /// Raw value ids of each signature, `signature * slots + slot`.
    keys: Vec<u32>,
    key: Vec<u32>,
    taken: Vec<u32>,
    dense: Vec<Vec<u32>>,
}

impl<'pool> Builder<'pool> {
    fn new(pool: &'pool Pool, requirement: &Requirement) -> Self {
        let constrained = Axis::ALL.into_iter().filter(|&axis| requirement.constrains(axis));
        let axes: Vec<Axis> = constrained.collect();
        let dense = axes.iter().map(|axis| vec![UNKNOWN; pool.names[axis.index()].len()]).collect();
        let index = Index {
            requirement: requirement.clone(),
            region_slot: axes.iter().position(|&axis| axis == Axis::PowerRegion),
            entries: Vec::with_capacity(pool.len()),
            signature_of_rank: vec![NOT_ELIGIBLE; pool.len()],
            eligible: 0,
            dense_len: vec![1; axes.len()],
            shows_unknown: vec![false; axes.len()],
            values: Vec::with_capacity(pool.len() * axes.len()),
            region_offsets: vec![0],
            regions: Vec::with_capacity(pool.len()),
            axes,
        };
        Self {
            pool,
            keep: Index::per_signature_max(requirement),
            table: vec![0; (2 * pool.len() + 1).next_power_of_two()],
            keys: Vec::with_capacity(pool.len() * index.axes.len()),
            key: vec![0; index.axes.len()],
            taken: Vec::with_capacity(pool.len()),
            dense,
            index,
        }
    }

    fn add(&mut self, rank: u32) {
        if !eligible(self.pool, &self.index.requirement, rank) {
            return;
        }
        self.index.eligible += 1;
        let row = &self.pool.rows[rank as usize];
        for (value, axis) in self.key.iter_mut().zip(&self.index.axes) {
            *value = row[axis.index()];
        }
        let signature = self.find_or_add();
        self.index.signature_of_rank[rank as usize] = signature;
        let taken = &mut self.taken[signature as usize];
        if *taken < self.keep {
            *taken += 1;
            let weight = self.pool.weight[rank as usize].cast_signed();
            self.index.entries.push(Entry { rank, signature, weight });
        }
    }

    fn find_or_add(&mut self) -> u32 {
        let slots = self.key.len();
        // Multiplicative mixing with an odd constant near 2^64 / golden ratio (Knuth, TAOCP 3, section 6.4).
        let mix = |hash: u64, &value: &u32| {
            (hash ^ u64::from(value)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
        };
        let mask = self.table.len() - 1;
        let mut position = self.key.iter().fold(0, mix) as usize & mask;
        loop {
            let found = self.table[position];
            if found == 0 {
                break;
            }
            let at = (found - 1) as usize * slots;
            if self.keys[at..at + slots] == self.key[..] {
                return found - 1;
            }
            position = (position + 1) & mask;
        }
        let signature = self.taken.len() as u32;
        self.table[position] = signature + 1;
        self.keys.extend_from_slice(&self.key);
        self.taken.push(0);
        for (slot, &value) in self.key.iter().enumerate() {
            self.index.shows_unknown[slot] |= value == UNKNOWN;
            let dense = &mut self.dense[slot];
            let next = &mut self.index.dense_len[slot];
            let mut assign = |value: u32| {
                let id = &mut dense[value as usize];
                if *id == UNKNOWN && value != UNKNOWN {
                    *id = *next as u32;
                    *next += 1;
                }
                *id
            };
            if self.index.region_slot == Some(slot) {
                self.index.regions.extend(self.pool.sets.of(value).iter().map(|&region| assign(region)));
                self.index.values.push(UNKNOWN);
            } else {
                self.index.values.push(assign(value));
            }
        }
        self.index.region_offsets.push(self.index.regions.len() as u32);
        signature
    }

    /// Fills in which region of each set is the most contested one: it makes the matching bound tightest.
    fn finish(mut self) -> Index {
        let Some(slot) = self.index.region_slot else { return self.index };
        let mut crowd = vec![0_u32; self.index.dense_len[slot]];
        for (signature, &taken) in self.taken.iter().enumerate() {
            for &region in self.index.regions(signature as u32) {
                crowd[region as usize] += taken;
            }
        }
        let slots = self.index.axes.len();
        for signature in 0..self.taken.len() {
            let regions = self.index.regions(signature as u32).iter();
            // Of equals the first-met region, so that the choice does not depend on the caller's numbering.
            let most =
                regions.copied().max_by_key(|&region| (crowd[region as usize], std::cmp::Reverse(region)));
            self.index.values[signature * slots + slot] = most.unwrap_or(UNKNOWN);
        }
        self.index
    }
}
