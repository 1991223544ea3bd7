import { type DeviceProfile, QuorumManager } from 'quorate/placement';
import { EnhancedSLATierManager, type ServiceEvent } from 'quorate/services';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { fact, HOUR_MS, machine, machines } from '../support/profiles.js';

/** A manager under watch, with everything it said so far. */
async function watched(pools: Record<string, readonly DeviceProfile[]>, intervalSeconds = 30, tier = 'GOLD') {
  const clock = new ManualClock();
  const sla = new EnhancedSLATierManager(new QuorumManager({ clock }));
  for (const [serviceId, availableProfiles] of Object.entries(pools)) {
    const result = await sla.provisionService({ serviceId, tier, availableProfiles });
    expect(result.success).toBe(true);
  }
  const stop = new AbortController();
  const events: ServiceEvent[] = [];
  const ended = (async () => {
    for await (const event of sla.monitor({ signal: stop.signal, intervalSeconds })) events.push(event);
  })();
  const kinds = () => events.map(({ kind, at }) => [kind, at - START]);
  const membersOf = (serviceId: string) => sla.service(serviceId).members.map(({ deviceId }) => deviceId);
  const finish = async () => {
    stop.abort();
    await ended;
    expect(clock.sleepers).toBe(0);
  };
  return { clock, sla, events, kinds, membersOf, finish };
}

/** A machine whose ASN is known until a moment. */
const until = (n: number, expires: number, rest: Partial<DeviceProfile> = {}) =>
  machine(n, { asn: fact(64_500 + n, { expires: START + expires }), tcb: '1', confidence: 9900, ...rest });

describe('services under watch', () => {
  it('give no events while all is well', async () => {
    const { clock, kinds, finish } = await watched({ a: machines(5), b: machines(4) });
    await clock.advance(5 * HOUR_MS);
    expect(kinds()).toEqual([]);
    await finish();
  });

  it('tell when a promise is broken and when it is kept again, once each', async () => {
    const { clock, sla, events, kinds, finish } = await watched({ a: machines(5) });
    await clock.advance(60_000);
    sla.recordRequest('a', { at: clock.now(), latencyMs: 5000, ok: true });
    await clock.advance(10 * 60_000);
    expect(kinds()).toEqual([['violated', 90_000]]);
    expect(events[0]).toMatchObject({
      report: { violations: [{ objective: 'latency_p95', severity: 'high' }] },
    });
    await clock.advance(HOUR_MS);
    expect(kinds().map(([kind]) => kind)).toEqual(['violated', 'restored']);
    await finish();
  });

  it('are revalidated every hour', async () => {
    const { clock, sla, finish } = await watched({ a: machines(5) });
    await clock.advance(HOUR_MS - 1);
    expect(sla.service('a').validatedAt).toBe(START);
    await clock.advance(1);
    expect(sla.service('a').validatedAt).toBe(START + HOUR_MS);
    await clock.advance(HOUR_MS);
    expect(sla.service('a').validatedAt).toBe(START + 2 * HOUR_MS);
    await finish();
  });

  it('are revalidated and mended at the moment evidence of a member expires', async () => {
    const pool = [
      until(0, 100_000, { weight: 99_999 }),
      ...machines(6)
        .slice(1)
        .map((one) => ({ ...one, tcb: '1' })),
    ];
    const { clock, kinds, membersOf, events, finish } = await watched({ a: pool });
    const before = membersOf('a');
    expect(before).toContain('m0');
    await clock.advance(99_999);
    expect(kinds()).toEqual([]);
    await clock.advance(20_001);
    expect(kinds()).toEqual([['rebalanced', 100_000]]);
    const [event] = events;
    expect(event).toMatchObject({ serviceId: 'a', repair: { feasible: true, removed: ['m0'] } });
    expect(membersOf('a').filter((id) => before.includes(id))).toHaveLength(2);
    await finish();
  });

  it('tell when they cannot be mended, and keep their members', async () => {
    const pool = [
      until(0, 45_000),
      ...machines(3)
        .slice(1)
        .map((one) => ({ ...one, tcb: '1' })),
    ];
    const { clock, kinds, membersOf, finish } = await watched({ a: pool });
    await clock.advance(60_000);
    expect(kinds()).toEqual([
      ['rebalance_failed', 45_000],
      ['violated', 45_000],
    ]);
    expect(membersOf('a').sort()).toEqual(['m0', 'm1', 'm2']);
    // It is tried again every hour, not at every look.
    await clock.advance(HOUR_MS);
    expect(kinds().map(([kind]) => kind)).toEqual(['rebalance_failed', 'violated', 'rebalance_failed']);
    await finish();
  });

  it('see a second expiry of a member whose first one is past', async () => {
    const first = until(0, 45_000);
    const twice = { ...first, countryCode: fact('DE', { expires: START + 200_000 }) };
    const pool = [
      twice,
      ...machines(3)
        .slice(1)
        .map((one) => ({ ...one, tcb: '1' })),
    ];
    const { clock, kinds, finish } = await watched({ a: pool });
    await clock.advance(300_000);
    expect(kinds()).toEqual([
      ['rebalance_failed', 45_000],
      ['violated', 45_000],
      ['rebalance_failed', 200_000],
    ]);
    await finish();
  });

  it('are mended at the next look when newer profiles break them, without waiting for the hour', async () => {
    const { clock, sla, kinds, membersOf, finish } = await watched({ a: machines(6) });
    const [first] = membersOf('a');
    const second = membersOf('a')[1] ?? '';
    const asn = sla.service('a').members.find(({ deviceId }) => deviceId === second)?.asn ?? null;
    await clock.advance(10_000);
    sla.updateProfiles('a', [machine(0, { deviceId: first ?? '', asn })]);
    await clock.advance(20_000);
    expect(kinds()).toEqual([['rebalanced', 30_000]]);
    expect(sla.validateSlaCompliance('a').quorum.valid).toBe(true);
    await finish();
  });

  it('do not hold each other up: one that cannot be mended leaves the other mended', async () => {
    const poor = [
      until(0, 45_000),
      ...machines(3)
        .slice(1)
        .map((one) => ({ ...one, tcb: '1' })),
    ];
    const rich = [
      until(0, 45_000, { weight: 99_999 }),
      ...machines(8)
        .slice(1)
        .map((one) => ({ ...one, tcb: '1' })),
    ];
    const { clock, events, finish } = await watched({ poor, rich });
    await clock.advance(60_000);
    expect(
      events.map((event) => [event.kind, 'serviceId' in event ? event.serviceId : event.report.serviceId]),
    ).toEqual([
      ['rebalance_failed', 'poor'],
      ['violated', 'poor'],
      ['rebalanced', 'rich'],
    ]);
    await finish();
  });

  it('may be released and provisioned while they are watched', async () => {
    const { clock, sla, kinds, finish } = await watched({ a: machines(5), b: machines(5) });
    await clock.advance(30_000);
    sla.releaseService('a');
    await sla.provisionService({ serviceId: 'c', tier: 'SILVER', availableProfiles: machines(4) });
    sla.recordCheck('c', { at: clock.now(), up: false });
    await clock.advance(30_000);
    expect(kinds()).toEqual([['violated', 60_000]]);
    await finish();
  });

  it('are not watched at an interval that is none', async () => {
    const sla = new EnhancedSLATierManager(new QuorumManager());
    for (const intervalSeconds of [0, -1, 0.5, Number.NaN, 1e9]) {
      const error = await refusal(() =>
        sla.monitor({ signal: new AbortController().signal, intervalSeconds }).next(),
      );
      expect(error.details.field).toBe('intervalSeconds');
    }
  });
});
