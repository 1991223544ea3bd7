//! The diversity score, relative to what a level asks.
//!
//! The document's score is the number of different values divided by the number of members, which makes every
//! large fleet look critical. This one is relative to the required counts: 10 000 exactly when all diversity
//! constraints of the level are met, whatever the size (docs/design/placement.md).

use quorate_types::units::ratio_basis_points;
use quorate_types::{BASIS_POINTS_MAX, BasisPoints};

use crate::axis::{AXIS_COUNT, Axis};
use crate::error::DiversityError;
use crate::pool::Pool;
use crate::requirement::Requirement;
use crate::validate::{check_size_max, distinct};

/// Weight of each axis: the document's 0.30 ASN, 0.30 TEE, 0.25 power, 0.15 country, in basis points.
///
/// The document has no weight for the other axes; a level that constrains them counts each like the country.
/// The weights are renormalised over the constrained axes.
pub const SCORE_WEIGHTS: [u32; AXIS_COUNT] = [3_000, 1_500, 1_500, 1_500, 2_500, 3_000, 1_500, 1_500];

/// How much of what a level asks is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Over all constrained axes, weighted; 10 000 exactly when each of them is.
    pub total: BasisPoints,
    /// Per axis, by [`Axis::index`]: different values relative to the needed number, or members inside the
    /// cap relative to all members, whichever is lower; `None` where the level does not constrain the axis,
    /// or only caps its known values and no member has one.
    pub axes: [Option<BasisPoints>; AXIS_COUNT],
}

/// Scores members against a level. `size` is how many there should be; 0 takes them as they are.
///
/// # Errors
/// What [`Requirement::check`] says; a member that is not in the pool or occurs twice.
pub fn score(
    pool: &Pool,
    requirement: &Requirement,
    members: &[u32],
    size: usize,
) -> Result<Score, DiversityError> {
    requirement.check()?;
    check_size_max(size)?;
    Ok(score_of(pool, requirement, &pool.ranks("members", members)?, size))
}

pub(crate) fn score_of(pool: &Pool, requirement: &Requirement, ranks: &[u32], size: usize) -> Score {
    let axes = Axis::ALL.map(|axis| {
        let known = || ranks.iter().any(|&rank| !pool.values_at(rank, axis).is_empty());
        let asks = requirement.distinct_min(axis) > 0 || requirement.requires_known(axis);
        (asks || requirement.constrains(axis) && known()).then(|| {
            let need = requirement.effective_min(axis, size.max(ranks.len()));
            // Nobody is needed and nobody is there: met.
            let spread = if need == 0 {
                BASIS_POINTS_MAX
            } else {
                ratio_basis_points(u64::from(distinct(pool, axis, ranks)), u64::from(need))
            };
            match requirement.per_value_max(axis) {
                Some(cap) if !ranks.is_empty() => {
                    let inside = inside_cap(pool, axis, ranks, cap, requirement.requires_known(axis)) as u64;
                    spread.min(ratio_basis_points(inside, ranks.len() as u64))
                }
                _ => spread,
            }
        })
    });
    let (mut earned, mut attainable) = (0_u32, 0_u32);
    for (score, weight) in axes.iter().zip(SCORE_WEIGHTS) {
        if let Some(score) = score {
            earned += weight * u32::from(*score);
            attainable += weight;
        }
    }
    let total = match attainable {
        0 => BASIS_POINTS_MAX,
        _ => BasisPoints::try_from(earned / attainable).unwrap_or(BASIS_POINTS_MAX),
    };
    Score { total, axes }
}

/// How many members find room under the cap when they come in order of rank; the unknown find none where
/// values must be known.
fn inside_cap(pool: &Pool, axis: Axis, ranks: &[u32], cap: u32, known: bool) -> usize {
    let mut counts = vec![0_u32; pool.names[axis.index()].len()];
    let fits = |&&rank: &&u32| {
        let values = pool.values_at(rank, axis);
        let room = !(known && values.is_empty()) && values.iter().all(|&value| counts[value as usize] < cap);
        if room {
            values.iter().for_each(|&value| counts[value as usize] += 1);
        }
        room
    };
    ranks.iter().filter(fits).count()
}
