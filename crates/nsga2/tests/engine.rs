//! The engine: repeatable, resumable, cancellable, and the same from inside and outside.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use quorate_nsga2::{
    Bounds, ConstraintHandling, Engine, Error, Integer, IntegerBounds, IntegerProblem, Outcome, Problem,
    Real, RealOperators, RealProblem, Settings, Stagnation, Stop, indicators, problems, run,
};
use quorate_types::{Coded, Control, NoControl};
use std::sync::atomic::{AtomicU64, Ordering};

fn settings(population: usize, generations: u32) -> Settings {
    Settings { population, generations, seed: 42, ..Settings::default() }
}

fn builtin(name: &str) -> Real<problems::Builtin> {
    Real::new(problems::by_name(name, None).unwrap())
}

fn bits(outcome: &Outcome<f64>) -> Vec<u64> {
    outcome
        .genes
        .iter()
        .chain(&outcome.objectives)
        .chain(&outcome.violations)
        .map(|value| value.to_bits())
        .collect()
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    for name in ["ZDT1", "DTLZ2", "WFG9", "MW5", "C1-DTLZ3"] {
        for constraints in [ConstraintHandling::FeasibilityFirst, ConstraintHandling::EpsilonLevel] {
            // More than one unit of work, and one that does not divide evenly.
            let settings = Settings { constraints, ..settings(602, 12) };
            let problem = builtin(name);
            let alone = on_threads(1, || run(&problem, &settings, &NoControl).unwrap());
            let both = on_threads(2, || run(&problem, &settings, &NoControl).unwrap());
            let three = on_threads(3, || run(&problem, &settings, &NoControl).unwrap());
            let without = run(&problem, &Settings { parallel: false, ..settings }, &NoControl).unwrap();
            assert_eq!(bits(&alone), bits(&both), "{name}");
            assert_eq!(bits(&alone), bits(&three), "{name}");
            assert_eq!(bits(&alone), bits(&without), "{name}");
            assert_eq!(alone, both);
        }
    }
}

#[test]
fn the_seed_decides() {
    let problem = builtin("ZDT1");
    let first = run(&problem, &settings(40, 5), &NoControl).unwrap();
    let again = run(&problem, &settings(40, 5), &NoControl).unwrap();
    let other = run(&problem, &Settings { seed: 43, ..settings(40, 5) }, &NoControl).unwrap();
    assert_eq!(bits(&first), bits(&again));
    assert_ne!(bits(&first), bits(&other));
}

#[test]
fn the_result_of_a_run_is_fixed() {
    // The same bits on every x86-64 Linux build: whoever changes this changes what every seed means.
    let outcome = run(&builtin("WFG9"), &settings(40, 20), &NoControl).unwrap();
    let sum = bits(&outcome).iter().fold(0_u64, |sum, bits| sum.rotate_left(9) ^ bits);
    assert_eq!(sum, FIXED_RUN, "{sum:#x}");
}

const FIXED_RUN: u64 = 0x1b07_4dfa_cc8c_5337;

#[test]
fn fronts_are_feasible_sorted_and_within_bounds() {
    let problem = builtin("C2-DTLZ2");
    let outcome = run(&problem, &settings(100, 60), &NoControl).unwrap();
    let front = outcome.front();
    assert!(!front.is_empty());
    for &row in &front {
        assert_eq!(outcome.violations[row], 0.0);
        let mut objectives = [0.0; 3];
        let violation = problem.inner().evaluate(outcome.genes_of(row), &mut objectives);
        assert_eq!((violation, &objectives[..]), (0.0, outcome.objectives_of(row)));
        assert!(outcome.genes_of(row).iter().all(|gene| (0.0..=1.0).contains(gene)));
        for &other in &front {
            let pair = || outcome.objectives_of(row).iter().zip(outcome.objectives_of(other));
            assert!(!(pair().all(|(a, b)| a <= b) && pair().any(|(a, b)| a < b)));
        }
    }
    assert_eq!((outcome.generations, outcome.evaluations), (60, 6_100));
    assert_eq!(outcome.stop, Some(Stop::Generations));
}

