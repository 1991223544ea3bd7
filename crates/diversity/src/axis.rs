//! The axes on which machines can fail together.

/// How many axes there are; the length of every per-axis array.
pub const AXIS_COUNT: usize = 8;

/// The value id that means "not known". It never counts as diverse.
pub const UNKNOWN: u32 = 0;

/// The name of [`UNKNOWN`] in every dictionary, certificate and explanation.
pub const UNKNOWN_NAME: &str = "UNKNOWN";

/// A kind of failure domain: machines that share a value of it can fail together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    /// Autonomous System: one routing policy, one set of upstream links.
    Asn = 0,
    /// The organisation that operates the machine's network.
    Operator = 1,
    /// The cloud or hosting product.
    Cloud = 2,
    /// The country, and with it the jurisdiction.
    Country = 3,
    /// The electrical grid. Set-valued: a machine can lie in several regions, each with a share.
    PowerRegion = 4,
    /// The vendor of the trusted execution environment, from verified evidence only.
    TeeVendor = 5,
    /// The version of the trusted computing base (firmware, microcode).
    Tcb = 6,
    /// The operating system kernel.
    Kernel = 7,
}

impl Axis {
    /// Every axis, in the order of its index.
    pub const ALL: [Self; AXIS_COUNT] = [
        Self::Asn,
        Self::Operator,
        Self::Cloud,
        Self::Country,
        Self::PowerRegion,
        Self::TeeVendor,
        Self::Tcb,
        Self::Kernel,
    ];

    /// Position in per-axis arrays.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The public name, the same in Rust, TypeScript and REST.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asn => "asn",
            Self::Operator => "operator",
            Self::Cloud => "cloud",
            Self::Country => "country",
            Self::PowerRegion => "power_region",
            Self::TeeVendor => "tee_vendor",
            Self::Tcb => "tcb",
            Self::Kernel => "kernel",
        }
    }

    /// The axis with this public name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_indexes_round_trip() {
        for (index, axis) in Axis::ALL.into_iter().enumerate() {
            assert_eq!(axis.index(), index);
            assert_eq!(Axis::from_name(axis.name()), Some(axis));
        }
        assert_eq!(Axis::from_name("ASN"), None);
    }
}
