//! Medians of selection and measures: `cargo bench -p quorate-diversity --bench selection`.
#![allow(clippy::expect_used, reason = "a bench fails loudly")]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use quorate_diversity::{Evidence, Selection, greedy};
use quorate_diversity::{Index, Requirement, SelectOptions, measures, repair, select, select_with};
use support::pool;

/// Selection over pool sizes: with the index made each time, with the pool's index, and by greedy.
fn selection(criterion: &mut Criterion) {
    let level = Requirement::gold();
    for size in [3, 5, 7] {
        let mut group = criterion.benchmark_group(format!("gold K={size}"));
        let options = SelectOptions::exact(size);
        for candidates in [20, 100, 1_000, 10_000] {
            let pool = pool(candidates, 1);
            group.bench_function(BenchmarkId::new("exact, fresh index", candidates), |bencher| {
                bencher.iter(|| select_with(&pool, &Index::new(&pool, &level), &options).expect("valid"));
            });
            group.bench_function(BenchmarkId::new("exact, cached index", candidates), |bencher| {
                bencher.iter(|| select(black_box(&pool), &level, &options).expect("valid"));
            });
            group.bench_function(BenchmarkId::new("greedy", candidates), |bencher| {
                bencher.iter(|| greedy(black_box(&pool), &level, size).expect("valid"));
            });
        }
        group.finish();
    }
}

fn questions(criterion: &mut Criterion) {
    let level = Requirement::gold();
    let pool = pool(10_000, 1);
    let all: Vec<u32> = (0..10_000).collect();
    criterion.bench_function("measures of 10000 members", |bencher| {
        bencher.iter(|| measures(black_box(&pool), &all).expect("valid"));
    });
    let selection = select(&pool, &level, &SelectOptions::exact(3)).expect("valid");
    let Selection::Feasible(chosen) = selection else { return };
    criterion.bench_function("repair of one member in 10000", |bencher| {
        bencher.iter(|| repair(&pool, &level, &chosen.members, &chosen.members[..1]).expect("valid"));
    });
    let evidence = Evidence { axes: [9_000; 8], asn_name_only: false, attested: true, bound_facts: 4 };
    criterion.bench_function("confidence of one device", |bencher| {
        bencher.iter(|| black_box(&evidence).score_for(black_box(&level)));
    });
}

criterion_group!(benches, selection, questions);
criterion_main!(benches);
