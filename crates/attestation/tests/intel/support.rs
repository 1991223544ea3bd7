//! Vectors, and verdicts about them.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quorate_attestation::{
    Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, Verdict, verify,
};

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/trust");

/// 2025-06-20T12:00:00Z, in the window of the collateral of `dcap-qvl/tdx_quote` and `sgx_quote`.
pub(crate) const JUNE_2025: u64 = 1_750_420_800_000;
/// 2026-02-25T06:13:20Z, in the window of `dcap-qvl/tdx_quote_outdated_collateral.json`.
pub(crate) const FEBRUARY_2026: u64 = 1_772_000_000_000;

pub(crate) fn present() -> bool {
    let present = Path::new(FOLDER).is_dir();
    if !present {
        // The test harness shows this with --nocapture; a missing folder must not look like a pass in
        // silence.
        std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: vectors/trust is absent\n").unwrap();
    }
    present
}

pub(crate) fn read(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(FOLDER).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A quote, from a file of bytes or of hexadecimal digits.
pub(crate) fn quote(path: &str) -> Vec<u8> {
    let bytes = read(path);
    if path.ends_with(".hex") { from_hex(std::str::from_utf8(&bytes).unwrap()) } else { bytes }
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let text = text.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of certificates.
pub(crate) fn pem(ders: &[Vec<u8>]) -> Vec<u8> {
    let mut text = String::new();
    for der in ders {
        let encoded = STANDARD.encode(der);
        text += "-----BEGIN CERTIFICATE-----\n";
        for line in encoded.as_bytes().chunks(64) {
            text += std::str::from_utf8(line).unwrap();
            text.push('\n');
        }
        text += "-----END CERTIFICATE-----\n";
    }
    text.into_bytes()
}

pub(crate) fn bundle(path: &str) -> Collateral {
    let mut collateral = Collateral::new();
    collateral.add_intel_bundle(&read(path)).unwrap();
    collateral
}

/// What evidence is judged by, with defaults that a test changes.
pub(crate) struct Judge {
    pub(crate) time: u64,
    pub(crate) collateral: Collateral,
    pub(crate) anchors: Anchors,
    pub(crate) policy: Policy,
    pub(crate) known_good: KnownGood,
}

impl Judge {
    pub(crate) fn new(time: u64, collateral: Collateral) -> Self {
        Self {
            time,
            collateral,
            anchors: Anchors::pinned(),
            policy: Policy::default(),
            known_good: KnownGood::new(),
        }
    }

    /// Judges by signatures alone: no list is needed, and without collateral that is the reason left.
    pub(crate) fn signatures_only(time: u64) -> Self {
        let mut judge = Self::new(time, Collateral::new());
        judge.policy.revocation_required = false;
        judge
    }

    pub(crate) fn verdict(&self, quote: &[u8]) -> Verdict {
        self.answer(quote, None)
    }

    pub(crate) fn answer(&self, quote: &[u8], challenge: Option<&[u8]>) -> Verdict {
        let context = Context {
            time: self.time,
            collateral: &self.collateral,
            anchors: &self.anchors,
            policy: &self.policy,
            known_good: &self.known_good,
        };
        verify(&Evidence::Quote { quote: quote.to_vec() }, challenge, &context)
    }

    pub(crate) fn reason(&self, quote: &[u8]) -> Option<Reason> {
        self.verdict(quote).reason()
    }
}
