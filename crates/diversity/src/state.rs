//! A partial selection: how often each value is used, what is ruled out, and how to take it all back.

use crate::axis::Axis;
use crate::index::{Entry, Index};

/// Per slot: no cap.
pub(crate) const NO_CAP: u32 = u32::MAX;

/// The rules of a requirement for one size, by slot of an index.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Most members per value, or [`NO_CAP`].
    pub(crate) caps: Vec<u32>,
    /// Whether an unknown value keeps no candidate out.
    pub(crate) unknown_fits: Vec<bool>,
    /// Fewest different values.
    pub(crate) minima: Vec<u32>,
}

impl Rules {
    /// Takes the caps that `size` members imply ([`crate::Requirement::effective_max`]): a search is quick
    /// where caps bind.
    pub(crate) fn new(index: &Index, size: usize) -> Self {
        let requirement = &index.requirement;
        let cap = |&axis: &Axis| requirement.effective_max(axis, size).unwrap_or(NO_CAP);
        Self {
            caps: index.axes.iter().map(cap).collect(),
            unknown_fits: index
                .axes
                .iter()
                .map(|axis| requirement.axes[axis.index()].unknown_allowed)
                .collect(),
            minima: index.axes.iter().map(|&axis| requirement.distinct_min(axis)).collect(),
        }
    }
}

/// The selection a search works on.
#[derive(Debug)]
pub(crate) struct State<'index> {
    pub(crate) index: &'index Index,
    pub(crate) entries: &'index [Entry],
    pub(crate) rules: Rules,
    /// Positions in `entries` of the members so far.
    pub(crate) included: Vec<u32>,
    pub(crate) weight: i64,
    /// Members per value, all slots in one array.
    counts: Vec<u32>,
    base: Vec<usize>,
    /// Different known values per slot. Not kept for the set-valued slot.
    pub(crate) distinct: Vec<u32>,
    taken: Vec<bool>,
    blocked: Vec<bool>,
    trail: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Included(u32),
    Blocked(u32),
}

impl<'index> State<'index> {
    pub(crate) fn new(index: &'index Index, entries: &'index [Entry], size: usize) -> Self {
        let mut base = Vec::with_capacity(index.axes.len());
        let mut total = 0;
        for &length in &index.dense_len {
            base.push(total);
            total += length;
        }
        Self {
            index,
            entries,
            rules: Rules::new(index, size),
            included: Vec::with_capacity(size),
            weight: 0,
            counts: vec![0; total],
            base,
            distinct: vec![0; index.axes.len()],
            taken: vec![false; entries.len()],
            blocked: vec![false; index.signatures()],
            trail: Vec::with_capacity(4 * size),
        }
    }

    pub(crate) fn entry(&self, position: u32) -> Entry {
        self.entries[position as usize]
    }

    /// Members that have this value.
    pub(crate) fn count(&self, slot: usize, value: u32) -> u32 {
        self.counts[self.base[slot] + value as usize]
    }

    /// How many more members may have this value.
    pub(crate) fn room(&self, slot: usize, value: u32) -> u32 {
        self.rules.caps[slot].saturating_sub(self.count(slot, value))
    }

    /// Whether the entry can join without breaking a cap.
    pub(crate) fn fits(&self, position: u32) -> bool {
        let signature = self.entries[position as usize].signature;
        if self.taken[position as usize] || self.blocked[signature as usize] {
            return false;
        }
        (0..self.rules.caps.len()).all(|slot| {
            let cap = self.rules.caps[slot];
            if cap == NO_CAP {
                return true;
            }
            let values = self.index.values(signature, slot);
            (self.rules.unknown_fits[slot] || !values.is_empty())
                && values.iter().all(|&value| self.count(slot, value) < cap)
        })
    }

    /// Counts an entry without making it a member; undone by [`State::uncount`].
    pub(crate) fn count_in(&mut self, signature: u32) {
        for slot in 0..self.base.len() {
            for &value in self.index.values(signature, slot) {
                let count = &mut self.counts[self.base[slot] + value as usize];
                *count += 1;
                self.distinct[slot] += u32::from(*count == 1);
            }
        }
    }

    pub(crate) fn uncount(&mut self, signature: u32) {
        for slot in 0..self.base.len() {
            for &value in self.index.values(signature, slot) {
                let count = &mut self.counts[self.base[slot] + value as usize];
                *count -= 1;
                self.distinct[slot] -= u32::from(*count == 0);
            }
        }
    }

    pub(crate) fn include(&mut self, position: u32) {
        let entry = self.entry(position);
        self.taken[position as usize] = true;
        self.included.push(position);
        self.weight += entry.weight;
        self.count_in(entry.signature);
        self.trail.push(Step::Included(position));
    }

    /// Rules out every further candidate of a signature.
    pub(crate) fn block(&mut self, signature: u32) {
        if !self.blocked[signature as usize] {
            self.blocked[signature as usize] = true;
            self.trail.push(Step::Blocked(signature));
        }
    }

    /// How many steps were taken; a place to come back to.
    pub(crate) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Takes back every step after `mark`.
    pub(crate) fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            match self.trail.pop() {
                Some(Step::Included(position)) => {
                    let entry = self.entry(position);
                    self.taken[position as usize] = false;
                    self.included.pop();
                    self.weight -= entry.weight;
                    self.uncount(entry.signature);
                }
                Some(Step::Blocked(signature)) => self.blocked[signature as usize] = false,
                None => return,
            }
        }
    }
}
