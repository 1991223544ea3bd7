//! Verdicts and speed beside `sev`, another verifier of SEV-SNP reports, over the published vectors.
//!
//! `sev` checks the chain, the report's signature and the key's firmware level and chip; it knows no time, no
//! revocation and no policy. So this verifier is asked without those, inside every certificate's validity.
//! Each report is judged as it is and with any one byte flipped. A case that is accepted here and not there
//! is printed and makes the process fail; what is rejected here alone is counted by reason.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use quorate_attestation::{Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, verify};
use sev::certs::snp::{Certificate, Chain, Verifiable, builtin, ca};
use sev::firmware::guest::AttestationReport;
use sev::parser::ByteParser;

/// Report and key certificate.
const CASES: [(&str, &str); 6] = [
    ("virtee-sev/report_milan.hex", "virtee-sev/vcek_milan.der"),
    ("virtee-sev/report_milan.hex", "virtee-sev/vcek_turin.der"),
    ("go-sev-guest/attestation.bin", "go-sev-guest/vcek.testcer"),
    ("coco-trustee/snp/test-report.bin", "coco-trustee/snp/test-vcek.der"),
    ("coco-trustee/snp/test-report.bin", "coco-trustee/snp/test-vcek-invalid-legacy.der"),
    ("coco-trustee/snp/test-report.bin", "coco-trustee/snp/test-vcek-invalid-new.der"),
];
/// 2025-06-20.
const TIME_MS: u64 = 1_750_420_800_000;
const ROUNDS: usize = 200;

fn read(vectors: &Path, path: &str) -> Vec<u8> {
    let bytes = std::fs::read(vectors.join(path)).expect(path);
    if !path.ends_with(".hex") {
        return bytes;
    }
    let text = String::from_utf8(bytes).expect(path);
    let text = text.trim();
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect(path)).collect()
}

fn ours(report: &[u8], key: &[u8], known_good: &KnownGood) -> Option<Reason> {
    let (collateral, anchors) = (Collateral::new(), Anchors::pinned());
    let mut policy = Policy { revocation_required: false, debug_allowed: true, ..Policy::default() };
    policy.snp.vmpl_max = u8::MAX;
    policy.snp.migration_agent_allowed = true;
    let context =
        Context { time: TIME_MS, collateral: &collateral, anchors: &anchors, policy: &policy, known_good };
    verify(&Evidence::Snp { report: report.to_vec(), certificates: vec![key.to_vec()] }, None, &context)
        .reason()
}

fn theirs(report: &[u8], key: &[u8]) -> bool {
    let roots = [
        (builtin::milan::ark(), builtin::milan::ask()),
        (builtin::genoa::ark(), builtin::genoa::ask()),
        (builtin::turin::ark(), builtin::turin::ask()),
    ];
    roots.into_iter().any(|(ark, ask)| judge_under(report, key, ark, ask).is_ok())
}

fn judge_under(
    report: &[u8],
    key: &[u8],
    ark: std::io::Result<Certificate>,
    ask: std::io::Result<Certificate>,
) -> std::io::Result<()> {
    let report = AttestationReport::from_bytes(report)?;
    let chain = Chain { ca: ca::Chain { ark: ark?, ask: ask? }, vek: Certificate::from_der(key)? };
    (&chain, &report).verify()
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/vectors/trust".to_owned());
    let vectors = Path::new(&folder);
    let (mut cases, mut laxer) = (0, 0);
    let mut stricter: BTreeMap<&str, usize> = BTreeMap::new();
    for (report_path, key_path) in CASES {
        let (report, key) = (read(vectors, report_path), read(vectors, key_path));
        let known_good = KnownGood::new();
        let good = ours(&report, &key, &known_good).is_none();
        let flips = if good { report.len() } else { 0 };
        for at in std::iter::once(None).chain((0..flips).map(Some)) {
            let mut flipped = report.clone();
            if let Some(at) = at {
                flipped[at] ^= 1;
            }
            cases += 1;
            match (ours(&flipped, &key, &known_good), std::panic::catch_unwind(|| theirs(&flipped, &key))) {
                (None, Ok(false) | Err(_)) => {
                    laxer += 1;
                    println!("accepted here alone: {report_path} {key_path} {at:?}");
                }
                (Some(reason), Ok(true)) => *stricter.entry(reason.name()).or_default() += 1,
                _ => {}
            }
        }
    }
    println!("vectors and flips: {cases} cases, {laxer} accepted here alone; stricter here: {stricter:?}");
    speed(vectors);
    assert_eq!(laxer, 0, "something is accepted here alone");
}

fn speed(vectors: &Path) {
    let (report, key) = (read(vectors, CASES[0].0), read(vectors, CASES[0].1));
    let kept = KnownGood::new();
    let mut times: [Vec<u128>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (at, times) in times.iter_mut().enumerate() {
            let started = Instant::now();
            let accepted = match at {
                0 => ours(&report, &key, &KnownGood::new()).is_none(),
                1 => ours(&report, &key, &kept).is_none(),
                _ => judge_under(&report, &key, builtin::milan::ark(), builtin::milan::ask()).is_ok(),
            };
            times.push(started.elapsed().as_micros());
            assert!(accepted);
        }
    }
    for (name, times) in ["cold", "warm", "sev"].into_iter().zip(&mut times) {
        times.sort_unstable();
        println!("{name}: {} us", times[times.len() / 2]);
    }
}
