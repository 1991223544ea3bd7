import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import {
  additiveEpsilon,
  builtinProblems,
  hypervolume,
  igdPlus,
  nonDominatedSort,
  type OptimizationProblem,
  type OptimizeOptions,
  type OptimizeResult,
  optimize,
} from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';
import { randomStream } from '../support/profiles.js';

/** Ranks by definition: peel off what nobody dominates, again and again. */
function ranksByDefinition(points: Float64Array, count: number): number[] {
  const rows = points.length / count;
  const dominates = (a: number, b: number): boolean => {
    let strictly = false;
    for (let at = 0; at < count; at += 1) {
      const [x = 0, y = 0] = [points[a * count + at], points[b * count + at]];
      if (x > y) return false;
      if (x < y) strictly = true;
    }
    return strictly;
  };
  const ranks = new Array<number>(rows).fill(-1);
  for (let rank = 0, left = rows; left > 0; rank += 1) {
    const open = ranks.flatMap((known, row) => (known === -1 ? [row] : []));
    const front = open.filter((row) => !open.some((other) => dominates(other, row)));
    for (const row of front) ranks[row] = rank;
    left -= front.length;
  }
  return ranks;
}

describe('non-dominated sorting', () => {
  it.each([1, 2, 3, 4, 5, 8])(
    'ranks points of %i objectives as the definition does, ties included',
    (count) => {
      fc.assert(
        fc.property(
          fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: count, maxLength: count }), {
            maxLength: 60,
          }),
          (rows) => {
            const points = Float64Array.from(rows.flat());
            expect(Array.from(nonDominatedSort(points, count))).toEqual(ranksByDefinition(points, count));
          },
        ),
        { numRuns: 60, seed: count },
      );
    },
  );

  it.each([2, 3, 4, 5])('ranks many points of %i objectives as the definition does', (count) => {
    const next = randomStream(count);
    const points = Float64Array.from({ length: 700 * count }, () => next() - 0.5);
    expect(Array.from(nonDominatedSort(points, count))).toEqual(ranksByDefinition(points, count));
  });

  it('takes infinities as numbers, and zero and minus zero as equal', () => {
    const { POSITIVE_INFINITY: inf } = Number;
    expect(Array.from(nonDominatedSort(Float64Array.of(-inf, inf, inf, -inf, inf, inf), 2))).toEqual([
      0, 0, 1,
    ]);
    expect(Array.from(nonDominatedSort(Float64Array.of(0, 1, -0, 1), 2))).toEqual([0, 0]);
  });

  it('has no ranks for no points', () => {
    expect(nonDominatedSort(new Float64Array(), 2)).toHaveLength(0);
  });

  it.each([
    [new Float64Array(5), 2, 'QRT_ERR_NSGA2_SHAPE'],
    [Float64Array.of(1, Number.NaN), 2, 'QRT_ERR_NSGA2_NOT_A_NUMBER'],
    [new Float64Array(4), 0, 'QRT_ERR_INPUT_INVALID'],
    [new Float64Array(4), 65, 'QRT_ERR_INPUT_INVALID'],
    [new Float64Array(4), 1.5, 'QRT_ERR_INPUT_INVALID'],
    [[1, 2, 3, 4], 2, 'QRT_ERR_INPUT_INVALID'],
    [new Float32Array(4), 2, 'QRT_ERR_INPUT_INVALID'],
    [null, 2, 'QRT_ERR_INPUT_INVALID'],
  ])('refuses what it cannot sort (%#)', async (points, count, code) => {
    expect((await refusal(() => nonDominatedSort(points as Float64Array, count))).code).toBe(code);
  });
});

