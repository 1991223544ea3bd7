/** Candidates in the columns of the core: checked and interned once, then asked many times. */
import { addon, type NativePool, type NativePoolColumns } from '../../native.js';
import * as parse from '../../parse.js';
import { callNaming, profileField } from './core-fields.js';
import { parseConfidence } from './devices.js';
import { type DeviceProfile, type Fact, isFact, PROFILE_FIELDS, ZONE_GROUP } from './facts.js';
import { CANDIDATES_MAX } from './limits.js';
import { type MemberValues, memberValues } from './member-values.js';
import { parseKnownCountry, parseZone } from './places.js';
import { AXES, COUNTED_TEE_VENDOR, TEE_VENDORS, UNKNOWN } from './vocabulary.js';

const AXIS_COUNT = AXES.length;
const ASN = AXES.indexOf('asn');
const OPERATOR = AXES.indexOf('operator');
const POWER_REGION = AXES.indexOf('power_region');
const TEE_VENDOR = AXES.indexOf('tee_vendor');
const ASN_MAX = 4_294_967_295;
const PPM = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;
/** Largest weight: with it the sum over any quorum stays an exact number. */
const WEIGHT_MAX = 2 ** 40;

/** The most zones one place can lie in. */
const ZONES_MAX = 16;

/** A bare vendor is the caller's word for verified evidence, so that evidence counts as complete. */
const BOUND_FACTS_OF_BARE = 4;

/** Checks a value, and gives the name it counts as. */
type Check = (value: unknown, path: string) => string;

/** Values to ids; id 0 is UNKNOWN. Most candidates share their values, so each is checked once. */
class Dictionary {
  readonly names: string[] = [UNKNOWN];
  readonly #byName = new Map<string, number>([[UNKNOWN, 0]]);
  readonly #byValue = new Map<unknown, number>();

  id(value: unknown, path: string, check: Check): number {
    let id = this.#byValue.get(value);
    if (id === undefined) {
      id = this.#idOfName(check(value, path));
      this.#byValue.set(value, id);
    }
    return id;
  }

