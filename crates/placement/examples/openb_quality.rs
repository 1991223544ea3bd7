//! Quality of plans of the openb instance against greedy scheduling, as CSV:
//! `cargo run --release -p quorate-placement --example openb_quality [pods]`.
#![allow(clippy::print_stdout, reason = "it prints a table")]

#[path = "../tests/support/openb.rs"]
mod openb;

use quorate_placement::{ObjectiveValues, Settings, schedule, schedule_greedily};
use quorate_types::NoControl;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pods = std::env::args().nth(1).map_or(Ok(1_000), |pods| pods.parse())?;
    let (fleet, jobs) = openb::load(pods).ok_or("the trace is absent")?;
    let mut greedy = Vec::new();
    for (name, rule) in openb::BASELINES {
        let plan = schedule_greedily(&fleet, &jobs, rule)?;
        greedy.push((name, plan.front.points[0], plan.unplaced.len()));
    }
    let points: Vec<ObjectiveValues> = greedy.iter().map(|(_, point, _)| *point).collect();
    println!("what,hypervolume,points,unplaced,latency_ms,load_deviation,distrust,cost,price");
    let row = |name: &str, points_own: &[ObjectiveValues], unplaced: usize, best: ObjectiveValues| {
        let quality = openb::quality(points_own, &points);
        let [latency, load, distrust, cost, price] = best;
        // Units of the currency, not millionths.
        let (cost, price) = (cost / 1e6, price / 1e6);
        let count = points_own.len();
        println!(
            "{name},{quality:.4},{count},{unplaced},{latency:.3},{load:.4},{distrust:.4},{cost:.0},{price:.0}"
        );
    };
    for (name, point, unplaced) in &greedy {
        row(name, &[*point], *unplaced, *point);
    }
    row(
        "all three",
        &points,
        0,
        std::array::from_fn(|at| points.iter().map(|point| point[at]).fold(f64::MAX, f64::min)),
    );
    for seed in 1..=11 {
        let settings = Settings { population: 100, generations: 100, seed, ..Settings::default() };
        let plan = schedule(&fleet, &jobs, &settings, &NoControl)?;
        let best = std::array::from_fn(|at| plan.front.points[plan.extremes[at].best][at]);
        row(&format!("nsga_ii seed {seed}"), &plan.front.points, plan.unplaced.len(), best);
    }
    Ok(())
}
