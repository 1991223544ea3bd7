//! A fleet and jobs, laid out for speed: what every strategy and the optimiser work on.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use quorate_nsga2::checkpoint::fingerprint;
use quorate_types::{BASIS_POINTS_MAX, Control, FieldPath};

use crate::error::{Error, stop_if_cancelled};
use crate::fleet::Fleet;
use crate::jobs::{ANY_NODE, Jobs};
use crate::objectives::{LOAD_ONE, OBJECTIVES, Objective, billing_unit_milli};
use crate::resource::{Amounts, GPUS_PER_NODE_MAX, RESOURCES, within};

/// A gene that names no node.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// What a gene, that is a job that fits at least one empty node, asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) need: Amounts,
    /// Weight of the job's class.
    pub(crate) weight: u32,
    /// Thousandths of billing units times hours.
    pub(crate) billable: u32,
    pub(crate) node_set: u32,
    pub(crate) gpu_milli: u16,
    pub(crate) gpu_count: u8,
}

/// What a node contributes to the objectives for each unit of weight or of billing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeTerms {
    pub(crate) latency_us: u32,
    pub(crate) distrust: u32,
    pub(crate) cost_micro: u32,
    pub(crate) price_micro: u32,
}

/// The nodes in the order of one objective, the best first, and where each node stands in it.
#[derive(Debug)]
pub(crate) struct NodeOrder {
    pub(crate) nodes: Vec<u32>,
    pub(crate) position: Vec<u32>,
}

/// A fleet and jobs, with the jobs in canonical order.
///
/// Gene `g` stands for job `order[g]`. The canonical order is: higher class first, then larger GPU share,
/// more GPUs, larger dominant request, lower index. It decides who keeps his room where a node has not enough
/// for all: first the class, then size, because large jobs first is what packs well (best-fit decreasing).
#[derive(Debug)]
pub struct Instance<'a> {
    pub(crate) fleet: &'a Fleet,
    pub(crate) jobs: &'a Jobs,
    pub(crate) order: Vec<u32>,
    pub(crate) demands: Vec<Demand>,
    gpu_models: Vec<u64>,
    /// Genes that ask for the same have the same number here; numbers count from 0.
    pub(crate) shape: Vec<u32>,
    pub(crate) shapes: usize,
    node_set_bits: Vec<Vec<u64>>,
    pub(crate) terms: Vec<NodeTerms>,
    inverse: Vec<[u32; RESOURCES]>,
    pub(crate) orders: [NodeOrder; OBJECTIVES],
    /// Weight of all genes.
    pub(crate) weight_all: u64,
    /// Jobs that fit no node even without any other job, ascending.
    pub(crate) misfits: Vec<u32>,
}

impl<'a> Instance<'a> {
    /// Lays out the columns and finds the jobs that fit nowhere.
    ///
    /// # Errors
    /// Node sets that name no node, rates whose sums could overflow, or cancelled.
    pub fn new(fleet: &'a Fleet, jobs: &'a Jobs, control: &dyn Control) -> Result<Self, Error> {
        let node_set_bits = node_set_bits(fleet, jobs, control)?;
        let billable = billable(fleet, jobs)?;
        stop_if_cancelled(control)?;
        let mut instance = Self {
            fleet,
            jobs,
            order: Vec::new(),
            demands: Vec::new(),
            gpu_models: Vec::new(),
            shape: Vec::new(),
            shapes: 0,
            node_set_bits,
            terms: terms(fleet),
            inverse: (0..fleet.len()).map(|node| fleet.capacity(node).map(inverse)).collect(),
            orders: Objective::ALL.map(|objective| node_order(fleet, objective)),
            weight_all: 0,
            misfits: Vec::new(),
        };
        instance.push_jobs(&canonical_order(fleet, jobs), &billable, control)?;
        Ok(instance)
    }

    /// How many genes there are: jobs that fit somewhere.
    pub(crate) fn genes(&self) -> usize {
        self.demands.len()
    }

    /// Whether the job of this gene may run on the node, room aside.
    #[inline]
    pub(crate) fn allows(&self, gene: usize, node: u32) -> bool {
        let models = self.gpu_models[gene];
        let set = self.demands[gene].node_set;
        // Most jobs are not restricted, so the common path is two compares.
        (models == 0 || self.has_model(models, node)) && (set == ANY_NODE || self.in_set(set, node))
    }

    /// As [`Instance::allows`], for any job.
    pub(crate) fn allows_job(&self, job: u32, node: u32) -> bool {
        let columns = self.jobs.columns();
        let (models, set) = (columns.gpu_models[job as usize], columns.node_set[job as usize]);
        (models == 0 || self.has_model(models, node)) && (set == ANY_NODE || self.in_set(set, node))
    }