describe('quality indicators', () => {
  it.each([1, 2, 3, 4, 5])('the hypervolume of one point in %i objectives is its box', (count) => {
    const point = Float64Array.from({ length: count }, (_, at) => 0.1 * (at + 1));
    const box = point.reduce((volume, value) => volume * (1 - value), 1);
    expect(hypervolume(point, new Float64Array(count).fill(1))).toBeCloseTo(box, 12);
  });

  it.each([2, 3, 4, 5])(
    'the hypervolume of two boxes in %i objectives counts what they share once',
    (count) => {
      const a = Float64Array.from({ length: count }, (_, at) => (at === 0 ? 0.2 : 0.6));
      const b = Float64Array.from({ length: count }, (_, at) => (at === 0 ? 0.7 : 0.3));
      const volume = (of: (at: number) => number): number =>
        Array.from({ length: count }, (_, at) => 1 - of(at)).reduce((product, side) => product * side, 1);
      const both = volume((at) => Math.max(a[at] ?? 0, b[at] ?? 0));
      const expected = volume((at) => a[at] ?? 0) + volume((at) => b[at] ?? 0) - both;
      const points = Float64Array.from([...a, ...b]);
      expect(hypervolume(points, new Float64Array(count).fill(1))).toBeCloseTo(expected, 12);
    },
  );

  it('the hypervolume of a staircase of n steps has its closed form', () => {
    const n = 50;
    const points = Float64Array.from({ length: 2 * n }, (_, at) => {
      const step = Math.floor(at / 2);
      return at % 2 === 0 ? step / n : (n - 1 - step) / n;
    });
    // Each step adds one column of width 1/n and height (step + 1)/n.
    expect(hypervolume(points, Float64Array.of(1, 1))).toBeCloseTo((n + 1) / (2 * n), 12);
  });

  it('the hypervolume ignores what lies beyond the reference, what is dominated, and the order', () => {
    const reference = Float64Array.of(1, 1, 1);
    const front = [0.2, 0.8, 0.5, 0.8, 0.2, 0.5, 0.5, 0.5, 0.2];
    const known = hypervolume(Float64Array.from(front), reference);
    expect(hypervolume(Float64Array.from([...front, 0.9, 0.9, 0.9, 2, 0, 0]), reference)).toBeCloseTo(
      known,
      12,
    );
    const reversed = [...front.slice(6), ...front.slice(3, 6), ...front.slice(0, 3)];
    expect(hypervolume(Float64Array.from(reversed), reference)).toBeCloseTo(known, 12);
    expect(hypervolume(new Float64Array(), reference)).toBeCloseTo(0, 12);
  });

  it('IGD+ and additive epsilon are nought on the front itself, and the distance beside it', () => {
    const front = Float64Array.of(0, 1, 0.5, 0.5, 1, 0);
    expect(igdPlus(front, front, 2)).toBe(0);
    expect(additiveEpsilon(front, front, 2)).toBe(0);
    const shifted = front.map((value) => value + 0.25);
    expect(igdPlus(shifted, front, 2)).toBeCloseTo(Math.hypot(0.25, 0.25), 12);
    expect(additiveEpsilon(shifted, front, 2)).toBeCloseTo(0.25, 12);
    // Better than the front is no distance for IGD+.
    expect(
      igdPlus(
        front.map((value) => value - 0.25),
        front,
        2,
      ),
    ).toBe(0);
  });

  it.each([
    ['a reference of six objectives', () => hypervolume(new Float64Array(6), new Float64Array(6))],
    ['points of another width', () => hypervolume(new Float64Array(5), new Float64Array(2))],
    ['NaN among the points', () => hypervolume(Float64Array.of(Number.NaN, 1), Float64Array.of(1, 1))],
    [
      'a reference at infinity',
      () => hypervolume(Float64Array.of(0, 0), Float64Array.of(Number.POSITIVE_INFINITY, 1)),
    ],
    ['no reference', () => hypervolume(Float64Array.of(0, 0), new Float64Array())],
    ['lists', () => hypervolume([0, 0] as never, [1, 1] as never)],
    ['an empty front', () => igdPlus(Float64Array.of(0, 0), new Float64Array(), 2)],
    ['NaN in a front', () => additiveEpsilon(Float64Array.of(0, 0), Float64Array.of(Number.NaN, 0), 2)],
  ])('refuse %s', async (_, call) => {
    expect((await refusal(call)).code).toMatch(/^QRT_ERR_(NSGA2|INPUT)_/);
  });
});

/** Two objectives of one number: minimise x² and (x - 2)²; the front is 0 <= x <= 2. */
const schaffer: OptimizationProblem = {
  lower: Float64Array.of(-1000),
  upper: Float64Array.of(1000),
  objectiveCount: 2,
  evaluate: (population) => Float64Array.from([...population].flatMap((x) => [x * x, (x - 2) ** 2])),
};
const small: OptimizeOptions = { population: 40, generations: 60, seed: 3, threads: 1 };
const same = (a: OptimizeResult, b: OptimizeResult): void => {
  expect(Buffer.from(a.variables.buffer).equals(Buffer.from(b.variables.buffer))).toBe(true);
  expect(Buffer.from(a.objectives.buffer).equals(Buffer.from(b.objectives.buffer))).toBe(true);
  expect(a.evaluations).toBe(b.evaluations);
};

