import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateError } from 'quorate/errors';
import {
  ADDRESS_FORMATS,
  AddressIndex,
  type AddressSource,
  buildAddressIndex,
  cachedAddressIndex,
  indexPath,
  prepareAddressIndex,
} from 'quorate/placement';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START } from '../support/clock.js';
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
    expect(report.sources[0]).toMatchObject({ rows: 50, badRows: 1 });
    expect(report.bytes).toBe(readFileSync(report.path).length);
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
    await refusal(() => indexPath([absent]));
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
    expect(first?.entry).toEqual({ country: 'SE', zones: [{ zone: 'EU_NORDIC', sharePpm: 1_000_000 }] });
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
