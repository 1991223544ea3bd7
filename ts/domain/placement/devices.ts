/** Device records as an operator's inventory states them. */
import { addon } from '../../native.js';
import * as parse from '../../parse.js';
import type { AcceptedVerdict } from '../trust/index.js';
import { CONFIDENCE_MAX } from './limits.js';
import { type TeeVendor, UNKNOWN } from './vocabulary.js';

/**
 * What an operator states about a machine's network and place. It is believed, marked, and capped in
 * confidence.
 */
export interface NetworkInfo {
  readonly asn?: number;
  /** Name of the network where its number is not known. */
  readonly asnName?: string;
  readonly operator?: string;
  readonly cloud?: string;
  readonly countryCode?: string;
  /** Subdivision as ISO 3166-2 code or English name. */
  readonly subdivision?: string;
  /** A zone of the tables, such as `NERC_SERC` or `EU_NORDIC`, in any case of its letters. */
  readonly powerRegion?: string;
  readonly kernel?: string;
  readonly datacenter?: boolean;
  readonly edge?: boolean;
}

/** One machine of an inventory. */
export interface Device {
  readonly id: string;
  readonly ipAddress: string;
  /** What the machine says of its TEE. A claim: without a verified verdict the vendor stays UNKNOWN. */
  readonly attestationData?: Readonly<Record<string, unknown>>;
  readonly networkInfo?: NetworkInfo;
}

const ASN_MAX = 4_294_967_295;

/** Checks one device record; unknown fields are left alone, known ones must be right. */
export function parseDevice(value: unknown, path: string): Device {
  const record = parse.record(value, path);
  const attestationData = parse.optional(record['attestationData'], undefined, (data) =>
    parse.record(data, `${path}.attestationData`),
  );
  const networkInfo = parse.optional(record['networkInfo'], undefined, (info) =>
    parseNetworkInfo(info, `${path}.networkInfo`),
  );
  return {
    id: parse.text(record['id'], `${path}.id`),
    ipAddress: parse.text(record['ipAddress'], `${path}.ipAddress`, 64),
    ...(attestationData && { attestationData }),
    ...(networkInfo && { networkInfo }),
  };
}

function parseNetworkInfo(value: unknown, path: string): NetworkInfo {
  const record = parse.record(value, path);
  const found: Record<string, unknown> = {};
  const take = (name: keyof NetworkInfo, check: (value: unknown, path: string) => unknown): void => {
    const stated = parse.optional(record[name], undefined, (field) => check(field, `${path}.${name}`));
    if (stated !== undefined) found[name] = stated;
  };
  take('asn', (field, at) => parse.integer(field, at, 1, ASN_MAX));
  // Names of sources and of operators are compared, so both are brought into one form first.
  take('operator', (field, at) => addon.operatorNamed(parse.text(field, at)) ?? undefined);
  take('cloud', (field, at) => addon.cloudNamed(parse.text(field, at)) ?? undefined);
  for (const name of ['asnName', 'subdivision', 'kernel'] as const) take(name, parseName);
  take('powerRegion', parsePowerZone);
  take('countryCode', parseCountry);
  take('datacenter', parse.flag);
  take('edge', parse.flag);
  return found;
}

/** A text; whoever states `UNKNOWN` states nothing. */
function parseName(value: unknown, path: string): string | undefined {
  const name = parse.text(value, path);
  return name.trim().toUpperCase() === UNKNOWN ? undefined : name;
}

const ZONES: readonly string[] = addon.powerZoneNames();
const NEAR_NAMES_MAX = 3;

/** A zone that the tables know: any other text would count as a failure domain of its own. */
function parsePowerZone(value: unknown, path: string): string {
  const name = parse.text(value, path);
  const wanted = name.trim().toUpperCase();
  const known = ZONES.find((zone) => zone === wanted);
  if (known) return known;
  if (wanted === UNKNOWN) throw parse.invalid(path, 'a power zone, or absent where it is not known', value);
  if (wanted === 'INTERNATIONAL') {
    const why = 'a power zone such as EU_NORDIC (INTERNATIONAL names every grid outside NERC, and so none)';
    throw parse.invalid(path, why, value);
  }
  const near = ZONES.map((zone) => ({ zone, edits: editsBetween(wanted, zone) }))
    .sort((a, b) => a.edits - b.edits || (a.zone < b.zone ? -1 : 1))
    .slice(0, NEAR_NAMES_MAX);
  throw parse.invalid(path, `a known power zone (near: ${near.map(({ zone }) => zone).join(', ')})`, value);
}

/**
 * Letters to insert, delete or replace to make one name of the other (Levenshtein); a prefix costs nothing.
 */
function editsBetween(from: string, to: string): number {
  if (from.length > 2 && to.startsWith(from)) return 0;
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + Number(from[i - 1] !== to[j - 1]);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

export function parseCountry(value: unknown, path: string): string {
  const code = parse.text(value, path, 2);
  if (!/^[A-Z]{2}$/.test(code)) throw parse.invalid(path, 'two capital letters (ISO 3166-1)', value);
  return code;
}

/**
 * The vendor a machine claims for itself, from the flags of the document's example; null where it claims
 * none.
 */
export function claimedVendor(data: Device['attestationData']): TeeVendor | null {
  if (!data) return null;
  const platform = typeof data['platform'] === 'string' ? data['platform'].toLowerCase() : '';
  if (data['sevSnp'] === true || platform.includes('sev')) return 'AMD_SEV_SNP';
  if (data['tdx'] === true || platform.includes('tdx')) return 'INTEL_TDX';
  if (data['trustzone'] === true || platform.includes('arm')) return 'ARM_TRUSTZONE';
  return null;
}

/**
 * How many facts a verdict binds beyond the vendor: product, TCB and, with most, the measurement and the
 * machine.
 */
export function boundFacts({ machineIdentity, measurement }: AcceptedVerdict): number {
  return 2 + Number(measurement !== '') + Number(machineIdentity !== null);
}

/** A confidence in basis points. */
export function parseConfidence(value: unknown, path: string): number {
  return parse.integer(value, path, 0, CONFIDENCE_MAX);
}
