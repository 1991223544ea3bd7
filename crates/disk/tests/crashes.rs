//! A process that is killed while it writes loses nothing that it acknowledged, and nobody else gets in while
//! it lives.
#![allow(missing_docs, clippy::disallowed_methods, clippy::panic, clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quorate_disk::{DirectoryLock, DiskError, replace};
use support::{Folder, append, open};

const CYCLES: u64 = 100;
const FOLDER: &str = "QUORATE_DISK_CRASH_FOLDER";

/// The process that is killed: three callers append without end, and say what was acknowledged.
#[test]
fn writer_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let _lock = DirectoryLock::acquire(folder, "the writer that is killed").unwrap();
    let (log, ..) = open(&folder.join("log")).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..3_u64 {
            let log = &log;
            scope.spawn(move || {
                for n in 0.. {
                    let record = format!("{} {lane} {n} {}", std::process::id(), "x".repeat(n % 900));
                    let index = append(log, &[record.as_bytes()]).unwrap();
                    replace(&folder.join(format!("head-{lane}")), record.as_bytes()).unwrap();
                    // One line in one write: lines of three threads do not mix.
                    let line = format!("ack {index} {record}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn start(folder: &Folder) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["writer_that_is_killed", "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn no_acknowledged_record_is_lost_by_a_kill() {
    let folder = Folder::new();
    let mut acknowledged = Vec::new();
    for cycle in 0..CYCLES {
        let mut child = start(&folder);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || -> Vec<(usize, String)> {
            let parse = |line: String| {
                let (index, record) = line.strip_prefix("ack ")?.split_once(' ')?;
                Some((index.parse().ok()?, record.to_owned()))
            };
            lines.map_while(Result::ok).filter_map(parse).collect()
        });
        // From before the first write to the midst of many.
        std::thread::sleep(Duration::from_millis(cycle * 7 % 60 + 2));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());
    }
    assert!(acknowledged.len() as u64 > CYCLES, "only {} records were written", acknowledged.len());
    let (_, _, records) = open(&folder.log()).unwrap();
    for (index, record) in &acknowledged {
        // A line that was cut off by the kill is a beginning of the record.
        assert!(records[*index].starts_with(record.as_bytes()), "record {index} is not {record}");
    }
    for lane in 0..3 {
        let head = std::fs::read(folder.path().join(format!("head-{lane}"))).unwrap();
        assert!(records.contains(&head), "head {lane} was replaced in part");
    }
}

#[test]
fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let folder = Folder::new();
    let mut child = start(&folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("ack ")));
    let error = DirectoryLock::acquire(folder.path(), "a test").unwrap_err();
    let DiskError::Held { holder, .. } = &error else { panic!("{error}") };
    assert_eq!(*holder, format!("process {} (the writer that is killed)", child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    let lock = DirectoryLock::acquire(folder.path(), "a test").unwrap();
    assert_eq!(lock.directory(), folder.path());
    let own = DirectoryLock::acquire(folder.path(), "a second time").unwrap_err();
    assert!(own.to_string().ends_with(&format!("is in use by process {} (a test)", std::process::id())));
}
