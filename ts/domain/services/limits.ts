/** Defaults and bounds of the services room. */

/** Compliance is measured over the last hour. */
export const COMPLIANCE_WINDOW_MS = 3_600_000;
export const SAMPLES_PER_SERVICE_MAX = 100_000;
/** Samples are kept this long, so that a credit note of a past hour can be computed again. */
export const SAMPLE_RETENTION_MS = 86_400_000;
/** How far ahead of ours the clock of a probe may run. */
export const SAMPLE_SKEW_MS = 60_000;

/** A latency violation is high above 1.5 times the limit, an error rate violation above twice the limit. */
export const LATENCY_HIGH_FACTOR_PERCENT = 150;
export const ERROR_RATE_HIGH_FACTOR_PERCENT = 200;

/** Diversity is validated again this often, and whenever evidence of a member expires. */
export const REVALIDATION_INTERVAL_MS = 3_600_000;
export const MONITOR_INTERVAL_SECONDS = 30;

/** Part of the period's price that comes back per violated objective, in basis points, and in all at most. */
export const CREDIT_BASIS_POINTS = { medium: 500, high: 1000, critical: 2500 } as const;
export const CREDIT_BASIS_POINTS_MAX = 10_000;

export const SERVICES_MAX = 100_000;
export const DEVICES_PER_CALL_MAX = 1_000_000;
export const TIERS_MAX = 1000;
