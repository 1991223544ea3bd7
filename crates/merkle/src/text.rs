//! Pieces that notes, keys and checkpoints are written with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Standard base64 with padding (RFC 4648, section 4). Unused bits must be zero, so that each value has one
/// text: else a note could be changed without its signature noticing.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A number as it is written: digits without a leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Whether a key may have this name: neither empty nor with spaces, plus signs or control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(fits)
}

/// Longest name of a key, longest origin.
pub(crate) const NAME_BYTES_MAX: usize = 255;
