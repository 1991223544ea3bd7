//! Placement as a problem of NSGA-II: one gene per job, its value the node.
//!
//! Three things are added to the textbook, each because runs without it ended worse than they began:
//! generation 0 is built by the greedy rules and by random blends of the objectives; an evaluation ends with
//! a short local search in the direction in which the individual is strong already; and dominance is widened.
//! With five objectives nearly all individuals are non-dominated, so that plain dominance keeps those that
//! trade a large loss for a tiny gain. The optimiser therefore sees `g_k = f_k + a * sum(f_i, i != k)` of the
//! scaled objectives (guided dominance: Branke, Kaußler and Schmeck 2001): what is non-dominated in `g` is so
//! in `f`.

use quorate_nsga2::checkpoint::fingerprint;
use quorate_nsga2::{Problem, Random, Shape};
use quorate_types::Control;
use rayon::prelude::*;

use crate::directions::Directions;
use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::feasibility::Judgement;
use crate::instance::{Instance, NOWHERE};
use crate::objectives::{OBJECTIVES, Objective, ObjectiveValues};
use crate::row::{Row, judge_rows};
use crate::strategy::{Blend, Greedy, place, place_blend};

/// What the optimiser works on.
pub(crate) struct PlacementProblem<'a> {
    instance: &'a Instance<'a>,
    directions: Directions,
    scale: Scale,
    /// The placements of [`SEED_RULES`], and before them the one that was found where no rule places all.
    seeds: Vec<Vec<u32>>,
    /// What was found out where no rule places all.
    judged: Option<Judgement>,
    /// Probability that two parents are recombined.
    crossover: f64,
    /// Probability that a child is mutated.
    mutation: f64,
    control: &'a dyn Control,
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

/// How much the other objectives count in each: 0 is plain dominance.
const DOMINANCE_WIDENING: f64 = 0.2;

/// How many jobs the local search of one evaluation tries to move: an eighth of them, and not more than this.
const POLISH_JOBS_MAX: usize = 32;

/// Share of the recombinations that draw each gene's parent on its own; the others exchange one segment.
const UNIFORM_SHARE: f64 = 0.5;

/// The largest share of jobs that one mutation moves.
const MOVES_SHARE_MAX: f64 = 0.05;

impl<'a> PlacementProblem<'a> {
    /// Builds the seeds and measures the scale of each objective on them.
    pub(crate) fn new(
        instance: &'a Instance<'a>,
        crossover: f64,
        mutation: f64,
        control: &'a dyn Control,
    ) -> Result<Self, Error> {
        let mut seeds: Vec<Row> = SEED_RULES
            .par_iter()
            .map(|&rule| {
                Ok(Row::of(instance, &mut Evaluator::new(instance), place(instance, rule, control)?))
            })
            .collect::<Result<_, Error>>()?;
        let judged = judge_rows(instance, &seeds, control)?;
        if let Some(found) = judged.as_ref().and_then(|judged| judged.placement.clone()) {
            // First, so that it is in the smallest population.
            seeds.insert(0, Row::of(instance, &mut Evaluator::new(instance), found));
        }
        let scale = Scale::of(seeds.iter().map(|row| &row.values));
        let seeds = seeds.into_iter().map(|row| row.genes).collect();
        let directions = Directions::new(instance, control)?;
        Ok(Self { instance, directions, scale, seeds, judged, crossover, mutation, control })
    }

    /// The placements that generation 0 begins with.
    pub(crate) fn seeds(&self) -> &[Vec<u32>] {
        &self.seeds
    }

    /// What was found out where no rule places all jobs.
    pub(crate) fn judged(&self) -> Option<&Judgement> {
        self.judged.as_ref()
    }

    /// Moves some jobs to nodes that are better in one objective, drawn at random.
    ///
    /// Whether the node has room is left to the repair in the evaluation: where a better node is full, the
    /// job that comes later in canonical order goes on to the next best one.
    fn mutate(&self, random: &mut Random, genes: &mut [u32]) {
        let objective = Objective::ALL[random.below(OBJECTIVES)];
        let order = &self.instance.orders[objective as usize];
        let moves = 1 + random.below(1 + (genes.len() as f64 * MOVES_SHARE_MAX) as usize);
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
        match self.seeds.get(index) {
            Some(seed) => genes.copy_from_slice(seed),
            None => {
                let blend = Blend::random(random);
                // Given up: the engine sees the same control and throws the generation away.
                if let Ok(placed) = place_blend(self.instance, &self.directions, &blend, self.control) {
                    genes.copy_from_slice(&placed);
                }
            }
        }
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
        let nodes = self.instance.fleet.len();
        scratch.evaluate(genes).objectives(nodes, objectives);
        let aim = self.scale.aim(objectives);
        let sums =
            scratch.polish(genes, &self.directions, &aim, genes.len().div_ceil(8).min(POLISH_JOBS_MAX));
        sums.objectives(nodes, objectives);
        self.scale.widen(objectives);
        sums.unplaced(self.instance.weight_all)
    }

    fn accepts(&self, genes: &[u32]) -> bool {
        let nodes = self.instance.fleet.len() as u32;
        let fits = |(gene, &node): (usize, &u32)| node < nodes && self.instance.fits_alone(gene, node);
        genes.iter().enumerate().all(|(gene, node)| *node == NOWHERE || fits((gene, node)))
    }

    fn fingerprint(&self) -> u64 {
        fingerprint([self.instance.fingerprint(), self.crossover.to_bits(), self.mutation.to_bits()])
    }
}

/// What counts as little and as much of an objective: its smallest value among the seeds, and its range
/// there.
#[derive(Clone, Copy, Debug)]
struct Scale {
    low: ObjectiveValues,
    range: ObjectiveValues,
}

impl Scale {
    fn of<'v>(seeds: impl Iterator<Item = &'v ObjectiveValues>) -> Self {
        let mut low = [f64::INFINITY; OBJECTIVES];
        let mut high = [0.0_f64; OBJECTIVES];
        for values in seeds {
            low = std::array::from_fn(|at| low[at].min(values[at]));
            high = std::array::from_fn(|at| high[at].max(values[at]));
        }
        // An objective in which all seeds are equal is left in its own unit.
        let range = std::array::from_fn(|at| if high[at] > low[at] { high[at] - low[at] } else { 1.0 });
        Self { low, range }
    }

    /// The direction in which a placement is strong: objectives near their best value weigh most. The weights
    /// sum up to 1, each per unit of the objective's scale.
    fn aim(&self, objectives: &[f64]) -> ObjectiveValues {
        /// Keeps the weight of a value at or below the best seed's finite.
        const NEAREST: f64 = 0.03;
        let weights: ObjectiveValues = std::array::from_fn(|at| {
            1.0 / (NEAREST + ((objectives[at] - self.low[at]) / self.range[at]).max(0.0))
        });
        let sum: f64 = weights.iter().sum();
        let mut aim = weights.map(|weight| weight / sum);
        aim[Objective::LoadBalance as usize] /= self.range[Objective::LoadBalance as usize];
        aim
    }

    fn widen(&self, objectives: &mut [f64]) {
        let mut sum = 0.0;
        for (value, range) in objectives.iter_mut().zip(self.range) {
            *value /= range;
            sum += *value;
        }
        for value in objectives {
            *value = *value * (1.0 - DOMINANCE_WIDENING) + sum * DOMINANCE_WIDENING;
        }
    }
}

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
