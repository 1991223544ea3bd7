//! The exact search for jobs that no rule found a node for: a placement of all of them, or the proof that
//! there is none.
//!
//! Depth first. The job with the fewest nodes left goes next; a placement closes the node to the jobs that
//! have no room there any more. A branch ends where a job has no node left, or where the jobs left ask for
//! more than the nodes that can still take any of them have. Once a job was tried on a node in vain, that
//! node and all in the same state are closed to every job that asks for the same.
//!
//! The work is counted and capped, so that the answer is the same on any machine; beyond the cap it is
//! [`Answer::Open`].

use std::cmp::Reverse;
use std::collections::BTreeSet;

use quorate_types::Control;

use crate::error::{Error, stop_if_cancelled};
use crate::feasibility::Certificate;
use crate::instance::{Instance, NOWHERE};
use crate::ledger::Ledger;
use crate::packing::could_pack;
use crate::resource::{RESOURCES, Resource};

/// What the search says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Every gene has a node.
    Placed(Vec<u32>),
    /// No placement gives every gene a node.
    Impossible(Certificate),
    /// The search was cut short.
    Open,
}

/// Cap on the work of one answer, in pairs of a job and a node that are looked at: some tens of milliseconds.
const WORK_MAX: u64 = 2_000_000;

/// The most jobs of one search, which is also how deep it goes.
const GENES_MAX: usize = 256;

/// The most kinds of jobs that are looked at in vain.
const UNDECIDED_MAX: usize = 64;

/// The most pairs of a kind of job and a node for which it is found out who could be where.
const PAIRS_MAX: usize = 1 << 22;

/// Searches for a placement of all genes, given one in which some are NOWHERE.
///
/// Jobs that could never be in the way of those are left where they are. If all the others are too many, only
/// those are looked at that have no node which one of the homeless has not: they prove what cannot be, and
/// find nothing.
pub(crate) fn decide(instance: &Instance<'_>, start: &[u32], control: &dyn Control) -> Result<Answer, Error> {
    if instance.shapes.saturating_mul(instance.fleet.len()) > PAIRS_MAX {
        return Ok(Answer::Open);
    }
    let mut reach = Reach::new(instance, control)?;
    let mut placement = start.to_vec();
    let mut work = WORK_MAX;
    let mut undecided = BTreeSet::new();
    for gene in 0..placement.len() {
        if placement[gene] != NOWHERE || undecided.contains(&instance.shape[gene]) {
            continue;
        }
        stop_if_cancelled(control)?;
        let connected = reach.connected(gene);
        match connected.search(instance, control, &mut work, 2)? {
            Outcome::Placed(nodes) => {
                connected.genes.iter().zip(nodes).for_each(|(&gene, node)| placement[gene as usize] = node);
                continue;
            }
            Outcome::Impossible(short) => return connected.certificate(instance, control, &mut work, short),
            Outcome::Open => {}
        }
        let bound = reach.bound(gene);
        if let Outcome::Impossible(short) = bound.search(instance, control, &mut work, 2)? {
            return bound.certificate(instance, control, &mut work, short);
        }
        undecided.insert(instance.shape[gene]);
        if undecided.len() == UNDECIDED_MAX {
            break;
        }
    }
    Ok(if undecided.is_empty() { Answer::Placed(placement) } else { Answer::Open })
}

/// Where each job could be if it were the only one.
struct Reach<'s> {
    shape_of_gene: &'s [u32],
    /// Ascending.
    nodes_of_shape: Vec<Vec<u32>>,
    /// Another node that some job could be on as well, up to the one that stands for all that are connected.
    parent: Vec<u32>,
}

