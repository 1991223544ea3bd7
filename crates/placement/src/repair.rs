//! The smallest move that restores a placement after nodes vanished.

use quorate_types::{Control, FieldPath};

use crate::directions::{MEASURES, order_along, scaled_measures};
use crate::error::{Error, stop_if_cancelled};
use crate::feasibility::{Unplaced, why_misfit, why_no_room};
use crate::fleet::Fleet;
use crate::instance::{Instance, NOWHERE};
use crate::jobs::Jobs;
use crate::ledger::Ledger;

/// A job that changes its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The job.
    pub job: u32,
    /// Where it was.
    pub from: u32,
    /// Where it is now; `None` where no room was found.
    pub to: Option<u32>,
}

/// A restored placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The node of each job.
    pub assignment: Vec<Option<u32>>,
    /// Every job whose node changed, ascending by job.
    pub moves: Vec<Move>,
    /// Moves that no repair can do without: one for each job that lost its node.
    pub moves_lower_bound: usize,
    /// Jobs that lost their node and have no new one, with the reason.
    pub unplaced: Vec<Unplaced>,
}

/// Places the jobs of `lost` nodes anew and leaves all others where they are, unless a job finds room only if
/// one other job gives way. `assignment` holds the node of each job; jobs without a node are not touched.
///
/// Jobs go in canonical order (class, then size), each to the node with the smallest equally weighted sum of
/// latency, distrust, cost and price that has room.
///
/// # Errors
/// An assignment of another length, a node that does not exist, kept jobs that break a hard constraint, or
/// cancelled.
pub fn repair(
    fleet: &Fleet,
    jobs: &Jobs,
    assignment: &[Option<u32>],
    lost: &[u32],
    control: &dyn Control,
) -> Result<Repair, Error> {
    check_nodes(fleet, jobs, assignment, lost)?;
    let reduced = fleet.without(lost);
    let instance = Instance::new(&reduced, jobs, control)?;
    let mut usable = vec![true; fleet.len()];
    for &node in lost {
        usable[node as usize] = false;
    }
    let is_lost = |node: u32| !usable[node as usize];
    // A job that fits nowhere cannot have been where it is said to be, unless that node is gone.
    let kept = |&job: &u32| assignment[job as usize].is_some_and(|node| !is_lost(node));
    if let Some(job) = instance.misfits.iter().copied().find(kept) {
        return Err(Error::assignment(job as usize, "the job does not fit this node"));
    }
    let mut genes = vec![NOWHERE; instance.genes()];
    let mut homeless = Vec::new();
    for (gene, &job) in instance.order.iter().enumerate() {
        match assignment[job as usize] {
            Some(node) if is_lost(node) => homeless.push(gene),
            Some(node) => genes[gene] = node,
            None => {}
        }
    }
    let mut mover = Mover::new(&instance, genes, usable.clone(), control)?;
    for gene in homeless {
        mover.place(gene)?;
    }
    let nodes = instance.by_job(&mover.genes);
    let mut result = Repair {
        assignment: nodes.iter().map(|&node| (node != NOWHERE).then_some(node)).collect(),
        moves: Vec::new(),
        moves_lower_bound: 0,
        unplaced: Vec::new(),
    };
    for (job, (&before, &now)) in assignment.iter().zip(&result.assignment).enumerate() {
        let Some(from) = before else { continue };
        let job = job as u32;
        result.moves_lower_bound += usize::from(is_lost(from));
        if now != before {
            result.moves.push(Move { job, from, to: now });
        }
        if now.is_none() {
            stop_if_cancelled(control)?;
            let misfit = instance.misfits.binary_search(&job).is_ok();
            let reason =
                if misfit { why_misfit(&instance, job) } else { why_no_room(&instance, &mover.ledger, job) };
            result.unplaced.push(Unplaced { job, reason });
        }
    }
    Ok(result)
}

fn check_nodes(fleet: &Fleet, jobs: &Jobs, assignment: &[Option<u32>], lost: &[u32]) -> Result<(), Error> {
    let (nodes, found) = (fleet.len(), assignment.len());
    if found != jobs.len() {
        let field = FieldPath::new("assignment");
        return Err(Error::ColumnLength { field, expected: jobs.len(), found });
    }
    let named =
        assignment.iter().enumerate().filter_map(|(job, node)| node.map(|node| ("assignment", job, node)));
    let lost = lost.iter().enumerate().map(|(entry, &node)| ("lost", entry, node));
    for (list, entry, node) in named.chain(lost) {
        if node as usize >= nodes {
            let field = FieldPath::new(list).index(entry);
            return Err(Error::UnknownIndex { field, found: u64::from(node), count: nodes });
        }
    }
    Ok(())
}

/// Gives genes without a node the room that another job can leave.
pub(crate) fn completed(
    instance: &Instance<'_>,
    genes: &[u32],
    control: &dyn Control,
) -> Result<Vec<u32>, Error> {
    let usable = vec![true; instance.fleet.len()];
    // Evaluated genes have room, so the mover takes them.
    let mut mover = Mover::new(instance, genes.to_vec(), usable, control)?;
    for gene in (0..genes.len()).filter(|&gene| genes[gene] == NOWHERE) {
        mover.place(gene)?;
    }
    Ok(mover.genes)
}

/// Places single jobs into a placement that is there already.
struct Mover<'a> {
    instance: &'a Instance<'a>,
    ledger: Ledger,
    genes: Vec<u32>,
    /// Usable nodes, the best first.
    order: Vec<u32>,
    control: &'a dyn Control,
}

/// How many nodes are asked to send one job away for a job that finds no room.
const EJECTION_NODES_MAX: usize = 2_048;

