//! The jobs, as validated columns.

use crate::column::{cell, check_length, check_range, check_rows, fill_if_empty};
use crate::error::Error;
use crate::resource::{Amounts, GPUS_PER_NODE_MAX, MILLI_PER_GPU, RESOURCE_MAX};

/// The most jobs of one call.
pub const JOBS_MAX: usize = 100_000;

/// The most node sets of one call.
pub const NODE_SETS_MAX: usize = 1_024;

/// A job that any node may take has this in place of the number of a node set.
pub const ANY_NODE: u32 = u32::MAX;

/// The longest duration, in seconds: ten years.
pub const DURATION_S_MAX: u32 = 10 * 366 * 86_400;

/// The service class of a job: S is served first, then A, then B.
///
/// The class decides twice. Jobs of a higher class take their room before those of a lower one, and their
/// latency and trust weigh more: by 4, 2 and 1, in inverse proportion to the placement deadlines of 250, 500
/// and 1000 ms of the source's classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobClass {
    /// Most important.
    S,
    /// Important.
    A,
    /// Ordinary.
    #[default]
    B,
}

impl JobClass {
    /// Every class, the most important first.
    pub const ALL: [Self; 3] = [Self::S, Self::A, Self::B];

    /// How much a job of this class weighs in the objectives and where not all jobs can be placed.
    pub const fn weight(self) -> u32 {
        match self {
            Self::S => 4,
            Self::A => 2,
            Self::B => 1,
        }
    }
}

/// What the caller asks for: one entry per job in each column.
///
/// `gpu_models` and `node_set` may be left empty where no job is restricted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsColumns {
    /// Request in thousandths of a core.
    pub cpu_milli: Vec<u32>,
    /// Request in MiB.
    pub memory_mib: Vec<u32>,
    /// Request in GiB.
    pub disk_gib: Vec<u32>,
    /// On how many different GPUs of one node the job runs, at most [`GPUS_PER_NODE_MAX`].
    pub gpu_count: Vec<u8>,
    /// Share of each of these GPUs, in thousandths: 1 to 1000; 0 where `gpu_count` is 0.
    pub gpu_milli: Vec<u16>,
    /// Service class.
    pub class: Vec<JobClass>,
    /// Expected duration, in seconds; it weighs cost and price.
    pub duration_s: Vec<u32>,
    /// Bit `m` is set where GPUs of model `m` are accepted; 0 accepts every node, with or without GPUs.
    pub gpu_models: Vec<u64>,
    /// Number of the node set that may take the job, or [`ANY_NODE`].
    pub node_set: Vec<u32>,
    /// The node sets: indices of nodes, in any order.
    pub node_sets: Vec<Vec<u32>>,
}

/// Jobs whose columns were checked. That node sets name existing nodes is checked where a fleet is at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    columns: JobsColumns,
}

impl Jobs {
    /// Checks the columns.
    ///
    /// # Errors
    /// Too many jobs, a column of another length, or a number outside its range, with its path
    /// (`jobs[3].cpuMilli`).
    pub fn new(mut columns: JobsColumns) -> Result<Self, Error> {
        let jobs = columns.cpu_milli.len();
        check_rows(TABLE, jobs, JOBS_MAX)?;
        check_rows("nodeSets", columns.node_sets.len(), NODE_SETS_MAX)?;
        fill_if_empty(&mut columns.gpu_models, jobs, 0);
        fill_if_empty(&mut columns.node_set, jobs, ANY_NODE);
        for (name, found) in [
            ("memoryMib", columns.memory_mib.len()),
            ("diskGib", columns.disk_gib.len()),
            ("gpuCount", columns.gpu_count.len()),
            ("gpuMilli", columns.gpu_milli.len()),
            ("class", columns.class.len()),
            ("durationS", columns.duration_s.len()),
            ("gpuModels", columns.gpu_models.len()),
            ("nodeSet", columns.node_set.len()),
        ] {
            check_length(TABLE, name, found, jobs)?;
        }
        for job in 0..jobs {
            check_job(&columns, job)?;
        }
        Ok(Self { columns })
    }

