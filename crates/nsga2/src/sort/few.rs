//! Few points of two or three objectives: only the first one is sorted, and the values of the others are
//! compared as they are. Dense ranks pay for themselves where columns are sorted by counting, which takes
//! more points than these.
//!
//! What costs most here is a branch that cannot be foreseen, so the comparisons have none.

use super::columns::{PREFIX_BITS, key, point_of};

#[derive(Debug, Default)]
pub(super) struct Few {
    /// First values as integers that are ordered as they are.
    keys: Vec<u64>,
    /// Points in lexicographic order, each behind the leading bits of its first value.
    packed: Vec<u64>,
    /// The last second value of each front, as an integer too.
    tails: Vec<u64>,
    /// Second and third values of the points of each front.
    fronts: Vec<Vec<Block>>,
    /// Points of each front.
    sizes: Vec<usize>,
}

const LANES: usize = 8;

/// Second and third values; what is empty is no number, so that it dominates nothing.
type Block = [[f64; LANES]; 2];

impl Few {
    /// Fills in the ranks of points of two objectives; false, and nothing else, where a value is no number.
    pub(super) fn rank_pairs(&mut self, objectives: &[f64], ranks: &mut [u32]) -> bool {
        let (rows, _) = objectives.as_chunks::<2>();
        if !self.order(rows) {
            return false;
        }
        self.tails.clear();
        self.rank(rows, ranks, |few, row| {
            let second = key(row[1]);
            let free = few.tails.partition_point(|&tail| tail <= second);
            match few.tails.get_mut(free) {
                Some(tail) => *tail = second,
                None => few.tails.push(second),
            }
            free
        });
        true
    }

    /// As [`Few::rank_pairs`], of three objectives.
    pub(super) fn rank_triples(&mut self, objectives: &[f64], ranks: &mut [u32]) -> bool {
        let (rows, _) = objectives.as_chunks::<3>();
        if !self.order(rows) {
            return false;
        }
        self.sizes.clear();
        self.rank(rows, ranks, |few, row| {
            let open = few.sizes.len();
            let free = few.fronts[..open].partition_point(|front| dominates(front, row));
            few.insert(free, row);
            free
        });
        true
    }

    /// Orders the points by their first values, equal ones by the next.
    fn order<const COUNT: usize>(&mut self, rows: &[[f64; COUNT]]) -> bool {
        if rows.iter().flatten().any(|value| value.is_nan()) {
            return false;
        }
        self.keys.clear();
        self.keys.extend(rows.iter().map(|row| key(row[0])));
        let smallest = self.keys.iter().copied().min().unwrap_or(0);
        let largest = self.keys.iter().copied().max().unwrap_or(0);
        let shift = (u64::BITS - (largest - smallest).leading_zeros()).saturating_sub(PREFIX_BITS);
        self.packed.clear();
        let prefixes = self.keys.iter().map(|key| (key - smallest) >> shift);
        self.packed.extend(prefixes.zip(0_u64..).map(|(prefix, point)| prefix << 32 | point));
        self.packed.sort_unstable();
        for run in self.packed.chunk_by_mut(|one, other| one >> 32 == other >> 32) {
            if run.len() > 1 {
                run.sort_unstable_by_key(|&word| rows[point_of(word)].map(key));
            }
        }
        true
    }

    /// Ranks the points in their order; of equal ones only the first is asked about.
    fn rank<const COUNT: usize>(
        &mut self,
        rows: &[[f64; COUNT]],
        ranks: &mut [u32],
        mut place: impl FnMut(&mut Self, &[f64; COUNT]) -> usize,
    ) {
        let mut previous: Option<(&[f64; COUNT], usize)> = None;
        for at in 0..self.packed.len() {
            let point = point_of(self.packed[at]);
            let row = &rows[point];
            let rank = match previous {
                Some((equal, rank)) if equal == row => rank,
                _ => place(self, row),
            };
            ranks[point] = rank as u32;
            previous = Some((row, rank));
        }
    }

    fn insert(&mut self, front: usize, row: &[f64; 3]) {
        if front == self.sizes.len() {
            self.sizes.push(0);
            if front == self.fronts.len() {
                self.fronts.push(Vec::new());
            }
            self.fronts[front].clear();
        }
        let lane = self.sizes[front] % LANES;
        if lane == 0 {
            self.fronts[front].push([[f64::NAN; LANES]; 2]);
        }
        self.sizes[front] += 1;
        if let Some(block) = self.fronts[front].last_mut() {
            block[0][lane] = row[1];
            block[1][lane] = row[2];
        }
    }
}

/// Whether some point of the front is nowhere above the row, given that all come before it.
#[inline]
fn dominates(front: &[Block], row: &[f64; 3]) -> bool {
    front.iter().any(|[second, third]| {
        let mut any = false;
        for lane in 0..LANES {
            any |= (second[lane] <= row[1]) & (third[lane] <= row[2]);
        }
        any
    })
}