impl<'s> Reach<'s> {
    fn new(instance: &'s Instance<'_>, control: &dyn Control) -> Result<Self, Error> {
        let nodes = instance.fleet.len() as u32;
        let mut reach = Self {
            shape_of_gene: &instance.shape,
            nodes_of_shape: vec![Vec::new(); instance.shapes],
            parent: (0..nodes).collect(),
        };
        for (gene, &shape) in instance.shape.iter().enumerate() {
            // Every gene fits somewhere, so an empty list is one that was not made yet.
            if reach.nodes_of_shape[shape as usize].is_empty() {
                stop_if_cancelled(control)?;
                let found: Vec<u32> = (0..nodes).filter(|&node| instance.fits_alone(gene, node)).collect();
                for pair in found.windows(2) {
                    let [one, other] = [reach.root(pair[0]), reach.root(pair[1])];
                    reach.parent[other as usize] = one;
                }
                reach.nodes_of_shape[shape as usize] = found;
            }
        }
        Ok(reach)
    }

    fn of(&self, gene: usize) -> &[u32] {
        &self.nodes_of_shape[self.shape_of_gene[gene] as usize]
    }

    /// The node that stands for all that are connected with this one (Tarjan 1975, with path halving).
    fn root(&mut self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            let above = self.parent[node as usize];
            self.parent[node as usize] = self.parent[above as usize];
            node = above;
        }
        node
    }

    /// All genes that could be in the way of this one, or in the way of those, and so on.
    fn connected(&mut self, gene: usize) -> Group {
        let own = self.root(self.of(gene)[0]);
        let reached: Vec<bool> = (0..self.parent.len() as u32).map(|node| self.root(node) == own).collect();
        self.group(|shape| reached[self.nodes_of_shape[shape][0] as usize], &reached)
    }

    /// All genes that have no node which this one has not.
    fn bound(&self, gene: usize) -> Group {
        let mut reached = vec![false; self.parent.len()];
        self.of(gene).iter().for_each(|&node| reached[node as usize] = true);
        let inside = |shape: usize| self.nodes_of_shape[shape].iter().all(|&node| reached[node as usize]);
        self.group(inside, &reached)
    }

    fn group(&self, inside: impl Fn(usize) -> bool, reached: &[bool]) -> Group {
        let genes = 0..self.shape_of_gene.len() as u32;
        let nodes = 0..self.parent.len() as u32;
        Group {
            genes: genes.filter(|&gene| inside(self.shape_of_gene[gene as usize] as usize)).collect(),
            nodes: nodes.filter(|&node| reached[node as usize]).collect(),
        }
    }
}

/// Genes, and nodes that hold every node of theirs.
struct Group {
    genes: Vec<u32>,
    nodes: Vec<u32>,
}

/// What one search says.
enum Outcome {
    /// The node of each gene of the group.
    Placed(Vec<u32>),
    /// There is no placement; the resource was short most often.
    Impossible(Resource),
    /// The work was used up, or the group is too large, or the ledger's way of filling devices decided.
    Open,
}

impl Group {
    /// Searches with at most one part in `share` of the work that is left.
    fn search(
        &self,
        instance: &Instance<'_>,
        control: &dyn Control,
        work: &mut u64,
        share: u64,
    ) -> Result<Outcome, Error> {
        let allowed = *work / share;
        let pairs = self.genes.len() as u64 * self.nodes.len() as u64;
        if self.genes.len() > GENES_MAX || pairs > allowed {
            return Ok(Outcome::Open);
        }
        let mut search = Search::new(instance, self, control, allowed - pairs);
        let found = search.place_rest();
        *work -= allowed - search.work;
        Ok(match found? {
            Some(true) => Outcome::Placed(search.placed.iter().map(|&at| self.nodes[at as usize]).collect()),
            Some(false) if search.exact => Outcome::Impossible(search.shortest()),
            _ => Outcome::Open,
        })
    }

