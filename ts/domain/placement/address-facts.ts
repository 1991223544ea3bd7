/**
 * What an address says of a machine, weighed: data ages, sources disagree, and an operator's word is capped.
 */
import { addon } from '../../native.js';
import type { AddressAnswer, AddressIndex, NetworkEntry } from './address-index.js';
import { parseServiceAnswer } from './address-service.js';
import type { NetworkInfo } from './devices.js';
import type { Fact, PowerRegionFact, PowerZoneShare } from './facts.js';
import {
  ADDRESS_FACT_TTL_MS,
  ANSWERS_MAX,
  COUNTRY_CONFIDENCE,
  DISAGREEMENT_PERCENT,
  NETWORK_CONFIDENCE,
  POWER_REGION_CONFIDENCE,
  SERVICE_CONFIDENCE,
  SOURCE_FRESH_MS,
  SOURCE_HALF_WORTH_MS,
  STATED_CONFIDENCE_MAX,
  UNDATED_PERCENT,
} from './limits.js';
import type { PowerRegion } from './vocabulary.js';

/** The axes an address can tell, before TEE evidence is added. */
export interface AddressFacts {
  readonly kind: string;
  readonly asn: Fact<number>;
  /** Only the name of the network is known. */
  readonly asnNameOnly: boolean;
  /** Public, and yet known to none of the network sources there are. */
  readonly unrouted: boolean;
  readonly operator: Fact<string>;
  readonly cloud: Fact<string>;
  readonly countryCode: Fact<string>;
  readonly powerRegion: PowerRegionFact;
  readonly kernel: Fact<string>;
  readonly notes: readonly string[];
}

const PPM = 1_000_000;
const STATED = 'stated by the operator';
const NO_SOURCE = 'no source knows this address';
/** Databases of places have rows for addresses that nobody routes: what they say of those is a guess. */
const UNROUTED =
  'no network source knows this address, so it counts as unrouted and any place for it is a guess';

/**
 * Confidence in data of this date: full for a month, then falling evenly to half after three years, and no
 * lower.
 */
export function agedConfidence(confidence: number, dateMs: number | null, now: number): number {
  if (dateMs === null) return Math.floor((confidence * UNDATED_PERCENT) / 100);
  const age = Math.min(Math.max(now - dateMs - SOURCE_FRESH_MS, 0), SOURCE_HALF_WORTH_MS);
  return Math.floor(confidence - (confidence * age) / (2 * SOURCE_HALF_WORTH_MS));
}

/** Private, reserved and unlisted addresses: everything is unknown, and a note says why. */
export function factsOfSpecialAddress(kind: string, indexed: boolean): AddressFacts {
  const why =
    kind === 'PUBLIC' && !indexed
      ? 'no address index is loaded: await prepare(), or run quorate ipdata build'
      : `the address is ${kind.toLowerCase().replaceAll('_', ' ')}, so no database knows its network or place`;
  const unknown = { value: null, source: why, confidence: 0, expires: null };
  return {
    kind,
    asn: unknown,
    asnNameOnly: false,
    unrouted: false,
    operator: unknown,
    cloud: unknown,
    countryCode: unknown,
    powerRegion: { ...unknown, zones: NO_ZONES },
    kernel: NO_KERNEL,
    notes: Object.freeze([why]),
  };
}

const NO_KERNEL: Fact<string> = { value: null, source: 'not stated', confidence: 0, expires: null };
const NO_ZONES: readonly PowerZoneShare[] = Object.freeze([]);
const NO_NOTES: readonly string[] = Object.freeze([]);

/**
 * The facts as of a call: what an address tells expires a while after the call, not after the look-up that
 * its answer was remembered from. Each call has facts of its own, so that nobody changes what is remembered;
 * the lists in them are shared and frozen.
 */
export function stamped(facts: AddressFacts, now: number): AddressFacts {
  const expires = now + ADDRESS_FACT_TTL_MS;
  const stamp = <T>(fact: Fact<T>): Fact<T> => {
    return fact.value === null ? { ...fact } : { ...fact, expires };
  };
  const { powerRegion } = facts;
  return {
    ...facts,
    asn: stamp(facts.asn),
    operator: stamp(facts.operator),
    cloud: stamp(facts.cloud),
    countryCode: stamp(facts.countryCode),
    powerRegion: powerRegion.zones.length === 0 ? { ...powerRegion } : { ...powerRegion, expires },
    kernel: { ...facts.kernel },
  };
}

/** One source's word on an axis. */
interface Word<T> {
  readonly value: T | null;
  readonly source: number;
}

