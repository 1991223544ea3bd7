//! Power regions: which electrical grids a place depends on.
//!
//! Inside the United States a region is one of the six regional entities of NERC; counties tell them apart,
//! and a county can lie in two. Outside, it is an area that runs synchronously, below the public group name
//! INTERNATIONAL. A region is set-valued with shares because a place is known with limited accuracy: what is
//! not known counts as a conflict with every region it could be, never as diversity.
//!
//! Three decisions that are not obvious:
//! - Canadian provinces and Baja California are members of NERC's regional entities and run in step with
//!   their US neighbours. Their zone and group are therefore NERC_*, not INTERNATIONAL: counting Ontario as
//!   another failure domain than New York would be wrong.
//! - Alaska (US_ASCC) and Hawaii (US_HICC) belong to no regional entity. They are zones of their own, and
//!   their group is INTERNATIONAL, the only public name left for "outside the six".
//! - The Baltic states have run with Continental Europe since 9 February 2025, so there is no Baltic zone.
//!
//! The tables lie in data/; their heads name source, date and licence.

use quorate_types::PPM_MAX;

use self::counties::Counties;
use self::grids::Grids;

mod counties;
mod grids;
mod shares;

/// The public names of power regions, the same seven in Rust, TypeScript and REST.
pub const GROUPS: [&str; 7] =
    ["NERC_RFC", "NERC_SERC", "NERC_TRE", "NERC_WECC", "NERC_MRO", "NERC_NPCC", INTERNATIONAL];

/// Group of every zone outside the six regional entities.
pub const INTERNATIONAL: &str = "INTERNATIONAL";

/// How far a position that was found by an IP address can be off. Within this distance each county counts the
/// same.
///
/// An address tells at best the city its network is used in, and databases that state a radius state tens of
/// kilometres. A smaller value would claim a county that nobody knows, a larger one would blur regions
/// everywhere.
pub const POSITION_RADIUS_METRES: i64 = 25_000;

/// A zone and how much of a place depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionShare {
    /// Stable id of the zone: `NERC_SERC`, `EU_NORDIC`, `JP_WEST`, or a country's code where that is one
    /// grid.
    pub zone: &'static str,
    /// One of [`GROUPS`].
    pub group: &'static str,
    /// Parts per million; the shares of a set sum to a million.
    pub share_ppm: u32,
}

/// What the shares of a set rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Accuracy {
    /// Nothing: the place is not known, and the set is empty.
    Unknown,
    /// The country; all its zones count.
    Country,
    /// The subdivision (state, province, prefecture).
    Subdivision,
    /// US counties around the position.
    County,
}

impl Accuracy {
    /// Public name, as TypeScript and REST spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Country => "COUNTRY",
            Self::Subdivision => "SUBDIVISION",
            Self::County => "COUNTY",
        }
    }
}

/// The zones of a place, largest share first, equal shares in order of the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionSet {
    /// Zones; empty where the place is not known. A place without any grid (an uninhabited island) has its
    /// own zone.
    pub shares: Vec<RegionShare>,
    /// What the shares rest on.
    pub accuracy: Accuracy,
}

/// Zones of a place.
///
/// `country` is an ISO 3166-1 code of two letters, `subdivision` a name (`California`) or the second half of
/// an ISO 3166-2 code (`CA`), `position` latitude and longitude in degrees, used in the US only. Upper and
/// lower case are the same. A subdivision that stands in no table counts as not given; a position far from
/// every county likewise.
///
/// ```
/// use quorate_diversity::power_region::regions_of_place;
/// let ashburn = regions_of_place("US", Some("Virginia"), Some((39.04, -77.49)));
/// assert_eq!(ashburn.shares[0].zone, "NERC_SERC");
/// let anywhere = regions_of_place("US", None, None);
/// assert_eq!(anywhere.shares.len(), 8);
/// assert_eq!(regions_of_place("SE", None, None).shares[0].zone, "EU_NORDIC");
/// ```
pub fn regions_of_place(country: &str, subdivision: Option<&str>, position: Option<(f64, f64)>) -> RegionSet {
    if country.eq_ignore_ascii_case("US") {
        let counties = Counties::shipped();
        let by_position = position.and_then(|position| counties.around(position, POSITION_RADIUS_METRES));
        if let Some(shares) = by_position {
            return RegionSet { shares, accuracy: Accuracy::County };
        }
        return match subdivision.and_then(|name| counties.state(name)) {
            Some(state) => RegionSet { shares: state.shares.clone(), accuracy: Accuracy::Subdivision },
            None => RegionSet { shares: counties.nation.clone(), accuracy: Accuracy::Country },
        };
    }
    Grids::shipped().find(country, subdivision)
}

/// The public name above a zone: the zone itself for the six regional entities, else [`INTERNATIONAL`].
pub fn group_of_zone(zone: &str) -> &'static str {
    GROUPS.into_iter().find(|group| *group == zone).unwrap_or(INTERNATIONAL)
}

/// Countries in which several zones meet, so that a place needs its subdivision: what an address index
/// should keep.
pub fn countries_with_subdivisions() -> Vec<&'static str> {
    let mut countries = Grids::shipped().split_countries();
    countries.push("US");
    countries.sort_unstable();
    countries
}

/// Name and code of the US states in which several regions meet, so that a place needs its position.
pub fn states_with_positions() -> Vec<(&'static str, &'static str)> {
    let states = Counties::shipped().states.iter();
    states.filter(|state| state.shares.len() > 1).map(|state| (state.name, state.code)).collect()
}

/// Which zones the tables know, in order of their ids.
pub fn zones() -> Vec<&'static str> {
    let mut zones: Vec<&str> = Grids::shipped().zones();
    zones.extend(Counties::shipped().nation.iter().map(|share| share.zone));
    zones.sort_unstable();
    zones.dedup();
    zones
}

/// The countries the tables know: every code of ISO 3166-1, and `XK`; in order.
pub fn countries() -> Vec<&'static str> {
    let mut countries = Grids::shipped().countries();
    countries.push("US");
    countries.sort_unstable();
    countries.dedup();
    countries
}

const _: () = assert!(PPM_MAX == 1_000_000, "the tables are written in parts per million");

#[cfg(test)]
mod tests;
