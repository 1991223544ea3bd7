//! Names and contents of tiles (C2SP tlog-tiles).
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use quorate_merkle::tile::{bundles_between, tiles_between};
use quorate_merkle::{BundleId, ENTRY_BYTES_MAX, TileId};
use support::entries;

#[test]
fn names_are_those_of_the_specification() {
    let tile = TileId { level: 0, index: 1_234_067, width: 256 };
    assert_eq!(tile.to_string(), "tile/0/x001/x234/067");
    let partial = TileId { level: 1, index: 0, width: 8 };
    assert_eq!(partial.to_string(), "tile/1/000.p/8");
    let bundle = BundleId { index: 1_234_067, width: 1 };
    assert_eq!(bundle.to_string(), "tile/entries/x001/x234/067.p/1");
    assert_eq!(bundle.first(), 1_234_067 * 256);
    for path in ["tile/0/x001/x234/067", "tile/1/000.p/8", "tile/7/x001/000"] {
        assert_eq!(TileId::parse(path).unwrap().to_string(), path);
    }
}

#[test]
fn a_tile_has_one_name() {
    for path in [
        "tile/0/067.p/256",
        "tile/0/067.p/0",
        "tile/0/067.p/08",
        "tile/0/67",
        "tile/0/x000/067",
        "tile/8/067",
        "tile/00/067",
        "tile/0/x067",
        "tile/0/../067",
        "tile/0/",
        "tile/entries/067",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x072/x057/x594/x037/x927/936",
    ] {
        assert_eq!(TileId::parse(path), None, "{path}");
    }
    // The last index of a tile whose leaves still have numbers.
    assert!(TileId::parse("tile/0/x072/x057/x594/x037/x927/935").is_some());
    assert_eq!(BundleId::parse("tile/entries/x072/x057/x594/x037/x927/936"), None);
}

#[test]
fn bundles_hold_entries_up_to_the_largest() {
    let id = BundleId { index: 0, width: 3 };
    let largest = vec![7; ENTRY_BYTES_MAX];
    let bytes = id.encode(&[&b"a"[..], b"", &largest]).unwrap();
    assert_eq!(id.decode(&bytes).unwrap(), [&b"a"[..], b"", &largest]);
    for length in 0..bytes.len().min(40) {
        assert!(id.decode(&bytes[..length]).is_err());
    }
    assert!(id.decode(&[bytes.clone(), vec![0]].concat()).is_err());
    assert!(id.encode(&[&b"a"[..]]).is_err());
    let too_large = vec![7; ENTRY_BYTES_MAX + 1];
    assert!(BundleId { index: 0, width: 1 }.encode(&[too_large]).is_err());
}

#[test]
fn a_log_that_grows_needs_the_tiles_that_changed() {
    let names = |before, size| -> Vec<String> {
        let tiles = tiles_between(before, size).map(|tile| tile.to_string());
        tiles.chain(bundles_between(before, size).map(|bundle| bundle.to_string())).collect()
    };
    assert_eq!(names(0, 3), ["tile/0/000.p/3", "tile/entries/000.p/3"]);
    assert_eq!(names(3, 3), Vec::<String>::new());
    assert_eq!(
        names(255, 257),
        ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1"]
    );
    assert_eq!(names(256, 257), ["tile/0/001.p/1", "tile/entries/001.p/1"]);
}

proptest! {
    #[test]
    fn any_text_is_a_name_or_none(text in "(tile/)?(entries|[0-9])/(x[0-9]{3}/){0,8}[0-9]{3}(\\.p/[0-9]{1,3})?|.{0,40}") {
        if let Some(tile) = TileId::parse(&text) {
            prop_assert_eq!(tile.to_string(), text);
        } else if let Some(bundle) = BundleId::parse(&text) {
            prop_assert_eq!(bundle.to_string(), text);
        }
    }

    #[test]
    fn any_bytes_are_entries_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        width in 1_u16..5,
    ) {
        let id = BundleId { index: 0, width };
        if let Ok(entries) = id.decode(&bytes) {
            prop_assert_eq!(id.encode(&entries).unwrap(), bytes);
        }
    }

    #[test]
    fn bundles_are_read_back(size in 1_u16..=256) {
        let id = BundleId { index: 5, width: size };
        let bytes = id.encode(&entries(size.into())).unwrap();
        prop_assert_eq!(id.decode(&bytes).unwrap(), entries(size.into()));
    }
}
