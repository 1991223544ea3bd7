//! The one table of service tiers. A user adds rows in TypeScript; these three are the ones shipped.
//!
//! Source: the table "SLA Tier Specifications" of the heterogeneous quorum document.

/// What a service level promises, and what it costs at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Public name: `BRONZE`, `SILVER`, `GOLD`.
    pub name: &'static str,
    /// How many members hold the service.
    pub replicas: u32,
    /// Name of the diversity level its members must meet.
    pub level: &'static str,
    /// Highest p95 latency, in milliseconds.
    pub latency_p95_ms_max: u32,
    /// Lowest share of time the service answers, in parts per million.
    pub uptime_ppm_min: u32,
    /// Highest share of failed requests, in parts per million.
    pub error_rate_ppm_max: u32,
    /// Ceiling of the price, in millionths of the base price.
    pub price_multiplier_micro: u64,
}

/// Bronze, Silver and Gold, in this order.
pub const TIERS: [Tier; 3] = [
    Tier {
        name: "BRONZE",
        replicas: 1,
        level: "NONE",
        latency_p95_ms_max: 2_500,
        uptime_ppm_min: 970_000,
        error_rate_ppm_max: 30_000,
        price_multiplier_micro: 1_000_000,
    },
    Tier {
        name: "SILVER",
        replicas: 2,
        level: "ENHANCED",
        latency_p95_ms_max: 1_200,
        uptime_ppm_min: 990_000,
        error_rate_ppm_max: 10_000,
        price_multiplier_micro: 2_500_000,
    },
    Tier {
        name: "GOLD",
        replicas: 3,
        level: "GOLD",
        latency_p95_ms_max: 400,
        uptime_ppm_min: 999_000,
        error_rate_ppm_max: 1_000,
        price_multiplier_micro: 5_000_000,
    },
];
