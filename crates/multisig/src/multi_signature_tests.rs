//! Certificates of many signers: what counts, what does not and who is to blame.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::sync::LazyLock;

use crate::certificate::{context, statement};
use crate::provider::{MlDsa, Provider, Randomness};
use crate::{
    AggregatedSignature, CertificateFault, Config, KeyPair, MultiSignatureManager, MultisigError,
    PartialSignature, Refusal, Validator,
};
use proptest::prelude::*;

const EPOCH: u64 = 7;
const HASH: [u8; 32] = [42; 32];

/// Key pairs of ten nodes, made once.
static PAIRS: LazyLock<Vec<KeyPair>> =
    LazyLock::new(|| (0..10).map(|n| MlDsa.key_pair(&[n; 32]).unwrap()).collect());

fn node(n: usize) -> String {
    format!("node-{n}")
}

fn manager(weights: &[u64], threshold: u64) -> MultiSignatureManager {
    let validators = weights.iter().enumerate().map(|(n, &weight)| Validator { node_id: node(n), weight });
    let config = Config { epoch: EPOCH, validators: validators.collect(), threshold };
    let mut manager = MultiSignatureManager::new(config).unwrap();
    for (n, pair) in PAIRS.iter().enumerate().take(weights.len()) {
        manager.register_public_key(&node(n), &pair.public_key).unwrap();
    }
    manager
}

fn signed(n: usize, epoch: u64, hash: [u8; 32]) -> PartialSignature {
    let key = &PAIRS[n].secret_key;
    let signature = MlDsa.sign(key, &statement(epoch, &hash), context(), Randomness::Deterministic).unwrap();
    PartialSignature { node_id: node(n), epoch, message_hash: hash, signature }
}

fn certificate(manager: &mut MultiSignatureManager, signers: &[usize]) -> AggregatedSignature {
    for &n in signers {
        manager.add_partial_signature(&HASH, &signed(n, EPOCH, HASH)).unwrap();
    }
    manager.finalize_aggregation(&HASH).unwrap()
}

