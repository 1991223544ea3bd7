//! Eight polynomials side by side.
//!
//! Verification transforms seven polynomials of the response and the challenge, and transforms eight rows
//! back. With coefficient `i` of all eight in one row of eight lanes, every butterfly of every level is the
//! same work on eight lanes: no level needs shuffles, and plain loops over eight numbers compile to vector
//! instructions.
//!
//! Arithmetic is signed Montgomery arithmetic modulo q with R = 2^32 (FIPS 204, appendix A); the transforms
//! are its algorithms 41 and 42.

use super::sample::Polynomial;
use crate::parameters::{GAMMA2, K, L, N, Q};

/// Polynomials in a batch.
pub(super) const WIDTH: usize = 8;

/// `q^-1` modulo 2^32.
const Q_INVERSE: i32 = 58_728_449;
/// `2^64` modulo q: multiplying by it brings a number into Montgomery form.
const R_SQUARED: i32 = 2_365_951;
/// The root of unity.
const ZETA: i64 = 1753;
/// Powers of the root in the order of the transform, in Montgomery form, centred.
const ZETAS: [i32; N] = zetas();
/// `256^-1` in Montgomery form: the last step of the way back.
const N_INVERSE: i32 = centred((8_347_681_i64 << 32) % Q as i64);

const fn centred(value: i64) -> i32 {
    let value = value % Q as i64;
    let value = if value < 0 { value + Q as i64 } else { value };
    (if value > Q as i64 / 2 { value - Q as i64 } else { value }) as i32
}

const fn zetas() -> [i32; N] {
    let mut zetas = [0; N];
    let mut at = 0;
    while at < N {
        let exponent = (at as u8).reverse_bits();
        let (mut power, mut step) = (1, 0);
        while step < exponent as usize {
            power = power * ZETA % Q as i64;
            step += 1;
        }
        zetas[at] = centred((power << 32) % Q as i64);
        at += 1;
    }
    zetas
}

type Row = [i32; WIDTH];

/// `value * R^-1` modulo q, between -q and q for values up to `2^31 q`.
#[inline(always)]
fn reduce(value: i64) -> i32 {
    let quotient = (value as i32).wrapping_mul(Q_INVERSE);
    ((value - i64::from(quotient) * i64::from(Q)) >> 32) as i32
}

#[inline(always)]
fn multiply(row: Row, factor: i32) -> Row {
    let mut product = [0; WIDTH];
    for lane in 0..WIDTH {
        product[lane] = reduce(i64::from(row[lane]) * i64::from(factor));
    }
    product
}

#[inline(always)]
fn add(a: Row, b: Row) -> Row {
    let mut sum = [0; WIDTH];
    for lane in 0..WIDTH {
        sum[lane] = a[lane] + b[lane];
    }
    sum
}

#[inline(always)]
fn subtract(a: Row, b: Row) -> Row {
    let mut difference = [0; WIDTH];
    for lane in 0..WIDTH {
        difference[lane] = a[lane] - b[lane];
    }
    difference
}

/// Eight polynomials.
#[repr(align(32))]
pub(super) struct Lanes([Row; N]);

impl Lanes {
    pub(super) fn zero() -> Self {
        Self([[0; WIDTH]; N])
    }

    /// Puts polynomials into the first lanes.
    #[inline(always)]
    pub(super) fn set_columns(&mut self, polynomials: &[Polynomial; L]) {
        for (at, row) in self.0.iter_mut().enumerate() {
            for (lane, polynomial) in polynomials.iter().enumerate() {
                row[lane] = polynomial[at];
            }
        }
    }

    /// Puts a polynomial into one lane.
    #[inline(always)]
    pub(super) fn set_column(&mut self, lane: usize, polynomial: &Polynomial) {
        for (row, coefficient) in self.0.iter_mut().zip(polynomial) {
            row[lane] = *coefficient;
        }
    }

    /// Transforms all eight. Each level adds at most q: below 2^27 after eight.
    #[inline(always)]
    pub(super) fn transform(&mut self) {
        let mut zeta = 0;
        let mut length = N / 2;
        while length >= 1 {
            for block in self.0.chunks_exact_mut(2 * length) {
                zeta += 1;
                let (low, high) = block.split_at_mut(length);
                for (a, b) in low.iter_mut().zip(high) {
                    let product = multiply(*b, ZETAS[zeta]);
                    (*a, *b) = (add(*a, product), subtract(*a, product));
                }
            }
            length /= 2;
        }
    }

