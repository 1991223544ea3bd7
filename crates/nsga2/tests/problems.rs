//! Built-in problems at known points, and against reference fronts of the literature.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../examples/support/fronts.rs"]
mod fronts;

use quorate_nsga2::{Error, RealProblem, indicators, problems};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

const FRONTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/placement/fronts");

fn evaluate(name: &str, objectives: Option<usize>, variables: &[f64]) -> (Vec<f64>, f64) {
    let problem = problems::by_name(name, objectives).unwrap();
    assert_eq!(problem.bounds().lower().len(), variables.len(), "{name}");
    let mut values = vec![0.0; problem.objectives()];
    let violation = problem.evaluate(variables, &mut values);
    (values, violation)
}

fn assert_near(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{name}: {found} {expected}");
    }
}

/// `position` in front of as many `distance` values as make `count`.
fn padded(position: &[f64], distance: f64, count: usize) -> Vec<f64> {
    let mut variables = position.to_vec();
    variables.resize(count, distance);
    variables
}

#[test]
fn zdt_on_and_off_their_fronts() {
    let x = 0.36_f64;
    for (name, count, on_front, all_ones) in [
        ("ZDT1", 30, 1.0 - x.sqrt(), 10.0 * (1.0 - 0.1_f64.sqrt())),
        ("ZDT2", 30, 1.0 - x * x, 10.0 * (1.0 - 0.01)),
        ("ZDT3", 30, 1.0 - x.sqrt() - x * (10.0 * PI * x).sin(), 10.0 * (1.0 - 0.1_f64.sqrt())),
    ] {
        assert_near(name, &evaluate(name, None, &padded(&[x], 0.0, count)).0, &[x, on_front]);
        assert_near(name, &evaluate(name, None, &padded(&[1.0], 1.0, count)).0, &[1.0, all_ones]);
    }
    assert_near("ZDT4", &evaluate("ZDT4", None, &padded(&[x], 0.0, 10)).0, &[x, 1.0 - x.sqrt()]);
    // At a whole number x^2 - 10 cos(4 pi x) is x^2 - 10, so g = 1 + 9 * 4.
    assert_near("ZDT4", &evaluate("ZDT4", None, &padded(&[0.0], 2.0, 10)).0, &[0.0, 37.0]);
    let first = 1.0 - (-4.0 * x).exp() * (6.0 * PI * x).sin().powi(6);
    assert_near("ZDT6", &evaluate("ZDT6", None, &padded(&[x], 0.0, 10)).0, &[first, 1.0 - first * first]);
    assert_near("ZDT6", &evaluate("ZDT6", None, &padded(&[0.0], 1.0, 10)).0, &[1.0, 10.0 * (1.0 - 0.01)]);
}

#[test]
fn dtlz_lie_on_their_surfaces() {
    for objectives in 2..=5 {
        let position = &[0.3, 0.6, 0.8, 0.1][..objectives - 1];
        let on = |name: &str, distance: f64, rest: usize| {
            evaluate(name, Some(objectives), &padded(position, distance, objectives - 1 + rest)).0
        };
        let sum: f64 = on("DTLZ1", 0.5, 5).iter().sum();
        assert_near("DTLZ1", &[sum], &[0.5]);
        for (name, distance) in
            [("DTLZ2", 0.5), ("DTLZ3", 0.5), ("DTLZ4", 0.5), ("DTLZ5", 0.5), ("DTLZ6", 0.0)]
        {
            let squares: f64 = on(name, distance, 10).iter().map(|value| value * value).sum();
            assert_near(name, &[squares], &[1.0]);
        }
        // One step away from the front: g = 10 * 0.25 for the sphere, 100 * (10 * 0.25) at cos(10 pi) = 1.
        let radius = |name: &str| on(name, 1.0, 10).iter().map(|value| value * value).sum::<f64>().sqrt();
        assert_near("DTLZ2", &[radius("DTLZ2"), radius("DTLZ4")], &[3.5, 3.5]);
        assert_near("DTLZ3", &[radius("DTLZ3"), radius("DTLZ6")], &[251.0, 11.0]);
        let last = on("DTLZ7", 0.0, 20);
        let expected: f64 = 2.0
            * (objectives as f64
                - position.iter().map(|x| x / 2.0 * (1.0 + (3.0 * PI * x).sin())).sum::<f64>());
        assert_near("DTLZ7", &last[objectives - 1..], &[expected]);
    }
    // DTLZ5's front is a curve: all but the first angle are 45 degrees.
    let (curve, _) = evaluate("DTLZ5", None, &padded(&[0.0, 0.9], 0.5, 12));
    assert_near("DTLZ5", &curve, &[FRAC_1_SQRT_2, FRAC_1_SQRT_2, 0.0]);
}

