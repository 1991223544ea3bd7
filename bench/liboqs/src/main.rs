//! ML-DSA-87 beside liboqs: each side's signatures are checked by the other, then both are timed in turn over
//! the same messages.

use std::error::Error;
use std::time::Instant;

use oqs::sig::{Algorithm, Sig};
use quorate_multisig::provider::{Randomness, default_signer};
use quorate_multisig::{SecretKey, VerifyingKey};

const ROUNDS: usize = 21;
/// Rejection sampling makes one signature take from one to dozens of turns: only means say anything.
const MESSAGES: usize = 400;

fn main() -> Result<(), Box<dyn Error>> {
    oqs::init();
    let peer = Sig::new(Algorithm::MlDsa87)?;
    let (public, secret) = peer.keypair()?;
    let ours = SecretKey::from_bytes(secret.as_ref())?;
    let kept = VerifyingKey::expand(public.as_ref())?;
    let signer = default_signer(Randomness::System);
    let messages: Vec<[u8; 64]> = (0..MESSAGES).map(|n| [n as u8; 64]).collect();
    let mut theirs = Vec::new();
    for message in &messages {
        let mine = signer.sign(&ours, message, b"", Randomness::System)?;
        let mine = peer.signature_from_bytes(&mine).ok_or("a signature has another length")?;
        peer.verify(message, mine, &public)?;
        let signature = peer.sign(message, &secret)?;
        assert!(kept.verify(message, b"", signature.as_ref()), "liboqs's signature is refused here");
        theirs.push(signature);
    }
    println!("{MESSAGES} signatures of each side hold on the other");
    let mut times: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        for (at, times) in times.iter_mut().enumerate() {
            let started = Instant::now();
            for (message, signature) in messages.iter().zip(&theirs) {
                match at {
                    0 => assert!(kept.verify(message, b"", signature.as_ref())),
                    1 => assert!(VerifyingKey::expand(public.as_ref())?.verify(
                        message,
                        b"",
                        signature.as_ref()
                    )),
                    2 => peer.verify(message, signature, &public)?,
                    3 => drop(signer.sign(&ours, message, b"", Randomness::System)?),
                    _ => drop(peer.sign(message, &secret)?),
                }
            }
            times.push(started.elapsed().as_secs_f64() * 1e6 / MESSAGES as f64);
        }
    }
    let names = ["verify, key kept", "verify, new key", "verify, liboqs", "sign, hedged", "sign, liboqs"];
    for (name, times) in names.into_iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!("{name}: {:.1} us", times[times.len() / 2]);
    }
    Ok(())
}
