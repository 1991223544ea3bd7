//! Sorting, indicators and whole runs, under criterion.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../examples/support/laws.rs"]
mod laws;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use quorate_nsga2::indicators::hypervolume;
use quorate_nsga2::sort::{Path, Sorter};
use quorate_nsga2::{Real, Settings, problems, run};
use quorate_types::NoControl;
use std::hint::black_box;

fn sorting(criterion: &mut Criterion) {
    for path in Path::ALL.into_iter().filter(|path| path.available()) {
        let mut group = criterion.benchmark_group(format!("sort/{path:?}"));
        for law in laws::LAWS {
            for count in 2..=5 {
                for points in [100, 1_000, 10_000] {
                    let objectives = laws::instance(law, points, count);
                    let mut sorter = Sorter::with_path(path);
                    group.bench_function(BenchmarkId::new(law, format!("{count}x{points}")), |bencher| {
                        bencher.iter(|| black_box(sorter.rank(&objectives, count).unwrap()[0]));
                    });
                }
            }
        }
        group.finish();
    }
}

fn volumes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hypervolume");
    for count in 2..=5 {
        for points in [100, 1_000] {
            let (set, reference) = (laws::simplex(points, count), vec![1.1; count]);
            group.bench_function(BenchmarkId::new("simplex", format!("{count}x{points}")), |bencher| {
                bencher.iter(|| black_box(hypervolume(&set, &reference).unwrap()));
            });
        }
    }
    group.finish();
}

fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    for (name, objectives) in [("ZDT1", 2), ("DTLZ2", 3), ("DTLZ2", 5)] {
        for (population, generations) in [(100, 250), (1_000, 100)] {
            let problem = Real::new(problems::by_name(name, Some(objectives)).unwrap());
            let settings = Settings { population, generations, parallel: false, ..Settings::default() };
            let label = format!("{name}-{objectives} {population}x{generations}");
            group.bench_function(label, |bencher| {
                bencher.iter(|| black_box(run(&problem, &settings, &NoControl).unwrap()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, sorting, volumes, runs);
criterion_main!(benches);
