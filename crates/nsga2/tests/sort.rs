//! Ranks, crowding and the sorter against definitions that are too slow to ship.
#![allow(clippy::unwrap_used)]

#[path = "../examples/support/laws.rs"]
mod laws;

use proptest::prelude::*;
use quorate_nsga2::sort::{Path, Sorter, UNRANKED, ranks};
use quorate_nsga2::{Error, crowding};

/// Rank by definition: peel off the points that no remaining point dominates.
fn brute_force(objectives: &[f64], count: usize) -> Vec<u32> {
    let rows: Vec<&[f64]> = objectives.chunks_exact(count).collect();
    let dominates =
        |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(x, y)| x <= y) && a.iter().zip(b).any(|(x, y)| x < y);
    let mut ranks = vec![u32::MAX; rows.len()];
    let mut left: Vec<usize> = (0..rows.len()).collect();
    let mut rank = 0;
    while !left.is_empty() {
        let best: Vec<usize> =
            left.iter().copied().filter(|&p| !left.iter().any(|&q| dominates(rows[q], rows[p]))).collect();
        for &point in &best {
            ranks[point] = rank;
        }
        left.retain(|point| !best.contains(point));
        rank += 1;
    }
    ranks
}

fn paths() -> impl Iterator<Item = Path> {
    Path::ALL.into_iter().filter(|path| path.available())
}

fn check(objectives: &[f64], count: usize, expected: &[u32]) {
    for path in paths() {
        let mut sorter = Sorter::with_path(path);
        assert_eq!(sorter.rank(objectives, count).unwrap(), expected, "{path:?}, {count} objectives");
        let points = expected.len();
        for survivors in [0, 1, points / 2, points] {
            let ranked = sorter.rank_survivors(objectives, count, survivors).unwrap();
            let kept = ranked.iter().filter(|&&rank| rank != UNRANKED).count();
            assert!(kept >= survivors.min(points));
            let worst = ranked.iter().copied().filter(|&rank| rank != UNRANKED).max();
            for (point, &rank) in ranked.iter().enumerate() {
                assert!(
                    rank == expected[point] || rank == UNRANKED && worst.is_none_or(|w| expected[point] > w)
                );
            }
            // No front more than is needed.
            let needless = ranked.iter().filter(|&&rank| Some(rank) == worst).count();
            assert!(survivors == 0 || kept - needless < survivors, "{kept} {needless} {survivors}");
        }
    }
}

/// Values with many ties, both zeros and both infinities.
fn tied() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        6 => (0_i32..4).prop_map(f64::from),
        2 => Just(-0.0),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(f64::MIN_POSITIVE),
        1 => -1.0..1.0_f64,
    ]
}

