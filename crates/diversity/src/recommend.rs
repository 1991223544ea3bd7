//! What to add or swap so that members become valid.

use crate::error::DiversityError;
use crate::pool::Pool;
use crate::remedy::{Remedy, remedies};
use crate::repair::{Change, Repair, repair_to};
use crate::requirement::Requirement;
use crate::validate::validate;

/// Advice on members that break a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recommendation {
    /// Nothing has to change.
    Keep,
    /// Take these out and those in; the result is valid, and no smaller change is where `minimal`.
    Swap(Change),
    /// The pool does not permit valid members; any of these would change that. Empty where no single kind of
    /// change does.
    Remedies(Vec<Remedy>),
}

/// Recommends the smallest change that makes `members` valid, from the candidates of the pool. `size` is how
/// many members there should be; 0 takes their number.
///
/// # Errors
/// What [`Requirement::check`] says; a member that is not in the pool or occurs twice; no members where
/// `size` is 0.
pub fn recommend(
    pool: &Pool,
    requirement: &Requirement,
    members: &[u32],
    size: usize,
) -> Result<Recommendation, DiversityError> {
    let size = if size == 0 { members.len() } else { size };
    if validate(pool, requirement, members, size)?.valid {
        return Ok(Recommendation::Keep);
    }
    Ok(match repair_to(pool, requirement, members, &[], size)? {
        Repair::Repaired(change) => Recommendation::Swap(change),
        Repair::Impossible(_) | Repair::Undecided { .. } => {
            Recommendation::Remedies(remedies(pool, requirement, size)?)
        }
    })
}
