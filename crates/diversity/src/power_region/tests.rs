//! The tables say what the regional entities and system operators say.

use super::*;
use proptest::prelude::*;

/// All codes of ISO 3166-1 (2024).
const ISO_3166: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF \
PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
YT ZA ZM ZW";

fn zones_of(shares: &[RegionShare]) -> Vec<&'static str> {
    shares.iter().map(|share| share.zone).collect()
}

fn place(country: &str, subdivision: &str) -> Vec<&'static str> {
    zones_of(&regions_of_place(country, Some(subdivision), None).shares)
}

fn county(fips: &str) -> Vec<&'static str> {
    zones_of(&Counties::shipped().county(fips).unwrap().shares)
}

fn at(latitude: f64, longitude: f64) -> Vec<&'static str> {
    let set = regions_of_place("US", None, Some((latitude, longitude)));
    assert_eq!(set.accuracy, Accuracy::County);
    zones_of(&set.shares)
}

#[test]
fn the_tables_are_read_wholly() {
    let counties = Counties::shipped();
    assert_eq!((counties.malformed, counties.all().len(), counties.states.len()), (0, 3142, 51));
    assert_eq!(Grids::shipped().malformed, 0);
    let iso: Vec<&str> = ISO_3166.split(' ').collect();
    assert_eq!(iso.len(), 249);
    for code in &iso {
        assert!(!regions_of_place(code, None, None).shares.is_empty(), "{code}");
    }
    // XK (Kosovo) is a user-assigned code that databases use.
    for (code, whole) in Grids::shipped().codes() {
        assert!(whole && (iso.contains(&code) || code == "XK"), "{code}");
    }
    assert_eq!(countries().len(), 250);
    assert!(counties.all().iter().all(|county| county.shares.iter().all(|share| share.zone != "NERC_FRCC")));
}

/// Territories of the six regional entities, by county (FIPS).
#[test]
fn counties_lie_in_the_region_of_their_regional_entity() {
    let rows: [(&str, &[&str]); 6] = [
        // Philadelphia, Cook (Chicago), Cuyahoga (Cleveland), Wayne (Detroit), Hudson (Jersey City),
        // Milwaukee.
        ("NERC_RFC", &["42101", "17031", "39035", "26163", "34017", "55079"]),
        // Fulton (Atlanta), Loudoun (Ashburn), Miami-Dade, Davidson (Nashville), St. Louis, Orleans.
        ("NERC_SERC", &["13121", "51107", "12086", "47037", "29510", "22071"]),
        // Harris (Houston), Dallas, Travis (Austin), Bexar (San Antonio).
        ("NERC_TRE", &["48201", "48113", "48453", "48029"]),
        // King (Seattle), Santa Clara, Maricopa (Phoenix), Denver, El Paso, Laramie (Cheyenne).
        ("NERC_WECC", &["53033", "06085", "04013", "08031", "48141", "56021"]),
        // Hennepin (Minneapolis), Polk (Des Moines), Oklahoma, Sedgwick (Wichita), Potter (Amarillo),
        // Douglas (Omaha).
        ("NERC_MRO", &["27053", "19153", "40109", "20173", "48375", "31055"]),
        // New York, Suffolk (Boston), Erie (Buffalo), Hartford, Cumberland (Portland, Maine).
        ("NERC_NPCC", &["36061", "25025", "36029", "09003", "23005"]),
    ];
    for (region, counties) in rows {
        for fips in counties {
            assert_eq!(county(fips), [region], "{fips}");
        }
        assert_eq!(group_of_zone(region), region);
    }
}

#[test]
fn a_county_can_lie_in_two_regions() {
    // Gogebic, Michigan; Dane (Madison), Wisconsin; Lubbock, Texas; Scotts Bluff, Nebraska; Kenton, Kentucky.
    assert_eq!(county("26053"), ["NERC_MRO", "NERC_RFC"]);
    assert_eq!(county("55025"), ["NERC_MRO", "NERC_RFC"]);
    assert_eq!(county("48303"), ["NERC_MRO", "NERC_TRE"]);
    assert_eq!(county("31157"), ["NERC_MRO", "NERC_WECC"]);
    assert_eq!(county("21117"), ["NERC_RFC", "NERC_SERC"]);
    let two = Counties::shipped().all().iter().filter(|county| county.shares.len() == 2).count();
    assert_eq!(two, 119);
}

