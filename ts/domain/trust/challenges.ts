/** Nonces that evidence has to answer, each once and in time. */
import { randomBytes } from 'node:crypto';
import * as parse from '../../parse.js';
import { type Clock, clockOf } from '../../ports/clock.js';
import { CHALLENGE_BYTES, CHALLENGE_TTL_MS, CHALLENGES_MAX } from './limits.js';

export interface Challenge {
  /** 32 bytes from the system's generator. */
  readonly nonce: Uint8Array;
  /** UTC milliseconds after which no answer counts. */
  readonly expires: number;
}

interface Open extends Challenge {
  readonly machineId: string;
}

/** The challenges that wait for an answer: one per machine, the newest. */
export class ChallengeBook {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #open = new Map<string, Open>();

  constructor(options: { readonly clock?: Clock; readonly ttlMs?: number } = {}) {
    parse.record(options, 'options');
    this.#clock = clockOf(options.clock, 'options.clock');
    this.#ttlMs = parse.integer(options.ttlMs ?? CHALLENGE_TTL_MS, 'options.ttlMs', 1, 24 * 3_600_000);
  }

  /** A new challenge for a machine; one it has not answered yet is void from now on. */
  issue(machineId: string): Challenge {
    const id = parse.text(machineId, 'machineId');
    const challenge = {
      machineId: id,
      nonce: randomBytes(CHALLENGE_BYTES),
      expires: this.#clock.now() + this.#ttlMs,
    };
    this.#open.delete(id);
    this.#open.set(id, challenge);
    const oldest = this.#open.size > CHALLENGES_MAX ? this.#open.keys().next() : undefined;
    if (oldest && !oldest.done) this.#open.delete(oldest.value);
    return { nonce: challenge.nonce, expires: challenge.expires };
  }

  /**
   * The nonce that a machine's evidence has to answer, which is used up by asking; null where none is open or
   * its time is over.
   */
  redeem(machineId: string): Uint8Array | null {
    const id = parse.text(machineId, 'machineId');
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open && this.#clock.now() <= open.expires ? open.nonce : null;
  }

  /** Challenges that wait. */
  get size(): number {
    return this.#open.size;
  }
}
