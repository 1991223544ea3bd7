//! The checksum of the range file: finds damage, not attackers.

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a with its 64-bit constants (Fowler, Noll, Vo), taken over little-endian words of 8 bytes instead of
/// single bytes, with a rotation so that high bits reach low ones; the last word is padded with zeros and
/// the length is added as one more word.
///
/// Every step is a bijection of the state, so any damage within one word is always found.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let tail = [last, (bytes.len() as u64).to_le_bytes()];
    words.iter().chain(&tail).fold(OFFSET_BASIS, |state, word| {
        (state ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME).rotate_left(29)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_changes_it() {
        let bytes: Vec<u8> = (0..101u8).collect();
        let whole = checksum(&bytes);
        for at in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            assert_ne!(checksum(&damaged), whole, "bit {at}");
        }
        for end in 0..bytes.len() {
            assert_ne!(checksum(&bytes[..end]), whole);
        }
        assert_ne!(checksum(&[0; 8]), checksum(&[0; 7]));
    }
}
