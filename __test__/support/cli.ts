import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /**
   * Resolves once the process reads its stdin, which is after it began to handle a Ctrl-C: what is written is
   * more than any pipe holds, and blanks mean nothing in JSON.
   */
  reads(): Promise<void>;
}

/** Starts the command line as a user does. */
export function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: PROJECT });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const reads = (): Promise<void> =>
    new Promise((resolve) => child.stdin.write(' '.repeat(16 * 2 ** 20), () => resolve()));
  return { child, ended, reads };
}

/** Runs one command line to its end; `input` goes to its stdin. */
export async function quorate(args: readonly string[], input = ''): Promise<Ended> {
  const { child, ended } = start(args);
  child.stdin.end(input);
  return ended;
}

/** The one JSON document on stdout; fails where there is anything else. */
export function jsonOf(ended: Ended): Record<string, unknown> {
  return JSON.parse(ended.stdout) as Record<string, unknown>;
}
