import fc from 'fast-check';
import {
  INTEGER_CROSSOVERS,
  INTEGER_MUTATIONS,
  type OptimizationProblem,
  type OptimizeOptions,
  optimize,
} from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { answersOrRefuses, refusal } from '../support/errors.js';
import { randomStream } from '../support/profiles.js';

const ITEMS = 14;
const next = randomStream(7);
const weights = Array.from({ length: ITEMS }, () => 1 + Math.floor(20 * next()));
const values = Array.from({ length: ITEMS }, () => 1 + Math.floor(30 * next()));
const capacity = Math.floor(weights.reduce((sum, weight) => sum + weight, 0) / 2);

/** Weight and value of what a row takes along. */
function packed(row: ArrayLike<number>): { weight: number; value: number } {
  const sum = (of: readonly number[]): number =>
    of.reduce((total, own, at) => total + own * (row[at] ?? 0), 0);
  return { weight: sum(weights), value: sum(values) };
}
const rowsOf = (population: Float64Array, width: number): Float64Array[] =>
  Array.from({ length: population.length / width }, (_, row) =>
    population.subarray(row * width, (row + 1) * width),
  );

/** The most value within the capacity, by trying all 2^14 sets. */
const best = Math.max(
  ...Array.from({ length: 2 ** ITEMS }, (_, mask) => {
    const { weight, value } = packed(Array.from({ length: ITEMS }, (_, at) => (mask >> at) & 1));
    return weight <= capacity ? value : 0;
  }),
);

/** Much value and little weight. */
const knapsack: OptimizationProblem = {
  lower: new Float64Array(ITEMS),
  upper: new Float64Array(ITEMS).fill(1),
  objectiveCount: 2,
  integer: true,
  evaluate(population) {
    const found = rowsOf(population, ITEMS).map(packed);
    return {
      objectives: Float64Array.from(found.flatMap(({ weight, value }) => [-value, weight])),
      violations: Float64Array.from(found, ({ weight }) => Math.max(0, weight - capacity)),
    };
  },
};

/** Takes out items from the front until the rest is light enough. */
const repaired: OptimizationProblem = {
  ...knapsack,
  repair(population) {
    for (const row of rowsOf(population, ITEMS)) {
      for (let at = 0; packed(row).weight > capacity; at += 1) row[at] = 0;
    }
    return population;
  },
};
const small: OptimizeOptions = { population: 60, generations: 80, seed: 3, threads: 1 };
const mostValue = (objectives: Float64Array): number =>
  Math.max(...rowsOf(objectives, 2).map(([value = 0]) => -value));

