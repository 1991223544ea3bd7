//! MW1 to MW14, constrained.
//!
//! Source: Ma and Wang, "Evolutionary constrained multiobjective optimization: test suite construction and
//! performance comparisons", 2019. Constraints are written c <= 0; each contributes max(0, c) to the
//! violation.

use crate::math::{atan2, cos, exp, pow, powi, sin};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

/// All problems of the suite have this many variables.
pub(super) const VARIABLES: usize = 15;

pub(super) fn mw1(x: &[f64], f: &mut [f64]) -> f64 {
    line(x, f, distance_biased(x, 2), 0.85);
    excess(f[0] + f[1] - 1.0 - 0.5 * powi(sin(2.0 * PI * across(f)), 8))
}

pub(super) fn mw2(x: &[f64], f: &mut [f64]) -> f64 {
    line(x, f, distance_rugged(x, 2), 1.0);
    excess(f[0] + f[1] - 1.0 - 0.5 * powi(sin(3.0 * PI * across(f)), 8))
}

pub(super) fn mw3(x: &[f64], f: &mut [f64]) -> f64 {
    line(x, f, distance_linked(x, 2), 1.0);
    let wave = sin(0.75 * PI * across(f));
    excess(f[0] + f[1] - 1.05 - 0.45 * powi(wave, 6)) + excess(0.85 - f[0] - f[1] + 0.3 * powi(wave, 2))
}

pub(super) fn mw4(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_biased(x, 3);
    f[0] = g * (1.0 - x[0]) * (1.0 - x[1]);
    f[1] = g * (1.0 - x[0]) * x[1];
    f[2] = g * x[0];
    let wave = sin(2.5 * PI * (f[2] - f[0] - f[1]));
    excess(f[0] + f[1] + f[2] - 1.0 - 0.4 * powi(wave, 8))
}

pub(super) fn mw5(x: &[f64], f: &mut [f64]) -> f64 {
    arc(x, f, distance_biased(x, 2), 1.0);
    let (angle, squares) = (atan2(f[1], f[0]), f[0] * f[0] + f[1] * f[1]);
    let wave = sin(6.0 * powi(FRAC_PI_2 - 2.0 * (angle - FRAC_PI_4).abs(), 3));
    excess(squares - powi(1.7 - 0.2 * sin(2.0 * angle), 2))
        + excess(powi(1.0 + 0.5 * wave, 2) - squares)
        + excess(powi(1.0 - 0.45 * wave, 2) - squares)
}

pub(super) fn mw6(x: &[f64], f: &mut [f64]) -> f64 {
    arc(x, f, distance_rugged(x, 2), 1.1 * 1.1);
    let wave = powi(cos(6.0 * powi(atan2(f[1], f[0]), 4)), 10);
    excess(powi(f[0] / (1.0 + 0.15 * wave), 2) + powi(f[1] / (1.0 + 0.75 * wave), 2) - 1.0)
}

pub(super) fn mw7(x: &[f64], f: &mut [f64]) -> f64 {
    arc(x, f, distance_linked(x, 2), 1.0);
    let (wave, squares) = (sin(4.0 * atan2(f[1], f[0])), f[0] * f[0] + f[1] * f[1]);
    excess(squares - powi(1.2 + 0.4 * powi(wave, 16), 2))
        + excess(powi(1.15 - 0.2 * powi(wave, 8), 2) - squares)
}

pub(super) fn mw8(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_rugged(x, 3);
    let (first, second) = (x[0] * FRAC_PI_2, x[1] * FRAC_PI_2);
    f[0] = g * cos(first) * cos(second);
    f[1] = g * cos(first) * sin(second);
    f[2] = g * sin(first);
    let flat = f[0] * f[0] + f[1] * f[1];
    let wave = sin(6.0 * atan2(f[2], flat.sqrt()));
    excess(flat + f[2] * f[2] - powi(1.25 - 0.5 * wave * wave, 2))
}

pub(super) fn mw9(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_biased(x, 2);
    f[0] = g * x[0];
    f[1] = g * (1.0 - pow(x[0], 0.6));
    let square = f[0] * f[0];
    let inner = (1.0 - 0.64 * square - f[1]) * (1.0 - 0.36 * square - f[1]);
    let outer = (1.35 * 1.35 - powi(f[0] + 0.35, 2) - f[1]) * (1.15 * 1.15 - powi(f[0] + 0.15, 2) - f[1]);
    excess(inner.min(outer))
}

