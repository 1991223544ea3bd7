/**
 * What an address says of a machine, weighed: data ages, sources disagree, and an operator's word is capped.
 */
import { addon } from '../../native.js';
import type { AddressAnswer, AddressIndex, PlaceEntry } from './address-index.js';
import type { AddressServiceAnswer } from './address-service.js';
import type { NetworkInfo } from './devices.js';
import type { Fact, PowerRegionFact, PowerZoneShare } from './facts.js';
import {
  CLASSIFICATION_TTL_MS,
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
  readonly operator: Fact<string>;
  readonly cloud: Fact<string>;
  readonly countryCode: Fact<string>;
  readonly powerRegion: PowerRegionFact;
  readonly kernel: Fact<string>;
  readonly notes: readonly string[];
}

const PPM = 1_000_000;
const STATED = 'stated by the operator';

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
    operator: unknown,
    cloud: unknown,
    countryCode: unknown,
    powerRegion: { ...unknown, zones: [] },
    kernel: { ...unknown, source: 'not stated' },
    notes: [why],
  };
}

/** Weighs what the sources of the index say of a public address. */
export function factsFromIndex(index: AddressIndex, answer: AddressAnswer, now: number): AddressFacts {
  const expires = now + CLASSIFICATION_TTL_MS;
  const date = (source: number): number | null => index.sources[source]?.dateMs ?? null;
  const name = (source: number): string => {
    const dateMs = date(source);
    const of = dateMs === null ? 'of unknown date' : `of ${new Date(dateMs).toISOString().slice(0, 10)}`;
    return `${index.sources[source]?.name} ${of}`;
  };
  const weigh = <E, T>(
    found: readonly { source: number; entry: E }[],
    base: number,
    value: (entry: E) => T | null,
  ): Fact<T> => {
    const [first, ...others] = found;
    if (!first) return { value: null, source: 'no source knows this address', confidence: 0, expires };
    const alternatives = others
      .map(({ source, entry }) => ({ value: value(entry), source: name(source) }))
      .filter((other) => other.value !== value(first.entry));
    const aged = agedConfidence(base, date(first.source), now);
    const confidence = alternatives.length > 0 ? Math.floor((aged * DISAGREEMENT_PERCENT) / 100) : aged;
    const fact = { value: value(first.entry), source: name(first.source), confidence, expires };
    return alternatives.length > 0 ? { ...fact, alternatives } : fact;
  };
  const countryCode = weigh(answer.places, COUNTRY_CONFIDENCE, (entry) => entry.country);
  const facts: AddressFacts = {
    kind: answer.kind,
    asn: weigh(answer.networks, NETWORK_CONFIDENCE, (entry) => entry.asn),
    asnNameOnly: false,
    operator: weigh(answer.networks, NETWORK_CONFIDENCE, (entry) => entry.operator),
    cloud: weigh(answer.networks, NETWORK_CONFIDENCE, (entry) => entry.cloud),
    countryCode,
    powerRegion: regionFact(answer.places[0]?.entry ?? null, countryCode, index, answer, now),
    kernel: { value: null, source: 'not stated', confidence: 0, expires: null },
    notes: [],
  };
  return { ...facts, notes: disagreements(facts) };
}

function disagreements(facts: AddressFacts): string[] {
  const named = { ASN: facts.asn, country: facts.countryCode };
  return Object.entries(named).flatMap(([axis, fact]) =>
    (fact.alternatives ?? []).map(
      (other) => `${axis}: ${fact.source} says ${fact.value}, ${other.source} ${other.value}`,
    ),
  );
}

function regionFact(
  place: PlaceEntry | null,
  country: Fact<string>,
  index: AddressIndex,
  answer: AddressAnswer,
  now: number,
): PowerRegionFact {
  const { source, expires } = country;
  if (!place || place.zones.length === 0) return { value: null, source, confidence: 0, expires, zones: [] };
  const first = answer.places[0];
  const dateMs = first ? (index.sources[first.source]?.dateMs ?? null) : null;
  const aged = agedConfidence(POWER_REGION_CONFIDENCE, dateMs, now);
  // What halves trust in the country halves trust in everything derived from it.
  const confidence = country.alternatives ? Math.floor((aged * DISAGREEMENT_PERCENT) / 100) : aged;
  return { value: groupOf(place.zones), source, confidence, expires, zones: place.zones };
}

