//! Shares of zones that always sum to the whole.

use quorate_types::PPM_MAX;

use super::{RegionShare, group_of_zone};

/// Reads `NERC_TRE`, `EU_CONTINENTAL;EU_NORDIC` (even shares) or `NERC_RFC=600000;NERC_MRO=400000`; `None`
/// if malformed.
pub(super) fn read_shares(text: &'static str) -> Option<Vec<RegionShare>> {
    let mut weights = Vec::new();
    for part in text.split(';') {
        let (zone, weight) = match part.split_once('=') {
            Some((zone, ppm)) if !zone.is_empty() => (zone, ppm.parse().ok()?),
            _ => (part, 1),
        };
        weights.push((zone, weight));
    }
    let valid = weights.iter().all(|(zone, weight)| !zone.is_empty() && *weight > 0);
    valid.then(|| to_shares(weights))
}

/// Scales weights to shares, rounded down, the remainder to the largest. The same zone may occur several
/// times.
pub(super) fn to_shares(mut weights: Vec<(&'static str, u64)>) -> Vec<RegionShare> {
    weights.sort_unstable_by_key(|(zone, _)| *zone);
    weights.dedup_by(|(zone, weight), (kept, sum)| {
        let same = zone == kept;
        if same {
            *sum += *weight;
        }
        same
    });
    let total: u64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut shares: Vec<RegionShare> = weights
        .into_iter()
        .map(|(zone, weight)| {
            // Rounded down, so at most a million: it fits.
            let share_ppm = (u64::from(PPM_MAX) * weight / total.max(1)) as u32;
            RegionShare { zone, group: group_of_zone(zone), share_ppm }
        })
        .collect();
    shares.sort_by(|a, b| b.share_ppm.cmp(&a.share_ppm).then(a.zone.cmp(b.zone)));
    let sum: u32 = shares.iter().map(|share| share.share_ppm).sum();
    if let Some(largest) = shares.first_mut() {
        largest.share_ppm += PPM_MAX - sum;
    }
    shares
}
