import {
  ALERT_SEVERITIES,
  ALERT_THRESHOLDS,
  type Alert,
  type DeviceProfile,
  DiversityDashboard,
  type Level,
  QuorumManager,
  type QuorumRequirement,
  type ServiceSource,
} from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { DAY_MS, fact, HOUR_MS, machine, machines } from '../support/profiles.js';

interface Watched {
  readonly serviceId: string;
  readonly level: Level;
  members: readonly DeviceProfile[];
}

/** A dashboard over services that a test changes as it likes. */
function dashboardOf(...services: Watched[]) {
  const clock = new ManualClock();
  const manager = new QuorumManager({ clock });
  const source: ServiceSource = {
    services: () =>
      services.map(({ serviceId, level, members }) => {
        const diversitySeverity = level === 'GOLD' ? 'critical' : 'high';
        return { serviceId, tier: { level, diversitySeverity }, members };
      }),
  };
  return { clock, services, dashboard: new DiversityDashboard(manager, source, { clock }) };
}

/** A level whose score is the share of `of` ASNs that members have: thousandths of the score at will. */
const scored = (of: number): QuorumRequirement => ({ name: 'SCORED', minAsnDiversity: of });
const withAsns = (count: number): DeviceProfile[] => machines(count);

const scoreAlerts = (alerts: readonly Alert[], kind: Alert['kind'] = 'diversity_score') =>
  alerts.filter((alert) => alert.kind === kind && alert.resolvedAt === null);

describe('the state of a dashboard', () => {
  it('has the fields of the document’s example', () => {
    const { dashboard } = dashboardOf({ serviceId: 'good', level: 'GOLD', members: machines(3) });
    const state = dashboard.getCurrentDashboard();
    expect(state.systemHealth.status).toBe('healthy');
    expect(state.alertSummary.totalActive).toBe(0);
    expect(state.diversityMetrics.diversityScore).toBe(1);
  });

  it('is healthy where there is nothing to watch', () => {
    const { dashboard } = dashboardOf();
    expect(dashboard.getCurrentDashboard()).toMatchObject({
      systemHealth: { status: 'healthy', services: { healthy: 0, degraded: 0, critical: 0 } },
      diversityMetrics: { services: 0, diversityScore: 1 },
    });
  });

  it('judges the system by its worst service', () => {
    const { dashboard } = dashboardOf(
      { serviceId: 'good', level: 'GOLD', members: machines(3) },
      { serviceId: 'bad', level: 'GOLD', members: machines(2) },
    );
    const { systemHealth, services, diversityMetrics } = dashboard.getCurrentDashboard();
    expect(systemHealth).toEqual({ status: 'critical', services: { healthy: 1, degraded: 0, critical: 1 } });
    expect(services.find(({ serviceId }) => serviceId === 'bad')).toMatchObject({
      valid: false,
      status: 'critical',
      level: 'GOLD',
    });
    expect(diversityMetrics.violations).toBe(1);
    expect(diversityMetrics.diversityScore).toBeLessThan(1);
  });

  it('does not look critical for a large fleet that keeps its level', () => {
    const fleet = machines(500).map((one, n) => ({ ...one, asn: 64_500 + (n % 40) }));
    const { dashboard } = dashboardOf({
      serviceId: 'fleet',
      level: { name: 'FLEET', minAsnDiversity: 3, minCountryDiversity: 2, minTeeVendorDiversity: 2 },
      members: fleet,
    });
    dashboard.refresh();
    expect(dashboard.refresh()).toEqual([]);
    const { systemHealth, diversityMetrics } = dashboard.getCurrentDashboard();
    expect(systemHealth.status).toBe('healthy');
    expect(diversityMetrics).toMatchObject({ diversityScore: 1, asnDiversity: 1, teeDiversity: 1 });
  });

  it('is not blinded by a service with a broken profile', () => {
    const broken = [{ ...machine(0), confidence: Number.NaN }];
    const { dashboard } = dashboardOf(
      { serviceId: 'broken', level: 'GOLD', members: broken },
      { serviceId: 'good', level: 'GOLD', members: machines(3) },
    );
    dashboard.refresh();
    const { services } = dashboard.getCurrentDashboard();
    expect(services.map(({ serviceId, status }) => [serviceId, status])).toEqual([
      ['broken', 'critical'],
      ['good', 'healthy'],
    ]);
    expect(services[0]?.violations.join()).toContain('cannot be judged');
  });

  it('raises an alert for a service that cannot be judged', () => {
    const broken = [{ ...machine(0), confidence: Number.NaN }];
    const { dashboard } = dashboardOf({ serviceId: 'broken', level: 'GOLD', members: broken });
    dashboard.refresh();
    dashboard.refresh();
    expect(dashboard.getCurrentDashboard().alertSummary.totalActive).toBeGreaterThan(0);
  });
});

