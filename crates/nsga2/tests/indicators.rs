//! Indicators against closed forms and against definitions that are too slow to ship.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use proptest::prelude::*;
use quorate_nsga2::Error;
use quorate_nsga2::indicators::{additive_epsilon, hypervolume, igd_plus};

/// Inclusion and exclusion over all subsets.
fn by_inclusion_exclusion(points: &[f64], reference: &[f64]) -> f64 {
    let count = reference.len();
    let rows: Vec<&[f64]> = points.chunks_exact(count).collect();
    let mut total = 0.0;
    for subset in 1_u32..1 << rows.len() {
        let members = (0..rows.len()).filter(|index| subset >> index & 1 == 1);
        let corner = members.fold(vec![f64::NEG_INFINITY; count], |corner, index| {
            corner.iter().zip(rows[index]).map(|(a, b)| a.max(*b)).collect()
        });
        let volume: f64 =
            corner.iter().zip(reference).map(|(value, limit)| (limit - value).max(0.0)).product();
        total += if subset.count_ones() % 2 == 1 { volume } else { -volume };
    }
    total
}

/// Unit cells of an integer grid that some point covers.
fn by_cells(points: &[f64], side: usize, count: usize) -> f64 {
    let cells = (0..side.pow(count as u32)).filter(|&cell| {
        let corner: Vec<f64> = (0..count).map(|axis| (cell / side.pow(axis as u32) % side) as f64).collect();
        points
            .chunks_exact(count)
            .any(|point| point.iter().zip(&corner).all(|(value, corner)| value <= corner))
    });
    cells.count() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn hypervolume_follows_inclusion_and_exclusion(
        (count, points) in (1_usize..=5).prop_flat_map(|count| (0_usize..=9).prop_flat_map(move |points| {
            (Just(count), prop::collection::vec(-0.2..1.2_f64, count * points))
        }))
    ) {
        let reference = vec![1.0; count];
        let found = hypervolume(&points, &reference).unwrap();
        let expected = by_inclusion_exclusion(&points, &reference);
        prop_assert!((found - expected).abs() < 1e-10 * (1.0 + expected), "{} {}", found, expected);
    }

    #[test]
    fn hypervolume_counts_cells_exactly_where_values_tie(
        (count, points) in (1_usize..=5).prop_flat_map(|count| (0_usize..=30).prop_flat_map(move |points| {
            (Just(count), prop::collection::vec((0_u8..6).prop_map(f64::from), count * points))
        }))
    ) {
        let reference = vec![5.0; count];
        // Integers: every product and sum is exact, so is the result.
        prop_assert_eq!(hypervolume(&points, &reference).unwrap(), by_cells(&points, 5, count));
    }

    #[test]
    fn any_input_is_measured_or_refused(
        bits in prop::collection::vec(any::<u64>(), 0..24),
        limits in prop::collection::vec(any::<u64>(), 0..7),
    ) {
        let points: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
        let reference: Vec<f64> = limits.into_iter().map(f64::from_bits).collect();
        match hypervolume(&points, &reference) {
            Ok(volume) => prop_assert!(volume >= 0.0),
            Err(error) => prop_assert!(matches!(error, Error::Shape { .. }), "{}", error),
        }
        if let Ok(value) = igd_plus(&points, &reference, reference.len().max(1)) {
            prop_assert!(value >= 0.0);
        }
    }
}

#[test]
fn closed_forms() {
    // ZDT1: f2 = 1 - sqrt(f1); its area up to (1.1, 1.1) is 0.21 + 2/3. Steps of the grid stay just below it.
    let steps = 100_000;
    let zdt1: Vec<f64> = (0..=steps)
        .map(|step| f64::from(step) / f64::from(steps))
        .flat_map(|x| [x, 1.0 - x.sqrt()])
        .collect();
    let area = hypervolume(&zdt1, &[1.1, 1.1]).unwrap();
    assert!((area - (0.21 + 2.0 / 3.0)).abs() < 2e-5 && area < 0.21 + 2.0 / 3.0, "{area}");

    // DTLZ2: the unit sphere's octant; up to (1.1, 1.1, 1.1) it leaves 1.331 - pi/6.
    let side = 300;
    let angle = |step: u32| f64::from(step) / f64::from(side) * std::f64::consts::FRAC_PI_2;
    let mut sphere = Vec::new();
    for first in (0..=side).map(angle) {
        for second in (0..=side).map(angle) {
            sphere.extend([first.cos() * second.cos(), first.cos() * second.sin(), first.sin()]);
        }
    }
    let volume = hypervolume(&sphere, &[1.1, 1.1, 1.1]).unwrap();
    let exact = 1.331 - std::f64::consts::PI / 6.0;
    assert!((volume - exact).abs() < 8e-3 && volume < exact, "{volume} {exact}");
}

#[test]
fn a_dimension_in_which_all_are_equal_is_a_factor() {
    let plane: Vec<f64> = (0..40).flat_map(|i| [f64::from(i), f64::from((i * 17) % 40)]).collect();
    let mut expected = hypervolume(&plane, &[40.0, 40.0]).unwrap();
    for count in 3..=5 {
        expected *= 2.0;
        let raised: Vec<f64> = plane
            .chunks_exact(2)
            .flat_map(|point| point.iter().copied().chain(std::iter::repeat_n(1.0, count - 2)))
            .collect();
        let mut reference = vec![40.0, 40.0];
        reference.resize(count, 3.0);
        assert_eq!(hypervolume(&raised, &reference).unwrap(), expected);
        // The same with the constant dimensions first.
        let turned: Vec<f64> =
            raised.chunks_exact(count).flat_map(|point| point.iter().rev().copied()).collect();
        reference.reverse();
        assert_eq!(hypervolume(&turned, &reference).unwrap(), expected);
    }
}

#[test]
fn distances_of_small_sets() {
    let front = [0.0, 1.0, 1.0, 0.0];
    assert_eq!(igd_plus(&front, &front, 2).unwrap(), 0.0);
    assert_eq!(additive_epsilon(&front, &front, 2).unwrap(), 0.0);
    // One point at (1, 1): worse by 1 in one objective of each.
    assert_eq!(igd_plus(&[1.0, 1.0], &front, 2).unwrap(), 1.0);
    assert_eq!(additive_epsilon(&[1.0, 1.0], &front, 2).unwrap(), 1.0);
    // Better than the front counts as no distance, and as a negative epsilon.
    assert_eq!(igd_plus(&[-1.0, -2.0], &front, 2).unwrap(), 0.0);
    assert_eq!(additive_epsilon(&[-1.0, -2.0], &front, 2).unwrap(), -1.0);
    // (3, 4) away from (0, 0) in both objectives.
    assert_eq!(igd_plus(&[3.0, 4.0], &[0.0, 0.0], 2).unwrap(), 5.0);
    for (points, front, count) in
        [(&[][..], &[1.0][..], 1), (&[1.0], &[], 1), (&[1.0], &[1.0], 0), (&[f64::NAN], &[1.0], 1)]
    {
        assert!(matches!(igd_plus(points, front, count), Err(Error::Shape { .. })));
        assert!(matches!(additive_epsilon(points, front, count), Err(Error::Shape { .. })));
    }
}
