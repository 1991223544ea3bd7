/** Machines for tests: complete by default, so that a test names only what it is about. */
import type { DeviceProfile, Fact } from 'quorate/placement';
import type { AcceptedVerdict, AttestedVendor } from 'quorate/trust';
import { START } from './clock.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const COUNTRIES = ['DE', 'SE', 'GB', 'IE', 'JP', 'AU', 'BR', 'ZA', 'IN', 'KR'];
const ZONES = ['EU_CONTINENTAL', 'EU_NORDIC', 'GB', 'IE', 'JP_EAST', 'AU_NEM', 'BR_SIN', 'SAPP', 'IN', 'KR'];
const VENDORS = ['AMD_SEV_SNP', 'INTEL_TDX'] as const;

/** The n-th machine: its own ASN, country and power region; vendors alternate. */
export function machine(n: number, overrides: Partial<DeviceProfile> = {}): DeviceProfile {
  return {
    deviceId: `m${n}`,
    asn: 64_500 + n,
    countryCode: COUNTRIES[n % COUNTRIES.length] ?? 'DE',
    powerRegion: n < ZONES.length ? (ZONES[n] ?? 'GB') : `GRID_${n}`,
    teeVendor: VENDORS[n % 2] ?? 'UNKNOWN',
    confidence: 9000,
    ...overrides,
  };
}

export function machines(count: number, overrides: Partial<DeviceProfile> = {}): DeviceProfile[] {
  return Array.from({ length: count }, (_, n) => machine(n, overrides));
}

export function fact<T>(value: T | null, overrides: Partial<Fact<T>> = {}): Fact<T> {
  return { value, source: 'a test', confidence: 9500, expires: null, ...overrides };
}

let chips = 0;

/** A verdict on a machine of its own that binds everything and holds for a day. */
export function verdict(vendor: AttestedVendor, overrides: Partial<AcceptedVerdict> = {}): AcceptedVerdict {
  chips += 1;
  return {
    accepted: true,
    evidence: 'ef'.repeat(32),
    vendor,
    product: 'Milan',
    tcb: '3.0.20.209',
    tcbStatus: null,
    tcbDate: null,
    advisories: [],
    measurement: 'ab'.repeat(48),
    registers: {},
    reportData: '00'.repeat(64),
    machineIdentity: `amd-chip:${chips.toString(16).padStart(128, '0')}`,
    debug: false,
    validUntil: START + DAY_MS,
    endorser: 'a root of a test',
    trust: 'configured',
    fresh: true,
    revocationChecked: true,
    ...overrides,
  };
}

/** A repeatable stream of numbers from 0 to 1 (mulberry32). */
export function randomStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = randomStream(seed);
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(next() * (at + 1));
    const [a, b] = [copy[at], copy[other]];
    if (a !== undefined && b !== undefined) [copy[at], copy[other]] = [b, a];
  }
  return copy;
}

/** Every subset of `size` items. */
export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]));
}