describe('the health of a service', () => {
  // 30 % and 70 % of the required ASNs; the level asks for nothing that members could violate beside.
  const healthAt = (asns: number, of: number) => {
    const { dashboard } = dashboardOf({ serviceId: 's', level: scored(of), members: withAsns(asns) });
    return dashboard.getCurrentDashboard().services[0];
  };

  it('is critical while a rule is broken, whatever the score', () => {
    expect(healthAt(9, 10)).toMatchObject({ valid: false, diversityScore: 0.9, status: 'critical' });
  });

  /** A manager whose every quorum is valid and has this score, to stand exactly on a border. */
  class Scoring extends QuorumManager {
    score = 0;
    override validateQuorum(...input: Parameters<QuorumManager['validateQuorum']>) {
      const diversityScoreBasisPoints = this.score;
      return { ...super.validateQuorum(...input), valid: true, violations: [], diversityScoreBasisPoints };
    }
  }

  it.each([
    [2999, 'critical'],
    [3000, 'degraded'],
    [7000, 'degraded'],
    [7001, 'healthy'],
  ] as const)('of a valid quorum that scores %i basis points is %s', (score, status) => {
    const manager = new Scoring();
    manager.score = score;
    const services = [{ serviceId: 's', tier: { level: 'NONE' as const }, members: machines(1) }];
    const dashboard = new DiversityDashboard(manager, { services: () => services });
    const state = dashboard.getCurrentDashboard();
    expect(state.services[0]?.status).toBe(status);
    expect(state.systemHealth.status).toBe(status);
  });

  it('is healthy when every rule is kept', () => {
    expect(healthAt(10, 10)).toMatchObject({ valid: true, diversityScore: 1, status: 'healthy' });
  });
});

describe('the thresholds of alerts', () => {
  it('are those of the document', () => {
    expect(ALERT_SEVERITIES).toEqual(['low', 'medium', 'high', 'critical']);
    expect(ALERT_THRESHOLDS).toEqual({
      diversity_score: { critical: 2000, high: 4000, medium: 6000, low: 8000 },
      asn_diversity: { critical: 1000, high: 3000, medium: 5000, low: 7000 },
      tee_diversity: { critical: 2000, high: 4000, medium: 6000, low: 8000 },
    });
  });

  /** The severity of the open alert of a kind, when `have` of 1000 required values are there. */
  const severityAt = (
    kind: 'diversity_score' | 'asn_diversity' | 'tee_diversity',
    have: number,
    of: number,
  ) => {
    const level: QuorumRequirement =
      kind === 'tee_diversity' ? { name: 'T', minTeeVendorDiversity: of } : scored(of);
    const vendors = ['AMD_SEV_SNP', 'INTEL_TDX', 'ARM_CCA', 'ARM_PSA', 'AWS_NITRO'] as const;
    const members =
      kind === 'tee_diversity'
        ? machines(have).map((one, n) => ({ ...one, teeVendor: vendors[n] ?? ('UNKNOWN' as const) }))
        : withAsns(have);
    const { dashboard } = dashboardOf({ serviceId: 's', level, members });
    dashboard.refresh();
    dashboard.refresh();
    return scoreAlerts(dashboard.alerts(), kind)[0]?.severity ?? null;
  };

  it.each([
    ['diversity_score', 199, 'critical'],
    ['diversity_score', 200, 'high'],
    ['diversity_score', 399, 'high'],
    ['diversity_score', 400, 'medium'],
    ['diversity_score', 599, 'medium'],
    ['diversity_score', 600, 'low'],
    ['diversity_score', 799, 'low'],
    ['diversity_score', 800, null],
    ['asn_diversity', 99, 'critical'],
    ['asn_diversity', 100, 'high'],
    ['asn_diversity', 299, 'high'],
    ['asn_diversity', 300, 'medium'],
    ['asn_diversity', 499, 'medium'],
    ['asn_diversity', 500, 'low'],
    ['asn_diversity', 699, 'low'],
    ['asn_diversity', 700, null],
  ] as const)('%s of %i thousandths is %s', (kind, have, severity) => {
    expect(severityAt(kind, have, 1000)).toBe(severity);
  });

  it.each([
    [1, 6, 'critical'],
    [1, 5, 'high'],
    [2, 5, 'medium'],
    [3, 5, 'low'],
    [3, 3, null],
  ] as const)('tee_diversity of %i vendors in %i is %s', (have, of, severity) => {
    expect(severityAt('tee_diversity', have, of)).toBe(severity);
  });
});

