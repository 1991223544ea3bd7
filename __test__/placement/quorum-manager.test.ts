import {
  type DeviceProfile,
  type Level,
  QUORUM_LEVELS,
  QUORUM_REQUIREMENTS,
  QuorumManager,
  type QuorumRequirement,
  TEE_VENDORS,
} from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { fact, machine, machines } from '../support/profiles.js';

const manager = new QuorumManager({ clock: new ManualClock() });
const rulesOf = (members: readonly DeviceProfile[], level: Level, size?: number): string[] =>
  manager
    .validateQuorum(members, level, size === undefined ? {} : { size })
    .violations.map(({ rule, axis }) => (axis === null ? rule : `${rule} ${axis}`))
    .sort();

describe('the shipped levels', () => {
  it('are the four of the document, weakest first', () => {
    expect(QUORUM_LEVELS).toEqual(['NONE', 'BASIC', 'ENHANCED', 'GOLD']);
    expect(Object.keys(QUORUM_REQUIREMENTS)).toEqual([...QUORUM_LEVELS]);
  });

  it('have the figures of the document', () => {
    expect(QUORUM_REQUIREMENTS.GOLD).toEqual({
      name: 'GOLD',
      minAsnDiversity: 3,
      minTeeVendorDiversity: 2,
      minPowerRegionDiversity: 2,
      minCountryDiversity: 2,
      maxDevicesPerAsn: 1,
      maxDevicesPerPowerRegion: 1,
      requireTeeDiversity: true,
      minConfidenceScore: 8000,
      requireFreshEvidence: true,
    });
    expect(QUORUM_REQUIREMENTS.ENHANCED).toMatchObject({
      minAsnDiversity: 2,
      minCountryDiversity: 2,
      maxDevicesPerAsn: 2,
      minConfidenceScore: 7000,
    });
    expect(QUORUM_REQUIREMENTS.BASIC).toMatchObject({ minCountryDiversity: 2, minConfidenceScore: 6000 });
  });

  it.each([
    ['NONE', [machine(0, { asn: null, countryCode: null, confidence: 0 })]],
    ['BASIC', machines(2, { confidence: 6000 })],
    ['ENHANCED', machines(2, { confidence: 7000 })],
    ['GOLD', machines(3, { confidence: 8000 })],
  ] as const)('%s accepts a quorum that just keeps it', (level, members) => {
    const result = manager.validateQuorum(members, level);
    expect(result).toMatchObject({
      valid: true,
      violations: [],
      recommendations: [],
      swap: null,
      diversityScoreBasisPoints: 10_000,
    });
  });

  it('NONE accepts anything, twins included', () => {
    const twins = [machine(0), machine(0, { deviceId: 'twin' })];
    expect(rulesOf(twins, 'NONE')).toEqual([]);
  });

  it.each([
    ['BASIC', machines(2, { countryCode: 'DE' }), ['distinct_min country']],
    ['ENHANCED', machines(2, { asn: 64500 }), ['distinct_min asn']],
    ['ENHANCED', machines(2, { countryCode: 'DE' }), ['distinct_min country']],
    ['ENHANCED', [...machines(3, { asn: 64500 }), machine(3)], ['per_value_max asn']],
  ] as const)('%s refuses what breaks it (%#)', (level, members, rules) => {
    expect(rulesOf(members, level)).toEqual(rules);
  });
});

