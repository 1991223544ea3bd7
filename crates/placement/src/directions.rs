//! Ways to weigh latency, trust, cost and price against each other, each with the nodes in its order.
//!
//! The directions are the points of a simplex lattice (Das and Dennis 1998). What a job gains from a node is
//! a weighted sum of the node's four fixed measures; the weights depend on what is asked of the whole
//! placement and on the job's share of all weights and bills. The nearest direction stands for them, so that
//! no placement has to sort nodes.

use quorate_types::Control;
use rayon::prelude::*;

use crate::error::{Error, stop_if_cancelled};
use crate::instance::Instance;
use crate::objectives::{OBJECTIVES, ObjectiveValues};

/// Measures that depend on the node alone: latency, distrust, cost, price.
pub(crate) const MEASURES: usize = 4;

/// Steps of the lattice along each axis: 84 directions.
const LATTICE_STEPS: u32 = 6;

/// The longest order that is kept; what follows is reached by the repair.
const ORDER_NODES_MAX: usize = 8_192;

/// All directions for one instance.
#[derive(Debug)]
pub(crate) struct Directions {
    weights: Vec<[f64; MEASURES]>,
    orders: Vec<Vec<u32>>,
    /// The measures of each node, scaled to 0..1 over the fleet.
    measures: Vec<[f64; MEASURES]>,
    /// Kind of each gene, see [`KINDS`].
    kinds: Vec<u8>,
    /// Share of each gene in all weights and in all bills.
    shares: Vec<[f64; 2]>,
}

/// Kinds of jobs by the ratio of their share of all bills to their share of all weights, in powers of
/// [`KIND_STEP`].
pub(crate) const KINDS: usize = 6;
const KIND_STEP: f64 = 6.0;

/// The ratio in the middle of each kind. Most jobs of a trace are short, so there are more kinds below 1 than
/// above.
const BILL_FACTORS: [f64; KINDS] = [1.0 / 1_296.0, 1.0 / 216.0, 1.0 / 36.0, 1.0 / 6.0, 1.0, 6.0];

impl Directions {
    /// Sorts the nodes along each direction.
    pub(crate) fn new(instance: &Instance<'_>, control: &dyn Control) -> Result<Self, Error> {
        let measures = scaled_measures(instance);
        let weights = lattice();
        let sorted = |weights| stop_if_cancelled(control).map(|()| order_along(&measures, weights));
        let orders = weights.par_iter().map(sorted).collect::<Result<_, _>>()?;
        let billable: u64 = instance.demands.iter().map(|demand| u64::from(demand.billable)).sum();
        let (weight_all, billable_all) = (instance.weight_all.max(1) as f64, billable.max(1) as f64);
        let shares: Vec<[f64; 2]> = instance
            .demands
            .iter()
            .map(|demand| [f64::from(demand.weight) / weight_all, f64::from(demand.billable) / billable_all])
            .collect();
        let kinds = shares.iter().map(|[weight, bill]| kind_of(bill / weight)).collect();
        Ok(Self { weights, orders, measures, kinds, shares })
    }

    /// The direction nearest to what the weights of the objectives make of a kind of jobs.
    pub(crate) fn for_kind(&self, weights: &ObjectiveValues, kind: usize) -> usize {
        let [latency, _, trust, cost, price] = *weights;
        let factor = BILL_FACTORS[kind];
        self.nearest(&[latency, trust, cost * factor, price * factor])
    }

    /// The nodes along a direction, the best first.
    pub(crate) fn order(&self, direction: usize) -> &[u32] {
        &self.orders[direction]
    }

    /// The kind of a gene.
    pub(crate) fn kind(&self, gene: usize) -> usize {
        usize::from(self.kinds[gene])
    }

    /// What a gene has at stake under the weights of the objectives.
    pub(crate) fn stake(&self, gene: usize, weights: &ObjectiveValues) -> f64 {
        let [latency, _, trust, cost, price] = *weights;
        let [weight, bill] = self.shares[gene];
        weight * (latency + trust) + bill * (cost + price)
    }

