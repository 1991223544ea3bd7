//! The exact search: the heaviest selection, or the proof that there is none.
//!
//! Branch and bound over a relaxation that keeps at most two caps and forgets everything else:
//! - without a cap the relaxation is the heaviest candidates, with one cap the heaviest per value (a
//!   partition matroid), with two a heaviest bipartite matching ([`crate::matching`]); each is solved to the
//!   optimum, so its weight bounds the node;
//! - if the relaxed selection keeps the forgotten rules too, it is the optimum of the node;
//! - if it breaks a further cap (a third capped axis, or a region set that overlaps another) at a value with
//!   room for one, the candidates with that value are split in two groups, the first of the members `m1, m2,
//!   ...` in one and the second in the other: no solution takes from both. Where there is room for more, the
//!   members cannot all stay: without `m1`; with `m1`, without `m2`; and so on;
//! - if it misses a minimum, every solution has a member whose value lies outside of those the relaxed
//!   selection shows (for regions: outside of its smallest hitting set): each such candidate in turn is
//!   included, its predecessors ruled out.
//!
//! All ways of branching cover every solution of the node, so an exhausted search is a proof.
//! Interchangeable candidates are used best first, so ruling out one rules out the rest of its signature.

use crate::hitting::smallest_hitting_set;
use crate::index::{Entry, Index};
use crate::matching::Matching;
use crate::state::{NO_CAP, State};

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The heaviest selection seen, with its weight.
    pub(crate) best: Option<(i64, Vec<Entry>)>,
    /// No selection is heavier than this.
    pub(crate) bound: i64,
    /// Whether the whole space was covered, so that `best` is the optimum, or `None` a proof that there is
    /// none.
    pub(crate) complete: bool,
    /// Nodes visited.
    pub(crate) nodes: u64,
}

/// Searches for the heaviest `size` of `entries` (in order of weight) that keep the rules of the index's
/// requirement.
///
/// Stops after `nodes_max` nodes. An `incumbent` that is known already lets the search prune from the start.
pub(crate) fn search(
    index: &Index,
    entries: &[Entry],
    size: usize,
    nodes_max: u64,
    incumbent: Option<(i64, Vec<Entry>)>,
) -> Outcome {
    let mut search = Search {
        relaxation: Relaxation::new(index, size),
        state: State::new(index, entries, size),
        matching: Matching::default(),
        relaxed: Vec::with_capacity(size),
        totals: Vec::with_capacity(size + 1),
        size,
        best: incumbent,
        bound: None,
        complete: true,
        nodes: 0,
    };
    // Where a minimum exceeds what the candidates show at all, a search would only find that out again and
    // again.
    let shown = |slot: usize| index.dense_len[slot] - 1;
    if (0..index.axes.len()).all(|slot| shown(slot) >= search.state.rules.minima[slot] as usize) {
        search.run(nodes_max);
    }
    let best_weight = search.best.as_ref().map(|best| best.0);
    let bound = match (search.complete, best_weight) {
        (true, Some(weight)) => weight,
        _ => search.bound.unwrap_or(0).max(best_weight.unwrap_or(0)),
    };
    Outcome { best: search.best, bound, complete: search.complete, nodes: search.nodes }
}

/// Which caps the relaxation keeps, by slot.
#[derive(Clone, Copy, Debug)]
enum Relaxation {
    Free,
    OneCap(usize),
    TwoCaps([usize; 2]),
}

impl Relaxation {
    /// Keeps the two caps that leave the least room, of those that hold for everybody.
    fn new(index: &Index, size: usize) -> Self {
        let rules = crate::state::Rules::new(index, size);
        let mut capped: Vec<usize> = (0..rules.caps.len())
            .filter(|&slot| rules.caps[slot] != NO_CAP && index.caps_all(slot))
            .collect();
        capped.sort_by_key(|&slot| (index.dense_len[slot] as u64 - 1) * u64::from(rules.caps[slot]));
        match capped[..] {
            [] => Self::Free,
            [first, second, ..] if Matching::affordable(size, [rules.caps[first], rules.caps[second]]) => {
                Self::TwoCaps([first, second])
            }
            [first, ..] => Self::OneCap(first),
        }
    }
}

struct Search<'index> {
    state: State<'index>,
    relaxation: Relaxation,
    matching: Matching,
    /// Positions of the relaxed selection's further members, heaviest first.
    relaxed: Vec<u32>,
    /// Heaviest relaxed total of 0, 1, 2, ... further members.
    totals: Vec<i64>,
    size: usize,
    best: Option<(i64, Vec<Entry>)>,
    /// Bound of the root.
    bound: Option<i64>,
    complete: bool,
    nodes: u64,
}

/// A node whose children are being visited.
struct Frame {
    /// Where the node began.
    start: usize,
    /// Where the next child begins.
    resume: usize,
    branch: Branch,
}

