//! One owner for a directory.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::DiskError;

/// Longest text about a holder that is read.
const HOLDER_BYTES_MAX: u64 = 256;

/// The right to write below a directory, until it is dropped or the process ends.
///
/// It is the system's advisory lock on the file `lock`, so it cannot outlive its process, whatever kills it.
/// The file names the holder and is never removed: another process may be about to lock it.
#[derive(Debug)]
pub struct DirectoryLock {
    directory: PathBuf,
    _file: File,
}

impl DirectoryLock {
    /// Takes a directory, which is made where it is absent. `purpose` tells a person what holds it, such as
    /// `quorate serve`.
    ///
    /// # Errors
    /// [`DiskError::Held`] with the holder's process id, [`DiskError::Io`].
    pub fn acquire(directory: &Path, purpose: &str) -> Result<Self, DiskError> {
        create_dir_all(directory).map_err(|error| DiskError::io(directory, "making it", &error))?;
        let path = directory.join("lock");
        let failed = |action, error: &std::io::Error| DiskError::io(&path, action, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed("opening it", &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let (directory, holder) = (directory.display().to_string(), holder(&mut file));
                return Err(DiskError::Held { directory, holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed("locking it", &error)),
        }
        let text = format!("process {} ({purpose})\n", std::process::id());
        let written = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| failed("writing it", &error))?;
        Ok(Self { directory: directory.to_owned(), _file: file })
    }

    /// The directory that is held.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Who has the lock, as its file says; it is written a moment after the lock was taken.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // What cannot be read leaves the text empty.
    let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
    match text.trim() {
        "" => "another process".to_owned(),
        holder => holder.to_owned(),
    }
}
