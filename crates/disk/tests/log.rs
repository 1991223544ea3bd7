//! What an append log gives back, what it refuses, and what it says of files that are not as it left them.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use proptest::prelude::*;
use quorate_disk::{AppendLog, DiskError, RECORD_BYTES_MAX, replace};
use quorate_types::Coded;
use support::{Event, Folder, Recorder, append, open, record};

#[test]
fn records_come_back_in_order() {
    let folder = Folder::new();
    let (log, recovered, _) = open(&folder.log()).unwrap();
    assert_eq!((recovered.records, recovered.torn_bytes), (0, 0));
    assert!(log.is_empty());
    assert_eq!(append(&log, &[b"one", b""]), Ok(0));
    assert_eq!(append(&log, &[b"three"]), Ok(2));
    assert_eq!(log.len(), 3);
    assert_eq!(log.read(2), Ok(b"three".to_vec()));
    drop(log);
    let (log, recovered, records) = open(&folder.log()).unwrap();
    assert_eq!((recovered.records, recovered.torn_bytes), (3, 0));
    assert_eq!(records, [b"one".to_vec(), Vec::new(), b"three".to_vec()]);
    assert_eq!(append(&log, &[b"four"]), Ok(3));
    assert_eq!(log.read(3), Ok(b"four".to_vec()));
    let absent = log.read(4).unwrap_err();
    assert_eq!(absent.to_string(), "index: the log of 4 records has no record 4");
}

#[test]
fn calls_that_arrive_during_a_flush_share_the_next_one() {
    let file = Recorder::holding(Vec::new());
    let (log, _) = AppendLog::over(file.clone(), Path::new("log"), 0, &mut |_, _| {}).unwrap();
    let (answer, answers) = channel();
    for n in 0..5_000_u64 {
        let answer = answer.clone();
        log.append(vec![record(n)], move |index| answer.send((n, index)).unwrap());
    }
    let in_order = answers.iter().take(5_000).all(|(n, index)| index == Ok(n));
    assert!(in_order);
    let flushes = file.events().iter().filter(|event| matches!(event, Event::Sync)).count();
    assert!(flushes < 2_500, "{flushes} flushes for 5,000 calls");
    assert!((0..5_000).all(|n| log.read(n) == Ok(record(n))));
    assert_eq!(log.waiting(), 0);
}

#[test]
fn what_is_too_large_is_refused_with_its_field() {
    let folder = Folder::new();
    let (log, ..) = open(&folder.log()).unwrap();
    let large = vec![0; RECORD_BYTES_MAX + 1];
    let error = append(&log, &[b"fits", &large]).unwrap_err();
    assert_eq!(error.code(), "QRT_ERR_DISK_LIMIT");
    assert_eq!(error.field().unwrap().as_str(), "records[1]");
    let error = append(&log, &[&large[..RECORD_BYTES_MAX], &large[..RECORD_BYTES_MAX]]).unwrap_err();
    assert_eq!(error.field().unwrap().as_str(), "records");
    assert_eq!(append(&log, &[&large[..RECORD_BYTES_MAX]]), Ok(0), "nothing was half done");
}

#[test]
fn a_closed_log_says_so_after_it_wrote_what_waited() {
    let folder = Folder::new();
    let (log, ..) = open(&folder.log()).unwrap();
    let (answer, wait) = channel();
    log.append(vec![b"last".to_vec()], move |index| answer.send(index).unwrap());
    log.close();
    assert_eq!(wait.try_recv(), Ok(Ok(0)));
    assert_eq!(append(&log, &[b"late"]).unwrap_err().code(), "QRT_ERR_DISK_CLOSED");
    log.close();
}

#[test]
fn after_a_flush_that_failed_nothing_is_written() {
    let file = Recorder::holding(Vec::new());
    let (log, _) = AppendLog::over(file.clone(), Path::new("log"), 0, &mut |_, _| {}).unwrap();
    append(&log, &[b"durable"]).unwrap();
    file.flushes_fail.store(true, Ordering::Relaxed);
    let error = append(&log, &[b"unknown"]).unwrap_err();
    assert_eq!(error.to_string(), "log: flushing it failed: the disk is on fire");
    file.flushes_fail.store(false, Ordering::Relaxed);
    let before = file.events().len();
    assert_eq!(append(&log, &[b"never"]).unwrap_err().code(), "QRT_ERR_DISK_FAILED");
    assert_eq!(file.events().len(), before);
    assert_eq!(log.len(), 1, "what was not acknowledged is not shown");
}

/// The bytes of a log of three batches, and where each of them ends.
fn three_batches() -> (Vec<u8>, Vec<usize>) {
    let folder = Folder::new();
    let (log, ..) = open(&folder.log()).unwrap();
    let mut ends = Vec::new();
    for records in [[&b"a"[..], b"bb"], [b"ccc", b"dddd"], [b"eeeee", b"ffffff"]] {
        append(&log, &records).unwrap();
        ends.push(std::fs::metadata(folder.log()).unwrap().len() as usize);
    }
    drop(log);
    (std::fs::read(folder.log()).unwrap(), ends)
}

