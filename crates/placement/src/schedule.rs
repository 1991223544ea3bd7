//! From jobs and nodes to a plan.

use quorate_nsga2::Engine;
use quorate_types::Control;

use crate::choice::{Choice, Extreme, extremes};
use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::explain::{Explanation, explain};
use crate::feasibility::{Certificate, Unplaced, certificates, why_misfit, why_no_room};
use crate::fleet::Fleet;
use crate::instance::{Instance, NOWHERE};
use crate::jobs::Jobs;
use crate::objectives::{OBJECTIVES, ObjectiveValues};
use crate::problem::PlacementProblem;
use crate::repair::Mover;
use crate::strategy::{Greedy, Strategy, place};

/// How a plan is to be made. With the same input and the same settings the plan is the same bit for bit, whatever
/// the machine and its threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How jobs are placed; all that follows but `choice` is for [`Strategy::NsgaIi`] alone.
    pub strategy: Strategy,
    /// Individuals: an even number of at least 4.
    pub population: usize,
    /// Generations after generation 0.
    pub generations: u32,
    /// Probability that two parents are recombined, 0 to 1.
    pub crossover: f64,
    /// Probability that a child is mutated, 0 to 1.
    pub mutation: f64,
    /// Where all random numbers come from.
    pub seed: u64,
    /// Whether offspring are bred and evaluated on the ambient rayon pool. It changes the time only.
    pub parallel: bool,
    /// The rule that chooses a point of the front.
    pub choice: Choice,
}

impl Default for Settings {
    /// Population, generations, crossover and mutation as the fog integration document has them.
    fn default() -> Self {
        Self {
            strategy: Strategy::NsgaIi,
            population: 50,
            generations: 100,
            crossover: 0.8,
            mutation: 0.1,
            seed: 1,
            parallel: true,
            choice: Choice::Knee,
        }
    }
}

/// The Pareto front: placements none of which is better than another in all objectives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Front {
    /// Objectives of each point, in lexicographic order.
    pub points: Vec<ObjectiveValues>,
    /// The node of each job at each point, row-major: `points.len() * jobs`; [`UNPLACED`] where it has none.
    pub assignments: Vec<u32>,
}

/// In place of a node: the job has none.
pub const UNPLACED: u32 = NOWHERE;

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The node of each job at the chosen point.
    pub assignment: Vec<Option<u32>>,
    /// Jobs without a node at the chosen point, ascending, each with its reason. Empty: every job is placed.
    pub unplaced: Vec<Unplaced>,
    /// Proofs that not all jobs can be placed. Empty where `unplaced` is, and where no proof was found.
    pub certificates: Vec<Certificate>,
    /// All points; a single one for a strategy other than NSGA-II.
    pub front: Front,
    /// Index of the chosen point.
    pub chosen: usize,
    /// The rule that chose it.
    pub choice: Choice,
    /// Where each objective is best and worst on the front.
    pub extremes: [Extreme; OBJECTIVES],
    /// Why each placed job is where it is, in the order of the jobs.
    pub explanations: Vec<Explanation>,
    /// What the run did.
    pub statistics: Statistics,
}

/// What a run did. Time is measured by the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Jobs of the call.
    pub jobs: usize,
    /// Jobs with a node at the chosen point.
    pub jobs_placed: usize,
    /// Generations after generation 0; 0 for a greedy strategy.
    pub generations: u32,
    /// Placements that were evaluated.
    pub evaluations: u64,
    /// Whether one of the greedy rules of generation 0 (or the greedy strategy itself) placed all jobs that fit a node.
    pub feasible_at_start: bool,
}

/// Places the jobs.
///
/// Every job gets a node, or a reason; hard constraints hold in every case.
///
/// # Errors
/// Settings out of range, node sets that name no node, amounts that overflow, or cancelled.
pub fn schedule(
    fleet: &Fleet,
    jobs: &Jobs,
    settings: &Settings,
    control: &dyn Control,
) -> Result<Plan, Error> {
    let instance = Instance::new(fleet, jobs)?;
    let mut run = Run::new(&instance, *settings)?;
    while !run.finished() {
        run.step(control)?;
    }
    run.plan()
}