#[test]
fn texas_is_split_four_ways() {
    assert_eq!(at(29.76, -95.37), ["NERC_TRE"]);
    assert_eq!(at(35.20, -101.83), ["NERC_MRO"]);
    assert_eq!(at(31.76, -106.44), ["NERC_WECC"]);
    assert_eq!(at(30.08, -94.13), ["NERC_SERC"]);
    let texas = regions_of_place("US", Some("TX"), None);
    assert_eq!(zones_of(&texas.shares), ["NERC_TRE", "NERC_MRO", "NERC_SERC", "NERC_WECC"]);
    assert_eq!((texas.shares[0].share_ppm, texas.accuracy), (900_000, Accuracy::Subdivision));
    assert_eq!(texas, regions_of_place("us", Some("texas"), None));
}

#[test]
fn a_position_near_a_border_counts_both_sides() {
    // Washington, DC: the District and Maryland (RFC), Arlington and Alexandria (SERC).
    let washington = regions_of_place("US", Some("DC"), Some((38.90, -77.03)));
    assert_eq!(zones_of(&washington.shares).len(), 2);
    // Manhattan and New Jersey's bank of the Hudson.
    assert_eq!(at(40.73, -74.03), ["NERC_NPCC", "NERC_RFC"]);
    // The middle of nowhere: the nearest county counts.
    assert_eq!(at(41.5, -117.9), ["NERC_WECC"]);
    assert_eq!(at(64.8, -147.7), ["US_ASCC"]);
}

#[test]
fn without_a_usable_position_the_state_counts_and_then_the_country() {
    for position in [(f64::NAN, 0.0), (91.0, 0.0), (0.0, 0.0), (48.86, 2.35), (f64::INFINITY, -80.0)] {
        let set = regions_of_place("US", Some("Michigan"), Some(position));
        assert_eq!(set.accuracy, Accuracy::Subdivision, "{position:?}");
        assert_eq!(zones_of(&set.shares), ["NERC_RFC", "NERC_MRO"]);
    }
    let country = regions_of_place("US", Some("Atlantis"), None);
    assert_eq!(country.accuracy, Accuracy::Country);
    // Every region a US machine could lie in, so it conflicts with each of them.
    assert_eq!(country.shares.len(), 8);
    assert_eq!(regions_of_place("ZZ", None, None), RegionSet { shares: vec![], accuracy: Accuracy::Unknown });
    assert_eq!(regions_of_place("", None, None).accuracy, Accuracy::Unknown);
}

#[test]
fn alaska_and_hawaii_are_grids_of_their_own() {
    assert_eq!(place("US", "Alaska"), ["US_ASCC"]);
    assert_eq!(place("US", "HI"), ["US_HICC"]);
    assert_eq!(group_of_zone("US_HICC"), INTERNATIONAL);
}

#[test]
fn european_zones_are_told_apart_below_the_group() {
    let zone = |country| regions_of_place(country, None, None).shares[0];
    assert_ne!(zone("DE").zone, zone("SE").zone);
    assert_ne!(zone("GB").zone, zone("IE").zone);
    assert_eq!((zone("DE").group, zone("SE").group), (INTERNATIONAL, INTERNATIONAL));
    // In step since February 2025 and March 2022.
    assert_eq!(zone("LT").zone, zone("DE").zone);
    assert_eq!(zone("UA").zone, zone("DE").zone);
    assert_eq!(place("DK", "Capital Region"), ["EU_NORDIC"]);
    assert_eq!(place("DK", "82"), ["EU_CONTINENTAL"]);
    assert_eq!(place("DK", "").len(), 2);
    assert_eq!(place("GB", "Northern Ireland"), ["IE"]);
}

