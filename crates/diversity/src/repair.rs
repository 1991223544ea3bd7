//! The smallest change that makes a set of members valid again.

use crate::certificate::Certificate;
use crate::error::DiversityError;
use crate::exact::{Outcome, search};
use crate::index::Index;
use crate::pool::Pool;
use crate::requirement::Requirement;
use crate::select::{EXACT_SIZE_MAX, LARGE_NODES_MAX, NODES_MAX_DEFAULT, check_size};

/// Added to the weight of a member that should stay, so that keeping one more always outweighs any choice of
/// the rest: above the sum of [`crate::requirement::SIZE_MAX`] weights of [`crate::columns::WEIGHT_MAX`], and
/// small enough that as many of it fit an `i64`.
const STAY_BONUS: i64 = 1 << 51;

/// The answer to a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Valid members again.
    Repaired(Change),
    /// No valid members exist without the lost ones; the certificate says why.
    Impossible(Box<Certificate>),
    /// The search hit its cap before it found members or proved that there are none.
    Undecided {
        /// Nodes visited.
        nodes: u64,
    },
}

/// From the old members to the new ones. All lists hold indexes, heaviest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The new members.
    pub members: Vec<u32>,
    /// Old members that stay.
    pub kept: Vec<u32>,
    /// Old members that were not lost and have to go.
    pub removed: Vec<u32>,
    /// Candidates that join.
    pub added: Vec<u32>,
    /// Sum of the new members' weights.
    pub total_weight: u64,
    /// Whether fewer moves, or the same with more weight, are proved impossible.
    pub minimal: bool,
}

/// Replaces lost members: keeps as many of the others as possible, and among those repairs takes the
/// heaviest.
///
/// `members` are all members before the loss, `lost` those of them that are gone (and other candidates that
/// must not be used). A member that no longer meets the level by itself, such as one whose evidence expired,
/// has to go too. An empty
/// `lost` asks for the smallest change that makes the members valid.
///
/// # Errors
/// What [`Requirement::check`] says; a member that is not in the pool or occurs twice; no members at all.
pub fn repair(
    pool: &Pool,
    requirement: &Requirement,
    members: &[u32],
    lost: &[u32],
) -> Result<Repair, DiversityError> {
    repair_to(pool, requirement, members, lost, members.len())
}

/// [`repair`] to another number of members than there were.
///
/// # Errors
/// As [`repair`].
pub fn repair_to(
    pool: &Pool,
    requirement: &Requirement,
    members: &[u32],
    lost: &[u32],
    size: usize,
) -> Result<Repair, DiversityError> {
    check_size(size)?;
    let index = pool.index(requirement)?;
    let before = pool.ranks("members", members)?;
    let gone = pool.ranks("lost", lost)?;
    let survivors: Vec<u32> = before.into_iter().filter(|rank| gone.binary_search(rank).is_err()).collect();
    let nodes_max = if size > EXACT_SIZE_MAX { LARGE_NODES_MAX } else { NODES_MAX_DEFAULT };
    let outcome = prefer(pool, &index, size, &survivors, &gone, nodes_max);
    Ok(match outcome.best {
        Some((_, entries)) => {
            let after: Vec<u32> = entries.iter().map(|entry| entry.rank).collect();
            Repair::Repaired(change(pool, &survivors, &after, outcome.complete))
        }
        None if outcome.complete => {
            Repair::Impossible(Box::new(Certificate::without(pool, &index, size, &gone)))
        }
        None => Repair::Undecided { nodes: outcome.nodes },
    })
}

fn change(pool: &Pool, survivors: &[u32], after: &[u32], minimal: bool) -> Change {
    let (kept, added): (Vec<u32>, Vec<u32>) =
        after.iter().partition(|rank| survivors.binary_search(rank).is_ok());
    let removed: Vec<u32> =
        survivors.iter().copied().filter(|rank| after.binary_search(rank).is_err()).collect();
    Change {
        members: pool.indexes_of(after),
        kept: pool.indexes_of(&kept),
        removed: pool.indexes_of(&removed),
        added: pool.indexes_of(&added),
        total_weight: pool.total_weight(after),
        minimal,
    }
}

/// Searches for valid members with as many as possible of `preferred` (ranks, ascending), and among those the
/// heaviest, without the candidates in `gone` (ranks, ascending).
pub(crate) fn prefer(
    pool: &Pool,
    index: &Index,
    size: usize,
    preferred: &[u32],
    gone: &[u32],
    nodes_max: u64,
) -> Outcome {
    let entries = index.entries_preferring(pool, preferred, STAY_BONUS, gone);
    search(index, &entries, size, nodes_max, None)
}
