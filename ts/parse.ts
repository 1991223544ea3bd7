/**
 * Turns unknown input into typed values, or throws a `QuorateError` that names the field. Parse once, at the
 * door.
 */
import { INPUT_INVALID, QuorateError } from './errors.js';

/** Longest text any field may have, unless it says otherwise. */
const TEXT_LENGTH_MAX = 256;

export function invalid(path: string, expected: string, value: unknown): QuorateError {
  return new QuorateError(INPUT_INVALID, `${path} must be ${expected}, not ${describe(value)}`, {
    field: path,
  });
}

/** What a check of one record refused, named by where that stands. Its message begins with its field. */
export function below(path: string, refused: unknown): unknown {
  if (!(refused instanceof QuorateError) || refused.details.field === null) return refused;
  const { code, message, details, retryable } = refused;
  return new QuorateError(code, `${path}.${message}`, { field: `${path}.${details.field}`, retryable });
}

/** A short, safe picture of a value for a message. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    default:
      return `a ${typeof value}`;
  }
}

export function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(path, 'an object', value);
  return value as Record<string, unknown>;
}

/** An object of the caller's with these methods, whatever made it. */
export function having<T extends object>(
  value: unknown,
  path: string,
  ...methods: readonly (keyof T & string)[]
): T {
  const given = record(value, path);
  const missing = methods.find((name) => typeof given[name] !== 'function');
  if (missing !== undefined) throw invalid(path, `an object with a method ${missing}`, value);
  return value as T;
}

/** A thing that one of our classes made. */
export function instance<T>(
  value: unknown,
  path: string,
  made: { readonly name: string; readonly prototype: T },
): T {
  if (value instanceof (made as unknown as new () => object)) return value as T;
  throw invalid(path, `${/^[AEIO]/.test(made.name) ? 'an' : 'a'} ${made.name}`, value);
}

/** A function of the caller's; what it takes and gives is the caller's word. */
export function callable<T>(value: unknown, path: string): T {
  if (typeof value !== 'function') throw invalid(path, 'a function', value);
  return value as T;
}

export function list(value: unknown, path: string, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(path, 'an array', value);
  if (value.length > lengthMax) throw invalid(path, `an array of at most ${lengthMax}`, value);
  return value;
}

export function text(value: unknown, path: string, lengthMax = TEXT_LENGTH_MAX): string {
  if (typeof value !== 'string' || value.length === 0) throw invalid(path, 'a non-empty text', value);
  if (value.length > lengthMax) throw invalid(path, `a text of at most ${lengthMax} characters`, value);
  return value;
}

export function integer(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(path, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

export function finite(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
    throw invalid(path, `a number from ${min} to ${max}`, value);
  }
  return value;
}

export function flag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw invalid(path, 'true or false', value);
  return value;
}

export function oneOf<const T extends string>(value: unknown, path: string, values: readonly T[]): T {
  if (typeof value !== 'string' || !(values as readonly string[]).includes(value)) {
    throw invalid(path, `one of ${values.join(', ')}`, value);
  }
  return value as T;
}

/** `parse(value)` where there is a value, else `fallback`; undefined and null both mean absent. */
export function optional<T, F>(value: unknown, fallback: F, parse: (value: unknown) => T): T | F {
  return value === undefined || value === null ? fallback : parse(value);
}

/** Refuses a key that means nothing, naming the nearest that does: a misspelt option must not be ignored. */
export function keys(given: object, path: string, allowed: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  const name = unknown.slice(0, 40);
  const field = path === '' ? name : `${path}.${name}`;
  const nearest = allowed.reduce((best, key) => (edits(name, key) < edits(name, best) ? key : best));
  const hint = edits(name, nearest) <= 3 ? `did you mean ${nearest}?` : `use ${allowed.join(', ')}`;
  throw new QuorateError(INPUT_INVALID, `${field} is not known: ${hint}`, { field });
}

/** Letters to insert, delete or replace to get from one word to another (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + Number(from[i - 1] !== to[j - 1]);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
