/** Jobs, the nodes that take them, and what comes of placing them. */
import type { JobResource } from './job-sentences.js';

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

/** What is minimised, in the order in which the core counts it. */
export const JOB_OBJECTIVES = ['latency', 'loadBalance', 'trust', 'cost', 'price'] as const;
export type JobObjective = (typeof JOB_OBJECTIVES)[number];

/** One number per objective. Less is better in each. */
export interface JobObjectives {
  /** Mean round trip of the jobs' nodes in milliseconds, each job with the weight of its class. */
  readonly latency: number;
  /** Standard deviation of the nodes' loads, where a load is 0 to 1. */
  readonly loadBalance: number;
  /** Distrust, 0 to 1: 1 less the mean trust of the jobs' nodes, each job with the weight of its class. */
  readonly trust: number;
  /** What all jobs together cost for as long as they take, in the currency of `costPerHour`. */
  readonly cost: number;
  /** What all jobs together would sell for as long as they take, in the currency of `pricePerHour`. */
  readonly price: number;
}

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

export interface PlacedJob {
  readonly jobId: string;
  readonly nodeId: string;
  /** What the job adds to each objective; of `loadBalance`, which is no sum, its share of its node. */
  readonly contributions: JobObjectives;
  /** Place of the node in each objective's order of all nodes; 0 is best. */
  readonly places: JobObjectives;
}

export interface UnplacedJob {
  readonly jobId: string;
  readonly kind: string;
  /** The resource that is short, or null where no node is allowed. */
  readonly resource: JobResource | null;
  readonly message: string;
}

export interface JobCertificate {
  readonly kind: string;
  /** The resource that is scarce, or null where the kind has none. */
  readonly resource: JobResource | null;
  /**
   * Jobs that the proof is about where it is about some: one that fits no node, or those in each other's way.
   */
  readonly jobIds: readonly string[];
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
  /**
   * Whether that is certain: jobs without a node are only proved to be too many where there is a certificate.
   * False where no placement of all jobs was found and the search for one was cut short.
   */
  readonly proven: boolean;
  readonly placed: readonly PlacedJob[];
  readonly unplaced: readonly UnplacedJob[];
  /** Proofs that not all jobs can be placed, whatever the strategy; empty where none was found. */
  readonly certificates: readonly JobCertificate[];
  readonly front: readonly FrontPoint[];
  /** Index of the chosen point in `front`. */
  readonly chosen: number;
  /**
   * The rule that chose it: `knee` (nearest to the ideal point, every objective scaled) or `weights`; `only`
   * where there is one point, as with every strategy but `nsga_ii`.
   */
  readonly choice: 'knee' | 'weights' | 'only';
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

export interface JobRepair {
  /** Node of each job in the order of the jobs; null: none. */
  readonly assignment: readonly (string | null)[];
  /** Jobs that moved. */
  readonly moved: readonly string[];
  /** Moves that no repair can do without. */
  readonly movesLowerBound: number;
  readonly unplaced: readonly UnplacedJob[];
}
