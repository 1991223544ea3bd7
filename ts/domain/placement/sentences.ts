/**
 * What the core says in rules and figures, as sentences for a person. One place, so that all faces say the
 * same.
 */
import type {
  NativeAxisValue,
  NativeCertificate,
  NativeReason,
  NativeRemedy,
  NativeRule,
  NativeVerdict,
  NativeViolation,
} from '../../native.js';

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

function valueNames(values: readonly NativeAxisValue[], most = 6): string {
  return names(
    values.map(({ axis, value }) => `${axisWord(axis)} ${value}`),
    most,
  );
}

/** A rule a machine breaks by itself. */
export function ineligibility({ rule, axis }: NativeRule): string {
  if (rule === 'confidence') return 'its classification is not sure enough';
  if (rule === 'fresh_evidence') return 'it has no fresh attestation evidence';
  if (rule === 'known_value') return `its ${axisWord(axis)} is unknown`;
  return `it breaks ${rule}`;
}

export function violationSentence(
  { rule, have, need, values, members }: NativeViolation,
  idOf: IdOf,
): string {
  const who = names(members.map(idOf));
  const { axis } = rule;
  switch (rule.rule) {
    case 'size':
      return `${have} members, ${need} are asked for`;
    case 'confidence':
      return `classification confidence ${have / 100} % of ${who} is below ${need / 100} %`;
    case 'fresh_evidence':
      return `no fresh attestation evidence for ${who}`;
    case 'known_value':
      return `the ${axisWord(axis)} of ${who} is unknown`;
    case 'distinct_min': {
      const present = values.length > 0 ? ` (${names(values)})` : '';
      return `${have} ${axisWord(axis, have)}${present}, at least ${need} are needed`;
    }
    default:
      return `${have} members share ${axisWord(axis)} ${names(values)} (${who}), at most ${need} may`;
  }
}

/** Why a selection is impossible: first what is scarce, then what kept machines out. */
export function certificateSentences(certificate: NativeCertificate, idOf: IdOf): string[] {
  // Where no machine is eligible, every other count is nought as well and says nothing more.
  const nobody = certificate.reasons.filter(({ kind, have }) => kind === 'eligible_candidates' && have === 0);
  const reasons = nobody.length > 0 ? nobody : certificate.reasons;
  const scarce = reasons.map((reason) => reasonSentence(reason, idOf));
  const rejected = certificate.rejected.map(({ rule, count }) => {
    return `${machines(count)} of ${certificate.candidates} cannot be members: ${ineligibility(rule)}`;
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
export function remedySentence(remedy: NativeRemedy, idOf: IdOf): string {
  if (remedy.kind === 'add_machines') {
    const fresh = remedy.newValueOn.map((axis) => axisWord(axis));
    const different = fresh.length > 0 ? `, each with another ${fresh.join(', ')}` : '';
    const outside = remedy.outside.length > 0 ? ` outside ${valueNames(remedy.outside)}` : '';
    const beside = remedy.beside.length > 0 ? ` beside ${names(remedy.beside.map(idOf))}` : '';
    return `add ${remedy.count} eligible ${remedy.count === 1 ? 'machine' : 'machines'}${different}${outside}${beside}`;
  }
  if (remedy.kind === 'provide_evidence') {
    const unknown = [...new Set(remedy.machines.flatMap(({ axes }) => axes))];
    const differing =
      unknown.length > 0 ? `, of different ${unknown.map((axis) => axisWord(axis, 2)).join(', ')}` : '';
    const who = names(remedy.machines.map(({ candidate }) => idOf(candidate)));
    return `bring fresh, verified attestation evidence of ${machines(remedy.machines.length)}, such as ${who}${differing}`;
  }
  return relaxSentence(remedy);
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
      return `let the level ask for ${to} instead of ${from} ${axis}`;
    case 'per_value_max':
      return `let the level accept ${to} instead of ${from} members per ${axisWord(rule.axis)}`;
    default:
      return `let the level accept unknown ${axis}`;
  }
}

/** Why a candidate is or is not a member. */
export function verdictSentence(verdict: NativeVerdict, idOf: IdOf): string {
  const shared = verdict.conflicts.map(
    ({ member, axis, value }) => `${axisWord(axis)} ${value} with ${idOf(member)}`,
  );
  const other = verdict.member === null ? '' : idOf(verdict.member);
  switch (verdict.kind) {
    case 'chosen':
      return 'chosen';
    case 'ineligible':
      return verdict.rules.map(ineligibility).join('; ');
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
