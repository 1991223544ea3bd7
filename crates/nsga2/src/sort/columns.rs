//! Each objective by itself: the order of its values and their dense ranks.

use crate::error::Error;
use quorate_types::FieldPath;

/// Orders and dense ranks of all objectives, column by column.
#[derive(Debug, Default)]
pub(super) struct Columns {
    points: usize,
    count: usize,
    /// Points in the order of each column, equal values by index.
    orders: Vec<u32>,
    /// Dense rank of each point in each column.
    ranks: Vec<u32>,
    /// Number of different values of each column.
    distinct: Vec<u32>,
    lexicographic: Vec<u32>,
    keys: Vec<u64>,
    packed: Vec<u64>,
    spare: Vec<u64>,
    spare_order: Vec<u32>,
    counts: Vec<u32>,
}

impl Columns {
    /// Orders every column; `objectives` has `count` values per row.
    pub(super) fn order(&mut self, objectives: &[f64], count: usize) -> Result<(), Error> {
        self.points = objectives.len() / count;
        self.count = count;
        for buffer in [&mut self.orders, &mut self.ranks] {
            buffer.clear();
            buffer.resize(count * self.points, 0);
        }
        self.distinct.clear();
        for column in 0..count {
            self.order_column(objectives, column)?;
        }
        Ok(())
    }

    pub(super) fn points(&self) -> usize {
        self.points
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Number of different values of a column.
    pub(super) fn distinct(&self, column: usize) -> u32 {
        self.distinct[column]
    }

    /// The largest number of different values among the columns but the first.
    pub(super) fn distinct_max(&self) -> u32 {
        self.distinct.iter().skip(1).copied().max().unwrap_or(0)
    }

    pub(super) fn order_of(&self, column: usize) -> &[u32] {
        &self.orders[column * self.points..(column + 1) * self.points]
    }

    pub(super) fn ranks_of(&self, column: usize) -> &[u32] {
        &self.ranks[column * self.points..(column + 1) * self.points]
    }

    /// The points by first, then second and so on value; valid after `order_lexicographically`.
    pub(super) fn lexicographic(&self) -> &[u32] {
        &self.lexicographic
    }

    /// Fills the lexicographic order: stable counting sorts by dense rank from the last column to the first.
    pub(super) fn order_lexicographically(&mut self) {
        let points = self.points;
        self.lexicographic.clear();
        if self.distinct.first().is_none_or(|&distinct| distinct as usize == points) {
            self.lexicographic.extend_from_slice(&self.orders[..points]);
            return;
        }
        self.lexicographic.extend_from_slice(&self.orders[(self.count - 1) * points..]);
        self.spare_order.clear();
        self.spare_order.resize(points, 0);
        for column in (0..self.count - 1).rev() {
            let ranks = &self.ranks[column * points..(column + 1) * points];
            self.counts.clear();
            self.counts.resize(self.distinct[column] as usize + 1, 0);
            for &rank in ranks {
                self.counts[rank as usize + 1] += 1;
            }
            let mut first = 0;
            for count in &mut self.counts {
                first += *count;
                *count = first;
            }
            for &point in &self.lexicographic {
                let slot = &mut self.counts[ranks[point as usize] as usize];
                self.spare_order[*slot as usize] = point;
                *slot += 1;
            }
            std::mem::swap(&mut self.lexicographic, &mut self.spare_order);
        }
    }

    fn order_column(&mut self, objectives: &[f64], column: usize) -> Result<(), Error> {
        let (count, points) = (self.count, self.points);
        self.keys.clear();
        let (mut smallest, mut largest) = (u64::MAX, 0);
        let mut all_numbers = true;
        for row in objectives.chunks_exact(count) {
            let value = row[column];
            all_numbers &= !value.is_nan();
            let key = key(value);
            smallest = smallest.min(key);
            largest = largest.max(key);
            self.keys.push(key);
        }
        if !all_numbers {
            let row = objectives.iter().skip(column).step_by(count).position(|value| value.is_nan());
            let index = row.unwrap_or(0) * count + column;
            return Err(Error::NotANumber { field: FieldPath::new("objectives").index(index) });
        }
        let bits = u64::BITS - (largest.wrapping_sub(smallest)).leading_zeros();
        let shift = if points == 0 { 0 } else { bits.saturating_sub(PREFIX_BITS) };
        self.packed.clear();
        self.packed.extend(
            self.keys.iter().enumerate().map(|(point, key)| ((key - smallest) >> shift) << 32 | point as u64),
        );
        if points < RADIX_POINTS_MIN {
            self.packed.sort_unstable();
        } else {
            radix_sort(&mut self.packed, &mut self.spare);
        }
        if shift > 0 {
            sort_within_prefixes(&mut self.packed, &self.keys);
        }
        self.assign_dense_ranks(column);
        Ok(())
    }

    fn assign_dense_ranks(&mut self, column: usize) {
        let range = column * self.points..(column + 1) * self.points;
        let order = &mut self.orders[range.clone()];
        let ranks = &mut self.ranks[range];
        let (mut rank, mut previous) =
            (0, self.packed.first().map_or(0, |&first| self.keys[point_of(first)]));
        for (slot, &packed) in order.iter_mut().zip(&self.packed) {
            let point = point_of(packed);
            let key = self.keys[point];
            rank += u32::from(key != previous);
            previous = key;
            *slot = point as u32;
            ranks[point] = rank;
        }
        self.distinct.push(if self.packed.is_empty() { 0 } else { rank + 1 });
    }
}

/// Leading bits of a key that are sorted by radix; the few values that share them are sorted by comparison.
pub(super) const PREFIX_BITS: u32 = 32;
/// Below this many points the comparison sort of the standard library is quicker than three passes of
/// counting.
pub(super) const RADIX_POINTS_MIN: usize = 512;
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// An integer that is ordered as the value is. Adding 0 turns -0 into 0.
#[inline]
pub(super) fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    // A negative number is ordered against its bits, so all of them flip; of the others only the sign does.
    bits ^ ((bits as i64 >> 63) as u64 | 1 << 63)
}

