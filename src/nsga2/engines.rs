//! Runs of either encoding behind one face: variables cross the seam as numbers.

use quorate_nsga2::problems::Builtin;
use quorate_nsga2::real::{Bounds, Real, RealOperators, RealProblem};
use quorate_nsga2::{
    Engine, Error, Integer, IntegerBounds, IntegerCrossover, IntegerMutation, IntegerOperators,
    IntegerProblem, Problem, Settings, Stop, StoredGene,
};
use quorate_types::{Control, FieldPath};

use super::{NativeFront, NativeIntegerOperators, NativeOptimizerSettings};

/// A run as the seam needs it.
pub trait AnyEngine: Send {
    /// As `Engine::run_to`.
    fn run_to(&mut self, generation: u32, control: &dyn Control) -> Result<(), Error>;
    /// Whether the run has ended.
    fn ended(&self) -> bool;
    /// As `Engine::ask`; empty once the run has ended.
    fn ask(&mut self) -> Result<Vec<f64>, Error>;
    /// As `Engine::amend`.
    fn amend(&mut self, variables: &[f64]) -> Result<(), Error>;
    /// As `Engine::tell`.
    fn tell(&mut self, objectives: &[f64], violations: Option<&[f64]>) -> Result<(), Error>;
    /// As `Engine::generation`.
    fn generation(&self) -> u32;
    /// As `Engine::checkpoint`.
    fn checkpoint(&self) -> Result<Vec<u8>, Error>;
    /// The feasible first front as it stands.
    fn front(&self) -> Result<NativeFront, Error>;
}

/// A gene that JavaScript can hold.
pub trait Number: Copy {
    /// As JavaScript has it.
    fn to_f64(self) -> f64;
    /// Back; none where it is no gene of this kind.
    fn from_f64(number: f64) -> Option<Self>;
}

impl Number for f64 {
    fn to_f64(self) -> f64 {
        self
    }

    fn from_f64(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl Number for i64 {
    fn to_f64(self) -> f64 {
        self as f64
    }

    fn from_f64(number: f64) -> Option<Self> {
        (number.fract() == 0.0 && number.abs() <= SAFE_INTEGER_MAX).then_some(number as Self)
    }
}

/// Up to here JavaScript's numbers hold every integer.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// Each number as a gene; `name` is what the list is called.
fn genes<Gene: Number>(numbers: &[f64], name: &str) -> Result<Vec<Gene>, Error> {
    let gene = |(index, &number): (usize, &f64)| {
        Gene::from_f64(number).ok_or_else(|| Error::Bounds {
            field: FieldPath::new(name).index(index),
            reason: format!(
                "use a whole number from -{SAFE_INTEGER_MAX} to {SAFE_INTEGER_MAX}, not {number}"
            ),
        })
    };
    numbers.iter().enumerate().map(gene).collect()
}

impl<P> AnyEngine for Engine<P>
where
    P: Problem + Send,
    P::Gene: Number + StoredGene,
{
    fn run_to(&mut self, generation: u32, control: &dyn Control) -> Result<(), Error> {
        Self::run_to(self, generation, control).map(|_| ())
    }

    fn ended(&self) -> bool {
        self.stopped().is_some()
    }

    fn ask(&mut self) -> Result<Vec<f64>, Error> {
        if self.ended() {
            return Ok(Vec::new());
        }
        Ok(Self::ask(self)?.iter().map(|gene| gene.to_f64()).collect())
    }

    fn amend(&mut self, variables: &[f64]) -> Result<(), Error> {
        Self::amend(self, &genes(variables, "variables")?)
    }

    fn tell(&mut self, objectives: &[f64], violations: Option<&[f64]>) -> Result<(), Error> {
        Self::tell(self, objectives, violations)
    }

    fn generation(&self) -> u32 {
        Self::generation(self)
    }

    fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        Self::checkpoint(self)
    }

    fn front(&self) -> Result<NativeFront, Error> {
        let population = self.outcome()?;
        let front = population.front();
        let genes = front.iter().flat_map(|&row| population.genes_of(row)).map(|gene| gene.to_f64());
        let objectives = front.iter().flat_map(|&row| population.objectives_of(row)).copied();
        Ok(NativeFront {
            variables: genes.collect::<Vec<f64>>().into(),
            objectives: objectives.collect::<Vec<f64>>().into(),
            violation_min: population.violations.iter().copied().fold(f64::INFINITY, f64::min),
            generations: population.generations,
            evaluations: population.evaluations as f64,
            stopped_by: population.stop.map(|stop| {
                let name = if stop == Stop::Stagnation { "stagnation" } else { "generations" };
                name.to_owned()
            }),
        })
    }
}

/// A problem whose objectives are computed outside. Its run is driven by ask and tell, so that nothing here
/// is ever evaluated; infinity would lose any comparison.
struct Outside<B> {
    bounds: B,
    objectives: usize,
}

impl RealProblem for Outside<Bounds> {
    fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    fn objectives(&self) -> usize {
        self.objectives
    }

