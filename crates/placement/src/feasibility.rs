//! Why jobs have no node: a reason for each of them, and proofs that no scheduler could do better.

use std::collections::BTreeSet;

use quorate_types::Control;

use crate::error::{Error, stop_if_cancelled};
use crate::exact::{Answer, decide};
use crate::instance::{Instance, NOWHERE};
use crate::jobs::ANY_NODE;
use crate::ledger::{Devices, Ledger};
use crate::repair::completed;
use crate::resource::{Amounts, RESOURCES, Resource};

/// A proof that not all jobs can be placed, whatever the strategy. It names what is scarce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// A job fits no node even if all other jobs were absent.
    JobFitsNoNode {
        /// The job.
        job: u32,
        /// What it lacks.
        reason: Reason,
    },
    /// Jobs together ask for more than all nodes that may take any of them have.
    DemandExceedsCapacity {
        /// Which jobs and nodes are compared.
        group: Group,
        /// What is scarce.
        resource: Resource,
        /// What the jobs ask for together, in units of the resource.
        need: u64,
        /// What the nodes have free together.
        have: u64,
    },
    /// Jobs that each ask for at least `at_least` are more than the nodes have room for, counting for each
    /// node how often that amount fits. Of GPUs, shares are counted on each device.
    TooManyLargeJobs {
        /// Which jobs and nodes are compared.
        group: Group,
        /// What is scarce.
        resource: Resource,
        /// Amount that each of the counted jobs asks for at least; of GPUs, of each device.
        at_least: u32,
        /// How many such requests there are.
        need: u64,
        /// How many such requests the nodes can hold.
        have: u64,
    },
    /// Every way of placing these jobs was tried, and none places all of them. Any one of them less, and the
    /// rest can be placed or was not proved to be impossible.
    JobsExcludeEachOther {
        /// The jobs, ascending.
        jobs: Vec<u32>,
        /// All nodes that may take any of them, ascending.
        nodes: Vec<u32>,
        /// The resource that was short most often.
        resource: Resource,
    },
}

/// Jobs that are restricted in the same way, and the nodes that may take them. Jobs that fit no node at all
/// are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// All jobs and all nodes.
    All,
    /// Jobs with GPUs, nodes with GPUs.
    WithGpu,
    /// Jobs with the same accepted GPU models and the same node set.
    Restricted {
        /// As in the column of the jobs.
        gpu_models: u64,
        /// As in the column of the jobs.
        node_set: u32,
    },
}

/// What a job lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its GPU models and its node set leave no node.
    NoNodeAllowed,
    /// No node that it may use has so much of one resource, even without any other job.
    TooLarge(Shortage),
    /// Each resource is there somewhere, but no single node has them all, even without any other job; the
    /// resource that most nodes lack is named.
    NotTogether(Shortage),
    /// A node would do, but other jobs leave no room; the resource that most nodes lack is named. This is no
    /// proof that no other placement has room.
    NoRoom(Shortage),
}

/// A resource that is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which one.
    pub resource: Resource,
    /// What the job asks for.
    pub requested: u32,
    /// The most that one node offers it.
    pub largest_free: u32,
    /// How many nodes may take the job, room aside.
    pub nodes_allowed: u32,
    /// How many of these have not enough of this resource.
    pub nodes_lacking: u32,
}

/// A job without a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// The job.
    pub job: u32,
    /// What it lacks.
    pub reason: Reason,
}

/// The most groups and the most amounts that proofs are looked for in.
const GROUPS_MAX: usize = 64;
const THRESHOLDS_MAX: usize = 256;

/// Whether jobs without a node could have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// A placement of all genes.
    pub(crate) placement: Option<Vec<u32>>,
    /// Proofs that not all jobs can be placed.
    pub(crate) certificates: Vec<Certificate>,
}

