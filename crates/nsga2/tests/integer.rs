//! Operators on integers and assignments: nothing is lost, nothing leaves its bounds.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use proptest::prelude::*;
use quorate_nsga2::integer::{
    creep, for_each_mutated, one_point_crossover, random_reset, swap, two_point_crossover, uniform_crossover,
};
use quorate_nsga2::{
    Engine, Error, Integer, IntegerBounds, IntegerCrossover, IntegerMutation, IntegerOperators,
    IntegerProblem, Random, Settings, run,
};
use quorate_types::{Coded, NoControl};

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

/// Items onto places: the cost of each item at each place, and how unevenly the places are used.
#[derive(Debug)]
struct Assignment(IntegerBounds);

const ITEMS: usize = 12;
const PLACES: i64 = 3;

fn assignment() -> Assignment {
    Assignment(IntegerBounds::new(vec![0; ITEMS], vec![PLACES - 1; ITEMS]).unwrap())
}

impl IntegerProblem for Assignment {
    fn bounds(&self) -> &IntegerBounds {
        &self.0
    }

    fn objectives(&self) -> usize {
        2
    }

    /// Item `i` costs nothing at place `i % 3` and 1 elsewhere, so the optimum of both is known: 0 and 0.
    fn evaluate(&self, variables: &[i64], objectives: &mut [f64]) -> f64 {
        let misplaced = variables.iter().enumerate().filter(|&(item, &place)| item as i64 % PLACES != place);
        let used = |place| variables.iter().filter(|&&own| own == place).count() as f64;
        let uneven = (0..PLACES).map(|place| (used(place) - ITEMS as f64 / PLACES as f64).abs()).sum();
        objectives.copy_from_slice(&[misplaced.count() as f64, uneven]);
        0.0
    }
}

#[test]
fn all_operators_solve_an_assignment() {
    for crossover in IntegerCrossover::ALL {
        for mutation in IntegerMutation::ALL {
            let operators = IntegerOperators { crossover, mutation, ..IntegerOperators::default() };
            let problem = Integer::with_operators(assignment(), operators).unwrap();
            let settings = Settings { population: 60, generations: 150, seed: 3, ..Settings::default() };
            let outcome = run(&problem, &settings, &NoControl).unwrap();
            let best = outcome.front().iter().map(|&row| outcome.objectives_of(row).to_vec()).next();
            assert_eq!(best, Some(vec![0.0, 0.0]), "{} and {}", crossover.name(), mutation.name());
        }
    }
}

#[test]
fn swaps_alone_keep_how_often_each_place_is_used() {
    let operators = IntegerOperators {
        crossover_probability: 0.0,
        mutation: IntegerMutation::Swap,
        ..IntegerOperators::default()
    };
    let settings = Settings { population: 8, generations: 20, seed: 3, ..Settings::default() };
    let counts = |genes: &[i64]| -> Vec<Vec<usize>> {
        let used = |row: &[i64], place| row.iter().filter(|&&own| own == place).count();
        let mut rows: Vec<Vec<usize>> =
            genes.chunks(ITEMS).map(|row| (0..PLACES).map(|place| used(row, place)).collect()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    let mut engine =
        Engine::new(Integer::with_operators(assignment(), operators).unwrap(), settings).unwrap();
    let first = counts(engine.ask().unwrap());
    engine.run(&NoControl).unwrap_err();
    engine.tell(&[0.0; 16], None).unwrap();
    engine.run(&NoControl).unwrap();
    let last = counts(&engine.outcome().unwrap().genes);
    assert!(last.iter().all(|row| first.contains(row)), "{last:?} are not among {first:?}");
}

#[test]
fn operators_that_make_no_sense_are_refused() {
    let uneven = || Assignment(IntegerBounds::new(vec![0, 0], vec![1, 2]).unwrap());
    let field = |operators| {
        let refused = Integer::with_operators(uneven(), operators).unwrap_err();
        refused.field().map(ToString::to_string)
    };
    let defaults = IntegerOperators::default();
    let swap = IntegerOperators { mutation: IntegerMutation::Swap, ..defaults };
    assert_eq!(field(swap).as_deref(), Some("operators.mutationKind"));
    let often = IntegerOperators { crossover_probability: 1.5, ..defaults };
    assert_eq!(field(often).as_deref(), Some("operators.crossoverProbability"));
    let never = IntegerOperators { mutation_probability: Some(f64::NAN), ..defaults };
    assert_eq!(field(never).as_deref(), Some("operators.mutationProbability"));
}

#[test]
fn a_checkpoint_knows_its_operators_and_bounds() {
    let settings = Settings { population: 8, generations: 4, seed: 3, ..Settings::default() };
    let mut engine = Engine::new(Integer::new(assignment()), settings).unwrap();
    engine.step(&NoControl).unwrap();
    let bytes = engine.checkpoint().unwrap();
    let resumed = |problem| Engine::resume(problem, settings, &bytes);
    assert!(resumed(Integer::new(assignment())).is_ok());
    let operators = IntegerOperators { mutation: IntegerMutation::Creep, ..IntegerOperators::default() };
    let others = [
        Integer::with_operators(assignment(), operators).unwrap(),
        Integer::new(Assignment(IntegerBounds::new(vec![0; ITEMS], vec![PLACES; ITEMS]).unwrap())),
    ];
    for other in others {
        assert!(matches!(resumed(other), Err(Error::CheckpointMismatch { .. })));
    }
}
