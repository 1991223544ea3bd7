//! `quorate-ipdata`: addresses, the range file, and what an entry of it means.
//!
//! Files are opened here: the crate knows bytes and readers only.

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::Path;

use napi::bindgen_prelude::{Env, Object, Uint32ArraySlice};
use napi_derive::napi;
use quorate_diversity::operators::operator_of;
use quorate_diversity::power_region::{
    RegionSet, countries_with_subdivisions, group_of_zone, regions_of_place, states_with_positions,
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

/// The zones of a place.
#[napi]
pub fn power_zones(country: String, subdivision: Option<String>) -> Vec<NativeZoneShare> {
    shares(&regions_of_place(&country, subdivision.as_deref(), None))
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
            let bytes = fs::read(&path).map_err(|error| unreadable("path", &error))?;
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
        Some(NativePlaceEntry { country: place.country_code().to_owned(), zones: shares(&regions) })
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
    let mut bad_rows = Vec::with_capacity(specs.len());
    for (number, spec) in specs.iter().enumerate() {
        bad_rows.push(add(&mut builder, number, spec, &steps)?);
    }
    let bytes = builder.finish(control)?;
    write_whole(Path::new(path), &bytes).map_err(|error| unreadable("path", &error))?;
    let size = bytes.len() as f64;
    let index = Index::decode(bytes)?;
    let sources = index.sources().iter().zip(bad_rows).map(NativeSourceReport::from).collect();
    Ok(NativeBuildReport { path: path.to_owned(), bytes: size, sources })
}

/// Adds a source with all its files; gives how many of its rows were malformed.
fn add(
    builder: &mut Builder,
    number: usize,
    spec: &NativeSourceSpec,
    steps: &Steps<'_>,
) -> Result<u64, IpdataError> {
    let kind = if spec.kind == "network" { SourceKind::Network } else { SourceKind::Place };
    let date_ms = spec.date_ms.map(|date| date as u64);
    let source = builder.add_source(SourceSpec { name: spec.name.clone(), kind, date_ms })?;
    let mut bad_rows = 0;
    for (at, file) in spec.files.iter().enumerate() {
        let field = FieldPath::new("sources").index(number).field("files").index(at);
        bad_rows += import(builder, source, file, &field, &steps.next(file))?.bad_rows;
    }
    Ok(bad_rows)
}

impl From<(&quorate_ipdata::Source, u64)> for NativeSourceReport {
    fn from((source, bad_rows): (&quorate_ipdata::Source, u64)) -> Self {
        Self {
            name: source.name.clone(),
            rows: source.rows as f64,
            bad_rows: bad_rows as f64,
            overlaps: source.overlaps as f64,
            ranges: f64::from(source.ranges_v4) + f64::from(source.ranges_v6),
        }
    }
}

fn import(
    builder: &mut Builder,
    source: usize,
    file: &NativeSourceFile,
    field: &FieldPath,
    control: &dyn Control,
) -> Result<ImportReport, IpdataError> {
    let failed = |error: &std::io::Error| unreadable(field.as_str(), error);
    let format = match file.format.as_str() {
        "mmdb" => {
            let bytes = fs::read(&file.path).map_err(|error| failed(&error))?;
            return builder.import_mmdb(source, &bytes, control);
        }
        "asn-csv" => TextFormat::AsnCsv,
        "iptoasn-tsv" => TextFormat::IptoasnTsv,
        "routeviews" => TextFormat::RouteViews,
        _ => TextFormat::PlaceCsv,
    };
    let input = File::open(&file.path).map_err(|error| failed(&error))?;
    let length = input.metadata().map_err(|error| failed(&error))?.len();
    builder.import_text(source, format, BufReader::new(input), length, control)
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

/// Writes beside the target, syncs and renames: a reader sees the old file or the new one, never a part.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn unreadable(field: &str, error: &std::io::Error) -> IpdataError {
    IpdataError::Read { line: 0, reason: error.to_string(), field: FieldPath::new(field) }
}
