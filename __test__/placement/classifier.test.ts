import {
  AddressIndex,
  type AddressService,
  CandidatePool,
  type Device,
  InfrastructureClassifier,
  installedSources,
} from 'quorate/placement';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { DAY_MS, verdict } from '../support/profiles.js';

const device = (ipAddress: string, rest: Partial<Device> = {}): Device => ({ id: 'd1', ipAddress, ...rest });

describe.skipIf(installedSources().length < 2)('classification with the npm databases', () => {
  const classifier = new InfrastructureClassifier({ clock: new ManualClock() });
  beforeAll(() => classifier.prepare());

  it.each([
    ['8.8.8.8', 15169, 'GOOGLE', 'US'],
    ['1.1.1.1', 13335, 'CLOUDFLARE', 'AU'],
    ['5.9.0.1', 24940, 'HETZNER', 'DE'],
    ['195.154.1.1', 12876, 'SCALEWAY', 'FR'],
    ['2001:4860:4860::8888', 15169, 'GOOGLE', 'CA'],
  ])('finds network, operator and country of %s', (address, asn, operator, country) => {
    const profile = classifier.classify(device(address));
    expect(profile.addressKind).toBe('PUBLIC');
    expect(profile.asn.value).toBe(asn);
    expect(profile.operator.value).toBe(operator);
    expect(profile.countryCode.value).toBe(country);
    expect(profile.powerRegion.value).not.toBeNull();
  });

  it('names source, date, confidence and expiry of every value it knows', () => {
    const { asn, operator, countryCode, powerRegion } = classifier.classify(device('8.8.8.8'));
    for (const known of [asn, operator, countryCode, powerRegion]) {
      expect(known.source).toMatch(/^@ip-location-db\/.* of \d{4}-\d\d-\d\d$/);
      expect(known.confidence).toBeGreaterThan(5000);
      expect(known.confidence).toBeLessThanOrEqual(9000);
      expect(known.expires).toBe(START + 30 * DAY_MS);
    }
  });

  it('tells the operator, not only the network: two networks of one operator are one operator', () => {
    const [one, two] = ['35.190.0.1', '8.8.8.8'].map((address) => classifier.classify(device(address)));
    expect(one?.asn.value).not.toBe(two?.asn.value);
    expect(one?.operator.value).toBe(two?.operator.value);
  });

  it('treats an IPv4 address mapped into IPv6 as the IPv4 address it is', () => {
    const mapped = classifier.classify(device('::ffff:8.8.8.8'));
    const plain = classifier.classify(device('8.8.8.8'));
    expect(mapped.asn).toEqual(plain.asn);
    expect(mapped.countryCode).toEqual(plain.countryCode);
  });

  it('reaches 80 % confidence with a verified verdict, and stays at or below 50 % without', () => {
    const without = classifier.classify(device('5.9.0.1'));
    const attested = classifier.classify(device('5.9.0.1'), { verdict: verdict('AMD_SEV_SNP') });
    expect(without.confidence).toBeLessThanOrEqual(5000);
    expect(attested.confidence).toBeGreaterThanOrEqual(8000);
  });

  it('classifies many machines in the order they were given', async () => {
    const devices = Array.from({ length: 1200 }, (_, n) => ({
      id: `d${n}`,
      ipAddress: `5.9.${Math.floor(n / 250)}.${1 + (n % 250)}`,
    }));
    const steps: number[] = [];
    const profiles = await classifier.classifyAll(devices, { onProgress: (done) => steps.push(done) });
    expect(profiles.map(({ deviceId }) => deviceId)).toEqual(devices.map(({ id }) => id));
    expect(new Set(profiles.map(({ asn }) => asn.value))).toEqual(new Set([24940]));
    expect(steps.at(-1)).toBe(1200);
  });

  it('groups machines that share a prefix and machines that share a network', async () => {
    const profiles = await classifier.classifyAll([
      { id: 'a', ipAddress: '5.9.0.1' },
      { id: 'b', ipAddress: '5.9.0.77' },
      { id: 'c', ipAddress: '5.9.8.1' },
      { id: 'd', ipAddress: '8.8.8.8' },
      { id: 'e', ipAddress: '10.0.0.1' },
      { id: 'f', ipAddress: '10.0.0.2' },
    ]);
    const groups = classifier.analyzeTopology(profiles);
    expect(groups).toEqual([
      { kind: 'network', name: 'AS24940', deviceIds: ['a', 'b', 'c'] },
      { kind: 'prefix', name: '10.0.0.0/24', deviceIds: ['e', 'f'] },
      { kind: 'prefix', name: '5.9.0.0/24', deviceIds: ['a', 'b'] },
    ]);
  });
});

