//! Constrained DTLZ problems.
//!
//! Source: Jain and Deb, "An evolutionary many-objective optimization algorithm using reference-point based
//! nondominated sorting approach, part II", 2014. A constraint c >= 0 contributes max(0, -c) to the
//! violation.

use super::dtlz;

pub(super) fn c1_dtlz1(x: &[f64], f: &mut [f64]) -> f64 {
    dtlz::dtlz1(x, f);
    let (others, last) = f.split_at(f.len() - 1);
    (last[0] / 0.6 + others.iter().sum::<f64>() / 0.5 - 1.0).max(0.0)
}

pub(super) fn c1_dtlz3(x: &[f64], f: &mut [f64]) -> f64 {
    dtlz::dtlz3(x, f);
    let radius: f64 = match f.len() {
        0..=4 => 9.0,
        5..=12 => 12.5,
        _ => 15.0,
    };
    let squares = squares(f);
    (-(squares - 16.0) * (squares - radius * radius)).max(0.0)
}

pub(super) fn c2_dtlz2(x: &[f64], f: &mut [f64]) -> f64 {
    dtlz::dtlz2(x, f);
    let radius: f64 = match f.len() {
        2 => 0.2,
        3 => 0.4,
        _ => 0.5,
    };
    // Distance to the nearest corner, or to the middle of the front: (f - 1)^2 - f^2 = 1 - 2 f.
    let corner = f.iter().map(|f| 1.0 - 2.0 * f).fold(f64::INFINITY, f64::min) + squares(f);
    let middle = 1.0 / (f.len() as f64).sqrt();
    let center: f64 = f.iter().map(|f| (f - middle) * (f - middle)).sum();
    (corner.min(center) - radius * radius).max(0.0)
}

pub(super) fn c3_dtlz1(x: &[f64], f: &mut [f64]) -> f64 {
    dtlz::dtlz1(x, f);
    let sum: f64 = f.iter().sum();
    f.iter().map(|f| (1.0 - f / 0.5 - (sum - f)).max(0.0)).sum()
}

pub(super) fn c3_dtlz4(x: &[f64], f: &mut [f64]) -> f64 {
    dtlz::dtlz4(x, f);
    let sum = squares(f);
    f.iter().map(|f| (1.0 - f * f / 4.0 - (sum - f * f)).max(0.0)).sum()
}

fn squares(f: &[f64]) -> f64 {
    f.iter().map(|f| f * f).sum()
}
