//! Plans keep every hard constraint, can be repeated, resumed and stopped.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use quorate_types::Coded;

use super::*;
use crate::jobs::JobClass;
use crate::objectives::Objective;
use crate::strategy::Strategy;
use crate::testing::{random_case, violations};

fn settings(strategy: Strategy, seed: u64) -> Settings {
    Settings { strategy, population: 12, generations: 6, seed, ..Settings::default() }
}

/// The sums of the public formulas, written down a second time.
fn plain_objectives(fleet: &Fleet, jobs: &Jobs, nodes: &[u32]) -> ObjectiveValues {
    let columns = fleet.columns();
    let mut used: Vec<[f64; 4]> = (0..fleet.len())
        .map(|node| std::array::from_fn(|at| f64::from(fleet.capacity(node)[at] - fleet.free(node)[at])))
        .collect();
    let mut values = [0.0; OBJECTIVES];
    let mut weights = 0.0;
    for (job, &node) in nodes.iter().enumerate().filter(|&(_, &node)| node != UNPLACED) {
        let node = node as usize;
        let request = jobs.request(job);
        let weight = f64::from(jobs.columns().class[job].weight());
        let milli = crate::billing_unit_milli(&request) * u64::from(jobs.columns().duration_s[job]) / 3_600;
        weights += weight;
        values[0] += weight * f64::from(columns.latency_us[node]) / 1_000.0;
        values[2] += weight * (1.0 - f64::from(columns.trust[node]) / 10_000.0);
        values[3] += milli as f64 / 1_000.0 * f64::from(columns.cost_micro[node]);
        values[4] += milli as f64 / 1_000.0 * f64::from(columns.price_micro[node]);
        for (used, need) in used[node].iter_mut().zip(request) {
            *used += f64::from(need);
        }
    }
    values[0] /= f64::max(weights, 1.0);
    values[2] /= f64::max(weights, 1.0);
    let share = |(node, used): (usize, &[f64; 4])| {
        let shares = used.iter().zip(fleet.capacity(node)).map(|(used, all)| used / f64::from(all.max(1)));
        shares.fold(0.0, f64::max)
    };
    let loads: Vec<f64> = used.iter().enumerate().map(share).collect();
    let mean = loads.iter().sum::<f64>() / loads.len() as f64;
    values[1] = (loads.iter().map(|load| (load - mean).powi(2)).sum::<f64>() / loads.len() as f64).sqrt();
    values
}

