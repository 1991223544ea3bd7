import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import {
  createLogKeyFile,
  createWitnessKeyFile,
  LogWitness,
  logPublicKeys,
  readLogKeyFile,
  readVerifierKeys,
  readWitnessKeyFile,
  TransparencyLog,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
  verifyLogProof,
} from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';
import { scratchFolder } from '../support/files.js';

const scratch = scratchFolder();
const key = { origin: 'example.com/log', ed25519Seed: randomBytes(32), mlDsa87Seed: randomBytes(32) };
const keys = logPublicKeys(key);
const text = (value: string): Buffer => Buffer.from(value);

let made = 0;
/** A log of its own with these entries. */
async function logOf(...entries: string[]): Promise<{ log: TransparencyLog; directory: string }> {
  made += 1;
  const directory = scratch.path(`log-${made}`);
  const log = await TransparencyLog.open(directory, { purpose: 'a test' });
  if (entries.length > 0) await log.append(entries.map(text));
  return { log, directory };
}

describe('a transparency log', () => {
  it('acknowledges entries in the order of the calls', async () => {
    const { log } = await logOf();
    const calls = Array.from({ length: 300 }, (_, at) => log.append([text(`a${at}`), text(`b${at}`)]));
    expect(await Promise.all(calls)).toEqual(calls.map((_, at) => BigInt(2 * at)));
    expect(log.size).toBe(600n);
    expect(Buffer.from(await log.entry(5n)).toString()).toBe('b2');
    expect(await log.find(text('a299'))).toBe(598n);
    expect(await log.find(text('c'))).toBeNull();
    await log.close();
  });

  it('proves an entry to whoever has the keys', async () => {
    const { log } = await logOf('one', 'two', 'three');
    expect(log.checkpoint).toBeNull();
    expect((await refusal(() => log.prove(0n))).code).toBe('QRT_ERR_LOG_UNSIGNED');
    const checkpoint = await log.sign(key);
    expect(log.checkpoint).toBe(checkpoint);
    const proof = log.prove(1n);
    const verdict = verifyLogProof(proof, { entry: text('two'), keys });
    expect(verdict).toMatchObject({ valid: true, index: 1n, head: { origin: key.origin, size: 3n } });
    expect(verifyLogProof(proof, { entry: text('one'), keys })).toMatchObject({ fault: 'ROOT_MISMATCH' });
    expect(verifyLogProof('no proof', { entry: text('two'), keys })).toMatchObject({ fault: 'MALFORMED' });
    expect(verifyLogProof(proof, { entry: text('two'), keys: [] })).toMatchObject({ fault: 'NO_KEYS' });
    const others = logPublicKeys({ ...key, ed25519Seed: randomBytes(32) });
    expect(verifyLogProof(proof, { entry: text('two'), keys: others })).toMatchObject({
      fault: 'MISSING_SIGNATURE',
    });
    const foreign = logPublicKeys({ ...key, origin: 'other.example' });
    expect(verifyCheckpoint(checkpoint, { keys: foreign })).toMatchObject({ fault: 'FOREIGN_ORIGIN' });
    const forged = checkpoint.replace('\n3\n', '\n4\n');
    expect(verifyCheckpoint(forged, { keys })).toMatchObject({ fault: 'BAD_SIGNATURE' });
    await log.close();
  });

  it('has the root that every earlier one leads to', async () => {
    const { log } = await logOf('one', 'two');
    const root1 = log.root(2n);
    await log.append([text('three')]);
    const path = log.proveInclusion(0n, 3n);
    const inclusion = { leaf: text('one'), index: 0n, size: 3n, proof: path, root: log.root(3n) };
    expect(verifyInclusion(inclusion)).toEqual({ valid: true });
    const proof = log.proveConsistency(2n, 3n);
    const sizes = { size1: 2n, size2: 3n, root1, root2: log.root(3n), proof };
    expect(verifyConsistency(sizes)).toEqual({ valid: true });
    await log.close();
  });

  it('serves its static files', async () => {
    const { log } = await logOf('one', 'two');
    const checkpoint = await log.sign(key);
    expect(Buffer.from((await log.file('checkpoint')) ?? []).toString()).toBe(checkpoint);
    expect((await log.file('tile/0/000.p/2'))?.byteLength).toBe(64);
    expect(Buffer.from((await log.file('tile/entries/000.p/2')) ?? []).toString('latin1')).toBe(
      '\0\x03one\0\x03two',
    );
    expect(await log.file('tile/0/000')).toBeNull();
    expect(await log.file('../lock')).toBeNull();
    await log.close();
  });

  it('belongs to one process at a time', async () => {
    const { log, directory } = await logOf('one');
    const second = await refusal(() => TransparencyLog.open(directory));
    expect(second.code).toBe('QRT_ERR_DISK_HELD');
    expect(second.message).toContain(`process ${process.pid} (a test)`);
    expect(second.retryable).toBe(true);
    await log.close();
    await log.close();
    expect((await refusal(() => log.append([text('late')]))).code).toBe('QRT_ERR_DISK_CLOSED');
    const again = await TransparencyLog.open(directory);
    expect(again.size).toBe(1n);
    await again.close();
  });

  it('names what is wrong with a directory that was changed', async () => {
    const { log, directory } = await logOf('one');
    await log.append([text('two')]);
    await log.sign(key);
    await log.close();
    const entries = readFileSync(`${directory}/entries`);
    const changed = Buffer.from(entries);
    changed[changed.indexOf('one')] = 0x4f;
    writeFileSync(`${directory}/entries`, changed);
    const damaged = await refusal(() => TransparencyLog.open(directory));
    expect(damaged.code).toBe('QRT_ERR_DISK_CORRUPT');
    expect(damaged.message).toMatch(/entries is damaged at byte 28, record 0: the checksum of a record/);
    writeFileSync(`${directory}/entries`, entries.subarray(0, entries.length - 1));
    const cut = await refusal(() => TransparencyLog.open(directory));
    expect(cut.code).toBe('QRT_ERR_DISK_CORRUPT');
    expect(cut.message).toMatch(/record 1: the batch is cut off/);
    // A whole entry less is no damage of the file, but not what was signed for.
    const { log: shorter, directory: other } = await logOf('one');
    await shorter.close();
    writeFileSync(`${other}/checkpoint`, readFileSync(`${directory}/checkpoint`));
    const rewritten = await refusal(() => TransparencyLog.open(other));
    expect(rewritten.code).toBe('QRT_ERR_LOG_REWRITTEN');
    expect(rewritten.message).toContain('the checkpoint says 2 entries, 1 are there');
  });

  it('refuses bad input by its field and does nothing', async () => {
    const { log } = await logOf('one');
    const bad = [
      [() => log.append(['two'] as never), 'entries[0]'],
      [() => log.append([new Uint8Array(65_536)]), 'entries[0]'],
      [() => log.append(Array.from({ length: 70 }, () => new Uint8Array(65_535))), 'entries'],
      [() => log.append(undefined as never), 'entries'],
      [() => log.sign({ ...key, ed25519Seed: new Uint8Array(31) }), 'ed25519Seed'],
      [() => log.sign({ ...key, origin: 'with space' }), null],
      [() => log.entry(1 as never), 'index'],
      [() => log.entry(7n), 'index'],
      [() => log.file(5 as never), 'path'],
      [() => log.find('one' as never), 'entry'],
      [() => log.addCosignature('x', 'y'), null],
      [() => TransparencyLog.open(''), 'directory'],
    ] as const;
    for (const [attempt, field] of bad) expect((await refusal(attempt)).details.field).toBe(field);
    expect((await refusal(() => log.prove(-1n))).details.field).toBe('index');
    expect((await refusal(() => log.root(9n))).details.field).toBe('size');
    expect(log.size).toBe(1n);
    await log.close();
  });
});