    /// Leaves out one job after the other, the smallest first, as long as the rest still excludes itself.
    fn certificate(
        &self,
        instance: &Instance<'_>,
        control: &dyn Control,
        work: &mut u64,
        mut resource: Resource,
    ) -> Result<Answer, Error> {
        let mut kept = Self { genes: self.genes.clone(), nodes: self.nodes.clone() };
        for &gene in self.genes.iter().rev() {
            let genes = kept.genes.iter().copied().filter(|&other| other != gene).collect();
            let fewer = Self { genes, nodes: kept.nodes.clone() };
            if let Outcome::Impossible(short) = fewer.search(instance, control, work, 1)? {
                (kept, resource) = (fewer, short);
            }
        }
        let takes_any = |&node: &u32| kept.genes.iter().any(|&gene| instance.fits_alone(gene as usize, node));
        let mut jobs: Vec<u32> = kept.genes.iter().map(|&gene| instance.order[gene as usize]).collect();
        jobs.sort_unstable();
        let nodes = kept.nodes.iter().copied().filter(takes_any).collect();
        Ok(Answer::Impossible(Certificate::JobsExcludeEachOther { jobs, nodes, resource }))
    }
}

/// A placement in the making. Genes and nodes are counted as the group lists them.
struct Search<'s, 'a> {
    instance: &'s Instance<'a>,
    group: &'s Group,
    control: &'s dyn Control,
    ledger: Ledger,
    /// Whether each node is open to each gene, `gene * nodes + node`.
    open: Vec<bool>,
    /// Open nodes of each gene.
    choices: Vec<u32>,
    /// Genes without a node that each node is open to.
    takers: Vec<u32>,
    /// The node of each gene, or NOWHERE.
    placed: Vec<u32>,
    /// Placed genes with GPUs on each node.
    with_gpu: Vec<u32>,
    /// What the genes without a node ask for.
    need: [u64; RESOURCES],
    /// Pairs that were closed, to be opened again.
    closed: Vec<(usize, usize)>,
    /// How often each resource was short.
    short: [u64; RESOURCES],
    /// Whether nothing was refused that another filling of the devices could hold.
    exact: bool,
    work: u64,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(instance: &'s Instance<'a>, group: &'s Group, control: &'s dyn Control, work: u64) -> Self {
        let (genes, nodes) = (group.genes.len(), group.nodes.len());
        let mut search = Self {
            instance,
            group,
            control,
            ledger: Ledger::new(instance),
            open: Vec::with_capacity(genes * nodes),
            choices: vec![0; genes],
            takers: vec![0; nodes],
            placed: vec![NOWHERE; genes],
            with_gpu: vec![0; nodes],
            need: [0; RESOURCES],
            closed: Vec::new(),
            short: [0; RESOURCES],
            exact: true,
            work,
        };
        for (gene, &own) in group.genes.iter().enumerate() {
            for (node, &other) in group.nodes.iter().enumerate() {
                let fits = instance.fits_alone(own as usize, other);
                search.open.push(fits);
                search.choices[gene] += u32::from(fits);
                search.takers[node] += u32::from(fits);
            }
            search.need = search.need_with(gene, |sum, own| sum + own);
        }
        search
    }

    /// Whether the genes without a node can be placed beside the others; none where the work is used up. They
    /// then are.
    fn place_rest(&mut self) -> Result<Option<bool>, Error> {
        let homeless = (0..self.placed.len()).filter(|&gene| self.placed[gene] == NOWHERE);
        let Some(gene) = homeless.min_by_key(|&gene| self.choices[gene]) else { return Ok(Some(true)) };
        if !self.is_enough() {
            return Ok(Some(false));
        }
        let before = self.closed.len();
        for node in 0..self.group.nodes.len() {
            if !self.open[gene * self.group.nodes.len() + node] {
                continue;
            }
            stop_if_cancelled(self.control)?;
            let cost = (self.group.genes.len() + self.group.nodes.len()) as u64;
            let Some(left) = self.work.checked_sub(cost) else { return Ok(None) };
            self.work = left;
            let inner = self.closed.len();
            self.put(gene, node);
            self.close_where_full(node);
            // As deep as there are genes, at most `GENES_MAX`.
            match self.place_rest()? {
                Some(false) => {}
                decided => return Ok(decided),
            }
            self.reopen(inner);
            self.take_back(gene, node);
            self.close_equals(gene, node);
        }
        self.reopen(before);
        Ok(Some(false))
    }

    fn gene(&self, gene: usize) -> usize {
        self.group.genes[gene] as usize
    }

