//! Crossovers and mutations for integers and for assignments (gene `i` says where item `i` goes).
//!
//! The operators work on slices of any gene, so a [`Problem`] with an encoding of its own can use them;
//! [`Integer`] puts them together for vectors of bounded integers. Sources: Syswerda, "Uniform crossover in
//! genetic algorithms", 1989 (uniform); Holland 1975 and De Jong 1975 (one and two points); Davis, "Handbook
//! of genetic algorithms", 1991 (creep).

use crate::error::Error;
use crate::problem::{Problem, Shape};
use crate::random::Random;
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
}

/// Makes a [`Problem`] of an [`IntegerProblem`]: uniform initialisation, uniform crossover with probability
/// 0.9, and with probability one divided by the number of variables a creep of at most about a tenth of the
/// range, or a random reset.
#[derive(Clone, Debug)]
pub struct Integer<P>(pub P);

const CROSSOVER_PROBABILITY: f64 = 0.9;

impl<P: IntegerProblem> Problem for Integer<P> {
    type Gene = i64;
    type Scratch = ();

    fn shape(&self) -> Shape {
        Shape { variables: self.0.bounds().lower.len(), objectives: self.0.objectives() }
    }

    fn scratch(&self) {}

    fn initialize(&self, _index: usize, random: &mut Random, genes: &mut [i64]) {
        random_reset(random, self.0.bounds(), 1.0, genes);
    }

    fn vary(&self, random: &mut Random, parents: [&[i64]; 2], children: [&mut [i64]; 2]) {
        let [left, right] = children;
        left.copy_from_slice(parents[0]);
        right.copy_from_slice(parents[1]);
        if random.chance(CROSSOVER_PROBABILITY) {
            uniform_crossover(random, left, right);
        }
        let bounds = self.0.bounds();
        for genes in [left, right] {
            let probability = 0.5 / genes.len() as f64;
            random_reset(random, bounds, probability, genes);
            for_each_mutated(random, genes.len(), probability, |random, index| {
                let range = bounds.upper[index].wrapping_sub(bounds.lower[index]);
                // Every order of magnitude up to a tenth of the range is as likely as another.
                let magnitude = random.below((range / 10).checked_ilog2().unwrap_or(0) as usize + 1);
                let step = 1 + random.below(1 << magnitude) as i64;
                let step = if random.next_u64() & 1 == 0 { step } else { -step };
                genes[index] =
                    genes[index].saturating_add(step).clamp(bounds.lower[index], bounds.upper[index]);
            });
        }
    }

    fn evaluate(&self, _scratch: &mut (), genes: &mut [i64], objectives: &mut [f64]) -> f64 {
        self.0.evaluate(genes, objectives)
    }

    fn accepts(&self, genes: &[i64]) -> bool {
        let bounds = self.0.bounds();
        genes.iter().zip(bounds.lower.iter().zip(&bounds.upper)).all(|(x, (low, high))| x >= low && x <= high)
    }
}
