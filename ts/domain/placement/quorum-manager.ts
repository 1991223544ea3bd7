/**
 * Quorums that keep a level: chosen with proof, checked, explained, repaired by the smallest move, and
 * watched.
 */
import {
  type NativeCertificate,
  type NativeChange,
  type NativeMeasures,
  type NativeRequirement,
  runOptions,
} from '../../native.js';
import * as parse from '../../parse.js';
import { type Clock, clockOf } from '../../ports/clock.js';
import { InfrastructureClassifier } from './classifier.js';
import { callNaming, levelField } from './core-fields.js';
import { type DeviceProfile, isFact } from './facts.js';
import { type QuorumRequirement, requirementOf } from './levels.js';
import { CANDIDATES_MAX, INTERVAL_SECONDS_MAX, MONITOR_INTERVAL_SECONDS, QUORUM_SIZE_MAX } from './limits.js';
import { CandidatePool } from './pool.js';
import {
  certificateSentences,
  chosenSentence,
  remedySentence,
  verdictSentence,
  violationSentence,
} from './sentences.js';
import { AXES, type Axis, type QuorumLevel } from './vocabulary.js';

/** Profiles, or a pool made of them once: a pool that is asked again pays for its profiles only once. */
export type Candidates = readonly DeviceProfile[] | CandidatePool;
export type Level = QuorumLevel | QuorumRequirement;

export interface SelectOptions {
  /** Members to choose. */
  readonly size: number;
  /** `exact` (default) proves the optimum up to 10 members; `greedy` is the document's algorithm. */
  readonly method?: 'exact' | 'greedy';
}

/** The proof that no members exist, in rules and figures; `reasons` says the same in sentences. */
export interface InfeasibilityCertificate
  extends Omit<NativeCertificate, 'eligible' | 'reasons' | 'rejected' | 'without'> {
  readonly level: string;
  /** Candidates that break no rule by themselves; null where the search was cut off. */
  readonly eligible: number | null;
  /** How many candidates each rule keeps out; null as for `eligible`. */
  readonly rejected: NativeCertificate['rejected'] | null;
  /** Ids of candidates that were not to be used, such as lost members. */
  readonly excluded: readonly string[];
  readonly scarce: NativeCertificate['reasons'];
  readonly reasons: readonly string[];
  /** What would make it possible, one sentence each. */
  readonly remedies: readonly string[];
}

export type QuorumSelection =
  | {
      readonly feasible: true;
      readonly level: string;
      readonly size: number;
      /** Device ids, heaviest first, equals by id. */
      readonly members: readonly string[];
      readonly totalWeight: number;
      /** Whether it is proved that no valid set is heavier. */
      readonly optimal: boolean;
      /** No valid set is heavier than this. */
      readonly bound: number;
      readonly method: 'exact' | 'greedy';
      /** Search nodes visited. */
      readonly searchNodes: number;
      /** 10 000 when every diversity constraint of the level holds. */
      readonly diversityScoreBasisPoints: number;
    }
  | {
      readonly feasible: false;
      readonly level: string;
      readonly size: number;
      /** False where the search was cut off before it found members or a proof. */
      readonly proven: boolean;
      readonly certificate: InfeasibilityCertificate;
      readonly reasons: readonly string[];
      readonly remedies: readonly string[];
    };

export interface QuorumViolation {
  readonly rule: string;
  readonly axis: Axis | null;
  readonly have: number;
  readonly need: number;
  readonly values: readonly string[];
  /** Device ids concerned. */
  readonly members: readonly string[];
  readonly message: string;
}

export type DiversityMeasures = Readonly<Record<Axis, NativeMeasures>>;

export interface QuorumValidation {
  readonly valid: boolean;
  readonly level: string;
  readonly violations: readonly QuorumViolation[];
  /** Per axis: different values, entropy, effective number, Nakamoto coefficients, worst shared share. */
  readonly diversity: DiversityMeasures;
  readonly diversityScoreBasisPoints: number;
  /** Basis points per axis the level asks about. */
  readonly axisScores: Readonly<Partial<Record<Axis, number>>>;
  /** What to add or swap; empty where valid. */
  readonly recommendations: readonly string[];
  /** The swap that makes the members valid, where the candidates permit one. */
  readonly swap: { readonly remove: readonly string[]; readonly add: readonly string[] } | null;
}

export interface CandidateExplanation {
  readonly deviceId: string;
  readonly verdict: string;
  readonly message: string;
}

