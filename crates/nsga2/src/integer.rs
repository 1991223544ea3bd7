//! Crossovers and mutations for integers and for assignments (gene `i` says where item `i` goes).
//!
//! The operators work on slices of any gene, so a [`Problem`] with an encoding of its own can use them;
//! [`Integer`] puts them together for vectors of bounded integers. Sources: Syswerda, "Uniform crossover in
//! genetic algorithms", 1989 (uniform); Holland 1975 and De Jong 1975 (one and two points); Davis, "Handbook
//! of genetic algorithms", 1991 (creep).

use crate::checkpoint::fingerprint;
use crate::error::Error;
use crate::problem::{Problem, Shape};
use crate::random::Random;
use crate::settings::check_probability;
use quorate_types::FieldPath;

/// Exchanges each gene of the two children with probability 1/2.
pub fn uniform_crossover<Gene>(random: &mut Random, left: &mut [Gene], right: &mut [Gene]) {
    let mut coins = 0;
    for (index, (a, b)) in left.iter_mut().zip(right).enumerate() {
        if index % 64 == 0 {
            coins = random.next_u64();
        }
        if coins & 1 == 1 {
            std::mem::swap(a, b);
        }
        coins >>= 1;
    }
}

/// Exchanges all genes behind a random place; both children keep at least one gene of each parent.
pub fn one_point_crossover<Gene>(random: &mut Random, left: &mut [Gene], right: &mut [Gene]) {
    let count = left.len().min(right.len());
    if count < 2 {
        return;
    }
    let cut = 1 + random.below(count - 1);
    left[cut..count].swap_with_slice(&mut right[cut..count]);
}

/// Exchanges the genes between two random places.
pub fn two_point_crossover<Gene>(random: &mut Random, left: &mut [Gene], right: &mut [Gene]) {
    let count = left.len().min(right.len());
    if count < 2 {
        return;
    }
    let (a, b) = (random.below(count + 1), random.below(count + 1));
    let range = a.min(b)..a.max(b);
    left[range.clone()].swap_with_slice(&mut right[range]);
}

/// Calls `change` with the index of each gene that a mutation of this probability hits.
///
/// It draws the distance from one hit to the next, which is geometric, so the cost is that of the hits.
pub fn for_each_mutated(
    random: &mut Random,
    genes: usize,
    probability: f64,
    mut change: impl FnMut(&mut Random, usize),
) {
    if probability.is_nan() || probability <= 0.0 {
        return;
    }
    let scale = 1.0 / crate::math::ln(1.0 - probability.min(1.0));
    let mut index = 0_usize;
    loop {
        if probability < 1.0 {
            let skipped = (crate::math::ln(1.0 - random.unit()) * scale) as usize;
            index = index.saturating_add(skipped);
        }
        if index >= genes {
            return;
        }
        change(random, index);
        index += 1;
    }
}

/// Puts a uniform number of its bounds in the place of each gene that is hit.
pub fn random_reset(random: &mut Random, bounds: &IntegerBounds, probability: f64, genes: &mut [i64]) {
    for_each_mutated(random, genes.len(), probability, |random, index| {
        genes[index] = bounds.draw(random, index);
    });
}

/// Moves each gene that is hit by 1 to `step_max` up or down; it stops at its bounds.
pub fn creep(
    random: &mut Random,
    bounds: &IntegerBounds,
    probability: f64,
    step_max: u32,
    genes: &mut [i64],
) {
    for_each_mutated(random, genes.len(), probability, |random, index| {
        let step = i64::from(step_max.min(1)) + random.below(step_max as usize) as i64;
        let step = if random.next_u64() & 1 == 0 { step } else { -step };
        let (low, high) = (bounds.lower[index], bounds.upper[index]);
        genes[index] = genes[index].saturating_add(step).clamp(low, high);
    });
}

/// Exchanges each gene that is hit with another one, so an assignment keeps how often each place is used.
pub fn swap<Gene>(random: &mut Random, probability: f64, genes: &mut [Gene]) {
    let count = genes.len();
    for_each_mutated(random, count, probability, |random, index| {
        let other = random.below(count);
        genes.swap(index, other);
    });
}

/// Lower and upper bounds of each integer, both inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerBounds {
    lower: Vec<i64>,
    upper: Vec<i64>,
}

