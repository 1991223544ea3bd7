//! From sources to one compact range file.

use std::collections::BTreeMap;
use std::io::BufRead;

use quorate_types::{Control, FieldPath, UnixMillis};

use crate::error::IpdataError;
use crate::format::{self, PLACE_POSITION_UNKNOWN, PlaceEntry, SourceTables};
use crate::lines::{Line, Lines};
use crate::mmdb::{self, MmdbSink};
use crate::ranges::{NOTHING, Spans};
use crate::record::{NAME_BYTES_MAX, Range, Record};
use crate::source::{SourceKind, SourceSpec};
use crate::text::TextFormat;

/// Most sources in one file.
pub const SOURCES_MAX: usize = 16;

/// Most ranges one source may hold per address family before merging; today's whole routing table has a
/// million prefixes.
pub const RANGES_MAX: usize = 1 << 25;

/// Most different names, networks or places in one file.
pub const DICTIONARY_MAX: usize = 1 << 22;

/// A text source is refused when more than one row in this many is malformed.
const ROWS_PER_BAD_ROW_MIN: u64 = 100;

/// Malformed rows that are forgiven however short the file is (a header line, a cut last line).
const BAD_ROWS_FORGIVEN: u64 = 2;

/// How many malformed rows a report describes.
const BAD_ROWS_SHOWN: usize = 5;

/// Rows between two looks at the caller's control: below a millisecond.
const ROWS_PER_STEP: u64 = 1024;

/// For which countries a place keeps more than its country. Every kept detail splits ranges and costs
/// memory, so it is kept only where it decides: where a country or a subdivision lies in several power
/// regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceDetail {
    /// Countries (ISO 3166-1, two letters) whose subdivision is kept.
    pub subdivision: Vec<[u8; 2]>,
    /// Where the position is kept, in tenths of a degree: finer than an IP address can tell.
    pub position: Vec<PositionArea>,
}

/// A part of the world whose positions are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionArea {
    /// ISO 3166-1, two letters.
    pub country: [u8; 2],
    /// Its subdivisions as sources spell them, by name and by code (`Texas` and `TX`); empty for the whole
    /// country. Where a source gives no subdivision the position is kept, being all there is.
    pub subdivisions: Vec<String>,
}

impl PlaceDetail {
    fn keeps_position(&self, country: [u8; 2], subdivision: &str) -> bool {
        self.position.iter().any(|area| {
            area.country == country
                && (area.subdivisions.is_empty()
                    || subdivision.is_empty()
                    || area.subdivisions.iter().any(|name| name == subdivision))
        })
    }
}

/// What one import found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows (text) or networks (MMDB) read, malformed ones included.
    pub rows: u64,
    /// Malformed rows, which were left out.
    pub bad_rows: u64,
    /// The first malformed rows: line, counted from 1, and what is wrong.
    pub first_bad: Vec<BadRow>,
    /// Rows with several origins, of which the first was kept.
    pub multi_origin: u64,
    /// Build time of the MMDB file.
    pub built_ms: Option<UnixMillis>,
}

/// A malformed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Line in the file, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Gathers sources, then writes one range file.
///
/// ```
/// use quorate_ipdata::{Builder, Index, PlaceDetail, SourceKind, SourceSpec, TextFormat};
/// use quorate_types::NoControl;
/// let mut builder = Builder::new(PlaceDetail::default());
/// let spec = SourceSpec { name: "routes".into(), kind: SourceKind::Network, date_ms: None };
/// let source = builder.add_source(spec)?;
/// let rows = "8.8.8.0,8.8.8.255,15169,\"Google LLC\"\n";
/// builder.import_text(source, TextFormat::AsnCsv, rows.as_bytes(), rows.len() as u64, &NoControl)?;
/// let index = Index::decode(builder.finish(&NoControl)?)?;
/// let found = index.lookup("8.8.8.8".parse()?);
/// assert_eq!(found.network().map(|network| network.asn), Some(15169));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    detail: PlaceDetail,
    names: Names,
    networks: BTreeMap<(u32, u32), u32>,
    places: BTreeMap<PlaceEntry, u32>,
    sources: Vec<Gathered>,
}

