import { QuorumManager } from 'quorate/placement';
import { creditMicro, EnhancedSLATierManager, SLATier, TIERS } from 'quorate/services';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { HOUR_MS, machine, machines } from '../support/profiles.js';

async function serviceAt(tier: SLATier) {
  const clock = new ManualClock();
  const sla = new EnhancedSLATierManager(new QuorumManager({ clock }));
  await sla.provisionService({ serviceId: 's', tier, availableProfiles: machines(6) });
  return {
    clock,
    sla,
    requests(count: number, latencyMs: number, ok = true) {
      for (let n = 0; n < count; n += 1) sla.recordRequest('s', { at: clock.now(), latencyMs, ok });
    },
    checks(count: number, up: boolean) {
      for (let n = 0; n < count; n += 1) sla.recordCheck('s', { at: clock.now(), up });
    },
    report: () => sla.validateSlaCompliance('s'),
  };
}

const LIMITS = [
  ['BRONZE', 2500, 30],
  ['SILVER', 1200, 10],
  ['GOLD', 400, 1],
] as const;

describe('p95 latency', () => {
  it.each(LIMITS)('%s keeps %i ms and breaks at a millisecond more', async (tier, limit) => {
    const kept = await serviceAt(tier);
    kept.requests(20, limit);
    expect(kept.report()).toMatchObject({ status: 'compliant', violations: [] });
    const broken = await serviceAt(tier);
    broken.requests(20, limit + 1);
    expect(broken.report()).toMatchObject({
      status: 'violated',
      violations: [{ objective: 'latency_p95', severity: 'medium', measured: limit + 1, limit }],
    });
  });

  it.each(LIMITS)('%s is highly broken above one and a half times %i ms', async (tier, limit) => {
    const severityOf = async (latencyMs: number) => {
      const service = await serviceAt(tier);
      service.requests(1, latencyMs);
      return service.report().violations[0]?.severity;
    };
    expect(await severityOf(limit * 1.5)).toBe('medium');
    expect(await severityOf(limit * 1.5 + 1)).toBe('high');
  });

  it('is the nearest rank: of twenty answers the nineteenth', async () => {
    const service = await serviceAt(SLATier.GOLD);
    for (let n = 1; n <= 20; n += 1) service.requests(1, n);
    expect(service.report().measurements.latencyP95Ms).toBe(19);
    service.requests(1, 1000);
    expect(service.report().measurements.latencyP95Ms).toBe(20);
  });

  it('does not count the time of requests that failed', async () => {
    const service = await serviceAt(SLATier.BRONZE);
    service.requests(99, 10);
    service.requests(1, 60_000, false);
    expect(service.report().measurements.latencyP95Ms).toBe(10);
  });
});

describe('uptime', () => {
  it.each([
    ['BRONZE', 100, 3],
    ['SILVER', 100, 1],
    ['GOLD', 1000, 1],
  ] as const)(
    '%s keeps its minimum with so many failed of %i checks, and breaks with one more',
    async (tier, of, down) => {
      const kept = await serviceAt(tier);
      kept.checks(of - down, true);
      kept.checks(down, false);
      expect(kept.report().violations).toEqual([]);
      const broken = await serviceAt(tier);
      broken.checks(of - down - 1, true);
      broken.checks(down + 1, false);
      expect(broken.report().violations).toMatchObject([
        { objective: 'uptime', severity: 'high', limit: TIERS[tier].uptimePpmMin },
      ]);
    },
  );

  it('is rounded against the provider', async () => {
    const service = await serviceAt(SLATier.GOLD);
    service.checks(2, true);
    service.checks(1, false);
    service.requests(2, 1);
    service.requests(1, 1, false);
    expect(service.report().measurements).toMatchObject({ uptimePpm: 666_666, errorRatePpm: 333_334 });
  });
});

