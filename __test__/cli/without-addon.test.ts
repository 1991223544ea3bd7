/** The command line where the addon is missing: what needs none works, all else says so in one sentence. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROJECT } from '../support/cli.js';
import { scratchFolder } from '../support/files.js';
import { machines } from '../support/profiles.js';

const scratch = scratchFolder();
const main = scratch.path('dist/cli/main.js');

beforeAll(() => {
  cpSync(join(PROJECT, 'dist'), scratch.path('dist'), { recursive: true });
  for (const name of ['package.json', 'native.cjs']) copyFileSync(join(PROJECT, name), scratch.path(name));
});

function quorate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

describe('without the addon', () => {
  it.each([[['--help']], [['quorum']], [['classify', '--help']], [['ipdata', 'build', '--help']]])(
    'helps as ever: %j',
    (args) => {
      const { stdout, stderr } = quorate(...args);
      expect(`${stdout}${stderr}`).toContain('Usage: quorate');
      expect(`${stdout}${stderr}`).not.toContain('does not load');
    },
  );

  it('--version tells the version', () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
    expect(quorate('--version')).toMatchObject({ status: 0, stderr: '', stdout: `${version}\n` });
  });

  it('doctor tells what is wrong and what to do: 1', () => {
    const { status, stdout, stderr } = quorate('doctor');
    expect(status).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^!! +addon +does not load$/m);
    expect(stdout).toMatch(/^addon: the native addon does not load on .*: no binary .*npm install quorate/m);
    const { healthy, findings } = JSON.parse(quorate('doctor', '--json').stdout);
    expect(healthy).toBe(false);
    expect(findings.map(({ what }: { what: string }) => what)).toContain('CPU');
  });

  it.each([
    [['classify', 'FILE']],
    [['quorum', 'select', 'FILE']],
    [['quorum', 'validate', 'FILE']],
    [['quorum', 'explain', 'FILE']],
    [['quorum', 'verify', 'FILE', '--key', 'FILE']],
    [['schedule', 'FILE']],
    [['attest', 'verify', 'FILE']],
    [['attest', 'inspect', 'FILE']],
    [['keys', 'create', 'FILE.key', '--name', 'x']],
    [['keys', 'show', 'FILE']],
    [['log', 'append', 'FILE', '--log', 'FILE.log', '--key', 'FILE']],
    [['log', 'prove', '0', '--log', 'FILE.log']],
    [['log', 'verify', 'FILE', '--entry', 'FILE', '--key', 'FILE']],
    [['bench']],
    [['ipdata', 'build']],
  ])('ends with 3 and one sentence: %j', (args) => {
    const file = scratch.write('machines.json', JSON.stringify(machines(3)));
    const { status, stdout, stderr } = quorate(...args.map((arg) => arg.replace('FILE', file)));
    expect(status).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^quorate: QRT_ERR_NATIVE_LOAD: the native addon does not load on [^\n]+\n$/);
  });

  it('bad usage is still bad usage: 2', () => {
    expect(quorate('doctor', 'now').status).toBe(2);
    expect(quorate('frobnicate').status).toBe(2);
  });
});
