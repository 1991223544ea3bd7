//! How good a set of points is: hypervolume, IGD+ and the additive epsilon indicator. All objectives are
//! minimised.

mod hypervolume;

use crate::error::Error;
use crate::settings::OBJECTIVES_MAX;
use quorate_types::FieldPath;

pub use hypervolume::{HYPERVOLUME_OBJECTIVES_MAX, HYPERVOLUME_POINTS_MAX, hypervolume};

/// IGD+: mean distance from the points of a reference front to the nearest point, where only the objectives
/// in which that point is worse count; 0 is best. Weakly Pareto compliant, unlike the plain inverted
/// distance.
///
/// Both sets are row-major with `objective_count` values per point. Source: Ishibuchi, Masuda, Tanigaki and
/// Nojima, "Modified distance calculation in generational distance and inverted generational distance", 2015.
///
/// # Errors
/// [`Error::Shape`] for lengths that do not fit, an empty set, or a value that is not finite.
pub fn igd_plus(points: &[f64], front: &[f64], objective_count: usize) -> Result<f64, Error> {
    check_sets(points, front, objective_count)?;
    let nearest = |target: &[f64]| {
        let square = |point: &[f64]| -> f64 {
            point
                .iter()
                .zip(target)
                .map(|(value, wanted)| (value - wanted).max(0.0))
                .map(|gap| gap * gap)
                .sum()
        };
        points.chunks_exact(objective_count).map(square).fold(f64::INFINITY, f64::min).sqrt()
    };
    let sum: f64 = front.chunks_exact(objective_count).map(nearest).sum();
    Ok(sum / (front.len() / objective_count) as f64)
}

/// Additive epsilon indicator: by how much all points have to be improved in every objective until they
/// weakly dominate each point of the reference front; 0 or less is best.
///
/// Both sets are row-major with `objective_count` values per point. Source: Zitzler, Thiele, Laumanns,
/// Fonseca and Grunert da Fonseca, "Performance assessment of multiobjective optimizers: an analysis and
/// review", 2003.
///
/// # Errors
/// As [`igd_plus`].
pub fn additive_epsilon(points: &[f64], front: &[f64], objective_count: usize) -> Result<f64, Error> {
    check_sets(points, front, objective_count)?;
    let needed = |target: &[f64]| {
        let gap = |point: &[f64]| {
            point.iter().zip(target).map(|(value, wanted)| value - wanted).fold(f64::NEG_INFINITY, f64::max)
        };
        points.chunks_exact(objective_count).map(gap).fold(f64::INFINITY, f64::min)
    };
    Ok(front.chunks_exact(objective_count).map(needed).fold(f64::NEG_INFINITY, f64::max))
}

fn check_sets(points: &[f64], front: &[f64], objective_count: usize) -> Result<(), Error> {
    if objective_count == 0 || objective_count > OBJECTIVES_MAX {
        let reason = format!("use 1 to {OBJECTIVES_MAX}, not {objective_count}");
        return Err(Error::shape(FieldPath::new("objectiveCount"), reason));
    }
    for (name, set) in [("points", points), ("front", front)] {
        if set.is_empty() || !set.len().is_multiple_of(objective_count) {
            let reason = format!("{} values are not one or more rows of {objective_count}", set.len());
            return Err(Error::shape(FieldPath::new(name), reason));
        }
        check_finite(name, set)?;
    }
    Ok(())
}

fn check_finite(name: &str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::shape(FieldPath::new(name).index(index), "use a finite number")),
        None => Ok(()),
    }
}
