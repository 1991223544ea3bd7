/** Writing a run of many generations down, and going on from there. */
import * as parse from '../../parse.js';
import { CHECKPOINT_GENERATIONS, GENERATIONS_MAX } from './limits.js';

export interface CheckpointOptions {
  /** A checkpoint of an earlier run with the same problem and settings, to go on from. */
  readonly resume?: Uint8Array;
  /**
   * Called with a checkpoint every `checkpointGenerations` generations (default 100): what an aborted run
   * goes on from, by `resume`.
   */
  readonly onCheckpoint?: (checkpoint: Uint8Array) => void;
  readonly checkpointGenerations?: number;
}

export const CHECKPOINT_OPTIONS = ['resume', 'onCheckpoint', 'checkpointGenerations'];

/** The options, checked. */
export interface Checkpoints {
  readonly resume: Uint8Array | null;
  readonly onCheckpoint: ((checkpoint: Uint8Array) => void) | undefined;
  /** Generations from one checkpoint to the next. */
  readonly every: number;
}

export function checkpointsOf(options: CheckpointOptions): Checkpoints {
  const { onCheckpoint } = options;
  if (onCheckpoint !== undefined && typeof onCheckpoint !== 'function')
    throw parse.invalid('onCheckpoint', 'a function', onCheckpoint);
  const resume = parse.optional(options.resume, null, (bytes) => {
    if (!(bytes instanceof Uint8Array)) throw parse.invalid('resume', 'the bytes of a checkpoint', bytes);
    return bytes;
  });
  const every = options.checkpointGenerations ?? CHECKPOINT_GENERATIONS;
  return {
    resume,
    onCheckpoint,
    every: parse.integer(every, 'checkpointGenerations', 1, GENERATIONS_MAX),
  };
}
