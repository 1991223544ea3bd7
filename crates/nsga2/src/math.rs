//! Elementary functions that give the same bits on every machine.
//!
//! `f64::powf`, `exp`, `ln`, `sin` and their kin call the system's libm, whose last bits differ between
//! versions of glibc and, through its choice of fused multiply-add, even between processors. A run that must
//! be repeatable cannot use them. These are series in plain additions, multiplications and divisions, which
//! IEEE 754 fixes exactly and the compiler must not fuse or reorder; `sqrt` of the standard library is exact
//! by the same rule.
//!
//! Errors, measured by the tests below against the standard library: `exp`, `ln`, `sin`, `cos`, `atan2`
//! within 4e-16 relative (`sin` and `cos`: absolute, for arguments up to 1e4); `pow` within 4e-16 times (1 +
//! |result's logarithm|).

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, LOG2_E, PI};

/// e to the power of `x`; 0 below -745, infinity above 709.78.
#[inline]
pub fn exp(x: f64) -> f64 {
    if !(x > -708.0 && x < 709.0) {
        return exp_at_the_edge(x);
    }
    // Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits of the sum.
    let rounded = x * LOG2_E + ROUNDER;
    let whole = rounded - ROUNDER;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let scale = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    exp_series(rest) * scale
}

/// Natural logarithm; minus infinity of 0, NaN of negative numbers.
#[inline]
pub fn ln(x: f64) -> f64 {
    if !(f64::MIN_POSITIVE..f64::INFINITY).contains(&x) {
        return ln_at_the_edge(x);
    }
    // x = 2^exponent * fraction with fraction in [sqrt(1/2), sqrt(2)).
    let bits = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = (bits.cast_signed() >> 52) as f64;
    let fraction = f64::from_bits((bits & FRACTION_MASK) + SQRT_HALF_BITS);
    // ln(fraction) = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), and 2 s = f - s f keeps the leading term
    // exact.
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let tail = s * z * atanh_series(z);
    exponent * LN_2_HIGH + (f - (s * f - (tail + exponent * LN_2_LOW)))
}

/// `base` to the power of `exponent` for a base that is not negative; 0 to the power of 0 is 1.
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    if base == 0.0 {
        return if exponent > 0.0 {
            0.0
        } else if exponent == 0.0 {
            1.0
        } else {
            f64::INFINITY
        };
    }
    exp(exponent * ln(base))
}

/// `base` to the power of a small whole number, by repeated squaring.
#[inline]
pub fn powi(base: f64, exponent: u32) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}

/// Sine of an angle in radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    let (rest, quadrant) = quarter(x);
    let value = if quadrant & 1 == 0 { sin_series(rest) } else { cos_series(rest) };
    if quadrant & 2 == 0 { value } else { -value }
}

/// Cosine of an angle in radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    let (rest, quadrant) = quarter(x);
    let value = if quadrant & 1 == 0 { cos_series(rest) } else { sin_series(rest) };
    if (quadrant + 1) & 2 == 0 { value } else { -value }
}

/// Angle of the vector (`x`, `y`) in radians, from -pi to pi; 0 for the zero vector.
pub fn atan2(y: f64, x: f64) -> f64 {
    let (small, large) = if y.abs() < x.abs() { (y.abs(), x.abs()) } else { (x.abs(), y.abs()) };
    let steep = if large == 0.0 { 0.0 } else { atan_of_fraction(small / large) };
    let first_octants = if y.abs() < x.abs() {
        steep
    } else if large == 0.0 {
        0.0
    } else {
        FRAC_PI_2 - steep
    };
    let upper = if x < 0.0 { PI - first_octants } else { first_octants };
    if y < 0.0 { -upper } else { upper }
}

/// ln 2 in two parts: the upper has 20 trailing zero bits, so its product with an exponent is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// pi / 2 in three parts of 33 bits, for the same reason.
const PI_2_HIGH: f64 = f64::from_bits(0x3ff9_21fb_5440_0000);
const PI_2_MIDDLE: f64 = f64::from_bits(0x3dd0_b461_1a60_0000);
const PI_2_LOW: f64 = f64::from_bits(0x3ba3_198a_2e03_7073);
const ROUNDER: f64 = 6_755_399_441_055_744.0;
const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
const FRACTION_MASK: u64 = (1 << 52) - 1;

