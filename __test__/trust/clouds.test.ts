/** Evidence of clouds through the public API: Azure's vTPM on other people's vectors, and AWS Nitro. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EvidenceItem,
  type EvidencePolicy,
  EvidenceVerifier,
  evidenceFormat,
  inspectEvidence,
  parseVerdict,
  verifyEvidence,
} from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { vectors } from '../support/vectors.js';

const { path: folder, absent } = vectors('trust');
const TIME = Date.UTC(2025, 5, 20, 12);
const lenient: EvidencePolicy = { revocationRequired: false };

const bundle = (path: string, challenge?: Uint8Array): EvidenceItem => ({
  format: 'AZURE',
  body: readFileSync(join(folder, 'coco-trustee', path)),
  ...(challenge && { challenge }),
});

async function judge(item: EvidenceItem, policy: EvidencePolicy = lenient) {
  const [verdict] = await verifyEvidence([item], { time: TIME, policy });
  return verdict;
}

describe.skipIf(absent)("a bundle of Azure's vTPM", () => {
  const expected = (): { id: string; nonce_hex: string }[] =>
    JSON.parse(readFileSync(join(folder, 'EXPECTED.json'), 'utf8')).azure_vtpm;

  it('is accepted with the nonce it answers and with no other', async () => {
    expect(expected()).toHaveLength(4);
    for (const { id, nonce_hex } of expected()) {
      const path = `az-snp-vtpm/${id}.json`;
      const nonce = Buffer.from(nonce_hex, 'hex');
      const verdict = await judge(bundle(path, nonce));
      expect(verdict, id).toMatchObject({
        accepted: true,
        vendor: 'AMD_SEV_SNP',
        product: id === 'evidence-genoa' ? 'Genoa, Azure vTPM' : 'Milan, Azure vTPM',
        endorser: id === 'evidence-genoa' ? 'AMD ARK-Genoa' : 'AMD ARK-Milan',
        reportData: nonce_hex,
        fresh: true,
      });
      if (verdict?.accepted) {
        expect(Object.keys(verdict.registers)).toHaveLength(24);
        expect(verdict.registers['pcr0']).toMatch(/^[0-9a-f]{64}$/);
        expect(verdict.machineIdentity).toMatch(/^amd-chip:/);
      }
      expect(await judge(bundle(path)), id).toMatchObject({ accepted: true, fresh: false });
      const wrong = bundle(path, Buffer.concat([nonce, Buffer.of(0)]).subarray(0, 64));
      expect(await judge(wrong), id).toMatchObject({ reason: 'CHALLENGE' });
      expect(await judge(bundle(path, nonce), {}), id).toMatchObject({ reason: 'CRL_MISSING' });
    }
  });

  it('over TDX is good as far as its collateral is public', async () => {
    const policy: EvidencePolicy = { ...lenient, intel: { septVeAllowed: true } };
    for (const name of ['evidence-v0', 'evidence-v1']) {
      const path = `az-tdx-vtpm/${name}.json`;
      expect(await judge(bundle(path, Buffer.from('challenge')), policy)).toMatchObject({
        reason: 'COLLATERAL_MISSING',
      });
      expect(await judge(bundle(path, Buffer.from('another')), policy)).toMatchObject({
        reason: 'CHALLENGE',
      });
    }
  });

  it('is refused where a register is not the one the policy names', async () => {
    const item = bundle('az-snp-vtpm/evidence-v1.json');
    const verdict = await judge(item);
    const pcr4 = verdict?.accepted ? (verdict.registers['pcr4'] ?? '') : '';
    const measurements = verdict?.accepted ? [verdict.measurement] : [];
    const under = async (registers: EvidencePolicy['registers'] & object) =>
      judge(item, { ...lenient, measurements, registers });
    expect(await judge(item, { ...lenient, registers: { pcr4: [pcr4] } })).toMatchObject({
      reason: 'MEASUREMENT',
    });
    expect(await under({ pcr4: [pcr4] })).toMatchObject({ accepted: true });
    expect(await under({ pcr4: ['00'.repeat(32), pcr4.toUpperCase()] })).toMatchObject({ accepted: true });
    expect(await under({ pcr4: ['00'.repeat(32)] })).toMatchObject({ reason: 'MEASUREMENT' });
    expect(await under({ pcr4: [] })).toMatchObject({ reason: 'MEASUREMENT' });
    expect(await under({ pcr4: [pcr4], rtmr0: [pcr4] })).toMatchObject({ reason: 'MEASUREMENT' });
  });

  it('is refused where the registers that came along are not the signed ones', async () => {
    const { body } = bundle('az-snp-vtpm/evidence-v1.json');
    const json = JSON.parse(Buffer.from(body).toString());
    json.tpm_quote.pcrs[7] = '00'.repeat(32);
    expect(await judge({ format: 'AZURE', body: Buffer.from(JSON.stringify(json)) })).toMatchObject({
      reason: 'REGISTERS',
    });
  });

  it('is known by its form, shown, written down and remembered', async () => {
    const item = bundle('az-snp-vtpm/evidence-v2.json');
    expect(evidenceFormat(item.body)).toBe('AZURE');
    const fields = new Map(inspectEvidence('AZURE', item.body).map(({ name, value }) => [name, value]));
    expect(fields.get('runtime.vm-configuration.secure-boot')).toBe('true');
    expect(fields.get('tpm.firmware_version')).toBe('0x2020031200120003');
    expect(fields.get('pcr23')).toMatch(/^[0-9a-f]{64}$/);
    const verdict = await judge(item);
    expect(parseVerdict(JSON.parse(JSON.stringify(verdict)), 'verdict')).toEqual(verdict);
    const verifier = new EvidenceVerifier({ clock: new ManualClock(TIME), policy: lenient });
    const [first] = await verifier.verify([item]);
    expect((await verifier.verify([item]))[0]).toBe(first);
  });
});

describe('a Nitro document', () => {
  it('that is none proves nothing, whatever the policy accepts', async () => {
    const prefix = Buffer.from('8444a1013822a0', 'hex');
    const body = Buffer.concat([
      prefix,
      Buffer.from('41a0', 'hex'),
      Buffer.from('5860', 'hex'),
      Buffer.alloc(96),
    ]);
    expect(evidenceFormat(body)).toBe('NITRO');
    for (const nitroAccepted of [true, false]) {
      const item: EvidenceItem = { format: 'NITRO', body };
      expect(await judge(item, { nitroAccepted })).toMatchObject({ reason: 'CLAIM_MISSING' });
    }
  });
});

describe('bad registers in a policy', () => {
  const item: EvidenceItem = { format: 'AZURE', body: new Uint8Array(8) };
  it.each([
    ['options.policy.registers', { PCR4: ['00'] }],
    ['options.policy.registers', ['pcr4']],
    ['options.policy.registers.pcr4', { pcr4: '00' }],
    ['options.policy.registers.pcr4[0]', { pcr4: ['0'] }],
  ])('are named: %s', async (field, registers) => {
    const policy = { registers } as unknown as EvidencePolicy;
    const error = await refusal(() => verifyEvidence([item], { time: 0, policy }));
    expect(error.details.field).toBe(field);
  });
});