describe('error rate', () => {
  it.each(LIMITS)(
    '%s (p95 %i) keeps %i in a thousand and breaks with one more',
    async (tier, _, failures) => {
      const kept = await serviceAt(tier);
      kept.requests(1000 - failures, 1);
      kept.requests(failures, 1, false);
      expect(kept.report().violations).toEqual([]);
      kept.requests(1, 1, false);
      expect(kept.report().violations).toMatchObject([{ objective: 'error_rate' }]);
    },
  );

  it.each([
    [2, 'medium'],
    [3, 'high'],
  ] as const)('is %s in a thousand: highly broken only above twice the limit', async (failures, severity) => {
    const service = await serviceAt(SLATier.GOLD);
    service.requests(1000 - failures, 1);
    service.requests(failures, 1, false);
    expect(service.report().violations).toMatchObject([{ objective: 'error_rate', severity }]);
  });
});

describe('diversity', () => {
  it.each([
    ['GOLD', 'critical'],
    ['SILVER', 'high'],
  ] as const)('that %s has lost is a violation of severity %s', async (tier, severity) => {
    const { sla } = await serviceAt(tier);
    const [first] = sla.service('s').members;
    sla.updateProfiles('s', [machine(0, { deviceId: first?.deviceId ?? '', asn: null, countryCode: null })]);
    const { violations, status, quorum } = sla.validateSlaCompliance('s');
    expect(status).toBe('violated');
    expect(quorum.valid).toBe(false);
    expect(violations).toMatchObject([{ objective: 'diversity', severity, limit: 10_000 }]);
    expect(violations[0]?.message).toContain('ASN');
  });
});

describe('no data', () => {
  it('is no data: neither 100 % nor a violation', async () => {
    const { report } = await serviceAt(SLATier.GOLD);
    expect(report()).toMatchObject({
      status: 'no_data',
      violations: [],
      measurements: { requests: 0, checks: 0, latencyP95Ms: null, errorRatePpm: null, uptimePpm: null },
    });
  });

  it('of one kind leaves the other kinds unknown', async () => {
    const service = await serviceAt(SLATier.GOLD);
    service.checks(1, true);
    expect(service.report()).toMatchObject({
      status: 'compliant',
      measurements: { uptimePpm: 1_000_000, latencyP95Ms: null, errorRatePpm: null },
    });
  });

  it('is what remains when only failures answered: an error rate, but no latency', async () => {
    const service = await serviceAt(SLATier.BRONZE);
    service.requests(5, 1, false);
    expect(service.report().measurements).toMatchObject({ latencyP95Ms: null, errorRatePpm: 1_000_000 });
  });
});

describe('the window of an hour', () => {
  it('forgets what is older', async () => {
    const service = await serviceAt(SLATier.GOLD);
    service.requests(1, 9999);
    await service.clock.advance(HOUR_MS);
    expect(service.report().status).toBe('violated');
    await service.clock.advance(1);
    expect(service.report().status).toBe('no_data');
  });

  it('lets samples from the future wait for their time', async () => {
    const { sla, clock } = await serviceAt(SLATier.GOLD);
    sla.recordRequest('s', { at: clock.now() + 1000, latencyMs: 1, ok: true });
    expect(sla.validateSlaCompliance('s').measurements.requests).toBe(0);
    await clock.advance(1000);
    expect(sla.validateSlaCompliance('s').measurements.requests).toBe(1);
  });

  it('does not depend on the order in which samples arrive', async () => {
    const { sla, clock } = await serviceAt(SLATier.GOLD);
    for (const at of [500, -HOUR_MS + 10, 0, -5, -HOUR_MS / 2]) {
      sla.recordRequest('s', { at: START + at, latencyMs: 1, ok: true });
    }
    expect(sla.validateSlaCompliance('s').measurements.requests).toBe(4);
    await clock.advance(500);
    expect(sla.validateSlaCompliance('s').measurements.requests).toBe(4);
  });

  it.each([
    [{ at: -1 }, 'sample.at'],
    [{ at: Number.NaN }, 'sample.at'],
    [{ at: START + 60_001 }, 'sample.at'],
    [{ latencyMs: -1 }, 'sample.latencyMs'],
    [{ latencyMs: Number.POSITIVE_INFINITY }, 'sample.latencyMs'],
    [{ ok: 'yes' }, 'sample.ok'],
  ])('takes no sample of %j', async (rest, field) => {
    const { sla } = await serviceAt(SLATier.GOLD);
    const sample = { at: START, latencyMs: 1, ok: true, ...rest };
    expect((await refusal(() => sla.recordRequest('s', sample as never))).details.field).toContain(field);
    expect(sla.validateSlaCompliance('s').status).toBe('no_data');
  });
});

