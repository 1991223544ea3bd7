//! Jobs onto nodes: capacities, objectives, greedy strategies and NSGA-II.
//!
//! A [`Fleet`] says what nodes have, [`Jobs`] what is asked for, and [`schedule`] gives every job a node or a
//! reason. CPU, memory, disk and GPUs are hard constraints: no plan breaks one. Five objectives are weighed
//! against each other: latency, load balance, trust, cost and market price ([`Objective`] has the formulas).
//!
//! ```
//! use quorate_placement::{Fleet, FleetColumns, JobClass, Jobs, JobsColumns, Settings, schedule};
//! use quorate_types::NoControl;
//!
//! // Two nodes: a near and dear one, and a far and cheap one with two GPUs.
//! let fleet = Fleet::new(FleetColumns {
//!     cpu_milli: vec![8_000, 16_000],
//!     memory_mib: vec![16_384, 32_768],
//!     disk_gib: vec![100, 500],
//!     gpu_count: vec![0, 2],
//!     gpu_model: vec![0, 3],
//!     latency_us: vec![5_000, 60_000],
//!     trust: vec![9_500, 8_000],
//!     cost_micro: vec![40_000, 10_000],
//!     price_micro: vec![50_000, 20_000],
//!     ..FleetColumns::default()
//! })?;
//! // A web job, and one that runs for an hour on 40 % of a GPU.
//! let jobs = Jobs::new(JobsColumns {
//!     cpu_milli: vec![2_000, 4_000],
//!     memory_mib: vec![4_096, 8_192],
//!     disk_gib: vec![10, 10],
//!     gpu_count: vec![0, 1],
//!     gpu_milli: vec![0, 400],
//!     class: vec![JobClass::S, JobClass::B],
//!     duration_s: vec![60, 3_600],
//!     ..JobsColumns::default()
//! })?;
//!
//! let plan = schedule(&fleet, &jobs, &Settings::default(), &NoControl)?;
//! assert!(plan.unplaced.is_empty());
//! // The GPU job has no choice. The other is what the two points of the front differ in.
//! assert_eq!(plan.assignment[1], Some(1));
//! assert_eq!(plan.front.points.len(), 2);
//! # Ok::<(), quorate_placement::Error>(())
//! ```
//!
//! Where something is impossible the plan proves it, and still places the rest:
//!
//! ```
//! # use quorate_placement::{Fleet, FleetColumns, JobClass, Jobs, JobsColumns, Settings, schedule};
//! # use quorate_placement::{Certificate, Group, Resource};
//! # use quorate_types::NoControl;
//! # let fleet = Fleet::new(FleetColumns {
//! #     cpu_milli: vec![64_000], memory_mib: vec![65_536], disk_gib: vec![0], gpu_count: vec![2],
//! #     gpu_model: vec![0], latency_us: vec![1], trust: vec![1], cost_micro: vec![1], price_micro: vec![1],
//! #     ..FleetColumns::default()
//! # })?;
//! // One node with two GPUs, three jobs that each want more than half of one.
//! let jobs = Jobs::new(JobsColumns {
//!     cpu_milli: vec![1_000; 3],
//!     memory_mib: vec![1_024; 3],
//!     disk_gib: vec![0; 3],
//!     gpu_count: vec![1; 3],
//!     gpu_milli: vec![600; 3],
//!     class: vec![JobClass::B; 3],
//!     duration_s: vec![60; 3],
//!     ..JobsColumns::default()
//! })?;
//! let plan = schedule(&fleet, &jobs, &Settings::default(), &NoControl)?;
//! assert_eq!(plan.statistics.jobs_placed, 2);
//! assert!(plan.certificates.contains(&Certificate::TooManyLargeJobs {
//!     group: Group::WithGpu,
//!     resource: Resource::Gpu,
//!     at_least: 600,
//!     need: 3,
//!     have: 2,
//! }));
//! # Ok::<(), quorate_placement::Error>(())
//! ```
//!
//! When nodes vanish, [`repair()`] moves the jobs they had and hardly any other. [`Run`] is [`schedule`]
//! generation by generation.
//!
//! Level 2: built on `nsga2`; no clock, no IO, no randomness but the seed. A plan is the same bit for bit on
//! any number of threads.

mod choice;
mod column;
mod directions;
mod error;
mod evaluate;
mod exact;
mod explain;
mod feasibility;
mod fleet;
mod instance;
mod jobs;
mod ledger;
mod objectives;
mod packing;
mod polish;
mod problem;
mod repair;
mod resource;
mod row;
mod schedule;
mod strategy;
#[cfg(test)]
mod testing;

pub use choice::{Choice, Extreme};
pub use error::Error;
pub use explain::Explanation;
pub use feasibility::{Certificate, Group, Reason, Shortage, Unplaced};
pub use fleet::{Fleet, FleetColumns, GPU_MODELS_MAX, LATENCY_US_MAX, NODES_MAX, RATE_MICRO_MAX};
pub use instance::Instance;
pub use jobs::{ANY_NODE, DURATION_S_MAX, JOBS_MAX, JobClass, Jobs, JobsColumns, NODE_SETS_MAX};
pub use objectives::{OBJECTIVES, Objective, ObjectiveValues, billing_unit_milli};
pub use repair::{Move, Repair, repair};
pub use resource::{Amounts, GPUS_PER_NODE_MAX, MILLI_PER_GPU, RESOURCE_MAX, RESOURCES, Resource};
pub use schedule::{Front, Plan, Run, Settings, Statistics, UNPLACED, schedule, schedule_greedily};
pub use strategy::{Greedy, Strategy};
