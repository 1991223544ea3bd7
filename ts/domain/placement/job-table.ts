/** Jobs and nodes as columns for the core, and the core's answers as records. */
import {
  addon,
  type NativeFleetColumns,
  type NativeJobCertificate,
  type NativeJobsColumns,
  type NativePlan,
  type NativeUnplaced,
} from '../../native.js';
import * as parse from '../../parse.js';
import { jobCertificateSentence, NO_NODES, resourceOf, unplacedSentence } from './job-sentences.js';
import {
  type FrontPoint,
  JOB_CLASSES,
  JOB_OBJECTIVES,
  type Job,
  type JobCertificate,
  type JobNode,
  type JobObjectives,
  type SchedulePlan,
  type UnplacedJob,
} from './jobs.js';
import { GPUS_PER_NODE_MAX, JOBS_MAX, NODES_MAX } from './limits.js';

const MIB_PER_GB = 1024;
const MILLI = 1000;
const MICRO = 1_000_000;
const AMOUNT_MAX = 1_000_000;
const PRICE_MAX = 1_000_000;
/** What the core takes per billing unit and hour. */
const RATE_MICRO_MAX = 1_000_000_000;
const NO_NODE = 0xffffffff;
const GPU_MODELS_MAX = 32;
/** The number of devices of no known model: behind all that a job can ask for. */
const GPU_MODEL_UNKNOWN = 63;
const USED = ['cpuCores', 'memoryGb', 'diskGb'] as const;

/** What the core calls a column, as a caller calls the field. */
const FIELDS: Readonly<Record<string, string>> = {
  cpuMilli: 'cpuCores',
  memoryMib: 'memoryGb',
  diskGib: 'diskGb',
  gpuCount: 'gpus',
  gpuMilli: 'gpus',
  gpuModels: 'gpuModels',
  cpuUsedMilli: 'used.cpuCores',
  memoryUsedMib: 'used.memoryGb',
  diskUsedGib: 'used.diskGb',
  latencyUs: 'latencyMs',
  costMicro: 'costPerHour',
  priceMicro: 'pricePerHour',
  durationS: 'estimatedDurationHours',
  class: 'jobClass',
  nodeSets: 'allowedNodes',
};

/** The path of a field as a caller knows it. */
export function inInput(field: string): string {
  return field.replace(/\w+/g, (name) => FIELDS[name] ?? name);
}

/** Jobs and nodes, checked and numbered. It keeps nothing that a caller could change while a run goes on. */
export class JobTable {
  readonly #jobIds: string[] = [];
  readonly #nodeIds: string[] = [];
  readonly #nodeIndex = new Map<string, number>();
  readonly #models = new Map<string, number>();
  readonly nodeColumns: NativeFleetColumns;
  readonly jobColumns: NativeJobsColumns;

  constructor(jobs: unknown, nodes: unknown) {
    this.nodeColumns = this.#columnsOfNodes(parse.list(nodes, 'nodes', NODES_MAX) as readonly JobNode[]);
    this.jobColumns = this.#columnsOfJobs(parse.list(jobs, 'jobs', JOBS_MAX) as readonly Job[]);
  }

  get jobCount(): number {
    return this.#jobIds.length;
  }

  node(id: unknown, path: string): number {
    const index = this.#nodeIndex.get(parse.text(id, path));
    if (index === undefined) throw parse.invalid(path, 'the id of a node', id);
    return index;
  }

  nodeId(index: number): string | null {
    return this.#nodeIds[index] ?? null;
  }

  jobId(index: number): string {
    return this.#jobIds[index] ?? '';
  }

  unplaced(found: NativeUnplaced): UnplacedJob {
    const message = this.#nodeIds.length === 0 ? NO_NODES : unplacedSentence(found);
    return { jobId: this.jobId(found.job), kind: found.kind, resource: resourceOf(found.resource), message };
  }

