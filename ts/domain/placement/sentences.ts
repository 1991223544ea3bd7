/**
 * What the core says in rules and figures, as sentences for a person. One place, so that all faces say the
 * same.
 */
import type {
  NativeAxisValue,
  NativeCertificate,
  NativeReason,
  NativeRemedy,
  NativeRequirement,
  NativeRule,
  NativeVerdict,
  NativeViolation,
} from '../../native.js';
import { axesAlone, type MemberValues } from './member-values.js';
import { AXES } from './vocabulary.js';

/** The id of a candidate by its index. */
export type IdOf = (index: number) => string;

const AXIS_WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  asn: ['ASN', 'ASNs'],
  operator: ['operator', 'operators'],
  cloud: ['cloud', 'clouds'],
  country: ['country', 'countries'],
  power_region: ['power region', 'power regions'],
  tee_vendor: ['TEE vendor', 'TEE vendors'],
  tcb: ['TCB version', 'TCB versions'],
  kernel: ['kernel', 'kernels'],
};

function axisWord(axis: string | null | undefined, count = 1): string {
  const words = AXIS_WORDS[axis ?? ''];
  return words ? words[count === 1 ? 0 : 1] : String(axis ?? 'value');
}

function machines(count: number): string {
  return count === 1 ? '1 machine' : `${count} machines`;
}

