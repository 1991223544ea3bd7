import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/files.js';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The fenced block after a marker comment. */
function block(marker: string): string {
  const found = new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme);
  expect(found, `the README has a block marked ${marker}`).not.toBeNull();
  return found?.[1] ?? '';
}

/** What differs from run to run and from machine to machine is how long it took. */
function stable(transcript: string): string[] {
  return transcript
    .trimEnd()
    .replace(/placed in \d+ ms/, 'placed in <n> ms')
    .split('\n');
}

const DAY_MS = 86_400_000;

/** The main job on another day: `days` from today by every clock it can ask. */
function mainJob(data: string, days: number): string {
  const shift = `const now = Date.now, shift = ${days * DAY_MS};
    Date.now = () => now() + shift;
    globalThis.Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(now() + shift); } };`;
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(shift)}`,
    'examples/place-fleet.mjs',
    data,
  ];
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).replaceAll(data, 'data');
}

describe('the README', () => {
  const scratch = scratchFolder();

  it.each([0, 40, 400])('shows what the main job prints, within 30 lines, %i days from today', (days) => {
    const printed = mainJob(scratch.path('data'), days);
    expect(stable(printed)).toEqual(stable(block('transcript')));
    expect(printed.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
    // On a computer that never ran it before.
    expect(stable(mainJob(scratch.path(`data-${days}`), days))).toEqual(stable(printed));
  });

  it('leaves what others can check, and a changed byte of any of it is named', () => {
    const data = scratch.path('checked');
    mainJob(data, 0);
    const checks = readme
      .split('\n')
      .filter((line) => /^\$ npx quorate (quorum|log) verify/.test(line))
      .map((line) => line.replaceAll('data/', `${data}/`).split(' ').slice(3));
    expect(checks).toHaveLength(3);
    const check = (args: readonly string[]): [number | null, string] => {
      const main = join(root, 'dist/cli/main.js');
      const { status, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
      return [status, stdout.split('\n')[0] ?? ''];
    };
    for (const args of checks) expect(check(args)).toEqual([0, expect.stringMatching(/^valid: /)]);
    const [certificate, proof, log] = checks as [string[], string[], string[]];
    for (const [file, at, args, named] of [
      ['gold.certificate.json', 900, certificate, /^not valid, /],
      [
        'gold.certificate.json',
        900,
        proof,
        /^not valid, ROOT_MISMATCH: the entry is not the one at this index/,
      ],
      ['evidence/m003.bin', 100, certificate, /^not valid, .*m003/],
      [
        'log/entries',
        900,
        log,
        /^not valid, QRT_ERR_DISK_CORRUPT: .*entries is damaged at byte 28, record 0/,
      ],
      ['log/checkpoint', 25, log, /^not valid, /],
    ] as const) {
      const good = readFileSync(join(data, file));
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(join(data, file), changed);
      expect([file, ...check(args)]).toEqual([file, 1, expect.stringMatching(named)]);
      writeFileSync(join(data, file), good);
    }
    for (const args of checks) expect(check(args)[0]).toBe(0);
  });

  it('shows a first example that prints what it says', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', block('example')], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(block('prints').trim());
  });

  it('names the commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(scripts.start).toBeDefined();
    expect(scripts.test).toBeDefined();
    expect(readme).toContain('$ npm start');
    expect(readme).toContain('$ npm test');
  });
});

describe('the examples', () => {
  const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs'));

  const scratch = scratchFolder();

  it.each(examples)('%s runs to its end', (name) => {
    const args = [join('examples', name), scratch.path('data')];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).not.toBe('');
  });

  it('gold-service.mjs provisions, measures and repairs a Gold service', () => {
    const printed = execFileSync(process.execPath, ['examples/gold-service.mjs'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(
      printed
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('would break')),
    ).toEqual([
      'members: dublin, helsinki, sydney',
      'compliance: compliant',
      'without dublin: helsinki, sydney, tokyo',
    ]);
  });
});

it('links in the documentation lead somewhere', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].concat(
    readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  );
  const files = new Set(
    execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    }).split('\n'),
  );
  const known = (path: string): boolean =>
    files.has(path) || [...files].some((file) => file.startsWith(`${path}/`));
  const broken = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map((match) => join(page, '..', String(match[1])))
      .filter((target) => !known(target))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});
