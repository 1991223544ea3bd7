import {
  JOB_CLASSES,
  JOB_OBJECTIVES,
  type Job,
  type JobNode,
  type JobObjectives,
  JobScheduler,
  PLACEMENT_STRATEGIES,
  type SchedulePlan,
} from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { randomStream, shuffled } from '../support/profiles.js';

const node = (n: number, rest: Partial<JobNode> = {}): JobNode => ({
  nodeId: `n${n}`,
  cpuCores: 8,
  memoryGb: 32,
  diskGb: 100,
  latencyMs: 10 + 5 * n,
  trust: 9000 - 500 * n,
  costPerHour: 1 + 0.1 * n,
  pricePerHour: 2 - 0.1 * n,
  ...rest,
});
const nodes = (count: number, rest: Partial<JobNode> = {}): JobNode[] =>
  Array.from({ length: count }, (_, n) => node(n, rest));
const job = (n: number, rest: Partial<Job> = {}): Job => ({
  jobId: `j${n}`,
  cpuCores: 2,
  memoryGb: 4,
  ...rest,
});
const jobs = (count: number, rest: Partial<Job> = {}): Job[] =>
  Array.from({ length: count }, (_, n) => job(n, rest));
const scheduler = new JobScheduler();

/** A fleet and jobs of many sizes, so that objectives pull apart. */
function workload(jobCount: number, nodeCount: number, seed = 5): { jobs: Job[]; nodes: JobNode[] } {
  const next = randomStream(seed);
  const of = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T;
  return {
    nodes: Array.from({ length: nodeCount }, (_, n) =>
      node(n, {
        cpuCores: of([8, 16, 32]),
        memoryGb: of([32, 64]),
        gpus: of([0, 0, 2]),
        latencyMs: 1 + 100 * next(),
        trust: Math.floor(10_000 * next()),
        costPerHour: 0.5 + next(),
        pricePerHour: 0.5 + next(),
      }),
    ),
    jobs: Array.from({ length: jobCount }, (_, n) =>
      job(n, { cpuCores: of([0.5, 1, 2]), memoryGb: of([1, 2, 4]), jobClass: of(['S', 'A', 'B'] as const) }),
    ),
  };
}

/** Fails where a node holds more than it has. */
function expectWithinCapacity(
  work: readonly Job[],
  fleet: readonly JobNode[],
  assignment: (string | null)[],
): void {
  for (const { nodeId, cpuCores, memoryGb, diskGb = 0, gpus = 0 } of fleet) {
    const held = work.filter((_, at) => assignment[at] === nodeId);
    const sum = (of: (one: Job) => number): number => held.reduce((total, one) => total + of(one), 0);
    expect(sum((one) => one.cpuCores)).toBeLessThanOrEqual(cpuCores + 1e-9);
    expect(sum((one) => one.memoryGb)).toBeLessThanOrEqual(memoryGb + 1e-9);
    expect(sum((one) => one.diskGb ?? 0)).toBeLessThanOrEqual(diskGb + 1e-9);
    expect(sum((one) => one.gpus ?? 0)).toBeLessThanOrEqual(gpus + 1e-9);
  }
}

const dominates = (a: JobObjectives, b: JobObjectives): boolean =>
  JOB_OBJECTIVES.every((name) => a[name] <= b[name]) && JOB_OBJECTIVES.some((name) => a[name] < b[name]);

/** A plan without what depends on the clock, as plain data. */
const bare = ({ statistics, front, ...plan }: SchedulePlan) => ({
  ...plan,
  evaluations: statistics.evaluations,
  front: front.map((point) => [point.objectives, point.assignment()]),
});