export type QuorumRepair =
  | {
      readonly feasible: true;
      readonly members: readonly string[];
      readonly kept: readonly string[];
      readonly removed: readonly string[];
      readonly added: readonly string[];
      readonly totalWeight: number;
      /** Whether it is proved that no repair moves fewer members. */
      readonly minimal: boolean;
    }
  | {
      readonly feasible: false;
      readonly reasons: readonly string[];
      readonly certificate: InfeasibilityCertificate | null;
    };

export interface DomainFailure {
  readonly axis: Axis;
  readonly value: string;
  readonly lost: readonly string[];
  readonly remaining: number;
  readonly remainingWeightPpm: number;
  readonly majoritySurvives: boolean;
  /** More than two thirds of the weight remain: a Byzantine quorum survives. */
  readonly twoThirdsSurvive: boolean;
  readonly levelHolds: boolean;
}

/** One look at a quorum that is watched, given when its state changes. */
export interface QuorumChange {
  readonly at: number;
  readonly validation: QuorumValidation;
  /** Violations that are new since the last look, and those that are gone. */
  readonly lost: readonly string[];
  readonly regained: readonly string[];
}

export interface MonitorOptions {
  readonly signal: AbortSignal;
  readonly intervalSeconds?: number;
}

/** Holds the levels and answers every question about quorums. It has no state of its own but a classifier. */
export class QuorumManager {
  readonly classifier: InfrastructureClassifier;
  /** What time it is for everything this manager judges. */
  readonly clock: Clock;

  constructor(options: { classifier?: InfrastructureClassifier; clock?: Clock } = {}) {
    parse.record(options, 'options');
    this.clock = clockOf(options.clock, 'options.clock');
    this.classifier =
      parse.optional(options.classifier, null, (classifier) =>
        parse.instance(classifier, 'options.classifier', InfrastructureClassifier),
      ) ?? new InfrastructureClassifier({ clock: this.clock });
  }

  /** Checks candidates once, to be asked many times; what has expired by now counts as unknown. */
  pool(candidates: Candidates): CandidatePool {
    return candidates instanceof CandidatePool ? candidates : CandidatePool.of(candidates, this.clock.now());
  }

  /**
   * Chooses the members with the largest sum of weights that keep the level, or says exactly what is scarce.
   * Throws QRT_ERR_INPUT_INVALID or QRT_ERR_DIVERSITY_* for bad input; an impossible level is an answer, not
   * an error.
   */
  selectOptimalQuorum(candidates: Candidates, level: Level, options: SelectOptions): QuorumSelection {
    const pool = this.pool(candidates);
    const requirement = requirementOf(level);
    const { size, method } = parseSelect(options);
    const found = ask(() => pool.native.select(requirement, size, method === 'greedy'));
    if (found.answer === 'feasible') {
      const { score } = ask(() => pool.native.validate(requirement, found.members, size));
      return {
        feasible: true,
        level: requirement.name,
        size,
        members: pool.ids(found.members),
        totalWeight: found.totalWeight,
        optimal: found.optimal,
        bound: found.bound,
        method: found.method === 'greedy' ? 'greedy' : 'exact',
        searchNodes: found.nodes,
        diversityScoreBasisPoints: score,
      };
    }
    const certificate = certificateOf(pool, requirement, size, found.certificate, () =>
      ask(() => pool.native.remedies(requirement, size)).map((remedy) =>
        remedySentence(remedy, idOf(pool), requirement),
      ),
    );
    const { reasons, remedies } = certificate;
    const proven = found.answer === 'infeasible';
    return { feasible: false, level: requirement.name, size, proven, certificate, reasons, remedies };
  }

  /** Checks members (default: all candidates) against a level and names every rule they break. */
  validateQuorum(
    candidates: Candidates,
    level: Level,
    options: { members?: readonly string[]; size?: number } = {},
  ): QuorumValidation {
    const pool = this.pool(candidates);
    const requirement = requirementOf(level);
    parse.record(options, 'options');
    const members = parse.optional(
      options.members,
      Uint32Array.from(pool.profiles, (_, at) => at),
      () => pool.positions(options.members ?? [], 'members'),
    );
    const size = parse.integer(options.size ?? 0, 'size', 0, QUORUM_SIZE_MAX);
    const found = ask(() => pool.native.validate(requirement, members, size));
    const violations = found.violations.map((violation) => ({
      rule: violation.rule.rule,
      axis: violation.rule.axis as Axis | null,
      have: violation.have,
      need: violation.need,
      values: violation.values,
      members: pool.ids(violation.members),
      message: violationSentence(violation, idOf(pool), pool.groupOnly),
    }));
    // A fleet can be checked, but it is no quorum that a few swaps could mend.
    const advisable = members.length > 0 && members.length <= QUORUM_SIZE_MAX;
    const advice = found.valid || !advisable ? null : this.#advice(pool, requirement, members, size);
    return {
      valid: found.valid,
      level: requirement.name,
      violations,
      diversity: measuresOf(found.measures),
      diversityScoreBasisPoints: found.score,
      axisScores: scoresOf(found.axisScores),
      recommendations: advice?.sentences ?? [],
      swap: advice?.swap ?? null,
    };
  }

