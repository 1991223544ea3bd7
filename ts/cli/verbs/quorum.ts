import { writeFile } from 'node:fs/promises';
import {
  type CandidatePool,
  certifyPlacement,
  type DeviceProfile,
  QUORUM_REQUIREMENTS,
  type QuorumLevel,
  QuorumManager,
  type QuorumRequirement,
  UNKNOWN,
} from '../../domain/placement/index.js';
import { readKeyFile } from '../../domain/trust/index.js';
import { QuorateError } from '../../errors.js';
import * as parse from '../../parse.js';
import { candidatesOf, verdictsOf } from '../candidates.js';
import { readJson, USAGE } from '../input.js';
import { percent, table } from '../terminal.js';
import { EXIT, type ExitCode, type OptionValues, type VerbContext } from '../verb.js';

const SIZE_OF_LEVEL: Readonly<Record<string, number>> = { NONE: 1, BASIC: 2, ENHANCED: 2, GOLD: 3 };

const SHOWN_MAX = 40;

async function levelOf(options: OptionValues): Promise<QuorumLevel | QuorumRequirement> {
  const level = String(options['level'] ?? 'GOLD');
  if (level in QUORUM_REQUIREMENTS) return level as QuorumLevel;
  if (level.endsWith('.json'))
    return parse.record(await readJson(level), '--level') as unknown as QuorumRequirement;
  throw parse.invalid(
    '--level',
    `one of ${Object.keys(QUORUM_REQUIREMENTS).join(', ')} or a .json file`,
    level,
  );
}

function sizeOf(options: OptionValues, level: QuorumLevel | QuorumRequirement): number {
  const fallback = SIZE_OF_LEVEL[typeof level === 'string' ? level : level.name] ?? 3;
  return options['size'] === undefined ? fallback : parse.integer(Number(options['size']), '--size', 1, 1000);
}

/** `quorum select`. */
export async function select(context: VerbContext): Promise<ExitCode> {
  const { positionals, options, json, print } = context;
  const level = await levelOf(options);
  const document = await readJson(positionals[0]);
  const candidates = await candidatesOf(document, context);
  const method = parse.oneOf(options['method'] ?? 'exact', '--method', ['exact', 'greedy']);
  const selection = new QuorumManager().selectOptimalQuorum(candidates, level, {
    size: sizeOf(options, level),
    method,
  });
  await certify(options, document, candidates, level, sizeOf(options, level));
  if (json) print(JSON.stringify(selection));
  else if (selection.feasible) {
    print(`${selection.level}: ${selection.members.join(', ')}`);
    print(
      `weight ${selection.totalWeight}, ${selection.optimal ? 'proved best' : `at most ${selection.bound} is possible`}`,
    );
  } else {
    const none = `no ${selection.size} of ${candidates.length} machines`;
    print(`${selection.level}: ${none} ${selection.proven ? 'can keep it' : 'were found that keep it'}`);
    for (const reason of selection.reasons) print(`- ${reason}`);
    for (const remedy of selection.remedies) print(`+ ${remedy}`);
  }
  return selection.feasible ? EXIT.yes : EXIT.no;
}

/** `quorum validate`. */
export async function validate(context: VerbContext): Promise<ExitCode> {
  const { positionals, options, json, print } = context;
  const level = await levelOf(options);
  const candidates = await candidatesOf(await readJson(positionals[0]), context);
  const manager = new QuorumManager();
  const pool = manager.pool(candidates);
  const members = membersOf(
    options,
    candidates.map(({ deviceId }) => deviceId),
  );
  const result = manager.validateQuorum(pool, level, { members });
  if (json) {
    print(JSON.stringify(result));
    return result.valid ? EXIT.yes : EXIT.no;
  }
  print(
    `${result.level}: ${result.valid ? 'valid' : 'not valid'}, diversity score ${percent(result.diversityScoreBasisPoints)}`,
  );
  for (const violation of result.violations) print(`- ${violation.message}`);
  for (const recommendation of result.recommendations) print(`+ ${recommendation}`);
  const rows = Object.entries(result.diversity).map(([axis, measure]) => [
    axis,
    measure.unique,
    measure.unknown,
    Number(measure.effectiveNumber.toFixed(2)),
    measure.nakamotoThird,
    measure.nakamotoTwoThirds,
  ]);
  print(`\n${table(['axis', 'values', 'unknown', 'effective', 'Nakamoto 1/3', 'Nakamoto 2/3'], rows)}`);
  return result.valid ? EXIT.yes : EXIT.no;
}

