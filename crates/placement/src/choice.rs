//! One point of a Pareto front, by a stated rule.

use crate::error::Error;
use crate::objectives::{OBJECTIVES, Objective, ObjectiveValues};

/// The rule that chooses a point of the front.
///
/// Both rules are compromise programming (Zeleny 1973): each objective is scaled so that its best value on
/// the front is 0 and its worst 1, and the point with the smallest distance to the ideal point, where all are
/// 0, is chosen; the first of equal ones in lexicographic order of their objectives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Choice {
    /// All objectives weigh the same: the knee of the front.
    #[default]
    Knee,
    /// Each scaled objective is multiplied by the caller's weight, at least 0; not all may be 0.
    Weights(ObjectiveValues),
}

impl Choice {
    /// The public name: `knee` or `weights`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Knee => "knee",
            Self::Weights(_) => "weights",
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let Self::Weights(weights) = self else { return Ok(()) };
        if !weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) {
            return Err(Error::settings("weights", "use finite numbers that are not negative"));
        }
        if weights.iter().all(|&weight| weight == 0.0) {
            return Err(Error::settings("weights", "at least one weight must be above 0"));
        }
        Ok(())
    }

    /// Index of the chosen point; 0 of an empty front.
    pub(crate) fn choose(&self, points: &[ObjectiveValues]) -> usize {
        let weights = match self {
            Self::Knee => [1.0; OBJECTIVES],
            Self::Weights(weights) => *weights,
        };
        let extremes = extremes(points);
        let distance = |point: &ObjectiveValues| -> f64 {
            (0..OBJECTIVES)
                .map(|objective| {
                    let best = points[extremes[objective].best][objective];
                    let worst = points[extremes[objective].worst][objective];
                    let range = worst - best;
                    let scaled = if range > 0.0 { (point[objective] - best) / range } else { 0.0 };
                    (weights[objective] * scaled).powi(2)
                })
                .sum()
        };
        let distances: Vec<f64> = points.iter().map(distance).collect();
        (0..points.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap_or(0)
    }
}

/// Where on the front an objective is best and where it is worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extreme {
    /// Index of the point with the smallest value.
    pub best: usize,
    /// Index of the point with the largest value.
    pub worst: usize,
}

/// The extremes of a front in each objective; the first of equal points.
pub(crate) fn extremes(points: &[ObjectiveValues]) -> [Extreme; OBJECTIVES] {
    Objective::ALL.map(|objective| {
        let at = objective as usize;
        let mut extreme = Extreme::default();
        for (index, point) in points.iter().enumerate() {
            if point[at] < points[extreme.best][at] {
                extreme.best = index;
            }
            if point[at] > points[extreme.worst][at] {
                extreme.worst = index;
            }
        }
        extreme
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: [ObjectiveValues; 3] =
        [[0.0, 10.0, 5.0, 5.0, 5.0], [1.0, 1.0, 5.0, 5.0, 5.0], [10.0, 0.0, 5.0, 5.0, 5.0]];

    #[test]
    fn the_knee_is_nearest_to_the_ideal_point() {
        assert_eq!(Choice::Knee.choose(&FRONT), 1);
        assert_eq!(extremes(&FRONT)[0], Extreme { best: 0, worst: 2 });
        assert_eq!(extremes(&FRONT)[2], Extreme { best: 0, worst: 0 });
    }

    #[test]
    fn weights_pull_the_choice() {
        assert_eq!(Choice::Weights([1.0, 0.0, 0.0, 0.0, 0.0]).choose(&FRONT), 0);
        assert_eq!(Choice::Weights([0.0, 1.0, 0.0, 0.0, 0.0]).choose(&FRONT), 2);
    }

    #[test]
    fn bad_weights_are_refused() {
        for weights in [[f64::NAN; 5], [-1.0; 5], [0.0; 5], [f64::INFINITY; 5]] {
            assert!(Choice::Weights(weights).validate().is_err());
        }
    }
}