/// A run that can be stepped; [`schedule`] is the usual way.
pub struct Run<'a> {
    instance: &'a Instance<'a>,
    settings: Settings,
    /// None for a greedy strategy, and where no job fits any node.
    engine: Option<Engine<PlacementProblem<'a>>>,
}

impl<'a> Run<'a> {
    /// Prepares a run: for NSGA-II the seeds of generation 0 are built here.
    ///
    /// # Errors
    /// Settings out of range.
    pub fn new(instance: &'a Instance<'a>, settings: Settings) -> Result<Self, Error> {
        settings.choice.validate()?;
        for (name, probability) in [("crossover", settings.crossover), ("mutation", settings.mutation)] {
            if !(0.0..=1.0).contains(&probability) {
                return Err(Error::settings(name, "use a probability from 0 to 1"));
            }
        }
        let greedy = settings.strategy.greedy().is_some() || instance.genes() == 0;
        let engine = if greedy { None } else { Some(Engine::new(problem(instance, &settings), of_engine(&settings))?) };
        Ok(Self { instance, settings, engine })
    }

    /// Whether no step is left.
    pub fn finished(&self) -> bool {
        self.engine.as_ref().is_none_or(|engine| engine.stopped().is_some())
    }

    /// Breeds one generation.
    ///
    /// # Errors
    /// Cancelled; the run can then go on from the last generation.
    pub fn step(&mut self, control: &dyn Control) -> Result<(), Error> {
        match &mut self.engine {
            Some(engine) => Ok(engine.step(control)?),
            None => Ok(()),
        }
    }

    /// The plan as it stands.
    ///
    /// # Errors
    /// NSGA-II before its first step.
    pub fn plan(&self) -> Result<Plan, Error> {
        let (rows, statistics) = match &self.engine {
            Some(engine) => self.rows_of_engine(engine)?,
            None => self.rows_of_rule(),
        };
        Ok(self.plan_of(rows, statistics))
    }

    fn rows_of_engine(&self, engine: &Engine<PlacementProblem<'a>>) -> Result<(Vec<Row>, Statistics), Error> {
        let outcome = engine.outcome()?;
        let mut evaluator = Evaluator::new(self.instance);
        let mut rows = Vec::new();
        let seeds = engine.problem().seeds();
        // The extremes of the seeds could have been given up by widened dominance, so the seeds stand again.
        for seed in seeds {
            rows.push(Row::of(self.instance, &mut evaluator, seed.clone()));
        }
        let feasible_at_start = rows.iter().any(|row| row.unplaced == 0.0);
        for (row, _) in outcome.ranks.iter().enumerate().filter(|&(_, &rank)| rank == 0) {
            rows.push(Row::of(self.instance, &mut evaluator, outcome.genes_of(row).to_vec()));
        }
        let statistics = Statistics {
            generations: outcome.generations,
            evaluations: outcome.evaluations,
            feasible_at_start,
            ..Statistics::default()
        };
        Ok((rows, statistics))
    }

    fn rows_of_rule(&self) -> (Vec<Row>, Statistics) {
        let rule = self.settings.strategy.greedy().unwrap_or(Greedy::BestFit);
        let mut evaluator = Evaluator::new(self.instance);
        let row = Row::of(self.instance, &mut evaluator, place(self.instance, rule));
        let feasible_at_start = row.unplaced == 0.0;
        (vec![row], Statistics { evaluations: 1, feasible_at_start, ..Statistics::default() })
    }

