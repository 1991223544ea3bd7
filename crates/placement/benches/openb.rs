//! One plan of the openb instance, population 100, 100 generations: `cargo bench -p quorate-placement`.

#[path = "../tests/support/openb.rs"]
mod openb;

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_placement::{Settings, repair, schedule, schedule_greedily};
use quorate_types::NoControl;

fn plans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("openb");
    group.sample_size(20);
    for pods in [100, 1_000, 4_000] {
        let Some((fleet, jobs)) = openb::load(pods) else { return };
        let settings = Settings { population: 100, generations: 100, ..Settings::default() };
        for threads in [1, 2] {
            let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else { return };
            group.bench_function(format!("nsga_ii/{pods} pods/{threads} threads"), |bencher| {
                bencher.iter(|| pool.install(|| schedule(&fleet, &jobs, &settings, &NoControl)));
            });
        }
        for (name, rule) in openb::BASELINES {
            group.bench_function(format!("{name}/{pods} pods"), |bencher| {
                bencher.iter(|| schedule_greedily(&fleet, &jobs, rule));
            });
        }
    }
    let Some((fleet, jobs)) = openb::load(1_000) else { return };
    let Ok(plan) = schedule(&fleet, &jobs, &Settings::default(), &NoControl) else { return };
    let lost = openb::zone(&fleet, 0);
    group.bench_function("repair of a zone/1000 pods", |bencher| {
        bencher.iter(|| repair(&fleet, &jobs, &plan.assignment, &lost, &NoControl));
    });
}

criterion_group!(benches, plans);
criterion_main!(benches);
