//! How diverse members are, axis by axis, whatever any level asks.
//!
//! Unknown values are counted apart, and wherever they could matter each is taken as a further member of the
//! value that is heaviest already: that is the worst that can be true. It lowers entropy and the Nakamoto
//! coefficients and raises the shared share; it never adds a value.
//!
//! A member of several power regions contributes to entropy by its shares (what is missing to the whole is
//! unknown), but with its whole weight to each region where the question is what one failure takes down.

use quorate_types::PPM_MAX;

use crate::axis::{AXIS_COUNT, Axis};
use crate::error::DiversityError;
use crate::pool::Pool;
use crate::validate::distinct;

/// The diversity of members on one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AxisMeasures {
    /// Different known values; for power regions the size of a smallest set of regions that touches every
    /// member.
    pub unique: u32,
    /// Members whose value is unknown.
    pub unknown: u32,
    /// Shannon entropy of the weight's distribution over the values, in bits.
    pub entropy_bits: f64,
    /// 2 to the entropy (Hill number of order 1): as diverse as this many values of equal weight. 0 without
    /// weight.
    pub effective_number: f64,
    /// Nakamoto coefficient at 1/3: the fewest values that together hold more than a third of the weight. 0
    /// without weight.
    ///
    /// For power regions the weights of overlapping regions are added, so the coefficient is never
    /// overstated.
    pub nakamoto_third: u32,
    /// Nakamoto coefficient at 2/3.
    pub nakamoto_two_thirds: u32,
    /// The largest share of the weight that one value holds, in parts per million, rounded up.
    pub worst_share_ppm: u32,
}

/// Measures members on every axis, by [`Axis::index`].
///
/// Source: Srinivasan and Lee 2017 (Nakamoto coefficient); Hill 1973 (effective number).
///
/// # Errors
/// A member that is not in the pool or occurs twice.
pub fn measures(pool: &Pool, members: &[u32]) -> Result<[AxisMeasures; AXIS_COUNT], DiversityError> {
    Ok(measures_of(pool, &pool.ranks("members", members)?))
}

pub(crate) fn measures_of(pool: &Pool, ranks: &[u32]) -> [AxisMeasures; AXIS_COUNT] {
    let total = pool.total_weight(ranks);
    Axis::ALL.map(|axis| measure(pool, axis, ranks, total))
}

fn measure(pool: &Pool, axis: Axis, ranks: &[u32], total: u64) -> AxisMeasures {
    // Per value: what fails with it (whole weights) and what it holds (weight * share, in millionths).
    let mut touched = vec![0_u64; pool.names[axis.index()].len()];
    let mut held = vec![0_u128; touched.len()];
    let (mut unknown, mut unknown_weight, mut unknown_held) = (0_u32, 0_u64, 0_u128);
    for &rank in ranks {
        let weight = pool.weight[rank as usize];
        let mut left = PPM_MAX;
        let mut add = |value: u32, share: u32| {
            touched[value as usize] += weight;
            held[value as usize] += u128::from(weight) * u128::from(share);
            left -= share;
        };
        if axis == Axis::PowerRegion {
            let range =
                pool.share_offsets[rank as usize] as usize..pool.share_offsets[rank as usize + 1] as usize;
            pool.shares[range].iter().for_each(|&(region, share)| add(region, share));
        } else {
            pool.values_at(rank, axis).iter().for_each(|&value| add(value, PPM_MAX));
        }
        if left == PPM_MAX {
            unknown += 1;
            unknown_weight += weight;
        }
        unknown_held += u128::from(weight) * u128::from(left);
    }
    touched.retain(|&weight| weight > 0);
    touched.sort_unstable_by_key(|&weight| std::cmp::Reverse(weight));
    held.retain(|&weight| weight > 0);
    held.sort_unstable_by_key(|&weight| std::cmp::Reverse(weight));
    lump(&mut touched, unknown_weight);
    lump(&mut held, unknown_held);
    let entropy_bits = entropy(&held, u128::from(total) * u128::from(PPM_MAX));
    AxisMeasures {
        unique: distinct(pool, axis, ranks),
        unknown,
        entropy_bits,
        effective_number: if total == 0 { 0.0 } else { entropy_bits.exp2() },
        nakamoto_third: fewest_above(&touched, total, 1),
        nakamoto_two_thirds: fewest_above(&touched, total, 2),
        worst_share_ppm: share_up(touched.first().copied().unwrap_or(0), total),
    }
}

/// Adds what is unknown to the heaviest value.
fn lump<Weight: std::ops::AddAssign + PartialOrd + Default>(weights: &mut Vec<Weight>, unknown: Weight) {
    match weights.first_mut() {
        Some(heaviest) => *heaviest += unknown,
        None if unknown > Weight::default() => weights.push(unknown),
        None => {}
    }
}

/// How many of the heaviest values hold more than `thirds` thirds of the total.
fn fewest_above(weights: &[u64], total: u64, thirds: u64) -> u32 {
    let mut sum = 0_u128;
    for (position, &weight) in weights.iter().enumerate() {
        sum += u128::from(weight);
        if 3 * sum > u128::from(thirds) * u128::from(total) {
            return position as u32 + 1;
        }
    }
    0
}

fn entropy(weights: &[u128], total: u128) -> f64 {
    let bits = |&weight: &u128| {
        let share = weight as f64 / total as f64;
        -share * share.log2()
    };
    // Never below zero: one value alone gives -1 * 0.
    weights.iter().map(bits).sum::<f64>().max(0.0)
}

/// A share in parts per million, rounded up: a limit must not be met by rounding.
fn share_up(part: u64, total: u64) -> u32 {
    if total == 0 {
        return 0;
    }
    let scaled = (u128::from(part) * u128::from(PPM_MAX)).div_ceil(u128::from(total));
    u32::try_from(scaled).unwrap_or(PPM_MAX).min(PPM_MAX)
}
