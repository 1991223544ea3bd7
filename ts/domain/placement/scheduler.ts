/**
 * Jobs onto nodes: by NSGA-II over five objectives, or by one greedy rule; hard capacities hold in every
 * case.
 */
import {
  addon,
  call,
  type NativeFleetColumns,
  type NativeJobCertificate,
  type NativeJobsColumns,
  type NativePlan,
  type NativeUnplaced,
  type RunOptions,
  run,
  runOptions,
} from '../../native.js';
import * as parse from '../../parse.js';
import { type Clock, systemClock } from '../../ports/clock.js';
import { jobCertificateSentence, unplacedSentence } from './job-sentences.js';
import {
  GPUS_PER_NODE_MAX,
  JOBS_MAX,
  NODES_MAX,
  SCHEDULE_CROSSOVER,
  SCHEDULE_GENERATIONS,
  SCHEDULE_MUTATION,
  SCHEDULE_POPULATION,
} from './limits.js';

/** `nsga_ii` (default) gives a Pareto front; the others are one greedy pass each. */
export const PLACEMENT_STRATEGIES = [
  'nsga_ii',
  'latency',
  'load_balance',
  'trust',
  'cost',
  'round_robin',
] as const;
export type PlacementStrategy = (typeof PLACEMENT_STRATEGIES)[number];

/** S is served first, then A, then B; the long names are taken as the same. */
export const JOB_CLASSES = ['S', 'A', 'B', 'S_CLASS', 'A_CLASS', 'B_CLASS'] as const;
export type JobClass = (typeof JOB_CLASSES)[number];

/** What is minimised: milliseconds, standard deviation of loads, distrust (0 to 1), and two sums of money. */
export const JOB_OBJECTIVES = ['latency', 'loadBalance', 'trust', 'cost', 'price'] as const;
export type JobObjective = (typeof JOB_OBJECTIVES)[number];
export type JobObjectives = Readonly<Record<JobObjective, number>>;

/** A machine that takes jobs. A gigabyte is 2^30 bytes. */
export interface JobNode {
  readonly nodeId: string;
  readonly cpuCores: number;
  readonly memoryGb: number;
  readonly diskGb?: number;
  readonly gpus?: number;
  readonly gpuModel?: string;
  /** Load that is there already. */
  readonly used?: { readonly cpuCores?: number; readonly memoryGb?: number; readonly diskGb?: number };
  /** Measured round trip to those it serves, in milliseconds. */
  readonly latencyMs: number;
  /** Basis points. */
  readonly trust: number;
  /** What the whole node costs its operator, and what it sells for, per hour. */
  readonly costPerHour: number;
  readonly pricePerHour: number;
}

export interface Job {
  readonly jobId: string;
  readonly cpuCores: number;
  readonly memoryGb: number;
  readonly diskGb?: number;
  /** Whole devices, or a share of one (0.25). */
  readonly gpus?: number;
  /** Models it can use; default: any. */
  readonly gpuModels?: readonly string[];
  /** Default B. */
  readonly jobClass?: JobClass;
  /** Default 1. */
  readonly estimatedDurationHours?: number;
  /** Nodes that may take it; default: all. */
  readonly allowedNodes?: readonly string[];
  readonly namespace?: string;
}

export interface ScheduleOptions extends RunOptions {
  readonly strategy?: PlacementStrategy;
  /** Individuals; default 50. */
  readonly population?: number;
  /** Default 100. */
  readonly generations?: number;
  /** Default 0.8. */
  readonly crossover?: number;
  /** Default 0.1. */
  readonly mutation?: number;
  /** Same seed, same plan, whatever the threads. Default 1. */
  readonly seed?: number;
  /** 0 (default): one per core. */
  readonly threads?: number;
  /** Weight of each objective in the choice of a point; default: the knee, where all weigh the same. */
  readonly weights?: Partial<JobObjectives>;
}

export interface PlacedJob {
  readonly jobId: string;
  readonly nodeId: string;
  /** What the job adds to each objective. */
  readonly contributions: JobObjectives;
  /** Place of the node in each objective's order of all nodes; 0 is best. */
  readonly places: JobObjectives;
}

