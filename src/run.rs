//! Long runs: off the JavaScript thread, cancellable, with progress.
//!
//! Never napi's `AsyncTask`: it takes one of libuv's four threads, so four runs would stall every file read
//! of the process.
//! Never an `AbortSignal` across the seam: the facade owns the signal and calls [`NativeRun::cancel`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use napi::Either;
use napi::bindgen_prelude::{Env, Object, ToNapiValue};
use napi_derive::napi;
use quorate_types::{Coded, Control};

use crate::failure::{NativeFailure, Outcome, guard};
use crate::runtime::bulk_pool;

/// What JavaScript holds of one long run: it stops it, and reads how far it got.
// Its methods are not guarded: they read and write atomics.
#[napi]
#[derive(Default)]
pub struct NativeRun {
    state: Arc<RunState>,
}

#[derive(Default)]
struct RunState {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Control for RunState {
    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn progress(&self, done: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }
}

#[napi]
impl NativeRun {
    /// A run that has not started.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to end; it does so within about 10 ms and reports `..._CANCELLED`.
    #[napi]
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::Relaxed);
    }

    /// Units of work done so far.
    #[napi]
    pub fn done(&self) -> f64 {
        self.state.done.load(Ordering::Relaxed) as f64
    }

    /// Units of work in all; 0 where it is not known yet.
    #[napi]
    pub fn total(&self) -> f64 {
        self.state.total.load(Ordering::Relaxed) as f64
    }
}

type Resolver<T> = Box<dyn FnOnce(Env) -> napi::Result<Outcome<T>> + Send>;
type Reply<T, E> = Box<dyn FnOnce(Result<T, E>) + Send>;

/// The promise of an outcome that comes from a thread of a core, which cannot be stopped.
pub fn reply<'env, T, E>(env: &'env Env, start: impl FnOnce(Reply<T, E>)) -> napi::Result<Object<'env>>
where
    T: ToNapiValue + Send + 'static,
    E: Coded + Send,
{
    let (deferred, promise) = env.create_deferred::<Outcome<T>, Resolver<T>>()?;
    start(Box::new(move |outcome| {
        let outcome = guard(|| outcome);
        deferred.resolve(Box::new(move |_| Ok(outcome)));
    }));
    Ok(promise)
}

impl NativeRun {
    /// Runs `work` on the CPU pool of `threads` threads (0: all cores) and gives the promise of its outcome.
    pub fn spawn<'env, T, E, F>(&self, env: &'env Env, threads: u32, work: F) -> napi::Result<Object<'env>>
    where
        T: ToNapiValue + Send + 'static,
        E: Coded + Send,
        F: FnOnce(&dyn Control) -> Result<T, E> + Send + 'static,
    {
        let (deferred, promise) = env.create_deferred::<Outcome<T>, Resolver<T>>()?;
        let state = Arc::clone(&self.state);
        match bulk_pool(threads) {
            Ok(pool) => pool.spawn(move || {
                let outcome = guard(|| work(state.as_ref()));
                deferred.resolve(Box::new(move |_| Ok(outcome)));
            }),
            Err(error) => {
                let failure = NativeFailure::of(&error);
                deferred.resolve(Box::new(move |_| Ok(Either::A(failure))));
            }
        }
        Ok(promise)
    }
}