/**
 * Weighs what the sources of an index say, for one day: data ages by the day, so that an answer is weighed
 * once, however many addresses share it. `stamped` says when that expires.
 */
export class AddressWeigher {
  readonly #words: SourceWords;
  readonly #facts = new Map<AddressAnswer, AddressFacts>();
  readonly #hasNetworks: boolean;

  /** `now` in UTC milliseconds. */
  constructor(index: AddressIndex, now: number) {
    this.#words = new SourceWords(index, now);
    this.#hasNetworks = index.sources.some(({ kind }) => kind === 'network');
  }

  /** The facts of a public address, by its answer; equal for the same answer. */
  facts(answer: AddressAnswer): AddressFacts {
    let facts = this.#facts.get(answer);
    if (!facts) {
      facts = this.#weigh(answer);
      if (this.#facts.size >= ANSWERS_MAX) this.#facts.clear();
      this.#facts.set(answer, facts);
    }
    return facts;
  }

  #weigh(answer: AddressAnswer): AddressFacts {
    const words = this.#words;
    const { networks } = answer;
    const unrouted = networks.length === 0 && this.#hasNetworks;
    const places = unrouted ? [] : answer.places;
    const [first] = networks;
    const sayOf = (of: (entry: NetworkEntry) => string | null): Word<string>[] =>
      networks
        // Who agrees on the network agrees on who runs it: databases only spell its name differently.
        .filter((network) => network === first || network.entry.asn !== first?.entry.asn)
        .map(({ source, entry }) => ({ source, value: of(entry) }));
    const asns = networks.map(({ source, entry }) => ({ source, value: entry.asn }));
    const countries = places.map(({ source, entry }) => ({ source, value: entry.country }));
    const asn = words.weigh(asns, NETWORK_CONFIDENCE);
    const countryCode = words.weigh(countries, COUNTRY_CONFIDENCE, unrouted ? UNROUTED : NO_SOURCE);
    const notes = [
      ...(unrouted ? [UNROUTED] : []),
      ...disagreements('ASN', asn),
      ...disagreements('country', countryCode),
    ];
    return {
      kind: answer.kind,
      asn,
      asnNameOnly: false,
      unrouted,
      operator: words.weigh(
        sayOf((entry) => entry.operator),
        NETWORK_CONFIDENCE,
      ),
      cloud: words.weigh(
        sayOf((entry) => entry.cloud),
        NETWORK_CONFIDENCE,
      ),
      countryCode,
      powerRegion: words.region(places, countryCode, notes),
      kernel: NO_KERNEL,
      notes: notes.length === 0 ? NO_NOTES : Object.freeze(notes),
    };
  }
}

function disagreements(axis: string, fact: Fact<unknown>): string[] {
  return (fact.alternatives ?? []).map(
    (other) => `${axis}: ${fact.source} says ${fact.value}, ${other.source} ${other.value}`,
  );
}

/** The sources of an index as witnesses: named with their date, weighed by their age. */
class SourceWords {
  readonly #sources: readonly { readonly name: string; readonly dateMs: number | null }[];
  readonly #now: number;