describe('each constraint of Gold at its border', () => {
  const gold = machines(3);
  const but = (n: number, overrides: Partial<DeviceProfile>) =>
    gold.map((member, at) => (at === n ? { ...member, ...overrides } : member));

  it('confidence: 8000 basis points are enough, 7999 are not', () => {
    expect(rulesOf(but(1, { confidence: 8000 }), 'GOLD')).toEqual([]);
    const result = manager.validateQuorum(but(1, { confidence: 7999 }), 'GOLD');
    expect(result.violations).toMatchObject([
      { rule: 'confidence', have: 7999, need: 8000, members: ['m1'] },
    ]);
    expect(result.violations[0]?.message).toContain('m1');
  });

  it('ASNs: three are enough, two are not', () => {
    expect(rulesOf(gold, 'GOLD')).toEqual([]);
    expect(rulesOf(but(1, { asn: 64_500 }), 'GOLD')).toEqual(['distinct_min asn', 'per_value_max asn']);
    expect(rulesOf(gold.slice(0, 2), 'GOLD')).toEqual(['distinct_min asn']);
  });

  it('an unknown ASN is not one more ASN: its machine cannot be a member', () => {
    const unknown = but(1, { asn: null });
    expect(rulesOf(unknown, 'GOLD')).toEqual(expect.arrayContaining(['known_value asn', 'distinct_min asn']));
    const picked = manager.selectOptimalQuorum([...unknown, machine(4)], 'GOLD', { size: 3 });
    expect(picked.feasible && picked.members).not.toContain('m1');
    const impossible = manager.selectOptimalQuorum(unknown, 'GOLD', { size: 3 });
    expect(impossible.feasible).toBe(false);
    if (!impossible.feasible) expect(impossible.reasons.join()).toContain('its ASN is unknown');
  });

  it('TEE vendors: AMD and Intel are enough, one vendor is not', () => {
    expect(rulesOf(but(0, { teeVendor: 'AMD_SEV_SNP' }), 'GOLD')).toEqual([]);
    const one = gold.map((member) => ({ ...member, teeVendor: 'AMD_SEV_SNP' as const }));
    expect(rulesOf(one, 'GOLD')).toEqual(['distinct_min tee_vendor']);
  });

  it('an unknown TEE vendor never counts as a vendor', () => {
    const members = [machine(0), machine(1, { teeVendor: 'UNKNOWN', evidenceFresh: true }), machine(2)];
    expect(rulesOf(members, 'GOLD')).toContain('distinct_min tee_vendor');
  });

  it('the three Arm names and Nitro are vendors of their own right as data', () => {
    expect(TEE_VENDORS).toEqual(expect.arrayContaining(['ARM_CCA', 'ARM_PSA', 'AWS_NITRO', 'UNKNOWN']));
  });

  it('power regions: two are stated, but three members need three, and the refusal says three', () => {
    const two = but(2, { powerRegion: 'EU_NORDIC' });
    expect(rulesOf(two, 'GOLD')).toEqual(['distinct_min power_region', 'per_value_max power_region']);
    const short = manager.validateQuorum(two, 'GOLD').violations.find(({ rule }) => rule === 'distinct_min');
    expect(short).toMatchObject({ have: 2, need: 3 });
    const refused = manager.selectOptimalQuorum(two, 'GOLD', { size: 3 });
    expect(refused.feasible).toBe(false);
    if (refused.feasible) return;
    const scarce = refused.certificate.scarce.find(({ axes }) => axes.includes('power_region'));
    expect(scarce).toMatchObject({ have: 2, need: 3 });
    expect(refused.reasons.join()).toMatch(/2 power regions .* 3 are needed/);
  });

  it('countries: two are enough, one is not', () => {
    expect(rulesOf(but(2, { countryCode: 'DE' }), 'GOLD')).toEqual([]);
    expect(rulesOf(machines(3, { countryCode: 'DE' }), 'GOLD')).toEqual(['distinct_min country']);
  });

  it('evidence must be fresh', () => {
    expect(rulesOf(but(1, { evidenceFresh: false }), 'GOLD')).toEqual(['fresh_evidence']);
    expect(rulesOf(but(1, { evidenceFresh: true }), 'GOLD')).toEqual([]);
  });

  it('size: a quorum smaller than asked for is named so', () => {
    expect(rulesOf(gold, 'GOLD', 3)).toEqual([]);
    expect(rulesOf(gold, 'GOLD', 4)).toContain('size');
  });

  it('switching off TEE diversity lifts that minimum and nothing else', () => {
    const oneVendor = machines(3, { teeVendor: 'INTEL_TDX' });
    const off: QuorumRequirement = {
      ...QUORUM_REQUIREMENTS.GOLD,
      name: 'GOLD_ANY_TEE',
      requireTeeDiversity: false,
    };
    const on: QuorumRequirement = { ...off, requireTeeDiversity: true };
    expect(rulesOf(oneVendor, on)).toEqual(['distinct_min tee_vendor']);
    expect(rulesOf(oneVendor, off)).toEqual([]);
    const others = oneVendor.map((member) => ({
      ...member,
      asn: 64_500,
      confidence: 7000,
      powerRegion: 'GB',
    }));
    expect(rulesOf(others, off)).toEqual(
      rulesOf(others, on).filter((rule) => rule !== 'distinct_min tee_vendor'),
    );
  });
});

