//! Prints one CSV line per cell of the sorting benchmark: law, objectives, points, path, microseconds of CPU.
//!
//! With a folder as argument it also writes each instance there as little-endian f64, for a peer to read.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "support/laws.rs"]
mod laws;

use quorate_nsga2::sort::{Path, Sorter};
use std::time::Instant;

fn main() {
    let folder = std::env::args().nth(1);
    println!("law,objectives,points,path,microseconds");
    for law in laws::LAWS {
        for count in 2..=5 {
            for points in [100, 1_000, 10_000] {
                let objectives = laws::instance(law, points, count);
                if let Some(folder) = &folder {
                    let bytes: Vec<u8> = objectives.iter().flat_map(|value| value.to_le_bytes()).collect();
                    std::fs::write(format!("{folder}/{law}-{count}-{points}.f64"), bytes).unwrap();
                }
                for path in Path::ALL.into_iter().filter(|path| path.available()) {
                    let median = median_microseconds(path, &objectives, count);
                    println!("{law},{count},{points},{path:?},{median:.1}");
                }
            }
        }
    }
}

/// Median of 15 rounds, each long enough for the clock.
fn median_microseconds(path: Path, objectives: &[f64], count: usize) -> f64 {
    let mut sorter = Sorter::with_path(path);
    sorter.rank(objectives, count).unwrap();
    let repeats = (20_000 / (objectives.len() / count)).max(1);
    let mut rounds: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..repeats {
                std::hint::black_box(sorter.rank(objectives, count).unwrap());
            }
            start.elapsed().as_secs_f64() * 1e6 / repeats as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[7]
}
