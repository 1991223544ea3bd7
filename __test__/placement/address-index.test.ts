import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateError } from 'quorate/errors';
import {
  ADDRESS_FORMATS,
  AddressIndex,
  type AddressSource,
  buildAddressIndex,
  cachedAddressIndex,
  InfrastructureClassifier,
  indexPath,
  prepareAddressIndex,
} from 'quorate/placement';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { answersOrRefuses, refusal } from '../support/errors.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { vectors } from '../support/vectors.js';

const scratch = scratchFolder();

describe('importing networks', () => {
  it.each([
    ['asn-csv', '203.0.112.0,203.0.112.255,64500,"Example, Inc."\n', 'Example, Inc.'],
    ['iptoasn-tsv', '203.0.112.0\t203.0.112.255\t64500\tDE\tEXAMPLE\n', 'EXAMPLE'],
    ['routeviews', '203.0.112.0\t24\t64500\n', ''],
    ['routeviews', '203.0.112.0\t24\t64500_64501\n', ''],
  ] as const)('reads %s', async (format, text, organisation) => {
    const index = await indexOf(scratch, [source(scratch, 'network', format, text)]);
    const inside = index.lookup('203.0.112.255').networks;
    expect(inside).toHaveLength(1);
    expect(inside[0]?.entry).toMatchObject({ asn: 64500, organisation });
    expect(index.lookup('203.0.113.0').networks).toEqual([]);
    expect(index.lookup('203.0.111.255').networks).toEqual([]);
  });

  it('prefers the narrower of two ranges, and finds the wider one around it', async () => {
    const rows = '60.0.0.0,60.0.0.255,1,Wide\n60.0.0.64,60.0.0.127,2,Narrow\n';
    const index = await indexOf(scratch, [source(scratch, 'network', 'asn-csv', rows)]);
    const asnOf = (address: string) => index.lookup(address).networks[0]?.entry.asn;
    expect(['60.0.0.63', '60.0.0.64', '60.0.0.127', '60.0.0.128'].map(asnOf)).toEqual([1, 2, 2, 1]);
  });

  it('reads IPv6 ranges and keeps the two families apart', async () => {
    const rows = '2600:1f00::,2600:1fff:ffff:ffff:ffff:ffff:ffff:ffff,16509,Amazon.com\n';
    const index = await indexOf(scratch, [source(scratch, 'network', 'asn-csv', rows)]);
    expect(index.lookup('2600:1f01::1').networks[0]?.entry).toMatchObject({
      operator: 'AMAZON',
      cloud: 'AWS',
    });
    expect(index.lookup('38.0.31.0').networks).toEqual([]);
  });

  it('answers with every source in the order given', async () => {
    const row = (asn: number) => `61.0.0.0,61.0.0.255,${asn},Net\n`;
    const index = await indexOf(scratch, [
      source(scratch, 'network', 'asn-csv', row(1), { name: 'first' }),
      source(scratch, 'network', 'asn-csv', row(2), { name: 'second', dateMs: null }),
    ]);
    expect(index.lookup('61.0.0.1').networks.map(({ source: from, entry }) => [from, entry.asn])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(index.sources).toEqual([
      { name: 'first', kind: 'network', dateMs: START },
      { name: 'second', kind: 'network', dateMs: null },
    ]);
  });

  it('skips a bad row among good ones and counts it', async () => {
    const good = Array.from({ length: 50 }, (_, n) => `62.0.${n}.0,62.0.${n}.255,${n + 1},Net\n`).join('');
    const report = await buildAddressIndex(
      [source(scratch, 'network', 'asn-csv', `${good}62.1.0.0,nonsense,7,Net\n`)],
      scratch.path('counted.ipdata'),
    );
    expect(report.sources[0]).toMatchObject({ rows: 50, badRows: 1, multiOrigin: 0 });
    const [bad] = report.sources[0]?.firstBad ?? [];
    expect(bad).toMatchObject({ line: 51, reason: 'the end is no address' });
    expect(readFileSync(bad?.path ?? '', 'utf8')).toContain('nonsense');
    expect(report.bytes).toBe(readFileSync(report.path).length);
  });

  it('counts rows with several origins', async () => {
    const rows = '203.0.112.0\t24\t64500_64501\n203.0.113.0\t24\t64500\n';
    const routes = source(scratch, 'network', 'routeviews', rows);
    const report = await buildAddressIndex([routes], scratch.path('origins.ipdata'));
    expect(report.sources[0]?.multiOrigin).toBe(1);
  });

  it('hands out entries that nobody can change', async () => {
    const index = await indexOf(scratch, [
      source(scratch, 'network', 'asn-csv', '62.0.0.0,62.0.0.255,1,Net\n'),
      source(scratch, 'place', 'place-csv', '62.0.0.0,62.0.0.255,DE\n'),
    ]);
    const { networks, places } = index.lookup('62.0.0.1');
    for (const shared of [networks[0]?.entry, places[0]?.entry, places[0]?.entry.zones, index.sources])
      expect(Object.isFrozen(shared)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['prose', 'this file\nhas no rows\nat all\n'],
    ['a web page', '<!DOCTYPE html><html><body>503</body></html>\n'],
  ])('refuses %s where rows should be, and leaves no file', async (_, text) => {
    const path = scratch.path('never.ipdata');
    const error = await refusal(() => buildAddressIndex([source(scratch, 'network', 'asn-csv', text)], path));
    expect(error.code).toMatch(/^QRT_ERR_IPDATA_(ROWS|EMPTY)$/);
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a file that is not there, naming the source', async () => {
    const absent: AddressSource = {
      name: 'absent',
      kind: 'network',
      dateMs: null,
      files: [{ path: scratch.path('absent.csv'), format: 'asn-csv' }],
    };
    const error = await refusal(() => buildAddressIndex([absent], scratch.path('never.ipdata')));
    expect(error.details.field).toBe('sources[0].files[0]');
    expect(error.message).toContain(scratch.path('absent.csv'));
    expect(error.message).not.toContain('line 0');
    expect((await refusal(() => indexPath([absent]))).message).toContain(scratch.path('absent.csv'));
  });

  it('refuses a format or a kind that it does not know instead of guessing', async () => {
    const good = source(scratch, 'network', 'asn-csv', '62.0.0.0,62.0.0.255,1,Net\n');
    const path = scratch.path('never.ipdata');
    const format = { ...good, files: good.files.map((file) => ({ ...file, format: 'csv' })) };
    expect((await refusal(() => buildAddressIndex([format as never], path))).details.field).toContain(
      'format',
    );
    const kind = { ...good, kind: 'networks' };
    expect((await refusal(() => buildAddressIndex([kind as never], path))).details.field).toContain('kind');
  });

  it('refuses a folder that cannot be made with an error of ours', async () => {
    const file = scratch.write('a-file', 'x');
    const good = source(scratch, 'network', 'asn-csv', '62.0.0.0,62.0.0.255,1,Net\n');
    const error = await refusal(() => buildAddressIndex([good], join(file, 'below', 'index.ipdata')));
    expect(error.details.field).toBe('path');
  });

  it.each([null, 5, 'x', []])('refuses %j as options', async (options) => {
    const good = source(scratch, 'network', 'asn-csv', '62.0.0.0,62.0.0.255,1,Net\n');
    const path = scratch.path('never.ipdata');
    const error = await refusal(() => buildAddressIndex([good], path, options as never));
    expect(error.code).toBe('QRT_ERR_INPUT_INVALID');
    expect(existsSync(path)).toBe(false);
  });

  it('builds one path many times at once, of the same sources and of others, and leaves no part', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-builds-'));
    const path = join(folder, 'index');
    const of = (asn: number) => [
      source(scratch, 'network', 'asn-csv', `62.0.0.0,62.0.0.255,${asn},Net\n`, { name: 'db' }),
    ];
    const same = of(1);
    const reports = await Promise.all([
      ...Array.from({ length: 8 }, () => buildAddressIndex(same, path)),
      ...Array.from({ length: 8 }, (_, n) => buildAddressIndex(of(n + 2), path)),
    ]);
    expect(new Set(reports.slice(0, 8)).size).toBe(1);
    expect(AddressIndex.open(path).lookup('62.0.0.1').networks).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['index']);
    rmSync(folder, { recursive: true });
  });

  it('goes on for the others when one of those who wait gives up', async () => {
    const path = scratch.path('shared.ipdata');
    const rows = Array.from({ length: 50_000 }, (_, n) => `${n * 512},${n * 512 + 255},${n + 1},Net\n`);
    const large = source(scratch, 'network', 'asn-csv', rows.join(''));
    const [gone, bad] = [new AbortController(), new Error('enough')];
    const first = buildAddressIndex([large], path, { signal: gone.signal });
    const second = buildAddressIndex([large], path);
    gone.abort(bad);
    await expect(first).rejects.toBe(bad);
    expect((await second).sources[0]?.rows).toBe(50_000);
    expect(existsSync(path)).toBe(true);
  });

  it('leaves no part of a file where the path cannot be taken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-builds-'));
    mkdirSync(join(folder, 'taken', 'below'), { recursive: true });
    const good = source(scratch, 'network', 'asn-csv', '62.0.0.0,62.0.0.255,1,Net\n');
    const error = await refusal(() => buildAddressIndex([good], join(folder, 'taken')));
    expect(error).toMatchObject({ code: 'QRT_ERR_IPDATA_READ', details: { field: 'path' } });
    expect(error.message).toContain(join(folder, 'taken'));
    expect(readdirSync(folder)).toEqual(['taken']);
    rmSync(folder, { recursive: true });
  });

  it('stops with the reason of an abort and leaves no file', async () => {
    const path = scratch.path('aborted.ipdata');
    const good = source(scratch, 'network', 'asn-csv', '62.0.0.0,62.0.0.255,1,Net\n');
    const reason = new Error('enough');
    await expect(buildAddressIndex([good], path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a damaged range file', () => {
  let whole: Uint8Array;
  beforeAll(async () => {
    const rows = Array.from({ length: 40 }, (_, n) => `63.0.${n}.0,63.0.${n}.255,${n + 1},Net ${n}\n`).join(
      '',
    );
    const path = scratch.path('whole.ipdata');
    await buildAddressIndex([source(scratch, 'network', 'asn-csv', rows)], path);
    whole = readFileSync(path);
    expect(AddressIndex.open(path).lookup('63.0.7.1').networks[0]?.entry.asn).toBe(8);
  });

  it('is refused when it is cut off at any length', async () => {
    for (let length = 0; length < whole.length; length += 7) {
      const path = scratch.write('cut.ipdata', whole.subarray(0, length));
      const error = await refusal(() => AddressIndex.open(path));
      expect(error.code).toMatch(/^QRT_ERR_IPDATA_/);
    }
  });

  it('is refused when any byte of it is another', async () => {
    for (let at = 0; at < whole.length; at += 11) {
      const copy = Uint8Array.from(whole);
      copy[at] = (copy[at] ?? 0) ^ 0x40;
      const error = await refusal(() => AddressIndex.open(scratch.write('flipped.ipdata', copy)));
      expect(error.code).toMatch(/^QRT_ERR_IPDATA_/);
    }
  });

  it('is refused when it is absent or a folder', async () => {
    expect((await refusal(() => AddressIndex.open(scratch.path('absent')))).code).toMatch(/^QRT_ERR_IPDATA_/);
    expect((await refusal(() => AddressIndex.open(tmpdir()))).code).toMatch(/^QRT_ERR_IPDATA_/);
  });
});

describe('the cache of built indexes', () => {
  const cache = mkdtempSync(join(tmpdir(), 'quorate-cache-'));
  const before = process.env['XDG_CACHE_HOME'];
  beforeAll(() => {
    process.env['XDG_CACHE_HOME'] = cache;
  });
  afterAll(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
    rmSync(cache, { recursive: true, force: true });
  });

  it('builds once, and again only when a source has changed', async () => {
    const sources = [source(scratch, 'network', 'asn-csv', '64.0.0.0,64.0.0.255,1,Net\n')];
    expect(cachedAddressIndex(sources)).toBeNull();
    const first = await prepareAddressIndex(sources);
    expect(first?.lookup('64.0.0.1').networks[0]?.entry.asn).toBe(1);
    const path = indexPath(sources);
    expect(path.startsWith(cache)).toBe(true);
    expect(cachedAddressIndex(sources)).not.toBeNull();

    const file = sources[0]?.files[0]?.path ?? '';
    writeFileSync(file, '64.0.0.0,64.0.0.255,2,Net\n');
    utimesSync(file, new Date(), new Date(Date.now() + 5000));
    expect(indexPath(sources)).not.toBe(path);
    const second = await prepareAddressIndex(sources);
    expect(second?.lookup('64.0.0.1').networks[0]?.entry.asn).toBe(2);
  });

  it.each([
    ['is damaged', (whole: Buffer) => whole.map((byte, at) => (at === 60 ? byte ^ 1 : byte))],
    ['is cut off', (whole: Buffer) => whole.subarray(0, whole.length - 5)],
    ['is of another version', (whole: Buffer) => whole.map((byte, at) => (at === 8 ? 99 : byte))],
    ['is empty', () => Buffer.alloc(0)],
  ])('builds again what %s, and until then it counts as absent', async (_, spoil) => {
    const sources = [source(scratch, 'network', 'asn-csv', '64.0.0.0,64.0.0.255,7,Net\n')];
    await prepareAddressIndex(sources);
    const path = indexPath(sources);
    writeFileSync(path, spoil(readFileSync(path)));
    await refusal(() => AddressIndex.open(path));
    expect(cachedAddressIndex(sources)).toBeNull();
    const healed = await prepareAddressIndex(sources);
    expect(healed?.lookup('64.0.0.1').networks[0]?.entry.asn).toBe(7);
    expect(cachedAddressIndex(sources)).not.toBeNull();
  });

  it('forgets after 30 days what belongs to other sources, and nothing else', async () => {
    const folder = join(cache, 'quorate');
    mkdirSync(folder, { recursive: true });
    const aged = (name: string, days: number): void => {
      const date = new Date(Date.now() - days * 86_400_000);
      writeFileSync(join(folder, name), 'x');
      utimesSync(join(folder, name), date, date);
    };
    aged('addresses-v1-old.ipdata', 31);
    aged('addresses-v1-new.ipdata', 29);
    aged('something-else', 400);
    await prepareAddressIndex([source(scratch, 'network', 'asn-csv', '64.0.0.0,64.0.0.255,8,Net\n')]);
    const left = readdirSync(folder);
    expect(left).not.toContain('addresses-v1-old.ipdata');
    expect(left).toEqual(expect.arrayContaining(['addresses-v1-new.ipdata', 'something-else']));
  });

  it('is the one of the home folder where the variable is set to nothing', () => {
    const sources = [source(scratch, 'network', 'asn-csv', '64.0.0.0,64.0.0.255,9,Net\n')];
    process.env['XDG_CACHE_HOME'] = '';
    const path = indexPath(sources);
    process.env['XDG_CACHE_HOME'] = cache;
    expect(path.startsWith(join(homedir(), '.cache', 'quorate'))).toBe(true);
  });

  it('is looked into again by a classifier that found nothing at first', async () => {
    const sources = [source(scratch, 'network', 'asn-csv', '203.0.9.0,203.0.9.255,64509,Net\n')];
    const device = { id: 'd', ipAddress: '203.0.9.1' };
    const classifier = new InfrastructureClassifier({ sources, clock: new ManualClock() });
    expect(classifier.classify(device).asn.value).toBeNull();
    await prepareAddressIndex(sources);
    expect(classifier.classify(device).asn.value).toBe(64509);
  });

  it('has nothing to build from no sources', async () => {
    expect(await prepareAddressIndex([])).toBeNull();
    expect(cachedAddressIndex([])).toBeNull();
  });
});

const maxmind = vectors('placement/maxmind');

describe.skipIf(maxmind.absent)('MMDB files of MaxMind', () => {
  const mmdb = (name: string, kind: AddressSource['kind'], dateMs: number | null = null): AddressSource => ({
    name,
    kind,
    dateMs,
    files: [{ path: join(maxmind.path, name), format: 'mmdb' }],
  });

  it('give networks', async () => {
    const index = await indexOf(scratch, [mmdb('test-data/GeoLite2-ASN-Test.mmdb', 'network')]);
    expect(index.lookup('1.128.0.1').networks[0]?.entry).toMatchObject({
      asn: 1221,
      organisation: 'Telstra Pty Ltd',
    });
    expect(index.lookup('12.81.92.7').networks[0]?.entry.asn).toBe(7018);
    expect(index.lookup('9.9.9.9').networks).toEqual([]);
  });

  it('give networks from the larger ISP database too', async () => {
    const index = await indexOf(scratch, [mmdb('test-data/GeoIP2-ISP-Test.mmdb', 'network')]);
    expect(index.lookup('1.128.0.1').networks[0]?.entry.asn).toBe(1221);
  });

  it('give places, with the build time of the file as its date', async () => {
    const index = await indexOf(scratch, [mmdb('test-data/GeoIP2-City-Test.mmdb', 'place')]);
    expect(index.lookup('81.2.69.160').places[0]?.entry).toMatchObject({ country: 'GB' });
    const [first] = index.lookup('89.160.20.112').places;
    expect(first?.entry).toEqual({
      country: 'SE',
      zones: [{ zone: 'EU_NORDIC', sharePpm: 1_000_000 }],
      accuracy: 'COUNTRY',
    });
    const date = index.sources[0]?.dateMs ?? 0;
    expect(date).toBeGreaterThan(Date.UTC(2012, 0, 1));
    expect(date).toBeLessThan(Date.UTC(2030, 0, 1));
  });

  it('are as old as their user states, but never younger than the file', async () => {
    const dateOf = async (dateMs: number | null): Promise<number | null | undefined> => {
      const index = await indexOf(scratch, [mmdb('test-data/GeoIP2-City-Test.mmdb', 'place', dateMs)]);
      return index.sources[0]?.dateMs;
    };
    const built = await dateOf(null);
    const before = Date.UTC(2015, 0, 1);
    expect(await dateOf(before)).toBe(before);
    expect(await dateOf(Date.UTC(2035, 0, 1))).toBe(built);
  });

  const broken = maxmind.absent
    ? []
    : [
        'bad-data/libmaxminddb',
        'bad-data/maxminddb-golang',
        'bad-data/maxminddb-python',
        'test-data',
      ].flatMap((folder) => readdirSync(join(maxmind.path, folder)).map((name) => `${folder}/${name}`));

  it.each(broken.filter((name) => name.endsWith('.mmdb')))(
    '%s is refused or gives a valid index, as networks and as places',
    async (name) => {
      for (const kind of ['network', 'place'] as const) {
        await answersOrRefuses(async () => {
          const index = await indexOf(scratch, [mmdb(name, kind)]);
          expect(index.lookup('1.1.1.1').kind).toBe('PUBLIC');
        });
      }
    },
  );

  it('cut off at any length are refused or give a valid index', async () => {
    const bytes = readFileSync(join(maxmind.path, 'test-data/GeoLite2-ASN-Test.mmdb'));
    let refused = 0;
    for (let length = 0; length < bytes.length; length += 613) {
      const path = scratch.write('cut.mmdb', bytes.subarray(0, length));
      const cut: AddressSource = {
        name: 'cut',
        kind: 'network',
        dateMs: null,
        files: [{ path, format: 'mmdb' }],
      };
      await answersOrRefuses(async () => {
        try {
          await indexOf(scratch, [cut]);
        } catch (error) {
          refused += Number(error instanceof QuorateError);
          throw error;
        }
      });
    }
    expect(refused).toBeGreaterThan(10);
  });
});

it('the formats are public as data', () => {
  expect([...ADDRESS_FORMATS].sort()).toEqual(['asn-csv', 'iptoasn-tsv', 'mmdb', 'place-csv', 'routeviews']);
});
