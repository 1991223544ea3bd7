//! Placement as a problem of NSGA-II: one gene per job, its value the node.

use quorate_nsga2::{Problem, Random, Shape};

use crate::evaluate::Evaluator;
use crate::instance::{Instance, NOWHERE};
use crate::objectives::{OBJECTIVES, Objective};
use crate::strategy::{Blend, Greedy, place, place_blend};

/// What the optimiser works on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlacementProblem<'a> {
    pub(crate) instance: &'a Instance<'a>,
    /// Probability that two parents are recombined.
    pub(crate) crossover: f64,
    /// Probability that a child is mutated.
    pub(crate) mutation: f64,
}

/// The rules that seed generation 0, the most useful first; random blends follow.
pub(crate) const SEED_RULES: [Greedy; 9] = [
    Greedy::BestFit,
    Greedy::Single(Objective::Latency),
    Greedy::Single(Objective::Trust),
    Greedy::Single(Objective::Cost),
    Greedy::Single(Objective::Price),
    Greedy::Single(Objective::LoadBalance),
    Greedy::WeightedSum([0.2; OBJECTIVES]),
    Greedy::Spread,
    Greedy::RoundRobin,
];

impl<'a> Problem for PlacementProblem<'a> {
    type Gene = u32;
    type Scratch = Evaluator<'a>;

    fn shape(&self) -> Shape {
        Shape { variables: self.instance.genes(), objectives: OBJECTIVES }
    }

    fn scratch(&self) -> Evaluator<'a> {
        Evaluator::new(self.instance)
    }

    fn initialize(&self, index: usize, random: &mut Random, genes: &mut [u32]) {
        let placed = match SEED_RULES.get(index) {
            Some(&rule) => place(self.instance, rule),
            None => place_blend(self.instance, &Blend::random(random)),
        };
        genes.copy_from_slice(&placed);
    }

    fn vary(&self, random: &mut Random, parents: [&[u32]; 2], children: [&mut [u32]; 2]) {
        let [first, second] = children;
        first.copy_from_slice(parents[0]);
        second.copy_from_slice(parents[1]);
        if random.chance(self.crossover) {
            if random.chance(UNIFORM_SHARE) {
                cross_uniform(random, first, second);
            } else {
                cross_two_point(random, first, second);
            }
        }
        for child in [first, second] {
            if random.chance(self.mutation) {
                self.mutate(random, child);
            }
        }
    }

    fn evaluate(&self, scratch: &mut Evaluator<'a>, genes: &mut [u32], objectives: &mut [f64]) -> f64 {
        let sums = scratch.evaluate(genes);
        sums.objectives(self.instance.fleet.len(), objectives);
        sums.unplaced(self.instance.weight_all)
    }
}

impl PlacementProblem<'_> {
    /// Moves some jobs to nodes that are better in one objective, drawn at random.
    ///
    /// Whether the node has room is left to the repair in the evaluation: where a better node is full, the job that
    /// comes later in canonical order goes on to the next best one.
    fn mutate(&self, random: &mut Random, genes: &mut [u32]) {
        let objective = Objective::ALL[random.below(OBJECTIVES)];
        let order = &self.instance.orders[objective as usize];
        let share = random.unit();
        let moves = 1 + (share * share * share * genes.len() as f64 * MOVES_SHARE_MAX) as usize;
        for _ in 0..moves {
            let gene = random.below(genes.len());
            let better = match order.position.get(genes[gene] as usize) {
                Some(&position) if objective != Objective::LoadBalance => position as usize,
                _ => order.nodes.len(),
            };
            let node = order.nodes[random.below(better)];
            if self.instance.fits_alone(gene, node) {
                genes[gene] = node;
            }
        }
    }
}

/// Share of the recombinations that draw each gene's parent on its own; the others exchange one segment.
const UNIFORM_SHARE: f64 = 0.5;

/// The largest share of jobs that one mutation moves.
const MOVES_SHARE_MAX: f64 = 0.2;

fn cross_two_point(random: &mut Random, first: &mut [u32], second: &mut [u32]) {
    let (one, other) = (random.below(first.len() + 1), random.below(first.len() + 1));
    let segment = one.min(other)..one.max(other);
    first[segment.clone()].swap_with_slice(&mut second[segment]);
}

fn cross_uniform(random: &mut Random, first: &mut [u32], second: &mut [u32]) {
    for (first, second) in first.chunks_mut(64).zip(second.chunks_mut(64)) {
        let mut bits = random.next_u64();
        for (one, other) in first.iter_mut().zip(second) {
            // Without a branch: a coin that no predictor foresees costs more than the exchange.
            let difference = (*one ^ *other) & 0_u32.wrapping_sub(bits as u32 & 1);
            *one ^= difference;
            *other ^= difference;
            bits >>= 1;
        }
    }
}
