//! Tokens that were changed on the way.

use proptest::prelude::*;
use quorate_attestation::{Evidence, Reason};
use quorate_types::cbor::Value;

use crate::mutate::Mutations;
use crate::support::{Court, vector};
use crate::tokens::{DRAFT, SECONDS, TFM, TFM_KEY, court, court_of_store, rewritten};

fn reason(court: &Court, evidence: Evidence) -> Option<Reason> {
    court.judge(&evidence).reason()
}

/// Judges a token with each byte changed in its lowest and in its highest bit.
fn flip(court: &Court, name: &str, token: &[u8], form: impl Fn(Vec<u8>) -> Evidence) {
    assert_eq!(reason(court, form(token.to_vec())), None, "{name}");
    for at in 0..token.len() {
        for bit in [0x01, 0x80] {
            let mut flipped = token.to_vec();
            flipped[at] ^= bit;
            assert!(reason(court, form(flipped)).is_some(), "{name}: byte {at} ^ {bit:#x}");
        }
    }
}

/// Every byte is signed, or has one value that is accepted.
#[test]
fn any_flipped_byte_of_a_cca_token_is_refused() {
    for (path, store) in [
        ("rust-ccatoken/cca-token-01.cbor", "rust-ccatoken/ta-tfa.json"),
        ("rust-ccatoken/cca-token-02.cbor", "rust-ccatoken/ta-02-ok.json"),
        ("rust-ccatoken/cca-token-draft-ffm-00.cbor", "rust-ccatoken/ta-tfa.json"),
        ("coco-trustee/cca/cca-example-token.cbor", "coco-trustee/cca/tastore.json"),
    ] {
        let Some(court) = court_of_store(store) else { return };
        flip(&court, path, &vector(path).unwrap(), |token| Evidence::Cca { token });
    }
}

#[test]
fn any_flipped_byte_of_a_psa_token_is_refused() {
    let Some(draft_key) = vector("psa-token/draft-psa-iak.jwk.json") else { return };
    for (path, device, key) in [
        ("psa-token/tfm-p1-sign1.cbor", TFM, TFM_KEY.as_bytes()),
        ("psa-token/tfm-p2-sign1.cbor", TFM, TFM_KEY.as_bytes()),
        ("psa-token/draft-psa-tfm-sign1.cbor", DRAFT, draft_key.as_slice()),
    ] {
        flip(&court(device, key), path, &vector(path).unwrap(), |token| Evidence::Psa { token });
    }
}

#[test]
fn nothing_else_may_be_in_a_collection() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let token = vector("rust-ccatoken/cca-token-01.cbor").unwrap();
    let with = |change: fn(&mut Vec<(Value, Value)>)| {
        let token = rewritten(&token, |item| {
            let Value::Tag(_, item) = item else { panic!("{item:?}") };
            let Value::Map(entries) = item.as_mut() else { panic!("{item:?}") };
            change(entries);
        });
        reason(&court, Evidence::Cca { token })
    };
    assert_eq!(with(|_| {}), None);
    for change in [
        (|entries| entries.push((Value::Unsigned(44242), Value::bytes([])))) as fn(&mut Vec<(Value, Value)>),
        |entries| entries.truncate(1),
        |entries| drop(entries.remove(0)),
        |entries| entries[0].1 = Value::Null,
        |entries| entries[1].0 = Value::text("44241"),
    ] {
        assert_eq!(with(change), Some(Reason::Malformed));
    }
    let retagged = rewritten(&token, |item| {
        let Value::Tag(tag, _) = item else { panic!("{item:?}") };
        *tag = 907;
    });
    assert_eq!(reason(&court, Evidence::Cca { token: retagged }), Some(Reason::Malformed));
    // The realm token in place of the platform token.
    let swapped = with(|entries| entries[0].1 = entries[1].1.clone());
    assert_eq!(swapped, Some(Reason::ClaimMissing));
}

/// The realm token of another platform, both halves genuine.
#[test]
fn halves_of_two_tokens_do_not_go_together() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let platform = vector("rust-ccatoken/cca-token-01.cbor").unwrap();
    let realm = vector("rust-ccatoken/cca-token-02.cbor").unwrap();
    let mut other = None;
    rewritten(&realm, |item| {
        let Value::Tag(_, collection) = item else { panic!("{item:?}") };
        other = collection.get(&Value::Unsigned(44241)).cloned();
    });
    let token = rewritten(&platform, |item| {
        let Value::Tag(_, collection) = item else { panic!("{item:?}") };
        let Value::Map(entries) = collection.as_mut() else { panic!("{collection:?}") };
        entries[1].1 = other.unwrap();
    });
    assert_eq!(reason(&court, Evidence::Cca { token }), Some(Reason::KeyBinding));
}

#[test]
fn a_token_beyond_the_size_is_not_read() {
    let court = Court::at(SECONDS);
    let big = vec![0xd2; 9 << 10];
    for evidence in [Evidence::Cca { token: big.clone() }, Evidence::Psa { token: big }] {
        assert_eq!(evidence.fields().unwrap_err().reason, Reason::Malformed);
        assert_eq!(reason(&court, evidence), Some(Reason::Malformed));
    }
}

#[test]
fn no_decoder_panics() {
    let Some(store) = vector("rust-ccatoken/ta-tfa.json") else { return };
    let mut mutations = Mutations::new();
    for path in ["cca-token-01.cbor", "cca-token-02.cbor", "cca-token-draft-ffm-00.cbor"] {
        let token = vector(&format!("rust-ccatoken/{path}")).unwrap();
        mutations.run(60_000, &token, |token| drop(Evidence::Cca { token: token.to_vec() }.fields()));
    }
    for path in ["tfm-p1-sign1.cbor", "tfm-p2-sign1.cbor", "draft-psa-tfm-sign1.cbor"] {
        let token = vector(&format!("psa-token/{path}")).unwrap();
        mutations.run(60_000, &token, |token| drop(Evidence::Psa { token: token.to_vec() }.fields()));
    }
    mutations.run(60_000, &store, |store| {
        let _ = quorate_attestation::Anchors::pinned().add_endorsements("the maker", store, false);
    });
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(token in proptest::collection::vec(any::<u8>(), 0..400)) {
        let court = Court::at(SECONDS);
        let collection = [&[0xd9, 0x01, 0x8f], token.as_slice()].concat();
        let signed = [&[0xd2, 0x84], token.as_slice()].concat();
        for bytes in [token, collection, signed] {
            for evidence in [Evidence::Cca { token: bytes.clone() }, Evidence::Psa { token: bytes.clone() }] {
                prop_assert!(reason(&court, evidence).is_some());
            }
            let document = [&[0xd9, 0x01, 0xf5], bytes.as_slice()].concat();
            let _ = quorate_attestation::Anchors::pinned().add_endorsements("the maker", &document, false);
            let _ = quorate_attestation::certificate::PublicKey::from_document(&bytes);
        }
    }
}
