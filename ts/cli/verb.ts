import type { ParseArgsConfig } from 'node:util';

/**
 * 0 yes; 1 the answer is no (infeasible, invalid); 2 bad input or usage; 3 a defect of ours; 130 interrupted.
 */
export const EXIT = { yes: 0, no: 1, badInput: 2, defect: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** What a verb is given besides its arguments. */
export interface VerbContext {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** `--json`: one JSON document on stdout and nothing else. */
  readonly json: boolean;
  print(text: string): void;
}

/** One thing the command line can do. */
export interface Verb {
  /** As it is typed, such as `quorum select`. */
  readonly name: string;
  readonly summary: string;
  /** What follows the name, such as `FILE [--level LEVEL]`. */
  readonly usage: string;
  /** Lines of help, one per option. */
  readonly help: readonly string[];
  /** A command a reader can run in a checkout. */
  readonly example: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Arguments it takes besides options; more are a mistake, never ignored. */
  readonly positionals: number;
  /** Loads what does the work, and does it. */
  run(context: VerbContext): Promise<ExitCode>;
}
