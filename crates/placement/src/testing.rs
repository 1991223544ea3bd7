//! Small random cases for the tests of this crate, and a second, plain opinion on capacities.

use quorate_nsga2::Random;

use crate::fleet::{Fleet, FleetColumns};
use crate::jobs::{ANY_NODE, JobClass, Jobs, JobsColumns};
use crate::resource::{GPUS_PER_NODE_MAX, RESOURCES};

/// A fleet of `nodes` and `jobs` that are often too many for it, with existing load, GPU models and node
/// sets.
pub(crate) fn random_case(seed: u64, nodes: usize, jobs: usize) -> (Fleet, Jobs) {
    let mut random = Random::stream(seed, 0, 0);
    let fleet = Fleet::new(random_fleet(&mut random, nodes)).unwrap();
    (fleet, Jobs::new(random_jobs(&mut random, nodes, jobs)).unwrap())
}

fn random_fleet(random: &mut Random, nodes: usize) -> FleetColumns {
    let mut fleet = FleetColumns::default();
    for _ in 0..nodes {
        let cpu = 1_000 * (1 + random.below(16) as u32);
        let gpus = [0, 0, 1, 2, 4, 8][random.below(6)];
        fleet.cpu_milli.push(cpu);
        fleet.memory_mib.push(cpu * 2);
        fleet.disk_gib.push(100);
        fleet.gpu_count.push(gpus);
        fleet.gpu_model.push(random.below(3) as u8);
        fleet.cpu_used_milli.push(if random.chance(0.3) { cpu / 4 } else { 0 });
        fleet.memory_used_mib.push(0);
        fleet.disk_used_gib.push(0);
        for device in 0..GPUS_PER_NODE_MAX {
            let used = if device < usize::from(gpus) && random.chance(0.2) { 300 } else { 0 };
            fleet.gpu_used_milli.push(used);
        }
        fleet.latency_us.push(1_000 + random.below(200_000) as u32);
        fleet.trust.push(random.below(10_001) as u16);
        fleet.cost_micro.push(1_000 + random.below(50_000) as u32);
        fleet.price_micro.push(1_000 + random.below(50_000) as u32);
    }
    fleet
}

fn random_jobs(random: &mut Random, nodes: usize, jobs: usize) -> JobsColumns {
    let mut columns = JobsColumns::default();
    if nodes > 0 {
        columns.node_sets.push((0..nodes as u32).filter(|_| random.chance(0.5)).collect());
    }
    for _ in 0..jobs {
        let cpu = 500 * (1 + random.below(6) as u32);
        let (gpu_count, gpu_milli) = match random.below(6) {
            0 => (1, 1_000),
            1 => (1, 100 + 50 * random.below(18) as u16),
            2 => (1, [250, 340, 460, 510][random.below(4)]),
            3 => (2, [400, 1_000][random.below(2)]),
            _ => (0, 0),
        };
        columns.cpu_milli.push(cpu);
        columns.memory_mib.push(cpu);
        columns.disk_gib.push(random.below(20) as u32);
        columns.gpu_count.push(gpu_count);
        columns.gpu_milli.push(gpu_milli);
        columns.class.push(JobClass::ALL[random.below(3)]);
        columns.duration_s.push(random.below(100_000) as u32);
        columns.gpu_models.push(if gpu_count > 0 && random.chance(0.2) { 0b011 } else { 0 });
        columns.node_set.push(if nodes > 0 && random.chance(0.2) { 0 } else { ANY_NODE });
    }
    columns
}

/// Counts broken hard constraints without any code of the crate proper: amounts per node, models, node sets,
/// and devices by an exhaustive search for a packing.
pub(crate) fn violations(fleet: &Fleet, jobs: &Jobs, assignment: &[Option<u32>]) -> usize {
    let columns = jobs.columns();
    let mut broken = 0;
    for node in 0..fleet.len() as u32 {
        let here: Vec<usize> = (0..jobs.len()).filter(|&job| assignment[job] == Some(node)).collect();
        let mut used = [0_u64; RESOURCES];
        for &job in &here {
            for (used, need) in used.iter_mut().zip(jobs.request(job)) {
                *used += u64::from(need);
            }
            let models = columns.gpu_models[job];
            let model = fleet.columns().gpu_model[node as usize];
            let gpus = fleet.columns().gpu_count[node as usize];
            broken += usize::from(models != 0 && (gpus == 0 || models >> model & 1 == 0));
            let set = columns.node_set[job];
            broken += usize::from(set != ANY_NODE && !columns.node_sets[set as usize].contains(&node));
        }
        let free = fleet.free(node as usize);
        broken += (0..RESOURCES).filter(|&resource| used[resource] > u64::from(free[resource])).count();
        let mut shares: Vec<(u8, u16)> =
            here.iter().map(|&job| (columns.gpu_count[job], columns.gpu_milli[job])).collect();
        shares.retain(|&(count, _)| count > 0);
        shares.sort_unstable_by_key(|&(count, milli)| std::cmp::Reverse((milli, count)));
        broken += usize::from(!devices_pack(&mut fleet.gpu_free(node as usize), &shares));
    }
    broken
}

/// Whether the shares can be packed at all, by trying every set of devices for each.
fn devices_pack(devices: &mut [u16; GPUS_PER_NODE_MAX], shares: &[(u8, u16)]) -> bool {
    let Some((&(count, milli), rest)) = shares.split_first() else { return true };
    let fitting: Vec<usize> = (0..GPUS_PER_NODE_MAX).filter(|&device| devices[device] >= milli).collect();
    let sets = 0_u32..1 << fitting.len();
    sets.filter(|set| set.count_ones() == u32::from(count)).any(|set| {
        let mut tried = *devices;
        for (bit, &device) in fitting.iter().enumerate() {
            tried[device] -= if set >> bit & 1 == 1 { milli } else { 0 };
        }
        devices_pack(&mut tried, rest)
    })
}

/// Whether some complete placement is valid, by trying all of them.
pub(crate) fn placeable(fleet: &Fleet, jobs: &Jobs) -> bool {
    let nodes = fleet.len();
    (0..nodes.pow(jobs.len() as u32)).any(|code| {
        let digit = |job: usize| Some((code / nodes.pow(job as u32) % nodes) as u32);
        let assignment: Vec<Option<u32>> = (0..jobs.len()).map(digit).collect();
        violations(fleet, jobs, &assignment) == 0
    })
}