    fn evaluate(&self, _variables: &[f64], objectives: &mut [f64]) -> f64 {
        objectives.fill(f64::INFINITY);
        f64::INFINITY
    }
}

impl IntegerProblem for Outside<IntegerBounds> {
    fn bounds(&self) -> &IntegerBounds {
        &self.bounds
    }

    fn objectives(&self) -> usize {
        self.objectives
    }

    fn evaluate(&self, _variables: &[i64], objectives: &mut [f64]) -> f64 {
        objectives.fill(f64::INFINITY);
        f64::INFINITY
    }
}

/// A run of a built-in problem.
pub fn builtin(
    problem: Builtin,
    settings: &NativeOptimizerSettings,
    checkpoint: Option<&[u8]>,
) -> Result<Box<dyn AnyEngine>, Error> {
    start(Real::with_operators(problem, settings.into())?, settings, checkpoint)
}

/// A run whose objectives are computed outside, over reals or, where the settings have operators for them,
/// over integers.
pub fn outside(
    lower: &[f64],
    upper: &[f64],
    objectives: usize,
    settings: &NativeOptimizerSettings,
    checkpoint: Option<&[u8]>,
) -> Result<Box<dyn AnyEngine>, Error> {
    if let Some(kinds) = &settings.integer {
        let bounds = IntegerBounds::new(genes(lower, "lower")?, genes(upper, "upper")?)?;
        let operators = integer_operators(settings, kinds)?;
        let problem = Integer::with_operators(Outside { bounds, objectives }, operators)?;
        return start(problem, settings, checkpoint);
    }
    let bounds = Bounds::new(lower.to_vec(), upper.to_vec())?;
    start(Real::with_operators(Outside { bounds, objectives }, settings.into())?, settings, checkpoint)
}

fn start<P>(
    problem: P,
    settings: &NativeOptimizerSettings,
    checkpoint: Option<&[u8]>,
) -> Result<Box<dyn AnyEngine>, Error>
where
    P: Problem + Send + 'static,
    P::Gene: Number + StoredGene,
{
    let settings = Settings::from(settings);
    Ok(Box::new(match checkpoint {
        Some(bytes) => Engine::resume(problem, settings, bytes)?,
        None => Engine::new(problem, settings)?,
    }))
}

impl From<&NativeOptimizerSettings> for RealOperators {
    fn from(settings: &NativeOptimizerSettings) -> Self {
        let defaults = Self::default();
        Self {
            crossover_probability: settings.crossover_probability.unwrap_or(defaults.crossover_probability),
            crossover_eta: settings.crossover_eta.unwrap_or(defaults.crossover_eta),
            mutation_probability: settings.mutation_probability.or(defaults.mutation_probability),
            mutation_eta: settings.mutation_eta.unwrap_or(defaults.mutation_eta),
        }
    }
}

fn integer_operators(
    settings: &NativeOptimizerSettings,
    kinds: &NativeIntegerOperators,
) -> Result<IntegerOperators, Error> {
    use {IntegerCrossover as Crossover, IntegerMutation as Mutation};
    let defaults = IntegerOperators::default();
    Ok(IntegerOperators {
        crossover: named("operators.crossoverKind", &kinds.crossover, &Crossover::ALL, Crossover::name)?,
        crossover_probability: settings.crossover_probability.unwrap_or(defaults.crossover_probability),
        mutation: named("operators.mutationKind", &kinds.mutation, &Mutation::ALL, Mutation::name)?,
        mutation_probability: settings.mutation_probability.or(defaults.mutation_probability),
    })
}

fn named<Kind: Copy>(
    field: &str,
    name: &str,
    all: &[Kind],
    name_of: fn(Kind) -> &'static str,
) -> Result<Kind, Error> {
    all.iter().copied().find(|&kind| name_of(kind) == name).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|&kind| name_of(kind)).collect();
        let reason = format!("use one of {}", known.join(", "));
        Error::Settings { field: FieldPath::new(field), reason }
    })
}
