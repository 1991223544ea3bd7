//! Selection: the members of a new group, or why there can be none.

use quorate_types::FieldPath;

use crate::certificate::Certificate;
use crate::error::DiversityError;
use crate::exact::{Outcome, search};
use crate::greedy;
use crate::index::{Entry, Index};
use crate::pool::Pool;
use crate::requirement::{Requirement, SIZE_MAX};
use crate::validate::keeps_rules;

/// Up to this many members the exact search is given all the nodes the caller allows.
pub const EXACT_SIZE_MAX: usize = 10;

/// Default of [`SelectOptions::nodes_max`]. A node costs microseconds, in the worst of worlds with 10 000
/// candidates about 100 of them, so the default ends within seconds there; pools that are not made to be hard
/// need a handful of nodes.
pub const NODES_MAX_DEFAULT: u64 = 20_000;

/// Above [`EXACT_SIZE_MAX`] members the search that follows greedy visits at most this many nodes.
pub const LARGE_NODES_MAX: u64 = 2_000;

/// A search that is not over after this many nodes is given an incumbent to prune with. Nearly all are over
/// after one.
const FIRST_NODES_MAX: u64 = 512;

/// How often local improvement goes over all members.
const IMPROVEMENT_PASSES_MAX: usize = 4;

/// How many heavier candidates local improvement tries in the place of one member.
const IMPROVEMENT_TRIES_MAX: usize = 16;

/// How to select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The heaviest valid set, proved; above [`EXACT_SIZE_MAX`] members, the best found with its gap.
    Exact,
    /// The document's greedy choice; where that fails, the exact search decides.
    Greedy,
}

/// What to select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectOptions {
    /// Number of members.
    pub size: usize,
    /// How to select.
    pub method: Method,
    /// Hard cap on search nodes. When it is hit the answer says so and reports the gap.
    pub nodes_max: u64,
}

impl SelectOptions {
    /// `size` members, exactly, with the default cap on nodes.
    pub fn exact(size: usize) -> Self {
        Self { size, method: Method::Exact, nodes_max: NODES_MAX_DEFAULT }
    }

    /// `size` members, greedily.
    pub fn greedy(size: usize) -> Self {
        Self { method: Method::Greedy, ..Self::exact(size) }
    }
}

/// The answer to a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Members that keep every rule.
    Feasible(Chosen),
    /// There are none; the certificate says why and can be checked.
    Infeasible(Box<Certificate>),
    /// The search hit its cap before it found members or proved that there are none.
    Undecided {
        /// Nodes visited.
        nodes: u64,
        /// No valid set is heavier than this.
        bound: u64,
    },
}

/// Members that keep every rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Their indexes, heaviest first, equals by device id.
    pub members: Vec<u32>,
    /// Sum of their weights.
    pub total_weight: u64,
    /// Whether no valid set is heavier: proved.
    pub optimal: bool,
    /// No valid set is heavier than this; equal to `total_weight` where optimal.
    pub bound: u64,
    /// `bound - total_weight`.
    pub gap: u64,
    /// Search nodes visited.
    pub nodes: u64,
    /// What the members come from.
    pub method: Method,
}

/// Selects members from a pool, with the pool's own index for the requirement.
///
/// # Errors
/// What [`Requirement::check`] says, and a size of 0 or above [`SIZE_MAX`].
pub fn select(
    pool: &Pool,
    requirement: &Requirement,
    options: &SelectOptions,
) -> Result<Selection, DiversityError> {
    select_with(pool, &*pool.index(requirement)?, options)
}

/// [`select`] with an index that the caller made from the same pool.
///
/// # Errors
/// A size of 0 or above [`SIZE_MAX`].
pub fn select_with(pool: &Pool, index: &Index, options: &SelectOptions) -> Result<Selection, DiversityError> {
    check_size(options.size)?;
    if options.method == Method::Greedy
        && let Some((weight, members)) = greedy_incumbent(pool, index, options.size)
    {
        let root = search(index, &index.entries, options.size, 1, None);
        let bound = root.bound.max(weight);
        return Ok(feasible(pool, &members, bound, root.nodes, Method::Greedy));
    }
    let outcome = solve(pool, index, options.size, options.nodes_max);
    Ok(match outcome.best {
        Some((_, members)) => feasible(pool, &members, outcome.bound, outcome.nodes, Method::Exact),
        None if outcome.complete => {
            Selection::Infeasible(Box::new(Certificate::new(pool, index, options.size)))
        }
        None => Selection::Undecided { nodes: outcome.nodes, bound: outcome.bound.unsigned_abs() },
    })
}

