/** Candidates in the columns of the core: checked and interned once, then asked many times. */
import { addon, type NativePool, type NativePoolColumns } from '../../native.js';
import * as parse from '../../parse.js';
import { callNaming, profileField } from './core-fields.js';
import { parseConfidence } from './devices.js';
import {
  type DeviceProfile,
  type Fact,
  isFact,
  type PowerZoneShare,
  PROFILE_FIELDS,
  ZONE_GROUP,
} from './facts.js';
import { CANDIDATES_MAX } from './limits.js';
import { type MemberValues, memberValues } from './member-values.js';
import { parseKnownCountry, parseZone } from './places.js';
import { AXES, type Axis, COUNTED_TEE_VENDOR, TEE_VENDORS, UNKNOWN } from './vocabulary.js';

const AXIS_COUNT = AXES.length;
const POWER_REGION = AXES.indexOf('power_region');
const ASN_MAX = 4_294_967_295;
const PPM = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;
/** Largest weight: with it the sum over any quorum stays an exact number. */
const WEIGHT_MAX = 2 ** 40;

/** The most zones one place can lie in. */
const ZONES_MAX = 16;

/** A bare vendor is the caller's word for verified evidence, so that evidence counts as complete. */
const BOUND_FACTS_OF_BARE = 4;

/** The name of an axis value to its id; id 0 is UNKNOWN. */
class Dictionary {
  readonly names: string[] = [UNKNOWN];
  readonly #ids = new Map<string, number>([[UNKNOWN, 0]]);

  id(name: string | null): number {
    if (name === null) return 0;
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.names.length;
      this.names.push(name);
      this.#ids.set(name, id);
    }
    return id;
  }
}

/**
 * An immutable set of candidates. Building one takes about a microsecond a candidate; selecting from it does
 * not pay that again, so hold on to a pool that is asked more than once.
 */
export class CandidatePool {
  /** @internal */
  readonly native: NativePool;
  /** The profiles as they were when the pool was made. */
  readonly profiles: readonly DeviceProfile[];
  /** @internal Positions of candidates of whose power region only the group is named, which is no zone. */
  readonly groupOnly: ReadonlySet<number>;
  /** UTC milliseconds for which the candidates are judged: what had expired by then is unknown. */
  readonly time: number;
  readonly #positions: ReadonlyMap<string, number>;

  private constructor(
    profiles: readonly DeviceProfile[],
    native: NativePool,
    groupOnly: ReadonlySet<number>,
    time: number,
  ) {
    this.profiles = profiles;
    this.native = native;
    this.groupOnly = groupOnly;
    this.time = time;
    this.#positions = new Map(profiles.map(({ deviceId }, at) => [deviceId, at]));
  }

  /**
   * Throws QRT_ERR_INPUT_INVALID or QRT_ERR_DIVERSITY_* naming the candidate. `now` decides what has expired.
   */
  static of(profiles: readonly DeviceProfile[], now = Date.now()): CandidatePool {
    parse.list(profiles, 'profiles', CANDIDATES_MAX);
    parse.integer(now, 'now', 0, Number.MAX_SAFE_INTEGER);
    // What the caller does to its own array or profiles afterwards must not change an answer.
    const kept = Object.freeze(
      Array.from(profiles, (profile, at) => ({ ...parse.record(profile, `profiles[${at}]`) })),
    ) as unknown as readonly DeviceProfile[];
    const { columns, groupOnly } = columnsOf(kept);
    const naming = (field: string): string => profileField(columns, field);
    const native = callNaming(naming, () => addon.NativePool.build(columns, now));
    return new CandidatePool(kept, native, groupOnly, now);
  }

  /** @internal The position of a device, or QRT_ERR_INPUT_INVALID naming `path`. */
  position(deviceId: unknown, path: string): number {
    const id = parse.text(deviceId, path);
    const position = this.#positions.get(id);
    if (position === undefined) throw parse.invalid(path, 'the id of a candidate', id);
    return position;
  }

  /** @internal */
  positions(deviceIds: readonly string[], path: string): Uint32Array {
    const ids = parse.list(deviceIds, path, CANDIDATES_MAX);
    return Uint32Array.from(ids, (id, at) => this.position(id, `${path}[${at}]`));
  }

  /** @internal */
  id(position: number): string {
    return this.profiles[position]?.deviceId ?? '';
  }

  /** @internal What a candidate has on the axes by which a person tells members apart. */
  valuesAt(position: number): MemberValues {
    return memberValues(this.profiles[position] as DeviceProfile, this.time);
  }

  /** @internal */
  ids(positions: Uint32Array | readonly number[]): string[] {
    return Array.from(positions, (position) => this.id(position));
  }
}

function columnsOf(profiles: readonly DeviceProfile[]): {
  columns: NativePoolColumns;
  groupOnly: ReadonlySet<number>;
} {
  const builder = new ColumnBuilder(profiles.length);
  profiles.forEach((profile, at) => {
    builder.add(at, profile, `profiles[${at}]`);
  });
  return { columns: builder.columns(), groupOnly: builder.groupOnly };
}

