//! From jobs and nodes to a plan.

use quorate_nsga2::Engine;
use quorate_types::{Control, NoControl};

use crate::choice::{Choice, Extreme, extremes};
use crate::error::{Error, stop_if_cancelled};
use crate::evaluate::Evaluator;
use crate::explain::{Explanation, explain};
use crate::feasibility::{Certificate, Judgement, Unplaced, certificates, why_misfit, why_no_room};
use crate::fleet::Fleet;
use crate::instance::{Instance, NOWHERE};
use crate::jobs::Jobs;
use crate::objectives::{OBJECTIVES, ObjectiveValues};
use crate::problem::PlacementProblem;
use crate::repair::completed;
use crate::row::{Row, judge_rows, non_dominated};
use crate::strategy::{Greedy, Strategy, place};

/// How a plan is to be made. With the same input and the same settings the plan is the same bit for bit,
/// whatever the machine and its threads.
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

impl Settings {
    /// Refuses what this crate would misread; the sizes are the optimiser's to judge.
    fn validate(&self) -> Result<(), Error> {
        self.choice.validate()?;
        for (name, probability) in [("crossover", self.crossover), ("mutation", self.mutation)] {
            if !(0.0..=1.0).contains(&probability) {
                return Err(Error::settings(name, "use a probability from 0 to 1"));
            }
        }
        Ok(())
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
    /// Proofs that not all jobs can be placed. Empty where `unplaced` is; where only this is empty the search
    /// was cut short, so that it is not proved that not all can be placed.
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
    /// Whether generation 0 (or the greedy strategy) had a placement of all jobs that fit a node: by one of
    /// its rules, or by the exact search where no rule had one.
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
    let instance = Instance::new(fleet, jobs, control)?;
    let mut run = Run::new(&instance, *settings, control)?;
    run.run_to(u32::MAX)?;
    run.plan()
}

/// Places the jobs by one greedy rule: what NSGA-II is compared with.
///
/// # Errors
/// As [`schedule`].
pub fn schedule_greedily(fleet: &Fleet, jobs: &Jobs, rule: Greedy) -> Result<Plan, Error> {
    let instance = Instance::new(fleet, jobs, &NoControl)?;
    let (rows, statistics) = rows_of_rule(&instance, rule, &NoControl)?;
    plan_of(&instance, Choice::Knee, rows, statistics, None, &NoControl)
}

/// A run that can be stepped; [`schedule`] is the usual way.
pub struct Run<'a> {
    instance: &'a Instance<'a>,
    settings: Settings,
    /// None for a greedy strategy, and where no job fits any node.
    engine: Option<Engine<PlacementProblem<'a>>>,
    control: &'a dyn Control,
}

impl<'a> Run<'a> {
    /// Prepares a run: for NSGA-II the seeds of generation 0 are built here. `control` watches and stops all
    /// of it; once cancelled it must stay so.
    ///
    /// # Errors
    /// Settings out of range, or cancelled.
    pub fn new(
        instance: &'a Instance<'a>,
        settings: Settings,
        control: &'a dyn Control,
    ) -> Result<Self, Error> {
        settings.validate()?;
        let greedy = settings.strategy.greedy().is_some() || instance.genes() == 0;
        let engine = if greedy {
            None
        } else {
            Some(Engine::new(problem(instance, &settings, control)?, of_engine(&settings))?)
        };
        Ok(Self { instance, settings, engine, control })
    }

    /// Continues the run that wrote a checkpoint, to the same plan. The instance and the settings must be the
    /// same, but for `generations`, `choice` and `parallel`.
    ///
    /// # Errors
    /// A greedy strategy, which has none; settings out of range; bytes that are no checkpoint, or one of
    /// another run.
    pub fn resume(
        instance: &'a Instance<'a>,
        settings: Settings,
        checkpoint: &[u8],
        control: &'a dyn Control,
    ) -> Result<Self, Error> {
        settings.validate()?;
        if settings.strategy.greedy().is_some() || instance.genes() == 0 {
            return Err(no_checkpoint());
        }
        let problem = problem(instance, &settings, control)?;
        let engine = Engine::resume(problem, of_engine(&settings), checkpoint)?;
        Ok(Self { instance, settings, engine: Some(engine), control })
    }

