//! Verdicts and speed beside `dcap-qvl`, another verifier of TDX and SGX quotes, over the published vectors.
//!
//! Both judge every quote with every bundle of collateral at four times, one quote of each form with any one
//! byte flipped, and simulated platforms at the edges of firmware levels. A verdict is a status or a
//! rejection. A case that this verifier alone accepts, or calls better than its peer does, is printed and
//! makes the process fail; where it is stricter, the cases are counted by its verdict. The reasons:
//!
//! - `CHAIN_UNTRUSTED`: the root that ends the chain in a quote must be a trusted one, byte for byte.
//! - `MALFORMED`: nothing but line breaks may stand between the lines of PEM in a quote.
//! - `UNSUPPORTED`: from version 4 on, the outer certification data must say that it is of type 6.
//! - `KEY_BINDING`: after the hash, the report data of the quoting enclave must be zero.
//! - `ATTRIBUTES`: attributes of a TD that this verifier does not know (bits 18 to 22) could weaken it.
//! - out of date instead of better: the TDX module below a running TD counts, not only the one that launched
//!   it; and a relaunch is advised only where the module's own level was out of date, as in Intel's verifier.

#[path = "../../../crates/attestation/tests/intel/simulated.rs"]
#[allow(dead_code)]
mod simulated;
#[path = "../../../crates/attestation/tests/intel/support.rs"]
#[allow(dead_code)]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::{QuoteVerifier, VerifiedReport};
use quorate_attestation::{
    Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, Verdict, verify,
};
use simulated::World;

const QUOTES: [&str; 13] = [
    "dcap-qvl/tdx_quote",
    "dcap-qvl/tdx_quote_outdated",
    "dcap-qvl/tdx-quote.hex",
    "dcap-qvl/quote-from-tappd.hex",
    "dcap-qvl/sgx_quote",
    "go-tdx-guest/tdx_prod_quote_SPR_E4.dat",
    "go-tdx-guest/quote_v5_sample.dat",
    "go-tdx-guest/ccel/cos-113-tdx-quote.dat",
    "coco-trustee/tdx/tdx_quote_4.dat",
    "coco-trustee/tdx/tdx_quote_5.dat",
    "coco-trustee/tdx/tdx_quote_6.dat",
    "coco-trustee/tdx/occlum_quote.dat",
    "coco-trustee/az-tdx-vtpm/td-quote.bin",
];
const BUNDLES: [&str; 3] = ["sgx_quote_collateral", "tdx_quote_collateral", "tdx_quote_outdated_collateral"];
/// Before, in and after the windows of the bundles, seconds.
const TIMES: [u64; 4] = [1_700_000_000, 1_750_420_800, 1_772_000_000, 1_790_000_000];
/// Quotes that are accepted: path, bundle, time.
const ACCEPTED: [(&str, &str, u64); 3] = [
    ("dcap-qvl/sgx_quote", BUNDLES[0], TIMES[1]),
    ("dcap-qvl/tdx_quote", BUNDLES[1], TIMES[1]),
    ("go-tdx-guest/quote_v5_sample.dat", BUNDLES[2], TIMES[2]),
];
const ROUNDS: usize = 400;

struct Vectors(PathBuf);

impl Vectors {
    fn quote(&self, path: &str) -> Vec<u8> {
        let bytes = std::fs::read(self.0.join(path)).expect(path);
        if !path.ends_with(".hex") {
            return bytes;
        }
        let text = String::from_utf8(bytes).expect(path);
        let text = text.trim().trim_start_matches("0x");
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect(path)).collect()
    }

    fn bundle(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(format!("dcap-qvl/{name}.json"))).expect(name)
    }
}

/// The status, or why there is none.
type Outcome = Result<String, String>;

/// Accepts what the peer accepts without a policy of its own: any status but revoked, any advisory.
fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.intel.advisories = None;
    policy.intel.tcb_statuses = [
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDate",
        "OutOfDateConfigurationNeeded",
        "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded",
    ]
    .map(str::to_owned)
    .into();
    policy
}

fn ours(quote: &[u8], collateral: &Collateral, known_good: &KnownGood, time: u64) -> Outcome {
    let (anchors, policy) = (Anchors::pinned(), policy());
    let context = Context { time: time * 1000, collateral, anchors: &anchors, policy: &policy, known_good };
    outcome(&verify(&Evidence::Quote { quote: quote.to_vec() }, None, &context))
}

