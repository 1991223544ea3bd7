//! Other people's vectors on every implementation, as far as its interface reaches.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use quorate_multisig::provider::{AwsLc, MlDsa, PqClean, Provider, Randomness, providers};
use quorate_multisig::{MultisigError, SecretKey, VerifyingKey};
use serde_json::Value;
use sha2::Digest as _;

fn vectors(path: &str) -> Option<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/mldsa");
    if !folder.exists() {
        std::io::stderr().write_all(b"SKIPPED: ../shared/vectors/mldsa is absent\n").unwrap();
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap())
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_default();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// How many cases each implementation was given; printed, so that a gap is seen.
#[derive(Default)]
struct Reached(BTreeMap<&'static str, usize>);

impl Reached {
    fn count(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }

    fn say(&self, what: &str) {
        let _ = writeln!(std::io::stderr(), "{what}: {:?}", self.0);
    }
}

fn ours(key: &[u8], message: &[u8], context: &[u8], signature: &[u8]) -> bool {
    VerifyingKey::expand(key).is_ok_and(|key| key.verify(message, context, signature))
}

/// Asks everybody; those that take no context are asked where there is none.
fn all_say(
    expected: bool,
    reached: &mut Reached,
    what: &str,
    key: &[u8],
    message: &[u8],
    context: &[u8],
    signature: &[u8],
) {
    assert_eq!(ours(key, message, context, signature), expected, "{what}: ours");
    reached.count("ours");
    for provider in providers() {
        // PQClean's AVX2 code takes a low part of 0 for a positive one (see `provider`).
        if provider.name() == "pqcrypto-mldsa" && what.contains("use_hint(1, 0)") {
            continue;
        }
        match provider.verify(key, message, context, signature) {
            Ok(found) => assert_eq!(found, expected, "{what}: {}", provider.name()),
            Err(MultisigError::Unreachable { .. }) => continue,
            Err(error) => panic!("{what}: {error}"),
        }
        reached.count(provider.name());
    }
}

fn tests(groups: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = groups["testGroups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["tests"].as_array().unwrap().iter().map(move |test| (group, test)))
}

#[test]
fn wycheproof_verification() {
    let Some(file) = vectors("wycheproof/mldsa_87_verify_test.json") else { return };
    let mut reached = Reached::default();
    for (group, test) in tests(&file) {
        let what = format!("{} {}", test["tcId"], test["comment"]);
        let (key, context) = (unhex(&group["publicKey"]), unhex(&test["ctx"]));
        let (message, signature) = (unhex(&test["msg"]), unhex(&test["sig"]));
        let expected = test["result"] == "valid";
        all_say(expected, &mut reached, &what, &key, &message, &context, &signature);
    }
    reached.say("wycheproof verify");
    assert_eq!(reached.0["ours"], 241);
}

/// The signature a test demands: deterministic unless it gives randomness, over a message or its digest.
fn demanded(secret: &SecretKey, test: &Value) -> Result<Option<Vec<u8>>, MultisigError> {
    let random = unhex(&test["rnd"]);
    let given = <[u8; 32]>::try_from(random.as_slice());
    let randomness = given.as_ref().map_or(Randomness::Deterministic, Randomness::Given);
    if test["msg"].is_null() {
        return Ok(None);
    }
    MlDsa.sign(secret, &unhex(&test["msg"]), &unhex(&test["ctx"]), randomness).map(Some)
}

fn signing(file: &Value, secret_of: impl Fn(&Value) -> Result<SecretKey, MultisigError>) -> Reached {
    let mut reached = Reached::default();
    for (group, test) in tests(file) {
        let what = format!("{} {}", test["tcId"], test["comment"]);
        let valid = test["result"] == "valid";
        let key = unhex(&group["publicKey"]);
        let (message, context, signature) = (unhex(&test["msg"]), unhex(&test["ctx"]), unhex(&test["sig"]));
        reached.count("all");
        match secret_of(group).and_then(|secret| demanded(&secret, test).map(|made| (secret, made))) {
            Err(_) => assert!(!valid, "{what}: refused"),
            Ok((secret, Some(made))) => {
                assert!(valid, "{what}: accepted");
                assert_eq!(made, signature, "{what}");
                all_say(true, &mut reached, &what, &key, &message, &context, &signature);
                // What is hedged by its own generator is another signature that holds.
                for provider in [&PqClean as &dyn Provider, &AwsLc] {
                    if let Ok(made) = provider.sign(&secret, &message, &context, Randomness::System) {
                        assert!(ours(&key, &message, &context, &made), "{what}: {}", provider.name());
                        reached.count("hedged");
                    }
                }
            }
            // The digest alone is given: only verification reaches it.
            Ok((_, None)) => {
                let mu = unhex(&test["mu"]).try_into().unwrap();
                let found = VerifyingKey::expand(&key).unwrap().verify_mu(&mu, &signature);
                assert_eq!(found, valid, "{what}");
                reached.count("external mu");
            }
        }
    }
    reached
}

#[test]
fn wycheproof_signing_from_seeds() {
    let Some(file) = vectors("wycheproof/mldsa_87_sign_seed_test.json") else { return };
    let reached = signing(&file, |group| {
        let seed = unhex(&group["privateSeed"]);
        MultisigError::check_length("seed", seed.len(), 32)?;
        Ok(MlDsa.key_pair(&seed.try_into().unwrap())?.secret_key)
    });
    reached.say("wycheproof sign, seeds");
    assert_eq!(reached.0["all"], 96);
}

#[test]
fn wycheproof_signing_from_expanded_keys() {
    let Some(file) = vectors("wycheproof/mldsa_87_sign_noseed_test.json") else { return };
    let reached = signing(&file, |group| SecretKey::from_bytes(&unhex(&group["privateKey"])));
    reached.say("wycheproof sign, expanded keys");
    assert_eq!(reached.0["all"], 69);
}

/// Prompts joined with what is expected of them.
fn joined(file: &Value) -> Vec<(Value, Value, Value)> {
    let mut found = Vec::new();
    for group in file["prompt"].as_array().unwrap() {
        let expected = file["expected"].as_array().unwrap();
        let expected = expected.iter().find(|expected| expected["tgId"] == group["tgId"]).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let answers = expected["tests"].as_array().unwrap();
            let answer = answers.iter().find(|answer| answer["tcId"] == test["tcId"]).unwrap();
            found.push((group.clone(), test.clone(), answer.clone()));
        }
    }
    found
}

#[test]
fn acvp_key_generation() {
    let Some(file) = vectors("acvp/keygen.json") else { return };
    let cases = joined(&file);
    assert_eq!(cases.len(), 25);
    for (_, test, answer) in cases {
        let seed = unhex(&test["seed"]).try_into().unwrap();
        for provider in [&MlDsa as &dyn Provider, &AwsLc] {
            let pair = provider.key_pair(&seed).unwrap();
            assert_eq!(pair.public_key, unhex(&answer["pk"]), "{}", provider.name());
            assert_eq!(pair.secret_key.as_bytes(), unhex(&answer["sk"]), "{}", provider.name());
        }
    }
}

/// The encoded message of the pre-hashed form (FIPS 204, algorithm 4).
fn prehashed(algorithm: &str, message: &[u8], context: &[u8]) -> Vec<u8> {
    use shake::{ExtendableOutput, Update, XofReader};
    let sha2 = |last: u8, digest: Vec<u8>| (last, digest);
    let xof = |mut reader: Box<dyn XofReader>, length: usize| {
        let mut out = vec![0; length];
        reader.read(&mut out);
        out
    };
    let (last, digest) = match algorithm {
        "SHA2-256" => sha2(1, sha2::Sha256::digest(message).to_vec()),
        "SHA2-384" => sha2(2, sha2::Sha384::digest(message).to_vec()),
        "SHA2-512" => sha2(3, sha2::Sha512::digest(message).to_vec()),
        "SHA2-224" => sha2(4, sha2::Sha224::digest(message).to_vec()),
        "SHA2-512/224" => sha2(5, sha2::Sha512_224::digest(message).to_vec()),
        "SHA2-512/256" => sha2(6, sha2::Sha512_256::digest(message).to_vec()),
        "SHA3-224" => sha2(7, sha3::Sha3_224::digest(message).to_vec()),
        "SHA3-256" => sha2(8, sha3::Sha3_256::digest(message).to_vec()),
        "SHA3-384" => sha2(9, sha3::Sha3_384::digest(message).to_vec()),
        "SHA3-512" => sha2(10, sha3::Sha3_512::digest(message).to_vec()),
        "SHAKE-128" => {
            let mut state = shake::Shake128::default();
            state.update(message);
            (11, xof(Box::new(state.finalize_xof()), 32))
        }
        "SHAKE-256" => {
            let mut state = shake::Shake256::default();
            state.update(message);
            (12, xof(Box::new(state.finalize_xof()), 64))
        }
        other => panic!("{other}"),
    };
    let oid = [6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last];
    [&[1, context.len() as u8], context, &oid, &digest].concat()
}

#[test]
fn acvp_verification() {
    let Some(file) = vectors("acvp/sigver.json") else { return };
    let cases = joined(&file);
    assert_eq!(cases.len(), 60);
    let mut reached = Reached::default();
    for (group, test, answer) in cases {
        let what = format!("group {} test {}", group["tgId"], test["tcId"]);
        let expected = answer["testPassed"].as_bool().unwrap();
        let (key, signature) = (unhex(&test["pk"]), unhex(&test["signature"]));
        let (message, context) = (unhex(&test["message"]), unhex(&test["context"]));
        let kept = VerifyingKey::expand(&key).unwrap();
        let found = match group["tgId"].as_u64().unwrap() {
            5 => {
                all_say(expected, &mut reached, &what, &key, &message, &context, &signature);
                continue;
            }
            6 => {
                let encoded = prehashed(test["hashAlg"].as_str().unwrap(), &message, &context);
                kept.verify_parts(&[&encoded], &signature)
            }
            11 => kept.verify_mu(&unhex(&test["mu"]).try_into().unwrap(), &signature),
            12 => kept.verify_parts(&[&message], &signature),
            other => panic!("group {other}"),
        };
        assert_eq!(found, expected, "{what}");
        reached.count("ours");
    }
    reached.say("acvp verify");
    assert_eq!(reached.0["ours"], 60);
}

/// The accumulated test of C2SP/CCTV: a hash over public keys and deterministic signatures.
fn accumulated(iterations: usize) -> String {
    use rayon::prelude::*;
    use shake::{ExtendableOutput, Shake128, Update, XofReader};
    let mut reader = Shake128::default().finalize_xof();
    let mut seeds = vec![[0; 32]; iterations];
    seeds.iter_mut().for_each(|seed| reader.read(seed));
    let one = |seed: &[u8; 32]| {
        let pair = MlDsa.key_pair(seed).unwrap();
        let signature = MlDsa.sign(&pair.secret_key, b"", b"", Randomness::Deterministic).unwrap();
        assert!(ours(&pair.public_key, b"", b"", &signature));
        for provider in [&PqClean as &dyn Provider, &AwsLc] {
            assert!(provider.verify(&pair.public_key, b"", b"", &signature).unwrap());
        }
        [pair.public_key, signature].concat()
    };
    let mut sum = Shake128::default();
    seeds.par_iter().map(one).collect::<Vec<_>>().iter().for_each(|bytes| sum.update(bytes));
    let mut out = [0; 32];
    sum.finalize_xof().read(&mut out);
    out.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn cctv_accumulated_100() {
    assert_eq!(accumulated(100), "8c3ad714777622b8f21ce31bb35f71394f23bc0fcf3c78ace5d608990f3b061b");
}

#[test]
fn cctv_accumulated_10_000() {
    assert_eq!(accumulated(10_000), "80a8cf39317f7d0be0e24972c51ac152bd2a3e09bc0c32ce29dd82c4e7385e60");
}
