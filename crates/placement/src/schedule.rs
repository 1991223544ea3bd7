//! From jobs and nodes to a plan.

use quorate_nsga2::Engine;
use quorate_types::{Control, NoControl};

use crate::choice::{Choice, Extreme, extremes};
use crate::error::{Error, stop_if_cancelled};
use crate::evaluate::Evaluator;
use crate::explain::{Explanation, explain};
use crate::feasibility::{Certificate, Unplaced, certificates, why_misfit, why_no_room};
use crate::fleet::Fleet;
use crate::instance::{Instance, NOWHERE};
use crate::jobs::Jobs;
use crate::objectives::{OBJECTIVES, ObjectiveValues};
use crate::problem::PlacementProblem;
use crate::row::{Row, non_dominated};
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
    /// Whether one of the greedy rules of generation 0 (or the greedy strategy itself) placed all jobs that
    /// fit a node.
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
    while !run.finished() {
        run.step()?;
    }
    run.plan()
}

/// Places the jobs by one greedy rule: what NSGA-II is compared with.
///
/// # Errors
/// As [`schedule`].
pub fn schedule_greedily(fleet: &Fleet, jobs: &Jobs, rule: Greedy) -> Result<Plan, Error> {
    let instance = Instance::new(fleet, jobs, &NoControl)?;
    let (rows, statistics) = rows_of_rule(&instance, rule, &NoControl)?;
    plan_of(&instance, Choice::Knee, rows, statistics, &NoControl)
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
    /// same.
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
        let (rows, statistics) = match &self.engine {
            Some(engine) => self.rows_of_engine(engine)?,
            None => {
                let rule = self.settings.strategy.greedy().unwrap_or(Greedy::BestFit);
                rows_of_rule(self.instance, rule, self.control)?
            }
        };
        plan_of(self.instance, self.settings.choice, rows, statistics, self.control)
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
    control: &dyn Control,
) -> Result<Plan, Error> {
    if rows.iter().all(|row| row.unplaced > 0.0) {
        let mut evaluator = Evaluator::new(instance);
        for row in &mut rows {
            row.complete(instance, &mut evaluator, control)?;
        }
    }
    let rows = non_dominated(rows);
    let points: Vec<ObjectiveValues> = rows.iter().map(|row| row.values).collect();
    let chosen = choice.choose(&points);
    // There is always a row: a greedy rule gives one, and generation 0 is never empty.
    let genes = rows.get(chosen).map_or(&[][..], |row| &row.genes);
    let unplaced = unplaced(instance, genes, control)?;
    let certificates = if unplaced.is_empty() { Vec::new() } else { certificates(instance, control)? };
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
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;
    use quorate_types::Coded;

    use super::*;
    use crate::jobs::JobClass;
    use crate::objectives::Objective;
    use crate::strategy::Strategy;
    use crate::testing::{random_case, violations};

    fn settings(strategy: Strategy, seed: u64) -> Settings {
        Settings { strategy, population: 12, generations: 6, seed, ..Settings::default() }
    }

    /// The sums of the public formulas, written down a second time.
    fn plain_objectives(fleet: &Fleet, jobs: &Jobs, nodes: &[u32]) -> ObjectiveValues {
        let columns = fleet.columns();
        let mut used: Vec<[f64; 4]> = (0..fleet.len())
            .map(|node| std::array::from_fn(|at| f64::from(fleet.capacity(node)[at] - fleet.free(node)[at])))
            .collect();
        let mut values = [0.0; OBJECTIVES];
        let mut weights = 0.0;
        for (job, &node) in nodes.iter().enumerate().filter(|&(_, &node)| node != UNPLACED) {
            let node = node as usize;
            let request = jobs.request(job);
            let weight = f64::from(jobs.columns().class[job].weight());
            let milli =
                crate::billing_unit_milli(&request) * u64::from(jobs.columns().duration_s[job]) / 3_600;
            weights += weight;
            values[0] += weight * f64::from(columns.latency_us[node]) / 1_000.0;
            values[2] += weight * (1.0 - f64::from(columns.trust[node]) / 10_000.0);
            values[3] += milli as f64 / 1_000.0 * f64::from(columns.cost_micro[node]);
            values[4] += milli as f64 / 1_000.0 * f64::from(columns.price_micro[node]);
            for (used, need) in used[node].iter_mut().zip(request) {
                *used += f64::from(need);
            }
        }
        values[0] /= f64::max(weights, 1.0);
        values[2] /= f64::max(weights, 1.0);
        let share = |(node, used): (usize, &[f64; 4])| {
            let shares =
                used.iter().zip(fleet.capacity(node)).map(|(used, all)| used / f64::from(all.max(1)));
            shares.fold(0.0, f64::max)
        };
        let loads: Vec<f64> = used.iter().enumerate().map(share).collect();
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        values[1] = (loads.iter().map(|load| (load - mean).powi(2)).sum::<f64>() / loads.len() as f64).sqrt();
        values
    }

    fn check_plan(fleet: &Fleet, jobs: &Jobs, plan: &Plan) -> Result<(), TestCaseError> {
        for (point, nodes) in plan.front.points.iter().zip(plan.front.assignments.chunks(jobs.len().max(1))) {
            let assignment: Vec<Option<u32>> =
                nodes.iter().map(|&node| (node != UNPLACED).then_some(node)).collect();
            prop_assert_eq!(violations(fleet, jobs, &assignment), 0);
            for (own, plain) in point.iter().zip(plain_objectives(fleet, jobs, nodes)) {
                // Loads are kept in steps of 2^-20.
                prop_assert!((own - plain).abs() <= 1e-5 + 1e-9 * plain.abs(), "{own} is not {plain}");
            }
        }
        let chosen = &plan.front.assignments[plan.chosen * jobs.len()..(plan.chosen + 1) * jobs.len()];
        for (job, &node) in chosen.iter().enumerate() {
            let reasons = plan.unplaced.iter().filter(|unplaced| unplaced.job == job as u32).count();
            prop_assert_eq!(plan.assignment[job], (node != UNPLACED).then_some(node));
            prop_assert_eq!(reasons, usize::from(node == UNPLACED));
        }
        let placed = jobs.len() - plan.unplaced.len();
        prop_assert_eq!(plan.statistics.jobs_placed, placed);
        prop_assert_eq!(plan.explanations.len(), placed);
        for objective in [Objective::Latency, Objective::Trust, Objective::Cost, Objective::Price] {
            let at = objective as usize;
            let sum: f64 = plan.explanations.iter().map(|own| own.contributions[at]).sum();
            let whole = plan.front.points[plan.chosen][at];
            prop_assert!((sum - whole).abs() <= 1e-9 * whole.abs(), "{sum} is not {whole}");
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn every_strategy_keeps_capacities(seed in any::<u64>(), nodes in 1_usize..9, count in 0_usize..24) {
            let (fleet, jobs) = random_case(seed, nodes, count);
            for strategy in Strategy::ALL {
                let plan = schedule(&fleet, &jobs, &settings(strategy, seed), &NoControl).unwrap();
                check_plan(&fleet, &jobs, &plan)?;
            }
            for rule in crate::problem::SEED_RULES {
                check_plan(&fleet, &jobs, &schedule_greedily(&fleet, &jobs, rule).unwrap())?;
            }
        }

        #[test]
        fn no_point_beats_another(seed in any::<u64>(), nodes in 1_usize..9, count in 1_usize..20) {
            let (fleet, jobs) = random_case(seed, nodes, count);
            let plan = schedule(&fleet, &jobs, &settings(Strategy::NsgaIi, seed), &NoControl).unwrap();
            let points = &plan.front.points;
            for (index, point) in points.iter().enumerate() {
                for (other, rival) in points.iter().enumerate() {
                    let no_worse = rival.iter().zip(point).all(|(rival, own)| rival <= own);
                    prop_assert!(index == other || !no_worse, "{rival:?} beats {point:?}");
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_the_plan() {
        let (fleet, jobs) = random_case(11, 60, 90);
        let plan_on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let settings = Settings { population: 40, generations: 20, ..Settings::default() };
            pool.install(|| schedule(&fleet, &jobs, &settings, &NoControl).unwrap())
        };
        let one = plan_on(1);
        assert_eq!(plan_on(2), one);
        assert_eq!(plan_on(3), one);
        assert!(one.front.points.len() > 5, "a front of {} points proves little", one.front.points.len());
    }

    #[test]
    fn a_resumed_run_ends_as_one_that_was_not_stopped() {
        let (fleet, jobs) = random_case(12, 20, 60);
        let instance = Instance::new(&fleet, &jobs, &NoControl).unwrap();
        let settings = settings(Strategy::NsgaIi, 9);
        let mut run = Run::new(&instance, settings, &NoControl).unwrap();
        for _ in 0..3 {
            run.step().unwrap();
        }
        let checkpoint = run.checkpoint().unwrap();
        let mut resumed = Run::resume(&instance, settings, &checkpoint, &NoControl).unwrap();
        while !resumed.finished() {
            resumed.step().unwrap();
        }
        assert_eq!(resumed.plan().unwrap(), schedule(&fleet, &jobs, &settings, &NoControl).unwrap());

        let broken = Run::resume(&instance, settings, &checkpoint[..20], &NoControl).err().unwrap();
        assert_eq!(broken.code(), "QRT_ERR_NSGA2_CHECKPOINT_CORRUPT");
        let (other_fleet, other_jobs) = random_case(13, 2, 60);
        let other = Instance::new(&other_fleet, &other_jobs, &NoControl).unwrap();
        assert!(
            Run::resume(&other, settings, &checkpoint, &NoControl).is_err(),
            "genes of another fleet must not be taken"
        );
        let greedy = Settings { strategy: Strategy::Trust, ..settings };
        assert!(Run::resume(&instance, greedy, &checkpoint, &NoControl).is_err());
    }

    #[test]
    fn higher_classes_keep_their_room() {
        // One node for two of three equal jobs: the B job must give way whichever strategy asks.
        let (fleet, _) = random_case(5, 1, 0);
        let free = fleet.free(0);
        let columns = crate::JobsColumns {
            cpu_milli: vec![free[0] / 2; 3],
            memory_mib: vec![0; 3],
            disk_gib: vec![0; 3],
            gpu_count: vec![0; 3],
            gpu_milli: vec![0; 3],
            class: vec![JobClass::B, JobClass::S, JobClass::A],
            duration_s: vec![1; 3],
            ..crate::JobsColumns::default()
        };
        let jobs = Jobs::new(columns).unwrap();
        for strategy in Strategy::ALL {
            let plan = schedule(&fleet, &jobs, &settings(strategy, 1), &NoControl).unwrap();
            assert_eq!(plan.assignment, [None, Some(0), Some(0)], "{strategy:?}");
            assert!(!plan.certificates.is_empty(), "three halves exceed the capacity");
        }
    }

    #[test]
    fn nothing_to_place_and_nowhere_to_place_it() {
        let (fleet, none) = random_case(1, 3, 0);
        let (_, jobs) = random_case(1, 0, 4);
        let nowhere = Fleet::new(crate::FleetColumns::default()).unwrap();
        for strategy in Strategy::ALL {
            let plan = schedule(&fleet, &none, &settings(strategy, 1), &NoControl).unwrap();
            assert!(plan.assignment.is_empty() && plan.unplaced.is_empty() && plan.certificates.is_empty());
            let plan = schedule(&nowhere, &jobs, &settings(strategy, 1), &NoControl).unwrap();
            assert_eq!((plan.unplaced.len(), plan.certificates.len()), (4, 4));
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let (fleet, jobs) = random_case(1, 3, 4);
        let path = |settings: Settings| {
            let error = schedule(&fleet, &jobs, &settings, &NoControl).unwrap_err();
            error.field().unwrap().to_string()
        };
        assert_eq!(path(Settings { crossover: 1.5, ..Settings::default() }), "crossover");
        assert_eq!(path(Settings { mutation: f64::NAN, ..Settings::default() }), "mutation");
        assert_eq!(path(Settings { population: 3, ..Settings::default() }), "population");
        assert_eq!(path(Settings { choice: Choice::Weights([0.0; 5]), ..Settings::default() }), "weights");
    }

    /// Gives up at the n-th look, and counts how often it was looked at.
    struct GiveUp {
        looks: AtomicU64,
        at: u64,
    }

    impl Control for GiveUp {
        fn cancelled(&self) -> bool {
            self.looks.fetch_add(1, Ordering::Relaxed) >= self.at
        }
        fn progress(&self, _done: u64, _total: u64) {}
    }

    /// Every phase looks at the control: wherever it gives up, the run ends at once, and says so.
    #[test]
    fn a_cancelled_run_ends_in_whatever_phase_it_is() {
        // Too little room, so that completing, reasons and proofs take part.
        let (fleet, jobs) = random_case(1, 3, 60);
        for strategy in Strategy::ALL {
            let settings = Settings { parallel: false, generations: 2, ..settings(strategy, 1) };
            let whole = GiveUp { looks: AtomicU64::new(0), at: u64::MAX };
            schedule(&fleet, &jobs, &settings, &whole).unwrap();
            let looks = whole.looks.into_inner();
            assert!(looks > 2 * jobs.len() as u64, "{strategy:?} looks {looks} times");
            for at in (0..looks).step_by(1 + looks as usize / 100) {
                let control = GiveUp { looks: AtomicU64::new(0), at };
                let error = schedule(&fleet, &jobs, &settings, &control).unwrap_err();
                assert_eq!(error.code(), "QRT_ERR_PLACEMENT_CANCELLED");
            }
        }
    }
}