describe('whole numbers', () => {
  it.each(INTEGER_CROSSOVERS)('reach the optimum of a knapsack by %s crossover', async (kind) => {
    const { variables, objectives } = await optimize(knapsack, { ...small, crossover: { kind } });
    expect(mostValue(objectives)).toBe(best);
    for (const row of rowsOf(variables, ITEMS)) {
      expect(packed(row).weight).toBeLessThanOrEqual(capacity);
      for (const taken of row) expect([0, 1]).toContain(taken);
    }
  });

  it.each(INTEGER_MUTATIONS)('reach the optimum of an assignment by %s', async (kind) => {
    // Item i costs nothing at place i % 3 and 1 elsewhere; how uneven the places are used is the other cost.
    const items = 12;
    const assignment: OptimizationProblem = {
      lower: new Float64Array(items),
      upper: new Float64Array(items).fill(2),
      objectiveCount: 2,
      integer: true,
      evaluate: (population) =>
        Float64Array.from(
          rowsOf(population, items).flatMap((row) => {
            const misplaced = row.filter((place, item) => place !== item % 3).length;
            const used = [0, 1, 2].map((place) => row.filter((own) => own === place).length);
            return [misplaced, Math.max(...used) - Math.min(...used)];
          }),
        ),
    };
    const { objectives } = await optimize(assignment, { ...small, generations: 150, mutation: { kind } });
    expect(Array.from(objectives.subarray(0, 2))).toEqual([0, 0]);
  });

  it('find the whole front between far bounds', async () => {
    const schaffer: OptimizationProblem = {
      lower: Float64Array.of(-1e6),
      upper: Float64Array.of(1e6),
      objectiveCount: 2,
      integer: true,
      evaluate: (population) => Float64Array.from([...population].flatMap((x) => [x * x, (x - 20) ** 2])),
    };
    const { variables } = await optimize(schaffer, { ...small, generations: 200 });
    expect([...new Set(variables)].sort((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, x) => x));
  });

  it.each([knapsack, repaired])(
    'are the same for the same seed, on one thread and on two',
    async (problem) => {
      const one = await optimize(problem, small);
      const two = await optimize(problem, { ...small, threads: 2 });
      expect(Buffer.from(one.variables.buffer).equals(Buffer.from(two.variables.buffer))).toBe(true);
      expect(Buffer.from(one.checkpoint).equals(Buffer.from(two.checkpoint))).toBe(true);
      expect((await optimize(problem, { ...small, seed: 4 })).checkpoint).not.toEqual(one.checkpoint);
    },
  );

  it('go on from a checkpoint as if they had never stopped', async () => {
    const checkpoints: Uint8Array[] = [];
    const onCheckpoint = (checkpoint: Uint8Array): void => void checkpoints.push(checkpoint);
    const whole = await optimize(repaired, { ...small, checkpointGenerations: 30, onCheckpoint });
    expect(checkpoints).toHaveLength(2);
    for (const resume of checkpoints) {
      expect(Buffer.from((await optimize(repaired, { ...small, resume })).checkpoint)).toEqual(
        Buffer.from(whole.checkpoint),
      );
    }
    const [resume] = checkpoints;
    const other = { ...small, resume: resume as Uint8Array };
    for (const options of [
      { ...other, crossover: { kind: 'one-point' as const } },
      { ...other, mutation: { probability: 0.5 } },
    ]) {
      expect((await refusal(() => optimize(repaired, options))).code).toMatch(/CHECKPOINT_MISMATCH$/);
    }
    const reals = { ...repaired, integer: false };
    expect((await refusal(() => optimize(reals, other))).code).toMatch(/CHECKPOINT_MISMATCH$/);
  });

  it.each([
    [{ lower: Float64Array.of(0.5), upper: Float64Array.of(2) }, 'problem.lower[0]', /BOUNDS$/],
    [{ lower: Float64Array.of(0, 0), upper: Float64Array.of(1, 2 ** 53) }, 'problem.upper[1]', /BOUNDS$/],
    [{ lower: Float64Array.of(Number.NaN), upper: Float64Array.of(2) }, 'problem.lower[0]', /BOUNDS$/],
    [{ lower: Float64Array.of(3), upper: Float64Array.of(2) }, 'problem.upper[0]', /BOUNDS$/],
    [{ lower: Float64Array.of(3), upper: Float64Array.of() }, 'problem.upper', /BOUNDS$/],
    [{ integer: 1 }, 'problem.integer', /INPUT_INVALID$/],
    [{ repair: 'mend' }, 'problem.repair', /INPUT_INVALID$/],
  ])('refuse a problem that is none (%#)', async (rest, field, code) => {
    const error = await refusal(() => optimize({ ...knapsack, ...rest } as never, small));
    expect(error.code).toMatch(code);
    expect(error.details.field).toBe(field);
  });

  it.each([
    [{ crossover: { eta: 15 } }, 'crossover.eta'],
    [{ mutation: { eta: 20 } }, 'mutation.eta'],
    [{ crossover: { kind: 'sbx' } }, 'crossover.kind'],
    [{ mutation: { kind: 'flip' } }, 'mutation.kind'],
    [{ mutation: { probability: 2 } }, 'mutation.probability'],
  ])('refuse operators that are none of theirs: %j', async (options, field) => {
    const error = await refusal(() => optimize(knapsack, { ...small, ...options } as never));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field } });
  });

  it('refuse to exchange variables whose bounds differ', async () => {
    const uneven = { ...knapsack, upper: Float64Array.from({ length: ITEMS }, (_, at) => 1 + (at % 2)) };
    const error = await refusal(() => optimize(uneven, { ...small, mutation: { kind: 'swap' } }));
    expect(error).toMatchObject({ code: 'QRT_ERR_NSGA2_SETTINGS', details: { field: 'mutation.kind' } });
  });

  it('have operators that reals have not', async () => {
    for (const problem of ['ZDT1', { ...knapsack, integer: false }] as const) {
      const error = await refusal(() => optimize(problem, { ...small, mutation: { kind: 'swap' } }));
      expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field: 'mutation.kind' } });
    }
  });
});

