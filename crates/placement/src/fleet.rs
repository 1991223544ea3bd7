//! The nodes, as validated columns.

use quorate_types::{BASIS_POINTS_MAX, BasisPoints};

use crate::column::{check_length, check_range, check_rows, fill_if_empty};
use crate::error::Error;
use crate::resource::{Amounts, GPUS_PER_NODE_MAX, MILLI_PER_GPU, RESOURCE_MAX};

/// The most nodes of one fleet.
pub const NODES_MAX: usize = 100_000;

/// GPU models are numbered from 0 by the caller; a job's set of models is a mask of 64 bits.
pub const GPU_MODELS_MAX: u8 = 64;

/// The highest round-trip latency of a node, in microseconds: one minute.
pub const LATENCY_US_MAX: u32 = 60_000_000;

/// The highest cost or price of one billing unit for one hour, in micro-units of the caller's currency.
pub const RATE_MICRO_MAX: u32 = 1_000_000_000;

/// What the caller knows of the nodes: one entry per node in each column.
///
/// The columns of existing load (`*_used_*`) may be left empty where no node is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetColumns {
    /// Capacity in thousandths of a core.
    pub cpu_milli: Vec<u32>,
    /// Capacity in MiB.
    pub memory_mib: Vec<u32>,
    /// Capacity in GiB.
    pub disk_gib: Vec<u32>,
    /// Number of GPUs, at most [`GPUS_PER_NODE_MAX`].
    pub gpu_count: Vec<u8>,
    /// Number of the GPUs' model, below [`GPU_MODELS_MAX`]; without meaning where `gpu_count` is 0.
    pub gpu_model: Vec<u8>,
    /// Load that is there already, in thousandths of a core.
    pub cpu_used_milli: Vec<u32>,
    /// Load that is there already, in MiB.
    pub memory_used_mib: Vec<u32>,
    /// Load that is there already, in GiB.
    pub disk_used_gib: Vec<u32>,
    /// Load that is there already on each device, in thousandths: [`GPUS_PER_NODE_MAX`] entries for each
    /// node, 0 beyond
    /// `gpu_count`.
    pub gpu_used_milli: Vec<u16>,
    /// Round-trip latency between the node and those it serves, in microseconds.
    pub latency_us: Vec<u32>,
    /// Trust in basis points.
    pub trust: Vec<BasisPoints>,
    /// What one billing unit costs its operator for one hour, in micro-units of the caller's currency.
    pub cost_micro: Vec<u32>,
    /// What one billing unit sells for on the market for one hour, in micro-units of the caller's currency.
    pub price_micro: Vec<u32>,
}

/// A fleet whose columns were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    columns: FleetColumns,
    capacity: Vec<Amounts>,
    free: Vec<Amounts>,
    gpu_free: Vec<[u16; GPUS_PER_NODE_MAX]>,
}

impl Fleet {
    /// Checks the columns.
    ///
    /// # Errors
    /// Too many nodes, a column of another length, or a number outside its range, with its path
    /// (`nodes[3].trust`).
    pub fn new(mut columns: FleetColumns) -> Result<Self, Error> {
        let nodes = columns.cpu_milli.len();
        check_rows(TABLE, nodes, NODES_MAX)?;
        fill_if_empty(&mut columns.cpu_used_milli, nodes, 0);
        fill_if_empty(&mut columns.memory_used_mib, nodes, 0);
        fill_if_empty(&mut columns.disk_used_gib, nodes, 0);
        fill_if_empty(&mut columns.gpu_used_milli, nodes * GPUS_PER_NODE_MAX, 0);
        check_lengths(&columns, nodes)?;
        for node in 0..nodes {
            check_node(&columns, node)?;
        }
        let gpu_free: Vec<_> = (0..nodes).map(|node| gpu_free(&columns, node)).collect();
        let capacity = (0..nodes).map(|node| capacity(&columns, node)).collect();
        let free = (0..nodes)
            .map(|node| {
                [
                    columns.cpu_milli[node] - columns.cpu_used_milli[node],
                    columns.memory_mib[node] - columns.memory_used_mib[node],
                    columns.disk_gib[node] - columns.disk_used_gib[node],
                    gpu_free[node].iter().map(|&milli| u32::from(milli)).sum(),
                ]
            })
            .collect();
        Ok(Self { columns, capacity, free, gpu_free })
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.capacity.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.capacity.is_empty()
    }

    /// The columns as they were given, with empty ones filled.
    pub fn columns(&self) -> &FleetColumns {
        &self.columns
    }

    /// What the node has in all.
    pub fn capacity(&self, node: usize) -> Amounts {
        self.capacity[node]
    }

    /// What existing load leaves.
    pub fn free(&self, node: usize) -> Amounts {
        self.free[node]
    }

    /// What existing load leaves of each device, in thousandths; 0 beyond the node's devices.
    pub fn gpu_free(&self, node: usize) -> [u16; GPUS_PER_NODE_MAX] {
        self.gpu_free[node]
    }

    /// The same fleet without the capacity of `lost` nodes; indices stay as they are.
    pub(crate) fn without(&self, lost: &[u32]) -> Self {
        let mut fleet = self.clone();
        for &node in lost {
            fleet.free[node as usize] = [0; 4];
            fleet.gpu_free[node as usize] = [0; GPUS_PER_NODE_MAX];
        }
        fleet
    }
}

