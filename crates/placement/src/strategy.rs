//! Placing jobs one after the other: the strategies a caller can choose, the baselines that NSGA-II is
//! compared with, and the seeds of its generation 0.

use quorate_nsga2::Random;
use quorate_types::Control;

use crate::directions::{Directions, KINDS, MEASURES, scaled_measures};
use crate::error::{Error, stop_if_cancelled};
use crate::instance::{Instance, NOWHERE};
use crate::ledger::Ledger;
use crate::objectives::{LOAD_ONE, OBJECTIVES, Objective, ObjectiveValues, Sums};

/// How jobs are placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Multi-objective optimisation: a Pareto front, of which one point is chosen.
    #[default]
    NsgaIi,
    /// Each job on the nearest node with room.
    Latency,
    /// Each job where the variance of the nodes' loads grows least.
    LoadBalance,
    /// Each job on the most trusted node with room.
    Trust,
    /// Each job on the cheapest node with room, the largest bills first.
    Cost,
    /// Each job on the next node with room, in turn.
    RoundRobin,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::NsgaIi, Self::Latency, Self::LoadBalance, Self::Trust, Self::Cost, Self::RoundRobin];

    /// The public name: `nsga_ii`, `latency`, `load_balance`, `trust`, `cost`, `round_robin`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NsgaIi => "nsga_ii",
            Self::Latency => "latency",
            Self::LoadBalance => "load_balance",
            Self::Trust => "trust",
            Self::Cost => "cost",
            Self::RoundRobin => "round_robin",
        }
    }

    /// The rule that this strategy follows, or none for NSGA-II.
    pub(crate) fn greedy(self) -> Option<Greedy> {
        match self {
            Self::NsgaIi => None,
            Self::Latency => Some(Greedy::Single(Objective::Latency)),
            Self::LoadBalance => Some(Greedy::Single(Objective::LoadBalance)),
            Self::Trust => Some(Greedy::Single(Objective::Trust)),
            Self::Cost => Some(Greedy::Single(Objective::Cost)),
            Self::RoundRobin => Some(Greedy::RoundRobin),
        }
    }
}

/// A rule that places one job after the other and looks neither ahead nor back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Greedy {
    /// The node that is best in one objective, of those with room.
    Single(Objective),
    /// The next node with room, in turn.
    RoundRobin,
    /// The node that is left with the least: its load becomes the highest. Jobs come in decreasing size, so
    /// this is best-fit decreasing.
    BestFit,
    /// The node whose load stays the lowest.
    Spread,
    /// The node with the least weighted sum of its measures, each scaled to 0..1 over the fleet, as
    /// schedulers with one score do (Kubernetes, Nomad); for load balance the measure is the load the node
    /// would have.
    WeightedSum(ObjectiveValues),
}

/// How many nodes a rule that scores nodes looks at for one job. A larger fleet is looked at in windows, one
/// after the other, as Kubernetes does with `percentageOfNodesToScore`; a window without room leads to the
/// next.
pub(crate) const WINDOW_NODES_MAX: usize = 4_096;

/// Places the jobs by a rule. Every job that finds room somewhere gets a node; the others keep NOWHERE.
pub(crate) fn place(instance: &Instance<'_>, rule: Greedy, control: &dyn Control) -> Result<Vec<u32>, Error> {
    let mut builder = Builder::new(instance, control);
    match rule {
        Greedy::Single(Objective::LoadBalance) => builder.by_score(|builder, gene, node| {
            Score::variance(instance.fleet.len(), builder.loads(gene, node))
        })?,
        Greedy::Single(objective) => builder.along_order(objective)?,
        Greedy::RoundRobin => builder.in_turn()?,
        Greedy::BestFit => {
            builder.by_score(|builder, gene, node| Score::fixed(-f64::from(builder.loads(gene, node).1)))?;
        }
        Greedy::Spread => {
            builder.by_score(|builder, gene, node| Score::fixed(f64::from(builder.loads(gene, node).1)))?;
        }
        Greedy::WeightedSum(weights) => {
            let [latency, load, trust, cost, price] = weights;
            let fixed = [latency, trust, cost, price];
            let weigh =
                |measure: [f64; MEASURES]| -> f64 { (0..MEASURES).map(|at| measure[at] * fixed[at]).sum() };
            let scores: Vec<f64> = scaled_measures(instance).into_iter().map(weigh).collect();
            let load_weight = load / f64::from(LOAD_ONE);
            builder.by_score(|builder, gene, node| {
                Score::fixed(scores[node as usize] + load_weight * f64::from(builder.loads(gene, node).1))
            })?;
        }
    }
    Ok(builder.genes)
}

