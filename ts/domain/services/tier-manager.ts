/**
 * Services at their tier: provisioned on members that keep its promise, measured, and mended by the smallest
 * move.
 */
import type { QuorateErrorCode } from '../../errors.js';
import { QuorateError } from '../../errors.js';
import * as parse from '../../parse.js';
import { type Clock, systemClock } from '../../ports/clock.js';
import type {
  AttestationVerdict,
  ClassifiedProfile,
  Device,
  DeviceProfile,
  InfeasibilityCertificate,
  QuorumManager,
  QuorumRepair,
  QuorumValidation,
} from '../placement/index.js';
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
  DEVICES_PER_CALL_MAX,
  MONITOR_INTERVAL_SECONDS,
  REVALIDATION_INTERVAL_MS,
  SERVICES_MAX,
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
  /** Device records, which are classified here, or profiles that are classified already. */
  readonly availableDevices: readonly (Device | DeviceProfile)[];
  /** Kept with the service as it is. */
  readonly serviceConfig?: Readonly<Record<string, unknown>>;
  /** Verified attestation verdicts by device id. */
  readonly verdicts?: ReadonlyMap<string, AttestationVerdict> | Readonly<Record<string, AttestationVerdict>>;
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
      /** What is scarce and what would make it possible, one sentence each. */
      readonly reasons: readonly string[];
      readonly certificate: InfeasibilityCertificate;
    };

export interface ComplianceReport {
  readonly serviceId: string;
  readonly tier: string;
  /** `no_data` where nothing was measured and the diversity holds: neither kept nor broken. */
  readonly status: 'compliant' | 'violated' | 'no_data';
  readonly measurements: Measurements;
  readonly violations: readonly Violation[];
  readonly quorum: QuorumValidation;
  /** What the violations of this window give back. */
  readonly credit: CreditNote;
}

/** What happened to a service while it was watched. */
export type ServiceEvent =
  | { readonly kind: 'violated' | 'restored'; readonly at: number; readonly report: ComplianceReport }
  | {
      readonly kind: 'rebalanced' | 'rebalance_failed';
      readonly at: number;
      readonly serviceId: string;
      readonly repair: QuorumRepair;
    };

interface Held {
  service: Service;
  readonly samples: SampleWindow;
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

