//! Verification with a kept key beside the published implementations, and signing over many messages.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_multisig::VerifyingKey;
use quorate_multisig::provider::{AwsLc, MlDsa, PqClean, Provider, Randomness};

fn verify(criterion: &mut Criterion) {
    let pair = MlDsa.key_pair(&[7; 32]).unwrap();
    let message = [9; 64];
    let signature = MlDsa.sign(&pair.secret_key, &message, b"", Randomness::Deterministic).unwrap();
    let kept = VerifyingKey::expand(&pair.public_key).unwrap();
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("kept key", |bencher| {
        bencher.iter(|| assert!(kept.verify(black_box(&message), b"", black_box(&signature))));
    });
    group.bench_function("expand", |bencher| {
        bencher.iter(|| VerifyingKey::expand(black_box(&pair.public_key)).unwrap());
    });
    for provider in [&MlDsa as &dyn Provider, &PqClean, &AwsLc] {
        group.bench_function(provider.name(), |bencher| {
            bencher.iter(|| {
                assert!(provider.verify(&pair.public_key, black_box(&message), b"", &signature).unwrap());
            });
        });
    }
    group.finish();
}

fn sign(criterion: &mut Criterion) {
    let pair = MlDsa.key_pair(&[7; 32]).unwrap();
    let mut group = criterion.benchmark_group("sign");
    let hedged = |provider: &dyn Provider| match provider.name() {
        "ml-dsa" => Randomness::Given(&[3; 32]),
        _ => Randomness::System,
    };
    for provider in [&MlDsa as &dyn Provider, &PqClean, &AwsLc] {
        let mut count = 0_u64;
        group.bench_function(provider.name(), |bencher| {
            bencher.iter(|| {
                count += 1;
                provider.sign(&pair.secret_key, &count.to_le_bytes(), b"", hedged(provider)).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verify, sign);
criterion_main!(benches);