fn population(
    value: impl Strategy<Value = f64> + Clone,
    points: usize,
) -> impl Strategy<Value = (Vec<f64>, usize)> {
    (1_usize..=7, 0..points).prop_flat_map(move |(count, points)| {
        (prop::collection::vec(value.clone(), count * points), Just(count))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn ranks_follow_the_definition_with_ties((objectives, count) in population(tied(), 120)) {
        check(&objectives, count, &brute_force(&objectives, count));
    }

    #[test]
    fn ranks_follow_the_definition_without_ties((objectives, count) in population(-1e3..1e3_f64, 120)) {
        check(&objectives, count, &brute_force(&objectives, count));
    }

    #[test]
    fn any_bit_pattern_is_ranked_or_refused(
        bits in prop::collection::vec(any::<u64>(), 0..60), count in 0_usize..6,
    ) {
        let objectives: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
        match ranks(&objectives, count) {
            Ok(ranks) => prop_assert_eq!(ranks, brute_force(&objectives, count)),
            Err(Error::NotANumber { .. }) => prop_assert!(objectives.iter().any(|value| value.is_nan())),
            Err(Error::Shape { .. }) => prop_assert!(count == 0 || !objectives.len().is_multiple_of(count)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn crowding_follows_the_definition((objectives, count) in population(0.0..1.0_f64, 60)) {
        let ranks = ranks(&objectives, count).unwrap();
        let distances = crowding::distances(&objectives, count, &ranks).unwrap();
        for (found, expected) in distances.iter().zip(crowding_by_definition(&objectives, count, &ranks)) {
            let near = *found == expected || (found - expected).abs() < 1e-9 * expected;
            prop_assert!(near, "{} {}", found, expected);
        }
    }
}

fn crowding_by_definition(objectives: &[f64], count: usize, ranks: &[u32]) -> Vec<f64> {
    let mut distances = vec![0.0; ranks.len()];
    for front in 0..=ranks.iter().copied().max().unwrap_or(0) {
        for column in 0..count {
            let value = |point: usize| objectives[point * count + column];
            let mut members: Vec<usize> = (0..ranks.len()).filter(|&point| ranks[point] == front).collect();
            members.sort_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
            let (Some(&first), Some(&last)) = (members.first(), members.last()) else { continue };
            let range = value(last) - value(first);
            distances[first] = f64::INFINITY;
            distances[last] = f64::INFINITY;
            for three in members.windows(3).filter(|_| range > 0.0) {
                distances[three[1]] += (value(three[2]) - value(three[0])) / range;
            }
        }
    }
    distances
}

#[test]
fn all_laws_follow_the_definition() {
    for name in laws::LAWS {
        for count in 2..=5 {
            for points in [100, 1_000] {
                let objectives = laws::instance(name, points, count);
                check(&objectives, count, &brute_force(&objectives, count));
            }
        }
    }
}

#[test]
fn large_populations_follow_the_definition() {
    for name in laws::LAWS {
        for count in 2..=5 {
            let objectives = laws::instance(name, 10_000, count);
            let expected = by_longest_chain(&objectives, count);
            for path in paths() {
                assert_eq!(
                    Sorter::with_path(path).rank(&objectives, count).unwrap(),
                    expected,
                    "{name} {count}"
                );
            }
        }
    }
}

/// A point's rank is the length of the longest chain of points that dominate each other and end in it.
fn by_longest_chain(objectives: &[f64], count: usize) -> Vec<u32> {
    let rows: Vec<&[f64]> = objectives.chunks_exact(count).collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| rows[a].partial_cmp(rows[b]).unwrap());
    let mut ranks = vec![0; rows.len()];
    for (position, &point) in order.iter().enumerate() {
        let mut rank = 0;
        for &other in &order[..position] {
            if ranks[other] >= rank
                && rows[other].iter().zip(rows[point]).all(|(a, b)| a <= b)
                && rows[other] != rows[point]
            {
                rank = ranks[other] + 1;
            }
        }
        ranks[point] = rank;
    }
    ranks
}

#[test]
fn more_than_65535_values_take_the_wide_path() {
    // A chain of 70 000 points, each dominated by the one before it, in an order that hides it.
    let points = 70_000;
    let place = |point: usize| (point * 48_271) % points;
    let objectives: Vec<f64> = (0..points).flat_map(|point| [place(point) as f64; 4]).collect();
    // Only the best thousand: a chain of fronts of one point each is what this design is worst at.
    let mut sorter = Sorter::default();
    let ranked = sorter.rank_survivors(&objectives, 4, 1_000).unwrap();
    for (point, &rank) in ranked.iter().enumerate() {
        let expected = if place(point) < 1_000 { place(point) as u32 } else { UNRANKED };
        assert_eq!(rank, expected);
    }
}

#[test]
fn edges() {
    assert_eq!(ranks(&[], 3).unwrap(), [0_u32; 0]);
    assert_eq!(ranks(&[2.0, 1.0, 1.0], 1).unwrap(), [1, 0, 0]);
    assert_eq!(ranks(&[0.0, -0.0, -0.0, 0.0], 2).unwrap(), [0, 0]);
    assert!(matches!(ranks(&[0.0, f64::NAN], 2), Err(Error::NotANumber { .. })));
    assert!(matches!(ranks(&[0.0; 3], 2), Err(Error::Shape { .. })));
    assert!(matches!(ranks(&[0.0; 130], 65), Err(Error::Shape { .. })));
    assert!(matches!(crowding::distances(&[0.0; 4], 2, &[0]), Err(Error::Shape { .. })));
    assert!(matches!(crowding::distances(&[0.0; 4], 2, &[0, 7]), Err(Error::Shape { .. })));
}

/// A few hundred points of two or three objectives are ranked by their values, more of them and survivors by
/// dense ranks: both ways must agree on either side of the border.
#[test]
fn few_points_rank_as_many_do() {
    for law in laws::LAWS {
        for count in [2, 3] {
            for points in [1, 2, 7, 8, 9, 100, 511, 512, 513] {
                let objectives = laws::instance(law, points, count);
                let mut sorter = Sorter::default();
                let alone = sorter.rank(&objectives, count).unwrap().to_vec();
                let among = sorter.rank_survivors(&objectives, count, usize::MAX).unwrap();
                assert_eq!(alone, among, "{law}, {count} objectives, {points} points");
            }
        }
    }
    let one_front: Vec<f64> = (0..500).flat_map(|at| [f64::from(at), f64::from(-at), -0.0]).collect();
    assert!(ranks(&one_front, 3).unwrap().iter().all(|&rank| rank == 0));
    let chain: Vec<f64> = (0..500).flat_map(|at| [f64::from(at); 3]).collect();
    assert_eq!(ranks(&chain, 3).unwrap(), (0..500).collect::<Vec<u32>>());
    let ends = [f64::NEG_INFINITY, 0.0, f64::INFINITY, -0.0, f64::INFINITY, f64::INFINITY];
    assert_eq!(ranks(&ends, 3).unwrap(), [0, 1]);
    let named = ranks(&[0.0, 1.0, f64::NAN, 2.0], 2).unwrap_err();
    assert_eq!(named.to_string().split(' ').next(), Some("objectives[2]"));
}
