//! Verdicts and speed beside `ccatoken`, another verifier of CCA tokens, over the published vectors.
//!
//! `ccatoken` 0.1.0 checks both signatures and what binds them, and says so in a vector; its `verify` is
//! `Ok` for a bad signature, too. It knows the older profile alone, no lifecycle and no challenge. Each
//! token is judged as it is and with any one byte flipped. A case that is accepted here and not there is
//! printed and makes the process fail; what is rejected here alone is printed and counted by reason.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use ccatoken::store::MemoTrustAnchorStore;
use ccatoken::token::Evidence as Theirs;
use quorate_attestation::{Anchors, Collateral, Context, Evidence, KnownGood, Policy, Reason, verify};

/// Token and trust anchor store.
const CASES: [(&str, &str); 7] = [
    ("rust-ccatoken/cca-token-01.cbor", "rust-ccatoken/ta-tfa.json"),
    ("rust-ccatoken/cca-token-01.cbor", "rust-ccatoken/ta.json"),
    ("rust-ccatoken/cca-token-02.cbor", "rust-ccatoken/ta-02-ok.json"),
    ("rust-ccatoken/cca-token-02.cbor", "rust-ccatoken/ta-02-bad.json"),
    ("rust-ccatoken/bug-33-repro.cbor", "rust-ccatoken/ta-tfa.json"),
    ("coco-trustee/cca/cca-example-token.cbor", "coco-trustee/cca/tastore.json"),
    ("coco-trustee/cca/cca-example-token.cbor", "rust-ccatoken/ta-02-ok.json"),
];
/// What `ccatoken` calls a trustworthy instance (AR4SI).
const TRUSTWORTHY: i8 = 2;
/// 2026-06-20.
const TIME_MS: u64 = 1_781_913_600_000;
const ROUNDS: usize = 200;

fn read(vectors: &Path, path: &str) -> Vec<u8> {
    std::fs::read(vectors.join(path)).expect(path)
}

fn ours(token: &[u8], anchors: &Anchors, known_good: &KnownGood) -> Option<Reason> {
    let (collateral, policy) = (Collateral::new(), Policy::default());
    let context = Context { time: TIME_MS, collateral: &collateral, anchors, policy: &policy, known_good };
    verify(&Evidence::Cca { token: token.to_vec() }, None, &context).reason()
}

fn theirs(token: &[u8], store: &MemoTrustAnchorStore) -> bool {
    let Ok(mut evidence) = Theirs::decode(&token.to_vec()) else { return false };
    if evidence.verify(store).is_err() {
        return false;
    }
    let (platform, realm) = evidence.get_trust_vectors();
    [platform, realm].iter().all(|vector| vector.instance_identity.get() == TRUSTWORTHY)
}

/// The same store for both.
fn stores(document: &[u8]) -> (Anchors, MemoTrustAnchorStore) {
    let (mut ours, mut theirs) = (Anchors::pinned(), MemoTrustAnchorStore::new());
    ours.add_endorsements("the maker", document, false).expect("a store");
    theirs.load_json(std::str::from_utf8(document).expect("a store")).expect("a store");
    (ours, theirs)
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/vectors/trust".to_owned());
    let vectors = Path::new(&folder);
    let (mut cases, mut laxer, mut panics) = (0, 0, 0);
    let mut stricter: BTreeMap<&str, usize> = BTreeMap::new();
    std::panic::set_hook(Box::new(|_| {}));
    for (token_path, store_path) in CASES {
        let token = read(vectors, token_path);
        let (anchors, store) = stores(&read(vectors, store_path));
        let known_good = KnownGood::new();
        let good = ours(&token, &anchors, &known_good).is_none();
        let flips = if good { token.len() } else { 0 };
        for at in std::iter::once(None).chain((0..flips).map(Some)) {
            let mut flipped = token.clone();
            if let Some(at) = at {
                flipped[at] ^= 1;
            }
            cases += 1;
            let peer = std::panic::AssertUnwindSafe(|| theirs(&flipped, &store));
            let peer = std::panic::catch_unwind(peer);
            panics += usize::from(peer.is_err());
            match (ours(&flipped, &anchors, &known_good), peer) {
                (None, Ok(false) | Err(_)) => {
                    laxer += 1;
                    println!("accepted here alone: {token_path} {store_path} {at:?}");
                }
                (Some(reason), Ok(true)) => {
                    println!("accepted there alone: {token_path} {at:?}, here {}", reason.name());
                    *stricter.entry(reason.name()).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    println!(
        "vectors and flips: {cases} cases, {laxer} accepted here alone; stricter here: {stricter:?}; {panics} panics there"
    );
    speed(vectors);
    assert_eq!(laxer, 0, "something is accepted here alone");
}

fn speed(vectors: &Path) {
    let token = read(vectors, CASES[0].0);
    let (anchors, store) = stores(&read(vectors, CASES[0].1));
    let kept = KnownGood::new();
    let mut times: [Vec<u128>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (at, times) in times.iter_mut().enumerate() {
            let started = Instant::now();
            let accepted = match at {
                0 => ours(&token, &anchors, &KnownGood::new()).is_none(),
                1 => ours(&token, &anchors, &kept).is_none(),
                _ => theirs(&token, &store),
            };
            times.push(started.elapsed().as_micros());
            assert!(accepted);
        }
    }
    for (name, times) in ["cold", "warm", "ccatoken"].into_iter().zip(&mut times) {
        times.sort_unstable();
        println!("{name}: {} us", times[times.len() / 2]);
    }
}