    /// Transforms all eight back, from values between -q and q. Sums double at each level: 256 q is below
    /// 2^31.
    #[inline(always)]
    pub(super) fn transform_back(&mut self) {
        let mut zeta = N;
        let mut length = 1;
        while length < N {
            for block in self.0.chunks_exact_mut(2 * length) {
                zeta -= 1;
                let (low, high) = block.split_at_mut(length);
                for (a, b) in low.iter_mut().zip(high) {
                    let difference = subtract(*b, *a);
                    (*a, *b) = (add(*a, *b), multiply(difference, ZETAS[zeta]));
                }
            }
            length *= 2;
        }
        for row in &mut self.0 {
            *row = multiply(*row, N_INVERSE);
        }
    }

    /// The high bits of each polynomial, corrected by its hints (algorithms 36 and 40), packed 4 bits each in
    /// the order of the polynomials (algorithm 28).
    #[inline(always)]
    pub(super) fn high_bits(&self, hints: &[[bool; N]; K], out: &mut [u8; K * N / 2]) {
        let mut high = [[0_u8; N]; K];
        for (at, row) in self.0.iter().enumerate() {
            for lane in 0..WIDTH {
                high[lane][at] = high_bits(row[lane], hints[lane][at]);
            }
        }
        for (polynomial, out) in high.iter().zip(out.chunks_exact_mut(N / 2)) {
            for (pair, byte) in polynomial.chunks_exact(2).zip(out) {
                *byte = pair[0] | pair[1] << 4;
            }
        }
    }
}

/// The high bits of a number between -q and q, moved by one where there is a hint.
#[inline(always)]
fn high_bits(value: i32, hint: bool) -> u8 {
    let value = value + ((value >> 31) & Q);
    // value / (2 * GAMMA2), rounded to the nearest, without a division; 16 wraps to 0.
    let high = ((((value + 127) >> 7) * 1025 + (1 << 21)) >> 22) & 15;
    let low = value - high * 2 * GAMMA2;
    let low = low - ((((Q - 1) / 2 - low) >> 31) & Q);
    let step = if low > 0 { 1 } else { 15 };
    ((high + i32::from(hint) * step) & 15) as u8
}

/// What a key contributes: per coefficient, eight columns of eight rows.
#[repr(align(32))]
pub(super) struct Matrix([[Row; L + 1]; N]);

impl Clone for Matrix {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl Matrix {
    /// `columns` of A are transformed already; `t` is `t1 * 2^d` and is not.
    pub(super) fn new(a: &[[Polynomial; L]], t: &[Polynomial]) -> Self {
        let mut last = Lanes::zero();
        for (lane, polynomial) in t.iter().enumerate() {
            last.set_column(lane, polynomial);
        }
        last.transform();
        let mut matrix = [[[0; WIDTH]; L + 1]; N];
        for (at, columns) in matrix.iter_mut().enumerate() {
            for (column, lanes) in columns.iter_mut().enumerate() {
                for (row, lane) in lanes.iter_mut().enumerate() {
                    let value = if column < L { a[row][column][at] } else { -last.0[at][row] };
                    *lane = reduce(i64::from(value) * i64::from(R_SQUARED));
                }
            }
        }
        Self(matrix)
    }

    /// `A z - c t1 2^d`: eight products of less than 2^50 each are summed before they are reduced.
    #[inline(always)]
    pub(super) fn multiply(&self, batch: &Lanes) -> Lanes {
        let mut product = Lanes::zero();
        for ((out, columns), factors) in product.0.iter_mut().zip(&self.0).zip(&batch.0) {
            let mut sums = [0_i64; WIDTH];
            for (column, factor) in columns.iter().zip(factors) {
                for lane in 0..WIDTH {
                    sums[lane] += i64::from(column[lane]) * i64::from(*factor);
                }
            }
            for lane in 0..WIDTH {
                out[lane] = reduce(sums[lane]);
            }
        }
        product
    }
}
