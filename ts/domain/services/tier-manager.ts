/**
 * Services at their tier: provisioned on members that keep its promise, measured, and mended by the smallest
 * move.
 */
import type { QuorateErrorCode } from '../../errors.js';
import { QuorateError } from '../../errors.js';
import { runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import type { Clock } from '../../ports/clock.js';
import {
  type Device,
  type DeviceProfile,
  type InfeasibilityCertificate,
  QuorumManager,
  type QuorumRepair,
  type QuorumValidation,
} from '../placement/index.js';
import type { Verdict } from '../trust/index.js';
import {
  type CheckSample,
  type Measurements,
  performanceViolations,
  type RequestSample,
  SampleWindow,
  type Violation,
} from './compliance.js';
import { type CreditNote, creditNote } from './credits.js';
import {
  COMPLIANCE_WINDOW_MS,
  DEVICES_PER_CALL_MAX,
  MONITOR_INTERVAL_SECONDS,
  REVALIDATION_INTERVAL_MS,
  SAMPLE_RETENTION_MS,
  SAMPLE_SKEW_MS,
  SERVICES_MAX,
  TIERS_MAX,
} from './limits.js';
import { parseTier, type SLATier, TIERS, type Tier } from './tiers.js';

/** No service has this id. */
export const SERVICE_UNKNOWN: QuorateErrorCode = 'QRT_ERR_SERVICES_UNKNOWN_SERVICE';
/** A service with this id exists already. */
export const SERVICE_EXISTS: QuorateErrorCode = 'QRT_ERR_SERVICES_EXISTS';
/** No tier has this name. */
export const TIER_UNKNOWN: QuorateErrorCode = 'QRT_ERR_SERVICES_UNKNOWN_TIER';

export interface ProvisionRequest {
  readonly serviceId: string;
  readonly tier: SLATier | string;
  /** Device records, which are classified here. */
  readonly availableDevices?: readonly Device[];
  /** Profiles that are classified already. They are the caller's word; a device record never becomes one. */
  readonly availableProfiles?: readonly DeviceProfile[];
  /** Kept with the service as it is. */
  readonly serviceConfig?: Readonly<Record<string, unknown>>;
  /** Verified attestation verdicts of the devices, by id. */
  readonly verdicts?: ReadonlyMap<string, Verdict> | Readonly<Record<string, Verdict>>;
  readonly signal?: AbortSignal;
}

/** A service that runs, as it is now. */
export interface Service {
  readonly serviceId: string;
  readonly tier: Tier;
  readonly members: readonly DeviceProfile[];
  /** All machines it may run on, its members included. */
  readonly candidates: readonly DeviceProfile[];
  readonly serviceConfig: Readonly<Record<string, unknown>>;
  readonly provisionedAt: number;
  readonly validatedAt: number;
}

export type ProvisionResult =
  | {
      readonly success: true;
      readonly serviceId: string;
      readonly tier: string;
      readonly allocatedDevices: readonly string[];
      /** 0 to 1; 1 when every diversity constraint of the tier holds. */
      readonly diversityScore: number;
      readonly pricingMultiplier: number;
    }
  | {
      readonly success: false;
      readonly serviceId: string;
      readonly tier: string;
      readonly allocatedDevices: readonly [];
      readonly diversityScore: 0;
      readonly pricingMultiplier: number;
      /** What is scarce, one sentence each. */
      readonly reasons: readonly string[];
      /** What would make it possible, one sentence each. */
      readonly remedies: readonly string[];
      readonly certificate: InfeasibilityCertificate;
    };

export interface ComplianceReport {
  readonly serviceId: string;
  readonly tier: string;
  /** `no_data` where nothing was measured and the diversity holds: neither kept nor broken. */
  readonly status: 'compliant' | 'violated' | 'no_data';
  readonly measurements: Measurements;
  readonly violations: readonly Violation[];
  /** Of the members that are not lost. */
  readonly quorum: QuorumValidation;
}

/** What happened to a service while it was watched. */
export type ServiceEvent =
  | { readonly kind: 'violated' | 'restored'; readonly at: number; readonly report: ComplianceReport }
  | {
      readonly kind: 'rebalanced' | 'rebalance_failed';
      readonly at: number;
      readonly serviceId: string;
      readonly repair: QuorumRepair;
    }
  /** The service could not be judged; it is looked at again. */
  | { readonly kind: 'unjudged'; readonly at: number; readonly serviceId: string; readonly error: unknown };

interface Held {
  service: Service;
  readonly samples: SampleWindow;
  /**
   * Machines that were reported lost: they hold nothing, and are no candidates until their profile is
   * renewed.
   */
  readonly lost: Set<string>;
  violated: boolean;
  /** Profiles are newer than the last validation. */
  changed: boolean;
}

/** Provisions services at Bronze, Silver, Gold or a tier of one's own, and keeps them there. */
export class EnhancedSLATierManager {
  readonly #quorums: QuorumManager;
  readonly #clock: Clock;
  readonly #tiers: ReadonlyMap<string, Tier>;
  readonly #services = new Map<string, Held>();

  /** Time is the quorum manager's, so that both judge the same expiry. */
  constructor(quorumManager: QuorumManager, options: { tiers?: readonly Tier[] } = {}) {
    const tiers = parse.list(parse.record(options, 'options')['tiers'] ?? [], 'tiers', TIERS_MAX);
    this.#quorums = parse.instance(quorumManager, 'quorumManager', QuorumManager);
    this.#clock = quorumManager.clock;
    const known = new Map<string, Tier>(Object.values(TIERS).map((tier) => [tier.name, tier]));
    for (const [at, given] of tiers.entries()) {
      const tier = parseTier(given, `tiers[${at}]`);
      if (known.has(tier.name))
        throw parse.invalid(`tiers[${at}].name`, 'a name no other tier has', tier.name);
      known.set(tier.name, tier);
    }
    this.#tiers = known;
  }

  /** The tiers this manager knows, shipped ones first. */
  get tiers(): Tier[] {
    return [...this.#tiers.values()];
  }

  /** Everything that runs, in the order of provisioning. */
  services(): Service[] {
    return [...this.#services.values()].map(({ service }) => service);
  }

  /** Throws QRT_ERR_SERVICES_UNKNOWN_SERVICE. */
  service(serviceId: string): Service {
    return this.#held(serviceId).service;
  }

  /**
   * Chooses members that keep the tier's promise and provisions the service on them. A pool that cannot is no
   * error: the result says what is scarce. Throws for bad input, an unknown tier, or a service that exists;
   * nothing changed then.
   */
  async provisionService(request: ProvisionRequest): Promise<ProvisionResult> {
    parse.record(request, 'request');
    const serviceId = parse.text(request.serviceId, 'serviceId');
    const tier = this.#tier(request.tier);
    const serviceConfig = parse.optional(request.serviceConfig, {}, (config) =>
      parse.record(config, 'serviceConfig'),
    );
    this.#refuseTaken(serviceId);
    const candidates = await this.#candidatesOf(request);
    const selection = this.#quorums.selectOptimalQuorum(candidates, tier.level, { size: tier.replicas });
    if (!selection.feasible) return refusal(serviceId, tier, selection.certificate);
    // Classifying took time: somebody else may have taken the name meanwhile.
    this.#refuseTaken(serviceId);
    const now = this.#clock.now();
    const service = frozen({
      serviceId,
      tier,
      members: membersOf(candidates, selection.members),
      candidates,
      serviceConfig,
      provisionedAt: now,
      validatedAt: now,
    });
    const samples = new SampleWindow();
    this.#services.set(serviceId, { service, samples, lost: new Set(), violated: false, changed: false });
    return {
      success: true,
      serviceId,
      tier: tier.name,
      allocatedDevices: selection.members,
      diversityScore: selection.diversityScoreBasisPoints / 10_000,
      pricingMultiplier: tier.priceMultiplier,
    };
  }

  /** Ends a service and forgets its samples. Throws QRT_ERR_SERVICES_UNKNOWN_SERVICE. */
  releaseService(serviceId: string): void {
    this.#held(serviceId);
    this.#services.delete(serviceId);
  }

  /** Adds one measured request. */
  recordRequest(serviceId: string, sample: RequestSample): void {
    const { samples } = this.#held(serviceId);
    parse.record(sample, 'sample');
    samples.addRequest({
      at: this.#sampleTime(sample.at),
      latencyMs: parse.finite(sample.latencyMs, 'sample.latencyMs', 0, 86_400_000),
      ok: parse.flag(sample.ok, 'sample.ok'),
    });
  }

  /** Adds one probe of whether the service answers. */
  recordCheck(serviceId: string, sample: CheckSample): void {
    const { samples } = this.#held(serviceId);
    parse.record(sample, 'sample');
    samples.addCheck({
      at: this.#sampleTime(sample.at),
      up: parse.flag(sample.up, 'sample.up'),
    });
  }

  /** Compares what was measured in the last hour, and the members as they are now, with the tier. */
  validateSlaCompliance(serviceId: string): ComplianceReport {
    const { service, samples, lost } = this.#held(serviceId);
    const { tier } = service;
    const now = this.#clock.now();
    const measurements = samples.measure(now - COMPLIANCE_WINDOW_MS, now + 1);
    const members = service.members.filter(({ deviceId }) => !lost.has(deviceId));
    const quorum = this.#quorums.validateQuorum(members, tier.level, { size: tier.replicas });
    const violations = [...performanceViolations(tier, measurements), ...diversityViolations(tier, quorum)];
    const measured = measurements.requests > 0 || measurements.checks > 0;
    const status = violations.length > 0 ? 'violated' : measured ? 'compliant' : 'no_data';
    return { serviceId, tier: tier.name, status, measurements, violations, quorum };
  }

  /**
   * What the performance violations of one calendar hour (UTC) give back. Hours do not overlap, so each
   * violation is paid once; the note of an hour is the same whenever it is asked for while its samples are
   * kept (a day). Throws QRT_ERR_INPUT_INVALID for an hour that is not over or no longer kept.
   */
  creditNote(serviceId: string, hourStart: number): CreditNote {
    const { service, samples } = this.#held(serviceId);
    const now = this.#clock.now();
    const start = parse.integer(
      hourStart,
      'hourStart',
      now - SAMPLE_RETENTION_MS,
      now - COMPLIANCE_WINDOW_MS,
    );
    if (start % COMPLIANCE_WINDOW_MS !== 0)
      throw parse.invalid('hourStart', 'the start of an hour (UTC)', start);
    const end = start + COMPLIANCE_WINDOW_MS;
    return creditNote(
      serviceId,
      start,
      end,
      performanceViolations(service.tier, samples.measure(start, end)),
    );
  }

  /**
   * Replaces what the promise needs replaced, and no more: members in `lost`, and members whose evidence no
   * longer holds. On success the service has its new members; otherwise it keeps those it still has, and the
   * repair says what is scarce. A loss is remembered either way; reporting it again changes nothing.
   */
  rebalanceService(serviceId: string, options: { lost?: readonly string[] } = {}): QuorumRepair {
    const held = this.#held(serviceId);
    const { service } = held;
    const given = parse.list(parse.record(options, 'options')['lost'] ?? [], 'lost', DEVICES_PER_CALL_MAX);
    const known = new Set(service.candidates.map(({ deviceId }) => deviceId));
    for (const [at, id] of given.entries()) {
      if (!known.has(parse.text(id, `lost[${at}]`))) throw parse.invalid(`lost[${at}]`, 'a candidate', id);
    }
    for (const id of given as readonly string[]) held.lost.add(id);
    const members = service.members.map((member) => member.deviceId);
    const lost = [...held.lost];
    const repair = this.#quorums.repairQuorum(service.candidates, service.tier.level, members, lost);
    if (repair.feasible) {
      const now = this.#clock.now();
      const chosen = membersOf(service.candidates, repair.members);
      held.service = frozen({ ...service, members: chosen, validatedAt: now });
    }
    return repair;
  }

  /**
   * Takes newer profiles in: evidence was renewed, an address moved, a lost machine is back. Unknown devices
   * become candidates.
   */
  updateProfiles(serviceId: string, profiles: readonly DeviceProfile[]): void {
    const held = this.#held(serviceId);
    const newer = parse.list(profiles, 'profiles', DEVICES_PER_CALL_MAX) as readonly DeviceProfile[];
    // Checked before anything changes: a profile that cannot be judged would stop every later look.
    this.#quorums.pool(newer);
    const merged = new Map(held.service.candidates.map((profile) => [profile.deviceId, profile]));
    for (const profile of newer) {
      merged.set(profile.deviceId, profile);
      held.lost.delete(profile.deviceId);
    }
    const members = held.service.members.map((member) => merged.get(member.deviceId) ?? member);
    held.service = frozen({ ...held.service, members, candidates: [...merged.values()] });
    held.changed = true;
  }

  /**
   * Watches every service until the signal aborts: reports violations when they begin and end, revalidates
   * diversity hourly and at the moment evidence of a member expires, and rebalances what lost its diversity.
   */
  async *monitor(options: {
    signal: AbortSignal;
    intervalSeconds?: number;
  }): AsyncGenerator<ServiceEvent, void> {
    const { signal } = runOptions(options);
    if (!signal) throw parse.invalid('signal', 'an AbortSignal', signal);
    const { intervalSeconds = MONITOR_INTERVAL_SECONDS } = options;
    const intervalMs = parse.integer(intervalSeconds, 'intervalSeconds', 1, 86_400) * 1000;
    while (!signal.aborted) {
      for (const { serviceId } of this.services()) {
        try {
          yield* this.#check(serviceId);
        } catch (error) {
          // One service that cannot be judged must not end the watch over all others.
          if (this.#services.has(serviceId))
            yield { kind: 'unjudged', at: this.#clock.now(), serviceId, error };
        }
      }
      const now = this.#clock.now();
      const next = this.#nextExpiry(now);
      const wait = next === null ? intervalMs : Math.min(intervalMs, Math.max(1, next - now));
      try {
        await this.#clock.sleep(wait, signal);
      } catch {
        return;
      }
    }
  }

  *#check(serviceId: string): Generator<ServiceEvent, void> {
    const held = this.#services.get(serviceId);
    if (!held) return;
    const at = this.#clock.now();
    if (this.#revalidationDue(held, at)) {
      held.changed = false;
      const { quorum } = this.validateSlaCompliance(serviceId);
      held.service = frozen({ ...held.service, validatedAt: at });
      if (!quorum.valid) {
        const repair = this.rebalanceService(serviceId);
        yield { kind: repair.feasible ? 'rebalanced' : 'rebalance_failed', at, serviceId, repair };
      }
    }
    // Whoever took the event may have released the service.
    if (!this.#services.has(serviceId)) return;
    const report = this.validateSlaCompliance(serviceId);
    const violated = report.status === 'violated';
    const turned = violated !== held.violated;
    held.violated = violated;
    if (turned) yield { kind: violated ? 'violated' : 'restored', at, report };
  }

  #revalidationDue({ service, changed }: Held, now: number): boolean {
    if (changed || now - service.validatedAt >= REVALIDATION_INTERVAL_MS) return true;
    return service.members.some((member) => {
      const expires = this.#quorums.earliestExpiry(member, service.validatedAt);
      return expires !== null && expires <= now;
    });
  }

  /** When the first value of any member expires, of those that have not yet. */
  #nextExpiry(now: number): number | null {
    let next: number | null = null;
    for (const { service } of this.#services.values()) {
      for (const member of service.members) {
        const expires = this.#quorums.earliestExpiry(member, now);
        if (expires !== null && (next === null || expires < next)) next = expires;
      }
    }
    return next;
  }

  /** A clock that runs ahead must not push measured samples out of the window. */
  #sampleTime(at: unknown): number {
    return parse.integer(at, 'sample.at', 0, this.#clock.now() + SAMPLE_SKEW_MS);
  }

  #refuseTaken(serviceId: string): void {
    if (this.#services.has(serviceId)) {
      const message = `service ${serviceId} exists already`;
      throw new QuorateError(SERVICE_EXISTS, message, { field: 'serviceId' });
    }
    if (this.#services.size >= SERVICES_MAX) {
      throw parse.invalid('serviceId', `one of at most ${SERVICES_MAX} services`, serviceId);
    }
  }

  #held(serviceId: string): Held {
    const held = this.#services.get(parse.text(serviceId, 'serviceId'));
    if (!held)
      throw new QuorateError(SERVICE_UNKNOWN, `there is no service ${serviceId}`, { field: 'serviceId' });
    return held;
  }

  #tier(name: unknown): Tier {
    const wanted = parse.text(name, 'tier');
    const tier = this.#tiers.get(wanted);
    if (!tier) {
      const known = [...this.#tiers.keys()].join(', ');
      throw new QuorateError(TIER_UNKNOWN, `there is no tier ${wanted}: use one of ${known}`, {
        field: 'tier',
      });
    }
    return tier;
  }

  async #candidatesOf(request: ProvisionRequest): Promise<DeviceProfile[]> {
    const { verdicts, signal } = request;
    const listed = <T>(list: readonly T[] | undefined, path: string): readonly T[] =>
      parse.list(list ?? [], path, DEVICES_PER_CALL_MAX) as readonly T[];
    const devices = listed(request.availableDevices, 'availableDevices');
    const profiles = listed(request.availableProfiles, 'availableProfiles');
    const options = { ...(verdicts && { verdicts }), signal };
    const classified =
      devices.length === 0 ? [] : await this.#quorums.classifier.classifyAll(devices, options);
    return [...classified, ...profiles];
  }
}

/** Nobody outside changes what a service is. */
function frozen(service: Service): Service {
  const { members, candidates } = service;
  return Object.freeze({
    ...service,
    members: Object.freeze([...members]),
    candidates: Object.freeze([...candidates]),
  });
}

function refusal(serviceId: string, tier: Tier, certificate: InfeasibilityCertificate): ProvisionResult {
  const { reasons, remedies } = certificate;
  const pricingMultiplier = tier.priceMultiplier;
  const none = { success: false, allocatedDevices: [], diversityScore: 0 } as const;
  return { ...none, serviceId, tier: tier.name, pricingMultiplier, reasons, remedies, certificate };
}

function membersOf(candidates: readonly DeviceProfile[], ids: readonly string[]): DeviceProfile[] {
  const byId = new Map(candidates.map((candidate) => [candidate.deviceId, candidate]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

function diversityViolations(tier: Tier, quorum: QuorumValidation): Violation[] {
  if (quorum.valid) return [];
  const message = quorum.violations.map((violation) => violation.message).join('; ');
  const measured = quorum.diversityScoreBasisPoints;
  return [{ objective: 'diversity', severity: tier.diversitySeverity, measured, limit: 10_000, message }];
}
