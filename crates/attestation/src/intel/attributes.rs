//! The attributes a trust domain was launched with.
//!
//! Source: Intel TDX module ABI specification (348551), `ATTRIBUTES`: bits 0 to 7 put the TD under debug,
//! bits 8 to 31 touch its security, the rest does not.

use std::fmt;

/// Attributes of a TD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TdAttributes(pub u64);

const UNDER_DEBUG: u64 = 0xff;
const SERVICE_TD_EXT: u64 = 1 << 17;
const SEPT_VE_DISABLE: u64 = 1 << 28;
const MIGRATABLE: u64 = 1 << 29;

/// Every bit whose meaning this build knows.
const NAMES: [(u32, &str); 13] = [
    (0, "DEBUG"),
    (4, "HGS_PLUS_PROF"),
    (5, "PERF_PROF"),
    (6, "PMT_PROF"),
    (16, "ICSSD"),
    (17, "SERVTD_EXT"),
    (27, "LASS"),
    (28, "SEPT_VE_DISABLE"),
    (29, "MIGRATABLE"),
    (30, "PKS"),
    (31, "KL"),
    (62, "TPA"),
    (63, "PERFMON"),
];

impl TdAttributes {
    /// Whether the host may look into the TD: any bit of the debug group, profiling included.
    pub fn debug(self) -> bool {
        self.0 & UNDER_DEBUG != 0
    }

    /// Whether a service TD may read the TD to move it or to speak for it.
    pub fn service_td(self) -> bool {
        self.0 & (MIGRATABLE | SERVICE_TD_EXT) != 0
    }

    /// Whether accesses to pages that are not accepted end the TD, instead of raising an exception in it at a
    /// moment its host chooses.
    pub fn sept_ve_disabled(self) -> bool {
        self.0 & SEPT_VE_DISABLE != 0
    }

    /// Bits outside the debug group that this build does not know; they could weaken the TD.
    pub fn unknown(self) -> u64 {
        NAMES.iter().fold(self.0 & !UNDER_DEBUG, |rest, (bit, _)| rest & !(1 << bit))
    }
}

impl fmt::Display for TdAttributes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = NAMES.iter().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        let mut names: Vec<&str> = set.map(|(_, name)| *name).collect();
        if self.unknown() != 0 {
            names.push("unknown");
        }
        out.write_str(&names.join(" "))
    }
}