fn check_plan(fleet: &Fleet, jobs: &Jobs, plan: &Plan) -> Result<(), TestCaseError> {
    for (point, nodes) in plan.front.points.iter().zip(plan.front.assignments.chunks(jobs.len().max(1))) {
        let assignment: Vec<Option<u32>> =
            nodes.iter().map(|&node| (node != UNPLACED).then_some(node)).collect();
        prop_assert_eq!(violations(fleet, jobs, &assignment), 0);
        for (own, plain) in point.iter().zip(plain_objectives(fleet, jobs, nodes)) {
            // Loads are kept in steps of 2^-20.
            prop_assert!((own - plain).abs() <= 1e-5 + 1e-9 * plain.abs(), "{own} is not {plain}");
        }
    }
    let chosen = &plan.front.assignments[plan.chosen * jobs.len()..(plan.chosen + 1) * jobs.len()];
    for (job, &node) in chosen.iter().enumerate() {
        let reasons = plan.unplaced.iter().filter(|unplaced| unplaced.job == job as u32).count();
        prop_assert_eq!(plan.assignment[job], (node != UNPLACED).then_some(node));
        prop_assert_eq!(reasons, usize::from(node == UNPLACED));
    }
    let placed = jobs.len() - plan.unplaced.len();
    prop_assert_eq!(plan.statistics.jobs_placed, placed);
    prop_assert_eq!(plan.explanations.len(), placed);
    for objective in [Objective::Latency, Objective::Trust, Objective::Cost, Objective::Price] {
        let at = objective as usize;
        let sum: f64 = plan.explanations.iter().map(|own| own.contributions[at]).sum();
        let whole = plan.front.points[plan.chosen][at];
        prop_assert!((sum - whole).abs() <= 1e-9 * whole.abs(), "{sum} is not {whole}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_strategy_keeps_capacities(seed in any::<u64>(), nodes in 1_usize..9, count in 0_usize..24) {
        let (fleet, jobs) = random_case(seed, nodes, count);
        for strategy in Strategy::ALL {
            let plan = schedule(&fleet, &jobs, &settings(strategy, seed), &NoControl).unwrap();
            check_plan(&fleet, &jobs, &plan)?;
        }
        for rule in crate::problem::SEED_RULES {
            check_plan(&fleet, &jobs, &schedule_greedily(&fleet, &jobs, rule).unwrap())?;
        }
    }

    #[test]
    fn no_point_beats_another(seed in any::<u64>(), nodes in 1_usize..9, count in 1_usize..20) {
        let (fleet, jobs) = random_case(seed, nodes, count);
        let plan = schedule(&fleet, &jobs, &settings(Strategy::NsgaIi, seed), &NoControl).unwrap();
        let points = &plan.front.points;
        for (index, point) in points.iter().enumerate() {
            for (other, rival) in points.iter().enumerate() {
                let no_worse = rival.iter().zip(point).all(|(rival, own)| rival <= own);
                prop_assert!(index == other || !no_worse, "{rival:?} beats {point:?}");
            }
        }
    }
}

#[test]
fn threads_do_not_change_the_plan() {
    let (fleet, jobs) = random_case(11, 60, 90);
    let plan_on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let settings = Settings { population: 40, generations: 20, ..Settings::default() };
        pool.install(|| schedule(&fleet, &jobs, &settings, &NoControl).unwrap())
    };
    let one = plan_on(1);
    assert_eq!(plan_on(2), one);
    assert_eq!(plan_on(3), one);
    assert!(one.front.points.len() > 5, "a front of {} points proves little", one.front.points.len());
}

#[test]
fn a_resumed_run_ends_as_one_that_was_not_stopped() {
    let (fleet, jobs) = random_case(12, 20, 60);
    let instance = Instance::new(&fleet, &jobs, &NoControl).unwrap();
    let settings = settings(Strategy::NsgaIi, 9);
    let mut run = Run::new(&instance, settings, &NoControl).unwrap();
    for _ in 0..3 {
        run.step().unwrap();
    }
    let checkpoint = run.checkpoint().unwrap();
    let mut resumed = Run::resume(&instance, settings, &checkpoint, &NoControl).unwrap();
    while !resumed.finished() {
        resumed.step().unwrap();
    }
    assert_eq!(resumed.plan().unwrap(), schedule(&fleet, &jobs, &settings, &NoControl).unwrap());

    let broken = Run::resume(&instance, settings, &checkpoint[..20], &NoControl).err().unwrap();
    assert_eq!(broken.code(), "QRT_ERR_NSGA2_CHECKPOINT_CORRUPT");
    let (other_fleet, other_jobs) = random_case(13, 2, 60);
    let other = Instance::new(&other_fleet, &other_jobs, &NoControl).unwrap();
    assert!(
        Run::resume(&other, settings, &checkpoint, &NoControl).is_err(),
        "genes of another fleet must not be taken"
    );
    // The same shapes, but one job takes a little longer, or children are mutated more often.
    let mut columns = jobs.columns().clone();
    columns.duration_s[59] += 1;
    let changed = Jobs::new(columns).unwrap();
    let other = Instance::new(&fleet, &changed, &NoControl).unwrap();
    let refused = Run::resume(&other, settings, &checkpoint, &NoControl).err().unwrap();
    assert_eq!(refused.code(), "QRT_ERR_NSGA2_CHECKPOINT_MISMATCH");
    let wilder = Settings { mutation: 0.5, ..settings };
    let refused = Run::resume(&instance, wilder, &checkpoint, &NoControl).err().unwrap();
    assert_eq!(refused.code(), "QRT_ERR_NSGA2_CHECKPOINT_MISMATCH");
    let greedy = Settings { strategy: Strategy::Trust, ..settings };
    assert!(Run::resume(&instance, greedy, &checkpoint, &NoControl).is_err());
}