describe('profiles with bare values beside profiles with facts', () => {
  // The core judges every candidate by its axes as soon as one carries facts; a bare profile has one confidence
  // for all, and that should decide wherever it stands.
  it.fails('are judged by their own confidence, whoever else is in the pool', () => {
    const bare = [machine(0, { confidence: 8000 }), machine(1, { confidence: 8000 })];
    const evidenced = machine(2, { asn: fact(64_502), tcb: '3', boundFacts: 4 });
    expect(rulesOf([...bare, machine(2)], 'GOLD')).toEqual([]);
    expect(rulesOf([...bare, evidenced], 'GOLD')).toEqual([]);
  });
});

describe('evidence that expires', () => {
  it('counts until its moment and is unknown from then on', () => {
    const clock = new ManualClock();
    const timed = new QuorumManager({ clock });
    const members = [machine(0), machine(1, { asn: fact(64_501, { expires: START + 1000 }) }), machine(2)];
    expect(timed.validateQuorum(members, 'GOLD').violations).toEqual([]);
    clock.jump(999);
    expect(timed.validateQuorum(members, 'GOLD').valid).toBe(true);
    clock.jump(1);
    const late = timed.validateQuorum(members, 'GOLD');
    expect(late.violations.map(({ rule, axis }) => `${rule} ${axis}`)).toContain('known_value asn');
  });

  it('is told in advance', () => {
    const profile = machine(0, {
      asn: fact(64_500, { expires: START + 5000 }),
      countryCode: fact('DE', { expires: START + 3000 }),
    });
    expect(manager.earliestExpiry(profile)).toBe(START + 3000);
    expect(manager.earliestExpiry(profile, START + 3000)).toBe(START + 5000);
    expect(manager.earliestExpiry(profile, START + 5000)).toBeNull();
    expect(manager.earliestExpiry(machine(0))).toBeNull();
  });
});

describe('levels of a user’s own', () => {
  const twoClouds: QuorumRequirement = {
    name: 'TWO_CLOUDS',
    minCloudDiversity: 2,
    maxDevicesPerOperator: 1,
    maxDevicesPerKernel: 2,
  };
  const on = (n: number, cloud: string, operator: string, kernel = 'linux-6.8') =>
    machine(n, { cloud, operator, kernel });

  it('hold on the axes that they name', () => {
    const valid = [on(0, 'AWS', 'AMAZON'), on(1, 'GCP', 'GOOGLE')];
    expect(rulesOf(valid, twoClouds)).toEqual([]);
    expect(rulesOf([on(0, 'AWS', 'AMAZON'), on(1, 'AWS', 'AMAZON')], twoClouds)).toEqual([
      'distinct_min cloud',
      'distinct_min operator',
      'per_value_max operator',
    ]);
    const oneKernel = [...valid, on(2, 'OCI', 'ORACLE')];
    expect(rulesOf(oneKernel, twoClouds)).toEqual(['distinct_min kernel', 'per_value_max kernel']);
  });

  it('select like the shipped ones', () => {
    const pool = [on(0, 'AWS', 'AMAZON'), on(1, 'AWS', 'OTHER'), on(2, 'GCP', 'GOOGLE')];
    const picked = manager.selectOptimalQuorum(pool, twoClouds, { size: 2 });
    expect(picked).toMatchObject({ feasible: true, level: 'TWO_CLOUDS', optimal: true });
    expect(picked.feasible && picked.members).toContain('m2');
  });

  it.each([
    [{ name: 'X', minAsnDiveristy: 3 }, 'level.minAsnDiveristy'],
    [{ name: 'X', maxDevicesPerASN: 1 }, 'level.maxDevicesPerASN'],
    [{ name: 'X', minAsnDiversity: -1 }, 'level.minAsnDiversity'],
    [{ name: 'X', minAsnDiversity: 1.5 }, 'level.minAsnDiversity'],
    [{ name: 'X', minConfidenceScore: 0.8 }, 'level.minConfidenceScore'],
    [{ name: 'X', minConfidenceScore: 10_001 }, 'level.minConfidenceScore'],
    [{ name: 'X', requireTeeDiversity: 'yes' }, 'level.requireTeeDiversity'],
    [{ name: '' }, 'level.name'],
    [{}, 'level.name'],
    [['GOLD'], 'level'],
    ['PLATINUM', 'level'],
    ['gold', 'level'],
    [null, 'level'],
  ])('are refused when a constraint is misspelt or out of range: %j', async (level, field) => {
    for (const call of [
      () => manager.validateQuorum(machines(3), level as never),
      () => manager.selectOptimalQuorum(machines(3), level as never, { size: 3 }),
      () => manager.explainQuorum(machines(3), level as never, []),
      () => manager.repairQuorum(machines(3), level as never, []),
      () => manager.whatIf(machines(3), level as never, []),
    ]) {
      const error = await refusal(call);
      expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field } });
    }
  });
});

