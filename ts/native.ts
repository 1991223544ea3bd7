/**
 * The only importer of the generated loader. Everything native goes through `call` or `run`, so that a
 * failure of the core becomes one `QuorateError`, with the stack of the caller.
 */
import { createRequire } from 'node:module';
import type * as Addon from '../native.cjs';
import { INPUT_INVALID, NATIVE_LOAD, QuorateError, type QuorateErrorCode } from './errors.js';
import * as parse from './parse.js';

export type * from '../native.cjs';

/** How long work is watched and stopped. */
export interface RunOptions {
  /** Aborting ends the run within about 10 ms; the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called about ten times a second with the units of work done and in all (0 where unknown). */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

const PROGRESS_INTERVAL_MS = 100;

/** Checks what a caller passes as the options of a run, before anything starts. */
export function runOptions(options: unknown): RunOptions {
  const { signal, onProgress } = parse.record(options, 'options');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw parse.invalid('signal', 'an AbortSignal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw parse.invalid('onProgress', 'a function', onProgress);
  return { signal, onProgress: onProgress as RunOptions['onProgress'] };
}

export const addon: typeof Addon = load();

function load(): typeof Addon {
  try {
    return createRequire(import.meta.url)('../native.cjs') as typeof Addon;
  } catch (error) {
    throw loadError(error);
  }
}

/**
 * napi's loader hides the reason behind a chain of causes that starts with unrelated look-ups: say what
 * matters.
 */
function loadError(error: unknown): QuorateError {
  const reasons: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_FAILED') reasons.push(at.message);
  }
  const platform = `${process.platform}-${process.arch}, Node ${process.versions.node}`;
  const reason = reasons.at(0) ?? 'no binary for this platform is installed';
  const remedy =
    'in a checkout run `npm run build`; else `npm install quorate` again, on a supported platform';
  return new QuorateError(
    NATIVE_LOAD,
    `the native addon does not load on ${platform}: ${reason}; ${remedy}`,
    {
      cause: error,
    },
  );
}

function isFailure(value: unknown): value is Addon.NativeFailure {
  return typeof value === 'object' && value !== null && 'retryable' in value && 'code' in value;
}

/** How a caller calls what the core calls `field`. */
export type Rename = (field: string) => string;

function unwrap<T>(outcome: Addon.NativeFailure | T, rename: Rename = (field) => field): T {
  if (!isFailure(outcome)) return outcome;
  const { code, message, details, retryable } = outcome;
  const own = details.field ?? '';
  const field = rename(own);
  // Most messages begin with the field.
  const text = own !== '' && message.startsWith(own) ? field + message.slice(own.length) : message;
  throw new QuorateError(code as QuorateErrorCode, text, { field: own === '' ? null : field, retryable });
}

/** What napi throws where an argument does not convert, before any code of ours runs. */
const CONVERSION = /^(InvalidArg|[A-Z][A-Za-z]*Expected)$/;

function refused(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof QuorateError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (!CONVERSION.test(code ?? '')) return error;
  return new QuorateError(INPUT_INVALID, `an argument is of the wrong kind: ${error.message}`, {
    cause: error,
  });
}

function rethrow(thrown: { readonly error: unknown } | null): void {
  if (thrown) throw thrown.error;
}

/** Makes a short native call, or throws a `QuorateError`. */
export function call<T>(native: () => Addon.NativeFailure | T, rename?: Rename): T {
  try {
    return unwrap(native(), rename);
  } catch (error) {
    throw refused(error);
  }
}

/** Waits for a native reply that can neither be stopped nor watched. */
export async function settle<T>(native: () => Promise<Addon.NativeFailure | T>, rename?: Rename): Promise<T> {
  try {
    return unwrap(await native(), rename);
  } catch (error) {
    throw refused(error);
  }
}

/** Makes a long native call with abort and progress; the JavaScript thread stays free. */
export async function run<T>(
  native: (handle: Addon.NativeRun) => Promise<Addon.NativeFailure | T>,
  options: RunOptions = {},
  rename?: Rename,
): Promise<T> {
  const { signal, onProgress } = runOptions(options);
  signal?.throwIfAborted();
  const handle = new addon.NativeRun();
  const cancel = (): void => handle.cancel();
  let thrown: { readonly error: unknown } | null = null;
  // What the callback throws ends the run and belongs to its caller: thrown in a timer it would end the
  // process.
  const report =
    onProgress &&
    ((): void => {
      try {
        onProgress(handle.done(), handle.total());
      } catch (error) {
        thrown ??= { error };
        cancel();
      }
    });
  const timer = report && setInterval(report, PROGRESS_INTERVAL_MS).unref();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const outcome = await native(handle);
    // A run that ended before it saw the abort has a result, but nobody wants it any more.
    signal?.throwIfAborted();
    report?.();
    rethrow(thrown);
    return unwrap(outcome, rename);
  } catch (error) {
    throw refused(error);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
  }
}
