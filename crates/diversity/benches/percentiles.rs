//! p50 and p99, which criterion does not print: `cargo bench -p quorate-diversity --bench percentiles`.
//!
//! Wall time of one thread: whatever else the machine does lengthens the tail and never shortens it. So each
//! piece of work is done 5 times; `p99` is over all runs, `quiet p99` over the fastest of each 5: a tail that
//! is left there comes from the data and not from the machine. With `-- hard` it runs worlds made to be hard
//! for the search.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a bench measures and prints"
)]

mod support;

use std::hint::black_box;
use std::time::Instant;

use quorate_diversity::{
    Axis, Columns, Index, Pool, Repair, Requirement, SelectOptions, Selection, explain, measures, remedies,
    repair, select, select_with, validate, what_if,
};
use support::{Random, pool};

const POOLS: u64 = 200;

/// Each piece of work is done this often per pool, and every run is a sample.
const REPEATS: usize = 5;

struct Samples {
    ns: Vec<u64>,
}

impl Samples {
    fn new() -> Self {
        Self { ns: Vec::new() }
    }

    fn measure<T>(&mut self, mut work: impl FnMut() -> T) -> T {
        for _ in 1..REPEATS {
            self.once(&mut work);
        }
        self.once(&mut work)
    }

    fn once<T>(&mut self, work: &mut impl FnMut() -> T) -> T {
        let start = Instant::now();
        let result = black_box(work());
        self.ns.push(start.elapsed().as_nanos() as u64);
        result
    }

    fn print(mut self, name: &str) {
        let best = |runs: &[u64]| runs.iter().copied().min().unwrap_or(0);
        let mut quiet: Vec<u64> = self.ns.chunks(REPEATS).map(best).collect();
        quiet.sort_unstable();
        self.ns.sort_unstable();
        let at = |ns: &[u64], share: usize| ns[(ns.len() - 1) * share / 100] as f64 / 1_000.0;
        let (median, tail, most) = (at(&self.ns, 50), at(&self.ns, 99), at(&self.ns, 100));
        let quiet = at(&quiet, 99);
        println!("{name:<40} p50 {median:>8.1}  p99 {tail:>8.1}  max {most:>8.1}  quiet p99 {quiet:>8.1} us");
    }
}

fn gold(size: usize) -> Requirement {
    let mut gold = Requirement::gold();
    gold.name = format!("GOLD-{size}");
    gold
}

fn selection() {
    for candidates in [20, 100, 1_000, 10_000] {
        let pools: Vec<Pool> = (0..POOLS).map(|seed| pool(candidates, seed)).collect();
        let (mut fresh_index, level) = (Samples::new(), gold(0));
        for pool in &pools {
            fresh_index.measure(|| Index::new(pool, &level));
        }
        fresh_index.print(&format!("n={candidates} index alone"));
        for size in [3, 5, 7] {
            let (mut fresh, mut cached, mut greedy) = (Samples::new(), Samples::new(), Samples::new());
            let (mut infeasible, mut undecided, mut nodes, mut ratio) = (0, 0, 0, 0.0);
            let options = SelectOptions::exact(size);
            for pool in &pools {
                let level = gold(size);
                fresh.measure(|| select_with(pool, &Index::new(pool, &level), &options).expect("valid"));
                pool.index(&level).expect("valid");
                let selection = cached.measure(|| select(pool, &level, &options).expect("valid"));
                let by_greedy =
                    greedy.measure(|| quorate_diversity::greedy(pool, &level, size).expect("valid"));
                match selection {
                    Selection::Feasible(chosen) => {
                        nodes = nodes.max(chosen.nodes);
                        let members: Vec<u32> = by_greedy.steps.iter().map(|step| step.member).collect();
                        let weight: u64 = members.iter().filter_map(|&member| pool.weight(member)).sum();
                        let valid = validate(pool, &level, &members, size).expect("valid").valid;
                        ratio += if valid { weight as f64 / chosen.total_weight as f64 } else { 0.0 };
                    }
                    Selection::Infeasible(_) => infeasible += 1,
                    Selection::Undecided { .. } => undecided += 1,
                }
            }
            fresh.print(&format!("n={candidates} K={size} exact, fresh index"));
            cached.print(&format!("n={candidates} K={size} exact, cached index"));
            greedy.print(&format!("n={candidates} K={size} greedy"));
            let feasible = POOLS as usize - infeasible - undecided;
            let ratio = ratio / feasible.max(1) as f64;
            print!("    infeasible {infeasible}, undecided {undecided}, nodes max {nodes}, ");
            println!("greedy/optimum {ratio:.4}");
        }
    }
}