    /// The nodes of an assignment of genes, by job.
    pub(crate) fn by_job(&self, genes: &[u32]) -> Vec<u32> {
        let mut nodes = vec![NOWHERE; self.jobs.len()];
        for (&job, &node) in self.order.iter().zip(genes) {
            nodes[job as usize] = node;
        }
        nodes
    }

    /// One number for all columns: two instances that differ anywhere hardly ever share it.
    pub(crate) fn fingerprint(&self) -> u64 {
        let (nodes, jobs) = (self.fleet.columns(), self.jobs.columns());
        let wide = [
            &nodes.cpu_milli,
            &nodes.memory_mib,
            &nodes.disk_gib,
            &nodes.cpu_used_milli,
            &nodes.memory_used_mib,
            &nodes.disk_used_gib,
            &nodes.latency_us,
            &nodes.cost_micro,
            &nodes.price_micro,
            &jobs.cpu_milli,
            &jobs.memory_mib,
            &jobs.disk_gib,
            &jobs.duration_s,
            &jobs.node_set,
        ];
        let others = [
            of_column(&nodes.gpu_count),
            of_column(&nodes.gpu_model),
            of_column(&nodes.gpu_used_milli),
            of_column(&nodes.trust),
            of_column(&jobs.gpu_count),
            of_column(&jobs.gpu_milli),
            of_column(&jobs.gpu_models),
            fingerprint(jobs.class.iter().map(|&class| class as u64)),
        ];
        let columns = wide.into_iter().chain(&jobs.node_sets).map(|column| of_column(column));
        fingerprint(columns.chain(others))
    }

    /// Whether the job of this gene would have its room on the node if it were the only one.
    pub(crate) fn fits_alone(&self, gene: usize, node: u32) -> bool {
        self.allows(gene, node) && self.room_alone(&self.demands[gene], node)
    }

    /// The node's load with `free` left, in units of 1 / [`LOAD_ONE`].
    #[inline]
    pub(crate) fn load(&self, node: u32, free: &Amounts) -> u32 {
        let node = node as usize;
        let capacity = self.fleet.capacity(node);
        let mut load = 0;
        for resource in 0..RESOURCES {
            let used = capacity[resource] - free[resource];
            let share = u64::from(used) * u64::from(self.inverse[node][resource]);
            load = load.max((share >> 12) as u32);
        }
        load
    }

    fn has_model(&self, models: u64, node: u32) -> bool {
        let columns = self.fleet.columns();
        let node = node as usize;
        columns.gpu_count[node] > 0 && models >> columns.gpu_model[node] & 1 == 1
    }

    fn in_set(&self, set: u32, node: u32) -> bool {
        self.node_set_bits[set as usize][node as usize / 64] >> (node % 64) & 1 == 1
    }

    fn room_alone(&self, demand: &Demand, node: u32) -> bool {
        let wide_enough =
            |gpus: [u16; GPUS_PER_NODE_MAX]| gpus.iter().filter(|&&free| free >= demand.gpu_milli).count();
        within(&demand.need, &self.fleet.free(node as usize))
            && (demand.gpu_count == 0
                || wide_enough(self.fleet.gpu_free(node as usize)) >= usize::from(demand.gpu_count))
    }

    /// Appends the jobs that fit somewhere as genes and notes the others.
    fn push_jobs(&mut self, order: &[u32], billable: &[u32], control: &dyn Control) -> Result<(), Error> {
        let columns = self.jobs.columns();
        // Equal requests have equal answers, and a trace of thousands of jobs holds a few dozen different
        // requests.
        let mut known: BTreeMap<(Amounts, u16, u8, u32, u64), Option<u32>> = BTreeMap::new();
        for &job in order {
            stop_if_cancelled(control)?;
            let index = job as usize;
            let request = Demand {
                need: self.jobs.request(index),
                node_set: columns.node_set[index],
                gpu_milli: columns.gpu_milli[index],
                gpu_count: columns.gpu_count[index],
                ..Demand::default()
            };
            let models = columns.gpu_models[index];
            let key = (request.need, request.gpu_milli, request.gpu_count, request.node_set, models);
            let shape = *known.entry(key).or_insert_with(|| {
                let fits = self.fits_anywhere(&request, models);
                self.shapes += usize::from(fits);
                fits.then_some(self.shapes as u32 - u32::from(fits))
            });
            let Some(shape) = shape else {
                self.misfits.push(job);
                continue;
            };
            let weight = columns.class[index].weight();
            self.weight_all += u64::from(weight);
            self.order.push(job);
            self.gpu_models.push(models);
            self.shape.push(shape);
            self.demands.push(Demand { weight, billable: billable[index], ..request });
        }
        self.misfits.sort_unstable();
        Ok(())
    }

    fn fits_anywhere(&self, request: &Demand, models: u64) -> bool {
        (0..self.fleet.len() as u32).any(|node| {
            (models == 0 || self.has_model(models, node))
                && (request.node_set == ANY_NODE || self.in_set(request.node_set, node))
                && self.room_alone(request, node)
        })
    }
}

