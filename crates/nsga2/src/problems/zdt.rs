//! ZDT1 to ZDT4 and ZDT6 (ZDT5 is binary).
//!
//! Source: Zitzler, Deb and Thiele, "Comparison of multiobjective evolutionary algorithms: empirical
//! results", 2000.

use crate::math::{cos, exp, powi, sin};
use std::f64::consts::PI;

pub(super) fn zdt1(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0 + 9.0 * mean_of_rest(x);
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).sqrt());
    0.0
}

pub(super) fn zdt2(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0 + 9.0 * mean_of_rest(x);
    f[0] = x[0];
    f[1] = g * (1.0 - powi(x[0] / g, 2));
    0.0
}

pub(super) fn zdt3(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0 + 9.0 * mean_of_rest(x);
    let share = x[0] / g;
    f[0] = x[0];
    f[1] = g * (1.0 - share.sqrt() - share * sin(10.0 * PI * x[0]));
    0.0
}

pub(super) fn zdt4(x: &[f64], f: &mut [f64]) -> f64 {
    let waves: f64 = x[1..].iter().map(|x| x * x - 10.0 * cos(4.0 * PI * x)).sum();
    let g = 1.0 + 10.0 * (x.len() - 1) as f64 + waves;
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).sqrt());
    0.0
}

pub(super) fn zdt6(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0 + 9.0 * mean_of_rest(x).sqrt().sqrt();
    f[0] = 1.0 - exp(-4.0 * x[0]) * powi(sin(6.0 * PI * x[0]), 6);
    f[1] = g * (1.0 - powi(f[0] / g, 2));
    0.0
}

fn mean_of_rest(x: &[f64]) -> f64 {
    // Four sums, so that one addition does not have to wait for the one before.
    let rest = &x[1..];
    let mut sums = [0.0; 4];
    let chunks = rest.chunks_exact(4);
    let tail: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3]) + tail) / rest.len() as f64
}
