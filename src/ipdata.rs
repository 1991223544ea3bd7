//! `quorate-ipdata`: addresses, the range file, and what an entry of it means.
//!
//! Files are opened here: the crate knows bytes and readers only.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use napi::bindgen_prelude::{Env, Object, Uint32ArraySlice};
use napi_derive::napi;
use quorate_diversity::operators::{cloud_of_name, operator_of, operator_of_name, operator_of_number};
use quorate_diversity::power_region::{
    RegionSet, countries_with_subdivisions, group_of_zone, regions_of_place, states_with_positions, zones,
};
use quorate_ipdata::{
    AddressKind, Builder, ImportReport, Index, IpdataError, PlaceDetail, PositionArea, SourceKind,
    SourceSpec, TextFormat, address_kind, parse_address,
};
use quorate_types::{Control, FieldPath};

use crate::failure::{Outcome, guard};
use crate::run::NativeRun;

/// Names of the kinds of address, by the number that `addressKind` and `lookup` give.
#[napi]
pub fn address_kinds() -> Vec<String> {
    AddressKind::ALL.iter().map(|kind| kind.name().to_owned()).collect()
}

/// The kind of an address.
#[napi]
pub fn address_kind_of(address: String) -> Outcome<u32> {
    guard(|| parse(&address).map(|address| address_kind(address) as u32))
}

/// The prefix that holds an address and its site: `/24` for IPv4, `/48` for IPv6.
#[napi]
pub fn address_prefix(address: String) -> Outcome<String> {
    guard(|| parse(&address).map(quorate_ipdata::site_prefix))
}

fn parse(address: &str) -> Result<std::net::IpAddr, IpdataError> {
    parse_address(address, &FieldPath::new("ipAddress"))
}

/// Part of a place that hangs on one grid.
#[napi(object)]
pub struct NativeZoneShare {
    /// The zone.
    pub zone: String,
    /// Parts per million.
    pub share_ppm: u32,
}

fn shares(regions: &RegionSet) -> Vec<NativeZoneShare> {
    let share = |share: &quorate_diversity::power_region::RegionShare| NativeZoneShare {
        zone: share.zone.to_owned(),
        share_ppm: share.share_ppm,
    };
    regions.shares.iter().map(share).collect()
}

/// The zones of a place, and what they rest on.
#[napi(object)]
pub struct NativePowerZones {
    /// Largest share first; empty where the place is not known.
    pub zones: Vec<NativeZoneShare>,
    /// `UNKNOWN`, `COUNTRY`, `SUBDIVISION` or `COUNTY`.
    pub accuracy: String,
}

impl From<&RegionSet> for NativePowerZones {
    fn from(regions: &RegionSet) -> Self {
        Self { zones: shares(regions), accuracy: regions.accuracy.name().to_owned() }
    }
}

/// The zones of a place.
#[napi]
pub fn power_zones(country: String, subdivision: Option<String>) -> NativePowerZones {
    (&regions_of_place(&country, subdivision.as_deref(), None)).into()
}

/// Every zone that the tables know.
#[napi]
pub fn power_zone_names() -> Vec<String> {
    zones().into_iter().map(str::to_owned).collect()
}

/// The public region name above a zone.
#[napi]
pub fn power_region_of_zone(zone: String) -> String {
    group_of_zone(&zone).to_owned()
}

/// Who operates a network.
#[napi(object, use_nullable = true)]
pub struct NativeOperator {
    /// Name of the group.
    pub operator: String,
    /// The cloud, where it is one.
    pub cloud: Option<String>,
}

/// Who operates a network.
#[napi]
pub fn network_operator(asn: u32, organisation: String) -> NativeOperator {
    let found = operator_of(asn, &organisation);
    NativeOperator { operator: found.name, cloud: found.cloud.map(str::to_owned) }
}

/// Who operates a network, by its number alone; null where the table does not have it.
#[napi]
pub fn operator_numbered(asn: u32) -> Option<String> {
    operator_of_number(asn).map(str::to_owned)
}

/// Who somebody names as an operator; null where the name says nothing.
#[napi]
pub fn operator_named(name: String) -> Option<String> {
    operator_of_name(&name).map(|operator| operator.name)
}

/// The cloud somebody names; null where the name says nothing.
#[napi]
pub fn cloud_named(name: String) -> Option<String> {
    cloud_of_name(&name)
}

/// A source of the index.
#[napi(object, use_nullable = true)]
pub struct NativeAddressSource {
    /// Its name.
    pub name: String,
    /// `network` or `place`.
    pub kind: String,
    /// UTC milliseconds; null where nobody knows.
    pub date_ms: Option<f64>,
}