export interface UnplacedJob {
  readonly jobId: string;
  readonly kind: string;
  /** The resource that is short, or null where no node is allowed. */
  readonly resource: string | null;
  readonly message: string;
}

export interface FrontPoint {
  readonly objectives: JobObjectives;
  /** Node of each job in the order of the jobs; null: none. */
  assignment(): (string | null)[];
}

export interface SchedulePlan {
  /** Whether every job has a node. */
  readonly feasible: boolean;
  readonly placed: readonly PlacedJob[];
  readonly unplaced: readonly UnplacedJob[];
  /** Proofs that not all jobs can be placed, whatever the strategy; empty where none was found. */
  readonly certificates: readonly { readonly kind: string; readonly message: string }[];
  readonly front: readonly FrontPoint[];
  /** Index of the chosen point in `front`. */
  readonly chosen: number;
  /** The rule that chose it: `knee` (nearest to the ideal point, every objective scaled) or `weights`. */
  readonly choice: 'knee' | 'weights';
  readonly objectives: JobObjectives;
  /** Per objective the index of the point where it is best, and where it is worst. */
  readonly extremes: Readonly<Record<JobObjective, { readonly best: number; readonly worst: number }>>;
  readonly statistics: {
    readonly generations: number;
    readonly evaluations: number;
    readonly feasibleAtStart: boolean;
    readonly durationMs: number;
  };
}

/** What a scheduler did so far. */
export interface SchedulerStats {
  readonly jobsScheduled: number;
  readonly jobsPlaced: number;
  /** Placed over scheduled; null before the first job. */
  readonly successRate: number | null;
  /** Mean time of a call, in milliseconds; null before the first call. */
  readonly avgPlacementLatencyMs: number | null;
  /** Calls that wait or run. */
  readonly queueLength: number;
  readonly optimizationGenerations: number;
}

export interface JobRepair {
  /** Node of each job in the order of the jobs; null: none. */
  readonly assignment: readonly (string | null)[];
  /** Jobs that moved. */
  readonly moved: readonly string[];
  /** Moves that no repair can do without. */
  readonly movesLowerBound: number;
  readonly unplaced: readonly UnplacedJob[];
}

const MIB_PER_GB = 1024;
const MILLI = 1000;
const MICRO = 1_000_000;
const AMOUNT_MAX = 1_000_000;
const PRICE_MAX = 1_000_000;
/** What the core takes per billing unit and hour. */
const RATE_MICRO_MAX = 1_000_000_000;
const NO_NODE = 0xffffffff;

/** Places jobs and keeps count of what it did. */
export class JobScheduler {
  readonly #clock: Clock;
  #scheduled = 0;
  #placed = 0;
  #calls = 0;
  #durationMs = 0;
  #queue = 0;
  #generations = 0;