#[test]
fn three_of_four_make_a_certificate_that_anyone_checks_from_its_bytes() {
    let mut ours = manager(&[1; 4], 3);
    for (added, n) in [3, 0, 2].into_iter().enumerate() {
        let refused = ours.finalize_aggregation(&HASH).unwrap_err();
        assert_eq!(refused, MultisigError::BelowThreshold { have: added as u64, need: 3 });
        let weight = ours.add_partial_signature(&HASH, &signed(n, EPOCH, HASH)).unwrap();
        assert_eq!(weight, added as u64 + 1);
    }
    let bytes = ours.finalize_aggregation(&HASH).unwrap().encode();
    assert_eq!(bytes.len(), 3 * 4627 + 72);
    let read = AggregatedSignature::decode(&bytes).unwrap();
    assert_eq!(read.signatures.iter().map(|(signer, _)| *signer).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!(manager(&[1; 4], 3).roster().verify_aggregated_signature(&read), Ok(()));
    assert_eq!(ours.metrics().signatures_collected, 3);
    assert_eq!(ours.metrics().aggregations_completed, 1);
}

#[test]
fn what_does_not_count_is_refused_with_its_reason_and_the_rest_still_aggregates() {
    let mut manager = manager(&[1; 4], 2);
    manager.add_partial_signature(&HASH, &signed(0, EPOCH, HASH)).unwrap();
    let forged = PartialSignature { node_id: node(2), ..signed(1, EPOCH, HASH) };
    let mut flipped = signed(1, EPOCH, HASH);
    flipped.signature[100] ^= 1;
    let short = PartialSignature { signature: vec![0; 4626], ..signed(1, EPOCH, HASH) };
    let stranger = PartialSignature { node_id: "stranger".to_owned(), ..signed(1, EPOCH, HASH) };
    let foreign = signed(1, EPOCH + 1, HASH);
    let relabelled = PartialSignature { epoch: EPOCH, ..foreign.clone() };
    let other = signed(1, EPOCH, [1; 32]);
    let cases = [
        (forged, Refusal::Invalid),
        (flipped, Refusal::Invalid),
        (short, Refusal::Invalid),
        (stranger, Refusal::UnknownSigner),
        (foreign, Refusal::ForeignEpoch),
        (relabelled, Refusal::Invalid),
        (other, Refusal::OtherMessage),
        (signed(0, EPOCH, HASH), Refusal::Duplicate),
    ];
    for (at, (partial, expected)) in cases.iter().enumerate() {
        match manager.add_partial_signature(&HASH, partial) {
            Err(MultisigError::Refused { node, refusal, .. }) => {
                assert_eq!((&node, &refusal), (&partial.node_id, expected), "case {at}");
            }
            other => panic!("case {at}: {other:?}"),
        }
    }
    assert_eq!(manager.metrics().signatures_rejected, cases.len() as u64);
    manager.add_partial_signature(&HASH, &signed(1, EPOCH, HASH)).unwrap();
    assert!(manager.finalize_aggregation(&HASH).is_ok());
}

#[test]
fn weights_decide_and_the_heaviest_are_taken() {
    let mut manager = manager(&[5, 40, 15, 40], 60);
    let made = certificate(&mut manager, &[0, 1, 2, 3]);
    // 40 and 40 suffice; 5 and 15 are not needed.
    assert_eq!(made.signatures.iter().map(|(signer, _)| *signer).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(manager.roster().verify_aggregated_signature(&made), Ok(()));
}

#[test]
fn a_certificate_that_is_not_one_is_named_for_what_it_is() {
    let mut ours = manager(&[1; 4], 2);
    let good = certificate(&mut ours, &[1, 2]);
    let verify = |certificate: &AggregatedSignature| ours.roster().verify_aggregated_signature(certificate);
    let foreign = AggregatedSignature { epoch: EPOCH + 1, ..good.clone() };
    assert_eq!(verify(&foreign), Err(CertificateFault::ForeignEpoch(EPOCH + 1)));
    let mut less = good.clone();
    less.signatures.pop();
    assert_eq!(verify(&less), Err(CertificateFault::BelowThreshold { have: 1, need: 2 }));
    let mut more = good.clone();
    more.signatures.push((3, signed(3, EPOCH, HASH).signature));
    assert_eq!(verify(&more), Err(CertificateFault::Surplus(node(1))));
    let mut unknown = good.clone();
    unknown.signatures[1].0 = 9;
    assert_eq!(verify(&unknown), Err(CertificateFault::UnknownSigner(9)));
    let mut swapped = good.clone();
    swapped.signatures[1].0 = 3;
    assert_eq!(verify(&swapped), Err(CertificateFault::Invalid(node(3))));
    let other = AggregatedSignature { message_hash: [1; 32], ..good };
    assert_eq!(verify(&other), Err(CertificateFault::Invalid(node(1))));
    let bare = MultiSignatureManager::new(ours.roster().config().clone()).unwrap();
    assert_eq!(bare.roster().verify_aggregated_signature(&less), Err(CertificateFault::NoKey(node(1))));
}

/// Exhaustive over the bytes of a small certificate.
#[test]
fn any_flipped_byte_makes_it_another_certificate_or_none() {
    let mut ours = manager(&[1; 2], 2);
    let bytes = certificate(&mut ours, &[0, 1]).encode();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let holds = AggregatedSignature::decode(&flipped)
            .is_ok_and(|read| ours.roster().verify_aggregated_signature(&read).is_ok());
        assert!(!holds, "byte {at}");
    }
}

#[test]
fn configurations_and_keys_that_make_no_sense_are_refused_with_their_field() {
    let validator = |node_id: &str, weight| Validator { node_id: node_id.to_owned(), weight };
    let refused = |validators: Vec<Validator>, threshold| {
        let config = Config { epoch: 0, validators, threshold };
        match MultiSignatureManager::new(config) {
            Err(MultisigError::Config { field, .. }) => field.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(vec![], 1), "validators");
    assert_eq!(refused(vec![validator("", 1)], 1), "validators[0].nodeId");
    assert_eq!(refused(vec![validator("a", 1), validator("a", 1)], 1), "validators[1].nodeId");
    assert_eq!(refused(vec![validator("a", 0)], 1), "validators[0].weight");
    assert_eq!(refused(vec![validator("a", 1 << 62), validator("b", 1)], 1), "validators");
    assert_eq!(refused(vec![validator("a", 1)], 2), "threshold");
    assert_eq!(refused(vec![validator("a", 1)], 0), "threshold");
    let mut manager = manager(&[1; 2], 1);
    let key = &PAIRS[0].public_key;
    assert!(matches!(manager.register_public_key(&node(0), key), Err(MultisigError::KeyRegistered { .. })));
    assert!(matches!(manager.register_public_key("stranger", key), Err(MultisigError::UnknownNode { .. })));
}

/// Whoever signs random messages fills its own share and nobody else's.
#[test]
fn one_validator_cannot_keep_the_others_from_signing() {
    let mut manager = manager(&[1; 10], 2);
    let hash = |n: u8| [n; 32];
    let mut opened = 0;
    while manager.add_partial_signature(&hash(opened), &signed(9, EPOCH, hash(opened))).is_ok() {
        opened += 1;
    }
    assert_eq!(usize::from(opened), 1024 / 10);
    // It may join what others open, and they open what they like.
    let other = [200; 32];
    manager.add_partial_signature(&other, &signed(0, EPOCH, other)).unwrap();
    manager.add_partial_signature(&other, &signed(9, EPOCH, other)).unwrap();
    manager.finalize_aggregation(&other).unwrap();
}

#[test]
fn a_finished_message_stays_finished() {
    let mut manager = manager(&[1; 4], 2);
    certificate(&mut manager, &[0, 1]);
    for late in [0, 2] {
        let refused = manager.add_partial_signature(&HASH, &signed(late, EPOCH, HASH));
        assert!(matches!(refused, Err(MultisigError::Refused { refusal: Refusal::Finished, .. })));
    }
    assert_eq!(manager.collected_weight(&HASH), 0);
}

#[test]
fn certificates_grow_by_one_signature_a_signer() {
    let size = |signers: u16| {
        let signatures = (0..signers).map(|signer| (signer, vec![0; 4627])).collect();
        AggregatedSignature { epoch: EPOCH, message_hash: HASH, signatures }.encode().len()
    };
    assert_eq!(size(3), 13_953);
    assert_eq!(size(67), 310_091);
}

proptest! {
    #[test]
    fn any_bytes_are_a_certificate_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(read) = AggregatedSignature::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn what_is_written_is_read_back(
        epoch in any::<u64>(),
        hash in any::<[u8; 32]>(),
        signers in proptest::collection::btree_set(0..1024_u16, 0..6),
        byte in any::<u8>(),
    ) {
        let signatures = signers.into_iter().map(|signer| (signer, vec![byte; 4627])).collect();
        let made = AggregatedSignature { epoch, message_hash: hash, signatures };
        prop_assert_eq!(AggregatedSignature::decode(&made.encode()).unwrap(), made);
    }

    /// A certificate exists exactly where the signers' weight reaches the threshold.
    #[test]
    fn the_threshold_is_a_weight(
        weights in proptest::collection::vec(1..100_u64, 4),
        threshold in 1..200_u64,
        signers in proptest::sample::subsequence(vec![0_usize, 1, 2, 3], 0..=4),
    ) {
        let total: u64 = weights.iter().sum();
        prop_assume!(threshold <= total);
        let mut manager = manager(&weights, threshold);
        for &n in &signers {
            manager.add_partial_signature(&HASH, &signed(n, EPOCH, HASH)).unwrap();
        }
        let have: u64 = signers.iter().map(|&n| weights[n]).sum();
        match manager.finalize_aggregation(&HASH) {
            Ok(made) => {
                prop_assert!(have >= threshold);
                prop_assert_eq!(manager.roster().verify_aggregated_signature(&made), Ok(()));
            }
            Err(error) => prop_assert_eq!(error, MultisigError::BelowThreshold { have, need: threshold }),
        }
    }
}