#[test]
fn higher_classes_keep_their_room() {
    // One node for two of three equal jobs: the B job must give way whichever strategy asks.
    let (fleet, _) = random_case(5, 1, 0);
    let free = fleet.free(0);
    let columns = crate::JobsColumns {
        cpu_milli: vec![free[0] / 2; 3],
        memory_mib: vec![0; 3],
        disk_gib: vec![0; 3],
        gpu_count: vec![0; 3],
        gpu_milli: vec![0; 3],
        class: vec![JobClass::B, JobClass::S, JobClass::A],
        duration_s: vec![1; 3],
        ..crate::JobsColumns::default()
    };
    let jobs = Jobs::new(columns).unwrap();
    for strategy in Strategy::ALL {
        let plan = schedule(&fleet, &jobs, &settings(strategy, 1), &NoControl).unwrap();
        assert_eq!(plan.assignment, [None, Some(0), Some(0)], "{strategy:?}");
        assert!(!plan.certificates.is_empty(), "three halves exceed the capacity");
    }
}

#[test]
fn nothing_to_place_and_nowhere_to_place_it() {
    let (fleet, none) = random_case(1, 3, 0);
    let (_, jobs) = random_case(1, 0, 4);
    let nowhere = Fleet::new(crate::FleetColumns::default()).unwrap();
    for strategy in Strategy::ALL {
        let plan = schedule(&fleet, &none, &settings(strategy, 1), &NoControl).unwrap();
        assert!(plan.assignment.is_empty() && plan.unplaced.is_empty() && plan.certificates.is_empty());
        let plan = schedule(&nowhere, &jobs, &settings(strategy, 1), &NoControl).unwrap();
        assert_eq!((plan.unplaced.len(), plan.certificates.len()), (4, 4));
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let (fleet, jobs) = random_case(1, 3, 4);
    let path = |settings: Settings| {
        let error = schedule(&fleet, &jobs, &settings, &NoControl).unwrap_err();
        error.field().unwrap().to_string()
    };
    assert_eq!(path(Settings { crossover: 1.5, ..Settings::default() }), "crossover");
    assert_eq!(path(Settings { mutation: f64::NAN, ..Settings::default() }), "mutation");
    assert_eq!(path(Settings { population: 3, ..Settings::default() }), "population");
    assert_eq!(path(Settings { choice: Choice::Weights([0.0; 5]), ..Settings::default() }), "weights");
}

/// Gives up at the n-th look, and counts how often it was looked at.
struct GiveUp {
    looks: AtomicU64,
    at: u64,
}

impl Control for GiveUp {
    fn cancelled(&self) -> bool {
        self.looks.fetch_add(1, Ordering::Relaxed) >= self.at
    }
    fn progress(&self, _done: u64, _total: u64) {}
}

/// Every phase looks at the control: wherever it gives up, the run ends at once, and says so.
#[test]
fn a_cancelled_run_ends_in_whatever_phase_it_is() {
    // Too little room, so that completing, reasons and proofs take part.
    let (fleet, jobs) = random_case(1, 3, 60);
    for strategy in Strategy::ALL {
        let settings = Settings { parallel: false, generations: 2, ..settings(strategy, 1) };
        let whole = GiveUp { looks: AtomicU64::new(0), at: u64::MAX };
        schedule(&fleet, &jobs, &settings, &whole).unwrap();
        let looks = whole.looks.into_inner();
        assert!(looks > 2 * jobs.len() as u64, "{strategy:?} looks {looks} times");
        for at in (0..looks).step_by(1 + looks as usize / 100) {
            let control = GiveUp { looks: AtomicU64::new(0), at };
            let error = schedule(&fleet, &jobs, &settings, &control).unwrap_err();
            assert_eq!(error.code(), "QRT_ERR_PLACEMENT_CANCELLED");
        }
    }
}
