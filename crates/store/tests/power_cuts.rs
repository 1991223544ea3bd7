//! A power cut takes what was not flushed, in any order and in parts: nothing acknowledged is among it.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

#[path = "support/recorder.rs"]
mod recorder;
mod support;

use std::collections::BTreeSet;

use quorate_store::{Options, Store, Value};
use recorder::{Event, after_power_cut};
use support::{Folder, insert, query, sql, transact};

const ROWS: i64 = 400;
const CUTS: usize = 200;

/// Marsaglia's xorshift64: a seeded coin, so that a failure repeats.
struct Coin(u64);

impl Coin {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Three callers write rows of up to 20 KB, enough for checkpoints in between; each says what was
/// acknowledged.
fn recorded(folder: &Folder) -> Vec<Event> {
    recorder::take();
    let store = Store::open(&folder.file(), Options::default()).unwrap();
    transact(&store, vec![sql("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")]).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..3 {
            let store = &store;
            scope.spawn(move || {
                for id in (lane..ROWS).step_by(3) {
                    let text = "x".repeat((id as usize * 7919) % 20_000);
                    transact(store, vec![insert(id, &text)]).unwrap();
                    recorder::record(Event::Acknowledge(id));
                }
            });
        }
    });
    store.close();
    recorder::take()
}

#[test]
fn no_acknowledged_row_is_lost_by_a_power_cut() {
    recorder::install();
    let folder = Folder::new();
    let events = recorded(&folder);
    let flushes = events.iter().filter(|event| matches!(event, Event::Flush { .. })).count();
    assert!(flushes > 3, "only {flushes} flushes: nothing was recorded");
    let mut coin = Coin(0x5eed);
    let mut unflushed = 0;
    for cut in 0..CUTS {
        let at = events.len() * cut / CUTS + coin.next() as usize % (events.len() / CUTS);
        let disk = after_power_cut(&events[..at], || {
            unflushed += 1;
            coin.next().is_multiple_of(2)
        });
        let image = Folder::new();
        for (name, content) in &disk {
            let name = name.rsplit('/').next().unwrap();
            std::fs::write(image.path().join(name), content).unwrap();
        }
        let promised: BTreeSet<i64> = events[..at]
            .iter()
            .filter_map(|event| if let Event::Acknowledge(id) = event { Some(*id) } else { None })
            .collect();
        let store = Store::open(&image.file(), Options { check: true })
            .unwrap_or_else(|error| panic!("cut {cut} after {at} events: {error}"));
        if promised.is_empty() {
            continue;
        }
        let kept: BTreeSet<i64> = query(&store, sql("SELECT id, length(v) FROM t"))
            .unwrap()
            .rows
            .iter()
            .map(|row| match row[..] {
                [Value::Integer(id), Value::Integer(length)] => {
                    assert_eq!(length, (id * 7919) % 20_000, "row {id} is torn");
                    id
                }
                ref other => panic!("{other:?}"),
            })
            .collect();
        let lost: Vec<_> = promised.difference(&kept).collect();
        assert!(lost.is_empty(), "cut {cut} after {at} events lost {lost:?} of {}", promised.len());
    }
    assert!(unflushed > CUTS, "only {unflushed} sectors were at stake");
}
