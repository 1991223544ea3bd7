//! US counties and states (data/us_counties.tsv, data/us_states.tsv).

use std::sync::LazyLock;

use super::RegionShare;
use super::shares::{read_shares, to_shares};

const COUNTIES: &str = include_str!("../../data/us_counties.tsv");
const STATES: &str = include_str!("../../data/us_states.tsv");

/// A hundredth of a degree of latitude in metres: a 36 000th of the meridian's 40 008 km.
const METRES_PER_CENTIDEGREE: i64 = 1111;

/// A position farther than this from every county's centroid is not in the US. The largest county,
/// Yukon-Koyukuk in Alaska, is about 800 km wide.
const NEAREST_METRES_MAX: i64 = 400_000;

/// Largest latitude and longitude in hundredths of a degree.
const LATITUDE_MAX: f64 = 9_000.0;
const LONGITUDE_MAX: f64 = 18_000.0;

/// Counties by latitude, and states.
pub(super) struct Counties {
    counties: Vec<County>,
    pub(super) states: Vec<State>,
    /// Shares of the whole country.
    pub(super) nation: Vec<RegionShare>,
    /// Rows that could not be read; a test says there is none.
    #[cfg_attr(not(test), allow(dead_code, reason = "only the test of the table reads it"))]
    pub(super) malformed: usize,
}

/// A county with its centroid in hundredths of a degree.
pub(super) struct County {
    pub(super) fips: &'static str,
    pub(super) latitude: i64,
    pub(super) longitude: i64,
    pub(super) shares: Vec<RegionShare>,
}

/// A state with the shares of its regions.
pub(super) struct State {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) shares: Vec<RegionShare>,
}

impl Counties {
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Counties> = LazyLock::new(|| Counties::read(COUNTIES, STATES));
        &SHIPPED
    }

    fn read(counties: &'static str, states: &'static str) -> Self {
        let mut read = Self { counties: Vec::new(), states: Vec::new(), nation: Vec::new(), malformed: 0 };
        for line in counties.lines().filter(|line| !line.starts_with('#')) {
            match read_county(line) {
                Some(county) => read.counties.push(county),
                None => read.malformed += 1,
            }
        }
        read.counties.sort_by_key(|county| (county.latitude, county.fips));
        for line in states.lines().filter(|line| !line.starts_with('#')) {
            match read_state(line) {
                Some(State { code: "*", shares, .. }) => read.nation = shares,
                Some(state) => read.states.push(state),
                None => read.malformed += 1,
            }
        }
        read
    }

    /// The state of this name or code.
    pub(super) fn state(&self, name: &str) -> Option<&State> {
        let name = name.trim();
        self.states
            .iter()
            .find(|state| state.name.eq_ignore_ascii_case(name) || state.code.eq_ignore_ascii_case(name))
    }

    /// Mean of the shares of all counties whose centroid lies within `radius_metres`, of the nearest county
    /// where none does; `None` for a position that is not in the country.
    pub(super) fn around(&self, position: (f64, f64), radius_metres: i64) -> Option<Vec<RegionShare>> {
        let at = (centidegrees(position.0, LATITUDE_MAX)?, centidegrees(position.1, LONGITUDE_MAX)?);
        let near: Vec<&County> =
            self.band(at.0, radius_metres).filter(|county| county.within(at, radius_metres)).collect();
        let counted = if near.is_empty() { vec![self.nearest(at)?] } else { near };
        let weights = counted.iter().flat_map(|county| &county.shares);
        Some(to_shares(weights.map(|share| (share.zone, u64::from(share.share_ppm))).collect()))
    }

    /// Counties whose latitude lies within `metres`.
    fn band(&self, latitude: i64, metres: i64) -> impl Iterator<Item = &County> {
        let reach = metres / METRES_PER_CENTIDEGREE + 1;
        let from = self.counties.partition_point(|county| county.latitude < latitude - reach);
        let to = self.counties.partition_point(|county| county.latitude <= latitude + reach);
        self.counties.get(from..to).unwrap_or_default().iter()
    }

    fn nearest(&self, at: (i64, i64)) -> Option<&County> {
        let within = self.band(at.0, NEAREST_METRES_MAX);
        let nearest = within.min_by_key(|county| (county.metres_squared(at), county.fips))?;
        nearest.within(at, NEAREST_METRES_MAX).then_some(nearest)
    }

    #[cfg(test)]
    pub(super) fn county(&self, fips: &str) -> Option<&County> {
        self.counties.iter().find(|county| county.fips == fips)
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[County] {
        &self.counties
    }
}

impl County {
    fn within(&self, at: (i64, i64), metres: i64) -> bool {
        self.metres_squared(at) <= metres * metres
    }

    /// Squared distance on a plane that touches the sphere at the mean latitude: exact to a few percent for
    /// some hundred kilometres. Integers only, so that every machine picks the same counties.
    fn metres_squared(&self, at: (i64, i64)) -> i64 {
        let north = (self.latitude - at.0) * METRES_PER_CENTIDEGREE;
        let apart = (self.longitude - at.1).abs();
        let around_the_world = 36_000 - apart;
        let east =
            apart.min(around_the_world) * METRES_PER_CENTIDEGREE * cosine_ppm((self.latitude + at.0) / 2);
        let east = east / 1_000_000;
        north * north + east * east
    }
}

/// The cosine of an angle of hundredths of a degree in parts per million, by Bhaskara's approximation
/// `cos x = (32400 - 4x^2) / (32400 + x^2)`, x in degrees; its error is below 0.0017 (Mahabhaskariya, 7th
/// century).
fn cosine_ppm(centidegrees: i64) -> i64 {
    let squared = centidegrees * centidegrees;
    (1_000_000 * (324_000_000 - 4 * squared) / (324_000_000 + squared)).max(0)
}

/// A finite angle in range in hundredths of a degree.
fn centidegrees(degrees: f64, bound: f64) -> Option<i64> {
    let scaled = (degrees * 100.0).round();
    (scaled.abs() <= bound).then_some(scaled as i64)
}

fn read_county(line: &'static str) -> Option<County> {
    let fields: Vec<&'static str> = line.split('\t').collect();
    let &[fips, _state, _name, latitude, longitude, regions] = fields.as_slice() else { return None };
    Some(County {
        fips,
        latitude: centidegrees(latitude.parse().ok()?, LATITUDE_MAX)?,
        longitude: centidegrees(longitude.parse().ok()?, LONGITUDE_MAX)?,
        shares: read_shares(regions)?,
    })
}

fn read_state(line: &'static str) -> Option<State> {
    let fields: Vec<&'static str> = line.split('\t').collect();
    let &[code, name, regions] = fields.as_slice() else { return None };
    Some(State { code, name, shares: read_shares(regions)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_close_enough_to_pick_counties() {
        for degrees in 0..90 {
            let exact = f64::from(degrees).to_radians().cos();
            let found = cosine_ppm(i64::from(degrees) * 100) as f64 / 1e6;
            assert!((exact - found).abs() < 0.0018, "{degrees}: {exact} {found}");
        }
    }

    #[test]
    fn distances_cross_the_date_line() {
        let county = County { fips: "", latitude: 5_200, longitude: 17_990, shares: Vec::new() };
        assert!(county.within((5_200, -17_990), 15_000));
        assert!(!county.within((5_200, -17_990), 10_000));
    }
}