  plan(native: NativePlan, durationMs: number): SchedulePlan {
    const count = native.points.length / JOB_OBJECTIVES.length;
    const front = Array.from({ length: count }, (_, at) => this.#point(native, at));
    const explained = Array.from(native.assignment.keys()).filter(
      (job) => (native.assignment[job] ?? -1) >= 0,
    );
    const placed = explained.map((job, row) => ({
      jobId: this.jobId(job),
      nodeId: this.nodeId(native.assignment[job] ?? -1) ?? '',
      contributions: objectivesAt(native.contributions, row, MICRO),
      places: objectivesAt(native.places, row, 1),
    }));
    const extremes = Object.fromEntries(
      JOB_OBJECTIVES.map((name, at) => [name, { best: native.best[at] ?? 0, worst: native.worst[at] ?? 0 }]),
    ) as SchedulePlan['extremes'];
    const { generations, evaluations, feasibleAtStart } = native;
    const feasible = native.unplaced.length === 0;
    return {
      feasible,
      proven: feasible || native.certificates.length > 0,
      placed,
      unplaced: native.unplaced.map((entry) => this.unplaced(entry)),
      certificates: this.#certificates(native.certificates),
      front,
      chosen: native.chosen,
      choice: count === 1 ? 'only' : native.choice === 'weights' ? 'weights' : 'knee',
      objectives: objectivesAt(native.points, native.chosen, MICRO),
      extremes,
      statistics: { generations, evaluations, feasibleAtStart, durationMs },
    };
  }

  #point(native: NativePlan, at: number): FrontPoint {
    const jobs = this.jobCount;
    return {
      objectives: objectivesAt(native.points, at, MICRO),
      assignment: () =>
        Array.from(native.assignments.subarray(at * jobs, (at + 1) * jobs), (node) =>
          node === NO_NODE ? null : this.nodeId(node),
        ),
    };
  }

  #certificates(found: readonly NativeJobCertificate[]): JobCertificate[] {
    // One proof for all jobs, not one for each.
    if (found.length > 0 && this.#nodeIds.length === 0)
      return [{ kind: 'no_nodes', resource: null, jobIds: [], message: NO_NODES }];
    return found.map((entry) => {
      const jobIds = (entry.job ? [entry.job.job] : entry.jobs).map((job) => this.jobId(job));
      const nodeIds = entry.nodes.map((node) => this.nodeId(node) ?? '');
      const resource = resourceOf(entry.resource ?? entry.job?.resource ?? null);
      return { kind: entry.kind, resource, jobIds, message: jobCertificateSentence(entry, jobIds, nodeIds) };
    });
  }

