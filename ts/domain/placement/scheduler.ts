/**
 * Jobs onto nodes: by NSGA-II over five objectives, or by one greedy rule; hard capacities hold in every
 * case.
 */
import { addon, type NativePlan, type RunOptions, run, runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import { type Clock, clockOf } from '../../ports/clock.js';
import {
  CHECKPOINT_OPTIONS,
  type CheckpointOptions,
  type Checkpoints,
  checkpointsOf,
} from './checkpoints.js';
import { inInput, JobTable } from './job-table.js';
import {
  JOB_OBJECTIVES,
  type Job,
  type JobNode,
  type JobObjectives,
  type JobRepair,
  PLACEMENT_STRATEGIES,
  type PlacementStrategy,
  type SchedulePlan,
} from './jobs.js';
import {
  JOBS_MAX,
  NODES_MAX,
  SCHEDULE_CROSSOVER,
  SCHEDULE_GENERATIONS,
  SCHEDULE_MUTATION,
  SCHEDULE_POPULATION,
} from './limits.js';

export {
  type FrontPoint,
  JOB_CLASSES,
  JOB_OBJECTIVES,
  type Job,
  type JobCertificate,
  type JobClass,
  type JobNode,
  type JobObjective,
  type JobObjectives,
  type JobRepair,
  PLACEMENT_STRATEGIES,
  type PlacedJob,
  type PlacementStrategy,
  type SchedulePlan,
  type UnplacedJob,
} from './jobs.js';

/**
 * `resume` goes on with the same jobs, nodes and settings, but that more `generations` and other `weights`
 * may be asked for; the checkpoint of other jobs or nodes is refused with QRT_ERR_NSGA2_CHECKPOINT_MISMATCH.
 * Only `nsga_ii` has generations to go on with.
 */
export interface ScheduleOptions extends RunOptions, CheckpointOptions {
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
  /** 0 (default): one per core. More than there are cores are taken as one per core. */
  readonly threads?: number;
  /** Weight of each objective in the choice of a point; default: the knee, where all weigh the same. */
  readonly weights?: Partial<JobObjectives>;
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

const RUN_OPTIONS = ['signal', 'onProgress'];
const OPTIONS = [
  ...RUN_OPTIONS,
  'strategy',
  'population',
  'generations',
  'crossover',
  'mutation',
  'seed',
  'threads',
  'weights',
  ...CHECKPOINT_OPTIONS,
];

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
    this.#clock = clockOf(parse.record(options, 'options')['clock'], 'options.clock');
  }

  /**
   * Places every job that can be placed and gives a reason for every other one. Throws QRT_ERR_INPUT_INVALID
   * or QRT_ERR_PLACEMENT_* for bad input; jobs that do not fit are an answer, not an error.
   *
   * The work is done off the JavaScript thread and ends within about 10 ms of an abort, or with the placement
   * that is being evaluated: some tens of milliseconds where tens of thousands of jobs all ask for something
   * else. On that thread remain the check of the input and the making of the answer: about 100 ms for 20,000
   * jobs and 10,000 nodes.
   */
  async schedule(
    jobs: readonly Job[],
    nodes: readonly JobNode[],
    options: ScheduleOptions = {},
  ): Promise<SchedulePlan> {
    const table = new JobTable(jobs, nodes);
    const settings = settingsOf(options);
    const threads = parse.integer(options.threads ?? 0, 'threads', 0, 256);
    const pace = { ...runOptions(options), threads, ...checkpointsOf(options) };
    this.#queue += 1;
    const started = this.#clock.now();
    try {
      const plan = await planOf(table, settings, pace);
      const durationMs = this.#clock.now() - started;
      this.#calls += 1;
      this.#durationMs += durationMs;
      this.#scheduled += table.jobCount;
      this.#placed += table.jobCount - plan.unplaced.length;
      this.#generations += plan.generations;
      return table.plan(plan, durationMs);
    } finally {
      this.#queue -= 1;
    }
  }

  /**
   * Places the jobs of lost nodes anew and leaves all others where they are, as far as room permits. Off the
   * JavaScript thread, as `schedule`.
   */
  async repair(
    jobs: readonly Job[],
    nodes: readonly JobNode[],
    assignment: readonly (string | null)[],
    lost: readonly string[],
    options: RunOptions = {},
  ): Promise<JobRepair> {
    runOptions(options);
    parse.keys(options, '', RUN_OPTIONS);
    const table = new JobTable(jobs, nodes);
    const before = Int32Array.from(parse.list(assignment, 'assignment', JOBS_MAX), (id, at) =>
      id === null ? -1 : table.node(id, `assignment[${at}]`),
    );
    const gone = Uint32Array.from(parse.list(lost, 'lost', NODES_MAX), (id, at) =>
      table.node(id, `lost[${at}]`),
    );
    const found = await run(
      (handle) => addon.repairJobs(handle, table.nodeColumns, table.jobColumns, before, gone),
      options,
      inInput,
    );
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

/** How a run is paced: on how many threads, from where, how it is watched, stopped and written down. */
interface Pace extends RunOptions, Checkpoints {
  readonly threads: number;
}

/** Runs to the end, with a stop at each generation that is to be written down. */
async function planOf(
  table: JobTable,
  settings: Parameters<typeof addon.scheduleJobs>[4],
  { threads, signal, onProgress, resume, onCheckpoint, every }: Pace,
): Promise<NativePlan> {
  const pause = onCheckpoint ? every : null;
  let [from, total] = [0, 0];
  // A new leg has not counted anything yet.
  const report = (done: number, all: number): void => {
    [from, total] = [Math.max(from, done), Math.max(total, all)];
    onProgress?.(from, total);
  };
  for (let checkpoint = resume; ; ) {
    const leg = { checkpoint, pause };
    const { nodeColumns, jobColumns } = table;
    const came = await run(
      (handle) => addon.scheduleJobs(handle, threads, nodeColumns, jobColumns, settings, leg),
      { signal, onProgress: onProgress && report },
      (field) => (field === 'checkpoint' ? 'resume' : inInput(field)),
    );
    if (came.checkpoint) onCheckpoint?.(came.checkpoint);
    if (came.plan) return came.plan;
    checkpoint = came.checkpoint;
  }
}

function settingsOf(options: ScheduleOptions): Parameters<typeof addon.scheduleJobs>[4] {
  runOptions(options);
  parse.keys(options, '', OPTIONS);
  const weights = options.weights;
  if (weights) parse.keys(parse.record(weights, 'weights'), 'weights', JOB_OBJECTIVES);
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
