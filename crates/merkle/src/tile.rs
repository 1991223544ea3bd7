//! Tiles: the tree as static files (C2SP tlog-tiles).
//!
//! `tile/<L>/<N>` holds 256 hashes side by side, each over `256^L` leaves; `tile/entries/<N>` holds 256
//! entries. The last tile of a level is partial and has its width in its name, `.p/<W>`.

use std::fmt;

use crate::error::MerkleError;
use crate::hash::{HASH_BYTES, Hash};
use crate::proof::Nodes;
use crate::text::decimal;
use crate::tree::fold;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Largest entry: a bundle has 16 bits for its length.
pub const ENTRY_BYTES_MAX: usize = 0xffff;
/// Levels of the tree in one tile.
const TILE_HEIGHT: u32 = 8;
/// Levels of tiles that a tree of less than `2^64` leaves can have.
const TILE_LEVELS: u8 = 8;
/// Beyond this no tile of such a tree can stand: the leaves below it would have no number.
const TILE_INDEX_MAX: u64 = (1 << (64 - TILE_HEIGHT)) - 1;

/// A tile of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileId {
    /// 0 for leaf hashes.
    pub level: u8,
    /// Counted from the left, from 0.
    pub index: u64,
    /// Hashes in it, 1 to 256.
    pub width: u16,
}

/// A bundle of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleId {
    /// Counted from the left, from 0.
    pub index: u64,
    /// Entries in it, 1 to 256.
    pub width: u16,
}

impl fmt::Display for TileId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "tile/{}/{}", self.level, place(self.index, self.width))
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "tile/entries/{}", place(self.index, self.width))
    }
}

/// The index in groups of three digits, all but the last after an `x`; then the width of a partial tile.
fn place(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if u64::from(width) < TILE_WIDTH { format!("{path}.p/{width}") } else { path }
}

/// Reads what [`place`] writes, and nothing else.
fn parse_place(text: &str) -> Option<(u64, u16)> {
    let (path, width) = match text.split_once(".p/") {
        Some((path, width)) => (path, decimal(width).filter(|width| (1..TILE_WIDTH).contains(width))?),
        None => (text, TILE_WIDTH),
    };
    let mut index = 0u64;
    let mut groups = path.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    let width = u16::try_from(width).ok().filter(|_| index <= TILE_INDEX_MAX)?;
    // One tile has one name: no group of zeros in front.
    (place(index, width) == text).then_some((index, width))
}

impl TileId {
    /// Reads a path such as `tile/0/x001/x234/067.p/8`.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = u8::try_from(decimal(level)?).ok().filter(|level| *level < TILE_LEVELS)?;
        let (index, width) = parse_place(rest)?;
        Some(Self { level, index, width })
    }

    /// Its content from a tree that has it.
    ///
    /// # Errors
    /// Those of the nodes.
    pub fn read_from<N: Nodes + ?Sized>(&self, nodes: &N) -> Result<Vec<u8>, MerkleError> {
        let level = u32::from(self.level) * TILE_HEIGHT;
        let first = self.index * TILE_WIDTH;
        let mut bytes = Vec::with_capacity(usize::from(self.width) * HASH_BYTES);
        for at in first..first + u64::from(self.width) {
            bytes.extend_from_slice(&nodes.node(level, at)?);
        }
        Ok(bytes)
    }
}

impl BundleId {
    /// Reads a path such as `tile/entries/x001/x234/067.p/8`.
    pub fn parse(path: &str) -> Option<Self> {
        let (index, width) = parse_place(path.strip_prefix("tile/entries/")?)?;
        Some(Self { index, width })
    }

    /// The first leaf it holds.
    pub fn first(&self) -> u64 {
        self.index * TILE_WIDTH
    }

