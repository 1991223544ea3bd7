//! The vector comparisons, and which of them this machine can run. All `unsafe` code of the crate is here.

/// Values compared at a time; one block holds this many points of a front, column by column.
pub(super) const LANES: usize = 32;
/// Most different values of an objective that 16-bit ranks tell apart; one is left over to mark empty lanes.
pub(super) const NARROW_DISTINCT_MAX: u32 = 65_535;
/// The end of a chain of blocks.
pub(super) const NONE: u32 = u32::MAX;

/// The instructions used to compare points in blocks. The ranks are the same on every path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// What the compiler makes for any machine of the target.
    Portable,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

impl Path {
    /// All paths, slowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The fastest path of this machine.
    pub fn detect() -> Self {
        Self::ALL.into_iter().rev().find(|path| path.available()).unwrap_or(Self::Portable)
    }

    /// Whether this machine has the path.
    pub fn available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                std::is_x86_feature_detected!("avx512bw") && std::is_x86_feature_detected!("avx512f")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    pub(super) fn or_portable(self) -> Self {
        if self.available() { self } else { Self::Portable }
    }
}

/// The chains of blocks of one front, and which of them can hold a dominating point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chains<'a, Value> {
    /// Blocks of `columns` vectors each.
    pub(super) lanes: &'a [[Value; LANES]],
    /// The next older block of each block.
    pub(super) next: &'a [u32],
    /// The newest block of each cell.
    pub(super) heads: &'a [u32],
}

/// A dense rank in a vector.
pub(super) trait Lane: Copy + Default + PartialOrd + std::fmt::Debug + 'static {
    /// What an empty lane holds: no point is as bad as this.
    const EMPTY: Self;

    /// A dense rank, which fits.
    fn from_rank(rank: u32) -> Self;

    /// Whether a point in the cells that are subsets of `cell` is nowhere worse than `point`.
    fn dominated(path: Path, chains: Chains<'_, Self>, cell: usize, point: &[Self]) -> bool;
}

impl Lane for u16 {
    const EMPTY: Self = Self::MAX;

    fn from_rank(rank: u32) -> Self {
        rank as Self
    }

    #[inline]
    fn dominated(path: Path, chains: Chains<'_, Self>, cell: usize, point: &[Self]) -> bool {
        match path {
            Path::Portable => portable(chains, cell, point),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a sorter holds this path only where `Path::available` has found AVX2 (`or_portable`).
            Path::Avx2 => unsafe { x86::dominated_avx2(chains, cell, point) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above, for AVX-512F and AVX-512BW.
            Path::Avx512 => unsafe { x86::dominated_avx512(chains, cell, point) },
            #[cfg(not(target_arch = "x86_64"))]
            _ => portable(chains, cell, point),
        }
    }
}

impl Lane for u32 {
    const EMPTY: Self = Self::MAX >> 1;

    fn from_rank(rank: u32) -> Self {
        rank
    }

    fn dominated(_path: Path, chains: Chains<'_, Self>, cell: usize, point: &[Self]) -> bool {
        walk(chains, cell, point.len(), |block| {
            let mut worse = [0_u32; LANES];
            for (lanes, &value) in block.iter().zip(point) {
                for (worse, &lane) in worse.iter_mut().zip(lanes) {
                    // Ranks stay below 2^31 (POINTS_MAX), so the top bit of the difference is its sign.
                    *worse |= value.wrapping_sub(lane) & (1 << 31);
                }
            }
            worse.contains(&0)
        })
    }
}

/// Saturating subtraction leaves 0 exactly where a lane is not above the value; compilers have it as one
/// instruction on every x86-64 machine, unlike a comparison of unsigned 16-bit numbers.
fn portable(chains: Chains<'_, u16>, cell: usize, point: &[u16]) -> bool {
    walk(chains, cell, point.len(), |block| {
        let mut worse = [0_u16; LANES];
        for (lanes, &value) in block.iter().zip(point) {
            for (worse, &lane) in worse.iter_mut().zip(lanes) {
                *worse |= lane.saturating_sub(value);
            }
        }
        let mut any = 0_u16;
        for worse in worse {
            any |= u16::from(worse == 0);
        }
        any != 0
    })
}

/// Visits the blocks of all cells that are subsets of `cell`, the same cell first and newest blocks first,
/// until `test` says yes.
#[inline(always)]
fn walk<Value>(
    chains: Chains<'_, Value>,
    cell: usize,
    columns: usize,
    test: impl Fn(&[[Value; LANES]]) -> bool,
) -> bool {
    let mut subset = cell;
    loop {
        let mut block = chains.heads[subset];
        while block != NONE {
            let first = block as usize * columns;
            if test(&chains.lanes[first..first + columns]) {
                return true;
            }
            block = chains.next[block as usize];
        }
        if subset == 0 {
            return false;
        }
        subset = (subset - 1) & cell;
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Chains, LANES, walk};
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi16, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi16, _mm256_setzero_si256, _mm256_subs_epu16, _mm512_loadu_si512,
        _mm512_mask_cmple_epu16_mask, _mm512_set1_epi16,
    };

    /// As `super::portable`.
    #[target_feature(enable = "avx2")]
    pub(super) fn dominated_avx2(chains: Chains<'_, u16>, cell: usize, point: &[u16]) -> bool {
        walk(chains, cell, point.len(), |block| {
            let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for (lanes, &value) in block.iter().zip(point) {
                let value = _mm256_set1_epi16(value.cast_signed());
                let (left, right) = halves(lanes);
                low = _mm256_or_si256(low, _mm256_subs_epu16(left, value));
                high = _mm256_or_si256(high, _mm256_subs_epu16(right, value));
            }
            let zero = _mm256_setzero_si256();
            let found = _mm256_or_si256(_mm256_cmpeq_epi16(low, zero), _mm256_cmpeq_epi16(high, zero));
            _mm256_movemask_epi8(found) != 0
        })
    }

    /// As `super::portable`.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn dominated_avx512(chains: Chains<'_, u16>, cell: usize, point: &[u16]) -> bool {
        walk(chains, cell, point.len(), |block| {
            let mut better = u32::MAX;
            for (lanes, &value) in block.iter().zip(point) {
                // SAFETY: `lanes` is 32 values of 16 bits, the 64 bytes that an unaligned load reads.
                let lanes = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
                better = _mm512_mask_cmple_epu16_mask(better, lanes, _mm512_set1_epi16(value.cast_signed()));
            }
            better != 0
        })
    }

    #[target_feature(enable = "avx2")]
    fn halves(lanes: &[u16; LANES]) -> (__m256i, __m256i) {
        let first = lanes.as_ptr().cast::<__m256i>();
        // SAFETY: `lanes` is 32 values of 16 bits, which is two unaligned vectors of 32 bytes.
        unsafe { (_mm256_loadu_si256(first), _mm256_loadu_si256(first.add(1))) }
    }
}
