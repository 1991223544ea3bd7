import type { ClassifiedProfile, Fact } from '../../domain/placement/index.js';
import { classifyDocument } from '../candidates.js';
import { readJson } from '../input.js';
import { bars, percent, table } from '../terminal.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';

const SHOWN_MAX = 40;
const REASONS_MAX = 20;
/** Machines that are named beside a reason they share. */
const NAMED_MAX = 3;

/** `classify`. */
export async function classify(context: VerbContext): Promise<ExitCode> {
  const { positionals, options, json, print } = context;
  const profiles = await classifyDocument(await readJson(positionals[0]), context);
  if (json) {
    print(JSON.stringify({ profiles }));
    return EXIT.yes;
  }
  const shown = options['all'] ? profiles : profiles.slice(0, SHOWN_MAX);
  print(
    table(['machine', 'address', 'ASN', 'operator', 'country', 'power', 'TEE', 'sure %'], shown.map(row)),
  );
  if (shown.length < profiles.length)
    print(`... and ${profiles.length - shown.length} more (--all shows them)`);
  print(`\nHow sure, over ${profiles.length} machines (mean confidence of each axis):`);
  print(bars(AXES.map(([label, of]) => meanOf(label, profiles.map(of)))));
  const sources = sourcesOf(profiles);
  if (sources.length > 0) print(`\nSources:\n${sources.join('\n')}`);
  const reasons = reasonsOf(profiles);
  const told = options['all'] ? reasons : reasons.slice(0, REASONS_MAX);
  if (told.length > 0) print(`\nWhat is unknown or less sure, and why:\n${told.join('\n')}`);
  if (told.length < reasons.length) print(`... and ${reasons.length - told.length} more (--all shows them)`);
  return EXIT.yes;
}

const AXES: readonly (readonly [string, (profile: ClassifiedProfile) => Fact<unknown>])[] = [
  ['ASN', (profile) => profile.asn],
  ['operator', (profile) => profile.operator],
  ['country', (profile) => profile.countryCode],
  ['power region', (profile) => profile.powerRegion],
  ['TEE vendor', (profile) => profile.teeVendor],
];

/** Who says what is shown, with the date of their data, and on which axes. */
function sourcesOf(profiles: readonly ClassifiedProfile[]): string[] {
  const axesBySource = new Map<string, Set<string>>();
  for (const profile of profiles) {
    for (const [axis, of] of AXES) {
      const { confidence, source, alternatives = [] } = of(profile);
      const sources = confidence === 0 ? [] : [source, ...alternatives.map((other) => other.source)];
      for (const name of sources) axesBySource.set(name, (axesBySource.get(name) ?? new Set()).add(axis));
    }
  }
  return [...axesBySource].map(([source, axes]) => `  ${source}: ${[...axes].join(', ')}`);
}

/**
 * Each reason once, the commonest first, with the machines it is true of: the notes, and why an axis without
 * one is unknown.
 */
function reasonsOf(profiles: readonly ClassifiedProfile[]): string[] {
  const machines = new Map<string, string[]>();
  for (const profile of profiles) {
    const unknown = AXES.filter(([, of]) => of(profile).confidence === 0)
      .map(([axis, of]) => [axis, of(profile).source] as const)
      .filter(([, why]) => !profile.notes.includes(why))
      .map(([axis, why]) => `${axis} unknown: ${why}`);
    for (const reason of [...profile.notes, ...unknown]) {
      const ids = machines.get(reason);
      if (ids) ids.push(profile.deviceId);
      else machines.set(reason, [profile.deviceId]);
    }
  }
  const shared = [...machines].sort(([, a], [, b]) => b.length - a.length);
  return shared.map(([reason, ids]) => {
    const rest = ids.length > NAMED_MAX ? ` and ${ids.length - NAMED_MAX} more` : '';
    return `  ${ids.slice(0, NAMED_MAX).join(', ')}${rest}: ${reason}`;
  });
}

/** The axes of the last column, in the order of the columns before it. */
const SURE = [AXES[0], AXES[2], AXES[3], AXES[4]].flatMap((axis) => (axis ? [axis[1]] : []));

function row(profile: ClassifiedProfile): string[] {
  const zones = profile.powerRegion.zones.map(({ zone }) => zone);
  return [
    profile.deviceId,
    profile.ipAddress,
    String(profile.asn.value ?? '-'),
    (profile.operator.value ?? '-').slice(0, 24),
    profile.countryCode.value ?? '-',
    zones.length === 0 ? '-' : zones.slice(0, 2).join('|') + (zones.length > 2 ? '|...' : ''),
    profile.teeVendor.value,
    SURE.map((of) => String(Math.round(of(profile).confidence / 100)).padStart(3)).join('/'),
  ];
}

function meanOf(
  label: string,
  facts: readonly Fact<unknown>[],
): { label: string; share: number; note: string } {
  const known = facts.filter((fact) => fact.confidence > 0).length;
  const mean = facts.reduce((sum, fact) => sum + fact.confidence, 0) / Math.max(1, facts.length);
  return {
    label,
    share: mean / 10_000,
    note: `${percent(Math.round(mean))}, known for ${known} of ${facts.length}`,
  };
}
