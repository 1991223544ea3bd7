import fc from 'fast-check';
import {
  type Job,
  type JobNode,
  JobScheduler,
  PLACEMENT_STRATEGIES,
  type ScheduleOptions,
  type SchedulePlan,
} from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { quorate } from '../support/cli.js';
import { answersOrRefuses, refusal } from '../support/errors.js';
import { randomStream } from '../support/profiles.js';

const scheduler = new JobScheduler();
const fleet = (cores: readonly number[]): JobNode[] =>
  cores.map((cpuCores, n) => ({
    nodeId: `n${n}`,
    cpuCores,
    memoryGb: 64,
    latencyMs: 10 + n,
    trust: 9000,
    costPerHour: 1,
    pricePerHour: 1,
  }));
const work = (cores: readonly number[]): Job[] =>
  cores.map((cpuCores, n) => ({ jobId: `j${n}`, cpuCores, memoryGb: 1 }));

/** Too tight for any rule to fill, and too many ways to try them all. */
function tight(): { jobs: Job[]; nodes: JobNode[] } {
  const next = randomStream(2);
  const jobs = Array.from({ length: 42 }, () => 0.251 + Math.floor(160 * next()) / 1000);
  const each = Math.ceil((1000 * jobs.reduce((sum, cores) => sum + cores, 0)) / 14) / 1000;
  return { jobs: work(jobs), nodes: fleet(new Array(14).fill(each)) };
}

describe('jobs that exclude each other', () => {
  it.each(PLACEMENT_STRATEGIES)('are named with what they lack, by %s', async (strategy) => {
    // 20 cores are asked for, 20 are there, and nothing is larger than a node.
    const plan = await scheduler.schedule(work([7, 2, 6, 5]), fleet([10, 10]), { strategy });
    expect(plan).toMatchObject({ feasible: false, proven: true });
    expect(plan.placed).toHaveLength(3);
    expect(plan.certificates).toEqual([
      {
        kind: 'jobs_exclude_each_other',
        resource: 'cpu',
        jobIds: ['j0', 'j2', 'j3'],
        message: 'jobs j0, j2, j3 cannot all be placed on n0, n1: every way was tried, and CPU runs out',
      },
    ]);
  });

  it.each(PLACEMENT_STRATEGIES)('do not where one way is left, which %s takes', async (strategy) => {
    const plan = await scheduler.schedule(work([6, 5, 4, 4, 3, 3, 3, 2]), fleet([10, 10, 10]), { strategy });
    expect(plan).toMatchObject({ feasible: true, proven: true, certificates: [] });
    expect(plan.statistics.feasibleAtStart).toBe(true);
  });

  it('name the job and its resource where one fits nowhere', async () => {
    const plan = await scheduler.schedule(work([7, 12]), fleet([10]));
    expect(plan.proven).toBe(true);
    expect(plan.certificates).toMatchObject([{ kind: 'job_fits_no_node', resource: 'cpu', jobIds: ['j1'] }]);
  });

  it('are not claimed to where the search was cut short', async () => {
    const { jobs, nodes } = tight();
    const plan = await scheduler.schedule(jobs, nodes);
    expect(plan).toMatchObject({ feasible: false, proven: false, certificates: [] });
    expect(plan.unplaced.length).toBeGreaterThan(0);
    const { code, stdout } = await quorate(
      ['schedule', '-'],
      JSON.stringify({ machines: nodes.map(machineOf), jobs }),
    );
    expect(code).toBe(1);
    expect(stdout).toContain(
      '- not proved: no placement of all jobs was found, nor a proof that there is none',
    );
  });
});

const machineOf = ({ nodeId, cpuCores, memoryGb, ...node }: JobNode): object => ({
  id: nodeId,
  capacity: { cpuCores, memoryGb },
  ...node,
});

/** A plan without what depends on the clock, as plain data. */
const bare = ({ statistics, front, ...plan }: SchedulePlan) => ({
  ...plan,
  statistics: { ...statistics, durationMs: 0 },
  front: front.map((point) => [point.objectives, point.assignment()]),
});

