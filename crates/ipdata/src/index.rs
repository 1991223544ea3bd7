//! Lookup in a compact range file.

use std::net::IpAddr;
use std::ops::Range;

use crate::address::{AddressKind, address_kind, unmapped};
use crate::error::IpdataError;
use crate::format::{self, Layout, PLACE_POSITION_UNKNOWN, SourceLayout};
use crate::source::{Source, SourceKind};

/// IPv4 addresses are first narrowed by their upper 16 bits.
const JUMP_BITS: u32 = 16;

/// IPv6 addresses are first narrowed to this many ranges: eight cache lines.
const SAMPLE_STRIDE: usize = 64;

/// A range file in memory, checked once and then only read. Its size in memory is the file's plus about half
/// a megabyte per source.
#[derive(Clone, Debug)]
pub struct Index {
    bytes: Vec<u8>,
    layout: Layout,
    sources: Vec<Source>,
    /// Shortcuts into the ranges of each source.
    guides: Vec<Guide>,
}

/// Shortcuts that stay in the processor's cache, where a plain search through millions of starts would miss
/// it at every step.
#[derive(Clone, Debug)]
struct Guide {
    /// By the upper 16 bits of an IPv4 address: the first range that starts at or above them.
    jump4: Vec<u32>,
    /// Every [`SAMPLE_STRIDE`]th IPv6 start.
    samples6: Vec<u64>,
}

/// All answers to one address, in the order of the sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<'a> {
    /// What kind of address it is. Only public ones are looked up.
    pub kind: AddressKind,
    /// The network by each network source that knows one.
    pub networks: Vec<Network<'a>>,
    /// The place by each place source that knows one.
    pub places: Vec<Place<'a>>,
}

/// The autonomous system of an address by one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network<'a> {
    /// Its number.
    pub asn: u32,
    /// Its organisation, empty where the source has none.
    pub organisation: &'a str,
    /// First address of the range with this answer, neighbours with the same answer merged.
    pub first: IpAddr,
    /// Last address of that range.
    pub last: IpAddr,
    /// Index into [`Index::sources`].
    pub source: usize,
}

/// The place of an address by one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<'a> {
    /// ISO 3166-1, two letters.
    pub country: [u8; 2],
    /// Name or ISO code of the subdivision as the source writes it, where it was kept.
    pub subdivision: Option<&'a str>,
    /// Latitude and longitude in degrees, to a tenth, where they were kept.
    pub position: Option<(f64, f64)>,
    /// Index into [`Index::sources`].
    pub source: usize,
}

impl Place<'_> {
    /// The country as text.
    pub fn country_code(&self) -> &str {
        std::str::from_utf8(&self.country).unwrap_or("")
    }
}

impl<'a> Found<'a> {
    /// The network by the first source that knows it.
    pub fn network(&self) -> Option<&Network<'a>> {
        self.networks.first()
    }

    /// The place by the first source that knows it.
    pub fn place(&self) -> Option<&Place<'a>> {
        self.places.first()
    }
}

impl Index {
    /// Takes a range file in and checks all of it, so that later lookups cannot fail.
    ///
    /// # Errors
    /// [`IpdataError::Format`], [`IpdataError::Version`] or [`IpdataError::Checksum`].
    pub fn decode(bytes: Vec<u8>) -> Result<Self, IpdataError> {
        let layout = format::check(&bytes)?;
        let sources = layout.sources.iter().map(|(source, _)| source.clone()).collect();
        let guides = layout.sources.iter().map(|(_, parts)| Guide::to(&bytes, parts)).collect();
        Ok(Self { bytes, layout, sources, guides })
    }

    /// The sources in the order in which they answer.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Bytes this index holds in memory.
    pub fn memory_bytes(&self) -> usize {
        let guides: usize = self
            .guides
            .iter()
            .map(|guide| size_of_val(guide.jump4.as_slice()) + size_of_val(guide.samples6.as_slice()))
            .sum();
        self.bytes.capacity() + guides
    }