    fn need_with(&self, gene: usize, change: impl Fn(u64, u64) -> u64) -> [u64; RESOURCES] {
        let need = &self.instance.demands[self.gene(gene)].need;
        std::array::from_fn(|resource| change(self.need[resource], u64::from(need[resource])))
    }

    /// Whether the nodes that can still take somebody have as much as all without a node ask for together.
    fn is_enough(&mut self) -> bool {
        let mut have = [0_u64; RESOURCES];
        for (node, _) in self.takers.iter().enumerate().filter(|&(_, &takers)| takers > 0) {
            let free = self.ledger.free(self.group.nodes[node]);
            have.iter_mut().zip(free).for_each(|(have, &free)| *have += u64::from(free));
        }
        let lacking = (0..RESOURCES).find(|&resource| self.need[resource] > have[resource]);
        lacking.inspect(|&resource| self.short[resource] += 1).is_none()
    }

    fn put(&mut self, gene: usize, node: usize) {
        self.ledger.insert(self.instance, self.group.nodes[node], self.gene(gene));
        self.placed[gene] = node as u32;
        self.with_gpu[node] += u32::from(self.instance.demands[self.gene(gene)].gpu_count > 0);
        self.need = self.need_with(gene, |sum, own| sum - own);
        for (other, takers) in self.takers.iter_mut().enumerate() {
            *takers -= u32::from(self.open[gene * self.group.nodes.len() + other]);
        }
    }

    fn take_back(&mut self, gene: usize, node: usize) {
        self.ledger.remove(self.instance, self.group.nodes[node], self.gene(gene));
        self.placed[gene] = NOWHERE;
        self.with_gpu[node] -= u32::from(self.instance.demands[self.gene(gene)].gpu_count > 0);
        self.need = self.need_with(gene, |sum, own| sum + own);
        for (other, takers) in self.takers.iter_mut().enumerate() {
            *takers += u32::from(self.open[gene * self.group.nodes.len() + other]);
        }
    }

    /// Closes a node to those who have no room there any more.
    fn close_where_full(&mut self, node: usize) {
        let id = self.group.nodes[node];
        for gene in 0..self.placed.len() {
            let own = self.gene(gene);
            if self.placed[gene] != NOWHERE
                || !self.open[gene * self.group.nodes.len() + node]
                || self.ledger.admits(self.instance, id, own)
            {
                continue;
            }
            let (need, free) = (&self.instance.demands[own].need, self.ledger.free(id));
            let lacking = (0..RESOURCES).find(|&resource| need[resource] > free[resource]);
            self.short[lacking.unwrap_or(Resource::Gpu as usize)] += 1;
            self.exact &= lacking.is_some() || !self.could_hold(id, own);
            self.close(gene, node);
        }
    }

    /// Whether the devices of a node could hold one more job if they were filled in another way.
    fn could_hold(&self, node: u32, gene: usize) -> bool {
        let all = self.ledger.genes_on(node).chain([gene as u32]);
        let demands = all.map(|gene| &self.instance.demands[gene as usize]);
        let mut shares: Vec<(u8, u16)> =
            demands.map(|demand| (demand.gpu_count, demand.gpu_milli)).filter(|share| share.0 > 0).collect();
        could_pack(&mut self.instance.fleet.gpu_free(node as usize), &mut shares)
    }

    /// Closes a node on which a job was tried in vain, and every node in the same state, to that job and to
    /// all that ask for the same: exchanging two such jobs or nodes in a placement would give one that was
    /// tried.
    fn close_equals(&mut self, gene: usize, node: usize) {
        let equal: Vec<usize> =
            (0..self.group.nodes.len()).filter(|&other| self.is_equal(node, other)).collect();
        let shape = self.instance.shape[self.gene(gene)];
        for other in 0..self.placed.len() {
            if self.placed[other] != NOWHERE || self.instance.shape[self.gene(other)] != shape {
                continue;
            }
            for &node in &equal {
                if self.open[other * self.group.nodes.len() + node] {
                    self.close(other, node);
                }
            }
        }
    }

