//! `quorate-nsga2`: sorting, indicators and optimisation runs.

use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Env, Float64Array, Float64ArraySlice, Object, Uint8Array, Uint32Array};
use napi_derive::napi;
use quorate_nsga2::problems::{Builtin, by_name, names};
use quorate_nsga2::real::{Bounds, Real, RealOperators, RealProblem};
use quorate_nsga2::{ConstraintHandling, Engine, Error, Outcome as Population, Settings, Stagnation, Stop};
use quorate_nsga2::{indicators, sort};

use crate::failure::{HandleError, Outcome, guard, open};
use crate::run::NativeRun;

/// Ranks of row-major objectives; 0 is best.
#[napi]
pub fn non_dominated_sort(objectives: Float64ArraySlice, objective_count: u32) -> Outcome<Uint32Array> {
    guard(|| sort::ranks(&objectives, objective_count as usize).map(Uint32Array::new))
}

/// Exact hypervolume of minimised points against a reference point, 1 to 5 objectives.
#[napi]
pub fn hypervolume(points: Float64ArraySlice, reference: Float64ArraySlice) -> Outcome<f64> {
    guard(|| indicators::hypervolume(&points, &reference))
}

/// IGD+ of a front against a reference front.
#[napi]
pub fn igd_plus(points: Float64ArraySlice, front: Float64ArraySlice, objective_count: u32) -> Outcome<f64> {
    guard(|| indicators::igd_plus(&points, &front, objective_count as usize))
}

/// Additive epsilon of a front against a reference front.
#[napi]
pub fn additive_epsilon(
    points: Float64ArraySlice,
    front: Float64ArraySlice,
    objective_count: u32,
) -> Outcome<f64> {
    guard(|| indicators::additive_epsilon(&points, &front, objective_count as usize))
}

/// Names of the built-in problems.
// Not guarded: it copies a constant table.
#[napi]
pub fn builtin_problems() -> Vec<String> {
    names().map(str::to_owned).collect()
}

/// Settings of a run; null where the core's default holds.
#[napi(object, use_nullable = true)]
pub struct NativeOptimizerSettings {
    /// Individuals.
    pub population: u32,
    /// Generations after generation 0.
    pub generations: u32,
    /// Seed of all random numbers.
    pub seed: f64,
    /// Epsilon level instead of feasibility first.
    pub epsilon_level: bool,
    /// Generations between two looks at the hypervolume.
    pub stagnation_generations: Option<u32>,
    /// Relative growth below which the run ends.
    pub stagnation_gain_min: Option<f64>,
    /// Probability that a pair of parents is recombined.
    pub crossover_probability: Option<f64>,
    /// Distribution index of the crossover.
    pub crossover_eta: Option<f64>,
    /// Probability that a variable is mutated.
    pub mutation_probability: Option<f64>,
    /// Distribution index of the mutation.
    pub mutation_eta: Option<f64>,
}

/// The feasible first front of a run.
#[napi(object, use_nullable = true)]
pub struct NativeFront {
    /// Row-major.
    pub variables: Float64Array,
    /// Row-major.
    pub objectives: Float64Array,
    /// Smallest constraint violation of the population: 0 where the front is not empty.
    pub violation_min: f64,
    /// Generations bred after generation 0.
    pub generations: u32,
    /// Individuals evaluated.
    pub evaluations: f64,
    /// `generations`, `stagnation`, or null where the run has not ended.
    pub stopped_by: Option<String>,
}

/// A problem whose objectives are computed in Rust, or outside.
enum AnyProblem {
    Builtin(Builtin),
    Outside { bounds: Bounds, objectives: usize },
}

impl RealProblem for AnyProblem {
    fn bounds(&self) -> &Bounds {
        match self {
            Self::Builtin(problem) => problem.bounds(),
            Self::Outside { bounds, .. } => bounds,
        }
    }

    fn objectives(&self) -> usize {
        match self {
            Self::Builtin(problem) => problem.objectives(),
            Self::Outside { objectives, .. } => *objectives,
        }
    }

    fn evaluate(&self, variables: &[f64], objectives: &mut [f64]) -> f64 {
        match self {
            Self::Builtin(problem) => problem.evaluate(variables, objectives),
            // Never reached: such a run is driven by ask and tell. Infinity would lose any comparison.
            Self::Outside { .. } => {
                objectives.fill(f64::INFINITY);
                f64::INFINITY
            }
        }
    }
}

type SharedEngine = Arc<Mutex<Engine<Real<AnyProblem>>>>;

/// One optimisation run.
#[napi]
pub struct NativeOptimizer {
    engine: SharedEngine,
}

fn start(
    problem: AnyProblem,
    settings: &NativeOptimizerSettings,
    checkpoint: Option<&[u8]>,
) -> Result<NativeOptimizer, Error> {
    let defaults = RealOperators::default();
    let operators = RealOperators {
        crossover_probability: settings.crossover_probability.unwrap_or(defaults.crossover_probability),
        crossover_eta: settings.crossover_eta.unwrap_or(defaults.crossover_eta),
        mutation_probability: settings.mutation_probability.or(defaults.mutation_probability),
        mutation_eta: settings.mutation_eta.unwrap_or(defaults.mutation_eta),
    };
    let problem = Real::with_operators(problem, operators)?;
    let engine = match checkpoint {
        Some(bytes) => Engine::resume(problem, settings.into(), bytes)?,
        None => Engine::new(problem, settings.into())?,
    };
    Ok(NativeOptimizer { engine: Arc::new(Mutex::new(engine)) })
}

