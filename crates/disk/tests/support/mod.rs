//! Folders that go with the test, files in memory that lose power, and appends that wait.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use quorate_disk::{AppendLog, DiskError, LogFile, Recovered};

/// A folder of its own, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (process, at) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("quorate-disk-{process}-{at}"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Marsaglia's xorshift64: a seeded coin, so that a failure repeats.
pub(crate) struct Coin(pub(crate) u64);

impl Coin {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// The records of a file, as opening it shows them.
pub(crate) fn open(path: &Path) -> Result<(AppendLog, Recovered, Vec<Vec<u8>>), DiskError> {
    let mut records = Vec::new();
    let (log, recovered) = AppendLog::open(path, 0, |index, record| {
        assert_eq!(index, records.len() as u64);
        records.push(record.to_vec());
    })?;
    Ok((log, recovered, records))
}

/// Appends, and waits for the answer.
pub(crate) fn append(log: &AppendLog, records: &[&[u8]]) -> Result<u64, DiskError> {
    let (answer, wait) = channel();
    let records = records.iter().map(|record| record.to_vec()).collect();
    log.append(records, move |outcome| answer.send(outcome).unwrap());
    wait.recv().unwrap()
}

/// A record that can be told from every other.
pub(crate) fn record(n: u64) -> Vec<u8> {
    let length = (n * 7919 % 700) as usize;
    let mut bytes = n.to_le_bytes().to_vec();
    bytes.extend((0..length).map(|at| (n as usize + at) as u8));
    bytes
}

/// What happened to a file.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Write {
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate(usize),
    Sync,
    /// Records below this index were acknowledged.
    Acknowledge(u64),
}

/// A file in memory that remembers what happened to it, and whose flushes can be made to fail.
#[derive(Default)]
pub(crate) struct Recorder {
    content: Mutex<Vec<u8>>,
    events: Mutex<Vec<Event>>,
    pub(crate) flushes_fail: std::sync::atomic::AtomicBool,
}

impl Recorder {
    pub(crate) fn holding(content: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { content: Mutex::new(content), ..Self::default() })
    }

    pub(crate) fn note(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

impl LogFile for Recorder {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content.lock().unwrap().len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.content.lock().unwrap();
        let from = content.get(offset as usize..).unwrap_or_default();
        let length = from.len().min(into.len());
        into[..length].copy_from_slice(&from[..length]);
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        put(&mut self.content.lock().unwrap(), offset as usize, bytes);
        self.note(Event::Write { offset: offset as usize, bytes: bytes.to_vec() });
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.content.lock().unwrap().resize(len as usize, 0);
        self.note(Event::Truncate(len as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if self.flushes_fail.load(Ordering::Relaxed) {
            return Err(io::Error::other("the disk is on fire"));
        }
        self.note(Event::Sync);
        Ok(())
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if content.len() < offset + bytes.len() {
        content.resize(offset + bytes.len(), 0);
    }
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// The file after a power cut that follows these events. What was flushed is there. Of what was written
/// since, `survives` is asked sector by sector: a disk keeps any of it, in any order.
pub(crate) fn after_power_cut(events: &[Event], mut survives: impl FnMut() -> bool) -> Vec<u8> {
    const SECTOR: usize = 512;
    let flushed = events.iter().rposition(|event| matches!(event, Event::Sync)).unwrap_or(0);
    let mut content = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Write { offset, bytes } => {
                for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                    if at < flushed || survives() {
                        put(&mut content, offset + n * SECTOR, sector);
                    }
                }
            }
            Event::Truncate(len) if at < flushed || survives() => content.resize(*len, 0),
            Event::Truncate(_) | Event::Sync | Event::Acknowledge(_) => {}
        }
    }
    content
}
