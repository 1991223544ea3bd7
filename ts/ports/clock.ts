/** Time, as a thing one is given: the system's in a service, a hand-driven one in a test. */
export interface Clock {
  /** UTC milliseconds since 1970-01-01. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted first. Does not keep the process alive. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
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
      }, milliseconds).unref();
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
