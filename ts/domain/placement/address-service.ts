/**
 * An address service on the network, such as ipinfo.io: the last resort for an address no database knows. It
 * is optional, limited in rate, retried, and left alone for a while when it keeps failing.
 */
import type { QuorateErrorCode } from '../../errors.js';
import { QuorateError } from '../../errors.js';
import { addon, runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import { type Clock, clockOf } from '../../ports/clock.js';
import { addressKind } from './address-index.js';
import {
  BREAKER_FAILURES,
  BREAKER_OPEN_MS,
  SERVICE_ATTEMPTS,
  SERVICE_BURST,
  SERVICE_CALLS_PER_SECOND,
  SERVICE_REPLY_BYTES_MAX,
  SERVICE_RETRY_DELAY_MS,
  SERVICE_TIMEOUT_MS,
} from './limits.js';

/** The service did not answer, or not with what was asked. */
export const ADDRESS_SERVICE_FAILED: QuorateErrorCode = 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED';
/** The service failed too often and is not asked for a while. */
export const ADDRESS_SERVICE_OPEN: QuorateErrorCode = 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_OPEN';

/** What a service knows of an address; null where it does not know. */
export interface AddressServiceAnswer {
  readonly asn: number | null;
  readonly organisation: string | null;
  readonly countryCode: string | null;
  readonly subdivision: string | null;
}

const ASN_MAX = 4_294_967_295;
const TEXT_LENGTH_MAX = 256;

/** A reply that is none: it says nothing of the address, and counts against the service. */
class BadReply extends QuorateError {
  constructor(message: string, cause?: unknown) {
    super(ADDRESS_SERVICE_FAILED, message, { cause });
  }
}

/**
 * What a service said, with everything that cannot be true taken as unknown: a service is somebody else's
 * program, and what it says becomes facts.
 */
export function parseServiceAnswer(answer: unknown, service: string): AddressServiceAnswer {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new BadReply(`${service} did not answer with an object`);
  }
  const { asn, organisation, countryCode, subdivision } = answer as Record<string, unknown>;
  const number = typeof asn === 'number' && Number.isInteger(asn) && asn >= 1 && asn <= ASN_MAX;
  return {
    asn: number ? asn : null,
    organisation: textOrNull(organisation),
    countryCode: typeof countryCode === 'string' && isCountry(countryCode) ? countryCode : null,
    subdivision: textOrNull(subdivision),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= TEXT_LENGTH_MAX ? value : null;
}

/** The table of grids holds every country of ISO 3166-1. */
function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && addon.powerZones(code, null).zones.length > 0;
}

/** Anything that can be asked about an address over a network. */
export interface AddressService {
  /** Shown as the source of its values. */
  readonly name: string;
  lookup(address: string, signal?: AbortSignal): Promise<AddressServiceAnswer>;
}

