/** What belongs to no room: the error class and the build. Rooms are imported by their own names. */
import { createRequire } from 'node:module';
import { addon } from './native.js';

export { QuorateError, type QuorateErrorCode, type QuorateErrorDetails } from './errors.js';

/** What is installed and what it found on this machine. */
export interface BuildInfo {
  readonly version: string;
  /** Platform the addon was built for. */
  readonly target: string;
  /** Cargo profile of the addon. */
  readonly profile: string;
  /** Instruction sets found that the core can use. */
  readonly cpuFeatures: readonly string[];
  /** Path that non-dominated sorting takes on this machine: `avx512`, `avx2` or `portable`. */
  readonly sortPath: string;
}

export function buildInfo(): BuildInfo {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  return { version, ...addon.buildInfo() };
}