  constructor({ sources }: AddressIndex, now: number) {
    this.#now = now;
    this.#sources = sources.map(({ name, dateMs }) => {
      const of = dateMs === null ? 'of unknown date' : `of ${new Date(dateMs).toISOString().slice(0, 10)}`;
      return { name: `${name} ${of}`, dateMs };
    });
  }

  #date(source: number): number | null {
    return this.#sources[source]?.dateMs ?? null;
  }

  #name(source: number): string {
    return this.#sources[source]?.name ?? '';
  }

  /** The first word counts; where another one differs it counts half, and the others stand beside it. */
  weigh<T>(words: readonly Word<T>[], base: number, none = NO_SOURCE): Fact<T> {
    const [first, ...others] = words;
    if (!first) return { value: null, source: none, confidence: 0, expires: null };
    const source = this.#name(first.source);
    const alternatives = others
      .filter(({ value }) => value !== first.value)
      .map((other) => ({ value: other.value, source: this.#name(other.source) }));
    const aged = agedConfidence(base, this.#date(first.source), this.#now);
    const confidence = alternatives.length > 0 ? disputed(aged) : aged;
    const fact = { value: first.value, source, confidence, expires: null };
    return alternatives.length > 0 ? { ...fact, alternatives: frozenList(alternatives) } : fact;
  }

  /**
   * The first source's zones. A source whose zones have none in common with them disagrees; so does one that
   * names another country, because whoever may be wrong on the country may be wrong on all below it.
   */
  region(places: AddressAnswer['places'], country: Fact<string>, notes: string[]): PowerRegionFact {
    const [first, ...others] = places;
    const unknown = { value: null, source: country.source, confidence: 0, expires: null, zones: NO_ZONES };
    if (!first || first.entry.zones.length === 0) return unknown;
    const { zones, accuracy } = first.entry;
    const source = this.#name(first.source);
    const apart = others.filter(({ entry }) => entry.zones.length > 0 && areDisjoint(zones, entry.zones));
    for (const other of apart) {
      const said = `${source} says ${zoneNames(zones)}, ${this.#name(other.source)}`;
      notes.push(`power region: ${said} ${zoneNames(other.entry.zones)}`);
    }
    const aged = agedConfidence(POWER_REGION_CONFIDENCE, this.#date(first.source), this.#now);
    const shared = sharedRegion(zones, aged);
    if (shared.value === null) notes.push(`power region: ${undecided(zones, accuracy)}`);
    const doubtful = apart.length > 0 || country.alternatives !== undefined;
    const confidence = doubtful ? disputed(shared.confidence) : shared.confidence;
    const fact = { value: shared.value, source, confidence, expires: null, zones };
    const alternatives = apart.map((other) => {
      return { value: groupOf(other.entry.zones), source: this.#name(other.source) };
    });
    return alternatives.length > 0 ? { ...fact, alternatives: frozenList(alternatives) } : fact;
  }
}

/** What calls share, so nobody may change it. */
function frozenList<T extends object>(list: readonly T[]): readonly T[] {
  return Object.freeze(list.map((item) => Object.freeze(item)));
}

function disputed(confidence: number): number {
  return Math.floor((confidence * DISAGREEMENT_PERCENT) / 100);
}

function areDisjoint(zones: readonly PowerZoneShare[], others: readonly PowerZoneShare[]): boolean {
  return !zones.some(({ zone }) => others.some((other) => other.zone === zone));
}

function zoneNames(zones: readonly PowerZoneShare[]): string {
  return zones.map(({ zone }) => zone).join(' or ');
}

function largestOf(zones: readonly PowerZoneShare[]): PowerZoneShare | undefined {
  const [first] = zones;
  if (zones.length < 2) return first;
  return [...zones].sort((a, b) => b.sharePpm - a.sharePpm || (a.zone < b.zone ? -1 : 1))[0];
}

function undecided(zones: readonly PowerZoneShare[], accuracy: string): string {
  const largest = largestOf(zones);
  const share = `${Math.floor(((largest?.sharePpm ?? 0) * 100) / PPM)} %`;
  const known =
    accuracy === 'COUNTRY' ? 'only the country is known' : 'the place is not known closely enough';
  return `${known}, so no region is likelier than not (${largest?.zone} ${share}); it may be any of them`;
}

/**
 * The public region above the zone of the largest share, and as much confidence as that share carries; no
 * region where it is less likely than not. The zones still count: each of them may be the machine's.
 */
function sharedRegion(
  zones: readonly PowerZoneShare[],
  confidence: number,
): { readonly value: PowerRegion | null; readonly confidence: number } {
  const largest = largestOf(zones);
  if (!largest || largest.sharePpm * 2 < PPM) return { value: null, confidence: 0 };
  return { value: groupOf(zones), confidence: Math.floor((confidence * largest.sharePpm) / PPM) };
}

/** The public region of the largest share. */
function groupOf(zones: readonly PowerZoneShare[]): PowerRegion | null {
  const largest = largestOf(zones);
  return largest ? regionOfZone(largest.zone) : null;
}

/** Zones of the tables by their region, as the core says it; there are some dozens. */
const REGIONS: ReadonlyMap<string, PowerRegion> = new Map(
  addon.powerZoneNames().map((zone) => [zone, addon.powerRegionOfZone(zone) as PowerRegion]),
);

function regionOfZone(zone: string): PowerRegion {
  return REGIONS.get(zone) ?? (addon.powerRegionOfZone(zone) as PowerRegion);
}

/**
 * Adds what an address service knows where the index knew nothing. Throws
 * QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED for an answer that is none.
 */
export function factsFromService(facts: AddressFacts, answer: unknown, source: string): AddressFacts {
  const fact = <T>(known: Fact<T>, value: T | null): Fact<T> => {
    if (known.value !== null || value === null) return known;
    return { value, source, confidence: SERVICE_CONFIDENCE, expires: null };
  };
  const { asn, organisation, subdivision, ...said } = parseServiceAnswer(answer, source);
  // Who does not know the network either only guesses the place, too.
  const unrouted = facts.unrouted && asn === null;
  const countryCode = unrouted ? null : said.countryCode;
  const network = asn === null ? null : addon.networkOperator(asn, organisation ?? '');
  const named = organisation === null ? null : addon.operatorNamed(organisation);
  // What a database says of the place is nearer than the country, even where it leaves the region open.
  const place = countryCode === null ? null : addon.powerZones(countryCode, subdivision);
  const zones = frozenList(place?.zones ?? []);
  const region = facts.powerRegion.zones.length === 0 && zones.length > 0;
  return {
    ...facts,
    unrouted,
    notes: unrouted ? facts.notes : Object.freeze(facts.notes.filter((note) => note !== UNROUTED)),
    asn: fact(facts.asn, asn),
    operator: fact(facts.operator, network?.operator ?? named),
    cloud: fact(facts.cloud, network?.cloud ?? null),
    countryCode: fact(facts.countryCode, countryCode),
    powerRegion: region
      ? { source, expires: null, zones, ...sharedRegion(zones, SERVICE_CONFIDENCE) }
      : facts.powerRegion,
  };
}

/**
 * Adds what the operator states: it fills gaps at a capped confidence, and a contradiction lowers what is
 * there.
 */
export function withStatedFacts(facts: AddressFacts, stated: NetworkInfo): AddressFacts {
  const notes = [...facts.notes];
  const merge = <T>(axis: string, known: Fact<T>, value: T | undefined): Fact<T> => {
    if (value === undefined) return known;
    if (known.value === null)
      return { value, source: STATED, confidence: STATED_CONFIDENCE_MAX, expires: null };
    if (known.value === value) return known;
    notes.push(`${axis}: ${known.source} says ${known.value}, the operator states ${value}`);
    const alternatives = [...(known.alternatives ?? []), { value, source: STATED }];
    return { ...known, confidence: disputed(known.confidence), alternatives };
  };
  // A number that the sources give as well says nothing new of who operates it.
  const newAsn = stated.asn === facts.asn.value ? undefined : stated.asn;
  const network = newAsn === undefined ? null : addon.networkOperator(newAsn, stated.asnName ?? '');
  const nameOnly = facts.asn.value === null && stated.asn === undefined && stated.asnName !== undefined;
  const byName = nameOnly ? (addon.operatorNamed(stated.asnName ?? '') ?? undefined) : undefined;
  const asn = merge('ASN', facts.asn, stated.asn);
  return {
    ...facts,
    // A name without a number is worth something as evidence, but never counts as a distinct ASN.
    asn: nameOnly ? { ...asn, source: STATED, confidence: STATED_CONFIDENCE_MAX } : asn,
    asnNameOnly: nameOnly,
    operator: merge(
      'operator',
      facts.operator,
      stated.operator ?? (network?.operator || undefined) ?? byName,
    ),
    cloud: merge('cloud', facts.cloud, stated.cloud ?? network?.cloud ?? undefined),
    countryCode: merge('country', facts.countryCode, stated.countryCode),
    powerRegion: statedRegion(facts.powerRegion, stated, notes),
    kernel: merge('kernel', facts.kernel, stated.kernel),
    notes,
  };
}

function statedRegion(known: PowerRegionFact, stated: NetworkInfo, notes: string[]): PowerRegionFact {
  const zones = zonesOf(stated);
  if (zones.length === 0) return known;
  const capped = sharedRegion(zones, STATED_CONFIDENCE_MAX);
  const fills = { ...capped, zones, source: STATED, expires: null };
  if (known.zones.length === 0) return fills;
  // Where the sources leave the region open, the operator may say which of those it is.
  if (!areDisjoint(known.zones, zones)) return known.value === null ? fills : known;
  const said = `${known.source} says ${zoneNames(known.zones)}, the operator states ${zoneNames(zones)}`;
  notes.push(`power region: ${said}`);
  const alternatives = [...(known.alternatives ?? []), { value: groupOf(zones), source: STATED }];
  return { ...known, confidence: disputed(known.confidence), alternatives };
}

function zonesOf({ powerRegion, countryCode, subdivision }: NetworkInfo): readonly PowerZoneShare[] {
  if (powerRegion !== undefined) return [{ zone: powerRegion, sharePpm: PPM }];
  return countryCode === undefined ? [] : addon.powerZones(countryCode, subdivision ?? null).zones;
}
