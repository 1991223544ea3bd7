/** A peer's process: takes one JSON request a line, answers with one line. It works only while we wait. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from './setup.mjs';

const script = join(dirname(fileURLToPath(import.meta.url)), 'peer.py');
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

export class Peer {
  #child;
  #lines;

  /** Null, with a line on the terminal, where the peers are not installed. */
  static start() {
    if (existsSync(python)) return new Peer();
    console.log('SKIPPED: the peers are not installed (node bench/peers/setup.mjs)');
    return null;
  }

  constructor() {
    const stdio = ['pipe', 'pipe', 'inherit'];
    this.#child = spawn(python, ['-u', script], { stdio, env: { ...process.env, ...ONE_THREAD } });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the peer ended at ${JSON.stringify(request)}`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`peer: ${answer.error}`);
    return answer;
  }

  stop() {
    this.#child.stdin.end();
  }
}