fn outcome(verdict: &Verdict) -> Outcome {
    match verdict.accepted() {
        Some(accepted) => {
            Ok([vec![accepted.tcb.status.clone().unwrap_or_default()], accepted.tcb.advisories.clone()]
                .concat()
                .join(" "))
        }
        None => Err(verdict.reason().map_or("", Reason::name).to_owned()),
    }
}

fn theirs(quote: &[u8], collateral: &QuoteCollateralV3, time: u64) -> Outcome {
    outcome_there(dcap_qvl::verify::ring::verify(quote, collateral, time))
}

fn outcome_there(result: Result<VerifiedReport, impl std::fmt::Display>) -> Outcome {
    let report = result.map_err(|why| format!("{why:#}"))?;
    let mut advisories = report.advisory_ids;
    advisories.sort();
    Ok([vec![report.status], advisories].concat().join(" "))
}

fn parse(bundle: &[u8]) -> (Collateral, QuoteCollateralV3) {
    let mut collateral = Collateral::new();
    collateral.add_intel_bundle(bundle).expect("a bundle");
    (collateral, serde_json::from_slice(bundle).expect("a bundle"))
}

/// What a comparison found.
#[derive(Default)]
struct Found {
    cases: usize,
    laxer: usize,
    /// Cases that this verifier alone rejects, by its reason, or calls out of date.
    stricter: BTreeMap<String, usize>,
}

impl Found {
    fn compare(&mut self, name: &str, ours: &Outcome, theirs: &Outcome) {
        self.cases += 1;
        match (ours, theirs) {
            (Err(why), Ok(_)) => *self.stricter.entry(why.clone()).or_default() += 1,
            (Ok(ours), Ok(theirs)) if ours == theirs => {}
            (Ok(ours), Ok(theirs)) if ours.starts_with("OutOfDate") => {
                *self.stricter.entry(format!("{ours} instead of {theirs}")).or_default() += 1;
            }
            (Err(_), Err(_)) => {}
            _ => {
                self.laxer += 1;
                println!("{name}\n  ours   {ours:?}\n  theirs {theirs:?}");
            }
        }
    }

    fn print(&self, what: &str) {
        let Self { cases, laxer, stricter } = self;
        println!(
            "{what}: {cases} cases, {laxer} accepted here alone or called better; stricter here: {stricter:?}"
        );
    }
}

fn agreement(vectors: &Vectors) -> usize {
    let mut found = Found::default();
    for bundle in BUNDLES {
        let (collateral, peer) = parse(&vectors.bundle(bundle));
        for path in QUOTES {
            let quote = vectors.quote(path);
            for time in TIMES {
                let ours = ours(&quote, &collateral, &KnownGood::new(), time);
                let theirs = theirs(&quote, &peer, time);
                found.compare(&format!("{path} {bundle} {time}"), &ours, &theirs);
            }
        }
    }
    found.print("vectors");
    found.laxer
}

fn flips(vectors: &Vectors) -> usize {
    let mut laxer = 0;
    for (path, bundle, time) in ACCEPTED {
        let (collateral, peer) = parse(&vectors.bundle(bundle));
        let (known_good, quote) = (KnownGood::new(), vectors.quote(path));
        let mut found = Found::default();
        for at in 0..quote.len() {
            let mut flipped = quote.clone();
            flipped[at] ^= 1;
            let ours = ours(&flipped, &collateral, &known_good, time);
            let theirs = theirs(&flipped, &peer, time);
            found.compare(&format!("{path} byte {at}"), &ours, &theirs);
        }
        found.print(&format!("flips of {path}"));
        laxer += found.laxer;
    }
    laxer
}

/// One change of a platform, by name.
type Change = (String, Box<dyn Fn(&mut World)>);

