//! Units that decide. Integers only: a float sum that should be 0.8 can come out below it.

/// Hundredths of a percent: 10 000 is 1.0. Confidence and every score that meets a limit use it.
pub type BasisPoints = u16;

/// The largest confidence or score, 1.0.
pub const BASIS_POINTS_MAX: BasisPoints = 10_000;

/// The whole of a share or a vote weight, in parts per million.
pub const PPM_MAX: u32 = 1_000_000;

/// Wall time: UTC milliseconds since 1970-01-01. It always comes from the caller.
pub type UnixMillis = u64;

/// `numerator / denominator` in basis points, rounded down and capped at 1.0; 0 where the denominator is 0.
///
/// ```
/// use quorate_types::units::ratio_basis_points;
/// assert_eq!(ratio_basis_points(2, 3), 6_666);
/// assert_eq!(ratio_basis_points(5, 3), 10_000);
/// assert_eq!(ratio_basis_points(0, 0), 0);
/// ```
pub fn ratio_basis_points(numerator: u64, denominator: u64) -> BasisPoints {
    if denominator == 0 {
        return 0;
    }
    let scaled = u128::from(numerator) * u128::from(BASIS_POINTS_MAX) / u128::from(denominator);
    // Capped first, so the conversion cannot lose anything.
    BasisPoints::try_from(scaled.min(u128::from(BASIS_POINTS_MAX))).unwrap_or(BASIS_POINTS_MAX)
}