    /// What the four objectives together gain (negative) or lose when a gene moves, each scaled by its range
    /// over the fleet.
    pub(crate) fn change(&self, gene: usize, weights: &ObjectiveValues, from: u32, to: u32) -> f64 {
        let [weight, bill] = self.shares[gene];
        let (from, to) = (&self.measures[from as usize], &self.measures[to as usize]);
        let near = weights[0] * (to[0] - from[0]) + weights[2] * (to[1] - from[1]);
        let paid = weights[3] * (to[2] - from[2]) + weights[4] * (to[3] - from[3]);
        weight * near + bill * paid
    }

    fn nearest(&self, asked: &[f64; MEASURES]) -> usize {
        // The squared distance to what is asked, without its constant part and times the sum asked for, needs
        // neither a root nor a division.
        let sum: f64 = asked.iter().sum();
        let mut nearest = (0, f64::NEG_INFINITY);
        for (direction, weights) in self.weights.iter().enumerate() {
            let closeness: f64 =
                (0..MEASURES).map(|at| weights[at] * (2.0 * asked[at] - weights[at] * sum)).sum();
            if closeness > nearest.1 {
                nearest = (direction, closeness);
            }
        }
        nearest.0
    }
}

/// The kind whose ratio is nearest, on a logarithmic scale.
fn kind_of(ratio: f64) -> u8 {
    let below = |&&factor: &&f64| ratio >= factor * KIND_STEP.sqrt();
    BILL_FACTORS.iter().take_while(below).count().min(KINDS - 1) as u8
}

fn lattice() -> Vec<[f64; MEASURES]> {
    let mut points = Vec::new();
    for first in 0..=LATTICE_STEPS {
        for second in 0..=LATTICE_STEPS - first {
            for third in 0..=LATTICE_STEPS - first - second {
                let fourth = LATTICE_STEPS - first - second - third;
                points.push(
                    [first, second, third, fourth].map(|step| f64::from(step) / f64::from(LATTICE_STEPS)),
                );
            }
        }
    }
    points
}

/// The measures of each node, scaled to 0..1 over the fleet; 0 where all nodes are equal.
pub(crate) fn scaled_measures(instance: &Instance<'_>) -> Vec<[f64; MEASURES]> {
    let measures = instance
        .terms
        .iter()
        .map(|terms| [terms.latency_us, terms.distrust, terms.cost_micro, terms.price_micro].map(f64::from));
    let mut low = [f64::INFINITY; MEASURES];
    let mut high = [0.0_f64; MEASURES];
    for measure in measures.clone() {
        low = std::array::from_fn(|at| low[at].min(measure[at]));
        high = std::array::from_fn(|at| high[at].max(measure[at]));
    }
    let scale = |measure: [f64; MEASURES]| {
        std::array::from_fn(|at| {
            if high[at] > low[at] { (measure[at] - low[at]) / (high[at] - low[at]) } else { 0.0 }
        })
    };
    measures.map(scale).collect()
}

/// The nodes from the smallest weighted sum to the largest; the lowest index wins a tie.
pub(crate) fn order_along(measures: &[[f64; MEASURES]], weights: &[f64; MEASURES]) -> Vec<u32> {
    let score =
        |measure: &[f64; MEASURES]| -> f64 { (0..MEASURES).map(|at| measure[at] * weights[at]).sum() };
    // Scores are not negative, so their bits are in the order of their values.
    let mut keys: Vec<(u64, u32)> =
        measures.iter().map(|measure| score(measure).to_bits()).zip(0..).collect();
    keys.sort_unstable();
    keys.truncate(ORDER_NODES_MAX);
    keys.into_iter().map(|(_, node)| node).collect()
}

const _: () = assert!(MEASURES + 1 == OBJECTIVES, "all objectives but load balance depend on the node alone");