describe('a run on a built-in problem', () => {
  it('reaches the front of ZDT1', async () => {
    const result = await optimize('ZDT1', { population: 100, generations: 250 });
    // The front f2 = 1 - sqrt(f1) has hypervolume 0.6621 + 0.21 against (1.1, 1.1).
    expect(hypervolume(result.objectives, Float64Array.of(1.1, 1.1))).toBeGreaterThan(0.865);
    expect(result).toMatchObject({
      feasible: true,
      violationMin: 0,
      generations: 250,
      stoppedBy: 'generations',
    });
    expect(result.evaluations).toBe(100 * 251);
    expect(result.variables.length / 30).toBe(result.objectives.length / 2);
  });

  it('reaches the sphere of DTLZ2 in three objectives', async () => {
    const { objectives } = await optimize(
      { name: 'DTLZ2', objectiveCount: 3 },
      { population: 100, generations: 200 },
    );
    const radii = Array.from({ length: objectives.length / 3 }, (_, row) =>
      Math.hypot(...objectives.subarray(3 * row, 3 * row + 3)),
    );
    expect(Math.max(...radii)).toBeLessThan(1.2);
    expect(Math.min(...radii)).toBeGreaterThan(0.999);
  });

  it('returns a front in which nobody dominates another', async () => {
    const { objectives } = await optimize('ZDT3', small);
    expect(new Set(nonDominatedSort(objectives, 2))).toEqual(new Set([0]));
  });

  it.each(builtinProblems())('%s runs and stays within its bounds', async (name) => {
    const result = await optimize(name, { population: 20, generations: 5 });
    expect(result.evaluations).toBe(120);
    expect([...result.objectives].every(Number.isFinite)).toBe(true);
    if (result.feasible) expect(result.violationMin).toBe(0);
    else expect(result.violationMin).toBeGreaterThan(0);
  });

  it('is the same for the same seed on one thread and on two, and another for another seed', async () => {
    const one = await optimize('DTLZ2', { ...small, threads: 1 });
    same(one, await optimize('DTLZ2', { ...small, threads: 2 }));
    same(one, await optimize('DTLZ2', { ...small, threads: 0 }));
    const other = await optimize('DTLZ2', { ...small, seed: 4 });
    expect(other.objectives).not.toEqual(one.objectives);
  });

  it.each(['feasibility-first', 'epsilon-level'] as const)(
    'finds feasible points of MW1 by %s',
    async (constraints) => {
      const result = await optimize('MW1', { population: 100, generations: 200, constraints });
      expect(result).toMatchObject({ feasible: true, violationMin: 0 });
      expect(result.objectives.length).toBeGreaterThan(2);
    },
  );

  it('gives checkpoints on the way, and an aborted run goes on from the last', async () => {
    const whole = await optimize('ZDT2', small);
    const checkpoints: Uint8Array[] = [];
    const seen: number[] = [];
    const onCheckpoint = (checkpoint: Uint8Array) => void checkpoints.push(checkpoint);
    const onProgress = (done: number, total: number) => {
      expect(total).toBe(60);
      seen.push(done);
    };
    same(whole, await optimize('ZDT2', { ...small, checkpointGenerations: 25, onCheckpoint, onProgress }));
    expect(checkpoints).toHaveLength(2);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(60);

    const stop = new AbortController();
    let last: Uint8Array | undefined;
    const aborted = optimize('ZDT2', {
      ...small,
      checkpointGenerations: 7,
      signal: stop.signal,
      onCheckpoint: (checkpoint) => {
        last = checkpoint;
        if (checkpoints.push(checkpoint) === 5) stop.abort();
      },
    });
    await expect(aborted).rejects.toThrow();
    if (!last) throw new Error('no checkpoint');
    same(whole, await optimize('ZDT2', { ...small, resume: last }));
  });

  it.each([
    [{ crossover: { probability: 'x' } }, 'crossover.probability'],
    [{ crossover: { probability: 1.5 } }, 'crossover.probability'],
    [{ crossover: { eta: -1 } }, 'crossover.eta'],
    [{ crossover: 5 }, 'crossover'],
    [{ mutation: { probability: Number.NaN } }, 'mutation.probability'],
    [{ mutation: { rate: 0.5 } }, 'mutation.rate'],
    [{ stagnation: 5 }, 'stagnation'],
    [{ generation: 5 }, 'generation'],
    [{ populaton: 5 }, 'populaton'],
    [{ signal: {} }, 'signal'],
    [{ onCheckpoint: 5 }, 'onCheckpoint'],
    [{ checkpointGenerations: 0 }, 'checkpointGenerations'],
    [{ resume: new Uint8Array(40) }, 'resume'],
    [null, 'options'],
  ])('refuses %j, by name', async (options, field) => {
    const error = await refusal(() => optimize('ZDT1', options as never));
    expect(error.details.field).toBe(field);
  });

  it.each([2.7, 4_294_967_298, '2'])('refuses %s objectives', async (objectiveCount) => {
    const error = await refusal(() => optimize({ name: 'DTLZ2', objectiveCount } as never, small));
    expect(error.details.field).toBe('problem.objectiveCount');
  });

  it('names the nearest option to one that it does not know', async () => {
    const error = await refusal(() => optimize('ZDT1', { generation: 5 } as never));
    expect(error.message).toBe('generation is not known: did you mean generations?');
  });

  it('takes any number of threads and keeps few', async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    await optimize('ZDT1', { ...small, threads: 0 });
    const before = threads();
    for (const count of [1, 7, 30, 64, 200, 256]) await optimize('ZDT1', { ...small, threads: count });
    expect(threads() - before).toBeLessThanOrEqual(2 * availableParallelism());
  });

  it('stops by itself when nothing is gained any more', async () => {
    const stagnation = { generations: 20, gainMin: 1e-3 };
    const result = await optimize('ZDT1', { population: 100, generations: 100_000, stagnation });
    expect(result.stoppedBy).toBe('stagnation');
    expect(result.generations).toBeLessThan(5000);
    expect(hypervolume(result.objectives, Float64Array.of(1.1, 1.1))).toBeGreaterThan(0.8);
  });

  it('goes on from a checkpoint as if it had never stopped', async () => {
    const whole = await optimize('ZDT2', { ...small, generations: 60 });
    const half = await optimize('ZDT2', { ...small, generations: 25 });
    const resumed = await optimize('ZDT2', { ...small, generations: 60, resume: half.checkpoint });
    same(whole, resumed);
    expect(resumed.generations).toBe(60);
  });

  it('refuses a checkpoint of a problem of another shape, of other settings, or a damaged one', async () => {
    const { checkpoint } = await optimize('ZDT2', small);
    const code = async (call: () => unknown): Promise<string> => (await refusal(call)).code;
    expect(await code(() => optimize('ZDT4', { ...small, resume: checkpoint }))).toMatch(
      /CHECKPOINT_MISMATCH$/,
    );
    expect(await code(() => optimize('ZDT2', { ...small, population: 44, resume: checkpoint }))).toMatch(
      /CHECKPOINT_MISMATCH$/,
    );
    for (let at = 0; at < checkpoint.length; at += 97) {
      const damaged = Uint8Array.from(checkpoint);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(await code(() => optimize('ZDT2', { ...small, resume: damaged }))).toMatch(/CHECKPOINT_/);
      const cut = checkpoint.subarray(0, at);
      expect(await code(() => optimize('ZDT2', { ...small, resume: cut }))).toMatch(/CHECKPOINT_/);
    }
  });

  it.each([
    ['an unknown name', 'ZDT7', {}, /UNKNOWN_PROBLEM$/],
    ['an odd population', 'ZDT1', { population: 41 }, /QRT_ERR/],
    ['a tiny population', 'ZDT1', { population: 2 }, /INPUT_INVALID$/],
    ['a population of NaN', 'ZDT1', { population: Number.NaN }, /INPUT_INVALID$/],
    ['a crossover above one', 'ZDT1', { crossover: { probability: 1.5 } }, /QRT_ERR/],
    ['a negative index', 'ZDT1', { mutation: { eta: -1 } }, /QRT_ERR/],
    ['an unknown handling of constraints', 'ZDT1', { constraints: 'none' }, /INPUT_INVALID$/],
    ['a number as checkpoint', 'ZDT1', { resume: 7 }, /INPUT_INVALID$/],
    ['an objective count it cannot have', { name: 'DTLZ2', objectiveCount: 0 }, {}, /QRT_ERR/],
    ['nothing', null, {}, /INPUT_INVALID$/],
  ])('refuses %s', async (_, problem, options, code) => {
    const error = await refusal(() => optimize(problem as never, { ...small, ...options } as never));
    expect(error.code).toMatch(code);
  });
});

