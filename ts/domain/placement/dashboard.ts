/**
 * The diversity dashboard's model: history, health of each service, alerts. Its screens come with the
 * service.
 */
import type { QuorateErrorCode } from '../../errors.js';
import { QuorateError } from '../../errors.js';
import { runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import { backgroundClock, type Clock, clockOf } from '../../ports/clock.js';
import {
  ALERT_SEVERITIES,
  ALERT_THRESHOLDS,
  type Alert,
  AlertBook,
  type AlertSeverity,
  type Observation,
  severityOfScore,
} from './alerts.js';
import type { DeviceProfile } from './facts.js';
import type { QuorumRequirement } from './levels.js';
import {
  CLEAN_UP_INTERVAL_MS,
  HISTORY_ENTRIES_MAX,
  HISTORY_RETENTION_MS,
  INTERVAL_SECONDS_MAX,
  MONITOR_INTERVAL_SECONDS,
  SERVICE_CRITICAL_BASIS_POINTS,
  SERVICE_HEALTHY_BASIS_POINTS,
  SERVICES_MAX,
} from './limits.js';
import { QuorumManager, type QuorumValidation } from './quorum-manager.js';
import type { QuorumLevel } from './vocabulary.js';

/** The dashboard is watching already. */
export const MONITORING_ACTIVE: QuorateErrorCode = 'QRT_ERR_PLACEMENT_MONITORING_ACTIVE';

/** What the dashboard watches: anything that lists services with their members, such as the tier manager. */
export interface ServiceSource {
  services(): readonly {
    readonly serviceId: string;
    readonly tier: {
      readonly level: QuorumLevel | QuorumRequirement;
      /** How bad it is when members no longer keep the level; `high` where it is not said. */
      readonly diversitySeverity?: 'high' | 'critical';
    };
    readonly members: readonly DeviceProfile[];
  }[];
}

export type HealthStatus = 'healthy' | 'degraded' | 'critical';

export interface ServiceHealth {
  readonly serviceId: string;
  readonly level: string;
  readonly status: HealthStatus;
  readonly valid: boolean;
  /** 0 to 1, relative to what the level requires. */
  readonly diversityScore: number;
  readonly violations: readonly string[];
}

export interface DiversityMetrics {
  /** UTC milliseconds. */
  readonly at: number;
  readonly services: number;
  /** Mean over the services, 0 to 1; 1 where there is none: nothing is broken. */
  readonly diversityScore: number;
  readonly asnDiversity: number;
  readonly teeDiversity: number;
  readonly violations: number;
}

export interface Dashboard {
  readonly at: number;
  readonly systemHealth: {
    readonly status: HealthStatus;
    readonly services: Readonly<Record<HealthStatus, number>>;
  };
  readonly alertSummary: {
    readonly totalActive: number;
    readonly bySeverity: Readonly<Record<AlertSeverity, number>>;
  };
  readonly diversityMetrics: DiversityMetrics;
  readonly services: readonly ServiceHealth[];
  readonly alerts: readonly Alert[];
}

interface Look {
  readonly metrics: DiversityMetrics;
  readonly services: readonly ServiceHealth[];
  readonly judged: readonly Judged[];
}

/** A service and what was found; no validation where it could not be judged. */
interface Judged {
  readonly health: ServiceHealth;
  readonly severity: 'high' | 'critical';
  readonly validation: QuorumValidation | null;
}

/** Watches the diversity of every service, keeps its history and raises alerts. */
export class DiversityDashboard {
  readonly #quorums: QuorumManager;
  readonly #source: ServiceSource;
  readonly #clock: Clock;
  readonly #alerts = new AlertBook();
  readonly #history: DiversityMetrics[] = [];
  #cleanedAt: number;
  #monitoring: AbortController | null = null;

  constructor(quorumManager: QuorumManager, slaManager: ServiceSource, options: { clock?: Clock } = {}) {
    this.#quorums = parse.instance(quorumManager, 'quorumManager', QuorumManager);
    this.#source = parse.having<ServiceSource>(slaManager, 'slaManager', 'services');
    this.#clock = clockOf(parse.record(options, 'options')['clock'], 'options.clock', backgroundClock);
    this.#cleanedAt = this.#clock.now();
  }

  /**
   * Looks now and then every `intervalSeconds` until `stopMonitoring` or the signal. Resolves after the first
   * look; the rest goes on in the background and does not keep the process alive. A service that cannot be
   * judged never stops it.
   */
  async startMonitoring(options: { intervalSeconds?: number; signal?: AbortSignal } = {}): Promise<void> {
    const { signal: stop } = runOptions(options);
    const asked = options.intervalSeconds ?? MONITOR_INTERVAL_SECONDS;
    const seconds = parse.integer(asked, 'intervalSeconds', 1, INTERVAL_SECONDS_MAX);
    stop?.throwIfAborted();
    if (this.#monitoring) throw new QuorateError(MONITORING_ACTIVE, 'the dashboard is watching already');
    const monitoring = new AbortController();
    this.#monitoring = monitoring;
    const { signal } = monitoring;
    stop?.addEventListener('abort', () => this.#end(monitoring), { once: true, signal });
    try {
      this.refresh();
    } catch (error) {
      this.#end(monitoring);
      throw error;
    }
    void this.#watch(seconds * 1000, signal);
  }

  stopMonitoring(): void {
    if (this.#monitoring) this.#end(this.#monitoring);
  }

  /** Looks once: adds to the history, raises and resolves alerts. Returns the alerts that changed. */
  refresh(): Alert[] {
    const now = this.#clock.now();
    const look = this.#look(now);
    this.#history.push(look.metrics);
    const changed = this.#alerts.observe(look.judged.flatMap(observationsOf), now);
    if (now - this.#cleanedAt >= CLEAN_UP_INTERVAL_MS) this.cleanUp();
    while (this.#history.length > HISTORY_ENTRIES_MAX) this.#history.shift();
    return changed;
  }

  /** The state of things now, freshly judged; the history is not touched. */
  getCurrentDashboard(): Dashboard {
    const now = this.#clock.now();
    const { metrics, services } = this.#look(now);
    const count = (status: HealthStatus): number =>
      services.filter((service) => service.status === status).length;
    const counts = { healthy: count('healthy'), degraded: count('degraded'), critical: count('critical') };
    const status = counts.critical > 0 ? 'critical' : counts.degraded > 0 ? 'degraded' : 'healthy';
    const alerts = this.#alerts.active();
    const bySeverity = Object.fromEntries(
      ALERT_SEVERITIES.map((severity) => [
        severity,
        alerts.filter((alert) => alert.severity === severity).length,
      ]),
    ) as Record<AlertSeverity, number>;
    return {
      at: now,
      systemHealth: { status, services: counts },
      alertSummary: { totalActive: alerts.length, bySeverity },
      diversityMetrics: metrics,
      services,
      alerts,
    };
  }

  /** Past looks, oldest first. */
  history(): readonly DiversityMetrics[] {
    return [...this.#history];
  }

  /** Open and resolved alerts. */
  alerts(): Alert[] {
    return this.#alerts.all();
  }

  /** Marks an alert as seen; null where no open alert has this id. */
  acknowledgeAlert(id: string): Alert | null {
    return this.#alerts.acknowledge(parse.text(id, 'id'), this.#clock.now());
  }

  /** Drops what is past its retention; done by itself every hour. */
  cleanUp(): { acknowledged: number; resolved: number; removed: number; historyRemoved: number } {
    const now = this.#clock.now();
    this.#cleanedAt = now;
    const before = this.#history.length;
    const kept = this.#history.filter((entry) => now - entry.at < HISTORY_RETENTION_MS);
    this.#history.splice(0, before, ...kept);
    return { ...this.#alerts.cleanUp(now), historyRemoved: before - kept.length };
  }

  #look(now: number): Look {
    const judged = this.#services().map(({ serviceId, tier, members }): Judged => {
      const severity = tier.diversitySeverity ?? 'high';
      try {
        const validation = this.#quorums.validateQuorum(members, tier.level);
        return { health: healthOf(serviceId, validation), severity, validation };
      } catch (error) {
        // One service with a broken profile must not blind the dashboard to all others.
        return { health: unjudged(serviceId, tier.level, error), severity, validation: null };
      }
    });
    const services = judged.map(({ health }) => health);
    const all = judged.flatMap(({ validation }) => validation ?? []);
    const mean = (score: (validation: QuorumValidation) => number): number =>
      all.length === 0 ? 1 : all.reduce((sum, one) => sum + score(one), 0) / all.length / 10_000;
    const metrics = {
      at: now,
      services: services.length,
      diversityScore: mean((one) => one.diversityScoreBasisPoints),
      asnDiversity: mean((one) => one.axisScores.asn ?? 10_000),
      teeDiversity: mean((one) => one.axisScores.tee_vendor ?? 10_000),
      violations: all.reduce((sum, one) => sum + one.violations.length, 0),
    };
    return { metrics, services, judged };
  }

  /** What the source lists, as far as it takes to name each service and to say that it cannot be judged. */
  #services(): ReturnType<ServiceSource['services']> {
    const listed = parse.list(this.#source.services(), 'slaManager.services()', SERVICES_MAX);
    for (const [at, service] of listed.entries()) {
      const path = `slaManager.services()[${at}]`;
      const { serviceId, tier } = parse.record(service, path);
      parse.text(serviceId, `${path}.serviceId`);
      const { level } = parse.record(tier, `${path}.tier`);
      if (typeof level !== 'string') parse.record(level, `${path}.tier.level`);
    }
    return listed as ReturnType<ServiceSource['services']>;
  }

  async #watch(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(intervalMs, signal);
      } catch {
        return;
      }
      try {
        this.refresh();
      } catch {
        // The source failed, not a service of it. This look is missing from the history; whoever asks for the
        // dashboard meanwhile gets the error itself, and the next look tries again.
      }
    }
  }

  #end(monitoring: AbortController): void {
    monitoring.abort();
    if (this.#monitoring === monitoring) this.#monitoring = null;
  }
}

function healthOf(serviceId: string, validation: QuorumValidation): ServiceHealth {
  const score = validation.diversityScoreBasisPoints;
  const critical = !validation.valid || score < SERVICE_CRITICAL_BASIS_POINTS;
  const status = critical ? 'critical' : score > SERVICE_HEALTHY_BASIS_POINTS ? 'healthy' : 'degraded';
  const violations = validation.violations.map(({ message }) => message);
  return {
    serviceId,
    level: validation.level,
    status,
    valid: validation.valid,
    diversityScore: score / 10_000,
    violations,
  };
}

function unjudged(serviceId: string, level: QuorumLevel | QuorumRequirement, error: unknown): ServiceHealth {
  const reason = error instanceof Error ? error.message : String(error);
  const name = typeof level === 'string' ? level : level.name;
  const violations = [`its diversity cannot be judged: ${reason}`];
  return { serviceId, level: name, status: 'critical', valid: false, diversityScore: 0, violations };
}

/** What a service gives cause to look at: its scores, and every rule it breaks. */
function observationsOf({ health, severity, validation }: Judged): Observation[] {
  const { serviceId } = health;
  if (!validation) {
    const message = `${serviceId}: ${health.violations.join('; ')}`;
    const unjudgeable = { kind: 'quorum_violation', cause: 'unjudgeable', severity: 'critical' } as const;
    return [{ ...unjudgeable, serviceId, message, scoreBasisPoints: null }];
  }
  const { axisScores } = validation;
  const scores = [
    ['diversity_score', validation.diversityScoreBasisPoints],
    ['asn_diversity', axisScores.asn ?? null],
    ['tee_diversity', axisScores.tee_vendor ?? null],
  ] as const;
  const found: Observation[] = scores.flatMap(([kind, score]) => {
    if (score === null) return [];
    const message = `${kind.replaceAll('_', ' ')} of ${serviceId} is ${score / 10_000}`;
    const bad = severityOfScore(score, ALERT_THRESHOLDS[kind]);
    return [{ kind, serviceId, cause: '', message, severity: bad, scoreBasisPoints: score }];
  });
  // Two crowded networks break one rule: they are one cause with one alert.
  const broken = new Map<string, string[]>();
  for (const { rule, axis, message } of validation.violations) {
    const cause = `${rule}:${axis ?? ''}`;
    broken.set(cause, [...(broken.get(cause) ?? []), message]);
  }
  for (const [cause, messages] of broken) {
    const message = `${serviceId}: ${messages.join('; ')}`;
    found.push({ kind: 'quorum_violation', serviceId, cause, message, severity, scoreBasisPoints: null });
  }
  return found;
}
