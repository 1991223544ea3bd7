//! Endorsed keys: the files they come in, and what they are worth.

use quorate_attestation::certificate::{KeyKind, PublicKey};
use quorate_attestation::verdict::Trust;
use quorate_attestation::{Anchors, EndorsedKey, Reason};
use quorate_types::cbor::{Value, encode};

use crate::support::{Court, unhex, vector};
use crate::tokens::{DRAFT, SECONDS, TFM_KEY, court, endorsed, psa};

/// Of the example of draft-ydb-rats-cca-endorsements, `examples/platform-iak.diag`.
const IMPLEMENTATION: &[u8; 32] = b"acme-implementation-id-000000001";
const INSTANCE: &str = "014ca3e4f50bf248c39787020d68ffd05c88767751bf2645ca923f57a98becd296";
const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETl4iCZ47zrRbRG0TVf0dw7VFlHtv18HI
    nYhnmMNybo+A1wuECyVqrDSmLt4QQzZPBECV8ANHS5HgGCCSr7E/Lg==";

fn jwk(text: &str) -> Result<PublicKey, Reason> {
    PublicKey::from_document(text.as_bytes()).map_err(|rejection| rejection.reason)
}

fn store(document: &str) -> Result<usize, Reason> {
    let added = Anchors::pinned().add_endorsements("the maker", document.as_bytes(), false);
    added.map_err(|rejection| rejection.reason)
}

#[test]
fn a_key_is_read_from_jwk_pem_and_der() {
    let pem = jwk(TFM_KEY).unwrap();
    assert_eq!(pem.kind, KeyKind::P256);
    let base64: String = TFM_KEY.lines().filter(|line| !line.starts_with('-')).collect();
    use base64::Engine as _;
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    assert_eq!(PublicKey::from_document(&der).unwrap(), pem);
    assert_eq!(PublicKey::from_der(&[der.as_slice(), &[0]].concat()).unwrap_err().reason, Reason::Malformed);
    let twice = format!("{TFM_KEY}{TFM_KEY}");
    assert_eq!(jwk(&twice), Err(Reason::Malformed));
    let Some(with_private_half) = vector("psa-token/draft-psa-iak.jwk.json") else { return };
    assert!(PublicKey::from_document(&with_private_half).is_ok());
}

