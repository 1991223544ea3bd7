/** Examples of the crates: the core alone, without Node around it. They print CSV. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './report.mjs';

const run = promisify(execFile);
const targetFolder = process.env['CARGO_TARGET_DIR'] ?? join(root, 'target');

/** Builds an example (release) where its sources have changed. */
async function build(crate, example) {
  const options = ['--release', '--quiet', '-p', `quorate-${crate}`, '--example', example];
  await run('cargo', ['build', ...options], { cwd: root, maxBuffer: 2 ** 26 });
  return join(targetFolder, 'release', 'examples', example);
}

/** The rows that an example prints, as objects by the names of its first line. */
export async function exampleRows(crate, example, args = []) {
  const binary = await build(crate, example);
  const { stdout } = await run(binary, args.map(String), { cwd: root, maxBuffer: 2 ** 26 });
  const [header, ...lines] = stdout.trim().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']));
  });
}
