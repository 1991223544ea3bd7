import { mlDsa87 } from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';

const seed = new Uint8Array(32).fill(7);
const message = Buffer.from('placed');
const context = Buffer.from('quorate/test');

describe('ML-DSA-87', () => {
  it('has the sizes of FIPS 204, and a seed gives one pair', () => {
    const pair = mlDsa87.generateKeyPair(seed);
    expect([pair.publicKey.byteLength, pair.secretKey.byteLength]).toEqual([2592, 4896]);
    expect(mlDsa87.generateKeyPair(seed)).toEqual(pair);
    expect(mlDsa87.generateKeyPair().publicKey).not.toEqual(mlDsa87.generateKeyPair().publicKey);
  });

  it('signs hedged by default, and the same twice where it is asked to', () => {
    const { publicKey, secretKey } = mlDsa87.generateKeyPair(seed);
    const sign = (deterministic: boolean) => mlDsa87.sign(secretKey, message, context, { deterministic });
    expect(sign(true)).toEqual(sign(true));
    expect(sign(false)).not.toEqual(sign(false));
    for (const signature of [sign(true), sign(false)]) {
      expect(signature.byteLength).toBe(4627);
      expect(mlDsa87.verify(publicKey, message, context, signature)).toBe(true);
      expect(mlDsa87.verify(publicKey, message, Buffer.from('other'), signature)).toBe(false);
      expect(mlDsa87.verify(publicKey, Buffer.from('moved'), context, signature)).toBe(false);
      const flipped = Buffer.from(signature);
      flipped[2000] = (flipped[2000] ?? 0) ^ 1;
      expect(mlDsa87.verify(publicKey, message, context, flipped)).toBe(false);
      expect(mlDsa87.verify(publicKey, message, context, signature.subarray(1))).toBe(false);
    }
  });

  it('verifies under many keys, more than it keeps expanded', () => {
    const pairs = Array.from({ length: 300 }, (_, n) =>
      mlDsa87.generateKeyPair(new Uint8Array(32).fill(n % 256).fill(n >> 8, 0, 1)),
    );
    const { secretKey, publicKey } = pairs[0] ?? mlDsa87.generateKeyPair(seed);
    const signature = mlDsa87.sign(secretKey, message, context);
    const holds = pairs.map((pair) => mlDsa87.verify(pair.publicKey, message, context, signature));
    expect(holds.filter(Boolean)).toHaveLength(1);
    expect(mlDsa87.verify(publicKey, message, context, signature)).toBe(true);
  });

  const { publicKey, secretKey } = mlDsa87.generateKeyPair(seed);
  const outOfRange = Buffer.from(secretKey).fill(0xff, 128, 131);
  it.each([
    ['seed', () => mlDsa87.generateKeyPair(new Uint8Array(31))],
    ['seed', () => mlDsa87.generateKeyPair('seed' as never)],
    ['secretKey', () => mlDsa87.sign(secretKey.subarray(1), message)],
    ['secretKey', () => mlDsa87.sign(outOfRange, message)],
    ['message', () => mlDsa87.sign(secretKey, 'text' as never)],
    ['context', () => mlDsa87.sign(secretKey, message, new Uint8Array(256))],
    ['options.deterministic', () => mlDsa87.sign(secretKey, message, context, { deterministic: 1 as never })],
    ['publicKey', () => mlDsa87.verify(publicKey.subarray(1), message, context, new Uint8Array(4627))],
    ['signature', () => mlDsa87.verify(publicKey, message, context, null as never)],
  ])('names %s where it is bad', async (field, work) => {
    expect((await refusal(work)).details.field).toBe(field);
  });
});