#[test]
fn constrained_dtlz_know_what_is_feasible() {
    let at = |name: &str, position: [f64; 2], distance: f64, rest: usize| {
        evaluate(name, None, &padded(&position, distance, 2 + rest)).1
    };
    // The plane of DTLZ1 with sum 0.5: f3 / 0.6 + (f1 + f2) / 0.5 <= 1 holds, also with room to spare at f3 =
    // 0.5.
    assert_eq!(at("C1-DTLZ1", [0.5, 0.5], 0.5, 5), 0.0);
    assert!(at("C1-DTLZ1", [0.5, 0.5], 0.4, 5) > 0.0);
    // C1-DTLZ3 is infeasible between the spheres of radius 4 and 9; x = 0.6 makes g = 100 * 10 * 0.01 = 10.
    assert_eq!(at("C1-DTLZ3", [0.5, 0.5], 0.5, 10), 0.0);
    assert_eq!(at("C1-DTLZ3", [0.5, 0.5], 0.6, 10), 0.0);
    // 0.0016 off the optimum: g = 1000 (0.0016^2 + 1 - cos(20 pi 0.0016)) is about 5.
    assert!(at("C1-DTLZ3", [0.5, 0.5], 0.5016, 10) > 0.0);
    // Middle and corners of the sphere are feasible in C2-DTLZ2, what lies between is not.
    assert_eq!(at("C2-DTLZ2", [0.5, 2.0 / PI * (1.0 / 3.0_f64.sqrt()).asin()], 0.5, 10), 0.0);
    assert_eq!(at("C2-DTLZ2", [0.0, 0.0], 0.5, 10), 0.0);
    assert!(at("C2-DTLZ2", [0.5, 0.0], 0.5, 10) > 0.0);
    // The unconstrained fronts of C3 problems are infeasible.
    assert!(at("C3-DTLZ1", [0.5, 0.5], 0.5, 5) > 0.0);
    assert_eq!(at("C3-DTLZ1", [0.5, 0.5], 0.0, 5), 0.0);
    assert!(at("C3-DTLZ4", [0.999, 0.999], 0.5, 5) > 0.0);
    assert_eq!(at("C3-DTLZ4", [0.999, 0.999], 0.0, 5), 0.0);
}

/// All position variables at `position` of their range and all distance variables at their optimum.
fn wfg_optimum(position: f64) -> Vec<f64> {
    (1..=24).map(|index| 2.0 * f64::from(index) * if index <= 4 { position } else { 0.35 }).collect()
}

#[test]
fn wfg_lie_on_their_surfaces() {
    for objectives in [2, 3] {
        for position in [0.0, 0.2, 0.7, 1.0] {
            let variables = wfg_optimum(position);
            let scaled = |name: &str| -> Vec<f64> {
                let (values, _) = evaluate(name, Some(objectives), &variables);
                values.iter().enumerate().map(|(index, value)| value / (2.0 * (index + 1) as f64)).collect()
            };
            for name in ["WFG4", "WFG5", "WFG6", "WFG7"] {
                if name == "WFG6" && (position != 0.0 && position != 1.0) {
                    continue;
                }
                let squares: f64 = scaled(name).iter().map(|value| value * value).sum();
                assert!((squares - 1.0).abs() < 2e-3, "{name} {objectives} {position}: {squares}");
            }
            // WFG3 is a line from the last axis: f1 = f2 in three objectives.
            let line = scaled("WFG3");
            let sum: f64 = line.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "WFG3 {sum}");
        }
    }
    // All zero is as far from the front as can be: distance 1, position 0 at the end of the convex and mixed
    // shapes.
    assert_near("WFG1", &evaluate("WFG1", None, &[0.0; 24]).0, &[1.0, 5.0]);
    // Two equal values of 1 are linked to 2/3, and the disconnected shape ends at 1.
    assert_near("WFG2", &evaluate("WFG2", None, &[0.0; 24]).0, &[2.0 / 3.0, 4.0 + 2.0 / 3.0]);
}

