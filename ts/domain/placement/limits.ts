/** Defaults and bounds of the placement room. A hard bound of a core lives in its crate. */

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How often the dashboard looks, and how often it cleans up. */
export const MONITOR_INTERVAL_SECONDS = 60;
export const CLEAN_UP_INTERVAL_MS = HOUR_MS;
export const INTERVAL_SECONDS_MAX = 86_400;

/** History of the dashboard: this many entries, none older than this. */
export const HISTORY_ENTRIES_MAX = 1000;
export const HISTORY_RETENTION_MS = 7 * DAY_MS;

/** An alert is raised when this many of the last checks were bad, and resolved after this many clear ones. */
export const ALERT_RAISE_CHECKS = 2;
export const ALERT_RAISE_WINDOW = 3;
export const ALERT_CLEAR_CHECKS = 3;
/** A score counts as clear only this far above the threshold. */
export const ALERT_DEAD_BAND_BASIS_POINTS = 1500;
export const LOW_ALERT_ACKNOWLEDGE_MS = HOUR_MS;
export const ACKNOWLEDGED_RESOLVE_MS = DAY_MS;
export const ALERT_RETENTION_MS = 30 * DAY_MS;
export const ALERTS_MAX = 10_000;

/** A service is critical below the first score or when its quorum is invalid, healthy above the second. */
export const SERVICE_CRITICAL_BASIS_POINTS = 3000;
export const SERVICE_HEALTHY_BASIS_POINTS = 7000;

/** Candidates one call takes. */
export const CANDIDATES_MAX = 1_000_000;
/** Members one quorum may have. */
export const QUORUM_SIZE_MAX = 100;
/** Largest placement certificate. */
export const CERTIFICATE_BYTES_MAX = 4 * 1024 * 1024;
/** Devices one service watches at once. */
export const SERVICES_MAX = 100_000;

/** 1.0 in basis points. */
export const CONFIDENCE_MAX = 10_000;

/** What a source's word is worth when its data is fresh. */
export const NETWORK_CONFIDENCE = 9000;
export const COUNTRY_CONFIDENCE = 9000;
/** The place inside a country is the weakest part of any address database. */
export const POWER_REGION_CONFIDENCE = 8000;
/** What an operator states is accepted, but stays below any evidence. */
export const STATED_CONFIDENCE_MAX = 5000;
/** Where two sources disagree each is worth this part of what it was. */
export const DISAGREEMENT_PERCENT = 50;

/**
 * Data is worth its full confidence for a month, then loses evenly until it is worth half after three years.
 */
export const SOURCE_FRESH_MS = 30 * DAY_MS;
export const SOURCE_HALF_WORTH_MS = 3 * 365 * DAY_MS;
/** Data of unknown age is worth what three-year-old data is worth. */
export const UNDATED_PERCENT = 50;

/**
 * What an address database says counts this long after the call that asked, whether it was looked up anew or
 * remembered: the age of the data is in the confidence already, and a service must not lose its members
 * because nobody classified them since yesterday.
 */
export const ADDRESS_FACT_TTL_MS = 30 * DAY_MS;
/** A built address index that belongs to no present source is removed from the cache after this long. */
export const ADDRESS_INDEX_KEPT_MS = 30 * DAY_MS;
/** What was looked up is remembered this long, and this many are remembered. */
export const CLASSIFICATION_TTL_MS = DAY_MS;
export const CLASSIFICATION_CACHE_MAX = 100_000;
/** Different answers that an index remembers, and what they are worth. */
export const ANSWERS_MAX = 200_000;
/** Devices classified before other work gets a turn. */
export const CLASSIFY_SLICE = 500;

/**
 * External address service: calls a second, in a burst, at once; failures that open the circuit, and for how
 * long.
 */
export const SERVICE_CALLS_PER_SECOND = 5;
export const SERVICE_BURST = 10;
export const SERVICE_TIMEOUT_MS = 2000;
export const SERVICE_ATTEMPTS = 3;
export const SERVICE_RETRY_DELAY_MS = 200;
/** Largest reply that is read. */
export const SERVICE_REPLY_BYTES_MAX = 64 * 1024;
export const BREAKER_FAILURES = 5;
export const BREAKER_OPEN_MS = 30 * SECOND_MS;
export const SERVICE_CONFIDENCE = 8000;

/** Defaults of the job scheduler, from the fog integration document. */
export const SCHEDULE_POPULATION = 50;
export const SCHEDULE_GENERATIONS = 100;
export const SCHEDULE_CROSSOVER = 0.8;
export const SCHEDULE_MUTATION = 0.1;
/** Generations of one run, and from one checkpoint to the next. */
export const GENERATIONS_MAX = 10_000_000;
export const CHECKPOINT_GENERATIONS = 100;
export const NODES_MAX = 100_000;
export const JOBS_MAX = 100_000;
export const GPUS_PER_NODE_MAX = 16;
