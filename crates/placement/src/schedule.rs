//! From jobs and nodes to a plan.

use quorate_nsga2::Engine;
use quorate_types::Control;

use crate::choice::{Choice, Extreme, extremes};
use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::fleet::Fleet;
use crate::instance::{Instance, NOWHERE};
use crate::jobs::Jobs;
use crate::objectives::{OBJECTIVES, ObjectiveValues};
use crate::problem::PlacementProblem;
use crate::strategy::{Greedy, Strategy, place};

/// How a plan is to be made. With the same input and the same settings the plan is the same bit for bit, whatever
/// the machine and its threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How jobs are placed; what follows but `choice` is for [`Strategy::NsgaIi`] alone.
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
    /// Whether the ambient rayon pool is used. It changes the time only.
    pub parallel: bool,
    /// The rule that chooses a point of the front.
    pub choice: Choice,
}

impl Default for Settings {
    /// Population, generations, crossover and mutation as the integration document says.
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
    /// All points; one of them for a strategy other than NSGA-II.
    pub front: Front,
    /// Index of the chosen point.
    pub chosen: usize,
    /// The rule that chose it.
    pub choice: Choice,
    /// Where each objective is best and worst.
    pub extremes: [Extreme; OBJECTIVES],
}

/// Places the jobs.
pub fn schedule(
    fleet: &Fleet,
    jobs: &Jobs,
    settings: &Settings,
    control: &dyn Control,
) -> Result<Plan, Error> {
    let instance = Instance::new(fleet, jobs)?;
    let problem = PlacementProblem { instance: &instance, crossover: settings.crossover, mutation: settings.mutation };
    let engine_settings = quorate_nsga2::Settings {
        population: settings.population,
        generations: settings.generations,
        seed: settings.seed,
        parallel: settings.parallel,
        ..quorate_nsga2::Settings::default()
    };
    let mut engine = Engine::new(problem, engine_settings)?;
    engine.run(control)?;
    let outcome = engine.outcome()?;
    let mut rows: Vec<(ObjectiveValues, usize)> = outcome.front().into_iter().map(|row| {
        let values = outcome.objectives_of(row);
        (std::array::from_fn(|at| values[at]), row)
    }).collect();
    rows.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    rows.dedup_by(|a, b| a.0 == b.0);
    let points: Vec<ObjectiveValues> = rows.iter().map(|row| row.0).collect();
    let chosen = settings.choice.choose(&points);
    Ok(Plan { assignment: Vec::new(), extremes: extremes(&points), chosen, choice: settings.choice, front: Front { points, assignments: Vec::new() } })
}

/// Objectives of a greedy rule
pub fn baseline(fleet: &Fleet, jobs: &Jobs, rule: Greedy) -> Result<(ObjectiveValues, usize), Error> {
    let instance = Instance::new(fleet, jobs)?;
    let mut genes = place(&instance, rule);
    let unplaced = genes.iter().filter(|&&node| node == NOWHERE).count();
    let mut values = [0.0; OBJECTIVES];
    Evaluator::new(&instance).evaluate(&mut genes).objectives(fleet.len(), &mut values);
    Ok((values, unplaced))
}
