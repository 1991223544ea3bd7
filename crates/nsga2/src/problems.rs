//! Test problems of the literature, by name.
//!
//! All are bounded real problems with minimised objectives, in their standard sizes. The arithmetic is that
//! of [`crate::math`], so a run on a built-in problem gives the same bits everywhere.

mod constrained_dtlz;
mod dtlz;
mod mw;
mod wfg;
mod zdt;

use crate::checkpoint::fingerprint;
use crate::error::Error;
use crate::real::{Bounds, RealProblem};
use quorate_types::FieldPath;
use std::f64::consts::SQRT_2;

/// A built-in problem: what [`by_name`] gives.
#[derive(Clone, Debug)]
pub struct Builtin {
    name: &'static str,
    bounds: Bounds,
    objectives: usize,
    evaluate: Evaluate,
}

/// Writes the objectives and returns the constraint violation.
type Evaluate = fn(&[f64], &mut [f64]) -> f64;

impl Builtin {
    /// The name in the literature.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl RealProblem for Builtin {
    fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    fn objectives(&self) -> usize {
        self.objectives
    }

    fn evaluate(&self, variables: &[f64], objectives: &mut [f64]) -> f64 {
        (self.evaluate)(variables, objectives)
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(self.name.bytes().map(u64::from))
    }
}

/// One row of the catalogue.
struct Entry {
    name: &'static str,
    evaluate: Evaluate,
    size: Size,
}

/// How many variables and objectives a problem has, and its box.
enum Size {
    /// Two objectives and this many variables of [0, 1].
    Pair(usize),
    /// ZDT4: ten variables, all but the first of [-5, 5].
    Zdt4,
    /// Any number of objectives from 2, and this many distance variables; the last position variable is the
    /// first of them.
    Scalable(usize),
    /// 2 or 3 objectives and 24 variables; the i-th lies in [0, 2 i].
    Wfg,
    /// Objectives, and 15 variables of [0, this].
    Mw(usize, f64),
}

/// Names of all built-in problems.
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|entry| entry.name)
}

/// A built-in problem in its standard size. `objectives` chooses another number of objectives where the
/// problem allows it: DTLZ and C-DTLZ from 2 to [`OBJECTIVES_MAX`](crate::settings::OBJECTIVES_MAX) (3 unless
/// told), WFG 2 or 3 (2 unless told).
///
/// # Errors
/// [`Error::UnknownProblem`], and [`Error::Settings`] for a number of objectives that the problem does not
/// have.
pub fn by_name(name: &str, objectives: Option<usize>) -> Result<Builtin, Error> {
    let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == name) else {
        let known = names().collect::<Vec<_>>().join(", ");
        let name = name.chars().take(NAME_SHOWN_MAX).collect();
        return Err(Error::UnknownProblem { name, known, field: FieldPath::new("problem") });
    };
    let (standard, least, most) = match entry.size {
        Size::Pair(_) | Size::Zdt4 => (2, 2, 2),
        Size::Scalable(_) => (3, 2, crate::settings::OBJECTIVES_MAX),
        Size::Wfg => (2, 2, 3),
        Size::Mw(objectives, _) => (objectives, objectives, objectives),
    };
    let objectives = objectives.unwrap_or(standard);
    if objectives < least || objectives > most {
        let reason = format!("{} has {least} to {most} objectives, not {objectives}", entry.name);
        return Err(Error::settings("objectiveCount", reason));
    }
    let bounds = match entry.size {
        Size::Pair(variables) => Bounds::uniform(variables, 0.0, 1.0),
        Size::Zdt4 => {
            let (mut lower, mut upper) = (vec![-5.0; 10], vec![5.0; 10]);
            (lower[0], upper[0]) = (0.0, 1.0);
            Bounds::new(lower, upper)
        }
        Size::Scalable(distance) => Bounds::uniform(objectives - 1 + distance, 0.0, 1.0),
        Size::Wfg => {
            let upper = (1..=wfg::VARIABLES).map(|index| 2.0 * index as f64).collect();
            Bounds::new(vec![0.0; wfg::VARIABLES], upper)
        }
        Size::Mw(_, upper) => Bounds::uniform(mw::VARIABLES, 0.0, upper),
    }?;
    Ok(Builtin { name: entry.name, bounds, objectives, evaluate: entry.evaluate })
}

