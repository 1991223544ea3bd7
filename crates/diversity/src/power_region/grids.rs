//! Zones outside the United States (data/grids.tsv).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::shares::{read_shares, to_shares};
use super::{Accuracy, RegionSet, RegionShare};

const TABLE: &str = include_str!("../../data/grids.tsv");

/// Zones by country.
pub(super) struct Grids {
    countries: BTreeMap<&'static str, Country>,
    /// Rows that could not be read; a test says there is none.
    #[cfg_attr(not(test), allow(dead_code, reason = "only the test of the table reads it"))]
    pub(super) malformed: usize,
}

/// Share of each outlying zone in a country whose subdivision is not known: enough to conflict, too little to
/// count. Nobody states how many machines stand on the Canary Islands.
const OUTLYING_SHARE_PPM: u64 = 10_000;

#[derive(Default)]
struct Country {
    /// Zones of the subdivisions that stand in no row.
    rest: Vec<RegionShare>,
    subdivisions: Vec<(&'static str, Vec<RegionShare>)>,
}

impl Country {
    /// All zones that a place in this country can lie in.
    fn whole(&self) -> Vec<RegionShare> {
        let mut weights: Vec<_> =
            self.rest.iter().map(|share| (share.zone, u64::from(share.share_ppm))).collect();
        for share in self.subdivisions.iter().flat_map(|(_, shares)| shares) {
            if weights.iter().all(|(zone, _)| *zone != share.zone) {
                weights.push((share.zone, OUTLYING_SHARE_PPM));
            }
        }
        to_shares(weights)
    }
}

impl Grids {
    pub(super) fn shipped() -> &'static Self {
        static GRIDS: LazyLock<Grids> = LazyLock::new(|| Grids::read(TABLE));
        &GRIDS
    }

    fn read(text: &'static str) -> Self {
        let mut grids = Self { countries: BTreeMap::new(), malformed: 0 };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&'static str> = line.split('\t').collect();
            let &[countries, subdivisions, zones, _source] = fields.as_slice() else {
                grids.malformed += 1;
                continue;
            };
            for code in countries.split(' ') {
                let shares = if zones == "=" { Some(to_shares(vec![(code, 1)])) } else { read_shares(zones) };
                let Some(shares) = shares else {
                    grids.malformed += 1;
                    continue;
                };
                let country = grids.countries.entry(code).or_default();
                if subdivisions == "*" {
                    country.rest = shares;
                } else {
                    country.subdivisions.extend(subdivisions.split('|').map(|name| (name, shares.clone())));
                }
            }
        }
        grids
    }

    pub(super) fn find(&self, country: &str, subdivision: Option<&str>) -> RegionSet {
        let Some(country) = self.countries.get(country.to_ascii_uppercase().as_str()) else {
            return RegionSet { shares: Vec::new(), accuracy: Accuracy::Unknown };
        };
        let wanted = subdivision.map(str::trim).filter(|name| !name.is_empty());
        let listed = |name: &str| country.subdivisions.iter().find(|row| row.0.eq_ignore_ascii_case(name));
        match wanted.map(|name| (listed(name), country.rest.len())) {
            Some((Some((_, shares)), _)) => {
                RegionSet { shares: shares.clone(), accuracy: Accuracy::Subdivision }
            }
            // The rows list the exceptions from one main grid, so a subdivision without a row lies in that.
            Some((None, 1)) if !country.subdivisions.is_empty() => {
                RegionSet { shares: country.rest.clone(), accuracy: Accuracy::Subdivision }
            }
            _ => RegionSet { shares: country.whole(), accuracy: Accuracy::Country },
        }
    }

    pub(super) fn split_countries(&self) -> Vec<&'static str> {
        let split = self.countries.iter().filter(|(_, country)| !country.subdivisions.is_empty());
        split.map(|(code, _)| *code).collect()
    }

    pub(super) fn countries(&self) -> Vec<&'static str> {
        self.countries.keys().copied().collect()
    }

    pub(super) fn zones(&self) -> Vec<&'static str> {
        let sets = self.countries.values().flat_map(|country| {
            country.subdivisions.iter().map(|(_, shares)| shares).chain(std::iter::once(&country.rest))
        });
        sets.flatten().map(|share| share.zone).collect()
    }

    #[cfg(test)]
    pub(super) fn codes(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        self.countries.iter().map(|(code, country)| (*code, !country.rest.is_empty()))
    }
}
