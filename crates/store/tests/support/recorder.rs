//! A file system for SQLite that writes through to the real one and remembers every write, flush and removal
//! in order, so that a test can say what a disk may hold after a power cut at any moment.
#![allow(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Mutex;

use rusqlite::ffi::{
    self, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_io_methods, sqlite3_vfs,
    sqlite3_vfs_find, sqlite3_vfs_register,
};

/// What happened to the disk, or was promised to a caller.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Write {
        file: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        size: usize,
    },
    Flush {
        file: String,
    },
    Remove {
        file: String,
    },
    /// A transaction was acknowledged: the row with this number is durable from here on.
    Acknowledge(i64),
}

static EVENTS: Mutex<Vec<Event>> = Mutex::new(Vec::new());

pub(crate) fn record(event: Event) {
    EVENTS.lock().unwrap().push(event);
}

/// All events so far; the list begins anew.
pub(crate) fn take() -> Vec<Event> {
    std::mem::take(&mut EVENTS.lock().unwrap())
}

/// What a disk holds by name of file.
pub(crate) type Disk = BTreeMap<String, Vec<u8>>;

/// The disk after a power cut that follows these events. What was flushed is there. Of what was written
/// since, `survives` is asked sector by sector: a disk keeps any of it, in any order.
pub(crate) fn after_power_cut(events: &[Event], mut survives: impl FnMut() -> bool) -> Disk {
    const SECTOR: usize = 512;
    let mut disk = Disk::new();
    for (at, event) in events.iter().enumerate() {
        let flushed_later = |name: &str| {
            events[at..].iter().any(|later| matches!(later, Event::Flush { file } if file == name))
        };
        match event {
            Event::Write { file, offset, bytes } => {
                let whole = flushed_later(file);
                for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                    if whole || survives() {
                        put(disk.entry(file.clone()).or_default(), offset + n * SECTOR, sector);
                    }
                }
            }
            Event::Truncate { file, size } => {
                if flushed_later(file) || survives() {
                    disk.entry(file.clone()).or_default().resize(*size, 0);
                }
            }
            Event::Remove { file } => {
                disk.remove(file);
            }
            Event::Flush { .. } | Event::Acknowledge(_) => {}
        }
    }
    disk
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if content.len() < offset + bytes.len() {
        content.resize(offset + bytes.len(), 0);
    }
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// A file of ours; the real one follows it in memory.
#[repr(C)]
struct Recorded {
    base: sqlite3_file,
    /// Name of a file whose writes count; null for others (the shared memory beside the log is rebuilt).
    name: *mut String,
}

unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    file.cast::<Recorded>().add(1).cast()
}

unsafe fn name(file: *mut sqlite3_file) -> Option<String> {
    (*file.cast::<Recorded>()).name.as_ref().cloned()
}

macro_rules! through {
    ($($function:ident = $method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        unsafe extern "C" fn $function(file: *mut sqlite3_file $(, $argument: $kind)*) -> c_int {
            let real = real(file);
            (*(*real).pMethods).$method.unwrap()(real $(, $argument)*)
        }
    )*};
}

through! {
    read = xRead(into: *mut c_void, length: c_int, offset: i64);
    file_size = xFileSize(into: *mut i64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(into: *mut c_int);
    file_control = xFileControl(what: c_int, argument: *mut c_void);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
    shm_map = xShmMap(region: c_int, size: c_int, extend: c_int, into: *mut *mut c_void);
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    let real = real(file);
    (*(*real).pMethods).xShmBarrier.unwrap()(real);
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    if let Some(file) = name(file) {
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize).to_vec();
        record(Event::Write { file, offset: offset as usize, bytes });
    }
    let real = real(file);
    (*(*real).pMethods).xWrite.unwrap()(real, bytes, length, offset)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    if let Some(file) = name(file) {
        record(Event::Truncate { file, size: size as usize });
    }
    let real = real(file);
    (*(*real).pMethods).xTruncate.unwrap()(real, size)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let real = real(file);
    let outcome = (*(*real).pMethods).xSync.unwrap()(real, flags);
    if let (SQLITE_OK, Some(file)) = (outcome, name(file)) {
        record(Event::Flush { file });
    }
    outcome
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let real = real(file);
    let outcome =
        if (*real).pMethods.is_null() { SQLITE_OK } else { (*(*real).pMethods).xClose.unwrap()(real) };
    let name = std::mem::replace(&mut (*file.cast::<Recorded>()).name, std::ptr::null_mut());
    if !name.is_null() {
        drop(Box::from_raw(name));
    }
    outcome
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Version 2: with shared memory, without memory-mapped pages, so that every write is seen.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe fn below(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    (*vfs).pAppData.cast()
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let recorded = file.cast::<Recorded>();
    (*recorded).base.pMethods = &METHODS;
    (*recorded).name = std::ptr::null_mut();
    if flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL) != 0 && !path.is_null() {
        let name = CStr::from_ptr(path).to_string_lossy().into_owned();
        (*recorded).name = Box::into_raw(Box::new(name));
    }
    let real = real(file);
    (*real).pMethods = std::ptr::null();
    (*below(vfs)).xOpen.unwrap()(below(vfs), path, real, flags, out)
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    record(Event::Remove { file: CStr::from_ptr(path).to_string_lossy().into_owned() });
    (*below(vfs)).xDelete.unwrap()(below(vfs), path, sync)
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    what: c_int,
    out: *mut c_int,
) -> c_int {
    (*below(vfs)).xAccess.unwrap()(below(vfs), path, what, out)
}

unsafe extern "C" fn full_path(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    length: c_int,
    out: *mut c_char,
) -> c_int {
    (*below(vfs)).xFullPathname.unwrap()(below(vfs), path, length, out)
}

/// Every connection of this process that is opened from now on is recorded.
pub(crate) fn install() {
    unsafe {
        let real = sqlite3_vfs_find(std::ptr::null());
        let mut vfs = *real;
        vfs.pNext = std::ptr::null_mut();
        vfs.zName = c"recorder".as_ptr();
        vfs.szOsFile = (size_of::<Recorded>() as c_int) + (*real).szOsFile;
        vfs.pAppData = real.cast();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        vfs.xAccess = Some(access);
        vfs.xFullPathname = Some(full_path);
        assert_eq!(ffi::sqlite3_initialize(), SQLITE_OK);
        assert_eq!(sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1), SQLITE_OK);
    }
}