#[derive(Debug)]
struct Gathered {
    spec: SourceSpec,
    rows: u64,
    v4: Spans<u32>,
    v6: Spans<u128>,
}

/// Names by number; number 0 is the empty name.
#[derive(Debug)]
struct Names {
    numbers: BTreeMap<String, u32>,
}

impl Builder {
    /// An empty file that will keep places in this detail.
    pub fn new(detail: PlaceDetail) -> Self {
        let names = Names { numbers: BTreeMap::from([(String::new(), 0)]) };
        Self { detail, names, networks: BTreeMap::new(), places: BTreeMap::new(), sources: Vec::new() }
    }

    /// Adds a source and returns its number. Lookups answer in the order of these calls.
    ///
    /// # Errors
    /// [`IpdataError::Source`] for a name that is empty or too long, [`IpdataError::Limit`] for too many
    /// sources.
    pub fn add_source(&mut self, spec: SourceSpec) -> Result<usize, IpdataError> {
        let number = self.sources.len();
        let field = source_field(number);
        if number == SOURCES_MAX {
            return Err(IpdataError::Limit {
                what: "the number of sources",
                limit: SOURCES_MAX as u64,
                field,
            });
        }
        if spec.name.is_empty() || spec.name.len() > NAME_BYTES_MAX {
            let reason = format!("give it a name of 1 to {NAME_BYTES_MAX} bytes");
            return Err(IpdataError::Source { reason, field: field.field("name") });
        }
        self.sources.push(Gathered { spec, rows: 0, v4: Spans::new(), v6: Spans::new() });
        Ok(number)
    }

    /// Adds the rows of one text file to a source; a source may have several (IPv4 and IPv6).
    ///
    /// `length` is the input's size in bytes, 0 where it is not known: it serves progress only. Rows may
    /// come in any order and overlap: the narrower range counts, and of equal ranges the later row.
    ///
    /// # Errors
    /// [`IpdataError::Rows`] when every row is malformed, or more than two rows and more than 1 % of them
    /// are (a header line and a cut last line are forgiven however short the file is),
    /// [`IpdataError::Empty`], `Read`, `Limit`, `Cancelled`. After an error the builder holds part
    /// of the source: drop it.
    pub fn import_text(
        &mut self,
        source: usize,
        format: TextFormat,
        input: impl BufRead,
        length: u64,
        control: &dyn Control,
    ) -> Result<ImportReport, IpdataError> {
        let field = source_field(source);
        let kind = self.kind_of(source)?;
        let gives_places = format == TextFormat::PlaceCsv;
        if gives_places != (kind == SourceKind::Place) {
            let reason = format!("its format does not give {}", kind.wanted());
            return Err(IpdataError::Source { reason, field: field.field("format") });
        }
        let mut report = ImportReport::default();
        let mut lines = Lines::new(input, field.clone());
        loop {
            let reason = match lines.next()? {
                None => break,
                Some(Line::Unusable(reason)) => Some(reason),
                Some(Line::Text(text)) if text.trim().is_empty() || text.starts_with('#') => continue,
                Some(Line::Text(text)) => self.read_row(source, format, text, &mut report)?,
            };
            report.rows += 1;
            if let Some(reason) = reason {
                report.note_bad(lines.number, reason);
            }
            if report.rows % ROWS_PER_STEP == 0 {
                report.refuse_if_mostly_bad(&field)?;
                if control.cancelled() {
                    return Err(IpdataError::Cancelled);
                }
                control.progress(lines.bytes, length);
            }
        }
        report.refuse_if_mostly_bad(&field)?;
        if report.rows == report.bad_rows {
            return Err(IpdataError::Empty { field });
        }
        self.sources[source].rows += report.rows - report.bad_rows;
        control.progress(lines.bytes, length);
        Ok(report)
    }