/// A network.
#[napi(object, use_nullable = true)]
pub struct NativeNetworkEntry {
    /// Autonomous System number.
    pub asn: u32,
    /// Its organisation.
    pub organisation: String,
    /// Group that operates it.
    pub operator: String,
    /// The cloud, where it is one.
    pub cloud: Option<String>,
}

/// A place.
#[napi(object)]
pub struct NativePlaceEntry {
    /// ISO 3166-1.
    pub country: String,
    /// Its grids.
    pub zones: Vec<NativeZoneShare>,
    /// What they rest on: `UNKNOWN`, `COUNTRY`, `SUBDIVISION` or `COUNTY`.
    pub accuracy: String,
}

/// A built index.
#[napi]
pub struct NativeAddressIndex {
    index: Index,
}

#[napi]
impl NativeAddressIndex {
    /// Loads a range file and checks all of it.
    #[napi]
    pub fn open(path: String) -> Outcome<NativeAddressIndex> {
        guard(|| {
            let bytes = fs::read(&path).map_err(|error| failed("opened", &path, "path", &error))?;
            Index::decode(bytes).map(|index| Self { index })
        })
    }

    /// Writes the address's kind, and per source its entry plus one (0: unknown), into `answer`.
    #[napi]
    pub fn lookup(&self, address: String, mut answer: Uint32ArraySlice) -> Outcome<()> {
        guard(|| {
            let address = parse(&address)?;
            // SAFETY: the array belongs to the one caller, TypeScript's AddressIndex, which reads it after
            // the call.
            let answer = unsafe { answer.as_mut() };
            if let Some((kind, entries)) = answer.split_first_mut() {
                *kind = address_kind(address) as u32;
                for (slot, entry) in entries.iter_mut().zip(self.index.entries(address)) {
                    *slot = entry.map_or(0, |entry| entry + 1);
                }
            }
            Ok::<_, IpdataError>(())
        })
    }

    /// A network by its entry.
    #[napi]
    pub fn network(&self, entry: u32) -> Option<NativeNetworkEntry> {
        let (asn, organisation) = self.index.network_entry(entry)?;
        let operator = operator_of(asn, organisation);
        Some(NativeNetworkEntry {
            asn,
            organisation: organisation.to_owned(),
            operator: operator.name,
            cloud: operator.cloud.map(str::to_owned),
        })
    }

    /// A place by its source and entry.
    #[napi]
    pub fn place(&self, source: u32, entry: u32) -> Option<NativePlaceEntry> {
        let place = self.index.place_entry(source as usize, entry)?;
        let regions = regions_of_place(place.country_code(), place.subdivision, place.position);
        let NativePowerZones { zones, accuracy } = (&regions).into();
        Some(NativePlaceEntry { country: place.country_code().to_owned(), zones, accuracy })
    }

    /// The sources, in the order in which they answer.
    #[napi]
    pub fn sources(&self) -> Vec<NativeAddressSource> {
        let source = |source: &quorate_ipdata::Source| NativeAddressSource {
            name: source.name.clone(),
            kind: source.kind.name().to_owned(),
            date_ms: source.date_ms.map(|date| date as f64),
        };
        self.index.sources().iter().map(source).collect()
    }

    /// Bytes in memory.
    #[napi]
    pub fn memory_bytes(&self) -> f64 {
        self.index.memory_bytes() as f64
    }
}

/// One source to build from.
#[napi(object, use_nullable = true)]
pub struct NativeSourceSpec {
    /// Its name.
    pub name: String,
    /// `network` or `place`.
    pub kind: String,
    /// UTC milliseconds; null where nobody knows.
    pub date_ms: Option<f64>,
    /// Its files.
    pub files: Vec<NativeSourceFile>,
}

/// One file of a source.
#[napi(object)]
pub struct NativeSourceFile {
    /// Where it is.
    pub path: String,
    /// `asn-csv`, `iptoasn-tsv`, `routeviews`, `place-csv` or `mmdb`.
    pub format: String,
}

/// What one build took in.
#[napi(object)]
pub struct NativeBuildReport {
    /// Where the index is.
    pub path: String,
    /// Its size.
    pub bytes: f64,
    /// What each source gave.
    pub sources: Vec<NativeSourceReport>,
}

/// What a source gave.
#[napi(object)]
pub struct NativeSourceReport {
    /// Its name.
    pub name: String,
    /// Rows or networks read.
    pub rows: f64,
    /// Malformed rows, which were left out.
    pub bad_rows: f64,
    /// Ranges that began inside another one.
    pub overlaps: f64,
    /// Ranges after merging.
    pub ranges: f64,
    /// Rows with several origins, of which the first was kept.
    pub multi_origin: f64,
    /// The first malformed rows of each file.
    pub first_bad: Vec<NativeBadRow>,
}

