//! The compact range file, "quorate ipdata v1". All numbers are little-endian, nothing is aligned or padded.
//!
//! ```text
//! magic            8 bytes  "QRTIPDAT"
//! version          u32      1
//! zero             u32      0
//! checksum         u64      of every byte after it (checksum.rs)
//! length           u64      of the whole file
//! sources          u32      1 to 16
//! names            u32      count; name 0 is empty
//! name_bytes       u32      all names together, UTF-8
//! networks         u32      count
//! places           u32      count
//! source table     40 bytes each: kind u8 (0 network, 1 place), value_width u8 (2 or 4),
//!                  date_known u8, zero u8, name u32, date u64 (UTC milliseconds), rows u64, overlaps u64,
//!                  ranges4 u32, ranges6 u32
//! name ends        u32 each, where each name ends within the name bytes
//! name bytes
//! network entries  8 bytes each: asn u32, organisation (name) u32
//! place entries    10 bytes each: country 2 letters, subdivision (name) u32, latitude i16, longitude i16
//! (tenths of a degree, -32768 unknown) per source       starts4 (u32 each), values4 (value_width each),
//! starts6 (u64 each), values6
//! ```
//!
//! Starts rise strictly and begin with 0; a range ends before the next start, the last one at the end of the
//! family. Value 0 is "nothing known", value n the entry n - 1 of the source's dictionary.
//!
//! Of an IPv6 address only the upper 64 bits are kept: the lower ones name an interface on one link (RFC
//! 4291 section 2.5.1). Where a source splits a /64, what it says of the first address counts for all of it.

use std::ops::Range;

use quorate_types::{Control, UnixMillis};

use crate::checksum::checksum;
use crate::error::IpdataError;
use crate::ranges::{Boundaries, stop_if_cancelled};
use crate::source::{Source, SourceKind};

const MAGIC: &[u8; 8] = b"QRTIPDAT";
/// Version of the range file.
pub const VERSION: u32 = 1;
/// Where the checksummed part begins.
const CHECKED_FROM: usize = 24;
const SOURCE_BYTES: usize = 40;
const NETWORK_BYTES: usize = 8;
const PLACE_BYTES: usize = 10;

/// Stands for "no position" in a place entry.
pub(crate) const PLACE_POSITION_UNKNOWN: i16 = i16::MIN;

/// One row of the place dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlaceEntry {
    pub(crate) country: [u8; 2],
    pub(crate) subdivision: u32,
    pub(crate) latitude: i16,
    pub(crate) longitude: i16,
}

/// A source ready to be written.
pub(crate) struct SourceTables {
    pub(crate) kind: SourceKind,
    pub(crate) name: u32,
    pub(crate) date_ms: Option<UnixMillis>,
    pub(crate) rows: u64,
    pub(crate) overlaps: u64,
    pub(crate) v4: Boundaries<u32>,
    pub(crate) v6: Boundaries<u64>,
}

/// Where the parts of one source lie in the file.
#[derive(Clone, Debug)]
pub(crate) struct SourceLayout {
    pub(crate) value_width: usize,
    pub(crate) starts4: Range<usize>,
    pub(crate) values4: Range<usize>,
    pub(crate) starts6: Range<usize>,
    pub(crate) values6: Range<usize>,
}

/// Where the parts of a checked file lie.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) name_ends: Range<usize>,
    pub(crate) names: Range<usize>,
    pub(crate) networks: Range<usize>,
    pub(crate) places: Range<usize>,
    pub(crate) sources: Vec<(Source, SourceLayout)>,
}