    /// Adds the networks of one MMDB file (GeoLite2, GeoIP2, DB-IP, IPinfo, ip-location-db) to a source.
    ///
    /// The search tree leads to and fro through the file, so unlike a text file it is held in memory whole
    /// while it is imported: 63 to 71 MB for a city database, beside the ranges gathered so far.
    ///
    /// # Errors
    /// [`IpdataError::Mmdb`] for a damaged file, [`IpdataError::Schema`] for one without what the source's
    /// kind needs, `Limit`, `Cancelled`. After an error the builder holds part of the source: drop it.
    pub fn import_mmdb(
        &mut self,
        source: usize,
        bytes: &[u8],
        control: &dyn Control,
    ) -> Result<ImportReport, IpdataError> {
        let kind = self.kind_of(source)?;
        let field = source_field(source);
        let info = mmdb::import(bytes, kind, &field, &mut MmdbRows { builder: self, source }, control)?;
        let gathered = &mut self.sources[source];
        gathered.rows += info.networks;
        // Of several files the oldest one tells how old an answer may be.
        let built = gathered.spec.date_ms.map_or(info.built, |date| date.min(info.built));
        gathered.spec.date_ms = Some(built);
        Ok(ImportReport { rows: info.networks, built_ms: Some(info.built), ..ImportReport::default() })
    }

    /// Resolves overlaps, merges equal neighbours and writes the file.
    ///
    /// # Errors
    /// [`IpdataError::Empty`] when no source was added or one holds nothing, `Cancelled`.
    pub fn finish(self, control: &dyn Control) -> Result<Vec<u8>, IpdataError> {
        if self.sources.is_empty() {
            return Err(IpdataError::Empty { field: FieldPath::new("sources") });
        }
        let total = self.sources.len() as u64;
        let mut tables = Vec::with_capacity(self.sources.len());
        let mut names = self.names;
        for (number, gathered) in self.sources.into_iter().enumerate() {
            if control.cancelled() {
                return Err(IpdataError::Cancelled);
            }
            control.progress(number as u64, total);
            if gathered.v4.len() + gathered.v6.len() == 0 {
                return Err(IpdataError::Empty { field: source_field(number) });
            }
            let (v4, overlaps_v4) = gathered.v4.flatten(control)?;
            let (v6, overlaps_v6) = gathered.v6.flatten(control)?;
            let name = names.number_of(&gathered.spec.name)?;
            tables.push(SourceTables {
                kind: gathered.spec.kind,
                name,
                date_ms: gathered.spec.date_ms,
                rows: gathered.rows,
                overlaps: overlaps_v4 + overlaps_v6,
                v4,
                v6: v6.upper_half(control)?,
            });
        }
        control.progress(total, total);
        format::encode(
            &by_number(names.numbers),
            &by_number(self.networks),
            &by_number(self.places),
            &tables,
            control,
        )
    }

    fn kind_of(&self, source: usize) -> Result<SourceKind, IpdataError> {
        self.sources.get(source).map(|gathered| gathered.spec.kind).ok_or_else(|| IpdataError::Source {
            reason: "it was not added to this builder".to_owned(),
            field: source_field(source),
        })
    }

    /// Takes one row in; returns why it is malformed, if it is.
    fn read_row(
        &mut self,
        source: usize,
        format: TextFormat,
        text: &str,
        report: &mut ImportReport,
    ) -> Result<Option<&'static str>, IpdataError> {
        let mut stored = Ok(());
        let read = format.read(text, |range, record| {
            report.multi_origin += u64::from(matches!(record, Record::Network { multi_origin: true, .. }));
            stored = self.intern(&record).and_then(|value| match value {
                NOTHING => Ok(()),
                value => self.sources[source].add(range, value, false, source),
            });
        });
        stored?;
        Ok(read.err())
    }

    /// The number of what a record says, 1 or more; [`NOTHING`] where it says nothing.
    fn intern(&mut self, record: &Record<'_>) -> Result<u32, IpdataError> {
        match record {
            Record::Nothing => Ok(NOTHING),
            Record::Network { asn, organisation, .. } => {
                let name = self.names.number_of(organisation)?;
                numbered(&mut self.networks, (*asn, name), 1)
            }
            Record::Place(place) => {
                let subdivision =
                    if self.detail.subdivision.contains(&place.country) { place.subdivision } else { "" };
                let position =
                    place.position.filter(|_| self.detail.keeps_position(place.country, place.subdivision));
                let (latitude, longitude) =
                    position.unwrap_or((PLACE_POSITION_UNKNOWN, PLACE_POSITION_UNKNOWN));
                let subdivision = self.names.number_of(subdivision)?;
                let entry = PlaceEntry { country: place.country, subdivision, latitude, longitude };
                numbered(&mut self.places, entry, 1)
            }
        }
    }
}

