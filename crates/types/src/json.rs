//! Documents as JSON: the part of it that maps one to one onto the canonical encoding.
//!
//! Null, true and false, integers from -2^63 to 2^64 - 1, texts, arrays, and objects. Floats have no
//! canonical form here and byte strings none in JSON: both are refused; bytes travel as hexadecimal text.

use serde_json::{Map, Number, Value as Json};

use crate::cbor::{CborError, DEPTH_MAX, Value, document, open_document};

/// A document of JSON fields, in the canonical encoding.
///
/// # Errors
/// [`CborError`] for a field with a float, or nested too deeply to be read back.
pub fn document_of_json(tag: &str, version: u64, fields: &[Json]) -> Result<Vec<u8>, CborError> {
    let fields: Vec<Value> = fields.iter().map(|field| value_of(field, 1)).collect::<Result<_, _>>()?;
    Ok(document(tag, version, fields))
}

/// The fields of a document, as JSON.
///
/// # Errors
/// [`CborError`] for bytes that are no such document or hold what JSON cannot.
pub fn json_of_document(
    bytes: &[u8],
    tag: &str,
    version: u64,
    fields: usize,
) -> Result<Vec<Json>, CborError> {
    open_document(bytes, tag, version, fields)?.iter().map(json_of).collect()
}

fn refuse(reason: &'static str) -> CborError {
    CborError { position: 0, reason }
}

fn value_of(json: &Json, depth: usize) -> Result<Value, CborError> {
    if depth > DEPTH_MAX {
        return Err(refuse("nested too deeply"));
    }
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::String(text) => Value::text(text.as_str()),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::Unsigned(number),
            (None, Some(number)) => Value::integer(number),
            (None, None) => return Err(refuse("a number that is no integer")),
        },
        Json::Array(items) => {
            Value::Array(items.iter().map(|item| value_of(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Json::Object(entries) => {
            let entry =
                |(key, value): (&String, &Json)| Ok((Value::text(key.as_str()), value_of(value, depth + 1)?));
            Value::Map(entries.iter().map(entry).collect::<Result<_, CborError>>()?)
        }
    })
}

fn json_of(value: &Value) -> Result<Json, CborError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Text(text) => Json::String(text.clone()),
        Value::Unsigned(number) => Json::Number(Number::from(*number)),
        Value::Negative(_) => {
            let number = value.as_integer().ok_or_else(|| refuse("an integer below -2^63"))?;
            Json::Number(Number::from(number))
        }
        Value::Array(items) => Json::Array(items.iter().map(json_of).collect::<Result<_, _>>()?),
        Value::Map(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = key.as_text().ok_or_else(|| refuse("a key that is no text"))?;
                object.insert(key.to_owned(), json_of(value)?);
            }
            Json::Object(object)
        }
        Value::Bytes(_) | Value::Tag(..) => return Err(refuse("a byte string or a tag")),
    })
}
