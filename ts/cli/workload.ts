/** Nodes and jobs from an input file, in the form of examples/fleet.json. */
import type { Job, JobNode } from '../domain/placement/index.js';
import { integer, invalid, list, optional, record, text } from '../parse.js';
import { machinesOf } from './candidates.js';

const JOBS_MAX = 100_000;

/**
 * Machines with a capacity. Trust is what the file says, or 5000 basis points: neither trusted nor
 * distrusted.
 */
export function nodesOf(document: unknown): JobNode[] {
  return machinesOf(document).map((machine, at) => {
    const path = `machines[${at}]`;
    const parts = record(machine, path);
    const capacity = record(parts['capacity'], `${path}.capacity`);
    return {
      nodeId: text(parts['nodeId'] ?? parts['id'] ?? parts['deviceId'], `${path}.id`),
      ...capacity,
      latencyMs: parts['latencyMs'],
      trust: optional(parts['trust'], 5000, (trust) => integer(trust, `${path}.trust`, 0, 10_000)),
      costPerHour: parts['costPerHour'],
      pricePerHour: parts['pricePerHour'],
    } as JobNode;
  });
}

/** Jobs; one with `name` and `count` stands for that many. */
export function jobsOf(document: unknown): Job[] {
  const { jobs } = record(document, 'input');
  if (jobs === undefined) throw invalid('input', 'an object with an array "jobs"', document);
  let total = 0;
  return list(jobs, 'jobs', JOBS_MAX).flatMap((job, at) => {
    const path = `jobs[${at}]`;
    const { name, count, ...rest } = record(job, path);
    if (count === undefined) return [rest as unknown as Job];
    const stem = text(name, `${path}.name`);
    // Checked before the jobs are made: many entries with many jobs each would fill the memory.
    total += integer(count, `${path}.count`, 0, JOBS_MAX);
    if (total > JOBS_MAX)
      throw invalid(`${path}.count`, `such that there are at most ${JOBS_MAX} jobs`, count);
    return Array.from({ length: Number(count) }, (_, number) => {
      return { ...rest, jobId: `${stem}-${number + 1}` } as unknown as Job;
    });
  });
}