describe('the names', () => {
  it('are those of the documents', () => {
    expect(PLACEMENT_STRATEGIES).toEqual([
      'nsga_ii',
      'latency',
      'load_balance',
      'trust',
      'cost',
      'round_robin',
    ]);
    expect(JOB_OBJECTIVES).toEqual(['latency', 'loadBalance', 'trust', 'cost', 'price']);
    expect(JOB_CLASSES).toEqual(['S', 'A', 'B', 'S_CLASS', 'A_CLASS', 'B_CLASS']);
  });

  it('let the document’s example job through, A_CLASS being class A', async () => {
    const example: Job = { jobId: 'example-job-001', cpuCores: 2.0, memoryGb: 4.0, jobClass: 'A_CLASS' };
    const [long, short] = await Promise.all(
      (['A_CLASS', 'A'] as const).map((jobClass) => scheduler.schedule([{ ...example, jobClass }], nodes(3))),
    );
    expect(long).toMatchObject({ feasible: true, placed: [{ jobId: 'example-job-001' }] });
    expect(long?.placed).toEqual(short?.placed);
  });
});

describe('a plan by NSGA-II', () => {
  const { jobs: work, nodes: fleet } = workload(60, 25);

  it('places every job within the capacity of its node, at every point of the front', async () => {
    const plan = await scheduler.schedule(work, fleet);
    expect(plan).toMatchObject({ feasible: true, unplaced: [], certificates: [] });
    expect(plan.placed.map(({ jobId }) => jobId).sort()).toEqual(work.map(({ jobId }) => jobId).sort());
    for (const point of plan.front) expectWithinCapacity(work, fleet, point.assignment());
  });

  it('gives a front in which no point is better than another in everything', async () => {
    const { front, extremes } = await scheduler.schedule(work, fleet);
    expect(front.length).toBeGreaterThan(5);
    for (const a of front) for (const b of front) expect(dominates(a.objectives, b.objectives)).toBe(false);
    for (const name of JOB_OBJECTIVES) {
      const values = front.map(({ objectives }) => objectives[name]);
      expect(values[extremes[name].best]).toBe(Math.min(...values));
      expect(values[extremes[name].worst]).toBe(Math.max(...values));
    }
  });

  it('tells which point it chose and by which rule: the knee, or weights where they are given', async () => {
    const knee = await scheduler.schedule(work, fleet);
    expect(knee.choice).toBe('knee');
    expect(knee.objectives).toEqual(knee.front[knee.chosen]?.objectives);
    const chosen = knee.front[knee.chosen]?.assignment();
    for (const { jobId, nodeId } of knee.placed) {
      expect(chosen?.[work.findIndex((one) => one.jobId === jobId)]).toBe(nodeId);
    }
    for (const name of JOB_OBJECTIVES) {
      const weighted = await scheduler.schedule(work, fleet, { weights: { [name]: 1 } });
      expect(weighted.choice).toBe('weights');
      expect(weighted.objectives[name]).toBe(weighted.front[weighted.extremes[name].best]?.objectives[name]);
    }
  });

  it('explains each placed job: what it contributes, and the place of its node in each order', async () => {
    const { placed, objectives } = await scheduler.schedule(work, fleet);
    for (const name of ['latency', 'trust', 'cost', 'price'] as const) {
      const sum = placed.reduce((total, { contributions }) => total + contributions[name], 0);
      expect(sum).toBeCloseTo(objectives[name], 6);
    }
    for (const { places } of placed) {
      for (const name of JOB_OBJECTIVES) {
        expect(places[name]).toBeGreaterThanOrEqual(0);
        expect(places[name]).toBeLessThan(fleet.length);
      }
    }
  });

  it('counts money in the caller’s units: what the rates come to for as long as the jobs take', async () => {
    // A job as large as its node pays what the node costs, for two hours.
    const whole = { cpuCores: 8, memoryGb: 32, diskGb: 100, estimatedDurationHours: 2 };
    const plan = await scheduler.schedule([job(0, whole)], [node(0, { costPerHour: 3, pricePerHour: 5 })]);
    expect(plan.objectives.cost).toBeCloseTo(6, 3);
    expect(plan.objectives.price).toBeCloseTo(10, 3);
    expect(plan.placed[0]?.contributions.cost).toBeCloseTo(6, 3);
    expect(plan.placed[0]?.places).toMatchObject({ cost: 0, price: 0 });
  });

  it('is not disturbed by a caller who changes what was passed while it runs', async () => {
    const [before, own] = [await scheduler.schedule(work, fleet), { work: [...work], fleet: [...fleet] }];
    const run = scheduler.schedule(own.work, own.fleet);
    own.fleet.reverse();
    own.work.length = 0;
    expect(bare(await run)).toEqual(bare(before));
  });

  it('is no worse at its ends than the greedy strategy for that objective', async () => {
    const plan = await scheduler.schedule(work, fleet, { generations: 200 });
    for (const [strategy, name] of [
      ['latency', 'latency'],
      ['load_balance', 'loadBalance'],
      ['trust', 'trust'],
      ['cost', 'cost'],
    ] as const) {
      const greedy = await scheduler.schedule(work, fleet, { strategy });
      const best = plan.front[plan.extremes[name].best]?.objectives[name] ?? Number.POSITIVE_INFINITY;
      expect(best).toBeLessThanOrEqual(greedy.objectives[name] * (1 + 1e-9));
    }
  });

  it('is feasible from the start where it is feasible at all', async () => {
    const plan = await scheduler.schedule(work, fleet, { generations: 0 });
    expect(plan.statistics).toMatchObject({ generations: 0, feasibleAtStart: true });
    expect(plan.feasible).toBe(true);
  });

  it('is the same for the same seed, on one thread and on two, and differs for another seed', async () => {
    const [one, two, again, other] = await Promise.all([
      scheduler.schedule(work, fleet, { seed: 9, threads: 1 }),
      scheduler.schedule(work, fleet, { seed: 9, threads: 2 }),
      scheduler.schedule(work, fleet, { seed: 9 }),
      scheduler.schedule(work, fleet, { seed: 10, threads: 1 }),
    ]);
    expect(bare(two)).toEqual(bare(one));
    expect(bare(again)).toEqual(bare(one));
    expect(bare(other).front).not.toEqual(bare(one).front);
  });
});