class ColumnBuilder {
  readonly #dictionaries = AXES.map(() => new Dictionary());
  readonly #values: Uint32Array[];
  readonly #deviceIds: string[] = [];
  readonly #regionOffsets: Uint32Array;
  readonly #regionIds: number[] = [];
  readonly #regionShares: number[] = [];
  readonly #confidence: Uint16Array;
  readonly #axisConfidence: Uint16Array;
  readonly #asnNameOnly: Uint8Array;
  readonly #attested: Uint8Array;
  readonly #boundFacts: Uint16Array;
  readonly #evidenceFresh: Uint8Array;
  /** Numbers of physical machines, made when the first is known: most fleets have no evidence at all. */
  #machines = new Uint32Array();
  readonly #machineNumbers = new Dictionary();
  readonly #weight: Float64Array;
  readonly #expires: Float64Array;
  /** 1: no fact at all, so the one confidence of the profile is what it is judged by. */
  readonly #bare: Uint8Array;
  readonly #checkedZones = new Set<string>();
  readonly groupOnly = new Set<number>();

  constructor(count: number) {
    this.#values = AXES.map(() => new Uint32Array(count));
    this.#regionOffsets = new Uint32Array(count + 1);
    this.#confidence = new Uint16Array(count);
    this.#axisConfidence = new Uint16Array(count * AXIS_COUNT);
    this.#bare = new Uint8Array(count).fill(1);
    this.#asnNameOnly = new Uint8Array(count);
    this.#attested = new Uint8Array(count);
    this.#boundFacts = new Uint16Array(count);
    this.#evidenceFresh = new Uint8Array(count);
    this.#weight = new Float64Array(count);
    this.#expires = new Float64Array(count * AXIS_COUNT).fill(NEVER);
  }

