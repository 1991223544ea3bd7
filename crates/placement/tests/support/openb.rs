#![allow(dead_code, unreachable_pub, reason = "each test, bench and example uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a trace that cannot be read is to be seen at once")]
//! The openb instance: the nodes of Alibaba's GPU cluster trace of 2023 and the first pods of its default
//! list.
//!
//! Capacities and requests are the trace's. What it does not hold is drawn from one documented law, seeded,
//! by splitmix64 over (seed, node, measure): latency 2 to 120 ms, cost and price 10 000 to 50 000
//! micro-units, each uniform, and trust 5000 to 10 000 basis points; all independent. Quality of service
//! gives the class: `Guaranteed` S, `LS` A, the others B.

use std::path::Path;

use quorate_nsga2::indicators::hypervolume;
use quorate_placement::{
    Fleet, FleetColumns, Greedy, JobClass, Jobs, JobsColumns, OBJECTIVES, ObjectiveValues,
};

/// Where the trace lies.
pub const FOLDER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/placement/alibaba-gpu-2023");

const MODELS: [&str; 8] = ["", "P100", "T4", "V100M16", "V100M32", "G2", "G3", "A10"];

/// The nodes and the first `pods` pods, or `None` where the trace is absent.
pub fn load(pods: usize) -> Option<(Fleet, Jobs)> {
    let folder = Path::new(FOLDER);
    let nodes = std::fs::read_to_string(folder.join("openb_node_list_all_node.csv")).ok()?;
    let list = std::fs::read_to_string(folder.join("openb_pod_list_default.csv")).ok()?;
    Some((fleet(&nodes), jobs(&list, pods)))
}

fn fleet(csv: &str) -> Fleet {
    let mut columns = FleetColumns::default();
    for (node, line) in csv.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        columns.cpu_milli.push(number(cells[1]));
        columns.memory_mib.push(number(cells[2]));
        columns.disk_gib.push(0);
        columns.gpu_count.push(number(cells[3]) as u8);
        columns.gpu_model.push(model(cells[4]));
        columns.latency_us.push(2_000 + draw(node, 0, 118_001));
        columns.trust.push(5_000 + draw(node, 1, 5_001) as u16);
        columns.cost_micro.push(10_000 + draw(node, 2, 40_001));
        columns.price_micro.push(10_000 + draw(node, 3, 40_001));
    }
    Fleet::new(columns).unwrap()
}

fn jobs(csv: &str, pods: usize) -> Jobs {
    let mut columns = JobsColumns::default();
    for line in csv.lines().skip(1).take(pods) {
        let cells: Vec<&str> = line.split(',').collect();
        columns.cpu_milli.push(number(cells[1]));
        columns.memory_mib.push(number(cells[2]));
        columns.disk_gib.push(0);
        let gpus = number(cells[3]) as u8;
        columns.gpu_count.push(gpus);
        columns.gpu_milli.push(if gpus == 0 { 0 } else { number(cells[4]) as u16 });
        let models = cells[5].split('|').filter(|name| !name.is_empty());
        columns.gpu_models.push(models.map(|name| 1_u64 << model(name)).sum());
        columns.class.push(match cells[6] {
            "Guaranteed" => JobClass::S,
            "LS" => JobClass::A,
            _ => JobClass::B,
        });
        // A pod that never ran has no scheduled time; one that still ran has a deletion time at the end of
        // the trace.
        let run_s = number(cells[9]).saturating_sub(number(cells[10]));
        columns.duration_s.push(run_s);
    }
    Jobs::new(columns).unwrap()
}

fn number(cell: &str) -> u32 {
    if cell.is_empty() { 0 } else { cell.parse::<f64>().unwrap() as u32 }
}

fn model(name: &str) -> u8 {
    MODELS.iter().position(|known| *known == name).unwrap() as u8
}

fn draw(node: usize, measure: u64, below: u32) -> u32 {
    let mut bits = (node as u64 * 4 + measure + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) % u64::from(below)) as u32
}

/// What NSGA-II is compared with.
pub const BASELINES: [(&str, Greedy); 3] = [
    ("best-fit", Greedy::BestFit),
    ("spread", Greedy::Spread),
    ("weighted-sum", Greedy::WeightedSum([0.2; OBJECTIVES])),
];

/// The trace names no zones; runs of neighbouring nodes, which are often of one kind, stand for them.
pub const ZONES: usize = 8;

/// The nodes of a zone, ascending.
pub fn zone(fleet: &Fleet, zone: usize) -> Vec<u32> {
    let nodes = fleet.len();
    (zone * nodes / ZONES..(zone + 1) * nodes / ZONES).map(|node| node as u32).collect()
}

/// Exact hypervolume below the worst value of `references` in each objective, plus a tenth, and above 0; as a
/// share of that box, 0 to 1.
pub fn quality(points: &[ObjectiveValues], references: &[ObjectiveValues]) -> f64 {
    let worst: ObjectiveValues =
        std::array::from_fn(|at| 1.1 * references.iter().map(|point| point[at]).fold(0.0, f64::max));
    let scaled: Vec<f64> =
        points.iter().flat_map(|point| (0..OBJECTIVES).map(|at| point[at] / worst[at])).collect();
    hypervolume(&scaled, &[1.0; OBJECTIVES]).unwrap()
}
