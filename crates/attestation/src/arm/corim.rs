//! Attestation keys out of a CoRIM, the document in which makers of Arm devices publish endorsements.
//!
//! Sources: draft-ietf-rats-corim; its profiles for PSA (draft-fdb-rats-psa-endorsements) and CCA
//! (draft-ydb-rats-cca-endorsements).
//!
//! A subset, and what is outside of it is refused, never passed over: an unsigned CoRIM (tag 501; whom it
//! comes from is what the operator says) of CoMIDs whose only triples are attestation keys, each of one
//! device with one key. Reference values are not taken: measurements that are accepted stand in the policy.

use quorate_types::UnixMillis;
use quorate_types::cbor::{Form, Value, decode};

use crate::anchors::EndorsedKey;
use crate::certificate::PublicKey;
use crate::verdict::{Reason, Rejection, reject};

/// CBOR tags: the document, a CoMID in it, a URI, a time in seconds, a UEID, two ways to write an
/// implementation id, a key.
const CORIM: u64 = 501;
const COMID: u64 = 506;
const URI: u64 = 32;
const SECONDS: u64 = 1;
const UEID: u64 = 550;
const IMPLEMENTATION_IDS: [u64; 2] = [600, 560];
const KEY: u64 = 554;

const YEAR_10000_SECONDS: u64 = 253_402_300_800;

const PROFILES: [&str; 4] = [
    "http://arm.com/psa/iot/1",
    "http://arm.com/cca/ssd/1",
    "tag:arm.com,2025:psa#1.0.0",
    "tag:arm.com,2025:cca_platform#1.0.0",
];

/// The keys of a document.
///
/// # Errors
/// `MALFORMED`; `UNSUPPORTED` for what is outside the subset.
pub(super) fn keys(document: &[u8], endorser: &str, demo: bool) -> Result<Vec<EndorsedKey>, Rejection> {
    let item = decode(document, Form::Unambiguous).map_err(|error| {
        reject(Reason::Malformed, format!("this is neither a store of keys nor a CoRIM: {error}"))
    })?;
    let Value::Tag(CORIM, corim) = item else {
        return Err(unsupported("is no unsigned CoRIM, which begins with the tag 501"));
    };
    // Identity, tags, profile, validity, entities; not the documents it depends on.
    only(&corim, &[0, 1, 3, 4, 5], "members")?;
    check_profile(member(&corim, 3))?;
    let (valid_from, valid_until) = validity(member(&corim, 4))?;
    let tags = member(&corim, 1).and_then(Value::as_array).ok_or_else(|| malformed("holds no tags"))?;
    let mut keys = Vec::new();
    for tag in tags {
        for record in records(tag)? {
            let (implementation_id, instance_id, key) = device(&record)?;
            let endorser = endorser.to_owned();
            keys.push(EndorsedKey {
                implementation_id,
                instance_id,
                key,
                endorser,
                valid_from,
                valid_until,
                demo,
            });
        }
    }
    Ok(keys)
}

/// The records of attestation keys in a CoMID.
fn records(tag: &Value) -> Result<Vec<Value>, Rejection> {
    let Value::Tag(COMID, comid) = tag else { return Err(unsupported("holds a tag that is no CoMID")) };
    let comid = comid.as_bytes().and_then(|bytes| decode(bytes, Form::Unambiguous).ok());
    let comid = comid.ok_or_else(|| malformed("holds a CoMID that is not acceptable as CBOR"))?;
    // Language, identity, entities, triples; not the CoMIDs it supplements or replaces.
    only(&comid, &[0, 1, 2, 4], "members of a CoMID")?;
    let triples = member(&comid, 4).ok_or_else(|| malformed("holds a CoMID without triples"))?;
    only(triples, &[3], "triples other than attestation keys")?;
    let records = member(triples, 3).and_then(Value::as_array);
    Ok(records.ok_or_else(|| malformed("holds no list of attestation keys"))?.to_vec())
}