    /// Where the run stands, as bytes for [`Run::resume`].
    ///
    /// # Errors
    /// A greedy strategy, which is finished at once, and NSGA-II before its first step.
    pub fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        match &self.engine {
            Some(engine) => Ok(engine.checkpoint()?),
            None => Err(no_checkpoint()),
        }
    }

    /// Whether no step is left.
    pub fn finished(&self) -> bool {
        self.engine.as_ref().is_none_or(|engine| engine.stopped().is_some())
    }

    /// Generations bred so far, after generation 0; always 0 for a greedy strategy.
    pub fn generation(&self) -> u32 {
        self.engine.as_ref().map_or(0, Engine::generation)
    }

    /// Breeds until `generation` is bred, or the run ends.
    ///
    /// # Errors
    /// As [`Run::step`].
    pub fn run_to(&mut self, generation: u32) -> Result<(), Error> {
        if let Some(engine) = &mut self.engine {
            engine.run_to(generation, self.control)?;
        }
        Ok(())
    }

    /// Breeds one generation.
    ///
    /// # Errors
    /// Cancelled; the run can then go on from the last generation.
    pub fn step(&mut self) -> Result<(), Error> {
        match &mut self.engine {
            Some(engine) => Ok(engine.step(self.control)?),
            None => Ok(()),
        }
    }

    /// The plan as it stands.
    ///
    /// # Errors
    /// NSGA-II before its first step, or cancelled.
    pub fn plan(&self) -> Result<Plan, Error> {
        let judged = self.engine.as_ref().and_then(|engine| engine.problem().judged());
        let (rows, statistics) = match &self.engine {
            Some(engine) => self.rows_of_engine(engine)?,
            None => {
                let rule = self.settings.strategy.greedy().unwrap_or(Greedy::BestFit);
                rows_of_rule(self.instance, rule, self.control)?
            }
        };
        plan_of(self.instance, self.settings.choice, rows, statistics, judged, self.control)
    }

    fn rows_of_engine(&self, engine: &Engine<PlacementProblem<'a>>) -> Result<(Vec<Row>, Statistics), Error> {
        let outcome = engine.outcome()?;
        let mut evaluator = Evaluator::new(self.instance);
        let mut rows = Vec::new();
        let seeds = engine.problem().seeds();
        // The extremes of the seeds could have been given up by widened dominance, so the seeds stand again.
        for seed in seeds {
            stop_if_cancelled(self.control)?;
            rows.push(Row::of(self.instance, &mut evaluator, seed.clone()));
        }
        let feasible_at_start = rows.iter().any(|row| row.unplaced == 0.0);
        for (row, _) in outcome.ranks.iter().enumerate().filter(|&(_, &rank)| rank == 0) {
            stop_if_cancelled(self.control)?;
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
}

fn rows_of_rule(
    instance: &Instance<'_>,
    rule: Greedy,
    control: &dyn Control,
) -> Result<(Vec<Row>, Statistics), Error> {
    let row = Row::of(instance, &mut Evaluator::new(instance), place(instance, rule, control)?);
    let feasible_at_start = row.unplaced == 0.0;
    Ok((vec![row], Statistics { evaluations: 1, feasible_at_start, ..Statistics::default() }))
}

fn plan_of(
    instance: &Instance<'_>,
    choice: Choice,
    mut rows: Vec<Row>,
    mut statistics: Statistics,
    judged: Option<&Judgement>,
    control: &dyn Control,
) -> Result<Plan, Error> {
    let mut evaluator = Evaluator::new(instance);
    if rows.iter().all(|row| row.unplaced > 0.0) {
        for row in &mut rows {
            *row = Row::of(instance, &mut evaluator, completed(instance, &row.genes, control)?);
        }
    }
    let judged = match judged {
        Some(judged) => Some(judged.clone()),
        None => judge_rows(instance, &rows, control)?,
    };
    if let Some(found) = judged.as_ref().and_then(|judged| judged.placement.clone()) {
        statistics.feasible_at_start = true;
        rows.push(Row::of(instance, &mut evaluator, found));
    }
    let rows = non_dominated(rows);
    let points: Vec<ObjectiveValues> = rows.iter().map(|row| row.values).collect();
    let chosen = choice.choose(&points);
    // There is always a row: a greedy rule gives one, and generation 0 is never empty.
    let genes = rows.get(chosen).map_or(&[][..], |row| &row.genes);
    let unplaced = unplaced(instance, genes, control)?;
    let certificates = match judged {
        _ if unplaced.is_empty() => Vec::new(),
        Some(judged) => judged.certificates,
        None => certificates(instance, control)?,
    };
    let nodes = instance.by_job(genes);
    statistics.jobs = nodes.len();
    statistics.jobs_placed = nodes.len() - unplaced.len();
    Ok(Plan {
        explanations: explain(instance, &nodes),
        assignment: nodes.into_iter().map(|node| (node != NOWHERE).then_some(node)).collect(),
        unplaced,
        certificates,
        extremes: extremes(&points),
        front: Front {
            points,
            assignments: rows.iter().flat_map(|row| instance.by_job(&row.genes)).collect(),
        },
        chosen,
        choice,
        statistics,
    })
}

fn no_checkpoint() -> Error {
    Error::settings("strategy", "only nsga_ii, with at least one job that fits a node, has checkpoints")
}

fn problem<'a>(
    instance: &'a Instance<'a>,
    settings: &Settings,
    control: &'a dyn Control,
) -> Result<PlacementProblem<'a>, Error> {
    PlacementProblem::new(instance, settings.crossover, settings.mutation, control)
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

fn unplaced(instance: &Instance<'_>, genes: &[u32], control: &dyn Control) -> Result<Vec<Unplaced>, Error> {
    let mut found = Vec::new();
    for &job in &instance.misfits {
        stop_if_cancelled(control)?;
        found.push(Unplaced { job, reason: why_misfit(instance, job) });
    }
    if genes.contains(&NOWHERE) {
        let mut evaluator = Evaluator::new(instance);
        evaluator.evaluate(&mut genes.to_vec());
        for (gene, _) in genes.iter().enumerate().filter(|&(_, &node)| node == NOWHERE) {
            stop_if_cancelled(control)?;
            let job = instance.order[gene];
            found.push(Unplaced { job, reason: why_no_room(instance, evaluator.ledger(), job) });
        }
    }
    found.sort_unstable_by_key(|unplaced| unplaced.job);
    Ok(found)
}

#[cfg(test)]
mod tests;