  #model(name: string, path: string): number {
    const known = this.#models.get(name) ?? this.#models.size;
    if (known >= GPU_MODELS_MAX) throw parse.invalid(path, `one of at most ${GPU_MODELS_MAX} models`, name);
    this.#models.set(name, known);
    return known;
  }

  #columnsOfNodes(nodes: readonly JobNode[]): NativeFleetColumns {
    const rows = nodes.map((node, at) => this.#parseNode(node, at, `nodes[${at}]`));
    return {
      cpuMilli: Uint32Array.from(rows, (row) => row.cpuMilli),
      memoryMib: Uint32Array.from(rows, (row) => row.memoryMib),
      diskGib: Uint32Array.from(rows, (row) => row.diskGib),
      gpuCount: Uint8Array.from(rows, (row) => row.gpuCount),
      gpuModel: Uint8Array.from(rows, (row) => row.gpuModel),
      cpuUsedMilli: Uint32Array.from(rows, (row) => row.cpuUsedMilli),
      memoryUsedMib: Uint32Array.from(rows, (row) => row.memoryUsedMib),
      diskUsedGib: Uint32Array.from(rows, (row) => row.diskUsedGib),
      latencyUs: Uint32Array.from(rows, (row) => row.latencyUs),
      trust: Uint16Array.from(rows, (row) => row.trust),
      costMicro: Uint32Array.from(rows, (row) => row.costMicro),
      priceMicro: Uint32Array.from(rows, (row) => row.priceMicro),
    };
  }

  #parseNode(node: JobNode, at: number, path: string): NodeRow {
    parse.record(node, path);
    const id = parse.text(node.nodeId, `${path}.nodeId`);
    if (this.#nodeIndex.has(id)) throw parse.invalid(`${path}.nodeId`, 'unique', id);
    this.#nodeIndex.set(id, at);
    this.#nodeIds.push(id);
    const amount = (value: unknown, name: string, scale: number, fallback?: number): number =>
      Math.floor(scaled(parse.finite(value ?? fallback, `${path}.${name}`, 0, AMOUNT_MAX), scale));
    const gpuCount = parse.integer(node.gpus ?? 0, `${path}.gpus`, 0, GPUS_PER_NODE_MAX);
    const cpuMilli = amount(node.cpuCores, 'cpuCores', MILLI);
    const memoryMib = amount(node.memoryGb, 'memoryGb', MIB_PER_GB);
    const diskGib = amount(node.diskGb, 'diskGb', 1, 0);
    const used = usedOf(node, path);
    const units = addon.billingUnitMilli(cpuMilli, memoryMib, diskGib, gpuCount * MILLI) / MILLI;
    const rate = (value: unknown, name: string): number => {
      const perHour = parse.finite(value, `${path}.${name}`, 0, PRICE_MAX);
      const micro = Math.round((perHour * MICRO) / Math.max(units, 1 / MILLI));
      if (micro > RATE_MICRO_MAX)
        throw parse.invalid(`${path}.${name}`, `at most ${RATE_MICRO_MAX / MICRO} per billing unit`, value);
      return micro;
    };
    return {
      cpuMilli,
      memoryMib,
      diskGib,
      gpuCount,
      gpuModel: parse.optional(node.gpuModel, GPU_MODEL_UNKNOWN, (name) =>
        this.#model(parse.text(name, `${path}.gpuModel`), `${path}.gpuModel`),
      ),
      // Rounded up, as a job is, but not above what is left of the capacity when that is rounded down.
      cpuUsedMilli: Math.min(cpuMilli, Math.ceil(scaled(used.cpuCores, MILLI))),
      memoryUsedMib: Math.min(memoryMib, Math.ceil(scaled(used.memoryGb, MIB_PER_GB))),
      diskUsedGib: Math.min(diskGib, Math.ceil(scaled(used.diskGb, 1))),
      latencyUs: Math.round(parse.finite(node.latencyMs, `${path}.latencyMs`, 0, 60_000) * 1000),
      trust: parse.integer(node.trust, `${path}.trust`, 0, 10_000),
      costMicro: rate(node.costPerHour, 'costPerHour'),
      priceMicro: rate(node.pricePerHour, 'pricePerHour'),
    };
  }

  #columnsOfJobs(jobs: readonly Job[]): NativeJobsColumns {
    const sets = new NodeSets((id, path) => this.node(id, path));
    const seen = new Set<string>();
    const rows = jobs.map((job, at) => {
      const id = parse.text(parse.record(job, `jobs[${at}]`)['jobId'], `jobs[${at}].jobId`);
      if (seen.has(id)) throw parse.invalid(`jobs[${at}].jobId`, 'unique', id);
      seen.add(id);
      this.#jobIds.push(id);
      return this.#parseJob(job, `jobs[${at}]`, sets);
    });
    return {
      cpuMilli: Uint32Array.from(rows, (row) => row.cpuMilli),
      memoryMib: Uint32Array.from(rows, (row) => row.memoryMib),
      diskGib: Uint32Array.from(rows, (row) => row.diskGib),
      gpuCount: Uint8Array.from(rows, (row) => row.gpuCount),
      gpuMilli: Uint16Array.from(rows, (row) => row.gpuMilli),
      class: Uint8Array.from(rows, (row) => row.jobClass),
      durationS: Uint32Array.from(rows, (row) => row.durationS),
      gpuModels: Uint32Array.from(rows, (row) => row.gpuModels),
      nodeSet: Uint32Array.from(rows, (row) => row.nodeSet),
      nodeSets: sets.all,
    };
  }

  #parseJob(job: Job, path: string, sets: NodeSets): JobRow {
    parse.optional(job.namespace, null, (name) => parse.text(name, `${path}.namespace`));
    // Rounded up: a job never gets less than it asks for.
    const amount = (value: unknown, name: string, scale: number, fallback?: number): number =>
      Math.ceil(scaled(parse.finite(value ?? fallback, `${path}.${name}`, 0, AMOUNT_MAX), scale));
    const gpus = parse.finite(job.gpus ?? 0, `${path}.gpus`, 0, GPUS_PER_NODE_MAX);
    if (gpus > 1 && !Number.isInteger(gpus))
      throw parse.invalid(`${path}.gpus`, 'a whole number, or a share of one', gpus);
    const jobClass = parse.oneOf(job.jobClass ?? 'B', `${path}.jobClass`, JOB_CLASSES);
    const hours = parse.finite(job.estimatedDurationHours ?? 1, `${path}.estimatedDurationHours`, 0, 87_600);
    const models = parse.list(job.gpuModels ?? [], `${path}.gpuModels`, 32);
    const bits = models.map((name, at) => {
      const field = `${path}.gpuModels[${at}]`;
      return 2 ** this.#model(parse.text(name, field), field);
    });
    return {
      cpuMilli: amount(job.cpuCores, 'cpuCores', MILLI),
      memoryMib: amount(job.memoryGb, 'memoryGb', MIB_PER_GB),
      diskGib: amount(job.diskGb, 'diskGb', 1, 0),
      gpuCount: Math.ceil(gpus),
      gpuMilli: gpus >= 1 ? MILLI : Math.ceil(scaled(gpus, MILLI)),
      jobClass: ['S', 'A', 'B'].indexOf(jobClass.charAt(0)),
      durationS: Math.max(1, Math.round(hours * 3600)),
      gpuModels: [...new Set(bits)].reduce((sum, bit) => sum + bit, 0),
      nodeSet: job.allowedNodes === undefined ? 0 : sets.number(job.allowedNodes, `${path}.allowedNodes`),
    };
  }
}

