//! COSE_Sign1: published examples, and every way to be read in two ways.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use quorate_attestation::Reason;
use quorate_attestation::certificate::{KeyKind, PublicKey};
use quorate_attestation::cose::{Algorithm, Sign1, Tagging, public_key};
use quorate_types::cbor::{Value, encode};

use crate::support::unhex;
use crate::tokens::rewritten;

/// Algorithm, coordinates of the key and message of `ecdsa-examples/ecdsa-sig-0{1,2,3}.json` of
/// github.com/cose-wg/Examples.
const EXAMPLES: [(Algorithm, [&str; 3], &str); 3] = [
    (
        Algorithm::Es256,
        [
            "P-256",
            "usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8",
            "IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4",
        ],
        "D28445A201260300A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8
         DCA25DAB3C2E56A551CE5705B793914348E172727F48461FABBBA2E343492DDECAC3983686250BC68E9F1A7A07D41225B59F",
    ),
    (
        Algorithm::Es384,
        [
            "P-384",
            "kTJyP2KSsBBhnb4kjWmMF7WHVsY55xUPgb7k64rDcjatChoZ1nvjKmYmPh5STRKc",
            "mM0weMVU2DKsYDxDJkEP9hZiRZtB8fPfXbzINZj_fF7YQRynNWedHEyzAJOX2e8s",
        ],
        "D28444A1013822A104445033383454546869732069732074686520636F6E74656E742E5860B8F85EFF78C88F5351CED2F188
         7B79B296490795594B62E41E22529BB90208B7D8CDDD4A46D0E9C986464D83D0A5D1EDF39B3E2C5750364230D0E8D76460D8
         808E76C83830FBBD1978CC174066EB437F17887979ECF027DCC9D51BAF6C4FD8C0",
    ),
    (
        Algorithm::Es512,
        [
            "P-521",
            "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
            "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1",
        ],
        "D28444A1013823A104581E62696C626F2E62616767696E7340686F626269746F6E2E6578616D706C65545468697320697320
         74686520636F6E74656E742E5884000F348009BADC7DA478150AA7FA06DFD812CDF826344F17C7330563573D8F97F7A96692
         4C3D88B108907235476E3F6BEA9F3890027792B0F94E905C217227CF064E00A6BC6A5187D0DF9B1DB7675AECFC678CE4692A
         8121EB8170F3592A859D518FD3B823091AAB22E6C41EB97ED92127CE8C46DCC715A247CB78921FAD1E19133AFC30",
    ),
];
/// `ecdsa-sig-04.json`: ES512 with a key on P-256, which RFC 9053 allows and this does not.
const ES512_ON_P256: &str =
    "D28444A1013823A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8DC
         A25DAB3C2E56A551CE5705B793914348E14A37288571498A1B64BA08D2063B8749D75CDC9D7F61EB752D23819473F6BD65";

fn key([curve, x, y]: [&str; 3]) -> PublicKey {
    let jwk = format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}"}}"#);
    PublicKey::from_document(jwk.as_bytes()).unwrap()
}

/// A message without the headers that no signature covers.
fn bare(message: &str) -> Vec<u8> {
    rewritten(&unhex(message), |item| *part(item, 1) = Value::Map(Vec::new()))
}

fn part(item: &mut Value, at: usize) -> &mut Value {
    let item = if let Value::Tag(_, item) = item { item } else { item };
    let Value::Array(parts) = item else { panic!("{item:?}") };
    &mut parts[at]
}

fn refusal(message: &[u8]) -> Reason {
    Sign1::parse(message, Tagging::Tagged, "the message").unwrap_err().reason
}

#[test]
fn published_examples_verify_under_their_keys_alone() {
    for (algorithm, own, message) in EXAMPLES {
        let signed = Sign1::parse(&bare(message), Tagging::Tagged, "the message").unwrap();
        assert_eq!(signed.algorithm, algorithm);
        assert_eq!(signed.payload, b"This is the content.");
        assert_eq!(signed.verify(&key(own), None), Ok(()));
        for (other, theirs, _) in EXAMPLES {
            let verified = signed.verify(&key(theirs), None).map_err(|rejection| rejection.reason);
            let expected = if other == algorithm { Ok(()) } else { Err(Reason::EvidenceSignature) };
            assert_eq!(verified, expected, "{algorithm:?} under a key for {other:?}");
        }
    }
}

