import {
  QUORUM_REQUIREMENTS,
  type QuorumLevel,
  QuorumManager,
  type QuorumRequirement,
  UNKNOWN,
} from '../../domain/placement/index.js';
import * as parse from '../../parse.js';
import { candidatesOf, IPDATA_HELP, ipdataOption } from '../candidates.js';
import { readJson } from '../input.js';
import { percent, table } from '../terminal.js';
import { EXIT, type OptionValues, type Verb } from '../verb.js';

const LEVEL_HELP =
  '--level LEVEL     NONE, BASIC, ENHANCED, GOLD, or a JSON file with a level of your own (default GOLD)';
const FILE_HELP =
  'FILE              machines (classified first) or profiles: a JSON array, or an object with "machines"';
const SIZE_OF_LEVEL: Readonly<Record<string, number>> = { NONE: 1, BASIC: 2, ENHANCED: 2, GOLD: 3 };

const selectOptions = {
  level: { type: 'string' },
  size: { type: 'string' },
  method: { type: 'string' },
} as const;

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

export const select: Verb = {
  name: 'quorum select',
  summary: 'Choose the best members that keep a level, or say exactly what is scarce',
  usage: 'FILE|- [--level LEVEL] [--size N] [--method exact|greedy]',
  help: [
    FILE_HELP,
    LEVEL_HELP,
    '--size N          members (default: 1, 2, 2, 3 for the four levels)',
    '--method METHOD   exact (default) or greedy',
    IPDATA_HELP,
  ],
  example: 'npx quorate quorum select examples/fleet.json --level ENHANCED --size 2',
  options: { ...selectOptions, ...ipdataOption },
  async run(context) {
    const { positionals, options, json, print } = context;
    const level = await levelOf(options);
    const candidates = await candidatesOf(await readJson(positionals[0]), context);
    const method = parse.oneOf(options['method'] ?? 'exact', '--method', ['exact', 'greedy']);
    const selection = new QuorumManager().selectOptimalQuorum(candidates, level, {
      size: sizeOf(options, level),
      method,
    });
    if (json) print(JSON.stringify(selection));
    else if (selection.feasible) {
      print(`${selection.level}: ${selection.members.join(', ')}`);
      print(
        `weight ${selection.totalWeight}, ${selection.optimal ? 'proved best' : `at most ${selection.bound} is possible`}`,
      );
    } else {
      print(`${selection.level}: no ${selection.size} of ${candidates.length} machines can keep it`);
      for (const reason of selection.reasons) print(`- ${reason}`);
      for (const remedy of selection.remedies) print(`+ ${remedy}`);
    }
    return selection.feasible ? EXIT.yes : EXIT.no;
  },
};

export const validate: Verb = {
  name: 'quorum validate',
  summary: 'Check whether given members keep a level, and name every rule they break',
  usage: 'FILE|- --members ID,ID,... [--level LEVEL]',
  help: [
    FILE_HELP,
    '--members IDS     the members, separated by commas (default: all machines)',
    LEVEL_HELP,
    IPDATA_HELP,
  ],
  example: 'npx quorate quorum validate examples/fleet.json --members m001,m002 --level ENHANCED',
  options: { level: { type: 'string' }, members: { type: 'string' }, ...ipdataOption },
  async run(context) {
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
  },
};

export const explain: Verb = {
  name: 'quorum explain',
  summary:
    'Say of each machine why it was chosen or by which rule not, and which single failure breaks the quorum',
  usage: 'FILE|- [--level LEVEL] [--size N] [--members ID,ID,...] [--all]',
  help: [
    FILE_HELP,
    LEVEL_HELP,
    '--size N          members to choose',
    '--members IDS     explain these members instead of choosing',
    '--all             every machine, not only the first 40',
    IPDATA_HELP,
  ],
  example: 'npx quorate quorum explain examples/fleet.json --level ENHANCED --size 2',
  options: { ...selectOptions, ...ipdataOption, members: { type: 'string' }, all: { type: 'boolean' } },
  async run(context) {
    const { positionals, options, json, print } = context;
    const level = await levelOf(options);
    const candidates = await candidatesOf(await readJson(positionals[0]), context);
    const manager = new QuorumManager();
    const pool = manager.pool(candidates);
    const selection = manager.selectOptimalQuorum(pool, level, { size: sizeOf(options, level) });
    const chosen = selection.feasible ? selection.members : [];
    const members = options['members'] === undefined ? chosen : membersOf(options, []);
    const explanations = manager.explainQuorum(pool, level, members);
    const failures = members.length > 0 ? manager.whatIf(pool, level, members) : [];
    const reasons = selection.feasible ? [] : selection.reasons;
    if (json) {
      print(JSON.stringify({ feasible: members.length > 0, members, explanations, failures, reasons }));
      return members.length > 0 ? EXIT.yes : EXIT.no;
    }
    const shown = options['all'] ? explanations : explanations.slice(0, 40);
    print(
      table(
        ['machine', 'verdict', 'why'],
        shown.map(({ deviceId, verdict, message }) => [deviceId, verdict, message]),
      ),
    );
    for (const reason of reasons) print(`- ${reason}`);
    const breaking = failures.filter(({ majoritySurvives, value }) => !majoritySurvives && value !== UNKNOWN);
    for (const failure of breaking) print(`! the loss of ${failure.axis} ${failure.value} breaks the quorum`);
    if (members.length > 0 && breaking.length === 0) print('no single failure takes the majority');
    return members.length > 0 ? EXIT.yes : EXIT.no;
  },
};

function membersOf(options: OptionValues, fallback: string[]): string[] {
  const members = options['members'];
  if (members === undefined) return fallback;
  return String(members)
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id.length > 0);
}