/** The public region of the largest share. */
export function groupOf(zones: readonly PowerZoneShare[]): PowerRegion | null {
  const [largest] = [...zones].sort((a, b) => b.sharePpm - a.sharePpm || (a.zone < b.zone ? -1 : 1));
  return largest ? (addon.powerRegionOfZone(largest.zone) as PowerRegion) : null;
}

/** Adds what an address service knows where the index knew nothing. */
export function factsFromService(
  facts: AddressFacts,
  answer: AddressServiceAnswer,
  source: string,
  now: number,
): AddressFacts {
  const fact = <T>(known: Fact<T>, value: T | null): Fact<T> => {
    if (known.value !== null || value === null) return known;
    return { value, source, confidence: SERVICE_CONFIDENCE, expires: now + CLASSIFICATION_TTL_MS };
  };
  const { asn, organisation, countryCode, subdivision } = answer;
  const network = asn === null ? null : addon.networkOperator(asn, organisation ?? '');
  const zones = countryCode === null ? [] : addon.powerZones(countryCode, subdivision);
  const region = fact(facts.powerRegion, groupOf(zones));
  return {
    ...facts,
    asn: fact(facts.asn, asn),
    operator: fact(facts.operator, network?.operator ?? organisation),
    cloud: fact(facts.cloud, network?.cloud ?? null),
    countryCode: fact(facts.countryCode, countryCode),
    powerRegion: facts.powerRegion.value === null ? { ...region, zones } : facts.powerRegion,
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
    const confidence = Math.floor((known.confidence * DISAGREEMENT_PERCENT) / 100);
    return { ...known, confidence, alternatives: [...(known.alternatives ?? []), { value, source: STATED }] };
  };
  // A number that the sources give as well says nothing new of who operates it.
  const newAsn = stated.asn === facts.asn.value ? undefined : stated.asn;
  const network = newAsn === undefined ? null : addon.networkOperator(newAsn, stated.asnName ?? '');
  const nameOnly = facts.asn.value === null && stated.asn === undefined && stated.asnName !== undefined;
  const operator =
    stated.operator ?? (network?.operator || undefined) ?? (nameOnly ? stated.asnName : undefined);
  const asn = merge('ASN', facts.asn, stated.asn);
  return {
    ...facts,
    // A name without a number is worth something as evidence, but never counts as a distinct ASN.
    asn: nameOnly ? { ...asn, source: STATED, confidence: STATED_CONFIDENCE_MAX } : asn,
    asnNameOnly: nameOnly,
    operator: merge('operator', facts.operator, operator),
    cloud: merge('cloud', facts.cloud, stated.cloud ?? network?.cloud ?? undefined),
    countryCode: merge('country', facts.countryCode, stated.countryCode),
    powerRegion: statedRegion(facts.powerRegion, stated, notes),
    kernel: merge('kernel', facts.kernel, stated.kernel),
    notes,
  };
}

function statedRegion(known: PowerRegionFact, stated: NetworkInfo, notes: string[]): PowerRegionFact {
  const zones = zonesOf(stated);
  const value = groupOf(zones);
  if (value === null) return known;
  if (known.value === null)
    return { value, zones, source: STATED, confidence: STATED_CONFIDENCE_MAX, expires: null };
  const overlap = known.zones.some(({ zone }) => zones.some((other) => other.zone === zone));
  if (overlap) return known;
  notes.push(`power region: ${known.source} says ${known.value}, the operator states ${value}`);
  const confidence = Math.floor((known.confidence * DISAGREEMENT_PERCENT) / 100);
  return { ...known, confidence, alternatives: [...(known.alternatives ?? []), { value, source: STATED }] };
}

function zonesOf({ powerRegion, countryCode, subdivision }: NetworkInfo): readonly PowerZoneShare[] {
  if (powerRegion !== undefined) return [{ zone: powerRegion, sharePpm: PPM }];
  return countryCode === undefined ? [] : addon.powerZones(countryCode, subdivision ?? null);
}
