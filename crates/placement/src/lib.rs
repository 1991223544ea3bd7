//! Jobs onto nodes: capacities, objectives, greedy strategies and NSGA-II.
mod choice;
mod column;
mod directions;
mod error;
mod evaluate;
mod explain;
mod feasibility;
mod fleet;
mod instance;
mod jobs;
mod ledger;
mod objectives;
mod polish;
mod problem;
mod repair;
mod resource;
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