#[test]
fn split_countries_follow_their_subdivisions() {
    assert_eq!(place("JP", "Tokyo"), ["JP_EAST"]);
    assert_eq!(place("JP", "27"), ["JP_WEST"]);
    assert_eq!(place("JP", "Shizuoka"), ["JP_EAST", "JP_WEST"]);
    assert_eq!(regions_of_place("JP", None, None).shares.len(), 4);
    assert_eq!(place("AU", "Western Australia"), ["AU_SWIS"]);
    assert_eq!(place("AU", "NSW"), ["AU_NEM"]);
    assert_eq!(place("RU", "Kaliningrad Oblast"), ["RU_KALININGRAD"]);
    assert_eq!(place("RU", "Moscow"), ["IPS_UPS"]);
    // Madrid stands in no row: it lies on the main grid. Spain alone could also be the Canary Islands.
    let madrid = regions_of_place("ES", Some("Madrid"), None);
    assert_eq!((zones_of(&madrid.shares), madrid.accuracy), (vec!["EU_CONTINENTAL"], Accuracy::Subdivision));
    let spain = regions_of_place("ES", None, None);
    assert_eq!((spain.shares[0].zone, spain.accuracy), ("EU_CONTINENTAL", Accuracy::Country));
    assert!(spain.shares[0].share_ppm > 900_000 && zones_of(&spain.shares).contains(&"ES_CANARIAS"));
    // Singapore runs in step with Peninsular Malaysia, Hong Kong with southern China.
    assert_eq!(place("SG", ""), place("MY", "Johor"));
    assert_eq!(place("HK", ""), place("CN", "Guangdong"));
    assert_ne!(place("TW", ""), place("CN", "Beijing"));
}

#[test]
fn canadian_provinces_and_baja_california_share_the_region_of_their_us_neighbours() {
    assert_eq!(place("CA", "Ontario"), county("36061"));
    assert_eq!(place("CA", "QC"), ["NERC_NPCC"]);
    assert_eq!(place("CA", "British Columbia"), county("53033"));
    assert_eq!(place("CA", "Manitoba"), ["NERC_MRO"]);
    assert_eq!(place("MX", "Baja California"), ["NERC_WECC"]);
    assert_eq!(regions_of_place("CA", Some("Ontario"), None).shares[0].group, "NERC_NPCC");
}

#[test]
fn an_address_index_learns_what_to_keep() {
    let countries = countries_with_subdivisions();
    for code in ["AU", "CA", "CN", "DK", "GB", "ID", "JP", "MX", "MY", "PH", "RU", "US"] {
        assert!(countries.contains(&code), "{code}");
    }
    assert!(!countries.contains(&"DE"));
    assert!(countries.is_sorted());
    let states: Vec<&str> = states_with_positions().into_iter().map(|(_, code)| code).collect();
    assert_eq!(states, ["AR", "IL", "KY", "LA", "MI", "MO", "MT", "NE", "NM", "SD", "TN", "TX", "VA", "WI"]);
    assert!(zones().len() > 100 && zones().is_sorted());
}

proptest! {
    #[test]
    fn shares_sum_to_the_whole_wherever_the_place_is(
        country in prop::sample::select(ISO_3166.split(' ').collect::<Vec<_>>()),
        subdivision in prop::option::of(".{0,12}"),
        position in prop::option::of((-100.0f64..100.0, -200.0f64..200.0)),
    ) {
        let set = regions_of_place(country, subdivision.as_deref(), position);
        prop_assert_eq!(set.shares.iter().map(|share| share.share_ppm).sum::<u32>(), PPM_MAX);
        prop_assert!(set.shares.iter().all(|share| GROUPS.contains(&share.group) && share.share_ppm > 0));
        let mut zones = zones_of(&set.shares);
        zones.sort_unstable();
        zones.dedup();
        prop_assert_eq!(zones.len(), set.shares.len());
    }
}