impl From<&NativeOptimizerSettings> for Settings {
    fn from(settings: &NativeOptimizerSettings) -> Self {
        let stagnation = settings
            .stagnation_generations
            .zip(settings.stagnation_gain_min)
            .map(|(generations, gain_min)| Stagnation { generations, gain_min });
        let constraints = if settings.epsilon_level {
            ConstraintHandling::EpsilonLevel
        } else {
            ConstraintHandling::FeasibilityFirst
        };
        Self {
            population: settings.population as usize,
            generations: settings.generations,
            seed: settings.seed as u64,
            constraints,
            stagnation,
            parallel: true,
        }
    }
}

#[napi]
impl NativeOptimizer {
    /// A run of a built-in problem, from its start or from a checkpoint.
    #[napi]
    pub fn builtin(
        name: String,
        objective_count: Option<u32>,
        settings: NativeOptimizerSettings,
        checkpoint: Option<&[u8]>,
    ) -> Outcome<NativeOptimizer> {
        guard(|| {
            let problem = by_name(&name, objective_count.map(|count| count as usize))?;
            start(AnyProblem::Builtin(problem), &settings, checkpoint)
        })
    }

    /// A run whose objectives are computed outside, by `ask` and `tell`.
    #[napi]
    pub fn outside(
        lower: Float64ArraySlice,
        upper: Float64ArraySlice,
        objective_count: u32,
        settings: NativeOptimizerSettings,
        checkpoint: Option<&[u8]>,
    ) -> Outcome<NativeOptimizer> {
        guard(|| {
            let bounds = Bounds::new(lower.to_vec(), upper.to_vec())?;
            let problem = AnyProblem::Outside { bounds, objectives: objective_count as usize };
            start(problem, &settings, checkpoint)
        })
    }

    /// Runs a built-in problem until a generation is bred, or to its end.
    #[napi(ts_return_type = "Promise<NativeFailure | undefined>")]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        threads: u32,
        generation: u32,
    ) -> napi::Result<Object<'env>> {
        let engine = Arc::clone(&self.engine);
        handle.spawn(env, threads, move |control| {
            open(&engine)?.run_to(generation, control)?;
            Ok::<(), HandleError<Error>>(())
        })
    }

    /// Whether the run has ended.
    #[napi]
    pub fn ended(&self) -> Outcome<bool> {
        guard(|| Ok::<_, HandleError<Error>>(open(&self.engine)?.stopped().is_some()))
    }

    /// Variables to evaluate, row-major; empty once the run has ended.
    #[napi]
    pub fn ask(&self) -> Outcome<Float64Array> {
        guard(|| {
            let mut engine = open::<_, Error>(&self.engine)?;
            if engine.stopped().is_some() {
                return Ok(Float64Array::new(Vec::new()));
            }
            Ok::<_, HandleError<Error>>(Float64Array::new(engine.ask()?.to_vec()))
        })
    }

    /// Takes the objectives of the variables asked for, and their violations where there are constraints.
    #[napi(ts_return_type = "Promise<NativeFailure | undefined>")]
    pub fn tell<'env>(
        &self,
        env: &'env Env,
        handle: &NativeRun,
        threads: u32,
        objectives: Float64ArraySlice,
        violations: Option<Float64ArraySlice>,
    ) -> napi::Result<Object<'env>> {
        let engine = Arc::clone(&self.engine);
        // Copied: JavaScript may write to its arrays while the sort runs.
        let (objectives, violations) = (objectives.to_vec(), violations.map(|values| values.to_vec()));
        handle.spawn(env, threads, move |_| {
            Ok::<(), HandleError<Error>>(open(&engine)?.tell(&objectives, violations.as_deref())?)
        })
    }

    /// Generations bred so far, after generation 0.
    #[napi]
    pub fn generation(&self) -> Outcome<u32> {
        guard(|| Ok::<_, HandleError<Error>>(open(&self.engine)?.generation()))
    }

    /// The state of the run between two generations, as bytes that `builtin` or `outside` continue from.
    #[napi]
    pub fn checkpoint(&self) -> Outcome<Uint8Array> {
        guard(|| Ok::<_, HandleError<Error>>(Uint8Array::new(open(&self.engine)?.checkpoint()?)))
    }

    /// The feasible first front as it stands.
    #[napi]
    pub fn front(&self) -> Outcome<NativeFront> {
        guard(|| Ok::<_, HandleError<Error>>(NativeFront::from(&open(&self.engine)?.outcome()?)))
    }
}

impl From<&Population<f64>> for NativeFront {
    fn from(population: &Population<f64>) -> Self {
        let front = population.front();
        let rows =
            |of: &dyn Fn(usize) -> Vec<f64>| front.iter().flat_map(|&row| of(row)).collect::<Vec<f64>>();
        Self {
            variables: rows(&|row| population.genes_of(row).to_vec()).into(),
            objectives: rows(&|row| population.objectives_of(row).to_vec()).into(),
            violation_min: population.violations.iter().copied().fold(f64::INFINITY, f64::min),
            generations: population.generations,
            evaluations: population.evaluations as f64,
            stopped_by: population.stop.map(|stop| {
                let name = if stop == Stop::Stagnation { "stagnation" } else { "generations" };
                name.to_owned()
            }),
        }
    }
}