fn changes() -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    let mut add = |name: String, change: Box<dyn Fn(&mut World)>| all.push((name, change));
    for svn in [0u8, 99, 100, 127, 128, 199, 200, 201, 255] {
        for at in [0usize, 7, 15] {
            add(format!("component {at} = {svn}"), Box::new(move |world| world.components[at] = svn));
        }
    }
    for svn in [0, 4, 5, 12, 13, 14] {
        add(format!("PCE at {svn}"), Box::new(move |world| world.pce_svn = svn));
        add(format!("quoting enclave at {svn}"), Box::new(move |world| world.qe[258] = svn));
    }
    for launch in 0..8 {
        for now in 0..8 {
            for versions in [[0, 0], [0, 1], [1, 0], [1, 1], [2, 1], [1, 2]] {
                for enclave in [3, 4] {
                    let name = format!("module {versions:?} at {launch}, now {now}, enclave {enclave}");
                    let change = move |world: &mut World| {
                        world.tee_tcb_svn[..2].copy_from_slice(&[launch, versions[0]]);
                        world.tee_tcb_svn2[..2].copy_from_slice(&[now, versions[1]]);
                        world.qe[258] = enclave;
                    };
                    add(name, Box::new(change));
                }
            }
        }
    }
    for at in 2..16 {
        let change = move |world: &mut World| {
            world.tee_tcb_svn[at] = 1;
            world.tee_tcb_svn2[at] = 3;
        };
        add(format!("component {at} of TDX behind at launch"), Box::new(change));
    }
    for bit in 0..64 {
        add(format!("attribute {bit}"), Box::new(move |world| world.td_attributes ^= 1 << bit));
        add(
            format!("attribute {bit} of the module"),
            Box::new(move |world| world.seam_attributes ^= 1 << bit),
        );
    }
    for byte in 0..320 {
        add(format!("byte {byte} of the quoting enclave"), Box::new(move |world| world.qe[byte] ^= 1));
    }
    add("service TD".to_owned(), Box::new(|world| world.mr_service_td = 1));
    add("signer of the module".to_owned(), Box::new(|world| world.mr_signer_seam = 1));
    add("tail of report data".to_owned(), Box::new(|world| world.qe_tail[0] = 1));
    add("vendor".to_owned(), Box::new(|world| world.vendor[0] ^= 1));
    for status in ["SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"] {
        for (launch, now) in [(4, 6), (6, 6), (4, 4), (6, 4)] {
            let change = move |world: &mut World| {
                world.tcb_info["tcbLevels"][1]["tcbStatus"] = status.into();
                (world.tee_tcb_svn[0], world.tee_tcb_svn2[0]) = (launch, now);
            };
            add(format!("{status}, module at {launch}, now {now}"), Box::new(change));
        }
    }
    all
}

fn edges() -> usize {
    let mut found = Found::default();
    for (name, change) in changes() {
        let mut world = World::new();
        change(&mut world);
        let mut judge = world.judge();
        judge.policy = policy();
        let peer: QuoteCollateralV3 = serde_json::from_value(world.bundle()).expect("a bundle");
        let verifier = QuoteVerifier::new(world.root_certificate.clone());
        for (version, kind) in [(4, 2), (5, 2), (5, 3)] {
            let quote = world.quote(version, kind);
            let there = outcome_there(verifier.verify(&quote, &peer, simulated::NOW / 1000));
            found.compare(&format!("{name}, {version} {kind}"), &outcome(&judge.verdict(&quote)), &there);
        }
    }
    found.print("simulated platforms");
    found.laxer
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Wall time of both, microseconds, and the ratio: they alternate, so that other load weighs on both.
fn pair(name: &str, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e6
    };
    let pairs: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (time(&mut ours), time(&mut theirs))).collect();
    let here = median(pairs.iter().map(|pair| pair.0).collect());
    let there = median(pairs.iter().map(|pair| pair.1).collect());
    let ratio = median(pairs.iter().map(|pair| pair.1 / pair.0).collect());
    println!("{name}: {here:.0} us, dcap-qvl {there:.0} us, ratio {ratio:.2}");
}

fn speed(vectors: &Vectors) {
    for (path, bundle, time) in ACCEPTED {
        let (quote, bytes) = (vectors.quote(path), vectors.bundle(bundle));
        let (collateral, peer) = parse(&bytes);
        let known_good = KnownGood::new();
        let judge = |collateral: &Collateral, known_good: &KnownGood| {
            ours(&quote, collateral, known_good, time).expect("accepted");
        };
        let judge_there = || drop(theirs(&quote, &peer, time).expect("accepted"));
        let cold = || {
            let mut collateral = Collateral::new();
            collateral.add_intel_bundle(&bytes).expect("a bundle");
            judge(&collateral, &KnownGood::new());
        };
        let cold_there = || {
            let peer = serde_json::from_slice(&bytes).expect("a bundle");
            theirs(&quote, &peer, time).expect("accepted");
        };
        pair(&format!("{path}, from the bytes of quote and bundle"), cold, cold_there);
        let fresh = || judge(&collateral, &KnownGood::new());
        pair(&format!("{path}, bundle parsed, no signature known"), fresh, judge_there);
        pair(
            &format!("{path}, bundle parsed and seen before"),
            || judge(&collateral, &known_good),
            judge_there,
        );
    }
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/vectors/trust".to_owned());
    let vectors = Vectors(Path::new(&folder).to_owned());
    let laxer = agreement(&vectors) + flips(&vectors) + edges();
    speed(&vectors);
    if laxer > 0 {
        std::process::exit(1);
    }
}
