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

#[derive(Default)]
struct Country {
    whole: Vec<RegionShare>,
    subdivisions: Vec<(&'static str, Vec<RegionShare>)>,
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
                    country.whole = shares;
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
        let known = subdivision.and_then(|wanted| {
            country.subdivisions.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted.trim()))
        });
        match known {
            Some((_, shares)) => RegionSet { shares: shares.clone(), accuracy: Accuracy::Subdivision },
            None => RegionSet { shares: country.whole.clone(), accuracy: Accuracy::Country },
        }
    }

    pub(super) fn split_countries(&self) -> Vec<&'static str> {
        let split = self.countries.iter().filter(|(_, country)| !country.subdivisions.is_empty());
        split.map(|(code, _)| *code).collect()
    }

    pub(super) fn zones(&self) -> Vec<&'static str> {
        let sets = self.countries.values().flat_map(|country| {
            country.subdivisions.iter().map(|(_, shares)| shares).chain(std::iter::once(&country.whole))
        });
        sets.flatten().map(|share| share.zone).collect()
    }

    #[cfg(test)]
    pub(super) fn codes(&self) -> impl Iterator<Item = (&'static str, bool)> + '_ {
        self.countries.iter().map(|(code, country)| (*code, !country.whole.is_empty()))
    }
}