/// Most characters of an unknown name that are shown again.
const NAME_SHOWN_MAX: usize = 40;

const fn entry(name: &'static str, evaluate: Evaluate, size: Size) -> Entry {
    Entry { name, evaluate, size }
}

const CATALOGUE: [Entry; 40] = [
    entry("ZDT1", zdt::zdt1, Size::Pair(30)),
    entry("ZDT2", zdt::zdt2, Size::Pair(30)),
    entry("ZDT3", zdt::zdt3, Size::Pair(30)),
    entry("ZDT4", zdt::zdt4, Size::Zdt4),
    entry("ZDT6", zdt::zdt6, Size::Pair(10)),
    entry("DTLZ1", dtlz::dtlz1, Size::Scalable(5)),
    entry("DTLZ2", dtlz::dtlz2, Size::Scalable(10)),
    entry("DTLZ3", dtlz::dtlz3, Size::Scalable(10)),
    entry("DTLZ4", dtlz::dtlz4, Size::Scalable(10)),
    entry("DTLZ5", dtlz::dtlz5, Size::Scalable(10)),
    entry("DTLZ6", dtlz::dtlz6, Size::Scalable(10)),
    entry("DTLZ7", dtlz::dtlz7, Size::Scalable(20)),
    entry("C1-DTLZ1", constrained_dtlz::c1_dtlz1, Size::Scalable(5)),
    entry("C1-DTLZ3", constrained_dtlz::c1_dtlz3, Size::Scalable(10)),
    entry("C2-DTLZ2", constrained_dtlz::c2_dtlz2, Size::Scalable(10)),
    entry("C3-DTLZ1", constrained_dtlz::c3_dtlz1, Size::Scalable(5)),
    entry("C3-DTLZ4", constrained_dtlz::c3_dtlz4, Size::Scalable(5)),
    entry("WFG1", wfg::wfg1, Size::Wfg),
    entry("WFG2", wfg::wfg2, Size::Wfg),
    entry("WFG3", wfg::wfg3, Size::Wfg),
    entry("WFG4", wfg::wfg4, Size::Wfg),
    entry("WFG5", wfg::wfg5, Size::Wfg),
    entry("WFG6", wfg::wfg6, Size::Wfg),
    entry("WFG7", wfg::wfg7, Size::Wfg),
    entry("WFG8", wfg::wfg8, Size::Wfg),
    entry("WFG9", wfg::wfg9, Size::Wfg),
    entry("MW1", mw::mw1, Size::Mw(2, 1.0)),
    entry("MW2", mw::mw2, Size::Mw(2, 1.0)),
    entry("MW3", mw::mw3, Size::Mw(2, 1.0)),
    entry("MW4", mw::mw4, Size::Mw(3, 1.0)),
    entry("MW5", mw::mw5, Size::Mw(2, 1.0)),
    entry("MW6", mw::mw6, Size::Mw(2, 1.1)),
    entry("MW7", mw::mw7, Size::Mw(2, 1.0)),
    entry("MW8", mw::mw8, Size::Mw(3, 1.0)),
    entry("MW9", mw::mw9, Size::Mw(2, 1.0)),
    entry("MW10", mw::mw10, Size::Mw(2, 1.0)),
    entry("MW11", mw::mw11, Size::Mw(2, SQRT_2)),
    entry("MW12", mw::mw12, Size::Mw(2, 1.0)),
    entry("MW13", mw::mw13, Size::Mw(2, 1.5)),
    entry("MW14", mw::mw14, Size::Mw(3, 1.5)),
];
