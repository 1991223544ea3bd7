//! Who lives on: constraint handling, rank, crowding.

use crate::crowding;
use crate::error::Error;
use crate::sort::Sorter;
use crate::sort::UNRANKED;

/// What a tournament compares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fitness {
    pub(crate) rank: u32,
    pub(crate) crowding: f64,
}

impl Fitness {
    /// Whether this individual wins against `other`: the lower rank, then the emptier neighbourhood.
    #[inline]
    pub(crate) fn beats(self, other: Self) -> bool {
        self.rank < other.rank || (self.rank == other.rank && self.crowding > other.crowding)
    }
}

/// The individuals of one generation: parents in the first half of each array, offspring in the second;
/// row-major.
pub(crate) struct Rows<Gene> {
    pub(crate) genes: Vec<Gene>,
    pub(crate) objectives: Vec<f64>,
    pub(crate) violations: Vec<f64>,
    pub(crate) fitness: Vec<Fitness>,
}

/// Chooses survivors; keeps its buffers from one generation to the next.
#[derive(Default)]
pub(crate) struct Survival {
    sorter: Sorter,
    feasible: Vec<u32>,
    infeasible: Vec<u32>,
    objectives: Vec<f64>,
    distances: Vec<f64>,
    counts: Vec<u32>,
    walk: Vec<crowding::FrontWalk>,
    pruner: crowding::Pruner,
    survives: Vec<bool>,
}

impl Survival {
    /// Moves the best `rows / 2` individuals of the rows from `start` on into the first half. Violations up
    /// to `level` count as feasible.
    pub(crate) fn select<Gene: Copy>(
        &mut self,
        rows: &mut Rows<Gene>,
        start: usize,
        objective_count: usize,
        level: f64,
    ) -> Result<(), Error> {
        let total = rows.violations.len();
        let population = total / 2;
        self.split(&rows.violations, start, level);
        self.rank(rows, start, objective_count, population)?;
        self.survives.clear();
        self.survives.resize(total, false);
        if self.feasible.len() <= population {
            for &row in &self.feasible {
                self.survives[row as usize] = true;
            }
            self.take_infeasible(rows, population);
        } else {
            self.take_feasible(rows, start, objective_count, population);
        }
        self.compact(rows, objective_count, population);
        Ok(())
    }

    /// Ranks of a whole population without a level: feasible fronts first, then infeasible ones by violation.
    pub(crate) fn final_ranks(
        &mut self,
        objectives: &[f64],
        violations: &[f64],
        objective_count: usize,
    ) -> Result<Vec<u32>, Error> {
        let mut rows = Rows::<()> {
            genes: Vec::new(),
            objectives: objectives.to_vec(),
            violations: violations.to_vec(),
            fitness: vec![Fitness::default(); violations.len()],
        };
        self.split(violations, 0, 0.0);
        self.rank(&mut rows, 0, objective_count, usize::MAX)?;
        self.survives.clear();
        self.survives.resize(violations.len(), false);
        let missing = violations.len();
        self.take_infeasible(&mut rows, missing);
        Ok(rows.fitness.iter().map(|fitness| fitness.rank).collect())
    }

    fn split(&mut self, violations: &[f64], start: usize, level: f64) {
        self.feasible.clear();
        self.infeasible.clear();
        for (row, &violation) in violations.iter().enumerate().skip(start) {
            let list = if violation <= level { &mut self.feasible } else { &mut self.infeasible };
            list.push(row as u32);
        }
    }

    /// Ranks and crowding of the feasible rows.
    fn rank<Gene>(
        &mut self,
        rows: &mut Rows<Gene>,
        start: usize,
        objective_count: usize,
        survivors: usize,
    ) -> Result<(), Error> {
        self.objectives.clear();
        if !self.infeasible.is_empty() {
            for &row in &self.feasible {
                let first = row as usize * objective_count;
                self.objectives.extend_from_slice(&rows.objectives[first..first + objective_count]);
            }
        }
        let objectives =
            feasible_objectives(rows, &self.infeasible, &self.objectives, start * objective_count);
        self.sorter.rank_survivors(objectives, objective_count, survivors)?;
        let (walk, distances) = (&mut self.walk, &mut self.distances);
        crowding::fill(&self.sorter, self.sorter.ranks(), objectives, objective_count, walk, distances);
        for ((&row, &rank), &crowding) in self.feasible.iter().zip(self.sorter.ranks()).zip(&self.distances) {
            rows.fitness[row as usize] = Fitness { rank, crowding };
        }
        Ok(())
    }