describe('a public address that no network source knows', () => {
  const scratch = scratchFolder();
  const unrouted = '8.8.8.8';
  const places = () => source(scratch, 'place', 'place-csv', '8.8.8.0,8.8.8.255,DE\n');
  const networks = () => source(scratch, 'network', 'asn-csv', '60.0.0.0,60.0.0.255,64500,Net\n');
  const of = async (sources: ReturnType<typeof places>[], service?: AddressService, rest = {}) => {
    const index = await indexOf(scratch, sources);
    const options = { index, clock: new ManualClock(), ...(service && { service }) };
    const [profile] = await new InfrastructureClassifier(options).classifyAll([device(unrouted, rest)]);
    if (!profile) throw new Error('no profile');
    return profile;
  };
  const serviceThatSays = (asn: number | null): AddressService => ({
    name: 'service',
    lookup: async () => ({ asn, organisation: null, countryCode: 'SE', subdivision: null }),
  });

  it('has no place either, and a note says why', async () => {
    const { asn, countryCode, powerRegion, confidence, notes } = await of([networks(), places()]);
    expect([asn.value, countryCode.value, powerRegion.value]).toEqual([null, null, null]);
    expect([countryCode.confidence, powerRegion.confidence, confidence]).toEqual([0, 0, 0]);
    expect(powerRegion.zones).toEqual([]);
    expect(countryCode.source).toContain('no network source knows');
    expect(notes).toEqual([expect.stringMatching(/no network source knows this address/)]);
  });

  it('has the place that is known where no network source was asked', async () => {
    expect((await of([places()])).countryCode.value).toBe('DE');
  });

  it('has the place that a service knows together with the network, and not without', async () => {
    const known = await of([networks(), places()], serviceThatSays(64_501));
    expect([known.asn.value, known.countryCode.value, known.notes]).toEqual([64_501, 'SE', []]);
    const guessed = await of([networks(), places()], serviceThatSays(null));
    expect([guessed.asn.value, guessed.countryCode.value, guessed.powerRegion.zones]).toEqual([
      null,
      null,
      [],
    ]);
    expect(guessed.notes.join()).toContain('no network source knows');
  });

  it('has the place that its operator states, capped', async () => {
    const networkInfo = { countryCode: 'DE' };
    expect((await of([networks(), places()], undefined, { networkInfo })).countryCode).toMatchObject({
      value: 'DE',
      confidence: 5000,
    });
  });
});

