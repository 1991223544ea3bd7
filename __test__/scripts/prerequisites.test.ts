import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const checkout = mkdtempSync(join(tmpdir(), 'quorate-checkout-'));

beforeAll(() => {
  for (const name of ['scripts', 'rust-toolchain.toml', 'package.json'])
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
    const tools = join(checkout, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'cargo'), '#!/bin/sh\necho "cargo 1.70.0 (fake)"\n');
    chmodSync(join(tools, 'cargo'), 0o755);
    const { status, lines } = start(`${tools}:/bin`);
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