/// The Taylor series of e^r for |r| <= ln(2)/2; the first term left out is below 5e-18. Grouped in pairs
/// (Estrin), so that the processor can work on several terms at a time.
#[inline(always)]
fn exp_series(r: f64) -> f64 {
    const C: [f64; 14] = inverse_factorials();
    let r2 = r * r;
    let r4 = r2 * r2;
    let r8 = r4 * r4;
    let a = (C[2] + C[3] * r) + (C[4] + C[5] * r) * r2;
    let b = (C[6] + C[7] * r) + (C[8] + C[9] * r) * r2;
    let c = (C[10] + C[11] * r) + (C[12] + C[13] * r) * r2;
    // 1 + r is added last: it carries the leading bits.
    1.0 + (r + r2 * ((a + b * r4) + c * r8))
}

const fn inverse_factorials() -> [f64; 14] {
    let mut values = [1.0; 14];
    let mut index = 1;
    let mut factorial = 1.0;
    while index < 14 {
        factorial *= index as f64;
        values[index] = 1.0 / factorial;
        index += 1;
    }
    values
}

/// 2 (1/3 + z/5 + z^2/7 + ...) for z <= 0.0295; the first term left out is below 1e-17.
#[inline(always)]
fn atanh_series(z: f64) -> f64 {
    let z2 = z * z;
    let z4 = z2 * z2;
    let a = (2.0 / 3.0 + 2.0 / 5.0 * z) + (2.0 / 7.0 + 2.0 / 9.0 * z) * z2;
    let b = (2.0 / 11.0 + 2.0 / 13.0 * z) + (2.0 / 15.0 + 2.0 / 17.0 * z) * z2;
    let c = (2.0 / 19.0 + 2.0 / 21.0 * z) + 2.0 / 23.0 * z2;
    (a + b * z4) + c * (z4 * z4)
}

/// The angle within [-pi/4, pi/4] and the quarter turns taken off it.
#[inline(always)]
fn quarter(x: f64) -> (f64, u64) {
    let rounded = x * (1.0 / FRAC_PI_2) + ROUNDER;
    let turns = rounded - ROUNDER;
    let rest = ((x - turns * PI_2_HIGH) - turns * PI_2_MIDDLE) - turns * PI_2_LOW;
    (rest, rounded.to_bits() & 3)
}

#[inline(always)]
fn sin_series(x: f64) -> f64 {
    const C: [f64; 8] = inverse_factorials_from(3);
    let z = x * x;
    let z2 = z * z;
    let low = (-C[0] + C[1] * z) + (-C[2] + C[3] * z) * z2;
    let high = (-C[4] + C[5] * z) + (-C[6] + C[7] * z) * z2;
    x + x * z * (low + high * (z2 * z2))
}

#[inline(always)]
fn cos_series(x: f64) -> f64 {
    const C: [f64; 8] = inverse_factorials_from(4);
    let z = x * x;
    let z2 = z * z;
    let low = (C[0] - C[1] * z) + (C[2] - C[3] * z) * z2;
    let high = (C[4] - C[5] * z) + (C[6] - C[7] * z) * z2;
    // 1 - z/2 loses what is added back here.
    let half = 0.5 * z;
    let lead = 1.0 - half;
    lead + (((1.0 - lead) - half) + z2 * (low + high * (z2 * z2)))
}

/// 1/first!, 1/(first + 2)!, ...
const fn inverse_factorials_from(first: usize) -> [f64; 8] {
    let mut values = [0.0; 8];
    let mut index = 0;
    while index < 8 {
        let mut factorial = 1.0;
        let mut factor = 2;
        while factor <= first + 2 * index {
            factorial *= factor as f64;
            factor += 1;
        }
        values[index] = 1.0 / factorial;
        index += 1;
    }
    values
}

/// Arc tangent of a number of [0, 1]: halving the angle twice leaves at most tan(pi/16) for the Taylor
/// series.
fn atan_of_fraction(x: f64) -> f64 {
    if x == 1.0 {
        return FRAC_PI_4;
    }
    let half = x / (1.0 + (1.0 + x * x).sqrt());
    let quarter = half / (1.0 + (1.0 + half * half).sqrt());
    let z = quarter * quarter;
    let mut sum = 0.0;
    for term in (0..12).rev() {
        let sign = if term % 2 == 0 { 1.0 } else { -1.0 };
        sum = sum * z + sign / f64::from(2 * term + 1);
    }
    4.0 * quarter * sum
}

