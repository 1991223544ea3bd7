//! `quorate-types`: the table of tiers, and documents in the canonical encoding.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use quorate_types::cbor::CborError;
use quorate_types::json::{document_of_json, json_of_document};
use quorate_types::tier::TIERS;

use crate::failure::{Outcome, guard};

/// A service tier.
#[napi(object)]
pub struct NativeTier {
    /// Public name.
    pub name: String,
    /// Members that hold a service.
    pub replicas: u32,
    /// Name of the diversity level.
    pub level: String,
    /// Milliseconds.
    pub latency_p95_ms_max: u32,
    /// Parts per million.
    pub uptime_ppm_min: u32,
    /// Parts per million.
    pub error_rate_ppm_max: u32,
    /// Millionths of the base price.
    pub price_multiplier_micro: f64,
}

/// The shipped tiers.
// Not guarded: it copies a constant table.
#[napi]
pub fn tiers() -> Vec<NativeTier> {
    let tiers = TIERS.iter().map(|tier| NativeTier {
        name: tier.name.to_owned(),
        replicas: tier.replicas,
        level: tier.level.to_owned(),
        latency_p95_ms_max: tier.latency_p95_ms_max,
        uptime_ppm_min: tier.uptime_ppm_min,
        error_rate_ppm_max: tier.error_rate_ppm_max,
        price_multiplier_micro: tier.price_multiplier_micro as f64,
    });
    tiers.collect()
}

/// A document of fields (a JSON array as text) in the canonical encoding.
#[napi]
pub fn encode_document(tag: String, version: u32, fields: String) -> Outcome<Buffer> {
    guard(|| {
        let fields: Vec<serde_json::Value> = serde_json::from_str(&fields).map_err(|_| NO_JSON)?;
        document_of_json(&tag, u64::from(version), &fields).map(Buffer::from)
    })
}

/// The fields of a document, as a JSON array in text.
#[napi]
pub fn decode_document(tag: String, version: u32, fields: u32, document: Buffer) -> Outcome<String> {
    guard(|| {
        let fields = json_of_document(&document, &tag, u64::from(version), fields as usize)?;
        Ok::<_, CborError>(serde_json::Value::Array(fields).to_string())
    })
}

const NO_JSON: CborError = CborError { position: 0, reason: "fields that are no JSON array" };