describe('the greedy strategies', () => {
  const fleet = nodes(4);
  const nodesOf = async (strategy: (typeof PLACEMENT_STRATEGIES)[number], of = fleet): Promise<string[]> =>
    (await scheduler.schedule(jobs(4, { cpuCores: 1, memoryGb: 1 }), of, { strategy })).placed.map(
      ({ nodeId }) => nodeId,
    );

  it.each([
    ['latency', { latencyMs: 1 }],
    ['trust', { trust: 10_000 }],
    ['cost', { costPerHour: 0.1 }],
  ] as const)('%s prefers the node that is best in it', async (strategy, best) => {
    const of = fleet.map((one, n) => (n === 2 ? { ...one, ...best } : one));
    expect(new Set(await nodesOf(strategy, of))).toEqual(new Set(['n2']));
  });

  it('load_balance spreads', async () => {
    expect((await nodesOf('load_balance')).sort()).toEqual(['n0', 'n1', 'n2', 'n3']);
  });

  it('load_balance sees the load that is there already', async () => {
    const of = fleet.map((one, n) => (n === 0 ? { ...one, used: { cpuCores: 7, memoryGb: 30 } } : one));
    expect(await nodesOf('load_balance', of)).not.toContain('n0');
  });

  it('chose the only point there is', async () => {
    const plan = await scheduler.schedule(jobs(4), fleet, { strategy: 'cost', weights: { cost: 1 } });
    expect(plan).toMatchObject({ choice: 'only', chosen: 0 });
    expect(plan.front).toHaveLength(1);
  });

  it('round_robin takes turns', async () => {
    expect(await nodesOf('round_robin')).toEqual(['n0', 'n1', 'n2', 'n3']);
  });

  it.each(PLACEMENT_STRATEGIES)('%s keeps every capacity and places all that fits', async (strategy) => {
    const { jobs: work, nodes: of } = workload(50, 12, 6);
    const plan = await scheduler.schedule(work, of, { strategy });
    expect(plan.feasible).toBe(true);
    expectWithinCapacity(work, of, plan.front[plan.chosen]?.assignment() ?? []);
  });
});

