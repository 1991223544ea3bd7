//! WFG1 to WFG9 for 2 and 3 objectives.
//!
//! Source: Huband, Hingston, Barone and While, "A review of multiobjective test problems and a scalable test
//! problem toolkit", 2006; the names of transformations and shapes are theirs.

use crate::math::{cos, pow, sin};
use std::f64::consts::{FRAC_PI_2, PI};

/// Variables that say how far a point is from the front.
const DISTANCE_VARIABLES: usize = 20;
/// Variables that say where on the front a point is; 2 objectives form one group of them, 3 form two.
const POSITION_VARIABLES: usize = 4;
pub(super) const VARIABLES: usize = POSITION_VARIABLES + DISTANCE_VARIABLES;

pub(super) fn wfg1(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    y.distance(k, |y| s_linear(y, 0.35));
    y.distance(k, |y| b_flat(y, 0.8, 0.75, 0.85));
    y.all(|y| pow(y, 0.02));
    let t = y.reduce(k, f.len(), |first, part| {
        let weights = (first..).map(|index| 2.0 * (index + 1) as f64);
        let (mut sum, mut total) = (0.0, 0.0);
        for (value, weight) in part.iter().zip(weights) {
            sum += weight * value;
            total += weight;
        }
        sum / total
    });
    let x = position(&t, f.len(), false);
    convex(&x, f);
    let last = f.len() - 1;
    let wave = 10.0 * PI;
    f[last] = scaled(last, x[last], 1.0 - x[0] - cos(wave * x[0] + FRAC_PI_2) / wave);
    0.0
}

pub(super) fn wfg2(x: &[f64], f: &mut [f64]) -> f64 {
    let x = linked_pairs(x, f, false);
    convex(&x, f);
    let last = f.len() - 1;
    let wave = cos(5.0 * PI * x[0]);
    f[last] = scaled(last, x[last], 1.0 - x[0] * wave * wave);
    0.0
}

pub(super) fn wfg3(x: &[f64], f: &mut [f64]) -> f64 {
    let x = linked_pairs(x, f, true);
    shape(&x, f, |x| x, |x| 1.0 - x);
    0.0
}

pub(super) fn wfg4(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    y.all(|y| s_multi(y, 30.0, 10.0, 0.35));
    let t = y.reduce(k, f.len(), |_, part| mean(part));
    concave(&position(&t, f.len(), false), f);
    0.0
}

pub(super) fn wfg5(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    y.all(|y| s_decept(y, 0.35, 0.001, 0.05));
    let t = y.reduce(k, f.len(), |_, part| mean(part));
    concave(&position(&t, f.len(), false), f);
    0.0
}

pub(super) fn wfg6(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    y.distance(k, |y| s_linear(y, 0.35));
    let t = y.reduce(k, f.len(), |_, part| r_nonsep(part));
    concave(&position(&t, f.len(), false), f);
    0.0
}

pub(super) fn wfg7(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    // Each value depends on those behind it, which are still unchanged on the way forward.
    for index in 0..k {
        y.values[index] = b_param(y.values[index], mean(&y.values[index + 1..y.len]));
    }
    y.distance(k, |y| s_linear(y, 0.35));
    let t = y.reduce(k, f.len(), |_, part| mean(part));
    concave(&position(&t, f.len(), false), f);
    0.0
}

pub(super) fn wfg8(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    // Each value depends on those before it, so the way is backward.
    for index in (k..y.len).rev() {
        y.values[index] = b_param(y.values[index], mean(&y.values[..index]));
    }
    y.distance(k, |y| s_linear(y, 0.35));
    let t = y.reduce(k, f.len(), |_, part| mean(part));
    concave(&position(&t, f.len(), false), f);
    0.0
}

pub(super) fn wfg9(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut y, k) = Working::start(x);
    for index in 0..y.len - 1 {
        y.values[index] = b_param(y.values[index], mean(&y.values[index + 1..y.len]));
    }
    for value in &mut y.values[..k] {
        *value = s_decept(*value, 0.35, 0.001, 0.05);
    }
    y.distance(k, |y| s_multi(y, 30.0, 95.0, 0.35));
    let t = y.reduce(k, f.len(), |_, part| r_nonsep(part));
    concave(&position(&t, f.len(), false), f);
    0.0
}

/// The vector that the transformations work on, scaled to [0, 1].
struct Working {
    values: [f64; VARIABLES],
    len: usize,
}

impl Working {
    fn start(x: &[f64]) -> (Self, usize) {
        let mut values = [0.0; VARIABLES];
        for (index, (value, x)) in values.iter_mut().zip(x).enumerate() {
            *value = x / (2.0 * (index + 1) as f64);
        }
        (Self { values, len: x.len() }, POSITION_VARIABLES)
    }

    fn all(&mut self, change: impl Fn(f64) -> f64) {
        self.distance(0, change);
    }

