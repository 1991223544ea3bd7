//! What an assignment is worth, after every job that found no room was moved to a node that has some.
//!
//! The outcome is a function of the genes alone. A node that is asked for too much keeps its jobs in
//! canonical order as long as they fit; the others then look for room, again in canonical order, each along
//! one objective's order of nodes, beginning behind the node it asked for: so a job that asked for a near
//! node gets one that is a little farther. Which objective is drawn from the gene and the node.

use crate::instance::{Instance, NOWHERE};
use crate::ledger::Ledger;
use crate::objectives::{OBJECTIVES, Sums};

/// How many nodes a job that found no room looks at before it counts as not placed.
const PROBES_MAX: usize = 4_096;

/// A delta costs about this many times as much per changed gene as building the whole state costs per gene:
/// on the openb trace the two met between 12 and 15 % of changed genes, at 100 and at 1,000 jobs.
const DELTA_COST: usize = 8;

/// Evaluates one assignment after the other and keeps the state of the last, so that the next one pays for
/// the genes in which it differs.
#[derive(Clone, Debug)]
pub(crate) struct Evaluator<'a> {
    pub(crate) instance: &'a Instance<'a>,
    pub(crate) ledger: Ledger,
    /// The last assignment, after repair; all NOWHERE at the start, like the empty ledger.
    pub(crate) last: Vec<u32>,
    pub(crate) sums: Sums,
    sums_empty: Sums,
    /// Above this number of changed genes the state is built anew.
    delta_genes_max: usize,
    changed: Vec<u32>,
    homeless: Vec<u32>,
    touched: Vec<u32>,
    touched_in: Vec<u32>,
    epoch: u32,
}

impl<'a> Evaluator<'a> {
    /// Nothing is placed yet.
    pub(crate) fn new(instance: &'a Instance<'a>) -> Self {
        let ledger = Ledger::new(instance);
        let mut sums_empty = Sums::default();
        for node in 0..instance.fleet.len() as u32 {
            sums_empty.change_load(0, ledger.load(node));
        }
        Self {
            instance,
            ledger,
            last: vec![NOWHERE; instance.genes()],
            sums: sums_empty,
            sums_empty,
            delta_genes_max: instance.genes() / DELTA_COST,
            changed: Vec::with_capacity(instance.genes()),
            homeless: Vec::new(),
            touched: Vec::with_capacity(instance.fleet.len()),
            touched_in: vec![0; instance.fleet.len()],
            epoch: 0,
        }
    }

    /// Repairs the genes in place and returns the sums of its objectives.
    ///
    /// Every gene must be NOWHERE or a node that [`Instance::fits_alone`] accepts.
    pub(crate) fn evaluate(&mut self, genes: &mut [u32]) -> Sums {
        self.homeless.clear();
        self.touched.clear();
        self.epoch = self.epoch.wrapping_add(1);
        if self.find_changes(genes) {
            self.apply_changes(genes);
        } else {
            self.rebuild(genes);
        }
        self.settle_loads();
        self.last.copy_from_slice(genes);
        self.sums
    }

    /// The state after the last assignment.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Collects the genes that differ from the last assignment; false where they are too many to be worth it.
    fn find_changes(&mut self, genes: &[u32]) -> bool {
        self.changed.clear();
        for (gene, (&now, &before)) in genes.iter().zip(&self.last).enumerate() {
            // A job without a node is tried again even if it had none before: there may be room now.
            if now != before || now == NOWHERE {
                if self.changed.len() == self.delta_genes_max {
                    return false;
                }
                self.changed.push(gene as u32);
            }
        }
        true
    }

    fn rebuild(&mut self, genes: &mut [u32]) {
        self.ledger.clear(&self.last);
        self.sums = self.sums_empty;
        for (gene, &node) in genes.iter().enumerate() {
            if node != NOWHERE && self.ledger.admits(self.instance, node, gene) {
                self.ledger.append(self.instance, node, gene);
                self.touch(node);
            } else {
                self.homeless.push(gene as u32);
            }
        }
        self.house(genes);
        for (demand, &node) in self.instance.demands.iter().zip(genes.iter()) {
            if node != NOWHERE {
                self.sums.add(demand, &self.instance.terms[node as usize]);
            }
        }
    }

    fn apply_changes(&mut self, genes: &mut [u32]) {
        let changed = std::mem::take(&mut self.changed);
        for &gene in &changed {
            let node = self.last[gene as usize];
            if node != NOWHERE {
                self.ledger.unlink(node, gene);
                self.touch(node);
            }
        }
        for &gene in &changed {
            let node = genes[gene as usize];
            if node == NOWHERE {
                self.homeless.push(gene);
            } else {
                self.ledger.link(node, gene);
                self.touch(node);
            }
        }
        for &node in &self.touched {
            self.ledger.refill(self.instance, node, &mut self.homeless);
        }
        self.homeless.sort_unstable();
        self.house(genes);
        // Who changed: the genes that differ, and those that had to give way to them.
        self.changed = changed;
        self.changed.extend_from_slice(&self.homeless);
        self.changed.sort_unstable();
        self.changed.dedup();
        for &gene in &self.changed {
            let demand = &self.instance.demands[gene as usize];
            let (before, now) = (self.last[gene as usize], genes[gene as usize]);
            if before != NOWHERE {
                self.sums.subtract(demand, &self.instance.terms[before as usize]);
            }
            if now != NOWHERE {
                self.sums.add(demand, &self.instance.terms[now as usize]);
            }
        }
    }

