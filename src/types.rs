//! `quorate-types`: the table of tiers.

use napi_derive::napi;
use quorate_types::tier::TIERS;

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
