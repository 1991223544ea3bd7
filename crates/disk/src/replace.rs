//! Files that are replaced whole.

use std::fs::{File, rename};
use std::io::Write;
use std::path::Path;

use crate::error::DiskError;

/// Replaces a file, or makes it: after a crash it holds all of the old content or all of the new one, and
/// after this returns the new one. The directory has one owner (see [`crate::DirectoryLock`]).
///
/// # Errors
/// [`DiskError::Io`], [`DiskError::Full`]; the old content stands then.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), DiskError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let failed = |action| move |error: std::io::Error| DiskError::io(path, action, &error);
    let mut file = File::create(&new).map_err(failed("making its replacement"))?;
    file.write_all(content).map_err(failed("writing its replacement"))?;
    file.sync_all().map_err(failed("flushing its replacement"))?;
    rename(&new, path).map_err(failed("replacing it"))?;
    sync_directory_of(path)
}

/// Flushes the names in the directory of a file: a new name is only durable then.
#[cfg(unix)]
pub(crate) fn sync_directory_of(path: &Path) -> Result<(), DiskError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|error| DiskError::io(directory, "flushing its names", &error))
}

/// Windows opens no directory to be flushed; its file systems keep a journal of names.
#[cfg(not(unix))]
pub(crate) fn sync_directory_of(_path: &Path) -> Result<(), DiskError> {
    Ok(())
}
