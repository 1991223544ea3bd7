import { type DeviceProfile, QuorumManager } from 'quorate/placement';
import { EnhancedSLATierManager, SLATier, TIERS, type Tier } from 'quorate/services';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { machine, machines } from '../support/profiles.js';

function manager(tiers?: readonly Tier[]) {
  const clock = new ManualClock();
  const quorums = new QuorumManager({ clock });
  return { clock, quorums, sla: new EnhancedSLATierManager(quorums, { ...(tiers && { tiers }) }) };
}

describe('the tiers', () => {
  it('are Bronze, Silver and Gold with the figures of the document', () => {
    expect(SLATier).toEqual({ BRONZE: 'BRONZE', SILVER: 'SILVER', GOLD: 'GOLD' });
    expect(Object.values(TIERS)).toEqual([
      {
        name: 'BRONZE',
        replicas: 1,
        level: 'NONE',
        latencyP95MsMax: 2500,
        uptimePpmMin: 970_000,
        errorRatePpmMax: 30_000,
        priceMultiplier: 1,
        diversitySeverity: 'high',
      },
      {
        name: 'SILVER',
        replicas: 2,
        level: 'ENHANCED',
        latencyP95MsMax: 1200,
        uptimePpmMin: 990_000,
        errorRatePpmMax: 10_000,
        priceMultiplier: 2.5,
        diversitySeverity: 'high',
      },
      {
        name: 'GOLD',
        replicas: 3,
        level: 'GOLD',
        latencyP95MsMax: 400,
        uptimePpmMin: 999_000,
        errorRatePpmMax: 1000,
        priceMultiplier: 5,
        diversitySeverity: 'critical',
      },
    ]);
  });

  it('may be joined by one of a user’s own', async () => {
    const own: Tier = {
      ...TIERS.SILVER,
      name: 'TWO_CLOUDS',
      level: { name: 'L', minCloudDiversity: 2 },
      replicas: 2,
    };
    const { sla } = manager([own]);
    expect(sla.tiers.map(({ name }) => name)).toEqual(['BRONZE', 'SILVER', 'GOLD', 'TWO_CLOUDS']);
    const on = (n: number, cloud: string) => machine(n, { cloud });
    const refused = await sla.provisionService({
      serviceId: 's',
      tier: 'TWO_CLOUDS',
      availableProfiles: [on(0, 'AWS'), on(1, 'AWS')],
    });
    expect(refused.success).toBe(false);
    const result = await sla.provisionService({
      serviceId: 's',
      tier: 'TWO_CLOUDS',
      availableProfiles: [on(0, 'AWS'), on(1, 'AWS'), on(2, 'GCP')],
    });
    expect(result).toMatchObject({ success: true, pricingMultiplier: 2.5 });
    expect(result.allocatedDevices).toContain('m2');
  });

  it.each([
    [{ replicas: 0 }, 'tiers[0].replicas'],
    [{ replicas: 101 }, 'tiers[0].replicas'],
    [{ latencyP95MsMax: 0 }, 'tiers[0].latencyP95MsMax'],
    [{ uptimePpmMin: 1_000_001 }, 'tiers[0].uptimePpmMin'],
    [{ errorRatePpmMax: 0.5 }, 'tiers[0].errorRatePpmMax'],
    [{ priceMultiplier: -1 }, 'tiers[0].priceMultiplier'],
    [{ name: '' }, 'tiers[0].name'],
    [{ level: 7 }, 'tiers[0].level'],
    [{ diversitySeverity: 'low' }, 'tiers[0].diversitySeverity'],
    [{ replica: 3 }, 'tiers[0].replica'],
    [{ name: 'SILVER' }, 'tiers[0].name'],
  ])('are refused by name where they are none: %j', async (rest, field) => {
    const error = await refusal(() => manager([{ ...TIERS.GOLD, name: 'OWN', ...rest } as Tier]));
    expect(error.details.field).toBe(field);
  });
});

