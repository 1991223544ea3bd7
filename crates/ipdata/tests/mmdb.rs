//! MMDB files of other people: sound ones give their data, damaged ones a typed error, none of them ends the
//! process.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quorate_ipdata::{
    AddressKind, Builder, ImportReport, Index, IpdataError, PlaceDetail, PositionArea, SourceKind, SourceSpec,
};
use quorate_types::{Coded, NoControl};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/placement/maxmind");

/// Node's worker threads have 4 MiB; a decoder that needs a tenth of that cannot be driven over the edge.
const STACK_BYTES: usize = 400 * 1024;

/// `Ok` with the number of networks, or the code of the error.
type Outcome = Result<u64, &'static str>;

fn build(bytes: &[u8], kind: SourceKind) -> Result<(ImportReport, Index), IpdataError> {
    let detail = PlaceDetail {
        subdivision: vec![*b"US", *b"GB", *b"SE"],
        position: vec![PositionArea { country: *b"US", subdivisions: Vec::new() }],
    };
    let mut builder = Builder::new(detail);
    let source = builder.add_source(SourceSpec { name: "vector".into(), kind, date_ms: None })?;
    let report = builder.import_mmdb(source, bytes, &NoControl)?;
    Ok((report, Index::decode(builder.finish(&NoControl)?)?))
}

fn outcome(bytes: &[u8], kind: SourceKind) -> Outcome {
    build(bytes, kind).map(|(report, _)| report.rows).map_err(|error| error.code())
}

fn present() -> bool {
    let present = Path::new(FOLDER).is_dir();
    if !present {
        // The test harness shows this with --nocapture; a missing folder must not look like a pass in
        // silence.
        std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: vectors/placement/maxmind is absent\n")
            .unwrap();
    }
    present
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "mmdb") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap()
}

#[test]
fn every_damaged_file_gives_a_typed_error_or_nothing_usable() {
    if !present() {
        return;
    }
    let files = files(&Path::new(FOLDER).join("bad-data"));
    assert_eq!(files.len(), 21);
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let places = on_a_small_stack(move || {
            (outcome(&bytes, SourceKind::Place), outcome(&bytes, SourceKind::Network))
        });
        // None of these files holds a country or an ASN, so none may be accepted.
        let allowed = ["QRT_ERR_IPDATA_MMDB", "QRT_ERR_IPDATA_SCHEMA"];
        for result in [places.0, places.1] {
            assert!(result.is_err_and(|code| allowed.contains(&code)), "{}: {result:?}", name(&path));
        }
    }
}

#[test]
fn the_test_files_give_their_data_or_a_typed_error() {
    if !present() {
        return;
    }
    for path in files(&Path::new(FOLDER).join("test-data")) {
        let bytes = std::fs::read(&path).unwrap();
        let found = (outcome(&bytes, SourceKind::Place), outcome(&bytes, SourceKind::Network));
        let damaged = Err("QRT_ERR_IPDATA_MMDB");
        let without = Err("QRT_ERR_IPDATA_SCHEMA");
        let expected = match name(&path).as_str() {
            "GeoIP2-City-Test" => (Ok(270), without),
            "GeoIP2-City-Test-Broken-Double-Format" => (damaged, damaged),
            "GeoLite2-ASN-Test" => (without, Ok(594)),
            "GeoIP2-ISP-Test" => (without, Ok(4028)),
            "MaxMind-DB-test-broken-pointers-24" | "MaxMind-DB-test-broken-search-tree-24" => {
                (damaged, damaged)
            }
            _ => (without, without),
        };
        assert_eq!(found, expected, "{}", name(&path));
    }
}

#[test]
fn maxmind_rows_are_found_again() {
    if !present() {
        return;
    }
    let read = |file: &str| std::fs::read(Path::new(FOLDER).join("test-data").join(file)).unwrap();
    let (report, places) = build(&read("GeoIP2-City-Test.mmdb"), SourceKind::Place).unwrap();
    assert!(report.built_ms.is_some_and(|built| built > 1_400_000_000_000));
    // Rows of source-data/GeoIP2-City-Test.json.
    let found = places.lookup("81.2.69.142".parse().unwrap());
    let place = found.place().unwrap();
    assert_eq!((place.country_code(), place.subdivision), ("GB", Some("ENG")));
    assert_eq!(place.position, None, "a position is kept for the asked countries only");
    let found = places.lookup("216.160.83.56".parse().unwrap());
    let place = found.place().unwrap();
    assert_eq!((place.country_code(), place.subdivision), ("US", Some("WA")));
    assert_eq!(place.position, Some((47.3, -122.3)));
    assert_eq!(places.lookup("2001:218::1".parse().unwrap()).place().unwrap().country_code(), "JP");
    assert!(places.lookup("8.8.8.8".parse().unwrap()).place().is_none());

    let (_, networks) = build(&read("GeoLite2-ASN-Test.mmdb"), SourceKind::Network).unwrap();
    let found = networks.lookup("1.128.0.1".parse().unwrap());
    let network = found.network().unwrap();
    assert_eq!((network.asn, network.organisation), (1221, "Telstra Pty Ltd"));
    assert_eq!(
        (network.first, network.last),
        ("1.128.0.0".parse().unwrap(), "1.159.255.255".parse().unwrap())
    );
    // The same network under its IPv4-mapped form.
    assert_eq!(networks.lookup("::ffff:1.128.0.1".parse().unwrap()), found);
}

