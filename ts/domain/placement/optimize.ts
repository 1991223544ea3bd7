/** Multi-objective optimisation: NSGA-II over bounded reals, non-dominated sorting, quality indicators. */
import { INPUT_INVALID, QuorateError } from '../../errors.js';
import {
  addon,
  call,
  type NativeOptimizer,
  type NativeOptimizerSettings,
  type RunOptions,
  run,
  runOptions,
} from '../../native.js';
import * as parse from '../../parse.js';

/** Objectives of the caller's own: called once per population, on the JavaScript thread. */
export interface OptimizationProblem {
  /** Bounds of each variable, inclusive. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Objectives per individual; all are minimised. */
  readonly objectiveCount: number;
  /**
   * Computes the objectives of a whole population: `n` rows of variables in, `n` rows of objectives out,
   * row-major. With constraints it returns `violations` beside them: one number per row, 0 where it is
   * feasible.
   */
  evaluate(
    population: Float64Array,
  ): Float64Array | { readonly objectives: Float64Array; readonly violations: Float64Array };
}

/**
 * A built-in test problem by name (`ZDT1`..., `DTLZ7`, `WFG1`..., `MW1`..., `C1-DTLZ1`...), in its standard
 * size.
 */
export interface BuiltinProblem {
  readonly name: string;
  /** For problems that scale. */
  readonly objectiveCount?: number;
}

export interface OptimizeOptions extends RunOptions {
  /** Individuals, even, at least 4. Default 100. */
  readonly population?: number;
  /** Generations after generation 0. Default 250. */
  readonly generations?: number;
  /** Same seed, same bits, whatever the threads. Default 1. */
  readonly seed?: number;
  /** Threads of the CPU pool; 0 (the default) is one per core. */
  readonly threads?: number;
  /** What an infeasible individual is worth. Default `feasibility-first`. */
  readonly constraints?: 'feasibility-first' | 'epsilon-level';
  /**
   * Ends the run when the hypervolume grew by less than `gainMin` (relative) over `generations`. Default:
   * never.
   */
  readonly stagnation?: { readonly generations: number; readonly gainMin: number };
  /** SBX: probability and distribution index. Defaults 0.9 and 15. */
  readonly crossover?: { readonly probability?: number; readonly eta?: number };
  /** Polynomial mutation: probability per variable and distribution index. Defaults 1/variables and 20. */
  readonly mutation?: { readonly probability?: number; readonly eta?: number };
  /** The `checkpoint` of an earlier run with the same problem and settings, to go on from. */
  readonly resume?: Uint8Array;
  /**
   * Called with a checkpoint every `checkpointGenerations` generations, for runs with objectives of one's
   * own.
   */
  readonly onCheckpoint?: (checkpoint: Uint8Array) => void;
  readonly checkpointGenerations?: number;
}

export interface OptimizeResult {
  /** The feasible first front: `n` rows of variables, row-major. */
  readonly variables: Float64Array;
  /** `n` rows of objectives, row-major. */
  readonly objectives: Float64Array;
  /** Whether any feasible individual was found. */
  readonly feasible: boolean;
  /** Smallest constraint violation in the population; 0 where feasible. */
  readonly violationMin: number;
  readonly generations: number;
  readonly evaluations: number;
  readonly stoppedBy: 'generations' | 'stagnation';
  /** The final state: pass it as `resume` with more generations to go on. */
  readonly checkpoint: Uint8Array;
}

const POPULATION_MAX = 2 ** 20;
const GENERATIONS_MAX = 10_000_000;
const THREADS_MAX = 256;
const ETA_MAX = 1e6;
const CHECKPOINT_GENERATIONS = 100;

/**
 * Ranks of row-major objectives, all minimised; rank 0 is best, equal points share a rank. Throws
 * QRT_ERR_NSGA2_SHAPE or QRT_ERR_NSGA2_NOT_A_NUMBER.
 */
export function nonDominatedSort(objectives: Float64Array, objectiveCount: number): Uint32Array {
  floats(objectives, 'objectives');
  parse.integer(objectiveCount, 'objectiveCount', 1, 64);
  return call(() => addon.nonDominatedSort(objectives, objectiveCount));
}

/** Exact hypervolume of minimised points (row-major) against a reference point of 1 to 5 objectives. */
export function hypervolume(points: Float64Array, reference: Float64Array): number {
  floats(points, 'points');
  floats(reference, 'reference');
  return call(() => addon.hypervolume(points, reference));
}

/** IGD+ (Ishibuchi et al. 2015) of points against a reference front, both row-major; 0 is best. */
export function igdPlus(points: Float64Array, front: Float64Array, objectiveCount: number): number {
  floats(points, 'points');
  floats(front, 'front');
  parse.integer(objectiveCount, 'objectiveCount', 1, 64);
  return call(() => addon.igdPlus(points, front, objectiveCount));
}

/** Additive epsilon (Zitzler et al. 2003): how far points must move to weakly dominate the front. */
export function additiveEpsilon(points: Float64Array, front: Float64Array, objectiveCount: number): number {
  floats(points, 'points');
  floats(front, 'front');
  parse.integer(objectiveCount, 'objectiveCount', 1, 64);
  return call(() => addon.additiveEpsilon(points, front, objectiveCount));
}

/** Names of the built-in problems. */
export function builtinProblems(): string[] {
  return addon.builtinProblems();
}

/**
 * Runs NSGA-II (Deb et al. 2002). Sorting and breeding run off the JavaScript thread; objectives of one's own
 * are called once per generation with the whole population.
 */
