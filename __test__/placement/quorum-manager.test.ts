import {
  CandidatePool,
  type DeviceProfile,
  type Level,
  QUORUM_LEVELS,
  QUORUM_REQUIREMENTS,
  QuorumManager,
  type QuorumRequirement,
  TEE_VENDORS,
  type TeeVendor,
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
      maxDevicesPerOperator: 1,
      allowUnknownOperator: true,
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

  it('every vendor counts as what it is: the Arm names as one, what nobody proved as none', () => {
    const vendorsOf = (...vendors: TeeVendor[]) =>
      manager.measureDiversity(vendors.map((teeVendor, n) => machine(n, { teeVendor }))).tee_vendor.unique;
    expect(vendorsOf('ARM_TRUSTZONE', 'ARM_CCA', 'ARM_PSA')).toBe(1);
    expect(vendorsOf('AMD_SEV_SNP', 'INTEL_TDX', 'ARM_CCA')).toBe(3);
    expect(vendorsOf('INTEL_TDX', 'INTEL_SGX')).toBe(1);
    // Whoever has a verdict on a Nitro document has a policy that accepts those.
    expect(vendorsOf('AMD_SEV_SNP', 'AWS_NITRO')).toBe(2);
    for (const none of ['ARM_TRUSTZONE_UNATTESTED', 'UNKNOWN'] as const)
      expect(vendorsOf('AMD_SEV_SNP', none)).toBe(1);
    expect(TEE_VENDORS).toEqual(expect.arrayContaining(['ARM_CCA', 'ARM_PSA', 'AWS_NITRO', 'UNKNOWN']));
    const arm = [machine(0, { teeVendor: 'ARM_CCA' }), machine(1, { teeVendor: 'ARM_PSA' })];
    expect(rulesOf(arm, { name: 'TWO', minTeeVendorDiversity: 2 })).toEqual(['distinct_min tee_vendor']);
    expect(rulesOf(arm, { name: 'ONE', minTeeVendorDiversity: 1 })).toEqual([]);
    const nobody = machines(2, { teeVendor: 'ARM_TRUSTZONE_UNATTESTED' });
    expect(rulesOf(nobody, { name: 'ONE', minTeeVendorDiversity: 1 })).toEqual(['distinct_min tee_vendor']);
  });

  it('machines: one chip under two names is one member, at every level', () => {
    const twins = [
      machine(0, { machineIdentity: 'amd-chip:1', weight: 100 }),
      machine(1, { machineIdentity: 'amd-chip:1', weight: 90 }),
      machine(2, { weight: 80 }),
    ];
    const violation = manager.validateQuorum(twins, 'NONE').violations.at(0);
    expect(violation).toMatchObject({ rule: 'same_machine', have: 2, need: 1, members: ['m0', 'm1'] });
    expect(violation?.message).toBe('m0, m1 are one physical machine');
    const two = manager.selectOptimalQuorum(twins, 'NONE', { size: 2 });
    expect(two.feasible && two.members).toEqual(['m0', 'm2']);
    const three = manager.selectOptimalQuorum(twins, 'NONE', { size: 3 });
    expect(three.feasible ? [] : three.reasons.join()).toContain('same physical machine');
    const why = manager.explainQuorum(twins, 'NONE', ['m0', 'm2']).at(1);
    expect(why?.message).toContain('same physical machine');
    // What nobody identified may be any machine, and counts as one.
    const masked = machines(2, { machineIdentity: null });
    expect(manager.validateQuorum(masked, 'NONE').valid).toBe(true);
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
  it('are judged by their own confidence, whoever else is in the pool', () => {
    const bare = [machine(0, { confidence: 8000 }), machine(1, { confidence: 8000 })];
    const evidenced = machine(2, { asn: fact(64_502), tcb: '3', boundFacts: 4 });
    expect(rulesOf([...bare, machine(2)], 'GOLD')).toEqual([]);
    expect(rulesOf([...bare, evidenced], 'GOLD')).toEqual([]);
    const members = ['m0', 'm1', 'm2'];
    for (const confidence of [7600, 8500]) {
      const pool = machines(3, { confidence });
      const alone = manager.validateQuorum(pool, 'GOLD', { members }).valid;
      const beside = manager.validateQuorum([...pool, machine(9, { asn: fact(1) })], 'GOLD', { members });
      expect(beside.valid).toBe(alone);
      expect(alone).toBe(confidence >= 8000);
    }
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

describe('what no caller can change afterwards', () => {
  it('is a pool: neither its array nor its profiles', () => {
    const profiles = machines(4).map((one, n) => ({ ...one, weight: n }));
    const pool = manager.pool(profiles);
    const before = manager.selectOptimalQuorum(pool, 'GOLD', { size: 3 });
    profiles.reverse();
    for (const profile of profiles) profile.deviceId = 'x';
    expect(manager.selectOptimalQuorum(pool, 'GOLD', { size: 3 })).toEqual(before);
    expect(before.feasible && before.members).toEqual(['m3', 'm2', 'm1']);
  });

  it('is a shipped level', () => {
    expect(() => Object.assign(QUORUM_REQUIREMENTS.GOLD, { minAsnDiversity: 0 })).toThrow(TypeError);
    expect(() => Object.assign(QUORUM_REQUIREMENTS, { GOLD: { name: 'GOLD' } })).toThrow(TypeError);
  });

  it('is what has expired: the time of a pool is a time', async () => {
    const profiles = machines(2, { asn: fact(1, { expires: 5 }) });
    for (const now of [Number.NaN, -1, 1.5, '9']) {
      const error = await refusal(() => CandidatePool.of(profiles, now as never));
      expect(error.details.field).toBe('now');
    }
  });
});

describe('places', () => {
  it.each([
    ['nerc_wecc', 'NERC_WECC'],
    ['NERC_WEC', 'NERC_WECC'],
    ['eu_nordic', 'EU_NORDIC'],
    ['EU_NORDICS', 'EU_NORDIC'],
    ['INTERNATIONL', 'INTERNATIONAL'],
    ['gb', 'GB'],
    ['UK', 'one of GB, IE'],
    ['NL', 'EU_CONTINENTAL'],
    ['Unknown', 'UNKNOWN'],
  ])('a zone that can only be a slip is refused: %s is meant to be %s', async (powerRegion, meant) => {
    const error = await refusal(() => manager.pool([machine(0), machine(1, { powerRegion })]));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID' });
    expect(error.details.field).toBe('profiles[1].powerRegion');
    expect(error.message).toContain(`must be ${meant},`);
    const shares = [{ zone: powerRegion, sharePpm: 1 }];
    const inList = await refusal(() => manager.pool([machine(0, { powerRegion: shares })]));
    expect(inList.details.field).toBe('profiles[0].powerRegion[0].zone');
  });

  it.each(['X', 'GRID_3', 'ZONE_4', 'G1', 'basement', 'NERC_SERC', 'SAPP', 'IE'])(
    'a zone of one’s own or of the tables is taken: %s',
    (powerRegion) => {
      expect(manager.measureDiversity([machine(0, { powerRegion })]).power_region.unique).toBe(1);
    },
  );

  it('INTERNATIONAL alone is a group of zones: it counts as unknown, and the refusal says why', () => {
    const two = [machine(0), machine(1, { powerRegion: 'INTERNATIONAL' }), machine(2)];
    const { violations } = manager.validateQuorum(two, 'GOLD');
    expect(violations.map(({ rule, axis }) => `${rule} ${axis}`)).toContain('known_value power_region');
    for (const { message } of violations) expect(message).toMatch(/INTERNATIONAL is the group of many grids/);
    const [, told] = manager.explainQuorum(two, 'GOLD', []);
    expect(told?.message).toMatch(/power region is unknown \(INTERNATIONAL/);
    const refused = manager.selectOptimalQuorum(two, 'GOLD', { size: 3 });
    expect(!refused.feasible && refused.reasons.join()).toMatch(/INTERNATIONAL/);
  });

  it.each([
    ['UK', /must be GB, not "UK"/],
    ['EL', /must be GR/],
    ['XX', /ISO 3166-1/],
    ['ZZ', /ISO 3166-1/],
    ['de', /two capital letters/],
  ])('%s is no country', async (countryCode, message) => {
    const error = await refusal(() => manager.pool([machine(0, { countryCode })]));
    expect(error).toMatchObject({
      code: 'QRT_ERR_INPUT_INVALID',
      details: { field: 'profiles[0].countryCode' },
    });
    expect(error.message).toMatch(message);
  });

  it('every country is one', () => {
    const all = ['US', 'GB', 'AQ', 'XK', 'SS', 'TW', 'PS', 'VA', 'UM'].map((countryCode, n) =>
      machine(n, { countryCode }),
    );
    expect(manager.measureDiversity(all).country.unique).toBe(9);
  });
});

describe('answers at their limits', () => {
  it('a fleet larger than any quorum is checked, without advice', () => {
    const fleet = machines(5000).map((one) => ({ ...one, asn: 1 }));
    const result = manager.validateQuorum(fleet, 'GOLD');
    expect(result).toMatchObject({ valid: false, recommendations: [], swap: null });
  });

  it('a quorum has at most 100 members, for the core too', () => {
    expect(manager.selectOptimalQuorum(machines(100), 'NONE', { size: 100 }).feasible).toBe(true);
    const native = manager.pool(machines(101)).native;
    const level = { name: 'N', axes: [], confidenceMin: 0, freshEvidence: false, requireTeeDiversity: false };
    expect(native.select(level, 101, false)).toMatchObject({ code: 'QRT_ERR_DIVERSITY_LIMIT' });
  });

  it('a search that is cut off invents no figures', () => {
    const pool = manager.pool(machines(3));
    const cut = { answer: 'undecided', certificate: null, members: new Uint32Array(), nodes: 1, bound: 1 };
    const native = { select: () => cut, remedies: () => [] };
    const stopped = Object.create(pool, { native: { value: native } }) as CandidatePool;
    const answer = manager.selectOptimalQuorum(stopped, 'GOLD', { size: 3 });
    expect(answer).toMatchObject({
      feasible: false,
      proven: false,
      certificate: { eligible: null, rejected: null, scarce: [] },
      remedies: [],
    });
    expect(!answer.feasible && answer.reasons.join()).toMatch(/cut off/);
  });

  it('a repair’s certificate says who was excluded', () => {
    const repair = manager.repairQuorum(machines(3), 'GOLD', ['m0', 'm1', 'm2'], ['m1']);
    expect(!repair.feasible && repair.certificate?.excluded).toEqual(['m1']);
  });
});

describe('fields', () => {
  it.each([
    [{ name: 'X', minTeeVendorDiversity: 0, requireTeeDiversity: true }, 'level.requireTeeDiversity'],
    [{ name: 'ß'.repeat(40) }, 'level.name'],
  ])('of a level that the core refuses are the caller’s own: %j', async (level, field) => {
    const error = await refusal(() => manager.selectOptimalQuorum(machines(3), level, { size: 3 }));
    expect(error.details.field).toBe(field);
    expect(error.message).toContain(field);
    expect(error.message).not.toContain('requirement');
  });

  it.each([
    [{ deviceId: 'ß'.repeat(200) }, 'profiles[1].deviceId'],
    [{ deviceId: 'm0' }, 'profiles[1].deviceId'],
    [{ operator: 'ß'.repeat(200) }, 'profiles[1].operator'],
    [{ powerRegion: 'ß'.repeat(200) }, 'profiles[1].powerRegion'],
    [{ powerRegion: ['GB', 'IE'].map((zone) => ({ zone, sharePpm: 900_000 })) }, 'profiles[1].powerRegion'],
    [{ powerRegion: ['GB', 'GB'].map((zone) => ({ zone, sharePpm: 9 })) }, 'profiles[1].powerRegion'],
    [
      { powerRegion: Array.from({ length: 17 }, (_, n) => ({ zone: `Z${n}`, sharePpm: 9 })) },
      'profiles[1].powerRegion',
    ],
  ])('of a profile are the caller’s own: %#', async (overrides, field) => {
    const profiles = [machine(0, { powerRegion: null }), machine(1, overrides), machine(2)];
    const error = await refusal(() => manager.pool(profiles));
    expect(error.details.field).toBe(field);
    expect(error.message).toContain(field);
  });

  it('of a misspelt rule come with the rule that is meant', async () => {
    const level = { name: 'X', minAsnDiveristy: 3 } as never;
    const error = await refusal(() => manager.validateQuorum(machines(3), level));
    expect(error.message).toBe('level.minAsnDiveristy is no rule of a level: is minAsnDiversity meant?');
    const far = await refusal(() => manager.validateQuorum(machines(3), { name: 'X', quorum: 3 } as never));
    expect(far.message).toContain('minAsnDiversity');
  });

  it.each([
    ['options', () => manager.validateQuorum(machines(3), 'GOLD', null as never)],
    ['members', () => manager.validateQuorum(machines(3), 'GOLD', { members: 5 as never })],
    ['members', () => manager.validateQuorum(machines(3), 'GOLD', { members: '' as never })],
    ['members', () => manager.explainQuorum(machines(3), 'GOLD', undefined as never)],
    ['members', () => manager.repairQuorum(machines(3), 'GOLD', null as never)],
    ['lost', () => manager.repairQuorum(machines(3), 'GOLD', ['m0'], 5 as never)],
    ['members', () => manager.whatIf(machines(3), 'GOLD', 7 as never)],
    ['options', () => new QuorumManager(null as never)],
  ])('of options of the wrong type are named: %s (%#)', async (field, work) => {
    expect(await refusal(work)).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field } });
  });
});

describe('remedies', () => {
  const remediesOf = (profiles: readonly DeviceProfile[], level: Level, size: number): string[] => {
    const answer = manager.selectOptimalQuorum(profiles, level, { size });
    if (answer.feasible) throw new Error('expected a refusal');
    return [...answer.remedies];
  };

  it('say how different machines that are added must be from each other', () => {
    const level = { name: 'L', minAsnDiversity: 2, maxDevicesPerAsn: 1 };
    const two = [machine(0, { asn: 1 }), machine(1, { asn: 2 })];
    expect(remediesOf(two, level, 4)).toContain(
      'add 2 eligible machines in different ASNs, outside ASN 1, ASN 2, beside m0, m1',
    );
    expect(remediesOf([], 'GOLD', 3)).toContain(
      'add 3 eligible machines in different ASNs, operators and power regions, ' +
        'of at least 2 countries and 2 TEE vendors',
    );
    const pairs = { name: 'P', maxDevicesPerAsn: 2 };
    expect(remediesOf([machine(0)], pairs, 3)).toContain(
      'add 2 eligible machines with at most 2 members per ASN, beside m0',
    );
  });

  it('ask of attestation only what attestation can tell', () => {
    const unknownAsn = [...machines(2), machine(2, { asn: null })];
    const [first] = remediesOf(unknownAsn, 'GOLD', 3);
    expect(first).toBe('find out the ASN of m2: it helps where no other member has the same');
    const stale = [...machines(2), machine(2, { evidenceFresh: false })];
    expect(remediesOf(stale, 'GOLD', 3)[0]).toBe(
      'bring fresh, verified attestation evidence with its TCB version of m2',
    );
  });

  it('ask for as many vendors as the level does, not for one of each machine', () => {
    const bare = machines(5, { teeVendor: 'UNKNOWN', confidence: 5000 });
    expect(remediesOf(bare, 'GOLD', 5)[0]).toBe(
      'bring fresh, verified attestation evidence with its TCB version of 5 machines, ' +
        'such as m0, m1, m2, m3, m4, so that the members show at least 2 TEE vendors',
    );
  });

  it('propose levels that can be asked for', () => {
    const oneVendor = machines(3, { teeVendor: 'INTEL_TDX' });
    expect(remediesOf(oneVendor, 'GOLD', 3)).toContain('let the level ask for 1 instead of 2 TEE vendors');
    const relaxed = { ...QUORUM_REQUIREMENTS.GOLD, minTeeVendorDiversity: 1 };
    expect(manager.selectOptimalQuorum(oneVendor, relaxed, { size: 3 }).feasible).toBe(true);
  });

  it('come with the figures of what kept machines out', () => {
    const low = [...machines(2), machine(2, { confidence: 4100 })];
    const answer = manager.selectOptimalQuorum(low, 'GOLD', { size: 3 });
    expect(!answer.feasible && answer.reasons).toContain(
      '1 machine of 3 cannot be members: its classification is not sure enough: ' +
        '41 % at most, 80 % are needed',
    );
    const [, , told] = manager.explainQuorum(low, 'GOLD', ['m0', 'm1']);
    expect(told?.message).toBe('its classification is not sure enough: 41 %, 80 % are needed');
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