describe('the life of an alert', () => {
  const lifeOf = (level: Level = scored(10), members: readonly DeviceProfile[] = machines(10)) => {
    const service: Watched = { serviceId: 's', level, members };
    const { clock, dashboard } = dashboardOf(service);
    return {
      clock,
      dashboard,
      async look(next: readonly DeviceProfile[]): Promise<Alert[]> {
        service.members = next;
        await clock.advance(60_000);
        return dashboard.refresh();
      },
      open: () => scoreAlerts(dashboard.alerts()),
    };
  };

  it('begins at the second bad look in three, so that one bad look raises none', async () => {
    const { look, open } = lifeOf();
    await look(withAsns(7));
    await look(withAsns(10));
    await look(withAsns(10));
    await look(withAsns(7));
    expect(open()).toEqual([]);
    await look(withAsns(7));
    expect(open()).toHaveLength(1);
  });

  it('begins at once where the cause is critical', async () => {
    const { look, open } = lifeOf();
    await look(withAsns(1));
    expect(open()).toMatchObject([{ severity: 'critical' }]);
  });

  it('is one alert with one id while the cause lasts, whatever its severity becomes', async () => {
    const { look, open } = lifeOf();
    await look(withAsns(7));
    await look(withAsns(7));
    const [first] = open();
    const worse = await look(withAsns(3));
    const [second] = open();
    expect(second).toMatchObject({ id: first?.id, severity: 'high', raisedAt: first?.raisedAt });
    expect(worse.map(({ id }) => id)).toContain(first?.id);
    for (let n = 0; n < 20; n += 1) expect(scoreAlerts(await look(withAsns(3)))).toEqual([]);
    expect(open()).toHaveLength(1);
  });

  it('has the same id after a restart, and another one for another service', async () => {
    const ids = ['s', 's', 't'].map((serviceId) => {
      const { dashboard } = dashboardOf({ serviceId, level: scored(10), members: withAsns(1) });
      dashboard.refresh();
      return scoreAlerts(dashboard.alerts())[0]?.id;
    });
    expect(ids[0]).toMatch(/^alert-[0-9a-f]{16}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('shows the score as it is now', async () => {
    const { look, open } = lifeOf();
    await look(withAsns(7));
    await look(withAsns(7));
    await look(withAsns(6));
    expect(open()).toMatchObject([{ severity: 'low', scoreBasisPoints: 6000 }]);
    expect(open()[0]?.message).toContain('0.6');
  });

  it('ends after three clear looks in a row', async () => {
    const { look, open } = lifeOf();
    await look(withAsns(1));
    await look(withAsns(10));
    await look(withAsns(10));
    expect(open()).toHaveLength(1);
    const changed = await look(withAsns(10));
    expect(open()).toEqual([]);
    expect(scoreAlerts(changed)).toEqual([]);
    expect(changed.some(({ resolvedAt }) => resolvedAt !== null)).toBe(true);
  });

  it('neither ends nor begins anew while the score flaps around its threshold', async () => {
    const { look, dashboard } = lifeOf(scored(100));
    for (const have of [79, 79]) await look(withAsns(have));
    const [raised] = scoreAlerts(dashboard.alerts());
    // Clear, but inside the dead band of 15 % above 0.8: 0.8 x 1.15 = 0.92.
    for (let n = 0; n < 30; n += 1) await look(withAsns(n % 2 === 0 ? 81 : 79));
    for (let n = 0; n < 10; n += 1) await look(withAsns(91));
    expect(scoreAlerts(dashboard.alerts())).toMatchObject([{ id: raised?.id, raisedAt: raised?.raisedAt }]);
    for (let n = 0; n < 3; n += 1) await look(withAsns(92));
    expect(scoreAlerts(dashboard.alerts())).toEqual([]);
  });

  it('ends when its service is gone', async () => {
    const { dashboard, services, clock } = dashboardOf({
      serviceId: 's',
      level: 'GOLD',
      members: machines(1),
    });
    dashboard.refresh();
    expect(dashboard.getCurrentDashboard().alertSummary.totalActive).toBeGreaterThan(0);
    services.length = 0;
    for (let n = 0; n < 3; n += 1) {
      await clock.advance(60_000);
      dashboard.refresh();
    }
    expect(dashboard.getCurrentDashboard().alertSummary.totalActive).toBe(0);
  });

  it('is one for each broken rule of a service: critical for Gold, high below', async () => {
    const violations = (level: Level, members: readonly DeviceProfile[]) => {
      const { dashboard } = dashboardOf({ serviceId: 's', level, members });
      dashboard.refresh();
      dashboard.refresh();
      return scoreAlerts(dashboard.alerts(), 'quorum_violation');
    };
    const gold = violations('GOLD', machines(3, { countryCode: 'DE', teeVendor: 'INTEL_TDX' }));
    expect(gold.map(({ cause, severity }) => [cause, severity]).sort()).toEqual([
      ['distinct_min:country', 'critical'],
      ['distinct_min:tee_vendor', 'critical'],
    ]);
    expect(new Set(gold.map(({ id }) => id)).size).toBe(2);
    expect(violations('BASIC', machines(2, { countryCode: 'DE' }))).toMatchObject([{ severity: 'high' }]);
  });

  it('is one for two crowded networks: one rule, one cause, and not yet two bad looks', () => {
    const members = [0, 0, 0, 1, 1, 1].map((asn, n) => machine(n, { asn: 64_500 + asn }));
    const { dashboard } = dashboardOf({ serviceId: 's', level: 'ENHANCED', members });
    dashboard.refresh();
    expect(scoreAlerts(dashboard.alerts(), 'quorum_violation')).toEqual([]);
    dashboard.refresh();
    const causes = scoreAlerts(dashboard.alerts(), 'quorum_violation').map(({ cause }) => cause);
    expect(causes.sort()).toEqual(['distinct_min:asn', 'per_value_max:asn']);
  });

  it('that was resolved by time is not raised again before its cause was gone', async () => {
    const day = 24 * 3_600_000;
    const crowded = machines(2, { countryCode: 'DE' });
    const { dashboard, services, clock } = dashboardOf({ serviceId: 's', level: 'BASIC', members: crowded });
    const looks = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await clock.advance(60_000);
        dashboard.refresh();
      }
    };
    await looks(2);
    const [raised] = dashboard.getCurrentDashboard().alerts.filter(({ kind }) => kind === 'quorum_violation');
    dashboard.acknowledgeAlert(raised?.id ?? '');
    await clock.advance(day);
    dashboard.cleanUp();
    await looks(5);
    const open = () => dashboard.getCurrentDashboard().alerts.filter(({ id }) => id === raised?.id).length;
    expect(open()).toBe(0);
    const [service] = services;
    if (service) service.members = machines(2);
    await looks(3);
    if (service) service.members = crowded;
    await looks(2);
    expect(open()).toBe(1);
  });

  it('is sorted by severity, and counted by it', () => {
    const { dashboard } = dashboardOf(
      { serviceId: 'a', level: scored(10), members: withAsns(7) },
      { serviceId: 'b', level: scored(10), members: withAsns(1) },
    );
    dashboard.refresh();
    dashboard.refresh();
    const { alerts, alertSummary } = dashboard.getCurrentDashboard();
    const ranks = alerts.map(({ severity }) => ALERT_SEVERITIES.indexOf(severity));
    expect(ranks).toEqual([...ranks].sort((x, y) => y - x));
    expect(Object.values(alertSummary.bySeverity).reduce((sum, n) => sum + n, 0)).toBe(
      alertSummary.totalActive,
    );
    expect(alertSummary.totalActive).toBe(alerts.length);
  });

  it('is acknowledged by a person, once, and by nobody else', async () => {
    const { clock, dashboard, look, open } = lifeOf();
    await look(withAsns(1));
    const id = open()[0]?.id ?? '';
    expect(dashboard.acknowledgeAlert(id)).toMatchObject({ id, acknowledgedAt: clock.now() });
    const at = clock.now();
    await clock.advance(1000);
    expect(dashboard.acknowledgeAlert(id)).toMatchObject({ acknowledgedAt: at });
    expect(dashboard.acknowledgeAlert('alert-0000000000000000')).toBeNull();
    expect((await refusal(() => dashboard.acknowledgeAlert(7 as never))).details.field).toBe('id');
  });

  it('of low severity is acknowledged by itself after an hour', async () => {
    const { clock, dashboard, look, open } = lifeOf();
    await look(withAsns(7));
    await look(withAsns(7));
    expect(open()).toMatchObject([{ severity: 'low', acknowledgedAt: null }]);
    await clock.advance(HOUR_MS - 1);
    dashboard.cleanUp();
    expect(open()[0]?.acknowledgedAt).toBeNull();
    await clock.advance(1);
    expect(dashboard.cleanUp().acknowledged).toBe(1);
    expect(open()[0]?.acknowledgedAt).toBe(clock.now());
  });

  it('that is acknowledged is resolved by itself after a day; one that is not stays', async () => {
    const { clock, dashboard, look } = lifeOf();
    await look(withAsns(1));
    await look(withAsns(1));
    const [score] = scoreAlerts(dashboard.alerts());
    dashboard.acknowledgeAlert(score?.id ?? '');
    await clock.advance(DAY_MS - 1);
    expect(dashboard.cleanUp().resolved).toBe(0);
    await clock.advance(1);
    expect(dashboard.cleanUp().resolved).toBe(1);
    expect(scoreAlerts(dashboard.alerts())).toEqual([]);
    expect(scoreAlerts(dashboard.alerts(), 'asn_diversity')).toHaveLength(1);
  });

  it('is forgotten 30 days after its end', async () => {
    const { clock, dashboard, look } = lifeOf();
    await look(withAsns(1));
    for (let n = 0; n < 3; n += 1) await look(withAsns(10));
    const resolved = dashboard.alerts().length;
    expect(resolved).toBeGreaterThan(0);
    await clock.advance(30 * DAY_MS - 1);
    expect(dashboard.cleanUp().removed).toBe(0);
    await clock.advance(1);
    expect(dashboard.cleanUp().removed).toBe(resolved);
    expect(dashboard.alerts()).toEqual([]);
  });
});

describe('the history', () => {
  it('has one entry for each look, oldest first, and none for a mere question', async () => {
    const { clock, dashboard } = dashboardOf({ serviceId: 's', level: 'GOLD', members: machines(3) });
    for (let n = 0; n < 3; n += 1) {
      dashboard.refresh();
      dashboard.getCurrentDashboard();
      await clock.advance(60_000);
    }
    expect(dashboard.history().map(({ at }) => at - START)).toEqual([0, 60_000, 120_000]);
  });

  it('keeps a thousand entries, the newest', () => {
    const { clock, dashboard } = dashboardOf();
    for (let n = 0; n < 1010; n += 1) {
      clock.jump(1);
      dashboard.refresh();
    }
    expect(dashboard.history()).toHaveLength(1000);
    expect(dashboard.history()[0]?.at).toBe(START + 11);
  });

  it('forgets what is older than seven days, by itself, within an hour', () => {
    const { clock, dashboard } = dashboardOf();
    dashboard.refresh();
    clock.jump(7 * DAY_MS - 1);
    expect(dashboard.cleanUp().historyRemoved).toBe(0);
    clock.jump(HOUR_MS);
    dashboard.refresh();
    expect(dashboard.history()).toHaveLength(1);
  });

  it('cannot be changed from outside', () => {
    const { dashboard } = dashboardOf();
    dashboard.refresh();
    (dashboard.history() as unknown[]).length = 0;
    expect(dashboard.history()).toHaveLength(1);
  });
});

describe('monitoring', () => {
  it('looks now and then at every interval until it is stopped', async () => {
    const { clock, dashboard } = dashboardOf({ serviceId: 's', level: 'GOLD', members: machines(3) });
    await dashboard.startMonitoring({ intervalSeconds: 60 });
    expect(dashboard.history()).toHaveLength(1);
    await clock.advance(180_000);
    expect(dashboard.history()).toHaveLength(4);
    dashboard.stopMonitoring();
    await clock.advance(600_000);
    expect(dashboard.history()).toHaveLength(4);
    expect(clock.sleepers).toBe(0);
  });

  it('sees evidence expire', async () => {
    const expiring = machine(0, { teeVendor: fact('AMD_SEV_SNP', { expires: START + 90_000 }) });
    const level = { name: 'VENDORS', minTeeVendorDiversity: 2 };
    const members = [expiring, machine(1), machine(2, { teeVendor: 'INTEL_TDX' })];
    const { clock, dashboard } = dashboardOf({ serviceId: 's', level, members });
    await dashboard.startMonitoring({ intervalSeconds: 60 });
    await clock.advance(60_000);
    expect(dashboard.getCurrentDashboard().systemHealth.status).toBe('healthy');
    await clock.advance(60_000);
    expect(dashboard.getCurrentDashboard().systemHealth.status).toBe('critical');
    await clock.advance(60_000);
    const { alerts } = dashboard.getCurrentDashboard();
    expect(alerts.map(({ cause }) => cause)).toContain('distinct_min:tee_vendor');
    dashboard.stopMonitoring();
  });

  it('is started once, and again after it was stopped', async () => {
    const { dashboard } = dashboardOf();
    await dashboard.startMonitoring({ intervalSeconds: 60 });
    const error = await refusal(() => dashboard.startMonitoring({ intervalSeconds: 60 }));
    expect(error.code).toBe('QRT_ERR_PLACEMENT_MONITORING_ACTIVE');
    dashboard.stopMonitoring();
    await dashboard.startMonitoring({ intervalSeconds: 60 });
    dashboard.stopMonitoring();
  });

  it('ends with its signal, and can be started again', async () => {
    const { clock, dashboard } = dashboardOf();
    const stop = new AbortController();
    await dashboard.startMonitoring({ intervalSeconds: 60, signal: stop.signal });
    stop.abort();
    await clock.advance(600_000);
    expect(dashboard.history()).toHaveLength(1);
    await dashboard.startMonitoring({ intervalSeconds: 60 });
    dashboard.stopMonitoring();
  });

  it('does not start under a signal that is aborted', async () => {
    const { dashboard } = dashboardOf();
    const reason = new Error('enough');
    await expect(dashboard.startMonitoring({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(dashboard.history()).toEqual([]);
  });

  it('goes on after a look at a source that failed', async () => {
    const clock = new ManualClock();
    let down = false;
    const source: ServiceSource = {
      services() {
        if (down) throw new Error('the store is away');
        return [{ serviceId: 's', tier: { level: 'GOLD' }, members: machines(3) }];
      },
    };
    const dashboard = new DiversityDashboard(new QuorumManager({ clock }), source, { clock });
    await dashboard.startMonitoring({ intervalSeconds: 10 });
    down = true;
    await clock.advance(20_000);
    down = false;
    await clock.advance(10_000);
    expect(dashboard.history()).toHaveLength(2);
    dashboard.stopMonitoring();
  });

  it.each([0, -1, 0.5, 86_401, Number.NaN, '60'])(
    'refuses an interval of %j seconds',
    async (intervalSeconds) => {
      const { dashboard } = dashboardOf();
      const error = await refusal(() =>
        dashboard.startMonitoring({ intervalSeconds: intervalSeconds as never }),
      );
      expect(error.details.field).toBe('intervalSeconds');
      await dashboard.startMonitoring();
      dashboard.stopMonitoring();
    },
  );
});