#[test]
fn another_jwk_is_refused() {
    let x = "usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8";
    let y = "IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4";
    let key = |kty: &str, crv: &str, x: &str, y: &str, more: &str| {
        jwk(&format!(r#"{{"kty":"{kty}","crv":"{crv}","x":"{x}","y":"{y}"{more}}}"#))
    };
    assert!(key("EC", "P-256", x, y, r#","alg":"ES256","kid":"a""#).is_ok());
    for (found, reason) in [
        (key("EC", "P-384", x, y, ""), Reason::Malformed),
        (key("EC", "secp256k1", x, y, ""), Reason::Unsupported),
        (key("OKP", "P-256", x, y, ""), Reason::Unsupported),
        (key("EC", "P-256", &x[1..], y, ""), Reason::Malformed),
        (key("EC", "P-256", x, "+/", ""), Reason::Malformed),
        (key("EC", "P-256", x, y, r#","alg":"ES384""#), Reason::Unsupported),
        (jwk("{}"), Reason::Malformed),
        (jwk(""), Reason::Malformed),
        (jwk(&" ".repeat(20_000)), Reason::Malformed),
        // A private key is no key to verify by.
        (jwk("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), Reason::Malformed),
    ] {
        assert_eq!(found, Err(reason));
    }
}

#[test]
fn a_store_is_taken_whole_or_not_at_all() {
    let Some(good) = vector("rust-ccatoken/ta-02-ok.json") else { return };
    let good = String::from_utf8(good).unwrap();
    assert_eq!(store(&good), Ok(1));
    assert_eq!(store("[]"), Ok(0));
    for (from, to, reason) in [
        // A store of keys that are not to be trusted.
        ("\"pkey\"", "\"x-reason\": \"revoked\", \"pkey\"", Reason::Malformed),
        ("\"instance-id\"", "\"instance\"", Reason::Malformed),
        ("\"0102", "\"02", Reason::Malformed),
        ("\"0102", "\"0202", Reason::Malformed),
        ("\"0102", "\"0g02", Reason::Malformed),
        ("\"0000", "\"00", Reason::Malformed),
        ("P-256", "P-257", Reason::Unsupported),
    ] {
        assert_eq!(store(&good.replacen(from, to, 1)), Err(reason), "{to}");
    }
    let two = format!("[{},{}]", &good.trim()[1..good.trim().len() - 1], "{}");
    let mut anchors = Anchors::pinned();
    assert!(anchors.add_endorsements("the maker", two.as_bytes(), false).is_err());
    assert!(anchors.key_of(&unhex(DRAFT[0]), &unhex(DRAFT[1])).is_none());
    // A key alone names no device.
    assert_eq!(store(TFM_KEY), Err(Reason::Unsupported));
    let key = String::from_utf8(vector("rust-ccatoken/cpak.json").unwrap()).unwrap();
    assert_eq!(store(&key), Err(Reason::Unsupported));
    assert_eq!(store(""), Err(Reason::Malformed));
}

#[test]
fn a_device_has_one_endorsement() {
    let mut anchors = Anchors::pinned();
    let key = endorsed(DRAFT, TFM_KEY.as_bytes());
    assert_eq!(anchors.endorse(vec![key.clone(), key.clone()]), Ok(()));
    assert_eq!(anchors.endorse(vec![key.clone()]), Ok(()));
    for other in [
        EndorsedKey { endorser: "another maker".to_owned(), ..key.clone() },
        EndorsedKey { demo: true, ..key.clone() },
        EndorsedKey { valid_until: Some(1), ..key.clone() },
    ] {
        assert_eq!(anchors.endorse(vec![other]).unwrap_err().reason, Reason::Malformed);
    }
    let compressed = PublicKey { kind: KeyKind::P256, bytes: vec![2; 33] };
    let unusable = EndorsedKey { key: compressed, ..key };
    assert_eq!(Anchors::pinned().endorse(vec![unusable]).unwrap_err().reason, Reason::Unsupported);
}

#[test]
fn an_endorsement_holds_from_its_start_to_its_end() {
    let Some(evidence) = psa("psa-token/tfm-p2-sign1.cbor") else { return };
    let now = SECONDS * 1000;
    let judge = |from: u64, until: Option<u64>| {
        let mut court = Court::at(SECONDS);
        let key = endorsed(crate::tokens::TFM, TFM_KEY.as_bytes());
        let key = EndorsedKey { valid_from: from, valid_until: until, ..key };
        court.anchors.endorse(vec![key]).unwrap();
        court.judge(&evidence)
    };
    assert_eq!(judge(now, Some(now)).accepted().unwrap().valid_until, now);
    assert_eq!(judge(0, Some(now + 7)).accepted().unwrap().valid_until, now + 7);
    assert_eq!(judge(now + 1, None).reason(), Some(Reason::CollateralNotYetValid));
    assert_eq!(judge(0, Some(now - 1)).reason(), Some(Reason::CollateralExpired));
}

#[test]
fn a_simulated_machine_is_accepted_only_where_the_policy_says_so() {
    let Some(evidence) = psa("psa-token/tfm-p2-sign1.cbor") else { return };
    let mut court = Court::at(SECONDS);
    let key = endorsed(crate::tokens::TFM, TFM_KEY.as_bytes());
    court.anchors.endorse(vec![EndorsedKey { demo: true, ..key }]).unwrap();
    assert_eq!(court.judge(&evidence).reason(), Some(Reason::DemoAnchor));
    let verdict = court.with(|policy| policy.demo_allowed = true).judge(&evidence);
    assert_eq!(verdict.accepted().unwrap().endorser.trust, Trust::Demo);
}

fn map<const N: usize>(entries: [(u64, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(label, value)| (Value::Unsigned(label), value)).collect())
}

fn tag(number: u64, value: Value) -> Value {
    Value::Tag(number, Box::new(value))
}

fn environment() -> Value {
    let class = map([(0, tag(600, Value::bytes(*IMPLEMENTATION))), (1, Value::text("ACME Ltd."))]);
    map([(0, class), (1, tag(550, Value::bytes(unhex(INSTANCE))))])
}

fn record(key: Value) -> Value {
    Value::Array(vec![environment(), Value::Array(vec![key])])
}

fn comid(triples: Value) -> Value {
    let comid = map([(1, map([(0, Value::bytes([0x3f; 16]))])), (4, triples)]);
    tag(506, Value::bytes(encode(&comid)))
}

fn keys_of(records: Vec<Value>) -> Value {
    comid(map([(3, Value::Array(records))]))
}

fn corim(members: &[(u64, Value)]) -> Vec<u8> {
    let key = record(tag(554, Value::text(KEY)));
    let mut whole = vec![(0, Value::text("a CoRIM")), (1, Value::Array(vec![keys_of(vec![key])]))];
    whole.retain(|(label, _)| members.iter().all(|(other, _)| other != label));
    whole.extend(members.iter().cloned());
    let whole = whole.into_iter().map(|(label, value)| (Value::Unsigned(label), value)).collect();
    encode(&tag(501, Value::Map(whole)))
}

fn read(document: &[u8]) -> Result<EndorsedKey, Reason> {
    let mut anchors = Anchors::pinned();
    let added = anchors.add_endorsements("the maker", document, false);
    added.map_err(|rejection| rejection.reason)?;
    Ok(anchors.key_of(IMPLEMENTATION, &unhex(INSTANCE)).unwrap().clone())
}

#[test]
fn a_corim_gives_the_keys_of_its_devices() {
    let key = read(&corim(&[])).unwrap();
    assert_eq!((key.valid_from, key.valid_until, key.demo), (0, None, false));
    if let Some(jwk) = vector("psa-token/draft-psa-iak.jwk.json") {
        assert_eq!(key.key, PublicKey::from_document(&jwk).unwrap());
    }
    let pem = record(tag(554, Value::text(TFM_KEY)));
    let seconds = |seconds| tag(1, Value::Unsigned(seconds));
    let more = [
        (1, Value::Array(vec![keys_of(vec![pem])])),
        (3, tag(32, Value::text("http://arm.com/psa/iot/1"))),
        (4, map([(0, seconds(7)), (1, seconds(9))])),
    ];
    let key = read(&corim(&more)).unwrap();
    assert_eq!((key.valid_from, key.valid_until), (7_000, Some(9_000)));
    assert_eq!(key.key, jwk(TFM_KEY).unwrap());
    let listed = Value::Array(vec![tag(32, Value::text("tag:arm.com,2025:cca_platform#1.0.0"))]);
    assert!(read(&corim(&[(3, listed)])).is_ok());
}

#[test]
fn what_a_corim_says_beyond_keys_of_devices_is_refused() {
    let key = || tag(554, Value::text(KEY));
    let tags = |tag: Value| (1, Value::Array(vec![tag]));
    let environment = |entries: Vec<(u64, Value)>| {
        let entries = entries.into_iter().map(|(label, value)| (Value::Unsigned(label), value)).collect();
        let record = Value::Array(vec![Value::Map(entries), Value::Array(vec![key()])]);
        tags(keys_of(vec![record]))
    };
    let class = |id: Value| (0, map([(0, id)]));
    let instance = || (1, tag(550, Value::bytes(unhex(INSTANCE))));
    let implementation = || class(tag(600, Value::bytes(*IMPLEMENTATION)));
    assert!(read(&corim(&[environment(vec![implementation(), instance()])])).is_ok());
    let conditions = map([(0, Value::Unsigned(1))]);
    let conditional = Value::Array(vec![self::environment(), Value::Array(vec![key()]), conditions]);
    let two = Value::Array(vec![self::environment(), Value::Array(vec![key(), key()])]);
    let both = map([(0, Value::Array(vec![])), (3, Value::Array(vec![record(key())]))]);
    let linked = map([(1, Value::Null), (3, Value::Array(vec![])), (4, map([(3, Value::Array(vec![]))]))]);
    let unsupported = [
        (2, Value::Array(vec![])),
        (3, tag(32, Value::text("http://arm.com/cca/realm/1"))),
        (3, tag(111, Value::bytes([1]))),
        (7, Value::Null),
        tags(tag(505, Value::bytes([0xa0]))),
        tags(comid(both)),
        tags(tag(506, Value::bytes(encode(&linked)))),
        tags(keys_of(vec![conditional])),
        tags(keys_of(vec![two])),
        tags(keys_of(vec![record(tag(555, Value::text(KEY)))])),
        environment(vec![instance()]),
        environment(vec![implementation()]),
        environment(vec![implementation(), instance(), (2, Value::Null)]),
        environment(vec![class(tag(111, Value::bytes(*IMPLEMENTATION))), instance()]),
        environment(vec![implementation(), (1, tag(37, Value::bytes([1; 16])))]),
    ];
    for member in unsupported {
        assert_eq!(read(&corim(std::slice::from_ref(&member))), Err(Reason::Unsupported), "{member:?}");
    }
    let malformed = [
        (1, Value::Null),
        (4, map([(1, Value::Unsigned(9))])),
        (4, map([(1, tag(1, Value::integer(-1)))])),
        (4, map([(1, tag(1, Value::Unsigned(253_402_300_800)))])),
        tags(tag(506, Value::bytes([0xff]))),
        tags(comid(Value::Null)),
        tags(keys_of(vec![record(tag(554, Value::text("key")))])),
        environment(vec![class(tag(600, Value::bytes([1; 31]))), instance()]),
    ];
    for member in malformed {
        assert_eq!(read(&corim(std::slice::from_ref(&member))), Err(Reason::Malformed), "{member:?}");
    }
    // Signed, and wrapped as older drafts have it.
    for number in [500, 502, 18] {
        assert_eq!(read(&encode(&tag(number, map([])))), Err(Reason::Unsupported), "{number}");
    }
}

#[test]
fn another_endorser_is_named() {
    let Some(evidence) = psa("psa-token/draft-psa-tfm-sign1.cbor") else { return };
    let court = court(DRAFT, &vector("psa-token/draft-psa-iak.jwk.json").unwrap());
    assert_eq!(court.judge(&evidence).accepted().unwrap().endorser.name, "the maker");
}