    /// How many jobs there are.
    pub fn len(&self) -> usize {
        self.columns.cpu_milli.len()
    }

    /// Whether there is no job.
    pub fn is_empty(&self) -> bool {
        self.columns.cpu_milli.is_empty()
    }

    /// The columns as they were given, with empty ones filled.
    pub fn columns(&self) -> &JobsColumns {
        &self.columns
    }

    /// What the job asks for; of GPUs the sum over its devices.
    pub fn request(&self, job: usize) -> Amounts {
        let columns = &self.columns;
        let gpu_milli = u32::from(columns.gpu_count[job]) * u32::from(columns.gpu_milli[job]);
        [columns.cpu_milli[job], columns.memory_mib[job], columns.disk_gib[job], gpu_milli]
    }
}

fn check_job(columns: &JobsColumns, job: usize) -> Result<(), Error> {
    let gpus = columns.gpu_count[job];
    let share_range = if gpus == 0 { (0, 0) } else { (1, u64::from(MILLI_PER_GPU)) };
    for (name, found, range) in [
        ("cpuMilli", columns.cpu_milli[job], (0, u64::from(RESOURCE_MAX))),
        ("memoryMib", columns.memory_mib[job], (0, u64::from(RESOURCE_MAX))),
        ("diskGib", columns.disk_gib[job], (0, u64::from(RESOURCE_MAX))),
        ("gpuCount", u32::from(gpus), (0, GPUS_PER_NODE_MAX as u64)),
        ("gpuMilli", u32::from(columns.gpu_milli[job]), share_range),
        ("durationS", columns.duration_s[job], (0, u64::from(DURATION_S_MAX))),
    ] {
        check_range(TABLE, job, name, u64::from(found), range)?;
    }
    let set = columns.node_set[job];
    let sets = columns.node_sets.len();
    if set != ANY_NODE && set as usize >= sets {
        let field = cell(TABLE, job, "nodeSet");
        return Err(Error::UnknownIndex { field, found: u64::from(set), count: sets });
    }
    Ok(())
}

const TABLE: &str = "jobs";

#[cfg(test)]
mod tests {
    use quorate_types::Coded;

    use super::*;

    fn one_job() -> JobsColumns {
        JobsColumns {
            cpu_milli: vec![2_000],
            memory_mib: vec![4_096],
            disk_gib: vec![0],
            gpu_count: vec![2],
            gpu_milli: vec![500],
            class: vec![JobClass::A],
            duration_s: vec![3_600],
            ..JobsColumns::default()
        }
    }

    #[test]
    fn a_request_counts_every_device() {
        assert_eq!(Jobs::new(one_job()).unwrap().request(0), [2_000, 4_096, 0, 1_000]);
    }

    #[test]
    fn a_bad_cell_is_named() {
        type Spoil = fn(&mut JobsColumns);
        let cases: [(Spoil, &str); 5] = [
            (|jobs| jobs.cpu_milli[0] = RESOURCE_MAX + 1, "jobs[0].cpuMilli"),
            (|jobs| jobs.gpu_milli[0] = 0, "jobs[0].gpuMilli"),
            (|jobs| jobs.gpu_count[0] = 0, "jobs[0].gpuMilli"),
            (|jobs| jobs.duration_s[0] = u32::MAX, "jobs[0].durationS"),
            (|jobs| jobs.node_set = vec![0], "jobs[0].nodeSet"),
        ];
        for (spoil, path) in cases {
            let mut columns = one_job();
            spoil(&mut columns);
            assert_eq!(Jobs::new(columns).unwrap_err().field().unwrap().as_str(), path);
        }
    }

    #[test]
    fn a_column_of_another_length_is_named() {
        let mut columns = one_job();
        columns.class.clear();
        let error = Jobs::new(columns).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_PLACEMENT_COLUMN_LENGTH");
        assert_eq!(error.field().unwrap().as_str(), "jobs.class");
    }
}
