import * as parse from '../parse.js';

/** Time, as a thing one is given: the system's in a service, a hand-driven one in a test. */
export interface Clock {
  /** UTC milliseconds since 1970-01-01. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** A clock that a caller passes in, checked at the door. */
export function clockOf(given: unknown, path: string, byDefault: Clock = systemClock): Clock {
  return parse.optional(given, byDefault, (clock) => parse.having<Clock>(clock, path, 'now', 'sleep'));
}

/** The system's time. Who awaits a sleep is waited for: it keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, signal, true),
};

/** The system's time for loops that nobody awaits: a process that has nothing else to do ends. */
export const backgroundClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, signal, false),
};

function sleep(milliseconds: number, signal: AbortSignal | undefined, keepsAlive: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    if (!keepsAlive) timer.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
