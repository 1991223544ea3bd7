//! MMDB files: MaxMind's GeoLite2 and GeoIP2, DB-IP, IPinfo and ip-location-db.
//!
//! The tree and the records are decoded by the crate `maxminddb`, which checks every offset, bounds nesting
//! and the values of one record. Two things are left to us: a damaged tree whose branches meet again has
//! more leaves than any file could hold, so leaves are counted; and a record is decoded once, however many
//! networks point to it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use quorate_types::{Control, FieldPath, UnixMillis};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::IpdataError;
use crate::record::{PlaceRecord, Range, Record, bounded_name, country_code, position_tenths};
use crate::source::SourceKind;

/// A tree of n nodes has n + 1 leaves. Sound files let at most four other prefixes point to the IPv4 part
/// (::ffff:0:0/96, 2002::/16, 2001::/32, 64:ff9b::/96), so a walk can meet five times as many.
const LEAVES_PER_NODE_MAX: u64 = 5;

/// Leaves between two looks at the caller's control: about a millisecond where each has a record of its own.
const LEAVES_PER_STEP: u64 = 1024;

/// What an import found beside its rows.
pub(crate) struct MmdbInfo {
    /// When the database was built.
    pub(crate) built: UnixMillis,
    /// Networks with a record.
    pub(crate) networks: u64,
}

/// Where ranges go: `intern` turns a record into a value, `add` stores a range with one.
pub(crate) trait MmdbSink {
    fn intern(&mut self, record: &Record<'_>) -> Result<u32, IpdataError>;
    fn add(&mut self, range: Range, value: u32) -> Result<(), IpdataError>;
}

/// Walks all networks of `bytes` in address order.
pub(crate) fn import(
    bytes: &[u8],
    kind: SourceKind,
    field: &FieldPath,
    sink: &mut impl MmdbSink,
    control: &dyn Control,
) -> Result<MmdbInfo, IpdataError> {
    let damaged =
        |error: MaxMindDbError| IpdataError::Mmdb { reason: error.to_string(), field: field.clone() };
    let reader = Reader::from_source(bytes).map_err(damaged)?;
    let metadata = reader.metadata();
    let leaves_expected = u64::from(metadata.node_count) + 1;
    let options = WithinOptions::default().include_aliased_networks().include_networks_without_data();
    let mut values: BTreeMap<usize, u32> = BTreeMap::new();
    let mut last_seen = (usize::MAX, crate::ranges::NOTHING);
    let (mut leaves, mut networks, mut known) = (0u64, 0u64, false);
    for leaf in reader.networks(options).map_err(damaged)? {
        let leaf = leaf.map_err(damaged)?;
        leaves += 1;
        if leaves > leaves_expected * LEAVES_PER_NODE_MAX {
            let reason = "its search tree has more leaves than nodes allow".to_owned();
            return Err(IpdataError::Mmdb { reason, field: field.clone() });
        }
        if leaves % LEAVES_PER_STEP == 0 {
            if control.cancelled() {
                return Err(IpdataError::Cancelled);
            }
            control.progress(leaves.min(leaves_expected), leaves_expected);
        }
        let Some(offset) = leaf.offset() else { continue };
        if last_seen.0 != offset {
            let value = match values.get(&offset) {
                Some(&value) => value,
                None => {
                    let decoded = leaf.decode::<MmdbRecord<'_>>().map_err(damaged)?.unwrap_or_default();
                    let value = sink.intern(&decoded.record(kind))?;
                    values.insert(offset, value);
                    value
                }
            };
            known |= value != crate::ranges::NOTHING;
            last_seen = (offset, value);
        }
        let network = leaf.network().map_err(damaged)?;
        let range = Range::of_prefix(network.ip(), u32::from(network.prefix()));
        if let Some(range) = range.filter(|range| !is_alias(*range)) {
            networks += 1;
            if last_seen.1 != crate::ranges::NOTHING {
                sink.add(range, last_seen.1)?;
            }
        }
    }
    if !known {
        let database_type = bounded_name(&metadata.database_type).to_owned();
        return Err(IpdataError::Schema { database_type, wanted: kind.wanted(), field: field.clone() });
    }
    control.progress(leaves_expected, leaves_expected);
    Ok(MmdbInfo { built: metadata.build_epoch.saturating_mul(1000), networks })
}

/// Whether a range only repeats the IPv4 part of the tree under a prefix of tunnels and translators.
fn is_alias(range: Range) -> bool {
    match range {
        Range::V4(..) => false,
        Range::V6(first, last) => {
            crate::address::address_kind(IpAddr::V6(first.into())) == crate::address::AddressKind::Reserved
                && crate::address::address_kind(IpAddr::V6(last.into()))
                    == crate::address::AddressKind::Reserved
        }
    }
}

/// The fields of all schemas side by side; what a file does not have stays empty, what we do not use is
/// skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MmdbRecord<'a> {
    /// GeoLite2, DB-IP: a map with `iso_code`. IPinfo: a code, or the country's name beside `country_code`.
    #[serde(borrow)]
    country: Country<'a>,
    /// ip-location-db, IPinfo Lite.
    country_code: &'a str,
    /// ip-location-db.
    state1: &'a str,
    /// IPinfo.
    region: &'a str,
    #[serde(borrow)]
    subdivisions: FirstSubdivision<'a>,
    location: Location,
    latitude: Number,
    longitude: Number,
    lat: Number,
    lng: Number,
    /// GeoLite2, DB-IP, ip-location-db.
    autonomous_system_number: AsnText,
    autonomous_system_organization: &'a str,
    /// IPinfo: `AS15169`.
    asn: AsnText,
    as_name: &'a str,
}