  constructor(quorumManager: QuorumManager, options: { clock?: Clock; tiers?: readonly Tier[] } = {}) {
    this.#quorums = quorumManager;
    this.#clock = options.clock ?? systemClock;
    const own = (options.tiers ?? []).map((tier, at) => parseTier(tier, `tiers[${at}]`));
    this.#tiers = new Map([...Object.values(TIERS), ...own].map((tier) => [tier.name, tier]));
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
    if (this.#services.has(serviceId))
      throw new QuorateError(SERVICE_EXISTS, `service ${serviceId} exists already`, { field: 'serviceId' });
    if (this.#services.size >= SERVICES_MAX)
      throw parse.invalid('serviceId', `one of at most ${SERVICES_MAX} services`, serviceId);
    const candidates = await this.#classified(request);
    const selection = this.#quorums.selectOptimalQuorum(candidates, tier.level, { size: tier.replicas });
    const pricingMultiplier = tier.priceMultiplier;
    if (!selection.feasible) {
      const { certificate } = selection;
      const failure = { success: false, allocatedDevices: [], diversityScore: 0 } as const;
      return {
        ...failure,
        serviceId,
        tier: tier.name,
        pricingMultiplier,
        reasons: certificate.reasons,
        certificate,
      };
    }
    // Classifying took time: somebody else may have taken the name meanwhile.
    if (this.#services.has(serviceId))
      throw new QuorateError(SERVICE_EXISTS, `service ${serviceId} exists already`, { field: 'serviceId' });
    const now = this.#clock.now();
    const members = membersOf(candidates, selection.members);
    const service = {
      serviceId,
      tier,
      members,
      candidates,
      serviceConfig,
      provisionedAt: now,
      validatedAt: now,
    };
    this.#services.set(serviceId, { service, samples: new SampleWindow(), violated: false, changed: false });
    const diversityScore = selection.diversityScoreBasisPoints / 10_000;
    return {
      success: true,
      serviceId,
      tier: tier.name,
      allocatedDevices: selection.members,
      diversityScore,
      pricingMultiplier,
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
      at: parse.integer(sample.at, 'sample.at', 0, Number.MAX_SAFE_INTEGER),
      latencyMs: parse.finite(sample.latencyMs, 'sample.latencyMs', 0, 86_400_000),
      ok: parse.flag(sample.ok, 'sample.ok'),
    });
  }

  /** Adds one probe of whether the service answers. */
  recordCheck(serviceId: string, sample: CheckSample): void {
    const { samples } = this.#held(serviceId);
    parse.record(sample, 'sample');
    samples.addCheck({
      at: parse.integer(sample.at, 'sample.at', 0, Number.MAX_SAFE_INTEGER),
      up: parse.flag(sample.up, 'sample.up'),
    });
  }

  /** Compares what was measured in the last hour, and the members as they are now, with the tier. */
  validateSlaCompliance(serviceId: string): ComplianceReport {
    const { service, samples } = this.#held(serviceId);
    const { tier } = service;
    const measurements = samples.measure(this.#clock.now());
    const quorum = this.#quorums.validateQuorum(service.members, tier.level);
    const violations = [...performanceViolations(tier, measurements), ...diversityViolations(tier, quorum)];
    const measured = measurements.requests > 0 || measurements.checks > 0;
    const status = violations.length > 0 ? 'violated' : measured ? 'compliant' : 'no_data';
    const { windowStart, windowEnd } = measurements;
    const credit = creditNote(serviceId, windowStart, windowEnd, violations);
    return { serviceId, tier: tier.name, status, measurements, violations, quorum, credit };
  }

  /**
   * Replaces what the promise needs replaced, and no more: members in `lost`, and members whose evidence no
   * longer holds. On success the service has its new members; otherwise it keeps the old ones and the repair
   * says what is scarce.
   */
  rebalanceService(serviceId: string, options: { lost?: readonly string[] } = {}): QuorumRepair {
    const held = this.#held(serviceId);
    const { service } = held;
    const members = service.members.map((member) => member.deviceId);
    const gone = parse.list(parse.record(options, 'options')['lost'] ?? [], 'lost', DEVICES_PER_CALL_MAX);
    const lost = new Set(gone as readonly string[]);
    const repair = this.#quorums.repairQuorum(service.candidates, service.tier.level, members, [...lost]);
    if (repair.feasible) {
      const candidates = service.candidates.filter(({ deviceId }) => !lost.has(deviceId));
      const kept = membersOf(candidates, repair.members);
      held.service = { ...service, members: kept, candidates, validatedAt: this.#clock.now() };
    }
    return repair;
  }

  /** Takes newer profiles in: evidence was renewed, an address moved. Unknown devices become candidates. */
  updateProfiles(serviceId: string, profiles: readonly DeviceProfile[]): void {
    const held = this.#held(serviceId);
    const newer = parse.list(profiles, 'profiles', DEVICES_PER_CALL_MAX) as readonly DeviceProfile[];
    // Checked before anything changes: a profile that cannot be judged would stop every later look.
    this.#quorums.pool(newer);
    const merged = new Map(held.service.candidates.map((profile) => [profile.deviceId, profile]));
    for (const profile of newer) merged.set(profile.deviceId, profile);
    const members = held.service.members.map((member) => merged.get(member.deviceId) ?? member);
    held.service = { ...held.service, members, candidates: [...merged.values()] };
    held.changed = true;
  }

  /**
   * Watches every service until the signal aborts: reports violations when they begin and end, revalidates
   * diversity hourly and whenever evidence of a member expires, and rebalances what lost its diversity.
   */
  async *monitor(options: {
    signal: AbortSignal;
    intervalSeconds?: number;
  }): AsyncGenerator<ServiceEvent, void> {
    const { signal } = options;
    const seconds = parse.integer(
      options.intervalSeconds ?? MONITOR_INTERVAL_SECONDS,
      'intervalSeconds',
      1,
      86_400,
    );
    while (!signal.aborted) {
      for (const { serviceId } of this.services()) yield* this.#check(serviceId);
      try {
        await this.#clock.sleep(seconds * 1000, signal);
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
      held.service = { ...held.service, validatedAt: at };
      if (!quorum.valid) {
        const repair = this.rebalanceService(serviceId);
        yield { kind: repair.feasible ? 'rebalanced' : 'rebalance_failed', at, serviceId, repair };
      }
    }
    const report = this.validateSlaCompliance(serviceId);
    const violated = report.status === 'violated';
    if (violated !== held.violated) yield { kind: violated ? 'violated' : 'restored', at, report };
    held.violated = violated;
  }

  #revalidationDue({ service, changed }: Held, now: number): boolean {
    if (changed || now - service.validatedAt >= REVALIDATION_INTERVAL_MS) return true;
    return service.members.some((member) => {
      const expires = this.#quorums.earliestExpiry(member, service.validatedAt);
      return expires !== null && expires <= now;
    });
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

  async #classified({ availableDevices, verdicts, signal }: ProvisionRequest): Promise<DeviceProfile[]> {
    const devices = parse.list(availableDevices, 'availableDevices', DEVICES_PER_CALL_MAX);
    const isProfile = (device: unknown): device is DeviceProfile =>
      'deviceId' in parse.record(device, 'availableDevices[]');
    if (devices.every(isProfile)) return [...devices];
    const records = devices as readonly Device[];
    const options = { ...(verdicts && { verdicts }), signal };
    const profiles: ClassifiedProfile[] = await this.#quorums.classifier.classifyAll(records, options);
    return profiles;
  }
}

function membersOf(candidates: readonly DeviceProfile[], ids: readonly string[]): DeviceProfile[] {
  const byId = new Map(candidates.map((candidate) => [candidate.deviceId, candidate]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Lost diversity is critical where the tier asks for the most of it, else high. */
function diversityViolations(tier: Tier, quorum: QuorumValidation): Violation[] {
  if (quorum.valid) return [];
  const severity = tier.level === 'GOLD' ? 'critical' : 'high';
  const message = quorum.violations.map((violation) => violation.message).join('; ');
  const measured = quorum.diversityScoreBasisPoints;
  return [{ objective: 'diversity', severity, measured, limit: 10_000, message }];
}
