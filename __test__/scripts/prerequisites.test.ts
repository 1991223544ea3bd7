import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const checkout = mkdtempSync(join(tmpdir(), 'quorate-checkout-'));

beforeAll(() => {
  for (const name of ['scripts', '.ci', 'rust-toolchain.toml', 'package.json'])
    cpSync(join(root, name), join(checkout, name), { recursive: true });
});

afterAll(() => rmSync(checkout, { recursive: true, force: true }));

/** Starts a fresh checkout with nothing on the path but what `tools` holds. */
function start(tools: string): { status: number | null; lines: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/start.mjs'], {
    cwd: checkout,
    encoding: 'utf8',
    env: { PATH: tools },
  });
  return { status, lines: `${stdout}${stderr}`.trim().split('\n') };
}

/** A command of that name that does what the lines say. */
function tool(name: string, ...lines: string[]): string {
  const folder = join(checkout, `tools-${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(join(folder, name), 0o755);
  return folder;
}

describe('npm start on a machine that lacks something', () => {
  it('says in one sentence that Rust is missing, with the command that brings it, before it downloads anything', () => {
    const { status, lines } = start('');
    expect(status).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^Quorate builds its core with Rust 1\.\d+\.\d+ and no cargo was found: .*rustup\.rs.*\.$/,
    );
  });

  it('says in one sentence that Rust is too old', () => {
    const { status, lines } = start(`${tool('cargo', 'echo "cargo 1.70.0 (fake)"')}:/bin`);
    expect(status).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/this is 1\.70: install it with `rustup toolchain install/);
  });

  it('says in one sentence that Node is too old', () => {
    const script = `
      Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } });
      await import(${JSON.stringify(join(checkout, 'scripts/start.mjs'))});`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(
      'Quorate needs Node ^20.19 or >=22.12 and this is 18.20.0: install one with `nvm install 22`.',
    );
  });
});

it('.ci/run does not show the count of an earlier run where nothing could be set up', () => {
  const counted = join(checkout, 'target', '.quorate', 'tests.txt');
  mkdirSync(dirname(counted), { recursive: true });
  writeFileSync(counted, 'tests: 1000 passed (600 Rust, 400 TypeScript), 0 failed, 0 skipped\n');
  const path = `${tool('npm', 'exit 1')}:/usr/bin:/bin`;
  const { status, stdout } = spawnSync('bash', ['.ci/run'], {
    cwd: checkout,
    encoding: 'utf8',
    env: { PATH: path },
  });
  expect(status).toBe(1);
  expect(stdout.trim()).toBe('tests: none were run');
});
