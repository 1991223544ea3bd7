//! Non-dominated sorting: which points are best, second best and so on.
//!
//! A point dominates another where it is nowhere worse and somewhere better. Rank 0 holds the points that
//! none dominates, rank 1 those that only rank 0 dominates, and so on; equal points share a rank. All
//! objectives are minimised.
//!
//! Every value is first replaced by its dense rank among the values of its objective, so ties cost nothing
//! and all later work is on small integers (a few hundred points of two or three objectives are ranked by
//! their values: `few.rs`). Points are then taken in lexicographic order, in which a point
//! can only be dominated by an earlier one, and each finds the first front that does not dominate it
//! (efficient non-dominated sort, Zhang, Tian, Cheng and Jin 2015). What a front remembers depends on the
//! number of objectives: its last value for two, a staircase for three, and blocks of dense ranks that are
//! compared a vector at a time for more.

mod blocks;
mod columns;
mod cover;
mod few;
mod kernel;
mod staircase;

use crate::error::Error;
use crate::settings::OBJECTIVES_MAX;
use blocks::Blocks;
use columns::{Columns, RADIX_POINTS_MIN};
use cover::Cover;
use few::Few;
use quorate_types::FieldPath;
use staircase::Staircases;

pub use kernel::Path;

/// Rank of a point that [`Sorter::rank_survivors`] did not have to rank.
pub const UNRANKED: u32 = u32::MAX;

/// Most points of one sort.
pub const POINTS_MAX: usize = 1 << 24;

/// Ranks `objectives`, row-major with `objective_count` minimised values per point; rank 0 is best.
///
/// Infinities are ordinary values, and -0 equals 0.
///
/// ```
/// let ranks = quorate_nsga2::sort::ranks(&[1.0, 4.0, 2.0, 2.0, 3.0, 3.0], 2)?;
/// assert_eq!(ranks, [0, 0, 1]);
/// # Ok::<(), quorate_nsga2::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotANumber`] for NaN, [`Error::Shape`] for no or more than [`OBJECTIVES_MAX`] objectives, a
/// length that is no multiple of them, or more than [`POINTS_MAX`] points.
pub fn ranks(objectives: &[f64], objective_count: usize) -> Result<Vec<u32>, Error> {
    let mut sorter = Sorter::default();
    Ok(sorter.rank(objectives, objective_count)?.to_vec())
}

/// Ranks populations again and again; it allocates only while populations grow.
#[derive(Debug)]
pub struct Sorter {
    path: Path,
    columns: Columns,
    ranks: Vec<u32>,
    cover: Cover,
    tails: Vec<u32>,
    staircases: Staircases,
    few: Few,
    blocks: Blocks<u16>,
    wide_blocks: Blocks<u32>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_path(Path::detect())
    }
}

impl Sorter {
    /// A sorter that uses `path`, for benches and tests; `Sorter::default()` takes the fastest one of this
    /// machine. A path that this machine does not have is replaced by the portable one.
    pub fn with_path(path: Path) -> Self {
        Self {
            path: path.or_portable(),
            columns: Columns::default(),
            ranks: Vec::new(),
            cover: Cover::default(),
            tails: Vec::new(),
            staircases: Staircases::default(),
            few: Few::default(),
            blocks: Blocks::default(),
            wide_blocks: Blocks::default(),
        }
    }

    /// Ranks all points.
    ///
    /// # Errors
    /// As [`ranks`].
    pub fn rank(&mut self, objectives: &[f64], objective_count: usize) -> Result<&[u32], Error> {
        let points = count_points(objectives, objective_count)?;
        if points < RADIX_POINTS_MIN {
            self.ranks.clear();
            self.ranks.resize(points, 0);
            let ranked = match objective_count {
                2 => self.few.rank_pairs(objectives, &mut self.ranks),
                3 => self.few.rank_triples(objectives, &mut self.ranks),
                _ => false,
            };
            if ranked {
                return Ok(&self.ranks);
            }
        }
        // A value that is no number is named there.
        self.rank_survivors(objectives, objective_count, usize::MAX)
    }

    /// Ranks points until the best fronts hold at least `survivors` of them. Those fronts are complete, every
    /// other point is [`UNRANKED`].
    ///
    /// # Errors
    /// As [`ranks`].
    pub fn rank_survivors(
        &mut self,
        objectives: &[f64],
        objective_count: usize,
        survivors: usize,
    ) -> Result<&[u32], Error> {
        self.order_columns(objectives, objective_count)?;
        self.ranks.clear();
        self.ranks.resize(self.columns.points(), 0);
        self.cover.start(survivors);
        match objective_count {
            1 => self.rank_values(),
            2 => self.rank_pairs(),
            3 => self.staircases.rank(&mut self.columns, &mut self.cover, &mut self.ranks),
            _ if self.columns.distinct_max() <= kernel::NARROW_DISTINCT_MAX => {
                self.blocks.rank(self.path, &mut self.columns, &mut self.cover, &mut self.ranks);
            }
            _ => self.wide_blocks.rank(self.path, &mut self.columns, &mut self.cover, &mut self.ranks),
        }
        self.cover.withdraw(&mut self.ranks);
        Ok(&self.ranks)
    }

    /// The ranks of the last call.
    pub(crate) fn ranks(&self) -> &[u32] {
        &self.ranks
    }

    /// Orders every objective by itself and returns the number of points.
    pub(crate) fn order_columns(
        &mut self,
        objectives: &[f64],
        objective_count: usize,
    ) -> Result<usize, Error> {
        let points = count_points(objectives, objective_count)?;
        self.columns.order(objectives, objective_count)?;
        Ok(points)
    }

    /// The points in the order of one objective, equal values by index.
    pub(crate) fn order(&self, column: usize) -> &[u32] {
        self.columns.order_of(column)
    }

    fn rank_values(&mut self) {
        let values = self.columns.ranks_of(0);
        for &point in self.columns.order_of(0) {
            let rank = values[point as usize];
            self.ranks[point as usize] = self.cover.place(rank, 1);
        }
    }

    /// Two objectives: the last point of a front has its smallest second value, and these grow with the rank.
    fn rank_pairs(&mut self) {
        self.columns.order_lexicographically();
        let (first, second) = (self.columns.ranks_of(0), self.columns.ranks_of(1));
        self.tails.clear();
        let mut previous = None;
        for &point in self.columns.lexicographic() {
            let values = (first[point as usize], second[point as usize]);
            let rank = match previous {
                Some((equal, rank)) if equal == values => rank,
                _ => {
                    let open = self.cover.open(self.tails.len());
                    self.tails[..open].partition_point(|&tail| tail <= values.1) as u32
                }
            };
            let rank = self.cover.place(rank, 1);
            if rank != UNRANKED {
                if self.tails.len() == rank as usize {
                    self.tails.push(values.1);
                }
                self.tails[rank as usize] = values.1;
            }
            self.ranks[point as usize] = rank;
            previous = Some((values, rank));
        }
    }
}

fn count_points(objectives: &[f64], objective_count: usize) -> Result<usize, Error> {
    if objective_count == 0 || objective_count > OBJECTIVES_MAX {
        let reason = format!("use 1 to {OBJECTIVES_MAX}, not {objective_count}");
        return Err(Error::shape(FieldPath::new("objectiveCount"), reason));
    }
    let points = objectives.len() / objective_count;
    if !objectives.len().is_multiple_of(objective_count) || points > POINTS_MAX {
        let reason =
            format!("{} values are not at most {POINTS_MAX} rows of {objective_count}", objectives.len());
        return Err(Error::shape(FieldPath::new("objectives"), reason));
    }
    Ok(points)
}