/// Writes the file. The tables come from the builder, which keeps every count below its limits.
///
/// # Errors
/// [`IpdataError::Cancelled`].
pub(crate) fn encode(
    names: &[String],
    networks: &[(u32, u32)],
    places: &[PlaceEntry],
    sources: &[SourceTables],
    control: &dyn Control,
) -> Result<Vec<u8>, IpdataError> {
    let name_bytes: usize = names.iter().map(String::len).sum();
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    put32(&mut out, VERSION as usize);
    put32(&mut out, 0);
    // Checksum and length are known at the end.
    out.extend_from_slice(&[0; 16]);
    for count in [sources.len(), names.len(), name_bytes, networks.len(), places.len()] {
        put32(&mut out, count);
    }
    let widths: Vec<usize> = sources
        .iter()
        .map(|source| {
            let entries = if source.kind == SourceKind::Network { networks.len() } else { places.len() };
            if entries < usize::from(u16::MAX) { 2 } else { 4 }
        })
        .collect();
    for (source, width) in sources.iter().zip(&widths) {
        put_source(&mut out, source, *width);
    }
    let mut end = 0;
    for name in names {
        end += name.len();
        put32(&mut out, end);
    }
    names.iter().for_each(|name| out.extend_from_slice(name.as_bytes()));
    for (asn, organisation) in networks {
        put32(&mut out, *asn as usize);
        put32(&mut out, *organisation as usize);
    }
    for place in places {
        out.extend_from_slice(&place.country);
        put32(&mut out, place.subdivision as usize);
        out.extend_from_slice(&place.latitude.to_le_bytes());
        out.extend_from_slice(&place.longitude.to_le_bytes());
    }
    for (source, width) in sources.iter().zip(&widths) {
        put_each(
            &mut out,
            &source.v4.starts,
            |out, start| out.extend_from_slice(&start.to_le_bytes()),
            control,
        )?;
        put_values(&mut out, &source.v4.values, *width, control)?;
        put_each(
            &mut out,
            &source.v6.starts,
            |out, start| out.extend_from_slice(&start.to_le_bytes()),
            control,
        )?;
        put_values(&mut out, &source.v6.values, *width, control)?;
    }
    let length = out.len() as u64;
    out[CHECKED_FROM..CHECKED_FROM + 8].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&out[CHECKED_FROM..]);
    out[CHECKED_FROM - 8..CHECKED_FROM].copy_from_slice(&sum.to_le_bytes());
    Ok(out)
}

/// One row of the source table.
fn put_source(out: &mut Vec<u8>, source: &SourceTables, width: usize) {
    let date_known = u8::from(source.date_ms.is_some());
    out.extend_from_slice(&[kind_byte(source.kind), width as u8, date_known, 0]);
    put32(out, source.name as usize);
    for word in [source.date_ms.unwrap_or(0), source.rows, source.overlaps] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for count in [source.v4.starts.len(), source.v6.starts.len()] {
        put32(out, count);
    }
}