    /// Looks one address up in every source. An IPv4-mapped IPv6 address is looked up as IPv4; an address
    /// that is not public has no answers.
    pub fn lookup(&self, address: IpAddr) -> Found<'_> {
        let address = unmapped(address);
        let mut found = Found { kind: address_kind(address), networks: Vec::new(), places: Vec::new() };
        if found.kind != AddressKind::Public {
            return found;
        }
        for (number, (source, parts)) in self.layout.sources.iter().enumerate() {
            let Some((value, range)) = self.range_of(number, parts, address) else { continue };
            match source.kind {
                SourceKind::Network => {
                    found.networks.extend(self.network(number, parts, value, address, range))
                }
                SourceKind::Place => found.places.extend(self.place_entry(number, value)),
            }
        }
        found
    }

    /// The dictionary entry of an address in each source, in the order of the sources; `None` where a source
    /// knows nothing. Many addresses share an entry, so a caller that resolves each entry once
    /// ([`Index::network_entry`], [`Index::place_entry`]) asks faster than by [`Index::lookup`].
    pub fn entries(&self, address: IpAddr) -> impl Iterator<Item = Option<u32>> + '_ {
        let address = unmapped(address);
        let public = address_kind(address) == AddressKind::Public;
        self.layout.sources.iter().enumerate().map(move |(number, (_, parts))| {
            self.range_of(number, parts, address).filter(|_| public).map(|(entry, _)| entry)
        })
    }

    /// The autonomous system and its organisation of an entry of a network source.
    pub fn network_entry(&self, entry: u32) -> Option<(u32, &str)> {
        let (asn, organisation) = self.layout.network(&self.bytes, entry)?;
        Some((asn, self.layout.name(&self.bytes, organisation)?))
    }

    /// The entry number and the range's index, `None` where the source knows nothing.
    fn range_of(&self, number: usize, parts: &SourceLayout, address: IpAddr) -> Option<(u32, usize)> {
        let (index, values) = match address {
            IpAddr::V4(four) => {
                let key = u32::from(four);
                let starts = self.keys::<4>(&parts.starts4);
                let jump = &self.guides[number].jump4;
                let upper = (key >> JUMP_BITS) as usize;
                let window = *jump.get(upper)? as usize..*jump.get(upper + 1)? as usize;
                let within = starts.get(window.clone())?;
                let after = window.start + within.partition_point(|start| u32::from_le_bytes(*start) <= key);
                (after.checked_sub(1)?, &parts.values4)
            }
            IpAddr::V6(six) => {
                let key = upper_half(six.into());
                let samples = self.guides[number].samples6.as_slice();
                let block = samples.partition_point(|start| *start <= key).checked_sub(1)?;
                let from = block * SAMPLE_STRIDE;
                let starts = self.keys::<8>(&parts.starts6);
                let within = starts.get(from..starts.len().min(from + SAMPLE_STRIDE))?;
                let after = from + within.partition_point(|start| u64::from_le_bytes(*start) <= key);
                (after.checked_sub(1)?, &parts.values6)
            }
        };
        let value = if parts.value_width == 2 {
            u32::from(u16::from_le_bytes(*self.keys::<2>(values).get(index)?))
        } else {
            u32::from_le_bytes(*self.keys::<4>(values).get(index)?)
        };
        Some((value.checked_sub(1)?, index))
    }

    fn network(
        &self,
        source: usize,
        parts: &SourceLayout,
        entry: u32,
        address: IpAddr,
        range: usize,
    ) -> Option<Network<'_>> {
        let (asn, organisation) = self.network_entry(entry)?;
        let (first, last): (IpAddr, IpAddr) = match address {
            IpAddr::V4(_) => {
                let start =
                    |index: usize| self.keys::<4>(&parts.starts4).get(index).map(|k| u32::from_le_bytes(*k));
                let last = start(range + 1).map_or(u32::MAX, |next| next.wrapping_sub(1));
                (IpAddr::V4(start(range)?.into()), IpAddr::V4(last.into()))
            }
            IpAddr::V6(_) => {
                let start = |index: usize| {
                    let key = self.keys::<8>(&parts.starts6).get(index)?;
                    Some(u128::from(u64::from_le_bytes(*key)) << 64)
                };
                let last = start(range + 1).map_or(u128::MAX, |next| next.wrapping_sub(1));
                (IpAddr::V6(start(range)?.into()), IpAddr::V6(last.into()))
            }
        };
        Some(Network { asn, organisation, first, last, source })
    }

    /// The place of an entry of a place source.
    pub fn place_entry(&self, source: usize, entry: u32) -> Option<Place<'_>> {
        let place = self.layout.place(&self.bytes, entry)?;
        let subdivision = self.layout.name(&self.bytes, place.subdivision).filter(|name| !name.is_empty());
        let position = (place.latitude != PLACE_POSITION_UNKNOWN)
            .then(|| (f64::from(place.latitude) / 10.0, f64::from(place.longitude) / 10.0));
        Some(Place { country: place.country, subdivision, position, source })
    }

    fn keys<const N: usize>(&self, range: &Range<usize>) -> &[[u8; N]] {
        self.bytes.get(range.clone()).unwrap_or_default().as_chunks::<N>().0
    }
}

fn upper_half(address: u128) -> u64 {
    (address >> 64) as u64
}

impl Guide {
    fn to(bytes: &[u8], parts: &SourceLayout) -> Self {
        let starts6 = bytes[parts.starts6.clone()].as_chunks::<8>().0;
        Self {
            jump4: jump_table(bytes[parts.starts4.clone()].as_chunks::<4>().0),
            samples6: starts6.iter().step_by(SAMPLE_STRIDE).map(|start| u64::from_le_bytes(*start)).collect(),
        }
    }
}

/// For each value of the upper 16 bits the index of the first start at or above that block, then the count.
///
/// The last start at or below an address of a block is thus found between two neighbouring entries, or is
/// the one before the first of them.
fn jump_table(starts: &[[u8; 4]]) -> Vec<u32> {
    let mut jump = Vec::with_capacity((1 << JUMP_BITS) + 1);
    for (index, start) in starts.iter().enumerate() {
        while jump.len() << JUMP_BITS <= u32::from_le_bytes(*start) as usize {
            jump.push(index as u32);
        }
    }
    jump.resize((1 << JUMP_BITS) + 1, starts.len() as u32);
    jump
}
