//! Errors cross the seam as data: napi-rs cannot carry a code of our own out of asynchronous work, and an
//! object is typed in the generated declarations where an exception is not.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};

use napi::Either;
use napi_derive::napi;
use quorate_types::{Coded, FieldPath};

/// Where the fault lies.
#[napi(object, use_nullable = true)]
pub struct NativeFailureDetails {
    /// Path of the input field at fault, such as `profiles[3].confidence`.
    pub field: Option<String>,
}

/// A call that failed. `ts/native.ts` throws a `QuorateError` from it.
#[napi(object)]
pub struct NativeFailure {
    /// `QRT_ERR_<ROOM>_<REASON>`; all of them stand in docs/errors.md.
    pub code: String,
    /// What is wrong and what to do, for a person.
    pub message: String,
    /// Where the fault lies.
    pub details: NativeFailureDetails,
    /// Whether the same call may succeed later without a change of its input.
    pub retryable: bool,
}

/// What every fallible export returns.
pub type Outcome<T> = Either<NativeFailure, T>;

/// The code of a panic that was caught at the seam: a defect of ours, never of the caller.
pub const INTERNAL_PANIC: &str = "QRT_ERR_INTERNAL_PANIC";

impl NativeFailure {
    /// The data of an error.
    pub fn of<E: Coded>(error: &E) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            details: NativeFailureDetails { field: error.field().map(ToString::to_string) },
            retryable: error.retryable(),
        }
    }

    fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self {
            code: INTERNAL_PANIC.to_owned(),
            message: format!("a defect in the native core: {text}; please report it"),
            details: NativeFailureDetails { field: None },
            retryable: false,
        }
    }
}

/// What a call on a handle can fail with.
#[derive(Debug)]
pub enum HandleError<E> {
    /// The core refused it.
    Refused(E),
    /// An earlier call on this handle ended in a panic, so nobody knows what state it left.
    Poisoned,
}

impl<E> From<E> for HandleError<E> {
    fn from(error: E) -> Self {
        Self::Refused(error)
    }
}

impl<E: fmt::Display> fmt::Display for HandleError<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(out),
            Self::Poisoned => {
                out.write_str("an earlier call ended in a defect of the native core: start anew")
            }
        }
    }
}

impl<E: Coded> std::error::Error for HandleError<E> {}

impl<E: Coded> Coded for HandleError<E> {
    const CODES: &'static [&'static str] = E::CODES;

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Poisoned => INTERNAL_PANIC,
        }
    }

    fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Refused(error) => error.field(),
            Self::Poisoned => None,
        }
    }

    fn retryable(&self) -> bool {
        matches!(self, Self::Refused(error) if error.retryable())
    }
}

/// Opens a handle. A panic while it was open leaves the mutex poisoned, and it stays so: every later call
/// fails.
///
/// # Errors
/// [`HandleError::Poisoned`].
pub fn open<T, E>(handle: &Mutex<T>) -> Result<MutexGuard<'_, T>, HandleError<E>> {
    handle.lock().map_err(|_| HandleError::Poisoned)
}

/// Runs `work` and turns an error or a panic into data.
pub fn guard<T, E: Coded>(work: impl FnOnce() -> Result<T, E>) -> Outcome<T> {
    // Unwind safety: a caller drops what the closure touched, or poisons the handle that owned it.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Either::B(value),
        Ok(Err(error)) => Either::A(NativeFailure::of(&error)),
        Err(payload) => Either::A(NativeFailure::panicked(payload.as_ref())),
    }
}

/// Every code that a native call can carry, for the test that compares them with docs/errors.md.
// Not guarded: it copies constant tables.
#[napi]
pub fn error_codes() -> Vec<String> {
    let of_crates = [
        quorate_types::cbor::CborError::CODES,
        quorate_nsga2::Error::CODES,
        quorate_diversity::DiversityError::CODES,
        quorate_ipdata::IpdataError::CODES,
        quorate_placement::Error::CODES,
        quorate_attestation::AttestationError::CODES,
        quorate_attester::AttesterError::CODES,
        quorate_multisig::MultisigError::CODES,
        quorate_merkle::MerkleError::CODES,
        quorate_disk::DiskError::CODES,
        quorate_transparency::TransparencyError::CODES,
        crate::runtime::NoThreads::CODES,
    ];
    let own = [INTERNAL_PANIC];
    of_crates.into_iter().flatten().copied().chain(own).map(str::to_owned).collect()
}