describe('candidates that are none', () => {
  it.each([
    [{ deviceId: '' }, 'profiles[1].deviceId'],
    [{ deviceId: 7 }, 'profiles[1].deviceId'],
    [{ confidence: 10_001 }, 'profiles[1].confidence'],
    [{ confidence: 0.9 }, 'profiles[1].confidence'],
    [{ confidence: Number.NaN }, 'profiles[1].confidence'],
    [{ confidence: '9000' }, 'profiles[1].confidence'],
    [{ weight: -1 }, 'profiles[1].weight'],
    [{ weight: Number.POSITIVE_INFINITY }, 'profiles[1].weight'],
    [{ asn: 0 }, 'profiles[1].asn'],
    [{ asn: 2 ** 32 }, 'profiles[1].asn'],
    [{ asn: fact(1.5) }, 'profiles[1].asn.value'],
    [{ asn: fact(1, { confidence: -1 }) }, 'profiles[1].asn.confidence'],
    [{ asn: fact(1, { expires: Number.NaN }) }, 'profiles[1].asn.expires'],
    [{ countryCode: 'Germany' }, 'profiles[1].countryCode'],
    [{ teeVendor: 'AMD' }, 'profiles[1].teeVendor'],
    [{ powerRegion: 7 }, 'profiles[1].powerRegion'],
    [{ powerRegion: [{ zone: 'GB', sharePpm: 0 }] }, 'profiles[1].powerRegion[0].sharePpm'],
    [{ evidenceFresh: 'yes' }, 'profiles[1].evidenceFresh'],
  ])('are refused by name: %j', async (overrides, field) => {
    const profiles = [machine(0), { ...machine(1), ...overrides } as DeviceProfile, machine(2)];
    const error = await refusal(() => manager.selectOptimalQuorum(profiles, 'GOLD', { size: 3 }));
    expect(error.code).toMatch(/^QRT_ERR_(INPUT_INVALID|DIVERSITY_)/);
    expect(error.details.field).toBe(field);
  });

  it('are refused when two have one id', async () => {
    const error = await refusal(() => manager.pool([machine(0), machine(1), machine(0)]));
    expect(error).toMatchObject({ code: 'QRT_ERR_DIVERSITY_DUPLICATE' });
    expect(error.details.field).toContain('2');
  });

  it('are refused when shares of a power region sum to more than the whole', async () => {
    const shares = ['GB', 'IE'].map((zone) => ({ zone, sharePpm: 900_000 }));
    await refusal(() => manager.pool([machine(0, { powerRegion: shares })]));
  });

  it('cannot be members under an id that nobody has', async () => {
    const error = await refusal(() =>
      manager.validateQuorum(machines(3), 'GOLD', { members: ['m0', 'ghost'] }),
    );
    expect(error.details.field).toBe('members[1]');
    await refusal(() => manager.repairQuorum(machines(3), 'GOLD', ['m0'], ['ghost']));
    await refusal(() => manager.validateQuorum(machines(3), 'GOLD', { members: ['m0', 'm0'] }));
  });

  it.each([0, -1, 101, 1.5, Number.NaN, '3', null, undefined])('cannot be %j many', async (size) => {
    const error = await refusal(() =>
      manager.selectOptimalQuorum(machines(3), 'GOLD', { size: size as never }),
    );
    expect(error.details.field).toBe('size');
  });
});
