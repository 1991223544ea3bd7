//! The compact range file: what goes in comes out, and damaged files are refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use proptest::prelude::*;
use quorate_ipdata::{
    Builder, Index, IpdataError, PlaceDetail, PositionArea, SourceKind, SourceSpec, TextFormat,
};
use quorate_types::{Coded, Control, NoControl};

const ROUTES: &str = "\
1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\"
1.0.4.0,1.0.7.255,38803,Gtelecom Pty Ltd
8.8.8.0,8.8.8.255,15169,Google LLC
8.8.9.0,8.8.9.255,15169,Google LLC
2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,15169,Google LLC
";

const OTHER_ROUTES: &str = "8.8.8.0\t24\t64500\n8.8.0.0\t16\t3356_3549\n";

const PLACES: &str = "\
8.8.8.0,8.8.8.255,US,California,37.4,-122.1
8.8.9.0,8.8.9.255,US,Texas,31.2,-102.3
1.0.0.0,1.0.0.255,AU,Queensland,-27.5,153.0
";

fn spec(name: &str, kind: SourceKind) -> SourceSpec {
    SourceSpec { name: name.to_owned(), kind, date_ms: Some(1_700_000_000_000) }
}

fn detail() -> PlaceDetail {
    PlaceDetail {
        subdivision: vec![*b"US"],
        position: vec![PositionArea { country: *b"US", subdivisions: vec!["TX".into(), "Texas".into()] }],
    }
}

fn build(sources: &[(&str, SourceKind, TextFormat, &str)]) -> Result<Vec<u8>, IpdataError> {
    let mut builder = Builder::new(detail());
    for (name, kind, format, rows) in sources {
        let source = builder.add_source(spec(name, *kind))?;
        builder.import_text(source, *format, rows.as_bytes(), rows.len() as u64, &NoControl)?;
    }
    builder.finish(&NoControl)
}

fn file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        build(&[
            ("routes", SourceKind::Network, TextFormat::AsnCsv, ROUTES),
            ("other", SourceKind::Network, TextFormat::RouteViews, OTHER_ROUTES),
            ("places", SourceKind::Place, TextFormat::PlaceCsv, PLACES),
        ])
        .unwrap()
    })
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_source_answers_and_a_disagreement_shows() {
    let index = Index::decode(file().to_vec()).unwrap();
    let found = index.lookup(address("8.8.8.8"));
    let asns: Vec<u32> = found.networks.iter().map(|network| network.asn).collect();
    assert_eq!(asns, [15169, 64500]);
    assert_eq!(found.places.len(), 1);
    // Two rows of one network are one range.
    let network = found.network().unwrap();
    assert_eq!((network.first, network.last), (address("8.8.8.0"), address("8.8.9.255")));
    assert_eq!(index.sources()[found.networks[1].source].name, "other");
    assert_eq!(index.sources()[0].date_ms, Some(1_700_000_000_000));
    // Outside the /24 the wider prefix counts; its first origin was kept.
    assert_eq!(index.lookup(address("8.8.7.1")).networks[0].asn, 3356);
    assert_eq!(index.sources()[1].overlaps, 1);
}

#[test]
fn gaps_edges_and_special_addresses_have_no_answer() {
    let index = Index::decode(file().to_vec()).unwrap();
    for text in ["1.0.1.0", "1.0.3.255", "8.9.0.0", "2001:4861::", "2400::1", "10.0.0.1", "0.0.0.0"] {
        let found = index.lookup(address(text));
        assert!(found.networks.is_empty() && found.places.is_empty(), "{text}: {found:?}");
    }
    for text in ["1.0.0.0", "1.0.0.255", "1.0.4.0", "1.0.7.255", "2001:4860::", "2001:4860:ffff:ffff::1"] {
        assert!(index.lookup(address(text)).network().is_some(), "{text}");
    }
    assert_eq!(index.lookup(address("::ffff:8.8.8.8")), index.lookup(address("8.8.8.8")));
}

#[test]
fn detail_is_kept_only_where_it_was_asked_for() {
    let index = Index::decode(file().to_vec()).unwrap();
    let place = |text: &str| {
        let found = index.lookup(address(text));
        let place = found.place().unwrap();
        (place.country_code().to_owned(), place.subdivision.map(str::to_owned), place.position)
    };
    assert_eq!(place("8.8.8.8"), ("US".into(), Some("California".into()), None));
    assert_eq!(place("8.8.9.8"), ("US".into(), Some("Texas".into()), Some((31.2, -102.3))));
    assert_eq!(place("1.0.0.8"), ("AU".into(), None, None));
}