/// Which device a record is about, and its key.
fn device(record: &Value) -> Result<(Vec<u8>, Vec<u8>, PublicKey), Rejection> {
    let Some([environment, keys]) = record.as_array() else {
        return Err(unsupported("holds a key under conditions"));
    };
    only(environment, &[0, 1], "members of an environment")?;
    let class = member(environment, 0).and_then(|class| member(class, 0));
    let implementation = class.and_then(|id| tagged(id, &IMPLEMENTATION_IDS)).and_then(Value::as_bytes);
    let instance = member(environment, 1).and_then(|id| tagged(id, &[UEID])).and_then(Value::as_bytes);
    let (implementation, instance) = implementation.zip(instance).ok_or_else(|| {
        unsupported("holds a key of something else than a device with implementation id and instance id")
    })?;
    let Some([key]) = keys.as_array() else { return Err(unsupported("holds several keys of one device")) };
    let key = tagged(key, &[KEY]).and_then(Value::as_text);
    let key = key.ok_or_else(|| unsupported("holds a key that is no SubjectPublicKeyInfo"))?;
    Ok((implementation.to_vec(), instance.to_vec(), public_key(key)?))
}

/// A `SubjectPublicKeyInfo`: in PEM as the drafts say, or its base64 alone as their examples have it.
fn public_key(text: &str) -> Result<PublicKey, Rejection> {
    use base64::Engine as _;
    if text.trim_start().starts_with("-----BEGIN") {
        return PublicKey::from_document(text.as_bytes());
    }
    let digits: String = text.split_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(digits);
    PublicKey::from_der(&der.map_err(|_| malformed("holds a key that is no base64"))?)
}

fn check_profile(profile: Option<&Value>) -> Result<(), Rejection> {
    let Some(profile) = profile else { return Ok(()) };
    let stated = profile.as_array().unwrap_or(std::slice::from_ref(profile));
    let known = |one: &Value| {
        let text = tagged(one, &[URI]).unwrap_or(one).as_text();
        text.is_some_and(|text| PROFILES.contains(&text))
    };
    if stated.iter().all(known) { Ok(()) } else { Err(unsupported("is of a profile that is not known")) }
}

/// From when until when it holds, UTC milliseconds; no time after the year 9999, as in X.509.
fn validity(validity: Option<&Value>) -> Result<(UnixMillis, Option<UnixMillis>), Rejection> {
    let Some(validity) = validity else { return Ok((0, None)) };
    only(validity, &[0, 1], "members of its validity")?;
    let time = |label| match member(validity, label) {
        None => Ok(None),
        Some(time) => tagged(time, &[SECONDS])
            .and_then(Value::as_unsigned)
            .filter(|seconds| *seconds < YEAR_10000_SECONDS)
            .map(|seconds| Some(seconds * 1000))
            .ok_or_else(|| malformed("states a time that is no number of seconds")),
    };
    Ok((time(0)?.unwrap_or(0), time(1)?))
}

fn member(map: &Value, label: u64) -> Option<&Value> {
    map.get(&Value::Unsigned(label))
}

fn tagged<'a>(value: &'a Value, tags: &[u64]) -> Option<&'a Value> {
    match value {
        Value::Tag(tag, value) if tags.contains(tag) => Some(value),
        _ => None,
    }
}

/// Refuses a map with other labels: what they say could restrict what is taken from the rest.
fn only(map: &Value, labels: &[u64], what: &str) -> Result<(), Rejection> {
    let entries = map.as_map().ok_or_else(|| malformed("holds something else where a map belongs"))?;
    let foreign =
        entries.iter().any(|(label, _)| !label.as_unsigned().is_some_and(|at| labels.contains(&at)));
    if foreign { Err(unsupported(&format!("has {what} that are not taken in"))) } else { Ok(()) }
}

fn malformed(why: &str) -> Rejection {
    reject(Reason::Malformed, format!("the document {why}"))
}

fn unsupported(why: &str) -> Rejection {
    reject(Reason::Unsupported, format!("the document {why}"))
}