describe('addresses that no database can know', () => {
  const classifier = new InfrastructureClassifier({ sources: [], clock: new ManualClock() });

  it.each([
    ['10.1.1.1', 'PRIVATE'],
    ['172.16.0.1', 'PRIVATE'],
    ['192.168.1.1', 'PRIVATE'],
    ['fc00::1', 'PRIVATE'],
    ['::ffff:10.0.0.1', 'PRIVATE'],
    ['127.0.0.1', 'LOOPBACK'],
    ['::1', 'LOOPBACK'],
    ['169.254.1.1', 'LINK_LOCAL'],
    ['fe80::1', 'LINK_LOCAL'],
    ['100.64.0.1', 'SHARED'],
    ['192.0.2.1', 'DOCUMENTATION'],
    ['2001:db8::1', 'DOCUMENTATION'],
    ['224.0.0.1', 'MULTICAST'],
    ['ff02::1', 'MULTICAST'],
    ['0.0.0.0', 'UNSPECIFIED'],
    ['240.0.0.1', 'RESERVED'],
    ['255.255.255.255', 'RESERVED'],
  ])('%s is %s: every axis stays unknown, and a note says why', (address, kind) => {
    const profile = classifier.classify(device(address));
    expect(profile.addressKind).toBe(kind);
    expect(profile.asn.value).toBeNull();
    expect(profile.countryCode.value).toBeNull();
    expect(profile.powerRegion.value).toBeNull();
    expect(profile.confidence).toBe(0);
    expect(profile.notes.join()).toContain(kind.toLowerCase().replaceAll('_', ' '));
  });

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4/24',
    '::g',
    ' 8.8.8.8',
    '8.8.8.8 ',
    '٨.٨.٨.٨',
  ])('refuses %j as an address, naming the field', async (address) => {
    const error = await refusal(() => classifier.classify(device(address)));
    expect(error.code).toMatch(/^QRT_ERR_(IPDATA_ADDRESS|INPUT_INVALID)$/);
    expect(error.details.field).toContain('ipAddress');
  });
});

describe('missing databases', () => {
  it('leave a public address unknown and say how to mend it', () => {
    const profile = new InfrastructureClassifier({ sources: [] }).classify(device('8.8.8.8'));
    expect(profile.asn.value).toBeNull();
    expect(profile.confidence).toBe(0);
    expect(profile.notes.join()).toContain('quorate ipdata build');
  });

  it('leave the place unknown where only networks are configured, and the other way round', async () => {
    const scratch = scratchFolder();
    const networks = source(scratch, 'network', 'asn-csv', '8.8.8.0,8.8.8.255,15169,Google LLC\n');
    const places = source(scratch, 'place', 'place-csv', '8.8.8.0,8.8.8.255,US,California\n');
    const clock = new ManualClock();
    const onlyNetworks = new InfrastructureClassifier({ index: await indexOf(scratch, [networks]), clock });
    const onlyPlaces = new InfrastructureClassifier({ index: await indexOf(scratch, [places]), clock });
    const both = new InfrastructureClassifier({ index: await indexOf(scratch, [networks, places]), clock });
    const [n, p, b] = [onlyNetworks, onlyPlaces, both].map((one) => one.classify(device('8.8.8.8')));
    expect([n?.asn.value, n?.countryCode.value]).toEqual([15169, null]);
    expect(n?.countryCode.source).toContain('no source knows');
    expect([p?.asn.value, p?.countryCode.value]).toEqual([null, 'US']);
    expect([b?.asn.value, b?.countryCode.value]).toEqual([15169, 'US']);
    expect(b?.confidence).toBeGreaterThan(Math.max(n?.confidence ?? 0, p?.confidence ?? 0));
  });
});