/// Judges a placement that leaves genes without a node: by counting, then by making room one job at a time,
/// then by trying all ways. Where neither a placement nor a proof comes of it, the question is open.
pub(crate) fn judge(
    instance: &Instance<'_>,
    start: &[u32],
    control: &dyn Control,
) -> Result<Judgement, Error> {
    let mut certificates = certificates(instance, control)?;
    let counted = |proof: &Certificate| !matches!(proof, Certificate::JobFitsNoNode { .. });
    if certificates.iter().any(counted) {
        return Ok(Judgement { placement: None, certificates });
    }
    let completed = completed(instance, start, control)?;
    let placement = if completed.contains(&NOWHERE) {
        match decide(instance, &completed, control)? {
            Answer::Placed(placement) => Some(placement),
            Answer::Impossible(proof) => {
                certificates.push(proof);
                None
            }
            Answer::Open => None,
        }
    } else {
        Some(completed)
    };
    Ok(Judgement { placement, certificates })
}

/// Every proof that counting finds; none is no proof of the contrary.
pub(crate) fn certificates(
    instance: &Instance<'_>,
    control: &dyn Control,
) -> Result<Vec<Certificate>, Error> {
    let mut found = Vec::with_capacity(instance.misfits.len());
    for &job in &instance.misfits {
        stop_if_cancelled(control)?;
        found.push(Certificate::JobFitsNoNode { job, reason: why_misfit(instance, job) });
    }
    for group in groups(instance) {
        stop_if_cancelled(control)?;
        let members = Members::of(instance, group);
        for resource in Resource::ALL {
            found.extend(members.demand(group, resource));
            found.extend(members.large_jobs(group, resource, control)?);
        }
    }
    Ok(found)
}

/// Why a job fits no node even without other jobs.
pub(crate) fn why_misfit(instance: &Instance<'_>, job: u32) -> Reason {
    let empty = |node: u32| (instance.fleet.free(node as usize), instance.fleet.gpu_free(node as usize));
    match shortage(instance, job, empty) {
        None => Reason::NoNodeAllowed,
        Some(short) if short.largest_free < short.requested => Reason::TooLarge(short),
        Some(short) => Reason::NotTogether(short),
    }
}

/// Why a job that fits an empty node has no room in this placement.
pub(crate) fn why_no_room(instance: &Instance<'_>, ledger: &Ledger, job: u32) -> Reason {
    let left = |node: u32| (*ledger.free(node), ledger.devices(instance, node));
    shortage(instance, job, left).map_or(Reason::NoNodeAllowed, Reason::NoRoom)
}

/// The resource that blocks the job: one that no allowed node has enough of, else the one that most nodes
/// lack.
fn shortage(
    instance: &Instance<'_>,
    job: u32,
    state: impl Fn(u32) -> (Amounts, Devices),
) -> Option<Shortage> {
    let requested = instance.jobs.request(job as usize);
    let columns = instance.jobs.columns();
    let (gpu_count, gpu_milli) = (columns.gpu_count[job as usize], columns.gpu_milli[job as usize]);
    let mut largest = [0_u32; RESOURCES];
    let mut lacking = [0_u32; RESOURCES];
    let mut allowed = 0;
    for node in (0..instance.fleet.len() as u32).filter(|&node| instance.allows_job(job, node)) {
        let (mut offer, devices) = state(node);
        let wide_enough = devices.iter().filter(|&&free| free >= gpu_milli).count();
        // What the job can use of the devices: a device that is too full for its share counts for nothing.
        offer[Resource::Gpu as usize] = wide_enough.min(usize::from(gpu_count)) as u32 * u32::from(gpu_milli);
        allowed += 1;
        for resource in 0..RESOURCES {
            largest[resource] = largest[resource].max(offer[resource]);
            lacking[resource] += u32::from(offer[resource] < requested[resource]);
        }
    }
    let blocks = |resource: &usize| (largest[*resource] < requested[*resource], lacking[*resource]);
    let worst = (0..RESOURCES).max_by_key(|resource| (blocks(resource), RESOURCES - resource))?;
    (allowed > 0).then_some(Shortage {
        resource: Resource::ALL[worst],
        requested: requested[worst],
        largest_free: largest[worst],
        nodes_allowed: allowed,
        nodes_lacking: lacking[worst],
    })
}

fn groups(instance: &Instance<'_>) -> Vec<Group> {
    let columns = instance.jobs.columns();
    let mut groups = BTreeSet::from([Group::All, Group::WithGpu]);
    for &job in &instance.order {
        let gpu_models = columns.gpu_models[job as usize];
        let node_set = columns.node_set[job as usize];
        if (gpu_models != 0 || node_set != ANY_NODE) && groups.len() < GROUPS_MAX {
            groups.insert(Group::Restricted { gpu_models, node_set });
        }
    }
    groups.into_iter().collect()
}

