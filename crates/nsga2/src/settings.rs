//! How a run is to be made.

use crate::error::Error;
use crate::problem::Shape;

/// The settings of a run. With the same problem and the same settings the result is the same bit for bit,
/// whatever the machine and its threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Individuals: an even number from 4 to [`POPULATION_MAX`].
    pub population: usize,
    /// Generations bred after generation 0, so `population * (generations + 1)` evaluations.
    pub generations: u32,
    /// Where all random numbers come from.
    pub seed: u64,
    /// What an infeasible individual is worth.
    pub constraints: ConstraintHandling,
    /// Ends a run that no longer gains; `None` breeds all generations.
    pub stagnation: Option<Stagnation>,
    /// Whether offspring are bred and evaluated on the ambient rayon pool. It changes the time only.
    pub parallel: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            population: 100,
            generations: 250,
            seed: 1,
            constraints: ConstraintHandling::FeasibilityFirst,
            stagnation: None,
            parallel: true,
        }
    }
}

/// What an infeasible individual is worth. Repair needs no setting: a problem repairs genes in its
/// `evaluate`, and who evaluates outside hands repaired genes to [`Engine::amend`](crate::Engine::amend).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConstraintHandling {
    /// Any feasible individual beats any infeasible one; of two infeasible ones the smaller violation wins
    /// (Deb 2002).
    #[default]
    FeasibilityFirst,
    /// As above, but violations up to a level count as feasible. The level starts at the violation that a
    /// fifth of generation 0 stays below and falls to 0 over the first part of the run (Takahama and Sakai
    /// 2006).
    EpsilonLevel,
}

/// When a run no longer gains: the hypervolume of the feasible first front, measured every `generations`
/// generations against a reference point fixed at the first measurement, grew by less than `gain_min`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stagnation {
    /// Generations from one measurement to the next; at least 1.
    pub generations: u32,
    /// Smallest relative growth that lets the run go on, such as 0.0001.
    pub gain_min: f64,
}

/// Largest population.
pub const POPULATION_MAX: usize = 1 << 20;
/// Most generations of one run.
pub const GENERATIONS_MAX: u32 = 1 << 30;
/// Largest number of genes of a population and its offspring together.
pub const GENES_MAX: usize = 1 << 28;
/// Largest number of objectives.
pub const OBJECTIVES_MAX: usize = 64;

/// Refuses what is no probability.
pub(crate) fn check_probability(field: &str, value: f64) -> Result<(), Error> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::settings(field, format!("use a probability from 0 to 1, not {value}")))
}

impl Settings {
    /// Refuses what a run cannot be made with.
    pub(crate) fn validate(&self, shape: Shape) -> Result<(), Error> {
        if self.population < 4 || self.population > POPULATION_MAX || !self.population.is_multiple_of(2) {
            return Err(Error::settings(
                "population",
                format!("use an even number from 4 to {POPULATION_MAX}, not {}", self.population),
            ));
        }
        if self.generations > GENERATIONS_MAX {
            let reason = format!("use at most {GENERATIONS_MAX}, not {}", self.generations);
            return Err(Error::settings("generations", reason));
        }
        if shape.objectives == 0 || shape.objectives > OBJECTIVES_MAX {
            return Err(Error::settings(
                "objectiveCount",
                format!("use 1 to {OBJECTIVES_MAX} objectives, not {}", shape.objectives),
            ));
        }
        let genes = shape.variables.checked_mul(2 * self.population);
        if shape.variables == 0 || genes.is_none_or(|genes| genes > GENES_MAX) {
            return Err(Error::settings(
                "population",
                format!("use at least 1 variable, and at most {GENES_MAX} genes in twice the population"),
            ));
        }
        if let Some(stagnation) = self.stagnation {
            stagnation.validate(shape)?;
        }
        Ok(())
    }
}

impl Stagnation {
    fn validate(&self, shape: Shape) -> Result<(), Error> {
        if self.generations == 0 {
            return Err(Error::settings("stagnation.generations", "use at least 1"));
        }
        if !(self.gain_min >= 0.0 && self.gain_min.is_finite()) {
            return Err(Error::settings("stagnation.gainMin", "use a finite number that is not negative"));
        }
        if shape.objectives > crate::indicators::HYPERVOLUME_OBJECTIVES_MAX {
            return Err(Error::settings(
                "stagnation",
                format!(
                    "the hypervolume is measured for up to {} objectives: leave stagnation out",
                    crate::indicators::HYPERVOLUME_OBJECTIVES_MAX
                ),
            ));
        }
        Ok(())
    }
}
