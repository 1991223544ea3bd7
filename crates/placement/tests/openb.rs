//! The openb instance whole: hard constraints, quality against greedy scheduling, repeatability, repair.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/openb.rs"]
mod openb;

use openb::{BASELINES, load, quality};
use quorate_placement::{Fleet, Jobs, Plan, Settings, repair, schedule, schedule_greedily};
use quorate_types::NoControl;

const PODS: usize = 1_000;

fn instance() -> Option<(Fleet, Jobs)> {
    let loaded = load(PODS);
    if loaded.is_none() {
        // Not println: the test runner keeps what a passing test prints to itself.
        let message = format!("SKIPPED: {} is absent\n", openb::FOLDER);
        let _ = std::io::Write::write_all(&mut std::io::stderr(), message.as_bytes());
    }
    loaded
}

fn plan_on(threads: usize, fleet: &Fleet, jobs: &Jobs) -> Plan {
    let settings = Settings { population: 100, generations: 100, ..Settings::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| schedule(fleet, jobs, &settings, &NoControl).unwrap())
}

/// Amounts above what a node has free, of devices too: a plain first-fit decreasing must find a packing.
fn violations(fleet: &Fleet, jobs: &Jobs, nodes: &[u32]) -> usize {
    let mut free: Vec<[u32; 4]> = (0..fleet.len()).map(|node| fleet.free(node)).collect();
    let mut devices: Vec<_> = (0..fleet.len()).map(|node| fleet.gpu_free(node)).collect();
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    let columns = jobs.columns();
    order.sort_by_key(|&job| std::cmp::Reverse((columns.gpu_milli[job], columns.gpu_count[job])));
    let mut broken = 0;
    for job in order {
        let node = nodes[job] as usize;
        for (free, need) in free[node].iter_mut().zip(jobs.request(job)) {
            broken += usize::from(*free < need);
            *free = free.saturating_sub(need);
        }
        let mut wanted = columns.gpu_count[job];
        for device in &mut devices[node] {
            if wanted > 0 && *device >= columns.gpu_milli[job] {
                *device -= columns.gpu_milli[job];
                wanted -= 1;
            }
        }
        broken += usize::from(wanted);
    }
    broken
}

#[test]
fn all_pods_are_placed_within_every_capacity_and_better_than_greedily() {
    let Some((fleet, jobs)) = instance() else { return };
    let plan = plan_on(2, &fleet, &jobs);
    assert!(plan.unplaced.is_empty() && plan.statistics.feasible_at_start);
    for nodes in plan.front.assignments.chunks(PODS) {
        assert_eq!(violations(&fleet, &jobs, nodes), 0);
    }
    let greedy: Vec<_> = BASELINES
        .map(|(name, rule)| (name, schedule_greedily(&fleet, &jobs, rule).unwrap().front.points[0]))
        .to_vec();
    let together: Vec<_> = greedy.iter().map(|(_, point)| *point).collect();
    let own = quality(&plan.front.points, &together);
    for (name, point) in &greedy {
        assert!(own > quality(&[*point], &together), "{name} has more hypervolume");
        for (objective, value) in point.iter().enumerate() {
            let best = plan.front.points[plan.extremes[objective].best][objective];
            assert!(best <= *value, "{name} is better in objective {objective}");
        }
    }
    // Not only better than each: several times what all of them cover together.
    let all = quality(&together, &together);
    assert!(own > 3.0 * all, "{own} against {all}");
    assert_eq!(plan_on(1, &fleet, &jobs), plan, "threads must not change the plan");
}

#[test]
fn any_lost_zone_is_repaired_with_hardly_more_moves_than_jobs_lost() {
    let Some((fleet, jobs)) = instance() else { return };
    let settings = Settings { generations: 5, ..Settings::default() };
    let plan = schedule(&fleet, &jobs, &settings, &NoControl).unwrap();
    for zone in 0..openb::ZONES {
        let lost = openb::zone(&fleet, zone);
        let repaired = repair(&fleet, &jobs, &plan.assignment, &lost, &NoControl).unwrap();
        assert!(repaired.unplaced.is_empty(), "zone {zone}: {:?}", repaired.unplaced);
        assert!(repaired.moves.len() * 10 <= repaired.moves_lower_bound * 11, "zone {zone}");
        assert!(repaired.moves_lower_bound > 0, "an empty zone proves nothing");
        let nodes: Vec<u32> = repaired.assignment.iter().map(|node| node.unwrap()).collect();
        assert_eq!(violations(&fleet, &jobs, &nodes), 0);
        assert!(nodes.iter().all(|node| lost.binary_search(node).is_err()));
    }
}
