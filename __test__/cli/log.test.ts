import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonOf, quorate } from '../support/cli.js';
import { scratchFolder } from '../support/files.js';

const scratch = scratchFolder();
const key = scratch.path('log.key');
const log = scratch.path('log');
const proof = scratch.path('two.tlog-proof');
const [at, by] = [
  ['--log', log],
  ['--key', `${key}.pub`],
];

describe('log', () => {
  it('append makes a log, takes entries a line each and signs for them', async () => {
    const made = await quorate([
      'keys',
      'create',
      key,
      '--for',
      'log',
      '--name',
      'example.com/log',
      '--json',
    ]);
    expect(jsonOf(made)).toMatchObject({ name: 'example.com/log', publicKey: `${key}.pub` });
    const shown = await quorate(['keys', 'show', `${key}.pub`]);
    expect(shown.stdout).toMatch(/: Ed25519 key [0-9a-f]{8}\n.*: ML-DSA-87 key [0-9a-f]{8}\n/);
    const { code, stdout } = await quorate(['log', 'append', '-', ...at, '--key', key], 'one\ntwo\r\nthree');
    expect([code, stdout]).toEqual([0, '3 entries from 0 on; signed for 3 as example.com/log\n']);
  });

  it('prove and verify: 0, and 1 for another entry', async () => {
    const found = await quorate(['log', 'prove', '--text', 'two', ...at, '--out', proof]);
    expect([found.code, found.stdout]).toEqual([0, `entry 1: ${proof}\n`]);
    const same = await quorate(['log', 'prove', '1', ...at, '--json']);
    expect(jsonOf(same)).toMatchObject({ index: '1', proof: readFileSync(proof, 'utf8') });
    const good = await quorate(['log', 'verify', proof, '--text', 'two', ...by]);
    expect([good.code, good.stdout]).toEqual([0, 'valid: entry 1 of example.com/log, which signed for 3\n']);
    const bad = await quorate(['log', 'verify', proof, '--text', 'TWO', ...by]);
    expect([bad.code, bad.stdout]).toEqual([
      1,
      'not valid, ROOT_MISMATCH: the entry is not the one at this index of the log\n',
    ]);
    expect((await quorate(['log', 'prove', '--text', 'TWO', ...at])).code).toBe(1);
  });

  it('verify checks a whole log, and that it continues an earlier checkpoint', async () => {
    const earlier = scratch.write('earlier', readFileSync(`${log}/checkpoint`));
    expect((await quorate(['log', 'append', '-', ...at, '--key', key], 'four\n')).code).toBe(0);
    const { code, stdout } = await quorate(['log', 'verify', ...at, ...by, '--since', earlier]);
    expect([code, stdout]).toEqual([
      0,
      'valid: 4 entries of example.com/log, all as they were signed for; ' +
        'it continues the 3 of the earlier checkpoint\n',
    ]);
    const other = scratch.path('other');
    await quorate(['log', 'append', '-', '--log', other, '--key', key], 'a\nb\nc\nd\ne\n');
    const forked = await quorate(['log', 'verify', '--log', other, ...by, '--since', earlier, '--json']);
    expect(forked.code).toBe(1);
    expect(jsonOf(forked)).toMatchObject({ valid: false, fault: 'ROOT_MISMATCH' });
  });

  it('verify names a changed byte: 1', async () => {
    const changed = scratch.path('changed');
    cpSync(log, changed, { recursive: true });
    const entries = readFileSync(`${changed}/entries`);
    entries[entries.indexOf('one')] = 0x4f;
    writeFileSync(`${changed}/entries`, entries);
    const { code, stdout } = await quorate(['log', 'verify', '--log', changed, ...by]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^not valid, QRT_ERR_DISK_CORRUPT: .* is damaged at byte 28, record 0/);
  });

  it('bad usage: 2', async () => {
    for (const args of [
      ['append', '-', ...at],
      ['append', ...at, '--key', key],
      ['prove', ...at],
      ['prove', '1', '--text', 'two', ...at],
      ['prove', '-1', ...at],
      ['prove', '9', ...at],
      ['prove', '1', '--log', scratch.path('nowhere')],
      ['verify', proof, '--text', 'two'],
      ['verify', proof, ...by],
      ['verify', ...by],
      ['verify', proof, ...at, '--text', 'two', ...by],
      ['verify', proof, '--text', 'two', '--since', proof, ...by],
      ['verify', ...at, '--text', 'two', ...by],
      ['verify', proof, '--text', 'two', '--key', key],
    ]) {
      const { code, stderr } = await quorate(['log', ...args]);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    expect((await quorate(['keys', 'create', 'x', '--name', 'x', '--for', 'nothing'])).code).toBe(2);
  });
});