/** `value * scale` without the dust of binary fractions: 1.005 cores are 1005 thousandths, not less. */
function scaled(value: number, scale: number): number {
  return Math.round(value * scale * 1e6) / 1e6;
}

/** The load that is there already, in the caller's units, of a node whose capacities are checked. */
function usedOf(node: JobNode, path: string): Required<NonNullable<JobNode['used']>> {
  const given = parse.record(node.used ?? {}, `${path}.used`);
  parse.keys(given, `${path}.used`, USED);
  const amount = (name: (typeof USED)[number]): number => {
    const used = parse.finite(given[name] ?? 0, `${path}.used.${name}`, 0, AMOUNT_MAX);
    const capacity = node[name] ?? 0;
    if (used > capacity) {
      throw parse.invalid(`${path}.used.${name}`, `at most ${capacity}, which is all the node has`, used);
    }
    return used;
  };
  return { cpuCores: amount('cpuCores'), memoryGb: amount('memoryGb'), diskGb: amount('diskGb') };
}

interface NodeRow {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly gpuCount: number;
  readonly gpuModel: number;
  readonly cpuUsedMilli: number;
  readonly memoryUsedMib: number;
  readonly diskUsedGib: number;
  readonly latencyUs: number;
  readonly trust: number;
  readonly costMicro: number;
  readonly priceMicro: number;
}

interface JobRow {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly gpuCount: number;
  readonly gpuMilli: number;
  readonly jobClass: number;
  readonly durationS: number;
  readonly gpuModels: number;
  readonly nodeSet: number;
}

/** Sets of nodes that jobs are limited to; equal sets share a number, which is 1 for the first. */
class NodeSets {
  readonly all: Uint32Array[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #node: (id: unknown, path: string) => number;

  constructor(node: (id: unknown, path: string) => number) {
    this.#node = node;
  }

  number(ids: unknown, path: string): number {
    const nodes = parse.list(ids, path, NODES_MAX).map((id, at) => this.#node(id, `${path}[${at}]`));
    const set = [...new Set(nodes)].sort((a, b) => a - b);
    const key = set.join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.all.push(Uint32Array.from(set));
      number = this.all.length;
      this.#numbers.set(key, number);
    }
    return number;
  }
}

/** One row of objectives; money comes in parts of `moneyScale`. */
function objectivesAt(values: Float64Array | Uint32Array, row: number, moneyScale: number): JobObjectives {
  const from = row * JOB_OBJECTIVES.length;
  const [latency = 0, loadBalance = 0, trust = 0, cost = 0, price = 0] = values.subarray(from, from + 5);
  return { latency, loadBalance, trust, cost: cost / moneyScale, price: price / moneyScale };
}