#[test]
fn asking_and_telling_is_the_same_as_running() {
    let problem = builtin("MW1");
    let inside = run(&problem, &settings(50, 10), &NoControl).unwrap();
    let mut engine = Engine::new(&problem, settings(50, 10)).unwrap();
    while engine.stopped().is_none() {
        let genes = engine.ask().unwrap().to_vec();
        assert_eq!(engine.ask().unwrap(), genes, "asking twice gives the same genes");
        let (mut objectives, mut violations) = (vec![0.0; 100], Vec::new());
        for (genes, values) in genes.chunks_exact(15).zip(objectives.chunks_exact_mut(2)) {
            violations.push(problem.inner().evaluate(genes, values));
        }
        assert!(matches!(engine.tell(&objectives[1..], None), Err(Error::Shape { .. })));
        assert!(matches!(engine.tell(&objectives, Some(&violations[1..])), Err(Error::Shape { .. })));
        let broken = vec![f64::NAN; 100];
        assert!(matches!(engine.tell(&broken, None), Err(Error::NotANumber { .. })));
        assert!(matches!(engine.step(&NoControl), Err(Error::OutOfTurn)));
        engine.tell(&objectives, Some(&violations)).unwrap();
        assert!(matches!(engine.tell(&objectives, Some(&violations)), Err(Error::OutOfTurn)));
    }
    assert!(matches!(engine.ask(), Err(Error::OutOfTurn)));
    assert_eq!(engine.outcome().unwrap(), inside);
}

