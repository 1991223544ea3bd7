/** Peers from npm, in a folder of their own: no user and no test installs them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, '..', '..', 'target', 'bench-npm');
const stamp = join(folder, 'installed.txt');
const wanted = readFileSync(join(here, 'npm-peers.txt'), 'utf8');

/** The module of a peer, or null with a line on the terminal where it cannot be installed. */
export async function npmPeer(specifier) {
  if (!install()) return null;
  const require = createRequire(join(folder, 'package.json'));
  return import(pathToFileURL(require.resolve(specifier)).href);
}

function install() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const packages = wanted.trim().split('\n');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const options = { cwd: folder, encoding: 'utf8' };
  const { status, stderr } = spawnSync('npm', ['install', ...flags, ...packages], options);
  if (status !== 0) {
    console.log(`SKIPPED: the npm peers cannot be installed (${stderr.trim().split('\n').at(-1)})`);
    return false;
  }
  writeFileSync(stamp, wanted);
  return true;
}
