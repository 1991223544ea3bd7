//! Placements that could be points of the front.

use quorate_types::Control;

use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::instance::{Instance, NOWHERE};
use crate::objectives::{OBJECTIVES, ObjectiveValues};
use crate::repair::Mover;

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

    /// Gives jobs without a node the room that another job can leave.
    pub(crate) fn complete(
        &mut self,
        instance: &Instance<'_>,
        evaluator: &mut Evaluator<'_>,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let usable = vec![true; instance.fleet.len()];
        // Evaluated genes have room, so the mover takes them.
        let mut mover = Mover::new(instance, self.genes.clone(), usable, control)?;
        for gene in 0..self.genes.len() {
            if self.genes[gene] == NOWHERE {
                mover.place(gene)?;
            }
        }
        *self = Self::of(instance, evaluator, mover.genes);
        Ok(())
    }
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