#[test]
fn headers_that_no_signature_covers_are_refused() {
    for (_, _, message) in EXAMPLES {
        assert_eq!(refusal(&unhex(message)), Reason::Malformed);
    }
}

#[test]
fn the_algorithm_fixes_the_curve() {
    let signed = Sign1::parse(&bare(ES512_ON_P256), Tagging::Tagged, "the message").unwrap();
    let rejection = signed.verify(&key(EXAMPLES[0].1), None).unwrap_err();
    assert_eq!(rejection.reason, Reason::EvidenceSignature);
}

#[test]
fn the_tag_is_there_where_the_profile_has_it() {
    let tagged = bare(EXAMPLES[0].2);
    let untagged = &tagged[1..];
    assert!(Sign1::parse(untagged, Tagging::Untagged, "the message").is_ok());
    assert!(Sign1::parse(untagged, Tagging::Tagged, "the message").is_err());
    assert!(Sign1::parse(&tagged, Tagging::Untagged, "the message").is_err());
    // A COSE_Mac0.
    assert_eq!(refusal(&[&[0xd1], untagged].concat()), Reason::Malformed);
}

#[test]
fn another_form_is_refused() {
    let message = bare(EXAMPLES[0].2);
    let with = |at: usize, value: Value| rewritten(&message, |item| *part(item, at) = value);
    for (at, value) in [
        (0, Value::Map(vec![(Value::Unsigned(1), Value::integer(-7))])),
        (0, Value::bytes([])),
        (0, Value::bytes([0xa0])),
        (0, Value::bytes([0xa1, 0x01, 0x26, 0x00])),
        (0, Value::bytes([0xa2, 0x01, 0x26, 0x01, 0x26])),
        (1, Value::Null),
        (2, Value::Null),
        (3, Value::text("signature")),
    ] {
        assert_eq!(refusal(&with(at, value.clone())), Reason::Malformed, "{at}: {value:?}");
    }
    let items = |change: fn(&mut Vec<Value>)| {
        rewritten(&message, |item| {
            let Value::Tag(_, item) = item else { panic!("{item:?}") };
            let Value::Array(parts) = item.as_mut() else { panic!("{item:?}") };
            change(parts);
        })
    };
    assert_eq!(refusal(&items(|parts| parts.truncate(3))), Reason::Malformed);
    assert_eq!(refusal(&items(|parts| parts.push(Value::Null))), Reason::Malformed);
    assert_eq!(refusal(&[message.as_slice(), &[0]].concat()), Reason::Malformed);
    // The same array with an indefinite length.
    let indefinite = [&[0xd2, 0x9f], &message[2..], &[0xff]].concat();
    assert_eq!(refusal(&indefinite), Reason::Malformed);
}

#[test]
fn another_algorithm_and_critical_headers_are_refused() {
    let message = bare(EXAMPLES[0].2);
    let with = |entries: Vec<(Value, Value)>| {
        rewritten(&message, |item| *part(item, 0) = Value::bytes(encode(&Value::Map(entries))))
    };
    let algorithm = |value: Value| (Value::Unsigned(1), value);
    // EdDSA, ES256K, HMAC, a name instead of a number.
    for other in [Value::integer(-8), Value::integer(-47), Value::Unsigned(5), Value::text("ES256")] {
        assert_eq!(refusal(&with(vec![algorithm(other.clone())])), Reason::Unsupported, "{other:?}");
    }
    for critical in [Value::Array(vec![Value::Unsigned(1)]), Value::Array(vec![]), Value::Null] {
        let header = vec![algorithm(Value::integer(-7)), (Value::Unsigned(2), critical.clone())];
        assert_eq!(refusal(&with(header)), Reason::Unsupported, "{critical:?}");
    }
}

