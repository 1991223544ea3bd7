/** Arm tokens through the public API: other people's vectors, and machines that are made here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InfrastructureClassifier, QuorumManager } from 'quorate/placement';
import {
  AnchorStore,
  CollateralStore,
  DemoAuthority,
  type EvidenceItem,
  type EvidencePolicy,
  EvidenceVerifier,
  earOf,
  evidenceFormat,
  inspectEvidence,
  parseVerdict,
  SIMULATED_VENDORS,
  verifyEvidence,
} from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { scratchFolder } from '../support/files.js';
import { vectors } from '../support/vectors.js';

const { path: folder, absent } = vectors('trust');
const TIME = Date.UTC(2026, 5, 20);
const DAY_MS = 86_400_000;
const read = (path: string): Buffer => readFileSync(join(folder, path));
const cca = (path: string): EvidenceItem => ({ format: 'CCA', body: read(path) });
const psa = (path: string): EvidenceItem => ({ format: 'PSA', body: read(path) });

/** Identities in the published tokens. */
const PLATFORM = {
  implementationId: '7f454c4602010100000000000000000003003e00010000005058000000000000',
  instanceId: '0107060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918',
};
const DRAFT = {
  implementationId: '00'.repeat(32),
  instanceId: `01${'02'.repeat(32)}`,
};
const TFM = {
  implementationId: 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd',
  instanceId: '01fa58755f658627ce5460f29b75296713248cae7ad9e2984b90280efcbcb50248',
};
/** The public half of `psa-token/tfm-key.pem`. */
const TFM_KEY = Buffer.from(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeeupDov0UKZ1FXatRZmwet+TjaO7
C9F9ADbtSaLQ/D+/zfqJVrVov9uGc+ZI2LWNkplVsUomwwgPNBF9lx1oZA==
-----END PUBLIC KEY-----
`);

const endorser = 'the maker';
const store = (path: string): AnchorStore => {
  const anchors = new AnchorStore();
  expect(anchors.addEndorsements({ endorser, document: read(path) })).toBe(1);
  return anchors;
};
const key = (device: typeof PLATFORM, bytes: Uint8Array): AnchorStore => {
  const anchors = new AnchorStore();
  anchors.addEndorsedKey({ endorser, ...device, key: bytes });
  return anchors;
};

async function outcome(item: EvidenceItem, anchors: AnchorStore, policy: EvidencePolicy = {}) {
  const [verdict] = await verifyEvidence([item], { time: TIME, anchors, policy });
  return verdict?.accepted ? 'accepted' : verdict?.reason;
}

describe.skipIf(absent)('a published Arm token', () => {
  it('gets the expected verdict', async () => {
    const token01 = cca('rust-ccatoken/cca-token-01.cbor');
    const token02 = cca('rust-ccatoken/cca-token-02.cbor');
    expect(await outcome(token01, key(PLATFORM, read('rust-ccatoken/cpak.json')))).toBe('accepted');
    expect(await outcome(token01, key(PLATFORM, read('rust-ccatoken/pkey.json')))).toBe('EVIDENCE_SIGNATURE');
    expect(await outcome(token01, new AnchorStore())).toBe('KEY_UNKNOWN');
    expect(await outcome(token02, store('rust-ccatoken/ta-02-ok.json'))).toBe('accepted');
    expect(await outcome(token02, store('rust-ccatoken/ta-02-bad.json'))).toBe('KEY_INVALID');
    const tfa = store('rust-ccatoken/ta-tfa.json');
    expect(await outcome(cca('rust-ccatoken/cca-token-draft-ffm-00.cbor'), tfa)).toBe('accepted');
    expect(await outcome(cca('rust-ccatoken/bug-33-repro.cbor'), tfa)).toBe('KEY_BINDING');
    const coco = store('coco-trustee/cca/tastore.json');
    expect(await outcome(cca('coco-trustee/cca/cca-example-token.cbor'), coco)).toBe('accepted');
    const iak = read('psa-token/draft-psa-iak.jwk.json');
    for (const path of ['tfm-p1-sign1.cbor', 'tfm-p2-sign1.cbor']) {
      expect(await outcome(psa(`psa-token/${path}`), key(TFM, TFM_KEY))).toBe('accepted');
      expect(await outcome(psa(`psa-token/${path}`), key(TFM, iak))).toBe('EVIDENCE_SIGNATURE');
    }
    const draft = psa('psa-token/draft-psa-tfm-sign1.cbor');
    expect(await outcome(draft, key(DRAFT, iak))).toBe('accepted');
    expect(await outcome(draft, key(DRAFT, TFM_KEY))).toBe('EVIDENCE_SIGNATURE');
  });

  it('says what was proved and by whom', async () => {
    const [verdict] = await verifyEvidence([cca('rust-ccatoken/cca-token-01.cbor')], {
      time: TIME,
      anchors: store('rust-ccatoken/ta-tfa.json'),
    });
    expect(verdict).toMatchObject({
      accepted: true,
      vendor: 'ARM_CCA',
      product: 'CCA 1.0',
      tcb: 'BL=3.4.2 M1=1.2 M2=1.2.3 M3=1',
      tcbStatus: null,
      measurement: '00'.repeat(32),
      reportData: 'ab'.repeat(64),
      machineIdentity: `arm-device:${PLATFORM.implementationId}${PLATFORM.instanceId}`,
      endorser,
      trust: 'configured',
      fresh: false,
      revocationChecked: false,
      validUntil: TIME + 30 * DAY_MS,
    });
    expect(parseVerdict(JSON.parse(JSON.stringify(verdict)), 'verdict')).toEqual(verdict);
  });

  it('answers the challenge that its realm bound', async () => {
    const anchors = store('rust-ccatoken/ta-tfa.json');
    const item = cca('rust-ccatoken/cca-token-01.cbor');
    const right = new Uint8Array(64).fill(0xab);
    expect(await outcome({ ...item, challenge: right }, anchors, { freshRequired: true })).toBe('accepted');
    expect(await outcome({ ...item, challenge: new Uint8Array(64) }, anchors)).toBe('CHALLENGE');
    expect(await outcome(item, anchors, { freshRequired: true })).toBe('NOT_FRESH');
  });

  it('is told from others and shown claim by claim', () => {
    const { body } = cca('rust-ccatoken/cca-token-02.cbor');
    expect(evidenceFormat(body)).toBe('CCA');
    const fields = new Map(inspectEvidence('CCA', body).map(({ name, value }) => [name, value]));
    expect(fields.get('platform.alg')).toBe('ES256');
    expect(fields.get('cca-platform-instance-id')).toBe(DRAFT.instanceId);
    expect(fields.get('cca-platform-sw-components[0].signer-id')).toBe('04'.repeat(32));
    const token = psa('psa-token/tfm-p1-sign1.cbor');
    expect(evidenceFormat(token.body)).toBe('PSA');
    expect(inspectEvidence('PSA', token.body)).toContainEqual({ name: 'psa-client-id', value: '3002' });
  });

  it('is judged anew when its device is endorsed', async () => {
    const verifier = new EvidenceVerifier({ clock: new ManualClock(TIME) });
    const item = cca('rust-ccatoken/cca-token-01.cbor');
    expect(await verifier.verify([item])).toMatchObject([{ reason: 'KEY_UNKNOWN' }]);
    verifier.anchors.addEndorsements({ endorser, document: read('rust-ccatoken/ta-tfa.json') });
    expect(await verifier.verify([item])).toMatchObject([{ accepted: true }]);
  });

  it('makes one vendor of Arm, whichever token proves it', async () => {
    const anchors = store('rust-ccatoken/ta-tfa.json');
    anchors.addEndorsedKey({ endorser, ...TFM, key: TFM_KEY });
    const items = [cca('rust-ccatoken/cca-token-01.cbor'), psa('psa-token/tfm-p2-sign1.cbor')];
    const [d1, d2] = await verifyEvidence(items, { time: TIME, anchors });
    const clock = new ManualClock(TIME);
    const classifier = new InfrastructureClassifier({ sources: [], clock });
    const found = await classifier.classifyAll(
      ['d1', 'd2'].map((id) => ({ id, ipAddress: '8.8.8.8' })),
      { verdicts: { ...(d1 && { d1 }), ...(d2 && { d2 }) } },
    );
    expect(found.map(({ teeVendor }) => teeVendor.value)).toEqual(['ARM_CCA', 'ARM_PSA']);
    expect(found.map(({ attested }) => attested)).toEqual([true, true]);
    const { tee_vendor } = new QuorumManager({ classifier, clock }).measureDiversity(found);
    expect(tee_vendor.unique).toBe(1);
  });
});

describe('an endorsement', () => {
  it('holds until its end', async () => {
    if (absent) return;
    const until = (validUntil: number) => {
      const anchors = new AnchorStore();
      anchors.addEndorsedKey({ endorser, ...TFM, key: TFM_KEY, validFrom: TIME - 1, validUntil });
      return verifyEvidence([psa('psa-token/tfm-p2-sign1.cbor')], { time: TIME, anchors });
    };
    expect(await until(TIME)).toMatchObject([{ accepted: true, validUntil: TIME }]);
    expect(await until(TIME - 1)).toMatchObject([{ reason: 'COLLATERAL_EXPIRED' }]);
  });

  const whole = { endorser, ...DRAFT, key: TFM_KEY };
  const add = (change: object) => () => new AnchorStore().addEndorsedKey({ ...whole, ...change });
  const document = Buffer.from('[]');
  const addAll = (change: object) => () =>
    new AnchorStore().addEndorsements({ endorser, document, ...change });
  it.each([
    ['key.endorser', add({ endorser: '' })],
    ['key.implementationId', add({ implementationId: 'xy' })],
    ['key.instanceId', add({ instanceId: 7 })],
    ['key.key', add({ key: 'text' })],
    ['key.key', add({ key: Buffer.from('{}') })],
    ['key.validFrom', add({ validFrom: -1 })],
    ['key.validUntil', add({ validUntil: 0.5 })],
    ['key.demo', add({ demo: 'yes' })],
    ['key.expires', add({ expires: 1 })],
    // The right form and another length.
    ['key', add({ implementationId: '00' })],
    ['key', add({ instanceId: '02'.repeat(33) })],
    ['endorsements.endorser', addAll({ endorser: 1 })],
    ['endorsements.document', addAll({ document: '[]' })],
    ['endorsements.document', addAll({ document: TFM_KEY })],
    ['endorsements.document', addAll({ document: Buffer.from('[{}]') })],
    ['endorsements.demo', addAll({ demo: 1 })],
    ['endorsements.vendor', addAll({ vendor: 'ARM' })],
  ])('names %s where it is unusable', async (field, call) => {
    expect((await refusal(call)).details.field).toBe(field);
  });

  it('is one for each device', async () => {
    const anchors = new AnchorStore();
    anchors.addEndorsedKey(whole);
    anchors.addEndorsedKey(whole);
    expect(anchors.generation).toBe(2);
    const error = await refusal(() => anchors.addEndorsedKey({ ...whole, endorser: 'somebody else' }));
    expect(error).toMatchObject({ code: 'QRT_ERR_ATTESTATION_DOCUMENT', details: { field: 'key' } });
    expect(anchors.generation).toBe(2);
  });
});

describe('a simulated Arm machine', () => {
  const scratch = scratchFolder();
  const challenge = new Uint8Array(32).fill(5);

  it('is believed by whoever endorses it and allows simulated machines, and by nobody else', async () => {
    const authority = await DemoAuthority.open(scratch.path('authority'), TIME);
    const collateral = new CollateralStore();
    authority.addCollateral(collateral, TIME);
    for (const vendor of SIMULATED_VENDORS) {
      const simulated = { name: 'm1', vendor };
      const item = authority.evidence(simulated, challenge, TIME);
      const anchors = new AnchorStore();
      const judge = async (demoAllowed: boolean) => {
        const options = { time: TIME, collateral, anchors, policy: { demoAllowed } };
        const [verdict] = await verifyEvidence([item], options);
        return verdict?.accepted ? verdict : verdict?.reason;
      };
      expect(await judge(true)).toMatch(/CHAIN_UNTRUSTED|KEY_UNKNOWN/);
      authority.addAnchors(anchors);
      authority.endorse(simulated, anchors);
      expect(await judge(false)).toBe('DEMO_ANCHOR');
      expect(await judge(true)).toMatchObject({ vendor, trust: 'demo', fresh: true });
    }
  });

  it('is a grade lower with a PSA token than with a CCA token', async () => {
    const authority = await DemoAuthority.open(scratch.path('authority'), TIME);
    const vectorOf = async (vendor: 'ARM_CCA' | 'ARM_PSA') => {
      const anchors = new AnchorStore();
      authority.endorse({ name: 'm1', vendor }, anchors);
      const item = authority.evidence({ name: 'm1', vendor }, challenge, TIME);
      const [verdict] = await verifyEvidence([item], { time: TIME, anchors, policy: { demoAllowed: true } });
      if (!verdict?.accepted) throw new Error(verdict?.reason);
      const options = { time: TIME, submodule: 'm1', measurementsListed: true };
      return earOf({ ...verdict, trust: 'configured' }, options).submods['m1'];
    };
    expect(await vectorOf('ARM_CCA')).toMatchObject({ ear_status: 'affirming' });
    expect(await vectorOf('ARM_PSA')).toMatchObject({
      ear_status: 'warning',
      ear_trustworthiness_vector: { 'runtime-opaque': 32, hardware: 2 },
    });
  });
});