impl MmdbRecord<'_> {
    fn record(&self, kind: SourceKind) -> Record<'_> {
        match kind {
            SourceKind::Network => self.network(),
            SourceKind::Place => self.place(),
        }
    }

    fn network(&self) -> Record<'_> {
        let (number, organisation) = match self.autonomous_system_number.0 {
            0 => (self.asn.0, self.as_name),
            number => (number, self.autonomous_system_organization),
        };
        match u32::try_from(number) {
            Ok(asn) if asn != 0 => {
                Record::Network { asn, organisation: bounded_name(organisation), multi_origin: false }
            }
            _ => Record::Nothing,
        }
    }

    fn place(&self) -> Record<'_> {
        let Some(country) = country_code(self.country.0).or_else(|| country_code(self.country_code)) else {
            return Record::Nothing;
        };
        let names = [self.subdivisions.0, self.state1, self.region];
        let subdivision = names.into_iter().find(|name| !name.is_empty()).unwrap_or("");
        let pairs = [
            (self.location.latitude, self.location.longitude),
            (self.latitude, self.longitude),
            (self.lat, self.lng),
        ];
        let position = pairs.into_iter().find_map(|pair| match pair {
            (Number(Some(latitude)), Number(Some(longitude))) => position_tenths(latitude, longitude),
            _ => None,
        });
        Record::Place(PlaceRecord { country, subdivision: bounded_name(subdivision), position })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Number,
    longitude: Number,
}

/// A country as a map with `iso_code` or as text.
#[derive(Debug, Default)]
struct Country<'a>(&'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Country<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap;
        impl<'de> Visitor<'de> for TextOrMap {
            type Value = Country<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a country as text or as a map")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Country(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut code = "";
                while let Some(key) = map.next_key::<&str>()? {
                    if key == "iso_code" {
                        code = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Country(code))
            }
        }
        deserializer.deserialize_any(TextOrMap)
    }
}

/// The first of a list of subdivisions: its ISO code, or its English name where it has none (DB-IP).
#[derive(Debug, Default)]
struct FirstSubdivision<'a>(&'a str);

impl<'de: 'a, 'a> Deserialize<'de> for FirstSubdivision<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Subdivision<'a> {
            iso_code: &'a str,
            #[serde(borrow)]
            names: Names<'a>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Names<'a> {
            en: &'a str,
        }
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = FirstSubdivision<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of subdivisions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let first = list.next_element::<Subdivision<'de>>()?.unwrap_or_default();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstSubdivision(if first.iso_code.is_empty() { first.names.en } else { first.iso_code }))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A coordinate as float, integer or text.
#[derive(Clone, Copy, Debug, Default)]
struct Number(Option<f64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a coordinate")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(Some(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(text.trim().parse().ok()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// `AS15169` or 15169; 0 where it is neither.
#[derive(Clone, Copy, Debug, Default)]
struct AsnText(u64);

impl<'de> Deserialize<'de> for AsnText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = AsnText;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an ASN as number or text")
            }

            fn visit_u64<E>(self, value: u64) -> Result<AsnText, E> {
                Ok(AsnText(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<AsnText, E> {
                Ok(AsnText(value.try_into().unwrap_or(0)))
            }

            fn visit_str<E>(self, text: &str) -> Result<AsnText, E> {
                Ok(AsnText(text.strip_prefix("AS").unwrap_or(text).parse().unwrap_or(0)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
