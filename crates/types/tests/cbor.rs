//! The canonical encoding: other people's examples, what is refused, and that no input breaks it.
#![allow(missing_docs, clippy::unwrap_used)]

use proptest::prelude::*;
use quorate_types::cbor::{DEPTH_MAX, Form, Value, decode, document, encode, open_document};
use quorate_types::json::{document_of_json, json_of_document};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Appendix A of RFC 8949, the examples of the types that are read here.
#[test]
fn the_examples_of_the_rfc_decode_and_encode() {
    let text = Value::text;
    let number = Value::Unsigned;
    let cases = [
        ("00", number(0)),
        ("17", number(23)),
        ("1818", number(24)),
        ("1903e8", number(1000)),
        ("1bffffffffffffffff", number(u64::MAX)),
        ("3bffffffffffffffff", Value::Negative(u64::MAX)),
        ("20", Value::integer(-1)),
        ("3903e7", Value::integer(-1000)),
        ("f4", Value::Bool(false)),
        ("f5", Value::Bool(true)),
        ("f6", Value::Null),
        ("4401020304", Value::bytes([1, 2, 3, 4])),
        ("6449455446", text("IETF")),
        ("62c3bc", text("ü")),
        ("8301820203820405", {
            let pair = |a, b| Value::Array(vec![number(a), number(b)]);
            Value::Array(vec![number(1), pair(2, 3), pair(4, 5)])
        }),
        ("a201020304", Value::Map(vec![(number(1), number(2)), (number(3), number(4))])),
        ("c11a514b67b0", Value::Tag(1, Box::new(number(1_363_896_240)))),
    ];
    for (bytes, value) in cases {
        assert_eq!(decode(&hex(bytes), Form::Deterministic), Ok(value.clone()), "{bytes}");
        assert_eq!(encode(&value), hex(bytes), "{bytes}");
    }
}

#[test]
fn what_two_readers_could_take_for_two_things_is_refused() {
    let cases = [
        ("9f018202039f0405ffff", "an indefinite length"),
        ("5f42010243030405ff", "an indefinite length"),
        ("a201020103", "a key that occurs twice"),
        ("a20102180103", "a key that occurs twice"),
        ("0000", "bytes follow the item"),
        ("fa47c35000", "a floating-point number"),
        ("f7", "a simple value other than false, true and null"),
        ("62c328", "a text that is not UTF-8"),
        ("5bffffffffffffffff", "a length beyond the end of the input"),
        ("9bffffffffffffffff", "a length beyond the end of the input"),
        ("bb7fffffffffffffff", "a length beyond the end of the input"),
        ("ff", "a break outside an indefinite length"),
        ("19", "a cut or malformed header"),
        ("", "a cut or malformed header"),
    ];
    for (bytes, reason) in cases {
        assert_eq!(decode(&hex(bytes), Form::Unambiguous).unwrap_err().reason, reason, "{bytes}");
    }
}

#[test]
fn the_deterministic_form_is_one_form() {
    for longer in ["1817", "190017", "a203040102", "5800"] {
        assert!(decode(&hex(longer), Form::Unambiguous).is_ok(), "{longer}");
        let error = decode(&hex(longer), Form::Deterministic).unwrap_err();
        assert_eq!(error.reason, "not in the deterministic form", "{longer}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| [vec![0x81; depth], vec![0x00]].concat();
    assert!(decode(&nested(DEPTH_MAX), Form::Unambiguous).is_ok());
    assert!(decode(&nested(DEPTH_MAX + 1), Form::Unambiguous).is_err());
    assert!(decode(&nested(1_000_000), Form::Unambiguous).is_err());
}

#[test]
fn a_document_opens_as_itself_and_as_nothing_else() {
    let bytes = document("quorate/test", 1, vec![Value::Unsigned(7)]);
    assert_eq!(open_document(&bytes, "quorate/test", 1, 1), Ok(vec![Value::Unsigned(7)]));
    for (tag, version, fields) in [("quorate/other", 1, 1), ("quorate/test", 2, 1), ("quorate/test", 1, 2)] {
        assert!(open_document(&bytes, tag, version, fields).is_err(), "{tag} {version} {fields}");
    }
}

#[test]
fn json_that_has_a_canonical_form_comes_back_as_it_went() {
    let fields = [
        serde_json::json!({ "b": [1, -2, u64::MAX, null, true], "a": { "text": "ü" } }),
        serde_json::json!([]),
    ];
    let bytes = document_of_json("quorate/test", 1, &fields).unwrap();
    assert_eq!(json_of_document(&bytes, "quorate/test", 1, 2).unwrap(), fields);
    // The order of keys does not matter; what is signed is one form.
    let other =
        [serde_json::json!({ "a": { "text": "ü" }, "b": [1, -2, u64::MAX, null, true] }), fields[1].clone()];
    assert_eq!(document_of_json("quorate/test", 1, &other).unwrap(), bytes);
    assert!(document_of_json("quorate/test", 1, &[serde_json::json!(0.5)]).is_err());
    let mut deep = serde_json::json!(0);
    for _ in 0..DEPTH_MAX {
        deep = serde_json::json!([deep]);
    }
    assert!(document_of_json("quorate/test", 1, &[deep]).is_err());
    let binary = document("quorate/test", 1, vec![Value::bytes([1])]);
    assert!(json_of_document(&binary, "quorate/test", 1, 1).is_err());
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::Unsigned),
        any::<u64>().prop_map(Value::Negative),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        ".{0,20}".prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map(any::<u64>(), inner.clone(), 0..6).prop_map(|map| {
                Value::Map(map.into_iter().map(|(key, value)| (Value::Unsigned(key), value)).collect())
            }),
            (any::<u64>(), inner).prop_map(|(tag, item)| Value::Tag(tag, Box::new(item))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in values()) {
        let bytes = encode(&value);
        prop_assert_eq!(decode(&bytes, Form::Deterministic).unwrap(), value);
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = decode(&bytes, Form::Unambiguous) {
            prop_assert_eq!(decode(&encode(&value), Form::Deterministic).unwrap(), value);
        }
    }
}
