//! Firmware levels: the same eight bytes mean two things, by product.

use std::fmt;

use crate::policy::SnpTcbMin;

/// A line of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// EPYC 7003.
    Milan,
    /// EPYC 9004, with Bergamo and Siena.
    Genoa,
    /// EPYC 9005.
    Turin,
}

impl Product {
    /// The product of a key certificate's name, such as `Milan-B0`.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.split('-').next() {
            Some("Milan") => Some(Self::Milan),
            Some("Genoa") => Some(Self::Genoa),
            Some("Turin") => Some(Self::Turin),
            _ => None,
        }
    }

    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// Whether a processor of this CPUID family and model is of this product. Genoa's authorities also sign
    /// for Bergamo and Siena, models 0xa0 to 0xaf.
    pub fn has_cpuid(self, family: u8, model: u8) -> bool {
        match self {
            Self::Milan => family == 0x19 && model <= 0x0f,
            Self::Genoa => family == 0x19 && matches!(model, 0x10..=0x1f | 0xa0..=0xaf),
            Self::Turin => family == 0x1a && model <= 0x1f,
        }
    }

    /// Bytes of the chip's id in its key certificate.
    pub fn chip_id_bytes(self) -> usize {
        match self {
            Self::Milan | Self::Genoa => 64,
            Self::Turin => 8,
        }
    }

    /// The components of an encoded level.
    pub fn tcb(self, encoded: [u8; 8]) -> SnpTcb {
        let [b0, b1, b2, b3, .., b6, b7] = encoded;
        match self {
            Self::Milan | Self::Genoa => {
                SnpTcb { fmc: None, boot_loader: b0, tee: b1, snp: b6, microcode: b7 }
            }
            Self::Turin => SnpTcb { fmc: Some(b0), boot_loader: b1, tee: b2, snp: b3, microcode: b7 },
        }
    }
}

/// A firmware level by component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnpTcb {
    /// FMC, on Turin only.
    pub fmc: Option<u8>,
    /// Boot loader.
    pub boot_loader: u8,
    /// PSP operating system.
    pub tee: u8,
    /// SNP firmware.
    pub snp: u8,
    /// Microcode.
    pub microcode: u8,
}

impl SnpTcb {
    /// The first component that is lower than asked. A minimum for the FMC does not concern products without.
    pub fn first_below(&self, min: &SnpTcbMin) -> Option<&'static str> {
        let pairs = [
            ("fmc", self.fmc.unwrap_or(u8::MAX), min.fmc),
            ("boot_loader", self.boot_loader, min.boot_loader),
            ("tee", self.tee, min.tee),
            ("snp", self.snp, min.snp),
            ("microcode", self.microcode, min.microcode),
        ];
        pairs.into_iter().find(|(_, have, need)| have < need).map(|(name, ..)| name)
    }
}

impl fmt::Display for SnpTcb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fmc) = self.fmc {
            write!(out, "fmc={fmc} ")?;
        }
        let Self { boot_loader, tee, snp, microcode, .. } = self;
        write!(out, "boot_loader={boot_loader} tee={tee} snp={snp} microcode={microcode}")
    }
}
