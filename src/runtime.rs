//! The bulk CPU pool.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use napi::{Error, Status};
use napi_derive::napi;
use quorate_nsga2::sort::Path;
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
        .map_err(|error| {
            Error::new(Status::GenericFailure, format!("no threads for the CPU pool: {error}"))
        })?;
    let pool = Arc::new(pool);
    pools.push(Arc::clone(&pool));
    Ok(pool)
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
