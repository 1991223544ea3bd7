//! Ranges with a value each, and how they become one gap-free list of boundaries.

use quorate_types::Control;

use crate::error::IpdataError;

/// Ranges between two looks at the caller's control: about a millisecond.
const RANGES_PER_STEP: usize = 1 << 16;

/// Ends the run where the caller asked for it; looked at once in [`RANGES_PER_STEP`] ranges.
pub(crate) fn stop_if_cancelled(at: usize, control: &dyn Control) -> Result<(), IpdataError> {
    if at.is_multiple_of(RANGES_PER_STEP) && control.cancelled() {
        Err(IpdataError::Cancelled)
    } else {
        Ok(())
    }
}

/// A bound of a range: an address of one family as an integer.
pub(crate) trait Key: Copy + Ord {
    /// The next address, `None` after the last one.
    fn next(self) -> Option<Self>;
    /// The first address of the family.
    const FIRST: Self;
}

impl Key for u32 {
    const FIRST: Self = 0;
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Key for u128 {
    const FIRST: Self = 0;
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// The value of addresses that no range covers.
pub(crate) const NOTHING: u32 = 0;

#[derive(Clone, Copy, Debug)]
struct Span<K> {
    first: K,
    last: K,
    value: u32,
}

/// Ranges in the order of their source.
#[derive(Clone, Debug)]
pub(crate) struct Spans<K> {
    spans: Vec<Span<K>>,
    sorted: bool,
}

/// Boundaries: `values[i]` holds from `starts[i]` to the address before `starts[i + 1]`. The first start is
/// the first address of the family, neighbours differ in value, [`NOTHING`] marks gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Boundaries<K> {
    pub(crate) starts: Vec<K>,
    pub(crate) values: Vec<u32>,
}

impl<K: Key> Spans<K> {
    pub(crate) fn new() -> Self {
        Self { spans: Vec::new(), sorted: true }
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Adds a range that may overlap others.
    pub(crate) fn push(&mut self, first: K, last: K, value: u32) {
        self.sorted &= self.spans.last().is_none_or(|before| before.last < first);
        self.spans.push(Span { first, last, value });
    }

    /// Adds a range of a source whose ranges never overlap: one that continues the range before it with the
    /// same value only widens that one, which keeps millions of them small. (Of overlapping ranges the
    /// narrower one counts, so those must keep their own width until they are flattened.)
    pub(crate) fn push_disjoint(&mut self, first: K, last: K, value: u32) {
        match self.spans.last_mut() {
            Some(before) if before.value == value && before.last.next() == Some(first) => before.last = last,
            _ => self.push(first, last, value),
        }
    }

    /// Resolves overlaps and merges equal neighbours. Returns how many ranges began inside another one.
    ///
    /// Inside a wider range the narrower one counts (as in longest-prefix match); where two ranges only
    /// partly overlap, the one that starts later counts for the shared part; of two equal ranges the later
    /// row counts.
    ///
    /// # Errors
    /// [`IpdataError::Cancelled`].
    pub(crate) fn flatten(mut self, control: &dyn Control) -> Result<(Boundaries<K>, u64), IpdataError> {
        if !self.sorted {
            self.spans.sort_by(|a, b| a.first.cmp(&b.first).then(b.last.cmp(&a.last)));
        }
        let mut out = Boundaries { starts: vec![K::FIRST], values: vec![NOTHING] };
        let mut overlaps = 0;
        let mut open: Vec<Span<K>> = Vec::new();
        for (at, span) in self.spans.into_iter().enumerate() {
            stop_if_cancelled(at, control)?;
            close_until(&mut open, Some(span.first), &mut out);
            overlaps += u64::from(!open.is_empty());
            out.add(span.first, span.value);
            open.push(span);
        }
        close_until(&mut open, None, &mut out);
        out.starts.shrink_to_fit();
        out.values.shrink_to_fit();
        Ok((out, overlaps))
    }
}

/// Ends every open range that lies wholly before `bound` (all of them without one).
fn close_until<K: Key>(open: &mut Vec<Span<K>>, bound: Option<K>, out: &mut Boundaries<K>) {
    while let Some(top) = open.pop_if(|top| bound.is_none_or(|bound| top.last < bound)) {
        let Some(resume) = top.last.next() else { continue };
        // A range below may have ended earlier than the one above it.
        while open.pop_if(|below| below.last < resume).is_some() {}
        out.add(resume, open.last().map_or(NOTHING, |below| below.value));
    }
}

impl Boundaries<u128> {
    /// Keeps the upper 64 bits: a /64 that is split gets the value of its first address.
    pub(crate) fn upper_half(&self, control: &dyn Control) -> Result<Boundaries<u64>, IpdataError> {
        let mut out = Boundaries { starts: Vec::new(), values: Vec::new() };
        for (at, (start, value)) in self.starts.iter().zip(&self.values).enumerate() {
            stop_if_cancelled(at, control)?;
            let upper = (start >> 64) as u64;
            let split = *start as u64 != 0;
            // What begins inside a /64 holds from the next one on.
            if let Some(from) = upper.checked_add(u64::from(split)) {
                out.add(from, *value);
            }
        }
        out.starts.shrink_to_fit();
        out.values.shrink_to_fit();
        Ok(out)
    }
}

impl<K: Copy + Ord> Boundaries<K> {
    fn add(&mut self, start: K, value: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.values.pop();
        }
        if self.values.last() != Some(&value) {
            self.starts.push(start);
            self.values.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use proptest::prelude::*;
    use quorate_types::NoControl;

    fn flat(spans: &[(u32, u32, u32)]) -> Vec<(u32, u32)> {
        let mut all = Spans::new();
        for &(first, last, value) in spans {
            all.push(first, last, value);
        }
        let (boundaries, _) = all.flatten(&NoControl).unwrap();
        boundaries.starts.into_iter().zip(boundaries.values).collect()
    }

    #[test]
    fn a_narrower_range_counts_inside_a_wider_one() {
        assert_eq!(
            flat(&[(10, 99, 1), (20, 29, 2), (20, 24, 3)]),
            [(0, 0), (10, 1), (20, 3), (25, 2), (30, 1), (100, 0)]
        );
    }

    #[test]
    fn neighbours_merge_and_the_last_address_ends_the_list() {
        assert_eq!(flat(&[(5, 6, 1), (7, u32::MAX, 1)]), [(0, 0), (5, 1)]);
        assert_eq!(flat(&[(0, u32::MAX, 4)]), [(0, 4)]);
        assert_eq!(flat(&[(30, 39, 2), (10, 19, 1)]), [(0, 0), (10, 1), (20, 0), (30, 2), (40, 0)]);
    }

    #[test]
    fn of_two_equal_ranges_the_later_row_counts() {
        assert_eq!(flat(&[(1, 2, 7), (1, 2, 8)]), [(0, 0), (1, 8), (3, 0)]);
    }

    #[test]
    fn a_split_64_takes_the_value_of_its_first_address() {
        let (two, three) = (2u128 << 64, 3u128 << 64);
        let whole =
            Boundaries { starts: vec![0, two, two + 5, two + 9, three + 1], values: vec![0, 1, 2, 3, 4] };
        assert_eq!(
            whole.upper_half(&NoControl).unwrap(),
            Boundaries { starts: vec![0, 2, 3, 4], values: vec![0, 1, 3, 4] }
        );
        let end = Boundaries { starts: vec![0, u128::MAX], values: vec![1, 2] };
        assert_eq!(end.upper_half(&NoControl).unwrap(), Boundaries { starts: vec![0], values: vec![1] });
    }

    /// A caller who asks to stop after some looks.
    struct StopAfter(AtomicU32);

    impl Control for StopAfter {
        fn cancelled(&self) -> bool {
            let stop = |left: u32| left.checked_sub(1);
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, stop).is_err()
        }

        fn progress(&self, _: u64, _: u64) {}
    }

