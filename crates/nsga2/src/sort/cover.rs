//! Stops a sort once its best fronts hold as many points as are wanted.

use super::UNRANKED;

/// Counts the points of each front and knows how many fronts still matter.
///
/// Fronts only grow while a sort goes on, so as soon as the first `limit` fronts hold enough points, whatever
/// lies behind them can be left out, and need not be told apart any more.
#[derive(Debug, Default)]
pub(super) struct Cover {
    sizes: Vec<u32>,
    /// Points in the fronts that still matter.
    held: usize,
    survivors: usize,
}

impl Cover {
    /// Begins a sort that may stop at `survivors` points.
    pub(super) fn start(&mut self, survivors: usize) {
        self.sizes.clear();
        self.held = 0;
        self.survivors = survivors;
    }

    /// How many of `fronts` fronts a point still has to be compared with.
    #[inline]
    pub(super) fn open(&self, fronts: usize) -> usize {
        fronts.min(self.sizes.len())
    }

    /// Puts `count` equal points into front `rank`, which is at most the number of open fronts, and returns
    /// their rank.
    #[inline]
    pub(super) fn place(&mut self, rank: u32, count: usize) -> u32 {
        let index = rank as usize;
        if index >= self.sizes.len() {
            if rank == UNRANKED || self.held >= self.survivors {
                return UNRANKED;
            }
            self.sizes.push(0);
        }
        self.sizes[index] += count as u32;
        self.held += count;
        while let Some(&last) = self.sizes.last()
            && self.held - last as usize >= self.survivors
        {
            self.held -= last as usize;
            self.sizes.pop();
        }
        if index < self.sizes.len() { rank } else { UNRANKED }
    }

    /// Takes back the ranks of fronts that ceased to matter after their points were placed.
    pub(super) fn withdraw(&self, ranks: &mut [u32]) {
        if self.survivors > ranks.len() {
            return;
        }
        for rank in ranks {
            if *rank as usize >= self.sizes.len() {
                *rank = UNRANKED;
            }
        }
    }
}