/// The header is signed as it was sent, not as this build would write it.
#[test]
fn the_protected_header_is_signed_byte_for_byte() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = PublicKey { kind: KeyKind::P256, bytes: pair.public_key().as_ref().to_vec() };
    // {1: -7} with the label in two bytes.
    let long = [0xa1, 0x18, 0x01, 0x26];
    let message = |header: &[u8], signed_header: &[u8]| {
        let parts = |head: Vec<Value>, header: &[u8], tail: Vec<Value>| {
            Value::Array([head, vec![Value::bytes(header)], tail].concat())
        };
        let payload = || Value::bytes(*b"payload");
        let signed = parts(vec![Value::text("Signature1")], signed_header, vec![Value::bytes([]), payload()]);
        let signature = pair.sign(&SystemRandom::new(), &encode(&signed)).unwrap();
        let tail = vec![Value::Map(vec![]), payload(), Value::bytes(signature.as_ref())];
        encode(&Value::Tag(18, Box::new(parts(vec![], header, tail))))
    };
    let verify = |message: Vec<u8>| {
        let signed = Sign1::parse(&message, Tagging::Tagged, "the message").unwrap();
        signed.verify(&key, None).map_err(|rejection| rejection.reason)
    };
    assert_eq!(verify(message(&long, &long)), Ok(()));
    assert_eq!(verify(message(&long, &[0xa1, 0x01, 0x26])), Err(Reason::EvidenceSignature));
}

#[test]
fn a_signature_of_another_length_is_wrong() {
    let (_, own, message) = EXAMPLES[0];
    let message = bare(message);
    for length in [0, 63, 65, 132] {
        let other = rewritten(&message, |item| *part(item, 3) = Value::bytes(vec![1; length]));
        let signed = Sign1::parse(&other, Tagging::Tagged, "the message").unwrap();
        let rejection = signed.verify(&key(own), None).unwrap_err();
        assert_eq!(rejection.reason, Reason::EvidenceSignature, "{length} bytes");
    }
}

#[test]
fn keys_are_read_where_they_say_what_they_are() {
    let PublicKey { bytes, .. } = key(EXAMPLES[0].1);
    let (x, y) = bytes[1..].split_at(32);
    let whole = || {
        vec![(1, Value::Unsigned(2)), (-1, Value::Unsigned(1)), (-2, Value::bytes(x)), (-3, Value::bytes(y))]
    };
    let read = |members: Vec<(i64, Value)>| {
        let members = members.into_iter().map(|(label, value)| (Value::integer(label), value)).collect();
        public_key(&encode(&Value::Map(members)), "the key").map_err(|rejection| rejection.reason)
    };
    let with = |label: i64, value: Value| {
        let others = whole().into_iter().filter(|(other, _)| *other != label);
        read(others.chain([(label, value)]).collect())
    };
    assert_eq!(read(whole()).unwrap().bytes, bytes);
    assert!(with(3, Value::integer(-7)).is_ok());
    assert!(with(4, Value::Array(vec![Value::Unsigned(2)])).is_ok());
    assert!(with(2, Value::bytes(*b"name")).is_ok());
    for (label, value, reason) in [
        (1, Value::Unsigned(1), Reason::Unsupported),
        (-1, Value::Unsigned(8), Reason::Unsupported),
        // The curve and the coordinates do not fit.
        (-1, Value::Unsigned(2), Reason::Malformed),
        (-2, Value::bytes(&x[1..]), Reason::Malformed),
        // A compressed point.
        (-3, Value::Bool(true), Reason::Malformed),
        (3, Value::integer(-35), Reason::Unsupported),
        (4, Value::Array(vec![Value::Unsigned(1)]), Reason::Unsupported),
    ] {
        assert_eq!(with(label, value.clone()), Err(reason), "{label}: {value:?}");
    }
    assert_eq!(public_key(&[0x80], "the key").unwrap_err().reason, Reason::Unsupported);
    assert_eq!(public_key(&[], "the key").unwrap_err().reason, Reason::Malformed);
}