  /** Says of each candidate why it is a member or by which rule not, in the order of the candidates. */
  explainQuorum(candidates: Candidates, level: Level, members: readonly string[]): CandidateExplanation[] {
    const pool = this.pool(candidates);
    const positions = pool.positions(members, 'members');
    const requirement = requirementOf(level);
    const verdicts = ask(() => pool.native.explain(requirement, positions));
    const values = new Map(Array.from(positions, (at) => [at, pool.valuesAt(at)]));
    const best = verdicts.every(({ kind }) => kind !== 'would_improve');
    return verdicts.map((verdict, at) => {
      const own = values.get(at);
      if (own) {
        const others = [...values].filter(([other]) => other !== at).map(([, value]) => value);
        const rivals = verdicts.filter(({ member }) => member === at);
        const message = chosenSentence(own, others, rivals, best);
        return { deviceId: pool.id(at), verdict: verdict.kind, message };
      }
      const bound = { confidenceMin: requirement.confidenceMin, groupOnly: pool.groupOnly.has(at) };
      const message = verdictSentence(verdict, idOf(pool), bound);
      return { deviceId: pool.id(at), verdict: verdict.kind, message };
    });
  }

  /**
   * Replaces lost members, and members that no longer qualify, keeping as many of the others as possible.
   * With nothing lost it makes the smallest change after which the members are valid.
   */
  repairQuorum(
    candidates: Candidates,
    level: Level,
    members: readonly string[],
    lost: readonly string[] = [],
  ): QuorumRepair {
    const pool = this.pool(candidates);
    const requirement = requirementOf(level);
    const before = pool.positions(members, 'members');
    const gone = pool.positions(lost, 'lost');
    const { change, certificate } = ask(() => pool.native.repair(requirement, before, gone));
    if (change) return repairOf(pool, change);
    if (!certificate)
      return {
        feasible: false,
        reasons: ['the search was cut off before it found an answer'],
        certificate: null,
      };
    const told = certificateOf(pool, requirement, before.length, certificate, () => []);
    return { feasible: false, reasons: told.reasons, certificate: told };
  }

  /**
   * Lets every failure domain of the members fail once: what is lost, and whether a majority and the level
   * survive.
   */
  whatIf(candidates: Candidates, level: Level, members: readonly string[]): DomainFailure[] {
    const pool = this.pool(candidates);
    const positions = pool.positions(members, 'members');
    return ask(() => pool.native.whatIf(requirementOf(level), positions)).map((failure) => ({
      axis: failure.axis as Axis,
      value: failure.value,
      lost: pool.ids(failure.lost),
      remaining: failure.remaining,
      remainingWeightPpm: failure.remainingWeightPpm,
      majoritySurvives: failure.majority,
      twoThirdsSurvive: failure.twoThirds,
      levelHolds: failure.levelHolds,
    }));
  }

  /** Measures the diversity of a set on every axis, weighted. */
  measureDiversity(candidates: Candidates): DiversityMeasures {
    const pool = this.pool(candidates);
    return measuresOf(ask(() => pool.native.measures(Uint32Array.from(pool.profiles, (_, at) => at))));
  }

  /**
   * Watches members until the signal aborts: gives the first look, and then each change as it happens, also
   * when nothing but time did it and evidence expired. `source` is asked for the current profiles at each
   * look.
   */
  async *continuouslyMonitorQuorum(
    source: () => readonly DeviceProfile[] | Promise<readonly DeviceProfile[]>,
    level: Level,
    options: MonitorOptions,
  ): AsyncGenerator<QuorumChange, void> {
    parse.callable(source, 'source');
    const { signal } = runOptions(options);
    if (!signal) throw parse.invalid('signal', 'an AbortSignal', signal);
    const asked = options.intervalSeconds ?? MONITOR_INTERVAL_SECONDS;
    const intervalMs = parse.integer(asked, 'intervalSeconds', 1, INTERVAL_SECONDS_MAX) * 1000;
    requirementOf(level);
    let known: Set<string> | null = null;
    while (!signal.aborted) {
      const profiles = parse.list(await source(), 'source()', CANDIDATES_MAX) as readonly DeviceProfile[];
      const at = this.clock.now();
      const validation = this.validateQuorum(profiles, level);
      const messages = new Set(validation.violations.map(({ message }) => message));
      const lost = [...messages].filter((message) => !known?.has(message));
      const regained = [...(known ?? [])].filter((message) => !messages.has(message));
      if (known === null || lost.length > 0 || regained.length > 0) yield { at, validation, lost, regained };
      known = messages;
      // Evidence that expires before the next look is a change that is known in advance.
      const next = profiles.reduce(
        (first, profile) => Math.min(first, this.earliestExpiry(profile, at) ?? first),
        at + intervalMs,
      );
      try {
        await this.clock.sleep(Math.max(1, next - at), signal);
      } catch {
        return;
      }
    }
  }