  add(at: number, profile: DeviceProfile, path: string): void {
    this.#deviceIds.push(parse.text(profile.deviceId, `${path}.deviceId`));
    const confidence = parseConfidence(profile.confidence, `${path}.confidence`);
    this.#confidence[at] = confidence;
    this.#weight[at] = parse.optional(profile.weight, confidence, (weight) =>
      parse.integer(weight, `${path}.weight`, 0, WEIGHT_MAX),
    );
    this.#stated(at, 'asn', profile.asn, confidence, path, parseAsn);
    this.#stated(at, 'operator', profile.operator, confidence, path, parse.text);
    this.#stated(at, 'cloud', profile.cloud, confidence, path, parse.text);
    this.#stated(at, 'country', profile.countryCode, confidence, path, parseKnownCountry);
    this.#stated(at, 'tee_vendor', profile.teeVendor, confidence, path, parseVendor);
    this.#stated(at, 'tcb', profile.tcb, confidence, path, parse.text);
    this.#stated(at, 'kernel', profile.kernel, confidence, path, parse.text);
    this.#regions(at, profile.powerRegion, confidence, path);
    this.#evidence(at, profile, path);
  }

  columns(): NativePoolColumns {
    return {
      deviceIds: this.#deviceIds,
      values: this.#values.map((column, axis) => (axis === POWER_REGION ? new Uint32Array() : column)),
      names: this.#dictionaries.map(({ names }) => names),
      regionOffsets: this.#regionOffsets,
      regionIds: Uint32Array.from(this.#regionIds),
      regionSharePpm: Uint32Array.from(this.#regionShares),
      confidence: this.#confidence,
      // Where nobody has evidence the core is spared the confidences per axis.
      axisConfidence: this.#bare.includes(0) ? this.#axisConfidence : new Uint16Array(),
      judgedWhole: this.#bare,
      asnNameOnly: this.#asnNameOnly,
      attested: this.#attested,
      boundFacts: this.#boundFacts,
      evidenceFresh: this.#evidenceFresh,
      machines: this.#machines,
      weight: this.#weight,
      expires: this.#expires,
    };
  }

  /** One axis: a bare value, or a fact with its own confidence and expiry. */
  #stated(
    at: number,
    axis: Axis,
    stated: unknown,
    confidence: number,
    path: string,
    check: (value: unknown, path: string) => string,
  ): void {
    const index = AXES.indexOf(axis);
    const field = `${path}.${PROFILE_FIELDS[axis]}`;
    const fact = isFact<unknown>(stated) ? this.#fact(at, index, stated, field) : null;
    const value = fact ? fact.value : stated;
    const known = parse.optional(value, null, (given) => check(given, fact ? `${field}.value` : field));
    const column = this.#values[index];
    if (column) column[at] = this.#dictionaries[index]?.id(known) ?? 0;
    if (!fact) this.#axisConfidence[at * AXIS_COUNT + index] = confidence;
  }

  #fact<T>(at: number, axis: number, fact: Fact<T>, path: string): Fact<T> {
    const position = at * AXIS_COUNT + axis;
    this.#axisConfidence[position] = parseConfidence(fact.confidence, `${path}.confidence`);
    if (fact.expires !== null && fact.expires !== undefined) {
      this.#expires[position] = parse.integer(fact.expires, `${path}.expires`, 0, Number.MAX_SAFE_INTEGER);
    }
    this.#bare[at] = 0;
    return fact;
  }

  #regions(at: number, stated: unknown, confidence: number, path: string): void {
    const field = `${path}.powerRegion`;
    const fact = isFact<string>(stated) ? this.#fact(at, POWER_REGION, stated, field) : null;
    const stands = zonesOf(fact ?? stated, field, (zone, of) => this.#zone(zone, of));
    // A group or an unknown part could be any zone, so that the machine could share one with every other.
    const vague = stands.some(({ zone }) => zone === UNKNOWN || zone === ZONE_GROUP);
    if (stands.some(({ zone }) => zone === ZONE_GROUP)) this.groupOnly.add(at);
    const zones = vague ? [] : stands;
    checkShares(zones, field);
    for (const { zone, sharePpm } of zones) {
      this.#regionIds.push(this.#dictionaries[POWER_REGION]?.id(zone) ?? 0);
      this.#regionShares.push(sharePpm);
    }
    this.#regionOffsets[at + 1] = this.#regionIds.length;
    if (!fact) this.#axisConfidence[at * AXIS_COUNT + POWER_REGION] = confidence;
  }

  /** Each name is looked up once. */
  #zone(value: unknown, path: string): string {
    if (typeof value === 'string' && this.#checkedZones.has(value)) return value;
    const zone = parseZone(value, path);
    this.#checkedZones.add(zone);
    return zone;
  }

  /**
   * A bare vendor is the caller's word for verified evidence; the classifier says itself what was verified.
   */
  #evidence(at: number, profile: DeviceProfile, path: string): void {
    const vendorKnown = (this.#values[AXES.indexOf('tee_vendor')]?.[at] ?? 0) !== 0;
    const bare = !isFact(profile.teeVendor);
    const fresh = parse.optional(profile.evidenceFresh, vendorKnown, (given) =>
      parse.flag(given, `${path}.evidenceFresh`),
    );
    this.#attested[at] = Number(bare || vendorKnown);
    this.#evidenceFresh[at] = Number(fresh);
    this.#boundFacts[at] = parse.optional(profile.boundFacts, bare ? BOUND_FACTS_OF_BARE : 0, (count) =>
      parse.integer(count, `${path}.boundFacts`, 0, 1000),
    );
    const machine = parse.optional(profile.machineIdentity, null, (identity) =>
      parse.text(identity, `${path}.machineIdentity`, 1024),
    );
    if (machine !== null) {
      if (this.#machines.length === 0) this.#machines = new Uint32Array(this.#confidence.length);
      this.#machines[at] = this.#machineNumbers.id(machine);
    }
    const { asn } = profile;
    this.#asnNameOnly[at] = Number(isFact(asn) && asn.value === null && asn.confidence > 0);
  }
}

function parseAsn(value: unknown, path: string): string {
  return String(parse.integer(value, path, 1, ASN_MAX));
}

function parseVendor(value: unknown, path: string): string {
  return COUNTED_TEE_VENDOR[parse.oneOf(value, path, TEE_VENDORS)];
}

/** A zone alone, a list of shares, or a fact whose zones are the finer truth below its public region name. */
function zonesOf(
  stated: unknown,
  path: string,
  parseName: (value: unknown, path: string) => string,
): PowerZoneShare[] {
  if (stated === null || stated === undefined) return [];
  if (typeof stated === 'string') return [{ zone: parseName(stated, path), sharePpm: PPM }];
  if (!Array.isArray(stated)) {
    const fact = parse.record(stated, path);
    return 'zones' in fact
      ? zonesOf(fact['zones'], `${path}.zones`, parseName)
      : zonesOf(fact['value'], `${path}.value`, parseName);
  }
  return parse.list(stated, path, ZONES_MAX).map((share: unknown, at) => {
    const record = parse.record(share, `${path}[${at}]`);
    return {
      zone: parseName(record['zone'], `${path}[${at}].zone`),
      sharePpm: parse.integer(record['sharePpm'], `${path}[${at}].sharePpm`, 1, PPM),
    };
  });
}

function checkShares(zones: readonly PowerZoneShare[], path: string): void {
  const sum = zones.reduce((total, { sharePpm }) => total + sharePpm, 0);
  if (sum > PPM) throw parse.invalid(path, `shares that sum to at most ${PPM}`, sum);
  const names = zones.map(({ zone }) => zone);
  const twice = names.find((zone, at) => names.indexOf(zone) < at);
  if (twice !== undefined) throw parse.invalid(path, 'a list in which every zone stands once', twice);
}
