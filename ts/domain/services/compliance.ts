/** Service level objectives against measured samples. No data is no data: never 100 %, never a violation. */

import {
  ERROR_RATE_HIGH_FACTOR_PERCENT,
  LATENCY_HIGH_FACTOR_PERCENT,
  SAMPLE_RETENTION_MS,
  SAMPLES_PER_SERVICE_MAX,
} from './limits.js';
import type { Tier } from './tiers.js';

const PPM = 1_000_000;

/** One answered (or failed) request, as measured where the clock is. */
export interface RequestSample {
  /** UTC milliseconds. */
  readonly at: number;
  /** Time to the answer in milliseconds; of failed requests it does not count into the percentile. */
  readonly latencyMs: number;
  readonly ok: boolean;
}

/** One probe of the service: whether it answered at all. */
export interface CheckSample {
  /** UTC milliseconds. */
  readonly at: number;
  readonly up: boolean;
}

/** What is promised. */
export type Objective = 'latency_p95' | 'uptime' | 'error_rate' | 'diversity';
export type ViolationSeverity = 'medium' | 'high' | 'critical';

/**
 * One broken promise. `measured` and `limit` share a unit: ms, or parts per million; for diversity, basis
 * points.
 */
export interface Violation {
  readonly objective: Objective;
  readonly severity: ViolationSeverity;
  readonly measured: number;
  readonly limit: number;
  readonly message: string;
}

/** What was measured in the window; null where there is no data. */
export interface Measurements {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly requests: number;
  readonly checks: number;
  /** Nearest-rank 95th percentile over successful requests. */
  readonly latencyP95Ms: number | null;
  readonly errorRatePpm: number | null;
  readonly uptimePpm: number | null;
}

/** Samples of one service, the newest kept, bounded in number and in age. */
export class SampleWindow {
  readonly #requests: RequestSample[] = [];
  readonly #checks: CheckSample[] = [];

  addRequest(sample: RequestSample): void {
    keep(this.#requests, sample);
  }

  addCheck(sample: CheckSample): void {
    keep(this.#checks, sample);
  }

  /**
   * Measures from `windowStart` (included) to `windowEnd` (not included, so that hours do not share a
   * sample).
   */
  measure(windowStart: number, windowEnd: number): Measurements {
    const within = (sample: { readonly at: number }): boolean =>
      sample.at >= windowStart && sample.at < windowEnd;
    const requests = this.#requests.filter(within);
    const checks = this.#checks.filter(within);
    const failed = requests.filter((sample) => !sample.ok).length;
    const up = checks.filter((sample) => sample.up).length;
    const latencies = requests.filter((sample) => sample.ok).map((sample) => sample.latencyMs);
    return {
      windowStart,
      windowEnd,
      requests: requests.length,
      checks: checks.length,
      latencyP95Ms: percentile95(latencies),
      // A failure is rounded up and an uptime down: rounding never hides a violation.
      errorRatePpm: requests.length === 0 ? null : Math.ceil((failed * PPM) / requests.length),
      uptimePpm: checks.length === 0 ? null : Math.floor((up * PPM) / checks.length),
    };
  }
}

/** The performance objectives of `tier` that `measured` breaks. */
export function performanceViolations(tier: Tier, measured: Measurements): Violation[] {
  const { latencyP95Ms, uptimePpm, errorRatePpm } = measured;
  const found: Violation[] = [];
  if (latencyP95Ms !== null && latencyP95Ms > tier.latencyP95MsMax) {
    const limit = tier.latencyP95MsMax;
    const severity = latencyP95Ms * 100 > limit * LATENCY_HIGH_FACTOR_PERCENT ? 'high' : 'medium';
    const message = `p95 latency is ${latencyP95Ms} ms, at most ${limit} ms is promised`;
    found.push({ objective: 'latency_p95', severity, measured: latencyP95Ms, limit, message });
  }
  if (uptimePpm !== null && uptimePpm < tier.uptimePpmMin) {
    const limit = tier.uptimePpmMin;
    const message = `uptime is ${percent(uptimePpm)}, at least ${percent(limit)} is promised`;
    found.push({ objective: 'uptime', severity: 'high', measured: uptimePpm, limit, message });
  }
  if (errorRatePpm !== null && errorRatePpm > tier.errorRatePpmMax) {
    const limit = tier.errorRatePpmMax;
    const severity = errorRatePpm * 100 > limit * ERROR_RATE_HIGH_FACTOR_PERCENT ? 'high' : 'medium';
    const message = `error rate is ${percent(errorRatePpm)}, at most ${percent(limit)} is promised`;
    found.push({ objective: 'error_rate', severity, measured: errorRatePpm, limit, message });
  }
  return found;
}

function percent(ppm: number): string {
  return `${ppm / 10_000} %`;
}

function percentile95(values: number[]): number | null {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  return values[Math.ceil((values.length * 95) / 100) - 1] ?? null;
}

/** Inserts by time: samples of several probes arrive slightly out of order. */
function keep<T extends { readonly at: number }>(samples: T[], sample: T): void {
  let at = samples.length;
  while (at > 0 && (samples[at - 1]?.at ?? 0) > sample.at) at -= 1;
  samples.splice(at, 0, sample);
  forget(samples, (samples.at(-1)?.at ?? 0) - SAMPLE_RETENTION_MS);
  if (samples.length > SAMPLES_PER_SERVICE_MAX) samples.shift();
}

function forget<T extends { readonly at: number }>(samples: T[], before: number): void {
  let count = 0;
  while (count < samples.length && (samples[count]?.at ?? before) < before) count += 1;
  if (count > 0) samples.splice(0, count);
}