fn of_column<T: Copy + Into<u64>>(column: &[T]) -> u64 {
    fingerprint(column.iter().map(|&value| value.into()))
}

fn node_set_bits(fleet: &Fleet, jobs: &Jobs, control: &dyn Control) -> Result<Vec<Vec<u64>>, Error> {
    let nodes = fleet.len();
    let mut sets = Vec::with_capacity(jobs.columns().node_sets.len());
    for (set, members) in jobs.columns().node_sets.iter().enumerate() {
        stop_if_cancelled(control)?;
        let mut bits = vec![0_u64; nodes.div_ceil(64)];
        for (entry, &node) in members.iter().enumerate() {
            if node as usize >= nodes {
                let field = FieldPath::new("nodeSets").index(set).index(entry);
                return Err(Error::UnknownIndex { field, found: u64::from(node), count: nodes });
            }
            bits[node as usize / 64] |= 1 << (node % 64);
        }
        sets.push(bits);
    }
    Ok(sets)
}

/// Thousandths of billing units times hours of each job, once no sum of amounts can overflow.
fn billable(fleet: &Fleet, jobs: &Jobs) -> Result<Vec<u32>, Error> {
    const SECONDS_PER_HOUR: u64 = 3_600;
    let mut billable = Vec::with_capacity(jobs.len());
    let mut sum = 0_u64;
    for job in 0..jobs.len() {
        // At most 2^35 thousandths times 2^29 seconds.
        let milli = billing_unit_milli(&jobs.request(job)) * u64::from(jobs.columns().duration_s[job])
            / SECONDS_PER_HOUR;
        let Ok(milli) = u32::try_from(milli) else {
            let field = FieldPath::new("jobs").index(job).field("durationS");
            return Err(Error::AmountOverflow { field });
        };
        sum += u64::from(milli);
        billable.push(milli);
    }
    for (name, rates) in
        [("costMicro", &fleet.columns().cost_micro), ("priceMicro", &fleet.columns().price_micro)]
    {
        let rate_max = rates.iter().copied().max().unwrap_or(0);
        if sum.checked_mul(u64::from(rate_max)).is_none() {
            return Err(Error::AmountOverflow { field: FieldPath::new("nodes").field(name) });
        }
    }
    Ok(billable)
}

fn canonical_order(fleet: &Fleet, jobs: &Jobs) -> Vec<u32> {
    let mut largest = [1_u32; RESOURCES];
    for node in 0..fleet.len() {
        let capacity = fleet.capacity(node);
        largest = std::array::from_fn(|resource| largest[resource].max(capacity[resource]));
    }
    let columns = jobs.columns();
    let mut order: Vec<u32> = (0..jobs.len() as u32).collect();
    order.sort_by_cached_key(|&job| {
        let index = job as usize;
        let need = jobs.request(index);
        let dominant = (0..RESOURCES)
            .map(|resource| u64::from(need[resource]) * u64::from(LOAD_ONE) / u64::from(largest[resource]))
            .max();
        let gpus = (columns.gpu_milli[index], columns.gpu_count[index]);
        (columns.class[index], Reverse(gpus), Reverse(dominant), Reverse(need), job)
    });
    order
}

fn terms(fleet: &Fleet) -> Vec<NodeTerms> {
    let columns = fleet.columns();
    (0..fleet.len())
        .map(|node| NodeTerms {
            latency_us: columns.latency_us[node],
            distrust: u32::from(BASIS_POINTS_MAX - columns.trust[node]),
            cost_micro: columns.cost_micro[node],
            price_micro: columns.price_micro[node],
        })
        .collect()
}

/// 2^32 divided by the capacity, so that a share is one multiplication; 0 where there is nothing to share.
fn inverse(capacity: u32) -> u32 {
    u32::MAX.checked_div(capacity).unwrap_or(0)
}

/// The nodes from best to worst. For load balance that is from the largest free amounts to the smallest,
/// because a job is the smaller share of a large node.
fn node_order(fleet: &Fleet, objective: Objective) -> NodeOrder {
    let columns = fleet.columns();
    let mut nodes: Vec<u32> = (0..fleet.len() as u32).collect();
    nodes.sort_by_cached_key(|&node| {
        let index = node as usize;
        let key = match objective {
            Objective::Latency => u64::from(columns.latency_us[index]),
            Objective::LoadBalance => u64::MAX - billing_unit_milli(&fleet.free(index)),
            Objective::Trust => u64::from(BASIS_POINTS_MAX - columns.trust[index]),
            Objective::Cost => u64::from(columns.cost_micro[index]),
            Objective::Price => u64::from(columns.price_micro[index]),
        };
        (key, node)
    });
    let mut position = vec![0; nodes.len()];
    for (place, &node) in nodes.iter().enumerate() {
        position[node as usize] = place as u32;
    }
    NodeOrder { nodes, position }
}
