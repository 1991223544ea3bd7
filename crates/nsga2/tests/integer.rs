//! Operators on integers and assignments: nothing is lost, nothing leaves its bounds.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use proptest::prelude::*;
use quorate_nsga2::integer::{
    creep, for_each_mutated, one_point_crossover, random_reset, swap, two_point_crossover, uniform_crossover,
};
use quorate_nsga2::{Error, IntegerBounds, Random};

type Crossover = fn(&mut Random, &mut [i64], &mut [i64]);

const CROSSOVERS: [(&str, Crossover); 3] = [
    ("uniform", uniform_crossover::<i64>),
    ("one point", one_point_crossover::<i64>),
    ("two points", two_point_crossover::<i64>),
];

proptest! {
    #[test]
    fn crossovers_exchange_genes_place_by_place(
        left in prop::collection::vec(any::<i64>(), 0..200), seed in any::<u64>(),
    ) {
        let right: Vec<i64> = left.iter().map(|gene| gene.wrapping_add(1)).collect();
        for (name, crossover) in CROSSOVERS {
            let (mut a, mut b) = (left.clone(), right.clone());
            crossover(&mut Random::stream(seed, 0, 0), &mut a, &mut b);
            for index in 0..left.len() {
                let kept = (a[index], b[index]) == (left[index], right[index]);
                prop_assert!(kept || (a[index], b[index]) == (right[index], left[index]), "{}", name);
            }
        }
    }

    #[test]
    fn mutations_stay_within_bounds(
        bounds in prop::collection::vec((any::<i32>(), 0_i64..=i64::from(u32::MAX)), 1..50),
        seed in any::<u64>(), probability in 0.0..=1.0_f64, step_max in any::<u32>(),
    ) {
        let lower: Vec<i64> = bounds.iter().map(|&(low, _)| i64::from(low)).collect();
        let upper: Vec<i64> = bounds.iter().map(|&(low, range)| i64::from(low) + range).collect();
        let bounds = IntegerBounds::new(lower.clone(), upper.clone()).unwrap();
        let limits = || lower.iter().zip(&upper);
        let within = |genes: &[i64]| genes.iter().zip(limits()).all(|(x, (low, high))| x >= low && x <= high);
        let mut random = Random::stream(seed, 0, 0);
        let mut genes = lower.clone();
        for _ in 0..10 {
            random_reset(&mut random, &bounds, probability, &mut genes);
            prop_assert!(within(&genes));
            creep(&mut random, &bounds, probability, step_max, &mut genes);
            prop_assert!(within(&genes));
        }
    }

    #[test]
    fn swaps_keep_every_gene(mut genes in prop::collection::vec(any::<u16>(), 0..100), seed in any::<u64>()) {
        let mut sorted = genes.clone();
        swap(&mut Random::stream(seed, 0, 0), 0.5, &mut genes);
        genes.sort_unstable();
        sorted.sort_unstable();
        prop_assert_eq!(genes, sorted);
    }
}

#[test]
fn mutations_hit_as_often_as_they_should() {
    for (probability, low, high) in
        [(0.0, 0, 0), (1.0, 100_000, 100_000), (0.1, 9_500, 10_500), (0.5, 49_000, 51_000)]
    {
        let mut hits = Vec::new();
        for_each_mutated(&mut Random::stream(3, 0, 0), 100_000, probability, |_, index| hits.push(index));
        assert!(hits.len() >= low && hits.len() <= high, "{probability}: {}", hits.len());
        assert!(hits.windows(2).all(|pair| pair[0] < pair[1]) && hits.iter().all(|&index| index < 100_000));
    }
}

#[test]
fn crossovers_do_something() {
    for (name, crossover) in CROSSOVERS {
        let (mut a, mut b) = ([0; 50], [1; 50]);
        crossover(&mut Random::stream(1, 0, 0), &mut a, &mut b);
        let moved = a.iter().filter(|&&gene| gene == 1).count();
        assert!((1..50).contains(&moved), "{name}: {moved}");
    }
    // One gene of one parent stays with each child.
    for index in 0..100 {
        let (mut a, mut b) = ([0, 0], [1, 1]);
        one_point_crossover(&mut Random::stream(1, 0, index), &mut a, &mut b);
        assert_eq!((a, b), ([0, 1], [1, 0]));
    }
}

#[test]
fn a_creep_goes_no_further_than_its_step_and_always_somewhere() {
    let bounds = IntegerBounds::new(vec![-1_000], vec![1_000]).unwrap();
    for index in 0..500 {
        let mut genes = [0];
        creep(&mut Random::stream(9, 0, index), &bounds, 1.0, 3, &mut genes);
        assert!((1..=3).contains(&genes[0].abs()), "{}", genes[0]);
        creep(&mut Random::stream(9, 0, index), &bounds, 1.0, 0, &mut genes);
        assert!((1..=3).contains(&genes[0].abs()), "a step of 0 moves nothing");
    }
}

#[test]
fn wrong_bounds_are_refused() {
    for (lower, upper) in
        [(vec![], vec![]), (vec![1], vec![]), (vec![1], vec![0]), (vec![i64::MIN], vec![i64::MAX])]
    {
        assert!(matches!(IntegerBounds::new(lower, upper), Err(Error::Bounds { .. })));
    }
    let widest = IntegerBounds::new(vec![0], vec![i64::MAX]).unwrap();
    let mut genes = [0];
    random_reset(&mut Random::stream(1, 0, 0), &widest, 1.0, &mut genes);
    assert!(genes[0] > 0);
}