describe('classes', () => {
  it('are served in the order S, A, B where room is short, whatever the order of the jobs', async () => {
    const work = [
      ...Array.from({ length: 4 }, (_, n) => job(n, { jobClass: 'B', cpuCores: 4 })),
      ...Array.from({ length: 2 }, (_, n) => job(n + 4, { jobClass: 'A', cpuCores: 4 })),
      ...Array.from({ length: 2 }, (_, n) => job(n + 6, { jobClass: 'S', cpuCores: 4 })),
    ];
    for (const strategy of PLACEMENT_STRATEGIES) {
      for (const seed of [1, 2]) {
        const plan = await scheduler.schedule(shuffled(work, seed), nodes(2), { strategy });
        const placed = plan.placed.map(({ jobId }) => jobId).sort();
        expect(placed).toEqual(['j4', 'j5', 'j6', 'j7']);
        expect(plan.unplaced).toHaveLength(4);
      }
    }
  });
});

describe('jobs that do not fit', () => {
  const unplaced = async (one: Partial<Job>, of = nodes(3, { gpus: 2, gpuModel: 'A100' })) => {
    const plan = await scheduler.schedule([job(0, one), job(1)], of);
    expect(plan.feasible).toBe(false);
    expect(plan.placed.map(({ jobId }) => jobId)).toEqual(['j1']);
    return plan;
  };

  it.each([
    [{ cpuCores: 9 }, 'cpu', /9 CPU cores.*largest node offers 8 CPU cores/],
    [{ memoryGb: 33 }, 'memory', /33 GiB of memory.*offers 32 GiB/],
    [{ diskGb: 101 }, 'disk', /101 GiB of disk.*offers 100 GiB/],
    [{ gpus: 3 }, 'gpu', /3 GPUs.*offers 2 GPUs/],
  ])('%j: the answer names the resource that blocks, and proves it', async (one, resource, message) => {
    const { unplaced: without, certificates } = await unplaced(one);
    expect(without).toMatchObject([{ jobId: 'j0', kind: 'too_large', resource }]);
    expect(without[0]?.message).toMatch(message);
    expect(certificates).toMatchObject([{ kind: 'job_fits_no_node' }]);
    expect(certificates[0]?.message).toContain('job j0');
  });

  it.each([[{ allowedNodes: [] }], [{ gpus: 1, gpuModels: ['H100'] }]])(
    '%j: no node is allowed',
    async (one) => {
      const { unplaced: without } = await unplaced(one);
      expect(without).toMatchObject([{ kind: 'no_node_allowed', resource: null }]);
    },
  );

  it('because no node has everything at once', async () => {
    const of = [node(0, { memoryGb: 4 }), node(1, { cpuCores: 2 })];
    const { unplaced: without } = await unplaced({ cpuCores: 4, memoryGb: 16 }, of);
    expect(without).toMatchObject([{ kind: 'not_together' }]);
    expect(without[0]?.message).toMatch(/no node has all it asks for at once/);
  });

  it('because all together ask for more than there is', async () => {
    const plan = await scheduler.schedule(jobs(20), nodes(4));
    expect(plan.placed).toHaveLength(16);
    expect(plan.certificates.map(({ kind }) => kind)).toContain('demand_exceeds_capacity');
    expect(plan.certificates.map(({ message }) => message).join()).toMatch(/40 CPU cores.*have 32 CPU cores/);
    expect(plan.unplaced).toHaveLength(4);
    expect(plan.unplaced[0]).toMatchObject({ kind: 'no_room', resource: 'cpu' });
  });

  it('because too many are large, though the sum would fit', async () => {
    const plan = await scheduler.schedule(jobs(5, { cpuCores: 5 }), nodes(4));
    expect(plan.certificates).toMatchObject([{ kind: 'too_many_large_jobs' }]);
    expect(plan.certificates[0]?.message).toMatch(/5 requests for 5 CPU cores.*room for 4/);
  });

  it('because there is no node at all', async () => {
    const plan = await scheduler.schedule(jobs(20), []);
    expect(plan).toMatchObject({
      feasible: false,
      certificates: [{ kind: 'no_nodes', message: 'there are no nodes' }],
    });
    expect(plan.unplaced).toHaveLength(20);
    for (const { message } of plan.unplaced) expect(message).toBe('there are no nodes');
  });

  it('are not among no jobs', async () => {
    expect(await scheduler.schedule([], nodes(2))).toMatchObject({
      feasible: true,
      placed: [],
      unplaced: [],
    });
  });
});

