//! Crowding distance: how much room a point has in its front.
//!
//! Source: Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm:
//! NSGA-II", 2002, section III-B; pruning: Kukkonen and Deb, "Improved pruning of non-dominated solutions
//! based on crowding distance for bi-objective optimization problems", 2006.

use crate::error::Error;
use crate::sort::{Sorter, UNRANKED};
use quorate_types::FieldPath;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Crowding distance of each point within the front of its rank.
///
/// The first and the last point of a front in any objective get infinity. Of points with an equal value the
/// one with the lower index comes first, so the result does not depend on anything but the input. An
/// objective in which a whole front is equal, or whose range is not finite, counts nothing.
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

/// Removes the most crowded points of a front one at a time.
///
/// Removing them all at once, by distances measured before, leaves holes where many close points go together,
/// and takes all copies of a point where copies are many. Here each removal widens the gaps of its neighbours
/// first.
#[derive(Debug, Default)]
pub(crate) struct Pruner {
    /// Neighbours of each point in each objective, [`NONE`] at the ends.
    links: Vec<[u32; 2]>,
    scales: Vec<f64>,
    /// Bits of a distance, which is never negative, so they are ordered as it is; then the complement of the
    /// index.
    heap: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Pruner {
    /// Calls `remove` with `count` points of front `rank`, and leaves in `distances` those of the points that
    /// stay. Of equally crowded points the one with the higher index goes.
    #[expect(clippy::too_many_arguments, reason = "one private caller, which has all of them at hand")]
    pub(crate) fn prune(
        &mut self,
        sorter: &Sorter,
        rank: u32,
        objectives: &[f64],
        objective_count: usize,
        count: usize,
        distances: &mut [f64],
        mut remove: impl FnMut(u32),
    ) {
        self.link(sorter, rank, objectives, objective_count);
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        entries.clear();
        for (point, _) in sorter.ranks().iter().enumerate().filter(|&(_, &found)| found == rank) {
            distances[point] = self.distance(point as u32, objectives, objective_count);
            entries.push(Reverse((distances[point].to_bits(), !(point as u32))));
        }
        self.heap = BinaryHeap::from(entries);
        let mut left = count;
        while left > 0
            && let Some(Reverse((bits, complement))) = self.heap.pop()
        {
            let point = !complement;
            // Distances only grow, so an entry that is out of date goes back with the distance of today.
            let today = self.distance(point, objectives, objective_count);
            if today.to_bits() > bits {
                distances[point as usize] = today;
                self.heap.push(Reverse((today.to_bits(), complement)));
                continue;
            }
            self.unlink(point, objective_count);
            remove(point);
            left -= 1;
        }
        for &Reverse((_, complement)) in &self.heap {
            distances[!complement as usize] = self.distance(!complement, objectives, objective_count);
        }
    }

    fn link(&mut self, sorter: &Sorter, rank: u32, objectives: &[f64], objective_count: usize) {
        let ranks = sorter.ranks();
        self.links.clear();
        self.links.resize(ranks.len() * objective_count, [NONE; 2]);
        self.scales.clear();
        for column in 0..objective_count {
            let (mut first, mut previous) = (NONE, NONE);
            for &point in sorter.order(column).iter().filter(|&&point| ranks[point as usize] == rank) {
                if previous == NONE {
                    first = point;
                } else {
                    self.links[previous as usize * objective_count + column][1] = point;
                }
                self.links[point as usize * objective_count + column][0] = previous;
                previous = point;
            }
            let value = |point: u32| objectives[point as usize * objective_count + column];
            let range = if previous == NONE { 0.0 } else { value(previous) - value(first) };
            self.scales.push(if range > 0.0 && range.is_finite() { 1.0 / range } else { 0.0 });
        }
    }

    #[inline]
    fn distance(&self, point: u32, objectives: &[f64], objective_count: usize) -> f64 {
        let first = point as usize * objective_count;
        let mut sum = 0.0;
        for (column, &[before, after]) in self.links[first..first + objective_count].iter().enumerate() {
            if before == NONE || after == NONE {
                return f64::INFINITY;
            }
            let value = |point: u32| objectives[point as usize * objective_count + column];
            if self.scales[column] > 0.0 {
                sum += (value(after) - value(before)) * self.scales[column];
            }
        }
        sum
    }

    fn unlink(&mut self, point: u32, objective_count: usize) {
        for column in 0..objective_count {
            let [before, after] = self.links[point as usize * objective_count + column];
            if before != NONE {
                self.links[before as usize * objective_count + column][1] = after;
            }
            if after != NONE {
                self.links[after as usize * objective_count + column][0] = before;
            }
        }
    }
}