impl IntegerBounds {
    /// # Errors
    /// [`Error::Bounds`] where the lengths differ, or are 0, or an upper bound lies below its lower one or
    /// more than `i64::MAX` above it.
    pub fn new(lower: Vec<i64>, upper: Vec<i64>) -> Result<Self, Error> {
        if lower.len() != upper.len() || lower.is_empty() {
            let reason = format!("{} bounds are expected, as many as in `lower`, at least 1", lower.len());
            return Err(Error::Bounds { field: FieldPath::new("upper"), reason });
        }
        for (index, (low, high)) in lower.iter().zip(&upper).enumerate() {
            if high.checked_sub(*low).is_none_or(|range| range < 0) {
                let reason = format!("use a number from {low}, the lower bound, to {} above it", i64::MAX);
                return Err(Error::Bounds { field: FieldPath::new("upper").index(index), reason });
            }
        }
        Ok(Self { lower, upper })
    }

    /// Lower bounds.
    pub fn lower(&self) -> &[i64] {
        &self.lower
    }

    /// Upper bounds.
    pub fn upper(&self) -> &[i64] {
        &self.upper
    }

    fn draw(&self, random: &mut Random, index: usize) -> i64 {
        // The range fits by construction, and so does the sum.
        let choices = self.upper[index].wrapping_sub(self.lower[index]) as usize + 1;
        self.lower[index].wrapping_add(random.below(choices) as i64)
    }
}

/// A problem whose individuals are vectors of bounded integers. [`Integer`] makes a [`Problem`] of it.
pub trait IntegerProblem: Sync {
    /// The box that holds all individuals.
    fn bounds(&self) -> &IntegerBounds;

    /// How many values `evaluate` writes.
    fn objectives(&self) -> usize;

    /// Writes the objectives of `variables` and returns the constraint violation, 0 where it is feasible.
    fn evaluate(&self, variables: &[i64], objectives: &mut [f64]) -> f64;

    /// What tells the problem from others with the same bounds; see [`Problem::fingerprint`].
    fn fingerprint(&self) -> u64 {
        0
    }
}

/// How parents are recombined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntegerCrossover {
    /// [`uniform_crossover`].
    #[default]
    Uniform,
    /// [`one_point_crossover`].
    OnePoint,
    /// [`two_point_crossover`].
    TwoPoint,
}

impl IntegerCrossover {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Uniform, Self::OnePoint, Self::TwoPoint];

    /// The public name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::OnePoint => "one-point",
            Self::TwoPoint => "two-point",
        }
    }

    fn apply(self, random: &mut Random, left: &mut [i64], right: &mut [i64]) {
        match self {
            Self::Uniform => uniform_crossover(random, left, right),
            Self::OnePoint => one_point_crossover(random, left, right),
            Self::TwoPoint => two_point_crossover(random, left, right),
        }
    }
}

/// How a variable that is hit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntegerMutation {
    /// Creep and reset, each for half of the hits: small steps refine, and no value is out of reach for good.
    #[default]
    CreepAndReset,
    /// A step up or down of at most about a tenth of its range, every order of magnitude as likely as
    /// another.
    Creep,
    /// A new value, uniformly drawn: for variables whose numbers only name something.
    Reset,
    /// [`swap`] with another variable, so that how often each value is used stays as it is. All variables
    /// must have the same bounds.
    Swap,
}

impl IntegerMutation {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::CreepAndReset, Self::Creep, Self::Reset, Self::Swap];

    /// The public name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreepAndReset => "creep-and-reset",
            Self::Creep => "creep",
            Self::Reset => "reset",
            Self::Swap => "swap",
        }
    }

    fn apply(self, random: &mut Random, bounds: &IntegerBounds, probability: f64, genes: &mut [i64]) {
        match self {
            Self::CreepAndReset => {
                random_reset(random, bounds, probability / 2.0, genes);
                creep_by_range(random, bounds, probability / 2.0, genes);
            }
            Self::Creep => creep_by_range(random, bounds, probability, genes),
            Self::Reset => random_reset(random, bounds, probability, genes),
            Self::Swap => swap(random, probability, genes),
        }
    }
}

/// [`creep`] with a step that fits the range of each variable.
fn creep_by_range(random: &mut Random, bounds: &IntegerBounds, probability: f64, genes: &mut [i64]) {
    for_each_mutated(random, genes.len(), probability, |random, index| {
        let range = bounds.upper[index].wrapping_sub(bounds.lower[index]);
        // Every order of magnitude up to a tenth of the range is as likely as another.
        let magnitude = random.below((range / 10).checked_ilog2().unwrap_or(0) as usize + 1);
        let step = 1 + random.below(1 << magnitude) as i64;
        let step = if random.next_u64() & 1 == 0 { step } else { -step };
        genes[index] = genes[index].saturating_add(step).clamp(bounds.lower[index], bounds.upper[index]);
    });
}

