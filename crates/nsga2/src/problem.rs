//! What the engine needs to know of a problem.

use crate::random::Random;

/// Sizes of a problem; they do not change during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Genes per individual.
    pub variables: usize,
    /// Objectives per individual; all are minimised.
    pub objectives: usize,
}

/// A problem of any encoding: reals, integers, assignments.
///
/// The engine owns selection, sorting and survival; the problem owns what a gene means: how generation 0 is
/// made, how parents are recombined and what an individual is worth. `crates/nsga2` brings all three for
/// bounded reals and integers, so only unusual encodings implement this whole trait.
///
/// Each individual gets a random stream of its own, drawn from the seed, the generation and its index. The
/// result therefore does not depend on how individuals are spread over threads, as long as `evaluate` depends
/// on the genes alone.
pub trait Problem: Sync {
    /// One gene.
    type Gene: Copy + Send + Sync + PartialEq + Default + 'static;
    /// Working memory of one thread, reused from one evaluation to the next.
    type Scratch: Send;

    /// The sizes of this problem.
    fn shape(&self) -> Shape;

    /// Fresh working memory.
    fn scratch(&self) -> Self::Scratch;

    /// Fills the genes of individual `index` of generation 0.
    fn initialize(&self, index: usize, random: &mut Random, genes: &mut [Self::Gene]);

    /// Makes two children of two parents: recombination and mutation.
    fn vary(&self, random: &mut Random, parents: [&[Self::Gene]; 2], children: [&mut [Self::Gene]; 2]);

    /// Writes the objectives of one individual and returns its constraint violation: 0 where it is feasible,
    /// else a positive sum in units of the problem's choice. It may repair the genes in place.
    fn evaluate(&self, scratch: &mut Self::Scratch, genes: &mut [Self::Gene], objectives: &mut [f64]) -> f64;

    /// Whether these genes could be an individual of this problem. It guards against genes from a checkpoint
    /// or from [`Engine::amend`](crate::Engine::amend), which may come from anywhere; a problem whose
    /// `evaluate` indexes by genes must not answer yes to all.
    fn accepts(&self, genes: &[Self::Gene]) -> bool {
        let _ = genes;
        true
    }

    /// What tells this problem from others of the same shape, so that a run is not continued on another one:
    /// see [`fingerprint`](crate::checkpoint::fingerprint()). 0 where nothing is known that could.
    fn fingerprint(&self) -> u64 {
        0
    }
}

impl<P: Problem> Problem for &P {
    type Gene = P::Gene;
    type Scratch = P::Scratch;

    fn shape(&self) -> Shape {
        (**self).shape()
    }

    fn scratch(&self) -> Self::Scratch {
        (**self).scratch()
    }

    fn initialize(&self, index: usize, random: &mut Random, genes: &mut [Self::Gene]) {
        (**self).initialize(index, random, genes);
    }

    fn vary(&self, random: &mut Random, parents: [&[Self::Gene]; 2], children: [&mut [Self::Gene]; 2]) {
        (**self).vary(random, parents, children);
    }

    fn evaluate(&self, scratch: &mut Self::Scratch, genes: &mut [Self::Gene], objectives: &mut [f64]) -> f64 {
        (**self).evaluate(scratch, genes, objectives)
    }

    fn accepts(&self, genes: &[Self::Gene]) -> bool {
        (**self).accepts(genes)
    }

    fn fingerprint(&self) -> u64 {
        (**self).fingerprint()
    }
}
