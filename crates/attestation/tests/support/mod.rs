//! What the tests of all formats share: other people's vectors, read in place, and a context to judge by.
#![allow(dead_code, missing_docs, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use quorate_attestation::{Anchors, Collateral, Context, Evidence, KnownGood, Policy, Verdict, verify};

/// A file of the trust vectors; none where the folder is absent, which is said aloud.
pub(crate) fn vector(path: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/trust");
    if !root.exists() {
        std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: ../shared/vectors/trust is absent\n")
            .unwrap();
        return None;
    }
    Some(fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// One array of EXPECTED.json.
pub(crate) fn expected(kind: &str) -> Option<Vec<serde_json::Value>> {
    let bytes = vector("EXPECTED.json")?;
    let all: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    Some(all[kind].as_array().unwrap().clone())
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A court: all that evidence is judged by, with the time in seconds as the vectors state it.
#[derive(Default)]
pub(crate) struct Court {
    pub(crate) seconds: u64,
    pub(crate) collateral: Collateral,
    pub(crate) anchors: Anchors,
    pub(crate) policy: Policy,
    pub(crate) known_good: KnownGood,
}

impl Court {
    /// At a time, with the default policy.
    pub(crate) fn at(seconds: u64) -> Self {
        Self { seconds, ..Self::default() }
    }

    /// Without insisting on revocation lists: no list of AMD is among the vectors.
    pub(crate) fn without_crls(mut self) -> Self {
        self.policy.revocation_required = false;
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    pub(crate) fn judge(&self, evidence: &Evidence) -> Verdict {
        self.judge_challenge(evidence, None)
    }

    pub(crate) fn judge_challenge(&self, evidence: &Evidence, challenge: Option<&[u8]>) -> Verdict {
        let context = Context {
            time: self.seconds * 1000,
            collateral: &self.collateral,
            anchors: &self.anchors,
            policy: &self.policy,
            known_good: &self.known_good,
        };
        verify(evidence, challenge, &context)
    }
}
