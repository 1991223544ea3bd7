//! The generations of NSGA-II (Deb, Pratap, Agarwal and Meyarivan, 2002).

use crate::error::Error;
use crate::problem::{Problem, Shape};
use crate::random::Random;
use crate::settings::{ConstraintHandling, Settings};
use crate::stagnation::Watch;
use crate::survival::{Fitness, Rows, Survival};
use quorate_types::{Control, FieldPath, NoControl};
use rayon::prelude::*;

/// Runs NSGA-II from generation 0 to its end.
///
/// `control` is polled before each offspring, on whatever thread breeds it, and hears of each finished
/// generation.
///
/// # Errors
/// [`Error::Settings`] for settings out of range, [`Error::NotANumber`] where an evaluation is not a number,
/// and [`Error::Cancelled`].
pub fn run<P: Problem>(
    problem: &P,
    settings: &Settings,
    control: &dyn Control,
) -> Result<Outcome<P::Gene>, Error> {
    let mut engine = Engine::new(problem, *settings)?;
    engine.run(control)?;
    engine.outcome()
}

/// A run that can be stepped, fed from outside, stored and resumed.
pub struct Engine<P: Problem> {
    problem: P,
    settings: Settings,
    shape: Shape,
    progress: Progress,
    asked: bool,
    stopped: Option<Stop>,
    rows: Rows<P::Gene>,
    survival: Survival,
    /// Two random orders of the population, one after the other: who meets whom in the tournaments.
    mating: Vec<u32>,
    scratches: Vec<P::Scratch>,
}

/// What a run remembers beside its population.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    /// Generations that are finished, generation 0 included.
    pub(crate) bred: u32,
    /// The epsilon level of generation 0.
    pub(crate) level_first: f64,
    pub(crate) watch: Watch,
}

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All generations are bred.
    Generations,
    /// The hypervolume stopped growing.
    Stagnation,
}

/// The population after the last generation, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<Gene> {
    /// The sizes of the problem.
    pub shape: Shape,
    /// `population * shape.variables` genes.
    pub genes: Vec<Gene>,
    /// `population * shape.objectives` values.
    pub objectives: Vec<f64>,
    /// Constraint violation of each individual; 0 where it is feasible.
    pub violations: Vec<f64>,
    /// Rank of each individual; 0 is best. Feasible individuals come before infeasible ones.
    pub ranks: Vec<u32>,
    /// Generations bred after generation 0.
    pub generations: u32,
    /// Individuals evaluated.
    pub evaluations: u64,
    /// Why the run has ended; `None` for a run that has not.
    pub stop: Option<Stop>,
}

impl<Gene> Outcome<Gene> {
    /// Indices of the feasible individuals of rank 0: the front. Empty where no feasible individual was
    /// found.
    pub fn front(&self) -> Vec<usize> {
        (0..self.ranks.len()).filter(|&row| self.ranks[row] == 0 && self.violations[row] == 0.0).collect()
    }

    /// Genes of one individual.
    pub fn genes_of(&self, row: usize) -> &[Gene] {
        &self.genes[row * self.shape.variables..(row + 1) * self.shape.variables]
    }

    /// Objectives of one individual.
    pub fn objectives_of(&self, row: usize) -> &[f64] {
        &self.objectives[row * self.shape.objectives..(row + 1) * self.shape.objectives]
    }
}

impl<P: Problem> Engine<P> {
    /// A run before its generation 0.
    ///
    /// # Errors
    /// [`Error::Settings`] for settings out of range.
    pub fn new(problem: P, settings: Settings) -> Result<Self, Error> {
        let shape = problem.shape();
        settings.validate(shape)?;
        let rows = 2 * settings.population;
        Ok(Self {
            shape,
            progress: Progress::default(),
            asked: false,
            stopped: None,
            rows: Rows {
                genes: vec![P::Gene::default(); rows * shape.variables],
                objectives: vec![0.0; rows * shape.objectives],
                violations: vec![0.0; rows],
                fitness: vec![Fitness::default(); rows],
            },
            survival: Survival::default(),
            mating: Vec::with_capacity(rows),
            scratches: Vec::new(),
            problem,
            settings,
        })
    }

