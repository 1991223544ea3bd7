//! Reading fixed little-endian layouts and hexadecimal digits without a panic.

use crate::verdict::{Reason, Rejection, reject};

/// A cursor over evidence; every read is checked.
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    position: usize,
    what: &'static str,
}

impl<'a> Bytes<'a> {
    /// Reads `bytes`; `what` names them in a rejection.
    pub(crate) fn of(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, position: 0, what }
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Rejection> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            let (what, at) = (self.what, self.position);
            return Err(reject(Reason::Malformed, format!("{what} is cut off at byte {at}")));
        };
        self.rest = rest;
        self.position += length;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Rejection> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A byte.
    pub(crate) fn u8(&mut self) -> Result<u8, Rejection> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes, little-endian.
    pub(crate) fn u16(&mut self) -> Result<u16, Rejection> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes, little-endian.
    pub(crate) fn u32(&mut self) -> Result<u32, Rejection> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes, little-endian.
    pub(crate) fn u64(&mut self) -> Result<u64, Rejection> {
        self.array().map(u64::from_le_bytes)
    }

    /// Passes over `length` bytes that must be zero: the signature or the format does not protect them.
    pub(crate) fn zeros(&mut self, length: usize) -> Result<(), Rejection> {
        let at = self.position;
        if self.take(length)?.iter().any(|byte| *byte != 0) {
            let what = self.what;
            return Err(reject(
                Reason::Malformed,
                format!("{what} has reserved bytes set from byte {at} on"),
            ));
        }
        Ok(())
    }

    /// All that follows.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// `N` bytes from hexadecimal digits of either case.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    bytes_from_hex(text)?.try_into().ok()
}

/// Bytes from hexadecimal digits of either case.
pub(crate) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