fn reopened(bytes: &[u8]) -> Result<Vec<Vec<u8>>, DiskError> {
    let folder = Folder::new();
    std::fs::write(folder.log(), bytes).unwrap();
    open(&folder.log()).map(|(_, _, records)| records)
}

#[test]
fn a_tail_that_is_torn_anywhere_is_cut_off() {
    let (bytes, ends) = three_batches();
    for length in 0..bytes.len() {
        let whole = ends.iter().filter(|end| **end <= length).count();
        let folder = Folder::new();
        std::fs::write(folder.log(), &bytes[..length]).unwrap();
        let (log, _, records) = open(&folder.log()).unwrap();
        assert_eq!(records.len(), whole * 2, "cut at {length}");
        append(&log, &[b"next"]).unwrap();
        drop(log);
        let (_, recovered, records) = open(&folder.log()).unwrap();
        assert_eq!((records.len(), recovered.torn_bytes), (whole * 2 + 1, 0), "cut at {length}");
    }
}

#[test]
fn damage_before_the_last_batch_is_named_and_never_skipped() {
    let (bytes, ends) = three_batches();
    for at in 0..ends[1] {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let error = reopened(&damaged).unwrap_err();
            let DiskError::Corrupt { offset, index, .. } = error else { panic!("byte {at}: {error}") };
            let begin = ends.iter().rev().find(|end| **end <= at).copied();
            let expected = if at < 28 { 0 } else { begin.unwrap_or(28) };
            assert_eq!(offset, expected as u64, "byte {at}");
            let first = if at < ends[0] { 0 } else { 2 };
            assert!((first..first + 3).contains(&index), "byte {at}: record {index}");
        }
    }
}

#[test]
fn what_is_known_to_have_been_acknowledged_is_never_cut_off() {
    let (bytes, ends) = three_batches();
    let folder = Folder::new();
    for at in 0..=bytes.len() {
        let mut damaged = bytes.clone();
        match damaged.get_mut(at) {
            Some(byte) => *byte ^= 1,
            None => damaged.truncate(bytes.len() - 1),
        }
        std::fs::write(folder.log(), &damaged).unwrap();
        let error = AppendLog::open(&folder.log(), 6, |_, _| {}).err().unwrap();
        assert_eq!(error.code(), "QRT_ERR_DISK_CORRUPT", "byte {at}");
        assert_eq!(std::fs::read(folder.log()).unwrap(), damaged, "byte {at}: the file is as it was");
    }
    std::fs::write(folder.log(), &bytes[..ends[1] + 5]).unwrap();
    let (_, recovered) = AppendLog::open(&folder.log(), 4, |_, _| {}).unwrap();
    assert_eq!((recovered.records, recovered.torn_bytes), (4, 5));
    std::fs::write(folder.log(), &bytes[..9]).unwrap();
    assert!(AppendLog::open(&folder.log(), 1, |_, _| {}).is_err(), "a head is not made anew");
}

#[test]
fn damage_that_comes_while_a_log_is_open_is_seen_by_the_read() {
    let folder = Folder::new();
    let (log, ..) = open(&folder.log()).unwrap();
    append(&log, &[b"first", b"second"]).unwrap();
    let mut bytes = std::fs::read(folder.log()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(folder.log(), &bytes).unwrap();
    assert_eq!(log.read(0), Ok(b"first".to_vec()));
    assert_eq!(log.read(1).unwrap_err().code(), "QRT_ERR_DISK_CORRUPT");
}

#[test]
fn bytes_of_a_caller_cannot_pose_as_a_batch() {
    // A record holds a whole log; where the batch around it is torn, that is no sign of later batches.
    let (inner, _) = three_batches();
    let folder = Folder::new();
    let (log, ..) = open(&folder.log()).unwrap();
    append(&log, &[&inner, b"end"]).unwrap();
    drop(log);
    let bytes = std::fs::read(folder.log()).unwrap();
    assert_eq!(reopened(&bytes[..bytes.len() - 1]), Ok(Vec::new()));
}

#[test]
fn a_file_is_replaced_whole() {
    let folder = Folder::new();
    let path = folder.path().join("head");
    replace(&path, b"one").unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let error = replace(&folder.path().join("absent/head"), b"x").unwrap_err();
    assert_eq!(error.code(), "QRT_ERR_DISK_IO");
}

proptest! {
    #[test]
    fn any_bytes_are_a_log_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = reopened(&bytes);
    }

    #[test]
    fn any_change_of_a_log_is_an_error_or_a_beginning_of_it(
        at in any::<prop::sample::Index>(),
        replacement in prop::collection::vec(any::<u8>(), 0..60),
        removed in 0_usize..60,
    ) {
        let (bytes, _) = three_batches();
        let from = at.index(bytes.len());
        let mut changed = bytes.clone();
        changed.splice(from..(from + removed).min(bytes.len()), replacement);
        if let Ok(records) = reopened(&changed) {
            let whole = reopened(&bytes).unwrap();
            prop_assert!(whole.starts_with(&records));
        }
    }
}
