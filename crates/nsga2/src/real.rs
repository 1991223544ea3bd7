//! Problems over bounded real numbers: simulated binary crossover and polynomial mutation.
//!
//! Sources: Deb and Agrawal, "Simulated binary crossover for continuous search space", 1995, with children
//! cut off at the bounds; Deb and Goyal, "A combined genetic adaptive search (GeneAS) for engineering
//! design", 1996, in the form of Deb's NSGA-II code of 2002, which shrinks a mutation near a bound. The
//! crossover of that code shrinks near bounds as well; the older form searches wider and did better on ZDT,
//! DTLZ and WFG (much better where an optimum lies on a bound).

use crate::checkpoint::fingerprint;
use crate::error::Error;
use crate::math;
use crate::problem::{Problem, Shape};
use crate::random::Random;
use crate::settings::check_probability;
use quorate_types::FieldPath;

/// A problem whose individuals are vectors of bounded reals. [`Real`] makes a [`Problem`] of it.
pub trait RealProblem: Sync {
    /// The box that holds all individuals.
    fn bounds(&self) -> &Bounds;

    /// How many values `evaluate` writes.
    fn objectives(&self) -> usize;

    /// Writes the objectives of `variables` and returns the constraint violation, 0 where it is feasible.
    fn evaluate(&self, variables: &[f64], objectives: &mut [f64]) -> f64;

    /// What tells the problem from others with the same bounds; see [`Problem::fingerprint`].
    fn fingerprint(&self) -> u64 {
        0
    }
}

/// Lower and upper bounds of each variable, both inclusive.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Bounds {
    /// # Errors
    /// [`Error::Bounds`] where the lengths differ, a bound is not finite, lies above its partner, or is so
    /// far from it that their difference overflows.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>) -> Result<Self, Error> {
        if lower.len() != upper.len() || lower.is_empty() {
            let reason = format!("{} bounds are expected, as many as in `lower`, at least 1", lower.len());
            return Err(Error::Bounds { field: FieldPath::new("upper"), reason });
        }
        for (index, (low, high)) in lower.iter().zip(&upper).enumerate() {
            if !low.is_finite() {
                let reason = "use a finite number".to_owned();
                return Err(Error::Bounds { field: FieldPath::new("lower").index(index), reason });
            }
            if !(high >= low && (high - low).is_finite()) {
                let reason = format!("use a finite number that is at least {low}, the lower bound");
                return Err(Error::Bounds { field: FieldPath::new("upper").index(index), reason });
            }
        }
        Ok(Self { lower, upper })
    }

    /// The same interval for `count` variables.
    ///
    /// # Errors
    /// As [`Bounds::new`].
    pub fn uniform(count: usize, lower: f64, upper: f64) -> Result<Self, Error> {
        Self::new(vec![lower; count], vec![upper; count])
    }

    /// Lower bounds.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// Upper bounds.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    fn contain(&self, variables: &[f64]) -> bool {
        variables.iter().zip(self.lower.iter().zip(&self.upper)).all(|(x, (low, high))| x >= low && x <= high)
    }
}

/// How real vectors are recombined and mutated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealOperators {
    /// Probability that a pair of parents is recombined at all; then each variable is with probability 1/2.
    pub crossover_probability: f64,
    /// Distribution index of the crossover: the larger, the closer children stay to their parents.
    pub crossover_eta: f64,
    /// Probability that a variable is mutated; `None` is one divided by the number of variables.
    pub mutation_probability: Option<f64>,
    /// Distribution index of the mutation. One mutation in [`RESET_ONE_IN`] draws a value anew instead.
    pub mutation_eta: f64,
}

impl Default for RealOperators {
    fn default() -> Self {
        Self {
            crossover_probability: 0.9,
            crossover_eta: 15.0,
            mutation_probability: None,
            mutation_eta: 20.0,
        }
    }
}

/// One mutation in so many draws a value anew. Without it a value that all individuals have lost is out of
/// reach for good where the objectives are flat, as in MW1 and MW4: polynomial steps of index 20 hardly
/// exceed a tenth of the range.
pub const RESET_ONE_IN: usize = 20;