/// Requests and free amounts of one group.
struct Members {
    /// Amount and number of devices, for GPUs; else amount and 1.
    requests: [Vec<(u32, u32)>; RESOURCES],
    free: [Vec<u32>; RESOURCES],
}

impl Members {
    fn of(instance: &Instance<'_>, group: Group) -> Self {
        let columns = instance.jobs.columns();
        let is_member = |&job: &usize| match group {
            Group::All => true,
            Group::WithGpu => columns.gpu_count[job] > 0,
            Group::Restricted { gpu_models, node_set } => {
                columns.gpu_models[job] == gpu_models && columns.node_set[job] == node_set
            }
        };
        let jobs: Vec<usize> = instance.order.iter().map(|&job| job as usize).filter(is_member).collect();
        let takes = |&node: &u32| match group {
            Group::All => true,
            Group::WithGpu => instance.fleet.columns().gpu_count[node as usize] > 0,
            // All members are restricted alike, so the first speaks for them.
            Group::Restricted { .. } => {
                jobs.first().is_some_and(|&job| instance.allows_job(job as u32, node))
            }
        };
        let nodes: Vec<u32> = (0..instance.fleet.len() as u32).filter(takes).collect();
        let requests = std::array::from_fn(|resource| {
            let request = |&job: &usize| match Resource::ALL[resource] {
                Resource::Gpu => (u32::from(columns.gpu_milli[job]), u32::from(columns.gpu_count[job])),
                _ => (instance.jobs.request(job)[resource], 1),
            };
            jobs.iter().map(request).filter(|&(amount, _)| amount > 0).collect()
        });
        let free = std::array::from_fn(|resource| match Resource::ALL[resource] {
            Resource::Gpu => {
                nodes.iter().flat_map(|&node| instance.fleet.gpu_free(node as usize)).map(u32::from).collect()
            }
            _ => nodes.iter().map(|&node| instance.fleet.free(node as usize)[resource]).collect(),
        });
        Self { requests, free }
    }

    fn demand(&self, group: Group, resource: Resource) -> Option<Certificate> {
        let at = resource as usize;
        let need =
            self.requests[at].iter().map(|&(amount, count)| u64::from(amount) * u64::from(count)).sum();
        let have = self.free[at].iter().map(|&free| u64::from(free)).sum();
        (need > have).then_some(Certificate::DemandExceedsCapacity { group, resource, need, have })
    }

