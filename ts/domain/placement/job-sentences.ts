/** Why a job has no node, and why no scheduler could do better, as sentences. */
import type { NativeJobCertificate, NativeUnplaced } from '../../native.js';

export type JobResource = 'cpu' | 'memory' | 'disk' | 'gpu';

export const NO_NODES = 'there are no nodes';

interface Wording {
  readonly name: JobResource;
  readonly inText: string;
  /** How much the core counts of it in one of the caller's units. */
  readonly scale: number;
  readonly amount: (count: number) => string;
}

const RESOURCES: Readonly<Record<string, Wording>> = {
  cpuMilli: {
    name: 'cpu',
    inText: 'CPU',
    scale: 1000,
    amount: (count) => `${count} CPU ${count === 1 ? 'core' : 'cores'}`,
  },
  memoryMib: { name: 'memory', inText: 'memory', scale: 1024, amount: (count) => `${count} GiB of memory` },
  diskGib: { name: 'disk', inText: 'disk', scale: 1, amount: (count) => `${count} GiB of disk` },
  gpuMilli: {
    name: 'gpu',
    inText: 'GPUs',
    scale: 1000,
    amount: (count) => `${count} ${count === 1 ? 'GPU' : 'GPUs'}`,
  },
};

/** The public name of what the core calls `cpuMilli` and so on. */
export function resourceOf(resource: string | null): JobResource | null {
  return RESOURCES[resource ?? '']?.name ?? null;
}

function amount(resource: string | null, value: number): string {
  const wording = RESOURCES[resource ?? ''];
  return wording ? wording.amount(Number((value / wording.scale).toFixed(3))) : `${value}`;
}

function nameOf(resource: string | null): string {
  return RESOURCES[resource ?? '']?.inText ?? String(resource);
}

export function unplacedSentence(found: NativeUnplaced): string {
  const { kind, resource, requested, largestFree, nodesAllowed, nodesLacking } = found;
  const asks = `it asks for ${amount(resource, requested)}`;
  switch (kind) {
    case 'no_node_allowed':
      return 'no node may take it: its GPU models and its allowed nodes leave none';
    case 'too_large':
      return `${asks}, and the largest node offers ${amount(resource, largestFree)}`;
    case 'not_together':
      return `no node has all it asks for at once; ${nodesLacking} of ${nodesAllowed} lack ${nameOf(resource)}`;
    default:
      return `${asks}, and other jobs leave no node with room (${nodesLacking} of ${nodesAllowed} lack it)`;
  }
}

/** Names in one sentence; of more the rest is counted. */
const NAMED_MAX = 8;

function names(ids: readonly string[]): string {
  const rest = ids.length - NAMED_MAX;
  return `${ids.slice(0, NAMED_MAX).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

export function jobCertificateSentence(
  found: NativeJobCertificate,
  jobIds: readonly string[],
  nodeIds: readonly string[],
): string {
  const { kind, resource, need, have, atLeast, job } = found;
  switch (kind) {
    case 'job_fits_no_node':
      return `job ${names(jobIds)} fits no node, even an empty one: ${job ? unplacedSentence(job) : ''}`;
    case 'jobs_exclude_each_other': {
      const tried = `every way was tried, and ${nameOf(resource)} runs out`;
      return `jobs ${names(jobIds)} cannot all be placed on ${names(nodeIds)}: ${tried}`;
    }
    case 'demand_exceeds_capacity':
      return `the jobs ask for ${amount(resource, need)}, and the nodes have ${amount(resource, have)}`;
    default: {
      const each = `${amount(resource, atLeast)} or more`;
      return `${need} requests for ${each}, and the nodes have room for ${have} of that size`;
    }
  }
}