impl Gathered {
    fn add(&mut self, range: Range, value: u32, disjoint: bool, source: usize) -> Result<(), IpdataError> {
        match range {
            Range::V4(first, last) if disjoint => self.v4.push_disjoint(first, last, value),
            Range::V4(first, last) => self.v4.push(first, last, value),
            Range::V6(first, last) if disjoint => self.v6.push_disjoint(first, last, value),
            Range::V6(first, last) => self.v6.push(first, last, value),
        }
        if self.v4.len().max(self.v6.len()) > RANGES_MAX {
            let field = source_field(source);
            return Err(IpdataError::Limit { what: "the number of ranges", limit: RANGES_MAX as u64, field });
        }
        Ok(())
    }
}

struct MmdbRows<'a> {
    builder: &'a mut Builder,
    source: usize,
}

impl MmdbSink for MmdbRows<'_> {
    fn intern(&mut self, record: &Record<'_>) -> Result<u32, IpdataError> {
        self.builder.intern(record)
    }

    fn add(&mut self, range: Range, value: u32) -> Result<(), IpdataError> {
        // A second file of the same family may overlap the first, so only the walk of one file merges.
        self.builder.sources[self.source].add(range, value, true, self.source)
    }
}

impl Names {
    fn number_of(&mut self, name: &str) -> Result<u32, IpdataError> {
        match self.numbers.get(name) {
            Some(&number) => Ok(number),
            None => numbered(&mut self.numbers, name.to_owned(), 0),
        }
    }
}

impl ImportReport {
    fn note_bad(&mut self, line: u64, reason: &'static str) {
        self.bad_rows += 1;
        if self.first_bad.len() < BAD_ROWS_SHOWN {
            self.first_bad.push(BadRow { line, reason });
        }
    }

    fn refuse_if_mostly_bad(&self, field: &FieldPath) -> Result<(), IpdataError> {
        let forgiven = (self.rows / ROWS_PER_BAD_ROW_MIN).max(BAD_ROWS_FORGIVEN);
        match self.first_bad.first() {
            Some(first) if self.bad_rows > forgiven || self.bad_rows == self.rows => Err(IpdataError::Rows {
                bad: self.bad_rows,
                rows: self.rows,
                line: first.line,
                reason: first.reason.to_owned(),
                field: field.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// The number of an entry; a new one gets the next number, counted from `first`.
fn numbered<K: Ord>(numbers: &mut BTreeMap<K, u32>, entry: K, first: u32) -> Result<u32, IpdataError> {
    if numbers.len() >= DICTIONARY_MAX && !numbers.contains_key(&entry) {
        let field = FieldPath::new("sources");
        return Err(IpdataError::Limit {
            what: "the number of different values",
            limit: DICTIONARY_MAX as u64,
            field,
        });
    }
    // The map holds at most DICTIONARY_MAX entries, so the conversion keeps the value.
    let next = numbers.len() as u32 + first;
    Ok(*numbers.entry(entry).or_insert(next))
}

/// Entries in the order of their numbers.
fn by_number<K: Clone>(numbers: BTreeMap<K, u32>) -> Vec<K> {
    let mut entries: Vec<(K, u32)> = numbers.into_iter().collect();
    entries.sort_by_key(|(_, number)| *number);
    entries.into_iter().map(|(entry, _)| entry).collect()
}

pub(crate) fn source_field(source: usize) -> FieldPath {
    FieldPath::new("sources").index(source)
}
