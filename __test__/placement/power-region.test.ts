import {
  type AddressIndex,
  type Device,
  InfrastructureClassifier,
  POWER_REGIONS,
  QuorumManager,
} from 'quorate/placement';
import { beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { machine, verdict } from '../support/profiles.js';

const scratch = scratchFolder();

/** Real places, one address each. Columns: country, subdivision, latitude, longitude. */
const PLACES = {
  columbusOhio: 'US,Ohio,39.96,-83.00',
  atlantaGeorgia: 'US,Georgia,33.75,-84.39',
  austinTexas: 'US,Texas,30.27,-97.74',
  seattleWashington: 'US,Washington,47.61,-122.33',
  desMoinesIowa: 'US,Iowa,41.59,-93.62',
  bostonMassachusetts: 'US,Massachusetts,42.36,-71.06',
  bureauCountyIllinois: 'US,Illinois,41.40,-89.53',
  bentonArkansas: 'US,Arkansas,36.34,-94.25',
  pulaskiArkansas: 'US,Arkansas,34.75,-92.29',
  usSomewhere: 'US,,,',
  elPasoTexas: 'US,Texas,31.76,-106.49',
  anchorageAlaska: 'US,Alaska,61.22,-149.90',
  berlin: 'DE,,,',
  stockholm: 'SE,,,',
  london: 'GB,England,,',
  belfast: 'GB,Northern Ireland,,',
  copenhagen: 'DK,Capital Region,,',
  aarhus: 'DK,Central Jutland,,',
  toronto: 'CA,Ontario,,',
} as const;
type PlaceName = keyof typeof PLACES;

describe('power regions of places', () => {
  let index: AddressIndex;
  const names = Object.keys(PLACES) as PlaceName[];
  const addressOf = (name: PlaceName): string => `70.0.${names.indexOf(name)}.1`;
  const classify = (name: PlaceName, options = {}) =>
    new InfrastructureClassifier({ index, clock: new ManualClock() }).classify(
      { id: name, ipAddress: addressOf(name) },
      options,
    );
  const zonesOf = (name: PlaceName): Record<string, number> =>
    Object.fromEntries(classify(name).powerRegion.zones.map(({ zone, sharePpm }) => [zone, sharePpm]));

  beforeAll(async () => {
    const rows = names.map((name, n) => `70.0.${n}.0,70.0.${n}.255,${PLACES[name]}\n`).join('');
    const networks = names.map((_, n) => `70.0.${n}.0,70.0.${n}.255,${64500 + n},Net ${n}\n`).join('');
    index = await indexOf(scratch, [
      source(scratch, 'place', 'place-csv', rows),
      source(scratch, 'network', 'asn-csv', networks),
    ]);
  });

  it.each([
    ['columbusOhio', 'NERC_RFC'],
    ['atlantaGeorgia', 'NERC_SERC'],
    ['austinTexas', 'NERC_TRE'],
    ['seattleWashington', 'NERC_WECC'],
    ['desMoinesIowa', 'NERC_MRO'],
    ['bostonMassachusetts', 'NERC_NPCC'],
  ] as const)('%s hangs on %s alone', (name, region) => {
    expect(classify(name).powerRegion.value).toBe(region);
    expect(zonesOf(name)).toEqual({ [region]: 1_000_000 });
  });

  it('a county where two regions meet lies in both, with shares that sum to one', () => {
    const zones = zonesOf('bureauCountyIllinois');
    expect(Object.keys(zones)).toEqual(expect.arrayContaining(['NERC_RFC', 'NERC_SERC']));
    expect(Object.values(zones).reduce((sum, share) => sum + share, 0)).toBe(1_000_000);
  });

  it('within one state the county decides', () => {
    expect(classify('bentonArkansas').powerRegion.value).toBe('NERC_MRO');
    expect(classify('pulaskiArkansas').powerRegion.value).toBe('NERC_SERC');
    expect(classify('elPasoTexas').powerRegion.value).toBe('NERC_WECC');
  });

  it('a US machine of unknown state may lie in every region of the country', () => {
    const zones = zonesOf('usSomewhere');
    for (const region of POWER_REGIONS.filter((name) => name.startsWith('NERC_')))
      expect(zones[region]).toBeGreaterThan(0);
  });

  it('names no region that is less likely than not, and is as sure of one as its share is large', () => {
    const somewhere = classify('usSomewhere');
    expect(somewhere.powerRegion).toMatchObject({ value: null, confidence: 0 });
    expect(somewhere.powerRegion.zones).toHaveLength(8);
    expect(somewhere.powerRegion.expires).not.toBeNull();
    expect(somewhere.notes.join()).toMatch(/power region: only the country is known.*NERC_SERC 26 %/);
    const shared = classify('bureauCountyIllinois').powerRegion;
    const [largest] = shared.zones;
    expect(largest?.sharePpm).toBeLessThan(1_000_000);
    expect(shared.confidence).toBe(Math.floor((8000 * (largest?.sharePpm ?? 0)) / 1e6));
    expect(classify('columbusOhio').powerRegion.confidence).toBe(8000);
  });

  it('takes an operator at his word, capped, where the sources leave the region open', () => {
    const device = { id: 'd', ipAddress: addressOf('usSomewhere') };
    const classifier = new InfrastructureClassifier({ index, clock: new ManualClock() });
    const stated = classifier.classify({ ...device, networkInfo: { powerRegion: 'NERC_TRE' } }).powerRegion;
    expect(stated).toMatchObject({ value: 'NERC_TRE', confidence: 5000, source: 'stated by the operator' });
    const against = classifier.classify({ ...device, networkInfo: { powerRegion: 'EU_NORDIC' } });
    expect(against.powerRegion).toMatchObject({ value: null, confidence: 0 });
    expect(against.notes.join()).toContain('the operator states EU_NORDIC');
  });

  it('two sources whose zones have none in common disagree, also within one country', async () => {
    const place = (row: string) => source(scratch, 'place', 'place-csv', `71.0.0.0,71.0.0.255,${row}\n`);
    const of = async (first: string, second: string) => {
      const both = await indexOf(scratch, [place(first), place(second)]);
      return new InfrastructureClassifier({ index: both, clock: new ManualClock() }).classify({
        id: 'd',
        ipAddress: '71.0.0.1',
      });
    };
    const apart = await of(PLACES.seattleWashington, PLACES.atlantaGeorgia);
    expect(apart.countryCode.confidence).toBe(9000);
    expect(apart.powerRegion).toMatchObject({ value: 'NERC_WECC', confidence: 4000 });
    expect(apart.powerRegion.alternatives).toMatchObject([{ value: 'NERC_SERC' }]);
    expect(apart.notes.join()).toMatch(/power region: .* says NERC_WECC, .* NERC_SERC/);
    const together = await of(PLACES.seattleWashington, PLACES.usSomewhere);
    expect(together.powerRegion).toMatchObject({ value: 'NERC_WECC', confidence: 8000 });
    expect(together.powerRegion.alternatives).toBeUndefined();
  });

  it('Alaska is no part of the NERC regions of the lower states', () => {
    expect(zonesOf('anchorageAlaska')).toEqual({ US_ASCC: 1_000_000 });
  });

  it('grids outside the US share one public name and are told apart below it', () => {
    for (const name of ['berlin', 'stockholm', 'london', 'belfast'] as const)
      expect(classify(name).powerRegion.value).toBe('INTERNATIONAL');
    const zones = (['berlin', 'stockholm', 'london', 'belfast'] as const).map((name) =>
      Object.keys(zonesOf(name)),
    );
    expect(zones).toEqual([['EU_CONTINENTAL'], ['EU_NORDIC'], ['GB'], ['IE']]);
  });

  it('a country on two grids is decided by its subdivision', () => {
    expect(Object.keys(zonesOf('copenhagen'))).toEqual(['EU_NORDIC']);
    expect(Object.keys(zonesOf('aarhus'))).toEqual(['EU_CONTINENTAL']);
  });

  it('Ontario is a member of the same regional entity as New England', () => {
    expect(classify('toronto').powerRegion.value).toBe('NERC_NPCC');
  });

  it('three European grids carry a Gold quorum although their public region is one', () => {
    const vendors = ['AMD_SEV_SNP', 'INTEL_TDX', 'AMD_SEV_SNP'] as const;
    const profiles = (['berlin', 'stockholm', 'london'] as const).map((name, at) =>
      classify(name, { verdict: verdict(vendors[at] ?? 'AMD_SEV_SNP') }),
    );
    const manager = new QuorumManager({ clock: new ManualClock() });
    expect(manager.validateQuorum(profiles, 'GOLD', { size: 3 }).violations).toEqual([]);
  });

  it('a machine that may lie in two regions takes up both: one more in either is too many', () => {
    const manager = new QuorumManager({ clock: new ManualClock() });
    const straddling = machine(0, {
      powerRegion: [
        { zone: 'NERC_RFC', sharePpm: 600_000 },
        { zone: 'NERC_SERC', sharePpm: 400_000 },
      ],
    });
    for (const zone of ['NERC_RFC', 'NERC_SERC']) {
      const result = manager.validateQuorum(
        [straddling, machine(1, { powerRegion: zone }), machine(2)],
        'GOLD',
      );
      expect(result.valid).toBe(false);
      expect(result.violations.map(({ axis }) => axis)).toContain('power_region');
    }
    const apart = manager.validateQuorum(
      [straddling, machine(1, { powerRegion: 'NERC_TRE' }), machine(2)],
      'GOLD',
    );
    expect(apart.violations).toEqual([]);
  });
});

describe('a power region that an operator states', () => {
  const classifier = new InfrastructureClassifier({ sources: [], clock: new ManualClock() });
  const device = (ipAddress: string, rest: Partial<Device>): Device => ({ id: 'd', ipAddress, ...rest });

  it('brings cloud and zone into the form of the tables', () => {
    const networkInfo = { cloud: 'Amazon Web Services', powerRegion: 'nerc_tre' };
    const profile = classifier.classify(device('10.0.0.1', { networkInfo }));
    expect(profile.cloud.value).toBe('AWS');
    expect(profile.powerRegion).toMatchObject({ value: 'NERC_TRE', zones: [{ zone: 'NERC_TRE' }] });
  });

  it.each([
    ['NERC_SRC', /near: NERC_SERC/],
    ['nordic', /near: .*EU_NORDIC/],
    ['my data centre', /known power zone/],
    ['UNKNOWN', /absent where it is not known/],
    ['international', /names every grid outside NERC/],
  ])('refuses the power region %j', async (powerRegion, message) => {
    const error = await refusal(() =>
      classifier.classify(device('10.0.0.1', { networkInfo: { powerRegion } })),
    );
    expect(error).toMatchObject({
      code: 'QRT_ERR_INPUT_INVALID',
      details: { field: 'device.networkInfo.powerRegion' },
    });
    expect(error.message).toMatch(message);
  });
});

it('the seven public power regions have their names', () => {
  expect(POWER_REGIONS).toEqual([
    'NERC_RFC',
    'NERC_SERC',
    'NERC_TRE',
    'NERC_WECC',
    'NERC_MRO',
    'NERC_NPCC',
    'INTERNATIONAL',
  ]);
});
