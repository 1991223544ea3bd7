/** Why a job has no node, and why no scheduler could do better, as sentences. */
import type { NativeJobCertificate, NativeUnplaced } from '../../native.js';

const UNITS: Readonly<Record<string, readonly [name: string, unit: string, scale: number]>> = {
  cpuMilli: ['CPU', 'cores', 1000],
  memoryMib: ['memory', 'GiB', 1024],
  diskGib: ['disk', 'GiB', 1],
  gpuMilli: ['GPU', 'devices', 1000],
};

function amount(resource: string | null, value: number): string {
  const [, unit, scale] = UNITS[resource ?? ''] ?? ['', '', 1];
  return `${Number((value / scale).toFixed(2))} ${unit}`;
}

function nameOf(resource: string | null): string {
  return UNITS[resource ?? '']?.[0] ?? String(resource);
}

export function unplacedSentence(found: NativeUnplaced): string {
  const { kind, resource, requested, largestFree, nodesAllowed, nodesLacking } = found;
  const asks = `it asks for ${amount(resource, requested)} of ${nameOf(resource)}`;
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

export function jobCertificateSentence(found: NativeJobCertificate, jobId: string): string {
  const { kind, resource, need, have, atLeast, job } = found;
  switch (kind) {
    case 'job_fits_no_node':
      return `job ${jobId} fits no node, even an empty one: ${job ? unplacedSentence(job) : ''}`;
    case 'demand_exceeds_capacity':
      return `the jobs ask for ${amount(resource, need)} of ${nameOf(resource)}, and the nodes have ${amount(resource, have)}`;
    default: {
      const each = `${amount(resource, atLeast)} of ${nameOf(resource)} or more`;
      return `${need} requests for ${each}, and the nodes have room for ${have} of that size`;
    }
  }
}