    /// Its content: every entry after its length, as a big-endian number of 16 bits.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_TILE` where an entry is too large, or their number another one.
    pub fn encode<E: AsRef<[u8]>>(&self, entries: &[E]) -> Result<Vec<u8>, MerkleError> {
        if entries.len() != usize::from(self.width) {
            return Err(self.unusable("it has another number of entries"));
        }
        let mut bytes = Vec::new();
        for entry in entries.iter().map(AsRef::as_ref) {
            let length = u16::try_from(entry.len());
            let length = length.map_err(|_| self.unusable("it has an entry of more than 65,535 bytes"))?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        Ok(bytes)
    }

    /// The entries of its content.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_TILE` where there are more or fewer, or bytes are left over.
    pub fn decode<'bytes>(&self, bytes: &'bytes [u8]) -> Result<Vec<&'bytes [u8]>, MerkleError> {
        let mut entries = Vec::with_capacity(usize::from(self.width));
        let mut rest = bytes;
        for _ in 0..self.width {
            let entry = rest
                .split_first_chunk::<2>()
                .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
            let (entry, after) = entry.ok_or_else(|| self.unusable("it is cut off"))?;
            entries.push(entry);
            rest = after;
        }
        if rest.is_empty() { Ok(entries) } else { Err(self.unusable("bytes follow its last entry")) }
    }

    fn unusable(&self, reason: &'static str) -> MerkleError {
        MerkleError::Tile { path: self.to_string(), reason }
    }
}

/// The tiles that a log of `size` leaves needs beside those that were complete at `before` leaves.
pub fn tiles_between(before: u64, size: u64) -> impl Iterator<Item = TileId> {
    (0..TILE_LEVELS).flat_map(move |level| {
        let at = |leaves: u64| leaves >> (u32::from(level) * TILE_HEIGHT);
        widths(at(before), at(size)).map(move |(index, width)| TileId { level, index, width })
    })
}

/// The bundles that a log of `size` leaves needs beside those that were complete at `before` leaves.
pub fn bundles_between(before: u64, size: u64) -> impl Iterator<Item = BundleId> {
    widths(before, size).map(|(index, width)| BundleId { index, width })
}

/// Indexes and widths of tiles over `count` things, without those that were full at `before`.
fn widths(before: u64, count: u64) -> impl Iterator<Item = (u64, u16)> {
    let grown = count > before;
    let last = if grown { count.div_ceil(TILE_WIDTH) } else { 0 };
    (before / TILE_WIDTH..last).map(move |index| (index, width_of(index, count)))
}

fn width_of(index: u64, count: u64) -> u16 {
    // At most 256, so it fits.
    (count - index * TILE_WIDTH).min(TILE_WIDTH) as u16
}

/// Where tiles are fetched from.
pub trait TileSource {
    /// The content of a tile.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_TILE` where it cannot be had.
    fn tile(&self, id: TileId) -> Result<Vec<u8>, MerkleError>;
}

/// The nodes of a tree of `size` leaves, read from its tiles. What is read is only as good as the tiles:
/// verify each proof against a signed root.
pub struct TileNodes<'source, S: ?Sized> {
    source: &'source S,
    size: u64,
}

impl<'source, S: TileSource + ?Sized> TileNodes<'source, S> {
    /// The tree of `size` leaves that `source` has the tiles of.
    pub fn new(source: &'source S, size: u64) -> Self {
        Self { source, size }
    }
}

impl<S: TileSource + ?Sized> Nodes for TileNodes<'_, S> {
    fn size(&self) -> u64 {
        self.size
    }

    fn node(&self, level: u32, index: u64) -> Result<Hash, MerkleError> {
        let tile_level = level / TILE_HEIGHT;
        let inside = level % TILE_HEIGHT;
        let first = index << inside;
        let tile = first / TILE_WIDTH;
        let width = width_of(tile, self.size >> (tile_level * TILE_HEIGHT));
        // Levels are below 64, so the number fits.
        let id = TileId { level: tile_level as u8, index: tile, width };
        let wrong = |reason| MerkleError::Tile { path: id.to_string(), reason };
        let bytes = self.source.tile(id)?;
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if hashes.len() != usize::from(width) || !rest.is_empty() {
            return Err(wrong("it has another size than its width says"));
        }
        let first = (first % TILE_WIDTH) as usize;
        let hashes = hashes.get(first..first + (1 << inside));
        hashes.map(fold).ok_or_else(|| wrong("it does not reach far enough"))
    }
}