describe('where a job may go', () => {
  it('is limited to its allowed nodes', async () => {
    for (const strategy of PLACEMENT_STRATEGIES) {
      const work = jobs(6, { allowedNodes: ['n3', 'n1'] });
      const plan = await scheduler.schedule(work, nodes(4), { strategy });
      expect(plan.feasible).toBe(true);
      for (const { nodeId } of plan.placed) expect(['n1', 'n3']).toContain(nodeId);
    }
  });

  it('is limited to its GPU models', async () => {
    const of = [node(0, { gpus: 4, gpuModel: 'T4' }), node(1, { gpus: 4, gpuModel: 'A100' }), node(2)];
    const plan = await scheduler.schedule(jobs(4, { gpus: 1, gpuModels: ['A100', 'H100'] }), of);
    expect(plan.feasible).toBe(true);
    expect(new Set(plan.placed.map(({ nodeId }) => nodeId))).toEqual(new Set(['n1']));
  });

  it('is a shared GPU while shares remain, and whole devices only where they are free', async () => {
    const of = [node(0, { gpus: 2 })];
    expect((await scheduler.schedule(jobs(8, { gpus: 0.25, cpuCores: 1 }), of)).feasible).toBe(true);
    expect((await scheduler.schedule(jobs(3, { gpus: 0.6 }), of)).placed).toHaveLength(2);
    const mixed = [job(0, { gpus: 1 }), job(1, { gpus: 0.5 }), job(2, { gpus: 0.5 })];
    expect((await scheduler.schedule(mixed, of)).feasible).toBe(true);
    expect((await scheduler.schedule([...mixed, job(3, { gpus: 0.1 })], of)).feasible).toBe(false);
  });

  it('is a node of exactly its size, whatever its size looks like in binary', async () => {
    for (const cpuCores of [1.005, 0.07, 4.35, 2.3, 1.001]) {
      const plan = await scheduler.schedule([job(0, { cpuCores })], [node(0, { cpuCores })]);
      expect(plan.feasible).toBe(true);
    }
    const shares = Array.from({ length: 10 }, (_, n) => job(n, { gpus: 0.1, cpuCores: 0.1, memoryGb: 0.1 }));
    expect((await scheduler.schedule(shares, [node(0, { gpus: 1 })])).feasible).toBe(true);
  });

  it('is never a node whose load, rounded, would let a capacity break', async () => {
    const full = (used: NonNullable<JobNode['used']>) => [node(0, { used })];
    const asks = { cpuCores: 0.001, memoryGb: 1 / 1024, diskGb: 0 };
    const fits = async (one: Partial<Job>, used: NonNullable<JobNode['used']>) =>
      (await scheduler.schedule([job(0, { ...asks, ...one })], full(used))).feasible;
    expect(await fits({ diskGb: 1 }, { diskGb: 99.9 })).toBe(false);
    expect(await fits({ diskGb: 1 }, { diskGb: 99 })).toBe(true);
    expect(await fits({}, { cpuCores: 7.9995 })).toBe(false);
    expect(await fits({}, { memoryGb: 31.9995 })).toBe(false);
    // What is full is no mistake, whatever its size looks like when it is rounded.
    const brim = [node(0, { diskGb: 99.9, used: { diskGb: 99.9 } })];
    expect((await scheduler.schedule([job(0)], brim)).feasible).toBe(true);
  });

  it('takes no model where none is named: a 33rd model is one too many, a node without one is not', async () => {
    const plain = { trust: 5000, pricePerHour: 1 };
    const of = Array.from({ length: 32 }, (_, n) => node(n, { gpus: 1, gpuModel: `G${n}`, ...plain }));
    const blank = node(32, { gpus: 8, ...plain });
    const plan = await scheduler.schedule([job(0, { gpus: 2 })], [blank, ...of]);
    expect(plan.placed).toMatchObject([{ nodeId: 'n32' }]);
    const asked = [job(0, { gpus: 1, gpuModels: ['G31'] })];
    expect((await scheduler.schedule(asked, [blank, ...of])).placed).toMatchObject([{ nodeId: 'n31' }]);
    const error = await refusal(() =>
      scheduler.schedule(asked, [...of, node(33, { gpus: 1, gpuModel: 'G32', ...plain })]),
    );
    expect(error.details.field).toBe('nodes[32].gpuModel');
  });

  it('leaves alone what is used already', async () => {
    const of = [node(0, { used: { cpuCores: 7 } })];
    expect((await scheduler.schedule([job(0)], of)).feasible).toBe(false);
    expect((await scheduler.schedule([job(0, { cpuCores: 1 })], of)).feasible).toBe(true);
  });
});