    /// Gives each homeless job the first node with room along its way, or none.
    fn house(&mut self, genes: &mut [u32]) {
        for index in 0..self.homeless.len() {
            let gene = self.homeless[index] as usize;
            let found = self.find_room(gene, genes[gene]);
            if let Some(node) = found {
                self.ledger.insert(self.instance, node, gene);
                self.touch(node);
            }
            genes[gene] = found.unwrap_or(NOWHERE);
        }
    }

    fn find_room(&self, gene: usize, asked: u32) -> Option<u32> {
        let instance = self.instance;
        let drawn = mix(gene as u32, asked);
        let order = &instance.orders[drawn as usize % OBJECTIVES];
        let nodes = order.nodes.len();
        let start = match order.position.get(asked as usize) {
            Some(&position) => position as usize + 1,
            None => drawn as usize / OBJECTIVES % nodes,
        };
        let (before, behind) = order.nodes.split_at(start.min(nodes));
        let way = behind.iter().chain(before).take(PROBES_MAX);
        way.copied().find(|&node| self.ledger.admits(instance, node, gene) && instance.allows(gene, node))
    }

    fn settle_loads(&mut self) {
        for &node in &self.touched {
            let (before, after) = self.ledger.settle(self.instance, node);
            self.sums.change_load(before, after);
        }
    }

    #[inline]
    fn touch(&mut self, node: u32) {
        if self.touched_in[node as usize] != self.epoch {
            self.touched_in[node as usize] = self.epoch;
            self.touched.push(node);
        }
    }
}

/// A number that looks random, from two that do not (multiply and fold).
fn mix(first: u32, second: u32) -> u32 {
    let product = (u64::from(first) << 32 | u64::from(second)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product >> 32) as u32 ^ (product as u32 >> 15)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_nsga2::Random;
    use quorate_types::NoControl;

    use super::*;
    use crate::testing::{random_case, violations};

    /// Genes as crossover and mutation leave them: allowed nodes, room not asked for, now and then none.
    fn random_genes(instance: &Instance<'_>, random: &mut Random, genes: &mut [u32]) {
        for (gene, node) in genes.iter_mut().enumerate() {
            let drawn = random.below(instance.fleet.len()) as u32;
            if instance.fits_alone(gene, drawn) {
                *node = drawn;
            } else if random.chance(0.05) {
                *node = NOWHERE;
            }
        }
    }

    fn some_changes(instance: &Instance<'_>, random: &mut Random, genes: &mut [u32]) {
        for _ in 0..random.below(6) {
            let gene = random.below(genes.len());
            let node = random.below(instance.fleet.len()) as u32;
            if instance.fits_alone(gene, node) {
                genes[gene] = node;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_delta_ends_as_a_rebuild(seed in any::<u64>(), nodes in 1_usize..12, jobs in 1_usize..60) {
            let (fleet, jobs) = random_case(seed, nodes, jobs);
            let instance = Instance::new(&fleet, &jobs, &NoControl).unwrap();
            prop_assume!(instance.genes() > 0);
            let mut random = Random::stream(seed, 1, 0);
            let mut by_delta = Evaluator::new(&instance);
            by_delta.delta_genes_max = usize::MAX;
            let mut by_choice = Evaluator::new(&instance);
            let mut genes = vec![NOWHERE; instance.genes()];
            for round in 0..8 {
                if round % 3 == 0 {
                    random_genes(&instance, &mut random, &mut genes);
                } else {
                    some_changes(&instance, &mut random, &mut genes);
                }
                let mut from_scratch = Evaluator::new(&instance);
                from_scratch.delta_genes_max = 0;
                let (mut first, mut second) = (genes.clone(), genes.clone());
                let expected = from_scratch.evaluate(&mut genes);
                prop_assert_eq!(by_delta.evaluate(&mut first), expected);
                prop_assert_eq!(by_choice.evaluate(&mut second), expected);
                prop_assert_eq!(&first, &genes);
                prop_assert_eq!(&second, &genes);
            }
        }

        #[test]
        fn repair_keeps_capacities(seed in any::<u64>(), nodes in 1_usize..8, jobs in 1_usize..24) {
            let (fleet, jobs) = random_case(seed, nodes, jobs);
            let instance = Instance::new(&fleet, &jobs, &NoControl).unwrap();
            let mut genes = vec![NOWHERE; instance.genes()];
            random_genes(&instance, &mut Random::stream(seed, 1, 0), &mut genes);
            Evaluator::new(&instance).evaluate(&mut genes);
            let mut assignment = vec![None; jobs.len()];
            for (gene, &node) in genes.iter().enumerate() {
                assignment[instance.order[gene] as usize] = (node != NOWHERE).then_some(node);
            }
            prop_assert_eq!(violations(&fleet, &jobs, &assignment), 0);
        }

        #[test]
        fn repaired_genes_are_left_alone(seed in any::<u64>(), nodes in 1_usize..12, jobs in 1_usize..40) {
            let (fleet, jobs) = random_case(seed, nodes, jobs);
            let instance = Instance::new(&fleet, &jobs, &NoControl).unwrap();
            let mut genes = vec![NOWHERE; instance.genes()];
            random_genes(&instance, &mut Random::stream(seed, 1, 0), &mut genes);
            let sums = Evaluator::new(&instance).evaluate(&mut genes);
            let repaired = genes.clone();
            prop_assert_eq!(Evaluator::new(&instance).evaluate(&mut genes), sums);
            prop_assert_eq!(genes, repaired);
        }
    }
}