describe('the age of a source and the disagreement of two', () => {
  const scratch = scratchFolder();
  const ROW = '203.0.112.0,203.0.112.255';
  const classifierOf = async (
    dates: readonly (number | null)[],
    asns: readonly number[],
    clock = new ManualClock(),
  ): Promise<InfrastructureClassifier> => {
    const sources = asns.map((asn, at) =>
      source(scratch, 'network', 'asn-csv', `${ROW},${asn},Net ${asn}\n`, {
        dateMs: dates[at] ?? null,
        name: `db${at}`,
      }),
    );
    return new InfrastructureClassifier({ index: await indexOf(scratch, sources), clock });
  };
  const confidenceAt = async (ageDays: number | null): Promise<number> => {
    const dateMs = ageDays === null ? null : START - ageDays * DAY_MS;
    const classifier = await classifierOf([dateMs], [64500]);
    return classifier.classify(device('203.0.112.1')).asn.confidence;
  };

  it('keeps data of 30 days at full worth, then lowers it evenly to half over three years', async () => {
    expect(await confidenceAt(0)).toBe(9000);
    expect(await confidenceAt(30)).toBe(9000);
    const afterTwoMonths = await confidenceAt(60);
    const afterAYear = await confidenceAt(365);
    expect(afterTwoMonths).toBeLessThan(9000);
    expect(afterAYear).toBeLessThan(afterTwoMonths);
    expect(await confidenceAt(30 + 3 * 365)).toBe(4500);
    expect(await confidenceAt(10 * 365)).toBe(4500);
  });

  it('takes data of unknown age as old', async () => {
    expect(await confidenceAt(null)).toBe(4500);
  });

  it('shows both sources and halves the confidence where they differ', async () => {
    const agree = (await classifierOf([START, START], [64500, 64500])).classify(device('203.0.112.1'));
    const differ = (await classifierOf([START, START], [64500, 64501])).classify(device('203.0.112.1'));
    expect(agree.asn.confidence).toBe(9000);
    expect(agree.asn.alternatives).toBeUndefined();
    expect(differ.asn).toMatchObject({ value: 64500, confidence: 4500 });
    expect(differ.asn.alternatives).toEqual([{ value: 64501, source: 'db1 of 2026-06-20' }]);
    expect(differ.notes.join()).toMatch(/db0 .* says 64500, db1 .* 64501/);
    expect(differ.confidence).toBeLessThan(agree.confidence);
  });

  it('takes two spellings of one network’s operator for one operator', async () => {
    const named = (name: string, at: number, asn = 64500) =>
      source(scratch, 'network', 'asn-csv', `${ROW},${asn},${name}\n`, { name: `db${at}` });
    const of = async (...sources: ReturnType<typeof named>[]) =>
      new InfrastructureClassifier({
        index: await indexOf(scratch, sources),
        clock: new ManualClock(),
      }).classify(device('203.0.112.1'));
    const spelled = await of(named('DEMONET-AS', 0), named('Demo Networks Inc', 1));
    expect(spelled.operator).toMatchObject({ value: 'DEMONET', confidence: 9000 });
    expect(spelled.operator.alternatives).toBeUndefined();
    const apart = await of(named('Demo', 0), named('Other', 1, 64501));
    expect(apart.operator).toMatchObject({ value: 'DEMO', confidence: 4500 });
  });

  it('lowers trust in the power region where sources differ on the country', async () => {
    const places = (second: string) => [
      source(scratch, 'place', 'place-csv', `${ROW},DE\n`, { name: 'p0' }),
      source(scratch, 'place', 'place-csv', `${ROW},${second}\n`, { name: 'p1' }),
    ];
    const clock = new ManualClock();
    const agree = new InfrastructureClassifier({ index: await indexOf(scratch, places('DE')), clock });
    const differ = new InfrastructureClassifier({ index: await indexOf(scratch, places('SE')), clock });
    const [a, d] = [agree, differ].map((one) => one.classify(device('203.0.112.1')));
    expect(a?.powerRegion.confidence).toBe(8000);
    expect(d?.countryCode.value).toBe('DE');
    expect(d?.countryCode.alternatives?.[0]?.value).toBe('SE');
    expect(d?.powerRegion.confidence).toBe(4000);
  });
});