  constructor(options: { clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Places every job that can be placed and gives a reason for every other one. Throws QRT_ERR_INPUT_INVALID
   * or QRT_ERR_PLACEMENT_* for bad input; jobs that do not fit are an answer, not an error.
   */
  async schedule(
    jobs: readonly Job[],
    nodes: readonly JobNode[],
    options: ScheduleOptions = {},
  ): Promise<SchedulePlan> {
    const table = new Table(jobs, nodes);
    const settings = settingsOf(options);
    const threads = parse.integer(options.threads ?? 0, 'threads', 0, 256);
    this.#queue += 1;
    const started = this.#clock.now();
    try {
      const plan = await run(
        (handle) => addon.scheduleJobs(handle, threads, table.nodeColumns(), table.jobColumns(), settings),
        options,
      );
      const durationMs = this.#clock.now() - started;
      this.#calls += 1;
      this.#durationMs += durationMs;
      this.#scheduled += jobs.length;
      this.#placed += jobs.length - plan.unplaced.length;
      this.#generations += plan.generations;
      return table.plan(plan, durationMs);
    } finally {
      this.#queue -= 1;
    }
  }

  /** Places the jobs of lost nodes anew and leaves all others where they are, as far as room permits. */
  repair(
    jobs: readonly Job[],
    nodes: readonly JobNode[],
    assignment: readonly (string | null)[],
    lost: readonly string[],
  ): JobRepair {
    const table = new Table(jobs, nodes);
    const before = parse.list(assignment, 'assignment', JOBS_MAX) as readonly (string | null)[];
    const indexes = Int32Array.from(before, (id, at) =>
      id === null ? -1 : table.node(id, `assignment[${at}]`),
    );
    const gone = Uint32Array.from(lost, (id, at) => table.node(id, `lost[${at}]`));
    const found = call(() => addon.repairJobs(table.nodeColumns(), table.jobColumns(), indexes, gone));
    return {
      assignment: Array.from(found.assignment, (node) => table.nodeId(node)),
      moved: found.moved.map((job) => table.jobId(job)),
      movesLowerBound: found.movesLowerBound,
      unplaced: found.unplaced.map((entry) => table.unplaced(entry)),
    };
  }

  stats(): SchedulerStats {
    return {
      jobsScheduled: this.#scheduled,
      jobsPlaced: this.#placed,
      successRate: this.#scheduled === 0 ? null : this.#placed / this.#scheduled,
      avgPlacementLatencyMs: this.#calls === 0 ? null : this.#durationMs / this.#calls,
      queueLength: this.#queue,
      optimizationGenerations: this.#generations,
    };
  }
}

function settingsOf(options: ScheduleOptions): Parameters<typeof addon.scheduleJobs>[4] {
  runOptions(options);
  const weights = options.weights;
  if (weights) {
    parse.record(weights, 'weights');
    for (const name of Object.keys(weights)) parse.oneOf(name, `weights.${name}`, JOB_OBJECTIVES);
  }
  return {
    strategy: parse.oneOf(options.strategy ?? 'nsga_ii', 'strategy', PLACEMENT_STRATEGIES),
    population: parse.integer(options.population ?? SCHEDULE_POPULATION, 'population', 4, 100_000),
    generations: parse.integer(options.generations ?? SCHEDULE_GENERATIONS, 'generations', 0, 1_000_000),
    crossover: parse.finite(options.crossover ?? SCHEDULE_CROSSOVER, 'crossover', 0, 1),
    mutation: parse.finite(options.mutation ?? SCHEDULE_MUTATION, 'mutation', 0, 1),
    seed: parse.integer(options.seed ?? 1, 'seed', 0, Number.MAX_SAFE_INTEGER),
    weights: weights
      ? JOB_OBJECTIVES.map((name) => parse.finite(weights[name] ?? 0, `weights.${name}`, 0, 1e9))
      : null,
  };
}

/** Jobs and nodes, checked and numbered. */
class Table {
  readonly #jobs: readonly Job[];
  readonly #nodes: readonly JobNode[];
  readonly #nodeIndex = new Map<string, number>();
  readonly #models = new Map<string, number>();
  readonly #nodeColumns: NativeFleetColumns;
  readonly #jobColumns: NativeJobsColumns;

  constructor(jobs: readonly Job[], nodes: readonly JobNode[]) {
    parse.list(nodes, 'nodes', NODES_MAX);
    parse.list(jobs, 'jobs', JOBS_MAX);
    this.#nodes = nodes;
    this.#jobs = jobs;
    this.#nodeColumns = this.#columnsOfNodes();
    this.#jobColumns = this.#columnsOfJobs();
  }

  nodeColumns(): NativeFleetColumns {
    return this.#nodeColumns;
  }

  jobColumns(): NativeJobsColumns {
    return this.#jobColumns;
  }

  node(id: unknown, path: string): number {
    const index = this.#nodeIndex.get(parse.text(id, path));
    if (index === undefined) throw parse.invalid(path, 'the id of a node', id);
    return index;
  }

  nodeId(index: number): string | null {
    return this.#nodes[index]?.nodeId ?? null;
  }

  jobId(index: number): string {
    return this.#jobs[index]?.jobId ?? '';
  }

  unplaced(found: NativeUnplaced): UnplacedJob {
    const { kind, resource } = found;
    return { jobId: this.jobId(found.job), kind, resource, message: unplacedSentence(found) };
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
      contributions: objectivesAt(native.contributions, row),
      places: objectivesAt(native.places, row),
    }));
    const extremes = Object.fromEntries(
      JOB_OBJECTIVES.map((name, at) => [name, { best: native.best[at] ?? 0, worst: native.worst[at] ?? 0 }]),
    ) as SchedulePlan['extremes'];
    const { generations, evaluations, feasibleAtStart } = native;
    return {
      feasible: native.unplaced.length === 0,
      placed,
      unplaced: native.unplaced.map((entry) => this.unplaced(entry)),
      certificates: native.certificates.map((entry) => this.#certificate(entry)),
      front,
      chosen: native.chosen,
      choice: native.choice === 'weights' ? 'weights' : 'knee',
      objectives: objectivesAt(native.points, native.chosen),
      extremes,
      statistics: { generations, evaluations, feasibleAtStart, durationMs },
    };
  }

