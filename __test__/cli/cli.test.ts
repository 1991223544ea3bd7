import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESS_FORMATS, installedSources, PLACEMENT_STRATEGIES } from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { jsonOf, PROJECT, quorate, start } from '../support/cli.js';
import { scratchFolder } from '../support/files.js';
import { machines, verdict } from '../support/profiles.js';

const scratch = scratchFolder();
const file = (name: string, content: unknown): string =>
  scratch.write(name, typeof content === 'string' ? content : JSON.stringify(content));

const VERBS = [
  'classify',
  'quorum select',
  'quorum validate',
  'quorum explain',
  'schedule',
  'bench',
  'doctor',
  'ipdata build',
];

const workload = {
  machines: Array.from({ length: 4 }, (_, n) => ({
    id: `m${n}`,
    capacity: { cpuCores: 8, memoryGb: 32 },
    latencyMs: 10 * n,
    trust: 5000,
    costPerHour: 1,
    pricePerHour: 1,
  })),
  jobs: [
    { name: 'web', count: 5, cpuCores: 1, memoryGb: 1, jobClass: 'A_CLASS' },
    { jobId: 'batch', cpuCores: 4, memoryGb: 8 },
  ],
};

describe('help', () => {
  it('lists every verb', async () => {
    for (const args of [[], ['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await quorate(args);
      expect(code).toBe(0);
      expect(stderr).toBe('');
      for (const verb of VERBS) expect(stdout).toContain(verb);
    }
  });

  it.each(VERBS)('of %s shows its usage, its options and an example', async (verb) => {
    const { code, stdout } = await quorate([...verb.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: quorate ${verb}`);
    expect(stdout).toContain('--json');
    expect(stdout).toMatch(/Example:\n {2}npx quorate /);
  });
});

it('help names every format and every strategy there is', async () => {
  expect((await quorate(['ipdata', 'build', '--help'])).stdout).toContain(ADDRESS_FORMATS.join(', '));
  expect((await quorate(['schedule', '--help'])).stdout).toContain(PLACEMENT_STRATEGIES.join(', '));
});

describe('quorum', () => {
  const pool = file('pool.json', machines(6));
  const poor = file('poor.json', machines(2));

  it('select chooses members: 0, and names them', async () => {
    const { code, stdout } = await quorate(['quorum', 'select', pool]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GOLD: m0, m1, m2\nweight 27000, proved best\n$/);
  });

  it('select says what is scarce where nothing can be chosen: 1', async () => {
    const { code, stdout } = await quorate(['quorum', 'select', poor]);
    expect(code).toBe(1);
    expect(stdout).toContain('GOLD: no 3 of 2 machines can keep it');
    expect(stdout).toMatch(/^- only 2 eligible machines/m);
    expect(stdout).toMatch(/^\+ add 1 eligible machine/m);
  });

  it('select takes level, size, method, and a level of one’s own from a file', async () => {
    const level = file('level.json', { name: 'MINE', minCountryDiversity: 4 });
    const own = jsonOf(await quorate(['quorum', 'select', pool, '--level', level, '--size', '4', '--json']));
    expect(own).toMatchObject({ feasible: true, level: 'MINE', size: 4 });
    const greedy = jsonOf(await quorate(['quorum', 'select', pool, '--method', 'greedy', '--json']));
    expect(greedy).toMatchObject({ feasible: true });
    const silver = jsonOf(await quorate(['quorum', 'select', pool, '--level', 'ENHANCED', '--json']));
    expect(silver).toMatchObject({ level: 'ENHANCED', size: 2 });
  });

  it('validate tells of valid members: 0, and of broken ones: 1, with what to do', async () => {
    const valid = await quorate(['quorum', 'validate', pool, '--members', 'm0, m1,m2']);
    expect(valid.code).toBe(0);
    expect(valid.stdout).toContain('GOLD: valid, diversity score 100 %');
    const broken = await quorate(['quorum', 'validate', pool, '--members', 'm0,m1']);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^- 2 ASNs .*at least 3 are needed/m);
    expect(broken.stdout).toMatch(/^\+ ask for 3 members instead of 2/m);
    const twins = file('twins.json', [...machines(4), { ...machines(1)[0], deviceId: 'twin' }]);
    const swap = await quorate(['quorum', 'validate', twins, '--members', 'm0,m1,twin']);
    expect(swap.stdout).toMatch(/^\+ remove (m0|twin) and add m2$/m);
  });

  it('explain tells of every machine and of the failures that would break the quorum', async () => {
    const { code, stdout } = await quorate(['quorum', 'explain', pool]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^m0 +chosen/m);
    expect(stdout).toContain('! the loss of tee_vendor AMD_SEV_SNP breaks the quorum');
    expect((await quorate(['quorum', 'explain', poor])).code).toBe(1);
  });

  it('reads stdin where the file is -', async () => {
    const { code, stdout } = await quorate(['quorum', 'select', '-', '--json'], JSON.stringify(machines(3)));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ feasible: true, members: ['m0', 'm1', 'm2'] });
  });
});

describe('schedule', () => {
  const fleet = file('fleet.json', workload);

  it('places jobs: 0, with the ends of the front and a picture', async () => {
    const { code, stdout } = await quorate(['schedule', fleet, '--generations', '20']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^6 of 6 jobs placed on 4 nodes in \d+ ms/);
    expect(stdout).toContain('chosen (knee)');
  });

  it('names what blocks a job: 1', async () => {
    const tight = file('tight.json', { ...workload, jobs: [{ jobId: 'huge', cpuCores: 99, memoryGb: 1 }] });
    const { code, stdout } = await quorate(['schedule', tight]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^! huge: it asks for 99 CPU cores/m);
  });

  it('gives the same plan for the same seed', async () => {
    const plan = async () => {
      const { statistics: _statistics, ...rest } = jsonOf(
        await quorate(['schedule', fleet, '--seed', '5', '--json']),
      );
      return rest;
    };
    expect(await plan()).toEqual(await plan());
  });

  it.each(['latency', 'load_balance', 'trust', 'cost', 'round_robin'])(
    'knows the strategy %s',
    async (strategy) => {
      expect(jsonOf(await quorate(['schedule', fleet, '--strategy', strategy, '--json']))).toMatchObject({
        feasible: true,
      });
    },
  );
});

describe('ipdata build', () => {
  it('compiles files of one’s own', async () => {
    const csv = file('asn.csv', '60.0.0.0,60.0.0.255,64500,Net\n');
    const output = scratch.path('own.ipdata');
    const args = [
      'ipdata',
      'build',
      '--network',
      `asn-csv:${csv}`,
      '--date',
      '2026-06-01',
      '--output',
      output,
    ];
    const ended = await quorate([...args, '--json']);
    expect(ended.code).toBe(0);
    expect(jsonOf(ended)).toMatchObject({ path: output, sources: [{ rows: 1, badRows: 0 }] });
    expect(existsSync(output)).toBe(true);
    expect((await quorate(args)).stdout).toContain('own.ipdata');
  });

  it.each([
    [['--network', 'csv:/x'], '--network[0]'],
    [['--network', 'asn-csv:'], '--network[0]'],
    [['--network', 'asn-csv:/nowhere.csv'], null],
    [['--network', 'asn-csv:/etc/hostname', '--date', 'yesterday'], '--date'],
    [['--network', 'asn-csv:/etc/hostname', '--output', '/dev/null/below/x'], null],
  ] as const)('refuses %j: 2', async (args, field) => {
    const ended = await quorate(['ipdata', 'build', ...args, '--json']);
    expect(ended.code).toBe(2);
    const { error } = jsonOf(ended) as { error: { code: string; details: { field: string | null } } };
    expect(error.code).toMatch(/^QRT_ERR_/);
    if (field !== null) expect(error.details.field).toBe(field);
  });
});

describe('classify with an index of one’s own', () => {
  const ipdata = scratch.path('two.ipdata');
  const networks = ['64500', '64501'].map((asn) => file(`${asn}.csv`, `60.0.0.0,60.0.0.255,${asn},Net\n`));
  const places = file('places.csv', '60.0.0.0,60.0.0.255,DE\n61.0.0.0,61.0.0.255,DE\n');
  const fleet = file('three.json', [
    { id: 'disputed', ipAddress: '60.0.0.1' },
    { id: 'unrouted', ipAddress: '61.0.0.1' },
    ...Array.from({ length: 5 }, (_, n) => ({ id: `private-${n}`, ipAddress: `10.0.0.${n + 1}` })),
  ]);

  it('tells the sources once with their dates, what they disagree on, and why something is unknown', async () => {
    const specs = [
      ...networks.map((path) => ['--network', `asn-csv:${path}`]),
      ['--place', `place-csv:${places}`],
    ];
    const build = ['ipdata', 'build', ...specs.flat(), '--date', '2026-06-01', '--output', ipdata];
    expect((await quorate(build)).code).toBe(0);
    const { stdout } = await quorate(['classify', fleet, '--ipdata', ipdata]);
    const part = (title: string): string => stdout.slice(stdout.indexOf(`\n${title}:\n`));
    expect(part('Sources').match(/64500\.csv of 2026-06-01: ASN, operator$/gm)).toHaveLength(1);
    expect(part('Sources').match(/64501\.csv of 2026-06-01: ASN$/gm)).toHaveLength(1);
    expect(part('Sources')).toMatch(/places\.csv of 2026-06-01: country, power region$/m);
    const why = part('What is unknown or less sure, and why');
    expect(why).toMatch(
      /^ {2}disputed: ASN: \S+64500\.csv of 2026-06-01 says 64500, \S+64501\.csv .* 64501$/m,
    );
    expect(why).toMatch(/^ {2}unrouted: no network source knows this address/m);
    expect(why).toMatch(/^ {2}private-0, private-1, private-2 and 2 more: the address is private/m);
    expect(why).toMatch(/ and 4 more: TEE vendor unknown: no verified attestation evidence$/m);
  });

  it('bounds the reasons', async () => {
    const claims = Array.from({ length: 30 }, (_, n) => ({
      id: `d${n}`,
      ipAddress: '60.0.0.1',
      networkInfo: { asn: 65_000 + n },
    }));
    const args = ['classify', file('claims.json', claims), '--ipdata', ipdata];
    expect((await quorate(args)).stdout).toMatch(/^\.\.\. and 42 more \(--all shows them\)$/m);
    expect((await quorate([...args, '--all'])).stdout).not.toContain('--all shows them');
  });
});

describe.skipIf(installedSources().length < 2)('classify', () => {
  const devices = [
    { id: 'public', ipAddress: '8.8.8.8' },
    { id: 'private', ipAddress: '10.0.0.1' },
  ];

  it('shows network, country and how sure it is', async () => {
    const { code, stdout } = await quorate(['classify', file('devices.json', devices)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^public +8\.8\.8\.8 +15169 +GOOGLE/m);
    expect(stdout).toMatch(/^private +10\.0\.0\.1 +- /m);
    expect(stdout).toContain('known for 1 of 2');
  });

  it('takes verdicts that lie beside the machines, and none that lie inside', async () => {
    const accepted = verdict('INTEL_TDX', { validUntil: 4e12 });
    const beside = { machines: devices, verdicts: { public: accepted } };
    const inside = { machines: devices.map((device) => ({ ...device, verdict: accepted })) };
    const vendors = async (document: unknown) => {
      const { profiles } = jsonOf(await quorate(['classify', '-', '--json'], JSON.stringify(document)));
      return (profiles as { teeVendor: { value: string } }[]).map(({ teeVendor }) => teeVendor.value);
    };
    expect(await vendors(beside)).toEqual(['INTEL_TDX', 'UNKNOWN']);
    expect(await vendors(inside)).toEqual(['UNKNOWN', 'UNKNOWN']);
  });

  it('refuses an address that is none: 2, naming it', async () => {
    const ended = await quorate(
      ['classify', '-', '--json'],
      JSON.stringify([{ id: 'a', ipAddress: '300.1.1.1' }]),
    );
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('QRT_ERR_IPDATA_ADDRESS');
  });

  it('leaves without a word when its reader goes away', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({
      id: `d${n}`,
      ipAddress: `10.0.${n >> 8}.${n & 255}`,
    }));
    const path = file('many.json', many);
    const main = join(PROJECT, 'dist/cli/main.js');
    const pipe = `"${process.execPath}" "${main}" classify "${path}" --all; echo "code $?" >&2`;
    const { stdout, stderr } = spawnSync('bash', ['-c', `(${pipe}) | head -1`], { encoding: 'utf8' });
    expect(stdout.split('\n')[0]).toMatch(/^machine /);
    expect(stderr).toBe('code 0\n');
  });
});

describe('doctor', () => {
  it('shows versions, CPU, the addon and the databases', async () => {
    const { code, stdout } = await quorate(['doctor']);
    expect(code).toBe(0);
    for (const what of ['quorate', 'Node', 'addon', 'sorting path', 'memory']) expect(stdout).toContain(what);
    expect(stdout).toContain(process.versions.node);
  });
});

describe('bench', () => {
  it('shows how far it is on a terminal, as it takes longer than a second', () => {
    const terminal = '--import=data:text/javascript,process.stderr.isTTY=true';
    const args = [terminal, join(PROJECT, 'dist/cli/main.js'), 'bench', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout).length).toBeGreaterThan(5);
    expect(stderr).toMatch(/measuring [█░]+ \d+ %/);
  });
});

describe('--json', () => {
  const pool = file('json-pool.json', machines(6));
  const fleet = file('json-fleet.json', workload);

  it.each([
    [['quorum', 'select', pool], 0],
    [['quorum', 'select', pool, '--size', '9', '--level', 'GOLD'], 1],
    [['quorum', 'validate', pool, '--members', 'm0'], 1],
    [['quorum', 'explain', pool], 0],
    [['schedule', fleet], 0],
    [['doctor'], 0],
    [['schedule', pool], 2],
    [['quorum', 'select', pool, '--no-such-option'], 2],
    [['quorum', 'select'], 2],
  ] as const)('%j is one JSON document and nothing else', async (args, code) => {
    const ended = await quorate([...args, '--json']);
    expect(ended.code).toBe(code);
    const document = jsonOf(ended);
    if (code === 2) expect(document).toHaveProperty('error.code', expect.stringMatching(/^QRT_ERR_/));
  });
});

it('lists the verbs of a group that is named alone', async () => {
  const { code, stderr } = await quorate(['quorum']);
  expect(code).toBe(2);
  for (const verb of ['select', 'validate', 'explain']) expect(stderr).toContain(`quorum ${verb}`);
});

it('explains given members as they are, and does not call invalid ones valid', async () => {
  const { code, stdout } = await quorate(
    ['quorum', 'explain', '-', '--members', 'm0,m1', '--json'],
    JSON.stringify(machines(3)),
  );
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ valid: false, members: ['m0', 'm1'] });
});

describe('bad usage ends with 2 and one line that says what to do', () => {
  it.each([
    [['frobnicate'], /no verb "frobnicate"/],
    [['clasify', 'x.json'], /no verb "clasify x.json"; did you mean classify\?/],
    [['classify', 'a.json', 'b.json'], /QRT_ERR_CLI_USAGE.*"b.json" is one argument too many/],
    [['doctor', 'now'], /QRT_ERR_CLI_USAGE.*one argument too many/],
    [['quorum', 'frobnicate'], /no verb "quorum frobnicate"/],
    [['quorum', 'select'], /QRT_ERR_CLI_USAGE.*name an input file/],
    [['quorum', 'select', 'x.json', '--frobnicate'], /QRT_ERR_CLI_USAGE.*--help/],
    [['quorum', 'select', '-', '--level', 'PLATINUM'], /--level must be one of/],
    [['quorum', 'select', '-', '--size', 'three'], /--size must be an integer/],
    [['quorum', 'select', '-', '--size', '0'], /--size must be an integer/],
    [['quorum', 'select', '-', '--method', 'guess'], /--method must be one of/],
    [['quorum', 'validate', '-', '--members', 'ghost'], /members\[0\] must be the id of a candidate/],
    [['schedule', '-', '--strategy', 'random'], /--strategy must be one of/],
    [['schedule', '-', '--population', 'many'], /--population must be an integer/],
    [['schedule', '-', '--population', '2'], /population must be an integer from 4/],
  ] as const)('%j', async (args, message) => {
    const input = args[0] === 'schedule' ? workload : machines(3);
    const { code, stdout, stderr } = await quorate(args, JSON.stringify(input));
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});

describe('input that cannot be read ends with 2', () => {
  it.each([
    [
      'a truncated document',
      file('cut.json', JSON.stringify(machines(3)).slice(0, 100)),
      'QRT_ERR_CLI_INPUT_NOT_JSON',
    ],
    ['an empty file', file('empty.json', ''), 'QRT_ERR_CLI_INPUT_NOT_JSON'],
    ['no JSON', file('prose.json', 'once upon a time'), 'QRT_ERR_CLI_INPUT_NOT_JSON'],
    ['a folder', PROJECT, 'QRT_ERR_CLI_INPUT_UNREADABLE'],
    ['an absent file', scratch.path('absent.json'), 'QRT_ERR_CLI_INPUT_UNREADABLE'],
    ['null', file('null.json', 'null'), 'QRT_ERR_INPUT_INVALID'],
    ['a number', file('number.json', '7'), 'QRT_ERR_INPUT_INVALID'],
    ['an object without machines', file('other.json', { cats: [] }), 'QRT_ERR_INPUT_INVALID'],
    ['machines that are numbers', file('numbers.json', [1, 2]), 'QRT_ERR_INPUT_INVALID'],
    [
      'a profile with NaN',
      file('nan.json', '[{"deviceId":"a","confidence":1e999}]'),
      'QRT_ERR_INPUT_INVALID',
    ],
    [
      'profiles and devices mixed',
      file('mixed.json', [...machines(1), { id: 'a', ipAddress: '8.8.8.8' }]),
      'QRT_ERR_INPUT_INVALID',
    ],
  ])('%s', async (_, path, errorCode) => {
    const { code, stderr } = await quorate(['quorum', 'select', path]);
    expect(code).toBe(2);
    expect(stderr).toContain(errorCode);
  });

  it.each([
    ['a level that is null', 'null'],
    ['a level that is a list', '[]'],
    ['a level with a misspelt constraint', '{"name":"X","minAsn":3}'],
  ])('%s', async (_, level) => {
    const path = file('bad-level.json', level);
    for (const verb of ['select', 'validate', 'explain']) {
      const { code } = await quorate(['quorum', verb, file('three.json', machines(3)), '--level', path]);
      expect(code).toBe(2);
    }
  });

  it.each([
    ['no jobs', { machines: workload.machines }],
    ['jobs that are no list', { ...workload, jobs: 7 }],
    [
      'more jobs than can be',
      { ...workload, jobs: Array.from({ length: 3000 }, () => ({ name: 'x', count: 100_000 })) },
    ],
    ['a count without a name', { ...workload, jobs: [{ count: 2 }] }],
    ['a machine without capacity', { ...workload, machines: [{ id: 'a' }] }],
    ['a trust that is none', { ...workload, machines: [{ ...workload.machines[0], trust: 2 ** 40 }] }],
  ])('a workload with %s', async (_, document) => {
    const { code, stderr } = await quorate(['schedule', '-'], JSON.stringify(document));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^quorate: QRT_ERR_/);
  });
});

describe('an interrupt', () => {
  it.each([
    ['a run', ['schedule', '-', '--generations', '1000000'], JSON.stringify(workload)],
    ['a wait for input', ['quorum', 'select', '-'], null],
  ])('ends %s with 130', async (_, args, input) => {
    const { child, ended, reads } = start(args);
    await reads();
    if (input !== null) await new Promise<void>((resolve) => child.stdin.end(input, resolve));
    child.kill('SIGINT');
    const { code, signal, stdout, stderr } = await ended;
    expect([code, signal]).toEqual([130, null]);
    expect(stdout).toBe('');
    expect(stderr).toBe('');
  });
});