/** State of a circuit breaker: `open` refuses at once, `half-open` lets one call through to see. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Stops asking what keeps failing. */
export class CircuitBreaker {
  #failures = 0;
  #openedAt = 0;
  #probing = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = parse.having<Clock>(clock, 'clock', 'now', 'sleep');
  }

  get state(): BreakerState {
    if (this.#failures < BREAKER_FAILURES) return 'closed';
    return this.#clock.now() - this.#openedAt < BREAKER_OPEN_MS ? 'open' : 'half-open';
  }

  /**
   * Runs `work` unless the circuit is open. What the caller's own signal ends says nothing of the service.
   */
  async guard<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    parse.callable(work, 'work');
    runOptions({ signal });
    const { state } = this;
    if (state === 'open' || (state === 'half-open' && this.#probing)) {
      throw new QuorateError(ADDRESS_SERVICE_OPEN, 'the address service failed too often and rests', {
        retryable: true,
      });
    }
    // Calls that began before the circuit opened end at any time: only the probe itself ends the probing.
    const probes = state === 'half-open';
    if (probes) this.#probing = true;
    try {
      const result = await work();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (signal?.aborted) throw error;
      // A refusal (an unknown address, a bad token) is an answer: only what may pass by itself opens the
      // circuit.
      const answered = error instanceof QuorateError && !error.retryable && !(error instanceof BadReply);
      this.#failures = answered ? 0 : this.#failures + 1;
      if (this.#failures >= BREAKER_FAILURES) this.#openedAt = this.#clock.now();
      throw error;
    } finally {
      if (probes) this.#probing = false;
    }
  }
}

/** Calls a second: from one a day. */
const RATE_MIN = 1 / 86_400;
const RATE_MAX = 1_000_000;

/** Lets a burst through, then a steady rate; callers wait their turn in order. */
export class RateLimiter {
  #nextFreeAt = 0;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #burst: number;

  constructor(clock: Clock, callsPerSecond: number, burst: number) {
    this.#clock = parse.having<Clock>(clock, 'clock', 'now', 'sleep');
    this.#intervalMs = 1000 / parse.finite(callsPerSecond, 'callsPerSecond', RATE_MIN, RATE_MAX);
    this.#burst = parse.integer(burst, 'burst', 1, RATE_MAX);
  }

  async take(signal?: AbortSignal): Promise<void> {
    runOptions({ signal });
    const now = this.#clock.now();
    const earliest = now - (this.#burst - 1) * this.#intervalMs;
    const slot = Math.max(this.#nextFreeAt, earliest);
    this.#nextFreeAt = slot + this.#intervalMs;
    if (slot > now) await this.#clock.sleep(slot - now, signal);
  }
}

/** Settings of the ipinfo.io driver. */
export interface IpInfoOptions {
  readonly token?: string;
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/** ipinfo.io, or a server that answers like it: `GET /{address}/json`. */
export class IpInfoService implements AddressService {
  readonly name = 'ipinfo.io';
  readonly #baseUrl: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly breaker: CircuitBreaker;

  constructor(options: IpInfoOptions = {}) {
    parse.record(options, 'options');
    const { token, baseUrl = 'https://ipinfo.io', fetch: fetchImpl = fetch } = options;
    this.#baseUrl = parse.text(baseUrl, 'baseUrl', 2048).replace(/\/$/, '');
    this.#token = parse.optional(token, undefined, (given) => parse.text(given, 'token', 2048));
    this.#fetch = parse.callable(fetchImpl, 'fetch');
    this.#clock = clockOf(options.clock, 'clock');
    this.#limiter = new RateLimiter(this.#clock, SERVICE_CALLS_PER_SECOND, SERVICE_BURST);
    this.breaker = new CircuitBreaker(this.#clock);
  }

  async lookup(address: string, signal?: AbortSignal): Promise<AddressServiceAnswer> {
    addressKind(address);
    return this.breaker.guard(async () => {
      for (let attempt = 1; ; attempt += 1) {
        await this.#limiter.take(signal);
        try {
          return await this.#ask(address, signal);
        } catch (error) {
          const again = error instanceof QuorateError && error.retryable && attempt < SERVICE_ATTEMPTS;
          if (!again) throw error;
          await this.#clock.sleep(SERVICE_RETRY_DELAY_MS * 2 ** (attempt - 1), signal);
        }
      }
    }, signal);
  }

  async #ask(address: string, signal?: AbortSignal): Promise<AddressServiceAnswer> {
    const timeout = AbortSignal.timeout(SERVICE_TIMEOUT_MS);
    const url = `${this.#baseUrl}/${encodeURIComponent(address)}/json`;
    const headers = {
      accept: 'application/json',
      ...(this.#token && { authorization: `Bearer ${this.#token}` }),
    };
    let response: Response;
    let body: string;
    try {
      response = await this.#fetch(url, {
        headers,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      body = await this.#textOf(response);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof BadReply) throw error;
      const message = `${this.name} did not answer: ${error instanceof Error ? error.message : error}`;
      throw new QuorateError(ADDRESS_SERVICE_FAILED, message, { retryable: true, cause: error });
    }
    if (!response.ok) {
      const retryable = response.status === 429 || response.status >= 500;
      throw new QuorateError(ADDRESS_SERVICE_FAILED, `${this.name} answered ${response.status}`, {
        retryable,
      });
    }
    return this.#answerOf(body);
  }

  /** The reply's text; what comes of a refusal is not read, and nothing is read without bound. */
  async #textOf(response: Response): Promise<string> {
    const reader = response.body?.getReader();
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = response.ok ? await reader?.read() : undefined;
      if (!chunk || chunk.done) break;
      bytes += chunk.value.length;
      chunks.push(chunk.value);
      if (bytes > SERVICE_REPLY_BYTES_MAX) break;
    }
    await reader?.cancel();
    if (bytes > SERVICE_REPLY_BYTES_MAX) {
      throw new BadReply(`${this.name} answered with more than ${SERVICE_REPLY_BYTES_MAX} bytes`);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #answerOf(body: string): AddressServiceAnswer {
    try {
      return parseServiceAnswer(fieldsOf(JSON.parse(body)), this.name);
    } catch (error) {
      if (error instanceof BadReply) throw error;
      throw new BadReply(`${this.name} did not answer with JSON`, error);
    }
  }
}

/**
 * The fields used of an ipinfo.io reply: `org` is `AS15169 Google LLC`, `country` two letters, `region` a
 * name.
 */
function fieldsOf(reply: unknown): unknown {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) return reply;
  const { org, country, region } = reply as Record<string, unknown>;
  const network = /^AS(\d{1,10})(?:\s+(.*))?$/.exec(textOrNull(org) ?? '');
  return {
    asn: network ? Number(network[1]) : null,
    organisation: network?.[2] ?? null,
    countryCode: country,
    subdivision: region,
  };
}
