//! Where an answer comes from.

use quorate_types::UnixMillis;

/// What a source tells about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// The autonomous system that routes it.
    Network,
    /// The place it is used in.
    Place,
}

impl SourceKind {
    /// Public name, as TypeScript and REST spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Place => "place",
        }
    }

    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Network => "autonomous system numbers",
            Self::Place => "countries",
        }
    }
}

/// A source as the caller describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSpec {
    /// Name that is shown beside each answer, such as `@ip-location-db/asn 2.3.2025102023`. 1 to 160 bytes.
    pub name: String,
    /// What it tells.
    pub kind: SourceKind,
    /// When its data was current. `None` takes the build time of an MMDB file, else the date stays unknown.
    pub date_ms: Option<UnixMillis>,
}

/// A source as the range file knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name that is shown beside each answer.
    pub name: String,
    /// What it tells.
    pub kind: SourceKind,
    /// When its data was current, `None` where nobody knows: such data must not count as fresh.
    pub date_ms: Option<UnixMillis>,
    /// Usable rows or networks it was built from.
    pub rows: u64,
    /// Ranges that began inside another one of the same source.
    pub overlaps: u64,
    /// IPv4 ranges after merging equal neighbours, gaps included.
    pub ranges_v4: u32,
    /// IPv6 ranges after merging equal neighbours, gaps included.
    pub ranges_v6: u32,
}