/// The heaviest valid set of the whole pool, as far as the nodes allow.
pub(crate) fn solve(pool: &Pool, index: &Index, size: usize, nodes_max: u64) -> Outcome {
    let first = search(index, &index.entries, size, nodes_max.min(FIRST_NODES_MAX), None);
    if first.complete || first.nodes >= nodes_max {
        return first;
    }
    let large = size > EXACT_SIZE_MAX;
    let mut incumbent = heavier(greedy_incumbent(pool, index, size), first.best);
    if large && let Some((weight, members)) = &mut incumbent {
        improve(pool, index, members);
        *weight = members.iter().map(|entry| entry.weight).sum();
    }
    let nodes_max = if large { nodes_max.min(LARGE_NODES_MAX) } else { nodes_max };
    search(index, &index.entries, size, nodes_max, incumbent)
}

pub(crate) fn check_size(size: usize) -> Result<(), DiversityError> {
    let field = FieldPath::new("size");
    match size {
        0 => Err(DiversityError::Size { field }),
        1..=SIZE_MAX => Ok(()),
        _ => Err(DiversityError::Limit { field, limit: SIZE_MAX as u64, found: size as u64 }),
    }
}

fn feasible(pool: &Pool, members: &[Entry], bound: i64, nodes: u64, method: Method) -> Selection {
    let ranks: Vec<u32> = members.iter().map(|entry| entry.rank).collect();
    let total_weight = pool.total_weight(&ranks);
    let bound = bound.unsigned_abs();
    Selection::Feasible(Chosen {
        members: pool.indexes_of(&ranks),
        total_weight,
        optimal: bound == total_weight,
        bound,
        gap: bound - total_weight,
        nodes,
        method,
    })
}

/// The greedy choice, where it is complete and keeps every rule.
fn greedy_incumbent(pool: &Pool, index: &Index, size: usize) -> Option<(i64, Vec<Entry>)> {
    let (members, _) = greedy::run(pool, index, size);
    valid(pool, index, &members, size).then(|| (members.iter().map(|entry| entry.weight).sum(), members))
}

fn valid(pool: &Pool, index: &Index, members: &[Entry], size: usize) -> bool {
    let ranks: Vec<u32> = members.iter().map(|entry| entry.rank).collect();
    members.len() == size && keeps_rules(pool, &index.requirement, &ranks)
}

fn heavier(a: Option<(i64, Vec<Entry>)>, b: Option<(i64, Vec<Entry>)>) -> Option<(i64, Vec<Entry>)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Swaps one member at a time for the heaviest candidate with which the set stays valid, until a pass changes
/// nothing.
fn improve(pool: &Pool, index: &Index, members: &mut [Entry]) {
    let mut state = crate::state::State::new(index, &index.entries, members.len());
    for _ in 0..IMPROVEMENT_PASSES_MAX {
        let mut changed = false;
        for out in (0..members.len()).rev() {
            let removed = members[out];
            // Greedy's members need not be entries of the table, so they are counted in by signature.
            let others: Vec<u32> = members.iter().filter(|&&m| m != removed).map(|m| m.signature).collect();
            others.iter().for_each(|&signature| state.count_in(signature));
            let better =
                (0..index.entries.len() as u32).map(|position| (position, index.entries[position as usize]));
            let better = better.take_while(|(_, entry)| entry.rank < removed.rank);
            let candidates: Vec<Entry> = better
                .filter(|(position, entry)| state.fits(*position) && !members.contains(entry))
                .map(|(_, entry)| entry)
                .take(IMPROVEMENT_TRIES_MAX)
                .collect();
            others.iter().for_each(|&signature| state.uncount(signature));
            for entry in candidates {
                members[out] = entry;
                if valid(pool, index, members, members.len()) {
                    changed = true;
                    break;
                }
                members[out] = removed;
            }
        }
        members.sort_unstable_by_key(|entry| entry.rank);
        if !changed {
            return;
        }
    }
}