  #point(native: NativePlan, at: number): FrontPoint {
    const jobs = this.#jobs.length;
    return {
      objectives: objectivesAt(native.points, at),
      assignment: () =>
        Array.from(native.assignments.subarray(at * jobs, (at + 1) * jobs), (node) =>
          node === NO_NODE ? null : this.nodeId(node),
        ),
    };
  }

  #certificate(found: NativeJobCertificate): { kind: string; message: string } {
    const job = found.job ? this.jobId(found.job.job) : '';
    return { kind: found.kind, message: jobCertificateSentence(found, job) };
  }

  #model(name: string, path: string): number {
    const known = this.#models.get(name) ?? this.#models.size;
    if (known >= 32) throw parse.invalid(path, 'one of at most 32 GPU models', name);
    this.#models.set(name, known);
    return known;
  }

  #columnsOfNodes(): NativeFleetColumns {
    const rows = this.#nodes.map((node, at) => this.#parseNode(node, at, `nodes[${at}]`));
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
    const amount = (value: unknown, name: string, scale: number, fallback?: number): number =>
      Math.floor(scaled(parse.finite(value ?? fallback, `${path}.${name}`, 0, AMOUNT_MAX), scale));
    const gpuCount = parse.integer(node.gpus ?? 0, `${path}.gpus`, 0, GPUS_PER_NODE_MAX);
    const cpuMilli = amount(node.cpuCores, 'cpuCores', MILLI);
    const memoryMib = amount(node.memoryGb, 'memoryGb', MIB_PER_GB);
    const diskGib = amount(node.diskGb, 'diskGb', 1, 0);
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
      gpuModel: this.#model(
        parse.optional(node.gpuModel, '', (name) => parse.text(name, `${path}.gpuModel`)),
        path,
      ),
      cpuUsedMilli: amount(node.used?.cpuCores, 'used.cpuCores', MILLI, 0),
      memoryUsedMib: amount(node.used?.memoryGb, 'used.memoryGb', MIB_PER_GB, 0),
      diskUsedGib: amount(node.used?.diskGb, 'used.diskGb', 1, 0),
      latencyUs: Math.round(parse.finite(node.latencyMs, `${path}.latencyMs`, 0, 60_000) * 1000),
      trust: parse.integer(node.trust, `${path}.trust`, 0, 10_000),
      costMicro: rate(node.costPerHour, 'costPerHour'),
      priceMicro: rate(node.pricePerHour, 'pricePerHour'),
    };
  }

  #columnsOfJobs(): NativeJobsColumns {
    const sets = new NodeSets((id, path) => this.node(id, path));
    const seen = new Set<string>();
    const rows = this.#jobs.map((job, at) => {
      const row = this.#parseJob(job, `jobs[${at}]`, sets);
      if (seen.has(job.jobId)) throw parse.invalid(`jobs[${at}].jobId`, 'unique', job.jobId);
      seen.add(job.jobId);
      return row;
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
    parse.record(job, path);
    parse.text(job.jobId, `${path}.jobId`);
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

/** `value * scale` without the dust of binary fractions: 1.005 cores are 1005 thousandths, not a little less. */
function scaled(value: number, scale: number): number {
  return Number((value * scale).toFixed(6));
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

function objectivesAt(values: Float64Array | Uint32Array, row: number): JobObjectives {
  const from = row * JOB_OBJECTIVES.length;
  return Object.fromEntries(
    JOB_OBJECTIVES.map((name, at) => [name, values[from + at] ?? 0]),
  ) as unknown as JobObjectives;
}
