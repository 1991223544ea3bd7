//! `quorate-nsga2`: sorting, indicators and optimisation runs.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Env, Float64Array, Float64ArraySlice, Object, Uint8Array, Uint32ArraySlice};
use napi_derive::napi;
use quorate_nsga2::problems::{by_name, names};
use quorate_nsga2::sort::Sorter;
use quorate_nsga2::{ConstraintHandling, Error, Settings, Stagnation, indicators};

use crate::failure::{HandleError, Outcome, guard, open};
use crate::run::NativeRun;

pub mod engines;

use engines::AnyEngine;

thread_local! {
    /// Kept from call to call: to make one takes as long as to sort a hundred points.
    static SORTER: RefCell<Sorter> = RefCell::default();
}

/// Up to so many values are sorted with what is kept, which then holds on to its memory.
const SORTER_VALUES_MAX: usize = 1 << 20;

/// Writes the ranks of row-major objectives, one per point; 0 is best.
#[napi]
pub fn non_dominated_sort(
    objectives: Float64ArraySlice,
    objective_count: u32,
    mut ranks: Uint32ArraySlice,
) -> Outcome<()> {
    let mut sort = |sorter: &mut Sorter| {
        let found = sorter.rank(&objectives, objective_count as usize)?;
        // SAFETY: JavaScript made this array for this call and waits for its return.
        unsafe { ranks.as_mut() }.copy_from_slice(found);
        Ok::<(), Error>(())
    };
    let kept = objectives.len() <= SORTER_VALUES_MAX;
    guard(|| if kept { SORTER.with_borrow_mut(sort) } else { sort(&mut Sorter::default()) })
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
    /// Operators of integer variables; null for reals.
    pub integer: Option<NativeIntegerOperators>,
}

/// How integer variables are recombined and mutated.
#[napi(object)]
pub struct NativeIntegerOperators {
    /// `uniform`, `one-point` or `two-point`.
    pub crossover: String,
    /// `creep-and-reset`, `creep`, `reset` or `swap`.
    pub mutation: String,
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

/// One optimisation run.
#[napi]
pub struct NativeOptimizer {
    engine: Arc<Mutex<Box<dyn AnyEngine>>>,
}

fn handle(engine: Box<dyn AnyEngine>) -> NativeOptimizer {
    NativeOptimizer { engine: Arc::new(Mutex::new(engine)) }
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
            engines::builtin(problem, &settings, checkpoint).map(handle)
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
            engines::outside(&lower, &upper, objective_count as usize, &settings, checkpoint).map(handle)
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
        guard(|| Ok::<_, HandleError<Error>>(open(&self.engine)?.ended()))
    }

    /// Variables to evaluate, row-major; empty once the run has ended.
    #[napi]
    pub fn ask(&self) -> Outcome<Float64Array> {
        guard(|| Ok::<_, HandleError<Error>>(Float64Array::new(open(&self.engine)?.ask()?)))
    }

    /// Puts repaired variables in the place of those that `ask` gave.
    #[napi]
    pub fn amend(&self, variables: Float64ArraySlice) -> Outcome<()> {
        guard(|| Ok::<_, HandleError<Error>>(open(&self.engine)?.amend(&variables)?))
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
        guard(|| Ok::<_, HandleError<Error>>(open(&self.engine)?.front()?))
    }
}
