//! A power cut takes what was not flushed, in any order and in parts: nothing acknowledged is among it.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::Arc;

use quorate_disk::AppendLog;
use support::{Coin, Event, Recorder, after_power_cut, record};

const CUTS: usize = 400;

/// Opens what a disk holds, and gives the log and its records.
fn open(file: &Arc<Recorder>) -> (AppendLog, Vec<Vec<u8>>) {
    let mut records = Vec::new();
    let opened =
        AppendLog::over(file.clone(), Path::new("log"), 0, &mut |_, record| records.push(record.into()));
    (opened.unwrap_or_else(|error| panic!("{error}")).0, records)
}

/// Appends from three threads; each notes what was acknowledged.
fn write(file: &Arc<Recorder>, calls: u64, first: u64) {
    let (log, _) = open(file);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (file, log) = (Arc::clone(file), &log);
            scope.spawn(move || {
                for _ in 0..calls {
                    let noted = Arc::clone(&file);
                    // The length tells what its index is only after the fact, so records are by position.
                    log.append(vec![vec![7; 900], vec![8; 10]], move |index| {
                        noted.note(Event::Acknowledge(index.unwrap() + 2));
                    });
                }
            });
        }
    });
    log.close();
    assert_eq!(log.len(), first + calls * 6);
}

#[test]
fn no_acknowledged_record_is_lost_by_a_power_cut() {
    let mut coin = Coin(0x5eed);
    let (mut at_stake, mut torn) = (0, 0);
    let file = Recorder::holding(Vec::new());
    write(&file, 40, 0);
    let events = file.events();
    for cut in 0..CUTS {
        let at = (events.len() * cut / CUTS + coin.next() as usize % 3).min(events.len());
        let content = after_power_cut(&events[..at], || {
            at_stake += 1;
            coin.next().is_multiple_of(2)
        });
        let promised = events[..at]
            .iter()
            .filter_map(|event| if let Event::Acknowledge(below) = event { Some(*below) } else { None });
        let promised = promised.max().unwrap_or(0);
        let disk = Recorder::holding(content);
        let (log, records) = open(&disk);
        assert!(records.len() as u64 >= promised, "cut {cut}: {} of {promised}", records.len());
        let whole = |(index, record): (usize, &Vec<u8>)| {
            *record == if index % 2 == 0 { vec![7; 900] } else { vec![8; 10] }
        };
        assert!(records.iter().enumerate().all(whole), "cut {cut}");
        torn += usize::from(disk.events().iter().any(|event| matches!(event, Event::Truncate(_))));
        drop(log);
        // And on it goes, with the torn tail gone.
        write(&disk, 1, records.len() as u64);
        assert_eq!(open(&disk).1.len(), records.len() + 6);
    }
    assert!(at_stake > CUTS / 4 && torn > 5, "{at_stake} sectors at stake, {torn} torn tails");
}

#[test]
fn a_second_cut_during_recovery_loses_nothing_either() {
    let mut coin = Coin(0xfeed);
    for length in (0..5_000).step_by(37) {
        let file = Recorder::holding(Vec::new());
        let (log, _) = open(&file);
        support::append(&log, &[&record(1), &record(2)]).unwrap();
        drop(log);
        let durable = file.events();
        // A torn third batch, then a recovery that is cut off, too.
        let torn = Event::Write {
            offset: usize::try_from(quorate_disk::LogFile::len(&*file).unwrap()).unwrap(),
            bytes: vec![9; length % 1_500 + 1],
        };
        let first = after_power_cut(&[durable.clone(), vec![torn]].concat(), || true);
        let again = Recorder::holding(first.clone());
        let (log, records) = open(&again);
        drop(log);
        assert_eq!(records.len(), 2);
        let mut events = vec![Event::Write { offset: 0, bytes: first }, Event::Sync];
        let recovery = again.events();
        events.extend_from_slice(&recovery[..coin.next() as usize % (recovery.len() + 1)]);
        let second = Recorder::holding(after_power_cut(&events, || coin.next().is_multiple_of(2)));
        assert_eq!(open(&second).1, [record(1), record(2)]);
    }
}