    /// Breeds generations until the run ends.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where the control asks for it; the run can then be continued from the last
    /// generation.
    pub fn run(&mut self, control: &dyn Control) -> Result<Stop, Error> {
        loop {
            if let Some(stop) = self.run_to(u32::MAX, control)? {
                return Ok(stop);
            }
        }
    }

    /// As [`Engine::run`], but pauses where `generation` is bred; `None` where the run can go on from there.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_to(&mut self, generation: u32, control: &dyn Control) -> Result<Option<Stop>, Error> {
        while self.stopped.is_none() && (self.progress.bred == 0 || self.generation() < generation) {
            self.step(control)?;
        }
        Ok(self.stopped)
    }

    /// Breeds and evaluates one generation and lets the best survive; the first step makes generation 0.
    /// Does nothing once the run has ended.
    ///
    /// # Errors
    /// As [`run`]; after an error the run stands where it stood before the step.
    pub fn step(&mut self, control: &dyn Control) -> Result<(), Error> {
        if self.stopped.is_some() {
            return Ok(());
        }
        if self.asked {
            return Err(Error::OutOfTurn);
        }
        self.pair_up();
        self.work(true, control)?;
        self.check_rows()?;
        self.finish_generation()?;
        control.progress(u64::from(self.generation()), u64::from(self.settings.generations));
        Ok(())
    }

    /// Genes that wait for an evaluation outside: one generation, `population * variables`, row-major. Asking
    /// again without `tell` gives the same genes.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] once the run has ended.
    pub fn ask(&mut self) -> Result<&[P::Gene], Error> {
        if self.stopped.is_some() {
            return Err(Error::OutOfTurn);
        }
        if !self.asked {
            self.pair_up();
            self.work(false, &NoControl)?;
            self.asked = true;
        }
        Ok(&self.rows.genes[self.settings.population * self.shape.variables..])
    }

    /// Puts repaired genes in the place of those that [`Engine::ask`] gave: they are what `tell` speaks of,
    /// what survives and what is bred from.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] without `ask`, [`Error::Shape`] for another length, [`Error::Bounds`] for genes
    /// that are no individual of the problem. Nothing has changed after an error.
    pub fn amend(&mut self, genes: &[P::Gene]) -> Result<(), Error> {
        if !self.asked {
            return Err(Error::OutOfTurn);
        }
        let asked = &mut self.rows.genes[self.settings.population * self.shape.variables..];
        if genes.len() != asked.len() {
            let reason = format!("{} values are expected, not {}", asked.len(), genes.len());
            return Err(Error::shape(FieldPath::new("variables"), reason));
        }
        let mut individuals = genes.chunks_exact(self.shape.variables);
        if let Some(individual) = individuals.position(|individual| !self.problem.accepts(individual)) {
            let reason = format!("individual {individual} does not lie within the bounds of its variables");
            return Err(Error::Bounds { field: FieldPath::new("variables"), reason });
        }
        asked.copy_from_slice(genes);
        Ok(())
    }

    /// Takes what the genes of `ask` are worth: `population * objectives` values, row-major, and one
    /// violation per individual where the problem has constraints.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] without `ask`, [`Error::Shape`] for wrong lengths, [`Error::NotANumber`]. The run
    /// still waits for `tell` after an error.
    pub fn tell(&mut self, objectives: &[f64], violations: Option<&[f64]>) -> Result<(), Error> {
        if !self.asked {
            return Err(Error::OutOfTurn);
        }
        let population = self.settings.population;
        let expected = population * self.shape.objectives;
        if objectives.len() != expected {
            let reason = format!("{expected} values are expected, not {}", objectives.len());
            return Err(Error::shape(FieldPath::new("objectives"), reason));
        }
        if let Some(violations) = violations.filter(|violations| violations.len() != population) {
            let reason = format!("{population} values are expected, not {}", violations.len());
            return Err(Error::shape(FieldPath::new("violations"), reason));
        }
        self.rows.objectives[expected..].copy_from_slice(objectives);
        match violations {
            Some(violations) => self.rows.violations[population..].copy_from_slice(violations),
            None => self.rows.violations[population..].fill(0.0),
        }
        self.check_rows()?;
        self.finish_generation()?;
        self.asked = false;
        Ok(())
    }

    /// Why the run has ended; `None` while it goes on.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Generations bred after generation 0.
    pub fn generation(&self) -> u32 {
        self.progress.bred.saturating_sub(1)
    }

    /// The problem of this run.
    pub fn problem(&self) -> &P {
        &self.problem
    }

    /// The population as it stands.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] before generation 0.
    pub fn outcome(&self) -> Result<Outcome<P::Gene>, Error> {
        if self.progress.bred == 0 {
            return Err(Error::OutOfTurn);
        }
        let population = self.settings.population;
        let objectives = self.rows.objectives[..population * self.shape.objectives].to_vec();
        let violations = self.rows.violations[..population].to_vec();
        let ranks = Survival::default().final_ranks(&objectives, &violations, self.shape.objectives)?;
        Ok(Outcome {
            shape: self.shape,
            genes: self.rows.genes[..population * self.shape.variables].to_vec(),
            objectives,
            violations,
            ranks,
            generations: self.generation(),
            evaluations: u64::from(self.progress.bred) * population as u64,
            stop: self.stopped,
        })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    pub(crate) fn rows(&self) -> &Rows<P::Gene> {
        &self.rows
    }

    pub(crate) fn rows_mut(&mut self) -> &mut Rows<P::Gene> {
        &mut self.rows
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Takes the place that a checkpoint was written at.
    pub(crate) fn restore(&mut self, progress: Progress) {
        self.progress = progress;
        if self.generation() >= self.settings.generations {
            self.stopped = Some(Stop::Generations);
        }
    }

    fn finish_generation(&mut self) -> Result<(), Error> {
        let population = self.settings.population;
        let bred = self.progress.bred;
        let start = if bred == 0 { population } else { 0 };
        if bred == 0 && self.settings.constraints == ConstraintHandling::EpsilonLevel {
            self.progress.level_first = level_first(&self.rows.violations[population..]);
        }
        let level = level(self.progress.level_first, bred, self.settings.generations);
        self.survival.select(&mut self.rows, start, self.shape.objectives, level)?;
        self.progress.bred += 1;
        let generation = self.generation();
        if generation >= self.settings.generations {
            self.stopped = Some(Stop::Generations);
        } else if let Some(stagnation) = &self.settings.stagnation
            && self.progress.watch.stagnates(stagnation, generation, &self.rows, population)?
        {
            self.stopped = Some(Stop::Stagnation);
        }
        Ok(())
    }

    fn check_rows(&mut self) -> Result<(), Error> {
        let population = self.settings.population;
        let values = &self.rows.objectives[population * self.shape.objectives..];
        if let Some(index) = values.iter().position(|value| value.is_nan()) {
            return Err(Error::NotANumber { field: FieldPath::new("objectives").index(index) });
        }
        for (index, violation) in self.rows.violations[population..].iter_mut().enumerate() {
            if violation.is_nan() {
                return Err(Error::NotANumber { field: FieldPath::new("violations").index(index) });
            }
            *violation = violation.max(0.0);
        }
        Ok(())
    }
}

impl<P: Problem> Engine<P> {
    /// Draws who meets whom: each individual takes part in two tournaments, so the best has two children's
    /// worth of parenthood on average, and none is left out by chance.
    fn pair_up(&mut self) {
        let population = self.settings.population;
        let mut random = Random::stream(self.settings.seed, u64::from(self.progress.bred), u64::MAX);
        self.mating.clear();
        for _ in 0..2 {
            let first = self.mating.len();
            self.mating.extend(0..population as u32);
            random.shuffle(&mut self.mating[first..]);
        }
    }

    /// Breeds the offspring of the next generation and, where asked, evaluates them.
    fn work(&mut self, evaluate: bool, control: &dyn Control) -> Result<(), Error> {
        let population = self.settings.population;
        let Shape { variables, objectives } = self.shape;
        let threads = if self.settings.parallel { rayon::current_num_threads() } else { 1 };
        let pieces = if threads > 1 { threads * PIECES_PER_THREAD } else { 1 };
        while self.scratches.len() < pieces {
            self.scratches.push(self.problem.scratch());
        }
        let (parents, children) = self.rows.genes.split_at_mut(population * variables);
        let values = &mut self.rows.objectives[population * objectives..];
        let violations = &mut self.rows.violations[population..];
        let nursery = Nursery {
            problem: &self.problem,
            shape: self.shape,
            seed: self.settings.seed,
            generation: u64::from(self.progress.bred),
            parents,
            fitness: &self.rows.fitness[..population],
            mating: &self.mating,
            control,
        };
        // Pairs are bred together, so a piece holds an even number of rows.
        let piece_rows = population.div_ceil(pieces).next_multiple_of(2);
        let scratches = &mut self.scratches[..pieces];
        if pieces == 1 {
            let scratch = if evaluate { scratches.first_mut() } else { None };
            return nursery.fill(0, children, values, violations, scratch);
        }
        children
            .par_chunks_mut(piece_rows * variables)
            .zip(values.par_chunks_mut(piece_rows * objectives))
            .zip(violations.par_chunks_mut(piece_rows))
            .zip(scratches.par_iter_mut())
            .enumerate()
            .try_for_each(|(piece, (((children, values), violations), scratch))| {
                let scratch = evaluate.then_some(scratch);
                nursery.fill(piece * piece_rows, children, values, violations, scratch)
            })
    }
}

/// More pieces than threads, so that one slow piece does not keep the others waiting.
const PIECES_PER_THREAD: usize = 4;

/// What is needed to breed offspring; shared by all threads.
struct Nursery<'a, P: Problem> {
    problem: &'a P,
    shape: Shape,
    seed: u64,
    generation: u64,
    parents: &'a [P::Gene],
    fitness: &'a [Fitness],
    mating: &'a [u32],
    control: &'a dyn Control,
}