    /// The amount whose shortage is largest. A node with `free` holds at most `free / amount` requests of at
    /// least `amount`, which is the bound by large items of bin packing (Martello and Toth 1990) for bins of
    /// different sizes.
    fn large_jobs(
        &self,
        group: Group,
        resource: Resource,
        control: &dyn Control,
    ) -> Result<Option<Certificate>, Error> {
        let at = resource as usize;
        let amounts: BTreeSet<u32> = self.requests[at].iter().map(|&(amount, _)| amount).collect();
        let step = amounts.len().div_ceil(THRESHOLDS_MAX).max(1);
        let mut worst: Option<(u64, Certificate)> = None;
        for &at_least in amounts.iter().rev().step_by(step) {
            stop_if_cancelled(control)?;
            let large = self.requests[at].iter().filter(|&&(amount, _)| amount >= at_least);
            let need: u64 = large.map(|&(_, count)| u64::from(count)).sum();
            let have: u64 = self.free[at].iter().map(|&free| u64::from(free / at_least)).sum();
            if need > have && worst.as_ref().is_none_or(|(missing, _)| need - have > *missing) {
                let proof = Certificate::TooManyLargeJobs { group, resource, at_least, need, have };
                worst = Some((need - have, proof));
            }
        }
        Ok(worst.map(|(_, proof)| proof))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_types::NoControl;

    use super::*;
    use crate::fleet::{Fleet, FleetColumns};
    use crate::jobs::{JobClass, Jobs, JobsColumns};
    use crate::testing::{placeable, random_case};

    fn nodes_of(cpu_milli: &[u32], gpus: &[u8]) -> Fleet {
        let nodes = cpu_milli.len();
        Fleet::new(FleetColumns {
            cpu_milli: cpu_milli.to_vec(),
            memory_mib: vec![1 << 20; nodes],
            disk_gib: vec![100; nodes],
            gpu_count: gpus.to_vec(),
            gpu_model: vec![0; nodes],
            latency_us: vec![1; nodes],
            trust: vec![1; nodes],
            cost_micro: vec![1; nodes],
            price_micro: vec![1; nodes],
            ..FleetColumns::default()
        })
        .unwrap()
    }

    fn jobs_of(requests: &[(u32, u8, u16)]) -> JobsColumns {
        let jobs = requests.len();
        JobsColumns {
            cpu_milli: requests.iter().map(|request| request.0).collect(),
            memory_mib: vec![1; jobs],
            disk_gib: vec![0; jobs],
            gpu_count: requests.iter().map(|request| request.1).collect(),
            gpu_milli: requests.iter().map(|request| request.2).collect(),
            class: vec![JobClass::B; jobs],
            duration_s: vec![60; jobs],
            ..JobsColumns::default()
        }
    }

    fn proofs(fleet: &Fleet, jobs: JobsColumns) -> Vec<Certificate> {
        let jobs = Jobs::new(jobs).unwrap();
        certificates(&Instance::new(fleet, &jobs, &NoControl).unwrap(), &NoControl).unwrap()
    }

    #[test]
    fn a_job_that_fits_nowhere_names_its_resource() {
        let fleet = nodes_of(&[4_000, 8_000], &[0, 0]);
        let short = Shortage {
            resource: Resource::Cpu,
            requested: 9_000,
            largest_free: 8_000,
            nodes_allowed: 2,
            nodes_lacking: 2,
        };
        let reason = Reason::TooLarge(short);
        assert_eq!(
            proofs(&fleet, jobs_of(&[(1_000, 0, 0), (9_000, 0, 0)])),
            [Certificate::JobFitsNoNode { job: 1, reason }]
        );
    }

    #[test]
    fn resources_that_are_never_together_are_told_from_too_few() {
        let fleet = nodes_of(&[1_000, 8_000], &[1, 0]);
        let found = proofs(&fleet, jobs_of(&[(4_000, 1, 500)]));
        assert!(
            matches!(found[..], [Certificate::JobFitsNoNode { job: 0, reason: Reason::NotTogether(_) }]),
            "{found:?}"
        );
    }

    #[test]
    fn a_job_that_may_use_no_node_says_so() {
        let fleet = nodes_of(&[4_000], &[1]);
        let mut jobs = jobs_of(&[(1_000, 1, 500)]);
        jobs.gpu_models = vec![0b10];
        assert_eq!(
            proofs(&fleet, jobs),
            [Certificate::JobFitsNoNode { job: 0, reason: Reason::NoNodeAllowed }]
        );
    }

    #[test]
    fn a_demand_above_the_capacity_is_counted() {
        let fleet = nodes_of(&[4_000, 4_000], &[0, 0]);
        let found = proofs(&fleet, jobs_of(&[(3_000, 0, 0); 3]));
        let proof = Certificate::DemandExceedsCapacity {
            group: Group::All,
            resource: Resource::Cpu,
            need: 9_000,
            have: 8_000,
        };
        assert!(found.contains(&proof), "{found:?}");
    }

    #[test]
    fn more_than_half_a_gpu_fits_a_device_once() {
        let fleet = nodes_of(&[64_000], &[2]);
        let found = proofs(&fleet, jobs_of(&[(1_000, 1, 600); 3]));
        let proof = Certificate::TooManyLargeJobs {
            group: Group::WithGpu,
            resource: Resource::Gpu,
            at_least: 600,
            need: 3,
            have: 2,
        };
        assert!(found.contains(&proof), "{found:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_certificate_is_never_wrong(seed in any::<u64>(), nodes in 1_usize..4, jobs in 1_usize..6) {
            let (fleet, jobs) = random_case(seed, nodes, jobs);
            let found = certificates(&Instance::new(&fleet, &jobs, &NoControl).unwrap(), &NoControl).unwrap();
            if !found.is_empty() {
                prop_assert!(!placeable(&fleet, &jobs), "{found:?}");
            }
        }
    }
}
