//! How many different power regions a set of members really spans.

use crate::columns::REGIONS_PER_CANDIDATE_MAX;

/// Up to this many irreducible sets the smallest hitting set is computed exactly; above, a lower bound is
/// used.
pub(crate) const HITTING_EXACT_MAX: usize = 12;

/// A smallest set of regions that touches every member, or a lower bound of its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hitting {
    /// Size of a smallest hitting set; where `regions` is `None`, a lower bound of it.
    pub(crate) count: u32,
    /// The regions of one smallest hitting set.
    pub(crate) regions: Option<Vec<u32>>,
}

/// The smallest number of regions whose failure touches every set. Empty sets (region unknown) do not count.
///
/// A set that contains another one is touched whenever that one is, so only the smallest sets matter. Sets of
/// one region each cost one; the rest is a dynamic program over the members still untouched. Above
/// [`HITTING_EXACT_MAX`] such sets the size of a greedy packing of disjoint sets stands in: it is never too
/// large, so diversity is never overstated.
pub(crate) fn smallest_hitting_set<'sets>(sets: impl Iterator<Item = &'sets [u32]>) -> Hitting {
    let mut sets: Vec<&[u32]> = sets.filter(|set| !set.is_empty()).collect();
    sets.sort_unstable_by_key(|set| (set.len(), *set));
    let mut single: Vec<u32> = Vec::new();
    let mut several: Vec<&[u32]> = Vec::new();
    for set in sets {
        let touched = set.iter().any(|region| single.binary_search(region).is_ok())
            || several.iter().any(|kept| kept.iter().all(|region| set.contains(region)));
        if touched {
            continue;
        }
        // Ascending, because sets of one region come first and in order.
        if set.len() == 1 { single.push(set[0]) } else { several.push(set) }
    }
    if several.len() > HITTING_EXACT_MAX {
        let packed = (single.len() + disjoint(&several)) as u32;
        return Hitting { count: packed, regions: None };
    }
    single.extend(hit_exactly(&several));
    Hitting { count: single.len() as u32, regions: Some(single) }
}

/// Greedily packs pairwise disjoint sets, in the order given.
fn disjoint(sets: &[&[u32]]) -> usize {
    let mut used: Vec<u32> = Vec::new();
    let mut packed = 0;
    for set in sets {
        if set.iter().all(|region| !used.contains(region)) {
            used.extend_from_slice(set);
            packed += 1;
        }
    }
    packed
}

/// `best[mask]` is the fewest regions that touch the sets in `mask`, reached by always touching the first
/// untouched set.
fn hit_exactly(sets: &[&[u32]]) -> Vec<u32> {
    if sets.is_empty() {
        return Vec::new();
    }
    debug_assert!(
        sets.len() <= HITTING_EXACT_MAX && sets.iter().all(|set| set.len() <= REGIONS_PER_CANDIDATE_MAX)
    );
    let full = (1_usize << sets.len()) - 1;
    let touches = |region: u32| {
        let bit = |(position, set): (usize, &&[u32])| usize::from(set.contains(&region)) << position;
        sets.iter().enumerate().map(bit).sum::<usize>()
    };
    let masks: Vec<Vec<usize>> =
        sets.iter().map(|set| set.iter().map(|&region| touches(region)).collect()).collect();
    // (fewest regions, previous mask, region)
    let mut best = vec![(u32::MAX, 0_usize, 0_u32); full + 1];
    best[0].0 = 0;
    for mask in 0..full {
        let used = best[mask].0;
        if used == u32::MAX {
            continue;
        }
        let first = (!mask).trailing_zeros() as usize;
        for (&region, &touched) in sets[first].iter().zip(&masks[first]) {
            let next = &mut best[mask | touched];
            if used + 1 < next.0 {
                *next = (used + 1, mask, region);
            }
        }
    }
    let mut regions = Vec::new();
    let mut mask = full;
    while mask != 0 {
        regions.push(best[mask].2);
        mask = best[mask].1;
    }
    regions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(sets: &[&[u32]]) -> u32 {
        smallest_hitting_set(sets.iter().copied()).count
    }

    #[test]
    fn shared_regions_count_once() {
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[&[], &[]]), 0);
        assert_eq!(count(&[&[1], &[2], &[1]]), 2);
        assert_eq!(count(&[&[1, 2], &[2, 3], &[1, 3]]), 2);
        assert_eq!(count(&[&[1, 2], &[2, 3], &[2, 4]]), 1);
        assert_eq!(count(&[&[1], &[1, 2], &[2, 3]]), 2);
    }

    #[test]
    fn beyond_the_exact_limit_diversity_is_never_overstated() {
        let pairs: Vec<[u32; 2]> = (0..20).map(|i| [i, i + 1]).collect();
        let found = smallest_hitting_set(pairs.iter().map(|pair| &pair[..]));
        assert_eq!(found, Hitting { count: 10, regions: None });
    }

    proptest! {
        #[test]
        fn it_is_the_smallest(
            sets in prop::collection::vec(prop::collection::btree_set(0_u32..7, 0..4), 0..9),
        ) {
            let sets: Vec<Vec<u32>> = sets.into_iter().map(|set| set.into_iter().collect()).collect();
            let found = smallest_hitting_set(sets.iter().map(Vec::as_slice));
            let hit = |mask: u32, set: &[u32]| set.iter().any(|region| mask >> region & 1 == 1);
            let hits = |mask: u32| sets.iter().all(|set| set.is_empty() || hit(mask, set));
            let smallest = (0..1_u32 << 7).filter(|&mask| hits(mask)).map(u32::count_ones).min().unwrap();
            prop_assert_eq!(found.count, smallest);
            let mask = found.regions.unwrap().iter().fold(0, |mask, region| mask | 1 << region);
            prop_assert!(hits(mask));
        }
    }
}