describe('a witness', () => {
  it('cosigns what continues, and remembers it', async () => {
    const { log } = await logOf('one', 'two');
    const first = await log.sign(key);
    const secret = { name: 'witness.example', seed: randomBytes(32) };
    const path = scratch.path('witness');
    const witness = await LogWitness.open(path, secret);
    await createWitnessKeyFile(scratch.path('own.key'), 'witness.example');
    const [stranger] = await readVerifierKeys(scratch.path('own.key.pub'));
    const line = await witness.cosign(first, { keys });
    expect((await refusal(() => log.addCosignature(line, stranger ?? ''))).code).toBe(
      'QRT_ERR_LOG_CHECKPOINT',
    );
    expect(witness.size(key.origin)).toBe(2n);
    expect(witness.size('other.example')).toBeNull();
    await log.append([text('three')]);
    const second = await log.sign(key);
    expect((await refusal(() => witness.cosign(second, { keys }))).code).toBe('QRT_ERR_LOG_NOT_COSIGNED');
    witness.close();
    const again = await LogWitness.open(path, secret);
    await again.cosign(second, { keys, proof: log.proveConsistency(2n, 3n), time: Date.now() });
    const back = await refusal(() => again.cosign(first, { keys }));
    expect(back.message).toBe('not cosigned: a tree of 3 leaves was cosigned already');
    again.close();
    expect((await refusal(() => again.cosign(second, { keys }))).code).toBe('QRT_ERR_DISK_CLOSED');
    await log.close();
  });

  it('is asked for in a proof by its key', async () => {
    const { log } = await logOf('one');
    const path = scratch.path('cosigner.key');
    const secret = await createWitnessKeyFile(path, 'witness.example');
    expect(await readWitnessKeyFile(path)).toEqual(secret);
    const [witnessKey = ''] = await readVerifierKeys(`${path}.pub`);
    const witness = await LogWitness.open(scratch.path('cosigner'), secret);
    const line = await witness.cosign(await log.sign(key), { keys });
    const all = [...keys, witnessKey];
    expect(verifyLogProof(log.prove(0n), { entry: text('one'), keys: all })).toMatchObject({
      fault: 'MISSING_SIGNATURE',
    });
    await log.addCosignature(line, witnessKey);
    expect(verifyLogProof(log.prove(0n), { entry: text('one'), keys: all })).toMatchObject({ valid: true });
    witness.close();
    await log.close();
  });
});

describe('keys of a log in files', () => {
  it('are read back, private ones by their owner alone, and never written over', async () => {
    const path = scratch.path('log.key');
    const secret = await createLogKeyFile(path, 'example.com/log');
    expect(await readLogKeyFile(path)).toEqual(secret);
    expect(await readVerifierKeys(`${path}.pub`)).toEqual(logPublicKeys(secret));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await refusal(() => createLogKeyFile(path, 'example.com/log'))).code).toBe(
      'QRT_ERR_TRUST_KEY_FILE',
    );
  });

  it('are refused where they are none', async () => {
    for (const [name, content] of [
      ['json', '{}'],
      ['empty', '\n'],
      ['damaged', logPublicKeys(key).join('\n').replace('+', '+0')],
    ] as const) {
      const path = scratch.write(`wrong-${name}`, content);
      expect((await refusal(() => readVerifierKeys(path))).code).toBe('QRT_ERR_TRUST_KEY_FILE');
      expect((await refusal(() => readLogKeyFile(path))).code).toBe('QRT_ERR_TRUST_KEY_FILE');
    }
  });
});
