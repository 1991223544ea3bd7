//! Watches whether a run still gains.

use crate::error::Error;
use crate::indicators::hypervolume;
use crate::settings::Stagnation;
use crate::survival::Rows;

/// The hypervolume of the front so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Watch {
    /// Whether the reference point is fixed.
    pub(crate) started: bool,
    pub(crate) best: f64,
    pub(crate) reference: Vec<f64>,
}

impl Watch {
    /// Whether the run has stopped gaining. Infeasible populations always go on: they have no front yet.
    pub(crate) fn stagnates<Gene>(
        &mut self,
        stagnation: &Stagnation,
        generation: u32,
        rows: &Rows<Gene>,
        population: usize,
    ) -> Result<bool, Error> {
        if generation == 0 || !generation.is_multiple_of(stagnation.generations) {
            return Ok(false);
        }
        let count = rows.objectives.len() / rows.violations.len();
        let front: Vec<f64> = (0..population)
            .filter(|&row| rows.violations[row] == 0.0 && rows.fitness[row].rank == 0)
            .map(|row| &rows.objectives[row * count..(row + 1) * count])
            .filter(|objectives| objectives.iter().all(|value| value.is_finite()))
            .flatten()
            .copied()
            .collect();
        if front.is_empty() {
            return Ok(false);
        }
        let first = !self.started;
        if first {
            self.fix_reference(&front, count);
        }
        let volume = hypervolume(&front, &self.reference)?;
        let gained = volume - self.best > stagnation.gain_min * self.best;
        self.best = self.best.max(volume);
        Ok(!first && !gained)
    }

    /// A tenth of its range behind the worst value of the front, in each objective; the same as the
    /// benchmarks use.
    fn fix_reference(&mut self, front: &[f64], count: usize) {
        self.started = true;
        self.reference.clear();
        for index in 0..count {
            let column = || front.iter().skip(index).step_by(count).copied();
            let low = column().fold(f64::INFINITY, f64::min);
            let high = column().fold(f64::NEG_INFINITY, f64::max);
            let margin = 0.1 * (high - low);
            // A front that is a single value still spans some volume.
            let margin = if margin > 0.0 && margin.is_finite() { margin } else { 0.1 * high.abs().max(1.0) };
            self.reference.push((high + margin).clamp(f64::MIN, f64::MAX));
        }
    }
}