/** At most `most` names, and how many more there are. */
function names(all: readonly string[], most = 5): string {
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown} and ${all.length - most} more` : shown;
}

/** All of them, the last one after "and". */
function list(all: readonly string[]): string {
  return all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function valueNames(values: readonly NativeAxisValue[], most = 6): string {
  return names(
    values.map(({ axis, value }) => `${axisWord(axis)} ${value}`),
    most,
  );
}

/** What sentences say beside what the core says. */
export interface SentenceContext {
  /** Lowest confidence the level asks, in basis points. */
  readonly confidenceMin: number;
  /** Whether the power region of one of the machines is stated as a group that names no zone. */
  readonly groupOnly: boolean;
}

/** Why a power region that was stated counts as unknown. */
function groupHint(axis: string | null | undefined, groupOnly: boolean): string {
  if (!groupOnly || axis !== 'power_region') return '';
  return ' (INTERNATIONAL is the group of many grids: state the zone)';
}

/** A rule a machine breaks by itself; `confidence` says how sure its classification is. */
function ineligibility(
  { rule, axis }: NativeRule,
  confidence: string,
  { confidenceMin, groupOnly }: SentenceContext,
): string {
  if (rule === 'confidence')
    return `its classification is not sure enough: ${confidence}, ${confidenceMin / 100} % are needed`;
  if (rule === 'fresh_evidence') return 'it has no fresh attestation evidence';
  if (rule === 'same_machine') return 'it is the same physical machine as a heavier candidate';
  if (rule === 'known_value') return `its ${axisWord(axis)} is unknown${groupHint(axis, groupOnly)}`;
  return `it breaks ${rule}`;
}

export function violationSentence(
  { rule, have, need, values, members }: NativeViolation,
  idOf: IdOf,
  groupOnly: ReadonlySet<number>,
): string {
  const who = names(members.map(idOf));
  const hint = groupHint(
    rule.axis,
    members.some((member) => groupOnly.has(member)),
  );
  const { axis } = rule;
  switch (rule.rule) {
    case 'size':
      return `${have} members, ${need} are asked for`;
    case 'confidence':
      return `classification confidence ${have / 100} % of ${who} is below ${need / 100} %`;
    case 'fresh_evidence':
      return `no fresh attestation evidence for ${who}`;
    case 'same_machine':
      return `${who} are one physical machine`;
    case 'known_value':
      return `the ${axisWord(axis)} of ${who} is unknown${hint}`;
    case 'distinct_min': {
      const present = values.length > 0 ? ` (${names(values)})` : '';
      return `${have} ${axisWord(axis, have)}${present}, at least ${need} are needed${hint}`;
    }
    default:
      return `${have} members share ${axisWord(axis)} ${names(values)} (${who}), at most ${need} may`;
  }
}

/** Why a selection is impossible: first what is scarce, then what kept machines out. */
export function certificateSentences(
  certificate: NativeCertificate,
  idOf: IdOf,
  context: SentenceContext,
): string[] {
  // Where no machine is eligible, every other count is nought as well and says nothing more.
  const nobody = certificate.reasons.filter(({ kind, have }) => kind === 'eligible_candidates' && have === 0);
  const reasons = nobody.length > 0 ? nobody : certificate.reasons;
  const scarce = reasons.map((reason) => reasonSentence(reason, idOf));
  const rejected = certificate.rejected.map(({ rule, count, best }) => {
    const why = ineligibility(rule, `${(best ?? 0) / 100} % at most`, context);
    return `${machines(count)} of ${certificate.candidates} cannot be members: ${why}`;
  });
  return [...scarce, ...rejected];
}

function reasonSentence(reason: NativeReason, idOf: IdOf): string {
  const { kind, have, need, values, candidates, rules } = reason;
  const [axis] = reason.axes;
  switch (kind) {
    case 'size':
      return `${have} members cannot show ${need} ${axisWord(axis, need)}`;
    case 'eligible_candidates':
      return `${have === 0 ? 'no' : `only ${have}`} eligible ${have === 1 ? 'machine' : 'machines'}, ${need} are needed`;
    case 'distinct_values': {
      const present = have === 0 ? '' : ` (${names(values.map(({ value }) => value))})`;
      return `${have} ${axisWord(axis, have)}${present} among the eligible machines, ${need} are needed`;
    }
    case 'capacity':
      return `all ${axisWord(axis, 2)} together can hold ${have} of ${need} members`;
    case 'cover': {
      const places = [valueNames(values), names(candidates.map(idOf))].filter((part) => part.length > 0);
      return `every eligible machine lies in ${places.join(' or is ')}, so at most ${have} of ${need} can be chosen`;
    }
    default:
      return `no members keep these rules at once: ${rules.map(ruleWord).join(', ')}`;
  }
}

function ruleWord({ rule, axis }: NativeRule): string {
  const words: Record<string, string> = { distinct_min: 'the minimum of', per_value_max: 'the limit per' };
  return `${words[rule] ?? rule} ${axisWord(axis, rule === 'distinct_min' ? 2 : 1)}`;
}

/** What would make an impossible selection possible. */
export function remedySentence(remedy: NativeRemedy, idOf: IdOf, level: NativeRequirement): string {
  if (remedy.kind === 'add_machines') return addSentence(remedy, idOf);
  if (remedy.kind === 'provide_evidence') return evidenceSentence(remedy, idOf, level);
  return relaxSentence(remedy);
}

function addSentence({ count, asks, outside, beside }: NativeRemedy, idOf: IdOf): string {
  const other = beside.length > 0 ? 'other ' : '';
  // What one machine has can be said of it; of several, how many different values there must be among them.
  const different = asks.filter(({ newValues, perValueMax }) => {
    return count > 1 && (perValueMax === 1 || (newValues === count && beside.length === 0));
  });
  const rest = asks.filter((ask) => !different.includes(ask));
  const shown = rest.filter(({ newValues }) => newValues > 0);
  const least = shown.map(({ axis, newValues }) => `${newValues} ${other}${axisWord(axis, newValues)}`);
  const each = shown.map(({ axis }) => `${beside.length > 0 ? 'another' : 'a known'} ${axisWord(axis)}`);
  // Of an axis with at most one member per value, what others have stands among what is outside.
  const capped = rest.flatMap(({ axis, perValueMax }) => {
    return perValueMax && perValueMax > 1 ? `with at most ${perValueMax} members per ${axisWord(axis)}` : [];
  });
  const parts = [
    different.length > 0 ? `in different ${list(different.map(({ axis }) => axisWord(axis, 2)))}` : '',
    shown.length > 0 ? (count === 1 ? `with ${list(each)}` : `of at least ${list(least)}`) : '',
    ...capped,
    outside.length > 0 ? `outside ${valueNames(outside)}` : '',
    beside.length > 0 ? `beside ${names(beside.map(idOf))}` : '',
  ].filter((part) => part.length > 0);
  const added = `add ${count} eligible ${count === 1 ? 'machine' : 'machines'}`;
  return parts.length > 0 ? `${added} ${parts.join(', ')}` : added;
}

/** Axes of which attestation evidence speaks; of the others nobody but a network or an operator knows. */
const ATTESTED_AXES: readonly string[] = ['tee_vendor', 'tcb'];

function evidenceSentence({ machines: needs }: NativeRemedy, idOf: IdOf, level: NativeRequirement): string {
  const attested = needs.filter(({ confidence, fresh, axes }) => {
    return confidence || fresh || axes.some((axis) => ATTESTED_AXES.includes(axis));
  });
  const parts: string[] = [];
  if (attested.length > 0) {
    const who = names(attested.map(({ candidate }) => idOf(candidate)));
    const vendors = attested.filter(({ axes }) => axes.includes('tee_vendor')).length;
    // With a limit per vendor more of them may be needed than the minimum, and only that all differ is sure.
    const { distinctMin = 0, perValueMax = 0 } = level.axes[AXES.indexOf('tee_vendor')] ?? {};
    const least = `so that the members show at least ${distinctMin} ${axisWord('tee_vendor', distinctMin)}`;
    const show = perValueMax > 0 ? `of different ${axisWord('tee_vendor', 2)}` : least;
    const differing = vendors > 1 ? `, ${show}` : '';
    const such = attested.length === 1 ? who : `${machines(attested.length)}, such as ${who}`;
    parts.push(`bring fresh, verified attestation evidence with its TCB version of ${such}${differing}`);
  }
  const unknown = new Set(needs.flatMap(({ axes }) => axes.filter((axis) => !ATTESTED_AXES.includes(axis))));
  for (const axis of unknown) {
    const who = needs.filter(({ axes }) => axes.includes(axis)).map(({ candidate }) => idOf(candidate));
    parts.push(
      `find out the ${axisWord(axis)} of ${names(who)}: it helps where no other member has the same`,
    );
  }
  return parts.join(', and ');
}

function relaxSentence({ rule, from, to }: NativeRemedy): string {
  const axis = axisWord(rule?.axis, 2);
  switch (rule?.rule) {
    case 'size':
      return `ask for ${to} members instead of ${from}`;
    case 'confidence':
      return `lower the confidence the level asks from ${from / 100} % to ${to / 100} %`;
    case 'fresh_evidence':
      return 'let the level accept evidence that is not fresh';
    case 'distinct_min':
      if (to === 0) return `let the level ask for no number of ${axis}`;
      return `let the level ask for ${to} instead of ${from} ${axis}`;
    case 'per_value_max':
      return `let the level accept ${to} instead of ${from} members per ${axisWord(rule.axis)}`;
    default:
      return `let the level accept unknown ${axis}`;
  }
}

/** Why a candidate is or is not a member. */
export function verdictSentence(verdict: NativeVerdict, idOf: IdOf, context: SentenceContext): string {
  const shared = verdict.conflicts.map(
    ({ member, axis, value }) => `${axisWord(axis)} ${value} with ${idOf(member)}`,
  );
  const other = verdict.member === null ? '' : idOf(verdict.member);
  switch (verdict.kind) {
    case 'chosen':
      return 'chosen';
    case 'ineligible':
      return verdict.rules
        .map((rule) => ineligibility(rule, `${verdict.confidence / 100} %`, context))
        .join('; ');
    case 'conflicts':
      return `shares ${names(shared)}`;
    case 'outweighed':
      return verdict.by === 0
        ? `as good as ${other}, whose id comes first`
        : `${other} weighs ${verdict.by} more`;
    case 'would_improve':
      return `weighs ${verdict.by} more than ${other}: the members are not the best`;
    default: {
      const { have, need, axis } = verdict;
      return `with it there would be ${have} ${axisWord(axis, have)}, ${need} are needed`;
    }
  }
}

/** What a member brings: its values, and on which axes it shares them with no other member. */
export function memberSentence(own: MemberValues, others: readonly MemberValues[]): string {
  const shown = Object.values(own).map((value) => value.shown);
  return [shown.join(', '), ...aloneSentence(own, others)].filter((part) => part.length > 0).join('; ');
}

/** Why a member is one: what it has for itself, and how it compares with those that could take its place. */
export function chosenSentence(
  own: MemberValues,
  others: readonly MemberValues[],
  rivals: readonly NativeVerdict[],
  best: boolean,
): string {
  const parts = [...aloneSentence(own, others), ...rivalSentence(rivals, best)];
  return parts.join('; ') || 'chosen';
}

/**
 * Rivals name the member as the lightest whose place they could take. Only where no swap makes the members
 * heavier is it sure that none of those that name another member is heavier than this one.
 */
function rivalSentence(rivals: readonly NativeVerdict[], best: boolean): string[] {
  if (rivals.length === 0) return [];
  const heavier = rivals.filter(({ kind }) => kind === 'would_improve').length;
  const equal = rivals.filter(({ kind, by }) => kind === 'outweighed' && by === 0).length;
  const fit = `${rivals.length} ${rivals.length === 1 ? 'other fits' : 'others fit'}`;
  if (!best) return [`${fit} in its place${heavier > 0 ? `, ${heavier} heavier` : ''}`];
  const tied = equal > 0 ? `, ${equal} as heavy with a later id` : '';
  return [`none heavier fits in its place (${fit}${tied})`];
}

function aloneSentence(own: MemberValues, others: readonly MemberValues[]): string[] {
  const alone = others.length === 0 ? [] : axesAlone(own, others);
  return alone.length === 0 ? [] : [`alone in its ${list(alone.map((axis) => axisWord(axis)))}`];
}