#[test]
fn a_resumed_run_ends_as_an_uninterrupted_one() {
    for (name, constraints) in
        [("ZDT3", ConstraintHandling::FeasibilityFirst), ("MW3", ConstraintHandling::EpsilonLevel)]
    {
        let stagnation = Some(Stagnation { generations: 2, gain_min: 1e-9 });
        let settings = Settings { constraints, stagnation, ..settings(60, 20) };
        let whole = run(&builtin(name), &settings, &NoControl).unwrap();
        for interrupted in [1, 7, 19] {
            let mut engine = Engine::new(builtin(name), settings).unwrap();
            assert!(matches!(engine.checkpoint(), Err(Error::OutOfTurn)));
            for _ in 0..interrupted {
                engine.step(&NoControl).unwrap();
            }
            let bytes = engine.checkpoint().unwrap();
            let mut resumed = Engine::resume(builtin(name), settings, &bytes).unwrap();
            assert_eq!(resumed.checkpoint().unwrap(), bytes);
            resumed.run(&NoControl).unwrap();
            assert_eq!(bits(&resumed.outcome().unwrap()), bits(&whole), "{name} after {interrupted}");
            assert_eq!(resumed.outcome().unwrap(), whole);
        }
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let mut engine = Engine::new(builtin("ZDT1"), settings(20, 5)).unwrap();
    engine.step(&NoControl).unwrap();
    let bytes = engine.checkpoint().unwrap();
    let mismatched = |problem: &str, settings: Settings| {
        matches!(Engine::resume(builtin(problem), settings, &bytes), Err(Error::CheckpointMismatch { .. }))
    };
    assert!(mismatched("ZDT1", Settings { seed: 1, ..settings(20, 5) }));
    assert!(mismatched("ZDT1", settings(22, 5)));
    assert!(mismatched("ZDT2", settings(20, 5)), "the same shape and bounds, but another problem");
    assert!(mismatched("ZDT4", settings(20, 5)));
    assert!(mismatched("DTLZ2", settings(20, 5)));
    let level = ConstraintHandling::EpsilonLevel;
    assert!(mismatched("ZDT1", Settings { constraints: level, ..settings(20, 5) }));
    let operators = RealOperators { crossover_eta: 5.0, ..RealOperators::default() };
    let other = Real::with_operators(problems::by_name("ZDT1", None).unwrap(), operators).unwrap();
    assert!(matches!(Engine::resume(other, settings(20, 5), &bytes), Err(Error::CheckpointMismatch { .. })));
    assert!(Engine::resume(builtin("ZDT1"), settings(20, 9), &bytes).is_ok(), "more generations may follow");
}

/// The checksum that the decoder expects, so that the checks behind it are reached.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(8);
    let sum = bytes[..end].iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    bytes.truncate(end);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_checkpoints_give_an_error_or_a_sound_run(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        mended in any::<bool>(),
    ) {
        let settings = Settings { constraints: ConstraintHandling::EpsilonLevel, ..settings(8, 4) };
        let mut engine = Engine::new(builtin("MW4"), settings).unwrap();
        engine.step(&NoControl).unwrap();
        let original = engine.checkpoint().unwrap();
        let mut bytes = original.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if mended {
            bytes = with_checksum(bytes);
        }
        match Engine::resume(builtin("MW4"), settings, &bytes) {
            Ok(mut resumed) => {
                prop_assert!(mended || bytes == original);
                resumed.run(&NoControl).unwrap();
                prop_assert!(resumed.outcome().unwrap().genes.iter().all(|gene| (0.0..=1.0).contains(gene)));
            }
            Err(error) => prop_assert!(
                matches!(error, Error::CheckpointCorrupt { .. } | Error::CheckpointMismatch { .. }),
                "{}", error
            ),
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let resumed = Engine::resume(builtin("ZDT1"), settings(8, 4), &bytes);
        let refused = matches!(resumed, Err(Error::CheckpointCorrupt { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn children_of_reals_stay_within_bounds(
        box_of in prop::collection::vec((-1e3..1e3_f64, 0.0..1e3_f64), 1..20),
        seed in any::<u64>(),
        eta in 0.0..60.0_f64,
        probability in prop::option::of(0.0..=1.0_f64),
    ) {
        let (lower, upper) = box_of.iter().map(|&(low, range)| (low, low + range)).unzip();
        let bounds = Bounds::new(lower, upper).unwrap();
        let operators = RealOperators {
            crossover_probability: 1.0, crossover_eta: eta,
            mutation_probability: probability, mutation_eta: eta,
        };
        let problem = Real::with_operators(Nothing(bounds.clone()), operators).unwrap();
        let count = box_of.len();
        let mut pairs = [vec![0.0; count], vec![0.0; count], vec![0.0; count], vec![0.0; count]];
        for generation in 0..40 {
            let mut random = quorate_nsga2::Random::stream(seed, generation, 0);
            let [a, b, c, d] = &mut pairs;
            if generation % 10 == 0 {
                problem.initialize(0, &mut random, a);
                problem.initialize(1, &mut random, b);
            } else {
                problem.vary(&mut random, [&a[..], &b[..]], [&mut c[..], &mut d[..]]);
                std::mem::swap(a, c);
                std::mem::swap(b, d);
            }
            prop_assert!(problem.accepts(a) && problem.accepts(b), "{:?} {:?}", a, b);
        }
    }
}

/// A problem that is only recombined.
struct Nothing(Bounds);

impl RealProblem for Nothing {
    fn bounds(&self) -> &Bounds {
        &self.0
    }

    fn objectives(&self) -> usize {
        1
    }

    fn evaluate(&self, _variables: &[f64], objectives: &mut [f64]) -> f64 {
        objectives[0] = f64::NAN;
        f64::INFINITY
    }
}

#[test]
fn a_value_that_is_no_number_is_named() {
    let problem = Real::new(Nothing(Bounds::uniform(3, 0.0, 1.0).unwrap()));
    let error = run(&problem, &settings(8, 4), &NoControl).unwrap_err();
    assert_eq!(error.code(), "QRT_ERR_NSGA2_NOT_A_NUMBER");
    assert_eq!(error.field().unwrap().as_str(), "objectives[0]");
}

/// Cancels at the n-th look and remembers the last progress.
struct CancelAt {
    looks: AtomicU64,
    at: u64,
    done: AtomicU64,
}

impl Control for CancelAt {
    fn cancelled(&self) -> bool {
        self.looks.fetch_add(1, Ordering::Relaxed) >= self.at
    }

    fn progress(&self, done: u64, total: u64) {
        assert_eq!(total, 10);
        self.done.store(done, Ordering::Relaxed);
    }
}

#[test]
fn a_cancelled_run_can_go_on_as_if_nothing_had_happened() {
    let problem = builtin("DTLZ7");
    let settings = settings(600, 10);
    let whole = run(&problem, &settings, &NoControl).unwrap();
    // Three looks per pair, so 900 per generation: the 3001st comes within generation 3.
    let control = CancelAt { looks: AtomicU64::new(0), at: 3_000, done: AtomicU64::new(u64::MAX) };
    assert_eq!(run(&problem, &settings, &control).unwrap_err(), Error::Cancelled);
    assert_eq!(control.done.load(Ordering::Relaxed), 2);
    let mut engine = Engine::new(&problem, settings).unwrap();
    let control = CancelAt { looks: AtomicU64::new(0), at: 3_000, done: AtomicU64::new(0) };
    assert_eq!(engine.run(&control).unwrap_err(), Error::Cancelled);
    assert_eq!(engine.run(&NoControl).unwrap(), Stop::Generations);
    assert_eq!(engine.outcome().unwrap(), whole);
}

#[test]
fn a_run_in_chunks_ends_as_one_in_one_go() {
    let problem = builtin("DTLZ7");
    let whole = run(&problem, &settings(40, 10), &NoControl).unwrap();
    let mut engine = Engine::new(&problem, settings(40, 10)).unwrap();
    for (to, reached, stop) in [(0, 0, None), (4, 4, None), (4, 4, None), (9, 9, None)] {
        assert_eq!(engine.run_to(to, &NoControl).unwrap(), stop);
        assert_eq!(engine.generation(), reached);
    }
    assert_eq!(engine.run_to(99, &NoControl).unwrap(), Some(Stop::Generations));
    assert_eq!(engine.outcome().unwrap(), whole);
}

#[test]
fn a_run_that_stagnates_stops() {
    let stagnation = Some(Stagnation { generations: 20, gain_min: 1e-3 });
    let settings = Settings { stagnation, ..settings(60, 4_000) };
    let outcome = run(&builtin("ZDT1"), &settings, &NoControl).unwrap();
    assert_eq!(outcome.stop, Some(Stop::Stagnation));
    assert!(outcome.generations > 60 && outcome.generations < 1_000, "{}", outcome.generations);
    let front: Vec<f64> =
        outcome.front().iter().flat_map(|&row| outcome.objectives_of(row).to_vec()).collect();
    assert!(indicators::hypervolume(&front, &[1.1, 1.1]).unwrap() > 0.85);
}

#[test]
fn wrong_settings_are_named() {
    let problem = builtin("ZDT1");
    let field = |settings: Settings| {
        let error = run(&problem, &settings, &NoControl).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_NSGA2_SETTINGS");
        error.field().unwrap().as_str().to_owned()
    };
    for population in [0, 2, 7, 1 << 21] {
        assert_eq!(field(settings(population, 1)), "population");
    }
    assert_eq!(field(settings(8, u32::MAX)), "generations");
    let stagnation = |generations, gain_min| {
        field(Settings { stagnation: Some(Stagnation { generations, gain_min }), ..settings(8, 1) })
    };
    assert_eq!(stagnation(0, 0.1), "stagnation.generations");
    assert_eq!(stagnation(5, f64::NAN), "stagnation.gainMin");
    let wrong = RealOperators { crossover_eta: f64::NAN, ..RealOperators::default() };
    let error = Real::with_operators(problems::by_name("ZDT1", None).unwrap(), wrong).unwrap_err();
    assert_eq!(error.field().unwrap().as_str(), "operators.crossoverEta");
    for (lower, upper, field) in [
        (vec![0.0], vec![], "upper"),
        (vec![f64::NAN], vec![1.0], "lower[0]"),
        (vec![0.0, 1.0], vec![1.0, 0.5], "upper[1]"),
        (vec![-f64::MAX], vec![f64::MAX], "upper[0]"),
    ] {
        assert_eq!(Bounds::new(lower, upper).unwrap_err().field().unwrap().as_str(), field);
    }
}

#[test]
fn every_code_is_listed() {
    for error in [Error::Cancelled, Error::OutOfTurn] {
        assert!(Error::CODES.contains(&error.code()));
        assert_eq!(error.retryable(), error == Error::Cancelled);
    }
    assert!(Error::CODES.iter().all(|code| code.starts_with("QRT_ERR_NSGA2_")));
}

/// Schaffer's problem on integers: minimise x^2 and (x - 20)^2, feasible where x is even.
struct EvenSchaffer(IntegerBounds);

impl IntegerProblem for EvenSchaffer {
    fn bounds(&self) -> &IntegerBounds {
        &self.0
    }

    fn objectives(&self) -> usize {
        2
    }

    fn evaluate(&self, variables: &[i64], objectives: &mut [f64]) -> f64 {
        let x = variables[0] as f64;
        objectives.copy_from_slice(&[x * x, (x - 20.0) * (x - 20.0)]);
        (variables[0].rem_euclid(2)) as f64
    }
}

#[test]
fn integers_find_the_whole_front() {
    let problem = Integer::new(EvenSchaffer(IntegerBounds::new(vec![-1_000], vec![1_000]).unwrap()));
    let outcome = run(&problem, &settings(40, 100), &NoControl).unwrap();
    let found: std::collections::BTreeSet<i64> =
        outcome.front().iter().map(|&row| outcome.genes[row]).collect();
    assert_eq!(found, (0..=20).step_by(2).collect());
}

#[test]
fn repaired_genes_are_what_survives() {
    let mut engine = Engine::new(builtin("ZDT1"), settings(8, 5)).unwrap();
    assert!(matches!(engine.amend(&[]), Err(Error::OutOfTurn)), "nothing was asked for yet");
    while engine.stopped().is_none() {
        let asked = engine.ask().unwrap().to_vec();
        // Rounded up to tenths: a repair that any individual needs.
        let repaired: Vec<f64> = asked.iter().map(|gene| (gene * 10.0).ceil() / 10.0).collect();
        engine.amend(&repaired).unwrap();
        assert_eq!(engine.ask().unwrap(), repaired, "asking again gives what is to be evaluated");
        for (genes, found) in [
            (repaired[1..].to_vec(), "variables: 240 values are expected, not 239"),
            (vec![f64::NAN; 240], "variables: individual 0 does not lie within the bounds of its variables"),
            (
                [vec![0.5; 239], vec![1.5]].concat(),
                "variables: individual 7 does not lie within the bounds of its variables",
            ),
        ] {
            assert_eq!(engine.amend(&genes).unwrap_err().to_string(), found);
        }
        let mut objectives = vec![0.0; 16];
        for (genes, objectives) in repaired.chunks_exact(30).zip(objectives.chunks_exact_mut(2)) {
            engine.problem().inner().evaluate(genes, objectives);
        }
        engine.tell(&objectives, None).unwrap();
    }
    let outcome = engine.outcome().unwrap();
    assert!(outcome.genes.iter().all(|gene| (gene * 10.0).ceil() / 10.0 == *gene), "{:?}", outcome.genes);
}
