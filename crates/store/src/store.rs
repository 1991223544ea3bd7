//! The handle: what may wait, and how it ends.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use quorate_types::FieldPath;

use crate::connection::Connection;
use crate::error::StoreError;
use crate::reader::{self, Query};
use crate::statement::{Answer, STATEMENTS_MAX, Statement};
use crate::writer::{self, Transaction};

/// Most transactions that wait, and most reads: beyond, callers are told to retry.
const WAITING_MAX: usize = 10_000;
/// Threads that read.
const READERS: usize = 2;

/// How to open a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Look at every page and index first, as after a stop that was not clean. Takes about a second per GiB.
    pub check: bool,
}

/// An open store. Dropping it closes it, after what waits is written.
pub struct Store {
    open: Mutex<Option<Open>>,
    writes_waiting: Arc<AtomicUsize>,
    reads_waiting: Arc<AtomicUsize>,
}

struct Open {
    writes: SyncSender<Transaction>,
    reads: SyncSender<Query>,
    threads: Vec<JoinHandle<()>>,
}

impl Store {
    /// Opens the store in a file, or makes it. Whoever calls holds the lock of the directory: SQLite permits
    /// a second process, and the two would only see each other's changes late.
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::Corrupt`], [`StoreError::Disk`].
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let writing = Connection::writing(path)?;
        if options.check {
            writing.check()?;
        }
        let (writes, queue) = sync_channel(WAITING_MAX);
        let (reads, reading) = sync_channel(WAITING_MAX);
        let (writes_waiting, reads_waiting) = (Arc::default(), Arc::default());
        let left = leaver(&writes_waiting);
        let mut threads =
            vec![spawn("quorate-store-writer", path, move || writer::run(&writing, &queue, left))?];
        let reading = Arc::new(Mutex::new(reading));
        for at in 0..READERS {
            let (connection, queue) = (Connection::reading(path)?, Arc::clone(&reading));
            let left = leaver(&reads_waiting);
            let name = format!("quorate-store-reader-{at}");
            threads.push(spawn(&name, path, move || reader::run(&connection, &queue, left))?);
        }
        let open = Mutex::new(Some(Open { writes, reads, threads }));
        Ok(Self { open, writes_waiting, reads_waiting })
    }

    /// Runs statements as one transaction, all or none; `reply` is called once they are on the disk, or with
    /// the first thing that is wrong. Transactions are written in the order of their calls.
    pub fn transact(
        &self,
        statements: Vec<Statement>,
        reply: impl FnOnce(Result<Vec<Answer>, StoreError>) + Send + 'static,
    ) {
        if statements.len() > STATEMENTS_MAX {
            let field = FieldPath::new("statements");
            return reply(Err(StoreError::Limit { what: "statements", limit: STATEMENTS_MAX, field }));
        }
        let transaction = Transaction { statements, reply: Box::new(reply) };
        if let Err((transaction, error)) = self.send(transaction, &self.writes_waiting, |open| &open.writes) {
            (transaction.reply)(Err(error));
        }
    }

    /// Reads by one statement, from what is committed by now.
    pub fn query(
        &self,
        statement: Statement,
        reply: impl FnOnce(Result<Answer, StoreError>) + Send + 'static,
    ) {
        let query = Query { statement, reply: Box::new(reply) };
        if let Err((query, error)) = self.send(query, &self.reads_waiting, |open| &open.reads) {
            (query.reply)(Err(error));
        }
    }

    /// Closes the store after what waits is written, and waits for that. A second call does nothing.
    pub fn close(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { writes, reads, threads }) = open else { return };
        drop((writes, reads));
        for thread in threads {
            // A panic in a thread was reported by its hook; the file is SQLite's to keep whole.
            let _ = thread.join();
        }
    }

    /// Puts a call into its queue, or gives it back with the reason.
    fn send<T>(
        &self,
        call: T,
        waiting: &AtomicUsize,
        queue: impl FnOnce(&Open) -> &SyncSender<T>,
    ) -> Result<(), (T, StoreError)> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = open.as_ref() else { return Err((call, StoreError::Closed)) };
        waiting.fetch_add(1, Ordering::Relaxed);
        queue(open).try_send(call).map_err(|error| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(call) => (call, StoreError::Busy { waiting: WAITING_MAX }),
                TrySendError::Disconnected(call) => (call, StoreError::Closed),
            }
        })
    }

    /// Transactions and reads that wait.
    pub fn waiting(&self) -> (usize, usize) {
        (self.writes_waiting.load(Ordering::Relaxed), self.reads_waiting.load(Ordering::Relaxed))
    }
}

/// Counts a call that is taken out of its queue.
fn leaver(waiting: &Arc<AtomicUsize>) -> impl Fn() + Send + 'static {
    let waiting = Arc::clone(waiting);
    move || {
        waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn spawn(
    name: &str,
    path: &Path,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| StoreError::Open { path: path.display().to_string(), reason: error.to_string() })
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}
