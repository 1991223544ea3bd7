//! The five objectives. All are minimised, and all come from exact integer sums, so that a sum that was kept
//! up to date gene by gene has the same bits as one made from scratch.

use crate::instance::{Demand, NodeTerms};

/// How many objectives there are.
pub const OBJECTIVES: usize = 5;

/// One value per objective, in the order of [`Objective::ALL`].
pub type ObjectiveValues = [f64; OBJECTIVES];

/// What a placement is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Objective {
    /// Mean round-trip latency of the jobs in milliseconds: `sum(w_j * latency_n(j)) / sum(w_j)`, where `w_j`
    /// is the weight of the job's class.
    Latency,
    /// Standard deviation of the nodes' loads, 0 to 0.5. The load of a node is the share in use of the
    /// resource it has least of: its dominant share (Ghodsi et al., "Dominant Resource Fairness", NSDI 2011),
    /// existing load included.
    LoadBalance,
    /// Mean distrust, 0 to 1: `sum(w_j * (10000 - trust_n(j))) / (10000 * sum(w_j))`, trust in basis points.
    Trust,
    /// What the jobs cost their operators over their durations, in micro-units of the caller's currency:
    /// `sum(billable_j * cost_n(j))`, with `billable_j` in billing units times hours, see
    /// [`billing_unit_milli`].
    Cost,
    /// What the jobs would pay on the market, likewise.
    Price,
}

impl Objective {
    /// All of them, in the order of every array that is indexed by objective.
    pub const ALL: [Self; OBJECTIVES] =
        [Self::Latency, Self::LoadBalance, Self::Trust, Self::Cost, Self::Price];

    /// The public name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::LoadBalance => "loadBalance",
            Self::Trust => "trust",
            Self::Cost => "cost",
            Self::Price => "price",
        }
    }
}

/// A request as one number: thousandths of a billing unit, which is one core for one hour.
///
/// 8 GiB of memory, 500 GiB of disk and a tenth of a GPU count as one core: the rounded ratios of a large
/// cloud's list prices (Google Compute Engine, N1, us-central1: vCPU 0.0316, GiB 0.0042, T4 0.35 dollars an
/// hour, standard disk 0.04 dollars a GiB and month).
///
/// ```
/// assert_eq!(quorate_placement::billing_unit_milli(&[2_000, 4_096, 0, 1_000]), 2_000 + 500 + 10_000);
/// ```
pub const fn billing_unit_milli(request: &[u32; 4]) -> u64 {
    let [cpu_milli, memory_mib, disk_gib, gpu_milli] = *request;
    cpu_milli as u64 + memory_mib as u64 * 1_000 / 8_192 + disk_gib as u64 * 2 + gpu_milli as u64 * 10
}

/// Loads are kept in units of 2^-20, so that a million nodes' squares fit 64 bits.
pub(crate) const LOAD_ONE: u32 = 1 << 20;

/// The sums behind the objectives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    latency: u64,
    distrust: u64,
    cost: u64,
    price: u64,
    load: u64,
    load_squares: u64,
    /// Weight of the jobs that have a node.
    weight: u64,
}

impl Sums {
    /// Adds a job on a node.
    #[inline]
    pub(crate) fn add(&mut self, job: &Demand, node: &NodeTerms) {
        let (weight, bill) = (u64::from(job.weight), u64::from(job.billable));
        self.latency += weight * u64::from(node.latency_us);
        self.distrust += weight * u64::from(node.distrust);
        self.cost += bill * u64::from(node.cost_micro);
        self.price += bill * u64::from(node.price_micro);
        self.weight += weight;
    }

    /// Takes back what [`Sums::add`] added.
    #[inline]
    pub(crate) fn subtract(&mut self, job: &Demand, node: &NodeTerms) {
        let (weight, bill) = (u64::from(job.weight), u64::from(job.billable));
        self.latency -= weight * u64::from(node.latency_us);
        self.distrust -= weight * u64::from(node.distrust);
        self.cost -= bill * u64::from(node.cost_micro);
        self.price -= bill * u64::from(node.price_micro);
        self.weight -= weight;
    }

    /// A node's load changes from `before` to `after`, in units of 1 / [`LOAD_ONE`].
    #[inline]
    pub(crate) fn change_load(&mut self, before: u32, after: u32) {
        let (before, after) = (u64::from(before), u64::from(after));
        self.load = self.load + after - before;
        self.load_squares = self.load_squares + after * after - before * before;
    }

