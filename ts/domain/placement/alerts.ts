/**
 * Alerts with one life each: raised when a value stays bad, kept under one id while the cause lasts, resolved
 * by themselves when it is gone. A value that flutters around a threshold neither raises nor resolves.
 */
import { createHash } from 'node:crypto';
import {
  ACKNOWLEDGED_RESOLVE_MS,
  ALERT_CLEAR_CHECKS,
  ALERT_DEAD_BAND_BASIS_POINTS,
  ALERT_RAISE_CHECKS,
  ALERT_RAISE_WINDOW,
  ALERT_RETENTION_MS,
  ALERTS_MAX,
  LOW_ALERT_ACKNOWLEDGE_MS,
} from './limits.js';

/** From least to most urgent. */
export const ALERT_SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** What an alert is about. */
export type AlertKind = 'diversity_score' | 'asn_diversity' | 'tee_diversity' | 'quorum_violation';

/** A score below one of these raises an alert of that severity; in basis points. */
export interface ScoreThresholds {
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
}

/** The thresholds of the heterogeneous quorum document, section "Alert Thresholds". */
export const ALERT_THRESHOLDS = {
  diversity_score: { critical: 2000, high: 4000, medium: 6000, low: 8000 },
  asn_diversity: { critical: 1000, high: 3000, medium: 5000, low: 7000 },
  tee_diversity: { critical: 2000, high: 4000, medium: 6000, low: 8000 },
} as const satisfies Record<string, ScoreThresholds>;

/** One alert, from its cause to its end. */
export interface Alert {
  /** Stable: the same cause on the same service has the same id, today and after a restart. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly serviceId: string;
  /** What exactly is wrong, such as the violated rule; empty for a score. */
  readonly cause: string;
  readonly severity: AlertSeverity;
  readonly message: string;
  /** The score in basis points, or null where the cause is a violated rule. */
  readonly scoreBasisPoints: number | null;
  readonly raisedAt: number;
  readonly updatedAt: number;
  readonly acknowledgedAt: number | null;
  readonly resolvedAt: number | null;
}

/** One look at one possible cause. */
export interface Observation {
  readonly kind: AlertKind;
  readonly serviceId: string;
  readonly cause: string;
  readonly message: string;
  /** Null: the cause is gone. */
  readonly severity: AlertSeverity | null;
  readonly scoreBasisPoints: number | null;
}

interface Watch {
  /** Newest last: whether each of the last checks was bad. */
  readonly recent: boolean[];
  clearChecks: number;
  alert: Alert | null;
  /** Resolved by time while its cause lasted: it is not raised again before the cause was gone. */
  muted: boolean;
}

/** The severity of a score, or null where it is no cause for an alert. */
export function severityOfScore(score: number, thresholds: ScoreThresholds): AlertSeverity | null {
  if (score < thresholds.critical) return 'critical';
  if (score < thresholds.high) return 'high';
  if (score < thresholds.medium) return 'medium';
  if (score < thresholds.low) return 'low';
  return null;
}