#[cold]
fn exp_at_the_edge(x: f64) -> f64 {
    if x.is_nan() {
        x
    } else if x >= 709.782_712_893_384 {
        f64::INFINITY
    } else if x <= -745.2 {
        0.0
    } else {
        // Half the exponent twice: the result may be too small or too large for one scaling.
        let half = exp(0.5 * x);
        half * half
    }
}

#[cold]
fn ln_at_the_edge(x: f64) -> f64 {
    if x == 0.0 {
        f64::NEG_INFINITY
    } else if x < 0.0 || x.is_nan() {
        f64::NAN
    } else if x == f64::INFINITY {
        x
    } else {
        // Subnormal: 2^54 makes it normal.
        ln(x * 18_014_398_509_481_984.0) - 54.0 * std::f64::consts::LN_2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(found: f64, expected: f64, tolerance: f64) -> bool {
        found == expected || (found - expected).abs() <= tolerance * expected.abs()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn exponentials(x in -700.0..700.0_f64) {
            let tolerance = 4e-16 * (1.0 + x.abs() / 700.0);
            prop_assert!(near(exp(x), x.exp(), tolerance), "{} {} {}", x, exp(x), x.exp());
        }

        #[test]
        fn logarithms(exponent in -300.0..300.0_f64) {
            let x = 10_f64.powf(exponent);
            prop_assert!(near(ln(x), x.ln(), 4e-16), "{} {} {}", x, ln(x), x.ln());
        }

        #[test]
        fn logarithms_near_one(x in 0.5..2.0_f64) {
            prop_assert!(near(ln(x), x.ln(), 4e-16), "{} {} {}", x, ln(x), x.ln());
        }

        #[test]
        fn powers(base in 1e-6..10.0_f64, exponent in -20.0..100.0_f64) {
            let expected = base.powf(exponent);
            let tolerance = 4e-16 * (1.0 + expected.ln().abs());
            prop_assert!(near(pow(base, exponent), expected, tolerance), "{} {}", base, exponent);
        }

        #[test]
        fn angles(x in -1e4..1e4_f64) {
            prop_assert!((sin(x) - x.sin()).abs() <= 4e-16, "{} {} {}", x, sin(x), x.sin());
            prop_assert!((cos(x) - x.cos()).abs() <= 4e-16, "{} {} {}", x, cos(x), x.cos());
        }

        #[test]
        fn directions(y in -10.0..10.0_f64, x in -10.0..10.0_f64) {
            prop_assert!(near(atan2(y, x), y.atan2(x), 8e-16), "{} {} {} {}", y, x, atan2(y, x), y.atan2(x));
        }
    }

    #[test]
    fn edges() {
        assert_eq!([exp(0.0), exp(f64::INFINITY), exp(f64::NEG_INFINITY)], [1.0, f64::INFINITY, 0.0]);
        assert!(exp(f64::NAN).is_nan() && ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        assert!(near(exp(-740.0), (-740.0_f64).exp(), 0.3) && near(exp(709.5), 709.5_f64.exp(), 1e-15));
        assert_eq!([ln(1.0), ln(0.0), ln(f64::INFINITY)], [0.0, f64::NEG_INFINITY, f64::INFINITY]);
        assert!(near(ln(1e-310), 1e-310_f64.ln(), 1e-15));
        assert_eq!(
            [pow(0.0, 2.0), pow(0.0, 0.0), pow(0.0, -1.0), pow(1.0, 9.0)],
            [0.0, 1.0, f64::INFINITY, 1.0]
        );
        assert_eq!([powi(3.0, 0), powi(3.0, 1), powi(3.0, 5)], [1.0, 3.0, 243.0]);
        assert_eq!([sin(0.0), cos(0.0), atan2(0.0, 0.0)], [0.0, 1.0, 0.0]);
        assert_eq!(atan2(0.0, -1.0), PI);
    }

    #[test]
    fn bits_are_fixed() {
        // Anything but these bits would change the result of every run with the same seed.
        let found =
            [exp(1.5), ln(3.7), pow(0.3, 0.0625), sin(2.5), cos(40.0), atan2(1.0, 3.0)].map(f64::to_bits);
        let fixed = [
            0x4011_ed3f_e64f_c541,
            0x3ff4_eeee_650a_e550,
            0x3fed_ae30_11ef_9676,
            0x3fe3_26af_0dcf_cab0,
            0xbfe5_578e_7d68_218e,
            0x3fd4_978f_a326_9ee1,
        ];
        assert_eq!(found, fixed);
    }
}
