import { type Job, type JobNode, JobScheduler } from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';

const node = (n: number): JobNode => ({
  nodeId: `n${n}`,
  cpuCores: 8,
  memoryGb: 32,
  diskGb: 100,
  latencyMs: 10,
  trust: 9000,
  costPerHour: 1,
  pricePerHour: 2,
});
const nodes = (count: number): JobNode[] => Array.from({ length: count }, (_, n) => node(n));
const job = (n: number): Job => ({ jobId: `j${n}`, cpuCores: 2, memoryGb: 4 });
const jobs = (count: number): Job[] => Array.from({ length: count }, (_, n) => job(n));
const scheduler = new JobScheduler();

describe('jobs and nodes that are none', () => {
  it.each([
    [{ jobId: '' }, 'jobs[1].jobId'],
    [{ jobId: 'j0' }, 'jobs[1].jobId'],
    [{ cpuCores: -1 }, 'jobs[1].cpuCores'],
    [{ cpuCores: Number.NaN }, 'jobs[1].cpuCores'],
    [{ cpuCores: Number.POSITIVE_INFINITY }, 'jobs[1].cpuCores'],
    [{ memoryGb: '4' }, 'jobs[1].memoryGb'],
    [{ diskGb: 2_000_000 }, 'jobs[1].diskGb'],
    [{ gpus: 1.5 }, 'jobs[1].gpus'],
    [{ gpus: 17 }, 'jobs[1].gpus'],
    [{ gpuModels: 'A100' }, 'jobs[1].gpuModels'],
    [{ jobClass: 'C' }, 'jobs[1].jobClass'],
    [{ estimatedDurationHours: -1 }, 'jobs[1].estimatedDurationHours'],
    [{ allowedNodes: ['n7'] }, 'jobs[1].allowedNodes[0]'],
    [{ allowedNodes: 'n0' }, 'jobs[1].allowedNodes'],
    [{ namespace: 7 }, 'jobs[1].namespace'],
  ])('are refused by name: job %j', async (rest, field) => {
    const error = await refusal(() => scheduler.schedule([job(0), { ...job(1), ...rest } as Job], nodes(2)));
    expect(error.details.field).toBe(field);
  });

  it.each([
    [{ nodeId: 'n0' }, 'nodes[1].nodeId'],
    [{ nodeId: null }, 'nodes[1].nodeId'],
    [{ cpuCores: 1e9 }, 'nodes[1].cpuCores'],
    [{ memoryGb: undefined }, 'nodes[1].memoryGb'],
    [{ gpus: 1.5 }, 'nodes[1].gpus'],
    [{ gpus: 17 }, 'nodes[1].gpus'],
    [{ latencyMs: -1 }, 'nodes[1].latencyMs'],
    [{ latencyMs: Number.NaN }, 'nodes[1].latencyMs'],
    [{ trust: 10_001 }, 'nodes[1].trust'],
    [{ trust: 0.5 }, 'nodes[1].trust'],
    [{ costPerHour: -1 }, 'nodes[1].costPerHour'],
    [{ pricePerHour: Number.NaN }, 'nodes[1].pricePerHour'],
    [{ pricePerHour: 1_000_000 }, 'nodes[1].pricePerHour'],
    [{ used: { cpuCores: -1 } }, 'nodes[1].used.cpuCores'],
    [{ used: { cpuCores: 8.1 } }, 'nodes[1].used.cpuCores'],
    [{ used: { memoryGb: 32.0001 } }, 'nodes[1].used.memoryGb'],
    [{ used: { gpus: 1 } }, 'nodes[1].used.gpus'],
    [{ used: 5 }, 'nodes[1].used'],
  ])('are refused by name: node %j', async (rest, field) => {
    const error = await refusal(() =>
      scheduler.schedule(jobs(1), [node(0), { ...node(1), ...rest } as JobNode]),
    );
    expect(error.details.field).toBe(field);
  });

  it.each([
    [{ strategy: 'random' }, 'strategy'],
    [{ population: 3 }, 'population'],
    [{ population: 1e9 }, 'population'],
    [{ generations: -1 }, 'generations'],
    [{ crossover: 1.1 }, 'crossover'],
    [{ mutation: Number.NaN }, 'mutation'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 2 ** 53 }, 'seed'],
    [{ threads: 257 }, 'threads'],
    [{ weights: { latency: -1 } }, 'weights.latency'],
    [{ weights: { speed: 1 } }, 'weights.speed'],
    [{ wieghts: { cost: 1 } }, 'wieghts'],
    [{ generation: 5 }, 'generation'],
    [{ signal: {} }, 'signal'],
    [{ onProgress: 5 }, 'onProgress'],
    [{ population: 5 }, 'population'],
    [null, 'options'],
  ])('are refused by name: option %j', async (options, field) => {
    const error = await refusal(() => scheduler.schedule(jobs(1), nodes(1), options as never));
    expect(error.details.field).toBe(field);
  });
});