describe('repair', () => {
  it('moves the jobs of a lost node and no other', async () => {
    const assignment = ['n0', 'n0', 'n1', 'n2'];
    const repair = await scheduler.repair(jobs(4), nodes(4), assignment, ['n0']);
    expect(repair).toMatchObject({ moved: ['j0', 'j1'], movesLowerBound: 2, unplaced: [] });
    expect(repair.assignment.slice(2)).toEqual(['n1', 'n2']);
    expect(repair.assignment).not.toContain('n0');
    expectWithinCapacity(jobs(4), nodes(4), [...repair.assignment]);
  });

  it('restores the jobs of any lost node with at most a tenth more moves than must be', async () => {
    const { jobs: work, nodes: fleet } = workload(60, 25, 8);
    const plan = await scheduler.schedule(work, fleet);
    const before = plan.front[plan.chosen]?.assignment() ?? [];
    for (const { nodeId } of fleet) {
      const repair = await scheduler.repair(work, fleet, before, [nodeId]);
      expect(repair.unplaced).toEqual([]);
      expect(repair.moved.length).toBeLessThanOrEqual(1.1 * repair.movesLowerBound);
      expectWithinCapacity(work, fleet, [...repair.assignment]);
    }
  });

  it('says which job finds no new node, and why', async () => {
    const repair = await scheduler.repair(jobs(2, { cpuCores: 8 }), nodes(2), ['n0', 'n1'], ['n0']);
    expect(repair.unplaced).toMatchObject([{ jobId: 'j0', resource: 'cpu' }]);
    expect(repair.assignment).toEqual([null, 'n1']);
  });

  it('leaves a job that had no node without one: it repairs, it does not schedule', async () => {
    const repair = await scheduler.repair(jobs(2), nodes(2), [null, 'n0'], ['n0']);
    expect(repair).toMatchObject({ assignment: [null, 'n1'], moved: ['j1'] });
  });

  it.each([
    ['an unknown node', ['n9'], [], 'assignment[0]'],
    ['an unknown lost node', ['n0'], ['n9'], 'lost[0]'],
    ['a number', [7], [], 'assignment[0]'],
  ])('refuses %s', async (_, assignment, lost, field) => {
    const error = await refusal(() => scheduler.repair(jobs(1), nodes(2), assignment as never, lost));
    expect(error.details.field).toBe(field);
  });

  it('does not begin under a signal that is aborted, and refuses options it does not know', async () => {
    const reason = new Error('enough');
    const run = scheduler.repair(jobs(1), nodes(2), ['n0'], ['n0'], { signal: AbortSignal.abort(reason) });
    await expect(run).rejects.toBe(reason);
    const error = await refusal(() =>
      scheduler.repair(jobs(1), nodes(2), ['n0'], ['n0'], { onprogress: () => {} } as never),
    );
    expect(error.message).toBe('onprogress is not known: did you mean onProgress?');
  });

  it('refuses an assignment of another length', async () => {
    const error = await refusal(() => scheduler.repair(jobs(2), nodes(2), ['n0'], []));
    expect(error.code).toMatch(/^QRT_ERR_PLACEMENT_/);
  });
});