enum Branch {
    /// These entries (positions) share a value with room for all but one of them; `next` is to be ruled out
    /// next.
    Conflict { members: Vec<u32>, next: usize },
    /// No solution takes from both groups of signatures; `next` is the group to rule out next.
    Split { groups: [Vec<u32>; 2], next: usize },
    /// A member with a value outside of `avoid` is needed. `rest` bounds what the others can add.
    Missing { slot: usize, avoid: Vec<u32>, cursor: u32, rest: i64, last: Option<u32> },
}

impl Search<'_> {
    fn run(&mut self, nodes_max: u64) {
        // An explicit stack: the depth depends on the input, and a thread's stack must not.
        let mut stack: Vec<Frame> = Vec::new();
        stack.extend(self.visit());
        while let Some(frame) = stack.last_mut() {
            self.state.undo(frame.resume);
            if self.nodes >= nodes_max {
                self.complete = false;
                return;
            }
            if !self.next_child(frame) {
                self.state.undo(frame.start);
                stack.pop();
                continue;
            }
            stack.extend(self.visit());
        }
    }

    /// Moves the state into the next child of a node; `false` when there is none left.
    fn next_child(&mut self, frame: &mut Frame) -> bool {
        match &mut frame.branch {
            Branch::Conflict { members, next } => {
                if *next > 0 {
                    let kept = members[*next - 1];
                    if !self.state.fits(kept) {
                        return false;
                    }
                    self.state.include(kept);
                    frame.resume = self.state.mark();
                }
                let Some(&out) = members.get(*next) else { return false };
                *next += 1;
                self.state.block(self.state.entry(out).signature);
                true
            }
            Branch::Split { groups, next } => {
                let Some(group) = groups.get(*next) else { return false };
                *next += 1;
                group.iter().for_each(|&signature| self.state.block(signature));
                true
            }
            Branch::Missing { slot, avoid, cursor, rest, last } => {
                if let Some(signature) = last.take() {
                    self.state.block(signature);
                    frame.resume = self.state.mark();
                }
                while (*cursor as usize) < self.state.entries.len() {
                    let position = *cursor;
                    let entry = self.state.entry(position);
                    if self.best.as_ref().is_some_and(|best| entry.weight + *rest <= best.0) {
                        return false;
                    }
                    *cursor += 1;
                    let values = self.state.index.values(entry.signature, *slot);
                    let new = !values.is_empty() && values.iter().all(|value| !avoid.contains(value));
                    if new && self.state.fits(position) {
                        *last = Some(entry.signature);
                        self.state.include(position);
                        return true;
                    }
                }
                false
            }
        }
    }

    /// Bounds the node the state is in; records a solution, or says how to branch.
    fn visit(&mut self) -> Option<Frame> {
        self.nodes += 1;
        let left = self.size - self.state.included.len();
        let region_slot = self.state.index.region_slot;
        let hopeless = (0..self.state.distinct.len()).any(|slot| {
            region_slot != Some(slot)
                && (self.state.distinct[slot] as usize + left) < self.state.rules.minima[slot] as usize
        });
        if hopeless || !self.relax(left) {
            return None;
        }
        let bound = self.state.weight + self.totals[left];
        self.bound.get_or_insert(bound);
        if self.best.as_ref().is_some_and(|best| bound <= best.0) {
            return None;
        }
        for position in 0..self.relaxed.len() {
            let signature = self.state.entry(self.relaxed[position]).signature;
            self.state.count_in(signature);
        }
        let branch = self.broken_rule(left);
        for position in 0..self.relaxed.len() {
            let signature = self.state.entry(self.relaxed[position]).signature;
            self.state.uncount(signature);
        }
        match branch {
            Ok(()) => {
                let members = self.state.included.iter().chain(&self.relaxed);
                let mut members: Vec<Entry> = members.map(|&position| self.state.entry(position)).collect();
                members.sort_unstable_by_key(|entry| entry.rank);
                self.best = Some((bound, members));
                None
            }
            Err(None) => {
                // Too many overlapping region sets to say what is missing: this node stays undecided.
                self.complete = false;
                None
            }
            Err(Some(branch)) => {
                let mark = self.state.mark();
                Some(Frame { start: mark, resume: mark, branch })
            }
        }
    }

    /// With the relaxed selection counted in: the first rule it breaks, as the way to branch on it.
    fn broken_rule(&self, left: usize) -> Result<(), Option<Branch>> {
        let state = &self.state;
        for slot in 0..state.rules.caps.len() {
            let cap = state.rules.caps[slot];
            for &position in &self.relaxed {
                for &value in state.index.values(state.entry(position).signature, slot) {
                    if state.count(slot, value) > cap {
                        return Err(Some(self.conflict(slot, value, cap)));
                    }
                }
            }
        }
        for slot in 0..state.rules.minima.len() {
            let minimum = state.rules.minima[slot];
            let all = || state.included.iter().chain(&self.relaxed).map(|&p| state.entry(p).signature);
            let avoid = if state.index.region_slot == Some(slot) {
                let hitting = smallest_hitting_set(all().map(|signature| state.index.regions(signature)));
                if hitting.count >= minimum {
                    continue;
                }
                hitting.regions.ok_or(None)?
            } else {
                if state.distinct[slot] >= minimum {
                    continue;
                }
                all().flat_map(|signature| state.index.values(signature, slot)).copied().collect()
            };
            if left == 0 {
                // Nothing can be added: the node has no solution, and a branch without candidates says so.
                return Err(Some(Branch::Conflict { members: Vec::new(), next: 0 }));
            }
            let rest = state.weight + self.totals[left - 1];
            return Err(Some(Branch::Missing { slot, avoid, cursor: 0, rest, last: None }));
        }
        Ok(())
    }

    fn conflict(&self, slot: usize, value: u32, cap: u32) -> Branch {
        let shares = |&&position: &&u32| {
            self.state.index.values(self.state.entry(position).signature, slot).contains(&value)
        };
        let members: Vec<u32> = self.relaxed.iter().filter(shares).copied().collect();
        let too_many = (self.state.count(slot, value) - cap) as usize;
        // One more than there is room for is enough to branch on.
        let enough = members.len() + 1 - too_many;
        if enough == 2
            && let Some(groups) = self.split(slot, value, [members[0], members[1]])
        {
            return Branch::Split { groups, next: 0 };
        }
        Branch::Conflict { members: members[..enough].to_vec(), next: 0 }
    }

    /// Splits the signatures that have a value by what tells two members apart: their region sets, or their
    /// values where the relaxation keeps a cap. Ruling out whole groups leaves far fewer cases than ruling
    /// out single signatures.
    fn split(&self, slot: usize, value: u32, members: [u32; 2]) -> Option<[Vec<u32>; 2]> {
        let index = self.state.index;
        let [first, second] = members.map(|position| self.state.entry(position).signature);
        let kept: &[usize] = match &self.relaxation {
            Relaxation::Free => &[],
            Relaxation::OneCap(slot) => std::slice::from_ref(slot),
            Relaxation::TwoCaps(slots) => slots,
        };
        let telling = std::iter::once(slot).chain(kept.iter().copied());
        let by = telling.into_iter().find(|&by| index.values(first, by) != index.values(second, by))?;
        let with_value = (0..index.signatures() as u32).filter(|&s| index.values(s, slot).contains(&value));
        let (group, other) = with_value.partition(|&s| index.values(s, by) == index.values(first, by));
        Some([group, other])
    }

    /// Fills `relaxed` and `totals` with the heaviest relaxed choice of `left` members; `false` when there is
    /// none.
    fn relax(&mut self, left: usize) -> bool {
        self.relaxed.clear();
        self.totals.clear();
        self.totals.push(0);
        match self.relaxation {
            _ if left == 0 => true,
            Relaxation::Free => self.relax_by_value(left, None),
            Relaxation::OneCap(slot) => self.relax_by_value(left, Some(slot)),
            Relaxation::TwoCaps(slots) => self.relax_by_matching(left, slots),
        }
    }

    /// The heaviest entries that fit, each value of `slot` used as often as there is room.
    fn relax_by_value(&mut self, left: usize, slot: Option<usize>) -> bool {
        for position in 0..self.state.entries.len() as u32 {
            if self.relaxed.len() == left {
                break;
            }
            if !self.state.fits(position) {
                continue;
            }
            let entry = self.state.entry(position);
            if let Some(slot) = slot {
                let value = self.state.index.value(entry.signature, slot);
                let same =
                    |&&other: &&u32| self.state.index.value(self.state.entry(other).signature, slot) == value;
                if self.relaxed.iter().filter(same).count() as u32 >= self.state.room(slot, value) {
                    continue;
                }
            }
            self.relaxed.push(position);
            self.totals.push(self.totals[self.totals.len() - 1] + entry.weight);
        }
        self.relaxed.len() == left
    }

    fn relax_by_matching(&mut self, left: usize, slots: [usize; 2]) -> bool {
        let state = &self.state;
        let caps = slots.map(|slot| state.rules.caps[slot]);
        self.matching.begin(left, caps, slots.map(|slot| state.index.dense_len[slot]));
        for position in 0..state.entries.len() as u32 {
            if !state.fits(position) {
                continue;
            }
            let entry = state.entry(position);
            let values = slots.map(|slot| state.index.value(entry.signature, slot));
            let room = [state.room(slots[0], values[0]), state.room(slots[1], values[1])];
            if !self.matching.offer(position, values, room, entry.weight) {
                break;
            }
        }
        if self.matching.solve(left) < left {
            return false;
        }
        self.matching.prefer_first(|a, b| state.entry(a).signature == state.entry(b).signature);
        self.relaxed.extend(self.matching.chosen());
        self.totals.clear();
        self.totals.extend_from_slice(&self.matching.totals);
        true
    }
}