describe('what an operator states', () => {
  const scratch = scratchFolder();
  const clock = new ManualClock();
  let classifier: InfrastructureClassifier;
  beforeAll(async () => {
    const rows = '203.0.112.0,203.0.112.255';
    const index = await indexOf(scratch, [
      source(scratch, 'network', 'asn-csv', `${rows},64500,Some Network\n`),
      source(scratch, 'place', 'place-csv', `${rows},DE\n`),
    ]);
    classifier = new InfrastructureClassifier({ index, clock });
  });

  it('fills what no source knows, marked, and capped below evidence', () => {
    const networkInfo = { asn: 64999, countryCode: 'SE', powerRegion: 'EU_NORDIC', kernel: 'linux-6.8' };
    const profile = classifier.classify(device('10.1.1.1', { networkInfo }));
    for (const stated of [profile.asn, profile.countryCode, profile.powerRegion, profile.kernel]) {
      expect(stated.source).toBe('stated by the operator');
      expect(stated.confidence).toBe(5000);
    }
    expect(profile.asn.value).toBe(64999);
    expect(profile.powerRegion).toMatchObject({ value: 'INTERNATIONAL', zones: [{ zone: 'EU_NORDIC' }] });
    expect(profile.confidence).toBeLessThanOrEqual(5000);
  });

  it('changes nothing where it agrees with the sources', () => {
    const plain = classifier.classify(device('203.0.112.1'));
    const stated = classifier.classify(
      device('203.0.112.1', { networkInfo: { asn: 64500, countryCode: 'DE' } }),
    );
    expect(stated.asn).toEqual(plain.asn);
    expect(stated.countryCode).toEqual(plain.countryCode);
    expect(stated.notes).toEqual([]);
  });

  it('never replaces a source: a contradiction is noted, shown and halves the confidence', () => {
    const networkInfo = { asn: 64999, countryCode: 'SE', powerRegion: 'EU_NORDIC' };
    const plain = classifier.classify(device('203.0.112.1'));
    const profile = classifier.classify(device('203.0.112.1', { networkInfo }));
    expect(profile.asn.value).toBe(64500);
    expect(profile.asn.confidence).toBe(Math.floor(plain.asn.confidence / 2));
    expect(profile.asn.alternatives).toEqual([{ value: 64999, source: 'stated by the operator' }]);
    expect(profile.countryCode.value).toBe('DE');
    expect(profile.powerRegion.confidence).toBe(Math.floor(plain.powerRegion.confidence / 2));
    expect(
      profile.notes.filter((note) => note.includes('the operator states')).map((note) => note.split(':')[0]),
    ).toEqual(['ASN', 'operator', 'country', 'power region']);
  });

  it('gives a network that is known by name alone less weight than a number, and no ASN', () => {
    const byName = classifier.classify(device('10.0.0.1', { networkInfo: { asnName: 'Example Net' } }));
    const byNumber = classifier.classify(device('10.0.0.1', { networkInfo: { asn: 64999 } }));
    expect(byName.asn.value).toBeNull();
    expect(byName.confidence).toBeGreaterThan(0);
    expect(byName.confidence).toBeLessThan(byNumber.confidence);
  });

  it.each([
    ['Amazon.com, Inc.', 'AMAZON'],
    ['aws', 'AMAZON'],
    ['Example S.p.A.', 'EXAMPLE'],
    ['some network', 'SOME NETWORK'],
  ])('reads the operator %j as %s', (operator, value) => {
    const profile = classifier.classify(device('10.0.0.1', { networkInfo: { operator } }));
    expect(profile.operator).toMatchObject({ value, confidence: 5000 });
  });

  it('agrees with a source in any spelling', () => {
    const networkInfo = { operator: 'Some Network GmbH', powerRegion: 'eu_continental' };
    const profile = classifier.classify(device('203.0.112.1', { networkInfo }));
    expect(profile.operator).toEqual(classifier.classify(device('203.0.112.1')).operator);
    expect(profile.notes).toEqual([]);
  });

  it('takes UNKNOWN for no statement', () => {
    const networkInfo = { operator: 'UNKNOWN', cloud: 'unknown', asnName: 'Unknown', kernel: 'UNKNOWN' };
    const profile = classifier.classify(device('10.0.0.1', { networkInfo }));
    for (const axis of [profile.asn, profile.operator, profile.cloud, profile.kernel])
      expect(axis).toMatchObject({ value: null, confidence: 0 });
  });

  it.each([
    [{ asn: 0 }, 'asn'],
    [{ asn: 2 ** 32 }, 'asn'],
    [{ asn: '15169' }, 'asn'],
    [{ countryCode: 'de' }, 'countryCode'],
    [{ countryCode: 'DEU' }, 'countryCode'],
    [{ datacenter: 'yes' }, 'datacenter'],
    [{ operator: '' }, 'operator'],
    [{ kernel: 'x'.repeat(257) }, 'kernel'],
  ])('refuses a stated fact that is none (%#), naming the field', async (networkInfo, field) => {
    const error = await refusal(() =>
      classifier.classify(device('10.0.0.1', { networkInfo: networkInfo as never })),
    );
    expect(error.details.field).toBe(`device.networkInfo.${field}`);
  });
});