#[test]
fn wrong_formats_are_refused_and_single_bad_rows_are_counted() {
    let import = |rows: &str| {
        let mut builder = Builder::new(PlaceDetail::default());
        let source = builder.add_source(spec("routes", SourceKind::Network)).unwrap();
        builder.import_text(source, TextFormat::AsnCsv, rows.as_bytes(), 0, &NoControl)
    };
    let with_header = format!("start,end,asn,name\n{ROUTES}");
    let report = import(&with_header).unwrap();
    assert_eq!((report.rows, report.bad_rows, report.first_bad[0].line), (6, 1, 1));
    let error = import(&ROUTES.replace(',', ";")).unwrap_err();
    assert_eq!(error.code(), "QRT_ERR_IPDATA_ROWS");
    assert_eq!(error.field().unwrap().as_str(), "sources[0]");
    assert!(error.to_string().contains("line 1"), "{error}");
    assert_eq!(import("# nothing\n\n").unwrap_err().code(), "QRT_ERR_IPDATA_EMPTY");
    // 3 % of a longer file.
    let rows: String =
        (0..1000).map(|n| if n % 33 == 0 { "bad\n".into() } else { format!("{n},{n},1,x\n") }).collect();
    assert_eq!(import(&rows).unwrap_err().code(), "QRT_ERR_IPDATA_ROWS");
}

#[test]
fn misuse_of_a_builder_is_named() {
    let mut builder = Builder::new(PlaceDetail::default());
    let code = |result: Result<usize, IpdataError>| result.map_err(|error| error.code());
    assert_eq!(code(builder.add_source(spec("", SourceKind::Place))), Err("QRT_ERR_IPDATA_SOURCE"));
    for number in 0..16 {
        assert_eq!(code(builder.add_source(spec("places", SourceKind::Place))), Ok(number));
    }
    assert_eq!(code(builder.add_source(spec("one more", SourceKind::Place))), Err("QRT_ERR_IPDATA_LIMIT"));
    let wrong = builder.import_text(0, TextFormat::AsnCsv, &b""[..], 0, &NoControl).unwrap_err();
    assert_eq!(
        (wrong.code(), wrong.field().unwrap().as_str()),
        ("QRT_ERR_IPDATA_SOURCE", "sources[0].format")
    );
    let missing = builder.import_mmdb(99, b"", &NoControl).unwrap_err();
    assert_eq!((missing.code(), missing.field().unwrap().as_str()), ("QRT_ERR_IPDATA_SOURCE", "sources[99]"));
    assert_eq!(builder.finish(&NoControl).unwrap_err().code(), "QRT_ERR_IPDATA_EMPTY");
}

#[test]
fn a_cancelled_import_says_so() {
    struct Stop;
    impl Control for Stop {
        fn cancelled(&self) -> bool {
            true
        }
        fn progress(&self, _done: u64, _total: u64) {}
    }
    let rows: String = (0..10_000).map(|n| format!("{},{},{n},x\n", n * 2, n * 2)).collect();
    let mut builder = Builder::new(PlaceDetail::default());
    let source = builder.add_source(spec("routes", SourceKind::Network)).unwrap();
    let error = builder.import_text(source, TextFormat::AsnCsv, rows.as_bytes(), 0, &Stop).unwrap_err();
    assert_eq!(error, IpdataError::Cancelled);
}

#[test]
fn a_failing_reader_is_reported_with_its_line() {
    struct Breaks(usize);
    impl std::io::Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 1 {
                return Err(std::io::Error::other("the disk is gone"));
            }
            let row = b"1.0.0.0,1.0.0.255,1,x\n";
            buffer[..row.len()].copy_from_slice(row);
            Ok(row.len())
        }
    }
    let mut builder = Builder::new(PlaceDetail::default());
    let source = builder.add_source(spec("routes", SourceKind::Network)).unwrap();
    let input = std::io::BufReader::new(Breaks(0));
    let error = builder.import_text(source, TextFormat::AsnCsv, input, 0, &NoControl).unwrap_err();
    assert_eq!(error.code(), "QRT_ERR_IPDATA_READ");
    assert!(error.retryable() && error.to_string().contains("line 1"), "{error}");
}

#[test]
fn every_cut_is_refused() {
    for end in 0..file().len() {
        let error = Index::decode(file()[..end].to_vec()).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_IPDATA_FORMAT", "cut at {end}");
    }
}

