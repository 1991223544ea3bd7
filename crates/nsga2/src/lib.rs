//! NSGA-II, non-dominated sorting and quality indicators; knows nothing of machines.

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

pub use engine::{Engine, Outcome, Stop, run};
pub use error::Error;
pub use problem::{Problem, Shape};
pub use random::Random;
pub use integer::{Integer, IntegerBounds, IntegerProblem};
pub use real::{Bounds, Real, RealOperators, RealProblem};
pub use settings::{ConstraintHandling, Settings, Stagnation};