fn put32(out: &mut Vec<u8>, number: usize) {
    // Every count is bounded far below 2^32 by the builder.
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

fn put_each<T>(
    out: &mut Vec<u8>,
    items: &[T],
    put: impl Fn(&mut Vec<u8>, &T),
    control: &dyn Control,
) -> Result<(), IpdataError> {
    for (at, item) in items.iter().enumerate() {
        stop_if_cancelled(at, control)?;
        put(out, item);
    }
    Ok(())
}

fn put_values(
    out: &mut Vec<u8>,
    values: &[u32],
    width: usize,
    control: &dyn Control,
) -> Result<(), IpdataError> {
    put_each(out, values, |out, value| out.extend_from_slice(&value.to_le_bytes()[..width]), control)
}

fn kind_byte(kind: SourceKind) -> u8 {
    match kind {
        SourceKind::Network => 0,
        SourceKind::Place => 1,
    }
}

/// Checks a file wholly and says where its parts lie. After this every read of a part succeeds.
pub(crate) fn check(bytes: &[u8]) -> Result<Layout, IpdataError> {
    let mut reader = Cursor { bytes, at: 0 };
    if reader.fixed::<8>().as_ref() != Ok(MAGIC) {
        return Err(IpdataError::Format { position: 0, reason: "it does not begin as a Quorate range file" });
    }
    let version = reader.u32()?;
    if version != VERSION {
        return Err(IpdataError::Version { found: version, expected: VERSION });
    }
    reader.u32()?;
    let stated = reader.u64()?;
    let length = reader.u64()?;
    if length != bytes.len() as u64 {
        return Err(IpdataError::Format {
            position: CHECKED_FROM as u64,
            reason: "it is not as long as it says, so it was cut off or added to",
        });
    }
    if checksum(&bytes[CHECKED_FROM..]) != stated {
        return Err(IpdataError::Checksum);
    }
    let [sources, names, name_bytes, networks, places] = reader.u32s()?;
    let source_table = reader.take(sources, SOURCE_BYTES)?;
    let name_ends = reader.take(names, 4)?;
    let name_range = reader.take(name_bytes, 1)?;
    check_names(bytes, &name_ends, &name_range)?;
    let network_range = reader.take(networks, NETWORK_BYTES)?;
    let place_range = reader.take(places, PLACE_BYTES)?;
    check_entries(bytes, &network_range, NETWORK_BYTES, 4, names)?;
    check_entries(bytes, &place_range, PLACE_BYTES, 2, names)?;
    let mut layout = Layout {
        name_ends,
        names: name_range,
        networks: network_range,
        places: place_range,
        sources: Vec::new(),
    };
    for row in source_table.step_by(SOURCE_BYTES) {
        let source = read_source(&mut reader, row, &layout, [networks, places])?;
        layout.sources.push(source);
    }
    if reader.at != bytes.len() {
        return Err(reader.fault("bytes follow the last part"));
    }
    Ok(layout)
}

fn read_source(
    reader: &mut Cursor<'_>,
    row: usize,
    layout: &Layout,
    [networks, places]: [u32; 2],
) -> Result<(Source, SourceLayout), IpdataError> {
    let bytes = reader.bytes;
    let mut fields = Cursor { bytes, at: row + 4 };
    let (kind, entries) = match bytes[row] {
        0 => (SourceKind::Network, networks),
        1 => (SourceKind::Place, places),
        _ => return Err(fields.fault("the kind of a source is unknown")),
    };
    let value_width = usize::from(bytes[row + 1]);
    if !matches!(value_width, 2 | 4) {
        return Err(fields.fault("a width is unknown"));
    }
    let name = fields.u32()?;
    let (date, rows, overlaps) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let [ranges_v4, ranges_v6] = fields.u32s()?;
    let Some(name) = layout.name(bytes, name) else {
        return Err(fields.fault("a source has no name"));
    };
    let parts = SourceLayout {
        value_width,
        starts4: reader.take(ranges_v4, 4)?,
        values4: reader.take(ranges_v4, value_width)?,
        starts6: reader.take(ranges_v6, 8)?,
        values6: reader.take(ranges_v6, value_width)?,
    };
    check_starts(bytes, &parts.starts4, 4)?;
    check_starts(bytes, &parts.starts6, 8)?;
    check_values(bytes, &parts.values4, value_width, entries)?;
    check_values(bytes, &parts.values6, value_width, entries)?;
    let date_ms = (bytes[row + 2] != 0).then_some(date);
    Ok((Source { name: name.to_owned(), kind, date_ms, rows, overlaps, ranges_v4, ranges_v6 }, parts))
}

/// Names must be UTF-8 and their ends must rise to the end of the name bytes.
fn check_names(bytes: &[u8], ends: &Range<usize>, names: &Range<usize>) -> Result<(), IpdataError> {
    let fault = |at: usize, reason| IpdataError::Format { position: at as u64, reason };
    let text =
        std::str::from_utf8(&bytes[names.clone()]).map_err(|_| fault(names.start, "a name is not UTF-8"))?;
    let mut before = 0;
    for (index, end) in bytes[ends.clone()].as_chunks::<4>().0.iter().enumerate() {
        let end = u32::from_le_bytes(*end) as usize;
        if end < before || !text.is_char_boundary(end) {
            return Err(fault(ends.start + index * 4, "a name ends in a wrong place"));
        }
        before = end;
    }
    if before != text.len() { Err(fault(ends.start, "names and their ends differ")) } else { Ok(()) }
}

/// The name number at `offset` of each entry must exist.
fn check_entries(
    bytes: &[u8],
    entries: &Range<usize>,
    width: usize,
    offset: usize,
    names: u32,
) -> Result<(), IpdataError> {
    for at in entries.clone().step_by(width) {
        if (Cursor { bytes, at: at + offset }).u32()? >= names {
            return Err(IpdataError::Format {
                position: at as u64,
                reason: "an entry has a name that does not exist",
            });
        }
    }
    Ok(())
}

/// Starts must rise strictly from 0.
fn check_starts(bytes: &[u8], starts: &Range<usize>, width: usize) -> Result<(), IpdataError> {
    let mut before = None;
    for (index, start) in bytes[starts.clone()].chunks_exact(width).enumerate() {
        let start = little_endian(start);
        if before.map_or(start != 0, |before| start <= before) {
            let position = (starts.start + index * width) as u64;
            return Err(IpdataError::Format { position, reason: "ranges do not rise from 0" });
        }
        before = Some(start);
    }
    Ok(())
}

/// Values must be 0 or the number of an entry.
fn check_values(bytes: &[u8], values: &Range<usize>, width: usize, entries: u32) -> Result<(), IpdataError> {
    match bytes[values.clone()]
        .chunks_exact(width)
        .position(|value| little_endian(value) > u64::from(entries))
    {
        None => Ok(()),
        Some(index) => Err(IpdataError::Format {
            position: (values.start + index * width) as u64,
            reason: "a range has a value that does not exist",
        }),
    }
}

/// A number of at most 8 bytes.
fn little_endian(bytes: &[u8]) -> u64 {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(wide)
}

impl Layout {
    /// The name of a number, `None` where it does not exist.
    pub(crate) fn name<'a>(&self, bytes: &'a [u8], number: u32) -> Option<&'a str> {
        let ends = bytes.get(self.name_ends.clone())?.as_chunks::<4>().0;
        let number = number as usize;
        let end = u32::from_le_bytes(*ends.get(number)?) as usize;
        let start = match number {
            0 => 0,
            _ => u32::from_le_bytes(ends[number - 1]) as usize,
        };
        std::str::from_utf8(bytes.get(self.names.clone())?.get(start..end)?).ok()
    }

    /// ASN and organisation (name number) of a network's number.
    pub(crate) fn network(&self, bytes: &[u8], number: u32) -> Option<(u32, u32)> {
        let entry = bytes.get(self.networks.clone())?.as_chunks::<NETWORK_BYTES>().0.get(number as usize)?;
        let [a, b, c, d, e, f, g, h] = *entry;
        Some((u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])))
    }

    /// The place of a number.
    pub(crate) fn place(&self, bytes: &[u8], number: u32) -> Option<PlaceEntry> {
        let entry = bytes.get(self.places.clone())?.as_chunks::<PLACE_BYTES>().0.get(number as usize)?;
        let [a, b, c, d, e, f, g, h, i, j] = *entry;
        Some(PlaceEntry {
            country: [a, b],
            subdivision: u32::from_le_bytes([c, d, e, f]),
            latitude: i16::from_le_bytes([g, h]),
            longitude: i16::from_le_bytes([i, j]),
        })
    }
}

/// Reads on from a position and never beyond the end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn fault(&self, reason: &'static str) -> IpdataError {
        IpdataError::Format { position: self.at as u64, reason }
    }

    /// Steps over `count` items of `width` bytes and returns where they lie.
    fn take(&mut self, count: u32, width: usize) -> Result<Range<usize>, IpdataError> {
        let length = (count as usize).checked_mul(width);
        let end =
            length.and_then(|length| self.at.checked_add(length)).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else { return Err(self.fault("a part reaches beyond the end")) };
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], IpdataError> {
        let range = self.take(1, N)?;
        let mut fixed = [0; N];
        fixed.copy_from_slice(&self.bytes[range]);
        Ok(fixed)
    }

    fn u32(&mut self) -> Result<u32, IpdataError> {
        self.fixed().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, IpdataError> {
        self.fixed().map(u64::from_le_bytes)
    }

    fn u32s<const N: usize>(&mut self) -> Result<[u32; N], IpdataError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.u32()?;
        }
        Ok(numbers)
    }
}
