//! The bulk CPU pool.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use napi_derive::napi;
use quorate_nsga2::sort::Path;
use quorate_types::Coded;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Pools that are kept, the one used last at the end: runs that take turns with two sizes find theirs warm,
/// and no caller can make the process fill up with threads.
const POOLS_MAX: usize = 2;

/// The system gave no thread.
#[derive(Debug)]
pub struct NoThreads(String);

impl fmt::Display for NoThreads {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no threads for the CPU pool: {}; end other work, or ask for fewer threads", self.0)
    }
}

impl std::error::Error for NoThreads {}

impl Coded for NoThreads {
    const CODES: &'static [&'static str] = &["QRT_ERR_NATIVE_NO_THREADS"];

    fn code(&self) -> &'static str {
        "QRT_ERR_NATIVE_NO_THREADS"
    }

    fn retryable(&self) -> bool {
        true
    }
}

/// The pool of `threads` threads, at most one per core, which is also what 0 stands for: more threads than
/// cores only take turns, and no result depends on their number.
///
/// # Errors
/// [`NoThreads`] where the system is at its limit.
pub fn bulk_pool(threads: u32) -> Result<Arc<ThreadPool>, NoThreads> {
    static POOLS: Mutex<Vec<Arc<ThreadPool>>> = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = if threads == 0 { cores } else { cores.min(threads as usize) };
    // A panic here leaves a list of whole pools.
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = match pools.iter().position(|pool| pool.current_num_threads() == wanted) {
        Some(at) => pools.remove(at),
        None => Arc::new(build(wanted)?),
    };
    // The threads of a pool that goes end with the runs they still have.
    if pools.len() == POOLS_MAX {
        pools.remove(0);
    }
    pools.push(Arc::clone(&pool));
    Ok(pool)
}

fn build(threads: usize) -> Result<ThreadPool, NoThreads> {
    let named = |index| format!("quorate-cpu-{index}");
    let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(named);
    builder.build().map_err(|error| NoThreads(error.to_string()))
}

/// What was built, and what it found on this machine.
#[napi(object)]
pub struct NativeBuildInfo {
    /// Platform it was built for.
    pub target: String,
    /// `release` or `debug`.
    pub profile: String,
    /// Instruction sets found that the core can use.
    pub cpu_features: Vec<String>,
    /// Path that non-dominated sorting takes.
    pub sort_path: String,
}

/// What was built, and what it found on this machine.
// Not guarded: it copies constants and asks the processor.
#[napi]
pub fn build_info() -> NativeBuildInfo {
    NativeBuildInfo {
        target: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        cpu_features: cpu_features().into_iter().map(str::to_owned).collect(),
        sort_path: format!("{:?}", Path::detect()).to_lowercase(),
    }
}

#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<&'static str> {
    let found = [
        ("sse4.2", is_x86_feature_detected!("sse4.2")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
    ];
    found.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> Vec<&'static str> {
    Vec::new()
}