    fn plan_of(&self, mut rows: Vec<Row>, mut statistics: Statistics) -> Plan {
        let instance = self.instance;
        if rows.iter().all(|row| row.unplaced > 0.0) {
            let mut evaluator = Evaluator::new(instance);
            for row in &mut rows {
                row.complete(instance, &mut evaluator);
            }
        }
        let rows = non_dominated(rows);
        let points: Vec<ObjectiveValues> = rows.iter().map(|row| row.values).collect();
        let chosen = self.settings.choice.choose(&points);
        // There is always a row: a greedy rule gives one, and generation 0 is never empty.
        let genes = rows.get(chosen).map_or(&[][..], |row| &row.genes);
        let unplaced = unplaced(instance, genes);
        let certificates = if unplaced.is_empty() { Vec::new() } else { certificates(instance) };
        let nodes = instance.by_job(genes);
        statistics.jobs = nodes.len();
        statistics.jobs_placed = nodes.len() - unplaced.len();
        Plan {
            explanations: explain(instance, &nodes),
            assignment: nodes.into_iter().map(|node| (node != NOWHERE).then_some(node)).collect(),
            unplaced,
            certificates,
            extremes: extremes(&points),
            front: Front { points, assignments: rows.iter().flat_map(|row| instance.by_job(&row.genes)).collect() },
            chosen,
            choice: self.settings.choice,
            statistics,
        }
    }
}

fn problem<'a>(instance: &'a Instance<'a>, settings: &Settings) -> PlacementProblem<'a> {
    PlacementProblem::new(instance, settings.crossover, settings.mutation)
}

fn of_engine(settings: &Settings) -> quorate_nsga2::Settings {
    quorate_nsga2::Settings {
        population: settings.population,
        generations: settings.generations,
        seed: settings.seed,
        parallel: settings.parallel,
        ..quorate_nsga2::Settings::default()
    }
}

/// A placement that could be a point of the front.
struct Row {
    genes: Vec<u32>,
    values: ObjectiveValues,
    /// Weight of the jobs without a node.
    unplaced: f64,
}

impl Row {
    fn of(instance: &Instance<'_>, evaluator: &mut Evaluator<'_>, mut genes: Vec<u32>) -> Self {
        let sums = evaluator.evaluate(&mut genes);
        let mut values = [0.0; OBJECTIVES];
        sums.objectives(instance.fleet.len(), &mut values);
        Self { genes, values, unplaced: sums.unplaced(instance.weight_all) }
    }

    /// Gives jobs without a node the room that another job can leave.
    fn complete(&mut self, instance: &Instance<'_>, evaluator: &mut Evaluator<'_>) {
        let usable = vec![true; instance.fleet.len()];
        // Evaluated genes have room, so the mover takes them.
        let Ok(mut mover) = Mover::new(instance, self.genes.clone(), usable) else { return };
        for gene in 0..self.genes.len() {
            if self.genes[gene] == NOWHERE {
                mover.place(gene);
            }
        }
        *self = Self::of(instance, evaluator, mover.genes);
    }
}

/// The rows with the smallest weight of unplaced jobs that no other such row dominates, in lexicographic order of their
/// objectives; of rows with equal objectives the first.
fn non_dominated(rows: Vec<Row>) -> Vec<Row> {
    let least = rows.iter().map(|row| row.unplaced).fold(f64::INFINITY, f64::min);
    let mut sorted: Vec<Row> = rows.into_iter().filter(|row| row.unplaced == least).collect();
    sorted.sort_by(|one, other| {
        let pairs = one.values.iter().zip(&other.values);
        pairs.map(|(one, other)| one.total_cmp(other)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
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

fn unplaced(instance: &Instance<'_>, genes: &[u32]) -> Vec<Unplaced> {
    let mut found: Vec<Unplaced> =
        instance.misfits.iter().map(|&job| Unplaced { job, reason: why_misfit(instance, job) }).collect();
    if genes.contains(&NOWHERE) {
        let mut evaluator = Evaluator::new(instance);
        evaluator.evaluate(&mut genes.to_vec());
        for (gene, _) in genes.iter().enumerate().filter(|&(_, &node)| node == NOWHERE) {
            let job = instance.order[gene];
            found.push(Unplaced { job, reason: why_no_room(instance, evaluator.ledger(), job) });
        }
    }
    found.sort_unstable_by_key(|unplaced| unplaced.job);
    found
}