#[test]
fn mw_on_their_fronts() {
    // g1: each variable is the root of its optimum; g2: the optimum is its index / 15; g3: 1 - (previous -
    // 0.5)^2.
    let biased = |objectives: usize, first: &[f64]| {
        let mut variables = first.to_vec();
        let power = 1.0 / (15 - objectives) as f64;
        variables.extend((objectives - 1..15).map(|index| (0.5 + index as f64 / 30.0_f64).powf(power)));
        variables
    };
    let rugged = |objectives: usize, first: &[f64]| {
        let mut variables = first.to_vec();
        variables.extend((objectives - 1..15).map(|index| index as f64 / 15.0));
        variables
    };
    let linked = |first: &[f64]| {
        let mut variables = first.to_vec();
        while variables.len() < 15 {
            let previous = variables[variables.len() - 1];
            variables.push(1.0 - (previous - 0.5) * (previous - 0.5));
        }
        variables
    };
    let x = 0.4_f64;
    for (name, variables, expected) in [
        ("MW1", biased(2, &[x]), vec![x, 1.0 - 0.85 * x]),
        ("MW2", rugged(2, &[x]), vec![x, 1.0 - x]),
        ("MW3", linked(&[x]), vec![x, 1.0 - x]),
        ("MW4", biased(3, &[x, 0.5]), vec![0.5 * (1.0 - x), 0.5 * (1.0 - x), x]),
        ("MW5", biased(2, &[x]), vec![x, (1.0 - x * x).sqrt()]),
        ("MW6", rugged(2, &[x]), vec![x, (1.21 - x * x).sqrt()]),
        ("MW7", linked(&[x]), vec![x, (1.0 - x * x).sqrt()]),
        ("MW8", rugged(3, &[1.0, 0.3]), vec![0.0, 0.0, 1.0]),
        ("MW9", biased(2, &[x]), vec![x, 1.0 - x.powf(0.6)]),
        ("MW10", rugged(2, &[0.9]), vec![0.9_f64.powi(15), 1.0 - 0.9_f64.powi(30)]),
        ("MW11", linked(&[x]), vec![x, (2.0 - x * x).sqrt()]),
        ("MW12", biased(2, &[x]), vec![x, 0.85 - 0.8 * x - 0.08 * (3.2 * PI * x).sin().abs()]),
        ("MW13", rugged(2, &[x]), vec![x, 5.0 - x.exp() - 0.5 * (3.0 * PI * x).sin().abs()]),
        ("MW14", linked(&[0.0, 0.0]), vec![0.0, 0.0, 5.0]),
    ] {
        assert_near(name, &evaluate(name, None, &variables).0, &expected);
    }
    // MW2's front is feasible all along, MW1's where the ridge of its constraint lets it through.
    for step in 0..=20 {
        let x = f64::from(step) / 20.0;
        assert_eq!(evaluate("MW2", None, &rugged(2, &[x])).1, 0.0);
        assert!(evaluate("MW2", None, &padded(&[x], 0.5, 15)).1 > 0.0);
    }
    // sin(2 pi l)^8 with l = sqrt(2) (1 - 1.85 x): zero at l = 0, where x = 1 / 1.85 and the sum is above...
    // below 1.
    assert_eq!(evaluate("MW1", None, &biased(2, &[1.0])).1, 0.0);
    // Bounds that meet the root of a negative number after rounding.
    let edge = problems::by_name("MW11", None).unwrap().bounds().upper()[0];
    assert!(evaluate("MW11", None, &padded(&[edge], 1.0, 15)).0.iter().all(|value| value.is_finite()));
}

#[test]
fn everything_is_a_number_all_over_the_box() {
    for name in problems::names() {
        let problem = problems::by_name(name, None).unwrap();
        let bounds = problem.bounds();
        for index in 0..300 {
            let mut random = quorate_nsga2::Random::stream(1, 0, index);
            let pick = |(low, high): (&f64, &f64)| match random.below(6) {
                0 => *low,
                1 => *high,
                _ => low + random.unit() * (high - low),
            };
            let variables: Vec<f64> = bounds.lower().iter().zip(bounds.upper()).map(pick).collect();
            let (values, violation) = evaluate(name, None, &variables);
            assert!(values.iter().all(|value| value.is_finite()) && violation >= 0.0, "{name} {variables:?}");
        }
    }
}