    /// Whether two nodes have the same left and are open to the same jobs. With jobs on their GPUs they would
    /// have to hold the same ones, so such nodes are taken to differ.
    fn is_equal(&self, one: usize, other: usize) -> bool {
        let nodes = self.group.nodes.len();
        let [first, second] = [one, other].map(|node| self.group.nodes[node]);
        one == other
            || (self.ledger.free(first) == self.ledger.free(second)
                && self.with_gpu[one] + self.with_gpu[other] == 0
                && self.instance.fleet.gpu_free(first as usize)
                    == self.instance.fleet.gpu_free(second as usize)
                && (0..self.placed.len()).all(|gene| {
                    self.placed[gene] != NOWHERE
                        || self.open[gene * nodes + one] == self.open[gene * nodes + other]
                }))
    }

    fn close(&mut self, gene: usize, node: usize) {
        self.open[gene * self.group.nodes.len() + node] = false;
        self.choices[gene] -= 1;
        self.takers[node] -= 1;
        self.closed.push((gene, node));
    }

    fn reopen(&mut self, mark: usize) {
        for (gene, node) in self.closed.drain(mark..) {
            self.open[gene * self.group.nodes.len() + node] = true;
            self.choices[gene] += 1;
            self.takers[node] += 1;
        }
    }

