//! DTLZ1 to DTLZ7 for any number of objectives from 2.
//!
//! Source: Deb, Thiele, Laumanns and Zitzler, "Scalable test problems for evolutionary multiobjective
//! optimization", 2005.

use crate::math::{cos, pow, powi, sin};
use std::f64::consts::{FRAC_PI_2, PI};

pub(super) fn dtlz1(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    linear(position, 0.5 * (1.0 + rastrigin(distance)), f);
    0.0
}

pub(super) fn dtlz2(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    spherical(position.iter().map(|x| x * FRAC_PI_2), 1.0 + sphere(distance), f);
    0.0
}

pub(super) fn dtlz3(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    spherical(position.iter().map(|x| x * FRAC_PI_2), 1.0 + rastrigin(distance), f);
    0.0
}

pub(super) fn dtlz4(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    spherical(position.iter().map(|x| powi(*x, 100) * FRAC_PI_2), 1.0 + sphere(distance), f);
    0.0
}

pub(super) fn dtlz5(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    curve(position, sphere(distance), f);
    0.0
}

pub(super) fn dtlz6(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    curve(position, distance.iter().map(|x| pow(*x, 0.1)).sum(), f);
    0.0
}

pub(super) fn dtlz7(x: &[f64], f: &mut [f64]) -> f64 {
    let (position, distance) = x.split_at(f.len() - 1);
    let g = 1.0 + 9.0 / distance.len() as f64 * distance.iter().sum::<f64>();
    let waves: f64 = position.iter().map(|x| x / (1.0 + g) * (1.0 + sin(3.0 * PI * x))).sum();
    f[..position.len()].copy_from_slice(position);
    f[position.len()] = (1.0 + g) * (f.len() as f64 - waves);
    0.0
}

/// The plane of DTLZ1: products of position variables times `scale`.
fn linear(position: &[f64], scale: f64, f: &mut [f64]) {
    let last = position.len();
    let mut product = scale;
    for (index, x) in position.iter().enumerate() {
        f[last - index] = product * (1.0 - x);
        product *= x;
    }
    f[0] = product;
}

/// A point of the sphere of radius `scale` in the positive orthant.
fn spherical(angles: impl Iterator<Item = f64>, scale: f64, f: &mut [f64]) {
    let mut slot = f.len() - 1;
    let mut product = scale;
    for angle in angles {
        f[slot] = product * sin(angle);
        product *= cos(angle);
        slot -= 1;
    }
    f[0] = product;
}

/// DTLZ5 and DTLZ6: all angles but the first are pulled to 45 degrees as `g` falls to 0.
fn curve(position: &[f64], g: f64, f: &mut [f64]) {
    let pulled = |x: f64| FRAC_PI_2 * (1.0 + 2.0 * g * x) / (2.0 * (1.0 + g));
    let angles =
        position.iter().enumerate().map(|(index, &x)| if index == 0 { x * FRAC_PI_2 } else { pulled(x) });
    spherical(angles, 1.0 + g, f);
}

fn sphere(distance: &[f64]) -> f64 {
    distance.iter().map(|x| (x - 0.5) * (x - 0.5)).sum()
}

fn rastrigin(distance: &[f64]) -> f64 {
    let waves: f64 = distance.iter().map(|x| (x - 0.5) * (x - 0.5) - cos(20.0 * PI * (x - 0.5))).sum();
    100.0 * (distance.len() as f64 + waves)
}