describe('the classification cache', () => {
  const scratch = scratchFolder();
  const setUp = async () => {
    const clock = new ManualClock();
    const rows = Array.from({ length: 3 }, (_, n) => `203.0.${n}.0,203.0.${n}.255,${64500 + n},Net\n`).join(
      '',
    );
    const index = await indexOf(scratch, [source(scratch, 'network', 'asn-csv', rows)]);
    return { clock, classifier: new InfrastructureClassifier({ index, clock }) };
  };

  it('answers a second question from memory until the entry expires', async () => {
    const { clock, classifier } = await setUp();
    const lookup = vi.spyOn(AddressIndex.prototype, 'lookup');
    classifier.classify(device('203.0.0.1'));
    clock.jump(DAY_MS - 1);
    classifier.classify(device('203.0.0.1'));
    expect(lookup).toHaveBeenCalledTimes(1);
    clock.jump(1);
    classifier.classify(device('203.0.0.1'));
    expect(lookup).toHaveBeenCalledTimes(2);
    expect(classifier.cacheSize).toBe(1);
    lookup.mockRestore();
  });

  it('gives every call facts that live for 30 days more, remembered or not', async () => {
    const { clock, classifier } = await setUp();
    classifier.classify(device('203.0.0.1'));
    clock.jump(DAY_MS - 1);
    const remembered = classifier.classify(device('203.0.0.1'));
    expect(remembered.asn.expires).toBe(clock.now() + 30 * DAY_MS);
    expect(() => CandidatePool.of([remembered], clock.now() + 29 * DAY_MS)).not.toThrow();
  });

  it('cannot be changed by what was taken out of it', async () => {
    const clock = new ManualClock();
    const rows = '203.0.0.0,203.0.0.255';
    const index = await indexOf(scratch, [
      source(scratch, 'network', 'asn-csv', `${rows},64500,Net\n`),
      source(scratch, 'network', 'asn-csv', `${rows},64501,Net\n`),
      source(scratch, 'place', 'place-csv', `${rows},US\n`),
    ]);
    const classifier = new InfrastructureClassifier({ index, clock });
    const before = structuredClone(classifier.classify(device('203.0.0.1')));
    const taken = classifier.classify(device('203.0.0.1')) as never as Record<string, never>;
    const spoil = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, part] of Object.entries(value)) {
        spoil(part);
        Reflect.set(value, key, 'spoilt');
      }
    };
    spoil(taken);
    expect(taken['asn']).toBe('spoilt');
    expect(classifier.classify(device('203.0.0.1'))).toEqual(before);
  });
  it('forgets one address, or all, when it is told to', async () => {
    const { classifier } = await setUp();
    classifier.classify(device('203.0.0.1'));
    classifier.classify(device('203.0.1.1'));
    expect(classifier.cacheSize).toBe(2);
    classifier.invalidate('203.0.0.1');
    expect(classifier.cacheSize).toBe(1);
    const lookup = vi.spyOn(AddressIndex.prototype, 'lookup');
    classifier.classify(device('203.0.0.1'));
    classifier.classify(device('203.0.1.1'));
    expect(lookup.mock.calls).toEqual([['203.0.0.1']]);
    lookup.mockRestore();
    classifier.invalidate();
    expect(classifier.cacheSize).toBe(0);
  });

  it('keeps no more than 100,000 addresses, the newest', async () => {
    const { classifier } = await setUp();
    const oldest = classifier.classify(device('203.0.2.1'));
    for (let n = 0; n < 100_000; n += 1) {
      classifier.classify(device(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`));
    }
    expect(classifier.cacheSize).toBe(100_000);
    const lookup = vi.spyOn(AddressIndex.prototype, 'lookup');
    expect(classifier.classify(device('203.0.2.1')).asn).toEqual(oldest.asn);
    expect(lookup).toHaveBeenCalledTimes(1);
    lookup.mockRestore();
  });

  it('never remembers a verdict: new evidence counts at once', async () => {
    const { classifier } = await setUp();
    expect(classifier.classify(device('203.0.0.1')).teeVendor.value).toBe('UNKNOWN');
    const attested = classifier.classify(device('203.0.0.1'), { verdict: verdict('AMD_SEV_SNP') });
    expect(attested.teeVendor.value).toBe('AMD_SEV_SNP');
    expect(classifier.classify(device('203.0.0.1')).teeVendor.value).toBe('UNKNOWN');
  });
});

describe('a call with one bad record', () => {
  const classifier = new InfrastructureClassifier({ sources: [], clock: new ManualClock() });

  it('is refused whole, naming the record', async () => {
    const devices = [device('8.8.8.8'), { id: '', ipAddress: '8.8.8.8' }];
    const error = await refusal(() => classifier.classifyAll(devices));
    expect(error.details.field).toBe('devices[1].id');
    expect(classifier.cacheSize).toBe(0);
  });

  it('is refused whole for a bad address, naming the record and the device', async () => {
    const devices = [device('10.0.0.1'), { id: 'odd-one', ipAddress: '1.2.3' }];
    const error = await refusal(() => classifier.classifyAll(devices));
    expect(error).toMatchObject({
      code: 'QRT_ERR_IPDATA_ADDRESS',
      details: { field: 'devices[1].ipAddress' },
    });
    expect(error.message).toContain('odd-one');
    expect(classifier.cacheSize).toBe(0);
    expect((await refusal(() => classifier.classify(device('1.2.3')))).details.field).toBe(
      'device.ipAddress',
    );
  });

  it('is refused for a verdict on a machine that is not in it', async () => {
    const verdicts = { d1: verdict('AMD_SEV_SNP'), D1: verdict('AMD_SEV_SNP') };
    const error = await refusal(() => classifier.classifyAll([device('10.0.0.1')], { verdicts }));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field: 'verdicts.D1' } });
  });

  it.each([
    ['new (null)', () => new InfrastructureClassifier(null as never)],
    ['new (index)', () => new InfrastructureClassifier({ index: 'path' as never })],
    ['new (index null)', () => new InfrastructureClassifier({ index: null as never })],
    ['new (service)', () => new InfrastructureClassifier({ service: {} as never })],
    ['new (clock)', () => new InfrastructureClassifier({ clock: 5 as never })],
    ['classify', () => classifier.classify(device('10.0.0.1'), null as never)],
    ['classifyAll', () => classifier.classifyAll([], null as never)],
    ['classifyAll (signal)', () => classifier.classifyAll([], { signal: 5 as never })],
    ['classifyAll (verdicts)', () => classifier.classifyAll([], { verdicts: [] as never })],
    ['prepare', () => classifier.prepare(null as never)],
    ['analyzeTopology', () => classifier.analyzeTopology(5 as never)],
    ['analyzeTopology (profile)', () => classifier.analyzeTopology([null] as never)],
    [
      'analyzeTopology (no asn)',
      () => classifier.analyzeTopology([{ deviceId: 'a', ipAddress: '::1' }] as never),
    ],
  ])('%s refuses what is none of its input', async (_, call) => {
    expect((await refusal(call)).code).toBe('QRT_ERR_INPUT_INVALID');
  });

  it('names the profile whose address cannot be grouped', async () => {
    const good = classifier.classify(device('10.0.0.1'));
    const error = await refusal(() => classifier.analyzeTopology([good, { ...good, ipAddress: 'x' }]));
    expect(error.details.field).toBe('profiles[1].ipAddress');
  });

  it('is refused when two records have one id', async () => {
    const error = await refusal(() => classifier.classifyAll([device('8.8.8.8'), device('8.8.4.4')]));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field: 'devices[1].id' } });
  });

  it('stops with the reason of the signal', async () => {
    const reason = new Error('enough');
    const call = classifier.classifyAll([device('8.8.8.8')], { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });
});
