//! The event log of a published TD against the registers in its quote.

use std::io::Read;

use proptest::prelude::*;
use quorate_attestation::Reason;
use quorate_attestation::intel::body::Body;
use quorate_attestation::intel::event_log::{Registers, check, events, replay};
use quorate_attestation::intel::quote::Quote;

use crate::support::{present, read};

pub(crate) fn log() -> Vec<u8> {
    let mut log = Vec::new();
    let packed = read("go-tdx-guest/ccel/ccel_data.dat.gz");
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut log).unwrap();
    log
}

fn registers() -> Registers {
    let bytes = read("go-tdx-guest/ccel/cos-113-tdx-quote.dat");
    match Quote::parse(&bytes).unwrap().body {
        Body::Td(report) => report.rtmr,
        Body::Enclave(_) => panic!("not a TD"),
    }
}

/// Offset of the digest of each event that extends a register.
fn digests(log: &[u8]) -> Vec<(usize, usize)> {
    let inside = |part: &[u8]| part.as_ptr() as usize - log.as_ptr() as usize;
    let found = events(log).unwrap();
    let extending = found.iter().filter(|event| event.register.is_some());
    // A digest stands before the length of the data, and is the only one of its event in this log.
    extending.map(|event| (event.register.unwrap(), inside(event.data) - 4 - 48)).collect()
}

#[test]
fn the_log_leads_to_the_registers_of_the_quote() {
    if !present() {
        return;
    }
    let log = log();
    assert_eq!(log.len(), 262_144);
    assert_eq!(digests(&log).len(), 43);
    assert_eq!(replay(&log).unwrap(), registers());
    check(&log, &registers()).unwrap();
}

#[test]
fn every_changed_digest_names_its_register() {
    if !present() {
        return;
    }
    let (mut log, registers) = (log(), registers());
    for (register, offset) in digests(&log) {
        for byte in 0..48 {
            log[offset + byte] ^= 1;
            let why = check(&log, &registers).unwrap_err();
            assert_eq!(why.reason, Reason::EventLog);
            assert!(why.detail.contains(&format!("RTMR{register} ")), "{why}");
            log[offset + byte] ^= 1;
        }
    }
    check(&log, &registers).unwrap();
}

#[test]
fn an_event_left_out_or_doubled_is_noticed() {
    if !present() {
        return;
    }
    let (log, registers) = (log(), registers());
    let found = digests(&log);
    for pair in found.windows(2) {
        // Indices, type and count stand before the digest's algorithm: an entry begins 14 bytes before it.
        let (start, end) = (pair[0].1 - 14, pair[1].1 - 14);
        let without = [&log[..start], &log[end..]].concat();
        let doubled = [&log[..end], &log[start..end], &log[end..]].concat();
        for changed in [without, doubled] {
            let why = check(&changed, &registers).unwrap_err();
            assert!(why.detail.contains(&format!("RTMR{} ", pair[0].0)), "{why}");
        }
    }
}

#[test]
fn what_is_no_log_is_refused() {
    if !present() {
        return;
    }
    let log = log();
    let reason = |log: &[u8]| replay(log).unwrap_err().reason;
    assert_eq!(reason(&[]), Reason::Malformed);
    assert_eq!(reason(&log[..100]), Reason::Malformed);
    assert_eq!(reason(&vec![0; 2 << 20]), Reason::Malformed);
    let mut other = log.clone();
    other[32] ^= 1;
    assert_eq!(reason(&other), Reason::Malformed, "another signature in the first event");
    let first = digests(&log)[0].1 - 14;
    let mut other = log.clone();
    other[first] = 5;
    assert_eq!(reason(&other), Reason::Malformed, "a register that does not exist");
    other[first] = 0;
    assert_eq!(reason(&other), Reason::Malformed, "MRTD is not extended by events");
    let mut other = log.clone();
    other.push(7);
    assert_eq!(reason(&other), Reason::Malformed, "bytes after the filler");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_log_panics(
        flips in prop::collection::vec((0usize..24_000, any::<u8>()), 1..8),
        cut in 0usize..24_000,
    ) {
        if !std::path::Path::new(crate::support::FOLDER).is_dir() {
            return Ok(());
        }
        let mut log = LOG.with(Clone::clone);
        for (at, value) in flips {
            log[at] = value;
        }
        log.truncate(cut.max(64));
        let _ = replay(&log);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = replay(&bytes);
    }
}

thread_local! {
    static LOG: Vec<u8> = log()[..24_000].to_vec();
}