    /// Fills up with the smallest violations; equal violations share a rank behind all feasible ones.
    fn take_infeasible<Gene>(&mut self, rows: &mut Rows<Gene>, population: usize) {
        let violations = &rows.violations;
        self.infeasible.sort_unstable_by(|&a, &b| {
            violations[a as usize].total_cmp(&violations[b as usize]).then(a.cmp(&b))
        });
        let mut rank = self.sorter.ranks().iter().max().map_or(0, |&worst| worst + 1);
        if self.feasible.is_empty() {
            rank = 0;
        }
        let mut previous = None;
        for &row in self.infeasible.iter().take(population.saturating_sub(self.feasible.len())) {
            let violation = violations[row as usize];
            if previous.is_some_and(|previous| previous != violation) {
                rank += 1;
            }
            previous = Some(violation);
            rows.fitness[row as usize] = Fitness { rank, crowding: 0.0 };
            self.survives[row as usize] = true;
        }
    }

    /// Takes whole fronts, and of the first one that does not fit the least crowded points.
    fn take_feasible<Gene>(
        &mut self,
        rows: &mut Rows<Gene>,
        start: usize,
        objective_count: usize,
        population: usize,
    ) {
        let ranks = self.sorter.ranks();
        self.counts.clear();
        for &rank in ranks.iter().filter(|&&rank| rank != UNRANKED) {
            if self.counts.len() <= rank as usize {
                self.counts.resize(rank as usize + 1, 0);
            }
            self.counts[rank as usize] += 1;
        }
        let mut taken = 0;
        let mut last = 0;
        while taken < population && last < self.counts.len() {
            taken += self.counts[last] as usize;
            last += 1;
        }
        for (&row, &rank) in self.feasible.iter().zip(ranks) {
            self.survives[row as usize] = (rank as usize) < last;
        }
        if taken == population || last == 0 {
            return;
        }
        let objectives =
            feasible_objectives(rows, &self.infeasible, &self.objectives, start * objective_count);
        self.pruner.prune(
            &self.sorter,
            last as u32 - 1,
            objectives,
            objective_count,
            taken - population,
            &mut self.distances,
            |point| self.survives[self.feasible[point as usize] as usize] = false,
        );
        for (&row, &crowding) in self.feasible.iter().zip(&self.distances) {
            rows.fitness[row as usize].crowding = crowding;
        }
    }

    /// Copies surviving offspring over parents that do not survive.
    fn compact<Gene: Copy>(&self, rows: &mut Rows<Gene>, objective_count: usize, population: usize) {
        let variables = rows.genes.len() / (2 * population);
        let mut child = population;
        for parent in 0..population {
            if self.survives[parent] {
                continue;
            }
            while child < 2 * population && !self.survives[child] {
                child += 1;
            }
            if child == 2 * population {
                return;
            }
            rows.genes.copy_within(child * variables..(child + 1) * variables, parent * variables);
            let objectives = child * objective_count..(child + 1) * objective_count;
            rows.objectives.copy_within(objectives, parent * objective_count);
            rows.violations[parent] = rows.violations[child];
            rows.fitness[parent] = rows.fitness[child];
            child += 1;
        }
    }
}

/// Objectives of the feasible rows: all rows from `first` on, unless some are infeasible and they had to be
/// gathered.
fn feasible_objectives<'a, Gene>(
    rows: &'a Rows<Gene>,
    infeasible: &[u32],
    gathered: &'a [f64],
    first: usize,
) -> &'a [f64] {
    if infeasible.is_empty() { &rows.objectives[first..] } else { gathered }
}
