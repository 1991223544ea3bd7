/** The TEE vendor of a profile: from verdicts on evidence, and from nothing else. */
import { type Device, InfrastructureClassifier } from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { DAY_MS, verdict } from '../support/profiles.js';

const device = (ipAddress: string, rest: Partial<Device> = {}): Device => ({ id: 'd1', ipAddress, ...rest });

describe('the TEE vendor', () => {
  const clock = new ManualClock();
  const classifier = new InfrastructureClassifier({ sources: [], clock });
  const claim = { platform: 'amd', sevSnp: true };

  it('comes from a verified verdict, with its TCB, endorser and expiry', () => {
    const profile = classifier.classify(device('8.8.8.8'), { verdict: verdict('INTEL_TDX') });
    expect(profile.teeVendor).toMatchObject({
      value: 'INTEL_TDX',
      confidence: 10_000,
      expires: START + DAY_MS,
    });
    expect(profile.teeVendor.source).toContain('a root of a test');
    expect(profile.tcb.value).toBe('3.0.20.209');
    expect(profile).toMatchObject({ attested: true, evidenceFresh: true, boundFacts: 4 });
  });

  it('stays UNKNOWN where the machine only says so itself, and the claim is shown as a claim', () => {
    const profile = classifier.classify(device('8.8.8.8', { attestationData: claim }));
    expect(profile.teeVendor).toMatchObject({ value: 'UNKNOWN', confidence: 0, claimed: 'AMD_SEV_SNP' });
    expect(profile.attested).toBe(false);
    expect(profile.notes.join()).toContain('nobody verified');
  });

  it('ignores a verdict that lies inside the device record', () => {
    const record = device('8.8.8.8', { attestationData: claim });
    const profile = classifier.classify({ ...record, verdict: verdict('AMD_SEV_SNP') } as Device);
    expect(profile.teeVendor.value).toBe('UNKNOWN');
  });

  it('holds until the verdict expires, and not a millisecond longer', () => {
    const ends = (validUntil: number) =>
      classifier.classify(device('8.8.8.8'), { verdict: verdict('AMD_SEV_SNP', { validUntil }) });
    expect(ends(START + 1).teeVendor.value).toBe('AMD_SEV_SNP');
    expect(ends(START).teeVendor.value).toBe('UNKNOWN');
    expect(ends(START).notes.join()).toContain('expired');
  });

  it('does not count in debug mode', () => {
    const profile = classifier.classify(device('8.8.8.8'), {
      verdict: verdict('AMD_SEV_SNP', { debug: true }),
    });
    expect(profile.teeVendor.value).toBe('UNKNOWN');
    expect(profile).toMatchObject({ attested: false, evidenceFresh: false });
    expect(profile.notes.join()).toContain('debug');
  });

  it('stays UNKNOWN where the evidence was rejected, and the reason is shown', () => {
    const rejected = { accepted: false, reason: 'REVOKED', detail: 'its authority is revoked' } as const;
    const profile = classifier.classify(device('8.8.8.8', { attestationData: claim }), { verdict: rejected });
    expect(profile).toMatchObject({ attested: false, machineIdentity: null });
    expect(profile.teeVendor.value).toBe('UNKNOWN');
    expect(profile.notes.join()).toContain('REVOKED');
  });

  it('says of a simulated machine that it is one', () => {
    const demo = verdict('AMD_SEV_SNP', { trust: 'demo' });
    expect(classifier.classify(device('8.8.8.8'), { verdict: demo }).teeVendor.source).toContain('DEMO');
  });

  it('shows machines that are one chip under two names', async () => {
    const machineIdentity = 'amd-chip:00ff';
    const verdicts = {
      d1: verdict('AMD_SEV_SNP', { machineIdentity }),
      d2: verdict('AMD_SEV_SNP', { machineIdentity }),
      d3: verdict('AMD_SEV_SNP', { machineIdentity: null }),
      d4: verdict('AMD_SEV_SNP', { machineIdentity: null }),
    };
    const devices = Object.keys(verdicts).map((id) => ({ id, ipAddress: '8.8.8.8' }));
    const profiles = await classifier.classifyAll(devices, { verdicts });
    const shared = profiles.map(({ notes }) => notes.filter((note) => note.includes('same physical')));
    expect(shared).toEqual([
      ['is the same physical machine as d2'],
      ['is the same physical machine as d1'],
      [],
      [],
    ]);
  });

  it('is as fresh as the verdict says, and binds as many facts as the verdict names', () => {
    const thin = verdict('AMD_SEV_SNP', { fresh: false, machineIdentity: null });
    const profile = classifier.classify(device('8.8.8.8'), { verdict: thin });
    const full = classifier.classify(device('8.8.8.8'), { verdict: verdict('AMD_SEV_SNP') });
    expect(profile).toMatchObject({ evidenceFresh: false, boundFacts: 3 });
    expect(profile.confidence).toBeLessThan(full.confidence);
  });

  it('takes verdicts by device id, from a map or an object', async () => {
    const devices = [device('8.8.8.8'), { id: 'd2', ipAddress: '8.8.4.4' }];
    const accepted = verdict('INTEL_TDX');
    const asMap = await classifier.classifyAll(devices, {
      verdicts: new Map([['d2', accepted]]),
    });
    const asObject = await classifier.classifyAll(devices, { verdicts: { d2: accepted } });
    expect(asMap.map(({ teeVendor }) => teeVendor.value)).toEqual(['UNKNOWN', 'INTEL_TDX']);
    expect(asObject).toEqual(asMap);
  });

  it.each([
    ['vendor', 'INTEL'],
    ['debug', 'no'],
    ['validUntil', -1],
    ['validUntil', Number.NaN],
    ['endorser', ''],
    ['fresh', 1],
    ['tcb', 7],
  ])('refuses a verdict whose %s is %j', async (name, value) => {
    const bad = { ...verdict('AMD_SEV_SNP'), [name]: value };
    const error = await refusal(() =>
      classifier.classifyAll([device('8.8.8.8')], { verdicts: { d1: bad as never } }),
    );
    expect(error.details.field).toBe(`verdicts.d1.${name}`);
  });
});