/// A rule for a seed of generation 0: nodes are ranked by a weighted sum of the four measures that depend on
/// the node alone, for each kind of job by what matters for it, and a node takes no more than `load_max`
/// while another is below it.
///
/// Small `load_max` spreads, 1 packs onto the best nodes: so random weights and random limits cover the front
/// from its extremes to its middle before the first generation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Blend {
    /// One weight per objective; that of load balance is not used.
    pub(crate) weights: ObjectiveValues,
    /// Between 0 and 1.
    pub(crate) load_max: f64,
}

impl Blend {
    /// Random weights, often with zeros among them, and a random limit.
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut weights = [0.0; OBJECTIVES];
        for weight in &mut weights {
            // The sixth power makes some weights negligible, so that the edges of the front are seeded too.
            *weight = random.unit().powi(6) + 1e-6;
        }
        Self { weights, load_max: random.unit() }
    }
}

/// Places the jobs by a blend. Jobs without room keep NOWHERE.
pub(crate) fn place_blend(
    instance: &Instance<'_>,
    directions: &Directions,
    blend: &Blend,
    control: &dyn Control,
) -> Result<Vec<u32>, Error> {
    let along: [usize; KINDS] = std::array::from_fn(|kind| directions.for_kind(&blend.weights, kind));
    let mut sequence: Vec<u32> = (0..instance.genes() as u32).collect();
    // The largest stake chooses first; equal stakes in canonical order, which packs best.
    sequence.sort_by_cached_key(|&gene| {
        let stake = directions.stake(gene as usize, &blend.weights);
        (std::cmp::Reverse((stake * STAKE_STEPS) as u64), gene)
    });
    let mut builder = Builder::new(instance, control);
    let load_max = (blend.load_max * f64::from(LOAD_ONE)) as u32;
    for load_max in [load_max, LOAD_ONE] {
        let mut cursors = vec![0_u32; KINDS * instance.shapes];
        for &gene in &sequence {
            stop_if_cancelled(control)?;
            let gene = gene as usize;
            if builder.genes[gene] != NOWHERE {
                continue;
            }
            let kind = directions.kind(gene);
            let cursor = &mut cursors[kind * instance.shapes + instance.shape[gene] as usize];
            builder.first_fit(gene, directions.order(along[kind]), cursor, load_max);
        }
    }
    Ok(builder.genes)
}

/// Stakes are compared as integers, in these steps of the whole.
const STAKE_STEPS: f64 = 1e12;

/// A placement in the making.
struct Builder<'a> {
    instance: &'a Instance<'a>,
    ledger: Ledger,
    sums: Sums,
    genes: Vec<u32>,
    control: &'a dyn Control,
}

impl<'a> Builder<'a> {
    fn new(instance: &'a Instance<'a>, control: &'a dyn Control) -> Self {
        let ledger = Ledger::new(instance);
        let mut sums = Sums::default();
        for node in 0..instance.fleet.len() as u32 {
            sums.change_load(0, ledger.load(node));
        }
        Self { instance, ledger, sums, genes: vec![NOWHERE; instance.genes()], control }
    }

    fn has_room(&self, gene: usize, node: u32) -> bool {
        self.ledger.admits(self.instance, node, gene) && self.instance.allows(gene, node)
    }

    /// The load of a node now and with the job.
    fn loads(&self, gene: usize, node: u32) -> (u32, u32) {
        let need = &self.instance.demands[gene].need;
        let free = self.ledger.free(node);
        let after = std::array::from_fn(|resource| free[resource] - need[resource]);
        (self.ledger.load(node), self.instance.load(node, &after))
    }

    fn put(&mut self, gene: usize, node: u32) {
        self.ledger.insert(self.instance, node, gene);
        let (before, after) = self.ledger.settle(self.instance, node);
        self.sums.change_load(before, after);
        self.genes[gene] = node;
    }