/** `quorum explain`. */
export async function explain(context: VerbContext): Promise<ExitCode> {
  const { positionals, options, json, print } = context;
  const level = await levelOf(options);
  const candidates = await candidatesOf(await readJson(positionals[0]), context);
  const manager = new QuorumManager();
  const pool = manager.pool(candidates);
  const { members, reasons, remedies } = explained(manager, pool, level, options);
  const valid = members.length > 0 && reasons.length === 0;
  const explanations = manager.explainQuorum(pool, level, members);
  const failures = members.length > 0 ? manager.whatIf(pool, level, members) : [];
  if (json) {
    print(JSON.stringify({ valid, members, explanations, failures, reasons, remedies }));
    return valid ? EXIT.yes : EXIT.no;
  }
  // The members first: they are what is asked about.
  const isMember = (id: string): number => Number(members.includes(id));
  const sorted = [...explanations].sort((a, b) => isMember(b.deviceId) - isMember(a.deviceId));
  const shown = options['all'] ? sorted : sorted.slice(0, SHOWN_MAX);
  const rows = shown.map(({ deviceId, verdict, message }) => [deviceId, verdict, message]);
  print(table(['machine', 'verdict', 'why'], rows));
  if (shown.length < sorted.length) print(`... and ${sorted.length - shown.length} more (--all shows them)`);
  for (const reason of reasons) print(`- ${reason}`);
  for (const remedy of remedies) print(`+ ${remedy}`);
  const breaking = failures.filter(({ majoritySurvives }) => !majoritySurvives);
  for (const { axis, value } of breaking) {
    if (value !== UNKNOWN) print(`! the loss of ${axis} ${value} breaks the quorum`);
  }
  const hidden = breaking.filter(({ value }) => value === UNKNOWN).map(({ axis }) => axis);
  if (hidden.length > 0) print(`! members of unknown ${hidden.join(', ')} may share what fails`);
  if (members.length > 0 && breaking.length === 0) print('no single failure takes the majority');
  return valid ? EXIT.yes : EXIT.no;
}

/** Writes the answer as a certificate, where one is asked for. */
async function certify(
  options: OptionValues,
  document: unknown,
  candidates: readonly DeviceProfile[],
  level: QuorumLevel | QuorumRequirement,
  size: number,
): Promise<void> {
  const { certificate: path, key } = options;
  if (path === undefined && key === undefined) return;
  if (path === undefined || key === undefined)
    throw new QuorateError(USAGE, '--certificate and --key go together: where to write, and who signs');
  const signer = await readKeyFile(String(key));
  const verdicts = verdictsOf(document);
  const made = certifyPlacement(candidates, level, { size, signer, verdicts, time: Date.now() });
  await writeFile(String(path), made.certificate);
}

/** The members to explain: those given, judged as they are, or those that are chosen. */
function explained(
  manager: QuorumManager,
  pool: CandidatePool,
  level: QuorumLevel | QuorumRequirement,
  options: OptionValues,
): { members: readonly string[]; reasons: readonly string[]; remedies: readonly string[] } {
  if (options['members'] !== undefined) {
    const members = membersOf(options, []);
    const { violations, recommendations } = manager.validateQuorum(pool, level, { members });
    return { members, reasons: violations.map(({ message }) => message), remedies: recommendations };
  }
  const selection = manager.selectOptimalQuorum(pool, level, { size: sizeOf(options, level) });
  if (selection.feasible) return { members: selection.members, reasons: [], remedies: [] };
  return { members: [], reasons: selection.reasons, remedies: selection.remedies };
}

function membersOf(options: OptionValues, fallback: string[]): string[] {
  const members = options['members'];
  if (members === undefined) return fallback;
  return String(members)
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id.length > 0);
}
