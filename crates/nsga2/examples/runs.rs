//! Runs NSGA-II on built-in problems and prints one CSV line per run: problem, objectives, population,
//! generations, seed, seconds, hypervolume, IGD+, feasible individuals.
//!
//! `runs FRONTS POPULATION GENERATIONS SEEDS [~]PROBLEM[:OBJECTIVES]...`; `~` asks for the epsilon level.
//! FRONTS is the folder of reference fronts. Where it has one for the problem, objectives are scaled so that
//! the front spans 0 to 1, the hypervolume is measured up to 1.1 in each, and IGD+ against the front;
//! elsewhere both are left empty. All on one thread.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "support/fronts.rs"]
mod fronts;

use quorate_nsga2::indicators::{hypervolume, igd_plus};
use quorate_nsga2::{ConstraintHandling, Problem, Real, Settings, problems, run};
use quorate_types::NoControl;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments[index].parse::<u32>().unwrap();
    println!("problem,objectives,population,generations,seed,seconds,hypervolume,igd_plus,feasible");
    for name in &arguments[5..] {
        let (name, objectives) = name.split_once(':').map_or((name.as_str(), None), |(name, objectives)| {
            (name, Some(objectives.parse::<usize>().unwrap()))
        });
        let (constraints, name) = match name.strip_prefix('~') {
            Some(name) => (ConstraintHandling::EpsilonLevel, name),
            None => (ConstraintHandling::FeasibilityFirst, name),
        };
        let problem = Real::new(problems::by_name(name, objectives).unwrap());
        let count = problem.shape().objectives;
        let front = fronts::read(&arguments[1], name, count);
        for seed in 1..=u64::from(number(4)) {
            let settings = Settings {
                population: number(2) as usize,
                generations: number(3),
                seed,
                constraints,
                parallel: false,
                ..Settings::default()
            };
            let start = processor_seconds();
            let outcome = run(&problem, &settings, &NoControl).unwrap();
            let seconds = processor_seconds() - start;
            let feasible = outcome.violations.iter().filter(|&&violation| violation == 0.0).count();
            let best: Vec<f64> =
                outcome.front().iter().flat_map(|&row| outcome.objectives_of(row).to_vec()).collect();
            let (mut volume, mut distance) = (String::new(), String::new());
            if let (Some(front), false) = (&front, best.is_empty()) {
                let scaled = front.scale(&best);
                volume = hypervolume(&scaled, &vec![1.1; count]).unwrap().to_string();
                distance = igd_plus(&scaled, &front.points, count).unwrap().to_string();
            }
            let Settings { population, generations, .. } = settings;
            println!(
                "{name},{count},{population},{generations},{seed},{seconds:.4},{volume},{distance},{feasible}"
            );
        }
    }
}

/// Time that this thread has run, which a busy machine does not stretch; Linux counts it in ticks of some
/// milliseconds.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
}