  #idOfName(name: string): number {
    let id = this.#byName.get(name);
    if (id === undefined) {
      id = this.names.length;
      this.names.push(name);
      this.#byName.set(name, id);
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
    const kept = Object.freeze(Array.from(profiles, copyOf));
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

function copyOf(profile: unknown, at: number): DeviceProfile {
  if (typeof profile !== 'object' || profile === null || Array.isArray(profile))
    throw parse.invalid(`profiles[${at}]`, 'an object', profile);
  return { ...(profile as DeviceProfile) };
}

function columnsOf(profiles: readonly DeviceProfile[]): {
  columns: NativePoolColumns;
  groupOnly: ReadonlySet<number>;
} {
  const builder = new ColumnBuilder(profiles.length);
  profiles.forEach((profile, at) => {
    try {
      builder.add(at, profile);
    } catch (error) {
      // Only what is refused has to say where it stands: the names of all other fields would be made in vain.
      throw parse.below(`profiles[${at}]`, error);
    }
  });
  return { columns: builder.columns(), groupOnly: builder.groupOnly };
}

/** How the values of an axis are read from a profile. */
interface AxisReader {
  readonly axis: number;
  readonly field: keyof DeviceProfile;
  /** What the parts of a fact are called. */
  readonly value: string;
  readonly confidence: string;
  readonly expires: string;
  readonly check: Check;
}

const READERS: readonly AxisReader[] = (
  [
    ['asn', parseAsn],
    ['operator', parse.text],
    ['cloud', parse.text],
    ['country', parseKnownCountry],
    ['tee_vendor', parseVendor],
    ['tcb', parse.text],
    ['kernel', parse.text],
    ['power_region', parseZone],
  ] as const
).map(([name, check]) => {
  const field = PROFILE_FIELDS[name];
  const parts = {
    value: `${field}.value`,
    confidence: `${field}.confidence`,
    expires: `${field}.expires`,
  };
  return { axis: AXES.indexOf(name), field, ...parts, check };
});
const STATED = READERS.filter(({ axis }) => axis !== POWER_REGION);
const REGION = READERS.find(({ axis }) => axis === POWER_REGION) as AxisReader;

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
  readonly groupOnly = new Set<number>();
  /** Ids of operators by ids of ASNs; 0 where the table does not know the network. */
  readonly #operatorOfAsn = new Map<number, number>();

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

  /** Takes a profile in; what it refuses is named as a field of the profile. */
  add(at: number, profile: DeviceProfile): void {
    this.#deviceIds.push(parse.text(profile.deviceId, 'deviceId'));
    const confidence = parseConfidence(profile.confidence, 'confidence');
    this.#confidence[at] = confidence;
    const { weight } = profile;
    this.#weight[at] = isAbsent(weight) ? confidence : parse.integer(weight, 'weight', 0, WEIGHT_MAX);
    for (const reader of STATED) this.#stated(at, reader, profile[reader.field], confidence);
    this.#operatorByNumber(at);
    this.#regions(at, profile.powerRegion, confidence);
    this.#evidence(at, profile);
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
  #stated(at: number, reader: AxisReader, stated: unknown, confidence: number): void {
    const fact = isFact<unknown>(stated) ? this.#fact(at, reader, stated) : null;
    const value = fact ? fact.value : stated;
    const column = this.#values[reader.axis] as Uint32Array;
    if (!isAbsent(value)) column[at] = this.#idOf(reader, value, fact ? reader.value : reader.field);
    if (!fact) this.#axisConfidence[at * AXIS_COUNT + reader.axis] = confidence;
  }

  /**
   * Where nobody names the operator, the table of operators may know the network: several numbers of one are
   * no diversity. It is as sure as the number, and as long.
   */
  #operatorByNumber(at: number): void {
    const [asns, operators] = [this.#values[ASN], this.#values[OPERATOR]] as [Uint32Array, Uint32Array];
    const asn = asns[at] as number;
    if (operators[at] !== 0 || asn === 0) return;
    let operator = this.#operatorOfAsn.get(asn);
    if (operator === undefined) {
      const name = addon.operatorNumbered(Number(this.#dictionaries[ASN]?.names[asn]));
      operator = name === null ? 0 : (this.#dictionaries[OPERATOR] as Dictionary).id(name, '', parse.text);
      this.#operatorOfAsn.set(asn, operator);
    }
    operators[at] = operator;
    for (const column of [this.#axisConfidence, this.#expires])
      column[at * AXIS_COUNT + OPERATOR] = column[at * AXIS_COUNT + ASN] as number;
  }

  #idOf({ axis, check }: AxisReader, value: unknown, path: string): number {
    return (this.#dictionaries[axis] as Dictionary).id(value, path, check);
  }

  #fact<T>(at: number, { axis, ...named }: AxisReader, fact: Fact<T>): Fact<T> {
    const position = at * AXIS_COUNT + axis;
    this.#axisConfidence[position] = parseConfidence(fact.confidence, named.confidence);
    if (!isAbsent(fact.expires))
      this.#expires[position] = parse.integer(fact.expires, named.expires, 0, Number.MAX_SAFE_INTEGER);
    this.#bare[at] = 0;
    return fact;
  }

  #regions(at: number, stated: unknown, confidence: number): void {
    const fact = isFact<string>(stated) ? this.#fact(at, REGION, stated) : null;
    const stands = zonesOf(fact ?? stated, REGION.field);
    // A group or an unknown part could be any zone, so that the machine could share one with every other.
    const vague = stands.some(({ zone }) => zone === UNKNOWN || zone === ZONE_GROUP);
    if (stands.some(({ zone }) => zone === ZONE_GROUP)) this.groupOnly.add(at);
    for (const { zone, path, sharePpm } of stands) {
      if (vague) parseZone(zone, path);
      else {
        this.#regionIds.push(this.#idOf(REGION, zone, path));
        this.#regionShares.push(sharePpm);
      }
    }
    if (!vague) checkShares(stands, REGION.field);
    this.#regionOffsets[at + 1] = this.#regionIds.length;
    if (!fact) this.#axisConfidence[at * AXIS_COUNT + POWER_REGION] = confidence;
  }

  /**
   * A bare vendor is the caller's word for verified evidence; the classifier says itself what was verified.
   */
  #evidence(at: number, { asn, teeVendor, evidenceFresh, boundFacts, machineIdentity }: DeviceProfile): void {
    const vendorKnown = (this.#values[TEE_VENDOR]?.[at] ?? 0) !== 0;
    const bare = !isFact(teeVendor);
    const fresh = isAbsent(evidenceFresh) ? vendorKnown : parse.flag(evidenceFresh, 'evidenceFresh');
    this.#attested[at] = Number(bare || vendorKnown);
    this.#evidenceFresh[at] = Number(fresh);
    const fallback = bare ? BOUND_FACTS_OF_BARE : 0;
    this.#boundFacts[at] = isAbsent(boundFacts) ? fallback : parse.integer(boundFacts, 'boundFacts', 0, 1000);
    if (!isAbsent(machineIdentity)) {
      if (this.#machines.length === 0) this.#machines = new Uint32Array(this.#confidence.length);
      this.#machines[at] = this.#machineNumbers.id(machineIdentity, 'machineIdentity', parseIdentity);
    }
    this.#asnNameOnly[at] = Number(isFact(asn) && asn.value === null && asn.confidence > 0);
  }
}

/** Undefined and null both mean that nothing is stated. */
function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function parseIdentity(value: unknown, path: string): string {
  return parse.text(value, path, 1024);
}

function parseAsn(value: unknown, path: string): string {
  return String(parse.integer(value, path, 1, ASN_MAX));
}

function parseVendor(value: unknown, path: string): string {
  return COUNTED_TEE_VENDOR[parse.oneOf(value, path, TEE_VENDORS)];
}

/** A zone as it is stated, and where it stands. */
interface StatedZone {
  readonly zone: unknown;
  readonly path: string;
  readonly sharePpm: number;
}

/** A zone alone, a list of shares, or a fact whose zones are the finer truth below its public region name. */
function zonesOf(stated: unknown, path: string): StatedZone[] {
  if (isAbsent(stated)) return [];
  if (typeof stated === 'string') return [{ zone: stated, path, sharePpm: PPM }];
  if (!Array.isArray(stated)) {
    const fact = parse.record(stated, path);
    return 'zones' in fact
      ? zonesOf(fact['zones'], `${path}.zones`)
      : zonesOf(fact['value'], `${path}.value`);
  }
  return parse.list(stated, path, ZONES_MAX).map((share: unknown, at) => {
    const record = parse.record(share, `${path}[${at}]`);
    const sharePpm = parse.integer(record['sharePpm'], `${path}[${at}].sharePpm`, 1, PPM);
    return { zone: record['zone'], path: `${path}[${at}].zone`, sharePpm };
  });
}

function checkShares(zones: readonly StatedZone[], path: string): void {
  if (zones.length < 2) return;
  const sum = zones.reduce((total, { sharePpm }) => total + sharePpm, 0);
  if (sum > PPM) throw parse.invalid(path, `shares that sum to at most ${PPM}`, sum);
  const names = zones.map(({ zone }) => zone);
  const twice = names.find((zone, at) => names.indexOf(zone) < at);
  if (twice !== undefined) throw parse.invalid(path, 'a list in which every zone stands once', twice);
}
