//! Why a job is where it is.

use crate::instance::{Instance, NOWHERE};
use crate::objectives::{OBJECTIVES, Objective, ObjectiveValues};

/// What a job's node means for each objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation {
    /// The job.
    pub job: u32,
    /// Its node.
    pub node: u32,
    /// What the job adds to each objective, in the objective's unit: these sum up over all jobs to latency,
    /// trust, cost and price of the placement. For load balance, which is no sum over jobs, it is the job's
    /// dominant share of its node.
    pub contributions: ObjectiveValues,
    /// The place of the node in each objective's order of all nodes, 0 for the best; for load balance larger
    /// nodes are better. A low place in few and a high one in others shows what was traded for what.
    pub places: [u32; OBJECTIVES],
}

/// Explains every placed job, in the order of the jobs; `nodes` has the node of each job.
pub(crate) fn explain(instance: &Instance<'_>, nodes: &[u32]) -> Vec<Explanation> {
    let placed =
        instance.demands.iter().zip(&instance.order).filter(|&(_, &job)| nodes[job as usize] != NOWHERE);
    let weight: u64 = placed.clone().map(|(demand, _)| u64::from(demand.weight)).sum();
    let mut explanations: Vec<Explanation> = placed
        .map(|(demand, &job)| {
            let node = nodes[job as usize];
            let terms = &instance.terms[node as usize];
            let share = f64::from(demand.weight) / weight as f64;
            let billable = f64::from(demand.billable) / 1_000.0;
            let capacity = instance.fleet.capacity(node as usize);
            let left = std::array::from_fn(|resource| capacity[resource] - demand.need[resource]);
            let load = f64::from(instance.load(node, &left)) / f64::from(crate::objectives::LOAD_ONE);
            Explanation {
                job,
                node,
                contributions: [
                    share * f64::from(terms.latency_us) / 1_000.0,
                    load,
                    share * f64::from(terms.distrust) / 10_000.0,
                    billable * f64::from(terms.cost_micro),
                    billable * f64::from(terms.price_micro),
                ],
                places: Objective::ALL
                    .map(|objective| instance.orders[objective as usize].position[node as usize]),
            }
        })
        .collect();
    explanations.sort_unstable_by_key(|explanation| explanation.job);
    explanations
}