/// Largest distribution index; beyond it children equal their parents to the last bits.
pub const ETA_MAX: f64 = 1_000.0;

impl RealOperators {
    fn validate(&self) -> Result<(), Error> {
        check_probability("operators.crossoverProbability", self.crossover_probability)?;
        check_probability("operators.mutationProbability", self.mutation_probability.unwrap_or(0.0))?;
        for (field, value) in
            [("operators.crossoverEta", self.crossover_eta), ("operators.mutationEta", self.mutation_eta)]
        {
            if !(0.0..=ETA_MAX).contains(&value) {
                return Err(Error::settings(field, format!("use a number from 0 to {ETA_MAX}, not {value}")));
            }
        }
        Ok(())
    }
}

/// Makes a [`Problem`] of a [`RealProblem`]: uniform initialisation, SBX and polynomial mutation.
#[derive(Clone, Debug)]
pub struct Real<P> {
    problem: P,
    operators: RealOperators,
    mutation: Mutation,
}

#[derive(Clone, Copy, Debug)]
struct Mutation {
    probability: f64,
    /// 1 / ln(1 - probability): turns a uniform number into a number of variables to skip.
    skip_scale: f64,
}

impl<P: RealProblem> Real<P> {
    /// With the default operators.
    pub fn new(problem: P) -> Self {
        let operators = RealOperators::default();
        let mutation = Mutation::new(&operators, problem.bounds().lower.len());
        Self { problem, operators, mutation }
    }

    /// # Errors
    /// [`Error::Settings`] for a probability outside 0 to 1 or a distribution index outside 0 to [`ETA_MAX`].
    pub fn with_operators(problem: P, operators: RealOperators) -> Result<Self, Error> {
        operators.validate()?;
        let mutation = Mutation::new(&operators, problem.bounds().lower.len());
        Ok(Self { problem, operators, mutation })
    }

    /// The problem inside.
    pub fn inner(&self) -> &P {
        &self.problem
    }
}

impl<P: RealProblem> Problem for Real<P> {
    type Gene = f64;
    type Scratch = ();

    fn shape(&self) -> Shape {
        Shape { variables: self.problem.bounds().lower.len(), objectives: self.problem.objectives() }
    }

    fn scratch(&self) {}

    fn initialize(&self, _index: usize, random: &mut Random, genes: &mut [f64]) {
        let bounds = self.problem.bounds();
        for ((gene, &low), &high) in genes.iter_mut().zip(&bounds.lower).zip(&bounds.upper) {
            *gene = (low + random.unit() * (high - low)).clamp(low, high);
        }
    }

    fn vary(&self, random: &mut Random, parents: [&[f64]; 2], children: [&mut [f64]; 2]) {
        let bounds = self.problem.bounds();
        let [left, right] = children;
        left.copy_from_slice(parents[0]);
        right.copy_from_slice(parents[1]);
        if random.chance(self.operators.crossover_probability) {
            recombine(random, bounds, self.operators.crossover_eta, left, right);
        }
        for (child, parent) in [(left, parents[0]), (right, parents[1])] {
            self.mutation.apply(random, bounds, self.operators.mutation_eta, child);
            if child == parent && self.mutation.probability > 0.0 {
                // The same individual again would be an evaluation for nothing.
                let index = random.below(child.len());
                self.mutation.hit(random, bounds, self.operators.mutation_eta, child, index);
            }
        }
    }

    fn evaluate(&self, _scratch: &mut (), genes: &mut [f64], objectives: &mut [f64]) -> f64 {
        self.problem.evaluate(genes, objectives)
    }

    fn accepts(&self, genes: &[f64]) -> bool {
        self.problem.bounds().contain(genes)
    }

    fn fingerprint(&self) -> u64 {
        let RealOperators { crossover_probability, crossover_eta, mutation_eta, .. } = self.operators;
        let operators = [crossover_probability, crossover_eta, self.mutation.probability, mutation_eta];
        let bounds = self.problem.bounds();
        let numbers =
            operators.iter().chain(&bounds.lower).chain(&bounds.upper).map(|number| number.to_bits());
        fingerprint(numbers.chain([self.problem.fingerprint()]))
    }
}

