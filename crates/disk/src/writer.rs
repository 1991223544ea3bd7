//! The one thread that writes a log.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use crate::batch::{Batch, Salt};
use crate::error::DiskError;
use crate::log::Shared;

/// Takes the index of a call's first record, on the thread that writes, in the order of the log.
pub(crate) type Reply = Box<dyn FnOnce(Result<u64, DiskError>) + Send>;

/// Records that wait.
pub(crate) struct Append {
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) reply: Reply,
}

pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) path: PathBuf,
    pub(crate) salt: Salt,
    /// Where the next batch goes.
    pub(crate) end: u64,
    /// Index of the next record.
    pub(crate) next: u64,
}

impl Writer {
    /// Runs until every sender is gone: what waits at that moment is still written.
    pub(crate) fn run(mut self, queue: &Receiver<Append>) {
        let mut waiting = None;
        while let Some(first) = waiting.take().or_else(|| queue.recv().ok()) {
            waiting = self.group(first, queue);
        }
    }

    /// One flush for all calls that wait by now. Gives back a call that found no room.
    fn group(&mut self, first: Append, queue: &Receiver<Append>) -> Option<Append> {
        let mut batch = Batch::new(self.salt, self.next);
        let (mut replies, mut next, mut left_over) = (Vec::new(), Some(first), None);
        while let Some(Append { records, reply }) = next.take() {
            if !replies.is_empty() && !batch.has_room(&records) {
                left_over = Some(Append { records, reply });
                break;
            }
            self.shared.took_one();
            replies.push((self.next + batch.offsets.len() as u64, reply));
            batch.extend(&records);
            next = queue.try_recv().ok();
        }
        let outcome = self.write(&mut batch);
        for (index, reply) in replies {
            reply(outcome.clone().map(|()| index));
        }
        left_over
    }

    fn write(&mut self, batch: &mut Batch) -> Result<(), DiskError> {
        if batch.offsets.is_empty() {
            // Calls without records: what came before them is flushed.
            return Ok(());
        }
        if self.shared.has_failed() {
            return Err(DiskError::Failed { path: self.path.display().to_string() });
        }
        let failed = |action| {
            let (shared, path) = (Arc::clone(&self.shared), self.path.clone());
            move |error| {
                // Nobody knows what the disk holds: nothing may be written behind it.
                shared.fail();
                DiskError::io(&path, action, &error)
            }
        };
        let bytes = batch.seal();
        let written = bytes.len() as u64;
        self.shared.file.write_at(bytes, self.end).map_err(failed("writing it"))?;
        self.shared.file.sync().map_err(failed("flushing it"))?;
        let mut offsets = self.shared.offsets.write().unwrap_or_else(PoisonError::into_inner);
        offsets.extend(batch.offsets.iter().map(|offset| self.end + offset));
        self.next = offsets.len() as u64;
        self.end += written;
        Ok(())
    }
}
