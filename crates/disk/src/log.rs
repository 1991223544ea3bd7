//! The append log: records in the order of their appends, each with an index from 0 on.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};

use quorate_types::FieldPath;

use crate::batch::{BATCH_BYTES_MAX, RECORD_HEAD_BYTES, Salt, bytes_of, corrupt};
use crate::error::DiskError;
use crate::file::LogFile;
use crate::recovery::{Contents, recover};
use crate::replace::sync_directory_of;
use crate::writer::{Append, Writer};

/// Largest record.
pub const RECORD_BYTES_MAX: usize = 8 << 20;
/// Most calls that wait: beyond, callers are told to retry.
const WAITING_MAX: usize = 10_000;

/// What opening a log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Records in the log.
    pub records: u64,
    /// Bytes of a torn tail that were cut off: a process or a machine ended in the midst of a write that
    /// nobody was told about.
    pub torn_bytes: u64,
}

/// An open log. Dropping it closes it, after what waits is written.
pub struct AppendLog {
    shared: Arc<Shared>,
    path: PathBuf,
    salt: Salt,
    open: Mutex<Option<(SyncSender<Append>, JoinHandle<()>)>>,
}

/// What callers and the writer see.
pub(crate) struct Shared {
    pub(crate) file: Arc<dyn LogFile>,
    /// Where each record stands that is on the disk.
    pub(crate) offsets: RwLock<Vec<u64>>,
    waiting: AtomicUsize,
    failed: AtomicBool,
}

impl Shared {
    pub(crate) fn took_one(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

impl AppendLog {
    /// Opens the log in a file, or makes it. Every record that is there is checked and shown to `visit`, with
    /// its index. A caller who knows that so many records were `acknowledged` says so: then damage of the
    /// last of them is not taken for a torn tail. Whoever calls holds the lock of the directory.
    ///
    /// # Errors
    /// [`DiskError::Corrupt`] where bytes were damaged that had been acknowledged; [`DiskError::Io`],
    /// [`DiskError::Full`].
    pub fn open(
        path: &Path,
        acknowledged: u64,
        mut visit: impl FnMut(u64, &[u8]),
    ) -> Result<(Self, Recovered), DiskError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| DiskError::io(path, "opening it", &error))?;
        sync_directory_of(path)?;
        Self::over(Arc::new(file), path, acknowledged, &mut visit)
    }

    /// Opens the log that `file` holds; `path` names it in errors.
    ///
    /// # Errors
    /// As [`AppendLog::open`].
    pub fn over(
        file: Arc<dyn LogFile>,
        path: &Path,
        acknowledged: u64,
        visit: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(Self, Recovered), DiskError> {
        let Contents { salt, offsets, end, torn_bytes } = recover(file.as_ref(), path, acknowledged, visit)?;
        let recovered = Recovered { records: offsets.len() as u64, torn_bytes };
        let (waiting, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { file, offsets: RwLock::new(offsets), waiting, failed });
        let (path, next) = (path.to_owned(), recovered.records);
        let writer = Writer { shared: Arc::clone(&shared), path: path.clone(), salt, end, next };
        let (sender, queue) = sync_channel(WAITING_MAX);
        let thread = spawn(writer, queue)?;
        Ok((Self { shared, path, salt, open: Mutex::new(Some((sender, thread))) }, recovered))
    }

    /// Appends records, one behind the other; `reply` is called with the index of the first once all of them
    /// are on the disk, on the thread that writes, in the order of the log.
    pub fn append(&self, records: Vec<Vec<u8>>, reply: impl FnOnce(Result<u64, DiskError>) + Send + 'static) {
        if let Err(error) = check(&records) {
            return reply(Err(error));
        }
        let append = Append { records, reply: Box::new(reply) };
        if let Err((append, error)) = self.send(append) {
            (append.reply)(Err(error));
        }
    }

    fn send(&self, append: Append) -> Result<(), (Append, DiskError)> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let path = || self.path.display().to_string();
        let Some((sender, _)) = open.as_ref() else {
            return Err((append, DiskError::Closed { path: path() }));
        };
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        sender.try_send(append).map_err(|error| {
            self.shared.took_one();
            match error {
                TrySendError::Full(append) => (append, DiskError::Busy { waiting: WAITING_MAX }),
                TrySendError::Disconnected(append) => (append, DiskError::Closed { path: path() }),
            }
        })
    }

    /// Records that are on the disk.
    pub fn len(&self) -> u64 {
        self.shared.offsets.read().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls that wait for the disk.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Reads a record, and checks it.
    ///
    /// # Errors
    /// [`DiskError::Absent`], [`DiskError::Corrupt`], [`DiskError::Io`].
    pub fn read(&self, index: u64) -> Result<Vec<u8>, DiskError> {
        let (offset, len) = {
            let offsets = self.shared.offsets.read().unwrap_or_else(PoisonError::into_inner);
            let at = usize::try_from(index).ok();
            (at.and_then(|at| offsets.get(at).copied()), offsets.len() as u64)
        };
        let field = || FieldPath::new("index");
        let offset = offset.ok_or_else(|| DiskError::Absent { field: field(), index, len })?;
        let read = |into: &mut [u8], offset| {
            let read = self.shared.file.read_at(into, offset);
            read.map_err(|error| DiskError::io(&self.path, "reading it", &error))
        };
        let damaged = |reason| corrupt(&self.path.display().to_string(), offset, index, reason);
        let mut head = [0; RECORD_HEAD_BYTES];
        read(&mut head, offset)?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if length > RECORD_BYTES_MAX {
            return Err(damaged("the length of a record is impossible"));
        }
        let mut bytes = vec![0; RECORD_HEAD_BYTES + length];
        let have = read(&mut bytes, offset)?;
        self.salt.record(index, &bytes[..have]).map_err(damaged)?;
        bytes.drain(..RECORD_HEAD_BYTES);
        Ok(bytes)
    }

    /// Closes the log after what waits is written, and waits for that. A second call does nothing.
    pub fn close(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((sender, thread)) = open else { return };
        drop(sender);
        // A panic of the writer left its calls without a reply; the file is whole up to the last flush.
        let _ = thread.join();
    }
}

impl Drop for AppendLog {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(writer: Writer, queue: Receiver<Append>) -> Result<JoinHandle<()>, DiskError> {
    let path = writer.path.clone();
    let thread = Builder::new().name("quorate-log-writer".to_owned());
    let spawned = thread.spawn(move || writer.run(&queue));
    spawned.map_err(|error| DiskError::io(&path, "starting its writer", &error))
}

fn check(records: &[Vec<u8>]) -> Result<(), DiskError> {
    let field = FieldPath::new("records");
    if let Some(at) = records.iter().position(|record| record.len() > RECORD_BYTES_MAX) {
        let what = "bytes in a record";
        return Err(DiskError::Limit { field: field.index(at), limit: RECORD_BYTES_MAX, what });
    }
    if bytes_of(records) > BATCH_BYTES_MAX {
        return Err(DiskError::Limit { field, limit: BATCH_BYTES_MAX, what: "bytes in one call" });
    }
    Ok(())
}