describe('repair', () => {
  it('keeps every individual feasible, so that no constraint is needed', async () => {
    let calls = 0;
    const result = await optimize(
      {
        ...repaired,
        repair(population) {
          calls += 1;
          return repaired.repair?.(population) ?? population;
        },
        evaluate(population) {
          for (const row of rowsOf(population, ITEMS))
            expect(packed(row).weight).toBeLessThanOrEqual(capacity);
          return (knapsack.evaluate(population) as { objectives: Float64Array }).objectives;
        },
      },
      small,
    );
    expect(calls).toBe(81);
    expect(mostValue(result.objectives)).toBe(best);
    const found = rowsOf(result.variables, ITEMS).map(packed);
    expect(rowsOf(result.objectives, 2).map(([value = 0]) => -value)).toEqual(
      found.map(({ value }) => value),
    );
  });

  it('may return an array of its own, also of reals', async () => {
    const { variables } = await optimize(
      {
        lower: Float64Array.of(0, 0),
        upper: Float64Array.of(1, 1),
        objectiveCount: 2,
        repair: (population) => population.map((x) => Math.round(x * 10) / 10),
        evaluate: (population) =>
          Float64Array.from(rowsOf(population, 2).flatMap(([x = 0, y = 0]) => [x + y, (x - 1) ** 2 + y])),
      },
      small,
    );
    for (const x of variables) expect(Math.round(x * 10) / 10).toBe(x);
  });

  it.each([
    ['nothing', () => undefined, 'QRT_ERR_INPUT_INVALID'],
    ['a list', () => [], 'QRT_ERR_INPUT_INVALID'],
    ['too few', () => new Float64Array(3), 'QRT_ERR_NSGA2_SHAPE'],
    ['variables beyond their bounds', (p: Float64Array) => p.fill(2), 'QRT_ERR_NSGA2_BOUNDS'],
    ['NaN', (p: Float64Array) => p.fill(Number.NaN), 'QRT_ERR_NSGA2_BOUNDS', 'repair()[0]'],
    ['halves', (p: Float64Array) => p.fill(0.5), 'QRT_ERR_NSGA2_BOUNDS', 'repair()[0]'],
  ])('is refused where it returns %s', async (_, repair, code, field = 'repair()') => {
    const error = await refusal(() => optimize({ ...knapsack, repair } as never, small));
    expect(error).toMatchObject({ code, details: { field } });
    expect(error.message).toContain('repair()');
  });

  it('survives any answer, of reals and of integers', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.anything(),
          fc.float64Array({ minLength: 16, maxLength: 16 }),
          fc
            .array(fc.constantFrom(0, 1, 0.5, 2), { minLength: 16, maxLength: 16 })
            .map((row) => Float64Array.from(row)),
        ),
        fc.boolean(),
        async (answer, integer) => {
          const own = {
            lower: Float64Array.of(0, 0),
            upper: Float64Array.of(1, 1),
            objectiveCount: 2,
            integer,
            repair: () => answer as Float64Array,
            evaluate: (population: Float64Array) => population.slice(),
          };
          await answersOrRefuses(() => optimize(own, { population: 8, generations: 2, threads: 1 }));
        },
      ),
      { numRuns: 150, seed: 21 },
    ));

  it('passes on what it throws, as it is', async () => {
    const thrown = new RangeError('mine');
    const repair = (): never => {
      throw thrown;
    };
    await expect(optimize({ ...knapsack, repair }, small)).rejects.toBe(thrown);
  });
});