    /// The resource that was short most often; of equals the first.
    fn shortest(&self) -> Resource {
        let worst = (0..RESOURCES).max_by_key(|&resource| (self.short[resource], Reverse(resource)));
        Resource::ALL[worst.unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_nsga2::Random;
    use quorate_types::NoControl;

    use super::*;
    use crate::fleet::{Fleet, FleetColumns};
    use crate::jobs::{ANY_NODE, JobClass, Jobs, JobsColumns};
    use crate::schedule::{Plan, Settings, schedule};
    use crate::strategy::Strategy;
    use crate::testing::{placeable, random_case, violations};

    /// Nodes and jobs with cores alone.
    fn cores(nodes: &[u32], requests: &[u32]) -> (Fleet, JobsColumns) {
        let fleet = FleetColumns {
            cpu_milli: nodes.to_vec(),
            memory_mib: vec![1_000; nodes.len()],
            disk_gib: vec![0; nodes.len()],
            gpu_count: vec![0; nodes.len()],
            gpu_model: vec![0; nodes.len()],
            latency_us: (0..nodes.len() as u32).collect(),
            trust: vec![1; nodes.len()],
            cost_micro: vec![1; nodes.len()],
            price_micro: vec![1; nodes.len()],
            ..FleetColumns::default()
        };
        let jobs = JobsColumns {
            cpu_milli: requests.to_vec(),
            memory_mib: vec![1; requests.len()],
            disk_gib: vec![0; requests.len()],
            gpu_count: vec![0; requests.len()],
            gpu_milli: vec![0; requests.len()],
            class: vec![JobClass::B; requests.len()],
            duration_s: vec![60; requests.len()],
            ..JobsColumns::default()
        };
        (Fleet::new(fleet).unwrap(), jobs)
    }

    fn plan(fleet: &Fleet, jobs: &Jobs, strategy: Strategy) -> Plan {
        let settings = Settings { strategy, population: 4, generations: 1, ..Settings::default() };
        let plan = schedule(fleet, jobs, &settings, &NoControl).unwrap();
        assert_eq!(violations(fleet, jobs, &plan.assignment), 0);
        plan
    }

    #[test]
    fn what_counting_does_not_see_is_proved_and_named() {
        let (fleet, jobs) = cores(&[10, 10], &[7, 2, 6, 5]);
        let jobs = Jobs::new(jobs).unwrap();
        let proof = Certificate::JobsExcludeEachOther {
            jobs: vec![0, 2, 3],
            nodes: vec![0, 1],
            resource: Resource::Cpu,
        };
        for strategy in Strategy::ALL {
            let plan = plan(&fleet, &jobs, strategy);
            assert_eq!(plan.certificates, std::slice::from_ref(&proof), "{strategy:?}");
            assert_eq!(plan.statistics.jobs_placed, 3);
            assert!(!plan.statistics.feasible_at_start);
        }
    }

    #[test]
    fn what_no_rule_finds_is_in_generation_0() {
        // The only way: 6 + 4, 5 + 3 + 2, 4 + 3 + 3. Best fit puts 6 and 4 together and then loses room.
        let (fleet, jobs) = cores(&[10, 10, 10], &[6, 5, 4, 4, 3, 3, 3, 2]);
        let jobs = Jobs::new(jobs).unwrap();
        for strategy in Strategy::ALL {
            let plan = plan(&fleet, &jobs, strategy);
            assert!(plan.unplaced.is_empty() && plan.statistics.feasible_at_start, "{strategy:?}");
        }
    }

    #[test]
    fn a_conflict_is_found_among_many_others() {
        // Three jobs that may use two nodes only, beside three hundred others on a hundred more.
        let (nodes, requests) =
            ([vec![10; 2], vec![90; 100]].concat(), [vec![7, 6, 5], vec![20; 300]].concat());
        let (fleet, mut jobs) = cores(&nodes, &requests);
        jobs.node_sets = vec![vec![0, 1]];
        jobs.node_set = [vec![0; 3], vec![ANY_NODE; 300]].concat();
        let plan = plan(&fleet, &Jobs::new(jobs).unwrap(), Strategy::NsgaIi);
        let proof = Certificate::JobsExcludeEachOther {
            jobs: vec![0, 1, 2],
            nodes: vec![0, 1],
            resource: Resource::Cpu,
        };
        assert_eq!(plan.certificates, [proof]);
        assert_eq!(plan.unplaced.len(), 1);
    }

    #[test]
    fn beyond_the_cap_the_question_stays_open() {
        // 42 jobs for 14 nodes, three on each and hardly any room to spare: often there are too many ways.
        let answer = |seed: u64| {
            let mut random = Random::stream(seed, 0, 0);
            let requests: Vec<u32> = (0..42).map(|_| 251 + random.below(163) as u32).collect();
            let (fleet, jobs) = cores(&[1_000; 14], &requests);
            let jobs = Jobs::new(jobs).unwrap();
            let instance = Instance::new(&fleet, &jobs, &NoControl).unwrap();
            decide(&instance, &[NOWHERE; 42], &NoControl).unwrap()
        };
        let answers: Vec<Answer> = (0..12).map(answer).collect();
        assert!(answers.contains(&Answer::Open), "{answers:?}");
        assert_eq!(answers, (0..12).map(answer).collect::<Vec<Answer>>());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn every_answer_on_cores_is_the_true_one(
            nodes in prop::collection::vec(4_u32..12, 1..4),
            requests in prop::collection::vec(1_u32..9, 1..8),
        ) {
            let (fleet, jobs) = cores(&nodes, &requests);
            let jobs = Jobs::new(jobs).unwrap();
            let possible = placeable(&fleet, &jobs);
            for strategy in [Strategy::NsgaIi, Strategy::RoundRobin] {
                let plan = plan(&fleet, &jobs, strategy);
                prop_assert_eq!(plan.unplaced.is_empty(), possible);
                prop_assert_eq!(plan.certificates.is_empty(), possible);
            }
        }

        #[test]
        fn no_answer_is_ever_wrong(seed in any::<u64>(), nodes in 1_usize..4, count in 1_usize..7) {
            let (fleet, jobs) = random_case(seed, nodes, count);
            let plan = plan(&fleet, &jobs, Strategy::NsgaIi);
            let possible = placeable(&fleet, &jobs);
            prop_assert!(!plan.unplaced.is_empty() || possible);
            prop_assert!(plan.certificates.is_empty() || !possible);
            // Shares of GPUs can be packed in ways in which the ledger does not fill devices.
            let shares = jobs.columns().gpu_milli.iter().filter(|&&milli| milli > 0 && milli < 1_000).count();
            prop_assert!(shares > 2 || plan.unplaced.is_empty() || !plan.certificates.is_empty());
        }
    }
}
