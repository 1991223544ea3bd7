import type { ClassifiedProfile, Fact } from '../../domain/placement/index.js';
import { classifyDocument } from '../candidates.js';
import { readJson } from '../input.js';
import { bars, percent, table } from '../terminal.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';

const SHOWN_MAX = 40;

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
  return EXIT.yes;
}

const AXES: readonly (readonly [string, (profile: ClassifiedProfile) => Fact<unknown>])[] = [
  ['ASN', (profile) => profile.asn],
  ['operator', (profile) => profile.operator],
  ['country', (profile) => profile.countryCode],
  ['power region', (profile) => profile.powerRegion],
  ['TEE vendor', (profile) => profile.teeVendor],
];

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
