//! Claims of a realm and of a platform as `rust-ccatoken` publishes them, signed here with the private test
//! keys that `coco-trustee` publishes.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use quorate_attestation::{Evidence, Reason};
use quorate_types::cbor::{Form, Value, decode, encode};

use crate::support::vector;
use crate::tokens::court_of_store;

/// A published private key.
fn private_key(path: &str) -> EcdsaKeyPair {
    let jwk: serde_json::Value = serde_json::from_slice(&vector(path).unwrap()).unwrap();
    let member = |name: &str| {
        let digits = jwk[name].as_str().unwrap();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(digits).unwrap()
    };
    let point = [vec![4], member("x"), member("y")].concat();
    let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &member("d"), &point).unwrap()
}

fn sign(key: &EcdsaKeyPair, payload: &[u8]) -> Value {
    // {1: -35}
    let protected = || Value::bytes([0xa1, 0x01, 0x38, 0x22]);
    let payload = || Value::bytes(payload);
    let signed = Value::Array(vec![Value::text("Signature1"), protected(), Value::bytes([]), payload()]);
    let signature = key.sign(&SystemRandom::new(), &encode(&signed)).unwrap();
    let parts = vec![protected(), Value::Map(vec![]), payload(), Value::bytes(signature.as_ref())];
    Value::bytes(encode(&Value::Tag(18, Box::new(Value::Array(parts)))))
}

/// A token of these claims.
fn token(platform: &[u8], realm: &[u8]) -> Vec<u8> {
    let platform = sign(&private_key("coco-trustee/cca/cpak-priv.json"), platform);
    let realm = sign(&private_key("coco-trustee/cca/rak-priv.json"), realm);
    let entries = vec![(Value::Unsigned(44234), platform), (Value::Unsigned(44241), realm)];
    encode(&Value::Tag(399, Box::new(Value::Map(entries))))
}

/// The platform claims of a published token that names the device of the keys.
fn platform_claims() -> Vec<u8> {
    let token = vector("rust-ccatoken/cca-token-01.cbor").unwrap();
    let Value::Tag(_, collection) = decode(&token, Form::Unambiguous).unwrap() else { panic!() };
    let signed = collection.get(&Value::Unsigned(44234)).unwrap().as_bytes().unwrap().to_vec();
    let Value::Tag(_, parts) = decode(&signed, Form::Unambiguous).unwrap() else { panic!() };
    parts.as_array().unwrap()[2].as_bytes().unwrap().to_vec()
}

#[test]
fn claims_of_a_realm_get_the_expected_verdict() {
    let Some(court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    for (path, reason) in [
        ("realm-claims.cbor", None),
        ("realm-claims+spurious-numeric-key.cbor", None),
        ("realm-claims+spurious-text-key.cbor", None),
        ("realm-claims-missing-challenge.cbor", Some(Reason::ClaimMissing)),
    ] {
        let realm = vector(&format!("rust-ccatoken/{path}")).unwrap();
        let verdict = court.judge(&Evidence::Cca { token: token(&platform_claims(), &realm) });
        assert_eq!(verdict.reason(), reason, "{path}: {verdict:?}");
    }
}

#[test]
fn claims_of_a_platform_are_held_against_the_key_of_the_realm() {
    let Some(mut court) = court_of_store("rust-ccatoken/ta-tfa.json") else { return };
    let published = vector("rust-ccatoken/platform-claims.cbor").unwrap();
    let realm = vector("rust-ccatoken/realm-claims.cbor").unwrap();
    let judge = |court: &crate::support::Court, platform: &[u8]| {
        court.judge(&Evidence::Cca { token: token(platform, &realm) }).reason()
    };
    assert_eq!(judge(&court, &published), Some(Reason::KeyUnknown));
    let Value::Map(mut claims) = decode(&published, Form::Unambiguous).unwrap() else { panic!() };
    let claim = |label: u64| {
        let claims: &Vec<(Value, Value)> = &claims;
        let found = claims.iter().find(|(own, _)| *own == Value::Unsigned(label)).unwrap();
        found.1.as_bytes().unwrap().to_vec()
    };
    let key = vector("coco-trustee/cca/cpak-pub.json").unwrap();
    let mut endorsed = crate::tokens::endorsed(crate::tokens::PLATFORM, &key);
    (endorsed.implementation_id, endorsed.instance_id) = (claim(2396), claim(256));
    court.anchors.endorse(vec![endorsed]).unwrap();
    assert_eq!(judge(&court, &published), Some(Reason::KeyBinding));
    // With the hash of the realm's key they are good.
    let realm_claims = decode(&realm, Form::Unambiguous).unwrap();
    let realm_key = realm_claims.get(&Value::Unsigned(44237)).unwrap().as_bytes().unwrap();
    let bound = digest(&SHA256, realm_key).as_ref().to_vec();
    claims.iter_mut().find(|(label, _)| *label == Value::Unsigned(10)).unwrap().1 = Value::bytes(bound);
    assert_eq!(judge(&court, &encode(&Value::Map(claims))), None);
}