/// A malformed row.
#[napi(object)]
pub struct NativeBadRow {
    /// The file it is in.
    pub path: String,
    /// Its line, counted from 1.
    pub line: f64,
    /// What is wrong with it.
    pub reason: String,
}

/// The version of the range file.
#[napi]
pub fn address_index_version() -> u32 {
    quorate_ipdata::VERSION
}

/// Builds a range file; it appears whole or not at all.
#[napi(ts_return_type = "Promise<NativeFailure | NativeBuildReport>")]
pub fn address_index_build<'env>(
    env: &'env Env,
    handle: &NativeRun,
    sources: Vec<NativeSourceSpec>,
    path: String,
) -> napi::Result<Object<'env>> {
    handle.spawn(env, 0, move |control| build(&sources, &path, control))
}

/// Subdivisions and positions are kept where several power regions meet, and only there.
fn detail() -> PlaceDetail {
    let letters = |country: &str| <[u8; 2]>::try_from(country.as_bytes()).ok();
    let states = states_with_positions();
    let subdivisions =
        states.iter().flat_map(|(name, code)| [(*name).to_owned(), (*code).to_owned()]).collect();
    PlaceDetail {
        subdivision: countries_with_subdivisions().into_iter().filter_map(letters).collect(),
        position: vec![PositionArea { country: *b"US", subdivisions }],
    }
}

fn build(
    specs: &[NativeSourceSpec],
    path: &str,
    control: &dyn Control,
) -> Result<NativeBuildReport, IpdataError> {
    let mut builder = Builder::new(detail());
    let steps = Steps::new(specs, control);
    let mut imported = Vec::with_capacity(specs.len());
    for (number, spec) in specs.iter().enumerate() {
        match add(&mut builder, number, spec, &steps) {
            Ok(found) => imported.push(found),
            Err(error) => {
                // Giving back what was gathered takes tens of milliseconds, which an abort does not wait for.
                rayon::spawn(move || drop(builder));
                return Err(error);
            }
        }
    }
    let bytes = builder.finish(control)?;
    write_whole(Path::new(path), &bytes, control)?;
    let size = bytes.len() as f64;
    let index = Index::decode(bytes)?;
    let sources = index.sources().iter().zip(imported).map(NativeSourceReport::from).collect();
    Ok(NativeBuildReport { path: path.to_owned(), bytes: size, sources })
}

/// What the files of one source gave beside its ranges.
#[derive(Default)]
struct Imported {
    bad_rows: u64,
    multi_origin: u64,
    first_bad: Vec<NativeBadRow>,
}

/// Adds a source with all its files.
fn add(
    builder: &mut Builder,
    number: usize,
    spec: &NativeSourceSpec,
    steps: &Steps<'_>,
) -> Result<Imported, IpdataError> {
    let field = FieldPath::new("sources").index(number);
    let kind = [SourceKind::Network, SourceKind::Place].into_iter().find(|kind| kind.name() == spec.kind);
    let kind = kind.ok_or_else(|| unknown("kind", &spec.kind, "network or place", &field))?;
    let date_ms = spec.date_ms.map(|date| date as u64);
    let source = builder.add_source(SourceSpec { name: spec.name.clone(), kind, date_ms })?;
    let mut imported = Imported::default();
    for (at, file) in spec.files.iter().enumerate() {
        let field = field.clone().field("files").index(at);
        let report = import(builder, source, file, &field, &steps.next(file))?;
        imported.bad_rows += report.bad_rows;
        imported.multi_origin += report.multi_origin;
        imported.first_bad.extend(report.first_bad.iter().map(|row| NativeBadRow {
            path: file.path.clone(),
            line: row.line as f64,
            reason: row.reason.to_owned(),
        }));
    }
    Ok(imported)
}

fn unknown(what: &str, found: &str, known: &str, field: &FieldPath) -> IpdataError {
    let reason = format!("its {what} \"{found}\" is unknown; give {known}");
    IpdataError::Source { reason, field: field.clone().field(what) }
}

impl From<(&quorate_ipdata::Source, Imported)> for NativeSourceReport {
    fn from((source, imported): (&quorate_ipdata::Source, Imported)) -> Self {
        Self {
            name: source.name.clone(),
            rows: source.rows as f64,
            bad_rows: imported.bad_rows as f64,
            overlaps: source.overlaps as f64,
            ranges: f64::from(source.ranges_v4) + f64::from(source.ranges_v6),
            multi_origin: imported.multi_origin as f64,
            first_bad: imported.first_bad,
        }
    }
}

