//! Opening a log: what is whole is kept, a torn tail is cut off, damage before it is named.
//!
//! The writer begins a batch only after the one before is on the disk. So a batch that is not whole was never
//! acknowledged if it is the last one, whatever parts of it the disk kept; and if another batch stands behind
//! it, it was acknowledged, and its bytes were damaged later. Damage of the last batch alone looks
//! like a torn write; a caller who knows how many records were acknowledged says so, and then it is damage.

use std::io;
use std::path::Path;

use crate::batch::{BATCH_HEAD_BYTES, FILE_HEAD_BYTES, RECORD_HEAD_BYTES, Salt, corrupt};
use crate::error::DiskError;
use crate::file::LogFile;

/// Bytes that are read at once.
const WINDOW_BYTES: usize = 1 << 20;

/// What a file holds.
pub(crate) struct Contents {
    pub(crate) salt: Salt,
    /// Where each record stands.
    pub(crate) offsets: Vec<u64>,
    /// Where the next batch goes.
    pub(crate) end: u64,
    /// Bytes of a torn tail that were cut off.
    pub(crate) torn_bytes: u64,
}

/// A record as it is read, in the order of the log.
pub(crate) type Visit<'a> = dyn FnMut(u64, &[u8]) + 'a;

/// Reads a whole file, makes its head where it is new, and leaves it flushed. `acknowledged` records are
/// known to be there: below them nothing is cut off.
pub(crate) fn recover(
    file: &dyn LogFile,
    path: &Path,
    acknowledged: u64,
    visit: &mut Visit<'_>,
) -> Result<Contents, DiskError> {
    let failed = |action| move |error: io::Error| DiskError::io(path, action, &error);
    let name = path.display().to_string();
    let mut window = Window::of(file).map_err(failed("reading its length"))?;
    let head = window.bytes(0, FILE_HEAD_BYTES).map_err(failed("reading it"))?;
    let salt = match Salt::of_file(head) {
        Ok(salt) => salt,
        // The head was not flushed, so nothing was acknowledged yet.
        Err(_) if acknowledged == 0 && window.len <= FILE_HEAD_BYTES as u64 => return begin(file, path),
        Err(reason) => return Err(corrupt(&name, 0, 0, reason)),
    };
    let mut contents = Contents { salt, offsets: Vec::new(), end: FILE_HEAD_BYTES as u64, torn_bytes: 0 };
    while contents.end < window.len {
        let first = contents.offsets.len() as u64;
        match batch(&mut window, salt, contents.end, first).map_err(failed("reading it"))? {
            Found::Whole { records, end } => {
                for (offset, record) in records {
                    visit(contents.offsets.len() as u64, &record);
                    contents.offsets.push(offset);
                }
                contents.end = end;
            }
            Found::Broken { index, reason } => {
                let later = batch_after(&mut window, salt, contents.end, first);
                if first < acknowledged || later.map_err(failed("reading it"))? {
                    return Err(corrupt(&name, contents.end, index, reason));
                }
                contents.torn_bytes = window.len - contents.end;
                file.truncate(contents.end).map_err(failed("cutting off its torn tail"))?;
                break;
            }
        }
    }
    // What an earlier process wrote and did not flush is read like the rest: from here on it counts.
    file.sync().map_err(failed("flushing it"))?;
    Ok(contents)
}

fn begin(file: &dyn LogFile, path: &Path) -> Result<Contents, DiskError> {
    let failed = |action| move |error: io::Error| DiskError::io(path, action, &error);
    let salt = Salt::random().map_err(|error| failed("drawing a salt")(io::Error::other(error)))?;
    file.truncate(0).map_err(failed("emptying it"))?;
    file.write_at(&salt.file_head(), 0).map_err(failed("writing its head"))?;
    file.sync().map_err(failed("flushing it"))?;
    Ok(Contents { salt, offsets: Vec::new(), end: FILE_HEAD_BYTES as u64, torn_bytes: 0 })
}

enum Found {
    Whole {
        /// Offset and bytes of each record.
        records: Vec<(u64, Vec<u8>)>,
        end: u64,
    },
    Broken {
        /// The record at fault.
        index: u64,
        reason: &'static str,
    },
}

/// The batch at `offset`, whose first record should have the index `first`.
fn batch(window: &mut Window<'_>, salt: Salt, offset: u64, first: u64) -> io::Result<Found> {
    let broken = |index, reason| Ok(Found::Broken { index, reason });
    let head = salt.batch_head(window.bytes(offset, BATCH_HEAD_BYTES)?);
    let Some(head) = head.filter(|head| head.first == first && head.records > 0) else {
        return broken(first, "no batch begins here");
    };
    let start = offset + BATCH_HEAD_BYTES as u64;
    let bytes = window.bytes(start, head.bytes as usize)?;
    if bytes.len() < head.bytes as usize {
        return broken(first, "the batch is cut off");
    }
    let (mut records, mut at) = (Vec::new(), 0);
    for index in first..first + u64::from(head.records) {
        match salt.record(index, &bytes[at..]) {
            Ok(record) => {
                records.push((start + at as u64, record.to_vec()));
                at += RECORD_HEAD_BYTES + record.len();
            }
            Err(reason) => return broken(index, reason),
        }
    }
    if at < bytes.len() {
        return broken(first + u64::from(head.records), "bytes follow the last record of a batch");
    }
    Ok(Found::Whole { records, end: start + at as u64 })
}

/// Whether a batch of later records stands anywhere behind `offset`.
fn batch_after(window: &mut Window<'_>, salt: Salt, offset: u64, first: u64) -> io::Result<bool> {
    let mut at = offset + 1;
    while at + BATCH_HEAD_BYTES as u64 <= window.len {
        let bytes = window.bytes(at, WINDOW_BYTES)?;
        let later = |head: &[u8]| salt.batch_head(head).is_some_and(|head| head.first > first);
        if bytes.windows(BATCH_HEAD_BYTES).any(later) {
            return Ok(true);
        }
        // A head may lie across the end of what was read.
        at += (bytes.len() - (BATCH_HEAD_BYTES - 1)) as u64;
    }
    Ok(false)
}

/// Reads a file front to back in large pieces.
struct Window<'file> {
    file: &'file dyn LogFile,
    len: u64,
    start: u64,
    held: Vec<u8>,
}

impl<'file> Window<'file> {
    fn of(file: &'file dyn LogFile) -> io::Result<Self> {
        Ok(Self { file, len: file.len()?, start: 0, held: Vec::new() })
    }

    /// The bytes from `offset` on; fewer only at the end of the file.
    fn bytes(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let left = self.len.saturating_sub(offset);
        let length = usize::try_from(left).map_or(length, |left| left.min(length));
        let inside =
            |start: u64, held: usize| offset >= start && offset + length as u64 <= start + held as u64;
        if !inside(self.start, self.held.len()) {
            let ahead = usize::try_from(left).map_or(WINDOW_BYTES, |left| left.min(WINDOW_BYTES));
            self.held.resize(length.max(ahead), 0);
            let read = self.file.read_at(&mut self.held, offset)?;
            self.held.truncate(read);
            self.start = offset;
        }
        let at = (offset - self.start) as usize;
        Ok(&self.held[at..self.held.len().min(at + length)])
    }
}