fn check_lengths(columns: &FleetColumns, nodes: usize) -> Result<(), Error> {
    for (name, found) in [
        ("memoryMib", columns.memory_mib.len()),
        ("diskGib", columns.disk_gib.len()),
        ("gpuCount", columns.gpu_count.len()),
        ("gpuModel", columns.gpu_model.len()),
        ("cpuUsedMilli", columns.cpu_used_milli.len()),
        ("memoryUsedMib", columns.memory_used_mib.len()),
        ("diskUsedGib", columns.disk_used_gib.len()),
        ("latencyUs", columns.latency_us.len()),
        ("trust", columns.trust.len()),
        ("costMicro", columns.cost_micro.len()),
        ("priceMicro", columns.price_micro.len()),
    ] {
        check_length(TABLE, name, found, nodes)?;
    }
    check_length(TABLE, "gpuUsedMilli", columns.gpu_used_milli.len(), nodes * GPUS_PER_NODE_MAX)
}

fn check_node(columns: &FleetColumns, node: usize) -> Result<(), Error> {
    let gpus = columns.gpu_count[node];
    for (name, found, max) in [
        ("cpuMilli", columns.cpu_milli[node], RESOURCE_MAX),
        ("memoryMib", columns.memory_mib[node], RESOURCE_MAX),
        ("diskGib", columns.disk_gib[node], RESOURCE_MAX),
        ("gpuCount", u32::from(gpus), GPUS_PER_NODE_MAX as u32),
        ("gpuModel", u32::from(columns.gpu_model[node]), u32::from(GPU_MODELS_MAX) - 1),
        ("cpuUsedMilli", columns.cpu_used_milli[node], columns.cpu_milli[node]),
        ("memoryUsedMib", columns.memory_used_mib[node], columns.memory_mib[node]),
        ("diskUsedGib", columns.disk_used_gib[node], columns.disk_gib[node]),
        ("latencyUs", columns.latency_us[node], LATENCY_US_MAX),
        ("trust", u32::from(columns.trust[node]), u32::from(BASIS_POINTS_MAX)),
        ("costMicro", columns.cost_micro[node], RATE_MICRO_MAX),
        ("priceMicro", columns.price_micro[node], RATE_MICRO_MAX),
    ] {
        check_range(TABLE, node, name, u64::from(found), (0, u64::from(max)))?;
    }
    for device in 0..GPUS_PER_NODE_MAX {
        let max = if device < usize::from(gpus) { MILLI_PER_GPU } else { 0 };
        let used = columns.gpu_used_milli[node * GPUS_PER_NODE_MAX + device];
        check_range(TABLE, node, "gpuUsedMilli", u64::from(used), (0, u64::from(max)))?;
    }
    Ok(())
}

fn capacity(columns: &FleetColumns, node: usize) -> Amounts {
    let gpu_milli = u32::from(columns.gpu_count[node]) * u32::from(MILLI_PER_GPU);
    [columns.cpu_milli[node], columns.memory_mib[node], columns.disk_gib[node], gpu_milli]
}

fn gpu_free(columns: &FleetColumns, node: usize) -> [u16; GPUS_PER_NODE_MAX] {
    let gpus = usize::from(columns.gpu_count[node]);
    std::array::from_fn(|device| {
        let whole = if device < gpus { MILLI_PER_GPU } else { 0 };
        whole - columns.gpu_used_milli[node * GPUS_PER_NODE_MAX + device]
    })
}

const TABLE: &str = "nodes";

#[cfg(test)]
mod tests {
    use quorate_types::Coded;

    use super::*;

    fn one_node() -> FleetColumns {
        FleetColumns {
            cpu_milli: vec![4_000],
            memory_mib: vec![8_192],
            disk_gib: vec![100],
            gpu_count: vec![2],
            gpu_model: vec![3],
            latency_us: vec![10_000],
            trust: vec![9_000],
            cost_micro: vec![10],
            price_micro: vec![20],
            ..FleetColumns::default()
        }
    }

    #[test]
    fn existing_load_reduces_what_is_free() {
        let mut columns = one_node();
        columns.cpu_used_milli = vec![1_000];
        columns.gpu_used_milli = vec![0; GPUS_PER_NODE_MAX];
        columns.gpu_used_milli[1] = 400;
        let fleet = Fleet::new(columns).unwrap();
        assert_eq!(fleet.free(0), [3_000, 8_192, 100, 1_600]);
        assert_eq!(fleet.capacity(0), [4_000, 8_192, 100, 2_000]);
        assert_eq!(fleet.gpu_free(0)[..3], [1_000, 600, 0]);
    }

    #[test]
    fn a_bad_cell_is_named() {
        let mut columns = one_node();
        columns.trust[0] = 10_001;
        let error = Fleet::new(columns).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_PLACEMENT_OUT_OF_RANGE");
        assert_eq!(error.field().unwrap().as_str(), "nodes[0].trust");

        let mut columns = one_node();
        columns.cpu_used_milli = vec![4_001];
        assert_eq!(Fleet::new(columns).unwrap_err().field().unwrap().as_str(), "nodes[0].cpuUsedMilli");

        let mut columns = one_node();
        columns.gpu_used_milli = vec![0; GPUS_PER_NODE_MAX];
        columns.gpu_used_milli[2] = 1;
        assert_eq!(Fleet::new(columns).unwrap_err().field().unwrap().as_str(), "nodes[0].gpuUsedMilli");
    }

    #[test]
    fn a_column_of_another_length_is_named() {
        let mut columns = one_node();
        columns.latency_us.push(1);
        let error = Fleet::new(columns).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_PLACEMENT_COLUMN_LENGTH");
        assert_eq!(error.field().unwrap().as_str(), "nodes.latencyUs");
    }

    #[test]
    fn a_fleet_above_the_bound_is_refused() {
        let columns = FleetColumns { cpu_milli: vec![0; NODES_MAX + 1], ..FleetColumns::default() };
        assert_eq!(Fleet::new(columns).unwrap_err().code(), "QRT_ERR_PLACEMENT_TOO_LARGE");
    }
}
