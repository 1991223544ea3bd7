import { type DeviceProfile, type QuorumChange, QuorumManager } from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { ManualClock, START, settle } from '../support/clock.js';
import { fact, HOUR_MS, machine, machines } from '../support/profiles.js';

/** A quorum under watch, with everything it said so far. */
function watch(profiles: DeviceProfile[], intervalSeconds?: number) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const changes: QuorumChange[] = [];
  let looks = 0;
  const state = { profiles };
  const source = () => {
    looks += 1;
    return state.profiles;
  };
  const options = { signal: stop.signal, ...(intervalSeconds !== undefined && { intervalSeconds }) };
  const ended = (async () => {
    for await (const change of new QuorumManager({ clock }).continuouslyMonitorQuorum(
      source,
      'GOLD',
      options,
    ))
      changes.push(change);
  })();
  return { clock, stop, changes, ended, state, looks: () => looks };
}

describe('a quorum under watch', () => {
  it('is looked at once at the start, and then nothing is said while nothing changes', async () => {
    const { clock, stop, changes, ended, looks } = watch(machines(3), 10);
    await clock.advance(60_000);
    expect(looks()).toBe(7);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ at: START, lost: [], regained: [], validation: { valid: true } });
    stop.abort();
    await ended;
  });

  it('tells of a member that leaves, and of one that returns', async () => {
    const { clock, stop, changes, ended, state } = watch(machines(3), 10);
    await clock.advance(15_000);
    state.profiles = machines(2);
    await clock.advance(10_000);
    expect(changes).toHaveLength(2);
    expect(changes[1]).toMatchObject({ at: START + 20_000, validation: { valid: false } });
    expect(changes[1]?.lost.join()).toMatch(/2 ASNs .* at least 3 are needed/);
    state.profiles = machines(3);
    await clock.advance(10_000);
    expect(changes[2]?.lost).toEqual([]);
    expect(changes[2]?.regained).toEqual(changes[1]?.lost);
    expect(changes[2]?.validation.valid).toBe(true);
    stop.abort();
    await ended;
  });

  it('tells of evidence that expires at that very moment, not at the next interval', async () => {
    const expires = START + 12_345;
    const teeVendor = fact('INTEL_TDX' as const, { expires });
    const members = [machine(0), machine(1, { teeVendor, boundFacts: 4 }), machine(2)];
    const { clock, stop, changes, ended } = watch(members, 3600);
    await clock.advance(HOUR_MS / 2);
    expect(changes.map(({ validation }) => validation.valid)).toEqual([true, false]);
    expect(changes[1]?.at).toBe(expires);
    expect(changes[1]?.lost.join()).toMatch(/TEE vendor/);
    stop.abort();
    await ended;
  });

  it('tells of each expiry when several values expire one after the other', async () => {
    const timed = (n: number, expires: number) => machine(n, { asn: fact(64_500 + n, { expires }) });
    const { clock, stop, changes, ended } = watch(
      [timed(0, START + 1000), timed(1, START + 2000), machine(2)],
      3600,
    );
    await clock.advance(5000);
    expect(changes.map(({ at }) => at - START)).toEqual([0, 1000, 2000]);
    stop.abort();
    await ended;
  });

  it('counts the expiries of a very large fleet', async () => {
    const expires = START + 7000;
    const many = machines(130_000, { kernel: fact('k', { expires }) });
    const { clock, stop, ended, looks } = watch(many, 3600);
    await clock.advance(6999);
    expect(looks()).toBe(1);
    await clock.advance(1);
    expect(looks()).toBe(2);
    stop.abort();
    await ended;
  });

  it('looks every minute where no interval is given', async () => {
    const { clock, stop, ended, looks } = watch(machines(3));
    await clock.advance(59_999);
    expect(looks()).toBe(1);
    await clock.advance(1);
    expect(looks()).toBe(2);
    stop.abort();
    await ended;
  });

  it('ends when its signal aborts, and leaves nothing waiting', async () => {
    const { clock, stop, ended } = watch(machines(3), 10);
    await settle();
    expect(clock.sleepers).toBe(1);
    stop.abort();
    await ended;
    expect(clock.sleepers).toBe(0);
  });

  it('says nothing at all when the signal is aborted already', async () => {
    const stop = AbortSignal.abort();
    const watched = new QuorumManager({ clock: new ManualClock() }).continuouslyMonitorQuorum(
      () => machines(3),
      'GOLD',
      { signal: stop },
    );
    expect(await watched.next()).toMatchObject({ done: true });
  });

  it('waits for profiles that take time to fetch', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const watched = new QuorumManager({ clock }).continuouslyMonitorQuorum(
      async () => {
        await settle(2);
        return machines(2);
      },
      'GOLD',
      { signal: stop.signal, intervalSeconds: 5 },
    );
    expect((await watched.next()).value).toMatchObject({ validation: { valid: false } });
    stop.abort();
  });
});
