//! The instances of the benchmarks.
#![allow(dead_code, unreachable_pub)]

use quorate_nsga2::Random;

/// Names of the laws: a merged parent and child population, uniform values, small integers.
pub const LAWS: [&str; 3] = ["nsga", "cube", "grid"];

/// `points` rows of `count` values. `nsga`: half the points on a simplex, half up to 20 % behind it; `cube`:
/// uniform; `grid`: integers of 0 to 29.
pub fn instance(law: &str, points: usize, count: usize) -> Vec<f64> {
    let mut objectives = Vec::with_capacity(points * count);
    for point in 0..points {
        let mut random = Random::stream(11, 0, point as u64);
        let mut row: Vec<f64> = (0..count).map(|_| random.unit()).collect();
        match law {
            "nsga" => {
                let behind = if point % 2 == 0 { 1.0 } else { 1.0 + 0.2 * random.unit() };
                row.iter_mut().for_each(|value| *value = -(1.0 - *value).ln());
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|value| *value *= behind / sum);
            }
            "grid" => row.iter_mut().for_each(|value| *value = (*value * 30.0).floor()),
            _ => {}
        }
        objectives.extend(row);
    }
    objectives
}

/// `points` rows of `count` values that sum to 1: none dominates another.
pub fn simplex(points: usize, count: usize) -> Vec<f64> {
    let mut objectives = Vec::with_capacity(points * count);
    for point in 0..points {
        let mut random = Random::stream(12, 0, point as u64);
        let row: Vec<f64> = (0..count).map(|_| -(1.0 - random.unit()).ln()).collect();
        let sum: f64 = row.iter().sum();
        objectives.extend(row.iter().map(|value| value / sum));
    }
    objectives
}
