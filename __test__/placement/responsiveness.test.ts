import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Job, type JobNode, JobScheduler, optimize } from 'quorate/placement';
import { describe, expect, it } from 'vitest';

/** The 99th percentile of the event loop's delay while `work` goes on, in milliseconds. */
async function delayDuring(work: () => Promise<unknown>): Promise<{ p99Ms: number; durationMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const started = performance.now();
  delay.enable();
  await work();
  delay.disable();
  return { p99Ms: delay.percentile(99) / 1e6, durationMs: performance.now() - started };
}

describe('the event loop keeps turning', () => {
  it('while a run of about a second goes on', async () => {
    // As many generations as this machine does in a second, found by trying.
    const short = await delayDuring(() =>
      optimize('ZDT1', { population: 1000, generations: 50, threads: 1 }),
    );
    const generations = Math.ceil((50 * 1000) / short.durationMs);
    const { p99Ms, durationMs } = await delayDuring(() =>
      optimize('ZDT1', { population: 1000, generations, threads: 1 }),
    );
    expect(durationMs).toBeGreaterThan(300);
    expect(p99Ms).toBeLessThan(50);
  });

  it('while jobs are moved from lost nodes', async () => {
    const nodes: JobNode[] = Array.from({ length: 2000 }, (_, n) => ({
      nodeId: `n${n}`,
      cpuCores: 8,
      memoryGb: 16,
      latencyMs: n / 100,
      trust: 5000,
      costPerHour: 1,
      pricePerHour: 1,
    }));
    const jobs: Job[] = Array.from({ length: 8000 }, (_, n) => ({
      jobId: `j${n}`,
      cpuCores: 2,
      memoryGb: 1,
    }));
    // Every node is full, so that each job of a lost node asks all others in vain.
    const assignment = jobs.map((_, n) => `n${n % 2000}`);
    const lost = nodes.slice(0, 10).map(({ nodeId }) => nodeId);
    const scheduler = new JobScheduler();
    // The check of the input is done before the first await, and is not what is measured.
    const run = scheduler.repair(jobs, nodes, assignment, lost);
    const { p99Ms } = await delayDuring(() => run);
    expect(p99Ms).toBeLessThan(50);
    expect((await run).unplaced).toHaveLength(40);
  });

  it('while jobs are scheduled', async () => {
    const nodes: JobNode[] = Array.from({ length: 300 }, (_, n) => ({
      nodeId: `n${n}`,
      cpuCores: 32,
      memoryGb: 64,
      latencyMs: n,
      trust: 5000,
      costPerHour: 1,
      pricePerHour: 1,
    }));
    const jobs: Job[] = Array.from({ length: 1000 }, (_, n) => ({
      jobId: `j${n}`,
      cpuCores: 1,
      memoryGb: 1,
    }));
    const { p99Ms } = await delayDuring(() => new JobScheduler().schedule(jobs, nodes, { generations: 300 }));
    expect(p99Ms).toBeLessThan(50);
  });
});
