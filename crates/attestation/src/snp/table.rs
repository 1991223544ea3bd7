//! The table of certificates that a host hands to a guest beside its report (`auxblob` of configfs-tsm).
//!
//! Source: AMD publication 56421, guest-hypervisor communication block, section 4.1.8.1: entries of a GUID,
//! an offset and a length, little-endian, up to an entry of zeros.

use crate::bytes::Bytes;
use crate::verdict::{Reason, Rejection, reject};

/// Largest table.
const TABLE_BYTES_MAX: usize = 64 << 10;
/// Most entries.
const ENTRIES_MAX: usize = 16;
/// GUID of the entry that holds a revocation list: collateral comes from the verifier's own store, not from
/// the guest.
const CRL: [u8; 16] =
    [0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea];

/// The certificates of a table, in DER.
///
/// # Errors
/// `MALFORMED` for a table that is too large, cut off or points outside itself.
pub fn certificates(table: &[u8]) -> Result<Vec<Vec<u8>>, Rejection> {
    let malformed = |why: &str| reject(Reason::Malformed, format!("the certificate table {why}"));
    if table.len() > TABLE_BYTES_MAX {
        return Err(malformed("is too large"));
    }
    let mut from = Bytes::of(table, "the certificate table");
    let mut found = Vec::new();
    for _ in 0..=ENTRIES_MAX {
        let guid: [u8; 16] = from.array()?;
        let (offset, length) = (from.u32()? as usize, from.u32()? as usize);
        if guid == [0; 16] {
            return Ok(found);
        }
        let end = offset.checked_add(length).ok_or_else(|| malformed("points outside itself"))?;
        let document = table.get(offset..end).ok_or_else(|| malformed("points outside itself"))?;
        if guid != CRL {
            found.push(document.to_vec());
        }
    }
    Err(malformed("has too many entries"))
}