/// How integer vectors are recombined and mutated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntegerOperators {
    /// How parents are recombined.
    pub crossover: IntegerCrossover,
    /// Probability that a pair of parents is recombined at all.
    pub crossover_probability: f64,
    /// How a variable that is hit changes.
    pub mutation: IntegerMutation,
    /// Probability that a variable is hit; `None` is one divided by the number of variables.
    pub mutation_probability: Option<f64>,
}

impl Default for IntegerOperators {
    fn default() -> Self {
        Self {
            crossover: IntegerCrossover::default(),
            crossover_probability: 0.9,
            mutation: IntegerMutation::default(),
            mutation_probability: None,
        }
    }
}

impl IntegerOperators {
    fn validate(&self, bounds: &IntegerBounds) -> Result<(), Error> {
        check_probability("operators.crossoverProbability", self.crossover_probability)?;
        check_probability("operators.mutationProbability", self.mutation_probability.unwrap_or(0.0))?;
        let equal = |bounds: &[i64]| bounds.windows(2).all(|pair| pair[0] == pair[1]);
        if self.mutation == IntegerMutation::Swap && !(equal(&bounds.lower) && equal(&bounds.upper)) {
            let reason = "`swap` exchanges variables: give all of them the same bounds";
            return Err(Error::settings("operators.mutationKind", reason));
        }
        Ok(())
    }
}

/// Makes a [`Problem`] of an [`IntegerProblem`]: uniform initialisation, and its operators.
#[derive(Clone, Debug)]
pub struct Integer<P> {
    problem: P,
    operators: IntegerOperators,
}

impl<P: IntegerProblem> Integer<P> {
    /// With the default operators.
    pub fn new(problem: P) -> Self {
        Self { problem, operators: IntegerOperators::default() }
    }

    /// # Errors
    /// [`Error::Settings`] for a probability outside 0 to 1, and for [`IntegerMutation::Swap`] where bounds
    /// differ.
    pub fn with_operators(problem: P, operators: IntegerOperators) -> Result<Self, Error> {
        operators.validate(problem.bounds())?;
        Ok(Self { problem, operators })
    }

    fn mutation_probability(&self) -> f64 {
        self.operators.mutation_probability.unwrap_or(1.0 / self.problem.bounds().lower.len() as f64)
    }
}

impl<P: IntegerProblem> Problem for Integer<P> {
    type Gene = i64;
    type Scratch = ();

    fn shape(&self) -> Shape {
        Shape { variables: self.problem.bounds().lower.len(), objectives: self.problem.objectives() }
    }

    fn scratch(&self) {}

    fn initialize(&self, _index: usize, random: &mut Random, genes: &mut [i64]) {
        random_reset(random, self.problem.bounds(), 1.0, genes);
    }

    fn vary(&self, random: &mut Random, parents: [&[i64]; 2], children: [&mut [i64]; 2]) {
        let [left, right] = children;
        left.copy_from_slice(parents[0]);
        right.copy_from_slice(parents[1]);
        if random.chance(self.operators.crossover_probability) {
            self.operators.crossover.apply(random, left, right);
        }
        for genes in [left, right] {
            let probability = self.mutation_probability();
            self.operators.mutation.apply(random, self.problem.bounds(), probability, genes);
        }
    }

    fn evaluate(&self, _scratch: &mut (), genes: &mut [i64], objectives: &mut [f64]) -> f64 {
        self.problem.evaluate(genes, objectives)
    }

    fn accepts(&self, genes: &[i64]) -> bool {
        let bounds = self.problem.bounds();
        genes.iter().zip(bounds.lower.iter().zip(&bounds.upper)).all(|(x, (low, high))| x >= low && x <= high)
    }

    fn fingerprint(&self) -> u64 {
        let IntegerOperators { crossover, crossover_probability, mutation, .. } = self.operators;
        let probabilities = [crossover_probability, self.mutation_probability()].map(f64::to_bits);
        let bounds = self.problem.bounds();
        let numbers = bounds.lower.iter().chain(&bounds.upper).map(|&bound| bound.cast_unsigned());
        let operators = [crossover as u64, mutation as u64].into_iter().chain(probabilities);
        fingerprint(operators.chain(numbers).chain([self.problem.fingerprint()]))
    }
}