fn questions() {
    let level = Requirement::gold();
    let pools: Vec<Pool> = (0..POOLS).map(|seed| pool(10_000, seed)).collect();
    let (mut mend, mut why, mut domains) = (Samples::new(), Samples::new(), Samples::new());
    let (mut whole, mut fleet, mut build) = (Samples::new(), Samples::new(), Samples::new());
    for (seed, pool) in pools.iter().enumerate() {
        let Ok(Selection::Feasible(chosen)) = select(pool, &level, &SelectOptions::exact(3)) else {
            continue;
        };
        let lost = [chosen.members[seed % 3]];
        let repaired = mend.measure(|| repair(pool, &level, &chosen.members, &lost).expect("valid"));
        assert!(matches!(repaired, Repair::Repaired(change) if change.kept.len() == 2));
        why.measure(|| explain(pool, &level, &chosen.members).expect("valid"));
        domains.measure(|| what_if(pool, &level, &chosen.members).expect("valid"));
        let all: Vec<u32> = (0..10_000).collect();
        whole.measure(|| measures(pool, &all).expect("valid"));
        fleet.measure(|| validate(pool, &level, &all, 0).expect("valid"));
    }
    for seed in 0..20 {
        let columns = support::columns(10_000, seed);
        build.measure(|| Pool::new(columns.clone(), 0).expect("valid"));
    }
    mend.print("n=10000 K=3 repair of one lost member");
    why.print("n=10000 K=3 explain every candidate");
    domains.print("K=3 what-if");
    whole.print("measures of 10000 members");
    fleet.print("validate 10000 members");
    build.print("n=10000 build the pool");
    let mut impossible = Samples::new();
    let one_vendor = Requirement::gold().with(Axis::TeeVendor, 4, 0);
    for pool in pools.iter().take(20) {
        let index = Index::new(pool, &one_vendor);
        impossible.measure(|| select_with(pool, &index, &SelectOptions::exact(5)).expect("valid"));
    }
    impossible.print("n=10000 K=5 infeasible, certificate");
    let mut helps = Samples::new();
    for pool in pools.iter().take(20) {
        helps.measure(|| remedies(pool, &one_vendor, 5).expect("valid"));
    }
    helps.print("n=10000 K=5 remedies");
}

/// Worlds made to be hard: what the relaxation forgets is what decides.
fn hard() {
    let vendors = |columns: &mut Columns, _: &mut Random| {
        for (asn, vendor) in values(columns, Axis::Asn, Axis::TeeVendor) {
            *vendor = if asn == 1 { 2 + (*vendor % 2) } else { 1 };
        }
    };
    let operators = |columns: &mut Columns, random: &mut Random| {
        let n = columns.len();
        columns.names[Axis::Operator.index()] = ["UNKNOWN"].into_iter().map(str::to_owned).collect();
        columns.names[Axis::Operator.index()].extend((1..=8).map(|operator| format!("operator-{operator}")));
        columns.values[Axis::Operator.index()] = (0..n).map(|_| 1 + random.below(8) as u32).collect();
    };
    let overlapping = |columns: &mut Columns, random: &mut Random| {
        let n = columns.len();
        columns.region_offsets = (0..=n as u32).map(|index| 3 * index).collect();
        columns.region_share_ppm = vec![300_000; 3 * n];
        let row = |_| {
            let first = random.below(10) as u32;
            [1 + first, 2 + first, 3 + first]
        };
        columns.region_ids = (0..n).flat_map(row).collect();
    };
    let equal = |columns: &mut Columns, _: &mut Random| columns.weight.fill(1_000);
    let tight = |columns: &mut Columns, _: &mut Random| {
        columns.region_ids.iter_mut().for_each(|region| *region = 1 + *region % 9);
        columns.values[Axis::Asn.index()].iter_mut().for_each(|asn| *asn = 1 + *asn % 9);
    };
    let three = Requirement::gold().with(Axis::TeeVendor, 3, 0);
    let per_operator = Requirement::gold().with(Axis::Operator, 0, 1);
    let countries = Requirement::gold().with(Axis::Country, 5, 0);
    hard_world("2 of 3 vendors in one ASN, K=5", &vendors, &three, 5);
    hard_world("a third cap: 8 operators, K=7", &operators, &per_operator, 7);
    hard_world("a third cap: 8 operators, K=8", &operators, &per_operator, 8);
    hard_world("3 of 12 regions each, K=4", &overlapping, &Requirement::gold(), 4);
    hard_world("3 of 12 regions each, K=5", &overlapping, &Requirement::gold(), 5);
    hard_world("equal weights, 5 countries, K=6", &equal, &countries, 6);
    hard_world("9 ASNs, 9 regions, K=9", &tight, &Requirement::gold(), 9);
    hard_world("9 ASNs, 9 regions, K=10", &tight, &Requirement::gold(), 10);
}

/// The values of one axis beside mutable ones of another.
fn values(columns: &mut Columns, one: Axis, other: Axis) -> impl Iterator<Item = (u32, &mut u32)> {
    columns.values[one.index()].clone().into_iter().zip(&mut columns.values[other.index()])
}

fn hard_world(name: &str, change: &dyn Fn(&mut Columns, &mut Random), level: &Requirement, size: usize) {
    for candidates in [200, 10_000] {
        let mut samples = Samples::new();
        let (mut feasible, mut infeasible, mut undecided, mut nodes_max) = (0, 0, 0, 0);
        for seed in 0..20 {
            let mut columns = support::columns(candidates, seed);
            change(&mut columns, &mut Random(seed));
            let pool = Pool::new(columns, 0).expect("the world is valid");
            let index = Index::new(&pool, level);
            match samples.measure(|| select_with(&pool, &index, &SelectOptions::exact(size)).expect("valid"))
            {
                Selection::Feasible(chosen) => {
                    feasible += 1;
                    nodes_max = nodes_max.max(chosen.nodes);
                }
                Selection::Infeasible(_) => infeasible += 1,
                Selection::Undecided { .. } => undecided += 1,
            }
        }
        samples.print(&format!("n={candidates} {name}"));
        println!(
            "    feasible {feasible}, infeasible {infeasible}, undecided {undecided}, nodes max {nodes_max}"
        );
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "hard") {
        return hard();
    }
    selection();
    questions();
}
