/** Service tiers as data: the three of the core's table, and any a user adds. */
import { addon } from '../../native.js';
import * as parse from '../../parse.js';
import type { QuorumLevel, QuorumRequirement } from '../placement/index.js';

/** The shipped tiers by name, as the document's examples write them. */
export const SLATier = { BRONZE: 'BRONZE', SILVER: 'SILVER', GOLD: 'GOLD' } as const;
export type SLATier = (typeof SLATier)[keyof typeof SLATier];

/** What a tier promises and what it costs at most. */
export interface Tier {
  readonly name: string;
  /** Members that hold a service of this tier. */
  readonly replicas: number;
  /** The diversity its members keep: a shipped level, or one of your own. */
  readonly level: QuorumLevel | QuorumRequirement;
  readonly latencyP95MsMax: number;
  readonly uptimePpmMin: number;
  readonly errorRatePpmMax: number;
  /** Ceiling of the price, as a multiple of the base price. */
  readonly priceMultiplier: number;
  /** How bad it is when members no longer keep the level. */
  readonly diversitySeverity: 'high' | 'critical';
}

const PPM = 1_000_000;
const REPLICAS_MAX = 100;
const LATENCY_MS_MAX = 3_600_000;
const PRICE_MULTIPLIER_MAX = 1000;
const TIER_FIELDS: readonly string[] = [
  'name',
  'replicas',
  'level',
  'latencyP95MsMax',
  'uptimePpmMin',
  'errorRatePpmMax',
  'priceMultiplier',
  'diversitySeverity',
];

/** Bronze, Silver and Gold. */
export const TIERS: Readonly<Record<SLATier, Tier>> = Object.fromEntries(
  addon.tiers().map(({ level, priceMultiplierMicro, ...tier }) => {
    const diversitySeverity = tier.name === 'GOLD' ? 'critical' : 'high';
    const row = { ...tier, level: level as QuorumLevel, priceMultiplier: priceMultiplierMicro / PPM };
    return [tier.name, Object.freeze({ ...row, diversitySeverity })];
  }),
) as Record<SLATier, Tier>;

/** Checks a tier of a user's own. Its level is checked by the quorum manager when it is used. */
export function parseTier(value: unknown, path: string): Tier {
  const record = parse.record(value, path);
  const integer = (name: string, min: number, max: number): number =>
    parse.integer(record[name], `${path}.${name}`, min, max);
  const unknown = Object.keys(record).find((name) => !TIER_FIELDS.includes(name));
  if (unknown !== undefined)
    throw parse.invalid(`${path}.${unknown}`, `one of ${TIER_FIELDS.join(', ')}`, unknown);
  const level = record['level'];
  if (typeof level !== 'string') parse.record(level, `${path}.level`);
  return Object.freeze({
    name: parse.text(record['name'], `${path}.name`),
    replicas: integer('replicas', 1, REPLICAS_MAX),
    level: level as Tier['level'],
    latencyP95MsMax: integer('latencyP95MsMax', 1, LATENCY_MS_MAX),
    uptimePpmMin: integer('uptimePpmMin', 0, PPM),
    errorRatePpmMax: integer('errorRatePpmMax', 0, PPM),
    priceMultiplier: parse.finite(
      record['priceMultiplier'],
      `${path}.priceMultiplier`,
      0,
      PRICE_MULTIPLIER_MAX,
    ),
    diversitySeverity: parse.optional(record['diversitySeverity'], 'high', (severity) =>
      parse.oneOf(severity, `${path}.diversitySeverity`, ['high', 'critical']),
    ),
  });
}