/// The walk over all networks against the reader's own lookup of single addresses.
#[test]
fn the_index_answers_as_the_reader_does() {
    if !present() {
        return;
    }
    #[derive(serde::Deserialize)]
    struct City<'a> {
        #[serde(borrow)]
        country: Option<Country<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Country<'a> {
        iso_code: Option<&'a str>,
    }
    let bytes = std::fs::read(Path::new(FOLDER).join("test-data/GeoIP2-City-Test.mmdb")).unwrap();
    let reader = maxminddb::Reader::from_source(&bytes).unwrap();
    let (_, index) = build(&bytes, SourceKind::Place).unwrap();
    let mut answered = 0;
    for network in reader.networks(maxminddb::WithinOptions::default()).unwrap() {
        let network = network.unwrap().network().unwrap();
        // Only the first address of a /64 counts for all of it.
        let last = if network.is_ipv4() { network.broadcast() } else { network.network() };
        for address in [network.network(), last] {
            let index_says = index.lookup(address);
            if index_says.kind != AddressKind::Public {
                continue;
            }
            let city = reader.lookup(address).unwrap().decode::<City<'_>>().unwrap();
            let reader_says = city.and_then(|city| city.country?.iso_code);
            assert_eq!(index_says.place().map(|place| place.country_code()), reader_says, "{address}");
            answered += u32::from(reader_says.is_some());
        }
    }
    assert!(answered > 300, "{answered}");
}

/// Numbers of the bytes that are changed and what they become.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever happens to a sound file, the outcome is data or a typed error.
    #[test]
    fn changed_and_cut_files_never_crash(
        file in prop::sample::select(vec!["GeoIP2-City-Test", "GeoLite2-ASN-Test", "MaxMind-DB-test-nested"]),
        changes in changes(),
        cut in prop::option::of((any::<bool>(), any::<prop::sample::Index>())),
    ) {
        let path = Path::new(FOLDER).join("test-data").join(format!("{file}.mmdb"));
        let Ok(mut bytes) = std::fs::read(path) else { return Ok(()) };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        match cut {
            None => {}
            Some((true, at)) => drop(bytes.drain(..at.index(64))),
            Some((false, at)) => bytes.truncate(at.index(bytes.len())),
        }
        for kind in [SourceKind::Place, SourceKind::Network] {
            if let Err(error) = build(&bytes, kind) {
                prop_assert!(error.code().starts_with("QRT_ERR_IPDATA_"));
            }
        }
    }
}

/// A chain of nodes whose both branches lead to the next one: few bytes that stand for 2^96 leaves.
#[test]
fn a_tree_whose_branches_meet_again_is_refused_in_bounded_time() {
    let nodes: u32 = 100;
    let mut bytes = Vec::new();
    for node in 0..nodes {
        let next = if node + 1 < nodes { node + 1 } else { nodes };
        for _ in 0..2 {
            bytes.extend_from_slice(&next.to_be_bytes()[1..]);
        }
    }
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    bytes.extend_from_slice(&metadata(nodes));
    assert_eq!(outcome(&bytes, SourceKind::Place), Err("QRT_ERR_IPDATA_MMDB"));
}

/// The nine metadata fields as a map of the MMDB format, section "Database Metadata" of its specification.
fn metadata(nodes: u32) -> Vec<u8> {
    let mut out = vec![0xe0 | 9];
    let text = |out: &mut Vec<u8>, value: &str| {
        // Strings of 29 bytes and more carry their length in a second byte.
        match value.len() {
            short @ 0..29 => out.push(0x40 | short as u8),
            long => out.extend_from_slice(&[0x40 | 29, (long - 29) as u8]),
        }
        out.extend_from_slice(value.as_bytes());
    };
    for (key, value) in [
        ("binary_format_major_version", 2),
        ("binary_format_minor_version", 0),
        ("ip_version", 6),
        ("record_size", 24),
    ] {
        text(&mut out, key);
        out.extend_from_slice(&[0xa2, 0, value]);
    }
    text(&mut out, "node_count");
    out.push(0xc4);
    out.extend_from_slice(&nodes.to_be_bytes());
    text(&mut out, "build_epoch");
    out.extend_from_slice(&[0x04, 0x02, 0x60, 0, 0, 0]);
    text(&mut out, "database_type");
    text(&mut out, "Chain");
    text(&mut out, "languages");
    out.extend_from_slice(&[0x00, 0x04]);
    text(&mut out, "description");
    out.push(0xe0);
    out
}