export async function optimize(
  problem: OptimizationProblem | BuiltinProblem | string,
  options: OptimizeOptions = {},
): Promise<OptimizeResult> {
  const settings = settingsOf(options);
  const threads = parse.integer(options.threads ?? 0, 'threads', 0, THREADS_MAX);
  const resume = parse.optional(options.resume, null, (bytes) => {
    if (!(bytes instanceof Uint8Array)) throw parse.invalid('resume', 'the bytes of a checkpoint', bytes);
    return bytes;
  });
  if (typeof problem !== 'string') parse.record(problem, 'problem');
  if (typeof problem === 'string' || !('evaluate' in problem)) {
    const { name, objectiveCount = null } = typeof problem === 'string' ? { name: problem } : problem;
    parse.text(name, 'problem');
    parse.optional(objectiveCount, null, (count) => parse.integer(count, 'problem.objectiveCount', 1, 64));
    const optimizer = call(() => addon.NativeOptimizer.builtin(name, objectiveCount, settings, resume));
    await run((handle) => optimizer.run(handle, threads), options);
    return resultOf(optimizer);
  }
  const { lower, upper, objectiveCount } = outsideProblem(problem);
  const optimizer = call(() => addon.NativeOptimizer.outside(lower, upper, objectiveCount, settings, resume));
  await drive(optimizer, problem, threads, settings.generations, options);
  return resultOf(optimizer);
}

/** Asks, evaluates and tells until the run ends. */
async function drive(
  optimizer: NativeOptimizer,
  problem: OptimizationProblem,
  threads: number,
  generations: number,
  options: OptimizeOptions,
): Promise<void> {
  const every = parse.integer(
    options.checkpointGenerations ?? CHECKPOINT_GENERATIONS,
    'checkpointGenerations',
    1,
    GENERATIONS_MAX,
  );
  for (;;) {
    options.signal?.throwIfAborted();
    const population = call(() => optimizer.ask());
    if (population.length === 0) return;
    const rows = population.length / problem.lower.length;
    const { objectives, violations } = evaluated(problem, population, rows);
    await run((handle) => optimizer.tell(handle, threads, objectives, violations), {
      signal: options.signal,
    });
    const generation = optimizer.generation();
    options.onProgress?.(generation, generations);
    if (options.onCheckpoint && generation > 0 && generation % every === 0) {
      options.onCheckpoint(call(() => optimizer.checkpoint()));
    }
  }
}

function evaluated(
  problem: OptimizationProblem,
  population: Float64Array,
  rows: number,
): { objectives: Float64Array; violations: Float64Array | null } {
  const answer: unknown = problem.evaluate(population);
  const bare = answer instanceof Float64Array;
  const parts = bare ? {} : parse.record(answer, 'evaluate()');
  const objectives = floats(bare ? answer : parts['objectives'], 'evaluate().objectives');
  const violations = 'violations' in parts ? floats(parts['violations'], 'evaluate().violations') : null;
  const expected = rows * problem.objectiveCount;
  if (objectives.length !== expected) {
    throw new QuorateError(
      INPUT_INVALID,
      `evaluate() must return ${expected} objectives, not ${objectives.length}`,
      {
        field: 'evaluate().objectives',
      },
    );
  }
  return { objectives, violations };
}

function outsideProblem(problem: OptimizationProblem): OptimizationProblem {
  floats(problem.lower, 'problem.lower');
  floats(problem.upper, 'problem.upper');
  parse.integer(problem.objectiveCount, 'problem.objectiveCount', 1, 64);
  if (typeof problem.evaluate !== 'function') {
    throw parse.invalid('problem.evaluate', 'a function of the population', problem.evaluate);
  }
  return problem;
}

function settingsOf(options: OptimizeOptions): NativeOptimizerSettings {
  runOptions(options);
  const { stagnation } = options;
  const part = (owner: 'crossover' | 'mutation', name: 'probability' | 'eta', max: number): number | null => {
    const given: Record<string, unknown> = parse.record(options[owner] ?? {}, owner);
    return parse.optional(given[name], null, (value) => parse.finite(value, `${owner}.${name}`, 0, max));
  };
  const constraints = options.constraints ?? 'feasibility-first';
  parse.oneOf(constraints, 'constraints', ['feasibility-first', 'epsilon-level']);
  return {
    population: parse.integer(options.population ?? 100, 'population', 4, POPULATION_MAX),
    generations: parse.integer(options.generations ?? 250, 'generations', 0, GENERATIONS_MAX),
    seed: parse.integer(options.seed ?? 1, 'seed', 0, Number.MAX_SAFE_INTEGER),
    epsilonLevel: constraints === 'epsilon-level',
    stagnationGenerations: stagnation
      ? parse.integer(stagnation.generations, 'stagnation.generations', 1, 1e6)
      : null,
    stagnationGainMin: stagnation ? parse.finite(stagnation.gainMin, 'stagnation.gainMin', 0, 1) : null,
    crossoverProbability: part('crossover', 'probability', 1),
    crossoverEta: part('crossover', 'eta', ETA_MAX),
    mutationProbability: part('mutation', 'probability', 1),
    mutationEta: part('mutation', 'eta', ETA_MAX),
  };
}

function resultOf(optimizer: NativeOptimizer): OptimizeResult {
  const { stoppedBy, ...front } = call(() => optimizer.front());
  return {
    ...front,
    feasible: front.objectives.length > 0,
    stoppedBy: stoppedBy === 'stagnation' ? 'stagnation' : 'generations',
    checkpoint: call(() => optimizer.checkpoint()),
  };
}

function floats(value: unknown, path: string): Float64Array {
  if (!(value instanceof Float64Array)) throw parse.invalid(path, 'a Float64Array', value);
  return value;
}