impl<P: Problem> Nursery<'_, P> {
    /// Makes the offspring from row `first` on, as many as `children` has room for, unless the caller gives
    /// up.
    fn fill(
        &self,
        first: usize,
        children: &mut [P::Gene],
        objectives: &mut [f64],
        violations: &mut [f64],
        mut scratch: Option<&mut P::Scratch>,
    ) -> Result<(), Error> {
        let variables = self.shape.variables;
        let width = self.shape.objectives;
        for (pair, children) in children.chunks_exact_mut(2 * variables).enumerate() {
            self.stop_if_cancelled()?;
            self.breed(first + 2 * pair, children);
            let Some(scratch) = scratch.as_deref_mut() else { continue };
            for (half, genes) in children.chunks_exact_mut(variables).enumerate() {
                self.stop_if_cancelled()?;
                let row = 2 * pair + half;
                let values = &mut objectives[row * width..(row + 1) * width];
                violations[row] = self.problem.evaluate(scratch, genes, values);
            }
        }
        Ok(())
    }

    fn stop_if_cancelled(&self) -> Result<(), Error> {
        if self.control.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn breed(&self, row: usize, children: &mut [P::Gene]) {
        let (left, right) = children.split_at_mut(self.shape.variables);
        if self.generation == 0 {
            for (index, genes) in [(row, left), (row + 1, right)] {
                let mut random = Random::stream(self.seed, 0, index as u64);
                self.problem.initialize(index, &mut random, genes);
            }
            return;
        }
        let [a, b, c, d] = std::array::from_fn(|index| self.mating[2 * row + index] as usize);
        let parents = [self.winner(a, b), self.winner(c, d)];
        let mut random = Random::stream(self.seed, self.generation, row as u64);
        self.problem.vary(&mut random, parents, [left, right]);
    }

    fn winner(&self, first: usize, second: usize) -> &[P::Gene] {
        let winner = if self.fitness[second].beats(self.fitness[first]) { second } else { first };
        &self.parents[winner * self.shape.variables..(winner + 1) * self.shape.variables]
    }
}

/// The violation that a fifth of generation 0 does not exceed (Takahama and Sakai 2006: theta = 0.2).
fn level_first(violations: &[f64]) -> f64 {
    let mut sorted = violations.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let level = sorted[sorted.len() / 5];
    // An infinite violation says that something is impossible, not by how much: no level admits it.
    if level.is_finite() { level } else { 0.0 }
}

/// The level at a generation: `first * (1 - t / t_c)^5` up to `t_c`, which is 3/5 of the run, 0 from there
/// on.
fn level(first: f64, generation: u32, generations: u32) -> f64 {
    let end = f64::from(generations) * 0.6;
    let remaining = 1.0 - f64::from(generation) / end;
    if remaining > 0.0 { first * remaining * remaining * remaining * remaining * remaining } else { 0.0 }
}