/// Imports one file. Text is streamed; an MMDB file, whose tree leads to and fro, is in memory whole
/// meanwhile (63 to 71 MB for a city database).
fn import(
    builder: &mut Builder,
    source: usize,
    file: &NativeSourceFile,
    field: &FieldPath,
    control: &dyn Control,
) -> Result<ImportReport, IpdataError> {
    let failed = |action| move |error: std::io::Error| failed(action, &file.path, field.as_str(), &error);
    let format = match file.format.as_str() {
        "mmdb" => None,
        text => Some(text_format(text, field)?),
    };
    let mut input = File::open(&file.path).map_err(failed("opened"))?;
    let length = input.metadata().map_err(failed("opened"))?.len();
    match format {
        Some(format) => builder.import_text(source, format, BufReader::new(input), length, control),
        None => {
            let bytes = read_whole(&mut input, length, control, &failed("read"))?;
            builder.import_mmdb(source, &bytes, control)
        }
    }
}

fn text_format(name: &str, field: &FieldPath) -> Result<TextFormat, IpdataError> {
    match name {
        "asn-csv" => Ok(TextFormat::AsnCsv),
        "iptoasn-tsv" => Ok(TextFormat::IptoasnTsv),
        "routeviews" => Ok(TextFormat::RouteViews),
        "place-csv" => Ok(TextFormat::PlaceCsv),
        _ => {
            let known = "asn-csv, iptoasn-tsv, routeviews, place-csv or mmdb";
            Err(unknown("format", name, known, field))
        }
    }
}

/// Progress over all files, in bytes: each file moves its own part of the bar.
struct Steps<'a> {
    control: &'a dyn Control,
    total: u64,
    done: std::cell::Cell<u64>,
}

struct Step<'a> {
    control: &'a dyn Control,
    total: u64,
    before: u64,
    own: u64,
}

impl<'a> Steps<'a> {
    fn new(specs: &[NativeSourceSpec], control: &'a dyn Control) -> Self {
        let total = specs.iter().flat_map(|spec| &spec.files).map(size_of_file).sum();
        Self { control, total, done: std::cell::Cell::new(0) }
    }

    fn next(&self, file: &NativeSourceFile) -> Step<'a> {
        let own = size_of_file(file);
        let before = self.done.replace(self.done.get() + own);
        Step { control: self.control, total: self.total, before, own }
    }
}

fn size_of_file(file: &NativeSourceFile) -> u64 {
    fs::metadata(&file.path).map_or(0, |metadata| metadata.len())
}

impl Control for Step<'_> {
    fn cancelled(&self) -> bool {
        self.control.cancelled()
    }

    fn progress(&self, done: u64, total: u64) {
        let share = u128::from(self.own) * u128::from(done.min(total)) / u128::from(total.max(1));
        self.control.progress(self.before + u64::try_from(share).unwrap_or(self.own), self.total);
    }
}

/// Bytes read or written between two looks at the control: below a millisecond.
const CHUNK_BYTES: usize = 1 << 20;

fn read_whole(
    input: &mut File,
    length: u64,
    control: &dyn Control,
    failed: &impl Fn(std::io::Error) -> IpdataError,
) -> Result<Vec<u8>, IpdataError> {
    let mut bytes = Vec::new();
    // Room at once: growing by doubling would take up to three times the file for a moment.
    let room = bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX));
    room.map_err(|_| failed(std::io::ErrorKind::OutOfMemory.into()))?;
    loop {
        stop_if_cancelled(control)?;
        let read = input.take(CHUNK_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
        if read == 0 {
            return Ok(bytes);
        }
    }
}

fn stop_if_cancelled(control: &dyn Control) -> Result<(), IpdataError> {
    if control.cancelled() { Err(IpdataError::Cancelled) } else { Ok(()) }
}

/// Builds of this process so far: two of one path must not write into one part file.
static BUILDS: AtomicU64 = AtomicU64::new(0);

/// Writes beside the target, syncs and renames: a reader sees the old file or the new one, never a part.
fn write_whole(path: &Path, bytes: &[u8], control: &dyn Control) -> Result<(), IpdataError> {
    let build = BUILDS.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{build}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let written = write_part(&beside, path, bytes, control);
    if written.is_err() {
        // The failure is what the caller has to know; a part that cannot be removed either changes nothing.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_part(beside: &Path, path: &Path, bytes: &[u8], control: &dyn Control) -> Result<(), IpdataError> {
    let failed = |error: std::io::Error| failed("written", &path.to_string_lossy(), "path", &error);
    let mut file = File::create(beside).map_err(failed)?;
    for chunk in bytes.chunks(CHUNK_BYTES) {
        stop_if_cancelled(control)?;
        file.write_all(chunk).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    stop_if_cancelled(control)?;
    fs::rename(beside, path).map_err(failed)
}

fn failed(action: &'static str, path: &str, field: &str, error: &std::io::Error) -> IpdataError {
    let (path, reason) = (path.to_owned(), error.to_string());
    IpdataError::File { action, path, reason, field: FieldPath::new(field) }
}
