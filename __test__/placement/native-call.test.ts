import { describe, expect, it } from 'vitest';
import { addon, call, run } from '../../dist/native.js';
import { refusal } from '../support/errors.js';

const columns = (names: string, of: (rows: number) => unknown): Record<string, unknown> =>
  Object.fromEntries(names.split(' ').map((name) => [name, of(1)]));
const u8 = (rows: number) => new Uint8Array(rows);
const u16 = (rows: number) => new Uint16Array(rows);
const u32 = (rows: number) => new Uint32Array(rows).fill(1);
const nodes = {
  ...columns('cpuMilli memoryMib diskGib latencyUs costMicro priceMicro', u32),
  ...columns('cpuUsedMilli memoryUsedMib diskUsedGib', (rows) => new Uint32Array(rows)),
  ...columns('gpuCount gpuModel', u8),
  ...columns('trust', u16),
};
const jobs = {
  ...columns('cpuMilli memoryMib diskGib durationS', u32),
  ...columns('gpuModels nodeSet', (rows) => new Uint32Array(rows)),
  ...columns('gpuCount class', u8),
  ...columns('gpuMilli', u16),
  nodeSets: [],
};
const settings = {
  strategy: 'cost',
  population: 4,
  generations: 0,
  crossover: 1,
  mutation: 1,
  seed: 1,
  weights: null,
};
const schedule = (work: object, how: object) =>
  run((handle) =>
    addon.scheduleJobs(
      handle,
      1,
      nodes as never,
      { ...jobs, ...work } as never,
      { ...settings, ...how },
      { checkpoint: null, pause: null },
    ),
  );

describe('what does not cross the seam', () => {
  it('is refused as bad input, in a short call and in a run', async () => {
    const short = await refusal(() => call(() => addon.hypervolume('x' as never, 5 as never)));
    expect(short).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID' });
    const long = await refusal(() => schedule({ cpuMilli: 'x' }, {}));
    expect(long).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID' });
  });

  it('is not taken for something else: a strategy, a class, weights', async () => {
    expect((await schedule({}, {})).plan?.unplaced).toEqual([]);
    for (const [work, how, field] of [
      [{}, { strategy: 'random' }, 'strategy'],
      [{ class: Uint8Array.of(3) }, {}, 'jobs[0].class'],
      [{}, { weights: [1, 2] }, 'weights'],
    ] as const) {
      const error = await refusal(() => schedule(work, how));
      expect(error.code).toMatch(/^QRT_ERR_PLACEMENT_/);
      expect(error.details.field).toBe(field);
    }
  });

  it('leaves errors of other kinds as they are', async () => {
    const own = new RangeError('mine');
    const throwing = (): never => {
      throw own;
    };
    expect(() => call(throwing)).toThrow(own);
    await expect(run(throwing)).rejects.toBe(own);
  });
});