describe('provisioning', () => {
  it.each([
    ['BRONZE', 1, 1],
    ['SILVER', 2, 2.5],
    ['GOLD', 3, 5],
  ] as const)('%s takes %i members at %d times the price', async (tier, members, price) => {
    const { sla, quorums } = manager();
    const result = await sla.provisionService({ serviceId: 's', tier, availableProfiles: machines(8) });
    expect(result).toMatchObject({
      success: true,
      serviceId: 's',
      tier,
      pricingMultiplier: price,
      diversityScore: 1,
    });
    expect(result.allocatedDevices).toHaveLength(members);
    const service = sla.service('s');
    expect(service.members.map(({ deviceId }) => deviceId)).toEqual(result.allocatedDevices);
    expect(service).toMatchObject({ provisionedAt: START, validatedAt: START });
    expect(quorums.validateQuorum(service.members, TIERS[tier].level, { size: members }).violations).toEqual(
      [],
    );
  });

  it.each([
    ['SILVER', machines(4, { countryCode: 'DE' }), /1 country \(DE\).*2 are needed/],
    ['SILVER', machines(4, { confidence: 6999 }), /not sure enough/],
    ['GOLD', machines(2), /only 2 eligible machines/],
    ['GOLD', machines(6, { powerRegion: 'GB' }), /1 power region \(GB\).*3 are needed/],
    ['BRONZE', [], /no eligible machines, 1/],
  ] as const)('%s is refused with reasons where the pool cannot (%#)', async (tier, pool, reason) => {
    const { sla } = manager();
    const result = await sla.provisionService({ serviceId: 's', tier, availableProfiles: pool });
    expect(result).toMatchObject({ success: false, allocatedDevices: [], diversityScore: 0 });
    if (!result.success) expect(result.reasons.join('\n')).toMatch(reason);
    expect(sla.services()).toEqual([]);
    // The name is free still.
    const again = await sla.provisionService({ serviceId: 's', tier, availableProfiles: machines(6) });
    expect(again.success).toBe(true);
  });

  it('knows several services of several tiers side by side, on the same machines', async () => {
    const { sla } = manager();
    const pool = machines(8);
    for (const tier of ['GOLD', 'BRONZE', 'SILVER', 'GOLD'] as const) {
      const serviceId = `${tier}-${sla.services().length}`;
      expect((await sla.provisionService({ serviceId, tier, availableProfiles: pool })).success).toBe(true);
    }
    expect(sla.services().map(({ serviceId }) => serviceId)).toEqual([
      'GOLD-0',
      'BRONZE-1',
      'SILVER-2',
      'GOLD-3',
    ]);
    for (const { serviceId } of sla.services()) {
      expect(sla.validateSlaCompliance(serviceId).violations).toEqual([]);
    }
    sla.releaseService('BRONZE-1');
    expect(sla.services().map(({ serviceId }) => serviceId)).toEqual(['GOLD-0', 'SILVER-2', 'GOLD-3']);
  });

  it('gives a name once, also when two ask for it at the same moment', async () => {
    const { sla } = manager();
    const ask = () =>
      sla.provisionService({ serviceId: 's', tier: 'BRONZE', availableProfiles: machines(1) });
    const answers = await Promise.allSettled([ask(), ask()]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const error = await refusal(ask);
    expect(error).toMatchObject({ code: 'QRT_ERR_SERVICES_EXISTS', details: { field: 'serviceId' } });
  });

  it('takes devices and profiles side by side', async () => {
    const { sla } = manager();
    const availableDevices = [{ id: 'private', ipAddress: '10.0.0.1' }];
    const request = { serviceId: 's', tier: 'GOLD', availableProfiles: machines(4), availableDevices };
    expect((await sla.provisionService(request)).success).toBe(true);
    expect(sla.service('s').candidates.map(({ deviceId }) => deviceId)).toContain('private');
  });

  it('hands out services that nobody can change from outside', async () => {
    const { sla } = manager();
    await sla.provisionService({ serviceId: 's', tier: 'BRONZE', availableProfiles: machines(2) });
    const service = sla.service('s') as unknown as { members: unknown[] };
    expect(() => service.members.pop()).toThrow(TypeError);
    expect(() => Object.assign(sla.tiers[0] ?? {}, { replicas: 99 })).toThrow(TypeError);
    expect(sla.service('s').members).toHaveLength(1);
  });

  it('refuses a tier of a name that is taken, and one with a field that is none', async () => {
    const tier = (rest: object) => manager([{ ...TIERS.GOLD, name: 'OWN', ...rest } as Tier]);
    expect((await refusal(() => tier({ name: 'GOLD' }))).details.field).toBe('tiers[0].name');
    expect((await refusal(() => tier({ uptimePpmMinn: 1 }))).details.field).toBe('tiers[0].uptimePpmMinn');
  });

  it('gives a name back when its service is released, with nothing left of the old one', async () => {
    const { sla, clock } = manager();
    const ask = () =>
      sla.provisionService({ serviceId: 's', tier: 'BRONZE', availableProfiles: machines(1) });
    await ask();
    sla.recordRequest('s', { at: clock.now(), latencyMs: 9000, ok: true });
    expect(sla.validateSlaCompliance('s').status).toBe('violated');
    sla.releaseService('s');
    expect((await refusal(() => sla.service('s'))).code).toBe('QRT_ERR_SERVICES_UNKNOWN_SERVICE');
    expect((await refusal(() => sla.releaseService('s'))).code).toBe('QRT_ERR_SERVICES_UNKNOWN_SERVICE');
    await ask();
    expect(sla.validateSlaCompliance('s').status).toBe('no_data');
  });

  it.each([
    [{ tier: 'PLATINUM' }, 'QRT_ERR_SERVICES_UNKNOWN_TIER', 'tier'],
    [{ tier: 'gold' }, 'QRT_ERR_SERVICES_UNKNOWN_TIER', 'tier'],
    [{ tier: 7 }, 'QRT_ERR_INPUT_INVALID', 'tier'],
    [{ serviceId: '' }, 'QRT_ERR_INPUT_INVALID', 'serviceId'],
    [{ availableProfiles: 7 }, 'QRT_ERR_INPUT_INVALID', 'availableProfiles'],
    [{ availableProfiles: [7] }, 'QRT_ERR_INPUT_INVALID', 'profiles[0]'],
    [{ availableDevices: 7 }, 'QRT_ERR_INPUT_INVALID', 'availableDevices'],
    [{ availableDevices: [{ id: 'a', ipAddress: 'nowhere' }] }, 'QRT_ERR_IPDATA_ADDRESS', null],
    [
      { availableDevices: [{ deviceId: 'a', teeVendor: 'INTEL_TDX' }] },
      'QRT_ERR_INPUT_INVALID',
      'devices[0].id',
    ],
    [{ serviceConfig: 'fast' }, 'QRT_ERR_INPUT_INVALID', 'serviceConfig'],
    [{ availableProfiles: [machine(0), machine(0)] }, 'QRT_ERR_DIVERSITY_DUPLICATE', null],
  ])('refuses a request that is none (%#), and nothing has changed', async (rest, code, field) => {
    const { sla } = manager();
    const request = { serviceId: 's', tier: 'BRONZE', availableProfiles: machines(1), ...rest };
    const error = await refusal(() => sla.provisionService(request as never));
    expect(error.code).toBe(code);
    if (field !== null) expect(error.details.field).toBe(field);
    expect(sla.services()).toEqual([]);
  });
});

describe('a loss', () => {
  const gold = async (count: number) => {
    const made = manager();
    await made.sla.provisionService({ serviceId: 's', tier: 'GOLD', availableProfiles: machines(count) });
    return made.sla;
  };

  it('is remembered when it cannot be mended: the dead machine is never a member again by itself', async () => {
    const sla = await gold(3);
    expect(sla.rebalanceService('s', { lost: ['m0'] }).feasible).toBe(false);
    expect(sla.validateSlaCompliance('s').status).toBe('violated');
    expect(sla.rebalanceService('s').feasible).toBe(false);
  });

  it('may be reported twice', async () => {
    const sla = await gold(5);
    const [lost = ''] = sla.service('s').members.map(({ deviceId }) => deviceId);
    const first = sla.rebalanceService('s', { lost: [lost] });
    expect(first.feasible).toBe(true);
    const second = sla.rebalanceService('s', { lost: [lost] });
    expect(second).toMatchObject({ feasible: true, added: [], removed: [] });
  });

  it('ends when the machine’s profile is renewed', async () => {
    const sla = await gold(3);
    sla.rebalanceService('s', { lost: ['m0'] });
    sla.updateProfiles('s', [machine(0)]);
    expect(sla.validateSlaCompliance('s').status).toBe('no_data');
  });
});

describe('rebalancing', () => {
  const gold = async (pool: readonly DeviceProfile[] = machines(8)) => {
    const made = manager();
    await made.sla.provisionService({ serviceId: 's', tier: 'GOLD', availableProfiles: pool });
    return made;
  };
  const membersOf = (sla: EnhancedSLATierManager): string[] =>
    sla.service('s').members.map(({ deviceId }) => deviceId);

  it('changes nothing where nothing is lost', async () => {
    const { sla } = await gold();
    const before = membersOf(sla);
    expect(sla.rebalanceService('s')).toMatchObject({ feasible: true, added: [], removed: [] });
    expect(membersOf(sla).sort()).toEqual([...before].sort());
  });

  it('replaces a lost member and moves nobody else; the lost one does not come back', async () => {
    const { sla, clock } = await gold();
    const before = membersOf(sla);
    await clock.advance(1000);
    const repair = sla.rebalanceService('s', { lost: ['m0'] });
    expect(repair).toMatchObject({ feasible: true, minimal: true });
    expect(membersOf(sla).filter((id) => before.includes(id))).toHaveLength(2);
    expect(membersOf(sla)).not.toContain('m0');
    expect(sla.service('s')).toMatchObject({ validatedAt: START + 1000, provisionedAt: START });
    sla.rebalanceService('s', { lost: [membersOf(sla)[0] ?? ''] });
    expect(membersOf(sla)).not.toContain('m0');
  });

  it('keeps the old members and says what is scarce where no repair exists', async () => {
    const { sla } = await gold(machines(3));
    const before = membersOf(sla);
    const repair = sla.rebalanceService('s', { lost: ['m1'] });
    expect(repair.feasible).toBe(false);
    if (!repair.feasible) expect(repair.reasons.join()).toContain('only 2 eligible machines');
    expect(membersOf(sla)).toEqual(before);
  });

  it('remembers a loss that could not be mended, until the machine is back', async () => {
    const { sla } = await gold(machines(3));
    sla.rebalanceService('s', { lost: ['m1'] });
    expect(sla.validateSlaCompliance('s').violations).toMatchObject([
      { objective: 'diversity', severity: 'critical' },
    ]);
    expect(sla.rebalanceService('s').feasible).toBe(false);
    sla.updateProfiles('s', [machine(1)]);
    expect(sla.validateSlaCompliance('s').violations).toEqual([]);
    expect(sla.rebalanceService('s')).toMatchObject({ feasible: true, added: [], removed: [] });
  });

  it('cannot be changed from outside', async () => {
    const { sla } = await gold();
    expect(() => (sla.service('s').members as unknown[]).pop()).toThrow(TypeError);
    expect(membersOf(sla)).toHaveLength(3);
  });

  it('refuses a lost machine that nobody knows', async () => {
    const { sla } = await gold();
    expect((await refusal(() => sla.rebalanceService('s', { lost: ['ghost'] }))).details.field).toBe(
      'lost[0]',
    );
    expect((await refusal(() => sla.rebalanceService('ghost'))).code).toBe(
      'QRT_ERR_SERVICES_UNKNOWN_SERVICE',
    );
  });

  it('survives the loss of any single power region, wherever the rest can carry the tier', async () => {
    const pool = machines(12).map((one, n) => ({
      ...one,
      powerRegion: `ZONE_${n % 5}`,
      asn: 64_500 + (n % 7),
    }));
    for (let zone = 0; zone < 5; zone += 1) {
      const { sla, quorums } = await gold(pool);
      const before = sla.service('s').members;
      const lost = pool
        .filter(({ powerRegion }) => powerRegion === `ZONE_${zone}`)
        .map(({ deviceId }) => deviceId);
      const rest = pool.filter(({ deviceId }) => !lost.includes(deviceId));
      const possible = quorums.selectOptimalQuorum(rest, 'GOLD', { size: 3 }).feasible;
      expect(possible).toBe(true);
      const repair = sla.rebalanceService('s', { lost });
      expect(repair.feasible).toBe(true);
      const after = sla.service('s').members;
      expect(quorums.validateQuorum(after, 'GOLD', { size: 3 }).violations).toEqual([]);
      // The lower bound of moves: one for each member that was lost.
      const must = before.filter(({ deviceId }) => lost.includes(deviceId)).length;
      const moved = after.filter(({ deviceId }) => !before.some((one) => one.deviceId === deviceId)).length;
      expect(moved).toBe(must);
    }
  });

  it('takes a machine that is new since provisioning', async () => {
    const { sla } = await gold(machines(3));
    sla.updateProfiles('s', [machine(7)]);
    expect(sla.rebalanceService('s', { lost: ['m1'] }).feasible).toBe(true);
    expect(membersOf(sla)).toContain('m7');
  });

  it('refuses profiles that are none, and keeps those it had', async () => {
    const { sla } = await gold();
    const before = sla.service('s');
    const error = await refusal(() =>
      sla.updateProfiles('s', [machine(9), { ...machine(0), confidence: -1 }]),
    );
    expect(error.details.field).toBe('profiles[1].confidence');
    expect(sla.service('s')).toEqual(before);
  });
});