    /// Changes the values from `first` on; rounding must not lead out of [0, 1].
    fn distance(&mut self, first: usize, change: impl Fn(f64) -> f64) {
        for value in &mut self.values[first..self.len] {
            *value = change(*value).clamp(0.0, 1.0);
        }
    }

    /// One value per group of position variables and one for all distance variables.
    fn reduce(&self, k: usize, objectives: usize, reduction: impl Fn(usize, &[f64]) -> f64) -> [f64; 3] {
        let group = k / (objectives - 1);
        let mut t = [0.0; 3];
        for (index, t) in t[..objectives - 1].iter_mut().enumerate() {
            *t = reduction(index * group, &self.values[index * group..(index + 1) * group]);
        }
        t[objectives - 1] = reduction(k, &self.values[k..self.len]);
        t
    }
}

/// WFG2 and WFG3: distance variables are linked in pairs.
fn linked_pairs(x: &[f64], f: &[f64], degenerate: bool) -> [f64; 3] {
    let (mut y, k) = Working::start(x);
    y.distance(k, |y| s_linear(y, 0.35));
    for pair in 0..DISTANCE_VARIABLES / 2 {
        let (a, b) = (y.values[k + 2 * pair], y.values[k + 2 * pair + 1]);
        y.values[k + pair] = (a + b + 2.0 * (a - b).abs()) / 3.0;
    }
    y.len = k + DISTANCE_VARIABLES / 2;
    let t = y.reduce(k, f.len(), |_, part| mean(part));
    position(&t, f.len(), degenerate)
}

/// Position on the front and, last, the distance from it; only the first position counts where the front is a
/// curve.
fn position(t: &[f64; 3], objectives: usize, degenerate: bool) -> [f64; 3] {
    let mut x = *t;
    let distance = t[objectives - 1];
    for (index, x) in x[..objectives - 1].iter_mut().enumerate() {
        let constant = if degenerate && index > 0 { 0.0 } else { 1.0 };
        *x = distance.max(constant) * (*x - 0.5) + 0.5;
    }
    x
}

/// An objective: the distance plus the shape, which is twice as tall from one objective to the next.
fn scaled(index: usize, distance: f64, height: f64) -> f64 {
    distance + 2.0 * (index + 1) as f64 * height
}

/// Products of `rising` values times one `falling` value, as all shapes of the toolkit are made.
fn shape(x: &[f64; 3], f: &mut [f64], rising: impl Fn(f64) -> f64, falling: impl Fn(f64) -> f64) {
    let last = f.len() - 1;
    let mut product = 1.0;
    for index in 0..last {
        f[last - index] = scaled(last - index, x[last], product * falling(x[index]));
        product *= rising(x[index]);
    }
    f[0] = scaled(0, x[last], product);
}

fn concave(x: &[f64; 3], f: &mut [f64]) {
    shape(x, f, |x| sin(x * FRAC_PI_2), |x| cos(x * FRAC_PI_2));
}

fn convex(x: &[f64; 3], f: &mut [f64]) {
    shape(x, f, |x| 1.0 - cos(x * FRAC_PI_2), |x| 1.0 - sin(x * FRAC_PI_2));
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// `r_nonsep` with a degree equal to the number of values: every value is compared with every other.
fn r_nonsep(values: &[f64]) -> f64 {
    let count = values.len();
    let mut sum = 0.0;
    for (index, value) in values.iter().enumerate() {
        sum += value;
        for step in 1..count {
            sum += (value - values[(index + step) % count]).abs();
        }
    }
    let half = count.div_ceil(2) as f64;
    sum / (half * (1.0 + 2.0 * count as f64 - 2.0 * half))
}

fn s_linear(y: f64, a: f64) -> f64 {
    (y - a).abs() / ((a - y).floor() + a).abs()
}

fn b_flat(y: f64, a: f64, b: f64, c: f64) -> f64 {
    a + (y - b).floor().min(0.0) * a * (b - y) / b
        - (c - y).floor().min(0.0) * (1.0 - a) * (y - c) / (1.0 - c)
}

/// `b_param` with the constants that all problems share: A = 0.98/49.98, B = 0.02, C = 50.
fn b_param(y: f64, u: f64) -> f64 {
    const A: f64 = 0.98 / 49.98;
    let v = A - (1.0 - 2.0 * u) * ((0.5 - u).floor() + A).abs();
    pow(y, 0.02 + (50.0 - 0.02) * v).clamp(0.0, 1.0)
}

fn s_decept(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let left = (y - a + b).floor() * (1.0 - c + (a - b) / b) / (a - b);
    let right = (a + b - y).floor() * (1.0 - c + (1.0 - a - b) / b) / (1.0 - a - b);
    (1.0 + ((y - a).abs() - b) * (left + right + 1.0 / b)).clamp(0.0, 1.0)
}

fn s_multi(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let distance = (y - c).abs() / (2.0 * ((c - y).floor() + c));
    (1.0 + cos((4.0 * a + 2.0) * PI * (0.5 - distance)) + 4.0 * b * distance * distance) / (b + 2.0)
}
