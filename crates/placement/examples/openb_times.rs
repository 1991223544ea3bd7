//! Wall and CPU time of whole plans of the openb instance, as CSV:
//! `cargo run --release -p quorate-placement --example openb_times [runs]`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and prints")]

#[path = "../tests/support/openb.rs"]
mod openb;

use std::time::Instant;

use quorate_placement::{Settings, repair, schedule};
use quorate_types::NoControl;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs = std::env::args().nth(1).map_or(Ok(20), |runs| runs.parse())?;
    println!("what,pods,threads,runs,wall_p50_ms,wall_p95_ms,cpu_p50_ms,cpu_p95_ms");
    for pods in [100, 1_000, 4_000] {
        let (fleet, jobs) = openb::load(pods).ok_or("the trace is absent")?;
        let mut settings = Settings { population: 100, generations: 100, ..Settings::default() };
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            measure("nsga_ii", pods, threads, runs, |run| {
                settings.seed = run as u64;
                pool.install(|| schedule(&fleet, &jobs, &settings, &NoControl)).is_ok()
            });
        }
        let plan = schedule(&fleet, &jobs, &settings, &NoControl)?;
        measure("repair", pods, 1, runs, |run| {
            let lost = openb::zone(&fleet, run % openb::ZONES);
            repair(&fleet, &jobs, &plan.assignment, &lost, &NoControl).is_ok()
        });
    }
    Ok(())
}

fn measure(what: &str, pods: usize, threads: usize, runs: usize, mut work: impl FnMut(usize) -> bool) {
    let mut wall_ms = Vec::new();
    let mut cpu_ms = Vec::new();
    work(0);
    for run in 0..runs {
        let (start, cpu_start) = (Instant::now(), cpu_now_ms());
        assert!(work(run));
        wall_ms.push(start.elapsed().as_secs_f64() * 1e3);
        cpu_ms.push(cpu_now_ms() - cpu_start);
    }
    let quantile = |times: &mut Vec<f64>, percent: usize| {
        times.sort_by(f64::total_cmp);
        times[(times.len() * percent).div_ceil(100) - 1]
    };
    println!(
        "{what},{pods},{threads},{runs},{:.1},{:.1},{:.1},{:.1}",
        quantile(&mut wall_ms, 50),
        quantile(&mut wall_ms, 95),
        quantile(&mut cpu_ms, 50),
        quantile(&mut cpu_ms, 95)
    );
}

/// Time on a processor of all threads of this process, from Linux's schedstat; 0 elsewhere.
fn cpu_now_ms() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let run_ns = |task: std::io::Result<std::fs::DirEntry>| -> Option<f64> {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    tasks.filter_map(run_ns).sum::<f64>() / 1e6
}
