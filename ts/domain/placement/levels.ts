/** Diversity levels as data: the four of the core, and any a user adds. */
import { INPUT_INVALID, QuorateError } from '../../errors.js';
import { addon, type NativeRequirement } from '../../native.js';
import * as parse from '../../parse.js';
import { nearest } from './nearest.js';
import { AXES, AXIS_NAMES, type Axis, type QuorumLevel } from './vocabulary.js';

type AxisName = (typeof AXIS_NAMES)[Axis];

/**
 * What a set of members has to keep. On each axis members may need a number of different values, and may be
 * limited per value; an unknown value never counts as different, and where there is a limit it keeps a
 * machine out, unless the level lets it in (`allowUnknownOperator`).
 */
export type QuorumRequirement = {
  readonly name: string;
} & { readonly [A in AxisName as `min${A}Diversity`]?: number } & {
  readonly [A in AxisName as `maxDevicesPer${A}`]?: number;
} & {
  readonly [A in AxisName as `allowUnknown${A}`]?: boolean;
} & {
  /** Off lifts the minimum of TEE vendors and nothing else. Default: on where there is one. */
  readonly requireTeeDiversity?: boolean;
  /** Lowest confidence of a member, in basis points, judged by the axes the level names. */
  readonly minConfidenceScore?: number;
  /** Attestation evidence must answer a challenge of ours. */
  readonly requireFreshEvidence?: boolean;
};

const COUNT_MAX = 1000;
/** A rule's name that is this many letters off is a slip; two are one pair of letters the wrong way round. */
const SLIP_EDITS_MAX = 3;

/** The shipped levels, as data to look at or to start from. Frozen: a level is what its name promises. */
export const QUORUM_REQUIREMENTS: Readonly<Record<QuorumLevel, QuorumRequirement>> = Object.freeze(
  Object.fromEntries(
    addon.diversityLevels().map((level) => [level.name, Object.freeze(fromNative(level))]),
  ) as Record<QuorumLevel, QuorumRequirement>,
);

function fromNative(level: NativeRequirement): QuorumRequirement {
  const entries = AXES.flatMap((axis, at) => {
    const rule = level.axes[at];
    const found: [string, number | boolean][] = [];
    if (rule?.distinctMin) found.push([`min${AXIS_NAMES[axis]}Diversity`, rule.distinctMin]);
    if (rule?.perValueMax) found.push([`maxDevicesPer${AXIS_NAMES[axis]}`, rule.perValueMax]);
    if (rule?.unknownAllowed) found.push([`allowUnknown${AXIS_NAMES[axis]}`, true]);
    return found;
  });
  return {
    name: level.name,
    ...Object.fromEntries(entries),
    requireTeeDiversity: level.requireTeeDiversity,
    minConfidenceScore: level.confidenceMin,
    requireFreshEvidence: level.freshEvidence,
  };
}

function noRule(path: string, name: string, allowed: ReadonlySet<string>): QuorateError {
  const meant = nearest(name, allowed, SLIP_EDITS_MAX);
  const hint = meant === null ? `there are ${[...allowed].join(', ')}` : `is ${meant} meant?`;
  return new QuorateError(INPUT_INVALID, `${path} is no rule of a level: ${hint}`, { field: path });
}

/** The level by its name, or a level of the caller's own, checked. */
export function requirementOf(level: unknown, path = 'level'): NativeRequirement {
  const known: readonly string[] = Object.keys(QUORUM_REQUIREMENTS);
  if (typeof level === 'string') {
    return requirementOf(QUORUM_REQUIREMENTS[parse.oneOf(level, path, known) as QuorumLevel], path);
  }
  const record = parse.record(level, path);
  const allowed = new Set(['name', 'requireTeeDiversity', 'minConfidenceScore', 'requireFreshEvidence']);
  const flag = (name: string, fallback: boolean): boolean =>
    parse.optional(record[name], fallback, (value) => parse.flag(value, `${path}.${name}`));
  const axes = AXES.map((axis) => {
    const count = (name: string): number => {
      allowed.add(name);
      return parse.optional(record[name], 0, (value) =>
        parse.integer(value, `${path}.${name}`, 0, COUNT_MAX),
      );
    };
    const [limit, letIn] = [`maxDevicesPer${AXIS_NAMES[axis]}`, `allowUnknown${AXIS_NAMES[axis]}`];
    const [distinctMin, perValueMax] = [count(`min${AXIS_NAMES[axis]}Diversity`), count(limit)];
    allowed.add(letIn);
    const unknownAllowed = flag(letIn, false);
    if (unknownAllowed && perValueMax === 0) {
      throw parse.invalid(`${path}.${letIn}`, `false where there is no ${limit}`, true);
    }
    return { distinctMin, perValueMax, unknownAllowed };
  });
  // A misspelt constraint that is silently ignored would be a promise nobody keeps.
  const unknown = Object.keys(record).find((name) => !allowed.has(name));
  if (unknown !== undefined) throw noRule(`${path}.${unknown}`, unknown, allowed);
  const vendors = axes[AXES.indexOf('tee_vendor')]?.distinctMin ?? 0;
  return {
    name: parse.text(record['name'], `${path}.name`, 64),
    axes,
    confidenceMin: parse.optional(record['minConfidenceScore'], 0, (value) =>
      parse.integer(value, `${path}.minConfidenceScore`, 0, 10_000),
    ),
    freshEvidence: flag('requireFreshEvidence', false),
    requireTeeDiversity: flag('requireTeeDiversity', vendors > 0),
  };
}