pub(super) fn mw10(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_rugged(x, 2);
    let share = powi(x[0], VARIABLES as u32);
    f[0] = g * share;
    f[1] = g * (1.0 - share * share);
    let square = f[0] * f[0];
    let below = |top: f64, bend: f64| top - bend * square - f[1];
    excess(-below(2.0, 4.0) * below(2.0, 8.0))
        + excess(below(2.0, 2.0) * below(2.0, 16.0))
        + excess(below(1.0, 1.0) * below(1.2, 1.2))
}

pub(super) fn mw11(x: &[f64], f: &mut [f64]) -> f64 {
    arc(x, f, distance_linked(x, 2), 2.0);
    let square = f[0] * f[0];
    let below = |top: f64, bend: f64| top - bend * square - f[1];
    excess(-below(3.0, 1.0) * below(3.0, 2.0))
        + excess(below(3.0, 0.625) * below(3.0, 7.0))
        + excess(-below(1.62, 0.18) * below(1.125, 0.125))
        + excess(below(2.07, 0.23) * below(0.63, 0.07))
}

pub(super) fn mw12(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_biased(x, 2);
    f[0] = g * x[0];
    f[1] = g * (0.85 - 0.8 * x[0] - 0.08 * sin(3.2 * PI * x[0]).abs());
    let below = |top: f64, slope: f64, height: f64, width: f64| {
        top - slope * f[0] - f[1] + 0.08 * sin(2.0 * PI * (f[1] / height - f[0] / width))
    };
    excess(-below(1.0, 0.625, 1.0, 1.6) * below(1.4, 0.875, 1.4, 1.6))
        + excess(below(1.0, 0.8, 1.0, 1.5) * below(1.8, 1.125, 1.8, 1.6))
}

pub(super) fn mw13(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_rugged(x, 2);
    f[0] = g * x[0];
    f[1] = g * (5.0 - exp(x[0]) - 0.5 * sin(3.0 * PI * x[0]).abs());
    let wave = 0.5 * sin(3.0 * PI * f[0]);
    let below = |curve: f64| 5.0 - curve - wave - f[1];
    excess(-below(1.0 + f[0] + 0.5 * f[0] * f[0]) * below(1.0 + 0.7 * f[0]))
        + excess(below(exp(f[0])) * below(1.0 + 0.4 * f[0]))
}

pub(super) fn mw14(x: &[f64], f: &mut [f64]) -> f64 {
    let g = distance_linked(x, 3);
    let wave = |x: f64| 1.5 * sin(1.1 * PI * x * x);
    f[0] = x[0];
    f[1] = x[1];
    f[2] = g / 2.0 * (6.0 - exp(x[0]) - wave(x[0]) + 6.0 - exp(x[1]) - wave(x[1]));
    let height = |x: f64| 6.1 - 1.0 - x - 0.5 * x * x - wave(x);
    excess(f[2] - (height(x[0]) + height(x[1])) / 2.0)
}

fn excess(constraint: f64) -> f64 {
    constraint.max(0.0)
}

/// A straight front of the given slope.
fn line(x: &[f64], f: &mut [f64], g: f64, slope: f64) {
    f[0] = x[0];
    f[1] = g - slope * x[0];
}

/// A front that is a quarter of a circle; rounding must not make the root of a negative number.
fn arc(x: &[f64], f: &mut [f64], g: f64, radius_square: f64) {
    f[0] = g * x[0];
    f[1] = g * (radius_square - x[0] * x[0]).max(0.0).sqrt();
}

/// Place along a straight front, 0 in its middle.
fn across(f: &[f64]) -> f64 {
    SQRT_2 * (f[1] - f[0])
}

/// g1: the optimum of each variable is a root that differs from the next.
fn distance_biased(x: &[f64], objectives: usize) -> f64 {
    let count = x.len();
    let term = |index: usize| {
        let z = powi(x[index], (count - objectives) as u32);
        1.0 - exp(-10.0 * powi(z - 0.5 - index as f64 / (2 * count) as f64, 2))
    };
    1.0 + (objectives - 1..count).map(term).sum::<f64>()
}

/// g2: many local optima.
fn distance_rugged(x: &[f64], objectives: usize) -> f64 {
    let count = x.len() as f64;
    let term = |index: usize| {
        let z = 1.0 - exp(-10.0 * powi(x[index] - index as f64 / count, 2));
        0.1 / count * z * z + 1.5 - 1.5 * cos(2.0 * PI * z)
    };
    1.0 + (objectives - 1..x.len()).map(term).sum::<f64>()
}

/// g3: the optimum of each variable depends on the one before.
fn distance_linked(x: &[f64], objectives: usize) -> f64 {
    let term = |index: usize| 2.0 * powi(x[index] + powi(x[index - 1] - 0.5, 2) - 1.0, 2);
    1.0 + (objectives - 1..x.len()).map(term).sum::<f64>()
}
