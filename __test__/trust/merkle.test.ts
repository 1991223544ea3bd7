import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { merkleTree, verifyConsistency, verifyInclusion } from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';
import { vectors } from '../support/vectors.js';

const { path: folder, absent } = vectors('trust/rfc6962-merkle');

/** Numbers up to 2^64 - 1 stand in the files: they are quoted before JSON rounds them. */
function cases(kind: string): [string, Record<string, unknown>][] {
  const read = (file: string): Record<string, unknown> =>
    JSON.parse(readFileSync(file, 'utf8').replace(/:\s*(\d{10,})/g, ': "$1"'));
  const files = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? files(join(at, entry.name)) : [join(at, entry.name)],
    );
  return files(join(folder, kind))
    .filter((file) => file.endsWith('.json'))
    .map((file) => [file, read(file)]);
}

const bytes = (value: unknown): Buffer => Buffer.from(String(value ?? ''), 'base64');
const hashes = (value: unknown): Buffer[] => ((value ?? []) as unknown[]).map(bytes);
/** Where the roots do not matter a case has words in their place; ours are always 32 bytes. */
const root = (value: unknown): Buffer => {
  const given = bytes(value);
  return given.length > 0 && given.length < 32 ? Buffer.concat([given], 32) : given;
};
const whole = (value: unknown): bigint => BigInt((value ?? 0) as string | number);

/** A hash of another length is refused by whoever parses: to a verifier it is a proof that does not hold. */
function holds(check: () => { valid: boolean }): boolean {
  return check().valid;
}

describe.skipIf(absent)('proofs of other people', () => {
  it('inclusion: 98 cases', () => {
    const all = cases('inclusion');
    expect(all).toHaveLength(98);
    for (const [file, test] of all) {
      const found = holds(() =>
        verifyInclusion({
          leafHash: bytes(test['leafHash']),
          index: whole(test['leafIdx']),
          size: whole(test['treeSize']),
          proof: hashes(test['proof']),
          root: bytes(test['root']),
        }),
      );
      expect(found, file).toBe(!test['wantErr']);
    }
  });

  it('consistency: 98 cases', () => {
    const all = cases('consistency');
    expect(all).toHaveLength(98);
    for (const [file, test] of all) {
      const found = holds(() =>
        verifyConsistency({
          size1: whole(test['size1']),
          size2: whole(test['size2']),
          root1: root(test['root1']),
          root2: root(test['root2']),
          proof: hashes(test['proof']),
        }),
      );
      expect(found, file).toBe(!test['wantErr']);
    }
  });
});

describe('a tree', () => {
  const leaves = Array.from({ length: 21 }, (_, n) => Buffer.from(`leaf ${n}`));

  it('proves each of its leaves, and no other', () => {
    for (let size = 1; size <= leaves.length; size += 1) {
      const tree = merkleTree(leaves.slice(0, size));
      for (let index = 0; index < size; index += 1) {
        const inclusion = {
          index: BigInt(index),
          size: BigInt(size),
          proof: tree.prove(index),
          root: tree.root,
        };
        const leaf = leaves[index] ?? Buffer.alloc(0);
        expect(verifyInclusion({ leaf, ...inclusion })).toEqual({ valid: true });
        expect(verifyInclusion({ leaf: Buffer.from('other'), ...inclusion }).valid).toBe(false);
      }
    }
  });

  it('has the root of RFC 6962 where it has no leaf: the hash of nothing', () => {
    expect(Buffer.from(merkleTree([]).root).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  const inclusion = {
    leaf: Buffer.from('a'),
    index: 0n,
    size: 1n,
    proof: [],
    root: merkleTree([Buffer.from('a')]).root,
  };
  it.each([
    ['inclusion.index', () => verifyInclusion({ ...inclusion, index: 0 as never })],
    ['inclusion.size', () => verifyInclusion({ ...inclusion, size: -1n })],
    ['inclusion.proof[0]', () => verifyInclusion({ ...inclusion, proof: ['x' as never] })],
    ['leaves[1]', () => merkleTree([Buffer.from('a'), 'b' as never])],
    ['index', () => merkleTree([Buffer.from('a')]).prove(1)],
  ])('names %s where it is bad', async (field, work) => {
    expect((await refusal(work)).details.field).toBe(field);
  });
});
