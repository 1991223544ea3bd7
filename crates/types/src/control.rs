//! How a caller watches and stops a long run.

/// Handed to every run that can take longer than about 10 ms.
///
/// A core calls both methods from the thread that runs it, between units of work that take at most about 10
/// ms, so that a cancelled run ends within that time. Cancelling is not an error of the core: the run returns
/// its own
/// `Cancelled` variant and has changed nothing.
pub trait Control: Sync {
    /// Whether the caller no longer wants the result.
    fn cancelled(&self) -> bool;

    /// `done` of `total` units of work are finished; `total` is 0 where it cannot be known.
    fn progress(&self, done: u64, total: u64);
}

/// A caller that neither watches nor stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoControl;

impl Control for NoControl {
    fn cancelled(&self) -> bool {
        false
    }

    fn progress(&self, _done: u64, _total: u64) {}
}