#[inline]
pub(super) fn point_of(packed: u64) -> usize {
    (packed & 0xffff_ffff) as usize
}

/// Stable sort by the upper half of each word, least significant digit first.
fn radix_sort(packed: &mut Vec<u64>, spare: &mut Vec<u64>) {
    const PASSES: usize = PREFIX_BITS.div_ceil(DIGIT_BITS) as usize;
    let mut counts = [[0_u32; DIGITS]; PASSES];
    let digit = |word: u64, pass: usize| (word >> (32 + pass as u32 * DIGIT_BITS)) as usize & (DIGITS - 1);
    for &word in packed.iter() {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(word, pass)] += 1;
        }
    }
    spare.clear();
    spare.resize(packed.len(), 0);
    for (pass, counts) in counts.iter_mut().enumerate() {
        let common = packed.first().map_or(0, |&word| digit(word, pass));
        if counts[common] as usize == packed.len() {
            continue;
        }
        let mut first = 0;
        for count in counts.iter_mut() {
            first += std::mem::replace(count, first);
        }
        for &word in packed.iter() {
            let slot = &mut counts[digit(word, pass)];
            spare[*slot as usize] = word;
            *slot += 1;
        }
        std::mem::swap(packed, spare);
    }
}

/// Sorts every run of words with an equal prefix by the whole key, then by index.
fn sort_within_prefixes(packed: &mut [u64], keys: &[u64]) {
    let mut first = 0;
    while first < packed.len() {
        let prefix = packed[first] >> 32;
        let mut end = first + 1;
        while end < packed.len() && packed[end] >> 32 == prefix {
            end += 1;
        }
        if end - first > 1 {
            packed[first..end].sort_unstable_by_key(|&word| (keys[point_of(word)], word));
        }
        first = end;
    }
}