    /// Puts a job on the first node of `order` that has room below `load_max`. `cursor` belongs to jobs with
    /// the same request: nodes before it had no room for one of them, and get none while jobs only come.
    fn first_fit(&mut self, gene: usize, order: &[u32], cursor: &mut u32, load_max: u32) {
        while let Some(&node) = order.get(*cursor as usize) {
            if self.has_room(gene, node) && self.loads(gene, node).1 <= load_max {
                self.put(gene, node);
                return;
            }
            *cursor += 1;
        }
    }

    fn along_order(&mut self, objective: Objective) -> Result<(), Error> {
        let instance = self.instance;
        let mut sequence: Vec<u32> = (0..instance.genes() as u32).collect();
        if matches!(objective, Objective::Cost | Objective::Price) {
            // By the rearrangement inequality the largest bills belong on the cheapest nodes.
            sequence.sort_by_key(|&gene| std::cmp::Reverse(instance.demands[gene as usize].billable));
        }
        let mut cursors = vec![0; instance.shapes];
        for gene in sequence {
            stop_if_cancelled(self.control)?;
            let cursor = &mut cursors[instance.shape[gene as usize] as usize];
            self.first_fit(gene as usize, &instance.orders[objective as usize].nodes, cursor, LOAD_ONE);
        }
        Ok(())
    }

    fn in_turn(&mut self) -> Result<(), Error> {
        let nodes = self.instance.fleet.len();
        let mut turn = 0;
        for gene in 0..self.genes.len() {
            stop_if_cancelled(self.control)?;
            let found =
                (0..nodes).map(|step| (turn + step) % nodes).find(|&node| self.has_room(gene, node as u32));
            if let Some(node) = found {
                self.put(gene, node as u32);
                turn = node + 1;
            }
        }
        Ok(())
    }

    /// Puts each job on the node with the smallest score; the lowest index wins a tie. Neighbours in
    /// canonical order often ask for the same, and then only the node that took the last one has another
    /// score.
    fn by_score(&mut self, score: impl Fn(&Self, usize, u32) -> Score) -> Result<(), Error> {
        let nodes = self.instance.fleet.len();
        let windows = nodes.div_ceil(WINDOW_NODES_MAX);
        let mut scores = Vec::new();
        let mut scored = None;
        for gene in 0..self.genes.len() {
            stop_if_cancelled(self.control)?;
            for step in 0..windows {
                let first = (gene / WINDOW_JOBS + step) % windows * WINDOW_NODES_MAX;
                let request = Some((self.instance.shape[gene], first));
                if scored != request {
                    let window = first..(first + WINDOW_NODES_MAX).min(nodes);
                    scores.clear();
                    scores.extend(window.map(|node| self.score_of(gene, node as u32, &score)));
                    scored = request;
                }
                if let Some(at) = least(&scores, self.sums.load_sum()) {
                    let node = (first + at) as u32;
                    self.put(gene, node);
                    scores[at] = self.score_of(gene, node, &score);
                    break;
                }
            }
        }
        Ok(())
    }

    fn score_of(&self, gene: usize, node: u32, score: &impl Fn(&Self, usize, u32) -> Score) -> Score {
        if self.has_room(gene, node) { score(self, gene, node) } else { Score::NO_ROOM }
    }
}

/// How many jobs look at one window before the next one is taken.
const WINDOW_JOBS: usize = 64;

/// What a node is worth for a job: `fixed + per_load * sum of all loads`; the smallest is best.
#[derive(Clone, Copy, Debug)]
struct Score {
    fixed: f64,
    per_load: f64,
}

impl Score {
    const NO_ROOM: Self = Self { fixed: f64::INFINITY, per_load: 0.0 };

    fn fixed(fixed: f64) -> Self {
        Self { fixed, per_load: 0.0 }
    }

    /// Proportional to the growth of the variance of the loads: `nodes * sum of squares - square of sum`.
    fn variance(nodes: usize, (before, after): (u32, u32)) -> Self {
        let (before, after) = (f64::from(before), f64::from(after));
        let step = after - before;
        let squares = nodes as f64 * (after * after - before * before);
        Self { fixed: squares - step * step, per_load: -2.0 * step }
    }
}

/// Index of the first of the smallest scores; none where no node has room.
fn least(scores: &[Score], load_sum: f64) -> Option<usize> {
    let mut best = (f64::INFINITY, None);
    for (at, score) in scores.iter().enumerate() {
        let own = score.fixed + score.per_load * load_sum;
        if own < best.0 {
            best = (own, Some(at));
        }
    }
    best.1
}
