//! Four and more objectives: fronts as chains of blocks of dense ranks.

use super::UNRANKED;
use super::columns::Columns;
use super::cover::Cover;
use super::kernel::{Chains, LANES, Lane, NONE, Path};

/// The points of all fronts, [`LANES`] to a block and column by column within it.
///
/// Each front is divided into cells by whether a value lies in the lower or the upper half of its column. A
/// point can only be dominated from cells that are below its own in every column, so most blocks are never
/// looked at. The first column is not stored: points arrive in its order.
#[derive(Debug, Default)]
pub(super) struct Blocks<Value> {
    lanes: Vec<[Value; LANES]>,
    next: Vec<u32>,
    /// The newest block of each cell of each front.
    heads: Vec<u32>,
    /// Points in the newest block of each cell of each front.
    filled: Vec<u8>,
    fronts: usize,
    /// Dense ranks from which on a value lies in the upper half, for the columns that divide cells.
    middles: Vec<u32>,
    point: Vec<Value>,
    previous: Vec<Value>,
}

impl<Value: Lane> Blocks<Value> {
    pub(super) fn rank(&mut self, path: Path, columns: &mut Columns, cover: &mut Cover, ranks: &mut [u32]) {
        columns.order_lexicographically();
        let width = columns.count() - 1;
        self.start(columns);
        let mut previous = (NONE, UNRANKED);
        for &point in columns.lexicographic() {
            let index = point as usize;
            let first = columns.ranks_of(0)[index];
            self.load(columns, index);
            if previous.0 == first && self.point == self.previous {
                ranks[index] = cover.place(previous.1, 1);
                continue;
            }
            let cell = self.cell();
            let free = self.first_free(path, cell, cover.open(self.fronts));
            let rank = cover.place(free as u32, 1);
            if rank != UNRANKED {
                self.insert(free, cell, width);
            }
            ranks[index] = rank;
            previous = (first, rank);
            std::mem::swap(&mut self.point, &mut self.previous);
        }
    }

    fn start(&mut self, columns: &Columns) {
        let width = columns.count() - 1;
        self.lanes.clear();
        self.next.clear();
        self.heads.clear();
        self.filled.clear();
        self.fronts = 0;
        let divided = if columns.points() < DIVIDED_POINTS_MIN { 0 } else { width.min(DIVIDED_COLUMNS_MAX) };
        self.middles.clear();
        self.middles.extend((1..=divided).map(|column| columns.distinct(column) / 2));
        for buffer in [&mut self.point, &mut self.previous] {
            buffer.clear();
            buffer.resize(width, Value::EMPTY);
        }
    }

    #[inline]
    fn load(&mut self, columns: &Columns, index: usize) {
        for (column, value) in self.point.iter_mut().enumerate() {
            *value = Value::from_rank(columns.ranks_of(column + 1)[index]);
        }
    }

    #[inline]
    fn cell(&self) -> usize {
        let mut cell = 0;
        for (column, &middle) in self.middles.iter().enumerate() {
            cell |= usize::from(self.point[column] >= Value::from_rank(middle)) << column;
        }
        cell
    }

    fn cells(&self) -> usize {
        1 << self.middles.len()
    }

    /// The first of `open` fronts that does not dominate the point: fronts that do come first.
    fn first_free(&self, path: Path, cell: usize, open: usize) -> usize {
        let (mut low, mut high) = (0, open);
        while low < high {
            let middle = low + (high - low) / 2;
            let heads = &self.heads[middle * self.cells()..(middle + 1) * self.cells()];
            let chains = Chains { lanes: &self.lanes, next: &self.next, heads };
            if Value::dominated(path, chains, cell, &self.point) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn insert(&mut self, front: usize, cell: usize, width: usize) {
        if front == self.fronts {
            self.fronts += 1;
            self.heads.resize(self.fronts * self.cells(), NONE);
            self.filled.resize(self.fronts * self.cells(), 0);
        }
        let chain = front * self.cells() + cell;
        if self.heads[chain] == NONE || usize::from(self.filled[chain]) == LANES {
            let block = self.next.len() as u32;
            self.next.push(self.heads[chain]);
            self.lanes.resize(self.lanes.len() + width, [Value::EMPTY; LANES]);
            self.heads[chain] = block;
            self.filled[chain] = 0;
        }
        let lane = usize::from(self.filled[chain]);
        let block = self.heads[chain] as usize * width;
        for (lanes, &value) in self.lanes[block..block + width].iter_mut().zip(&self.point) {
            lanes[lane] = value;
        }
        self.filled[chain] += 1;
    }
}

/// Columns that divide the cells of a front.
const DIVIDED_COLUMNS_MAX: usize = 4;
/// Below this many points a front has too few blocks to be divided.
const DIVIDED_POINTS_MIN: usize = 3_000;
