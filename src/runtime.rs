//! The bulk CPU pool.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use napi::{Error, Status};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A run asks for at most this many threads; more than this is a mistake, not a machine.
const THREADS_MAX: u32 = 256;

/// The pool of `threads` threads; 0 stands for one per core. Pools are kept: a run that comes again finds its
/// threads warm.
pub fn bulk_pool(threads: u32) -> napi::Result<Arc<ThreadPool>> {
    static POOLS: OnceLock<Mutex<Vec<Arc<ThreadPool>>>> = OnceLock::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = if threads == 0 { cores } else { threads.min(THREADS_MAX) as usize };
    let mut pools = POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.iter().find(|pool| pool.current_num_threads() == wanted) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(wanted)
        .thread_name(|index| format!("quorate-cpu-{index}"))
        .build()
        .map_err(|error| Error::new(Status::GenericFailure, format!("no threads for the CPU pool: {error}")))?;
    let pool = Arc::new(pool);
    pools.push(Arc::clone(&pool));
    Ok(pool)
}