describe('a run', () => {
  const { jobs: work, nodes: fleet } = workload(400, 120);

  it('stops with its signal’s reason soon after an abort, and the next one is not disturbed', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const own = new JobScheduler();
    const run = own.schedule(work, fleet, { generations: 1_000_000, signal: stop.signal });
    expect(own.stats().queueLength).toBe(1);
    setTimeout(() => stop.abort(reason), 30);
    const started = performance.now();
    await expect(run).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(1500);
    expect(own.stats()).toMatchObject({ queueLength: 0, jobsScheduled: 0 });
    expect((await own.schedule(work, fleet, { generations: 1 })).feasible).toBe(true);
  });

  it('does not begin under a signal that is aborted', async () => {
    const reason = new Error('enough');
    await expect(scheduler.schedule(work, fleet, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('stops within about 10 ms of an abort, in whatever phase it is', async () => {
    const { jobs: many, nodes: wide } = workload(6000, 3000);
    // The check of the input comes before the run and is not part of it.
    const own = async (strategy: (typeof PLACEMENT_STRATEGIES)[number], afterMs: number): Promise<number> => {
      const stop = new AbortController();
      const run = new JobScheduler().schedule(many, wide, { strategy, signal: stop.signal });
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        stop.abort();
      }, afterMs);
      await run.catch(() => {});
      // A run that was done before the abort has not kept anyone waiting.
      return aborted === 0 ? 0 : performance.now() - aborted;
    };
    const waits: number[] = [];
    for (const afterMs of [1, 20, 60, 120, 250]) waits.push(await own('nsga_ii', afterMs));
    waits.push(await own('load_balance', 5));
    // Ten times what is promised: other work shares the machine.
    expect(Math.max(...waits)).toBeLessThan(100);
  });

  it('tells how far it is, and never goes back', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    await scheduler.schedule(work, fleet, { generations: 400, onProgress });
    expect(seen.length).toBeGreaterThan(0);
    const done = seen.map(([count]) => count);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    const [last, total] = seen.at(-1) ?? [0, -1];
    expect(last).toBe(total);
  });
});

describe('statistics', () => {
  it('are null before the first job, and count calls, jobs and generations after', async () => {
    const clock = new ManualClock();
    const own = new JobScheduler({ clock });
    expect(own.stats()).toEqual({
      jobsScheduled: 0,
      jobsPlaced: 0,
      successRate: null,
      avgPlacementLatencyMs: null,
      queueLength: 0,
      optimizationGenerations: 0,
    });
    const call = own.schedule(jobs(20), nodes(4), { generations: 7 });
    clock.jump(40);
    expect((await call).statistics.durationMs).toBe(40);
    await own.schedule(jobs(4), nodes(4), { strategy: 'latency' });
    expect(own.stats()).toEqual({
      jobsScheduled: 24,
      jobsPlaced: 20,
      successRate: 20 / 24,
      avgPlacementLatencyMs: 20,
      queueLength: 0,
      optimizationGenerations: 7,
    });
  });

  it('are not changed by a call that is refused', async () => {
    const own = new JobScheduler();
    await refusal(() => own.schedule([job(0), job(0)], nodes(1)));
    await refusal(() => own.schedule(jobs(1), nodes(1), { population: 3 }));
    expect(own.stats()).toMatchObject({ jobsScheduled: 0, queueLength: 0 });
  });
});