    /// How much larger `nodes * sum of squares - square of sum` becomes by such a change: it is proportional
    /// to the change of the loads' variance.
    #[inline]
    pub(crate) fn variance_change(&self, nodes: usize, before: u32, after: u32) -> i64 {
        // 2^17 nodes times squares of 2^20 stay below 2^58.
        let (before, after) = (i64::from(before), i64::from(after));
        let load = self.load as i64;
        let step = after - before;
        nodes as i64 * (after * after - before * before) - step * (2 * load + step)
    }

    /// Sum of the loads, in units of 1 / [`LOAD_ONE`].
    pub(crate) fn load_sum(&self) -> f64 {
        self.load as f64
    }

    /// A number that differs between placements: where a choice must look random and depend on the genes
    /// alone.
    pub(crate) fn fingerprint(&self) -> u64 {
        (self.latency ^ self.cost.rotate_left(21) ^ self.price.rotate_left(42))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Standard deviation of the loads, as in the objective.
    pub(crate) fn load_deviation(&self, nodes: usize) -> f64 {
        let variance = nodes as u128 * u128::from(self.load_squares) - u128::from(self.load).pow(2);
        (variance as f64).sqrt() / (nodes.max(1) as f64 * f64::from(LOAD_ONE))
    }

    /// Weight of the jobs without a node, of `weight_all` in all: the constraint violation.
    pub(crate) fn unplaced(&self, weight_all: u64) -> f64 {
        (weight_all - self.weight) as f64
    }

    /// The objectives in their public units. Jobs without a node count nowhere but in [`Sums::unplaced`].
    pub(crate) fn objectives(&self, nodes: usize, values: &mut [f64]) {
        let weight = self.weight.max(1) as f64;
        values[0] = self.latency as f64 / weight / 1_000.0;
        values[1] = self.load_deviation(nodes);
        values[2] = self.distrust as f64 / weight / 10_000.0;
        // Billable amounts are thousandths of a billing unit times hours.
        values[3] = self.cost as f64 / 1_000.0;
        values[4] = self.price as f64 / 1_000.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(weight: u32, billable: u32) -> Demand {
        Demand { weight, billable, ..Demand::default() }
    }

    #[test]
    fn objectives_follow_their_formulas() {
        let mut sums = Sums::default();
        let near = NodeTerms { latency_us: 2_000, distrust: 1_000, cost_micro: 5, price_micro: 7 };
        let far = NodeTerms { latency_us: 8_000, distrust: 4_000, cost_micro: 1, price_micro: 2 };
        sums.add(&demand(4, 3_000), &near);
        sums.add(&demand(1, 1_000), &far);
        sums.change_load(0, LOAD_ONE);
        let mut values = [0.0; OBJECTIVES];
        sums.objectives(2, &mut values);
        assert_eq!(values[0], (4.0 * 2.0 + 8.0) / 5.0);
        assert_eq!(values[1], 0.5);
        assert!((values[2] - (4.0 * 0.1 + 0.4) / 5.0).abs() < 1e-15);
        assert_eq!(values[3..], [16.0, 23.0]);
        assert_eq!(sums.unplaced(7), 2.0);
    }

    #[test]
    fn subtracting_takes_back_what_was_added() {
        let mut sums = Sums::default();
        let node = NodeTerms { latency_us: 9, distrust: 8, cost_micro: 7, price_micro: 6 };
        sums.change_load(0, 77);
        let before = sums;
        sums.add(&demand(2, 5), &node);
        sums.change_load(77, 99);
        assert_ne!(sums, before);
        sums.subtract(&demand(2, 5), &node);
        sums.change_load(99, 77);
        assert_eq!(sums, before);
    }

    #[test]
    fn the_change_of_variance_is_the_difference_of_variances() {
        let variance = |sums: &Sums| 3 * i128::from(sums.load_squares) - i128::from(sums.load).pow(2);
        let mut sums = Sums::default();
        sums.change_load(0, 10);
        sums.change_load(0, 40);
        let before = variance(&sums);
        let expected = sums.variance_change(3, 10, 25);
        sums.change_load(10, 25);
        assert_eq!(variance(&sums) - before, i128::from(expected));
    }
}