#[test]
fn another_version_and_a_flipped_byte_are_told_apart() {
    let mut other = file().to_vec();
    other[8] = 2;
    assert_eq!(Index::decode(other).unwrap_err(), IpdataError::Version { found: 2, expected: 1 });
    let mut damaged = file().to_vec();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    assert_eq!(Index::decode(damaged).unwrap_err(), IpdataError::Checksum);
}

proptest! {
    /// Even a file whose checksum was made to fit is refused or answers without a panic.
    #[test]
    fn files_that_lie_are_refused_or_answer(
        changes in prop::collection::vec((32usize..400, any::<u8>()), 1..8),
        lookups in prop::collection::vec(any::<u128>(), 8),
    ) {
        let mut bytes = file().to_vec();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at.max(32)] = byte;
        }
        seal(&mut bytes);
        if let Ok(index) = Index::decode(bytes) {
            for bits in lookups {
                index.lookup(IpAddr::V4(Ipv4Addr::from(bits as u32)));
                index.lookup(IpAddr::V6(Ipv6Addr::from(bits >> 3 | 1 << 125)));
            }
        }
    }

    /// Against the rows themselves: the narrowest prefix that covers an address answers.
    #[test]
    fn lookups_equal_a_search_through_all_rows(
        rows in prop::collection::vec((0u32..1 << 16, 8u32..=32, 1u32..9), 1..40),
        probes in prop::collection::vec(0u32..1 << 16, 20),
    ) {
        // All within 20.0.0.0/8, spread so that prefixes nest.
        let base = 20u32 << 24;
        let rows: Vec<(u32, u32, u32)> =
            rows.iter().map(|&(at, length, asn)| (base | at << 8, length, asn)).collect();
        let line = |(at, length, asn): &(u32, u32, u32)| format!("{} {length} {asn}\n", Ipv4Addr::from(*at));
        let text: String = rows.iter().map(line).collect();
        let bytes = build(&[("rows", SourceKind::Network, TextFormat::RouteViews, &text)]).unwrap();
        let index = Index::decode(bytes).unwrap();
        for probe in probes {
            let key = base | probe << 8;
            let covers = |&&(at, length, _): &&(u32, u32, u32)| (key ^ at) >> (32 - length) == 0;
            // Of equal lengths the later row counts, which is the one `max_by_key` returns.
            let expected = rows.iter().filter(covers).max_by_key(|row| row.1).map(|row| row.2);
            let found = index.lookup(IpAddr::V4(Ipv4Addr::from(key)));
            prop_assert_eq!(found.network().map(|network| network.asn), expected);
        }
    }
}

/// Writes length and checksum anew, as the format's description says.
fn seal(bytes: &mut [u8]) {
    let length = bytes.len() as u64;
    bytes[24..32].copy_from_slice(&length.to_le_bytes());
    let mut state = 0xcbf2_9ce4_8422_2325u64;
    let covered = bytes[24..].to_vec();
    let mut words: Vec<[u8; 8]> = covered
        .chunks(8)
        .map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            word
        })
        .collect();
    if covered.len().is_multiple_of(8) {
        words.push([0; 8]);
    }
    words.push((covered.len() as u64).to_le_bytes());
    for word in words {
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }
    bytes[16..24].copy_from_slice(&state.to_le_bytes());
}

proptest! {
    /// Outside bytes of any kind are rows or malformed rows, never a panic.
    #[test]
    fn text_of_any_kind_is_taken_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                "[0-9.,:\"a-f \t_{}-]{0,60}",
                "(1\\.0\\.0\\.[0-9]{1,3}[,\t ]){1,3}[A-Z\"]{0,3}[,\t]-?[0-9.e]{0,8}",
                ".{0,40}",
            ],
            0..30,
        ),
        end in prop::sample::select(vec!["\n", "\r\n", "\u{0}"]),
    ) {
        let text = lines.join(end);
        let formats = [
            (TextFormat::AsnCsv, SourceKind::Network),
            (TextFormat::IptoasnTsv, SourceKind::Network),
            (TextFormat::RouteViews, SourceKind::Network),
            (TextFormat::PlaceCsv, SourceKind::Place),
        ];
        for (format, kind) in formats {
            match build(&[("any", kind, format, &text)]) {
                Ok(bytes) => drop(Index::decode(bytes).unwrap()),
                Err(error) => prop_assert!(error.code().starts_with("QRT_ERR_IPDATA_")),
            }
        }
    }
}
