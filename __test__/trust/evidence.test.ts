/** Evidence through the public API, on other people's vectors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AnchorStore,
  ATTESTED_VENDORS,
  CollateralStore,
  EVIDENCE_FORMATS,
  type EvidenceItem,
  type EvidencePolicy,
  evidenceFormat,
  inspectEvidence,
  parseVerdict,
  REJECTION_REASONS,
  verifyEvidence,
} from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { addon } from '../../dist/native.js';
import { refusal } from '../support/errors.js';
import { vectors } from '../support/vectors.js';

const { path: folder, absent } = vectors('trust');
const TIME = 1_750_420_800_000;
const read = (path: string): Buffer => readFileSync(join(folder, path));
const milan = (): EvidenceItem => ({
  format: 'SNP',
  body: Buffer.from(read('virtee-sev/report_milan.hex').toString('utf8').replace(/\s/g, ''), 'hex'),
  certificates: [read('virtee-sev/vcek_milan.der')],
});
const debug = (): EvidenceItem => ({
  format: 'SNP',
  body: read('go-sev-guest/attestation.bin'),
  certificates: [read('go-sev-guest/vcek.testcer')],
});
const lenient: EvidencePolicy = { revocationRequired: false };

describe('the names of evidence', () => {
  it('are the same in Rust and TypeScript', () => {
    expect(addon.evidenceFormats()).toEqual([...EVIDENCE_FORMATS]);
    expect(addon.rejectionReasons()).toEqual([...REJECTION_REASONS]);
    expect(addon.attestedVendors()).toEqual([...ATTESTED_VENDORS]);
  });
});

describe.skipIf(absent)('verifyEvidence', () => {
  it('gives verdicts in the order of the items', async () => {
    const [good, bad, none] = await verifyEvidence(
      [milan(), debug(), { format: 'SNP', body: new Uint8Array(1184) }],
      { time: TIME, policy: lenient },
    );
    expect(good).toMatchObject({
      accepted: true,
      vendor: 'AMD_SEV_SNP',
      product: 'Milan',
      endorser: 'AMD ARK-Milan',
      trust: 'pinned',
      fresh: false,
      revocationChecked: false,
    });
    expect(bad).toMatchObject({ accepted: false, reason: 'DEBUG' });
    expect(none).toMatchObject({ accepted: false, reason: 'UNSUPPORTED' });
  });

  it('takes a quote with the collateral of its platform, revocation lists and all', async () => {
    const item: EvidenceItem = { format: 'QUOTE', body: read('dcap-qvl/tdx_quote') };
    const collateral = new CollateralStore();
    const judge = async (time: number, policy: EvidencePolicy = {}) => {
      const [verdict] = await verifyEvidence([item], { time, collateral, policy });
      return verdict?.accepted ? verdict : verdict?.reason;
    };
    expect(await judge(TIME)).toBe('CRL_MISSING');
    collateral.add('bundle', read('dcap-qvl/tdx_quote_collateral.json'));
    expect(await judge(TIME)).toMatchObject({
      vendor: 'INTEL_TDX',
      product: 'TDX 1.0',
      tcbStatus: 'UpToDate',
      tcbDate: Date.UTC(2024, 2, 13),
      endorser: 'Intel SGX Root CA',
      revocationChecked: true,
      validUntil: Date.UTC(2025, 6, 19, 10, 0, 35),
    });
    expect(await judge(1_700_000_000_000)).not.toMatchObject({ accepted: true });
    expect(await judge(1_790_000_000_000)).not.toMatchObject({ accepted: true });
    expect(await judge(TIME, { intel: { evaluationNumberMin: 1000 } })).toBe('COLLATERAL_DOWNGRADE');
    expect(await judge(TIME, { blocked: ['intel-fmspc:b0c06f000000'] })).toBe('MACHINE_BLOCKED');
  });

  it('is strict by default: without a revocation list nothing passes', async () => {
    const [verdict] = await verifyEvidence([milan()], { time: TIME });
    expect(verdict).toMatchObject({ accepted: false, reason: 'CRL_MISSING' });
  });

  it('says whether the evidence answers the challenge', async () => {
    const item = milan();
    const challenge = item.body.subarray(0x50, 0x90);
    const [right, wrong] = await verifyEvidence(
      [
        { ...item, challenge },
        { ...item, challenge: new Uint8Array(64).fill(1) },
      ],
      { time: TIME, policy: lenient },
    );
    expect(right).toMatchObject({ accepted: true, fresh: true });
    expect(wrong).toMatchObject({ accepted: false, reason: 'CHALLENGE' });
  });

  it('judges for the time it is given', async () => {
    const at = async (time: number) => {
      const [verdict] = await verifyEvidence([milan()], { time, policy: lenient });
      return verdict?.accepted ? 'accepted' : verdict?.reason;
    };
    expect(await at(Date.UTC(2022, 0, 1))).toBe('CERTIFICATE_NOT_YET_VALID');
    expect(await at(Date.UTC(2031, 0, 1))).toBe('CERTIFICATE_EXPIRED');
    expect(await at(TIME)).toBe('accepted');
  });

  it('takes each rule of a policy', async () => {
    const under = async (item: EvidenceItem, policy: EvidencePolicy) => {
      const [verdict] = await verifyEvidence([item], { time: TIME, policy: { ...lenient, ...policy } });
      return verdict?.accepted ? 'accepted' : verdict?.reason;
    };
    expect(await under(debug(), { debugAllowed: true })).toBe('accepted');
    expect(await under(milan(), { freshRequired: true })).toBe('NOT_FRESH');
    expect(await under(milan(), { measurements: ['00'.repeat(48)] })).toBe('MEASUREMENT');
    expect(await under(milan(), { snp: { tcbMin: { microcode: 0x73 } } })).toBe('accepted');
    expect(await under(milan(), { snp: { tcbMin: { microcode: 0x74 } } })).toBe('TCB_TOO_OLD');
    const [verdict] = await verifyEvidence([milan()], { time: TIME, policy: lenient });
    const chip = verdict?.accepted ? (verdict.machineIdentity ?? '') : '';
    expect(chip).toMatch(/^amd-chip:[0-9a-f]{128}$/);
    expect(await under(milan(), { blocked: [chip] })).toBe('MACHINE_BLOCKED');
  });

  it('is written down and read back', async () => {
    const verdicts = await verifyEvidence([milan(), debug()], { time: TIME, policy: lenient });
    const written = JSON.parse(JSON.stringify(verdicts));
    expect(written.map((verdict: unknown, at: number) => parseVerdict(verdict, `verdicts[${at}]`))).toEqual(
      verdicts,
    );
  });

  it('ends when it is aborted', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(verifyEvidence([milan()], { time: TIME, signal: aborted })).rejects.toThrow('enough');
  });

  it('tells the form of evidence and shows its fields', () => {
    const { body } = milan();
    expect(evidenceFormat(body)).toBe('SNP');
    expect(evidenceFormat(new Uint8Array(3))).toBe(null);
    const fields = new Map(inspectEvidence('SNP', body).map(({ name, value }) => [name, value]));
    expect(fields.get('version')).toBe('2');
    expect(fields.get('policy.debug')).toBe('false');
    expect(fields.get('chip_id')).toMatch(/^d49554ec/);
  });
});

describe.skipIf(absent)('a collateral store', () => {
  it('is read from a directory, and a file that is unusable is named', async () => {
    const store = await CollateralStore.fromDirectory(join(folder, 'virtee-sev'));
    expect(store.generation).toBe(2);
    const { body } = milan();
    const found = await verifyEvidence([{ format: 'SNP', body }], {
      time: TIME,
      policy: lenient,
      collateral: store,
    });
    expect(found).toMatchObject([{ accepted: true }]);
    const error = await refusal(() => store.add('certificates', read('virtee-sev/report_milan.hex')));
    expect(error).toMatchObject({
      code: 'QRT_ERR_ATTESTATION_DOCUMENT',
      details: { field: 'document' },
    });
    expect(store.generation).toBe(2);
  });
});

describe('bad input', () => {
  const item: EvidenceItem = { format: 'SNP', body: new Uint8Array(8) };
  it.each([
    ['items', () => verifyEvidence('evidence' as never, { time: 0 })],
    ['items[0].format', () => verifyEvidence([{ ...item, format: 'SEV' as never }], { time: 0 })],
    ['items[1].body', () => verifyEvidence([item, { ...item, body: 'aa' as never }], { time: 0 })],
    ['items[0].body', () => verifyEvidence([{ ...item, body: new Uint8Array(70_000) }], { time: 0 })],
    ['items[0].nonce', () => verifyEvidence([{ ...item, nonce: 1 } as never], { time: 0 })],
    [
      'items[0].certificates[0]',
      () => verifyEvidence([{ ...item, certificates: [7 as never] }], { time: 0 }),
    ],
    ['items[0].challenge', () => verifyEvidence([{ ...item, challenge: new Uint8Array(65) }], { time: 0 })],
    ['options.time', () => verifyEvidence([item], { time: Number.NaN })],
    ['options.time', () => verifyEvidence([item], {} as never)],
    ['options.collateral', () => verifyEvidence([item], { time: 0, collateral: {} as never })],
    ['options.policy.debug', () => verifyEvidence([item], { time: 0, policy: { debug: true } as never })],
    [
      'options.policy.snp.tcbMin.snp',
      () => verifyEvidence([item], { time: 0, policy: { snp: { tcbMin: { snp: 256 } } } }),
    ],
    [
      'options.policy.measurements[0]',
      () => verifyEvidence([item], { time: 0, policy: { measurements: ['abc'] } }),
    ],
    [
      'options.policy.intel.tcbStatuses',
      () => verifyEvidence([item], { time: 0, policy: { intel: { tcbStatuses: 'UpToDate' as never } } }),
    ],
    [
      'anchor.vendor',
      () => new AnchorStore().addRoot({ name: 'x', vendor: 'ARM' as never, certificate: item.body }),
    ],
    [
      'anchor.certificate',
      () => new AnchorStore().addRoot({ name: 'x', vendor: 'AMD', certificate: item.body }),
    ],
    ['kind', () => new CollateralStore().add('roots' as never, item.body)],
  ])('names %s', async (field, call) => {
    const error = await refusal(call as () => unknown);
    expect(error.details.field).toBe(field);
  });
});
