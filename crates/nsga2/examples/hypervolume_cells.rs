//! Prints one CSV line per cell of the hypervolume benchmark: objectives, points, hypervolume, microseconds.
//!
//! Points lie on a simplex, the reference is 1.1 in every objective. With a folder as argument it also writes
//! each instance there as little-endian f64, for a peer to read.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "support/laws.rs"]
mod laws;

use quorate_nsga2::indicators::hypervolume;
use std::time::Instant;

fn main() {
    let folder = std::env::args().nth(1);
    println!("objectives,points,hypervolume,microseconds");
    for count in 2..=5 {
        for points in [100, 1_000] {
            let set = laws::simplex(points, count);
            let reference = vec![1.1; count];
            if let Some(folder) = &folder {
                let bytes: Vec<u8> = set.iter().flat_map(|value| value.to_le_bytes()).collect();
                std::fs::write(format!("{folder}/hv-{count}-{points}.f64"), bytes).unwrap();
            }
            let mut rounds: Vec<f64> = (0..9)
                .map(|_| {
                    let start = Instant::now();
                    std::hint::black_box(hypervolume(&set, &reference).unwrap());
                    start.elapsed().as_secs_f64() * 1e6
                })
                .collect();
            rounds.sort_by(f64::total_cmp);
            println!("{count},{points},{},{:.1}", hypervolume(&set, &reference).unwrap(), rounds[4]);
        }
    }
}
