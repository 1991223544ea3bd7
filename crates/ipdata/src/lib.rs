//! Address ranges to networks and places: importers, one compact range file, lookup.
//!
//! A [`Builder`] takes any number of sources in (text streamed line by line, MMDB files as bytes), resolves
//! overlaps and writes one compact range file; an [`Index`] checks such a file once and answers lookups from
//! it. Files are opened by the caller: this crate knows bytes and readers only.
//!
//! Every answer names its source, and the source its date. Several sources may tell the same kind of fact,
//! so that a caller can compare them: two that agree are worth more than one, and where they differ neither
//! is certain.

pub mod address;
pub mod builder;
pub mod error;
pub mod index;
pub mod source;
pub mod text;

mod checksum;
mod format;
mod lines;
mod mmdb;
mod ranges;
mod record;

pub use address::{AddressKind, address_kind, parse_address, site_prefix, unmapped};
pub use builder::{BadRow, Builder, ImportReport, PlaceDetail, PositionArea};
pub use error::IpdataError;
pub use format::VERSION;
pub use index::{Found, Index, Network, Place};
pub use source::{Source, SourceKind, SourceSpec};
pub use text::TextFormat;
