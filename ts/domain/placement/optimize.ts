/**
 * Multi-objective optimisation: NSGA-II over bounded reals and integers, non-dominated sorting, quality
 * indicators.
 */
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
import {
  CHECKPOINT_OPTIONS,
  type CheckpointOptions,
  type Checkpoints,
  checkpointsOf,
} from './checkpoints.js';
import { GENERATIONS_MAX } from './limits.js';

/** Objectives of the caller's own: called once per population, on the JavaScript thread. */
export interface OptimizationProblem {
  /** Bounds of each variable, inclusive. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Objectives per individual; all are minimised. */
  readonly objectiveCount: number;
  /** Whether variables are whole numbers; bounds are then too, and safe integers. Default: reals. */
  readonly integer?: boolean;
  /**
   * Makes individuals valid before they are judged, such as by taking out of a knapsack what is too heavy:
   * `n` rows of variables in, as many out, within the bounds; it may change and return what it got. What it
   * returns is what `evaluate` gets, what survives and what is bred from. Called once per population.
   */
  repair?(population: Float64Array): Float64Array;
  /**
   * Computes the objectives of a whole population: `n` rows of variables in, `n` rows of objectives out,
   * row-major. With constraints it returns `violations` beside them: one number per row, the sum of what is
   * violated; 0 or less is feasible.
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

/**
 * `resume` refuses the checkpoint of another problem as far as bounds, operators and the name of a built-in
 * tell; that objectives of one's own are the same ones is for the caller to see to.
 */
export interface OptimizeOptions extends RunOptions, CheckpointOptions {
  /** Individuals, even, at least 4. Default 100. */
  readonly population?: number;
  /** Generations after generation 0. Default 250. */
  readonly generations?: number;
  /** Same seed, same bits, whatever the threads. Default 1. */
  readonly seed?: number;
  /** Threads of the CPU pool; 0 (the default) is one per core, and more than that are taken as that. */
  readonly threads?: number;
  /** What an infeasible individual is worth. Default `feasibility-first`. */
  readonly constraints?: 'feasibility-first' | 'epsilon-level';
  /**
   * Ends the run when the hypervolume grew by less than `gainMin` (relative) over `generations`. Default:
   * never.
   */
  readonly stagnation?: { readonly generations: number; readonly gainMin: number };
  /**
   * Probability that two parents are recombined, default 0.9. Of reals by SBX with distribution index `eta`,
   * default 15; of integers by exchanging variables one by one (`uniform`, the default), or segments.
   */
  readonly crossover?: {
    readonly probability?: number;
    readonly eta?: number;
    readonly kind?: (typeof INTEGER_CROSSOVERS)[number];
  };
  /**
   * Probability that a variable is mutated, default 1/variables. Of reals by polynomial mutation with
   * distribution index `eta`, default 20. Of integers by a small step (`creep`), a new value (`reset`),
   * either (`creep-and-reset`, the default), or an exchange with another variable (`swap`), for assignments
   * in which each value is to stay as frequent as it is: with a crossover of probability 0 it does.
   */
  readonly mutation?: {
    readonly probability?: number;
    readonly eta?: number;
    readonly kind?: (typeof INTEGER_MUTATIONS)[number];
  };
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

/** How integers are recombined. */
export const INTEGER_CROSSOVERS = ['uniform', 'one-point', 'two-point'] as const;
/** How integers are mutated. */
export const INTEGER_MUTATIONS = ['creep-and-reset', 'creep', 'reset', 'swap'] as const;

const POPULATION_MAX = 2 ** 20;
const THREADS_MAX = 256;
const ETA_MAX = 1e6;
const VIOLATIONS = 'evaluate().violations';
const OPTIONS = [
  'population',
  'generations',
  'seed',
  'threads',
  'constraints',
  'stagnation',
  'crossover',
  'mutation',
  ...CHECKPOINT_OPTIONS,
  'signal',
  'onProgress',
];

/**
 * Ranks of row-major objectives, all minimised; rank 0 is best, equal points share a rank. Throws
 * QRT_ERR_NSGA2_SHAPE or QRT_ERR_NSGA2_NOT_A_NUMBER.
 */
export function nonDominatedSort(objectives: Float64Array, objectiveCount: number): Uint32Array {
  floats(objectives, 'objectives');
  parse.integer(objectiveCount, 'objectiveCount', 1, 64);
  const ranks = new Uint32Array(objectives.length / objectiveCount);
  call(() => addon.nonDominatedSort(objectives, objectiveCount, ranks));
  return ranks;
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
 * Runs NSGA-II (Deb, Pratap, Agarwal and Meyarivan 2002). Sorting and breeding run off the JavaScript thread;
 * objectives of one's own are called once per generation with the whole population.
 *
 * It differs from the paper's code in four ways: the crossover is SBX of 1995 with children cut off at the
 * bounds, not the form that shrinks near them; one mutation in twenty draws its variable anew; no child
 * equals its parent; and the last front is pruned one point at a time, with crowding distances measured anew.
 *
 * A violation of 0 or less is feasible; `feasibility-first` prefers any feasible individual to any other.
 */
export async function optimize(
  problem: OptimizationProblem | BuiltinProblem | string,
  options: OptimizeOptions = {},
): Promise<OptimizeResult> {
  if (typeof problem !== 'string') parse.record(problem, 'problem');
  const own = typeof problem !== 'string' && 'evaluate' in problem ? outsideProblem(problem) : null;
  const settings = settingsOf(options, own?.integer ?? false);
  const pace = paceOf(options, settings.generations);
  if (own === null) {
    const { name, objectiveCount = null } = builtinProblem(problem);
    const optimizer = call(
      () => addon.NativeOptimizer.builtin(name, objectiveCount, settings, pace.resume),
      inOptions,
    );
    await runBuiltin(optimizer, pace);
    return resultOf(optimizer);
  }
  const { lower, upper, objectiveCount } = own;
  const optimizer = call(
    () => addon.NativeOptimizer.outside(lower, upper, objectiveCount, settings, pace.resume),
    inOptions,
  );
  await runOutside(optimizer, own, pace);
  return resultOf(optimizer);
}

/** How a run is paced: on how many threads, how it is watched and stopped, how often it is written down. */
interface Pace extends RunOptions, Checkpoints {
  readonly threads: number;
  readonly generations: number;
}

function paceOf(options: OptimizeOptions, generations: number): Pace {
  return {
    ...runOptions(options),
    threads: parse.integer(options.threads ?? 0, 'threads', 0, THREADS_MAX),
    generations,
    ...checkpointsOf(options),
  };
}

/** Runs to the end, with a stop at each generation that is to be written down. */
async function runBuiltin(optimizer: NativeOptimizer, pace: Pace): Promise<void> {
  const { signal, onProgress, threads, generations, every } = pace;
  for (;;) {
    const from = call(() => optimizer.generation());
    const to = pace.onCheckpoint ? (Math.floor(from / every) + 1) * every : generations;
    await run((handle) => optimizer.run(handle, threads, to), {
      signal,
      // A new leg has not counted anything yet.
      onProgress: onProgress && ((done): void => onProgress(Math.max(done, from), generations)),
    });
    writeDown(optimizer, pace);
    if (call(() => optimizer.ended())) return;
  }
}

/** Asks, evaluates and tells until the run ends. */
async function runOutside(
  optimizer: NativeOptimizer,
  problem: OptimizationProblem,
  pace: Pace,
): Promise<void> {
  const { signal, onProgress, threads, generations } = pace;
  for (;;) {
    signal?.throwIfAborted();
    const asked = call(() => optimizer.ask());
    if (asked.length === 0) return;
    const population = repaired(optimizer, problem, asked);
    const rows = population.length / problem.lower.length;
    const { objectives, violations } = evaluated(problem, population, rows);
    const told = (field: string): string => `evaluate().${field}`;
    await run((handle) => optimizer.tell(handle, threads, objectives, violations), { signal }, told);
    onProgress?.(
      call(() => optimizer.generation()),
      generations,
    );
    writeDown(optimizer, pace);
  }
}

function writeDown(optimizer: NativeOptimizer, { onCheckpoint, every }: Pace): void {
  const generation = call(() => optimizer.generation());
  if (onCheckpoint && generation > 0 && generation % every === 0)
    onCheckpoint(call(() => optimizer.checkpoint()));
}

/** The names of the core's fields as a caller of `optimize` knows them. */
function inOptions(field: string): string {
  if (field === 'checkpoint') return 'resume';
  const operator = /^operators\.(crossover|mutation)(Probability|Eta|Kind)$/.exec(field);
  if (operator) return `${operator[1]}.${operator[2]?.toLowerCase()}`;
  return /^(lower|upper|objectiveCount)/.test(field) ? `problem.${field}` : field;
}

/** What is evaluated in place of what was asked for. */
function repaired(
  optimizer: NativeOptimizer,
  problem: OptimizationProblem,
  asked: Float64Array,
): Float64Array {
  if (problem.repair === undefined) return asked;
  const variables = floats(problem.repair(asked), 'repair()');
  call(
    () => optimizer.amend(variables),
    (field) => field.replace('variables', 'repair()'),
  );
  return variables;
}

function evaluated(
  problem: OptimizationProblem,
  population: Float64Array,
  rows: number,
): { objectives: Float64Array; violations: Float64Array | null } {
  const answer: unknown = problem.evaluate(population);
  const bare = answer instanceof Float64Array;
  if (!bare && (typeof answer !== 'object' || answer === null || !('objectives' in answer))) {
    const found = Array.isArray(answer)
      ? 'an array'
      : answer instanceof Promise
        ? 'a promise'
        : typeof answer;
    const expected = 'evaluate() must return a Float64Array or { objectives, violations }';
    throw new QuorateError(INPUT_INVALID, `${expected}, not ${found}`, { field: 'evaluate()' });
  }
  const parts: Record<string, unknown> = bare ? {} : { ...answer };
  const objectives = floats(bare ? answer : parts['objectives'], 'evaluate().objectives');
  const violations = parts['violations'] === undefined ? null : floats(parts['violations'], VIOLATIONS);
  for (const [field, values, expected] of [
    ['evaluate().objectives', objectives, rows * problem.objectiveCount],
    [VIOLATIONS, violations, rows],
  ] as const) {
    if (values === null || values.length === expected) continue;
    const message = `${field} must have ${expected} numbers, not ${values.length}`;
    throw new QuorateError(INPUT_INVALID, message, { field });
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
  if (problem.repair !== undefined && typeof problem.repair !== 'function') {
    throw parse.invalid('problem.repair', 'a function of the population', problem.repair);
  }
  parse.optional(problem.integer, false, (integer) => parse.flag(integer, 'problem.integer'));
  return problem;
}

function builtinProblem(problem: BuiltinProblem | OptimizationProblem | string): BuiltinProblem {
  const builtin = typeof problem === 'string' ? { name: problem } : (problem as BuiltinProblem);
  parse.text(builtin.name, 'problem');
  parse.optional(builtin.objectiveCount, null, (count) =>
    parse.integer(count, 'problem.objectiveCount', 1, 64),
  );
  return builtin;
}

function settingsOf(options: OptimizeOptions, integer: boolean): NativeOptimizerSettings {
  parse.keys(parse.record(options, 'options'), '', OPTIONS);
  const group = (owner: 'crossover' | 'mutation' | 'stagnation', names: readonly string[]) => {
    const given = parse.record(options[owner] ?? {}, owner);
    parse.keys(given, owner, names);
    return given;
  };
  const stagnation = options.stagnation && group('stagnation', ['generations', 'gainMin']);
  // The distribution indexes are of reals, the kinds of integers.
  const names = ['probability', integer ? 'kind' : 'eta'];
  const part = (owner: 'crossover' | 'mutation', name: 'probability' | 'eta', max: number): number | null => {
    const given = group(owner, names)[name];
    return parse.optional(given, null, (value) => parse.finite(value, `${owner}.${name}`, 0, max));
  };
  const kind = <const T extends string>(owner: 'crossover' | 'mutation', kinds: readonly [T, ...T[]]): T =>
    parse.optional(group(owner, names)['kind'], kinds[0], (value) =>
      parse.oneOf(value, `${owner}.kind`, kinds),
    );
  const constraints = options.constraints ?? 'feasibility-first';
  parse.oneOf(constraints, 'constraints', ['feasibility-first', 'epsilon-level']);
  return {
    population: parse.integer(options.population ?? 100, 'population', 4, POPULATION_MAX),
    generations: parse.integer(options.generations ?? 250, 'generations', 0, GENERATIONS_MAX),
    seed: parse.integer(options.seed ?? 1, 'seed', 0, Number.MAX_SAFE_INTEGER),
    epsilonLevel: constraints === 'epsilon-level',
    stagnationGenerations: stagnation
      ? parse.integer(stagnation['generations'], 'stagnation.generations', 1, 1e6)
      : null,
    stagnationGainMin: stagnation ? parse.finite(stagnation['gainMin'], 'stagnation.gainMin', 0, 1) : null,
    crossoverProbability: part('crossover', 'probability', 1),
    crossoverEta: part('crossover', 'eta', ETA_MAX),
    mutationProbability: part('mutation', 'probability', 1),
    mutationEta: part('mutation', 'eta', ETA_MAX),
    integer: integer
      ? { crossover: kind('crossover', INTEGER_CROSSOVERS), mutation: kind('mutation', INTEGER_MUTATIONS) }
      : null,
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