#[test]
fn reference_fronts_are_what_the_problems_reach() {
    if !std::path::Path::new(FRONTS).is_dir() {
        // Not println: the test runner keeps what a passing test prints to itself.
        let message = format!("SKIPPED: {FRONTS} is absent\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), message.as_bytes());
        return;
    }
    let mut compared = 0;
    for (name, objectives) in [("ZDT1", 2), ("ZDT2", 2), ("ZDT3", 2), ("ZDT4", 2), ("ZDT6", 2)]
        .into_iter()
        .chain(
            [1, 2, 3, 4, 5, 6, 7]
                .into_iter()
                .flat_map(|index| DTLZ[index - 1..index].iter().flat_map(|name| [(*name, 2), (*name, 3)])),
        )
        .chain(["WFG4", "WFG5", "WFG7"].map(|name| (name, 2)))
    {
        let front = fronts::read(FRONTS, name, objectives).unwrap();
        let optimal = front.scale(&optimal_points(name, objectives));
        // How far our optimal points would have to move to cover the reference front, and the other way
        // round: one as good as the other up to the spacing of their points and the digits of the files.
        let misses = indicators::igd_plus(&optimal, &front.points, objectives).unwrap();
        let dominated = indicators::igd_plus(&front.points, &optimal, objectives).unwrap();
        let spacing = if objectives == 2 { 3e-3 } else { 3e-2 };
        assert!(misses < spacing && dominated < spacing, "{name} {objectives}: {misses} {dominated}");
        compared += 1;
    }
    assert_eq!(compared, 22);
}

const DTLZ: [&str; 7] = ["DTLZ1", "DTLZ2", "DTLZ3", "DTLZ4", "DTLZ5", "DTLZ6", "DTLZ7"];

/// Objectives on a grid of positions with the distance variables at their optimum; only the best of them.
fn optimal_points(name: &str, objectives: usize) -> Vec<f64> {
    let problem = problems::by_name(name, Some(objectives)).unwrap();
    let count = problem.bounds().lower().len();
    let steps = if objectives == 2 { 2_000_u32 } else { 60 };
    let mut values = Vec::new();
    let mut row = vec![0.0; objectives];
    for step in 0..steps.pow(objectives as u32 - 1) {
        let place = |step: u32| {
            let x = f64::from(step) / f64::from(steps - 1);
            // DTLZ4 raises positions to the power of 100.
            if name == "DTLZ4" { x.powf(0.01) } else { x }
        };
        let position: Vec<f64> =
            (0..objectives as u32 - 1).map(|axis| place(step / steps.pow(axis) % steps)).collect();
        let variables = match name {
            name if name.starts_with("WFG") => wfg_optimum(position[0]),
            "DTLZ1" | "DTLZ2" | "DTLZ3" | "DTLZ4" | "DTLZ5" => padded(&position, 0.5, count),
            _ => padded(&position, 0.0, count),
        };
        problem.evaluate(&variables, &mut row);
        values.extend_from_slice(&row);
    }
    let ranks = quorate_nsga2::sort::ranks(&values, objectives).unwrap();
    let best = values.chunks_exact(objectives).zip(ranks).filter(|(_, rank)| *rank == 0);
    best.flat_map(|(row, _)| row.to_vec()).collect()
}

#[test]
fn names_and_sizes_are_checked() {
    assert_eq!(problems::names().count(), 40);
    for name in problems::names() {
        assert_eq!(problems::by_name(name, None).unwrap().name(), name);
    }
    assert!(matches!(problems::by_name("ZDT5", None), Err(Error::UnknownProblem { .. })));
    for (name, objectives) in [("ZDT1", 3), ("WFG1", 4), ("DTLZ2", 1), ("DTLZ2", 65), ("MW4", 2)] {
        assert!(matches!(problems::by_name(name, Some(objectives)), Err(Error::Settings { .. })), "{name}");
    }
    let long = "x".repeat(10_000);
    assert!(problems::by_name(&long, None).unwrap_err().to_string().len() < 1_000);
}
