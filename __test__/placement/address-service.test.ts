/** A fake address service on loopback: it answers like ipinfo.io, and fails when a test tells it to. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QuorateError } from 'quorate/errors';
import { CircuitBreaker, InfrastructureClassifier, IpInfoService, RateLimiter } from 'quorate/placement';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EagerClock, ManualClock, settle } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { DAY_MS } from '../support/profiles.js';

const KNOWN = { ip: '8.8.8.8', org: 'AS15169 Google LLC', country: 'US', region: 'California' };

let server: Server;
let baseUrl: string;
let asked: { path: string; authorization: string | undefined }[] = [];
let answers: (() => { status: number; body: string })[] = [];

const ok = (body: unknown = KNOWN) => ({ status: 200, body: JSON.stringify(body) });
const status = (code: number) => ({ status: code, body: '{}' });

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? ok;
    const { status: code, body } = answer();
    response.writeHead(code, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
  answers = [ok];
});

describe('the ipinfo.io driver against the fake server', () => {
  it('asks for one address and reads network and place', async () => {
    const service = new IpInfoService({ baseUrl: `${baseUrl}/`, token: 'secret', clock: new EagerClock() });
    expect(await service.lookup('8.8.8.8')).toEqual({
      asn: 15169,
      organisation: 'Google LLC',
      countryCode: 'US',
      subdivision: 'California',
    });
    expect(asked).toEqual([{ path: '/8.8.8.8/json', authorization: 'Bearer secret' }]);
  });

  it('takes what is missing or malformed as unknown', async () => {
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    answers = [() => ok({ org: 'Google', country: 'usa', region: 7 })];
    expect(await service.lookup('8.8.8.8')).toEqual({
      asn: null,
      organisation: null,
      countryCode: null,
      subdivision: null,
    });
  });

  it('tries again after a failure that may pass, waiting longer each time', async () => {
    const clock = new EagerClock();
    answers = [() => status(503), () => status(429), ok];
    expect((await new IpInfoService({ baseUrl, clock }).lookup('8.8.8.8')).asn).toBe(15169);
    expect(asked).toHaveLength(3);
    expect(clock.slept).toEqual([200, 400]);
  });

  it('gives up after three attempts, with an error that may be tried again', async () => {
    answers = [() => status(500)];
    const error = await refusal(() =>
      new IpInfoService({ baseUrl, clock: new EagerClock() }).lookup('8.8.8.8'),
    );
    expect(error).toMatchObject({ code: 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED', retryable: true });
    expect(asked).toHaveLength(3);
  });

  it('does not try again where it was refused', async () => {
    answers = [() => status(403)];
    const error = await refusal(() =>
      new IpInfoService({ baseUrl, clock: new EagerClock() }).lookup('8.8.8.8'),
    );
    expect(error).toMatchObject({ code: 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED', retryable: false });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['an answer that is not JSON', () => ({ status: 200, body: '<html>' })],
    ['an answer that breaks off', () => ({ status: 200, body: '{"org":' })],
    ['an answer that is a list', () => ({ status: 200, body: '[]' })],
  ])('refuses %s', async (_, answer) => {
    answers = [answer];
    const error = await refusal(() =>
      new IpInfoService({ baseUrl, clock: new EagerClock() }).lookup('8.8.8.8'),
    );
    expect(error).toMatchObject({ code: 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED', retryable: false });
    expect(asked).toHaveLength(1);
  });

  it('reads no more than 64 KiB', async () => {
    answers = [() => ok({ ...KNOWN, padding: 'x'.repeat(64 * 1024) })];
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    const error = await refusal(() => service.lookup('8.8.8.8'));
    expect(error.code).toBe('QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED');
    expect(error.message).toContain('65536 bytes');
    answers = [() => ok({ ...KNOWN, padding: 'x'.repeat(60 * 1024) })];
    expect((await service.lookup('8.8.8.8')).asn).toBe(15169);
  });

  it('counts replies that are none against the service', async () => {
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    answers = [() => ({ status: 200, body: '<html>' })];
    for (let n = 0; n < 5; n += 1) await refusal(() => service.lookup('8.8.8.8'));
    expect(service.breaker.state).toBe('open');
  });

  it.each([
    ['AS0', null],
    ['AS4294967295', 4_294_967_295],
    ['AS4294967296', null],
  ])('takes %s as the number %j', async (org, asn) => {
    answers = [() => ok({ ...KNOWN, org: `${org} Net`, country: 'ZZ' })];
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    expect(await service.lookup('8.8.8.8')).toMatchObject({ asn, countryCode: null });
  });

  it('reports a server that is not there', async () => {
    const service = new IpInfoService({ baseUrl: 'http://127.0.0.1:1', clock: new EagerClock() });
    const error = await refusal(() => service.lookup('8.8.8.8'));
    expect(error).toMatchObject({ code: 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_FAILED', retryable: true });
  });

  it('stops with the reason of an abort', async () => {
    const reason = new Error('enough');
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    await expect(service.lookup('8.8.8.8', AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('asks ten at once and then five a second', async () => {
    const clock = new EagerClock();
    const service = new IpInfoService({ baseUrl, clock });
    for (let n = 0; n < 10; n += 1) await service.lookup(`8.8.8.${n}`);
    expect(clock.slept).toEqual([]);
    for (let n = 0; n < 4; n += 1) await service.lookup(`8.8.4.${n}`);
    expect(clock.slept).toEqual([200, 200, 200, 200]);
  });
});

describe('the rate limiter', () => {
  it('lets callers wait in order, each for its own slot', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, 10, 2);
    const order: number[] = [];
    for (let n = 0; n < 5; n += 1) void limiter.take().then(() => order.push(n));
    await settle();
    expect(order).toEqual([0, 1]);
    await clock.advance(99);
    expect(order).toEqual([0, 1]);
    await clock.advance(1);
    expect(order).toEqual([0, 1, 2]);
    await clock.advance(200);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('gathers no more than a burst while nobody asks', async () => {
    const clock = new EagerClock();
    const limiter = new RateLimiter(clock, 10, 3);
    clock.jump(60_000);
    for (let n = 0; n < 4; n += 1) await limiter.take();
    expect(clock.slept).toEqual([100]);
  });
});

describe('the circuit breaker', () => {
  const fails = () => Promise.reject(new QuorateError('QRT_ERR_TEST_DOWN', 'down', { retryable: true }));
  const opened = async (clock: ManualClock): Promise<CircuitBreaker> => {
    const breaker = new CircuitBreaker(clock);
    for (let n = 0; n < 5; n += 1) await refusal(() => breaker.guard(fails));
    return breaker;
  };

  it('stays closed below five failures in a row, and a success starts the count anew', async () => {
    const breaker = new CircuitBreaker(new ManualClock());
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 4; n += 1) await refusal(() => breaker.guard(fails));
      expect(breaker.state).toBe('closed');
      expect(await breaker.guard(() => Promise.resolve('up'))).toBe('up');
    }
  });

  it('opens at the fifth failure and then refuses without asking', async () => {
    const breaker = await opened(new ManualClock());
    expect(breaker.state).toBe('open');
    let called = false;
    const error = await refusal(() =>
      breaker.guard(() => {
        called = true;
        return Promise.resolve(1);
      }),
    );
    expect(error).toMatchObject({ code: 'QRT_ERR_PLACEMENT_ADDRESS_SERVICE_OPEN', retryable: true });
    expect(called).toBe(false);
  });

  it('is half open after 30 seconds, and lets one call through at a time', async () => {
    const clock = new ManualClock();
    const breaker = await opened(clock);
    await clock.advance(29_999);
    expect(breaker.state).toBe('open');
    await clock.advance(1);
    expect(breaker.state).toBe('half-open');
    let answer: (value: string) => void = () => {};
    const probe = breaker.guard(() => new Promise<string>((resolve) => (answer = resolve)));
    expect((await refusal(() => breaker.guard(() => Promise.resolve(1)))).code).toMatch(/SERVICE_OPEN$/);
    answer('up');
    expect(await probe).toBe('up');
    expect(breaker.state).toBe('closed');
  });

  it('lets one call through although calls of before end meanwhile', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker(clock);
    let endOld: () => void = () => {};
    const gone = new AbortController();
    const old = breaker.guard(() => new Promise<void>((_, reject) => (endOld = reject)), gone.signal);
    for (let n = 0; n < 5; n += 1) await refusal(() => breaker.guard(fails));
    await clock.advance(30_000);
    let answer: (value: string) => void = () => {};
    const probe = breaker.guard(() => new Promise<string>((resolve) => (answer = resolve)));
    gone.abort();
    endOld();
    await old.catch(() => {});
    expect(breaker.state).toBe('half-open');
    expect((await refusal(() => breaker.guard(() => Promise.resolve(1)))).code).toMatch(/SERVICE_OPEN$/);
    answer('up');
    expect(await probe).toBe('up');
  });

  it('opens again for the full time when the probe fails', async () => {
    const clock = new ManualClock();
    const breaker = await opened(clock);
    await clock.advance(30_000);
    await refusal(() => breaker.guard(fails));
    expect(breaker.state).toBe('open');
    await clock.advance(29_999);
    expect(breaker.state).toBe('open');
    await clock.advance(1);
    expect(breaker.state).toBe('half-open');
  });

  it('takes a refusal as an answer: it opens nothing, and it closes what was half open', async () => {
    const clock = new ManualClock();
    const refuses = () =>
      Promise.reject(new QuorateError('QRT_ERR_TEST_REFUSED', 'no', { retryable: false }));
    const breaker = new CircuitBreaker(clock);
    for (let n = 0; n < 20; n += 1) await refusal(() => breaker.guard(refuses));
    expect(breaker.state).toBe('closed');
    const other = await opened(clock);
    await clock.advance(30_000);
    await refusal(() => other.guard(refuses));
    expect(other.state).toBe('closed');
  });

  it('does not count calls that the caller broke off himself', async () => {
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    for (let n = 0; n < 10; n += 1) {
      const broken = new AbortController();
      const call = service.lookup('8.8.8.8', broken.signal);
      broken.abort(new Error('enough'));
      await expect(call).rejects.toThrow('enough');
    }
    expect(service.breaker.state).toBe('closed');
  });
});

describe('classification with an address service', () => {
  it('asks only about public addresses that no database knows, and remembers the answer', async () => {
    const service = new IpInfoService({ baseUrl, clock: new EagerClock() });
    const classifier = new InfrastructureClassifier({ sources: [], service, clock: new ManualClock() });
    const devices = [
      { id: 'public', ipAddress: '8.8.8.8' },
      { id: 'private', ipAddress: '10.0.0.1' },
    ];
    const [known, unknown] = await classifier.classifyAll(devices);
    expect(known?.asn).toMatchObject({ value: 15169, source: 'ipinfo.io', confidence: 8000 });
    expect(known?.operator.value).toBe('GOOGLE');
    expect(known?.countryCode.value).toBe('US');
    expect(known?.powerRegion).toMatchObject({ value: 'NERC_WECC', confidence: 8000 });
    expect(unknown?.asn.value).toBeNull();
    await classifier.classifyAll(devices);
    expect(asked.map(({ path }) => path)).toEqual(['/8.8.8.8/json']);
  });

  it('asks once about an address that the service does not know, until a day has passed', async () => {
    const clock = new EagerClock();
    const service = new IpInfoService({ baseUrl, clock });
    const classifier = new InfrastructureClassifier({ sources: [], service, clock });
    answers = [() => ok({})];
    const devices = [{ id: 'a', ipAddress: '8.8.8.8' }];
    for (let n = 0; n < 3; n += 1) await classifier.classifyAll(devices);
    expect(asked).toHaveLength(1);
    clock.jump(DAY_MS);
    await classifier.classifyAll(devices);
    expect(asked).toHaveLength(2);
  });

  it.each([
    [{ asn: -1 }],
    [{ asn: 1.5 }],
    [{ asn: 2 ** 32 }],
    [{ asn: '15169' }],
    [{ countryCode: 'usa' }],
    [{ countryCode: 'us' }],
    [{ countryCode: 'ZZ' }],
    [{ countryCode: 7, subdivision: {} }],
    [{ organisation: 'x'.repeat(257) }],
    [{ organisation: 5 }],
  ])('makes no fact of %j, whatever service says it', async (part) => {
    const nothing = { asn: null, organisation: null, countryCode: null, subdivision: null };
    const service = { name: 'theirs', lookup: () => Promise.resolve({ ...nothing, ...part } as never) };
    const classifier = new InfrastructureClassifier({ sources: [], service, clock: new ManualClock() });
    const [profile] = await classifier.classifyAll([{ id: 'a', ipAddress: '8.8.8.8' }]);
    for (const axis of ['asn', 'operator', 'cloud', 'countryCode', 'powerRegion'] as const)
      expect(profile?.[axis].value).toBeNull();
  });

  it.each([null, 'x', [], 5])('takes %j for no answer, and says so', async (answer) => {
    const service = { name: 'theirs', lookup: () => Promise.resolve(answer as never) };
    const classifier = new InfrastructureClassifier({ sources: [], service, clock: new ManualClock() });
    const [profile] = await classifier.classifyAll([{ id: 'a', ipAddress: '8.8.8.8' }]);
    expect(profile?.asn.value).toBeNull();
    expect(profile?.notes.join()).toContain('theirs did not answer with an object');
  });

  it('leaves the address unknown, with the reason, while the service fails, and recovers', async () => {
    const clock = new EagerClock();
    const service = new IpInfoService({ baseUrl, clock });
    const classifier = new InfrastructureClassifier({ sources: [], service, clock });
    answers = [() => status(503)];
    const [down] = await classifier.classifyAll([{ id: 'a', ipAddress: '8.8.8.8' }]);
    expect(down?.asn.value).toBeNull();
    expect(down?.notes.join()).toContain('ipinfo.io: ipinfo.io answered 503');
    answers = [ok];
    const [up] = await classifier.classifyAll([{ id: 'a', ipAddress: '8.8.8.8' }]);
    expect(up?.asn.value).toBe(15169);
  });

  it('stops asking a service that stays down, and every machine is still classified', async () => {
    const clock = new EagerClock();
    const service = new IpInfoService({ baseUrl, clock });
    const classifier = new InfrastructureClassifier({ sources: [], service, clock });
    answers = [() => status(500)];
    const devices = Array.from({ length: 30 }, (_, n) => ({ id: `d${n}`, ipAddress: `8.8.8.${n}` }));
    const profiles = await classifier.classifyAll(devices);
    expect(profiles).toHaveLength(30);
    expect(asked.length).toBe(5 * 3);
    expect(profiles.at(-1)?.notes.join()).toContain('rests');
  });
});
