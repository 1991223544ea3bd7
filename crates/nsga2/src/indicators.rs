//! Quality indicators.

/// Largest number of objectives whose hypervolume is computed.
pub const HYPERVOLUME_OBJECTIVES_MAX: usize = 5;