  /** When the first value of a profile expires (after `after`, where given); null where none does. */
  earliestExpiry(profile: DeviceProfile, after = 0): number | null {
    parse.record(profile, 'profile');
    const { asn, operator, cloud, countryCode, powerRegion, teeVendor, tcb, kernel } = profile;
    const facts: unknown[] = [asn, operator, cloud, countryCode, powerRegion, teeVendor, tcb, kernel];
    const times = facts.flatMap((fact) =>
      isFact(fact) && typeof fact.expires === 'number' && fact.expires > after ? fact.expires : [],
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  #advice(
    pool: CandidatePool,
    requirement: NativeRequirement,
    members: Uint32Array,
    size: number,
  ): { sentences: string[]; swap: QuorumValidation['swap'] } {
    const { change, remedies } = ask(() => pool.native.recommend(requirement, members, size));
    if (!change)
      return {
        sentences: remedies.map((remedy) => remedySentence(remedy, idOf(pool), requirement)),
        swap: null,
      };
    const [remove, add] = [pool.ids(change.removed), pool.ids(change.added)];
    const parts = [
      remove.length > 0 ? `remove ${remove.join(', ')}` : '',
      add.length > 0 ? `add ${add.join(', ')}` : '',
    ];
    return { sentences: [parts.filter((part) => part.length > 0).join(' and ')], swap: { remove, add } };
  }
}

/** A native call whose failure names the caller's fields. */
function ask<T>(native: Parameters<typeof callNaming<T>>[1]): T {
  return callNaming(levelField, native);
}

function idOf(pool: CandidatePool): (index: number) => string {
  return (index) => pool.id(index);
}

function parseSelect(options: unknown): Required<SelectOptions> {
  const record = parse.record(options, 'options');
  return {
    size: parse.integer(record['size'], 'size', 1, QUORUM_SIZE_MAX),
    method: parse.optional(record['method'], 'exact', (method) =>
      parse.oneOf(method, 'method', ['exact', 'greedy']),
    ),
  };
}

function certificateOf(
  pool: CandidatePool,
  { name: level, confidenceMin }: NativeRequirement,
  size: number,
  found: NativeCertificate | null,
  remedies: () => string[],
): InfeasibilityCertificate {
  if (!found) {
    const reasons = ['the search was cut off before it found members or a proof that there are none'];
    const figures = { candidates: pool.profiles.length, eligible: null, rejected: null };
    return { level, size, ...figures, excluded: [], scarce: [], reasons, remedies: [] };
  }
  const { reasons: scarce, without, ...figures } = found;
  const bound = { confidenceMin, groupOnly: pool.groupOnly.size > 0 };
  return {
    level,
    ...figures,
    excluded: pool.ids(without),
    scarce,
    reasons: certificateSentences(found, idOf(pool), bound),
    remedies: remedies(),
  };
}

function repairOf(pool: CandidatePool, change: NativeChange): QuorumRepair {
  return {
    feasible: true,
    members: pool.ids(change.members),
    kept: pool.ids(change.kept),
    removed: pool.ids(change.removed),
    added: pool.ids(change.added),
    totalWeight: change.totalWeight,
    minimal: change.minimal,
  };
}

function measuresOf(found: readonly NativeMeasures[]): DiversityMeasures {
  return Object.fromEntries(AXES.map((axis, at) => [axis, found[at]])) as unknown as DiversityMeasures;
}

function scoresOf(found: readonly (number | null | undefined)[]): Partial<Record<Axis, number>> {
  return Object.fromEntries(
    AXES.flatMap((axis, at) => (typeof found[at] === 'number' ? [[axis, found[at]]] : [])),
  ) as Partial<Record<Axis, number>>;
}
