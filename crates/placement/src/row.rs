//! Placements that could be points of the front.

use quorate_types::Control;

use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::feasibility::{Judgement, judge};
use crate::instance::Instance;
use crate::objectives::{OBJECTIVES, ObjectiveValues};

/// A placement that could be a point of the front.
pub(crate) struct Row {
    pub(crate) genes: Vec<u32>,
    pub(crate) values: ObjectiveValues,
    /// Weight of the jobs without a node.
    pub(crate) unplaced: f64,
}

impl Row {
    pub(crate) fn of(instance: &Instance<'_>, evaluator: &mut Evaluator<'_>, mut genes: Vec<u32>) -> Self {
        let sums = evaluator.evaluate(&mut genes);
        let mut values = [0.0; OBJECTIVES];
        sums.objectives(instance.fleet.len(), &mut values);
        Self { genes, values, unplaced: sums.unplaced(instance.weight_all) }
    }
}

/// Judges placements that all leave genes without a node, by the one that leaves the least; none where one of
/// them is complete.
pub(crate) fn judge_rows(
    instance: &Instance<'_>,
    rows: &[Row],
    control: &dyn Control,
) -> Result<Option<Judgement>, Error> {
    let best = rows.iter().min_by(|one, other| one.unplaced.total_cmp(&other.unplaced));
    best.filter(|row| row.unplaced > 0.0).map(|row| judge(instance, &row.genes, control)).transpose()
}

/// The rows with the smallest weight of unplaced jobs that no other such row dominates, in lexicographic
/// order of their objectives; of rows with equal objectives the first.
pub(crate) fn non_dominated(rows: Vec<Row>) -> Vec<Row> {
    let least = rows.iter().map(|row| row.unplaced).fold(f64::INFINITY, f64::min);
    let mut sorted: Vec<Row> = rows.into_iter().filter(|row| row.unplaced == least).collect();
    sorted.sort_by(|one, other| {
        let pairs = one.values.iter().zip(&other.values);
        pairs
            .map(|(one, other)| one.total_cmp(other))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut front: Vec<Row> = Vec::with_capacity(sorted.len());
    for row in sorted {
        // Who comes later in this order never dominates who came before.
        let beaten = |kept: &Row| kept.values.iter().zip(&row.values).all(|(kept, own)| kept <= own);
        if !front.iter().any(beaten) {
            front.push(row);
        }
    }
    front
}