describe('credits', () => {
  /** A Gold service whose first hour went badly; the hour is over. */
  const broken = async () => {
    const service = await serviceAt(SLATier.GOLD);
    service.requests(90, 5000);
    service.requests(10, 1, false);
    service.checks(1, false);
    await service.clock.advance(HOUR_MS);
    return { ...service, note: () => service.sla.creditNote('s', START) };
  };

  it('are itemised by objective, with what was measured and what was promised', async () => {
    const { note } = await broken();
    expect(note()).toEqual({
      serviceId: 's',
      periodStart: START,
      periodEnd: START + HOUR_MS,
      items: [
        {
          objective: 'error_rate',
          severity: 'high',
          measured: 100_000,
          limit: 1000,
          creditBasisPoints: 1000,
        },
        { objective: 'latency_p95', severity: 'high', measured: 5000, limit: 400, creditBasisPoints: 1000 },
        { objective: 'uptime', severity: 'high', measured: 0, limit: 999_000, creditBasisPoints: 1000 },
      ],
      totalBasisPoints: 3000,
    });
  });

  it('are the same bytes whenever they are computed again', async () => {
    const { note, clock, requests } = await broken();
    const first = JSON.stringify(note());
    expect(JSON.stringify((await broken()).note())).toBe(first);
    requests(50, 9000);
    await clock.advance(20 * HOUR_MS);
    expect(JSON.stringify(note())).toBe(first);
  });

  it('are paid once: hours do not share a sample', async () => {
    const { sla, clock, requests } = await broken();
    requests(5, 9000);
    await clock.advance(2 * HOUR_MS);
    const notes = [0, 1, 2].map((hour) => sla.creditNote('s', START + hour * HOUR_MS));
    expect(notes.map(({ totalBasisPoints }) => totalBasisPoints)).toEqual([3000, 1000, 0]);
  });

  it('are told only of an hour that is over and whose samples are kept', async () => {
    const { sla, clock } = await broken();
    for (const hour of [START + 1, START + HOUR_MS, -1, Number.NaN, START - 24 * HOUR_MS])
      expect((await refusal(() => sla.creditNote('s', hour))).details.field).toBe('hourStart');
    await clock.advance(24 * HOUR_MS);
    expect((await refusal(() => sla.creditNote('s', START))).details.field).toBe('hourStart');
  });

  it('give less for a violation that is not high', async () => {
    const { requests, clock, sla } = await serviceAt(SLATier.GOLD);
    requests(10, 401);
    await clock.advance(HOUR_MS);
    const note = sla.creditNote('s', START);
    expect(note).toMatchObject({ items: [{ creditBasisPoints: 500 }], totalBasisPoints: 500 });
  });

  it('are not given for lost diversity: that is mended by a move', async () => {
    const { sla, clock } = await serviceAt(SLATier.GOLD);
    const [first] = sla.service('s').members;
    sla.updateProfiles('s', [machine(0, { deviceId: first?.deviceId ?? '', asn: null })]);
    await clock.advance(HOUR_MS);
    expect(sla.validateSlaCompliance('s').status).toBe('violated');
    expect(sla.creditNote('s', START)).toMatchObject({ items: [], totalBasisPoints: 0 });
  });

  it('are worth their part of the price, rounded down', async () => {
    const { note } = await broken();
    expect(creditMicro(note(), 1_000_001n)).toBe(300_000n);
    expect(creditMicro(note(), 0n)).toBe(0n);
    expect((await refusal(() => creditMicro(note(), 5 as never))).details.field).toBe('priceMicro');
    expect((await refusal(() => creditMicro(note(), -1n))).details.field).toBe('priceMicro');
  });
});