    #[test]
    fn an_abort_ends_the_work_in_its_midst() {
        let mut all = Spans::new();
        for at in 0..200_000u128 {
            all.push(at << 70, (at << 70) + 1, 1 + (at % 7) as u32);
        }
        let (whole, _) = all.clone().flatten(&NoControl).unwrap();
        let stop = || StopAfter(AtomicU32::new(1));
        assert_eq!(all.flatten(&stop()).err(), Some(IpdataError::Cancelled));
        assert_eq!(whole.upper_half(&stop()).err(), Some(IpdataError::Cancelled));
    }

    proptest! {
        /// Against painting every address of a small space, widest range first.
        #[test]
        fn nested_ranges_equal_painting(
            prefixes in prop::collection::vec((0u32..16, 0u32..5, 1u32..5), 0..30),
        ) {
            // Prefixes only nest or miss each other, so painting by width is the whole rule.
            let spans: Vec<_> = prefixes
                .iter()
                .map(|&(at, bits, value)| {
                    let first = at >> bits << bits;
                    (first, first + (1 << bits) - 1, value)
                })
                .collect();
            let mut painted = [0u32; 33];
            let mut order: Vec<_> = spans.clone();
            order.sort_by_key(|&(first, last, _)| std::cmp::Reverse(last - first));
            for (first, last, value) in order {
                painted[first as usize..=last as usize].fill(value);
            }
            let found = flat(&spans);
            for (at, expected) in painted.iter().enumerate() {
                let row = found.partition_point(|&(start, _)| start as usize <= at) - 1;
                prop_assert_eq!(found[row].1, *expected);
            }
            prop_assert!(found.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 != w[1].1));
        }
    }
}
