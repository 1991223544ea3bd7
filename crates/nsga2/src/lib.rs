//! NSGA-II, non-dominated sorting and quality indicators; knows nothing of machines.
//!
//! **A built-in problem.** [`run`] breeds a population and returns it with its ranks; the same seed gives the
//! same bits on any machine and any number of threads.
//!
//! ```
//! use quorate_nsga2::{Real, Settings, indicators, problems, run};
//! use quorate_types::NoControl;
//!
//! let problem = Real::new(problems::by_name("ZDT1", None)?);
//! let settings = Settings { population: 100, generations: 150, seed: 7, ..Settings::default() };
//! let outcome = run(&problem, &settings, &NoControl)?;
//!
//! let best = outcome.front();
//! let front: Vec<f64> = best.iter().flat_map(|&row| outcome.objectives_of(row).to_vec()).collect();
//! let volume = indicators::hypervolume(&front, &[1.1, 1.1])?;
//! assert!(volume > 0.85 && volume < 0.21 + 2.0 / 3.0, "{volume}");
//! # Ok::<(), quorate_nsga2::Error>(())
//! ```
//!
//! **A problem of your own.** [`RealProblem`] and [`IntegerProblem`] need a box and an evaluation;
//! [`Problem`] is the whole interface, for encodings of other kinds. `evaluate` returns the constraint
//! violation, 0 where there is none.
//!
//! ```
//! use quorate_nsga2::{Bounds, Real, RealProblem, Settings, run};
//! use quorate_types::NoControl;
//!
//! struct Beam(Bounds);
//!
//! impl RealProblem for Beam {
//!     fn bounds(&self) -> &Bounds {
//!         &self.0
//!     }
//!     fn objectives(&self) -> usize {
//!         2
//!     }
//!     fn evaluate(&self, variables: &[f64], objectives: &mut [f64]) -> f64 {
//!         let [width, height] = [variables[0], variables[1]];
//!         objectives[0] = width * height; // weight
//!         objectives[1] = 1.0 / (width * height * height * height); // deflection
//!         (height - 4.0 * width).max(0.0) // not too slender
//!     }
//! }
//!
//! let beam = Real::new(Beam(Bounds::uniform(2, 0.1, 2.0)?));
//! let outcome = run(&beam, &Settings { generations: 50, ..Settings::default() }, &NoControl)?;
//! assert!(outcome.front().iter().all(|&row| outcome.violations[row] == 0.0));
//! # Ok::<(), quorate_nsga2::Error>(())
//! ```
//!
//! **Evaluation elsewhere.** [`Engine::ask`] gives all genes of a generation as one slice and
//! [`Engine::tell`] takes their objectives, with [`Engine::amend`] in between where genes are repaired;
//! [`Engine::checkpoint`] and [`Engine::resume`] store a run and
//! continue it.
//!
//! ```
//! use quorate_nsga2::{Engine, Real, Settings, problems, RealProblem};
//!
//! let settings = Settings { population: 20, generations: 3, ..Settings::default() };
//! let mut engine = Engine::new(Real::new(problems::by_name("ZDT2", None)?), settings)?;
//! while engine.stopped().is_none() {
//!     let genes = engine.ask()?.to_vec();
//!     let mut objectives = vec![0.0; 20 * 2];
//!     for (genes, objectives) in genes.chunks_exact(30).zip(objectives.chunks_exact_mut(2)) {
//!         engine.problem().inner().evaluate(genes, objectives);
//!     }
//!     engine.tell(&objectives, None)?;
//!     let bytes = engine.checkpoint()?;
//!     engine = Engine::resume(Real::new(problems::by_name("ZDT2", None)?), settings, &bytes)?;
//! }
//! assert_eq!(engine.generation(), 3);
//! # Ok::<(), quorate_nsga2::Error>(())
//! ```
//!
//! **The parts alone.** [`sort`] ranks points, [`crowding`] measures their neighbourhoods, [`indicators`]
//! judges sets of them, [`integer`] and [`real`] hold operators, [`math`] the arithmetic that gives the same
//! bits everywhere.

pub mod checkpoint;
pub mod crowding;
pub mod engine;
pub mod error;
pub mod indicators;
pub mod integer;
pub mod math;
pub mod problem;
pub mod problems;
pub mod random;
pub mod real;
pub mod settings;
pub mod sort;
mod stagnation;
mod survival;

pub use checkpoint::StoredGene;
pub use engine::{Engine, Outcome, Stop, run};
pub use error::Error;
pub use integer::{
    Integer, IntegerBounds, IntegerCrossover, IntegerMutation, IntegerOperators, IntegerProblem,
};
pub use problem::{Problem, Shape};
pub use random::Random;
pub use real::{Bounds, Real, RealOperators, RealProblem};
pub use settings::{ConstraintHandling, Settings, Stagnation};