impl<'a> Mover<'a> {
    /// Takes over a placement; every gene that has a node must have room there.
    fn new(
        instance: &'a Instance<'a>,
        genes: Vec<u32>,
        usable: Vec<bool>,
        control: &'a dyn Control,
    ) -> Result<Self, Error> {
        let mut ledger = Ledger::new(instance);
        for (gene, &node) in genes.iter().enumerate().filter(|&(_, &node)| node != NOWHERE) {
            stop_if_cancelled(control)?;
            let job = instance.order[gene] as usize;
            if !instance.allows(gene, node) {
                return Err(Error::assignment(job, format!("the job may not run on node {node}")));
            }
            if !ledger.admits(instance, node, gene) {
                return Err(Error::assignment(job, format!("node {node} has no room for all its jobs")));
            }
            ledger.append(instance, node, gene);
        }
        let mut order = order_along(&scaled_measures(instance), &[1.0 / MEASURES as f64; MEASURES]);
        order.retain(|&node| usable[node as usize]);
        Ok(Self { instance, ledger, genes, order, control })
    }

    /// Gives a job the best node with room, or room that one other job leaves; false where there is none.
    fn place(&mut self, gene: usize) -> Result<bool, Error> {
        stop_if_cancelled(self.control)?;
        if let Some(node) = self.find(gene) {
            self.put(gene, node);
            return Ok(true);
        }
        for at in 0..self.order.len().min(EJECTION_NODES_MAX) {
            stop_if_cancelled(self.control)?;
            if self.place_by_ejection(gene, self.order[at]) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find(&self, gene: usize) -> Option<u32> {
        let has_room =
            |&node: &u32| self.ledger.admits(self.instance, node, gene) && self.instance.allows(gene, node);
        self.order.iter().copied().find(has_room)
    }

    fn put(&mut self, gene: usize, node: u32) {
        self.ledger.insert(self.instance, node, gene);
        self.genes[gene] = node;
    }

    /// Puts a job where one other job can go elsewhere. The least important job that makes enough room goes;
    /// it cannot come back, because the node has no room for both.
    fn place_by_ejection(&mut self, gene: usize, node: u32) -> bool {
        if !self.instance.fits_alone(gene, node) {
            return false;
        }
        let residents: Vec<u32> = self.ledger.genes_on(node).collect();
        for &resident in residents.iter().rev() {
            let resident = resident as usize;
            self.ledger.remove(self.instance, node, resident);
            // Asking for the newcomer fills all devices anew, so it also says whether those who stay still
            // fit.
            if self.ledger.admits(self.instance, node, gene) && self.ledger.is_sound(self.instance, node) {
                self.put(gene, node);
                if self.ledger.is_sound(self.instance, node)
                    && let Some(other) = self.find(resident)
                {
                    self.put(resident, other);
                    return true;
                }
                self.ledger.remove(self.instance, node, gene);
                self.genes[gene] = NOWHERE;
            }
            self.ledger.insert(self.instance, node, resident);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_types::{Coded, NoControl};

    use super::*;
    use crate::strategy::{Greedy, place};
    use crate::testing::{random_case, violations};

    fn placed(fleet: &Fleet, jobs: &Jobs) -> Vec<Option<u32>> {
        let instance = Instance::new(fleet, jobs, &NoControl).unwrap();
        let nodes = instance.by_job(&place(&instance, Greedy::Spread, &NoControl).unwrap());
        nodes.into_iter().map(|node| (node != NOWHERE).then_some(node)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn only_what_lost_its_node_moves(seed in any::<u64>(), nodes in 2_usize..9, count in 1_usize..24) {
            let (fleet, jobs) = random_case(seed, nodes, count);
            let before = placed(&fleet, &jobs);
            let lost = [(seed % nodes as u64) as u32];
            let repaired = repair(&fleet, &jobs, &before, &lost, &NoControl).unwrap();
            prop_assert_eq!(violations(&fleet, &jobs, &repaired.assignment), 0);
            prop_assert!(repaired.assignment.iter().all(|&node| node != Some(lost[0])));
            let affected = before.iter().filter(|&&node| node == Some(lost[0])).count();
            prop_assert_eq!(repaired.moves_lower_bound, affected);
            // One more move for each affected job at most, and none of them is lost silently.
            prop_assert!(repaired.moves.len() >= affected && repaired.moves.len() <= 2 * affected);
            let kept = before.iter().zip(&repaired.assignment).filter(|(before, now)| before == now).count();
            prop_assert_eq!(kept, count - repaired.moves.len());
            for job in 0..count as u32 {
                let gone = before[job as usize].is_some() && repaired.assignment[job as usize].is_none();
                prop_assert_eq!(gone, repaired.unplaced.iter().any(|unplaced| unplaced.job == job));
            }
        }
    }

    #[test]
    fn nothing_lost_means_nothing_moves() {
        let (fleet, jobs) = random_case(3, 6, 12);
        let before = placed(&fleet, &jobs);
        let repaired = repair(&fleet, &jobs, &before, &[], &NoControl).unwrap();
        assert_eq!(repaired.assignment, before);
        assert!(repaired.moves.is_empty());
    }

    #[test]
    fn bad_input_is_named() {
        let (fleet, jobs) = random_case(3, 6, 12);
        let path = |assignment: &[Option<u32>], lost: &[u32]| {
            let error = repair(&fleet, &jobs, assignment, lost, &NoControl).unwrap_err();
            error.field().unwrap().to_string()
        };
        assert_eq!(path(&[None; 3], &[]), "assignment");
        assert_eq!(path(&[None; 12], &[0, 6]), "lost[1]");
        let mut outside = [None; 12];
        outside[2] = Some(6);
        assert_eq!(path(&outside, &[]), "assignment[2]");
        let crowded = path(&[Some(0); 12], &[]);
        assert!(crowded.starts_with("assignment["), "{crowded}");
    }
}
