/** The verifier a service keeps: one policy, one set of anchors, verdicts remembered while they hold. */
import { createHash } from 'node:crypto';
import type { RunOptions } from '../../native.js';
import * as parse from '../../parse.js';
import { type Clock, clockOf } from '../../ports/clock.js';
import { AnchorStore } from './anchors.js';
import { CollateralStore } from './collateral.js';
import { type EvidenceItem, storeOf, verifyEvidence } from './evidence.js';
import { EVIDENCE_BATCH_MAX, VERDICT_TTL_MS, VERDICTS_MAX } from './limits.js';
import { type EvidencePolicy, parsePolicy } from './policy.js';
import type { AcceptedVerdict, Verdict } from './verdict.js';

export interface VerifierOptions {
  readonly collateral?: CollateralStore;
  readonly anchors?: AnchorStore;
  readonly policy?: EvidencePolicy;
  readonly clock?: Clock;
}

interface Kept {
  readonly verdict: AcceptedVerdict;
  readonly until: number;
}

/**
 * Judges evidence by the clock, which it never lets go back: with an old clock, old collateral would be good.
 * An accepted verdict is remembered for 30 minutes and never beyond the first end of a certificate or list
 * behind it, nor beyond a change of collateral or anchors. Rejections are judged anew each time.
 */
export class EvidenceVerifier {
  readonly collateral: CollateralStore;
  readonly anchors: AnchorStore;
  readonly policy: EvidencePolicy;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #floor = 0;
  #generation = '';

  constructor(options: VerifierOptions = {}) {
    parse.record(options, 'options');
    this.collateral = storeOf(options.collateral, CollateralStore, 'options.collateral');
    this.anchors = storeOf(options.anchors, AnchorStore, 'options.anchors');
    parsePolicy(options.policy ?? {}, 'options.policy');
    this.policy = structuredClone(options.policy ?? {});
    this.#clock = clockOf(options.clock, 'options.clock');
  }

  /** The time verdicts are reached for: the clock's, or the latest seen where the clock went back. */
  now(): number {
    this.#floor = Math.max(this.#floor, this.#clock.now());
    return this.#floor;
  }

  /** Verdicts in the order of the items; what is remembered is not judged again. */
  async verify(items: readonly EvidenceItem[], options: RunOptions = {}): Promise<Verdict[]> {
    const list = parse.list(items, 'items', EVIDENCE_BATCH_MAX) as readonly EvidenceItem[];
    const time = this.now();
    this.#forgetWhatRestedOnLess();
    const keys = list.map((item, at) => keyOf(item, `items[${at}]`));
    const known = keys.map((key) => this.#recall(key, time));
    const open = list.filter((_, at) => !known[at]);
    const { collateral, anchors, policy } = this;
    const judged = await verifyEvidence(open, { ...options, time, collateral, anchors, policy });
    let next = 0;
    return known.map((verdict, at) => {
      if (verdict) return verdict;
      const fresh = judged[next++] as Verdict;
      if (fresh.accepted) this.#keep(keys[at] ?? '', fresh, time);
      return fresh;
    });
  }

  /** Verdicts that are remembered. */
  get size(): number {
    return this.#kept.size;
  }

  #forgetWhatRestedOnLess(): void {
    const generation = `${this.collateral.generation} ${this.anchors.generation}`;
    if (generation !== this.#generation) this.#kept.clear();
    this.#generation = generation;
  }

  #recall(key: string, time: number): AcceptedVerdict | null {
    const kept = this.#kept.get(key);
    return kept && time <= kept.until ? kept.verdict : null;
  }

  #keep(key: string, verdict: AcceptedVerdict, time: number): void {
    this.#kept.delete(key);
    this.#kept.set(key, { verdict, until: Math.min(verdict.validUntil, time + VERDICT_TTL_MS) });
    const oldest = this.#kept.size > VERDICTS_MAX ? this.#kept.keys().next() : undefined;
    if (oldest && !oldest.done) this.#kept.delete(oldest.value);
  }
}

function keyOf(item: EvidenceItem, path: string): string {
  const { format, body, certificates = [], challenge } = parse.record(item, path) as unknown as EvidenceItem;
  const hash = createHash('sha256').update(`${format} ${challenge ? 1 : 0} `);
  for (const part of [body, ...(challenge ? [challenge] : []), ...certificates]) {
    if (!(part instanceof Uint8Array)) throw parse.invalid(path, 'evidence of Uint8Arrays', part);
    hash.update(`${part.byteLength} `).update(part);
  }
  return hash.digest('base64');
}