/// Parents closer than this are copied: their spread has no direction left.
const SPREAD_MIN: f64 = 1e-14;

/// Simulated binary crossover in place.
fn recombine(random: &mut Random, bounds: &Bounds, eta: f64, left: &mut [f64], right: &mut [f64]) {
    let mut coins = 0;
    for index in 0..left.len() {
        // Two coins per variable: whether it is recombined, and which child gets which value.
        if index % 32 == 0 {
            coins = random.next_u64();
        }
        let (recombined, swapped) = (coins & 1 == 1, coins & 2 == 2);
        coins >>= 2;
        let (a, b) = (left[index], right[index]);
        let spread = (a - b).abs();
        if !recombined || spread <= SPREAD_MIN {
            continue;
        }
        let (low, high) = (bounds.lower[index], bounds.upper[index]);
        let (small, large) = (a.min(b), a.max(b));
        let u = random.unit();
        let half = 0.5 * spread_factor(u, eta) * spread;
        let middle = 0.5 * (small + large);
        let (lower, upper) = (middle - half, middle + half);
        let (lower, upper) = (lower.clamp(low, high), upper.clamp(low, high));
        (left[index], right[index]) = if swapped { (upper, lower) } else { (lower, upper) };
    }
}

/// How far a child lies from the middle of its parents, in units of their spread.
#[inline]
fn spread_factor(u: f64, eta: f64) -> f64 {
    let base = if u <= 0.5 { 2.0 * u } else { 0.5 / (1.0 - u) };
    math::pow(base, 1.0 / (eta + 1.0))
}

/// Powers with a whole exponent, the usual case, are a few multiplications.
#[inline]
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == exponent.trunc() && exponent <= 64.0 {
        math::powi(base, exponent as u32)
    } else {
        math::pow(base, exponent)
    }
}

impl Mutation {
    fn new(operators: &RealOperators, variables: usize) -> Self {
        let probability = operators.mutation_probability.unwrap_or(1.0 / variables as f64);
        Self { probability, skip_scale: 1.0 / math::ln(1.0 - probability) }
    }

    /// Polynomial mutation in place. The distance to the next mutated variable is geometric, so it is drawn
    /// at once.
    fn apply(&self, random: &mut Random, bounds: &Bounds, eta: f64, genes: &mut [f64]) {
        if self.probability <= 0.0 {
            return;
        }
        let mut index = self.skip(random);
        while index < genes.len() {
            self.hit(random, bounds, eta, genes, index);
            index = index.saturating_add(1).saturating_add(self.skip(random));
        }
    }

    fn hit(&self, random: &mut Random, bounds: &Bounds, eta: f64, genes: &mut [f64], index: usize) {
        let (low, high) = (bounds.lower[index], bounds.upper[index]);
        if high > low {
            genes[index] = if random.below(RESET_ONE_IN) == 0 {
                (low + random.unit() * (high - low)).clamp(low, high)
            } else {
                mutate(random.unit(), eta, genes[index], low, high)
            };
        }
    }

    #[inline]
    fn skip(&self, random: &mut Random) -> usize {
        if self.probability >= 1.0 {
            return 0;
        }
        // 1 - unit lies in (0, 1]; the conversion saturates.
        (math::ln(1.0 - random.unit()) * self.skip_scale) as usize
    }
}

fn mutate(u: f64, eta: f64, value: f64, low: f64, high: f64) -> f64 {
    let range = high - low;
    let shift = if u < 0.5 {
        let area = 2.0 * u + (1.0 - 2.0 * u) * power((high - value) / range, eta + 1.0);
        math::pow(area, 1.0 / (eta + 1.0)) - 1.0
    } else {
        let area = 2.0 * (1.0 - u) + (2.0 * u - 1.0) * power((value - low) / range, eta + 1.0);
        1.0 - math::pow(area, 1.0 / (eta + 1.0))
    };
    (value + shift * range).clamp(low, high)
}
