//! A process that is killed while it writes loses nothing that it acknowledged.
#![allow(missing_docs, clippy::disallowed_methods, clippy::panic, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use quorate_store::{Options, Statement, Store, Value};
use support::{Folder, insert, query, sql, transact};

const CYCLES: u32 = 100;
const FILE: &str = "QUORATE_STORE_CRASH_FILE";

/// The process that is killed: three callers write without end, and say what was acknowledged.
#[test]
fn writer_that_is_killed() {
    let Ok(file) = std::env::var(FILE) else { return };
    let store = Store::open(Path::new(&file), Options { check: true }).unwrap();
    transact(&store, vec![sql("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT)")]).unwrap();
    let first = support::count(&store);
    std::thread::scope(|scope| {
        for lane in 0..3_i64 {
            let store = &store;
            scope.spawn(move || {
                for n in 0.. {
                    let id = ((first + n) * 3 + lane) + 1_000_000 * i64::from(std::process::id());
                    if transact(store, vec![insert(id, &"x".repeat(n as usize % 900))]).is_ok() {
                        // One line in one write: lines of three threads do not mix.
                        std::io::stdout().lock().write_all(format!("ack {id}\n").as_bytes()).unwrap();
                    }
                }
            });
        }
    });
}

#[test]
fn no_acknowledged_row_is_lost_by_a_kill() {
    let folder = Folder::new();
    let mut acknowledged: Vec<i64> = Vec::new();
    for cycle in 0..CYCLES {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writer_that_is_killed", "--exact", "--nocapture"])
            .env(FILE, folder.file())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || -> Vec<i64> {
            let ids = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ")?.parse().ok());
            ids.collect()
        });
        // From before the first write to the midst of many, checkpoints among them.
        std::thread::sleep(Duration::from_millis(u64::from(cycle * 7 % 90 + 5)));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());
    }
    assert!(acknowledged.len() > CYCLES as usize, "only {} rows were written", acknowledged.len());
    let store = Store::open(&folder.file(), Options { check: true }).unwrap();
    let mut found = BTreeSet::new();
    // Page by page: an answer has a bound.
    while let last = found.last().copied().unwrap_or(i64::MIN)
        && let page = query(&store, page_after(last)).unwrap().rows
        && !page.is_empty()
    {
        found.extend(page.iter().map(|row| match row[0] {
            Value::Integer(id) => id,
            ref other => panic!("{other:?}"),
        }));
    }
    let lost: Vec<&i64> = acknowledged.iter().filter(|id| !found.contains(id)).collect();
    assert!(lost.is_empty(), "lost of {}: {lost:?}", acknowledged.len());
}

fn page_after(last: i64) -> Statement {
    Statement {
        params: vec![Value::Integer(last)],
        ..sql("SELECT id FROM t WHERE id > ? ORDER BY id LIMIT 50000")
    }
}