function alertId(observation: Observation): string {
  const key = JSON.stringify([observation.kind, observation.serviceId, observation.cause]);
  return `alert-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

/** All alerts of one dashboard. */
export class AlertBook {
  readonly #watches = new Map<string, Watch>();

  /** Takes the observations of one check; returns what changed (raised, more or less severe, resolved). */
  observe(observations: Iterable<Observation>, now: number): Alert[] {
    const changed: Alert[] = [];
    const seen = new Set<string>();
    for (const observation of observations) {
      const id = alertId(observation);
      seen.add(id);
      const alert = this.#look(id, observation, now);
      if (alert) changed.push(alert);
    }
    // A cause that is no longer observed at all (its service is gone, its rule holds again) clears as well.
    for (const [id, watch] of this.#watches) {
      if (seen.has(id)) continue;
      const alert = this.#clear(watch, now);
      if (alert) changed.push(alert);
    }
    return changed;
  }

  /** Open alerts, most severe first, then oldest first. */
  active(): Alert[] {
    return this.all().filter((alert) => alert.resolvedAt === null);
  }

  /** Open and resolved alerts, most severe first, then oldest first. */
  all(): Alert[] {
    const rank = (alert: Alert): number => ALERT_SEVERITIES.indexOf(alert.severity);
    return [...this.#watches.values()]
      .flatMap((watch) => watch.alert ?? [])
      .sort((a, b) => rank(b) - rank(a) || a.raisedAt - b.raisedAt || (a.id < b.id ? -1 : 1));
  }

  /** Marks an open alert as seen by a person. Returns the alert, or null where no open alert has this id. */
  acknowledge(id: string, now: number): Alert | null {
    const watch = this.#watches.get(id);
    if (!watch?.alert || watch.alert.resolvedAt !== null) return null;
    watch.alert = { ...watch.alert, acknowledgedAt: watch.alert.acknowledgedAt ?? now, updatedAt: now };
    return watch.alert;
  }

  /** Acknowledges old low alerts, resolves old acknowledged ones, forgets what is past its retention. */
  cleanUp(now: number): { acknowledged: number; resolved: number; removed: number } {
    const counts = { acknowledged: 0, resolved: 0, removed: 0 };
    for (const [id, watch] of this.#watches) {
      const { alert } = watch;
      if (!alert) {
        if (!watch.recent.includes(true)) this.#watches.delete(id);
      } else if (alert.resolvedAt !== null) {
        if (now - alert.resolvedAt < ALERT_RETENTION_MS) continue;
        this.#watches.delete(id);
        counts.removed += 1;
      } else if (alert.acknowledgedAt !== null && now - alert.acknowledgedAt >= ACKNOWLEDGED_RESOLVE_MS) {
        watch.alert = { ...alert, resolvedAt: now, updatedAt: now };
        watch.muted = true;
        counts.resolved += 1;
      } else if (alert.severity === 'low' && now - alert.raisedAt >= LOW_ALERT_ACKNOWLEDGE_MS) {
        watch.alert = { ...alert, acknowledgedAt: alert.acknowledgedAt ?? now, updatedAt: now };
        counts.acknowledged += alert.acknowledgedAt === null ? 1 : 0;
      }
    }
    return counts;
  }

  #look(id: string, observation: Observation, now: number): Alert | null {
    const watch = this.#watches.get(id);
    if (observation.severity === null) return watch ? this.#clear(watch, now, observation) : null;
    const current = watch ?? this.#open(id);
    current.clearChecks = 0;
    current.recent.push(true);
    if (current.recent.length > ALERT_RAISE_WINDOW) current.recent.shift();
    const { severity } = observation;
    if (current.alert && current.alert.resolvedAt === null) {
      const same = current.alert.severity === severity;
      current.alert = { ...current.alert, ...textOf(observation), severity, updatedAt: now };
      return same ? null : current.alert;
    }
    if (current.muted) return null;
    // A critical cause is not waited for; others must be bad in some of the last checks.
    const bad = current.recent.filter(Boolean).length;
    if (severity !== 'critical' && bad < ALERT_RAISE_CHECKS) return null;
    const { kind, serviceId, cause } = observation;
    const times = { raisedAt: now, updatedAt: now, acknowledgedAt: null, resolvedAt: null };
    current.alert = { id, kind, serviceId, cause, severity, ...textOf(observation), ...times };
    return current.alert;
  }

  /**
   * Where the book is full the oldest resolved alert makes way, then the oldest of all: a new cause is never
   * lost.
   */
  #open(id: string): Watch {
    if (this.#watches.size >= ALERTS_MAX) {
      const entries = [...this.#watches];
      const [oldest] =
        entries.find(([, { alert }]) => alert === null || alert.resolvedAt !== null) ?? entries[0] ?? [];
      if (oldest !== undefined) this.#watches.delete(oldest);
    }
    const watch: Watch = { recent: [], clearChecks: 0, alert: null, muted: false };
    this.#watches.set(id, watch);
    return watch;
  }

  /**
   * Resolves after several clear checks; a score that is only just clear (inside the dead band) does not
   * count.
   */
  #clear(watch: Watch, now: number, observation?: Observation): Alert | null {
    watch.recent.push(false);
    if (watch.recent.length > ALERT_RAISE_WINDOW) watch.recent.shift();
    watch.clearChecks = observation && insideDeadBand(observation) ? 0 : watch.clearChecks + 1;
    if (watch.clearChecks < ALERT_CLEAR_CHECKS) return null;
    watch.muted = false;
    const { alert } = watch;
    if (!alert || alert.resolvedAt !== null) return null;
    watch.alert = { ...alert, resolvedAt: now, updatedAt: now };
    return watch.alert;
  }
}

function textOf(observation: Observation): Pick<Alert, 'message' | 'scoreBasisPoints'> {
  return { message: observation.message, scoreBasisPoints: observation.scoreBasisPoints };
}

function insideDeadBand({ kind, scoreBasisPoints }: Observation): boolean {
  if (scoreBasisPoints === null || kind === 'quorum_violation') return false;
  const { low } = ALERT_THRESHOLDS[kind];
  const clear = Math.min(10_000, Math.floor((low * (10_000 + ALERT_DEAD_BAND_BASIS_POINTS)) / 10_000));
  return scoreBasisPoints < clear;
}
