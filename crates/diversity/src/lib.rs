//! Failure domains: requirement levels, diverse selection, certificates, measures; knows nothing of jobs.

pub mod axis;
pub mod certificate;
mod check;
pub mod columns;
pub mod confidence;
mod cover;
pub mod error;
mod exact;
pub mod greedy;
mod hitting;
pub mod index;
mod matching;
pub mod measures;
pub mod pool;
pub mod requirement;
pub mod score;
pub mod select;
mod state;
pub mod validate;

pub use axis::{AXIS_COUNT, Axis};
pub use certificate::{Certificate, Check, Reason};
pub use columns::Columns;
pub use error::DiversityError;
pub use greedy::greedy;
pub use index::Index;
pub use measures::{AxisMeasures, measures};
pub use pool::Pool;
pub use requirement::{AxisRule, Requirement};
pub use score::{Score, score};
pub use select::{Chosen, Method, SelectOptions, Selection, select, select_with};
pub use validate::{Rule, Validation, Violation, validate};