describe('a run that is interrupted', () => {
  const next = randomStream(5);
  const jobs: Job[] = Array.from({ length: 80 }, (_, n) => ({
    jobId: `j${n}`,
    cpuCores: 0.5 + Math.floor(4 * next()) / 2,
    memoryGb: 1 + Math.floor(3 * next()),
    estimatedDurationHours: 1 + Math.floor(5 * next()),
  }));
  const nodes: JobNode[] = Array.from({ length: 30 }, (_, n) => ({
    nodeId: `n${n}`,
    cpuCores: 8,
    memoryGb: 32,
    latencyMs: 1 + 100 * next(),
    trust: Math.floor(10_000 * next()),
    costPerHour: 0.5 + next(),
    pricePerHour: 0.5 + next(),
  }));
  const options: ScheduleOptions = { population: 20, generations: 60, seed: 3, threads: 1 };
  const checkpointsOf = async (given: ScheduleOptions): Promise<[SchedulePlan, Uint8Array[]]> => {
    const checkpoints: Uint8Array[] = [];
    const onCheckpoint = (checkpoint: Uint8Array): void => void checkpoints.push(checkpoint);
    return [await scheduler.schedule(jobs, nodes, { ...given, onCheckpoint }), checkpoints];
  };

  it('goes on from any of its checkpoints to the same plan, bit for bit', async () => {
    const whole = await scheduler.schedule(jobs, nodes, options);
    const [watched, checkpoints] = await checkpointsOf({ ...options, checkpointGenerations: 25 });
    expect(checkpoints).toHaveLength(2);
    expect(bare(watched)).toEqual(bare(whole));
    for (const resume of checkpoints) {
      const resumed = await scheduler.schedule(jobs, nodes, { ...options, threads: 2, resume });
      expect(bare(resumed)).toEqual(bare(whole));
    }
    expect(whole.front.length).toBeGreaterThan(5);
  });

  it('is written down at its last generation too, and more may follow', async () => {
    const [, checkpoints] = await checkpointsOf({ ...options, generations: 20, checkpointGenerations: 10 });
    expect(checkpoints).toHaveLength(2);
    const longer = await scheduler.schedule(jobs, nodes, {
      ...options,
      resume: checkpoints[1] as Uint8Array,
    });
    expect(bare(longer)).toEqual(bare(await scheduler.schedule(jobs, nodes, options)));
  });

  it('goes on where it was aborted, and its progress never goes back', async () => {
    const stop = new AbortController();
    let last: Uint8Array | undefined;
    const aborted = scheduler.schedule(jobs, nodes, {
      ...options,
      checkpointGenerations: 7,
      signal: stop.signal,
      onCheckpoint: (checkpoint) => {
        if (last) stop.abort();
        last ??= checkpoint;
      },
    });
    await expect(aborted).rejects.toThrow();
    const seen: number[] = [];
    const resumed = await scheduler.schedule(jobs, nodes, {
      ...options,
      checkpointGenerations: 11,
      resume: last as Uint8Array,
      onCheckpoint: () => {},
      onProgress: (done) => void seen.push(done),
    });
    expect(bare(resumed)).toEqual(bare(await scheduler.schedule(jobs, nodes, options)));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(60);
  });

  it('refuses a checkpoint of another instance or of other settings, and damaged ones', async () => {
    const [, checkpoints] = await checkpointsOf({ ...options, checkpointGenerations: 30 });
    const resume = checkpoints[0] as Uint8Array;
    const refused = async (ofJobs: Job[], ofNodes: JobNode[], given: ScheduleOptions = {}) =>
      refusal(() => scheduler.schedule(ofJobs, ofNodes, { ...options, resume, ...given }));
    const changed = <T>(list: readonly T[], change: Partial<T>): T[] => [
      ...list.slice(0, -1),
      { ...(list.at(-1) as T), ...change },
    ];
    for (const error of [
      await refused(changed(jobs, { estimatedDurationHours: 9 }), nodes),
      await refused(changed(jobs, { allowedNodes: ['n0', 'n1'] }), nodes),
      await refused(jobs, changed(nodes, { trust: 1 })),
      await refused(jobs, changed(nodes, { costPerHour: 9 })),
      await refused(jobs.slice(1), nodes),
      await refused(jobs, nodes.slice(1)),
      await refused(jobs, nodes, { mutation: 0.5 }),
      await refused(jobs, nodes, { population: 22 }),
      await refused(jobs, nodes, { seed: 4 }),
    ]) {
      expect(error).toMatchObject({
        code: 'QRT_ERR_NSGA2_CHECKPOINT_MISMATCH',
        details: { field: 'resume' },
      });
    }
    const damaged = Uint8Array.from(resume, (byte, at) => (at === 100 ? byte ^ 1 : byte));
    expect((await refused(jobs, nodes, { resume: damaged })).code).toBe('QRT_ERR_NSGA2_CHECKPOINT_CORRUPT');
    expect((await refused(jobs, nodes, { strategy: 'trust' })).code).toBe('QRT_ERR_PLACEMENT_SETTINGS');
  });

  it('survives any bytes as checkpoint', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), fc.uint8Array({ maxLength: 300 })), async (resume) => {
        await answersOrRefuses(() => scheduler.schedule(jobs, nodes, { ...options, resume } as never));
      }),
      { numRuns: 100, seed: 22 },
    ));

  it('has no checkpoints where there are no generations', async () => {
    for (const strategy of PLACEMENT_STRATEGIES.filter((name) => name !== 'nsga_ii')) {
      const [plan, checkpoints] = await checkpointsOf({ strategy, checkpointGenerations: 1 });
      expect([plan.feasible, checkpoints.length]).toEqual([true, 0]);
    }
  });

  it.each([
    [{ onCheckpoint: 5 }, 'onCheckpoint'],
    [{ checkpointGenerations: 0 }, 'checkpointGenerations'],
    [{ resume: 'x' }, 'resume'],
  ])('refuses %j, by name', async (given, field) => {
    const error = await refusal(() => scheduler.schedule(jobs, nodes, given as never));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field } });
  });
});