describe('a run on objectives of one’s own', () => {
  it('asks once per generation with the whole population, within the bounds', async () => {
    const sizes: number[] = [];
    const result = await optimize(
      {
        ...schaffer,
        evaluate(population) {
          sizes.push(population.length);
          for (const x of population) expect(Math.abs(x)).toBeLessThanOrEqual(1000);
          return schaffer.evaluate(population);
        },
      },
      small,
    );
    expect(sizes).toEqual(new Array(61).fill(40));
    expect(result.evaluations).toBe(40 * 61);
    for (const x of result.variables) {
      expect(x).toBeGreaterThan(-0.2);
      expect(x).toBeLessThan(2.2);
    }
    expect(result.objectives).toEqual(schaffer.evaluate(result.variables));
  });

  it('keeps a bound that is a single value', async () => {
    const fixed: OptimizationProblem = {
      lower: Float64Array.of(0, 5),
      upper: Float64Array.of(1, 5),
      objectiveCount: 2,
      evaluate: (population) =>
        Float64Array.from(population, (_, at) =>
          at % 2 === 0 ? (population[at] ?? 0) : 1 - (population[at - 1] ?? 0),
        ),
    };
    const { variables } = await optimize(fixed, small);
    for (let at = 1; at < variables.length; at += 2) expect(variables[at]).toBe(5);
  });

  const constrained = (limit: number): OptimizationProblem => ({
    ...schaffer,
    evaluate: (population) => ({
      objectives: schaffer.evaluate(population) as Float64Array,
      violations: Float64Array.from(population, (x) => Math.max(0, limit - x)),
    }),
  });

  it('keeps constraints: only points without violation are in the front', async () => {
    const { variables, feasible } = await optimize(constrained(1), { ...small, generations: 100 });
    expect(feasible).toBe(true);
    expect(variables.length).toBeGreaterThan(2);
    for (const x of variables) expect(x).toBeGreaterThanOrEqual(1);
  });

  it('reports the smallest violation where nothing is feasible', async () => {
    const { feasible, violationMin, variables } = await optimize(constrained(1001), {
      ...small,
      generations: 100,
    });
    expect(feasible).toBe(false);
    expect(variables).toHaveLength(0);
    expect(violationMin).toBeGreaterThanOrEqual(1);
    expect(violationMin).toBeLessThan(10);
  });

  it('is the same for the same seed, whatever the threads', async () => {
    const one = await optimize(schaffer, { ...small, threads: 1 });
    same(one, await optimize(schaffer, { ...small, threads: 2 }));
  });

  it('gives checkpoints on the way, and goes on from any of them', async () => {
    const checkpoints: Uint8Array[] = [];
    const onCheckpoint = (checkpoint: Uint8Array) => void checkpoints.push(checkpoint);
    const whole = await optimize(schaffer, { ...small, checkpointGenerations: 20, onCheckpoint });
    expect(checkpoints).toHaveLength(3);
    for (const resume of checkpoints.slice(0, 2)) same(whole, await optimize(schaffer, { ...small, resume }));
  });

  it('tells how far it is', async () => {
    const seen: [number, number][] = [];
    await optimize(schaffer, {
      ...small,
      generations: 5,
      onProgress: (done, total) => void seen.push([done, total]),
    });
    expect(seen.at(-1)).toEqual([5, 5]);
  });

  it('stops with the reason of its signal, between two generations', async () => {
    const stop = new AbortController();
    const reason = { why: 'enough' };
    let calls = 0;
    const aborting: OptimizationProblem = {
      ...schaffer,
      evaluate(population) {
        calls += 1;
        if (calls === 5) stop.abort(reason);
        return schaffer.evaluate(population);
      },
    };
    await expect(optimize(aborting, { ...small, signal: stop.signal })).rejects.toBe(reason);
    expect(calls).toBe(5);
  });

  it('does not call anything under a signal that is aborted', async () => {
    let calls = 0;
    const counting = {
      ...schaffer,
      evaluate(population: Float64Array) {
        calls += 1;
        return schaffer.evaluate(population);
      },
    };
    const reason = new Error('enough');
    await expect(optimize(counting, { ...small, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(calls).toBe(0);
    await expect(optimize('ZDT1', { ...small, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('passes on what evaluate throws, as it is, and the next run is not disturbed', async () => {
    const thrown = new RangeError('mine');
    const throwing = {
      ...schaffer,
      evaluate(): never {
        throw thrown;
      },
    };
    await expect(optimize(throwing, small)).rejects.toBe(thrown);
    expect((await optimize(schaffer, small)).feasible).toBe(true);
  });

  it.each([
    ['too few objectives', () => new Float64Array(79), 'evaluate().objectives'],
    ['too many objectives', () => new Float64Array(81), 'evaluate().objectives'],
    ['none', () => undefined, 'evaluate()'],
    ['a list', () => new Array(80).fill(0), 'evaluate()'],
    ['a promise', () => Promise.resolve(new Float64Array(80)), 'evaluate()'],
    ['a record without objectives', () => ({ violations: new Float64Array(40) }), 'evaluate()'],
    [
      'too few violations',
      () => ({ objectives: new Float64Array(80), violations: new Float64Array(39) }),
      'evaluate().violations',
    ],
    [
      'violations in a list',
      () => ({ objectives: new Float64Array(80), violations: [0] }),
      'evaluate().violations',
    ],
  ])('refuses an answer of %s', async (_, answer, field) => {
    const error = await refusal(() => optimize({ ...schaffer, evaluate: answer as never }, small));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field } });
  });

  it('says what evaluate returned in place of numbers', async () => {
    const answered = async (answer: unknown): Promise<string> =>
      (await refusal(() => optimize({ ...schaffer, evaluate: () => answer } as never, small))).message;
    const expected = 'evaluate() must return a Float64Array or { objectives, violations }, not';
    expect(await answered(Promise.resolve())).toBe(`${expected} a promise`);
    expect(await answered([1, 2])).toBe(`${expected} an array`);
  });

  it('takes a violation below nought as none', async () => {
    const evaluate = (population: Float64Array) => ({
      objectives: schaffer.evaluate(population) as Float64Array,
      violations: new Float64Array(population.length).fill(-1),
    });
    const { feasible, violationMin } = await optimize({ ...schaffer, evaluate }, small);
    expect({ feasible, violationMin }).toEqual({ feasible: true, violationMin: 0 });
  });

  it.each([
    ['NaN among the objectives', () => new Float64Array(80).fill(Number.NaN)],
    [
      'violations of another length',
      () => ({ objectives: new Float64Array(80), violations: new Float64Array(39) }),
    ],
    [
      'NaN as violation',
      () => ({ objectives: new Float64Array(80), violations: new Float64Array(40).fill(Number.NaN) }),
    ],
  ])('refuses %s', async (_, answer) => {
    const error = await refusal(() => optimize({ ...schaffer, evaluate: answer }, small));
    expect(error.code).toMatch(/^QRT_ERR_(NSGA2|INPUT)_/);
  });

  it.each([
    [{ lower: [0], upper: Float64Array.of(1) }, /INPUT_INVALID$/],
    [{ lower: Float64Array.of(1), upper: Float64Array.of(0) }, /BOUNDS$/, 'problem.upper[0]'],
    [{ lower: Float64Array.of(0), upper: Float64Array.of(0, 1) }, /BOUNDS$|SHAPE$/],
    [{ lower: new Float64Array(), upper: new Float64Array() }, /QRT_ERR_NSGA2/],
    [{ lower: Float64Array.of(Number.NaN) }, /QRT_ERR_NSGA2/],
    [{ upper: Float64Array.of(Number.POSITIVE_INFINITY) }, /QRT_ERR_NSGA2/],
    [{ objectiveCount: 0 }, /INPUT_INVALID$/],
    [{ objectiveCount: 2.5 }, /INPUT_INVALID$/],
    [{ evaluate: 'fast' }, /INPUT_INVALID$/],
  ])('refuses a problem that is none (%#)', async (rest, code, field = expect.stringMatching(/^problem/)) => {
    const error = await refusal(() => optimize({ ...schaffer, ...rest } as never, small));
    expect(error.code).toMatch(code);
    expect(error.details.field).toEqual(field);
  });
});
