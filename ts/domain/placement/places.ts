/**
 * The places a profile may name. Both lists are the core's tables: a typo that counted as one more country or
 * grid would be diversity that nobody has.
 */
import { addon } from '../../native.js';
import * as parse from '../../parse.js';
import { parseCountry } from './devices.js';
import { POWER_REGIONS, UNKNOWN } from './vocabulary.js';

const COUNTRIES: ReadonlySet<string> = new Set(addon.countryCodes());
const ZONES: ReadonlySet<string> = new Set([...addon.powerZoneNames(), ...POWER_REGIONS, UNKNOWN]);

/** Shorter names than this are codes: one letter more or less is another code, not a slip. */
const NAME_LENGTH_MIN = 4;
const NAMES = [...ZONES].filter((zone) => zone.length >= NAME_LENGTH_MIN);

/** Codes that people write and ISO 3166-1 does not have. */
const MEANT_COUNTRY: Readonly<Record<string, string>> = { UK: 'GB', EL: 'GR' };

/** A country of ISO 3166-1 (or XK, which databases use for Kosovo), two capital letters. */
export function parseKnownCountry(value: unknown, path: string): string {
  const code = parseCountry(value, path);
  if (COUNTRIES.has(code)) return code;
  throw parse.invalid(path, MEANT_COUNTRY[code] ?? 'a country code of ISO 3166-1', code);
}

/**
 * A power zone. Names of the caller's own are taken, as the tables do not know every grid; refused is what
 * can only be a slip: a known zone in another case or one letter off, and a country that is no zone.
 */
export function parseZone(value: unknown, path: string): string {
  const zone = parse.text(value, path);
  if (ZONES.has(zone)) return zone;
  if (/^[A-Z]{2}$/.test(zone)) throw parse.invalid(path, zoneOfCountry(zone), zone);
  const upper = zone.toUpperCase();
  if (ZONES.has(upper)) throw parse.invalid(path, upper, zone);
  const meant = NAMES.find((name) => isOneEditAway(name, upper));
  if (meant !== undefined) throw parse.invalid(path, meant, zone);
  return zone;
}

/** Whether one inserted, deleted or replaced character makes one of the other: all but one place agrees. */
function isOneEditAway(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return Math.max(a.length, b.length) - start - end === 1;
}

function zoneOfCountry(code: string): string {
  const country = MEANT_COUNTRY[code] ?? code;
  const found = addon.powerZones(country, null).zones.map(({ zone }) => zone);
  if (found.length === 0) return 'a power zone, such as EU_NORDIC or GB';
  return found.length === 1 ? `${found[0]}` : `one of ${found.join(', ')}`;
}
