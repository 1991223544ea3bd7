//! A short local search at the end of an evaluation.

use crate::directions::{Directions, KINDS};
use crate::evaluate::Evaluator;
use crate::instance::NOWHERE;
use crate::objectives::{LOAD_ONE, Objective, ObjectiveValues, Sums};
use crate::resource::Amounts;

/// How many nodes with room are weighed for one job.
const CANDIDATES_MAX: usize = 4;

/// The smallest deviation of loads that is told from none.
const DEVIATION_MIN: f64 = 1e-9;

/// What a move is weighed by.
struct Aim<'a> {
    directions: &'a Directions,
    weights: &'a ObjectiveValues,
    /// Weight of one unit of `nodes * sum of squares - square of sum` of the loads.
    variance_weight: f64,
}

impl Evaluator<'_> {
    /// Tries to move some jobs of the last assignment to nodes with room that are better under the weights of
    /// the objectives, and returns the new sums. Everything depends on the assignment alone, also which jobs
    /// are tried: a run of neighbours in canonical order, because these ask for the same and so share the
    /// search for room.
    pub(crate) fn polish(
        &mut self,
        genes: &mut [u32],
        directions: &Directions,
        weights: &ObjectiveValues,
        jobs: usize,
    ) -> Sums {
        let nodes = self.instance.fleet.len();
        // The deviation is the root of the variance, so its change is that of the variance by twice the
        // deviation.
        let deviation = self.sums.load_deviation(nodes).max(DEVIATION_MIN);
        let scale = (nodes as f64 * f64::from(LOAD_ONE)).powi(2);
        let variance_weight = weights[Objective::LoadBalance as usize] / (2.0 * deviation * scale);
        let aim = Aim { directions, weights, variance_weight };
        let start = (self.sums.fingerprint() >> 32) as usize % genes.len();
        let mut cursor = 0;
        let mut request = None;
        let mut along = [None; KINDS];
        for gene in (start..genes.len()).chain(0..start).take(jobs) {
            let kind = directions.kind(gene);
            if request != Some((self.instance.shape[gene], kind)) {
                request = Some((self.instance.shape[gene], kind));
                cursor = 0;
            }
            if genes[gene] != NOWHERE {
                let direction = *along[kind].get_or_insert_with(|| directions.for_kind(weights, kind));
                cursor = self.improve(genes, gene, &aim, directions.order(direction), cursor);
            }
        }
        self.sums
    }

    /// Looks for a better node along `order` from `cursor` on. Returns how many of the first nodes had no
    /// room.
    fn improve(
        &mut self,
        genes: &mut [u32],
        gene: usize,
        aim: &Aim<'_>,
        order: &[u32],
        cursor: usize,
    ) -> usize {
        let mut full = cursor;
        let mut candidates = 0;
        for &node in &order[cursor.min(order.len())..] {
            if node == genes[gene] {
                break;
            }
            if !self.ledger.admits(self.instance, node, gene) || !self.instance.allows(gene, node) {
                full += usize::from(candidates == 0);
                continue;
            }
            candidates += 1;
            if self.move_if_better(genes, gene, node, aim) || candidates == CANDIDATES_MAX {
                break;
            }
        }
        full
    }

    fn move_if_better(&mut self, genes: &mut [u32], gene: usize, node: u32, aim: &Aim<'_>) -> bool {
        let instance = self.instance;
        let nodes = instance.fleet.len();
        let here = genes[gene];
        let (left, joined) = self.loads_after(gene, here, node);
        let mut sums = self.sums;
        let mut variance = sums.variance_change(nodes, left.0, left.1);
        sums.change_load(left.0, left.1);
        variance += sums.variance_change(nodes, joined.0, joined.1);
        sums.change_load(joined.0, joined.1);
        let fixed = aim.directions.change(gene, aim.weights, here, node);
        if fixed + aim.variance_weight * variance as f64 >= 0.0 {
            return false;
        }
        self.ledger.remove(instance, here, gene);
        if !self.ledger.is_sound(instance, here) {
            self.ledger.insert(instance, here, gene);
            return false;
        }
        self.ledger.insert(instance, node, gene);
        self.ledger.settle(instance, here);
        self.ledger.settle(instance, node);
        sums.subtract(&instance.demands[gene], &instance.terms[here as usize]);
        sums.add(&instance.demands[gene], &instance.terms[node as usize]);
        self.sums = sums;
        self.last[gene] = node;
        genes[gene] = node;
        true
    }

    /// Loads, as they are and as they would be, of the node that a job leaves and of the one it joins.
    fn loads_after(&self, gene: usize, from: u32, to: u32) -> ((u32, u32), (u32, u32)) {
        let need = &self.instance.demands[gene].need;
        let (free_from, free_to) = (self.ledger.free(from), self.ledger.free(to));
        let left: Amounts = std::array::from_fn(|resource| free_from[resource] + need[resource]);
        let joined: Amounts = std::array::from_fn(|resource| free_to[resource] - need[resource]);
        (
            (self.ledger.load(from), self.instance.load(from, &left)),
            (self.ledger.load(to), self.instance.load(to, &joined)),
        )
    }
}
