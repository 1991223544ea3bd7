//! Crowding distance: how much room a point has in its front.
//!
//! Source: Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002,
//! section III-B.

use crate::error::Error;
use crate::sort::{Sorter, UNRANKED};
use quorate_types::FieldPath;

/// Crowding distance of each point within the front of its rank.
///
/// The first and the last point of a front in any objective get infinity. Of points with an equal value the one with
/// the lower index comes first, so the result does not depend on anything but the input. An objective in which
/// a whole front is equal, or whose range is not finite, counts nothing.
///
/// # Errors
/// As [`crate::sort::ranks`], and [`Error::Shape`] where `ranks` does not have one entry per point.
pub fn distances(objectives: &[f64], objective_count: usize, ranks: &[u32]) -> Result<Vec<f64>, Error> {
    let mut sorter = Sorter::default();
    let points = sorter.order_columns(objectives, objective_count)?;
    if ranks.len() != points {
        let reason = format!("{points} ranks are expected, not {}", ranks.len());
        return Err(Error::shape(FieldPath::new("ranks"), reason));
    }
    if let Some(index) = ranks.iter().position(|&rank| rank as usize >= points && rank != UNRANKED) {
        let reason = format!("a rank is below the number of points, {points}");
        return Err(Error::shape(FieldPath::new("ranks").index(index), reason));
    }
    let (mut walk, mut result) = (Vec::new(), Vec::new());
    fill(&sorter, ranks, objectives, objective_count, &mut walk, &mut result);
    Ok(result)
}

/// Where the walk along one objective stands in one front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrontWalk {
    /// The last two points seen, [`NONE`] where there are none.
    previous: u32,
    before_previous: u32,
    /// 1 / (largest - smallest value) of this front, 0 where that is no number to divide by.
    scale: f64,
}

const NONE: u32 = u32::MAX;

/// As [`distances`], for points whose columns `sorter` has ordered.
///
/// One walk per objective over all points in the order of that objective visits every front in its own order,
/// so nothing is sorted a second time.
pub(crate) fn fill(
    sorter: &Sorter,
    ranks: &[u32],
    objectives: &[f64],
    objective_count: usize,
    walk: &mut Vec<FrontWalk>,
    result: &mut Vec<f64>,
) {
    let fronts = ranks.iter().filter(|&&rank| rank != UNRANKED).max().map_or(0, |&rank| rank as usize + 1);
    result.clear();
    result.resize(ranks.len(), 0.0);
    for column in 0..objective_count {
        let order = sorter.order(column);
        let value = |point: u32| objectives[point as usize * objective_count + column];
        measure_ranges(order, ranks, fronts, value, walk);
        for &point in order {
            let rank = ranks[point as usize];
            if rank == UNRANKED {
                continue;
            }
            let front = &mut walk[rank as usize];
            if front.previous == NONE {
                result[point as usize] = f64::INFINITY;
            } else if front.before_previous != NONE {
                let gap = value(point) - value(front.before_previous);
                if front.scale > 0.0 {
                    result[front.previous as usize] += gap * front.scale;
                }
            }
            front.before_previous = front.previous;
            front.previous = point;
        }
        for front in &walk[..fronts] {
            if front.previous != NONE {
                result[front.previous as usize] = f64::INFINITY;
            }
        }
    }
}

fn measure_ranges(
    order: &[u32],
    ranks: &[u32],
    fronts: usize,
    value: impl Fn(u32) -> f64,
    walk: &mut Vec<FrontWalk>,
) {
    walk.clear();
    walk.resize(fronts, FrontWalk { previous: NONE, before_previous: NONE, scale: 0.0 });
    for &point in order {
        let rank = ranks[point as usize];
        if rank != UNRANKED {
            let front = &mut walk[rank as usize];
            if front.before_previous == NONE {
                front.before_previous = point;
            }
            front.previous = point;
        }
    }
    for front in walk {
        if front.previous != NONE {
            let range = value(front.previous) - value(front.before_previous);
            front.scale = if range > 0.0 && range.is_finite() { 1.0 / range } else { 0.0 };
            front.previous = NONE;
            front.before_previous = NONE;
        }
    }
}
