import { createHash } from 'node:crypto';
import {
  type KeyPair,
  MultiSignatureManager,
  mlDsa87,
  type PartialSignature,
  signPartial,
} from 'quorate/trust';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';

const EPOCH = 3;
const messageHash = createHash('sha256').update('a block').digest();
const ids = ['node-1', 'node-2', 'node-3', 'node-4'];
let pairs: KeyPair[] = [];
beforeAll(() => {
  pairs = ids.map((_, n) => mlDsa87.generateKeyPair(new Uint8Array(32).fill(n + 1)));
});

function manager(threshold = 3, weights: readonly number[] = [1, 1, 1, 1]): MultiSignatureManager {
  const validators = ids.map((nodeId, at) => ({ nodeId, weight: weights[at] ?? 1 }));
  const made = new MultiSignatureManager({ epoch: EPOCH, validators, threshold });
  for (const [at, nodeId] of ids.entries())
    made.registerPublicKey(nodeId, pairs[at]?.publicKey ?? new Uint8Array());
  return made;
}

function partial(at: number, hash: Uint8Array = messageHash, epoch = EPOCH): PartialSignature {
  return signPartial(pairs[at]?.secretKey ?? new Uint8Array(), ids[at] ?? '', epoch, hash);
}

describe('MultiSignatureManager', () => {
  it('runs the example of the document: sign, collect, finalize, verify', async () => {
    const multiSig = manager();
    for (const at of [0, 1]) multiSig.addPartialSignature(messageHash, partial(at));
    const early = await refusal(() => multiSig.finalizeAggregation(messageHash));
    expect(early).toMatchObject({ code: 'QRT_ERR_MULTISIG_BELOW_THRESHOLD', retryable: true });
    expect(multiSig.addPartialSignature(messageHash, partial(3))).toBe(3);
    const aggregated = multiSig.finalizeAggregation(messageHash);
    expect(aggregated).toMatchObject({
      epoch: EPOCH,
      signers: ['node-1', 'node-2', 'node-4'],
      weights: [1, 1, 1],
    });
    expect(await multiSig.verifyAggregatedSignature(aggregated)).toEqual({ valid: true });
    // Anybody with the configuration and the keys checks it from its bytes.
    expect(await manager().verifyAggregatedSignature(aggregated.bytes)).toEqual({ valid: true });
  });

  it('refuses what does not count, names the culprit, and the rest still aggregates', async () => {
    const multiSig = manager(2);
    const forged = { ...partial(1), nodeId: 'node-3' };
    for (const [bad, reason] of [
      [forged, /node-3 .* does not hold/],
      [{ ...partial(1), nodeId: 'stranger' }, /stranger .* no validator/],
      [partial(1, messageHash, EPOCH + 1), /another epoch/],
      [partial(1, new Uint8Array(32)), /another message/],
    ] as const) {
      const error = await refusal(() => multiSig.addPartialSignature(messageHash, bad));
      expect(error.code).toBe('QRT_ERR_MULTISIG_REFUSED');
      expect(error.message).toMatch(reason);
    }
    multiSig.addPartialSignature(messageHash, partial(0));
    const twice = await refusal(() => multiSig.addPartialSignature(messageHash, partial(0)));
    expect(twice.message).toContain('already');
    multiSig.addPartialSignature(messageHash, partial(1));
    multiSig.finalizeAggregation(messageHash);
    const metrics = multiSig.metrics();
    expect(metrics).toMatchObject({
      multisig_signatures_collected_total: 2,
      multisig_signatures_rejected_total: 5,
      multisig_aggregations_completed_total: 1,
    });
    expect(metrics.multisig_verification_duration_seconds.count).toBe(7);
    expect(metrics.multisig_aggregation_duration_seconds.count).toBe(1);
    expect(metrics.multisig_verification_duration_seconds.sum).toBeGreaterThan(0);
  });

  it('weighs its signers and takes the heaviest', () => {
    const multiSig = manager(60, [5, 40, 15, 40]);
    for (const at of [0, 1, 2, 3]) multiSig.addPartialSignature(messageHash, partial(at));
    expect(multiSig.finalizeAggregation(messageHash).signers).toEqual(['node-2', 'node-4']);
  });

  it('names what is wrong with a certificate', async () => {
    const multiSig = manager(2);
    for (const at of [0, 1]) multiSig.addPartialSignature(messageHash, partial(at));
    const { bytes } = multiSig.finalizeAggregation(messageHash);
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
    expect(await multiSig.verifyAggregatedSignature(flipped)).toMatchObject({
      valid: false,
      fault: 'INVALID_SIGNATURE',
      detail: 'the signature of node-2 does not hold',
    });
    expect(await manager(3).verifyAggregatedSignature(bytes)).toMatchObject({ fault: 'BELOW_THRESHOLD' });
    expect(await manager(1).verifyAggregatedSignature(bytes)).toMatchObject({ fault: 'SURPLUS' });
    const cut = await refusal(() => multiSig.verifyAggregatedSignature(bytes.subarray(1)));
    expect(cut.code).toBe('QRT_ERR_MULTISIG_CERTIFICATE');
  });

  const config = { epoch: 0, validators: [{ nodeId: 'a' }], threshold: 1 };
  it.each([
    ['config.validators', () => new MultiSignatureManager({ ...config, validators: [] })],
    [
      'config.validators[0].weight',
      () => new MultiSignatureManager({ ...config, validators: [{ nodeId: 'a', weight: 0 }] }),
    ],
    [
      'config.validators[1].nodeId',
      () => new MultiSignatureManager({ ...config, validators: [{ nodeId: 'a' }, { nodeId: 'a' }] }),
    ],
    ['config.threshold', () => new MultiSignatureManager({ ...config, threshold: 2 })],
    ['publicKey', () => new MultiSignatureManager(config).registerPublicKey('a', new Uint8Array(3))],
    ['nodeId', () => new MultiSignatureManager(config).registerPublicKey('b', new Uint8Array(2592))],
    ['messageHash', () => manager().addPartialSignature(new Uint8Array(31), partial(0))],
    [
      'partialSignature.signature',
      () => manager().addPartialSignature(messageHash, { ...partial(0), signature: 'x' as never }),
    ],
  ])('names %s where it is bad', async (field, work) => {
    expect((await refusal(work)).details.field).toBe(field);
  });
});
